// Whose keys sign for an organisation, and did: what was signed before a key was changed still holds.
import { getAbiItem } from "viem";
import type { Hex } from "../ports";
import { registryAbi } from "./abi";
import { slug } from "./codes";
import type { Connection } from "./connection";
import { KeptLogs, secondOf } from "./logs";

const SET = getAbiItem({ abi: registryAbi, name: "OrganisationSet" });
const kept = new KeptLogs<typeof SET>();

/**
 * Whether an organisation had a key at some moment since a time, as the `Registry` says. It reads the whole chain: ask only
 * where the key is not the one of today.
 */
export async function hadAttester(connection: Connection, organisation: string, key: Hex, sinceMs: number): Promise<boolean> {
  const address = await connection.contract("registry");
  const set = await kept.read(connection, `${address}/${organisation}`, { address, event: SET, args: { id: slug(organisation) } }, async () => 0n);
  for (const [at, { args }] of set.entries()) {
    if (args.attester.toLowerCase() !== key.toLowerCase()) continue;
    const next = set[at + 1];
    // Blocks tell their second: until its end.
    if (next === undefined || ((await secondOf(connection, next.blockNumber)) + 1) * 1000 > sinceMs) return true;
  }
  return false;
}
