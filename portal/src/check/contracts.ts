// Where the contracts of a network are: the genesis of every network creates them from the same account, in the same order.
import { getContractAddress } from "viem";
import type { Hex } from "../ports";

const DEPLOYER = "0x000000000000000000000000000000005a687430";
const NAMES = ["registry", "statutes", "rules", "services", "consents", "uses", "cases", "credentials", "accounts"] as const;

export type ContractName = (typeof NAMES)[number];

export const CONTRACTS: Readonly<Record<ContractName, Hex>> = Object.fromEntries(
  NAMES.map((name, nonce) => [name, getContractAddress({ from: DEPLOYER, nonce: BigInt(nonce) }).toLowerCase()]),
) as Record<ContractName, Hex>;
