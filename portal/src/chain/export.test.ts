// @vitest-environment node
import { expect, it } from "vitest";
import type { Hex, OwnCase, ToExport } from "../ports";
import { type DelegationTerms, keyOf, rootOf, treeOf } from "../wallet/delegation/terms";
import { hexToBytes } from "../wallet/bytes";
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
  const toExport = (own: OwnCase): ToExport => ({ own, providers: [], gateway: "", bundle: {} });

  const text = await exportCases(around, wallet, [mine, byCarer, forOther].map(toExport));
  const file = JSON.parse(text.slice(0, text.lastIndexOf("\n", text.length - 2))) as { cases: { id: Hex }[] };
  expect(file.cases.map(({ id }) => id)).toEqual([mine.id, byCarer.id]);
  expect(text).not.toContain(forOther.id.slice(2));
  expect(text).not.toContain("of somebody else");
});
