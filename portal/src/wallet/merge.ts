// Two devices keep one wallet. What either of them changed since they last agreed stays: lists and maps entry by entry, all else
// by which of the two changed it. Pure.
import type { OwnCase, SentRequest } from "../ports";
import { type Hex, type Json, hexToBytes, jcs } from "./bytes";
import { requestId } from "./request-id";
import { type WalletState, knowsRequests, nextRequestOf } from "./state";

type Known<T> = T | undefined;

const textOf = (value: unknown): string => (value === undefined ? "" : jcs(JSON.parse(JSON.stringify(value)) as Json));
const isSame = (a: unknown, b: unknown): boolean => textOf(a) === textOf(b);

/** The same text for states that no device has to be told about; what was last seen of cases is each device's own. */
export function sharedText(state: WalletState): string {
  return textOf({ ...state, cases: state.cases.map(({ seen: _, ...own }) => own) });
}

function isBlank(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** What was changed here wins over what was changed there; where nothing is agreed yet, something wins over nothing. */
function one<T>(base: Known<T>, mine: T, theirs: T, hasBase: boolean): T {
  if (hasBase) return isSame(mine, base) ? theirs : mine;
  return isBlank(mine) ? theirs : mine;
}

const whole = <T>(base: Known<T>, mine: T, theirs: T): T => one(base, mine, theirs, base !== undefined);

/**
 * Entries by name: new ones of both sides stay, and what either side took away since they agreed is gone. In the order of the other
 * side, after what is new here: the other side, which takes that in, has the same order then, and saves nothing again.
 */
function byName<T>(base: Readonly<Record<string, T>> | null, mine: Readonly<Record<string, T>>, theirs: Readonly<Record<string, T>>, entry: (base: Known<T>, mine: T, theirs: T) => T): Record<string, T> {
  const merged: Record<string, T> = {};
  for (const name of new Set([...Object.keys(mine).filter((one) => theirs[one] === undefined), ...Object.keys(theirs)])) {
    const [before, here, there] = [base?.[name], mine[name], theirs[name]];
    if (here !== undefined && there !== undefined) merged[name] = entry(before, here, there);
    else if (before === undefined) merged[name] = (here ?? there) as T;
    // Taken away on one side, and changed on the other: the change stays.
    else if (!isSame(here ?? there, before)) merged[name] = (here ?? there) as T;
  }
  return merged;
}

function listed<T>(name: (entry: T) => string, base: readonly T[] | null, mine: readonly T[], theirs: readonly T[], entry: (base: Known<T>, mine: T, theirs: T) => T): T[] {
  const named = (all: readonly T[]): Record<string, T> => Object.fromEntries(all.map((each) => [name(each), each]));
  return Object.values(byName(base === null ? null : named(base), named(mine), named(theirs), entry));
}

function mergedCase(base: Known<OwnCase>, mine: OwnCase, theirs: OwnCase): OwnCase {
  const hasBase = base !== undefined;
  const seen = (mine.seen?.atMs ?? 0) >= (theirs.seen?.atMs ?? 0) ? mine.seen : theirs.seen;
  const shown = seen === undefined ? {} : { seen };
  // A key has one case. Where both took the same key while apart, it is the case of the one that opened it.
  if (!hasBase && (mine.openedTx === null) !== (theirs.openedTx === null)) {
    const [opened, other] = mine.openedTx === null ? [theirs, mine] : [mine, theirs];
    return { ...opened, credential: opened.credential ?? other.credential, ...shown };
  }
  const pick = <K extends keyof OwnCase>(field: K): OwnCase[K] => one(base?.[field], mine[field], theirs[field], hasBase);
  const of = isSame(pick("form"), mine.form) ? mine : theirs;
  return {
    ...theirs,
    ...mine,
    // The salt goes with the answers that it hides, and so does who has them.
    form: of.form,
    salt: of.salt,
    linkedAtMs: isSame(mine.form, theirs.form) ? byName(base?.linkedAtMs ?? null, mine.linkedAtMs, theirs.linkedAtMs, whole) : of.linkedAtMs,
    createdAtMs: Math.min(mine.createdAtMs, theirs.createdAtMs),
    openedTx: pick("openedTx"),
    consents: byName(base?.consents ?? null, mine.consents, theirs.consents, whole),
    // A backup without room leaves it out: that takes it from no device.
    credential: pick("credential") ?? mine.credential ?? theirs.credential,
    ...shown,
  };
}

/** How much is known of a request: nothing, that its agency has it, that it is answered, what the answer says. */
const knownOf = ({ state, answer }: SentRequest): number => (answer !== undefined ? 3 : state === null ? 0 : state.status === "open" ? 1 : 2);

/** Of the two, whichever device read its agency later; the words are with the one that sent it. */
function mergedRequest(base: Known<SentRequest>, mine: SentRequest, theirs: SentRequest): SentRequest {
  const ahead = knownOf(mine) - knownOf(theirs);
  const later = ahead === 0 ? whole(base, mine, theirs) : ahead > 0 ? mine : theirs;
  const other = later === mine ? theirs : mine;
  return { ...later, text: later.text ?? other.text, about: later.about ?? other.about, receipt: later.receipt ?? other.receipt };
}

/** A receipt is for these words; without one the agency may have the other device's request of the same key. */
const certainty = ({ state, receipt }: SentRequest): number => (receipt !== null ? 2 : state === null ? 0 : 1);

/**
 * Both devices wrote a request to the same agency while apart, and both took its next key. One keeps it: the one that the agency
 * has, else the one that was written first. Answers the other one.
 */
function clashing(base: Known<SentRequest>, mine: SentRequest, theirs: SentRequest): SentRequest | null {
  if (mine.text === null || theirs.text === null || (mine.text === theirs.text && mine.kind === theirs.kind)) return null;
  if (isSame(base, mine) || isSame(base, theirs)) return null;
  const ahead = certainty(mine) - certainty(theirs);
  const isMineFirst = ahead !== 0 ? ahead > 0 : mine.sentMs !== theirs.sentMs ? mine.sentMs < theirs.sentMs : mine.text < theirs.text;
  return isMineFirst ? theirs : mine;
}

function mergedRequests(base: Known<readonly SentRequest[]>, mine: readonly SentRequest[], theirs: readonly SentRequest[], seed: Hex): SentRequest[] {
  const moved: SentRequest[] = [];
  const requests = listed<SentRequest>(({ id }) => id, base ?? null, mine, theirs, (before, here, there) => {
    const second = clashing(before, here, there);
    if (second === null) return mergedRequest(before, here, there);
    moved.push(second);
    return second === here ? there : here;
  });
  for (const { answer: _, ...request } of moved) {
    const index = nextRequestOf({ requests }, request.organisation);
    requests.push({ ...request, index, id: requestId(hexToBytes(seed), request.organisation, index), state: null, receipt: null });
  }
  return requests.sort((a, b) => b.sentMs - a.sentMs);
}

/** `base`: what both had when they last agreed; null where that is not known. */
export function merged(base: WalletState | null, mine: WalletState, theirs: WalletState): WalletState {
  const hasBase = base !== null;
  const list = <K extends "tokens" | "blinded" | "delegations" | "foundDelegations" | "helped" | "devices">(field: K, name: (entry: NonNullable<WalletState[K]>[number]) => string) => {
    type Entry = NonNullable<WalletState[K]>[number];
    if (mine[field] === undefined && theirs[field] === undefined) return {};
    const [before, here, there] = [base?.[field] ?? null, mine[field] ?? [], theirs[field] ?? []] as [readonly Entry[] | null, readonly Entry[], readonly Entry[]];
    return { [field]: listed<Entry>(name, before, here, there, whole) };
  };
  const single = <K extends "account" | "trusted" | "place">(field: K) => {
    const value = one(base?.[field], mine[field], theirs[field], hasBase);
    return value === undefined ? {} : { [field]: value };
  };
  /** Whether everybody was asked for what a restored wallet does not know. What the other one found by that is here now. */
  const asked = (isAsked: (state: WalletState) => boolean): boolean => (hasBase ? one(isAsked(base), isAsked(mine), isAsked(theirs), true) : isAsked(mine) && isAsked(theirs));
  const cases = listed((own) => own.id, base?.cases ?? null, mine.cases, theirs.cases, mergedCase).sort((a, b) => b.createdAtMs - a.createdAtMs);
  const requests = mergedRequests(base?.requests, mine.requests ?? [], theirs.requests ?? [], mine.seed);
  return {
    ...theirs,
    ...mine,
    nextIndex: Math.max(mine.nextIndex, theirs.nextIndex),
    scanned: asked(({ scanned }) => scanned),
    identity: one(base?.identity, mine.identity, theirs.identity, hasBase),
    cases,
    drafts: byName(base?.drafts ?? null, mine.drafts, theirs.drafts, whole),
    nextDelegation: Math.max(mine.nextDelegation ?? 0, theirs.nextDelegation ?? 0),
    nextWard: Math.max(mine.nextWard ?? 0, theirs.nextWard ?? 0),
    delegationsFound: asked(({ delegationsFound = false }) => delegationsFound),
    restored: (mine.restored ?? false) || (theirs.restored ?? false),
    ...(mine.requests === undefined && theirs.requests === undefined ? {} : { requests }),
    ...(mine.requestsFound === undefined && theirs.requestsFound === undefined ? {} : { requestsFound: asked(knowsRequests) }),
    ...list("tokens", ({ nonce }) => nonce),
    ...list("blinded", ({ nonce }) => nonce),
    ...list("delegations", ({ terms }) => terms.key),
    ...list("foundDelegations", ({ key }) => key),
    ...list("helped", ({ account }) => account),
    ...list("devices", ({ id }) => id),
    ...single("account"),
    ...single("trusted"),
    ...single("place"),
  };
}
