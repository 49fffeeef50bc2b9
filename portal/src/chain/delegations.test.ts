// @vitest-environment node
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Hex, getAddress, zeroHash } from "viem";
import type { Chain, Delegation, Delegations, OwnCase, Wallet } from "../ports";
import { keyringOf } from "../wallet/keyring";
import { PASSPHRASE, identify, openStore } from "../wallet/testing";
import { delegationsAbi } from "./abi";
import { Anvil, CHAIN_ID, publishService } from "./anvil";
import { chainOver } from "./chain";
import { Connection } from "./connection";
import { delegationsOver } from "./delegations";
import { findCasesOver } from "./find";

const SERVICE = "old-age-allowance";
const PERSON = "440304195911190014";
const CARER = "440304198001010015";
const DAYS = 30;

let anvil: Anvil;
let connection: Connection;
let chain: Chain;
let delegations: Delegations;
let person: Wallet;
let carer: Wallet;
let nowMs: number;

/** Storage straight from the node: whether it is proven is tested where proofs are. */
const prove = (address: Hex, slots: readonly Hex[]) =>
  Promise.all(
    slots.map(async (slot) => {
      const value = await anvil.client().getStorageAt({ address: getAddress(address), slot });
      return value === undefined || value === zeroHash ? null : value;
    }),
  );

async function walletOf(number: string): Promise<Wallet> {
  const space = async () => ({ chainId: CHAIN_ID, cases: anvil.network.contracts["cases"] as Hex });
  const store = await openStore({ space, find: findCasesOver(connection) });
  return await identify(await store.create(store.newWords("zh-CN"), PASSPHRASE), number);
}

beforeAll(async () => {
  anvil = await Anvil.start();
  await publishService(anvil);
  connection = new Connection({ rpcUrl: anvil.url, request: anvil.request });
  chain = chainOver(connection);
  nowMs = Number((await anvil.client().getBlock()).timestamp) * 1000;
  const http = { origin: "http://portal.test", fetch: async () => Promise.reject(new Error("no network")), now: () => nowMs };
  delegations = delegationsOver({ connection, prove, find: findCasesOver(connection), http });
  person = await walletOf(PERSON);
  carer = await walletOf(CARER);
}, 60_000);
afterAll(() => anvil.stop());

const stateOf = async (wallet: Wallet, key: Hex): Promise<Delegation["state"] | undefined> => (await delegations.list(wallet)).find((one) => one.key === key)?.state;

async function given(): Promise<Delegation> {
  const { code, number } = await delegations.ask(carer, "李芳");
  expect(delegations.read(`https://portal.example/x#${code}`)).toEqual({ name: "李芳", number });
  const one = await delegations.give(person, code, { services: [SERVICE], days: DAYS, name: "王建国" });
  await delegations.accept(carer, one.sealed ?? "");
  return one;
}

describe("a delegation", () => {
  it("is registered by the giver, held by the delegate, and seen by both", async () => {
    const one = await given();
    expect(one).toMatchObject({ side: "given", name: "李芳", services: [SERVICE], state: "active" });
    expect(one.until - one.from).toBe(DAYS * 86_400);
    expect((await delegations.list(carer)).find(({ key }) => key === one.key)).toEqual({ ...one, side: "held", name: "王建国", sealed: null });
    // On the chain: no word of either, and nothing twice.
    await delegations.register(person, one.key);
    const [document, until, ended] = await connection.read("delegations", delegationsAbi, "get", [one.key]);
    expect([document === zeroHash, Number(until), ended]).toEqual([false, one.until, false]);
  });

  it("lets the giver find every case that is opened under it, also where a number was left out", async () => {
    const one = await given();
    const opened: OwnCase[] = [];
    for (const skip of [false, true, false]) {
      const own = await carer.newCase(SERVICE, 1, { account: "6222" }, one.key);
      if (skip) continue;
      await chain.openCase(carer, own);
      opened.push(own);
    }
    const mine = await carer.newCase(SERVICE, 1, { account: "6222" });
    await chain.openCase(carer, mine);
    for (let again = 0; again < 2; again++) {
      await delegations.findCases(person);
      const found = (await person.keptCases()).filter(({ delegation }) => delegation === one.key);
      expect(found.map(({ id, index }) => [id, index]).sort()).toEqual(opened.map(({ id, index }) => [id, index]).sort());
    }
    expect(opened.map(({ index }) => index)).toEqual([0, 2]);
    // The giver may act in them: it is the same key.
    const [first] = opened as [OwnCase];
    const both = await Promise.all([person, carer].map(async (wallet) => (await keyringOf(wallet).account(first)).address));
    expect(both[0]).toBe(both[1]);
    // The carer's own case is not among them, and the giver's own cases are not with the carer.
    expect((await person.keptCases()).some(({ id }) => id === mine.id)).toBe(false);
    const own = await person.newCase(SERVICE, 1, { account: "1" });
    await chain.openCase(person, own);
    await delegations.findCases(carer);
    expect((await carer.keptCases()).some(({ id }) => id === own.id)).toBe(false);
  });

  it.each(["person", "carer"])("is ended by the %s, for both, and by the other too without harm", async (who) => {
    const one = await given();
    const [first, second] = who === "person" ? [person, carer] : [carer, person];
    await delegations.end(first, one.key);
    expect([await stateOf(person, one.key), await stateOf(carer, one.key)]).toEqual(["ended", "ended"]);
    await delegations.end(second, one.key);
    await delegations.register(person, one.key);
    expect(await stateOf(person, one.key)).toBe("ended");
  });

  it("is over at its end", async () => {
    const one = await given();
    nowMs += DAYS * 86_400_000;
    expect(await stateOf(carer, one.key)).toBe("over");
    nowMs -= DAYS * 86_400_000;
  });

  it("is for one wallet alone, and for nobody's own", async () => {
    const { code } = await delegations.ask(carer, "李芳");
    const one = await delegations.give(person, code, { services: [SERVICE], days: DAYS, name: "王建国" });
    await expect(delegations.accept(await walletOf(CARER), one.sealed ?? "")).rejects.toMatchObject({ reason: "delegation-foreign" });
    const { code: own } = await delegations.ask(person, "王建国");
    await expect(delegations.give(person, own, { services: [SERVICE], days: DAYS, name: "王建国" })).rejects.toMatchObject({ reason: "delegation-foreign" });
    await expect(delegations.end(carer, one.key)).rejects.toMatchObject({ reason: "unknown-delegation" });
  });

  it("can be of no more cases than there are keys", async () => {
    const one = await given();
    for (let index = 0; index < 64; index++) expect((await carer.newCase(SERVICE, 1, {}, one.key)).index).toBe(index);
    await expect(carer.newCase(SERVICE, 1, {}, one.key)).rejects.toMatchObject({ reason: "delegation-full" });
  });
});
