// What this browser keeps for an account beside the wallet: the device's key, which cannot be read out, and a recovery
// that is under way. It is lost with the device, as it should be.
import { type Hex, base64Url, bytesToHex, hexToBytes, plain } from "../bytes";
import { WalletError } from "../errors";
import type { DeviceRecord } from "../state";
import type { GivenPart } from "../trusted/codes";
import { type Passkey, lowS } from "./passkey";
import { DEVICE, type Proof, type Signer, signerId, word } from "./signers";

const DATABASE = "zhengtong-device";
const STORE = "device";

/** A device's key and, where the device has one, its passkey. */
export interface DeviceKeys {
  readonly pair: CryptoKeyPair;
  readonly signer: Signer;
  readonly passkey: Passkey | null;
}

/** A recovery that this device asked for. */
export interface OwnRecovery {
  readonly keys: DeviceKeys;
  /** X25519 private key that shares are sealed to. */
  readonly receiverSecret: Hex;
  readonly receiver: Hex;
  readonly tickets: readonly { readonly authority: string; readonly ticket: string; readonly code: string; readonly expiresAt: number }[];
  /** Absent where no trusted people were asked. */
  readonly trusted?: AskedTrusted;
}

/** What this device knows of the help of trusted people. */
export interface AskedTrusted {
  /** Nothing about this recovery is in earlier blocks. */
  readonly fromBlock: number;
  /** Found on the chain once somebody has confirmed: this device does not know whose account it recovers. */
  readonly found: { readonly account: Hex; readonly recovery: Hex } | null;
  readonly parts: readonly GivenPart[];
}

/** That this device asked to be added to an account that it is none of yet. */
export interface OwnJoining {
  readonly account: Hex;
  readonly host: string;
  readonly keys: DeviceKeys;
  readonly receiverSecret: Hex;
  /** What it asked with, as it is told on the signpost's page once a device of the account has answered. */
  readonly code: string;
  /** The first answer; absent until there is one. Another one afterwards is not of the device that the number is compared with. */
  readonly nonce?: Hex;
}

/** What this device answered to one that asks to be added. */
export interface AnsweredDevice {
  readonly commitment: string;
  readonly nonce: Hex;
}

/** What this device and the host agreed on last. */
export interface Agreed {
  readonly account: Hex;
  readonly version: number;
  /** SHA-256 of the content: if the wallet still has it, nothing was changed here since. */
  readonly digest: string;
}

/** Which organisation's gateway keeps the page of a signpost. */
export interface KeptPage {
  readonly signpost: Hex;
  readonly host: string;
}

export interface DeviceStore {
  page(): Promise<KeptPage | null>;
  keepPage(page: KeptPage): Promise<void>;
  joining(): Promise<OwnJoining | null>;
  keepJoining(joining: OwnJoining | null): Promise<void>;
  answered(): Promise<AnsweredDevice | null>;
  keepAnswered(answered: AnsweredDevice): Promise<void>;
  agreed(): Promise<Agreed | null>;
  keepAgreed(agreed: Agreed): Promise<void>;
  keys(): Promise<DeviceKeys | null>;
  keepKeys(keys: DeviceKeys | null): Promise<void>;
  recovery(): Promise<OwnRecovery | null>;
  keepRecovery(recovery: OwnRecovery | null): Promise<void>;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new WalletError("storage", request.error?.message ?? "unknown"));
  });
}

export function deviceStore(factory: IDBFactory = indexedDB): DeviceStore {
  async function within<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const opening = factory.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = await done(opening);
    try {
      return await done(work(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  }
  const read = async <T>(key: string): Promise<T | null> => ((await within("readonly", (store) => store.get(key) as IDBRequest<T | undefined>)) ?? null);
  const write = async (key: string, value: unknown): Promise<void> => {
    await within("readwrite", (store) => (value === null ? store.delete(key) : store.put(value, key)) as IDBRequest<unknown>);
  };
  return {
    keys: () => read<DeviceKeys>("keys"),
    keepKeys: (keys) => write("keys", keys),
    recovery: () => read<OwnRecovery>("recovery"),
    keepRecovery: (recovery) => write("recovery", recovery),
    joining: () => read<OwnJoining>("joining"),
    keepJoining: (joining) => write("joining", joining),
    page: () => read<KeptPage>("page"),
    keepPage: (page) => write("page", page),
    answered: () => read<AnsweredDevice>("answered"),
    keepAnswered: (answered) => write("answered", answered),
    agreed: () => read<Agreed>("agreed"),
    keepAgreed: (agreed) => write("agreed", agreed),
  };
}

/** One in memory. */
export function deviceInMemory(): DeviceStore {
  const kept = new Map<string, unknown>();
  const read = async <T>(name: string): Promise<T | null> => (kept.get(name) as T | undefined) ?? null;
  const keep = (name: string) => async (value: unknown) => void kept.set(name, value);
  return { keys: () => read("keys"), keepKeys: keep("keys"), recovery: () => read("recovery"), keepRecovery: keep("recovery"), joining: () => read("joining"), keepJoining: keep("joining"), page: () => read("page"), keepPage: keep("page"), answered: () => read("answered"), keepAnswered: keep("answered"), agreed: () => read("agreed"), keepAgreed: keep("agreed") };
}

/** Names that people call their devices by, and how a browser says so. The first that fits. */
const PLATFORMS = [["HarmonyOS", /HarmonyOS|OpenHarmony/], ["Android", /Android/], ["iPhone", /iPhone/], ["iPad", /iPad/], ["Windows", /Windows/], ["Mac", /Macintosh/], ["Linux", /Linux/]] as const;

/** What kind of device this is, so that its owner can tell it from others; empty where that is not known. */
export function deviceName(userAgent: string = globalThis.navigator?.userAgent ?? ""): string {
  return PLATFORMS.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? "";
}

/** A new key that can sign and never leaves the browser. Beside a passkey it has half a voice; alone a whole one. */
export async function createDeviceKeys(passkey: Passkey | null): Promise<DeviceKeys> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const signer = { kind: DEVICE, weight: passkey === null ? 2 : 1, x: word(bytesToHex(point.slice(1, 33))), y: word(bytesToHex(point.slice(33))) };
  return { pair, signer, passkey };
}

/** The signers of a device, as the contract is told of them. */
export function signersOf(keys: DeviceKeys): Signer[] {
  return keys.passkey === null ? [keys.signer] : [keys.passkey.signer, keys.signer];
}

/** The one of them that may act alone. */
export function soleSigner(keys: DeviceKeys): Signer {
  return keys.passkey?.signer ?? keys.signer;
}

/** A device as the others of its wallet know it. */
export function deviceRecord(keys: DeviceKeys, addedAtMs: number): DeviceRecord {
  return { id: signerId(keys.signer), signers: signersOf(keys).map(signerId), name: deviceName(), addedAtMs };
}

async function signBytes(keys: DeviceKeys, message: Uint8Array): Promise<Uint8Array> {
  const raw = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.pair.privateKey, plain(message)));
  const { r, s } = lowS(BigInt(bytesToHex(raw.slice(0, 32))), BigInt(bytesToHex(raw.slice(32))));
  return new Uint8Array([...hexToBytes(r), ...hexToBytes(s)]);
}

/** Signs a digest for the contract. */
export async function signWithDevice(keys: DeviceKeys, digest: Hex): Promise<Proof> {
  return { signer: signerId(keys.signer), signature: bytesToHex(await signBytes(keys, hexToBytes(digest))) };
}

/** Signs the text of a request to a gateway: base64url of r ‖ s. */
export async function signText(keys: DeviceKeys, text: string): Promise<string> {
  return base64Url(await signBytes(keys, new TextEncoder().encode(text)));
}
