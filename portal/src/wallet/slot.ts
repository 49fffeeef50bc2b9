// Where the sealed wallet rests: one record in IndexedDB, replaced only when nobody else replaced it in between.
import { WalletError } from "./errors";

const DATABASE = "zhengtong";
const STORE = "wallet";
const KEY = "vault";
const DATABASE_VERSION = 1;

/** What is readable of a sealed wallet without opening it. */
export interface VaultMeta {
  readonly kind: "words" | "injected";
  readonly fingerprint: string;
  readonly createdAtMs: number;
  /** Lower-case address of the injected wallet, null for recovery words. */
  readonly account: string | null;
}

/** The sealed wallet as stored: its content under one random key, and that key under each way in. */
export interface VaultRecord extends VaultMeta {
  readonly version: 2;
  /** Name of the content key; another one when the key was replaced. */
  readonly keyId: string;
  readonly ways: readonly Way[];
  readonly body: Sealed;
  readonly revision: number;
}

interface WayMeta {
  readonly id: string;
  readonly createdAtMs: number;
}

/** How one way in leads to the key that wraps the content key; nothing here is secret. */
export type WayParameters =
  | (WayMeta & { readonly kind: "passphrase"; readonly iterations: number; readonly salt: Uint8Array<ArrayBuffer> })
  | (WayMeta & {
      readonly kind: "passkey";
      /** base64url */
      readonly credentialId: string;
      readonly transports: readonly string[];
      /** What the passkey's PRF is asked; random, for this way alone. */
      readonly salt: Uint8Array<ArrayBuffer>;
      /** Public key, so that the same passkey can sign for the wallet's account. */
      readonly x: `0x${string}`;
      readonly y: `0x${string}`;
    })
  | (WayMeta & { readonly kind: "injected" });

export type Way = WayParameters & { readonly wrapped: Sealed };

/** Version 1: the content directly under the key of a passphrase (or of an injected wallet, when `kdf` is null). */
export interface OldVaultRecord extends VaultMeta {
  readonly version: 1;
  readonly kdf: { readonly iterations: number; readonly salt: Uint8Array<ArrayBuffer> } | null;
  readonly check: Sealed;
  readonly body: Sealed;
  readonly revision: number;
}

export interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array<ArrayBuffer>;
}

export interface Slot {
  read(): Promise<VaultRecord | OldVaultRecord | null>;
  /** Stores `next` if the stored revision is still `expected` (null: nothing stored); answers whether it did. */
  replace(expected: number | null, next: VaultRecord): Promise<boolean>;
  clear(): Promise<void>;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new WalletError("storage", request.error?.message ?? "unknown"));
  });
}

async function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(DATABASE, DATABASE_VERSION);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return await done(request);
}

/** The slot of this browser and origin. */
export function indexedDbSlot(factory: IDBFactory = indexedDB): Slot {
  async function within<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    const database = await open(factory);
    try {
      const transaction = database.transaction(STORE, mode, mode === "readwrite" ? { durability: "strict" } : {});
      const finished = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(new WalletError("storage", transaction.error?.message ?? "aborted"));
      });
      const [result] = await Promise.all([work(transaction.objectStore(STORE)), finished]);
      return result;
    } finally {
      database.close();
    }
  }
  const current = async (store: IDBObjectStore): Promise<VaultRecord | OldVaultRecord | null> =>
    ((await done(store.get(KEY))) as VaultRecord | OldVaultRecord | undefined) ?? null;
  return {
    read: () => within("readonly", current),
    replace: (expected, next) =>
      within("readwrite", async (store) => {
        const stored = await current(store);
        if ((stored?.revision ?? null) !== expected) return false;
        await done(store.put(next, KEY));
        return true;
      }),
    clear: () => within("readwrite", async (store) => void (await done(store.delete(KEY)))),
  };
}
