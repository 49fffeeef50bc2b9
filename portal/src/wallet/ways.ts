// The content key of a wallet, and the ways in: each wraps that key (AES-256-GCM) under a key of its own.
//   passphrase  PBKDF2-HMAC-SHA256 -> HKDF-SHA-256
//   passkey     WebAuthn PRF, evaluated by the authenticator after it has verified the person -> HKDF-SHA-256
//   injected    seed that follows from an injected wallet's signature -> HKDF-SHA-256
// What stands beside a wrapped key is bound to it (associated data), so that a changed record does not open.
import { type Json, base64Url, jcs, plain, stringToBytes } from "./bytes";
import { WalletError } from "./errors";
import type { Sealed, VaultMeta, VaultRecord, Way, WayParameters } from "./slot";

/** OWASP's figure for PBKDF2-HMAC-SHA256. */
export const KDF_ITERATIONS = 600_000;
/** A record that asks for more is not ours, and would only keep the device busy. */
export const KDF_ITERATIONS_MAX = 10_000_000;
export const PASSPHRASE_MIN_CHARACTERS = 8;
/** Ways into one wallet on one device. */
export const WAYS_MAX = 5;
/** WebAuthn's own bound on a credential id, in base64url. */
const CREDENTIAL_ID_MAX_CHARACTERS = Math.ceil((1023 * 4) / 3);
const PASSPHRASE_SALT_BYTES = 16;
/** Input and output of the PRF. */
export const PRF_BYTES = 32;
const IV_BYTES = 12;
const ID_BYTES = 16;
const SECRET_BITS = 256;
const FORMAT = "zhengtong/vault";
const AES: AesKeyAlgorithm = { name: "AES-GCM", length: 256 };

/** Which record a key or a content belongs to. */
export type Place = VaultMeta & { readonly keyId: string };

/** A way in that has just been proven: the key behind it. */
export interface Proven {
  readonly parameters: WayParameters;
  readonly key: CryptoKey;
}

export const freshId = (): string => base64Url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
export const freshSalt = (): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(PRF_BYTES));

export async function newContentKey(): Promise<CryptoKey> {
  return await crypto.subtle.generateKey(AES, true, ["encrypt", "decrypt"]);
}

/** A new passphrase way, with its key. */
export async function passphraseWay(passphrase: string, createdAtMs: number, iterations = KDF_ITERATIONS): Promise<Proven> {
  if ([...passphrase].length < PASSPHRASE_MIN_CHARACTERS) throw new WalletError("passphrase-short", `at least ${PASSPHRASE_MIN_CHARACTERS} characters`);
  const salt = crypto.getRandomValues(new Uint8Array(PASSPHRASE_SALT_BYTES));
  const parameters: WayParameters & { kind: "passphrase" } = { kind: "passphrase", id: freshId(), createdAtMs, iterations, salt };
  return { parameters, key: await passphraseKey(passphrase, parameters) };
}

/** NFKC, so that the same characters typed on another keyboard are the same passphrase. */
export async function passphraseKey(passphrase: string, { salt, iterations }: { salt: Uint8Array<ArrayBuffer>; iterations: number }): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", plain(stringToBytes(passphrase.normalize("NFKC"))), "PBKDF2", false, ["deriveBits"]);
  return await wrapperOf("passphrase", new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, base, SECRET_BITS)));
}

/** The key of a passkey: `output` is what its PRF answers to the way's salt, and is wiped. */
export async function passkeyKey(output: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  if (output.length !== PRF_BYTES) throw new WalletError("passkey-unable", `a PRF output of ${output.length} bytes`);
  return await wrapperOf("passkey", output);
}

export async function injectedKey(seed: Uint8Array): Promise<CryptoKey> {
  return await wrapperOf("injected", plain(seed));
}

/** HKDF-SHA-256 with a name for each purpose: the same secret never gives the same key twice. */
async function wrapperOf(kind: Way["kind"], secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  secret.fill(0);
  const info = plain(stringToBytes(`${FORMAT}/v2/wrap/${kind}`));
  return await crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info }, base, AES, false, ["wrapKey", "unwrapKey"]);
}

/** Wraps an extractable content key. */
export async function wrap({ parameters: given, key }: Proven, place: Place, contentKey: CryptoKey): Promise<Way> {
  const { wrapped: _, ...parameters } = given as Way; // of a stored way, the old one goes
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const data = await crypto.subtle.wrapKey("raw", contentKey, key, { name: "AES-GCM", iv, additionalData: ofWay(place, parameters) });
  return { ...parameters, wrapped: { iv, data: new Uint8Array(data) } };
}

/** Null: the key is not the one behind this way. Extractable only where the content key is about to be wrapped again. */
export async function unwrap(key: CryptoKey, place: Place, way: Way, extractable = false): Promise<CryptoKey | null> {
  const { wrapped, ...parameters } = way;
  const algorithm = { name: "AES-GCM", iv: wrapped.iv, additionalData: ofWay(place, parameters) };
  return await crypto.subtle.unwrapKey("raw", wrapped.data, key, algorithm, AES, extractable, ["encrypt", "decrypt"]).catch(() => null);
}

export async function sealBody(key: CryptoKey, place: Place, text: string): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound("content", place, null) }, key, plain(stringToBytes(text)));
  return { iv, data: new Uint8Array(data) };
}

export async function openBody(key: CryptoKey, place: Place, { iv, data }: Sealed): Promise<string> {
  const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: bound("content", place, null) }, key, data);
  return new TextDecoder().decode(bytes);
}

function ofWay(place: Place, parameters: WayParameters): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(parameters).map(([name, value]) => [name, value instanceof Uint8Array ? base64Url(value) : (value as Json)] as const);
  return bound("wrap", place, Object.fromEntries(entries));
}

/** Version, purpose and everything readable that the ciphertext belongs to. */
function bound(purpose: "content" | "wrap", { kind, fingerprint, createdAtMs, account, keyId }: Place, way: Json): Uint8Array<ArrayBuffer> {
  return plain(stringToBytes(jcs({ format: FORMAT, version: 2, purpose, wallet: { kind, fingerprint, createdAtMs, account }, keyId, way })));
}

/** Refuses a stored record whose shape would make the device work for nothing. */
export function checkRecord(record: VaultRecord): void {
  const isRight =
    record.ways.length > 0 &&
    record.ways.length <= WAYS_MAX &&
    record.ways.every((way) => {
      if (way.kind === "passphrase") return way.iterations > 0 && way.iterations <= KDF_ITERATIONS_MAX && way.salt.length === PASSPHRASE_SALT_BYTES;
      if (way.kind === "passkey") return way.salt.length === PRF_BYTES && way.credentialId.length <= CREDENTIAL_ID_MAX_CHARACTERS;
      return way.kind === "injected";
    });
  if (!isRight) throw new WalletError("vault-corrupt", "the ways into the stored wallet are damaged; restore it from its words");
}
