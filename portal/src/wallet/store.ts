// The wallet of this browser: make, restore, unlock, connect, forget.
import type { EIP1193Provider } from "viem";
import type { InjectedProvider, StoredWallet, Wallet, WalletStore, Words } from "../ports";
import { type Address, type Hex, bytesToHex, hexToBytes, keccak256, stringToBytes } from "./bytes";
import { holderKey, seedFromBip39, seedFromSignature } from "./derive";
import { WalletError } from "./errors";
import { watchActivity } from "./idle";
import { SEED_TEXT, accountOf, discover, personalSign, providerOf } from "./injected";
import { publicJwk } from "./identity";
import { isSignedBy, siweMessage } from "./siwe";
import { type Slot, type VaultRecord, indexedDbSlot } from "./slot";
import { type WalletState, emptyState } from "./state";
import { Vault } from "./vault";
import { VaultWallet, type WalletSurroundings } from "./wallet";
import { bip39Seed, checkWords, createWords, firstUnknown } from "./words";

/** EIP-4361 allows ASCII only. */
const SIGN_IN = "Sign in to Zhengtong.";

export interface StoreSurroundings extends WalletSurroundings {
  readonly slot?: Slot;
  /** Where the page's activity is seen; null in tests. */
  readonly page: EventTarget | null;
  readonly origin: string;
  /** Told of every wallet that is opened. */
  readonly opened?: (wallet: Wallet) => void;
  /** PBKDF2 rounds; the default is what may be used outside of tests. */
  readonly kdfIterations?: number;
}

function summary(record: VaultRecord | null): StoredWallet | null {
  return record === null ? null : { kind: record.kind, createdAtMs: record.createdAtMs, fingerprint: record.fingerprint };
}

/** Eight hex digits that follow from the public holder key, in two groups. */
function fingerprintOf(seed: Uint8Array): string {
  const digits = keccak256(stringToBytes(publicJwk(holderKey(seed)).x)).slice(2, 10);
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

class BrowserWallets implements WalletStore {
  readonly #around: StoreSurroundings;
  readonly #slot: Slot;
  readonly #made = new Set<string>();
  #stored: StoredWallet | null;

  constructor(around: StoreSurroundings, slot: Slot, stored: StoredWallet | null) {
    this.#around = around;
    this.#slot = slot;
    this.#stored = stored;
  }

  stored(): StoredWallet | null {
    return this.#stored;
  }

  newWords(language: Words): string[] {
    const words = createWords(language);
    this.#made.add(words.join(" "));
    return words;
  }

  checkWords(words: string[]): number | null {
    const unknown = firstUnknown(words);
    if (unknown !== null) return unknown;
    try {
      checkWords(words.join(" "));
      return null;
    } catch {
      return -1;
    }
  }

  async create(words: string[], passphrase: string): Promise<Wallet> {
    const text = checkWords(words.join(" ")).words.join(" ");
    const seed = seedFromBip39(await bip39Seed(text));
    const meta = { kind: "words" as const, fingerprint: fingerprintOf(seed), createdAtMs: this.#around.now(), account: null };
    const state = emptyState(bytesToHex(seed), text, this.#made.has(text));
    return this.#opened(await Vault.create(this.#slot, meta, state, passphrase, this.#around.kdfIterations));
  }

  /** Keeps a wallet that came from its backup. */
  async adopt(state: WalletState, passphrase: string): Promise<Wallet> {
    const meta = { kind: "words" as const, fingerprint: fingerprintOf(hexToBytes(state.seed)), createdAtMs: this.#around.now(), account: null };
    return this.#opened(await Vault.create(this.#slot, meta, state, passphrase, this.#around.kdfIterations));
  }

  async unlock(passphrase: string): Promise<Wallet> {
    return await this.#opened(await Vault.unlock(this.#slot, passphrase));
  }

  providers(found: (provider: InjectedProvider) => void): () => void {
    return discover(found);
  }

  async connect(info: InjectedProvider): Promise<Wallet> {
    const provider = providerOf(info);
    const account = await accountOf(provider);
    const record = await this.#slot.read();
    if (record !== null && record.account !== account) {
      const reason = record.account === null ? "wallet-exists" : "injected-changed";
      throw new WalletError(reason, "this browser keeps another wallet; forget it first or select its account");
    }
    await this.#signIn(provider, account);
    const signature = await personalSign(provider, account, SEED_TEXT);
    if (!(await isSignedBy(account, SEED_TEXT, signature))) throw new WalletError("injected-failed", "the signature is not by the selected account");
    const seed = seedFromSignature(signature);
    if (record !== null) return await this.#opened(await Vault.unlockWithSeed(this.#slot, seed));
    // Cases would be lost if the wallet signed differently next time, so it is asked twice before anything rests on it.
    if ((await personalSign(provider, account, SEED_TEXT)) !== signature) throw new WalletError("injected-unstable", "the wallet signs the same text differently each time");
    const meta = { kind: "injected" as const, fingerprint: fingerprintOf(seed), createdAtMs: this.#around.now(), account };
    return await this.#opened(await Vault.createWithSeed(this.#slot, meta, emptyState(bytesToHex(seed), null, false), seed));
  }

  async forget(): Promise<void> {
    this.#stored = null;
    await this.#slot.clear();
  }

  async #signIn(provider: EIP1193Provider, account: Address): Promise<Hex> {
    const { chainId } = await this.#around.space();
    const message = siweMessage({ address: account, chainId, origin: this.#around.origin, statement: SIGN_IN, nowMs: this.#around.now() });
    const signature = await personalSign(provider, account, message);
    if (!(await isSignedBy(account, message, signature))) throw new WalletError("injected-failed", "the signature is not by the selected account");
    return signature;
  }

  async #opened(vault: Vault): Promise<Wallet> {
    const record = await this.#slot.read();
    if (record === null) throw new WalletError("no-wallet", "the wallet was removed by another tab");
    this.#stored = summary(record);
    const wallet = new VaultWallet(vault, record, this.#around);
    this.#around.opened?.(wallet);
    if (this.#around.page !== null) wallet.onLocked(watchActivity(this.#around.page, () => wallet.touch()));
    return wallet;
  }
}

/** Reads what this browser keeps and answers the store over it. */
export async function openWalletStore(around: StoreSurroundings): Promise<WalletStore & { forget(): Promise<void>; adopt(state: WalletState, passphrase: string): Promise<Wallet> }> {
  const slot = around.slot ?? indexedDbSlot();
  return new BrowserWallets(around, slot, summary(await slot.read()));
}
