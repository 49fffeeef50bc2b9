// The council of a network of one, whose key is in the data folder.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Hex, concat, keccak256, stringToHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { Server } from "./server";

export function councilOf(server: Server): PrivateKeyAccount {
  // As zhengtong/src/dev/keys.rs derives it.
  const seed = readFileSync(join(server.data, "keys/seed"), "utf8").trim() as Hex;
  return privateKeyToAccount(keccak256(concat([seed, stringToHex("zhengtong/dev/v1/council")])));
}
