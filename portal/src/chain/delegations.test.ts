// @vitest-environment node
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Hex, getAddress, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { SDJwtInstance } from "@sd-jwt/core";
import { deflateSync } from "node:zlib";
import type { Chain, Delegation, Delegations, OwnCase, Wallet } from "../ports";
import { keyringOf } from "../wallet/keyring";
import { base64Url, hexToBytes, stringToBytes } from "../wallet/bytes";
import { type DelegationTerms, documentOf } from "../wallet/delegation/terms";
import { GUARDIANSHIP_VCT } from "../wallet/delegation/ward";
import { delegationKey } from "../wallet/derive";
import { CERTIFICATE, PASSPHRASE, identify, openStore } from "../wallet/testing";
import { delegationsAbi } from "./abi";
import { Anvil, CHAIN_ID, publishService } from "./anvil";
import { chainOver } from "./chain";
import { Connection } from "./connection";
import { delegationsOver } from "./delegations";
import { findCasesOver } from "./find";
import { REMEMBERED_MS } from "./status-list";

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
/** How a gateway answers. */
let answer: (url: URL, body: unknown) => unknown;

/** Storage straight from the node: whether it is proven is tested where proofs are. */
const prove = (address: Hex, slots: readonly Hex[]) =>
  Promise.all(
    slots.map(async (slot) => {
      const value = await anvil.client().getStorageAt({ address: getAddress(address), slot });
      return value === undefined || value === zeroHash ? null : value;
    }),
  );

async function storeHere() {
  const space = async () => ({ chainId: CHAIN_ID, cases: anvil.network.contracts["cases"] as Hex });
  return await openStore({ space, find: findCasesOver(connection) });
}

async function walletOf(number: string): Promise<Wallet> {
  const store = await storeHere();
  return await identify(await store.create(store.newWords("zh-CN"), PASSPHRASE), number);
}

/** The same words on another device, which keeps nothing else. */
async function restored(wallet: Wallet, number: string): Promise<Wallet> {
  const { words } = await keyringOf(wallet).content();
  return await identify(await (await storeHere()).create((words ?? "").split(" "), PASSPHRASE), number);
}

beforeAll(async () => {
  anvil = await Anvil.start();
  await publishService(anvil);
  connection = new Connection({ rpcUrl: anvil.url, request: anvil.request });
  chain = chainOver(connection);
  nowMs = Number((await anvil.client().getBlock()).timestamp) * 1000;
  answer = () => Promise.reject(new Error("no network"));
  const fetcher: typeof fetch = async (input, init) => {
    const answered = await answer(new URL(String(input)), typeof init?.body === "string" ? JSON.parse(init.body) : null);
    return new Response(typeof answered === "string" ? answered : JSON.stringify(answered));
  };
  const http = { origin: "http://portal.test", fetch: fetcher, now: () => nowMs };
  const gatewayOf = async (slug: string) => `/gateway/${slug}`;
  delegations = delegationsOver({ connection, prove, find: findCasesOver(connection), http, gatewayOf });
  person = await walletOf(PERSON);
  carer = await walletOf(CARER);
}, 60_000);
afterAll(() => anvil.stop());

const stateOf = async (wallet: Wallet, key: Hex): Promise<Delegation["state"] | undefined> => (await delegations.list(wallet)).find((one) => one.key === key)?.state;

async function given(giver = person): Promise<Delegation> {
  const { code, number } = await delegations.ask(carer, "李芳");
  expect(delegations.read(`https://portal.example/x#${code}`)).toEqual({ name: "李芳", number });
  const one = await delegations.give(giver, code, { services: [SERVICE], days: DAYS, name: "王建国" });
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

  it("is found again by the giver's words alone: its cases, its end, and its number, which is not taken twice", async () => {
    const giver = await walletOf(PERSON);
    const [one, two] = [await given(giver), await given(giver)];
    const own = await carer.newCase(SERVICE, 1, { account: "6222" }, two.key);
    await chain.openCase(carer, own);
    const again = await restored(giver, PERSON);
    expect([await delegations.isRestored(again), await delegations.isRestored(giver)]).toEqual([true, false]);
    expect(await delegations.list(again)).toEqual([]);
    await delegations.findCases(again);
    const none = { side: "given", role: "carer", name: "", services: [], from: 0, sealed: null, state: "active", known: false };
    const found = await delegations.list(again);
    expect(found).toEqual([one, two].map(({ key, until }) => ({ key, until, ...none })));
    const [kept] = (await again.keptCases()).filter(({ delegation }) => delegation === two.key);
    expect(kept).toMatchObject({ id: own.id, index: own.index, service: SERVICE });
    expect(await keyringOf(again).useSecret(own.id, "health")).toBe(await keyringOf(carer).useSecret(own.id, "health"));
    // The case is the person's: with the number that their credential has, and with nobody acting for them.
    expect(await keyringOf(again).personCommitment(own.id)).toBe(await keyringOf(carer).personCommitment(own.id));
    expect(await keyringOf(again).delegationShown(kept!, "health", nowMs)).toBeNull();
    await delegations.end(again, two.key);
    expect(await stateOf(carer, two.key)).toBe("ended");
    await delegations.findCases(again);
    expect((await delegations.list(again)).map(({ key, state }) => [key, state])).toEqual([[one.key, "active"], [two.key, "ended"]]);
  });

  it("gives a new one from restored words without looking first: under a key of its own", async () => {
    const giver = await walletOf(PERSON);
    const before = await given(giver);
    const again = await restored(giver, PERSON);
    const { code } = await delegations.ask(carer, "李芳");
    const one = await delegations.give(again, code, { services: [SERVICE], days: DAYS, name: "王建国" });
    expect(one).toMatchObject({ state: "active", known: true });
    expect((await delegations.list(again)).map(({ key }) => key)).toContain(before.key);
    expect((await delegations.list(giver)).map(({ key }) => key)).not.toContain(one.key);
  });

  it("is not found by the delegate's words; the same code brings it back, with its cases, and the next key", async () => {
    const one = await given();
    const own = await carer.newCase(SERVICE, 1, { account: "6222" }, one.key);
    await chain.openCase(carer, own);
    const again = await restored(carer, CARER);
    await delegations.findCases(again);
    expect(await delegations.list(again)).toEqual([]);
    expect(await delegations.accept(again, one.sealed ?? "")).toMatchObject({ side: "held", name: "王建国", known: true });
    expect((await again.keptCases()).filter(({ delegation }) => delegation === one.key)).toMatchObject([{ id: own.id, index: 0 }]);
    const next = await again.newCase(SERVICE, 1, { account: "6222" }, one.key);
    expect(next.index).toBe(1);
    await chain.openCase(again, next);
  });

  it("for a child is told apart by its number: its cases are nobody's own, and it is not acted under", async () => {
    const guardian = await walletOf(PERSON);
    const keyring = keyringOf(guardian);
    const [ward] = await keyring.possibleDelegations("ward", 0, 1);
    expect(await keyring.nextDelegationSeed("ward")).toBe(ward?.seed);
    const signer = privateKeyToAccount(delegationKey(hexToBytes(ward!.seed)));
    const until = BigInt(Math.floor(Date.now() / 1000) + 86_400);
    await connection.send(signer, { contract: "delegations", abi: delegationsAbi, functionName: "register", args: [`0x${"11".repeat(32)}`, until] });
    const again = await restored(guardian, PERSON);
    await delegations.findCases(again);
    expect(await delegations.list(again)).toMatchObject([{ side: "held", key: ward?.key, role: "guardian", until: Number(until), known: false }]);
    const own = await again.newCase(SERVICE, 1, {}, ward?.key);
    await expect(keyringOf(again).personCommitment(own.id)).rejects.toMatchObject({ code: "delegation-unknown" });
    await expect(keyringOf(again).delegationShown(own, "health", nowMs)).rejects.toMatchObject({ code: "delegation-unknown" });
    expect(await keyringOf(again).nextDelegationSeed("ward")).toBe((await keyring.possibleDelegations("ward", 1, 1))[0]?.seed);
  });

  describe("for a child", () => {
    const CHILD = "440304202001010016";
    const ISSUER = "https://gateway.example/gateway/public-security";
    const AUTHORITY = { slug: "public-security", name: "公安", gateway: "/gateway/public-security", encryptionKey: "0x00" as const };
    const issuerKey = p256.utils.randomSecretKey();
    const hasher = (data: string | ArrayBuffer) => sha256(typeof data === "string" ? stringToBytes(data) : new Uint8Array(data));
    const issuer = new SDJwtInstance({ signer: (data: string) => base64Url(p256.sign(stringToBytes(data), issuerKey)), signAlg: "ES256", hasher, hashAlg: "sha-256", saltGenerator: () => "salt" });
    /** Two bits an entry (Token Status List, section 4.1). */
    const listOf = (bits: number, sub = `${ISSUER}/v1/status`) => `e30.${base64Url(stringToBytes(JSON.stringify({ sub, status_list: { bits: 2, lst: base64Url(deflateSync(Uint8Array.of(0, bits << 6))) } })))}.c2ln`;
    let asked: string[];
    let list: () => unknown;

    /** An authority at the portal's own host, whose credentials name another one. */
    async function confirmedFor(guardian: Wallet): Promise<Delegation> {
      const jwk = await guardian.holderKey();
      answer = async ({ origin, pathname }, body) => {
        asked.push(`${origin}${pathname}`);
        if (pathname.endsWith("/session/nonce")) return { nonce: "n" };
        if (pathname.endsWith("/status")) return list();
        const { terms } = body as { terms: DelegationTerms };
        const payload = { iss: ISSUER, iat: 1, vct: GUARDIANSHIP_VCT, terms: documentOf(terms), status: { status_list: { idx: 7, uri: `${ISSUER}/v1/status` } }, cnf: { jwk }, number: CHILD };
        return { credential: await issuer.issue(payload as never, { _sd: ["number"] } as never, { header: { x5c: [CERTIFICATE] } }) };
      };
      return await delegations.forChild(guardian, AUTHORITY, { number: CHILD, name: "小明", services: [SERVICE], days: DAYS });
    }

    beforeEach(() => {
      asked = [];
      list = () => listOf(0);
    });

    it("is in force while the authority's list says so, asked at its gateway and at no other host", async () => {
      const guardian = await walletOf(PERSON);
      const { key, state } = await confirmedFor(guardian);
      expect(state).toBe("active");
      expect(asked.filter((url) => url.endsWith("/status"))).toEqual(["http://portal.test/gateway/public-security/v1/status"]);
      list = () => listOf(1);
      nowMs += REMEMBERED_MS;
      expect(await stateOf(guardian, key)).toBe("ended");
    });

    it.each([
      ["does not answer", () => Promise.reject(new Error("blocked"))],
      ["is another one", () => listOf(0, "https://elsewhere.example/v1/status")],
      ["is none", () => "nonsense"],
    ])("is not in force while it is not known, where the list %s, and is once it can be read", async (_, broken) => {
      const guardian = await walletOf(PERSON);
      list = broken;
      nowMs += REMEMBERED_MS;
      const { key, state } = await confirmedFor(guardian);
      expect(state).toBe("unchecked");
      list = () => listOf(0);
      nowMs += REMEMBERED_MS;
      expect(await stateOf(guardian, key)).toBe("active");
    });

    it("asks no more than once in a while, however many pages ask, also while nothing answers", async () => {
      const guardian = await walletOf(PERSON);
      list = () => Promise.reject(new Error("blocked"));
      nowMs += REMEMBERED_MS;
      await confirmedFor(guardian);
      await confirmedFor(guardian);
      for (let page = 0; page < 5; page++) await Promise.all([delegations.list(guardian), delegations.list(guardian)]);
      expect(asked.filter((url) => url.endsWith("/status"))).toHaveLength(1);
      nowMs += REMEMBERED_MS;
      await delegations.list(guardian);
      expect(asked.filter((url) => url.endsWith("/status"))).toHaveLength(2);
    });
  });

  it("can be of no more cases than there are keys", async () => {
    const one = await given();
    for (let index = 0; index < 64; index++) expect((await carer.newCase(SERVICE, 1, {}, one.key)).index).toBe(index);
    await expect(carer.newCase(SERVICE, 1, {}, one.key)).rejects.toMatchObject({ reason: "delegation-full" });
  });
});
