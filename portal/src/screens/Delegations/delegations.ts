/** What the pages of delegations have in common: lists, services that can be delegated, whose case one is. */
import { here } from "../../app/here.svelte";
import { packageOf } from "../../app/packages";
import { type Language, t } from "../../i18n/index.svelte";
import { textOf } from "../../package/read";
import { providersOf } from "../../package/words";
import type { Delegation, Hex, OwnCase, Wallet } from "../../ports";

/** Characters of a name that goes into a code. */
export const NAME_MAX_CHARACTERS = 64;
/** For how long somebody may act; the last is the longest there is. */
export const DAYS = [30, 90, 180, 365] as const;
/** How often an open list is read again. */
export const LIST_EVERY_MS = 10_000;
/** The most services in one delegation. */
const MAX_SERVICES = 32;

export interface Choosable {
  slug: string;
  title: Record<Language, string>;
}

/** Running services that ask an agency: nobody could check a delegation for the others. */
export async function choosable(): Promise<Choosable[]> {
  const { items } = await here().index.services({ q: "", department: "", available: true, page: 1 });
  const slugs = [...new Set(items.flatMap(({ service }) => (service ? [service.slug] : [])))];
  const all = await Promise.all(slugs.map(async (slug) => ({ slug, pack: await packageOf(slug) })));
  return all
    .filter(({ pack }) => providersOf(pack).length > 0)
    .slice(0, MAX_SERVICES)
    .map(({ slug, pack }) => ({ slug, title: { "zh-CN": textOf(pack, "zh-CN", "service.title"), en: textOf(pack, "en", "service.title") } }));
}

/** A service's name; its code where nobody answers. */
export async function serviceName(slug: string, language: Language): Promise<string> {
  return await packageOf(slug).then(
    (pack) => textOf(pack, language, "service.title"),
    () => slug,
  );
}

/** A name as it may go into a code; null where it may not. */
export function nameOf(typed: string): string | null {
  const name = typed.trim();
  return name === "" || name.length > NAME_MAX_CHARACTERS ? null : name;
}

/** The name on the identity credential, to begin with. */
export async function ownName(wallet: Wallet): Promise<string> {
  const identity = (await wallet.credentials()).find(({ caseId }) => caseId === null);
  const name = identity?.claims["name"];
  return typeof name === "string" ? name : "";
}

/** The delegations under which this person may apply for a service now. */
export function heldFor(all: readonly Delegation[], service: string): Delegation[] {
  return all.filter(({ side, state, services }) => side === "held" && state === "active" && services.includes(service));
}

/** Those under which they might apply for it, if it could be read now whether the authority still confirms them. */
export function uncheckedFor(all: readonly Delegation[], service: string): Delegation[] {
  return all.filter(({ side, state, services }) => side === "held" && state === "unchecked" && services.includes(service));
}

/** Cases that belong to somebody else: those under a delegation that this person holds, or does not know any more. */
export function isOwn(own: Pick<OwnCase, "delegation">, all: readonly Pick<Delegation, "key" | "side">[]): boolean {
  return own.delegation === undefined || all.some(({ key, side }) => key === own.delegation && side === "given");
}

/** Delegations by key. What a case says of somebody is not worth failing a page. */
export async function actingIn(wallet: Wallet): Promise<ReadonlyMap<Hex, Delegation>> {
  const all = await here().ports.delegations.list(wallet).catch(() => []);
  return new Map(all.map((one) => [one.key, one]));
}

/** The other's name, within a sentence; a word for them where the wallet does not know it. */
export function called({ name, known, side }: Delegation): string {
  if (known) return name;
  return t(side === "held" ? "ward.child" : "acting.other");
}

/** "for 王…", "by your carer", "by the other guardian", to stand beside a case. */
export function mark(delegation: Delegation): string {
  const { name } = delegation;
  if (!delegation.known) return t(delegation.side === "held" ? "ward.markFound" : "acting.markFound");
  if (delegation.side === "held") return t("acting.markHeld", { name });
  if (delegation.side === "seen") return t("ward.markSeen", { name });
  return t(delegation.role === "guardian" ? "ward.markGiven" : "acting.markGiven", { name });
}

/** "a case that you opened for 王…" or "your case, opened by your carer", to stand above it. */
export function caseCaption(delegation: Delegation): string {
  const { name } = delegation;
  if (!delegation.known) return t(delegation.side === "held" ? "ward.caseFound" : "acting.caseFound");
  if (delegation.side === "held") return t("acting.caseHeld", { name });
  if (delegation.side === "seen") return t("ward.caseSeen", { name });
  return t(delegation.role === "guardian" ? "ward.caseGiven" : "acting.caseGiven", { name });
}
