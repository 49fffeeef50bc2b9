// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { Hex, Json, OwnCase, ToExport, UseWalk } from "../ports";
import { type DelegationTerms, keyOf, rootOf, treeOf } from "../wallet/delegation/terms";
import { hexToBytes } from "../wallet/bytes";
import { useTag } from "../wallet/derive";
import { keyringOf } from "../wallet/keyring";
import { PASSPHRASE, WORDS, identify, openStore } from "../wallet/testing";
import type { Connection } from "./connection";
import { type ExportSurroundings, exportCases } from "./export";

const NOW_MS = 1_790_000_000_000;
const connection = { network: async () => ({ publicKey: "0x00" }), contract: async () => "0x00", rpc: async () => null } as unknown as Connection;
const around: ExportSurroundings = { connection, statements: async () => [], walk: async () => ({ uses: [], complete: [] }), now: () => NOW_MS };

it("holds the person's own cases, also those that a carer opened, and none that they opened for somebody else", async () => {
  const wallet = await identify(await (await openStore()).create(WORDS, PASSPHRASE), "440304195911190014");
  const keyring = keyringOf(wallet);
  const keep = async (side: "given" | "held", seed: Hex): Promise<Hex> => {
    const bytes = hexToBytes(seed);
    const terms: DelegationTerms = { v: 1, id: seed, chainId: 1, key: keyOf(bytes), delegate: "x".repeat(43), role: "carer", services: ["s"], from: 1, until: 2, cases: rootOf(treeOf(bytes)) };
    await keyring.keepDelegation({ side, seed, terms, name: "王", presentation: (await keyring.identity()) ?? "" });
    return terms.key;
  };
  const given = await keep("given", `0x${"11".repeat(32)}`);
  const held = await keep("held", `0x${"22".repeat(32)}`);
  const mine = await wallet.newCase("s", 1, { a: 1 });
  const byCarer = await wallet.newCase("s", 1, { a: 2 }, given);
  const forOther = await wallet.newCase("s", 1, { secret: "of somebody else" }, held);
  const toExport = (own: OwnCase): ToExport => ({ own, providers: [], gateway: "", bundle: async () => ({}) });

  const text = await exportCases(around, wallet, [mine, byCarer, forOther].map(toExport));
  const file = JSON.parse(text.slice(0, text.lastIndexOf("\n", text.length - 2))) as { cases: { id: Hex }[] };
  expect(file.cases.map(({ id }) => id)).toEqual([mine.id, byCarer.id]);
  expect(text).not.toContain(forOther.id.slice(2));
  expect(text).not.toContain("of somebody else");
});

describe("what is proven of a case", () => {
  const PROVIDER = "public-security";
  const hash = (n: number): Hex => `0x${String(n).padStart(64, "0")}`;

  /** The chain has more records at each walk, as long as there are more; the index has those that it is said to have at each question. */
  async function exportWhile(chain: readonly number[], index: readonly number[]) {
    const wallet = await identify(await (await openStore()).create(WORDS, PASSPHRASE), "440304195911190014");
    const own = await wallet.newCase("s", 1, { a: 1 });
    const secret = await keyringOf(wallet).useSecret(own.id, PROVIDER);
    const asked = { walks: 0, bundles: 0, slots: [] as number[], waits: [] as number[] };
    const at = (counts: readonly number[], times: number): number => counts[Math.min(times, counts.length) - 1] ?? 0;
    const tags = (count: number): Hex[] => Array.from({ length: count }, (_, n) => useTag(secret, n));
    const walk = async (): Promise<UseWalk> => {
      const count = at(chain, ++asked.walks);
      const details = { official: "o", purpose: "p", fields: [], article: "a", atMs: 1, by: null };
      const one = { caseId: own.id, provider: PROVIDER, consumer: "c", purpose: "p", basis: hash(1), mask: 1, blockNumber: 1, details };
      return { uses: tags(count).map((tag, n) => ({ ...one, tag, n })), complete: [{ provider: PROVIDER, count, provenAbsent: true, missing: [] }] };
    };
    const bundle = async (): Promise<Json> => ({ receipts: tags(at(index, ++asked.bundles)) });
    const rpc = async (_: string, [, slots]: [Hex, Hex[]]): Promise<null> => (asked.slots.push(slots.length), null);
    const text = await exportCases({ ...around, connection: { ...connection, rpc } as unknown as Connection, walk, wait: async (ms) => void asked.waits.push(ms) }, wallet, [{ own, providers: [PROVIDER], gateway: "", bundle }]);
    const [exported] = (JSON.parse(text.slice(0, text.lastIndexOf("\n", text.length - 2))) as { cases: { uses: { records: Json[] }[]; bundle: { receipts: Json[] } }[] }).cases;
    return { asked, records: exported?.uses[0]?.records.length, receipts: exported?.bundle.receipts.length };
  }

  it("is read once where nothing comes meanwhile", async () => {
    const { asked, records, receipts } = await exportWhile([1], [1]);
    expect([records, receipts]).toEqual([1, 1]);
    expect(asked).toEqual({ walks: 2, bundles: 1, slots: [2], waits: [] });
  });

  it("is of the same records where one comes while it is read, or the index has it later", async () => {
    const came = await exportWhile([1, 2], [1, 2]);
    expect([came.records, came.receipts, came.asked.slots.at(-1)]).toEqual([2, 2, 3]);
    const behind = await exportWhile([2], [1, 1, 2]);
    expect([behind.records, behind.receipts, behind.asked.waits]).toEqual([2, 2, [250, 500]]);
  });

  it("is not exported where the index stays behind: such a file would not hold", async () => {
    await expect(exportWhile([2], [1])).rejects.toEqual(expect.objectContaining({ code: "bad-answer" }));
  });

  it("leaves out a case that was never opened", async () => {
    const wallet = await identify(await (await openStore()).create(WORDS, PASSPHRASE), "440304195911190014");
    const own = await wallet.newCase("s", 1, {});
    expect(await exportCases(around, wallet, [{ own, providers: [], gateway: "", bundle: async () => null }])).toContain('"cases": []');
  });
});
