// What a wallet keeps, in one JSON document that is only ever stored sealed.
import type { Form, OwnCase, SeenCase, SentRequest } from "../ports";
import { type Hex, hexToBytes, jcs } from "./bytes";
import { type DelegationTerms, MAX_CASES } from "./delegation/terms";
import { WalletError } from "./errors";
import type { Asked, Offer, Part } from "./trusted/codes";

/** The account that guards this wallet's backup. */
export interface AccountRecord {
  readonly id: Hex;
  /** The organisation whose gateway keeps the backup. */
  readonly host: string;
  readonly authorities: readonly string[];
  /** Seals the backup. */
  readonly key: Hex;
  /** Shares of the key, in the order of the authorities, until each has taken its own. */
  readonly shares: readonly (string | null)[];
  /** The words' signpost does not show the way to it yet. */
  readonly unmarked?: true;
}

/** A device that can open this wallet, for its owner to tell it from others. */
export interface DeviceRecord {
  /** Signer id of the device's own key. */
  readonly id: Hex;
  /** That, and the id of its passkey. */
  readonly signers: readonly Hex[];
  /** What kind of device it is; may be empty. */
  readonly name: string;
  readonly addedAtMs: number;
}

/** Somebody who can help to recover this wallet. */
export interface TrustedRecord extends Offer {
  /** Hides their address on the chain. */
  readonly salt: Hex;
  /** Their share of the backup key; null until the list was put in force. */
  readonly share: string | null;
  /** What is handed to them, sealed: to hand it over again. */
  readonly sealed: string | null;
  readonly received: boolean;
}

/** Who can help to recover this wallet, and how many of them it takes. */
export interface TrustedSet {
  readonly people: readonly TrustedRecord[];
  readonly needed: number;
  /** One splitting of the key; null: the list has to be put in force, with a new one. */
  readonly set: Hex | null;
  /** Shares of it that nobody has, for people who are added. */
  readonly spare: readonly string[];
}

/** Somebody whom this person helps. */
export interface HelpedRecord extends Part {
  /** The new keys that this person confirmed last, and at which version of the account. */
  readonly helping?: Asked & { readonly version: number };
}

/** This person's place in the register of people. */
export interface PlaceRecord {
  /** A random number of the authority's, by which it finds the place again. */
  readonly seat: Hex;
  /** Which of the wallet's secrets has it. */
  readonly index: number;
}

/** A token of the daily allowance: it opens the case of one key, on one day. */
export interface Token {
  /** Days since 1 January 1970 in Beijing. */
  readonly window: number;
  /** The key that may redeem it. */
  readonly address: Hex;
  readonly nonce: Hex;
  readonly signature: Hex;
}

/** A token that was blinded, and kept before it was sent: asked for again, the authority counts it once. */
export interface BlindedToken extends Omit<Token, "signature"> {
  readonly blinded: Hex;
  readonly inverse: Hex;
}

/** A delegation as both sides keep it. */
export interface DelegationRecord {
  /**
   * `given`: the other acts for this person; `held`: this person acts for the other; `seen`: another guardian acts for a child
   * of this person's.
   */
  readonly side: "given" | "held" | "seen";
  readonly seed: Hex;
  readonly terms: DelegationTerms;
  /** The other's name, as they called themselves. */
  readonly name: string;
  /** The giver's identity, shown for these terms; of a guardian's, the credential that confirms them. */
  readonly presentation: string;
  /** What was handed over, sealed to the delegate: to hand it over again. Absent on the delegate's side. */
  readonly sealed?: string;
}

/**
 * One that only the wallet's own seed leads to: by its key the cases under it are found, and it can be ended. Who the other is, and
 * for what, stands nowhere in public.
 */
export interface FoundDelegation {
  /** `held`: it was made for a child. */
  readonly side: "given" | "held";
  readonly seed: Hex;
  /** Address of its key. */
  readonly key: Hex;
  /** Unix seconds, as registered. */
  readonly until: number;
}

export interface WalletState {
  readonly v: 1;
  readonly seed: Hex;
  /** Recovery words, to show them again; null when the seed came from an injected wallet. */
  readonly words: string | null;
  /** Index of the next unused case key. */
  readonly nextIndex: number;
  /** False until the chain was asked which keys of a restored wallet were used before. */
  readonly scanned: boolean;
  /** Identity credential (SD-JWT VC) as issued. */
  readonly identity: string | null;
  readonly cases: readonly OwnCase[];
  readonly drafts: Readonly<Record<string, Form>>;
  /** Absent in wallets that are not protected. */
  readonly account?: AccountRecord;
  readonly tokens?: readonly Token[];
  readonly blinded?: readonly BlindedToken[];
  /** Newest first. */
  readonly delegations?: readonly DelegationRecord[];
  /** Number of the next delegation that is given. */
  readonly nextDelegation?: number;
  /** Number of the next one for a child. */
  readonly nextWard?: number;
  /** Those of which no more is known; none of them is among `delegations`. */
  readonly foundDelegations?: readonly FoundDelegation[];
  /** The chain was asked which numbers of delegations were used before. */
  readonly delegationsFound?: boolean;
  /** The wallet began with words that were there before, or with a wallet of the browser's. */
  readonly restored?: boolean;
  /** The devices that are signers of the account. */
  readonly devices?: readonly DeviceRecord[];
  /** Who can help to recover this wallet. */
  readonly trusted?: TrustedSet;
  /** Whom this person helps. */
  readonly helped?: readonly HelpedRecord[];
  /** Once an authority has given one. */
  readonly place?: PlaceRecord;
  /** What this person asked of agencies by their rights over their data, newest first. */
  readonly requests?: readonly SentRequest[];
  /** The agencies were asked for requests that a restored wallet does not know. */
  readonly requestsFound?: boolean;
}

export function emptyState(seed: Hex, words: string | null, isNew: boolean): WalletState {
  return { v: 1, seed, words, nextIndex: 0, scanned: isNew, identity: null, cases: [], drafts: {}, delegationsFound: isNew, restored: !isNew };
}

export function withCase(state: WalletState, own: OwnCase): WalletState {
  const nextIndex = own.delegation === undefined ? Math.max(state.nextIndex, own.index + 1) : state.nextIndex;
  return { ...state, nextIndex, cases: [own, ...state.cases] };
}

/** The next free key: of the wallet, or of a delegation, which has no more than so many. */
export function nextIndexOf(state: WalletState, delegation: Hex | undefined): number {
  if (delegation === undefined) return state.nextIndex;
  const under = state.cases.filter((own) => own.delegation === delegation);
  const next = Math.max(-1, ...under.map((own) => own.index)) + 1;
  if (next >= MAX_CASES) throw new WalletError("delegation-full", `${MAX_CASES} cases can be opened under one delegation`);
  return next;
}

export type CaseChange = Partial<Pick<OwnCase, "form" | "salt" | "openedTx" | "linkedAtMs" | "consents" | "credential">>;

/** Changes one case. The maps of links and consents only grow, so that two tabs do not undo each other. */
export function withChange(state: WalletState, id: Hex, change: CaseChange): WalletState {
  return { ...state, cases: state.cases.map((own) => (own.id === id ? changed(own, change) : own)) };
}

/** Keeps what was last seen of cases; an older look does not replace a newer one. */
export function withSeen(state: WalletState, seen: Readonly<Record<Hex, SeenCase>>): WalletState {
  const next = (own: OwnCase): OwnCase => {
    const now = seen[own.id];
    return now === undefined || now.atMs < (own.seen?.atMs ?? 0) ? own : { ...own, seen: now };
  };
  return { ...state, cases: state.cases.map(next) };
}

/** Keeps a request, in place of what was kept under its id. */
export function withRequest(state: WalletState, request: SentRequest): WalletState {
  const known = state.requests ?? [];
  const isKnown = known.some(({ id }) => id === request.id);
  return { ...state, requests: isKnown ? known.map((one) => (one.id === request.id ? request : one)) : [request, ...known] };
}

/** A wallet that was not restored knows what it sent. */
export function knowsRequests({ restored = false, requestsFound = !restored }: WalletState): boolean {
  return requestsFound;
}

/** Which of the wallet's keys the answer to the next request to an agency is sealed to. */
export function nextRequestOf(state: Pick<WalletState, "requests">, organisation: string): number {
  const used = (state.requests ?? []).filter((one) => one.organisation === organisation).map((one) => one.index ?? -1);
  return Math.max(-1, ...used) + 1;
}

function changed(own: OwnCase, change: CaseChange): OwnCase {
  // Answers changed before the case was opened: whoever got the old ones must get the new ones.
  const isRewritten = own.openedTx === null && change.form !== undefined && jcs(change.form) !== jcs(own.form);
  const linkedAtMs = { ...(isRewritten ? {} : own.linkedAtMs), ...change.linkedAtMs };
  return { ...own, ...change, linkedAtMs, consents: { ...own.consents, ...change.consents } };
}

export function caseOf(state: WalletState, id: Hex): OwnCase {
  const own = state.cases.find((candidate) => candidate.id === id);
  if (own === undefined) throw new WalletError("unknown-case", id);
  return own;
}

/** The delegation with this key: what is enough to find its cases and to end it. */
export function delegationOf(state: WalletState, key: Hex): Pick<DelegationRecord, "side" | "seed"> {
  const found = state.delegations?.find(({ terms }) => terms.key === key) ?? state.foundDelegations?.find((one) => one.key === key);
  if (found === undefined) throw new WalletError("unknown-delegation", key);
  return found;
}

/** The delegation with this key, and what was agreed. */
export function agreedOf(state: WalletState, key: Hex): DelegationRecord {
  const found = state.delegations?.find(({ terms }) => terms.key === key);
  if (found !== undefined) return found;
  delegationOf(state, key);
  throw new WalletError("delegation-words", key);
}

/** What the keys and secrets of a case come from: the wallet's seed, or that of the delegation it is under. */
export function seedOf(state: WalletState, own: Pick<OwnCase, "delegation"> | undefined): Uint8Array {
  return hexToBytes(own?.delegation === undefined ? state.seed : delegationOf(state, own.delegation).seed);
}

/** Whose case it is: null for the wallet's own person, else the delegation under which they act for somebody. */
export function personOf(state: WalletState, own: Pick<OwnCase, "delegation"> | undefined): Hex | null {
  if (own?.delegation === undefined) return null;
  return delegationOf(state, own.delegation).side === "given" ? null : own.delegation;
}
