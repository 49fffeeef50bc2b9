// A child's guardian: when the child is of age, and what the credential of guardianship says. docs/decisions/0027-guardians.md
import { sha256 } from "@noble/hashes/sha2.js";
import { p256 } from "@noble/curves/nist.js";
import type { PublicJwk } from "../../ports";
import { type Hex, base64Url, concatBytes, fromBase64Url, stringToBytes } from "../bytes";
import { WalletError } from "../errors";
import { thumbprint } from "../identity";
import type { DelegationTerms } from "./terms";
import { documentOf } from "./terms";

export const GUARDIANSHIP_VCT = "urn:zhengtong:guardianship:1";
/** What an agency that is asked about the child must see of it. */
export const SHOWN_CLAIMS = ["number", "guardian"] as const;
/** Years at which somebody is of age (Civil Code, art. 17). */
const OF_AGE_YEARS = 18;
const BEIJING_AHEAD_S = 8 * 3600;

/** Unix seconds from which the person with this number is of age: midnight in Beijing. Born on 29 February: on the 28th. */
export function ofAgeS(number: string): number {
  const [year, month, day] = [number.slice(6, 10), number.slice(10, 12), number.slice(12, 14)].map(Number) as [number, number, number];
  const last = new Date(Date.UTC(year + OF_AGE_YEARS, month, 0)).getUTCDate();
  return Date.UTC(year + OF_AGE_YEARS, month - 1, Math.min(day, last)) / 1000 - BEIJING_AHEAD_S;
}

interface Payload {
  readonly iss?: unknown;
  readonly vct?: unknown;
  readonly terms?: unknown;
  readonly cnf?: { readonly jwk?: Partial<PublicJwk> };
  readonly status?: { readonly status_list?: { readonly idx?: unknown; readonly uri?: unknown } };
}

function payloadOf(credential: string): Payload {
  const part = credential.split("~")[0]?.split(".")[1] ?? "";
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromBase64Url(part))) as Payload;
}

/** Requires that a credential confirms these terms for the guardian they name. Who issued it is for the agencies to check. */
export function requireConfirmed(credential: string, terms: DelegationTerms): void {
  try {
    const { vct, terms: document, cnf } = payloadOf(credential);
    const { x, y } = cnf?.jwk ?? {};
    if (typeof x !== "string" || typeof y !== "string") throw new TypeError("cnf");
    if (vct === GUARDIANSHIP_VCT && document === documentOf(terms) && thumbprint({ kty: "EC", crv: "P-256", x, y }) === terms.delegate) return;
  } catch {
    // Not readable: it confirms nothing.
  }
  throw new WalletError("delegation-forged", "the credential does not confirm these terms");
}

/** Which list the credential's status is in, whose list that is, and the place in it. */
export interface StatusPlace {
  readonly list: string;
  /** Slug: its gateway is where the Registry says, whatever address the credential was issued under. */
  readonly organisation: string;
  readonly index: number;
}

/** Null where the credential does not say. */
export function statusOf(credential: string, chainId: number): StatusPlace | null {
  try {
    const { iss, status } = payloadOf(credential);
    const { idx: index, uri: list } = status?.status_list ?? {};
    if (typeof index !== "number" || typeof list !== "string") return null;
    const organisation = list === `${String(iss)}/v1/status` ? certified(credential, chainId) : UNCERTIFIED.exec(list)?.[1];
    return organisation === undefined ? null : { list, organisation, index };
  } catch {
    return null;
  }
}

/** How an organisation without a public address names its list. */
const UNCERTIFIED = /^zhengtong:[0-9]+\/([a-z0-9-]+)\/v1\/status$/;
/** Tag of a URI among the names of a certificate (RFC 5280, GeneralName [6]). */
const URI_TAG = 0x86;

/** The organisation that the issuer's certificate names (x5c, leaf first). Whether it is trusted is for the agencies to check. */
function certified(credential: string, chainId: number): string | undefined {
  const header = JSON.parse(new TextDecoder().decode(fromBase64Url(credential.split(".")[0] ?? ""))) as { x5c?: readonly unknown[] };
  const [leaf] = header.x5c ?? [];
  if (typeof leaf !== "string") return undefined;
  // Bytes as characters, one for one.
  const der = atob(leaf);
  const prefix = `urn:zhengtong:organisation:${chainId}:`;
  for (let at = der.indexOf(prefix); at >= 2; at = der.indexOf(prefix, at + 1)) {
    const length = der.charCodeAt(at - 1);
    if (der.charCodeAt(at - 2) === URI_TAG && length > prefix.length && length < 0x80) return der.slice(at + prefix.length, at + length);
  }
  return undefined;
}

interface Jwt {
  readonly payload: Record<string, unknown>;
  readonly signed: string;
  readonly signature: Uint8Array;
}

function jwt(text: string): Jwt {
  const [header, payload, signature, ...more] = text.split(".");
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) throw new TypeError("a JWT has three parts");
  const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromBase64Url(payload)));
  return { payload: json as Record<string, unknown>, signed: `${header}.${payload}`, signature: fromBase64Url(signature) };
}

/** Requires that a person's own key signed this hash for this audience: the key binding of an SD-JWT (RFC 9901, 4.3). */
export function requireSigned(presentation: string, document: Hex, audience: string): void {
  try {
    const at = presentation.lastIndexOf("~") + 1;
    const [shown, binding] = [presentation.slice(0, at), jwt(presentation.slice(at))];
    const { cnf } = payloadOf(shown);
    const key = concatBytes([Uint8Array.of(4), fromBase64Url(cnf?.jwk?.x ?? ""), fromBase64Url(cnf?.jwk?.y ?? "")]);
    const { aud, nonce, sd_hash: hash } = binding.payload;
    const isOfTerms = aud === audience && nonce === document && hash === base64Url(sha256(stringToBytes(shown)));
    if (isOfTerms && p256.verify(binding.signature, stringToBytes(binding.signed), key, { lowS: false })) return;
  } catch {
    // Not readable: not signed.
  }
  throw new WalletError("delegation-forged", "the giver did not sign these terms");
}
