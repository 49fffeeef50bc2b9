// What the chain and gateway modules may do with a wallet's secrets. Screens hold a `Wallet` and cannot reach this.
import { p256 } from "@noble/curves/nist.js";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { Json, OwnCase, PublicJwk, SentRequest, Wallet } from "../ports";
import { type Hex, base64Url, hexToBytes, personCommitment } from "./bytes";
import { type Signpost, signpostOf } from "./account/signpost";
import { MAX_DELEGATIONS, keyOf, placeOf, treeOf } from "./delegation/terms";
import { SHOWN_CLAIMS } from "./delegation/ward";
import { WARD_FROM, caseKey, caseSalt, credentialKey, delegationKey, delegationSeed, guardianKey, holderKey, peopleSecret, personSalt, receiverKey, requestKey, useSecret } from "./derive";
import { WalletError } from "./errors";
import { numberOf, presentCredential, presentIdentity, publicJwk, readCredential } from "./identity";
import { sharedText } from "./merge";
import { commitmentOf } from "./people";
import { requestId } from "./request-id";
import { type AccountRecord, type BlindedToken, type DelegationRecord, type DeviceRecord, type FoundDelegation, type HelpedRecord, type PlaceRecord, type Token, type TrustedSet, type WalletState, agreedOf, delegationOf, knowsRequests, nextRequestOf, personOf, seedOf, withRequest } from "./state";
import { MAX_HELPED } from "./trusted/codes";
import type { Vault } from "./vault";

/** Whose cases are under a delegation with such a number: of the person themselves, or of a child of theirs. */
export type Series = "given" | "ward";

export class Keyring {
  readonly #vault: Vault;
  readonly #takenIn = new Set<() => void>();

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  async #seed(): Promise<Uint8Array> {
    return hexToBytes((await this.#vault.read()).seed);
  }

  /** The whole content, for the backup. */
  async content(): Promise<WalletState> {
    return await this.#vault.read();
  }

  async keepAccount(account: AccountRecord): Promise<void> {
    await this.#vault.update((state) => ({ ...state, account }));
  }

  /** Takes in what another device of this wallet saved: nothing that is to be saved again, and to be shown where it is new. */
  async takeIn(change: (mine: WalletState) => WalletState): Promise<void> {
    let isNew = false;
    await this.#vault.update((mine) => {
      const next = change(mine);
      if (next.seed !== mine.seed) throw new WalletError("backup-damaged", "it is of another wallet");
      isNew = sharedText(next) !== sharedText(mine);
      return next;
    }, true);
    if (isNew) for (const told of this.#takenIn) told();
  }

  onTakenIn(told: () => void): void {
    this.#takenIn.add(told);
  }

  async keepDevices(change: (devices: readonly DeviceRecord[]) => readonly DeviceRecord[]): Promise<void> {
    await this.#vault.update((state) => ({ ...state, devices: change(state.devices ?? []) }));
  }

  /** What leads whoever has the words to the wallet's account. */
  async signpost(): Promise<Signpost> {
    return signpostOf(await this.#seed());
  }

  onChanged(told: () => void): void {
    this.#vault.onChanged(told);
  }

  get isLocked(): boolean {
    return this.#vault.isLocked;
  }

  /** The seed behind a case, which may be that of a delegation. */
  async #seedOf(caseId: Hex): Promise<Uint8Array> {
    const state = await this.#vault.read();
    return seedOf(state, state.cases.find((own) => own.id === caseId));
  }

  /** Signer of one case. */
  async account(own: Pick<OwnCase, "index" | "delegation">): Promise<PrivateKeyAccount> {
    return privateKeyToAccount(caseKey(seedOf(await this.#vault.read(), own), own.index));
  }

  async useSecret(caseId: Hex, provider: string): Promise<Hex> {
    return useSecret(await this.#seedOf(caseId), caseId, provider);
  }

  async salt(caseId: Hex, n: number): Promise<Hex> {
    return caseSalt(await this.#seedOf(caseId), caseId, n);
  }

  async personSalt(caseId: Hex): Promise<Hex> {
    return personSalt(await this.#seedOf(caseId), caseId);
  }

  /** Commitment to the person of a case; without an identity credential to nobody, and then no agency can be asked in it. */
  async personCommitment(caseId: Hex): Promise<Hex> {
    const state = await this.#vault.read();
    const own = state.cases.find((one) => one.id === caseId);
    const delegation = own?.delegation === undefined ? null : delegationOf(state, own.delegation);
    const isOwn = delegation === null || delegation.side === "given";
    const identity = isOwn ? state.identity : agreedOf(state, own?.delegation as Hex).presentation;
    return personCommitment(personSalt(seedOf(state, own), caseId), identity === null ? "" : await numberOf(identity));
  }

  /** What an agency must see where this person acts for another; null where the case is their own. */
  async delegationShown(own: Pick<OwnCase, "id" | "index" | "delegation">, provider: string, nowMs: number): Promise<Json> {
    if (own.delegation === undefined) return null;
    const state = await this.#vault.read();
    if (delegationOf(state, own.delegation).side === "given") return null;
    const { side, seed, terms, presentation: kept } = agreedOf(state, own.delegation);
    if (side === "seen") throw new WalletError("delegation-foreign", "another guardian acts under it");
    const shown = { claims: SHOWN_CLAIMS, nonce: own.id, audience: provider, nowMs };
    const presentation = terms.role === "carer" ? kept : await presentCredential(kept, holderKey(hexToBytes(state.seed)), shown);
    return { terms: terms as unknown as Json, presentation, place: placeOf(treeOf(hexToBytes(seed)), own.index) as unknown as Json };
  }

  /** The number of this wallet's own person; null without an identity credential. */
  async ownNumber(): Promise<string | null> {
    const { identity } = await this.#vault.read();
    return identity === null ? null : await numberOf(identity);
  }

  async delegations(): Promise<readonly DelegationRecord[]> {
    return (await this.#vault.read()).delegations ?? [];
  }

  /** Takes the next number for a delegation, so that no two have one seed. */
  async nextDelegationSeed(series: Series = "given"): Promise<Hex> {
    const field = series === "given" ? "nextDelegation" : "nextWard";
    const state = await this.#vault.update((before) => ({ ...before, [field]: (before[field] ?? 0) + 1 }));
    return delegationSeed(hexToBytes(state.seed), numberIn(series, (state[field] ?? 1) - 1));
  }

  /** Delegations that are known by their key alone. */
  async foundDelegations(): Promise<readonly FoundDelegation[]> {
    return (await this.#vault.read()).foundDelegations ?? [];
  }

  /** Whether the wallet began with words, and whether the chain was asked for its delegations since. */
  async beginning(): Promise<{ restored: boolean; delegationsFound: boolean }> {
    const { restored = false, delegationsFound = false } = await this.#vault.read();
    return { restored, delegationsFound };
  }

  /** Seeds and keys of the delegations with these numbers, used or not. */
  async possibleDelegations(series: Series, from: number, count: number): Promise<{ index: number; seed: Hex; key: Hex }[]> {
    const own = await this.#seed();
    return Array.from({ length: count }, (_, offset) => {
      const index = from + offset;
      const seed = delegationSeed(own, numberIn(series, index));
      return { index, seed, key: keyOf(hexToBytes(seed)) };
    });
  }

  /** Keeps what the chain said of the numbers: the delegations that are not known otherwise, and the next number of each series. */
  async keepFoundDelegations(found: readonly FoundDelegation[], next: Readonly<Record<Series, number>>): Promise<void> {
    await this.#vault.update((state) => {
      const known = new Set([...(state.delegations ?? []).map(({ terms }) => terms.key), ...(state.foundDelegations ?? []).map(({ key }) => key)]);
      return {
        ...state,
        delegationsFound: true,
        nextDelegation: Math.max(state.nextDelegation ?? 0, next.given),
        nextWard: Math.max(state.nextWard ?? 0, next.ward),
        foundDelegations: [...(state.foundDelegations ?? []), ...found.filter(({ key }) => !known.has(key))],
      };
    });
  }

  async keepDelegation(record: DelegationRecord): Promise<void> {
    await this.#vault.update((state) => {
      const others = (state.delegations ?? []).filter(({ terms }) => terms.key !== record.terms.key);
      if (others.length >= MAX_DELEGATIONS) throw new WalletError("delegation-full", `${MAX_DELEGATIONS} delegations are kept`);
      const foundDelegations = (state.foundDelegations ?? []).filter(({ key }) => key !== record.terms.key);
      return { ...state, delegations: [record, ...others], foundDelegations };
    });
  }

  /** Keeps cases that were found under a delegation; those that are known stay as they are. */
  async keepFound(found: readonly OwnCase[]): Promise<void> {
    await this.#vault.update((state) => {
      const fresh = found.filter((one) => !state.cases.some((own) => own.id === one.id));
      return fresh.length === 0 ? state : { ...state, cases: [...fresh, ...state.cases] };
    });
  }

  /** The signer that registers and ends a delegation. */
  async delegationSigner(key: Hex): Promise<PrivateKeyAccount> {
    return privateKeyToAccount(delegationKey(hexToBytes(delegationOf(await this.#vault.read(), key).seed)));
  }

  /** Opens what was sealed to this wallet as a delegate. */
  async receiverSecret(): Promise<Hex> {
    return receiverKey(await this.#seed());
  }

  /** Opens the answer to the request to an agency with this number. */
  async requestSecret(organisation: string, index: number): Promise<Hex> {
    return requestKey(await this.#seed(), organisation, index);
  }

  async requestId(organisation: string, index: number): Promise<string> {
    return requestId(await this.#seed(), organisation, index);
  }

  /** Takes the next number for a request to an agency, and keeps the request before it is sent. */
  async newRequest(organisation: string, made: (index: number, seed: Uint8Array) => SentRequest): Promise<SentRequest> {
    const state = await this.#vault.update((before) => withRequest(before, made(nextRequestOf(before, organisation), hexToBytes(before.seed))));
    return (state.requests ?? [])[0] as SentRequest; // withRequest put it there
  }

  /** Whether requests may have been sent that a restored wallet does not know; and that it asked for them. */
  async mayMissRequests(): Promise<boolean> {
    return !knowsRequests(await this.#vault.read());
  }

  async foundRequests(): Promise<void> {
    await this.#vault.update((state) => ({ ...state, requestsFound: true }));
  }

  /** The signer by which this person helps somebody. */
  async guardian(id: Hex): Promise<PrivateKeyAccount> {
    return privateKeyToAccount(guardianKey(await this.#seed(), id));
  }

  /** What is entered in the register of people; the secret stays here. */
  async commitment(index: number): Promise<Hex> {
    return await commitmentOf(peopleSecret(await this.#seed(), index));
  }

  async keepPlace(place: PlaceRecord): Promise<void> {
    await this.#vault.update((state) => ({ ...state, place }));
  }

  async keepTrusted(trusted: TrustedSet): Promise<void> {
    await this.#vault.update((state) => ({ ...state, trusted }));
  }

  /** One record an account; without a record it is forgotten. */
  async keepHelped(account: Hex, record: HelpedRecord | null): Promise<void> {
    await this.#vault.update((state) => {
      const others = (state.helped ?? []).filter((one) => one.account !== account);
      if (record !== null && others.length >= MAX_HELPED) throw new WalletError("trusted-full", `${MAX_HELPED} people are helped already`);
      return { ...state, helped: record === null ? others : [record, ...others] };
    });
  }

  /** Tokens that are held, and those that wait for their signature. */
  async tokens(): Promise<{ held: readonly Token[]; blinded: readonly BlindedToken[] }> {
    const { tokens = [], blinded = [] } = await this.#vault.read();
    return { held: tokens, blinded };
  }

  /** Keeps what was blinded, before it is sent. */
  async keepBlinded(blinded: readonly BlindedToken[]): Promise<void> {
    await this.#vault.update((state) => ({ ...state, blinded }));
  }

  /** Keeps tokens; what waited for them, and tokens of earlier days, go. */
  async keepTokens(fresh: readonly Token[], window: number): Promise<void> {
    await this.#vault.update((state) => {
      const isFresh = ({ nonce }: { nonce: Hex }) => fresh.some((token) => token.nonce === nonce);
      const held = (state.tokens ?? []).filter((token) => token.window >= window && !isFresh(token));
      return { ...state, tokens: [...held, ...fresh], blinded: (state.blinded ?? []).filter((waiting) => !isFresh(waiting)) };
    });
  }

  /** Lets go of the tokens of a key: it was redeemed, or is none. */
  async dropTokens(address: Hex): Promise<void> {
    await this.#vault.update((state) => ({ ...state, tokens: (state.tokens ?? []).filter((token) => token.address !== address) }));
  }

  /** Addresses of the keys that the next cases will have. */
  async nextAddresses(count: number): Promise<Hex[]> {
    const { seed, nextIndex } = await this.#vault.read();
    const bytes = hexToBytes(seed);
    return Array.from({ length: count }, (_, offset) => privateKeyToAccount(caseKey(bytes, nextIndex + offset)).address.toLowerCase() as Hex);
  }

  /** Public key that the credential of this case will be bound to. */
  async credentialHolder(caseId: Hex): Promise<PublicJwk> {
    return publicJwk(credentialKey(await this.#seedOf(caseId), caseId));
  }

  /** Presentation of the identity credential to one agency, with its challenge: to see what it keeps. */
  async shownTo(organisation: string, challenge: string, nowMs: number): Promise<string> {
    return await this.#present(challenge, organisation, nowMs);
  }

  /** The identity credential as received; it goes into an export. */
  async identity(): Promise<string | null> {
    return (await this.#vault.read()).identity;
  }

  /** Signs with the key that the identity credential is bound to: ES256, base64url. */
  async signAsHolder(bytes: Uint8Array): Promise<{ holder: PublicJwk; signature: string }> {
    const key = holderKey(await this.#seed());
    return { holder: publicJwk(key), signature: base64Url(p256.sign(bytes, hexToBytes(key))) };
  }

  /** Presentation of the identity credential to one provider for one case. */
  async presentation(caseId: Hex, provider: string, nowMs: number): Promise<string> {
    return await this.#present(caseId, provider, nowMs);
  }

  /** Presentation of the credential of an earlier case to one provider of another case, with these claims and no others. */
  async credentialShown(shown: { from: Hex; vct: string; claims: readonly string[]; caseId: Hex; provider: string; nowMs: number }): Promise<string> {
    const state = await this.#vault.read();
    const [from, forCase] = [shown.from, shown.caseId].map((wanted) => state.cases.find(({ id }) => id === wanted));
    const raw = from?.credential;
    if (raw === undefined || raw === null) throw new WalletError("no-credential", "the wallet does not hold that credential any more");
    if ((await readCredential(shown.from, raw)).vct !== shown.vct) throw new WalletError("evidence-undeclared", shown.vct);
    // One person's credential is for that person's cases alone, whoever acts in them.
    if (forCase !== undefined && personOf(state, from) !== personOf(state, forCase)) throw new WalletError("evidence-undeclared", "a credential of somebody else");
    const { claims, caseId: nonce, provider: audience, nowMs } = shown;
    return await presentCredential(raw, credentialKey(seedOf(state, from), shown.from), { claims, nonce, audience, nowMs });
  }

  async #present(nonce: string, provider: string, nowMs: number): Promise<string> {
    const { identity, seed } = await this.#vault.read();
    if (identity === null) throw new WalletError("no-credential", "ask the identity agency for a credential first");
    return await presentIdentity(identity, holderKey(hexToBytes(seed)), nonce, provider, nowMs);
  }
}

function numberIn(series: Series, index: number): number {
  return series === "given" ? index : WARD_FROM + index;
}

const keyrings = new WeakMap<Wallet, Keyring>();

export function attachKeyring(wallet: Wallet, keyring: Keyring): void {
  keyrings.set(wallet, keyring);
}

/** The secrets behind a wallet of this module. */
export function keyringOf(wallet: Wallet): Keyring {
  const keyring = keyrings.get(wallet);
  if (keyring === undefined) throw new WalletError("no-wallet", "not a wallet of this browser");
  return keyring;
}
