/** What a verifier would decode for a case, made from the case itself. */
import type { CaseEvent, CaseView } from "../api/types";
import type { Json, Proven, ProvenEvent } from "../ports";

const UNKNOWN = -(2 ** 31);

/** Arguments as the chain names them. */
function chainArgs(args: object): Record<string, Json> {
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()), value as Json]));
}

function argsOf(view: CaseView, event: CaseEvent): Record<string, Json> {
  const args = chainArgs(event.args as object);
  const { decision } = view;
  if (event.name === "Decided" && decision && decision.seq === event.seq) {
    const { outcome, row, amount_fen, reason, statute, statement, officer } = decision;
    return { ...args, ...chainArgs({ outcome, row: row ?? 255, amount_fen, reason, statute, statement, officer }) };
  }
  if (event.name === "CredentialIssued" && view.credential) {
    const { issuer, credential_type, credential_hash, status_index } = view.credential;
    return { ...args, ...chainArgs({ issuer, credential_type, credential_hash, status_index }) };
  }
  if (event.name !== "FactsAttested") return args;
  const asked = view.facts.filter((fact) => (Number(args["mask"]) >>> fact.index) & 1);
  return { ...args, values: asked.map((fact) => (fact.state === "unknown" ? UNKNOWN : (fact.value ?? null))) };
}

export function provenOf(view: CaseView): Proven {
  const events = view.events.map((event): ProvenEvent => ({
    name: event.name,
    seq: event.seq ?? null,
    contract: event.contract,
    txHash: event.tx_hash as `0x${string}`,
    blockNumber: event.block_number,
    blockTimeMs: event.block_time_ms,
    args: argsOf(view, event),
  }));
  return {
    id: view.id as `0x${string}`,
    case: {
      ...chainArgs({ service: view.service, version: view.version, rule_set: view.rule_set, applicant: view.applicant, form: view.form }),
      ...chainArgs({ opened_at: view.opened_at, promised_by: view.promised_by, statutory_by: view.statutory_by }),
      ...chainArgs({ appeal_by: view.appeal_by ?? 0, paused_at: view.paused_at ?? 0, frozen: view.frozen, escalated: view.escalated }),
      status: view.status,
      cause: view.cause ?? "unknown",
    },
    events,
    predicates: view.facts.map(({ predicate, provider }) => ({ id: predicate, provider })),
  };
}
