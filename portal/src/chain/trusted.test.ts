// @vitest-environment node
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Hex, getAddress, zeroHash } from "viem";
import type { Organisation, Trusted, TrustedPerson, Wallet } from "../ports";
import { type OwnRecovery, deviceInMemory } from "../wallet/account/device";
import { recoveryDigest } from "../wallet/account/signers";
import { keyringOf } from "../wallet/keyring";
import type { WalletState } from "../wallet/state";
import { PASSPHRASE, openStore } from "../wallet/testing";
import { readAsked } from "../wallet/trusted/codes";
import { accountSpace, guardsOf, sendToAccounts, versionOf } from "./account-chain";
import { proveAccount } from "./account-proof";
import { type AccountActs, accountsOver } from "./accounts";
import { Anvil, CHAIN_ID, COUNCIL, RECOVERY_DELAY_S, key } from "./anvil";
import { slug } from "./codes";
import { Connection } from "./connection";
import { ContractRefusal } from "./failure";
import type { Accounts } from "../ports";
import { trustedOver } from "./trusted";

const HOST: Organisation = { slug: "civil-affairs", name: "", gateway: "/gateway/civil-affairs", encryptionKey: zeroHash };

let anvil: Anvil;
let connection: Connection;
/** Backups by account: a host that believes whoever asks, for it is not what is tested here. */
const backups = new Map<string, { version: number; content: string }>();

const prove = (address: Hex, slots: readonly Hex[]) =>
  Promise.all(
    slots.map(async (slot) => {
      const value = await anvil.client().getStorageAt({ address: getAddress(address), slot });
      return value === undefined || value === zeroHash ? null : value;
    }),
  );

const host = async (input: URL | RequestInfo, init?: RequestInit): Promise<Response> => {
  const account = /accounts\/(0x[0-9a-f]+)\/backup/.exec(String(input))?.[1] ?? "";
  if (init?.method === "POST") backups.set(account, JSON.parse(String(init.body)) as { version: number; content: string });
  const found = backups.get(account);
  return found === undefined ? new Response("{}", { status: 404 }) : Response.json(found);
};

/** What the node was asked. */
const said: string[] = [];

interface Device {
  readonly accounts: Accounts & AccountActs;
  readonly trusted: Trusted;
  readonly held: () => Promise<OwnRecovery | null>;
}

function newDevice(): Device {
  const device = deviceInMemory();
  const adopt = async (state: WalletState): Promise<Wallet> => await (await openStore()).adopt(state, PASSPHRASE);
  const accounts = accountsOver({ connection, http: { origin: "http://portal.example", fetch: host as typeof fetch, now: Date.now }, device, adopt, gateways: async () => [HOST.gateway] });
  return { accounts, trusted: trustedOver({ connection, prove, accounts }), held: () => device.recovery() };
}

const device = newDeviceLater();
function newDeviceLater(): () => Device {
  let made: Device | null = null;
  return () => (made ??= newDevice());
}

async function walletOf(): Promise<Wallet> {
  const store = await openStore();
  return await store.create(store.newWords("zh-CN"), PASSPHRASE);
}

async function pass(seconds: number): Promise<void> {
  await anvil.test().increaseTime({ seconds });
  await anvil.test().mine({ blocks: 1 });
}

interface Circle {
  readonly person: Wallet;
  readonly own: Device;
  readonly helpers: Wallet[];
  readonly account: Hex;
}

const people = async ({ own, person }: Pick<Circle, "own" | "person">): Promise<TrustedPerson[]> => (await own.trusted.people(person)).people;

async function hand(circle: Pick<Circle, "own" | "person" | "helpers">): Promise<void> {
  for (const [n, one] of (await people(circle)).entries()) {
    const { receipt } = await device().trusted.accept(circle.helpers[n] as Wallet, one.code ?? "");
    expect(await circle.own.trusted.received(circle.person, one.id, "000000")).toBe(receipt === "000 000");
    expect(await circle.own.trusted.received(circle.person, one.id, receipt)).toBe(true);
  }
}

/** A person whose account is guarded by three others alone, two of whom must help. */
async function circle(needed = 2): Promise<Circle> {
  const own = newDevice();
  const [person, ...helpers] = (await Promise.all(Array.from({ length: 4 }, walletOf))) as [Wallet, ...Wallet[]];
  for (const [n, helper] of helpers.entries()) {
    const { code, number } = await own.trusted.offer(helper, `友${n}`);
    expect(own.trusted.read(code)).toEqual({ name: `友${n}`, number });
    await own.trusted.add(person, code);
  }
  await own.trusted.put(person, { needed, name: "赵奶奶", start: { host: HOST, withPasskey: false } });
  await hand({ own, person, helpers });
  const account = (await keyringOf(person).content()).account?.id;
  if (account === undefined) throw new Error("no account");
  return { own, person, helpers, account };
}

async function asking(): Promise<Device & { code: string }> {
  const fresh = newDevice();
  await fresh.trusted.ask(false);
  return { ...fresh, code: (await fresh.accounts.progress([HOST]))?.trusted?.code ?? "" };
}

beforeAll(async () => {
  anvil = await Anvil.start();
  connection = new Connection({ rpcUrl: anvil.url, request: async (body) => (said.push(JSON.stringify(body)), await anvil.request(body)) });
  const host = { attester: key("host").address, roles: 16, encryptionKey: `0x${"11".repeat(32)}` as const, name: HOST.slug, gateway: HOST.gateway };
  await anvil.as(COUNCIL.address, "Registry", "setOrganisation", [slug(HOST.slug), host]);
}, 120_000);
afterAll(() => anvil.stop());

describe("people who are trusted", () => {
  it("bring back the wallet, account and content, of somebody whom no office guards", async () => {
    const { own, person, helpers, account } = await circle();
    expect(await own.trusted.people(person)).toMatchObject({ needed: 2, inForce: true, isProtected: true, hasOffices: false });
    const [first, second, third] = helpers as [Wallet, Wallet, Wallet];

    const fresh = await asking();
    const number = fresh.trusted.readAsked(fresh.code).number;
    expect((await fresh.accounts.progress([]))?.trusted).toEqual({ code: fresh.code, number, approved: 0, needed: null, parts: 0 });
    // No part before anybody confirmed, nor after one has.
    await expect(device().trusted.release(first, account, fresh.code)).rejects.toMatchObject({ code: "trusted-early" });
    await device().trusted.approve(first, account, fresh.code);
    await expect(device().trusted.approve(first, account, fresh.code)).rejects.toMatchObject({ code: "trusted-done" });
    expect(await fresh.accounts.progress([])).toMatchObject({ state: "asking", trusted: { approved: 1, needed: 2 } });
    expect((await device().trusted.helped(first))[0]).toMatchObject({ account, name: "赵奶奶", isNamed: true, recovery: { state: "asking" } });
    expect(await own.accounts.pending(person)).toBeNull();
    // Looking again names nobody to the node, and costs two requests.
    said.length = 0;
    expect(await own.accounts.pending(person)).toBeNull();
    expect(said.filter((one) => one.toLowerCase().includes(account.slice(2)))).toEqual([]);
    expect(said.length).toBeLessThanOrEqual(2);

    await device().trusted.approve(second, account, fresh.code);
    const waiting = await fresh.accounts.progress([]);
    expect(waiting).toMatchObject({ state: "waiting", trusted: { approved: 2, needed: 2 } });
    expect(await own.accounts.pending(person)).toEqual({ readyAt: waiting?.readyAt });
    await pass(RECOVERY_DELAY_S - 60);
    await expect(device().trusted.release(first, account, null)).rejects.toMatchObject({ code: "trusted-early" });
    await expect(fresh.accounts.finish([HOST], PASSPHRASE)).rejects.toMatchObject({ reason: "not-recovered" });

    await pass(120);
    expect((await device().trusted.helped(first))[0]?.recovery?.state).toBe("ready");
    const part = await device().trusted.release(first, account, null);
    expect((await device().trusted.helped(second))[0]?.recovery?.state).toBe("finished");
    await fresh.trusted.addPart(part);
    await expect(fresh.trusted.addPart(part)).rejects.toMatchObject({ code: "trusted-part-known" });
    await expect(fresh.trusted.addPart(await device().trusted.release(first, account, null))).rejects.toMatchObject({ code: "trusted-part-known" });
    await expect(fresh.trusted.addPart("x".repeat(90))).rejects.toMatchObject({ code: "bad-trusted-code" });
    // One part is too few.
    await expect(fresh.accounts.finish([HOST], PASSPHRASE)).rejects.toMatchObject({ reason: "not-recovered" });
    // The third did not confirm, and can help all the same.
    await fresh.trusted.addPart(await device().trusted.release(third, account, fresh.code));
    const back = await fresh.accounts.finish([HOST], PASSPHRASE);
    const [before, after] = await Promise.all([person, back].map((wallet) => keyringOf(wallet).content()));
    expect(after?.seed).toBe(before?.seed);
    expect(after?.account).toEqual(before?.account);
    expect(await fresh.trusted.people(back)).toMatchObject({ inForce: true, needed: 2 });
    expect((await people({ own: fresh, person: back })).map(({ name }) => name)).toEqual(["友0", "友1", "友2"]);
    // The keys of the lost device count no more.
    await expect(own.accounts.veto(person)).rejects.toMatchObject({ error: "UnknownSigner" });
  }, 240_000);

  it("are refused when they were removed, when the recovery was stopped, and with what was signed before", async () => {
    const { own, person, helpers, account } = await circle();
    const [first, second, third] = helpers as [Wallet, Wallet, Wallet];
    const fresh = await asking();
    await device().trusted.approve(first, account, fresh.code);

    // A veto: what was confirmed counts no more, and is said so on both sides.
    await own.accounts.veto(person);
    expect(await fresh.accounts.progress([])).toMatchObject({ state: "stopped" });
    expect((await device().trusted.helped(first))[0]?.recovery?.state).toBe("stopped");
    await expect(device().trusted.release(first, account, null)).rejects.toMatchObject({ code: "trusted-stopped" });

    // A signature for the version before.
    const space = await accountSpace(connection);
    const asked = readAsked(fresh.code);
    const record = (await keyringOf(second).content()).helped?.[0];
    const signer = await keyringOf(second).guardian(record?.id ?? "0x");
    const old = recoveryDigest(space, account, (await versionOf(connection, account)) - 1n, asked.signers, asked.receiver);
    const sent = sendToAccounts(connection, "approveAsGuardian", [account, asked.signers, asked.receiver, signer.address, record?.salt, await signer.sign({ hash: old })]);
    await expect(sent).rejects.toSatisfy((failure) => failure instanceof ContractRefusal && failure.error === "WrongSignature");

    // The third is removed: their old code and their part are of no use any more, the others get new ones.
    const before = await people({ own, person });
    await own.trusted.remove(person, before[2]?.id ?? "0x");
    expect((await own.trusted.people(person)).inForce).toBe(false);
    await own.trusted.put(person, { needed: 2, name: "赵奶奶", start: null });
    const later = await asking();
    await expect(device().trusted.approve(third, account, later.code)).rejects.toMatchObject({ code: "trusted-removed" });
    await expect(device().trusted.release(third, account, later.code)).rejects.toMatchObject({ code: "trusted-removed" });
    expect((await device().trusted.helped(third))[0]).toMatchObject({ isNamed: false });
    for (const one of before) {
      const owner = helpers[before.indexOf(one)] as Wallet;
      await expect(device().trusted.accept(owner, one.code ?? "")).rejects.toMatchObject({ code: "trusted-removed" });
    }
    // Until they have their new codes they cannot help with the old ones.
    await expect(device().trusted.approve(first, account, later.code)).rejects.toMatchObject({ code: "trusted-removed" });
    await hand({ own, person, helpers: [first, second] });
    await device().trusted.approve(first, account, later.code);
    await device().trusted.approve(second, account, later.code);
    expect(await later.accounts.progress([])).toMatchObject({ state: "waiting" });
    await device().trusted.forget(third, account);
    expect(await device().trusted.helped(third)).toEqual([]);
  }, 240_000);

  it("are added without new codes for the others, and all get new ones when more are needed", async () => {
    const { own, person, helpers } = await circle();
    const fourth = await walletOf();
    const before = await people({ own, person });
    const { code } = await own.trusted.offer(fourth, "友3");
    await own.trusted.add(person, code);
    // The same wallet by another code, and one's own.
    await expect(own.trusted.add(person, (await own.trusted.offer(fourth, "别名")).code)).rejects.toMatchObject({ code: "trusted-known" });
    await expect(own.trusted.add(person, (await own.trusted.offer(person, "我")).code)).rejects.toMatchObject({ code: "trusted-known" });
    await own.trusted.put(person, { needed: 2, name: "赵奶奶", start: null });
    const after = await people({ own, person });
    expect(after.slice(0, 3)).toEqual(before);
    expect(await own.trusted.people(person)).toMatchObject({ inForce: true });
    await hand({ own, person, helpers: [...helpers, fourth] });
    await expect(own.trusted.put(person, { needed: 5, name: "x", start: null })).rejects.toMatchObject({ code: "trusted-few" });
    await expect(own.trusted.put(person, { needed: 1, name: "x", start: null })).rejects.toMatchObject({ code: "trusted-few" });
    await own.trusted.put(person, { needed: 3, name: "赵奶奶", start: null });
    const anew = await people({ own, person });
    expect(anew.every((one, n) => !one.received && one.code !== after[n]?.code)).toBe(true);
    // Nobody at all would be nobody who can help: no office guards this wallet.
    for (const one of anew) await own.trusted.remove(person, one.id);
    await expect(own.trusted.put(person, { needed: 2, name: "x", start: null })).rejects.toMatchObject({ code: "trusted-few" });
  }, 240_000);

  it("are read in the contract's storage where it keeps them", async () => {
    const { account } = await circle(3);
    const proven = await proveAccount(prove, await accountSpace(connection), account);
    const { guardians, guardiansNeeded } = await guardsOf(connection, account);
    expect(proven).toEqual({ version: 1n, recovered: null, guardians, needed: guardiansNeeded });
    expect(await proveAccount(prove, await accountSpace(connection), zeroHash)).toEqual({ version: 0n, recovered: null, guardians: [], needed: 0 });
    // A code of one person's does not open with another wallet, and is no code of another network.
    const [one] = await people(await circle());
    await expect(device().trusted.accept(await walletOf(), one?.code ?? "")).rejects.toMatchObject({ code: "bad-trusted-code" });
    expect(CHAIN_ID).toBe((await accountSpace(connection)).chainId);
  }, 240_000);
});
