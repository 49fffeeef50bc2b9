// Delegations that a wallet's seed leads to: it asks the chain, with proofs, which of their keys were ever registered.
// Only those that this person made. One that somebody else gave comes from the giver's seed, and nothing here leads to it.
import { encodeAbiParameters, keccak256, toHex } from "viem";
import type { Hex } from "../ports";
import type { Keyring, Series } from "../wallet/keyring";
import type { FoundDelegation } from "../wallet/state";
import type { Connection } from "./connection";
import type { ProveSlots } from "./uses";

/** Unused numbers in a row that end the search, and the most slots that a node proves at once. A number is also gone where nothing was registered. */
export const NUMBERS_GAP = 64;
/** No wallet has used more numbers than this. */
const NUMBERS_LIMIT = 1_024;
/** `until` is the lowest part of the word after the document. */
const UNTIL_BITS = 64;

/** The two words that a key's registration takes, in the first mapping of `Delegations`: the document, then its end. */
export function registrationSlots(key: Hex): [Hex, Hex] {
  const first = keccak256(encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [key, 0n]));
  return [first, toHex(BigInt(first) + 1n, { size: 32 })];
}

/** Asks once in the life of a wallet, and keeps what it finds. */
export async function findDelegations(connection: Connection, prove: ProveSlots, keyring: Keyring): Promise<void> {
  if ((await keyring.beginning()).delegationsFound) return;
  const contract = (await connection.network()).contracts["delegations"];
  if (contract === undefined) return;
  const found: FoundDelegation[] = [];
  const next: Record<Series, number> = { given: 0, ward: 0 };
  for (const series of ["given", "ward"] as const) {
    for (let from = 0; from < NUMBERS_LIMIT; from += NUMBERS_GAP) {
      const possible = await keyring.possibleDelegations(series, from, NUMBERS_GAP);
      const documents = await prove(contract, possible.map(({ key }) => registrationSlots(key)[0]));
      const registered = possible.filter((_, n) => documents[n] !== null);
      if (registered.length === 0) break;
      next[series] = Math.max(...registered.map(({ index }) => index)) + 1;
      const ends = await prove(contract, registered.map(({ key }) => registrationSlots(key)[1]));
      for (const [n, { seed, key }] of registered.entries()) {
        const until = Number(BigInt.asUintN(UNTIL_BITS, BigInt(ends[n] ?? 0)));
        found.push({ side: series === "given" ? "given" : "held", seed, key, until });
      }
    }
  }
  await keyring.keepFoundDelegations(found, next);
}
