// Officers sign in at their organisation's provider: the built-in one of the demo, in a real browser, up to a decision; the
// built-in one as an independent client sees it (openid-client); and a gateway at an independent provider (oidc-provider). Then
// an officer whose key is on a machine that is never connected, which is `zhengtong wallet`.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Server as HttpServer, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import Provider from "oidc-provider";
import * as openid from "openid-client";
import AxeBuilder from "@axe-core/playwright";
import { type Page } from "playwright-core";
import { privateKeyToAccount } from "viem/accounts";
import { registryAbi } from "../src/chain/abi";
import { slug } from "../src/chain/codes";
import { Connection } from "../src/chain/connection";
import type { Hex } from "../src/ports";
import { Parts, readUr } from "../src/wallet/elsewhere/ur";
import { type Browser, picture, text, withBrowser } from "./harness/browser";
import { Cold } from "./harness/cold";
import { film } from "./harness/film";
import { walkByKeyboard } from "./harness/keyboard";
import { Officer } from "./harness/officer";
import { Resident } from "./harness/resident";
import { Server, freePort } from "./harness/server";

/** What the officer writes to the applicant. */
const WORDS = "经核对，申请当天未满65周岁，满65周岁后可以再次申请。";

const ALLOWANCE = "old-age-allowance";
const AGENCY = "civil-affairs";
/** The agency whose officers sign in at the independent provider. */
const OTHER = "health";
const RETURN_PATH = "/desk/sign-in/return";

let server: Server;
let folder: string;
let independent: HttpServer;
let issuer: string;
/** What the independent provider says of its one account. */
const account = { sub: "u-77", staff_number: "WJ-77", office: "health", groups: ["case-workers"] as string[] };

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "zhengtong-officers-"));
  const [httpPort, providerPort] = [await freePort(), await freePort()];
  const secret = randomBytes(24).toString("base64");
  issuer = `http://127.0.0.1:${providerPort}`;
  writeFileSync(join(folder, "secret"), secret, { mode: 0o600 });
  writeFileSync(
    join(folder, "provider.toml"),
    `name = "independent"
issuer = "${issuer}"
client_id = "zhengtong health"
client_secret = "secret"
redirect_uris = ["http://127.0.0.1:${httpPort}${RETURN_PATH}"]
post_logout_redirect_uri = "http://127.0.0.1:${httpPort}/desk/sign-in"
code_claim = "staff_number"
roles_claim = "groups"
[require]
office = "health"
[roles]
case-workers = ["handler"]
`,
  );
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "zhengtong health", client_secret: secret, redirect_uris: [`http://127.0.0.1:${httpPort}${RETURN_PATH}`], grant_types: ["authorization_code"],
        post_logout_redirect_uris: [`http://127.0.0.1:${httpPort}/desk/sign-in`], backchannel_logout_uri: `http://127.0.0.1:${httpPort}/gateway/health/v1/session/oidc/logout`,
      },
    ],
    claims: { openid: ["sub", "staff_number", "office", "groups"] },
    conformIdTokenClaims: false,
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
    findAccount: async () => ({ accountId: account.sub, claims: async () => account }),
    pkce: { required: () => true },
    cookies: { keys: [randomBytes(16).toString("hex")] },
  });
  independent = createServer(provider.callback()).listen(providerPort, "127.0.0.1");
  server = await Server.start({ name: "officers", httpPort, more: ["--officers-provider", `${OTHER}:${join(folder, "provider.toml")}`] });
});
after(async () => {
  await server.dispose();
  independent.close();
  independent.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const gateway = (agency: string, path: string) => `${server.origin}/gateway/${agency}${path}`;

async function answer(agency: string, path: string, body?: unknown, token?: string): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const response = await fetch(gateway(agency, path), body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
  const content = await response.text();
  return { status: response.status, json: content === "" ? {} : (JSON.parse(content) as Record<string, unknown>) };
}

async function chooseAgency(browser: Browser, agency: string) {
  const page = await browser.page("/desk/sign-in");
  await page.locator("#organisation").selectOption(agency);
  await page.getByRole("button", { name: text("officer.account.do") }).waitFor();
  return page;
}

describe("the demo's own provider", () => {
  test("lets an officer in, who decides a case with their own key", async () => {
    const resident = await Resident.enrol(server, "refused-64");
    const own = await resident.applyFor(ALLOWANCE);
    await resident.reaches(own.id, "review");
    await withBrowser(server.origin, "officers", {}, async (browser) => {
      const page = await chooseAgency(browser, AGENCY);
      await picture(page, "officer-ways");
      await page.getByRole("button", { name: text("officer.account.do") }).click();
      await page.getByText("以下人员均为虚构").waitFor();
      await picture(page, "demo-provider");
      await page.getByRole("button", { name: /civil-affairs-1/ }).click();
      await page.waitForURL((url) => url.pathname === "/desk");
      await page.locator(`a[href="/desk/cases/${own.id}"]`).click();
      await page.getByText(text("officer.bring.lead")).waitFor();
      assert.equal(await page.getByRole("button", { name: text("act.sign") }).count(), 0, "nothing can be signed without the key");
      await picture(page, "officer-bring-key");
      await page.getByRole("button", { name: text("officer.bring.demo", { name: "civil-affairs-1" }) }).click();
      await page.getByLabel(text("act.refuse")).check();
      await page.locator("#statement").fill(WORDS);
      await page.getByRole("button", { name: text("act.sign") }).click();
      await page.getByText(text("act.done", { decision: text("act.refuse") })).waitFor();
      await page.locator("main").getByRole("link", { name: text("act.toDesk"), exact: true }).click();
      await page.getByText("civil-affairs-1").waitFor();
      await page.getByRole("button", { name: text("officer.signOut"), exact: true }).click();
      await page.getByText(text("desk.signInFirst")).or(page.getByRole("heading", { name: text("officer.signIn.title") })).first().waitFor();
    });
    const view = await resident.reaches(own.id, "refused");
    const keys = await Promise.all([0, 1, 2].map((n) => Officer.signIn(server, AGENCY, n)));
    assert.equal(view.decision?.officer?.toLowerCase(), keys[0]?.key.address.toLowerCase());
  });

  test("refuses whoever has no role any more, and whoever turns back", async () => {
    await withBrowser(server.origin, "officers-refused", {}, async (browser) => {
      for (const [who, expected] of [
        [/civil-affairs-0/, text("officer.return.failed")],
        [/Cancel/, text("officer.return.declined")],
      ] as const) {
        const page = await chooseAgency(browser, AGENCY);
        await page.getByRole("button", { name: text("officer.account.do") }).click();
        await page.getByRole("button", { name: who }).click();
        await page.getByText(expected).waitFor();
        if (who.source.includes("civil-affairs")) await page.getByText(text("problem.not-an-officer")).waitFor();
        assert.equal(new URL(page.url()).search, "", "nothing of it stays in the address");
        await picture(page, `officer-return-${expected === text("officer.return.failed") ? "failed" : "declined"}`);
        // Reloaded, or opened by somebody else, it is no sign-in.
        await page.reload();
        await page.getByText(text("officer.return.failed")).waitFor();
      }
    });
  });

  test("lets an officer add a passkey, who then signs in with it until it is removed", async () => {
    // Passkeys are of a name: the portal by its name, and not by number.
    const origin = server.origin.replace("127.0.0.1", "localhost");
    await withBrowser(origin, "officers-passkey", {}, async (browser) => {
      const page = await chooseAgency(browser, AGENCY);
      const devtools = await browser.context.newCDPSession(page);
      const options = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } as const;
      await devtools.send("WebAuthn.enable");
      const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
      const toSignIn = () => page.getByRole("link", { name: text("desk.signIn"), exact: true }).click();
      const leave = async () => {
        await page.getByRole("button", { name: text("officer.signOut"), exact: true }).click();
        await page.getByRole("heading", { name: text("officer.passkeys"), exact: true }).waitFor({ state: "detached" });
      };
      await page.getByRole("button", { name: text("officer.account.do") }).click();
      await page.getByRole("button", { name: /civil-affairs-1/ }).click();
      await page.waitForURL((url) => url.pathname === "/desk");

      await toSignIn();
      await page.getByText(text("officer.passkeys.none")).waitFor();
      await page.locator("#passkey-label").fill("办公室电脑");
      await page.getByRole("button", { name: text("officer.passkeys.add"), exact: true }).click();
      const remove = page.getByRole("button", { name: text("officer.passkeys.remove", { name: "办公室电脑" }) });
      await remove.waitFor();
      const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
      assert.deepEqual([credentials.length, credentials[0]?.rpId], [1, "localhost"]);
      await picture(page, "officer-passkeys");
      await leave();

      await page.locator("#organisation").selectOption(AGENCY);
      const enter = page.getByRole("button", { name: text("officer.passkey.do"), exact: true });
      const sent = page.waitForRequest((request) => request.url().endsWith("/v1/session/passkey"));
      await enter.click();
      await page.waitForURL((url) => url.pathname === "/desk");
      await page.getByRole("heading", { name: text("desk.title"), exact: true }).waitFor();
      const replayed = await answer(AGENCY, "/v1/session/passkey", (await sent).postDataJSON());
      assert.deepEqual([replayed.status, replayed.json["type"]], [401, "urn:zhengtong:problem:wrong-challenge"]);

      await toSignIn();
      await remove.click();
      // It had opened this session, which ends with it.
      await page.getByRole("heading", { name: text("officer.passkeys"), exact: true }).waitFor({ state: "detached" });
      await page.locator("#organisation").selectOption(AGENCY);
      const refused = page.waitForResponse((response) => response.url().endsWith("/v1/session/passkey"));
      await enter.click();
      assert.equal((await refused).status(), 401);
      await page.getByText(text("failure.gateway-refused.title")).waitFor();
      assert.equal(new URL(page.url()).pathname, "/desk/sign-in");
    });
  });

  test("is a provider for an independent client, and refuses what it should", async () => {
    const demo = new URL(`${server.origin}/demo/provider`);
    const secret = readFileSync(join(server.data, "gateways", AGENCY, "keys", "oidc.secret"), "utf8").trim();
    const options = { execute: [openid.allowInsecureRequests] };
    const client = await openid.discovery(demo, AGENCY, undefined, openid.ClientSecretBasic(secret), options);
    assert.match(String((client.serverMetadata() as Record<string, unknown>)["zhengtong_demo_network"]), /^(0x)?[0-9a-f]{192}$/);
    const redirect_uri = server.origin + RETURN_PATH;
    const asked = async () => {
      const [verifier, state, nonce] = [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
      const url = openid.buildAuthorizationUrl(client, {
        redirect_uri, scope: "openid profile", state, nonce, code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
      });
      const form = new URLSearchParams([...url.searchParams, ["person", "civil-affairs-2"]]);
      const chosen = await fetch(`${demo.href}/choose`, { method: "POST", body: form, redirect: "manual" });
      return { verifier, state, nonce, back: new URL(chosen.headers.get("location") ?? "") };
    };
    const { verifier, state, nonce, back } = await asked();
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
    const tokens = await openid.authorizationCodeGrant(client, back, checks);
    const claims = tokens.claims();
    assert.deepEqual([claims?.["employee_number"], claims?.["department"], claims?.aud], ["civil-affairs-2", AGENCY, AGENCY]);
    const refusedAs = (word: string) => (error: unknown) => (error as { error?: string }).error === word;
    await assert.rejects(openid.authorizationCodeGrant(client, back, checks), refusedAs("invalid_grant"), "a code serves once");
    const other = await asked();
    await assert.rejects(
      openid.authorizationCodeGrant(client, other.back, { ...checks, expectedState: other.state, expectedNonce: other.nonce, pkceCodeVerifier: openid.randomPKCECodeVerifier() }),
      refusedAs("invalid_grant"),
      "PKCE",
    );
    const wrong = await openid.discovery(demo, AGENCY, undefined, openid.ClientSecretBasic("guessed"), options);
    const third = await asked();
    await assert.rejects(
      openid.authorizationCodeGrant(wrong, third.back, { pkceCodeVerifier: third.verifier, expectedState: third.state, expectedNonce: third.nonce }),
      refusedAs("invalid_client"),
    );
  });
});

/** A browser at the independent provider, without a browser: its cookies, and the forms of its development pages. */
async function atIndependent(url: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let next: URL = new URL(url);
  for (let hop = 0; hop < 20; hop++) {
    if (next.pathname === RETURN_PATH) return next;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const uid = /^\/interaction\/([^/]+)$/.exec(next.pathname)?.[1];
    let response = await fetch(next, { headers: { cookie }, redirect: "manual" });
    if (uid !== undefined && response.status === 200) {
      const prompt = /name="prompt" value="(\w+)"/.exec(await response.text())?.[1] ?? "login";
      const body = new URLSearchParams({ prompt, login: account.sub, password: "x" });
      response = await fetch(next, { method: "POST", headers: { cookie }, body, redirect: "manual" });
    }
    for (const set of response.headers.getSetCookie()) {
      const [pair = ""] = set.split(";");
      const at = pair.indexOf("=");
      if (pair.slice(at + 1) === "") cookies.delete(pair.slice(0, at));
      else cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const location = response.headers.get("location");
    if (location === null) throw new Error(`${next.href}: ${response.status} ${await response.text()}`);
    next = new URL(location, next);
  }
  throw new Error("too many redirects");
}

describe("an independent provider", () => {
  const secret = "kept by this browser";
  const begin = async () => {
    const body = { redirect_uri: server.origin + RETURN_PATH, browser: createHash("sha256").update(secret).digest("hex") };
    const begun = await answer(OTHER, "/v1/session/oidc", body);
    assert.equal(begun.status, 200, JSON.stringify(begun.json));
    return { url: String(begun.json["url"]), state: String(begun.json["state"]) };
  };
  const signIn = async () => {
    const { url, state } = await begin();
    const back = await atIndependent(url);
    assert.equal(back.searchParams.get("state"), state);
    const returned = { state, secret, code: back.searchParams.get("code"), iss: back.searchParams.get("iss") };
    return { returned, result: await answer(OTHER, "/v1/session/oidc/finish", returned) };
  };

  test("signs an officer in, once for each code, by the claims of the day", async () => {
    const { returned, result } = await signIn();
    assert.equal(result.status, 200, JSON.stringify(result.json));
    const token = String(result.json["token"]);
    const who = await answer(OTHER, "/v1/session", undefined, token);
    assert.deepEqual(who.json, { name: "WJ-77", agency: OTHER, roles: ["handler"], key: null });
    assert.equal((await answer(OTHER, "/v1/desk/cases", undefined, token)).status, 200);
    assert.equal((await answer(OTHER, "/v1/session/oidc/finish", returned)).status, 401, "the state serves once");
    const again = await begin();
    const replayed = await answer(OTHER, "/v1/session/oidc/finish", { ...returned, state: again.state });
    assert.deepEqual([replayed.status, replayed.json["type"]], [401, "urn:zhengtong:problem:code-refused"], "and so does the code");

    account.groups = [];
    const gone = await signIn();
    assert.deepEqual([gone.result.status, gone.result.json["type"]], [403, "urn:zhengtong:problem:not-an-officer"]);
    account.groups = ["case-workers"];
    account.office = "elsewhere";
    assert.equal((await signIn()).result.status, 403);
    account.office = "health";
    assert.equal((await signIn()).result.status, 200);
  });
});

describe("a key on a machine that is never connected", () => {
  let cold: Cold;
  let connection: Connection;
  let chainId: number;

  before(async () => {
    cold = await Cold.make(join(folder, "cold"));
    connection = new Connection({ rpcUrl: server.rpcUrl });
    ({ chainId } = await connection.network());
  });

  /** As the agency's administrator does it. */
  async function appoint(active: boolean): Promise<void> {
    const attester = readFileSync(join(server.data, "gateways", AGENCY, "keys", "attester.key"), "utf8").trim();
    const key = privateKeyToAccount((attester.startsWith("0x") ? attester : `0x${attester}`) as Hex);
    await connection.send(key, { contract: "registry", abi: registryAbi, functionName: "setOfficer", args: [cold.address, slug(AGENCY), active] });
  }

  async function chooseElsewhere(browser: Browser, language: "zh-CN" | "en" = "zh-CN"): Promise<Page> {
    const page = await browser.page("/desk/sign-in");
    await page.locator("#organisation").selectOption(AGENCY);
    await page.getByText(text("officer.byKey", {}, language)).click();
    await page.getByLabel(text("elsewhere.way", {}, language)).check();
    return page;
  }

  /** Saves a file of the request for the other machine. */
  async function save(page: Page, name: string, as: string): Promise<void> {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: text("elsewhere.show.save", { name }) }).click()]);
    await download.saveAs(cold.at(as));
  }

  const bring = (page: Page, name: string) => page.locator("#answer-file").setInputFiles(cold.at(name));
  const isWrong = (page: Page, words: string) => page.locator("#answer-error", { hasText: words }).waitFor();

  test("signs an officer in, and a decision that is final, by files there and back", async () => {
    const resident = await Resident.enrol(server, "refused-64");
    const own = await resident.applyFor(ALLOWANCE);
    await resident.reaches(own.id, "review");
    const seen = cold.at("screen.y4m");
    const parts = new Parts("crypto-hdkey", readUr(cold.account, "crypto-hdkey").content, 40);
    film(seen, Array.from({ length: parts.count }, (_, n) => parts.part(n + 1)));
    await withBrowser(server.origin, "officers-cold", { camera: seen }, async (browser) => {
      const page = await chooseElsewhere(browser);
      // Nobody appointed it yet: the chain is asked before anybody walks.
      await page.locator("#account-text").fill(cold.account);
      await page.getByRole("button", { name: text("elsewhere.account.do") }).click();
      await page.getByText(text("elsewhere.standing.bad")).waitFor();
      assert.equal(await page.getByRole("button", { name: text("officer.signIn.do") }).count(), 0);
      await appoint(true);
      await page.getByRole("button", { name: text("elsewhere.account.other") }).click();
      await page.getByRole("button", { name: text("elsewhere.camera.open") }).click();
      await page.getByText("73c5da0a").waitFor();
      await page.getByText("Desk 3").waitFor();
      await page.getByText(`0: ${cold.address.slice(0, 8).toLowerCase()}`, { exact: false }).first().waitFor({ state: "attached" });
      await picture(page, "officer-elsewhere-account");

      await page.getByRole("button", { name: text("officer.signIn.do") }).click();
      await page.getByText(text("elsewhere.what.sign-in")).waitFor();
      await picture(page, "officer-elsewhere-sign-in");
      await save(page, "request.ur", "sign-in.ur");
      const shown = await cold.sign("sign-in.ur", "sign-in-signature.ur", chainId);
      assert.match(shown, /Sign in to the desk of this agency\./);
      assert.doesNotMatch(shown, /WARNING/);
      await bring(page, "sign-in.ur");
      await isWrong(page, text("elsewhere.wrong.request"));
      await bring(page, "sign-in-signature.ur");
      await page.waitForURL((url) => url.pathname === "/desk");

      await page.locator(`a[href="/desk/cases/${own.id}"]`).click();
      await page.getByLabel(text("act.refuse")).check();
      await page.locator("#statement").fill(WORDS);
      const decide = page.getByRole("button", { name: text("act.sign") });
      await decide.click();
      await page.getByText(text("elsewhere.what.decision")).waitFor();
      await save(page, "request.ur", "given-up.ur");
      await cold.sign("given-up.ur", "given-up-signature.ur", chainId);
      await page.getByRole("button", { name: text("elsewhere.stop") }).click();
      await page.getByRole("button", { name: text("elsewhere.stop.yes"), exact: true }).click();
      await page.getByText(text("failure.signing-stopped.title")).waitFor();

      await decide.click();
      await page.getByText(text("elsewhere.what.decision")).waitFor();
      await bring(page, "given-up-signature.ur");
      await isWrong(page, text("elsewhere.wrong.other-request"));
      await page.getByRole("button", { name: text("elsewhere.show.go") }).click();
      await picture(page, "officer-elsewhere-decision");
      await save(page, "request.ur", "request.ur");
      await save(page, "request.json", "request.json");
      const read = await cold.sign("request.ur", "signature.ur", chainId, "request.json");
      for (const words of ["不予批准", "age-below-65", own.id, "zhengtong portal", WORDS]) assert.ok(read.includes(words), `${words} is not in\n${read}`);
      const [{ law, article } = { law: "", article: "" }] = (JSON.parse(readFileSync(cold.at("request.json"), "utf8")) as { statutes: { law: string; article: string }[] }).statutes;
      assert.ok(article !== "" && read.includes(`${law} ${article}`), read);
      assert.doesNotMatch(read, /WARNING/);
      await page.locator("#answer").fill(readFileSync(cold.at("signature.ur"), "utf8"));
      await page.getByRole("button", { name: text("elsewhere.answer.do") }).click();
      await page.getByText(text("act.done", { decision: text("act.refuse") })).waitFor();
    });
    const view = await resident.reaches(own.id, "refused");
    assert.equal(view.decision?.officer?.toLowerCase(), cold.address.toLowerCase());
  });

  test("is asked for legibly on a phone, in large print, by keyboard, and is refused once it is dismissed", async () => {
    await appoint(true);
    const english = (...[key, params]: Parameters<typeof text>) => text(key, params, "en");
    await withBrowser(server.origin, "officers-cold-phone", { width: 360, elder: true, language: "en" }, async (browser) => {
      const page = await chooseElsewhere(browser, "en");
      await page.getByRole("button", { name: english("elsewhere.camera.open") }).click();
      await page.getByText(english("elsewhere.camera.none")).waitFor();
      await page.getByRole("button", { name: english("elsewhere.camera.close") }).click();
      await page.locator("#account-text-file").setInputFiles(cold.at("account.ur"));
      await page.getByRole("button", { name: english("officer.signIn.do") }).click();
      await page.getByText(english("elsewhere.what.sign-in")).waitFor();
      assert.equal(await page.evaluate(() => document.activeElement?.id), "asking-title");
      await page.locator("section.asking summary").click();
      await picture(page, "officer-elsewhere-phone");
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(" | ")}`), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, "nothing scrolls sideways");
      const { unreached, unseen } = await walkByKeyboard(page);
      assert.deepEqual([unreached, unseen], [[], []]);
      await page.getByRole("button", { name: english("elsewhere.stop") }).click();
      await page.getByRole("button", { name: english("elsewhere.stop.yes"), exact: true }).click();
      await appoint(false);
      await page.getByRole("button", { name: english("elsewhere.account.other") }).click();
      await page.locator("#account-text-file").setInputFiles(cold.at("account.ur"));
      await page.getByText(english("elsewhere.standing.bad")).waitFor();
      await page.getByText("has dismissed it").waitFor();
      await picture(page, "officer-elsewhere-dismissed");
    });
  });
});
