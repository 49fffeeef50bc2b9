// The sealed wallet: AES-256-GCM under a key from the passphrase (PBKDF2-SHA256) or from an injected wallet's seed.
// Only a non-extractable key stays in memory while it is open; the content is decrypted anew for every operation.
import { plain, stringToBytes } from "./bytes";
import { WalletError } from "./errors";
import type { Sealed, Slot, VaultRecord } from "./slot";
import type { WalletState } from "./state";

/** OWASP's figure for PBKDF2-HMAC-SHA256. */
export const KDF_ITERATIONS = 600_000;
export const PASSPHRASE_MIN_CHARACTERS = 8;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const CHECK_TEXT = "zhengtong vault";
/** How often a change is tried again when another tab was faster. */
const UPDATE_ATTEMPTS = 8;

export type VaultMeta = Pick<VaultRecord, "kind" | "fingerprint" | "createdAtMs" | "account">;

async function seal(key: CryptoKey, text: string): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain(stringToBytes(text)));
  return { iv, data: new Uint8Array(data) };
}

async function unseal(key: CryptoKey, sealed: Sealed): Promise<string> {
  const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, key, sealed.data);
  return new TextDecoder().decode(bytes);
}

/** Key of a passphrase: NFKC, so that the same characters typed on another keyboard are the same passphrase. */
export async function passphraseKey(passphrase: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", plain(stringToBytes(passphrase.normalize("NFKC"))), "PBKDF2", false, ["deriveKey"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return await crypto.subtle.deriveKey(parameters, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** Key that an injected wallet's seed leads to: there is no passphrase, the wallet's signature is asked each time. */
export async function seedKey(seed: Uint8Array): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", plain(seed), "HKDF", false, ["deriveKey"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: plain(stringToBytes("zhengtong/vault/v1")) };
  return await crypto.subtle.deriveKey(parameters, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** An open vault. */
export class Vault {
  readonly #slot: Slot;
  #key: CryptoKey | null;
  readonly #changed = new Set<() => void>();

  private constructor(slot: Slot, key: CryptoKey) {
    this.#slot = slot;
    this.#key = key;
  }

  /** Seals a new wallet under a passphrase. */
  static async create(slot: Slot, meta: VaultMeta, state: WalletState, passphrase: string, iterations = KDF_ITERATIONS): Promise<Vault> {
    if ([...passphrase].length < PASSPHRASE_MIN_CHARACTERS) {
      throw new WalletError("passphrase-short", `at least ${PASSPHRASE_MIN_CHARACTERS} characters`);
    }
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    return await Vault.#store(slot, meta, state, await passphraseKey(passphrase, salt, iterations), { iterations, salt });
  }

  /** Seals a new wallet under an injected wallet's seed. */
  static async createWithSeed(slot: Slot, meta: VaultMeta, state: WalletState, seed: Uint8Array): Promise<Vault> {
    return await Vault.#store(slot, meta, state, await seedKey(seed), null);
  }

  static async #store(slot: Slot, meta: VaultMeta, state: WalletState, key: CryptoKey, kdf: VaultRecord["kdf"]): Promise<Vault> {
    const [check, body] = await Promise.all([seal(key, CHECK_TEXT), seal(key, JSON.stringify(state))]);
    const stored = await slot.replace(null, { version: 1, ...meta, kdf, check, body, revision: 0 });
    if (!stored) throw new WalletError("wallet-exists", "this browser keeps a wallet already");
    return new Vault(slot, key);
  }

  static async unlock(slot: Slot, passphrase: string): Promise<Vault> {
    const record = await stored(slot);
    if (record.kdf === null) throw new WalletError("injected-missing", "this wallet opens with the wallet extension it was made with");
    return await Vault.#open(slot, record, await passphraseKey(passphrase, record.kdf.salt, record.kdf.iterations));
  }

  static async unlockWithSeed(slot: Slot, seed: Uint8Array): Promise<Vault> {
    return await Vault.#open(slot, await stored(slot), await seedKey(seed));
  }

  static async #open(slot: Slot, record: VaultRecord, key: CryptoKey): Promise<Vault> {
    const isRight = await unseal(key, record.check).then((text) => text === CHECK_TEXT, () => false);
    if (!isRight) throw new WalletError("passphrase-wrong", "the stored wallet does not open with it");
    const vault = new Vault(slot, key);
    await vault.read();
    return vault;
  }

  async read(): Promise<WalletState> {
    return (await this.#current()).state;
  }

  /** Applies a change to the newest stored state; when another tab stored in between, applies it again. */
  async update(change: (state: WalletState) => WalletState): Promise<WalletState> {
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt++) {
      const { record, state } = await this.#current();
      const next = change(state);
      const body = await seal(this.#openKey(), JSON.stringify(next));
      if (await this.#slot.replace(record.revision, { ...record, body, revision: record.revision + 1 })) {
        for (const told of this.#changed) told();
        return next;
      }
    }
    throw new WalletError("vault-busy", "other tabs keep changing the wallet");
  }

  /** Calls back after every change that was stored. */
  onChanged(told: () => void): void {
    this.#changed.add(told);
  }

  lock(): void {
    this.#key = null;
  }

  get isLocked(): boolean {
    return this.#key === null;
  }

  #openKey(): CryptoKey {
    if (this.#key === null) throw new WalletError("locked", "unlock the wallet again");
    return this.#key;
  }

  async #current(): Promise<{ record: VaultRecord; state: WalletState }> {
    const key = this.#openKey();
    const record = await stored(this.#slot);
    try {
      return { record, state: JSON.parse(await unseal(key, record.body)) as WalletState };
    } catch {
      throw new WalletError("vault-corrupt", "the stored wallet is damaged; restore it from its words");
    }
  }
}

async function stored(slot: Slot): Promise<VaultRecord> {
  const record = await slot.read();
  if (record === null) throw new WalletError("no-wallet", "this browser keeps no wallet");
  if (record.version !== 1) throw new WalletError("vault-version", `version ${String(record.version)} is not known here`);
  return record;
}
