/** What the head of the page says about a case. Pure. */
import type { CaseView } from "../../api/types";
import type { ServicePackage } from "../../package/types";
import { NO_ROW } from "../../rules/evaluate";

export interface Verdict {
  tone: "info" | "good" | "warn" | "bad";
  key: "asking" | "review" | "supplement" | "approved" | "approvedAmount" | "refused" | "refusedFinal" | "closed";
  amount: { fen: number; per: "month" | "once" | undefined } | null;
}

export function verdict(view: CaseView, pack: ServicePackage): Verdict {
  const { decision, status } = view;
  if (status === "asking") return { tone: "info", key: "asking", amount: null };
  if (status === "review") return { tone: "info", key: "review", amount: null };
  if (status === "supplement") return { tone: "warn", key: "supplement", amount: null };
  if (status === "refused") return { tone: "bad", key: view.appeal_by ? "refused" : "refusedFinal", amount: null };
  const approved = decision?.outcome === "approve";
  if (status === "closed" && !approved) return { tone: "info", key: "closed", amount: null };
  const per = decision?.row === null || decision?.row === undefined ? undefined : pack.rules.rows[decision.row]?.amount?.per;
  return decision && decision.amount_fen > 0 ? { tone: "good", key: "approvedAmount", amount: { fen: decision.amount_fen, per } } : { tone: "good", key: "approved", amount: null };
}

/** The row that the rules pointed at when they handed the case to an officer last. */
export function suggestedRow(view: CaseView): number | null {
  const asked = view.events.filter((event) => event.name === "ReviewRequested").at(-1)?.args as { row?: unknown } | undefined;
  const row = Number(asked?.row ?? NO_ROW);
  return row === NO_ROW ? null : row;
}

/** Whether the person concerned may appeal now. */
export function mayAppeal(view: CaseView, now: number): boolean {
  return (view.status === "approved" || view.status === "refused") && (view.appeal_by ?? 0) > now && view.appeals === 0;
}
