// Where the sealed wallet rests: one record in IndexedDB, replaced only when nobody else replaced it in between.
import { WalletError } from "./errors";

const DATABASE = "zhengtong";
const STORE = "wallet";
const KEY = "vault";
const DATABASE_VERSION = 1;

/** The sealed wallet as stored. Everything outside `check` and `body` is readable without the passphrase. */
export interface VaultRecord {
  readonly version: 1;
  readonly kind: "words" | "injected";
  readonly fingerprint: string;
  readonly createdAtMs: number;
  /** Lower-case address of the injected wallet, null for recovery words. */
  readonly account: string | null;
  readonly kdf: { readonly iterations: number; readonly salt: Uint8Array<ArrayBuffer> } | null;
  /** A known text under the same key: tells a wrong passphrase from damaged data. */
  readonly check: Sealed;
  readonly body: Sealed;
  readonly revision: number;
}

export interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array<ArrayBuffer>;
}

export interface Slot {
  read(): Promise<VaultRecord | null>;
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
  const current = async (store: IDBObjectStore): Promise<VaultRecord | null> =>
    ((await done(store.get(KEY))) as VaultRecord | undefined) ?? null;
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
