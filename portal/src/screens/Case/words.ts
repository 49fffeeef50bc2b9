/** What a case page and a desk say about a case, in the language of the page. */
import type { CaseView } from "../../api/types";
import { type Language, t } from "../../i18n/index.svelte";
import { textOf } from "../../package/read";
import type { ServicePackage } from "../../package/types";
import { suggestedRow } from "./verdict";

/** What a row of the rules stands for. */
export function rowInWords(pack: ServicePackage, language: Language, row: number): string {
  const found = pack.rules.rows[row];
  return found ? textOf(pack, language, `reason.${found.reason}.title`) : "";
}

/** Why a case is with an officer, with what the row says that the rules point at; empty where it is not. */
export function causeInWords(view: CaseView, pack: ServicePackage, language: Language): string {
  if (view.status !== "review" || !view.cause) return "";
  const cause = t(`cause.${view.cause}`);
  const row = view.cause === "possible_refusal" || view.cause === "rule_asks" ? suggestedRow(view) : null;
  const reason = row === null ? "" : rowInWords(pack, language, row);
  return reason === "" ? cause : t("cause.because", { cause, reason });
}
