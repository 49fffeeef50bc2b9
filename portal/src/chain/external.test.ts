// @vitest-environment node
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { getAddress, zeroHash } from "viem";
import { type PrivateKeyAccount, generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import type { External, Hex, InjectedProvider, Organisation, Trusted, Wallet } from "../ports";
import { deviceInMemory } from "../wallet/account/device";
import { PASSKEY, signerId, walletSigner, word } from "../wallet/account/signers";
import { base64Url, bytesToHex, concatBytes, randomHex, stringToBytes } from "../wallet/bytes";
import { receiverOf } from "../wallet/codes";
import { discover } from "../wallet/injected";
import { keyringOf } from "../wallet/keyring";
import { PASSPHRASE, identify, openStore } from "../wallet/testing";
import { isSigner } from "./account-chain";
import { accountsOver } from "./accounts";
import { Anvil, CHAIN_ID, COUNCIL } from "./anvil";
import { slug } from "./codes";
import { Connection } from "./connection";
import { externalOver } from "./external";
import { trustedOver } from "./trusted";

const HOST: Organisation = { slug: "civil-affairs", name: "", gateway: "/gateway/civil-affairs", encryptionKey: zeroHash };
const OFFICES: Organisation[] = ["public-security", "human-resources", "health"].map((slug) => ({ slug, name: "", gateway: `/gateway/${slug}`, encryptionKey: receiverOf(randomHex(32)) }));
/** Role bit of the Registry. */
const RECOVERY_ROLE = 16;
/** Of the passkey: P-256, outside of any authenticator. */
const SECRET = p256.utils.randomSecretKey();

let anvil: Anvil;
let connection: Connection;
let wallet: Wallet;
let external: External;
let accounts: ReturnType<typeof accountsOver>;
let account: Hex;
let trusted: Trusted;
const helpers: Wallet[] = [];

const prove = (address: Hex, slots: readonly Hex[]) =>
  Promise.all(
    slots.map(async (slot) => {
      const value = await anvil.client().getStorageAt({ address: getAddress(address), slot });
      return value === undefined || value === zeroHash ? null : value;
    }),
  );

/** A wallet extension over a key. */
function extension(by: PrivateKeyAccount, shown: PrivateKeyAccount = by): { info: InjectedProvider; asked: string[] } {
  const asked: string[] = [];
  const provider = {
    async request({ method, params }: { method: string; params?: unknown[] }): Promise<unknown> {
      if (method === "eth_requestAccounts") return [shown.address];
      if (method === "eth_chainId") return `0x${CHAIN_ID.toString(16)}`;
      if (method !== "eth_signTypedData_v4") throw Object.assign(new Error(`no ${method}`), { code: -32601 });
      const data = JSON.parse(String(params?.[1])) as { primaryType: string; types: object };
      asked.push(`${data.primaryType} ${Object.keys(data.types).sort().join()}`);
      return await by.signTypedData(data as never);
    },
  };
  const target = new EventTarget() as unknown as Window;
  const info = { uuid: crypto.randomUUID(), name: "Test wallet", icon: "data:image/svg+xml,x", rdns: "example.wallet" };
  target.addEventListener("eip6963:requestProvider", () => target.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: { info, provider } })));
  discover(() => undefined, target)();
  return { info, asked };
}

const fresh = (): PrivateKeyAccount => privateKeyToAccount(generatePrivateKey());
const known = fresh();
const idOf = ({ address }: PrivateKeyAccount): Hex => signerId(walletSigner(address.toLowerCase() as Hex));

/** An authenticator that signs what it is asked, as WebAuthn has it. */
function unlock({ publicKey }: { publicKey: { challenge: Uint8Array } }) {
  const clientDataJSON = stringToBytes(JSON.stringify({ type: "webauthn.get", challenge: base64Url(publicKey.challenge), origin: "https://portal.example" }));
  const authenticatorData = concatBytes([sha256(stringToBytes("portal.example")), Uint8Array.of(0x05), new Uint8Array(4)]);
  const signature = p256.sign(concatBytes([authenticatorData, sha256(clientDataJSON)]), SECRET, { format: "der" });
  return { response: { signature, authenticatorData, clientDataJSON } };
}

beforeAll(async () => {
  anvil = await Anvil.start();
  connection = new Connection({ rpcUrl: anvil.url, request: anvil.request });
  vi.stubGlobal("navigator", { credentials: { get: async (asked: never) => unlock(asked) } });
  const device = deviceInMemory();
  const point = p256.getPublicKey(SECRET, false);
  const passkey = { credentialId: "AA", signer: { kind: PASSKEY, weight: 2, x: word(bytesToHex(point.slice(1, 33))), y: word(bytesToHex(point.slice(33))) } };
  const kept = new Map<string, unknown>();
  const gateway = async (url: URL | RequestInfo, init?: RequestInit): Promise<Response> => {
    if (init?.method !== "POST") return Response.json(kept.get(String(url)) ?? {}, { status: kept.has(String(url)) ? 200 : 404 });
    kept.set(String(url), JSON.parse(String(init.body)));
    return Response.json({});
  };
  const http = { origin: "http://portal.example", fetch: gateway as typeof fetch, now: Date.now };
  accounts = accountsOver({ connection, http, device, adopt: () => Promise.reject(new Error("nothing to adopt")), sealing: async () => passkey, gateways: async () => [HOST.gateway] });
  const host = { attester: fresh().address, roles: RECOVERY_ROLE, encryptionKey: `0x${"11".repeat(32)}` as const, name: HOST.slug, gateway: HOST.gateway };
  await anvil.as(COUNCIL.address, "Registry", "setOrganisation", [slug(HOST.slug), host]);
  external = externalOver({ connection, device, accounts });
  const store = await openStore();
  wallet = await store.create(store.newWords("zh-CN"), PASSPHRASE);
  trusted = trustedOver({ connection, prove, accounts });
  for (const name of ["甲", "乙"]) {
    const other = await openStore();
    const helper = await other.create(other.newWords("en"), PASSPHRASE);
    helpers.push(helper);
    await trusted.add(wallet, (await trusted.offer(helper, name)).code);
  }
  await trusted.put(wallet, { needed: 2, name: "丙", start: { host: HOST, withPasskey: true } });
  account = (await keyringOf(wallet).content()).account?.id ?? "0x";
}, 120_000);
afterAll(() => {
  vi.unstubAllGlobals();
  anvil.stop();
});

it("an external wallet is added with half a voice, and with this device's key removes a passkey that is gone", async () => {
  const by = known;
  const { info, asked } = extension(by);
  // Not a key of it yet: with this device alone it is too little, and nothing is sent.
  const passkey = (await accounts.protection(wallet))?.signers.find(({ kind }) => kind === "passkey")?.id ?? "0x";
  await expect(external.remove(wallet, passkey, info)).rejects.toMatchObject({ reason: "injected-changed" });
  await external.add(wallet, info);
  expect((await accounts.protection(wallet))?.signers.find(({ id }) => id === idOf(by))).toMatchObject({ kind: "wallet", here: false });
  await expect(external.add(wallet, info)).rejects.toMatchObject({ error: "SignerExists" });
  // Another key behind the account that it shows.
  await expect(external.add(wallet, extension(fresh(), fresh()).info)).rejects.toMatchObject({ reason: "injected-failed" });
  await external.remove(wallet, passkey, info);
  expect(await isSigner(connection, account, passkey)).toBe(false);
  expect(await isSigner(connection, account, idOf(by))).toBe(true);
  expect(asked).toEqual(Array.from({ length: 3 }, () => "Change Change,EIP712Domain,Signer"));
}, 60_000);

it("an external wallet stops a recovery where no wallet is open, once and only while there is one", async () => {
  const { info, asked } = extension(known);
  expect(await external.stop(info)).toEqual({ accounts: 1, stopped: 0 });
  for (const [n, { code }] of (await trusted.people(wallet)).people.entries()) await trusted.accept(helpers[n] as Wallet, code ?? "");
  await trusted.ask(false);
  const code = (await accounts.progress([HOST]))?.trusted?.code ?? "";
  for (const helper of helpers) await trusted.approve(helper, account, code);
  expect(await accounts.pending(wallet)).not.toBeNull();
  expect(await external.stop(info)).toEqual({ accounts: 1, stopped: 1 });
  expect(await accounts.pending(wallet)).toBeNull();
  expect((await accounts.progress([HOST]))?.state).toBe("stopped");
  expect(await external.stop(info)).toEqual({ accounts: 1, stopped: 0 });
  expect(asked).toEqual(["Veto EIP712Domain,Veto"]);
}, 60_000);

it("an external wallet of nobody stops nothing", async () => {
  expect(await external.stop(extension(fresh()).info)).toEqual({ accounts: 0, stopped: 0 });
}, 60_000);

it("a device whose passkey was removed is not asked for it, and is protected anew by another one", async () => {
  const before = (await keyringOf(wallet).content()).account;
  expect(await accounts.protection(wallet)).toMatchObject({ standing: "removed" });
  const asked = vi.spyOn(navigator.credentials, "get");
  await expect(accounts.removeSigners(wallet, [idOf(known)])).rejects.toMatchObject({ code: "signer-removed" });
  await expect(external.add(wallet, extension(fresh()).info)).rejects.toMatchObject({ code: "signer-removed" });
  expect(asked).not.toHaveBeenCalled();
  // Its sealing passkey is the one that is gone: a new one is made. Here the person says no to it, and nothing changes.
  const create = vi.fn(async () => null);
  Object.assign(navigator.credentials, { create });
  await expect(accounts.protect(wallet, OFFICES, HOST, true)).rejects.toMatchObject({ code: "passkey-refused" });
  expect(create).toHaveBeenCalledOnce();
  expect((await keyringOf(wallet).content()).account).toEqual(before);
  await identify(wallet, "440304195911190014");
  for (const { slug: id, encryptionKey } of OFFICES) {
    const organisation = { attester: fresh().address, roles: RECOVERY_ROLE, encryptionKey, name: id, gateway: `/gateway/${id}` };
    await anvil.as(COUNCIL.address, "Registry", "setOrganisation", [slug(id), organisation]);
  }
  await accounts.protect(wallet, OFFICES, HOST, false);
  const after = (await keyringOf(wallet).content()).account;
  expect(after?.id).not.toBe(before?.id);
  expect(await accounts.protection(wallet)).toMatchObject({ standing: "on", authorities: OFFICES.map(({ slug }) => slug), missing: [], signers: [{ kind: "device", here: true }] });
  await external.add(wallet, extension(known).info);
  expect((await accounts.protection(wallet))?.signers).toHaveLength(2);
}, 60_000);
