// A consent: the record (after ISO/IEC TS 27560) stays with the person and the agency, its hash goes on the chain.
import { encodeAbiParameters, keccak256, stringToBytes } from "viem";
import { DAY_S, requireWithin } from "../package/consent";
import type { ConsentState, ConsentTerms, Hex, Json, OwnCase } from "../ports";
import { jcs, randomHex } from "../wallet/bytes";
import type { ProveSlots } from "./uses";

export interface ConsentRecord {
  readonly id: Hex;
  readonly record: Json;
}

/** Writes the record; a random number in it keeps the hash from being guessed. Refuses more than the service's package asks for. */
export function consentRecord(own: Pick<OwnCase, "id" | "address">, terms: ConsentTerms, nowMs: number, recordId: Hex = randomHex(32)): ConsentRecord {
  requireWithin({ use: terms.use, days: Math.ceil((terms.until - Math.floor(nowMs / 1000)) / DAY_S) }, terms.asked);
  const record: Json = {
    v: 1,
    schema: "ISO/IEC TS 27560:2023",
    recordId,
    principal: own.address,
    caseId: own.id,
    provider: terms.provider,
    service: terms.service,
    purpose: terms.purpose,
    fields: [...terms.fields],
    ...(terms.recipient === undefined ? {} : { recipient: terms.recipient }),
    grantedAtMs: nowMs,
    use: terms.use,
    until: terms.until,
  };
  return { id: consentId(record), record };
}

/** keccak256 of the canonical JSON. */
export function consentId(record: Json): Hex {
  return keccak256(stringToBytes(jcs(record)));
}

/** What the record says of the moment it ends and how often it may be used; older ones are standing. */
export function termsOf(record: Json): { until: number; once: boolean } {
  const { until, use } = record as { until?: Json; use?: Json };
  return { until: typeof until === "number" ? until : 0, once: use === "once" };
}

/** What the person's own record says that the chain does not: when it was given, and which fields may be read. */
export function givenIn(record: Json): { atMs: number | null; fields: string[] } {
  const { grantedAtMs, fields } = (record ?? {}) as { grantedAtMs?: Json; fields?: Json };
  const named = Array.isArray(fields) ? fields.filter((field): field is string => typeof field === "string") : [];
  return { atMs: typeof grantedAtMs === "number" ? grantedAtMs : null, fields: named };
}

/** The slots of a consent: provider, service, and the word that `stateOf` reads. */
export function consentSlots(id: Hex, grantor: Hex): Hex[] {
  const ofId = keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint256" }], [id, 0n]));
  const first = BigInt(keccak256(encodeAbiParameters([{ type: "address" }, { type: "bytes32" }], [grantor, ofId])));
  return [0n, 1n, 2n].map((offset) => `0x${((first + offset) % (1n << 256n)).toString(16).padStart(64, "0")}` as Hex);
}

/** Third slot, from its lowest bit: `until` (64 bits), `revoked` (8), `once` (8), `uses` (32). */
export function stateOf(word: Hex | null): Omit<ConsentState, "provider" | "id"> {
  const bits = BigInt(word ?? 0);
  const part = (from: bigint, length: bigint): bigint => (bits >> from) & ((1n << length) - 1n);
  return { until: Number(part(0n, 64n)), revoked: part(64n, 8n) !== 0n, use: part(72n, 8n) === 0n ? "standing" : "once", uses: Number(part(80n, 32n)) };
}

/** The consents of a case, with the words of the chain proven. */
export async function readConsents(address: Hex, prove: ProveSlots, own: OwnCase): Promise<ConsentState[]> {
  const kept = Object.entries(own.consents);
  if (kept.length === 0) return [];
  const words = await prove(address, kept.map(([, { id }]) => consentSlots(id, own.address)[2] as Hex));
  return kept.map(([provider, { id }], at) => ({ provider, id, ...stateOf(words[at] ?? null) }));
}
