/** What a verifier would decode for a case, made from the case itself. */
import type { CaseView } from "../api/types";
import type { Json, ProvenEvent, Verification } from "../ports";

const UNKNOWN = -(2 ** 31);

export function provenOf(view: CaseView): NonNullable<Verification["proven"]> {
  const base = (event: CaseView["events"][number]): ProvenEvent => ({
    name: event.name,
    seq: event.seq ?? null,
    contract: "0x",
    txHash: event.tx_hash as `0x${string}`,
    blockNumber: event.block_number,
    blockTimeMs: event.block_time_ms,
    args: {},
  });
  const events = view.events.map((event): ProvenEvent => {
    const { decision } = view;
    if (event.name === "Decided" && decision && decision.seq === event.seq) {
      const { outcome, row, amount_fen, reason, statute, statement, officer } = decision;
      return { ...base(event), args: { outcome, row: row ?? 255, amountFen: amount_fen, reason, statute, statement, officer: officer ?? "0x0" } };
    }
    if (event.name !== "FactsAttested") return base(event);
    const { mask, use } = event.args as { mask: number; use: string };
    const values: Json[] = view.facts.filter((fact) => (mask >>> fact.index) & 1).map((fact) => (fact.state === "unknown" ? UNKNOWN : (fact.value ?? null)));
    return { ...base(event), args: { mask, use, values } };
  });
  const uses = view.uses.map((use): ProvenEvent => ({ name: "Used", seq: null, contract: "0x", txHash: use.tx_hash as `0x${string}`, blockNumber: use.block_number, args: { tag: use.tag, provider: use.provider, consumer: use.consumer, purpose: use.purpose, basis: use.basis, mask: use.mask, ciphertext: use.ciphertext } }));
  return {
    case: {
      service: view.service,
      version: view.version,
      ruleSet: view.rule_set,
      applicant: view.applicant,
      form: view.form,
      openedAt: view.opened_at,
      promisedBy: view.promised_by,
      statutoryBy: view.statutory_by,
      appealBy: view.appeal_by ?? 0,
      pausedAt: view.paused_at ?? 0,
      frozen: view.frozen,
      status: view.status,
      cause: view.cause ?? "unknown",
    },
    events: [...events, ...uses],
  };
}
