import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { SDJwtInstance } from "@sd-jwt/core";
import { describe, expect, it } from "vitest";
import type { PublicJwk } from "../ports";
import { type Hex, base64Url, fromBase64Url, hexToBytes, stringToBytes } from "./bytes";
import { presentIdentity, publicJwk, readClaims, readIdentity } from "./identity";
import vectors from "./vectors.json";

const issuerKey = p256.utils.randomSecretKey(new Uint8Array(48).fill(7));
const holder = vectors.wallets[0]?.holder as { privateKey: Hex; jwk: PublicJwk };
const caseId = vectors.wallets[0]?.cases[0]?.caseId as Hex;
const NOW_MS = 1_790_000_000_000;

const verifier = (key: Uint8Array) => (data: string, signature: string) => p256.verify(fromBase64Url(signature), stringToBytes(data), key);
const jwkPoint = (jwk: PublicJwk) => Uint8Array.of(4, ...fromBase64Url(jwk.x), ...fromBase64Url(jwk.y));

const issuer = new SDJwtInstance({
  signer: (data: string) => base64Url(p256.sign(stringToBytes(data), issuerKey)),
  signAlg: "ES256",
  verifier: verifier(p256.getPublicKey(issuerKey)),
  kbVerifier: (data, signature, payload) => verifier(jwkPoint((payload["cnf"] as { jwk: PublicJwk }).jwk))(data, signature),
  hasher: (data) => sha256(typeof data === "string" ? stringToBytes(data) : new Uint8Array(data)),
  hashAlg: "sha-256",
  saltGenerator: () => "0123456789abcdef",
});

async function issue(jwk: PublicJwk = holder.jwk): Promise<string> {
  const claims = { iss: "public-security", iat: 1_789_000_000, vct: "identity", cnf: { jwk }, number: "110101196001010011", name: "甲" };
  return await issuer.issue(claims, { _sd: ["number", "name"] });
}

describe("the identity credential", () => {
  it("is kept only when it is bound to this wallet", async () => {
    const raw = await issue();
    expect(await readIdentity(raw, holder.jwk)).toEqual({ raw, issuer: "public-security", issuedAt: 1_789_000_000, expiresAt: null });
    const other = publicJwk(vectors.wallets[1]?.holder.privateKey as Hex);
    await expect(readIdentity(raw, other)).rejects.toEqual(expect.objectContaining({ reason: "credential-foreign" }));
    await expect(readIdentity("not.a.jwt~", holder.jwk)).rejects.toEqual(expect.objectContaining({ reason: "credential-format" }));
  });

  it("is presented with the number alone, bound to case, provider and time", async () => {
    const presentation = await presentIdentity(await issue(), holder.privateKey, caseId, "public-security", NOW_MS);
    const { payload, kb } = (await issuer.verify(presentation, { keyBindingNonce: caseId, currentDate: NOW_MS / 1000 })) as { payload: Record<string, unknown>; kb: { payload: unknown } };
    expect(payload["number"]).toBe("110101196001010011");
    expect(payload["name"]).toBeUndefined();
    expect(kb.payload).toMatchObject({ aud: "public-security", nonce: caseId, iat: NOW_MS / 1000 });
    expect(await readClaims(presentation)).not.toHaveProperty("name");
    expect(hexToBytes(holder.privateKey)).toHaveLength(32);
  });

  it("does not verify for another case", async () => {
    const presentation = await presentIdentity(await issue(), holder.privateKey, caseId, "public-security", NOW_MS);
    await expect(issuer.verify(presentation, { keyBindingNonce: `0x${"00".repeat(32)}`, currentDate: NOW_MS / 1000 })).rejects.toThrow();
  });
});
