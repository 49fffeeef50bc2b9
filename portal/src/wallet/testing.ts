// What the wallet's tests share.
import { p256 } from "@noble/curves/nist.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { SDJwtInstance } from "@sd-jwt/core";
import { IDBFactory } from "fake-indexeddb";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { Wallet } from "../ports";
import type { Authenticator } from "./account/passkey";
import { base64Url, bytesToHex, concatBytes, hexToBytes, plain, stringToBytes } from "./bytes";
import { WalletError } from "./errors";
import { indexedDbSlot } from "./slot";
import { type StoreSurroundings, openWalletStore } from "./store";

export const WORDS = `${"abandon ".repeat(11)}about`.split(" ");
export const PASSPHRASE = "correct horse 电池";

export function surroundings(change: Partial<StoreSurroundings> = {}): StoreSurroundings {
  return {
    slot: indexedDbSlot(new IDBFactory()),
    page: null,
    origin: "https://portal.example",
    space: async () => ({ chainId: 20260, cases: "0x00000000000000000000000000000000000ca5e5" }),
    find: async () => [],
    now: () => 1_790_000_000_000,
    authenticator: null,
    kdfIterations: 1_000,
    ...change,
  };
}

/**
 * A certificate of `urn:zhengtong:organisation:20260:public-security` at https://gateway.example/gateway/public-security, made by
 * OpenSSL (`openssl req -x509 -addext subjectAltName=URI:…,URI:…,DNS:…`), as `x5c` has it.
 */
export const CERTIFICATE =
  "MIICCjCCAbCgAwIBAgIUYcfo4yZfRjwrZTB0cZn5P4z5p+UwCgYIKoZIzj0EAwIwGjEYMBYGA1UEAwwPcHVibGljLXNlY3VyaXR5MB4XDTI2MTEyNzAzNTk0" +
  "MloXDTM2MTEyNDAzNTk0MlowGjEYMBYGA1UEAwwPcHVibGljLXNlY3VyaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESEFJrsk9Inr2b0pOnT5EWdhO" +
  "7T5gMny8aIT0q5sS8aDYrSvdRHIjvDB27lSQ+7ZhYIn4899Zv3pq9MIX9LoPwqOB0zCB0DAdBgNVHQ4EFgQUg99J7oWjvQ0zkN3eYKyqDxORUlQwHwYDVR0j" +
  "BBgwFoAUg99J7oWjvQ0zkN3eYKyqDxORUlQwDwYDVR0TAQH/BAUwAwEB/zB9BgNVHREEdjB0hi9odHRwczovL2dhdGV3YXkuZXhhbXBsZS9nYXRld2F5L3B1" +
  "YmxpYy1zZWN1cml0eYYwdXJuOnpoZW5ndG9uZzpvcmdhbmlzYXRpb246MjAyNjA6cHVibGljLXNlY3VyaXR5gg9nYXRld2F5LmV4YW1wbGUwCgYIKoZIzj0E" +
  "AwIDSAAwRQIgZ9NzxyOH/H5cOvRVH9r8/BENuBLc/KZgyOPEBvhMtscCIQCo8BkyeBz+otJPUvaGAxXdccKyKNmKqP1QSVVk4etUfQ==";

export const openStore = (change: Partial<StoreSurroundings> = {}) => openWalletStore(surroundings(change));

/** Gives a wallet an identity credential, by an issuer of its own. */
export async function identify<W extends Wallet>(wallet: W, number: string): Promise<W> {
  const issuerKey = p256.utils.randomSecretKey();
  const hasher = (data: string | ArrayBuffer) => sha256(typeof data === "string" ? stringToBytes(data) : new Uint8Array(data));
  const issuer = new SDJwtInstance({ signer: (data: string) => base64Url(p256.sign(stringToBytes(data), issuerKey)), signAlg: "ES256", hasher, hashAlg: "sha-256", saltGenerator: () => "salt" });
  await wallet.keepIdentity(await issuer.issue({ iss: "public-security", iat: 1, cnf: { jwk: await wallet.holderKey() }, number, name: "甲" }, { _sd: ["number", "name"] }));
  return wallet;
}

/** Announces an EIP-6963 wallet over a key; counts the texts it was asked to sign. */
export function announceWallet(options: { key: `0x${string}`; uuid: string; refuse?: boolean; unstable?: boolean }) {
  const account: PrivateKeyAccount = privateKeyToAccount(options.key);
  const signed: string[] = [];
  const provider = {
    async request({ method, params }: { method: string; params?: unknown[] }): Promise<unknown> {
      if (options.refuse === true) throw Object.assign(new Error("User rejected the request."), { code: 4001 });
      if (method === "eth_requestAccounts") return [account.address];
      if (method !== "personal_sign") throw Object.assign(new Error(`no ${method}`), { code: -32601 });
      const text = new TextDecoder().decode(hexToBytes((params as [`0x${string}`])[0]));
      signed.push(text);
      const signature = await account.signMessage({ message: text });
      if (options.unstable !== true || signed.length % 2 === 0) return signature;
      // The same signature in its other form: s' = n - s, v flipped. It verifies, and is not the same bytes.
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const bytes = hexToBytes(signature);
      const s = order - BigInt(bytesToHex(bytes.slice(32, 64)));
      bytes.set(hexToBytes(`0x${s.toString(16).padStart(64, "0")}`), 32);
      bytes[64] = bytes[64] === 27 ? 28 : 27;
      return bytesToHex(bytes);
    },
  };
  const info = { uuid: options.uuid, name: "Test wallet", icon: "data:image/svg+xml,x", rdns: "example.wallet" };
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  window.addEventListener("eip6963:requestProvider", announce);
  return { account, info, signed, stop: () => window.removeEventListener("eip6963:requestProvider", announce) };
}

/** Timers that move when told to. */
export function manualTimers() {
  let nowMs = 0;
  const waiting = new Map<number, { at: number; callback: () => void }>();
  let next = 0;
  return {
    set: (callback: () => void, ms: number) => {
      waiting.set(++next, { at: nowMs + ms, callback });
      return next;
    },
    clear: (handle: unknown) => void waiting.delete(handle as number),
    pass: (ms: number) => {
      nowMs += ms;
      for (const [handle, { at, callback }] of waiting) {
        if (at > nowMs) continue;
        waiting.delete(handle);
        callback();
      }
    },
  };
}

/**
 * An authenticator in memory. Its PRF is WebAuthn's over CTAP's hmac-secret: HMAC-SHA-256(credential's secret,
 * SHA-256("WebAuthn PRF" ‖ 0x00 ‖ salt)).
 */
export function testAuthenticator({ hasPrf = true } = {}): Authenticator & { refuse: boolean; readonly asked: string[][]; readonly held: Map<string, Uint8Array>; discarded: number } {
  const held = new Map<string, Uint8Array>();
  const asked: string[][] = [];
  return {
    held,
    asked,
    refuse: false,
    discarded: 0,
    available: () => true,
    async create(_name, exclude) {
      if (this.refuse || exclude.some((id) => held.has(id))) throw new WalletError("passkey-refused", "no");
      const credentialId = base64Url(crypto.getRandomValues(new Uint8Array(16)));
      held.set(credentialId, crypto.getRandomValues(new Uint8Array(32)));
      return { passkey: { credentialId, transports: ["internal"], signer: { kind: 1, weight: 2, x: "0x01", y: "0x02" } }, canSeal: hasPrf };
    },
    async evaluate(questions) {
      asked.push(questions.map((one) => one.credentialId));
      const question = questions.find((one) => held.has(one.credentialId));
      if (this.refuse || question === undefined) throw new WalletError("passkey-refused", "no");
      const input = sha256(concatBytes([stringToBytes("WebAuthn PRF\0"), question.salt]));
      return { credentialId: question.credentialId, output: hasPrf ? plain(hmac(sha256, held.get(question.credentialId) ?? new Uint8Array(), input)) : null };
    },
    async discard(passkey) {
      held.delete(passkey.credentialId);
      this.discarded += 1;
    },
  };
}
