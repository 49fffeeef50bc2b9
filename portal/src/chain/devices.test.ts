// @vitest-environment node
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hkdfSync } from "node:crypto";
import type { Accounts, Organisation, Wallet } from "../ports";
import { type DeviceStore, createDeviceKeys, deviceInMemory, signersOf } from "../wallet/account/device";
import { type Page, openPage, sealPage, signpostOf } from "../wallet/account/signpost";
import { accountIdOf, signerId } from "../wallet/account/signers";
import { openBackup } from "../wallet/account/backup";
import { base64Url, bytesToHex, fromBase64Url, hexToBytes, randomHex } from "../wallet/bytes";
import { receiverOf } from "../wallet/codes";
import { keyringOf } from "../wallet/keyring";
import { PASSPHRASE, identify, openStore } from "../wallet/testing";
import { writeAsked } from "../wallet/trusted/codes";
import { accountSpace, isSigner, signersOn, versionOf } from "./account-chain";
import { type AccountActs, accountsOver } from "./accounts";
import { Anvil, COUNCIL, key } from "./anvil";
import { slug } from "./codes";
import { Connection } from "./connection";

const organisation = (name: string): Organisation => ({ slug: name, name: "", gateway: `/gateway/${name}`, encryptionKey: receiverOf(randomHex(32)) });
const HOST = organisation("civil-affairs");
const OFFICES = ["public-security", "human-resources", "health"].map(organisation);
const RECOVERY_ROLE = 16;
const NUMBER = "440304195911190014";

let anvil: Anvil;
let connection: Connection;
/** What each gateway keeps. */
const kept = new Map<string, { version: number; content: string }>();
let isTimeWrong = false;
const asked: { path: string; method: string; headers: Headers }[] = [];

/** Gateways that go by the chain, as the real ones do: a live signer's request, and versions that grow. */
const gateway = (async (input: URL | RequestInfo, init?: RequestInit): Promise<Response> => {
  const { pathname } = new URL(String(input));
  const account = /accounts\/(0x[0-9a-f]+)\/backup/.exec(pathname)?.[1] as `0x${string}` | undefined;
  if (account === undefined) return Response.json({});
  const headers = new Headers(init?.headers);
  asked.push({ path: pathname, method: init?.method ?? "GET", headers });
  if (isTimeWrong) return Response.json({ type: "urn:zhengtong:problem:wrong-time" }, { status: 401 });
  if (!(await isSigner(connection, account, headers.get("x-account-signer") as `0x${string}`))) return Response.json({ type: "urn:zhengtong:problem:wrong-signature" }, { status: 401 });
  const found = kept.get(pathname);
  if (init?.method !== "POST") return found === undefined ? Response.json({}, { status: 404 }) : Response.json(found);
  const next = JSON.parse(String(init.body)) as { version: number; content: string };
  if (found !== undefined && next.version <= found.version) return Response.json({ type: "urn:zhengtong:problem:stale" }, { status: 409 });
  kept.set(pathname, next);
  return Response.json({ version: next.version });
}) as typeof fetch;

interface Device {
  readonly accounts: Accounts & AccountActs;
  readonly store: DeviceStore;
  readonly wallet: Wallet;
}

/** @param clockMs where its clock stands; @param as a device that it takes the place of, with its keys */
async function deviceWith(words: string[] | null, clockMs?: number, as?: Device): Promise<Device & { words: string[] }> {
  const store = as?.store ?? deviceInMemory();
  const http = { origin: "http://portal.example", fetch: gateway, now: () => clockMs ?? Date.now(), sleep: async () => undefined };
  const accounts = accountsOver({ connection, http, device: store, adopt: () => Promise.reject(new Error("nothing to adopt")), gateways: async () => [HOST, ...OFFICES].map((one) => one.gateway) });
  const wallets = await openStore();
  const given = words ?? wallets.newWords("en");
  return { accounts, store, wallet: as?.wallet ?? (await wallets.create(given, PASSPHRASE)), words: given };
}

beforeAll(async () => {
  anvil = await Anvil.start();
  connection = new Connection({ rpcUrl: anvil.url, request: anvil.request });
  for (const { slug: id, encryptionKey, gateway: url } of [HOST, ...OFFICES]) {
    const entry = { attester: key(id).address, roles: RECOVERY_ROLE, encryptionKey, name: id, gateway: url };
    await anvil.as(COUNCIL.address, "Registry", "setOrganisation", [slug(id), entry]);
  }
}, 120_000);
afterAll(() => anvil.stop());

const accountOf = async ({ wallet }: Device) => (await keyringOf(wallet).content()).account;

const pathKept = async (device: Device): Promise<string> => `/gateway/${HOST.slug}/v1/accounts/${(await accountOf(device))?.id}/backup`;
const versionKept = async (device: Device): Promise<number | undefined> => kept.get(await pathKept(device))?.version;

/** A protected device, and another one with the same words. */
async function pair(): Promise<{ one: Device & { words: string[] }; two: Device & { words: string[] } }> {
  const one = await deviceWith(null);
  await identify(one.wallet, NUMBER);
  await one.accounts.protect(one.wallet, OFFICES, HOST, false);
  return { one, two: await deviceWith(one.words) };
}

/** The number that both show, once the one has answered and the other has told its keys. */
async function compared(one: Device, two: Device): Promise<string> {
  expect([await one.accounts.asking(one.wallet), await two.accounts.joining(two.wallet)]).toMatchObject([{ number: null }, { number: null, state: "waiting" }]);
  expect(await two.accounts.join(two.wallet)).toBe(false);
  const number = (await two.accounts.joining(two.wallet))?.number ?? "";
  expect(number).toMatch(/^(\d{3} ){3}\d{3}$/);
  expect(await one.accounts.asking(one.wallet)).toMatchObject({ number, elsewhere: false });
  return number;
}

/** The page as whoever has the words reads and writes it. */
async function pageOf({ wallet }: Device): Promise<{ read(): Promise<Page>; write(change: (page: Page) => Page): Promise<void>; path: string }> {
  const post = signpostOf(hexToBytes((await keyringOf(wallet).content()).seed));
  const id = accountIdOf(await accountSpace(connection), [post.signer], post.guards, post.salt);
  const path = `/gateway/${HOST.slug}/v1/accounts/${id}/backup`;
  const read = async (): Promise<Page> => (await openPage(post, id, kept.get(path)?.content ?? "")).page;
  return {
    read,
    write: async (change) => {
      const version = (kept.get(path)?.version ?? 0) + 1;
      kept.set(path, { version, content: await sealPage(post, id, version, change(await read())) });
    },
    path,
  };
}

async function join({ one, two }: { one: Device; two: Device }): Promise<void> {
  await two.accounts.askToJoin(two.wallet, false);
  await one.accounts.admit(one.wallet, await compared(one, two));
  expect(await two.accounts.join(two.wallet)).toBe(true);
}

describe("a wallet on two devices", () => {
  it("is found protected by its words alone, and no second account is made", async () => {
    const { one, two } = await pair();
    expect(await two.accounts.protection(two.wallet)).toMatchObject({ standing: "elsewhere", host: HOST.slug, authorities: OFFICES.map((one) => one.slug), devices: [{ here: false }] });
    await identify(two.wallet, NUMBER);
    await expect(two.accounts.protect(two.wallet, OFFICES, HOST, false)).rejects.toMatchObject({ code: "account-elsewhere" });
    expect(await accountOf(two)).toBeUndefined();
    expect(await one.accounts.protection(one.wallet)).toMatchObject({ standing: "on" });
    // Somebody else's words lead nowhere.
    const other = await deviceWith(null);
    expect(await other.accounts.protection(other.wallet)).toBeNull();
    await expect(other.accounts.askToJoin(other.wallet, false)).rejects.toMatchObject({ reason: "no-account" });
  }, 60_000);

  it("adds the second one by the first one's signature, and both are of one account", async () => {
    const { one, two } = await pair();
    await one.wallet.keepDraft("s", { from: "one" });
    await join({ one, two });
    const account = await accountOf(one);
    expect((await accountOf(two))?.id).toBe(account?.id);
    // What the first one kept is there: the identity, and what nobody has answered yet.
    expect(await two.wallet.identity()).not.toBeNull();
    expect(await two.wallet.draft("s")).toEqual({ from: "one" });
    for (const { accounts, wallet } of [one, two]) {
      const protection = await accounts.protection(wallet);
      expect(protection).toMatchObject({ standing: "on" });
      expect(protection?.devices.map(({ here, kinds }) => [here, kinds]).sort()).toEqual([[false, ["device"]], [true, ["device"]]]);
    }
    // The second one may remove the first, and not the other way round afterwards.
    const first = (await two.accounts.protection(two.wallet))?.devices.find(({ here }) => !here)?.signers ?? [];
    await two.accounts.removeSigners(two.wallet, first);
    expect(await one.accounts.protection(one.wallet)).toMatchObject({ standing: "removed" });
    await expect(one.accounts.removeSigners(one.wallet, [signerId((await two.store.keys())?.signer as never)])).rejects.toMatchObject({ code: "signer-removed" });
  }, 60_000);

  it("keeps what both did, whichever saves first", async () => {
    const { one, two } = await pair();
    await join({ one, two });
    await one.wallet.keepDraft("first", { n: 1 });
    await two.wallet.keepDraft("second", { n: 2 });
    await one.accounts.save(one.wallet, HOST.gateway);
    await two.accounts.save(two.wallet, HOST.gateway);
    await one.accounts.refresh(one.wallet);
    for (const { wallet } of [one, two]) expect([await wallet.draft("first"), await wallet.draft("second")]).toEqual([{ n: 1 }, { n: 2 }]);
    await one.wallet.keepDraft("first", null);
    await one.accounts.save(one.wallet, HOST.gateway);
    await two.accounts.refresh(two.wallet);
    expect(await two.wallet.draft("first")).toBeNull();
  }, 60_000);

  it("tells the screens of what came from the other one, and is quiet when both have the same", async () => {
    const { one, two } = await pair();
    await join({ one, two });
    let told = 0;
    one.wallet.onTakenIn(() => told++);
    await two.wallet.keepRequest({ id: "r", organisation: "health", kind: "copy", text: "words", about: null, sentMs: 1, receipt: null, state: null });
    await two.accounts.save(two.wallet, HOST.gateway);
    await one.accounts.refresh(one.wallet);
    expect(told).toBe(1);
    expect(await one.wallet.requests()).toMatchObject([{ id: "r" }]);
    const version = await versionKept(one);
    for (const { accounts, wallet } of [one, two, one, two]) await accounts.refresh(wallet);
    expect([await versionKept(one), told]).toEqual([version, 1]);
  }, 60_000);

  it("keeps what both did when both save at the same moment, also by a clock that is years behind or ahead", async () => {
    const { one, two } = await pair();
    await join({ one, two });
    const joined = await deviceWith(one.words);
    await join({ one, two: joined });
    const third = await deviceWith(one.words, 4_000_000_000_000, joined);
    await third.accounts.save(third.wallet, HOST.gateway);
    const slow = await deviceWith(one.words, 1_000_000_000_000, two);
    for (let n = 0; n < 3; n++) {
      await Promise.all([one, slow, third].map(async ({ accounts, wallet }, place) => {
        await wallet.keepDraft(`${place}-${n}`, { n });
        await accounts.save(wallet, HOST.gateway);
      }));
    }
    for (const device of [one, slow, third]) {
      await device.accounts.refresh(device.wallet);
      const { drafts } = await keyringOf(device.wallet).content();
      expect(Object.keys(drafts).sort()).toEqual(["0-0", "0-1", "0-2", "1-0", "1-1", "1-2", "2-0", "2-1", "2-2"]);
    }
  }, 120_000);

  it("that was removed while it was away saves nothing, and takes nothing away when it is added again", async () => {
    const { one, two } = await pair();
    await join({ one, two });
    await two.accounts.refresh(two.wallet);
    const gone = (await one.accounts.protection(one.wallet))?.devices.find(({ here }) => !here)?.signers ?? [];
    await one.accounts.removeSigners(one.wallet, gone);
    await one.wallet.keepDraft("after", { by: "one" });
    await one.accounts.save(one.wallet, HOST.gateway);
    const version = await versionKept(one);
    // Away, and back.
    await two.wallet.keepDraft("away", { by: "two" });
    await two.accounts.refresh(two.wallet);
    await expect(two.accounts.save(two.wallet, HOST.gateway)).rejects.toMatchObject({ problem: "wrong-signature" });
    expect(await versionKept(one)).toBe(version);
    expect(await two.wallet.draft("after")).toBeNull();
    await join({ one, two });
    await one.accounts.refresh(one.wallet);
    for (const { wallet } of [one, two]) expect([await wallet.draft("after"), await wallet.draft("away")]).toEqual([{ by: "one" }, { by: "two" }]);
  }, 60_000);

  it.each([
    ["a host that lost its newest versions", (old: number) => old],
    ["an old version shown as a new one", () => Date.now() + 1_000_000],
  ])("loses nothing by %s", async (_, shownAs) => {
    const { one, two } = await pair();
    await join({ one, two });
    const path = await pathKept(one);
    const old = kept.get(path);
    await one.wallet.keepDraft("since", { n: 1 });
    await one.accounts.save(one.wallet, HOST.gateway);
    await two.accounts.refresh(two.wallet);
    kept.set(path, { content: old?.content ?? "", version: shownAs(old?.version ?? 0) });
    for (const { accounts, wallet } of [two, one]) {
      await accounts.refresh(wallet);
      expect(await wallet.draft("since")).toEqual({ n: 1 });
    }
    // And the host has it again.
    const { account } = await keyringOf(one.wallet).content();
    const { state } = await openBackup(account?.key ?? "0x", account?.id ?? "0x", fromBase64Url(kept.get(path)?.content ?? ""));
    expect(state.drafts).toEqual({ since: { n: 1 } });
  }, 60_000);

  it("is saved again where a device that is gone by now left something that opens for nobody", async () => {
    const { one } = await pair();
    const path = await pathKept(one);
    kept.set(path, { version: Date.now() + 5_000, content: base64Url(new Uint8Array(4096)) });
    await one.wallet.keepDraft("s", { n: 1 });
    await one.accounts.save(one.wallet, HOST.gateway);
    const { account } = await keyringOf(one.wallet).content();
    const { state } = await openBackup(account?.key ?? "0x", account?.id ?? "0x", fromBase64Url(kept.get(path)?.content ?? ""));
    expect(state.drafts).toEqual({ s: { n: 1 } });
  }, 60_000);

  it("says at once that its clock is wrong", async () => {
    const { one } = await pair();
    const wrong = await deviceWith(one.words);
    isTimeWrong = true;
    const before = asked.length;
    await expect(one.accounts.save(one.wallet, HOST.gateway)).rejects.toMatchObject({ problem: "wrong-time" });
    await expect(wrong.accounts.protection(wrong.wallet)).rejects.toMatchObject({ problem: "wrong-time" });
    isTimeWrong = false;
    expect(asked.length - before).toBeLessThan(12);
  }, 60_000);

  it("keeps deleted what was deleted just before the page was closed", async () => {
    const { one, two } = await pair();
    await join({ one, two });
    await one.wallet.keepDraft("sent", { n: 1 });
    await one.accounts.save(one.wallet, HOST.gateway);
    await two.accounts.refresh(two.wallet);
    await one.wallet.keepDraft("sent", null);
    // Opened again before that was saved.
    const again = await deviceWith(one.words, undefined, one);
    await again.accounts.refresh(again.wallet);
    expect(await again.wallet.draft("sent")).toBeNull();
    await two.accounts.refresh(two.wallet);
    expect(await two.wallet.draft("sent")).toBeNull();
  }, 60_000);

  it("adds only what the person compared, and what was refused is not added", async () => {
    const { one, two } = await pair();
    await two.accounts.askToJoin(two.wallet, false);
    const seen = await compared(one, two);
    // Whoever else has the words puts another device in its place.
    const three = await deviceWith((await keyringOf(one.wallet).content()).words?.split(" ") ?? []);
    await three.accounts.askToJoin(three.wallet, false);
    await expect(one.accounts.admit(one.wallet, seen)).rejects.toMatchObject({ code: "device-changed" });
    expect(await two.accounts.joining(two.wallet)).toMatchObject({ state: "refused" });
    await one.accounts.refuse(one.wallet);
    expect(await one.accounts.asking(one.wallet)).toBeNull();
    expect(await three.accounts.joining(three.wallet)).toMatchObject({ state: "refused" });
    expect(await three.accounts.join(three.wallet)).toBe(false);
    expect(await signersOn(connection, (await accountOf(one))?.id ?? "0x")).toHaveLength(1);
  }, 60_000);

  it("has a number that nobody with the words can aim at: keys are told after a device has drawn its own part of it", async () => {
    const { one, two } = await pair();
    const page = await pageOf(one);
    await two.accounts.askToJoin(two.wallet, false);
    const before = await page.read();
    expect(before.asked).toMatchObject({ nonce: null, code: null });
    // The same keys, asked with again, have another number.
    const joining = await two.store.joining();
    const numbers = new Set([await compared(one, two)]);
    await page.write(() => before);
    await two.store.keepJoining(joining);
    await one.store.keepAnswered({ commitment: "", nonce: "0x" });
    numbers.add(await compared(one, two));
    expect(numbers.size).toBe(2);
    // A request is good for an hour, also one that says it is of tomorrow.
    for (const hours of [-2, 24]) {
      await page.write((now) => ({ ...now, asked: now.asked && { ...now.asked, atMs: Date.now() + hours * 3_600_000 } }));
      expect([await one.accounts.asking(one.wallet), await one.accounts.news(one.wallet)]).toEqual([null, null]);
    }
    await page.write((now) => ({ ...now, asked: now.asked && { ...now.asked, atMs: Date.now() } }));
    expect(await one.accounts.news(one.wallet)).toBe("asking");
    // Other keys than those that were bound to are nobody's.
    const code = writeAsked({ signers: signersOf(await createDeviceKeys(null)), receiver: receiverOf(randomHex(32)) });
    await page.write((now) => ({ ...now, asked: now.asked && { ...now.asked, code } }));
    expect(await one.accounts.asking(one.wallet)).toBeNull();
    // Whoever else answers first gets the keys, and no device of the account shows a number or adds them.
    await two.store.keepJoining(null);
    await two.accounts.askToJoin(two.wallet, false);
    await page.write((now) => ({ ...now, asked: now.asked && { ...now.asked, nonce: `0x${"00".repeat(16)}` } }));
    expect(await two.accounts.join(two.wallet)).toBe(false);
    const number = (await two.accounts.joining(two.wallet))?.number ?? "";
    expect(number).not.toBe("");
    expect(await one.accounts.asking(one.wallet)).toMatchObject({ number: null, elsewhere: true });
    await expect(one.accounts.admit(one.wallet, number)).rejects.toMatchObject({ code: "device-changed" });
    // Another answer in its place changes no number: the new device goes by the first.
    await page.write((now) => ({ ...now, asked: now.asked && { ...now.asked, nonce: null, code: null } }));
    await one.accounts.asking(one.wallet);
    expect(await two.accounts.join(two.wallet)).toBe(false);
    expect([await one.accounts.asking(one.wallet), await two.accounts.joining(two.wallet)]).toMatchObject([{ number: null }, { number }]);
  }, 60_000);

  it("is protected anew only on purpose, and the other device says so", async () => {
    const { one, two } = await pair();
    await identify(two.wallet, NUMBER);
    await two.accounts.protect(two.wallet, OFFICES, HOST, false, true);
    expect(await two.accounts.protection(two.wallet)).toMatchObject({ standing: "on" });
    expect(await one.accounts.protection(one.wallet)).toMatchObject({ standing: "moved" });
    // Its own backups do not take the signpost back; and it can be added to the other account.
    await one.accounts.save(one.wallet, HOST.gateway);
    expect(await one.accounts.protection(one.wallet)).toMatchObject({ standing: "moved" });
    // Or its owner says again that the others are of no use, and then they say so.
    await one.accounts.protect(one.wallet, OFFICES, HOST, false, true);
    expect([await one.accounts.protection(one.wallet), await two.accounts.protection(two.wallet)]).toMatchObject([{ standing: "on" }, { standing: "moved" }]);
    expect([await one.accounts.news(one.wallet), await two.accounts.news(two.wallet)]).toEqual([null, "moved"]);
    await join({ one, two });
    expect((await accountOf(one))?.id).toBe((await accountOf(two))?.id);
    expect(await two.accounts.protection(two.wallet)).toMatchObject({ standing: "on" });
  }, 60_000);

  it("joins the account that was made last, whatever a gateway says of a page from before", async () => {
    const { one, two } = await pair();
    const { path } = await pageOf(one);
    const old = kept.get(path)?.content ?? "";
    await identify(two.wallet, NUMBER);
    await two.accounts.protect(two.wallet, OFFICES, OFFICES[0] as Organisation, false, true);
    kept.set(path, { version: 1_000_000, content: old });
    const three = await deviceWith(one.words);
    await three.accounts.askToJoin(three.wallet, false);
    expect((await three.store.joining())?.account).toBe((await accountOf(two))?.id);
    expect(await two.accounts.news(two.wallet)).toBe("asking");
  }, 60_000);

  it("asks every gateway for its page when the words are restored and when it acts on it, and then the one that keeps it alone", async () => {
    const { one, two } = await pair();
    const { path } = await pageOf(one);
    const signpost = /0x[0-9a-f]+/.exec(path)?.[0] ?? "";
    const everybody = [HOST, ...OFFICES].map(({ slug }) => slug).sort();
    /** Who was asked for the page meanwhile, and what was sent to anybody. */
    const during = async (work: () => Promise<unknown>): Promise<{ who: string[]; sent: string[] }> => {
      const from = asked.length;
      await work();
      const since = asked.slice(from);
      const who = since.filter(({ path }) => path.includes(signpost)).map(({ path }) => path.split("/")[2] ?? "");
      return { who: [...new Set(who)].sort(), sent: since.filter(({ method }) => method === "POST").map(({ path }) => path) };
    };
    const around = ({ accounts, wallet }: Device) => async (): Promise<void> => {
      for (const look of [accounts.protection, accounts.news, accounts.asking, accounts.joining, accounts.join, accounts.refresh]) await (look as (wallet: Wallet) => Promise<unknown>)(wallet).catch(() => undefined);
    };
    // The device that protected it, also when the wallet is opened again.
    expect(await during(around(one))).toEqual({ who: [HOST.slug], sent: [] });
    const again = await deviceWith(one.words, undefined, one);
    expect(await during(around(again))).toEqual({ who: [HOST.slug], sent: [] });
    // One that has words and nothing else.
    expect(await during(() => two.accounts.protection(two.wallet))).toEqual({ who: everybody, sent: [] });
    expect(await during(around(two))).toEqual({ who: [HOST.slug], sent: [] });
    expect((await during(() => two.accounts.askToJoin(two.wallet, false))).who).toEqual(everybody);
    expect((await during(around(two))).who).toEqual([HOST.slug]);
    expect((await during(() => two.accounts.stopJoining(two.wallet))).who).toEqual([HOST.slug]);
    // Nor is everybody asked while the one that keeps it does not answer, or has lost it.
    const lost = kept.get(path);
    kept.delete(path);
    expect((await during(() => two.accounts.protection(two.wallet))).who).toEqual([HOST.slug]);
    isTimeWrong = true;
    expect((await during(around(two))).who).toEqual([HOST.slug]);
    isTimeWrong = false;
    if (lost !== undefined) kept.set(path, lost);
    expect(await two.accounts.protection(two.wallet)).toMatchObject({ standing: "elsewhere" });
  }, 60_000);

  it("saves again what its host has lost, and nothing else", async () => {
    const { one } = await pair();
    const path = await pathKept(one);
    const version = kept.get(path)?.version;
    const again = await deviceWith(one.words, undefined, one);
    await again.accounts.refresh(again.wallet);
    expect(kept.get(path)?.version).toBe(version);
    kept.delete(path);
    await again.accounts.refresh(again.wallet);
    expect(kept.get(path)).toBeDefined();
  }, 60_000);

  it("has a signpost that follows from the seed, and that nothing else of the wallet is in", async () => {
    const { one } = await pair();
    const { seed, cases } = await keyringOf(one.wallet).content();
    const post = signpostOf(hexToBytes(seed));
    // RFC 5869 by another implementation.
    const expand = (label: string): string => bytesToHex(new Uint8Array(hkdfSync("sha256", hexToBytes(seed), new Uint8Array(0), label, 32)));
    expect([post.salt, ...post.guards.guardians, post.seal]).toEqual(["salt", "guard", "seal"].map((part) => expand(`zhengtong/signpost/v1/${part}`)));
    const id = accountIdOf(await accountSpace(connection), [post.signer], post.guards, post.salt);
    expect(await versionOf(connection, id)).toBe(1n);
    const account = await accountOf(one);
    for (const { path, headers } of asked.filter(({ path }) => path.includes(id))) {
      const all = path + [...headers].join();
      for (const secret of [account?.id, seed, ...cases.map((own) => own.id)]) expect(all).not.toContain(secret?.slice(2));
    }
  }, 60_000);
});
