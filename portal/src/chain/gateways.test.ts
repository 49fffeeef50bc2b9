// @vitest-environment node
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { recoverMessageAddress } from "viem";
import { beforeEach, describe, expect, it } from "vitest";
import type { Gateways, Hex, OwnCase, Wallet } from "../ports";
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { bytesToHex, caseCommitment, formCommitment, fromBase64Url, hexToBytes, personCommitment, plain, statementCommitment, stringToBytes } from "../wallet/bytes";
import { peopleSecret } from "../wallet/derive";
import { keyringOf } from "../wallet/keyring";
import { PASSPHRASE, WORDS, identify, openStore } from "../wallet/testing";
import { Connection } from "./connection";
import { requestText } from "./gateway-http";
import { gatewaysOver } from "./gateways";
import type { LinkContent } from "./seal";

const ORIGIN = "https://portal.example";
const NOW_MS = 1_790_000_000_000;

interface Seen {
  readonly url: string;
  readonly method: string;
  readonly body: Record<string, unknown> | null;
  readonly headers: Headers;
}

let seen: Seen[];
let answers: (Response | Error)[];
let gateways: Gateways;
let wallet: Wallet;
let own: OwnCase;
let encryptionKey: Hex;
let agency: CryptoKeyPair;

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });

const fetcher: typeof fetch = async (input, init) => {
  const body = typeof init?.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : null;
  seen.push({ url: String(input), method: init?.method ?? "GET", body, headers: new Headers(init?.headers) });
  const answer = answers.shift() ?? new Error("nobody answers");
  if (answer instanceof Error) throw answer;
  return answer;
};

const NUMBER = "11010519491231002X";

/** What an agency reads in a link. */
async function opened(sealed: string): Promise<LinkContent> {
  const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const bytes = fromBase64Url(sealed);
  const info = plain(stringToBytes("zhengtong/link/v1")).buffer;
  const recipient = await suite.createRecipientContext({ recipientKey: agency.privateKey, enc: bytes.slice(0, 32).buffer, info });
  return JSON.parse(new TextDecoder().decode(await recipient.open(bytes.slice(32).buffer, plain(hexToBytes(own.id)).buffer))) as LinkContent;
}

beforeEach(async () => {
  seen = [];
  answers = [];
  const network = { chainId: 20260, name: "", publicKey: "0x", namespace: "0x", genesisHash: "0x", validators: 1, threshold: 1, contracts: {}, version: "" };
  const connection = new Connection({ rpcUrl: ORIGIN, request: async () => network });
  const http = { origin: ORIGIN, fetch: fetcher, now: () => NOW_MS, sleep: async () => {} };
  gateways = gatewaysOver(http, connection, async () => []);
  const kem = new DhkemX25519HkdfSha256();
  agency = await kem.generateKeyPair();
  encryptionKey = bytesToHex(new Uint8Array(await kem.serializePublicKey(agency.publicKey)));
  wallet = await identify(await (await openStore()).create(WORDS, PASSPHRASE), NUMBER);
  own = await wallet.newCase("old-age-allowance", 1, { account: "6222" });
});

describe("a link", () => {
  const linkTo = (slug: string, gateway = `/gateway/${slug}`) => ({ organisation: { slug, name: slug, gateway, encryptionKey }, as: { provider: true, owner: false } });

  it("is sent again while the gateway is away, and never once it was accepted", async () => {
    answers = [new Error("refused"), json({ title: "busy" }, 503), json({}, 202)];
    await gateways.link(wallet, own, linkTo("public-security"));
    expect(seen.map(({ url, method }) => [url, method])).toEqual(Array.from({ length: 3 }, () => [`${ORIGIN}/gateway/public-security/v1/links`, "POST"]));
    expect(new Set(seen.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(seen[0]?.body).toEqual({ caseId: own.id, sealed: expect.stringMatching(/^[A-Za-z0-9_-]+$/) });
    expect((await wallet.case(own.id))?.linkedAtMs).toEqual({ "public-security": NOW_MS });
    await gateways.link(wallet, own, linkTo("public-security"));
    expect(seen).toHaveLength(3);
  });

  it("gives up after a bounded number of attempts, and at once when it is refused", async () => {
    await expect(gateways.link(wallet, own, linkTo("health"))).rejects.toEqual(expect.objectContaining({ code: "offline" }));
    expect(seen).toHaveLength(8);
    answers = [json({ type: "urn:zhengtong:problem:wrong-presentation", title: "no", detail: "presentation is not for this case", field: "presentation" }, 422)];
    await expect(gateways.link(wallet, own, linkTo("health"))).rejects.toEqual(expect.objectContaining({ code: "gateway-refused", problem: "wrong-presentation", field: "presentation", detail: "presentation is not for this case" }));
    expect(seen).toHaveLength(9);
    expect((await wallet.case(own.id))?.linkedAtMs).toEqual({});
  });

  it("tells a provider and an owner of one case the same person and form, each as far as it may know", async () => {
    answers = [json({}, 202), json({}, 202)];
    await gateways.link(wallet, own, linkTo("public-security"));
    await gateways.link(wallet, own, { ...linkTo("civil-affairs"), as: { provider: false, owner: true } });
    const [provider, owner] = await Promise.all(seen.map(async ({ body }) => await opened(String(body?.["sealed"]))));
    expect([provider?.v, provider?.personCommitment, provider?.form]).toEqual([2, null, null]);
    expect([owner?.personSalt, owner?.presentation, owner?.formCommitment]).toEqual([null, null, formCommitment(own.salt, own.form)]);
    const person = personCommitment(provider?.personSalt as Hex, NUMBER);
    expect(owner?.personCommitment).toBe(person);
    const onChain = caseCommitment(person, formCommitment(own.salt, own.form));
    expect(caseCommitment(owner?.personCommitment as Hex, owner?.formCommitment as Hex)).toBe(onChain);
    // Restored from its words, with the same credential fetched again, the wallet says the same; another person does not.
    for (const [number, isSame] of [[NUMBER, true], ["110101194912310020", false]] as const) {
      const restored = await identify(await (await openStore()).create(WORDS, PASSPHRASE), number);
      const again = await restored.newCase(own.service, own.version, own.form);
      answers = [json({}, 202)];
      await gateways.link(restored, again, { ...linkTo("civil-affairs"), as: { provider: false, owner: true } });
      expect((await opened(String(seen.at(-1)?.body?.["sealed"]))).personCommitment === person).toBe(isSame);
    }
  });

  it("goes to gateways with an address of their own", async () => {
    answers = [json({}, 202)];
    await gateways.link(wallet, own, linkTo("health", "https://health.example/base/"));
    expect(seen[0]?.url).toBe("https://health.example/base/v1/links");
  });
});

describe("a resident's request", () => {
  it("is signed by the case key, and says the time to the minute: a device is not known by its clock", async () => {
    const minute = 1_789_999_980_000;
    expect(minute % 60_000).toBe(0);
    expect(Math.abs(NOW_MS - minute)).toBeLessThan(30_000);
    answers = [json({ credential: "a~b~" })];
    expect(await gateways.credential(wallet, own, "/gateway/civil-affairs")).toBe("a~b~");
    const { headers } = seen[0] as Seen;
    expect(headers.get("x-case-time")).toBe(String(minute));
    const message = requestText({ method: "GET", path: `/v1/cases/${own.id}/credential` }, minute);
    expect((await recoverMessageAddress({ message, signature: headers.get("x-case-signature") as Hex })).toLowerCase()).toBe(own.address);
  });

  it("finds no credential before there is one", async () => {
    answers = [json({ title: "not found" }, 404)];
    expect(await gateways.credential(wallet, own, "/gateway/civil-affairs")).toBeNull();
  });

  it("offers the credential to another wallet, and makes a link of nothing else", async () => {
    const uri = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa.example";
    answers = [json({ uri: "", uri_by_reference: uri, offer: {}, tx_code: "012345", expires_at_s: 1_790_000_900 })];
    expect(await gateways.offer(wallet, own, "/gateway/civil-affairs")).toEqual({ uri, txCode: "012345", expiresAtMs: 1_790_000_900_000 });
    expect(seen[0]?.url).toBe(`${ORIGIN}/gateway/civil-affairs/v1/cases/${own.id}/offer`);
    expect(seen[0]?.body).toEqual({ tx_code: true });
    answers = [json({ uri_by_reference: "javascript:alert(1)", tx_code: "012345", expires_at_s: 1 })];
    await expect(gateways.offer(wallet, own, "/gateway/civil-affairs")).rejects.toMatchObject({ code: "bad-answer" });
  });

  it("hands in more for the same person, and believes no other hash", async () => {
    const salt = `0x${"02".repeat(32)}` as const;
    const form = { account: "6223" };
    const restored = await (await openStore()).create(WORDS, PASSPHRASE);
    const same = await restored.newCase(own.service, own.version, own.form);
    const provider = { organisation: { slug: "health", name: "", gateway: "/g", encryptionKey }, as: { provider: true, owner: false } };
    answers = [json({}, 202)];
    await gateways.link(wallet, own, provider);
    const { personSalt } = await opened(String(seen.at(-1)?.body?.["sealed"]));
    const hash = caseCommitment(personCommitment(personSalt as Hex, NUMBER), formCommitment(salt, form));
    answers = [json({ hash }), json({ hash: formCommitment(salt, form) }), json({ hash })];
    await gateways.supplement(wallet, own, "/g", form, salt);
    await expect(gateways.supplement(wallet, own, "/g", form, salt)).rejects.toEqual(expect.objectContaining({ code: "bad-answer" }));
    await expect(gateways.supplement(restored, same, "/g", form, salt)).rejects.toEqual(expect.objectContaining({ reason: "no-credential" }));
  });

  it("believes no statement and no hash that do not fit", async () => {
    const salt = `0x${"01".repeat(32)}` as const;
    const hash = statementCommitment(salt, "理由");
    answers = [json({ items: [{ hash, text: "理由", salt, at_ms: 5 }] }), json({ items: [{ hash, text: "别的", salt, at_ms: 5 }] }), json({ hash })];
    expect(await gateways.statements(wallet, own, "/g")).toEqual([{ hash, text: "理由", salt, atMs: 5 }]);
    await expect(gateways.statements(wallet, own, "/g")).rejects.toEqual(expect.objectContaining({ code: "bad-answer" }));
    await expect(gateways.appeal(wallet, own, "/g", "我不同意")).rejects.toEqual(expect.objectContaining({ code: "bad-answer" }));
  });
});

describe("the desk", () => {
  it("signs in by SIWE with the gateway's nonce, and says when the session is over", async () => {
    const signed: string[] = [];
    const key = { address: own.address, signMessage: async (text: string) => (signed.push(text), "0x01" as Hex) };
    answers = [json({ nonce: "abcdefgh12345678" }), json({ token: "t", expires_at: 1_790_000_600 }), json({ items: [], next: null }), json({ title: "over" }, 401)];
    const session = await gateways.signIn("/gateway/civil-affairs", "civil-affairs", key);
    expect(session).toEqual({ organisation: "civil-affairs", token: "t", expiresAtMs: 1_790_000_600_000 });
    expect(signed[0]).toContain("Nonce: abcdefgh12345678");
    expect(await gateways.desk("/gateway/civil-affairs", session, { status: "review" })).toEqual({ items: [], next: null });
    expect(seen[2]).toMatchObject({ url: `${ORIGIN}/gateway/civil-affairs/v1/desk/cases?status=review` });
    expect(seen[2]?.headers.get("authorization")).toBe("Bearer t");
    await expect(gateways.desk("/gateway/civil-affairs", session, {})).rejects.toEqual(expect.objectContaining({ code: "session-expired" }));
  });

  it("goes to the organisation's provider with the digest of a secret, and comes back with the secret", async () => {
    answers = [json({ url: "https://sso.example/auth?x=1", state: "s" }), json({ url: "javascript:alert(1)", state: "s" }), json({ token: "t", expires_at: 1_790_000_600 }), json({ provider: "https://sso.example/out" }), new Response(null, { status: 204 })];
    expect(await gateways.beginSignIn("/g", `${ORIGIN}/desk/sign-in/return`, "abc")).toEqual({ url: "https://sso.example/auth?x=1", state: "s" });
    // SHA-256 of "abc": FIPS 180-4, appendix B.1 of its examples.
    expect(seen[0]?.body).toEqual({ redirect_uri: `${ORIGIN}/desk/sign-in/return`, browser: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" });
    await expect(gateways.beginSignIn("/g", ORIGIN, "abc")).rejects.toEqual(expect.objectContaining({ code: "bad-answer", field: "url" }));
    const session = await gateways.finishSignIn("/g", "o", { state: "s", secret: "abc", code: null, issuer: "https://sso.example" });
    expect(seen[2]?.body).toEqual({ state: "s", secret: "abc", iss: "https://sso.example" });
    expect(await gateways.signOut("/g", session)).toBe("https://sso.example/out");
    expect(await gateways.signOut("/g", session)).toBeNull();
  });

  it("gives the wallet its place in the register of people, and another one after it was replaced", async () => {
    const raw = "a~";
    const used = json({ type: "urn:zhengtong:problem:commitment-used", detail: "…", field: "commitment" }, 409);
    answers = [json({ credential: raw, seat: `0x${"5e".repeat(32)}` }), used, json({ credential: raw, seat: `0x${"5f".repeat(32)}` }), json({ credential: raw })];
    const prove = () => gateways.identity("/g", wallet, { number: NUMBER, code: "1" });
    const place = async () => (await keyringOf(wallet).content()).place;
    expect(await prove()).toBe(raw);
    expect(await place()).toEqual({ seat: `0x${"5e".repeat(32)}`, index: 0 });
    expect(seen[0]?.body).toMatchObject({ number: NUMBER, code: "1", holder: { crv: "P-256" }, commitment: await keyringOf(wallet).commitment(0) });
    expect(JSON.stringify(seen[0]?.body)).not.toContain(peopleSecret(hexToBytes((await keyringOf(wallet).content()).seed), 0).slice(2));
    expect(await prove()).toBe(raw);
    expect(seen[2]?.body).toMatchObject({ commitment: await keyringOf(wallet).commitment(1) });
    expect(await place()).toEqual({ seat: `0x${"5f".repeat(32)}`, index: 1 });
    // An organisation that enters nobody.
    expect(await prove()).toBe(raw);
    // A refusal of anything else is no reason to make another.
    answers = [json({ detail: "…", field: "code" }, 403), json({ detail: "…", field: "commitment" }, 409), ...Array.from({ length: 9 }, () => json({ detail: "…", field: "commitment" }, 409))];
    await expect(prove()).rejects.toMatchObject({ field: "code" });
    seen = [];
    await expect(prove()).rejects.toMatchObject({ field: "commitment" });
    expect(seen).toHaveLength(5);
  });

  it("says which member of an answer is wrong", async () => {
    answers = [json({ items: [{ id: "0x00", service: 1 }] }), new Response("<html>"), json({ hash: "abc" })];
    const session = { organisation: "o", token: "t", expiresAtMs: 0 };
    await expect(gateways.desk("/g", session, {})).rejects.toEqual(expect.objectContaining({ code: "bad-answer", field: "service" }));
    await expect(gateways.desk("/g", session, {})).rejects.toEqual(expect.objectContaining({ code: "bad-answer" }));
    await expect(gateways.statement("/g", session, "0x00", "x")).rejects.toEqual(expect.objectContaining({ code: "bad-answer", field: "hash" }));
  });
});

describe("a case on the desk", () => {
  const session = { organisation: "civil-affairs", token: "t", expiresAtMs: NOW_MS };
  const file = (credential: unknown) => json({ case: {}, facts: [{ predicate: "age", credential: null }, { predicate: "minimum-living-household", credential }], form: null, history: [], statements: [], acted_by: null });
  const shown = { vct: "urn:x:1", issuer: "civil-affairs", valid_until: 1_826_856_000, became: "refused", reason: "revoked" };

  it("says by predicate what was shown for it, and nothing where nothing was", async () => {
    answers = [file(shown), file({ ...shown, issuer: null, valid_until: null, became: "answer", reason: null }), file(undefined)];
    const grounds = async () => (await gateways.deskCase("/gateway/civil-affairs", session, own.id)).grounds;
    expect(await grounds()).toEqual({ "minimum-living-household": { vct: "urn:x:1", issuer: "civil-affairs", validUntil: 1_826_856_000, became: "refused", reason: "revoked" } });
    expect(await grounds()).toEqual({ "minimum-living-household": { vct: "urn:x:1", issuer: null, validUntil: null, became: "answer", reason: null } });
    expect(await grounds()).toEqual({});
  });

  it.each([
    ["became", { ...shown, became: "believed" }],
    ["valid_until", { ...shown, valid_until: "tomorrow" }],
    ["vct", { ...shown, vct: undefined }],
  ])("is refused when `%s` is not as agreed", async (field, credential) => {
    answers = [file(credential)];
    await expect(gateways.deskCase("/gateway/civil-affairs", session, own.id)).rejects.toMatchObject({ code: "bad-answer", field });
  });
});
