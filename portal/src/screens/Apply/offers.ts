/** Which credentials of the wallet may be shown in an application, and what each would show and hide. */
import { here } from "../../app/here.svelte";
import { gatewayOf } from "../../app/organisations";
import { packageOf } from "../../app/packages";
import { heldAnswer, type HeldTerms, heldTerms, PERSON_CLAIM } from "../../package/held";
import type { ServicePackage } from "../../package/types";
import type { HeldCredential, Hex, Json, Wallet } from "../../ports";

/** The most cases whose credential is asked for, the newest first. */
const MOST_FETCHED = 8;
/** How long an application waits for them. */
const FETCH_MS = 5_000;

export interface Offer {
  /** Of its step in the application. */
  readonly id: string;
  readonly terms: HeldTerms;
  /** The own case that it was issued in. */
  readonly from: Hex;
  /** The package of the service that issues it: its words. */
  readonly issued: ServicePackage;
  readonly credential: HeldCredential;
}

/** Claims as the agency will see them, those that are never hidden among them, and the names of those that it will not see. */
export function disclosure({ terms, credential }: Pick<Offer, "terms" | "credential">): { shown: [string, Json][]; hidden: string[] } {
  const isShown = (name: string) => terms.held.claims.includes(name) || credential.open.includes(name);
  const claims = Object.entries(credential.claims).filter(([name]) => name !== PERSON_CLAIM);
  return { shown: claims.filter(([name]) => isShown(name)), hidden: claims.map(([name]) => name).filter((name) => !isShown(name)) };
}

/** Whether a held credential is of the type, in force, complete, and settles every question it would be shown for. */
export function fits({ held, predicates }: HeldTerms, credential: HeldCredential, nowS: number): boolean {
  const has = (name: string) => Object.hasOwn(credential.claims, name);
  return (
    credential.vct === held.vct &&
    credential.caseId !== null &&
    credential.statusIndex !== null &&
    (credential.expiresAt === null || nowS < credential.expiresAt) &&
    [PERSON_CLAIM, ...held.claims].every(has) &&
    predicates.every(({ id }) => heldAnswer(held, id, credential.claims, nowS) !== null)
  );
}

/** Brings credentials of these types into the wallet that were issued in own cases and not taken yet, after a restore for instance. */
async function fetchIssued(wallet: Wallet, wanted: ReadonlySet<string>): Promise<void> {
  const missing = (await wallet.keptCases()).filter((own) => own.credential === null).slice(0, MOST_FETCHED);
  const fetched = missing.map(async (own) => {
    const issued = await packageOf(own.service);
    if (!wanted.has(issued.credential.vct)) return;
    const raw = await here().ports.gateways.credential(wallet, own, await gatewayOf(issued.item.owner));
    if (raw !== null) await wallet.updateCase(own.id, { credential: raw });
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, FETCH_MS)));
  await Promise.race([Promise.allSettled(fetched), tooLong]);
  clearTimeout(timer);
}

export interface Offers {
  readonly offers: readonly Offer[];
  /** The packages that issued what would be offered, if its issuer's list could be read. */
  readonly unchecked: readonly ServicePackage[];
}

const NONE: Offers = { offers: [], unchecked: [] };

/**
 * The credentials to offer, one a type and agency. The package that asks for them must be the one on the chain, and the
 * issuer's list must say that they are valid. Whatever cannot be found out is not offered: there is always another way.
 */
export async function offersOf(wallet: Wallet, pack: ServicePackage, version: number, nowS: number): Promise<Offers> {
  const terms = heldTerms(pack);
  if (terms.length === 0) return NONE;
  await fetchIssued(wallet, new Set(terms.map(({ held }) => held.vct)));
  const held = await wallet.credentials();
  const fitting = terms.flatMap((one, index) => held.filter((credential) => fits(one, credential, nowS)).map((credential) => ({ id: `held-${index + 1}`, terms: one, credential })));
  if (fitting.length === 0) return NONE;
  const { ports } = here();
  if (!(await ports.verifier.verifyPackage(pack.item.slug, version, pack.files)).ok) return NONE;
  const cases = await wallet.keptCases();
  const offers: Offer[] = [];
  const unchecked = new Map<string, ServicePackage>();
  for (const { id, terms: one, credential } of fitting) {
    if (offers.some((offer) => offer.id === id)) continue;
    const own = cases.find((kept) => kept.id === credential.caseId);
    // A credential of a case under a delegation may be of somebody else.
    if (own === undefined || own.delegation !== undefined || credential.statusIndex === null) continue;
    const issued = await packageOf(own.service).catch(() => null);
    if (issued === null) continue;
    const { statusIndex } = credential;
    const status = await gatewayOf(issued.item.owner)
      .then((gateway) => ports.gateways.credentialStatus(gateway, statusIndex))
      .catch(() => null);
    if (status === null) unchecked.set(id, issued);
    if (status === "valid") offers.push({ id, terms: one, from: own.id, issued, credential });
  }
  for (const { id } of offers) unchecked.delete(id);
  return { offers, unchecked: [...new Set(unchecked.values())] };
}
