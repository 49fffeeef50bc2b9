// The sealed wallet: AES-256-GCM under one random content key, which each way in wraps (ways.ts).
// Only a non-extractable key stays in memory while it is open; the content is decrypted anew for every operation.
import { WalletError, type WalletReason } from "./errors";
import { oldPassphraseKey, oldSeedKey, openOld } from "./old-vault";
import type { OldVaultRecord, Slot, VaultMeta, VaultRecord, Way } from "./slot";
import type { WalletState } from "./state";
import { type Place, type Proven, WAYS_MAX, checkRecord, freshId, injectedKey, newContentKey, openBody, passphraseKey, passphraseWay, sealBody, unwrap, wrap } from "./ways";

/** How often a change is tried again when another tab was faster. */
const UPDATE_ATTEMPTS = 8;

/** What a way that does not open is called. */
const WRONG: Record<Way["kind"], WalletReason> = { passphrase: "passphrase-wrong", passkey: "passkey-wrong", injected: "passphrase-wrong" };

export interface VaultSettings {
  readonly now: () => number;
  readonly iterations?: number | undefined;
}

/** An open vault. */
export class Vault {
  readonly #slot: Slot;
  #key: CryptoKey | null;
  #keyId: string;
  readonly #changed = new Set<() => void>();
  readonly #locked = new Set<() => void>();

  private constructor(slot: Slot, key: CryptoKey, keyId: string) {
    this.#slot = slot;
    this.#key = key;
    this.#keyId = keyId;
  }

  /** Seals a new wallet; it opens by the one way given. `replaces`: revision of the stored wallet that it takes the place of. */
  static async create(slot: Slot, meta: VaultMeta, state: WalletState, way: Proven, replaces: number | null = null): Promise<Vault> {
    const vault = await Vault.#store(slot, replaces, meta, state, way);
    if (vault === null) throw new WalletError("wallet-exists", "this browser keeps a wallet already");
    return vault;
  }

  static async #store(slot: Slot, expected: number | null, meta: VaultMeta, state: WalletState, way: Proven): Promise<Vault | null> {
    const { kind, fingerprint, createdAtMs, account } = meta;
    const place: Place = { kind, fingerprint, createdAtMs, account, keyId: freshId() };
    const made = await sealed(place, state, [way]);
    if (!(await slot.replace(expected, { version: 2, ...place, ...made, revision: (expected ?? -1) + 1 }))) return null;
    return await Vault.unlockWith(slot, way);
  }

  static async unlock(slot: Slot, passphrase: string, settings: VaultSettings): Promise<Vault> {
    const record = await readRecord(slot);
    if (record.version === 1) {
      if (record.kdf === null) throw new WalletError("injected-missing", "this wallet opens with the wallet extension it was made with");
      const state = await openOld(record, await oldPassphraseKey(passphrase, record.kdf));
      const renewed = await Vault.#renew(slot, record, state, () => passphraseWay(passphrase, settings.now(), settings.iterations));
      return renewed ?? (await Vault.unlock(slot, passphrase, settings));
    }
    return await Vault.unlockWith(slot, await Vault.provePassphrase(slot, passphrase));
  }

  /** Opens with an injected wallet's seed. */
  static async unlockWithSeed(slot: Slot, seed: Uint8Array, settings: VaultSettings): Promise<Vault> {
    const record = await readRecord(slot);
    if (record.version === 1) {
      const state = await openOld(record, await oldSeedKey(seed));
      const renewed = await Vault.#renew(slot, record, state, () => injectedWay(seed, settings.now()));
      return renewed ?? (await Vault.unlockWithSeed(slot, seed, settings));
    }
    const way = record.ways.find((one) => one.kind === "injected");
    if (way === undefined) throw new WalletError("no-way", "this wallet does not open with a wallet extension");
    return await Vault.unlockWith(slot, { parameters: way, key: await injectedKey(seed) });
  }

  /** Stores a wallet of the first version anew. Null: another tab was faster. */
  static async #renew(slot: Slot, old: OldVaultRecord, state: WalletState, way: () => Promise<Proven>): Promise<Vault | null> {
    return await Vault.#store(slot, old.revision, old, state, await way());
  }

  /** The key behind the stored passphrase way. */
  static async provePassphrase(slot: Slot, passphrase: string): Promise<Proven> {
    const record = await present(slot);
    const way = record.ways.find((one) => one.kind === "passphrase");
    if (way?.kind !== "passphrase") {
      throw record.kind === "injected" ? new WalletError("injected-missing", "this wallet opens with the wallet extension it was made with") : new WalletError("no-way", "this wallet opens with its passkey");
    }
    return { parameters: way, key: await passphraseKey(passphrase, way) };
  }

  /** Opens with the key behind one of the stored ways. */
  static async unlockWith(slot: Slot, proven: Proven): Promise<Vault> {
    const record = await present(slot);
    const key = await unwrap(proven.key, record, wayOf(record, proven));
    if (key === null) throw new WalletError(WRONG[proven.parameters.kind], "the stored wallet does not open with it");
    const vault = new Vault(slot, key, record.keyId);
    await vault.read();
    return vault;
  }

  async read(): Promise<WalletState> {
    return (await this.#current()).state;
  }

  /** Applies a change to the newest stored state; when another tab stored in between, applies it again. `quiet`: tells nobody. */
  async update(change: (state: WalletState) => WalletState, quiet = false): Promise<WalletState> {
    let next: WalletState | null = null;
    await this.#replace(async (record, state) => {
      next = change(state);
      return { ...record, body: await sealBody(this.#openKey(), record, JSON.stringify(next)) };
    });
    if (!quiet) for (const told of this.#changed) told();
    return next as unknown as WalletState; // #replace called back before it answered
  }

  /** Adds a way in. `by` is one that exists: an open wallet alone is not enough to let somebody else in for good. */
  async addWay(by: Proven, way: Proven): Promise<void> {
    await this.#replace(async (record) => {
      if (record.ways.length >= WAYS_MAX) throw new WalletError("too-many-ways", `at most ${WAYS_MAX}`);
      const contentKey = await unwrap(by.key, record, wayOf(record, by), true);
      if (contentKey === null) throw new WalletError(WRONG[by.parameters.kind], "the stored wallet does not open with it");
      return { ...record, ways: [...record.ways, await wrap(way, record, contentKey)] };
    });
  }

  /**
   * Removes every way that is not proven here, and seals the content under a new key: who kept a copy of a removed way
   * can open old copies of the wallet with it, and nothing that is stored from now on.
   */
  async keepOnly(staying: readonly Proven[]): Promise<void> {
    if (staying.length === 0) throw new WalletError("last-way", "a wallet needs one way in");
    let next: { key: CryptoKey; keyId: string } | null = null;
    await this.#replace(async (record, state) => {
      for (const proven of staying) {
        if ((await unwrap(proven.key, record, wayOf(record, proven))) === null) throw new WalletError(WRONG[proven.parameters.kind], "the stored wallet does not open with it");
      }
      const place: Place = { ...record, keyId: freshId() };
      const made = await sealed(place, state, staying);
      const [first] = staying;
      const [way] = made.ways;
      const key = first && way ? await unwrap(first.key, place, way) : null;
      if (key === null) throw new WalletError("vault-corrupt", "the new key does not open");
      next = { key, keyId: place.keyId };
      return { ...record, ...made, keyId: place.keyId };
    }, () => {
      if (next === null) return;
      this.#key = next.key;
      this.#keyId = next.keyId;
    });
  }

  /** Calls back after every change of the content that was stored. */
  onChanged(told: () => void): void {
    this.#changed.add(told);
  }

  /** Calls back when it locks, also because its key was replaced in another tab. */
  onLocked(told: () => void): void {
    this.#locked.add(told);
  }

  lock(): void {
    if (this.#key === null) return;
    this.#key = null;
    for (const told of this.#locked) told();
  }

  get isLocked(): boolean {
    return this.#key === null;
  }

  #openKey(): CryptoKey {
    if (this.#key === null) throw new WalletError("locked", "unlock the wallet again");
    return this.#key;
  }

  async #replace(change: (record: VaultRecord, state: WalletState) => Promise<VaultRecord>, stored: () => void = () => undefined): Promise<void> {
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt++) {
      const { record, state } = await this.#current();
      const next = await change(record, state);
      if (await this.#slot.replace(record.revision, { ...next, revision: record.revision + 1 })) {
        stored();
        return;
      }
    }
    throw new WalletError("vault-busy", "other tabs keep changing the wallet");
  }

  async #current(): Promise<{ record: VaultRecord; state: WalletState }> {
    this.#openKey();
    const record = await present(this.#slot);
    if (record.keyId !== this.#keyId) {
      this.lock();
      throw new WalletError("locked", "the ways into the wallet were changed in another window");
    }
    try {
      return { record, state: JSON.parse(await openBody(this.#openKey(), record, record.body)) as WalletState };
    } catch (cause) {
      if (cause instanceof WalletError) throw cause;
      throw new WalletError("vault-corrupt", "the stored wallet is damaged; restore it from its words");
    }
  }
}

/** A way that opens with an injected wallet's seed. */
export async function injectedWay(seed: Uint8Array, createdAtMs: number): Promise<Proven> {
  return { parameters: { kind: "injected", id: freshId(), createdAtMs }, key: await injectedKey(seed) };
}

async function sealed(place: Place, state: WalletState, ways: readonly Proven[]): Promise<Pick<VaultRecord, "ways" | "body">> {
  const contentKey = await newContentKey();
  const wrapped = await Promise.all(ways.map((way) => wrap(way, place, contentKey)));
  return { ways: wrapped, body: await sealBody(contentKey, place, JSON.stringify(state)) };
}

function wayOf(record: VaultRecord, { parameters }: Proven): Way {
  const way = record.ways.find((one) => one.id === parameters.id);
  if (way === undefined) throw new WalletError("no-way", "this way into the wallet was removed");
  return way;
}

async function readRecord(slot: Slot): Promise<VaultRecord | OldVaultRecord> {
  const record = await slot.read();
  if (record === null) throw new WalletError("no-wallet", "this browser keeps no wallet");
  if (record.version === 2) checkRecord(record);
  else if (record.version !== 1) throw new WalletError("vault-version", `version ${String((record as { version: unknown }).version)} is not known here`);
  return record;
}

async function present(slot: Slot): Promise<VaultRecord> {
  const record = await readRecord(slot);
  if (record.version !== 2) throw new WalletError("locked", "unlock the wallet again");
  return record;
}
