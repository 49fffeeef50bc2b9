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
import { type OldVaultRecord, type Slot, type VaultMeta, type VaultRecord, type Way, indexedDbSlot } from "./slot";
import { type WalletState, emptyState } from "./state";
import type { Authenticator, Passkey } from "./account/passkey";
import { PASSKEY } from "./account/signers";
import { Vault, type VaultSettings, injectedWay } from "./vault";
import { VaultWallet, type WalletSurroundings } from "./wallet";
import { type Proven, freshId, freshSalt, passkeyKey, passphraseWay } from "./ways";
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
  /** Null: this page can ask for no passkey. */
  readonly authenticator: Authenticator | null;
  /** The passkey that signs for this device in the wallet's account, so that one passkey does both. */
  readonly accountPasskey?: () => Promise<Passkey | null>;
  /** PBKDF2 rounds; the default is what may be used outside of tests. */
  readonly kdfIterations?: number;
}

function summary(record: VaultRecord | OldVaultRecord | null): StoredWallet | null {
  if (record === null) return null;
  const old = { id: "", kind: record.kind === "injected" ? ("injected" as const) : ("passphrase" as const), createdAtMs: record.createdAtMs };
  const ways = record.version === 2 ? record.ways.map(({ id, kind, createdAtMs }) => ({ id, kind, createdAtMs })) : [old];
  return { kind: record.kind, createdAtMs: record.createdAtMs, fingerprint: record.fingerprint, ways };
}

type PasskeyWay = Way & { kind: "passkey" };

/** Eight hex digits that follow from the public holder key, in two groups. */
function fingerprintOf(seed: Uint8Array): string {
  const digits = keccak256(stringToBytes(publicJwk(holderKey(seed)).x)).slice(2, 10);
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

class BrowserWallets implements WalletStore {
  readonly #around: StoreSurroundings;
  readonly #slot: Slot;
  readonly #made = new Set<string>();
  readonly #vaults = new WeakMap<Wallet, Vault>();
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

  async create(words: string[], passphrase: string | null, replace = false): Promise<Wallet> {
    const text = checkWords(words.join(" ")).words.join(" ");
    const seed = seedFromBip39(await bip39Seed(text));
    return await this.#make(emptyState(bytesToHex(seed), text, this.#made.has(text)), passphrase, replace);
  }

  /** Keeps a wallet that came from its backup, instead of the one that is here. */
  async adopt(state: WalletState, passphrase: string | null): Promise<Wallet> {
    // Delegations may have been given, and requests sent, since the backup was saved.
    return await this.#make({ ...state, delegationsFound: false, requestsFound: false }, passphrase, true);
  }

  async #make(state: WalletState, passphrase: string | null, replace: boolean): Promise<Wallet> {
    const before = await this.#slot.read();
    if (before !== null && !replace) throw new WalletError("wallet-exists", "this browser keeps a wallet already");
    const meta: VaultMeta = { kind: "words", fingerprint: fingerprintOf(hexToBytes(state.seed)), createdAtMs: this.#around.now(), account: null };
    // Before anything is replaced: the person may say no, or the authenticator may be unable.
    const way = passphrase === null ? await this.#newPasskeyWay(meta.fingerprint, state, []) : await passphraseWay(passphrase, meta.createdAtMs, this.#around.kdfIterations);
    return await this.#opened(await Vault.create(this.#slot, meta, state, way, before?.revision ?? null));
  }

  async unlock(passphrase: string): Promise<Wallet> {
    return await this.#opened(await Vault.unlock(this.#slot, passphrase, this.#settings));
  }

  passkeys(): boolean {
    return this.#around.authenticator?.available() ?? false;
  }

  async unlockWithPasskey(): Promise<Wallet> {
    return await this.#opened(await Vault.unlockWith(this.#slot, await this.#provePasskey(await this.#passkeyWays())));
  }

  async addPasskey(wallet: Wallet, passphrase: string | null): Promise<void> {
    const vault = this.#vaultOf(wallet);
    const held = await this.#passkeyWays();
    const by = passphrase === null ? await this.#provePasskey(held) : await Vault.provePassphrase(this.#slot, passphrase);
    await Vault.unlockWith(this.#slot, by);
    const way = await this.#newPasskeyWay(wallet.fingerprint, await vault.read(), held.map((one) => one.credentialId));
    await vault.addWay(by, way);
    await this.#look();
  }

  async addPassphrase(wallet: Wallet, passphrase: string): Promise<void> {
    const vault = this.#vaultOf(wallet);
    if (this.#stored?.ways.some((one) => one.kind === "passphrase")) throw new WalletError("too-many-ways", "this wallet has a passphrase");
    const way = await passphraseWay(passphrase, this.#around.now(), this.#around.kdfIterations);
    await vault.addWay(await this.#provePasskey(await this.#passkeyWays()), way);
    await this.#look();
  }

  async removeWay(wallet: Wallet, id: string, passphrase: string | null): Promise<void> {
    const vault = this.#vaultOf(wallet);
    const { ways } = await this.#record();
    const staying: Proven[] = [];
    for (const way of ways.filter((one) => one.id !== id)) {
      staying.push(way.kind === "passkey" ? await this.#provePasskey([way]) : await Vault.provePassphrase(this.#slot, passphrase ?? ""));
    }
    await vault.keepOnly(staying);
    await this.#look();
  }

  /** The first passkey that opens this wallet: it can sign for the account too. */
  async sealingPasskey(): Promise<Passkey | null> {
    const [way] = await this.#passkeyWays().catch(() => []);
    if (way === undefined) return null;
    return { credentialId: way.credentialId, transports: way.transports, signer: { kind: PASSKEY, weight: 2, x: way.x, y: way.y } };
  }

  get #settings(): VaultSettings {
    return { now: this.#around.now, iterations: this.#around.kdfIterations };
  }

  #vaultOf(wallet: Wallet): Vault {
    const vault = this.#vaults.get(wallet);
    if (vault === undefined) throw new WalletError("no-wallet", "not a wallet of this browser");
    return vault;
  }

  async #record(): Promise<VaultRecord> {
    const record = await this.#slot.read();
    if (record?.version !== 2) throw new WalletError("no-wallet", "this browser keeps no wallet");
    return record;
  }

  async #passkeyWays(): Promise<PasskeyWay[]> {
    const record = await this.#slot.read();
    return record?.version === 2 ? record.ways.filter((way): way is PasskeyWay => way.kind === "passkey") : [];
  }

  #authenticator(): Authenticator {
    const { authenticator } = this.#around;
    if (!authenticator?.available()) throw new WalletError("passkey-unable", "this page cannot ask for a passkey");
    return authenticator;
  }

  /** Asks for one of the passkeys that open the wallet. */
  async #provePasskey(ways: readonly PasskeyWay[]): Promise<Proven> {
    if (ways.length === 0) throw new WalletError("no-way", "this wallet has no passkey");
    const { credentialId, output } = await this.#authenticator().evaluate(ways);
    const way = ways.find((one) => one.credentialId === credentialId);
    if (way === undefined) throw new WalletError("passkey-wrong", "another passkey answered");
    if (output === null) throw new WalletError("passkey-unable", "the authenticator has no PRF");
    return { parameters: way, key: await passkeyKey(output) };
  }

  /** The account's passkey of this device where it can, otherwise a new one. */
  async #newPasskeyWay(name: string, state: WalletState, held: readonly string[]): Promise<Proven> {
    const signing = state.account === undefined ? null : ((await this.#around.accountPasskey?.()) ?? null);
    const known = signing === null || held.includes(signing.credentialId) ? null : await this.#passkeyWay(signing);
    if (known !== null) return known;
    const { passkey, canSeal } = await this.#authenticator().create(name, held);
    const made = canSeal ? await this.#passkeyWay(passkey) : null;
    if (made !== null) return made;
    await this.#authenticator().discard(passkey);
    throw new WalletError("passkey-unable", "the authenticator has no PRF");
  }

  /** Null: its authenticator has no PRF. */
  async #passkeyWay({ credentialId, transports = [], signer: { x, y } }: Passkey): Promise<Proven | null> {
    const salt = freshSalt();
    const { output } = await this.#authenticator().evaluate([{ credentialId, transports, salt }]);
    if (output === null) return null;
    return { parameters: { kind: "passkey", id: freshId(), createdAtMs: this.#around.now(), credentialId, transports, salt, x, y }, key: await passkeyKey(output) };
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
    if (record !== null) return await this.#opened(await Vault.unlockWithSeed(this.#slot, seed, this.#settings));
    // Cases would be lost if the wallet signed differently next time, so it is asked twice before anything rests on it.
    if ((await personalSign(provider, account, SEED_TEXT)) !== signature) throw new WalletError("injected-unstable", "the wallet signs the same text differently each time");
    const meta = { kind: "injected" as const, fingerprint: fingerprintOf(seed), createdAtMs: this.#around.now(), account };
    return await this.#opened(await Vault.create(this.#slot, meta, emptyState(bytesToHex(seed), null, false), await injectedWay(seed, meta.createdAtMs)));
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

  async #look(): Promise<VaultRecord> {
    const record = await this.#record();
    this.#stored = summary(record);
    return record;
  }

  async #opened(vault: Vault): Promise<Wallet> {
    const wallet = new VaultWallet(vault, await this.#look(), this.#around);
    this.#vaults.set(wallet, vault);
    this.#around.opened?.(wallet);
    if (this.#around.page !== null) wallet.onLocked(watchActivity(this.#around.page, () => wallet.touch()));
    return wallet;
  }
}

/** What the modules of the account need of the store; the screens do not. */
export interface AccountStore extends WalletStore {
  adopt(state: WalletState, passphrase: string | null): Promise<Wallet>;
  sealingPasskey(): Promise<Passkey | null>;
}

/** Reads what this browser keeps and answers the store over it. */
export async function openWalletStore(around: StoreSurroundings): Promise<AccountStore> {
  const slot = around.slot ?? indexedDbSlot();
  return new BrowserWallets(around, slot, summary(await slot.read()));
}
