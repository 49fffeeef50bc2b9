// What an account in the contract `Accounts` is, proven from the network's key: its version, its last recovery, its guardians.
import { type Hex, encodeAbiParameters, keccak256, toHex } from "viem";
import { type AccountSpace, recoveryDigest } from "../wallet/account/signers";
import { type Asked, MAX_TRUSTED } from "../wallet/trusted/codes";
import type { ProveSlots } from "./uses";

/** Place of the mapping of accounts in the contract's storage; the two before it are of its EIP-712 domain. */
const ACCOUNTS_SLOT = 2n;
/** Places within an account. */
const [VERSION, RECOVERED, GUARDIANS, NEEDED] = [0n, 1n, 4n, 5n];
/** How many acts after a recovery it is still recognised. */
const MAX_ACTS_SINCE = 64;

export interface ProvenAccount {
  /** 0: there is no such account */
  readonly version: bigint;
  /** The last recovery that was finished; null if none was. */
  readonly recovered: Hex | null;
  readonly guardians: readonly Hex[];
  readonly needed: number;
}

export async function proveAccount(prove: ProveSlots, { accounts }: AccountSpace, account: Hex): Promise<ProvenAccount> {
  const base = BigInt(keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint256" }], [account, ACCOUNTS_SLOT])));
  const slot = (offset: bigint): Hex => toHex(base + offset, { size: 32 });
  const first = BigInt(keccak256(slot(GUARDIANS)));
  const places = Array.from({ length: MAX_TRUSTED }, (_, n) => toHex(first + BigInt(n), { size: 32 }));
  // In one proof, so that all is of one block.
  const [version, recovered = null, length, needed, ...hashes] = await prove(accounts, [slot(VERSION), slot(RECOVERED), slot(GUARDIANS), slot(NEEDED), ...places]);
  const guardians = hashes.slice(0, Number(BigInt(length ?? 0))).flatMap((hash) => (hash === null ? [] : [hash]));
  return { version: BigInt(version ?? 0), recovered, guardians, needed: Number(BigInt(needed ?? 0)) };
}

/** The version at which a recovery to these keys was finished last; null if another one was, or none. */
export function finishedAt(space: AccountSpace, account: Hex, { version, recovered }: Pick<ProvenAccount, "version" | "recovered">, { signers, receiver }: Asked): bigint | null {
  if (recovered === null) return null;
  const least = version > BigInt(MAX_ACTS_SINCE) ? version - BigInt(MAX_ACTS_SINCE) : 1n;
  for (let before = version - 1n; before >= least; before--) {
    if (recoveryDigest(space, account, before, signers, receiver) === recovered) return before;
  }
  return null;
}
