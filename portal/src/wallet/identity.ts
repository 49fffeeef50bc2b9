// The identity credential: an SD-JWT VC (RFC 9901) bound to the wallet's holder key, shown to a provider with a fresh key binding.
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { SDJwtInstance } from "@sd-jwt/core";
import type { HeldCredential, HeldIdentity, Json, PublicJwk } from "../ports";
import { type Hex, base64Url, hexToBytes, jcs, randomHex, stringToBytes } from "./bytes";
import { WalletError } from "./errors";

/** The only claim a provider needs to find its record; all others stay hidden. */
export const PRESENTED_CLAIM = "number";
const ALGORITHM = "ES256";

export function publicJwk(privateKey: Hex): PublicJwk {
  const point = p256.getPublicKey(hexToBytes(privateKey), false);
  return { kty: "EC", crv: "P-256", x: base64Url(point.slice(1, 33)), y: base64Url(point.slice(33)) };
}

/** Thumbprint of a public key (RFC 7638), base64url. */
export function thumbprint({ x, y }: PublicJwk): string {
  return base64Url(sha256(stringToBytes(jcs({ crv: "P-256", kty: "EC", x, y }))));
}

function instance(privateKey?: Hex): SDJwtInstance<Record<string, unknown>> {
  return new SDJwtInstance<Record<string, unknown>>({
    hasher: (data) => sha256(typeof data === "string" ? stringToBytes(data) : new Uint8Array(data)),
    hashAlg: "sha-256",
    saltGenerator: (length) => randomHex(length).slice(2),
    ...(privateKey === undefined
      ? {}
      : { kbSignAlg: ALGORITHM, kbSigner: (data: string) => base64Url(p256.sign(stringToBytes(data), hexToBytes(privateKey))) }),
  });
}

interface Claims {
  readonly iss?: unknown;
  readonly iat?: unknown;
  readonly exp?: unknown;
  readonly cnf?: { readonly jwk?: Partial<PublicJwk> };
}

/** Reads a credential and refuses one that is bound to another key. */
export async function readIdentity(raw: string, holder: PublicJwk): Promise<Omit<HeldIdentity, "isCounted">> {
  let claims: Claims;
  try {
    claims = ((await instance().decode(raw)).jwt?.payload ?? {}) as Claims;
  } catch (cause) {
    throw new WalletError("credential-format", cause instanceof Error ? cause.message : "not an SD-JWT");
  }
  const bound = claims.cnf?.jwk;
  if (bound?.x !== holder.x || bound.y !== holder.y) throw new WalletError("credential-foreign", "the credential is bound to another wallet");
  if (typeof claims.iss !== "string" || typeof claims.iat !== "number") throw new WalletError("credential-format", "iss or iat is missing");
  return { raw, issuer: claims.iss, issuedAt: claims.iat, expiresAt: typeof claims.exp === "number" ? claims.exp : null };
}

/** Presents the credential to one agency: the nonce is the case it is for, or the agency's challenge; the audience is the agency. */
export async function presentIdentity(raw: string, privateKey: Hex, nonce: string, provider: string, nowMs: number): Promise<string> {
  const kb = { payload: { iat: Math.floor(nowMs / 1000), aud: provider, nonce } };
  return await instance(privateKey).present(raw, { [PRESENTED_CLAIM]: true }, { kb });
}

/** Presents a credential with these claims, and refuses to let any other out that could have been hidden. */
export async function presentCredential(raw: string, privateKey: Hex, shown: { claims: readonly string[]; nonce: string; audience: string; nowMs: number }): Promise<string> {
  const kb = { payload: { iat: Math.floor(shown.nowMs / 1000), aud: shown.audience, nonce: shown.nonce } };
  const frame = Object.fromEntries(shown.claims.map((name) => [name, true]));
  const presentation = await instance(privateKey).present(raw, frame, { kb });
  const [before, after, open] = await Promise.all([readClaims(raw), readClaims(presentation), openClaims(raw)]);
  const isWanted = (name: string) => shown.claims.includes(name);
  const missing = shown.claims.find((name) => !Object.hasOwn(after, name) || JSON.stringify(after[name]) !== JSON.stringify(before[name]));
  if (missing !== undefined) throw new WalletError("credential-format", `the credential has no "${missing}"`);
  const extra = Object.keys(after).find((name) => !isWanted(name) && !open.includes(name) && !TECHNICAL.includes(name));
  if (extra !== undefined) throw new WalletError("evidence-undeclared", extra);
  return presentation;
}

/** Names of the claims that are never hidden. */
async function openClaims(raw: string): Promise<string[]> {
  const payload = ((await instance().decode(raw)).jwt?.payload ?? {}) as Record<string, unknown>;
  return Object.keys(payload).filter((name) => !TECHNICAL.includes(name));
}

/** The number that the credential proves, as agencies see it. */
export async function numberOf(raw: string): Promise<string> {
  const number = (await readClaims(raw))[PRESENTED_CLAIM];
  if (typeof number !== "string") throw new WalletError("credential-format", `the credential has no "${PRESENTED_CLAIM}"`);
  return number.toUpperCase();
}

/** The claims that a holder can read, hidden ones included. */
export async function readClaims(raw: string): Promise<Record<string, unknown>> {
  return (await instance().getClaims(raw)) as Record<string, unknown>;
}

/** Claims that every credential has, and that say nothing about the person. */
const TECHNICAL = ["iss", "iat", "nbf", "exp", "cnf", "vct", "status", "sub", "_sd_alg", "_sd"];

/** What a held credential says; it was checked when it was received. */
export async function readCredential(caseId: Hex | null, raw: string): Promise<HeldCredential> {
  const all = await readClaims(raw);
  const { iss, iat, exp, vct, status } = all;
  const index = (status as { status_list?: { idx?: unknown } } | undefined)?.status_list?.idx;
  const claims = Object.fromEntries(Object.entries(all).filter(([name]) => !TECHNICAL.includes(name))) as Record<string, Json>;
  if (typeof iss !== "string" || typeof iat !== "number") throw new WalletError("credential-format", "iss or iat is missing");
  return {
    caseId,
    issuer: iss,
    issuedAt: iat,
    expiresAt: typeof exp === "number" ? exp : null,
    vct: typeof vct === "string" ? vct : null,
    statusIndex: typeof index === "number" ? index : null,
    claims,
    open: await openClaims(raw),
  };
}
