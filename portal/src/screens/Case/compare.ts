/** Compares what the page shows with what the proofs say, field by field. Pure. */
import type { CaseView } from "../../api/types";
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
  return [...compareCase(view, proven.case), ...compareEvents(view, proven.events), ...compareDecision(view, proven.events), ...compareFacts(view, proven.events), ...compareUses(view, proven.events)];
}

function differ(field: string, shown: unknown, proven: unknown, names?: readonly string[]): Difference[] {
  const [a, b] = [plain(shown, names), plain(proven, names)];
  return a === b ? [] : [{ field, shown: a, proven: b }];
}

function compareCase(view: CaseView, proven: Record<string, Json>): Difference[] {
  const fields = ["service", "version", "rule_set", "applicant", "form", "opened_at", "promised_by", "statutory_by", "appeal_by", "paused_at", "frozen"] as const;
  return [
    ...fields.flatMap((field) => differ(field, view[field], pickKey(proven, field))),
    ...differ("status", view.status, pickKey(proven, "status"), STATUS),
    // the contract keeps the last cause; the page shows one only while a person looks
    ...(view.status === "review" ? differ("cause", view.cause ?? "unknown", pickKey(proven, "cause"), CAUSE) : []),
  ];
}

function compareEvents(view: CaseView, events: readonly ProvenEvent[]): Difference[] {
  const shown = view.events.filter((event) => event.seq !== null && event.seq !== undefined);
  const numbered = events.filter((event) => event.seq !== null);
  const count = differ("events", shown.length, numbered.length);
  return [
    ...count,
    ...shown.flatMap((event) => {
      const other = numbered.find((one) => one.seq === event.seq);
      const field = `events[${event.seq}]`;
      if (!other) return [{ field, shown: event.name, proven: "—" }];
      return [
        ...differ(`${field}.name`, event.name, other.name),
        ...differ(`${field}.tx_hash`, event.tx_hash, other.txHash),
        ...differ(`${field}.block_number`, event.block_number, other.blockNumber),
        ...(other.blockTimeMs === undefined ? [] : differ(`${field}.block_time_ms`, event.block_time_ms, other.blockTimeMs)),
      ];
    }),
  ];
}

function compareDecision(view: CaseView, events: readonly ProvenEvent[]): Difference[] {
  const last = events.filter((event) => event.name === "Decided").at(-1);
  const { decision } = view;
  if (!decision || !last) return decision || last ? [{ field: "decision", shown: decision ? decision.outcome : "—", proven: last ? "Decided" : "—" }] : [];
  return [
    ...differ("decision.outcome", decision.outcome, last.args["outcome"], OUTCOME),
    ...differ("decision.row", decision.row ?? NO_ROW, last.args["row"]),
    ...(["amount_fen", "reason", "statute", "statement", "officer"] as const).flatMap((field) => differ(`decision.${field}`, decision[field], pickKey(last.args, field))),
    ...(last.blockTimeMs === undefined ? [] : differ("decision.decided_at", decision.decided_at, Math.floor(last.blockTimeMs / 1000))),
  ];
}

function compareFacts(view: CaseView, events: readonly ProvenEvent[]): Difference[] {
  const proven = new Map<number, { value: string; use: string }>();
  for (const { name, args } of events) {
    if (name !== "FactsAttested") continue;
    const values = Array.isArray(args["values"]) ? args["values"] : [];
    let at = 0;
    for (let bit = 0; bit < 32; bit++) {
      if (((Number(args["mask"]) >>> bit) & 1) === 0) continue;
      proven.set(bit, { value: String(values[at++]), use: plain(args["use"]) });
    }
  }
  return view.facts.flatMap((fact) => {
    const other = proven.get(fact.index);
    const field = `facts.${fact.predicate}`;
    if (fact.state === "asked") return other ? [{ field, shown: "—", proven: other.value }] : [];
    if (!other) return [{ field, shown: String(fact.value ?? "unknown"), proven: "—" }];
    const shown = fact.state === "unknown" ? UNKNOWN_FACT : fact.value;
    return [...differ(field, String(shown), other.value), ...differ(`${field}.use`, fact.use, other.use)];
  });
}

function compareUses(view: CaseView, events: readonly ProvenEvent[]): Difference[] {
  const used = events.filter((event) => event.name === "Used");
  return [
    ...differ("uses", view.uses.length, used.length),
    ...view.uses.flatMap((use) => {
      const other = used.find((event) => plain(event.args["tag"]) === plain(use.tag));
      const field = `uses[${use.tag.slice(0, 10)}]`;
      if (!other) return [{ field, shown: use.provider, proven: "—" }];
      return (["provider", "consumer", "purpose", "basis", "mask", "ciphertext"] as const).flatMap((key) => differ(`${field}.${key}`, use[key], other.args[key]));
    }),
  ];
}
