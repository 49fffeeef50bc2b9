// The signers of an account and what they sign, as the contract `Accounts` has them (EIP-712).
import { type TypedDataDomain, hashTypedData, pad } from "viem";
import { type Address, type Hex, encodeAbiParameters, keccak256 } from "../bytes";

export const PASSKEY = 1;
export const DEVICE = 2;
export const WALLET = 3;

export interface Signer {
  readonly kind: number;
  readonly weight: number;
  readonly x: Hex;
  readonly y: Hex;
}

/** A signature by one signer of an account. */
export interface Proof {
  readonly signer: Hex;
  readonly signature: Hex;
}

export interface AccountSpace {
  readonly chainId: number;
  readonly accounts: Address;
}

const SIGNER = [{ name: "kind", type: "uint8" }, { name: "weight", type: "uint8" }, { name: "x", type: "bytes32" }, { name: "y", type: "bytes32" }] as const;
const GUARDS = [{ name: "authorities", type: "bytes32[]" }, { name: "guardians", type: "bytes32[]" }, { name: "guardiansNeeded", type: "uint8" }] as const;
const OF = [{ name: "account", type: "bytes32" }, { name: "version", type: "uint64" }] as const;
const TYPES = {
  Signer: SIGNER,
  Change: [...OF, { name: "add", type: "Signer[]" }, { name: "remove", type: "bytes32[]" }],
  Recovery: [...OF, { name: "signers", type: "Signer[]" }, { name: "receiver", type: "bytes32" }],
  Veto: OF,
  Guards: GUARDS,
  Guarding: [...OF, { name: "guards", type: "Guards" }],
} as const;

const domain = (space: AccountSpace): TypedDataDomain => ({ name: "Zhengtong Accounts", version: "1", chainId: space.chainId, verifyingContract: space.accounts });

/** keccak256(abi.encode(kind, x, y)) */
export function signerId({ kind, x, y }: Signer): Hex {
  return keccak256(encodeAbiParameters([{ type: "uint8" }, { type: "bytes32" }, { type: "bytes32" }], [kind, x, y]));
}

/** What a signer signs, as a wallet can show it. */
export interface AccountData {
  readonly domain: TypedDataDomain;
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

export function vetoData(space: AccountSpace, account: Hex, version: bigint): AccountData {
  return { domain: domain(space), types: { Veto: TYPES.Veto }, primaryType: "Veto", message: { account, version } };
}

export function changeData(space: AccountSpace, account: Hex, version: bigint, add: readonly Signer[], remove: readonly Hex[]): AccountData {
  return { domain: domain(space), types: { Change: TYPES.Change, Signer: SIGNER }, primaryType: "Change", message: { account, version, add, remove } };
}

export function digestOf(data: AccountData): Hex {
  return hashTypedData(data as never);
}

export const vetoDigest = (...what: Parameters<typeof vetoData>): Hex => digestOf(vetoData(...what));
export const changeDigest = (...what: Parameters<typeof changeData>): Hex => digestOf(changeData(...what));

/** An external wallet as a signer: it has half a voice, whatever it is. */
export function walletSigner(address: Address): Signer {
  return { kind: WALLET, weight: 1, x: word(address), y: word("0x") };
}

/** Who may approve a recovery, as the contract has it. */
export interface Guards {
  readonly authorities: readonly Hex[];
  readonly guardians: readonly Hex[];
  readonly guardiansNeeded: number;
}

export function guardingDigest(space: AccountSpace, account: Hex, version: bigint, guards: Guards): Hex {
  return hashTypedData({ domain: domain(space), types: TYPES, primaryType: "Guarding", message: { account, version, guards } });
}

/** The id of an account, which follows from all that it is made of. */
export function accountIdOf({ chainId, accounts }: AccountSpace, signers: readonly Signer[], guards: Guards, salt: Hex): Hex {
  const parts = [{ type: "uint256" }, { type: "address" }, { type: "tuple[]", components: SIGNER }, { type: "tuple", components: GUARDS }, { type: "bytes32" }] as const;
  return keccak256(encodeAbiParameters(parts, [BigInt(chainId), accounts, [...signers], { ...guards, authorities: [...guards.authorities], guardians: [...guards.guardians] }, salt]));
}

/** What stands on the chain for a guardian: keccak256(abi.encode(address, salt)). */
export function guardianHash(address: Address, salt: Hex): Hex {
  return keccak256(encodeAbiParameters([{ type: "address" }, { type: "bytes32" }], [address, salt]));
}

/** The id of a recovery too. */
export function recoveryDigest(space: AccountSpace, account: Hex, version: bigint, signers: readonly Signer[], receiver: Hex): Hex {
  return hashTypedData({ domain: domain(space), types: TYPES, primaryType: "Recovery", message: { account, version, signers, receiver } });
}

/** Proofs in the order that the contract takes. */
export function inOrder(proofs: readonly Proof[]): Proof[] {
  return [...proofs].sort((a, b) => (a.signer < b.signer ? -1 : 1));
}

/** A coordinate as 32 bytes. */
export const word = (bytes: Hex): Hex => pad(bytes, { size: 32 });
