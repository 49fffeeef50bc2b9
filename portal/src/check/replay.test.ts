// @vitest-environment node
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Hex, encodeAbiParameters, keccak256 } from "viem";
import { Anvil, CHAIN_ID, artifact, key, publishService } from "../chain/anvil";
import { chainOver } from "../chain/chain";
import { slug } from "../chain/codes";
import { Connection } from "../chain/connection";
import type { Chain, OfficerKey, OwnCase, ProvenEvent, Wallet } from "../ports";
import { PASSPHRASE, openStore } from "../wallet/testing";
import type { ProvenReceipt } from "../verify";
import { CONTRACTS } from "./contracts";
import { caseEvents } from "./events";
import { type PublicRules, readRuleSet, replay } from "./replay";
import { caseSlots, factSlots, readCase, readFacts } from "./stored-case";

const SERVICE = "old-age-allowance";
const UNKNOWN = -2147483648;
const STATEMENT = keccak256("0x0a");

let anvil: Anvil;
let chain: Chain;
let wallet: Wallet;
let statute: Hex;
let officers: OfficerKey[];
let rules: PublicRules;

beforeAll(async () => {
  anvil = await Anvil.start();
  statute = (await publishService(anvil)).statute;
  chain = chainOver(new Connection({ rpcUrl: anvil.url, request: anvil.request }));
  const space = async () => ({ chainId: CHAIN_ID, cases: CONTRACTS.cases });
  const store = await openStore({ space });
  wallet = await store.create(store.newWords("en"), PASSPHRASE);
  officers = await Promise.all(["officer 1", "officer 2"].map((label) => chain.officerKey({ privateKey: keccak256(new TextEncoder().encode(`test key ${label}`)) })));
  rules = readRuleSet(await encodedRules());
}, 60_000);
afterAll(() => anvil.stop());

/** The rule set as its contract gives it, encoded as its id is made. */
async function encodedRules(): Promise<Hex> {
  const { abi } = artifact("Rules");
  const client = anvil.client();
  const [published] = await client.getContractEvents({ address: CONTRACTS.rules, abi, eventName: "RuleSetPublished", fromBlock: 0n });
  const id = (published as unknown as { args: { id: Hex } }).args.id;
  const ruleSet = await client.readContract({ address: CONTRACTS.rules, abi, functionName: "ruleSet", args: [id] });
  const shape = abi.find((item) => item.type === "function" && item.name === "ruleSet") as unknown as { outputs: readonly [{ type: string }] };
  return encodeAbiParameters(shape.outputs, [ruleSet]);
}

async function attest(own: OwnCase, values: readonly number[]): Promise<void> {
  const police = key("public-security");
  const use = keccak256(own.id);
  await anvil.as(police.address, "Uses", "record", [use, own.id, slug("public-security"), slug("civil-affairs"), 3, statute, `0x${"00".repeat(528)}`]);
  const signature = await police.signTypedData({
    domain: { name: "Zhengtong Cases", version: "1", chainId: CHAIN_ID, verifyingContract: CONTRACTS.cases },
    types: { Facts: [{ name: "caseId", type: "bytes32" }, { name: "ruleSet", type: "bytes32" }, { name: "mask", type: "uint32" }, { name: "values", type: "int32[]" }, { name: "use", type: "bytes32" }] },
    primaryType: "Facts",
    message: { caseId: own.id, ruleSet: rules.id, mask: 3, values, use },
  });
  await anvil.as(police.address, "Cases", "attest", [own.id, 3, values, use, signature]);
}

async function opened(values: readonly number[] | null): Promise<OwnCase> {
  const own = await wallet.newCase(SERVICE, 1, {});
  await chain.openCase(wallet, own);
  if (values !== null) await attest(own, values);
  return own;
}

/** What proofs would give, read without them: proofs have tests of their own. */
async function evidence(id: Hex) {
  const client = anvil.client();
  const events: ProvenEvent[] = [];
  for (let number = 0n; number <= (await client.getBlockNumber()); number++) {
    for (const { hash, index } of (await client.getBlock({ blockNumber: number, includeTransactions: true })).transactions.map(({ hash, transactionIndex }) => ({ hash, index: transactionIndex }))) {
      const { logs } = await client.getTransactionReceipt({ hash });
      const header = { hash, parentHash: hash, number: Number(number), stateRoot: hash, transactionsRoot: hash, receiptsRoot: hash, timestampMs: 1 };
      events.push(...caseEvents({ header, transactionHash: hash, transactionIndex: Number(index), succeeded: true, logs: logs.map(({ address, topics, data }) => ({ address: address.toLowerCase() as Hex, topics, data })) } satisfies ProvenReceipt, id));
    }
  }
  const slots = new Map<Hex, Hex | null>();
  for (const slot of [...caseSlots(id), ...factSlots(id, rules.table.predicates.length)]) {
    const value = await client.getStorageAt({ address: CONTRACTS.cases, slot });
    slots.set(slot, value === undefined || BigInt(value) === 0n ? null : value);
  }
  const stored = readCase(slots, id);
  const facts = readFacts(slots, id, rules.table.predicates.length);
  if (stored === null || facts === null) throw new Error("the slots do not hold the case");
  return { stored, facts, events: events.filter(({ seq }) => seq !== null), all: events };
}

async function replayed(id: Hex): Promise<string[]> {
  const { stored, facts, events } = await evidence(id);
  return replay(rules, stored, facts, events);
}

describe("the storage of a case", () => {
  it("is read as the contract reads it", async () => {
    const own = await opened([1, 66]);
    const found = (await anvil.client().readContract({ address: CONTRACTS.cases, abi: artifact("Cases").abi, functionName: "get", args: [own.id] })) as Record<string, unknown>;
    const { stored, facts } = await evidence(own.id);
    for (const [name, value] of Object.entries(found)) {
      const expected = typeof value === "bigint" ? Number(value) : typeof value === "string" ? value.toLowerCase() : value;
      expect([name, stored.all[name]]).toEqual([name, expected]);
    }
    expect(Object.keys(stored.all).sort()).toEqual(Object.keys(found).sort());
    expect(facts).toEqual([1, 66]);
  });

  it("is nothing while a slot of it is not proven", async () => {
    const own = await opened(null);
    expect(readCase(new Map(), own.id)).toBeNull();
    expect(readFacts(new Map(), own.id, 2)).toBeNull();
  });
});

describe("a replay", () => {
  it("agrees with the contract: approved, refused by an officer, unknown, appealed, supplemented, undecided", async () => {
    const [first, second] = officers as [OfficerKey, OfficerKey];
    const refusal = { row: 1, reason: "age-below-65", statute, statement: STATEMENT };
    const approval = { row: 0, amountFen: 7000, reason: "age-65-to-69", statute, statement: STATEMENT };

    const approved = await opened([1, 66]);
    expect(await replayed(approved.id)).toEqual([]);
    await chain.appeal(wallet, approved, STATEMENT);
    expect(await replayed(approved.id)).toEqual([]);
    await chain.approve(first, approved.id, approval);
    expect(await replayed(approved.id)).toEqual([]);

    const refused = await opened([1, 64]);
    expect(await replayed(refused.id)).toEqual([]);
    await chain.refuse(first, refused.id, refusal);
    await chain.appeal(wallet, refused, STATEMENT);
    await chain.refuse(second, refused.id, refusal);
    expect(await replayed(refused.id)).toEqual([]);

    const unknown = await opened([UNKNOWN, 66]);
    expect(await replayed(unknown.id)).toEqual([]);
    await chain.requestMore(first, unknown.id, { defects: ["household-unclear"], statement: STATEMENT });
    expect(await replayed(unknown.id)).toEqual([]);
    await chain.supplement(wallet, unknown, { more: 1 }, keccak256("0x0b"));
    expect(await replayed(unknown.id)).toEqual([]);

    expect(await replayed((await opened(null)).id)).toEqual([]);
  });

  it("agrees when the promise was broken while facts were missing, and sees a decision that nobody was asked for", async () => {
    const own = await opened(null);
    await anvil.test().increaseTime({ seconds: 86_401 });
    await anvil.as(key("anyone").address, "Cases", "escalate", [own.id]);
    expect(await replayed(own.id)).toEqual([]);
    await chain.approve(officers[0] as OfficerKey, own.id, { row: 0, amountFen: 7000, reason: "age-65-to-69", statute, statement: STATEMENT });
    const { stored, facts, events } = await evidence(own.id);
    expect(replay(rules, stored, facts, events)).toEqual([]);
    const unasked = events.filter(({ name }) => name !== "Escalated");
    expect(replay(rules, stored, facts, unasked).join()).toContain("ReviewRequested while facts are missing");
  });

  it("sees a changed fact, amount, row, reason, status or rule set", async () => {
    const own = await opened([1, 66]);
    const { stored, facts, events } = await evidence(own.id);
    const changed = (name: string, args: ProvenEvent["args"]) => events.map((event) => (event.name === name ? { ...event, args: { ...event.args, ...args } } : event));
    expect(replay(rules, stored, [1, 67], events)).toEqual([expect.stringContaining("fact 1")]);
    expect(replay(rules, stored, [1, 64], changed("FactsAttested", { values: [1, 64] })).join()).toContain("the rules say refuse by row 2");
    expect(replay(rules, stored, facts, changed("Decided", { row: 1 })).join()).toContain("row 2");
    expect(replay(rules, stored, facts, changed("Decided", { amountFen: 7400 })).join()).toContain("row 1");
    expect(replay(rules, stored, facts, changed("Decided", { reason: slug("because") })).join()).toContain("row 1");
    expect(replay(rules, { ...stored, amountFen: 1 }, facts, events).join()).toContain("7500");
    expect(replay(rules, { ...stored, status: 5 }, facts, events).join()).toContain("status 4");
    expect(replay({ ...rules, id: STATEMENT }, stored, facts, events).join()).toContain("hashes to");
    expect(replay(rules, stored, facts, events.filter(({ name }) => name !== "Decided")).join()).toContain("no event follows");
  });

  it("accepts no refusal without a person, and no two decisions by one officer", async () => {
    const own = await opened([1, 64]);
    await chain.refuse(officers[0] as OfficerKey, own.id, { row: 1, reason: "age-below-65", statute, statement: STATEMENT });
    const { stored, facts, events } = await evidence(own.id);
    const anonymous = events.map((event) => (event.name === "Decided" ? { ...event, args: { ...event.args, officer: `0x${"00".repeat(20)}` } } : event));
    expect(replay(rules, stored, facts, anonymous).join()).toContain("a refusal without an officer");
    const decided = events.at(-1) as ProvenEvent;
    const approval = { ...decided, seq: 99, args: { ...decided.args, outcome: 1, row: 0, amountFen: 7500, seq: 99 } };
    expect(replay(rules, stored, facts, [...events, approval]).join()).toContain("the officer who decided first");
  });
});

describe("events", () => {
  it("are those of this case alone, uses among them", async () => {
    const [one, other] = [await opened([1, 66]), await opened([1, 70])];
    const { all } = await evidence(one.id);
    expect(all.map(({ name }) => name)).toEqual(["CaseOpened", "FactsRequested", "Used", "FactsAttested", expect.stringMatching(/Decided|ReviewRequested/)]);
    expect(all.some(({ args }) => Object.values(args).includes(other.id))).toBe(false);
  });
});
