// The events of one case in proven receipts.
import { type Abi, decodeEventLog } from "viem";
import { casesAbi, credentialsAbi, usesAbi } from "../chain/abi";
import type { Hex, Json, ProvenEvent } from "../ports";
import type { ProvenReceipt } from "../verify";
import { CONTRACTS, type ContractName } from "./contracts";

const KNOWN: ReadonlyMap<string, { readonly contract: ContractName; readonly abi: Abi }> = new Map([
  [CONTRACTS.cases, { contract: "cases", abi: casesAbi as Abi }],
  [CONTRACTS.uses, { contract: "uses", abi: usesAbi as Abi }],
  [CONTRACTS.credentials, { contract: "credentials", abi: credentialsAbi as Abi }],
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
    const known = KNOWN.get(log.address);
    if (known === undefined) continue;
    const decoded = decodeEventLog({ abi: known.abi, topics: log.topics as [Hex, ...Hex[]], data: log.data }) as unknown as { eventName: string; args: Record<string, unknown> };
    const args = Object.fromEntries(Object.entries(decoded.args).map(([name, value]) => [name, toJson(value)]));
    if ((args["id"] ?? args["caseId"]) !== id) continue;
    events.push({
      name: decoded.eventName,
      seq: known.contract === "cases" ? Number(args["seq"]) : null,
      contract: known.contract,
      txHash: receipt.transactionHash,
      blockNumber: receipt.header.number,
      blockTimeMs: receipt.header.timestampMs,
      args,
    });
  }
  return events;
}
