// @vitest-environment node
// What leaves the wallet with a held credential: what the package asks for, bound to one case and one agency, and no more.
import { deflateSync } from "node:zlib";
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { SDJwtInstance } from "@sd-jwt/core";
import { beforeEach, describe, expect, it } from "vitest";
import { heldTerms } from "../package/held";
import { type Chain, type Gateways, type Hex, type Link, type OwnCase, PortFailure, type PublicJwk, type Wallet } from "../ports";
import { fits, disclosure } from "../screens/Apply/offers";
import { packages } from "../testing/packages";
import { base64Url, fromBase64Url, personCommitment, stringToBytes } from "../wallet/bytes";
import { keyringOf } from "../wallet/keyring";
import { PASSPHRASE, WORDS, identify, openStore } from "../wallet/testing";
import { apply, participantsOf } from "./apply";
import { type ChosenEvidence, requireDeclared, shownTo } from "./evidence";
import { statusIn } from "./status-list";

const NUMBER = "11010519491231002X";
const NOW_S = 1_790_000_000;
const VCT = "urn:zhengtong:credential:old-age-allowance:1";
const POLICE = "public-security";
const relief = packages["temporary-relief"]!;
const terms = heldTerms(relief).find(({ held }) => held.vct === VCT)!;

const issuerKey = p256.utils.randomSecretKey(new Uint8Array(48).fill(7));
const hasher = (data: string | ArrayBuffer) => sha256(typeof data === "string" ? stringToBytes(data) : new Uint8Array(data));
const by = (key: Uint8Array) => (data: string, signature: string) => p256.verify(fromBase64Url(signature), stringToBytes(data), key);
const point = (jwk: PublicJwk) => Uint8Array.of(4, ...fromBase64Url(jwk.x), ...fromBase64Url(jwk.y));
const issuer = new SDJwtInstance<Record<string, unknown>>({
  signer: (data: string) => base64Url(p256.sign(stringToBytes(data), issuerKey)),
  signAlg: "ES256",
  verifier: by(p256.getPublicKey(issuerKey)),
  kbVerifier: (data, signature, payload) => by(point((payload["cnf"] as unknown as { jwk: PublicJwk }).jwk))(data, signature),
  hasher,
  hashAlg: "sha-256",
  saltGenerator: () => "0123456789abcdef",
});

let wallet: Wallet;
let earlier: OwnCase;
let own: OwnCase;

beforeEach(async () => {
  wallet = await identify(await (await openStore()).create(WORDS, PASSPHRASE), NUMBER);
  earlier = await wallet.newCase("old-age-allowance", 1, {});
  const keyring = keyringOf(wallet);
  const claims = {
    iss: "https://civil-affairs.example", iat: NOW_S - 9, exp: NOW_S + 9, vct: VCT, cnf: { jwk: await keyring.credentialHolder(earlier.id) },
    status: { status_list: { idx: 5, uri: "https://civil-affairs.example/v1/status" } }, service: "old-age-allowance",
    person: await keyring.personCommitment(earlier.id), amount_fen: 15_000, reason: "age-70-to-79", decided_at: NOW_S - 9,
  };
  const raw = await issuer.issue(claims, { _sd: ["person", "amount_fen", "reason", "decided_at"] } as never);
  await wallet.updateCase(earlier.id, { credential: raw });
  own = await wallet.newCase("temporary-relief", 1, {});
});

const chosen = (change: Partial<ChosenEvidence> = {}): ChosenEvidence => ({ provider: POLICE, vct: VCT, claims: ["decided_at"], from: earlier.id, ...change });

describe("a held credential", () => {
  it("is shown with the declared claims alone, for one case, to one agency, and proves whose it is", async () => {
    const [shown] = await shownTo(wallet, own, POLICE, [chosen(), chosen({ provider: "civil-affairs" })], NOW_S * 1000);
    const { payload, kb } = (await issuer.verify(shown?.presentation ?? "", { keyBindingNonce: own.id, currentDate: NOW_S })) as unknown as { payload: Record<string, unknown>; kb: { payload: unknown } };
    expect(kb.payload).toMatchObject({ aud: POLICE, nonce: own.id, iat: NOW_S });
    expect([payload["decided_at"], payload["service"], payload["amount_fen"], payload["reason"]]).toEqual([NOW_S - 9, "old-age-allowance", undefined, undefined]);
    expect(personCommitment(shown?.personSalt as Hex, NUMBER)).toBe(payload["person"]);
    expect(await shownTo(wallet, own, "health", [chosen()], NOW_S * 1000)).toEqual([]);
  });

  it("is offered only while it holds, is complete, and settles the question", async () => {
    const credential = (await wallet.credentials()).find(({ caseId }) => caseId === earlier.id)!;
    expect(fits(terms, credential, NOW_S)).toBe(true);
    expect(fits(terms, credential, NOW_S + 9)).toBe(false); // ended
    expect(fits(terms, { ...credential, expiresAt: null }, NOW_S + 184 * 86_400)).toBe(false); // decided too long ago
    expect(fits(terms, { ...credential, vct: "urn:example" }, NOW_S)).toBe(false);
    expect(fits(terms, { ...credential, statusIndex: null }, NOW_S)).toBe(false);
    const { person: _, ...nobodys } = credential.claims;
    expect(fits(terms, { ...credential, claims: nobodys }, NOW_S)).toBe(false);
    const { shown, hidden } = disclosure({ terms, credential });
    expect([shown.map(([name]) => name).sort(), hidden.sort()]).toEqual([["decided_at", "service"], ["amount_fen", "reason"]]);
  });
});

describe("what the package does not ask for", () => {
  const undeclared = expect.objectContaining({ reason: "evidence-undeclared" });

  it.each([
    ["a claim too many", { claims: ["decided_at", "amount_fen"] }],
    ["another agency", { provider: "health" }],
    ["another type", { vct: "urn:zhengtong:credential:temporary-relief:1" }],
  ])("is never shown: %s", async (_, change) => {
    expect(() => requireDeclared(heldTerms(relief), [chosen(change)])).toThrow(expect.objectContaining({ reason: "evidence-undeclared" }) as unknown as Error);
    const links: Link[] = [];
    const ports = { chain: { tokenIssuer: async () => null } as unknown as Chain, gateways: { link: async (_wallet: Wallet, _own: OwnCase, link: Link) => void links.push(link) } as unknown as Gateways };
    const participants = participantsOf(relief, "en", NOW_S * 1000);
    await expect(apply(ports, { wallet, own, participants, organisations: [], evidence: [chosen(change)] })).rejects.toEqual(undeclared);
    expect(links).toEqual([]);
  });

  it("is not let out when the case's credential is of another type, or lacks a claim, or is gone", async () => {
    const keyring = keyringOf(wallet);
    const show = (change: object) => keyring.credentialShown({ from: earlier.id, vct: VCT, claims: ["person", "decided_at"], caseId: own.id, provider: POLICE, nowMs: NOW_S * 1000, ...change });
    await expect(show({ vct: "urn:example" })).rejects.toEqual(undeclared);
    await expect(show({ claims: ["person", "name"] })).rejects.toEqual(expect.objectContaining({ reason: "credential-format" }));
    await expect(show({ from: own.id })).rejects.toEqual(expect.objectContaining({ reason: "no-credential" }));
  });
});

describe("the issuer's status list", () => {
  // Two bits an entry, the lowest first (Token Status List, section 4.1).
  const token = (bits: unknown, bytes: Uint8Array) => `e30.${base64Url(stringToBytes(JSON.stringify({ status_list: { bits, lst: base64Url(deflateSync(bytes)) } })))}.c2ln`;

  it("says valid, revoked, suspended", async () => {
    const list = token(2, Uint8Array.of(0b11_10_01_00));
    expect(await Promise.all([0, 1, 2, 3].map((index) => statusIn(list, index)))).toEqual(["valid", "revoked", "suspended", "revoked"]);
    expect(await statusIn(token(1, Uint8Array.of(0, 0b1000_0000)), 15)).toBe("revoked");
  });

  it("is not believed beyond its end, its bound or its form", async () => {
    const bad = [
      [token(2, Uint8Array.of(0)), 4],
      [token(2, Uint8Array.of(0)), -1],
      [token(3, Uint8Array.of(0)), 0],
      [token(2, new Uint8Array((1 << 20) + 1)), 0],
      ["e30.e30.c2ln", 0],
      ["nonsense", 0],
      [`e30.${base64Url(stringToBytes(JSON.stringify({ status_list: { bits: 2, lst: "AAAA" } })))}.c2ln`, 0],
    ] as const;
    for (const [list, index] of bad) await expect(statusIn(list, index)).rejects.toBeInstanceOf(PortFailure);
  });
});
