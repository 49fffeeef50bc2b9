// What a wallet keeps, in one JSON document that is only ever stored sealed.
import type { Form, OwnCase } from "../ports";
import { type Hex, jcs } from "./bytes";
import { WalletError } from "./errors";

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
}

export function emptyState(seed: Hex, words: string | null, isNew: boolean): WalletState {
  return { v: 1, seed, words, nextIndex: 0, scanned: isNew, identity: null, cases: [], drafts: {} };
}

export function withCase(state: WalletState, own: OwnCase): WalletState {
  return { ...state, nextIndex: Math.max(state.nextIndex, own.index + 1), cases: [own, ...state.cases] };
}

export type CaseChange = Partial<Pick<OwnCase, "form" | "salt" | "openedTx" | "linkedAtMs" | "consents" | "credential">>;

/** Changes one case. The maps of links and consents only grow, so that two tabs do not undo each other. */
export function withChange(state: WalletState, id: Hex, change: CaseChange): WalletState {
  return { ...state, cases: state.cases.map((own) => (own.id === id ? changed(own, change) : own)) };
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
