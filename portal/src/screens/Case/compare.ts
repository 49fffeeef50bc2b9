/** Compares what the page shows with what the proofs say: every field of a case, so that no changed byte goes unseen. Pure. */
import type { CaseEvent, CaseView } from "../../api/types";
import type { Json, ProvenEvent, Verification } from "../../ports";

export interface Difference {
  field: string;
  shown: string;
  proven: string;
}

type Proven = NonNullable<Verification["proven"]>;

const STATUS = ["none", "asking", "review", "supplement", "approved", "refused", "closed"];
const CAUSE = ["unknown", "possible_refusal", "rule_asks", "appeal"];
const OUTCOME = ["review", "approve", "refuse"];
const UNKNOWN_FACT = -(2 ** 31);
const NO_ROW = 255;
const MAX_PREDICATES = 32;
const NOTHING = "—";

/** One spelling for values that mean the same: numbers, slugs padded to 32 bytes, hex in any case, enumerations by number or name. */
export function plain(value: unknown, names?: readonly string[]): string {
  if (value === null || value === undefined || value === false) return "0";
  if (value === true) return "1";
  if (Array.isArray(value)) return value.map((one) => plain(one)).join(",");
  const text = String(value);
  if (names && /^\d+$/.test(text)) return names[Number(text)] ?? text;
  if (names) return text.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  if (/^0x0*$/i.test(text)) return "0";
  if (/^0x[0-9a-f]{64}$/i.test(text)) return unpadded(text.toLowerCase());
  return /^0x/i.test(text) ? text.toLowerCase() : text;
}

function unpadded(hex: string): string {
  const bytes = (hex.slice(2).match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const text = String.fromCharCode(...bytes.slice(0, end));
  return /^[a-z0-9-]{1,31}$/.test(text) ? text : hex;
}

function pickKey(record: Record<string, Json>, key: string): Json | undefined {
  const camel = key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return record[camel] ?? record[key];
}

export function compare(view: CaseView, proven: Proven): Difference[] {
  const { events } = proven;
  return [
    ...compareCase(view, proven),
    ...compareEvents(view, events),
    ...compareDecision(view, events),
    ...compareFacts(view, proven),
    ...compareUses(view, events),
    ...compareCredential(view, events),
  ];
}

function differ(field: string, shown: unknown, proven: unknown, names?: readonly string[]): Difference[] {
  const [a, b] = [plain(shown, names), plain(proven, names)];
  return a === b ? [] : [{ field, shown: a, proven: b }];
}

/** Where an event is on the chain. */
function differInPlace(field: string, shown: { tx_hash: string; block_number: number }, proven: ProvenEvent): Difference[] {
  return [...differ(`${field}.tx_hash`, shown.tx_hash, proven.txHash), ...differ(`${field}.block_number`, shown.block_number, proven.blockNumber)];
}

const seconds = (event: ProvenEvent): number => Math.floor(event.blockTimeMs / 1000);
const named = (events: readonly ProvenEvent[], name: string): ProvenEvent[] => events.filter((event) => event.name === name);
const difference = (field: string, shown: unknown, proven: unknown): Difference => ({ field, shown: String(shown ?? NOTHING), proven: String(proven ?? NOTHING) });

function compareCase(view: CaseView, { id, case: stored, events }: Proven): Difference[] {
  const fields = ["service", "version", "rule_set", "applicant", "form", "opened_at", "promised_by", "statutory_by", "appeal_by", "paused_at", "frozen", "escalated"] as const;
  return [
    ...differ("id", view.id, id),
    ...fields.flatMap((field) => differ(field, view[field], pickKey(stored, field))),
    ...differ("status", view.status, pickKey(stored, "status"), STATUS),
    ...differ("appeals", view.appeals, named(events, "Appealed").length),
    // the contract keeps the last cause; the index shows one only while a person looks
    ...(view.status === "review" || view.cause ? differ("cause", view.cause, pickKey(stored, "cause"), CAUSE) : []),
  ];
}

function compareEvents(view: CaseView, events: readonly ProvenEvent[]): Difference[] {
  const isNumbered = ({ seq }: { seq?: number | null }): boolean => seq !== null && seq !== undefined;
  return [...differ("events", view.events.length, events.length), ...view.events.flatMap((event) => (isNumbered(event) ? compareNumbered(event, events) : findUnnumbered(event, events)))];
}

function compareNumbered(event: CaseEvent, events: readonly ProvenEvent[]): Difference[] {
  const field = `events[${event.seq}]`;
  const other = events.find(({ seq }) => seq === event.seq);
  return other === undefined ? [difference(field, event.name, null)] : differEvent(field, event, other);
}

/** Uses and credentials have no number in the case: one that is proven must be the same in everything. */
function findUnnumbered(event: CaseEvent, events: readonly ProvenEvent[]): Difference[] {
  const field = `events[${event.name} ${event.tx_hash.slice(0, 10)}]`;
  const closest = events
    .filter(({ seq, txHash }) => seq === null && txHash === event.tx_hash.toLowerCase())
    .map((other) => differEvent(field, event, other))
    .sort((a, b) => a.length - b.length)[0];
  return closest ?? [difference(field, event.name, null)];
}

function differEvent(field: string, event: CaseEvent, other: ProvenEvent): Difference[] {
  const names: Readonly<Record<string, readonly string[]>> = { outcome: OUTCOME, cause: CAUSE };
  return [
    ...differ(`${field}.name`, event.name, other.name),
    ...differ(`${field}.contract`, event.contract, other.contract),
    ...differInPlace(field, event, other),
    ...differ(`${field}.block_time_ms`, event.block_time_ms, other.blockTimeMs),
    ...Object.entries(event.args as Record<string, unknown>).flatMap(([key, value]) => differ(`${field}.args.${key}`, value, pickKey(other.args, key), names[key])),
  ];
}

function compareDecision(view: CaseView, events: readonly ProvenEvent[]): Difference[] {
  const last = named(events, "Decided").at(-1);
  const { decision } = view;
  if (!decision || !last) return decision || last ? [difference("decision", decision?.outcome, last?.name)] : [];
  return [
    ...differ("decision.outcome", decision.outcome, last.args["outcome"], OUTCOME),
    ...differ("decision.row", decision.row ?? NO_ROW, last.args["row"]),
    ...differ("decision.seq", decision.seq, last.seq),
    ...(["amount_fen", "reason", "statute", "statement", "officer"] as const).flatMap((field) => differ(`decision.${field}`, decision[field], pickKey(last.args, field))),
    ...differ("decision.decided_at", decision.decided_at, seconds(last)),
    ...differInPlace("decision", decision, last),
  ];
}

function compareFacts(view: CaseView, { predicates, events }: Proven): Difference[] {
  const answers = answersOf(events);
  return [
    ...differ("facts", view.facts.map(({ index }) => index), predicates.map((_, index) => index)),
    ...view.facts.flatMap((fact) => {
      const asked = predicates[fact.index];
      const answer = answers.get(fact.index);
      const field = `facts.${fact.predicate}`;
      const isKnown = answer !== undefined && answer.value !== UNKNOWN_FACT;
      return [
        ...differ(`${field}.predicate`, fact.predicate, asked?.id),
        ...differ(`${field}.provider`, fact.provider, asked?.provider),
        ...differ(`${field}.state`, fact.state, answer === undefined ? "asked" : isKnown ? "known" : "unknown"),
        ...((fact.value ?? null) === (isKnown ? answer.value : null) ? [] : [difference(field, fact.value, isKnown ? answer.value : null)]),
        ...differ(`${field}.use`, fact.use, answer?.use),
      ];
    }),
  ];
}

/** The last answer to each predicate, with the use record under which it was looked up. */
function answersOf(events: readonly ProvenEvent[]): Map<number, { value: number; use: Json }> {
  const answers = new Map<number, { value: number; use: Json }>();
  for (const { args } of named(events, "FactsAttested")) {
    const values = Array.isArray(args["values"]) ? [...args["values"]] : [];
    for (let bit = 0; bit < MAX_PREDICATES; bit++) {
      if ((Number(args["mask"]) >>> bit) & 1) answers.set(bit, { value: Number(values.shift()), use: args["use"] ?? null });
    }
  }
  return answers;
}

function compareUses(view: CaseView, events: readonly ProvenEvent[]): Difference[] {
  const used = named(events, "Used");
  return [
    ...differ("uses", view.uses.length, used.length),
    ...view.uses.flatMap((use) => {
      const other = used.find((event) => plain(event.args["tag"]) === plain(use.tag));
      const field = `uses[${use.tag.slice(0, 10)}]`;
      if (!other) return [difference(field, use.provider, null)];
      const fields = ["provider", "consumer", "purpose", "basis", "mask", "ciphertext"] as const;
      return [...fields.flatMap((key) => differ(`${field}.${key}`, use[key], other.args[key])), ...differInPlace(field, use, other)];
    }),
  ];
}

function compareCredential(view: CaseView, events: readonly ProvenEvent[]): Difference[] {
  const last = named(events, "CredentialIssued").at(-1);
  const { credential } = view;
  if (!credential || !last) return credential || last ? [difference("credential", credential?.credential_hash, last?.name)] : [];
  return [
    ...(["issuer", "credential_type", "credential_hash", "status_index"] as const).flatMap((key) => differ(`credential.${key}`, credential[key], pickKey(last.args, key))),
    ...differ("credential.issued_at", credential.issued_at, seconds(last)),
    ...differInPlace("credential", credential, last),
  ];
}
