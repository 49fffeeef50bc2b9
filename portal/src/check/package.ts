// The texts, rows and laws that a case's page shows come from the service's package: its hash is on the chain.
import { bytesToHex, encodeAbiParameters, keccak256, stringToBytes } from "viem";
import type { ProveSlots } from "../chain/uses";
import { slug } from "../chain/codes";
import type { Hex, Json, VerifyStep } from "../ports";
import { type Json as CanonicalJson, jcs } from "../wallet/bytes";
import { CONTRACTS } from "./contracts";

// Storage of `Services`: versions of services, then the latest version of each.
const SERVICES_SLOT = 0n;
const LATEST_SLOT = 1n;
const PACKAGE_HASH_WORD = 2n;

const entry = (type: "bytes32" | "uint32", key: Hex | number, slot: Hex): Hex =>
  keccak256(encodeAbiParameters([{ type }, { type: "bytes32" }], [key, slot] as never));
const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;

/** The slot of a version's package hash. */
export function packageHashSlot(service: string, version: number): Hex {
  const first = entry("uint32", version, entry("bytes32", slug(service), word(SERVICES_SLOT)));
  return word(BigInt(first) + PACKAGE_HASH_WORD);
}

export function latestVersionSlot(service: string): Hex {
  return entry("bytes32", slug(service), word(LATEST_SLOT));
}

/** keccak256 of the package as canonical JSON (RFC 8785): its content address. */
export function packageHash(files: Json): Hex {
  return keccak256(bytesToHex(stringToBytes(jcs(files as CanonicalJson))));
}

/**
 * Whether these files are the package under which a case was opened, or the service's latest one: texts may be corrected
 * while a case runs, its rules may not, and those are checked by the replay. A wrong answer is a failed step.
 */
export async function verifyPackage(prove: ProveSlots, service: string, version: number, files: Json): Promise<VerifyStep> {
  const step = (detail: string): VerifyStep => ({ kind: "package", ok: detail === "", subject: service, detail });
  try {
    const [own, latest] = await prove(CONTRACTS.services, [packageHashSlot(service, version), latestVersionSlot(service)]);
    const found = packageHash(files);
    if (own == null || latest == null) return step(`version ${version} was never published`);
    if (found === own) return step("");
    const [newest] = await prove(CONTRACTS.services, [packageHashSlot(service, Number(BigInt(latest)))]);
    return step(found === newest ? "" : `the package hashes to ${found}, and ${own} was published as version ${version}`);
  } catch (error) {
    return step(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
}
