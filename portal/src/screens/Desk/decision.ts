/** What an officer may decide, and whether it is complete. Pure. */
import type { CaseView } from "../../api/types";
import { fitsStatement, STATEMENT_MAX } from "../../lib/statement";
import type { MessageKey } from "../../i18n/index.svelte";
import type { LawRef, Row, ServicePackage } from "../../package/types";
import { NO_ROW } from "../../rules/evaluate";

export type Kind = "approve" | "more" | "refuse";

export interface Draft {
  kind: Kind | "";
  row: string;
  /** yuan as typed */
  amount: string;
  reason: string;
  /** id of a law of the package */
  law: string;
  defects: string[];
  statement: string;
}

export interface Problem {
  id: string;
  key: MessageKey;
}

export type Action =
  | { kind: "approve"; row: number; amountFen: number; reason: string; law: LawRef; statement: string }
  | { kind: "refuse"; row: number; reason: string; law: LawRef; statement: string }
  | { kind: "more"; defects: string[]; statement: string };

/** Rows by which one may approve. */
export function approvable(pack: ServicePackage): { index: number; row: Row }[] {
  return pack.rules.rows.map((row, index) => ({ index, row })).filter(({ row }) => row.outcome !== "refuse");
}

/** Coded reasons for a refusal: those of rows that do not approve, each with its row. */
export function refusals(pack: ServicePackage): { index: number; row: Row }[] {
  const seen = new Set<string>();
  return pack.rules.rows.map((row, index) => ({ index, row })).filter(({ row }) => row.outcome !== "approve" && !seen.has(row.reason) && seen.add(row.reason));
}

export function lawId(pack: ServicePackage, ref: LawRef): string {
  return pack.item.laws.find((law) => law.law === ref.law && law.article === ref.article)?.id ?? "";
}

/** Yuan as typed, in fen; null when it is no amount. */
export function fen(text: string): number | null {
  const found = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text.trim());
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : null;
}

export function wasAskedForMore(view: CaseView): boolean {
  const last = view.events.findLastIndex((event) => event.name === "SupplementRequested");
  const round = view.events.findLastIndex((event) => event.name === "Appealed");
  return last > round && last >= 0;
}

function statementProblem(text: string, needed: boolean): Problem[] {
  if (text.trim() === "" && !needed) return [];
  if (fitsStatement(text)) return [];
  return [{ id: "statement", key: [...text.trim()].length > STATEMENT_MAX ? "act.statementLong" : "act.statementError" }];
}

export function problems(pack: ServicePackage, draft: Draft): Problem[] {
  const row = draft.row === "" ? undefined : pack.rules.rows[Number(draft.row)];
  switch (draft.kind) {
    case "":
      return [{ id: "kind", key: "act.chooseError" }];
    case "approve": {
      const amount = row?.amount ? fen(draft.amount) : 0;
      return [
        ...(row ? [] : [{ id: "row", key: "act.rowError" as const }]),
        ...(row?.amount && (amount === null || amount > row.amount.fen) ? [{ id: "amount", key: "act.amountError" as const }] : []),
        ...statementProblem(draft.statement, false),
      ];
    }
    case "more":
      return [...(draft.defects.length > 0 ? [] : [{ id: "defect-0", key: "act.defectsError" as const }]), ...statementProblem(draft.statement, false)];
    case "refuse":
      return [
        ...(draft.reason === "" ? [{ id: "reason", key: "act.reasonError" as const }] : []),
        ...(draft.law === "" ? [{ id: "law", key: "act.lawError" as const }] : []),
        ...statementProblem(draft.statement, true),
      ];
  }
}

/** The action of a draft without problems. */
export function actionOf(pack: ServicePackage, draft: Draft): Action | null {
  if (problems(pack, draft).length > 0) return null;
  const statement = draft.statement.trim();
  if (draft.kind === "more") return { kind: "more", defects: draft.defects, statement };
  if (draft.kind === "approve") {
    const index = Number(draft.row);
    const row = pack.rules.rows[index];
    return row ? { kind: "approve", row: index, amountFen: row.amount ? (fen(draft.amount) ?? 0) : 0, reason: row.reason, law: row.law, statement } : null;
  }
  const law = pack.item.laws.find((one) => one.id === draft.law);
  const index = refusals(pack).find(({ row }) => row.reason === draft.reason)?.index ?? NO_ROW;
  return law ? { kind: "refuse", row: index, reason: draft.reason, law: { law: law.law, article: law.article }, statement } : null;
}
