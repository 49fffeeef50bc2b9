// Checks everything that a server says of one case, from the network's public key alone. A bad bundle is a failed step, never an exception.
import type { Hex, Json, Proven, ProvenEvent, Verification, VerifyStep } from "../ports";
import { caseIdOf } from "../wallet/derive";
import { type CheckedStep, NetworkKey, verifyReceiptProof, verifyStateProof } from "../verify";
import { CONTRACTS, type ContractName } from "./contracts";
import { caseEvents } from "./events";
import { type PublicRules, readRuleSet, replay } from "./replay";
import { type StoredCase, readCase, readFacts } from "./stored-case";

const FORMAT = "zhengtong-case-bundle/1";
/** A case has tens of events; a server that sends more receipts than this is not believed. */
const MAX_RECEIPTS = 512;
const USED_HERE: readonly ContractName[] = ["cases", "uses", "credentials"];

const KINDS: Readonly<Record<CheckedStep["step"], VerifyStep["kind"]>> = {
  certificate: "certificate",
  headers: "header",
  transaction: "receipt",
  receipt: "receipt",
  account: "state",
  slot: "state",
  event: "event",
};

interface Bundle {
  readonly format?: unknown;
  readonly network?: { readonly chainId?: unknown; readonly publicKey?: unknown; readonly contracts?: Record<string, unknown> };
  readonly case_id?: unknown;
  readonly rule_set?: unknown;
  readonly receipts?: unknown;
  readonly state?: unknown;
}

/** Collects steps; many of the same kind that hold are one line. */
class Steps {
  readonly #all: VerifyStep[] = [];

  add(kind: VerifyStep["kind"], subject: string, problems: readonly string[]): void {
    if (problems.length === 0) this.#all.push({ kind, ok: true, subject, detail: "" });
    for (const detail of problems) this.#all.push({ kind, ok: false, subject, detail });
  }

  proof({ step, ok, subject, failure }: CheckedStep): void {
    const compared = failure?.expected == null ? "" : `: expected ${short(failure.expected)}, found ${short(failure.found ?? "nothing")}`;
    this.add(KINDS[step], subject === "" ? step : subject, ok || failure === null ? [] : [`${failure.what} (${failure.code})${compared}`]);
  }

  get isGood(): boolean {
    return this.#all.every(({ ok }) => ok);
  }

  list(): VerifyStep[] {
    const seen = new Set<string>();
    return this.#all.filter(({ kind, ok, subject, detail }) => {
      const line = [kind, ok, subject, detail].join("\n");
      return !seen.has(line) && seen.add(line);
    });
  }
}

function short(text: string): string {
  return text.length > 24 ? `${text.slice(0, 12)}…${text.slice(-6)}` : text;
}

export async function verifyBundle(json: Json, networkKey: Hex): Promise<Verification> {
  const started = performance.now();
  const steps = new Steps();
  const proven = await check(json as Bundle | null, networkKey, steps);
  return { ok: steps.isGood && proven !== null, steps: steps.list(), proven, tookMs: performance.now() - started };
}

async function check(json: Bundle | null, networkKey: Hex, steps: Steps): Promise<Proven | null> {
  const bundle = json ?? {};
  const id = typeof bundle.case_id === "string" && /^0x[0-9a-f]{64}$/.test(bundle.case_id) ? (bundle.case_id as Hex) : null;
  const receipts = Array.isArray(bundle.receipts) ? (bundle.receipts as unknown[]) : [];
  steps.add("network", String(bundle.network?.chainId ?? ""), networkProblems(bundle, id, receipts, networkKey));
  const key = readKey(networkKey, steps);
  if (id === null || key === null) return null;

  const events = await readEvents(receipts.slice(0, MAX_RECEIPTS), key, id, steps);
  const stored = readState(bundle.state, key, id, steps);
  if (stored === null) return null;
  checkCase(bundle, id, stored.found, events, steps);
  const rules = checkReplay(bundle, stored.found, stored.facts, events, steps);
  if (rules === null) return null;
  return { id, case: stored.found.all, events, predicates: rules.table.predicates.map((name, index) => ({ id: name, provider: rules.providers[index] ?? "" })) };
}

function networkProblems(bundle: Bundle, id: Hex | null, receipts: readonly unknown[], networkKey: Hex): string[] {
  const { format, network } = bundle;
  if (format !== FORMAT) return [`the format is ${String(format)}, not ${FORMAT}`];
  if (id === null) return ["case_id is not the number of a case"];
  if (String(network?.publicKey).toLowerCase() !== networkKey.toLowerCase()) return ["it is for another network: its public key is not the one known here"];
  if (receipts.length > MAX_RECEIPTS) return [`${receipts.length} receipts, at most ${MAX_RECEIPTS}`];
  return USED_HERE.filter((name) => String(network?.contracts?.[name]).toLowerCase() !== CONTRACTS[name]).map((name) => `the contract ${name} is said to be elsewhere`);
}

function readKey(networkKey: Hex, steps: Steps): NetworkKey | null {
  try {
    return NetworkKey.parse(networkKey);
  } catch (error) {
    steps.add("network", "", [error instanceof Error ? error.message : String(error)]);
    return null;
  }
}

async function readEvents(receipts: readonly unknown[], key: NetworkKey, id: Hex, steps: Steps): Promise<ProvenEvent[]> {
  const events: ProvenEvent[] = [];
  for (const receipt of receipts) {
    const { value, steps: checked } = verifyReceiptProof(receipt, key);
    checked.forEach((step) => steps.proof(step));
    if (value !== null) {
      try {
        const found = caseEvents(value, id);
        events.push(...found);
        steps.add("event", found.map(({ name }) => name).join(", "), found.length === 0 ? ["a receipt without an event of this case"] : []);
      } catch (error) {
        steps.add("event", value.transactionHash, [error instanceof Error ? error.message.split("\n")[0] ?? "" : String(error)]);
      }
    }
    await Promise.resolve(); // a certificate takes tens of milliseconds: let the page breathe between two
  }
  return events.sort((a, b) => a.blockNumber - b.blockNumber || Number(a.seq ?? -1) - Number(b.seq ?? -1));
}

function readState(proof: unknown, key: NetworkKey, id: Hex, steps: Steps): { found: StoredCase; facts: (count: number) => number[] | null } | null {
  const { value, steps: checked } = verifyStateProof(proof, key);
  checked.forEach((step) => steps.proof(step));
  if (value === null) return null;
  const found = readCase(value.slots, id);
  const problems = value.address !== CONTRACTS.cases ? ["the proof is of another contract"] : found === null ? ["a slot of the case is not proven"] : found.status === 0 ? ["there is no such case"] : [];
  if (problems.length > 0) steps.add("state", short(id), problems);
  return found === null || problems.length > 0 ? null : { found, facts: (count) => readFacts(value.slots, id, count) };
}

/** Whose case it is, and that no event and no use is left out. */
function checkCase(bundle: Bundle, id: Hex, stored: StoredCase, events: readonly ProvenEvent[], steps: Steps): void {
  const derived = caseIdOf(Number(bundle.network?.chainId), CONTRACTS.cases, stored.applicant);
  const numbered = events.filter(({ seq }) => seq !== null).map(({ seq }) => seq);
  const missing = Array.from({ length: stored.events }, (_, seq) => seq).filter((seq) => !numbered.includes(seq));
  const used = events.filter(({ name }) => name === "Used");
  const unrecorded = events.filter(({ name, args }) => {
    const isRecorded = () => used.some((use) => use.args["tag"] === args["use"] && use.args["provider"] === args["provider"] && use.args["mask"] === args["mask"]);
    return name === "FactsAttested" && !isRecorded();
  });
  steps.add("completeness", `${stored.events}`, [
    ...(derived === id ? [] : ["the number of the case is not that of its applicant on this chain"]),
    ...(missing.length === 0 ? [] : [`event ${missing.join(", ")} of ${stored.events} is missing`]),
    ...(numbered.length > stored.events ? [`${numbered.length} events, and the chain holds ${stored.events}`] : []),
    ...unrecorded.map(({ seq }) => `the use behind event ${String(seq)} is missing`),
  ]);
}

function checkReplay(bundle: Bundle, stored: StoredCase, readStoredFacts: (count: number) => number[] | null, events: readonly ProvenEvent[], steps: Steps): PublicRules | null {
  let rules: PublicRules;
  try {
    rules = readRuleSet(bundle.rule_set as Hex);
  } catch {
    steps.add("replay", short(stored.ruleSet), ["rule_set is not an encoded rule set"]);
    return null;
  }
  const numbered = events.filter(({ seq }) => seq !== null);
  const facts = readStoredFacts(rules.table.predicates.length);
  let problems: string[];
  try {
    problems = facts === null ? ["the facts in the state are not proven"] : replay(rules, stored, facts, numbered);
  } catch (error) {
    problems = [error instanceof Error ? error.message : String(error)];
  }
  steps.add("replay", short(stored.ruleSet), problems);
  return rules;
}
