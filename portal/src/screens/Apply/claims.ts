/** A credential in the words of the package that issues it. */
import type { Language } from "../../i18n/index.svelte";
import { dateTime } from "../../lib/format";
import { hasText, textOf } from "../../package/read";
import type { ServicePackage } from "../../package/types";
import type { Json } from "../../ports";
import { claimText } from "../Wallet/held";

export const credentialTitle = (issued: ServicePackage, language: Language): string => textOf(issued, language, "credential.title");

/** What a claim says, in words where the package has them. */
export function claimWords(issued: ServicePackage, name: string, value: Json, language: Language): string {
  const from = issued.credential.claims.find((claim) => claim.name === name)?.from;
  if (from === "decision.decided_at" && typeof value === "number") return dateTime(value, language);
  if (from === "case.service" && value === issued.item.slug) return textOf(issued, language, "service.title");
  if (from === "decision.reason" && hasText(issued, `reason.${String(value)}.title`)) return textOf(issued, language, `reason.${String(value)}.title`);
  return claimText(name, value, language);
}
