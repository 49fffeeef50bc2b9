// A consent: the record (after ISO/IEC TS 27560) stays with the person and the agency, its hash goes on the chain.
import { keccak256, stringToBytes } from "viem";
import type { ConsentTerms, Hex, Json, OwnCase } from "../ports";
import { jcs, randomHex } from "../wallet/bytes";

export interface ConsentRecord {
  readonly id: Hex;
  readonly record: Json;
}

/** Writes the record; a random number in it keeps the hash from being guessed. */
export function consentRecord(own: Pick<OwnCase, "id" | "address">, terms: ConsentTerms, nowMs: number, recordId: Hex = randomHex(32)): ConsentRecord {
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
    until: terms.until,
  };
  return { id: consentId(record), record };
}

/** keccak256 of the canonical JSON. */
export function consentId(record: Json): Hex {
  return keccak256(stringToBytes(jcs(record)));
}
