// The events of one case in proven receipts.
import { type Abi, decodeEventLog } from "viem";
import { casesAbi, credentialsAbi, usesAbi } from "../chain/abi";
import type { Hex, Json, ProvenEvent } from "../ports";
import type { ProvenReceipt } from "../verify";
import { CONTRACTS } from "./contracts";

const ABIS = new Map<string, Abi>([
  [CONTRACTS.cases, casesAbi],
  [CONTRACTS.uses, usesAbi],
  [CONTRACTS.credentials, credentialsAbi],
]);

function toJson(value: unknown): Json {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (Array.isArray(value)) return value.map(toJson);
  return value as Json;
}

/** Decodes what the case's contracts said of this case; logs of others are left out. */
export function caseEvents(receipt: ProvenReceipt, id: Hex): ProvenEvent[] {
  const events: ProvenEvent[] = [];
  for (const log of receipt.logs) {
    const abi = ABIS.get(log.address);
    if (abi === undefined) continue;
    const decoded = decodeEventLog({ abi, topics: log.topics as [Hex, ...Hex[]], data: log.data }) as unknown as { eventName: string; args: Record<string, unknown> };
    const args = Object.fromEntries(Object.entries(decoded.args).map(([name, value]) => [name, toJson(value)]));
    if ((args["id"] ?? args["caseId"]) !== id) continue;
    events.push({
      name: decoded.eventName,
      seq: log.address === CONTRACTS.cases ? Number(args["seq"]) : null,
      contract: log.address,
      txHash: receipt.transactionHash,
      blockNumber: receipt.header.number,
      blockTimeMs: receipt.header.timestampMs,
      args,
    });
  }
  return events;
}
