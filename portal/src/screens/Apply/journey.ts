/** The route through an application, computed from the package and the answers so far. Pure. */
import type { FieldSchema, PageSpec, ServicePackage } from "../../package/types";
import { consentsOf } from "../../package/words";
import type { Form } from "../../ports";
import type { Offer } from "./offers";

/** Answers as they are typed. */
export type Answers = Record<string, string>;

export type Step = { kind: "for"; id: "for" } | { kind: "page"; id: string; page: PageSpec } | { kind: "held"; id: string; offer: Offer } | { kind: "consent"; id: string; provider: string } | { kind: "check"; id: "check" } | { kind: "send"; id: "send" };

/** What the wallet may show, and by step what was chosen: the case of the credential, or null for the ordinary way. */
export interface FromWallet {
  readonly offers: readonly Offer[];
  readonly held: Readonly<Record<string, string | null>>;
  /** Whether the person may apply for somebody else, and is asked for whom. */
  readonly asksWho?: boolean;
  /** For whom it is: a delegation's key, empty for themselves, undefined before it was said. */
  readonly who?: string | undefined;
}

const NOTHING: FromWallet = { offers: [], held: {} };

/** A typed answer as the form holds it; null when there is none, undefined when it does not fit. */
export function parse(schema: FieldSchema, text: string): Form[string] | undefined {
  const clean = text.trim();
  if (clean === "") return null;
  if (schema.type === "boolean") return clean === "true" ? true : clean === "false" ? false : undefined;
  if (schema.type === "integer") {
    if (!/^-?\d{1,15}$/.test(clean)) return undefined;
    const number = Number(clean);
    return number >= (schema.minimum ?? -Infinity) && number <= (schema.maximum ?? Infinity) ? number : undefined;
  }
  if (schema.enum) return schema.enum.includes(clean) ? clean : undefined;
  const length = [...clean].length;
  if (length < (schema.minLength ?? 0) || length > (schema.maxLength ?? Infinity)) return undefined;
  if (schema.format === "date" && !isRealDate(clean)) return undefined;
  return schema.pattern === undefined || new RegExp(schema.pattern, "u").test(clean) ? clean : undefined;
}

function isRealDate(iso: string): boolean {
  const at = new Date(`${iso}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(iso) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(iso);
}

/** Fields of a page whose answer is missing or does not fit. */
export function wrongFields(pack: ServicePackage, page: PageSpec, answers: Answers): string[] {
  return page.fields.filter((field) => {
    const schema = pack.form.properties[field];
    if (!schema) return false;
    const value = parse(schema, answers[field] ?? "");
    return value === undefined || (value === null && page.optional !== true);
  });
}

function isShown(pack: ServicePackage, page: PageSpec, answers: Answers): boolean {
  if (!page.when) return true;
  const schema = pack.form.properties[page.when.field];
  const value = schema ? parse(schema, answers[page.when.field] ?? "") : null;
  return page.when.is.some((wanted) => wanted === value);
}

/** Every step in order: for whom, where that is a question, the pages that apply, each credential of the wallet that may be shown, a consent for each agency that needs one, checking, sending. */
export function route(pack: ServicePackage, answers: Answers, offers: readonly Offer[] = [], asksWho = false): Step[] {
  return [
    ...(asksWho ? [{ kind: "for" as const, id: "for" as const }] : []),
    ...pack.pages.filter((page) => isShown(pack, page, answers)).map((page) => ({ kind: "page" as const, id: page.id, page })),
    ...offers.map((offer) => ({ kind: "held" as const, id: offer.id, offer })),
    ...consentsOf(pack).map(({ provider }) => ({ kind: "consent" as const, id: `consent-${provider}`, provider })),
    { kind: "check", id: "check" },
    { kind: "send", id: "send" },
  ];
}

/** The first step that is not answered: no later one may be shown. */
export function firstOpen(pack: ServicePackage, answers: Answers, consents: Record<string, boolean>, wallet: FromWallet = NOTHING): Step {
  const steps = route(pack, answers, wallet.offers, wallet.asksWho);
  const open = steps.find((step) => (step.kind === "for" ? wallet.who === undefined : step.kind === "page" ? wrongFields(pack, step.page, answers).length > 0 : step.kind === "held" ? wallet.held[step.id] === undefined : step.kind === "consent" ? consents[step.provider] !== true : step.kind === "check"));
  return open ?? { kind: "check", id: "check" };
}

/** The step to show for an address: the one asked for if all before it are answered. */
export function stepAt(pack: ServicePackage, answers: Answers, consents: Record<string, boolean>, id: string | undefined, wallet: FromWallet = NOTHING): Step {
  const steps = route(pack, answers, wallet.offers, wallet.asksWho);
  const open = firstOpen(pack, answers, consents, wallet);
  const asked = steps.findIndex((step) => step.id === id);
  const limit = steps.findIndex((step) => step.id === open.id);
  if (asked < 0) return steps[0] ?? open;
  if (open.kind === "check" && steps[asked]?.kind === "send") return { kind: "send", id: "send" };
  return asked <= limit ? (steps[asked] ?? open) : open;
}

export function neighbours(steps: Step[], id: string): { before: Step | null; after: Step | null; at: number } {
  const at = steps.findIndex((step) => step.id === id);
  return { at, before: steps[at - 1] ?? null, after: steps[at + 1] ?? null };
}

/** The form as it is committed to: only pages on the route, no empty answers. */
export function formOf(pack: ServicePackage, answers: Answers): Form {
  const form: Form = {};
  for (const step of route(pack, answers)) {
    if (step.kind !== "page") continue;
    for (const field of step.page.fields) {
      const schema = pack.form.properties[field];
      const value = schema ? parse(schema, answers[field] ?? "") : null;
      if (value !== null && value !== undefined) form[field] = value;
    }
  }
  return form;
}
