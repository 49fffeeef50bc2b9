/** Rules and facts in plain words. Pure: the package's own texts, put together. */
import type { ConsentAsked, Literal, Predicate, Row, ServicePackage } from "./types";
import { hasText, textOf } from "./read";

type Language = "zh-CN" | "en";

/** "aged 65 to 69", "registered locally": one condition of a row. */
export function condition(pack: ServicePackage, language: Language, id: string, literal: Literal): string {
  if (typeof literal === "boolean") return textOf(pack, language, `predicate.${id}.${literal}`);
  const spec = pack.rules.predicates.find((predicate) => predicate.id === id);
  return interval(pack, language, spec, id, literal);
}

function interval(pack: ServicePackage, language: Language, spec: Predicate | undefined, id: string, at: { min: number; max: number }): string {
  const label = textOf(pack, language, `predicate.${id}.label`);
  const value = (n: number) => (hasText(pack, `predicate.${id}.value`) ? textOf(pack, language, `predicate.${id}.value`, { value: n }) : String(n));
  const zh = language === "zh-CN";
  if (at.min === at.max) return value(at.min);
  if (at.min <= (spec?.min ?? -Infinity)) return zh ? `不超过${value(at.max)}` : `At most ${value(at.max)}`;
  if (at.max >= (spec?.max ?? Infinity)) return zh ? `${value(at.min)}及以上` : `${value(at.min)} or more`;
  if (!hasText(pack, `predicate.${id}.value`)) return `${label} ${at.min}–${at.max}`;
  const both = textOf(pack, language, `predicate.${id}.value`, { value: zh ? `${at.min}至${at.max}` : `${at.min} to ${at.max}` });
  return both;
}

export function conditions(pack: ServicePackage, language: Language, row: Row): string[] {
  return Object.entries(row.when).map(([id, literal]) => condition(pack, language, id, literal));
}

/** The answer of an agency in words; null is "unknown". */
export function factInWords(pack: ServicePackage, language: Language, id: string, value: number | null): string {
  if (value === null) return textOf(pack, language, `predicate.${id}.unknown`);
  const spec = pack.rules.predicates.find((predicate) => predicate.id === id);
  if (spec?.kind === "boolean") return textOf(pack, language, `predicate.${id}.${value === 1}`);
  return textOf(pack, language, `predicate.${id}.value`, { value });
}

/** Predicates of a bit mask, lowest bit first. */
export function predicatesOf(pack: ServicePackage, mask: number): Predicate[] {
  return pack.rules.predicates.filter((_, bit) => ((mask >>> bit) & 1) === 1);
}

/** Organisations that are asked, in the order of the table. */
export function providersOf(pack: ServicePackage): string[] {
  return [...new Set(pack.rules.predicates.map((predicate) => predicate.provider))];
}

/** Whether the officer who reviews a case may ask this agency for the fields behind an answer that needs consent. */
export function givesRecord(pack: ServicePackage, provider: string): boolean {
  const consented = consentsOf(pack).find((one) => one.provider === provider)?.predicates ?? [];
  return pack.records.some((declared) => declared.provider === provider && consented.some(({ id }) => declared.predicates.includes(id)));
}

/** Providers that need the applicant's consent, with what it covers and how much of it is asked for. */
export function consentsOf(pack: ServicePackage): { provider: string; predicates: Predicate[]; asked: ConsentAsked }[] {
  const consented = pack.rules.predicates.filter((predicate) => predicate.basis.kind === "consent");
  return [...new Set(consented.map((predicate) => predicate.provider))].map((provider) => {
    const predicates = consented.filter((predicate) => predicate.provider === provider);
    const material = pack.materials.find((one) => one.consent !== undefined && predicates.some(({ id }) => one.predicates?.includes(id)));
    // A package that does not say how much it asks for gets the least there is.
    return { provider, predicates, asked: material?.consent ?? { use: "once", days: 1 } };
  });
}
