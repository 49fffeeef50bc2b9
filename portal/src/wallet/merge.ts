// Two devices keep one wallet. What either of them changed since they last agreed stays: lists and maps entry by entry, all else
// by which of the two changed it. Pure.
import type { OwnCase, SentRequest } from "../ports";
import { type Json, jcs } from "./bytes";
import { type WalletState, knowsRequests } from "./state";

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

/** Entries by name: new ones of both sides stay, and what either side took away since they agreed is gone. */
function byName<T>(base: Readonly<Record<string, T>> | null, mine: Readonly<Record<string, T>>, theirs: Readonly<Record<string, T>>, entry: (base: Known<T>, mine: T, theirs: T) => T): Record<string, T> {
  const merged: Record<string, T> = {};
  for (const name of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
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
  const pick = <K extends keyof OwnCase>(field: K): OwnCase[K] => one(base?.[field], mine[field], theirs[field], hasBase);
  const seen = (mine.seen?.atMs ?? 0) >= (theirs.seen?.atMs ?? 0) ? mine.seen : theirs.seen;
  const isMine = isSame(pick("form"), mine.form);
  return {
    ...theirs,
    ...mine,
    form: pick("form"),
    // The salt goes with the answers that it hides.
    salt: isMine ? mine.salt : theirs.salt,
    createdAtMs: Math.min(mine.createdAtMs, theirs.createdAtMs),
    openedTx: pick("openedTx"),
    linkedAtMs: { ...theirs.linkedAtMs, ...mine.linkedAtMs },
    consents: { ...theirs.consents, ...mine.consents },
    credential: mine.credential ?? theirs.credential,
    ...(seen === undefined ? {} : { seen }),
  };
}

/** Of the two, whichever device read its agency later; the words are with the one that sent it. */
function mergedRequest(mine: SentRequest, theirs: SentRequest): SentRequest {
  const isReadLater = (theirs.answer !== undefined && mine.answer === undefined) || (theirs.state !== null && mine.state === null);
  const [later, other] = isReadLater ? [theirs, mine] : [mine, theirs];
  return { ...later, text: later.text ?? other.text, about: later.about ?? other.about, receipt: later.receipt ?? other.receipt };
}

/** `base`: what both had when they last agreed; null where that is not known. */
export function merged(base: WalletState | null, mine: WalletState, theirs: WalletState): WalletState {
  const hasBase = base !== null;
  const whole = <T>(before: Known<T>, here: T, there: T): T => one(before, here, there, before !== undefined);
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
  const cases = listed((own) => own.id, base?.cases ?? null, mine.cases, theirs.cases, mergedCase).sort((a, b) => b.createdAtMs - a.createdAtMs);
  const requests = listed(({ id }) => id, base?.requests ?? null, mine.requests ?? [], theirs.requests ?? [], (_, here, there) => mergedRequest(here, there)).sort((a, b) => b.sentMs - a.sentMs);
  return {
    ...theirs,
    ...mine,
    nextIndex: Math.max(mine.nextIndex, theirs.nextIndex),
    scanned: mine.scanned && theirs.scanned,
    identity: one(base?.identity, mine.identity, theirs.identity, hasBase),
    cases,
    drafts: byName(base?.drafts ?? null, mine.drafts, theirs.drafts, whole),
    nextDelegation: Math.max(mine.nextDelegation ?? 0, theirs.nextDelegation ?? 0),
    nextWard: Math.max(mine.nextWard ?? 0, theirs.nextWard ?? 0),
    delegationsFound: (mine.delegationsFound ?? false) && (theirs.delegationsFound ?? false),
    restored: (mine.restored ?? false) || (theirs.restored ?? false),
    ...(mine.requests === undefined && theirs.requests === undefined ? {} : { requests }),
    ...(mine.requestsFound === undefined && theirs.requestsFound === undefined ? {} : { requestsFound: knowsRequests(mine) && knowsRequests(theirs) }),
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
