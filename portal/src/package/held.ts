/** Credentials of the wallet in place of an agency's records: what a package asks of them, and what their claims answer. Pure. */
import type { Json } from "../ports";
import type { ClaimCondition, Held, Predicate, ServicePackage } from "./types";

/** The claim by which a credential says whose it is. It is shown with every credential, and opened with a salt and a number. */
export const PERSON_CLAIM = "person";
const DAY_S = 86_400;

/** One type of credential that one agency may be shown instead of answering from its records. */
export interface HeldTerms {
  readonly held: Held;
  readonly provider: string;
  /** What it answers. */
  readonly predicates: readonly Predicate[];
}

export function heldTerms(pack: ServicePackage): HeldTerms[] {
  return pack.materials
    .flatMap((material) => material.held ?? [])
    .flatMap((held) => {
      const predicates = pack.rules.predicates.filter(({ id }) => Object.hasOwn(held.answers, id));
      const provider = predicates[0]?.provider;
      return provider === undefined ? [] : [{ held, provider, predicates }];
    });
}

/** The answer of claims to a predicate for an application at `atS`: 0 or 1, or a number; null when they do not settle it. */
export function heldAnswer(held: Held, predicate: string, claims: Readonly<Record<string, Json>>, atS: number): number | null {
  const rows = Object.hasOwn(held.answers, predicate) ? (held.answers[predicate] ?? []) : [];
  const row = rows.find(({ when = {} }) => Object.entries(when).every(([name, condition]) => Object.hasOwn(claims, name) && holds(condition, claims[name] as Json, atS)));
  const answer = row?.answer ?? "unknown";
  return answer === "unknown" ? null : Number(answer);
}

function holds(condition: ClaimCondition, value: Json, atS: number): boolean {
  if (Array.isArray(condition)) return condition.some((wanted) => wanted === value);
  if (typeof value !== "number" || !Number.isInteger(value)) return false;
  if ("within_days" in condition) return value >= 0 && value <= atS && atS - value <= condition.within_days * DAY_S;
  return value >= condition.min && value <= condition.max;
}
