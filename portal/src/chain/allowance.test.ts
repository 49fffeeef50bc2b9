// @vitest-environment node
// Tokens from an authority of the test's own to the real contracts.
import { KeyObject, constants, privateDecrypt } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Chain, type Gateways, type Hex, type Organisation, PortFailure, type Wallet } from "../ports";
import { base64Url, bytesToHex, fromBase64Url } from "../wallet/bytes";
import { keyringOf } from "../wallet/keyring";
import { PASSPHRASE, identify, openStore } from "../wallet/testing";
import { windowAt } from "../wallet/tokens";
import { casesAbi } from "./abi";
import { BATCH, tokenIssuer } from "./allowance";
import { Anvil, CHAIN_ID, COUNCIL, key, publishService } from "./anvil";
import { chainOver } from "./chain";
import { slug } from "./codes";
import { Connection } from "./connection";
import { gatewaysOver } from "./gateways";

const ISSUER = "public-security";
const SERVICE = "old-age-allowance";
const authority: Organisation = { slug: ISSUER, name: ISSUER, gateway: `/gateway/${ISSUER}`, encryptionKey: "0x00" };

let anvil: Anvil;
let connection: Connection;
let nowMs: number;
let pair: CryptoKeyPair;
let chain: Chain;
let gateways: Gateways;
let wallet: Wallet;
/** What the authority was sent, and how it behaves. */
let asked: string[][];
let left: number;
let answers: boolean;
let isLiar: boolean;
let calls: number;
let onAsked: () => Promise<void>;

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });

const fetcher: typeof fetch = async (input, init) => {
  const { pathname } = new URL(String(input));
  calls += 1;
  if (pathname.endsWith("/v1/session/nonce")) return json({ nonce: "challenge" });
  if (pathname.endsWith("/v1/my/session")) return json({ token: "t", expires_at: 1 });
  const window = windowAt(nowMs);
  if (init?.method === "GET") return json({ window, limit: 20, left, next_s: 1 });
  const { blinded } = JSON.parse(String(init?.body)) as { blinded: string[] };
  const isNew = !asked.some((before) => before.join() === blinded.join());
  asked.push(blinded);
  await onAsked();
  if (isNew && blinded.length > left) return json({ type: "urn:zhengtong:problem:allowance-used-up", title: "", detail: "none" }, 409);
  if (isNew) left -= blinded.length;
  // RSASP1 is RSADP by another name (RFC 8017, section 5.2.1), here OpenSSL's.
  const key = { key: KeyObject.from(pair.privateKey), padding: constants.RSA_NO_PADDING };
  const signatures = blinded.map((text) => base64Url(privateDecrypt(key, fromBase64Url(text))));
  if (!answers) throw new Error("the line was cut");
  return json({ signatures: isLiar ? [...signatures].reverse() : signatures, allowance: { window, limit: 20, left, next_s: 1 } });
};

beforeAll(async () => {
  anvil = await Anvil.start();
  await publishService(anvil);
  connection = new Connection({ rpcUrl: anvil.url, request: anvil.request });
  nowMs = Number((await anvil.client().getBlock()).timestamp) * 1000;
  pair = await crypto.subtle.generateKey({ name: "RSA-PSS", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["sign", "verify"]);
  expect(await tokenIssuer(connection)).toBe(null);
  await anvil.as(COUNCIL.address, "Allowances", "setIssuer", [slug(ISSUER)]);
  const { n } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  for (const ahead of [0, 1]) await anvil.as(key(ISSUER).address, "Allowances", "publish", [BigInt(windowAt(nowMs) + ahead), bytesToHex(fromBase64Url(n as string))]);
}, 60_000);
afterAll(() => anvil.stop());

beforeEach(async () => {
  [asked, left, answers, isLiar, calls] = [[], 20, true, false, 0];
  onAsked = async () => undefined;
  const http = { origin: "https://portal.example", fetch: fetcher, now: () => nowMs, sleep: async () => {} };
  chain = chainOver(connection, () => nowMs);
  gateways = gatewaysOver(http, connection, async () => []);
  const space = async () => ({ chainId: CHAIN_ID, cases: anvil.network.contracts["cases"] as Hex });
  const store = await openStore({ space });
  wallet = await identify(await store.create(store.newWords("en"), PASSPHRASE), "11010519491231002X");
});

const fresh = async () => await wallet.newCase(SERVICE, 1, { account: "6222" });
const statusOf = async (id: Hex) => (await connection.read("cases", casesAbi, "get", [id])).status;
const heldFor = async () => (await keyringOf(wallet).tokens()).held.map(({ address }) => address);

describe("opening with the daily allowance", { timeout: 60_000 }, () => {
  it("takes one token a case, and asks the authority once for several", async () => {
    expect(await tokenIssuer(connection)).toBe(ISSUER);
    const own = await fresh();
    await expect(chain.openCase(wallet, own)).rejects.toEqual(expect.objectContaining({ error: "TokenMissing" }));
    await gateways.tokens(wallet, own, authority);
    expect(await heldFor()).toHaveLength(BATCH);
    await chain.openCase(wallet, own);
    expect(await statusOf(own.id)).toBe(1);
    expect(await heldFor()).not.toContain(own.address);
    // A lost answer: opened already, and no second token is needed to find that out.
    await gateways.tokens(wallet, own, authority);
    expect((await chain.openCase(wallet, own)).txHash).toMatch(/^0x/);
    const before = asked.length;
    // The next cases need no authority.
    answers = false;
    for (let n = 1; n < BATCH; n++) {
      const next = await fresh();
      await gateways.tokens(wallet, next, authority);
      await chain.openCase(wallet, next);
      expect(await statusOf(next.id)).toBe(1);
    }
    expect(asked).toHaveLength(before);
  });

  it("draws them ahead of need, always as many, and opens cases without a word to the authority", async () => {
    await gateways.tokensAhead(wallet, authority);
    expect(asked.map(({ length }) => length)).toEqual([BATCH]);
    // Enough are held: nothing is asked, not even how many are left.
    calls = 0;
    await gateways.tokensAhead(wallet, authority);
    for (let n = 1; n < BATCH; n++) {
      const own = await fresh();
      await gateways.tokens(wallet, own, authority);
      await chain.openCase(wallet, own);
      expect(await statusOf(own.id)).toBe(1);
    }
    expect(calls).toBe(0);
    // One is left. The next batch is as large as the first, for keys that have none yet.
    await gateways.tokensAhead(wallet, authority);
    expect(asked.map(({ length }) => length)).toEqual([BATCH, BATCH]);
    expect(new Set(await heldFor()).size).toBe(BATCH + 1);
  });

  it("lets a case that is opened meanwhile wait for what is drawn ahead", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const arrived = new Promise<void>((resolve) => (onAsked = async () => (resolve(), await held)));
    const ahead = gateways.tokensAhead(wallet, authority);
    await arrived;
    const own = await fresh();
    const opening = gateways.tokens(wallet, own, authority);
    release();
    await Promise.all([ahead, opening]);
    expect(asked.map(({ length }) => length)).toEqual([BATCH]);
    await chain.openCase(wallet, own);
    expect(await statusOf(own.id)).toBe(1);
  });

  it("asks with the same messages again when the line was cut, and is counted once", async () => {
    const own = await fresh();
    answers = false;
    await expect(gateways.tokens(wallet, own, authority)).rejects.toEqual(expect.objectContaining({ code: "offline" }));
    expect(left).toBe(20 - BATCH);
    answers = true;
    await gateways.tokens(wallet, own, authority);
    expect([asked.length, left]).toEqual([2, 20 - BATCH]);
    expect(asked[1]).toEqual(asked[0]);
    await chain.openCase(wallet, own);
  });

  it("shows the token that will open the case with a consent before it, and none with one after it", async () => {
    const own = await fresh();
    await gateways.tokens(wallet, own, authority);
    const terms = { provider: ISSUER, service: SERVICE, purpose: "p", fields: ["age"], use: "once" as const, until: Math.floor(nowMs / 1000) + 600, asked: { use: "once" as const, days: 1 } };
    const inputOf = async (consent: { txHash: Hex }): Promise<Hex> => (await anvil.client().getTransaction({ hash: consent.txHash })).input;
    const [token] = (await keyringOf(wallet).tokens()).held.filter(({ address }) => address === own.address.toLowerCase());
    const before = await inputOf(await chain.grantConsent(wallet, own, terms));
    // The eight letters "zt-token" in ASCII.
    expect(before.endsWith(`${token?.nonce.slice(2)}${token?.signature.slice(2)}7a742d746f6b656e`)).toBe(true);
    await chain.openCase(wallet, own);
    expect(await statusOf(own.id)).toBe(1);
    const again = { ...terms, provider: "civil-affairs" };
    const after = await inputOf(await chain.grantConsent(wallet, own, again));
    expect((before.length - after.length) / 2).toBe(32 + 256 + 8);
  });

  it("says calmly when the allowance is used up, and keeps nothing of the attempt", async () => {
    left = 0;
    await expect(gateways.tokens(wallet, await fresh(), authority)).rejects.toEqual(expect.objectContaining({ code: "allowance-used-up" }));
    expect(asked).toEqual([]);
    // The last ones go to the case at hand.
    left = 2;
    const own = await fresh();
    await gateways.tokens(wallet, own, authority);
    expect(await heldFor()).toHaveLength(2);
    await chain.openCase(wallet, own);
  });

  it("believes no signature that is not by the published key over its own message", async () => {
    isLiar = true;
    const own = await fresh();
    await expect(gateways.tokens(wallet, own, authority)).rejects.toEqual(expect.objectContaining({ code: "bad-answer", field: "signatures" }));
    expect(await heldFor()).toEqual([]);
    isLiar = false;
    await gateways.tokens(wallet, own, authority);
    expect(await heldFor()).toContain(own.address);
  });

  it("needs an identity credential", async () => {
    const store = await openStore();
    const nobody = await store.create(store.newWords("en"), PASSPHRASE);
    const attempt = gateways.tokens(nobody, await nobody.newCase(SERVICE, 1, {}), authority);
    await expect(attempt).rejects.toBeInstanceOf(PortFailure);
    expect(asked).toEqual([]);
  });

  it("drops a token that the contract does not take any more, and fetches the next day's", async () => {
    const own = await fresh();
    await gateways.tokens(wallet, own, authority);
    const midnightS = (windowAt(nowMs) + 1) * 86_400 - 8 * 3_600;
    await anvil.test().setNextBlockTimestamp({ timestamp: BigInt(midnightS + 1) });
    await anvil.test().mine({ blocks: 1 });
    await expect(chain.openCase(wallet, own)).rejects.toEqual(expect.objectContaining({ error: "BadToken" }));
    expect(await heldFor()).not.toContain(own.address);
    nowMs = (midnightS + 2) * 1000;
    await gateways.tokens(wallet, own, authority);
    await chain.openCase(wallet, own);
    expect(await statusOf(own.id)).toBe(1);
  });
});
