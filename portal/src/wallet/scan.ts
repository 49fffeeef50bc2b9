// A wallet restored on a new device finds its cases again: keys are used in order, so it asks the chain until a run of them is unused.
import { privateKeyToAccount } from "viem/accounts";
import type { OwnCase } from "../ports";
import { type Address, type Hex, hexToBytes } from "./bytes";
import { caseIdOf, caseKey, caseSalt } from "./derive";
import type { WalletState } from "./state";

/** Unused keys in a row that end the search. */
export const SCAN_GAP = 10;
/** No wallet has more cases than this. */
export const SCAN_LIMIT = 10_000;

/** Which chain the wallet's cases live on. */
export interface CaseSpace {
  readonly chainId: number;
  readonly cases: Address;
}

/** What the chain knows of a case that was opened before. */
export interface FoundCase {
  readonly id: Hex;
  readonly service: string;
  readonly version: number;
  readonly openedAtMs: number;
}

export type FindCases = (ids: readonly Hex[]) => Promise<readonly FoundCase[]>;

/** A case not opened yet under the key with this index; the form's salt is the first derived one. */
export function freshCase(seed: Uint8Array, index: number, space: CaseSpace): Pick<OwnCase, "index" | "id" | "address" | "salt"> {
  const address = privateKeyToAccount(caseKey(seed, index)).address.toLowerCase() as Hex;
  const id = caseIdOf(space.chainId, space.cases, address);
  return { index, id, address, salt: caseSalt(seed, id, 0) };
}

/** Asks for the cases of all keys not known to the state. What the answers were in an application stays with the agency. */
export async function scan(state: WalletState, space: CaseSpace, find: FindCases): Promise<WalletState> {
  const seed = hexToBytes(state.seed);
  let next = state;
  for (let from = 0; from < SCAN_LIMIT; from += SCAN_GAP) {
    const keys = Array.from({ length: SCAN_GAP }, (_, offset) => freshCase(seed, from + offset, space));
    const found = new Map((await find(keys.map((key) => key.id))).map((item) => [item.id, item]));
    for (const key of keys) {
      const item = found.get(key.id);
      if (item === undefined) continue;
      next = { ...next, nextIndex: Math.max(next.nextIndex, key.index + 1) };
      if (next.cases.some((own) => own.id === key.id)) continue;
      const { service, version, openedAtMs } = item;
      const rest = { form: {}, openedTx: null, linkedAtMs: {}, consents: {}, credential: null };
      next = { ...next, cases: [{ ...key, service, version, createdAtMs: openedAtMs, ...rest }, ...next.cases] };
    }
    if (found.size === 0) return { ...next, scanned: true };
  }
  return { ...next, scanned: true };
}
