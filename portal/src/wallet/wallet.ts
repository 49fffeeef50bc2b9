// An unlocked wallet.
import type { Form, HeldCredential, HeldIdentity, OwnCase, PublicJwk, SeenCase, SentRequest, Wallet } from "../ports";
import { type Hex, hexToBytes } from "./bytes";
import { holderKey } from "./derive";
import { MAX_CASES } from "./delegation/terms";
import { WalletError } from "./errors";
import { IDLE_LIMIT_MS, IdleLock, type Timers } from "./idle";
import { publicJwk, readCredential, readIdentity } from "./identity";
import { Keyring, attachKeyring, keyringOf } from "./keyring";
import { type CaseSpace, type FindCases, freshCase, scan } from "./scan";
import { type CaseChange, caseOf, nextIndexOf, seedOf, withCase, withChange, withRequest, withSeen } from "./state";
import type { VaultMeta } from "./slot";
import type { Vault } from "./vault";

/** What a wallet needs from outside. */
export interface WalletSurroundings {
  readonly space: () => Promise<CaseSpace>;
  readonly find: FindCases;
  readonly now: () => number;
  readonly timers?: Timers;
  /** Takes in what other devices of the wallet saved. */
  readonly refresh?: (wallet: Wallet) => Promise<void>;
}

export class VaultWallet implements Wallet {
  readonly kind: "words" | "injected";
  readonly fingerprint: string;
  readonly #vault: Vault;
  readonly #around: WalletSurroundings;
  readonly #idle: IdleLock;
  readonly #locked = new Set<(isIdle: boolean) => void>();
  #isIdle = false;

  constructor(vault: Vault, meta: Pick<VaultMeta, "kind" | "fingerprint">, around: WalletSurroundings) {
    this.kind = meta.kind;
    this.fingerprint = meta.fingerprint;
    this.#vault = vault;
    this.#around = around;
    this.#idle = new IdleLock(() => this.#leftAlone(), IDLE_LIMIT_MS, around.timers);
    vault.onLocked(() => {
      this.#idle.stop();
      for (const told of this.#locked) told(this.#isIdle);
    });
    attachKeyring(this, new Keyring(vault));
  }

  async holderKey(): Promise<PublicJwk> {
    return publicJwk(holderKey(hexToBytes((await this.#vault.read()).seed)));
  }

  async identity(): Promise<HeldIdentity | null> {
    const { identity, place } = await this.#vault.read();
    return identity === null ? null : { ...(await readIdentity(identity, await this.holderKey())), isCounted: place !== undefined };
  }

  async keepIdentity(raw: string): Promise<HeldIdentity> {
    const held = await readIdentity(raw, await this.holderKey());
    const { place } = await this.#vault.update((state) => ({ ...state, identity: raw }));
    return { ...held, isCounted: place !== undefined };
  }

  /** Newest first. A restored wallet asks the chain for its earlier cases the first time. */
  async cases(): Promise<OwnCase[]> {
    await this.#scanned();
    return [...(await this.#vault.read()).cases];
  }

  async case(id: Hex): Promise<OwnCase | null> {
    return (await this.#vault.read()).cases.find((own) => own.id === id) ?? null;
  }

  async keptCases(): Promise<OwnCase[]> {
    return [...(await this.#vault.read()).cases];
  }

  async credentials(): Promise<HeldCredential[]> {
    const { identity, cases } = await this.#vault.read();
    const raw = [...(identity === null ? [] : [{ caseId: null, raw: identity }]), ...cases.flatMap((own) => (own.credential === null ? [] : [{ caseId: own.id, raw: own.credential }]))];
    // One that cannot be read is left out here and stays in the wallet.
    return (await Promise.all(raw.map((one) => readCredential(one.caseId, one.raw).catch(() => null)))).filter((one) => one !== null);
  }

  async saw(seen: Record<Hex, SeenCase>): Promise<void> {
    const { cases } = await this.#vault.read();
    if (!cases.some((own) => seen[own.id] !== undefined)) return;
    await this.#vault.update((state) => withSeen(state, seen), true);
  }

  /** Under a delegation, the next of its keys: nobody else opens cases under it. */
  async newCase(service: string, version: number, form: Form, delegation?: Hex): Promise<OwnCase> {
    // Another device may have used the next key. Offline nothing is opened anyway: the draft stays.
    await this.#around.refresh?.(this).catch(() => undefined);
    await this.#scanned();
    const space = await this.#around.space();
    const free = await this.#freeIndex(space, delegation);
    const createdAtMs = this.#around.now();
    const state = await this.#vault.update((current) => {
      const under = delegation === undefined ? {} : { delegation };
      const fresh = freshCase(seedOf(current, under), Math.max(free, nextIndexOf(current, delegation)), space);
      const empty = { openedTx: null, linkedAtMs: {}, consents: {}, credential: null };
      return withCase(current, { ...fresh, service, version, form, createdAtMs, ...empty, ...under });
    });
    return state.cases[0] as OwnCase; // withCase put it there
  }

  async updateCase(id: Hex, change: CaseChange): Promise<OwnCase> {
    caseOf(await this.#vault.read(), id);
    return caseOf(await this.#vault.update((state) => withChange(state, id, change)), id);
  }

  async draft(service: string): Promise<Form | null> {
    return (await this.#vault.read()).drafts[service] ?? null;
  }

  async keepDraft(service: string, answers: Form | null): Promise<void> {
    await this.#vault.update((state) => {
      const { [service]: _, ...others } = state.drafts;
      return { ...state, drafts: answers === null ? others : { ...others, [service]: answers } };
    });
  }

  async requests(): Promise<SentRequest[]> {
    return [...((await this.#vault.read()).requests ?? [])];
  }

  async keepRequest(request: SentRequest): Promise<void> {
    await this.#vault.update((state) => withRequest(state, request));
  }

  async dropRequest(id: string): Promise<void> {
    await this.#vault.update((state) => ({ ...state, requests: (state.requests ?? []).filter((one) => one.id !== id) }));
  }

  /** The recovery words, to be written down again; null for a wallet of an injected one. */
  async words(): Promise<string[] | null> {
    return (await this.#vault.read()).words?.split(" ") ?? null;
  }

  lock(): void {
    this.#vault.lock();
  }

  #leftAlone(): void {
    this.#isIdle = true;
    this.lock();
  }

  /** Calls back when the wallet is locked, by hand or for being idle. */
  onLocked(told: (isIdle: boolean) => void): void {
    this.#locked.add(told);
  }

  onTakenIn(told: () => void): void {
    keyringOf(this).onTakenIn(told);
  }

  /** The person did something: the wait for the idle lock starts again. */
  touch(): void {
    if (!this.#vault.isLocked) this.#idle.touch();
  }

  /**
   * The next key under which no case was opened. What other devices opened is not always taken in: their backup may not be there, and
   * a device that was removed, or only has the words, gets none.
   */
  async #freeIndex(space: CaseSpace, delegation: Hex | undefined): Promise<number> {
    const state = await this.#vault.read();
    const seed = seedOf(state, delegation === undefined ? {} : { delegation });
    const isFree = async (index: number): Promise<boolean> => (await this.#around.find([freshCase(seed, index, space).id])).length === 0;
    let index = nextIndexOf(state, delegation);
    if (await isFree(index)) return index;
    if (delegation === undefined) {
      await this.#scanned(true);
      return nextIndexOf(await this.#vault.read(), delegation);
    }
    do index++;
    while (index < MAX_CASES && !(await isFree(index)));
    if (index >= MAX_CASES) throw new WalletError("delegation-full", `${MAX_CASES} cases can be opened under one delegation`);
    return index;
  }

  async #scanned(again = false): Promise<void> {
    const state = await this.#vault.read();
    if (state.scanned && !again) return;
    const found = await scan(state, await this.#around.space(), this.#around.find);
    await this.#vault.update((current) => ({
      ...current,
      scanned: true,
      nextIndex: Math.max(current.nextIndex, found.nextIndex),
      cases: [...current.cases, ...found.cases.filter((own) => !current.cases.some((other) => other.id === own.id))].sort((a, b) => b.createdAtMs - a.createdAtMs),
    }));
  }
}
