// The decision, made again from public data: the rule set whose hash the case names, the facts that were attested, the row.
import { decodeAbiParameters, hexToString, keccak256 } from "viem";
import type { Hex, ProvenEvent } from "../ports";
import { NO_ROW, evaluate, factsFromChain } from "../rules/evaluate";
import type { Outcome, Table } from "../rules/table";
import type { StoredCase } from "./stored-case";

const OUTCOMES: readonly Outcome[] = ["review", "approve", "refuse"];
const [APPROVE, REFUSE] = [1, 2];
const [CAUSE_UNKNOWN, CAUSE_POSSIBLE_REFUSAL, CAUSE_RULE_ASKS] = [0, 1, 2];
const NOBODY = `0x${"00".repeat(20)}`;
const UNKNOWN = -(2 ** 31);
const STATUS_AFTER: Readonly<Record<string, number>> = { CaseOpened: 1, ReviewRequested: 2, SupplementRequested: 3, Supplemented: 2, Appealed: 2, Closed: 6 };
const STATUS_DECIDED: Readonly<Record<number, number>> = { [APPROVE]: 4, [REFUSE]: 5 };

const RULE_SET = [
  {
    type: "tuple",
    components: [
      {
        name: "predicates",
        type: "tuple[]",
        components: [
          { name: "id", type: "bytes32" },
          { name: "provider", type: "bytes32" },
          { name: "basis", type: "bytes32" },
          { name: "min", type: "int32" },
          { name: "max", type: "int32" },
        ],
      },
      {
        name: "rows",
        type: "tuple[]",
        components: [
          { name: "trueMask", type: "uint32" },
          { name: "falseMask", type: "uint32" },
          { name: "brackets", type: "tuple[]", components: [{ name: "predicate", type: "uint8" }, { name: "min", type: "int32" }, { name: "max", type: "int32" }] },
          { name: "outcome", type: "uint8" },
          { name: "amountFen", type: "uint64" },
          { name: "reason", type: "bytes32" },
          { name: "statute", type: "bytes32" },
        ],
      },
    ],
  },
] as const;

export interface PublicRules {
  readonly id: Hex;
  readonly table: Table;
  /** Who answers each predicate, in the order of the table. */
  readonly providers: readonly string[];
  /** Reason and statute of each row, as on the chain. */
  readonly rows: readonly { readonly reason: Hex; readonly statute: Hex }[];
}

/** Reads an encoded rule set; its id is the hash of its bytes. */
export function readRuleSet(encoded: Hex): PublicRules {
  const [ruleSet] = decodeAbiParameters(RULE_SET, encoded);
  const bits = (mask: number) => ruleSet.predicates.flatMap((_, bit) => ((mask >>> bit) & 1 ? [bit] : []));
  const table: Table = {
    predicates: ruleSet.predicates.map(({ id }) => hexToString(id, { size: 32 })),
    ranges: ruleSet.predicates.map(({ min, max }) => ({ min, max })),
    rows: ruleSet.rows.map((row) => ({
      literals: [
        ...bits(row.trueMask).map((predicate) => ({ predicate, range: { min: 1, max: 1 } })),
        ...bits(row.falseMask).map((predicate) => ({ predicate, range: { min: 0, max: 0 } })),
        ...row.brackets.map(({ predicate, min, max }) => ({ predicate, range: { min, max } })),
      ],
      outcome: OUTCOMES[row.outcome] ?? "review",
      amountFen: Number(row.amountFen),
    })),
  };
  const providers = ruleSet.predicates.map(({ provider }) => hexToString(provider, { size: 32 }));
  return { id: keccak256(encoded), table, providers, rows: ruleSet.rows.map(({ reason, statute }) => ({ reason, statute })) };
}

/** What does not fit, in plain words; nothing when the decision is the one that the rules and the facts give. */
export function replay(rules: PublicRules, stored: StoredCase, facts: readonly number[], events: readonly ProvenEvent[]): string[] {
  if (rules.id !== stored.ruleSet) return [`the rule set hashes to ${rules.id}, the case names ${stored.ruleSet}`];
  const attested = attestedFacts(events, facts.length);
  const different = facts.findIndex((fact, index) => fact !== (attested[index] ?? UNKNOWN));
  if (different >= 0) return [`fact ${different} is ${facts[different]} in the state and ${attested[different] ?? "missing"} in the events`];
  return [...replayRules(rules, facts, events), ...events.flatMap((event) => checkDecision(rules, event, events)), ...checkStatus(stored, events)];
}

function attestedFacts(events: readonly ProvenEvent[], count: number): (number | undefined)[] {
  const facts: (number | undefined)[] = Array.from({ length: count });
  for (const { name, args } of events) {
    if (name !== "FactsAttested") continue;
    const values = [...(args["values"] as number[])];
    for (let bit = 0; bit < count; bit++) {
      if ((Number(args["mask"]) >>> bit) & 1) facts[bit] = values.shift();
    }
  }
  return facts;
}

/** What the contract did right after the last fact must be what the rules say. */
function replayRules(rules: PublicRules, facts: readonly number[], events: readonly ProvenEvent[]): string[] {
  const last = events.findLastIndex(({ name }) => name === "FactsAttested");
  const answered = events.reduce((mask, { name, args }) => (name === "FactsAttested" ? mask | Number(args["mask"]) : mask), 0) >>> 0;
  if (answered !== 2 ** facts.length - 1) return checkHandedOver(events);
  const next = facts.length === 0 ? events.find(({ seq }) => seq === 1) : events[last + 1];
  const { outcome, row } = evaluate(rules.table, factsFromChain(facts));
  const says = `the rules say ${outcome}${row === NO_ROW ? "" : ` by row ${row + 1}`}`;
  if (next === undefined) return [`${says}, and no event follows the facts`];
  if (next.name === "Decided") {
    const isRight = outcome === "approve" && next.args["officer"] === NOBODY && Number(next.args["row"]) === row;
    return isRight ? [] : [`${says}, and the contract decided by row ${Number(next.args["row"]) + 1}`];
  }
  const cause = outcome === "refuse" ? CAUSE_POSSIBLE_REFUSAL : row === NO_ROW ? CAUSE_UNKNOWN : CAUSE_RULE_ASKS;
  const isRight = next.name === "ReviewRequested" && Number(next.args["cause"]) === cause && Number(next.args["row"]) === row;
  return isRight ? [] : [`${says}, and the next event is ${next.name} (cause ${String(next.args["cause"])}, row ${String(next.args["row"])})`];
}

/** While facts are missing nothing is decided, unless the promise was broken and the case went to a person. */
function checkHandedOver(events: readonly ProvenEvent[]): string[] {
  const at = events.findIndex(({ name }) => name === "Decided" || name === "ReviewRequested");
  const first = events[at];
  if (first === undefined) return [];
  const isHandedOver = first.name === "ReviewRequested" && Number(first.args["cause"]) === CAUSE_UNKNOWN && Number(first.args["row"]) === NO_ROW && events[at - 1]?.name === "Escalated";
  return isHandedOver ? [] : [`${first.name} while facts are missing`];
}

/** Rules may approve, only a person may refuse; amounts, reasons and laws are those of the row. */
function checkDecision(rules: PublicRules, event: ProvenEvent, events: readonly ProvenEvent[]): string[] {
  if (event.name !== "Decided") return [];
  const { args } = event;
  const [outcome, row, amount] = [Number(args["outcome"]), Number(args["row"]), Number(args["amountFen"])];
  const rule = rules.table.rows[row];
  const earlier = events.find((other) => other.name === "Decided" && Number(other.seq) < Number(event.seq));
  if (earlier !== undefined && earlier.args["officer"] === args["officer"]) return ["the officer who decided first decided on the appeal as well"];
  if (outcome === REFUSE) {
    if (args["officer"] === NOBODY) return ["a refusal without an officer"];
    return row === NO_ROW || rule?.outcome !== "approve" ? [] : [`a refusal by row ${row + 1}, which approves`];
  }
  const allowed = rule?.amountFen ?? 0;
  if (rule === undefined || rule.outcome === "refuse") return [`an approval by row ${row + 1}, which does not approve`];
  if (amount > allowed) return [`${amount} fen, and row ${row + 1} allows ${allowed}`];
  const known = rules.rows[row];
  if (args["officer"] === NOBODY && (amount !== allowed || args["reason"] !== known?.reason || args["statute"] !== known?.statute)) {
    return [`amount, reason or law are not those of row ${row + 1}`];
  }
  return [];
}

function checkStatus(stored: StoredCase, events: readonly ProvenEvent[]): string[] {
  let status = 0;
  for (const { name, args } of events) status = name === "Decided" ? (STATUS_DECIDED[Number(args["outcome"])] ?? status) : (STATUS_AFTER[name] ?? status);
  if (status !== stored.status) return [`the events lead to status ${status}, the state says ${stored.status}`];
  const last = events.findLast(({ name }) => name === "Decided");
  const isApproved = last !== undefined && Number(last.args["outcome"]) === APPROVE;
  if (last !== undefined && stored.status !== 2 && Number(last.args["amountFen"]) !== stored.amountFen) return [`${isApproved ? "the approval" : "the decision"} is over ${String(last.args["amountFen"])} fen, the state says ${stored.amountFen}`];
  return [];
}
