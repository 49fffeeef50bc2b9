/** Cases in memory that move as the contracts move them: enough to draw and test every state of every screen. */
import type { CaseEvent, CaseView, Cause } from "../api/types";
import { type Json, PortFailure } from "../ports";
import { packages, VERSION } from "./packages";
import { rules } from "../rules/rules";

const DAY = 86_400;
export const OFFICER = "0x0000000000000000000000000000000000000ff1";
export const OTHER_OFFICER = "0x0000000000000000000000000000000000000ff2";
const ZERO = `0x${"0".repeat(64)}`;

/** A hash that is stable for a text, and only looks like one. */
export function mockHash(text: string, bytes = 32): `0x${string}` {
  let state = 0x811c9dc5;
  let hex = "";
  for (let i = 0; hex.length < bytes * 2; i++) {
    for (const c of `${text}/${i}`) state = Math.imul(state ^ c.charCodeAt(0), 0x01000193) >>> 0;
    hex += state.toString(16).padStart(8, "0");
  }
  return `0x${hex.slice(0, bytes * 2)}`;
}

/** The id of an article, as `mockChain` works it out too. */
function lawHash(ref: { law: string; article: string } | undefined): `0x${string}` {
  return mockHash(`law/${ref?.law}/${ref?.article}`);
}

export class MockCases {
  readonly all = new Map<string, CaseView>();
  readonly #listeners = new Set<(id: string) => void>();
  #block = 120;

  constructor(private readonly now: () => number = () => Math.floor(Date.now() / 1000)) {}

  listen(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get(id: string): CaseView {
    const found = this.all.get(id);
    if (!found) throw new PortFailure("not-found", `case ${id}`);
    return structuredClone(found);
  }

  #change(id: string, name: string, args: Record<string, unknown>, change: (view: CaseView) => void, at = this.now(), contract = "cases"): void {
    const view = this.all.get(id);
    if (!view) throw new PortFailure("transaction-refused", `UnknownCase(${id})`);
    change(view);
    this.#block += 1;
    const event: CaseEvent = {
      name,
      seq: contract === "cases" ? view.events.filter(({ seq }) => seq !== null).length : null,
      contract,
      case_id: id,
      block_number: this.#block,
      block_time_ms: at * 1000,
      tx_hash: mockHash(`${id}/${view.events.length}`),
      log_index: 0,
      args,
    };
    view.events.push(event);
    for (const listener of this.#listeners) listener(id);
  }

  open(id: string, service: string, applicant: string, at = this.now()): void {
    const pack = packages[service];
    if (!pack) throw new PortFailure("not-found", service);
    this.all.set(id, {
      id,
      service,
      version: VERSION,
      rule_set: mockHash(`rules/${service}`),
      applicant,
      status: "asking",
      cause: null,
      opened_at: at,
      promised_by: at + pack.workflow.promised.days * DAY,
      statutory_by: at + pack.workflow.statutory.days * DAY,
      appeal_by: null,
      paused_at: null,
      frozen: false,
      escalated: false,
      appeals: 0,
      form: mockHash(`${id}/form`),
      facts: pack.rules.predicates.map((predicate, index) => ({ predicate: predicate.id, index, provider: predicate.provider, value: null, state: "asked", use: null })),
      decision: null,
      uses: [],
      events: [],
      credential: null,
    });
    this.#change(id, "CaseOpened", {}, () => undefined, at);
    for (const provider of new Set(pack.rules.predicates.map((predicate) => predicate.provider))) {
      this.#change(id, "FactsRequested", { provider }, () => undefined, at);
    }
  }

  attest(id: string, provider: string, values: Record<string, number | null>, at = this.now()): void {
    const view = this.all.get(id);
    const pack = view && packages[view.service];
    if (!view || !pack || view.status !== "asking") return;
    const tag = mockHash(`${id}/use/${provider}`);
    const mask = pack.rules.predicates.reduce((sum, predicate, bit) => (predicate.provider === provider ? sum | (1 << bit) : sum), 0);
    const basis = lawHash(pack.rules.predicates.find((predicate) => predicate.provider === provider)?.basis);
    const record = { tag, provider, consumer: pack.item.owner, purpose: view.service, basis, mask, ciphertext: "0x" };
    this.#change(
      id,
      "Used",
      { ...record, case_id: id },
      () => void view.uses.push({ ...record, block_number: this.#block + 1, tx_hash: mockHash(`${id}/${view.events.length}`) }),
      at,
      "uses",
    );
    this.#change(
      id,
      "FactsAttested",
      { provider, mask, use: tag },
      () => {
        for (const fact of view.facts) {
          if (fact.provider !== provider) continue;
          fact.value = values[fact.predicate] ?? null;
          fact.state = fact.value === null ? "unknown" : "known";
          fact.use = tag;
        }
      },
      at,
    );
    if (view.facts.some((fact) => fact.state === "asked")) return;
    const found = rules.evaluate(pack.rules as unknown as Json, view.facts.map((fact) => fact.value ?? null));
    const row = pack.rules.rows[found.row];
    if (found.outcome === "approve" && row) this.#decide(id, null, "approve", found.row, row.amount?.fen ?? 0, row.reason, ZERO, at);
    else this.#review(id, found.outcome === "refuse" ? "possible_refusal" : row ? "rule_asks" : "unknown", found.row, at);
  }

  #review(id: string, cause: Cause, row: number, at: number): void {
    this.#change(
      id,
      "ReviewRequested",
      { cause, row },
      (view) => {
        view.status = "review";
        view.cause = cause;
      },
      at,
    );
  }

  #decide(id: string, officer: string | null, outcome: "approve" | "refuse", row: number, fen: number, reason: string, statement: string, at: number): void {
    this.#change(
      id,
      "Decided",
      { outcome, row, reason, officer },
      (view) => {
        const appealed = view.events.some((event) => event.name === "Appealed");
        const pack = packages[view.service];
        view.status = outcome === "approve" ? "approved" : "refused";
        view.frozen = false;
        view.cause = null;
        view.appeal_by = appealed ? null : at + (pack?.workflow.appeal.days ?? 60) * DAY;
        view.decision = { seq: view.events.filter(({ seq }) => seq !== null).length, outcome, row: row === 255 ? null : row, amount_fen: fen, reason, statute: lawHash(pack?.rules.rows[row]?.law), statement, officer, decided_at: at, block_number: this.#block + 1, tx_hash: mockHash(`${id}/${view.events.length}`) };
      },
      at,
    );
    if (outcome === "approve") {
      this.#change(
        id,
        "CredentialIssued",
        {},
        (view) => {
          view.credential = { credential_hash: mockHash(`${id}/credential`), issuer: OFFICER, credential_type: view.service, status_index: 7, issued_at: at + 1, block_number: this.#block + 1, tx_hash: mockHash(`${id}/${view.events.length}`) };
        },
        at + 1,
        "credentials",
      );
    }
  }

  byOfficer(id: string, officer: string, outcome: "approve" | "refuse", row: number, fen: number, reason: string, statement: string, at = this.now()): void {
    const view = this.get(id);
    if (view.status !== "review") throw new PortFailure("transaction-refused", `NotInReview(${id}, ${view.status})`);
    if (view.cause === "appeal" && view.decision?.officer === officer) throw new PortFailure("transaction-refused", `SameOfficer(${officer})`);
    this.#decide(id, officer, outcome, row, fen, reason, statement, at);
  }

  askMore(id: string, officer: string, defects: string[], at = this.now()): void {
    this.#change(
      id,
      "SupplementRequested",
      { officer, defects },
      (view) => {
        view.status = "supplement";
        view.paused_at = at;
      },
      at,
    );
  }

  supplement(id: string, at = this.now()): void {
    this.#change(
      id,
      "Supplemented",
      {},
      (view) => {
        view.promised_by += at - (view.paused_at ?? at);
        view.statutory_by += at - (view.paused_at ?? at);
        view.paused_at = null;
        view.status = "review";
      },
      at,
    );
  }

  escalate(id: string, at = this.now()): void {
    const isAsking = this.get(id).status === "asking";
    this.#change(id, "Escalated", {}, (view) => void (view.escalated = true), at);
    if (isAsking) this.#review(id, "unknown", 255, at);
  }

  appeal(id: string, at = this.now()): void {
    this.#change(
      id,
      "Appealed",
      {},
      (view) => {
        view.status = "review";
        view.cause = "appeal";
        view.frozen = true;
        view.appeals += 1;
        view.promised_by = at + 10 * DAY;
        view.statutory_by = at + 59 * DAY;
      },
      at,
    );
  }
}
