// @vitest-environment node
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Hex, bytesToHex, decodeFunctionData, encodeAbiParameters, getAddress, keccak256, parseAbiItem, parseTransaction, recoverMessageAddress, toHex } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import type { AskElsewhere, Chain, OfficerKey, OwnCase, SignatureWanted, Wallet } from "../ports";
import { caseCommitment, formCommitment, personCommitment, statementCommitment } from "../wallet/bytes";
import { answered, requested } from "../wallet/elsewhere/testing";
import { sealRecord } from "../wallet/record";
import { keyringOf } from "../wallet/keyring";
import { PASSPHRASE, identify, openStore } from "../wallet/testing";
import { useTag } from "../wallet/derive";
import { casesAbi, consentsAbi } from "./abi";
import { Anvil, CHAIN_ID, COUNCIL, LAW, artifact, key, publishService } from "./anvil";
import { hadAttester } from "./attesters";
import { chainOver } from "./chain";
import { slug } from "./codes";
import { Connection } from "./connection";
import { findCasesOver } from "./find";
import { blockAt, logsFrom } from "./logs";
import { WALK_LIMIT, bindingOf, bindingSlot, walkUses } from "./uses";

let anvil: Anvil;
let statute: Hex;
let officers: OfficerKey[];
let connection: Connection;
let chain: Chain;
let wallet: Wallet;

const SERVICE = "old-age-allowance";
const UNKNOWN = -2147483648;
const NUMBER = "11010519491231002X";

beforeAll(async () => {
  anvil = await Anvil.start();
  const published = await publishService(anvil);
  statute = published.statute;
  connection = new Connection({ rpcUrl: anvil.url, request: anvil.request });
  chain = chainOver(connection);
  const space = async () => ({ chainId: CHAIN_ID, cases: anvil.network.contracts["cases"] as Hex });
  const store = await openStore({ space, find: findCasesOver(connection) });
  wallet = await identify(await store.create(store.newWords("zh-CN"), PASSPHRASE), NUMBER);
  officers = await Promise.all(["officer 1", "officer 2"].map((label) => chain.officerKey({ privateKey: privateKey(label) })));
}, 60_000);
afterAll(() => anvil.stop());

function privateKey(label: string): Hex {
  return keccak256(new TextEncoder().encode(`test key ${label}`));
}

/** What the agency's gateway does: a use record, then the signed answer. */
async function attest(own: OwnCase, values: readonly number[], n = 0): Promise<Hex> {
  const provider = key("public-security");
  const secret = await keyringOf(wallet).useSecret(own.id, "public-security");
  const tag = useTag(secret, n);
  const record = { v: 1, official: "system/1", purpose: SERVICE, fields: ["age"], article: LAW.article, at: 1 } as const;
  await anvil.as(provider.address, "Uses", "record", [tag, own.id, slug("public-security"), slug("civil-affairs"), 3, statute, await sealRecord(secret, n, record)]);
  const found = await connection.read("cases", casesAbi, "get", [own.id]);
  const signature = await provider.signTypedData({
    domain: { name: "Zhengtong Cases", version: "1", chainId: CHAIN_ID, verifyingContract: await connection.contract("cases") },
    types: { Facts: [{ name: "caseId", type: "bytes32" }, { name: "ruleSet", type: "bytes32" }, { name: "mask", type: "uint32" }, { name: "values", type: "int32[]" }, { name: "use", type: "bytes32" }] },
    primaryType: "Facts",
    message: { caseId: own.id, ruleSet: found.ruleSet, mask: 3, values, use: tag },
  });
  await anvil.as(provider.address, "Cases", "attest", [own.id, 3, values, tag, signature]);
  return tag;
}

/** What the chain keeps of a case: of its person and of a form. */
async function commitment(own: OwnCase, salt: Hex, form: OwnCase["form"]): Promise<Hex> {
  return caseCommitment(personCommitment(await keyringOf(wallet).personSalt(own.id), NUMBER), formCommitment(salt, form));
}

async function opened(): Promise<OwnCase> {
  const own = await wallet.newCase(SERVICE, 1, { account: "6222" });
  await chain.openCase(wallet, own);
  return own;
}

const read = (id: Hex) => connection.read("cases", casesAbi, "get", [id]);
const refusedWith = (error: string) => expect.objectContaining({ code: "transaction-refused", error });

describe("a case", () => {
  it("opens with the commitment to its form, once, and may be opened again after a lost answer", async () => {
    const own = await wallet.newCase(SERVICE, 1, { account: "6222", 备注: "甲" });
    const sent = await chain.openCase(wallet, own);
    const found = await read(own.id);
    expect([found.form, found.applicant.toLowerCase(), found.status]).toEqual([await commitment(own, own.salt, own.form), own.address, 1]);
    expect(await chain.openCase(wallet, own)).toEqual(sent);
    await expect(chain.openCase(wallet, { ...own, form: { account: "1" } })).rejects.toEqual(expect.objectContaining({ code: "transaction-refused", detail: expect.stringContaining("other answers") }));
  });

  it("is approved by the rules, and a new device finds it", async () => {
    const own = await opened();
    await attest(own, [1, 66]);
    expect(await read(own.id)).toMatchObject({ status: 4, amountFen: 7500n, row: 0, officer: `0x${"00".repeat(20)}` });
    expect(await findCasesOver(connection)([own.id, keccak256("0x00")])).toEqual([expect.objectContaining({ id: own.id, service: SERVICE, version: 1 })]);
  });

  it("is refused by an officer, appealed, and decided by another", async () => {
    const own = await opened();
    await attest(own, [1, 64]);
    const statement = statementCommitment(keccak256("0x01"), "未满65周岁");
    const [first, second] = officers as [OfficerKey, OfficerKey];
    const refusal = { row: 1, reason: "age-below-65", statute, statement };
    await chain.refuse(first, own.id, refusal);
    expect((await read(own.id)).status).toBe(5);
    await chain.appeal(wallet, own, statement);
    expect(await read(own.id)).toMatchObject({ frozen: true, cause: 3 });
    await expect(chain.refuse(first, own.id, refusal)).rejects.toEqual(refusedWith("SameOfficer"));
    await chain.approve(second, own.id, { row: 0, amountFen: 7500, reason: "age-65-to-69", statute, statement });
    expect((await read(own.id)).status).toBe(4);
    await expect(chain.appeal(wallet, own, statement)).rejects.toEqual(refusedWith("AlreadyAppealed"));
  });

  it("is decided by a key on another machine, which is shown the law and answers for this transaction alone", async () => {
    const own = await opened();
    await attest(own, [1, 64]);
    const account = { address: privateKeyToAddress(privateKey("officer 1")).toLowerCase() as Hex, path: { steps: [0], fingerprint: null } };
    expect(await chain.standing(account.address)).toEqual({ organisation: "civil-affairs", active: true });
    expect(await chain.standing(`0x${"12".repeat(20)}`)).toEqual({ organisation: null, active: false });
    const wanted: SignatureWanted[] = [];
    const ask: AskElsewhere = async (asked) => {
      wanted.push(asked);
      const earlier = wanted[0];
      if (earlier && earlier !== asked) await expect(answered(earlier.content, privateKey("officer 1")).then(asked.check)).rejects.toEqual(expect.objectContaining({ reason: "other-request" }));
      await expect(answered(asked.content, privateKey("officer 2")).then(asked.check)).rejects.toEqual(expect.objectContaining({ reason: "other-signer" }));
      return await asked.check(await answered(asked.content, privateKey("officer 1")));
    };
    const key = await chain.officerKey({ elsewhere: account, ask });
    const text = "a text to sign";
    expect(await recoverMessageAddress({ message: text, signature: await key.signMessage(text) })).toBe(getAddress(account.address));
    const behind = { statutes: [{ law: LAW.law, article: LAW.article }] };
    await chain.refuse(key, own.id, { row: 1, reason: "age-below-65", statute, statement: keccak256("0x01"), behind });
    expect(await read(own.id)).toMatchObject({ status: 5, officer: getAddress(account.address) });
    const [message, decision] = wanted.map((one) => ({ ...requested(one.content), behind: one.behind }));
    expect(message).toMatchObject({ dataType: 3, chainId: CHAIN_ID, address: account.address, behind: "" });
    expect(decision).toMatchObject({ dataType: 4, chainId: CHAIN_ID, address: account.address });
    expect(JSON.parse(decision?.behind ?? "")).toEqual(behind);
    const transaction = parseTransaction(bytesToHex(decision?.data ?? new Uint8Array()) as `0x02${string}`);
    expect(decodeFunctionData({ abi: casesAbi, data: transaction.data ?? "0x" })).toEqual({ functionName: "refuse", args: [own.id, 1, slug("age-below-65"), statute, keccak256("0x01")] });
  });

  it("is asked for more and supplemented under a new salt", async () => {
    const own = await opened();
    await attest(own, [UNKNOWN, 66]);
    await chain.requestMore(officers[0] as OfficerKey, own.id, { defects: ["photo-missing", "name-unclear"], statement: keccak256("0x02") });
    expect((await read(own.id)).status).toBe(3);
    const salt = await keyringOf(wallet).salt(own.id, 1);
    await chain.supplement(wallet, own, { account: "6223" }, salt);
    expect((await read(own.id)).form).toBe(await commitment(own, salt, { account: "6223" }));
  });

  it("takes consents once, and their revocation", async () => {
    const own = await wallet.newCase(SERVICE, 1, {});
    const terms = { provider: "public-security", service: SERVICE, purpose: "p", fields: ["age"], use: "once" as const, until: 4_000_000_000, asked: { use: "once" as const, days: 40_000 } };
    const sent = await chain.grantConsent(wallet, own, terms);
    const current = (await wallet.case(own.id)) as OwnCase;
    expect(current.consents["public-security"]).toEqual({ id: sent.id, record: sent.record });
    expect(await chain.grantConsent(wallet, current, terms)).toEqual(sent);
    const onChain = await connection.read("consents", consentsAbi, "get", [sent.id, own.address]);
    expect(onChain).toMatchObject({ until: 4_000_000_000n, once: true, uses: 0, revoked: false });
    await chain.revokeConsent(wallet, current, sent.id);
    await expect(chain.revokeConsent(wallet, current, sent.id)).rejects.toEqual(refusedWith("AlreadyRevoked"));
    // When it was is in no proof of the state: the chain's own event says it.
    const { timestamp } = await anvil.client().getBlock();
    const slots = async (at: Hex, all: readonly Hex[]) => await Promise.all(all.map(async (slot) => (await anvil.client().getStorageAt({ address: getAddress(at), slot })) ?? null));
    expect(await chainOver(connection, Date.now, slots).consents(current)).toMatchObject([{ id: sent.id, revoked: true }]);
    expect(await chain.revokedAt(current, sent.id)).toBe(Number(timestamp));
    expect(await chain.revokedAt(current, keccak256("0x08"))).toBeNull();
  });

  it("names the contract's error when a stranger acts", async () => {
    const own = await opened();
    const stranger = await chain.officerKey({ words: "test test test test test test test test test test test junk".split(" ") });
    expect(stranger.address).toBe("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    await expect(chain.requestMore(stranger, own.id, { defects: ["a"], statement: keccak256("0x") })).rejects.toEqual(refusedWith("NotUnderReview"));
    await expect(chain.refuse(stranger, keccak256("0x03"), { row: 255, reason: "a", statute, statement: keccak256("0x") })).rejects.toEqual(refusedWith("UnknownCase"));
    await expect(chain.officerKey({ privateKey: "0x12" })).rejects.toEqual(expect.objectContaining({ reason: "key-format" }));
  });
});

describe("the walk over uses", () => {
  const slotsOf = async (address: Hex, slots: readonly Hex[]) =>
    await Promise.all(slots.map(async (slot) => {
      const value = await anvil.client().getStorageAt({ address, slot });
      return value === undefined || BigInt(value) === 0n ? null : value;
    }));

  it("opens each record and ends at the first absent tag", async () => {
    const own = await opened();
    await attest(own, [1, 66]);
    const walk = await walkUses(connection, slotsOf, wallet, own, ["public-security", "civil-affairs"]);
    expect(walk.complete).toEqual([
      { provider: "public-security", count: 1, provenAbsent: true, missing: [] },
      { provider: "civil-affairs", count: 0, provenAbsent: true, missing: [] },
    ]);
    expect(walk.uses).toEqual([expect.objectContaining({ provider: "public-security", consumer: "civil-affairs", purpose: SERVICE, mask: 3, basis: statute, details: expect.objectContaining({ fields: ["age"] }) })]);
  });

  it("shows a record under a tag that is not the next one, and is not complete then", async () => {
    const own = await opened();
    await attest(own, [1, 66], 5);
    const walk = await walkUses(connection, slotsOf, wallet, own, ["public-security"]);
    expect(walk.complete).toEqual([{ provider: "public-security", count: 0, provenAbsent: false, missing: [0, 1, 2, 3, 4] }]);
    expect(walk.uses).toEqual([expect.objectContaining({ n: 5, details: expect.objectContaining({ fields: ["age"] }) })]);
  });

  /** A node over a case that was opened in block 50 and has records 0 and 2, in these blocks; blocks are two seconds apart. */
  async function calmNode(own: OwnCase, blocks: readonly [bigint, bigint]) {
    const secret = await keyringOf(wallet).useSecret(own.id, "public-security");
    const openedAt = (await read(own.id)).openedAt;
    const [contracts, mask] = [{ uses: await connection.contract("uses"), cases: await connection.contract("cases") }, 3];
    const node = { latest: 300_000n, status: ASKING, appealed: false, decided: [] as bigint[], asked: { uses: [] as [bigint, bigint][], cases: [] as [bigint, bigint][] } };
    const recorded = [{ n: 0, block: blocks[0] }, { n: 2, block: blocks[1] }].map(({ n, block }) => ({ block, tag: useTag(secret, n) }));
    const args = { caseId: own.id, provider: slug("public-security"), consumer: slug("civil-affairs"), purpose: slug(SERVICE), basis: statute, mask, ciphertext: "0x00" };
    const calm = {
      contract: async (name: "uses" | "cases") => contracts[name],
      read: async () => ({ openedAt, status: node.status, appealed: node.appealed }),
      rpc: async (method: string, [number]: readonly Hex[] = []) => (method === "eth_blockNumber" ? toHex(node.latest) : { timestamp: toHex(openedAt - 100n + BigInt(number ?? 0) * 2n) }),
      client: {
        getLogs: async ({ address, fromBlock, toBlock }: { address: Hex; fromBlock: bigint; toBlock: bigint }) => {
          const isWithin = (block: bigint): boolean => block >= fromBlock && block <= toBlock;
          node.asked[address === contracts.uses ? "uses" : "cases"].push([fromBlock, toBlock]);
          if (address === contracts.cases) return node.decided.filter(isWithin).map((blockNumber) => ({ blockNumber, args: { id: own.id } }));
          return recorded.filter(({ block }) => isWithin(block)).map(({ block, tag }) => ({ blockNumber: block, args: { ...args, tag } }));
        },
      },
    } as unknown as Connection;
    const slots = new Map(recorded.map(({ tag }) => [bindingSlot(tag), bindingOf(slug("public-security"), own.id, mask)]));
    const prove = async (_: Hex, all: readonly Hex[]) => all.map((slot) => slots.get(slot) ?? null);
    return { node, walk: async () => await walkUses(calm, prove, wallet, own, ["public-security"]) };
  }
  const [ASKING, REVIEW, APPROVED] = [1, 2, 4];
  const SKIPPED = [{ provider: "public-security", count: 1, provenAbsent: false, missing: [1] }];

  it("finds that a number was left out however much later the next record is, and asks for no block twice", async () => {
    const { node, walk } = await calmNode(await opened(), [100n, 250_000n]);
    const walked = await walk();
    expect(walked.complete).toEqual(SKIPPED);
    expect(walked.uses.map(({ n }) => n)).toEqual([0, 2]);
    // Thirty windows of blocks, no hole and no overlap.
    expect(node.asked.uses).toHaveLength(30);
    expect(node.asked.uses.reduce((next, [from, to]) => (from === next ? to + 1n : -1n), 50n)).toBe(node.latest + 1n);

    const before = node.asked.uses.length;
    node.latest += 30n;
    expect((await walk()).complete).toEqual(walked.complete);
    expect(node.asked.uses.slice(before)).toEqual([[300_001n, 300_030n]]);
  });

  it("reads a decided case to its decision however old it is, and on when it is appealed", async () => {
    const { node, walk } = await calmNode(await opened(), [100n, 15_000_100n]);
    Object.assign(node, { latest: 15_000_000n, status: APPROVED, decided: [120n] });
    expect((await walk()).uses.map(({ n }) => n)).toEqual([0]);
    expect(node.asked.uses).toEqual([[50n, 120n]]);
    expect(node.asked.cases).toHaveLength(6);
    await walk();
    expect(node.asked.uses).toHaveLength(1);
    expect(node.asked.cases).toHaveLength(6);

    Object.assign(node, { latest: 15_000_200n, status: REVIEW, appealed: true });
    expect((await walk()).uses.map(({ n }) => n)).toEqual([0, 2]);
    Object.assign(node, { latest: 15_500_000n, status: APPROVED, decided: [120n, 15_000_150n] });
    expect((await walk()).complete).toEqual(SKIPPED);
    expect(node.asked.uses.at(-1)).toEqual([15_000_121n, 15_000_200n]);
  });

  it("reads to the end where a node does not show the decision, and finds what was left out by proofs alone", async () => {
    const { node, walk } = await calmNode(await opened(), [100n, 400_000n]);
    Object.assign(node, { status: APPROVED });
    const walked = await walk();
    expect(node.asked.uses.at(-1)?.[1]).toBe(node.latest);
    // The logs end before the record under number 2; its proven slot shows it.
    expect(walked.uses.map(({ n }) => n)).toEqual([0]);
    expect(walked.complete).toEqual(SKIPPED);
  });

  /** A node over a case whose records, by their numbers, come one after each answer to a question for proofs or for logs. */
  async function busyNode(own: OwnCase, start: readonly number[], comes: readonly number[]) {
    const secret = await keyringOf(wallet).useSecret(own.id, "public-security");
    const { openedAt } = await read(own.id);
    const contracts = { uses: await connection.contract("uses"), cases: await connection.contract("cases") };
    const coming = [...comes];
    const recorded = start.map((n) => ({ n, block: 100n }));
    const node = { latest: 200n, proofs: 0 };
    const answered = <T>(answer: T): T => {
      node.latest++;
      const n = coming.shift();
      if (n !== undefined) recorded.push({ n, block: node.latest });
      return answer;
    };
    const args = { caseId: own.id, provider: slug("public-security"), consumer: slug("civil-affairs"), purpose: slug(SERVICE), basis: statute, mask: 3, ciphertext: "0x00" };
    const busy = {
      contract: async (name: "uses" | "cases") => contracts[name],
      read: async () => ({ openedAt, status: ASKING, appealed: false }),
      rpc: async (method: string, [number]: readonly Hex[] = []) => (method === "eth_blockNumber" ? toHex(node.latest) : { timestamp: toHex(openedAt - 100n + BigInt(number ?? 0) * 2n) }),
      client: {
        getLogs: async ({ fromBlock, toBlock }: { fromBlock: bigint; toBlock: bigint }) =>
          answered(recorded.filter(({ block }) => block >= fromBlock && block <= toBlock).map(({ n, block }) => ({ blockNumber: block, args: { ...args, tag: useTag(secret, n) } }))),
      },
    } as unknown as Connection;
    const prove = async (_: Hex, all: readonly Hex[]) => {
      node.proofs++;
      const slots = new Set(recorded.map(({ n }) => bindingSlot(useTag(secret, n))));
      return answered(all.map((slot) => (slots.has(slot) ? bindingOf(slug("public-security"), own.id, 3) : null)));
    };
    return { node, walk: async () => await walkUses(busy, prove, wallet, own, ["public-security"]) };
  }

  it.each([
    ["after its number was proven absent and before the logs were read", [], [0]],
    ["between two proofs of one walk", [0, 1], [2, 3, 4]],
    ["again and again while it walks", [], [0, 1, 2]],
  ])("is complete where a record comes %s", async (_, start, comes) => {
    const { walk } = await busyNode(await opened(), start, comes);
    const walked = await walk();
    const count = start.length + comes.length;
    expect(walked.complete).toEqual([{ provider: "public-security", count, provenAbsent: true, missing: [] }]);
    expect(walked.uses.map(({ n }) => n)).toEqual(Array.from({ length: count }, (__, n) => n));
  });

  it("finds the number that was left out also where records come while it walks, and ends", async () => {
    const { walk } = await busyNode(await opened(), [], [0, 2, 3]);
    expect((await walk()).complete).toEqual([{ provider: "public-security", count: 1, provenAbsent: false, missing: [1] }]);
    // A server to which no end is: it is not asked for ever.
    const endless = await busyNode(await opened(), [], Array.from({ length: 1_000 }, (_, n) => n));
    expect((await endless.walk()).complete).toMatchObject([{ provenAbsent: false }]);
    expect(endless.node.proofs).toBeLessThan(100);
  });

  it("refuses a latest block that no reading could reach, rather than stop before it", async () => {
    const far = { rpc: async () => toHex(10n ** 12n), client: { getLogs: async () => [] } } as unknown as Connection;
    const filter = { address: statute, event: parseAbiItem("event Any()"), args: {} };
    await expect(logsFrom(far, filter, 0n)).rejects.toEqual(expect.objectContaining({ code: "bad-answer" }));
  });

  it("is not complete when the chain holds another value than the event says, or a hidden record", async () => {
    const own = await opened();
    await attest(own, [1, 66]);
    const wrong = async (address: Hex, slots: readonly Hex[]) => (await slotsOf(address, slots)).map((value) => (value === null ? null : keccak256(value)));
    expect((await walkUses(connection, wrong, wallet, own, ["public-security"])).complete[0]?.provenAbsent).toBe(false);
    // A second record that the logs do not show.
    const hidden = useTag(await keyringOf(wallet).useSecret(own.id, "public-security"), 1);
    const more = async (address: Hex, slots: readonly Hex[]) => (await slotsOf(address, slots)).map((value, n) => (slots[n] === bindingSlot(hidden) ? keccak256("0x01") : value));
    expect((await walkUses(connection, more, wallet, own, ["public-security"])).complete).toEqual([{ provider: "public-security", count: 2, provenAbsent: false, missing: [] }]);
    // A server that proves and proves: the walk ends, and says that it did not reach the end.
    const endless = async (_: Hex, slots: readonly Hex[]) => slots.map(() => keccak256("0x01"));
    expect((await walkUses(connection, endless, wallet, own, ["public-security"])).complete).toEqual([{ provider: "public-security", count: WALK_LIMIT, provenAbsent: false, missing: [] }]);
  });

  it("finds the block of a time", async () => {
    const tip = Number(await anvil.client().getBlockNumber());
    for (const number of [1, Math.floor(tip / 2), tip]) {
      const { timestamp } = await anvil.client().getBlock({ blockNumber: BigInt(number) });
      const found = await blockAt(connection, timestamp);
      const block = await anvil.client().getBlock({ blockNumber: found });
      expect(block.timestamp).toBe(timestamp);
      if (found > 0n) expect((await anvil.client().getBlock({ blockNumber: found - 1n })).timestamp).toBeLessThan(timestamp);
    }
  });

  it("looks at the slot that Solidity uses", () => {
    const tag = keccak256("0x07");
    expect(bindingSlot(tag)).toBe(keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint256" }], [tag, 0n])));
    expect(artifact("Uses").abi.length).toBeGreaterThan(0);
  });
});

describe("an organisation whose key was changed", () => {
  it("had the old one until then, and has the new one", async () => {
    const [before, after, never] = ["before", "after", "never"].map((label) => key(label).address);
    const set = async (attester: Hex | undefined) => {
      const organisation = { attester, roles: 1, encryptionKey: keccak256("0x01"), name: "archive", gateway: "/gateway/archive" };
      await anvil.as(COUNCIL.address, "Registry", "setOrganisation", [slug("archive"), organisation]);
      return Number((await anvil.client().getBlock()).timestamp);
    };
    await set(before);
    const changed = (await set(after)) * 1000;
    const had = (key: Hex | undefined, sinceMs: number, organisation = "archive") => hadAttester(connection, organisation, key as Hex, sinceMs);
    expect([await had(before, changed), await had(before, changed + 1000), await had(after, changed + 1000)]).toEqual([true, false, true]);
    expect([await had(never, 0), await had(after, 0, "civil-affairs")]).toEqual([false, false]);
  });
});

describe("the connection", () => {
  it("refuses another network than the expected one", async () => {
    const wrongChain = new Connection({ rpcUrl: anvil.url, request: anvil.request, expected: { chainId: 1 } });
    await expect(wrongChain.network()).rejects.toEqual(expect.objectContaining({ code: "wrong-network" }));
    const wrongKey = new Connection({ rpcUrl: anvil.url, request: anvil.request, expected: { publicKey: "0x01" } });
    await expect(wrongKey.contract("cases")).rejects.toEqual(expect.objectContaining({ code: "wrong-network" }));
  });

  it("says offline when nobody answers", async () => {
    const nowhere = new Connection({ rpcUrl: "http://127.0.0.1:9" });
    await expect(nowhere.network()).rejects.toEqual(expect.objectContaining({ code: "offline" }));
  });
});
