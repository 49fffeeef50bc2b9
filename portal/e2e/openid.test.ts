// Credentials by open standards, from outside: a wallet made of other people's libraries obtains a decided case's credential
// (OpenID4VCI), shows it to an agency (OpenID4VP), and everybody refuses it once it is frozen.
import assert from "node:assert/strict";
import { X509Certificate, createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { inflateSync } from "node:zlib";
import { type CallbackContext, type Jwk, clientAuthenticationAnonymous, setGlobalConfig } from "@openid4vc/oauth2";
import { Openid4vciClient } from "@openid4vc/openid4vci";
import { Openid4vpClient } from "@openid4vc/openid4vp";
import { SDJwtInstance } from "@sd-jwt/core";
import { CompactEncrypt, CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK, importX509 } from "jose";
import { createPublicClient, hexToBytes, http as overHttp } from "viem";
import { credentialsAbi } from "../src/chain/abi";
import { statuteId } from "../src/chain/codes";
import { Connection } from "../src/chain/connection";
import { askAsCase } from "../src/chain/gateway-http";
import { readPackage } from "../src/package/read";
import type { OwnCase } from "../src/ports";
import { PATIENCE_MS, picture, text, withBrowser } from "./harness/browser";
import { Officer } from "./harness/officer";
import { ROOT } from "./harness/paths";
import { applyFromFrontPage } from "./harness/portal";
import { FORMS, Resident } from "./harness/resident";
import { runOk } from "./harness/run";
import { Server } from "./harness/server";
import { until } from "./harness/wait";

const SERVICE = "old-age-allowance";
const OWNER = "civil-affairs";
const VCT = `urn:zhengtong:credential:${SERVICE}:1`;

// The network of one listens on loopback, without TLS.
setGlobalConfig({ allowInsecureUrls: true });

let server: Server;
let resident: Resident;
let officer: Officer;
let own: OwnCase;
/** The last credential that is good. */
let latest: { credential: string; holder: { publicJwk: Jwk; privateJwk: Jwk } };
/** What the chain says an issuer's certificates must lead to. */
let anchors: X509Certificate[];

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const hasher = (data: string | ArrayBuffer): Uint8Array => new Uint8Array(createHash("sha256").update(typeof data === "string" ? data : new Uint8Array(data)).digest());

async function key(): Promise<{ publicJwk: Jwk; privateJwk: Jwk }> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const privateJwk = { ...(await exportJWK(pair.privateKey)), alg: "ES256" } as Jwk;
  return { privateJwk, publicJwk: (await exportJWK(pair.publicKey)) as Jwk };
}

/** The authorities that the chain trusts for an organisation: their certificates are in the events. */
async function anchorsOnChain(rpcUrl: string): Promise<X509Certificate[]> {
  const address = await new Connection({ rpcUrl }).contract("credentials");
  const client = createPublicClient({ transport: overHttp(rpcUrl) });
  const events = await client.getContractEvents({ address, abi: credentialsAbi, eventName: "AnchorSet", fromBlock: 0n, strict: true });
  const owner = `0x${Buffer.from(OWNER).toString("hex").padEnd(64, "0")}`;
  const own = events.filter((event) => event.args.issuer === owner && event.args.trusted);
  assert.equal(own.length, 1);
  return own.map((event) => new X509Certificate(hexToBytes(event.args.certificate)));
}

/** Believes a chain that leads to an anchor, and answers its leaf's key. */
function certified(x5c: readonly string[]): X509Certificate {
  const chain = x5c.map((text) => new X509Certificate(Buffer.from(text, "base64")));
  const last = chain[chain.length - 1];
  chain.forEach((certificate, index) => {
    const issuers = chain[index + 1] === undefined ? anchors : [chain[index + 1]];
    assert.ok(issuers.some((issuer) => issuer !== undefined && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)), "the chain is broken");
    assert.ok(Date.parse(certificate.validFrom) <= Date.now() && Date.now() < Date.parse(certificate.validTo), "a certificate is not valid now");
  });
  assert.ok(last !== undefined && chain[0] !== undefined);
  return chain[0];
}

function alternativeNames(certificate: X509Certificate): { dns: string[]; uris: string[] } {
  const names = (certificate.subjectAltName ?? "").split(", ");
  const of = (kind: string): string[] => names.filter((name) => name.startsWith(`${kind}:`)).map((name) => name.slice(kind.length + 1));
  return { dns: of("DNS"), uris: of("URI") };
}

function callbacks(keys: readonly { publicJwk: Jwk; privateJwk: Jwk }[]): CallbackContext {
  return {
    fetch,
    hash: (data) => hasher(data.slice().buffer as ArrayBuffer),
    generateRandom: (length) => new Uint8Array(randomBytes(length)),
    clientAuthentication: clientAuthenticationAnonymous(),
    signJwt: async (signer, { header, payload }) => {
      assert.equal(signer.method, "jwk");
      const found = signer.method === "jwk" ? keys.find((pair) => pair.publicJwk.x === signer.publicJwk.x) : undefined;
      assert.ok(found !== undefined);
      const jwt = await new CompactSign(encode(JSON.stringify(payload))).setProtectedHeader({ ...header, alg: "ES256" } as never).sign(await importJWK(found.privateJwk as never, "ES256"));
      return { jwt, signerJwk: found.publicJwk };
    },
    verifyJwt: async (signer, { compact }) => {
      assert.equal(signer.method, "x5c");
      const leaf = certified(signer.method === "x5c" ? signer.x5c : []);
      const publicKey = await importX509(leaf.toString(), "ES256", { extractable: true });
      await compactVerify(compact, publicKey);
      return { verified: true, signerJwk: (await exportJWK(publicKey)) as Jwk };
    },
    encryptJwe: async (encryptor, data) => {
      const header = { alg: encryptor.alg, enc: encryptor.enc, kid: encryptor.publicJwk.kid };
      const jwe = await new CompactEncrypt(encode(data)).setProtectedHeader(header as never).encrypt(await importJWK(encryptor.publicJwk as never, encryptor.alg));
      return { encryptionJwk: encryptor.publicJwk, jwe };
    },
    decryptJwe: () => ({ decrypted: false }),
    getX509CertificateMetadata: (text) => {
      const names = alternativeNames(new X509Certificate(Buffer.from(text, "base64")));
      return { sanDnsNames: names.dns, sanUriNames: names.uris };
    },
  };
}

interface OfferAnswer {
  readonly uri: string;
  readonly uri_by_reference: string;
  readonly tx_code?: string;
}

async function offer(txCode: boolean): Promise<OfferAnswer> {
  const http = { origin: server.origin, fetch, now: Date.now };
  const path = `/v1/cases/${own.id}/offer`;
  return (await askAsCase(http, resident.wallet, own, officer.gateway, { method: "POST", path, body: { tx_code: txCode } })) as OfferAnswer;
}

/** Takes up an offer as a wallet does. */
async function obtain(uri: string, holder: { publicJwk: Jwk; privateJwk: Jwk }, txCode?: string, bound?: { publicJwk: Jwk; privateJwk: Jwk }): Promise<string> {
  const client = new Openid4vciClient({ callbacks: callbacks(bound === undefined ? [holder] : [holder, bound]) });
  const credentialOffer = await client.resolveCredentialOffer(uri);
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
  const dpop = bound === undefined ? {} : { dpop: { signer: { method: "jwk" as const, alg: "ES256", publicJwk: bound.publicJwk } } };
  const { accessTokenResponse } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({ credentialOffer, issuerMetadata, ...(txCode === undefined ? {} : { txCode }), ...dpop });
  assert.equal(accessTokenResponse.token_type, bound === undefined ? "Bearer" : "DPoP");
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata });
  const [credentialConfigurationId] = credentialOffer.credential_configuration_ids;
  assert.ok(credentialConfigurationId !== undefined);
  const signer = { method: "jwk" as const, alg: "ES256", publicJwk: holder.publicJwk };
  const { jwt } = await client.createCredentialRequestJwtProof({ issuerMetadata, credentialConfigurationId, signer, nonce, issuedAt: new Date() });
  const answer = await client.retrieveCredentials({ issuerMetadata, credentialConfigurationId, proofs: { jwt: [jwt] }, accessToken: accessTokenResponse.access_token, ...dpop });
  const { credentials, notification_id: notificationId } = answer.credentialResponse;
  assert.ok(notificationId !== undefined);
  await client.sendNotification({ issuerMetadata, accessToken: accessTokenResponse.access_token, notification: { notificationId, event: "credential_accepted" }, ...dpop });
  const credential = (credentials as { credential: string }[] | undefined)?.[0]?.credential;
  assert.ok(typeof credential === "string");
  return credential;
}

interface Claims {
  readonly iss: string;
  readonly vct: string;
  readonly amount_fen?: number;
  readonly cnf: { readonly jwk: Jwk };
  readonly status: { readonly status_list: { readonly uri: string; readonly idx: number } };
}

function headerOf(jwt: string): { typ: string; x5c: string[] } {
  return JSON.parse(Buffer.from(jwt.split(".")[0] ?? "", "base64url").toString()) as { typ: string; x5c: string[] };
}

/** An outside verifier: the issuer's signature through its certificates, the disclosures, and the status list. */
async function verifyOutside(credential: string): Promise<Claims> {
  const { x5c } = headerOf(credential.split("~")[0] ?? "");
  const leaf = certified(x5c);
  const publicKey = await importX509(leaf.toString(), "ES256");
  const instance = new SDJwtInstance<Record<string, unknown>>({
    hasher, hashAlg: "sha-256", saltGenerator: () => "unused",
    verifier: async (data, signature) => {
      await compactVerify(`${data}.${signature}`, publicKey);
      return true;
    },
  });
  const { payload } = await instance.verify(credential);
  const claims = payload as unknown as Claims;
  assert.ok(alternativeNames(leaf).uris.includes(claims.iss), "the certificate is of another issuer");
  const { uri, idx } = claims.status.status_list;
  const token = await (await fetch(uri, { headers: { accept: "application/statuslist+jwt" } })).text();
  assert.equal(headerOf(token).typ, "statuslist+jwt");
  const listKey = await importX509(certified(headerOf(token).x5c).toString(), "ES256");
  const list = JSON.parse(new TextDecoder().decode((await compactVerify(token, listKey)).payload)) as { sub: string; exp: number; ttl: number; status_list: { bits: number; lst: string } };
  assert.equal(list.sub, uri);
  assert.ok(list.exp > Date.now() / 1000 && list.ttl > 0);
  const bytes = inflateSync(Buffer.from(list.status_list.lst, "base64url"));
  const { bits } = list.status_list;
  const status = ((bytes[Math.floor((idx * bits) / 8)] ?? 0xff) >> ((idx * bits) % 8)) & ((1 << bits) - 1);
  if (status !== 0) throw new Error(`status ${status}`);
  return claims;
}

interface Outcome {
  readonly state: string;
  readonly reason?: string;
  readonly credentials?: Record<string, { issuer: string; vct: string; claims: Record<string, unknown> }>;
}

const desk = async (path: string, body?: unknown): Promise<Response> => {
  const headers = { authorization: `Bearer ${officer.session.token}`, "content-type": "application/json" };
  return await fetch(`${server.origin}${officer.gateway}${path}`, { headers, ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }) });
};

/** Answers a request as a wallet does. */
async function answerRequest(uri: string, credential: string, holder: { publicJwk: Jwk; privateJwk: Jwk }): Promise<void> {
  const client = new Openid4vpClient({ callbacks: callbacks([holder]) });
  const parsed = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: uri });
  const resolved = await client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: parsed.params as never });
  const request = resolved.authorizationRequestPayload as { client_id: string; nonce: string; response_mode: string };
  const query = resolved.dcql?.query as { credentials: { id: string; meta: { vct_values: string[] }; claims: { path: string[] }[] }[] };
  const wanted = query.credentials[0];
  assert.ok(wanted !== undefined);
  assert.deepEqual(wanted.meta.vct_values, [VCT]);
  const kbKey = await importJWK(holder.privateJwk as never, "ES256");
  const instance = new SDJwtInstance<Record<string, unknown>>({
    hasher, hashAlg: "sha-256", saltGenerator: () => "unused", kbSignAlg: "ES256",
    kbSigner: async (data: string) => {
      const [header, payload] = data.split(".");
      const protectedHeader = JSON.parse(Buffer.from(header ?? "", "base64url").toString()) as { alg: string };
      return (await new CompactSign(new Uint8Array(Buffer.from(payload ?? "", "base64url"))).setProtectedHeader(protectedHeader).sign(kbKey)).split(".")[2] ?? "";
    },
  });
  const frame = Object.fromEntries(wanted.claims.map((claim) => [claim.path[0] ?? "", true]));
  const shown = await instance.present(credential, frame, { kb: { payload: { iat: Math.floor(Date.now() / 1000), aud: request.client_id, nonce: request.nonce } } });
  const encrypted = request.response_mode === "direct_post.jwt";
  const jarm = encrypted
    ? { jarm: { encryption: { nonce: request.nonce }, serverMetadata: { authorization_signing_alg_values_supported: [], authorization_encryption_alg_values_supported: ["ECDH-ES"], authorization_encryption_enc_values_supported: ["A256GCM"] } } }
    : {};
  const response = await client.createOpenid4vpAuthorizationResponse({ authorizationRequestPayload: resolved.authorizationRequestPayload as never, authorizationResponsePayload: { vp_token: { [wanted.id]: [shown] } }, ...jarm } as never);
  assert.equal(response.jarm !== undefined, encrypted);
  await client.submitOpenid4vpAuthorizationResponse({ authorizationRequestPayload: resolved.authorizationRequestPayload as never, authorizationResponsePayload: response.authorizationResponsePayload, ...(response.jarm === undefined ? {} : { jarm: { responseJwt: response.jarm.responseJwt } }) } as never);
}

/** Shows a credential to the agency as a wallet does; answers what the officer is told. */
async function present(credential: string, holder: { publicJwk: Jwk; privateJwk: Jwk }, more: Record<string, unknown>): Promise<Outcome> {
  const asked = await desk("/v1/presentations", { credentials: [{ vct: VCT, claims: ["amount_fen"] }], ...more });
  assert.equal(asked.status, 200, await asked.clone().text());
  const { id, uri } = (await asked.json()) as { id: string; uri: string };
  await answerRequest(uri, credential, holder);
  return (await (await desk(`/v1/presentations/${id}`)).json()) as Outcome;
}

before(async () => {
  server = await Server.start({ name: "openid" });
  resident = await Resident.enrol(server, "approved-66");
  officer = await Officer.signIn(server, OWNER);
  own = await resident.applyFor(SERVICE);
  await resident.reaches(own.id, "approved");
  await until("the credential is anchored", async () => (await resident.index.case(own.id)).credential);
  anchors = await anchorsOnChain(server.rpcUrl);
});

after(async () => await server.dispose());

describe("a wallet of other libraries", () => {
  test("obtains the credential by value with a code, by reference, and with a token bound to a key", async () => {
    const [holder, bound] = [await key(), await key()];
    const withCode = await offer(true);
    await assert.rejects(obtain(withCode.uri, holder, "wrong"));
    const credential = await obtain(withCode.uri, holder, withCode.tx_code);
    const claims = await verifyOutside(credential);
    assert.deepEqual([claims.vct, claims.amount_fen, claims.cnf.jwk.x], [VCT, 7_500, holder.publicJwk.x]);
    await assert.rejects(obtain(withCode.uri, holder, withCode.tx_code), "an offer is good once");
    await verifyOutside(await obtain((await offer(false)).uri_by_reference, holder));
    await verifyOutside(await obtain((await offer(false)).uri, holder, undefined, bound));
  });

  test("is made by the lines in docs/credentials.md", async () => {
    const page = readFileSync(join(ROOT, "docs/credentials.md"), "utf8");
    const lines = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    assert.notEqual(lines, "");
    const { uri_by_reference: uri, tx_code: txCode } = await offer(true);
    // evaluated in the portal's folder, whose packages it finds
    const stdout = await runOk(process.execPath, ["--input-type=module", "--eval", lines, uri, txCode ?? ""], { cwd: join(ROOT, "portal") });
    const claims = await verifyOutside(stdout.trim());
    assert.deepEqual([claims.vct, claims.amount_fen], [VCT, 7_500]);
  });

  test("shows it to the agency: encrypted, in the clear, and to one that is named by its address", async () => {
    const holder = await key();
    const credential = await obtain((await offer(false)).uri, holder);
    for (const more of [{}, { response_mode: "direct_post" }, { response_mode: "direct_post", client_id_prefix: "redirect_uri" }]) {
      const outcome = await present(credential, holder, more);
      assert.equal(outcome.state, "verified", JSON.stringify(outcome));
      assert.deepEqual(outcome.credentials?.["credential_0"], { vct: VCT, issuer: OWNER, claims: { amount_fen: 7_500 } });
    }
    const thief = await key();
    await assert.rejects(async () => {
      const outcome = await present(credential, thief, {});
      assert.equal(outcome.state, "verified", outcome.reason);
    });
  });

  test("is refused by the agency and by others once the credential is frozen, and once it is revoked", async () => {
    const holder = await key();
    const credential = await obtain((await offer(false)).uri, holder);
    await verifyOutside(credential);
    const statement = await resident.gateways.appeal(resident.wallet, own, officer.gateway, "金额不对，请复核。");
    await resident.chain.appeal(resident.wallet, own, statement);
    await until("the status list says so", async () => await verifyOutside(credential).then(() => false, (error: Error) => error.message === "status 2"), 60_000);
    const frozen = await present(credential, holder, { response_mode: "direct_post" });
    assert.deepEqual([frozen.state, frozen.reason], ["refused", "credential_0: the credential is suspended"]);

    const { rows } = readPackage((await resident.index.service(SERVICE)).package).rules;
    const row = rows.findIndex((one) => one.reason === "age-below-65");
    const { law } = rows[row] ?? assert.fail("the rules have no such row");
    const other = await Officer.signIn(server, OWNER, 1);
    await other.chain.refuse(other.key, own.id, { row, reason: "age-below-65", statute: statuteId(law.law, law.article), statement: await other.statement(own.id, "经复核，出生日期登记有误。") });
    await until("the status list says that too", async () => await verifyOutside(credential).then(() => false, (error: Error) => error.message === "status 1"), 60_000);
    const revoked = await present(credential, holder, {});
    assert.deepEqual([revoked.state, revoked.reason], ["refused", "credential_0: the credential is revoked"]);
  });

  test("takes what the case's page in the portal offers", async () => {
    await withBrowser(server.origin, "openid", {}, async (browser) => {
      const page = await browser.page();
      await applyFromFrontPage(page, resident.index, "approved-66", { slug: SERVICE, form: FORMS[SERVICE] ?? {} });
      await page.getByRole("button", { name: text("credential.offer") }).click({ timeout: PATIENCE_MS });
      await page.getByRole("img", { name: text("credential.offerQr") }).waitFor();
      const uri = await page.getByRole("link", { name: text("credential.offerOpen") }).getAttribute("href");
      const digits = await page.locator("strong", { hasText: /^\d{6}$/ }).innerText();
      await picture(page, "openid-offer");
      const holder = await key();
      latest = { holder, credential: await obtain(uri ?? "", holder, digits) };
      const claims = await verifyOutside(latest.credential);
      assert.deepEqual([claims.amount_fen, claims.cnf.jwk.x], [7_500, holder.publicJwk.x]);
    });
  });

  test("answers what an officer asks on the desk's page", async () => {
    await withBrowser(server.origin, "openid-desk", {}, async (browser) => {
      const page = await browser.page("/desk/sign-in");
      await page.locator("li", { hasText: text("agency.civil-affairs") }).getByRole("button").first().click();
      await page.getByRole("link", { name: text("ask.title") }).click();
      await page.getByLabel(text("ask.type")).selectOption(VCT);
      await page.locator("#claim-amount_fen").check();
      await page.getByRole("button", { name: text("ask.do") }).click();
      await page.getByRole("img", { name: text("ask.qr") }).waitFor();
      await picture(page, "openid-ask");
      const uri = await page.locator("code[title^='openid4vp://']").getAttribute("title");
      await answerRequest(uri ?? "", latest.credential, latest.holder);
      await page.getByText(text("ask.verified")).waitFor();
      assert.match(await page.locator("main").innerText(), /7500/);
      await picture(page, "openid-asked");
    });
  });
});
