import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { SDJwtInstance } from "@sd-jwt/core";
import { describe, expect, it } from "vitest";
import { type Hex, base64Url, bytesToHex, hexToBytes, stringToBytes } from "../bytes";
import { holderKey, receiverKey } from "../derive";
import { publicJwk, thumbprint } from "../identity";
import { keyringOf } from "../keyring";
import { CERTIFICATE, PASSPHRASE, WORDS, identify, openStore } from "../testing";
import vectors from "../vectors.json";
import { receiverOf } from "../codes";
import { openHandover, sealHandover } from "./codes";
import { type DelegationTerms, documentOf, keyOf, rootOf, treeOf } from "./terms";
import { GUARDIANSHIP_VCT, ofAgeS, requireConfirmed, statusOf } from "./ward";

const CHILD = "440304201701010018";
const GUARDIAN = "440304198001010015";
const ISSUER = "https://gateway.example/gateway/public-security";
const issuerKey = p256.utils.randomSecretKey();
const hasher = (data: string | ArrayBuffer) => sha256(typeof data === "string" ? stringToBytes(data) : new Uint8Array(data));
const issuer = new SDJwtInstance({ signer: (data: string) => base64Url(p256.sign(stringToBytes(data), issuerKey)), signAlg: "ES256", hasher, hashAlg: "sha-256", saltGenerator: () => "salt" });

async function confirmed(terms: DelegationTerms, change: Record<string, unknown> = {}, jwk?: unknown, header: object = { x5c: [CERTIFICATE] }): Promise<string> {
  const status = { status_list: { idx: 7, uri: `${ISSUER}/v1/status` } };
  const payload = { iss: ISSUER, iat: 1, exp: terms.until, vct: GUARDIANSHIP_VCT, terms: documentOf(terms), status, cnf: { jwk }, number: CHILD, guardian: GUARDIAN, kind: "parent", ...change };
  return await issuer.issue(payload as never, { _sd: ["number", "guardian", "kind"] } as never, { header });
}

it("somebody is of age from the midnight of the eighteenth birthday in Beijing", () => {
  // As the gateways' test has them.
  expect(ofAgeS("990101200811220020")).toBe(1_795_276_800);
  expect(ofAgeS("990101200802290020")).toBe(1_772_208_000);
});

describe("a credential of guardianship", () => {
  async function family() {
    const guardian = await identify(await (await openStore()).create(WORDS, PASSPHRASE), GUARDIAN);
    const keyring = keyringOf(guardian);
    const seed = await keyring.nextDelegationSeed();
    const bytes = hexToBytes(seed);
    const jwk = await guardian.holderKey();
    const terms: DelegationTerms = { ...(vectors.delegation.terms as DelegationTerms), key: keyOf(bytes), cases: rootOf(treeOf(bytes)), delegate: thumbprint(jwk), role: "guardian" };
    return { guardian, keyring, seed, jwk, terms };
  }

  it("confirms its terms for its holder, and nothing else", async () => {
    const { jwk, terms } = await family();
    const good = await confirmed(terms, {}, jwk);
    expect(() => requireConfirmed(good, terms)).not.toThrow();
    const other = publicJwk(bytesToHex(p256.utils.randomSecretKey()));
    for (const wrong of [await confirmed({ ...terms, until: terms.until + 1 }, {}, jwk), await confirmed(terms, { vct: "urn:zhengtong:identity:1" }, jwk), await confirmed(terms, {}, other), "", "a.b.c~"]) {
      expect(() => requireConfirmed(wrong, terms)).toThrow(expect.objectContaining({ reason: "delegation-forged" }));
    }
  });

  it("has its status in the list of the organisation that its certificate names, wherever that one's gateway is", async () => {
    const { jwk, terms } = await family();
    const at = { list: `${ISSUER}/v1/status`, organisation: "public-security", index: 7 };
    expect(statusOf(await confirmed(terms, {}, jwk), 20260)).toEqual(at);
    const without = { status: { status_list: { idx: 7, uri: "zhengtong:20260/civil-affairs/v1/status" } }, iss: "civil-affairs" };
    expect(statusOf(await confirmed(terms, without, jwk, {}), 20260)).toEqual({ list: without.status.status_list.uri, organisation: "civil-affairs", index: 7 });
    const another = { status: { status_list: { idx: 7, uri: "https://elsewhere.example/v1/status" } } };
    for (const unknown of [await confirmed(terms, another, jwk), await confirmed(terms, {}, jwk, {}), await confirmed(terms, {}, jwk, { x5c: ["AAAA"] }), await confirmed(terms, { status: undefined }, jwk), "a.b.c~"]) {
      expect(statusOf(unknown, 20260)).toBeNull();
    }
    expect(statusOf(await confirmed(terms, {}, jwk), 20261)).toBeNull();
  });

  it("is shown for one case to one agency, with the two numbers alone; the case is the child's", async () => {
    const { guardian, keyring, seed, jwk, terms } = await family();
    await keyring.keepDelegation({ side: "held", seed, terms, name: "小明", presentation: await confirmed(terms, {}, jwk) });
    const own = await guardian.newCase("disability-living-subsidy", 1, {}, terms.key);
    const shown = (await keyring.delegationShown(own, "health", 1_790_000_000_000)) as { presentation: string; place: { index: number } };
    const parts = shown.presentation.split("~");
    const decoded = parts.slice(1, -1).map((part) => (JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/"))) as string[]).slice(1));
    expect(decoded).toEqual([["number", CHILD], ["guardian", GUARDIAN]]);
    const binding = JSON.parse(atob((parts.at(-1) ?? "").split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "")) as object;
    expect(binding).toMatchObject({ aud: "health", nonce: own.id });
    // The child's own wallet makes the same commitment.
    const child = await identify(await (await openStore()).create(await newWords(), PASSPHRASE), CHILD);
    await keyringOf(child).keepDelegation({ side: "given", seed, terms, name: "妈妈", presentation: "" });
    await keyringOf(child).keepFound([own]);
    expect(await keyringOf(child).personCommitment(own.id)).toBe(await keyring.personCommitment(own.id));
    // Another guardian sees it, and shows nothing in it.
    const other = await identify(await (await openStore()).create(await newWords(), PASSPHRASE), "440304198001010023");
    await keyringOf(other).keepDelegation({ side: "seen", seed, terms, name: "妈妈", presentation: await confirmed(terms, {}, jwk) });
    await keyringOf(other).keepFound([own]);
    expect(await keyringOf(other).personCommitment(own.id)).toBe(await keyring.personCommitment(own.id));
    await expect(keyringOf(other).delegationShown(own, "health", 0)).rejects.toMatchObject({ reason: "delegation-foreign" });
  });

  it("is handed on to whoever asked, and to nobody with terms that it does not confirm", async () => {
    const { seed, jwk, terms } = await family();
    const other = hexToBytes(`0x${"07".repeat(32)}` as Hex);
    const secret = receiverKey(other);
    const holder = publicJwk(holderKey(other));
    const good = { terms, seed, presentation: await confirmed(terms, {}, jwk), name: "妈妈" };
    expect(await openHandover(secret, holder, await sealHandover(receiverOf(secret), good), vectors.chainId)).toEqual(good);
    const wider = { ...good, terms: { ...terms, services: [...terms.services, "x"] } };
    await expect(openHandover(secret, holder, await sealHandover(receiverOf(secret), wider), vectors.chainId)).rejects.toMatchObject({ reason: "delegation-forged" });
    // A carer's stays for one wallet alone.
    const carer = { ...good, terms: { ...terms, role: "carer" as const } };
    await expect(openHandover(secret, holder, await sealHandover(receiverOf(secret), carer), vectors.chainId)).rejects.toMatchObject({ reason: "delegation-foreign" });
  });
});

async function newWords(): Promise<string[]> {
  return (await openStore()).newWords("en");
}
