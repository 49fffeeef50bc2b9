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

/** Where the credential's status is: the gateway of who issued it, and the place in its list. */
export function statusOf(credential: string): { gateway: string; index: number } | null {
  const { iss, status } = payloadOf(credential);
  const { idx, uri } = status?.status_list ?? {};
  const isAt = typeof iss === "string" && uri === `${iss}/v1/status` && typeof idx === "number";
  return isAt ? { gateway: iss, index: idx } : null;
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
