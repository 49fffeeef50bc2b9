// The wallet at rest: opened by a passkey alone (WebAuthn PRF), in a real browser with virtual authenticators; and without
// a connection, from the portal that the device keeps.
import assert from "node:assert/strict";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { CDPSession, Page } from "playwright-core";
import { DEMO_PASSPHRASE } from "../src/screens/SignIn/demo";
import { type Browser, picture, text, withBrowser } from "./harness/browser";
import { IndexClient } from "./harness/index-client";
import { CASE_PATH, answerQuestions, checkAndSend, chooseResident, verdict } from "./harness/portal";
import { FORMS } from "./harness/resident";
import { ROOT } from "./harness/paths";
import { Server } from "./harness/server";
import { filesOf, workerScript } from "../worker/plugin";

const ALLOWANCE = "old-age-allowance";
/** Asks for a consent. */
const SUBSIDY = "disability-living-subsidy";
const DECIDED_WITHIN_MS = 30_000;

let server: Server;
let index: IndexClient;
/** Passkeys are bound to a name, so the pages are reached by name. */
let origin: string;
/** The build that is served: a copy, so that a new one can take its place. */
const portal = mkdtempSync(join(tmpdir(), "zhengtong-portal-"));

before(async () => {
  cpSync(join(ROOT, "portal/dist"), portal, { recursive: true });
  server = await Server.start({ name: "wallet", more: ["--portal", portal] });
  index = new IndexClient(server.origin);
  origin = `http://localhost:${server.httpPort}`;
});
after(async () => {
  await server.dispose();
  rmSync(portal, { recursive: true, force: true });
});

interface Device {
  readonly page: Page;
  /** Passkeys that the authenticator holds. */
  passkeys(): Promise<number>;
  /** Takes the authenticator away and plugs another one in. */
  another(): Promise<void>;
}

async function withAuthenticator(browser: Browser, hasPrf: boolean): Promise<Device> {
  const page = await browser.page("/sign-in");
  const session: CDPSession = await browser.context.newCDPSession(page);
  const add = async (): Promise<string> => {
    const options = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, hasPrf } as const;
    return (await session.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
  };
  await session.send("WebAuthn.enable");
  let authenticatorId = await add();
  return {
    page,
    passkeys: async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
    another: async () => {
      await session.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
      authenticatorId = await add();
    },
  };
}

async function toWallet(page: Page): Promise<void> {
  await page.getByRole("link", { name: text("nav.wallet"), exact: true }).first().click();
  await page.getByRole("heading", { level: 2, name: text("ways.title") }).waitFor();
}

async function addPasskey(page: Page, passphrase: string): Promise<void> {
  await page.getByRole("button", { name: text("ways.addPasskey"), exact: true }).click();
  await page.locator("#current").fill(passphrase);
  await page.getByRole("button", { name: text("ways.do"), exact: true }).click();
}

/** Opens the demonstration wallet from wherever the page asks for it. */
async function unlock(page: Page): Promise<void> {
  const ask = page.locator("main").getByRole("link", { name: text("nav.signIn"), exact: true });
  await ask.or(page.locator("#passphrase")).first().waitFor();
  if (await ask.isVisible()) await ask.click();
  await page.locator("#passphrase").fill(DEMO_PASSPHRASE);
  await page.getByRole("button", { name: text("unlock.do"), exact: true }).click();
}

/** Everything that the browser keeps of the wallet, as a thief of the disk reads it: its bytes, one character each. */
async function atRest(page: Page): Promise<string> {
  return await page.evaluate(
    () =>
      new Promise<string>((resolve, reject) => {
        const opening = indexedDB.open("zhengtong", 1);
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const found = opening.result.transaction("wallet").objectStore("wallet").get("vault");
          found.onsuccess = () => {
            opening.result.close();
            resolve(JSON.stringify(found.result, (_, value: unknown) => (value instanceof Uint8Array ? String.fromCharCode(...value) : value)));
          };
        };
      }),
  );
}

describe("a wallet that a passkey seals", () => {
  test("is opened by a touch alone after the page was closed, and applies", async () => {
    await withBrowser(origin, "passkey", {}, async (browser) => {
      const { page, passkeys, another } = await withAuthenticator(browser, true);
      await chooseResident(page, index, "approved-66");
      await page.waitForURL(`${origin}/`);
      await toWallet(page);
      await addPasskey(page, "not the passphrase");
      await page.getByText(text("failure.wrong-passphrase.title")).waitFor();
      assert.equal(await passkeys(), 0, "nothing was made for somebody who cannot open the wallet");
      await page.locator("#current").fill(DEMO_PASSPHRASE);
      await page.getByRole("button", { name: text("ways.do"), exact: true }).click();
      await page.getByText(text("ways.addedPasskey")).waitFor();
      await picture(page, "passkey-added");
      assert.equal(await passkeys(), 1);

      // Without the passphrase from now on.
      await page.getByRole("button", { name: `${text("ways.remove")} ${text("ways.kind.passphrase")}` }).click();
      await page.getByText(text("ways.removePassphrase")).waitFor();
      await picture(page, "passphrase-remove");
      await page.getByRole("button", { name: text("ways.removeSure"), exact: true }).click();
      await page.getByText(text("ways.removedText")).waitFor();

      await page.goto(`${origin}/services/${ALLOWANCE}/apply`);
      await page.locator("main").getByRole("link", { name: text("nav.signIn"), exact: true }).click();
      await page.getByText(text("unlock.passkeyText")).waitFor();
      assert.equal(await page.locator("#passphrase").count(), 0, "no passphrase is asked for");
      await picture(page, "passkey-unlock");
      await page.getByRole("button", { name: text("unlock.passkey"), exact: true }).click();
      await answerQuestions(page, FORMS[ALLOWANCE] ?? {});
      await checkAndSend(page);
      await verdict(page).getByText(text("case.approvedAmount.title", { amount: "" }).slice(0, 3)).waitFor({ timeout: DECIDED_WITHIN_MS });
      assert.match(page.url(), CASE_PATH);

      const { number } = await index.resident("approved-66");
      const kept = await atRest(page);
      for (const secret of [number, "seed", "nextIndex", ALLOWANCE]) assert.ok(!kept.includes(secret), `the disk shows ${secret}`);
      assert.ok(!kept.includes('"kind":"passphrase"') && kept.includes('"kind":"passkey"'), "one way is left");

      // The same passkey signs for the account that guards the backup.
      await toWallet(page);
      await page.getByRole("link", { name: text("protection.set") }).click();
      await page.getByRole("button", { name: text("protect.do") }).click();
      await page.getByText(text("protection.kind.passkey")).waitFor();
      assert.equal(await passkeys(), 1, "one passkey does both");

      // Locked by hand; another device's authenticator opens nothing.
      await page.getByRole("button", { name: text("wallet.lock") }).click();
      await another();
      await page.getByRole("link", { name: text("nav.signIn"), exact: true }).first().click();
      await page.getByRole("button", { name: text("unlock.passkey"), exact: true }).click();
      await page.getByText(text("failure.passkey-refused.next")).waitFor();
      await picture(page, "passkey-refused");
    });
  });

  test("is not offered as sealed by an authenticator without PRF, which is said, and the passphrase stays", async () => {
    await withBrowser(origin, "passkey-without-prf", { width: 360, height: 760 }, async (browser) => {
      const { page } = await withAuthenticator(browser, false);
      await chooseResident(page, index, "refused-64");
      await page.waitForURL(`${origin}/`);
      await toWallet(page);
      await addPasskey(page, DEMO_PASSPHRASE);
      await page.getByText(text("failure.passkey-unable.title")).waitFor();
      await page.getByText(text("failure.passkey-unable.next")).waitFor();
      await picture(page, "passkey-unable");
      assert.ok(!(await atRest(page)).includes('"kind":"passkey"'));
      await page.goto(`${origin}/sign-in`);
      await page.locator("#passphrase").fill(DEMO_PASSPHRASE);
      await page.getByRole("button", { name: text("unlock.do"), exact: true }).click();
      await page.waitForURL(`${origin}/`);
    });
  });
});

/** Everything that the browser keeps in caches, by address. */
async function cached(page: Page): Promise<string[]> {
  return await page.evaluate(async () => {
    const all: string[] = [];
    for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) all.push(new URL(request.url).pathname);
    return all.sort();
  });
}

/** Another build: the same portal under another name. */
function publish(name: string, integrity?: string): void {
  const front = join(portal, "index.html");
  const text = readFileSync(front, "utf8");
  const [, script = ""] = /<script type="module"[^>]* src="([^"]+)"/.exec(text) ?? [];
  copyFileSync(join(portal, script), join(portal, "assets", `${name}.js`));
  writeFileSync(front, text.replace(script, `/assets/${name}.js`));
  const files = filesOf(portal);
  writeFileSync(join(portal, "sw.js"), workerScript(integrity === undefined ? files : files.map((file) => (file.path === "/index.html" ? { ...file, integrity } : file))));
}

/** Looks for a new build, and waits until it is taken or refused. */
async function update(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    while (registration.installing !== null) await new Promise((resolve) => setTimeout(resolve, 50));
  });
}

describe("the portal on a device", () => {
  test("can be installed, and shows without any server what the wallet holds", async () => {
    await withBrowser(origin, "offline", { width: 360, height: 760, kept: true }, async (browser) => {
      const page = await browser.page("/");
      const session = await browser.context.newCDPSession(page);
      await page.evaluate(async () => void (await navigator.serviceWorker.ready));
      const manifest = await session.send("Page.getAppManifest");
      assert.deepEqual(manifest.errors, []);
      assert.match(manifest.data ?? "", /"display": "standalone"/);
      assert.deepEqual((await session.send("Page.getInstallabilityErrors")).installabilityErrors, []);
      for (const [path, type] of [["/manifest.webmanifest", "application/manifest+json"], ["/sw.js", "text/javascript"]] as const) {
        const answer = await fetch(server.origin + path);
        assert.equal(answer.headers.get("content-type"), type);
      }

      await page.goto(`${origin}/sign-in`);
      await chooseResident(page, index, "subsidy-approved-45");
      await page.waitForURL(`${origin}/`);
      await page.goto(`${origin}/services/${SUBSIDY}/apply`);
      await unlock(page);
      await answerQuestions(page, FORMS[SUBSIDY] ?? {});
      await checkAndSend(page);
      await verdict(page).getByText(text("case.approvedAmount.title", { amount: "" }).slice(0, 3)).waitFor({ timeout: DECIDED_WITHIN_MS });
      await page.getByRole("button", { name: text("credential.download") }).waitFor();
      await page.getByRole("link", { name: text("nav.myCases") }).first().click();
      await page.getByText(text("status.approved"), { exact: true }).first().waitFor();

      await server.kill();
      await browser.context.setOffline(true);
      await page.goto(`${origin}/me`);
      await page.getByText(text("offline.text")).waitFor();
      await page.locator("main").getByRole("link", { name: text("nav.signIn"), exact: true }).click();
      await unlock(page);
      await page.locator("[data-credential]").nth(1).waitFor();
      await page.locator("[data-credential] summary").nth(1).click();
      // In words, as with a connection.
      const claims = page.locator("[data-credential] dl").nth(1);
      await claims.getByText("20000").waitFor();
      const said = await claims.innerText();
      for (const words of ["困难残疾人生活补贴", "发放周期", "每月", "符合条件"]) assert.ok(said.includes(words), `${words} is not in ${said}`);
      await page.getByText(text("offline.protection").slice(0, 6)).or(page.getByText(text("protection.none"))).first().waitFor();
      await picture(page, "offline-wallet");
      await page.getByRole("link", { name: text("nav.myCases") }).first().click();
      await page.getByText(text("mine.seen", { date: "" }).slice(-4)).waitFor();
      await page.getByText(text("status.approved"), { exact: true }).first().waitFor();
      await picture(page, "offline-cases");
      // My data: what the wallet holds, as of when, and that the records of uses cannot be read.
      await page.getByRole("link", { name: text("nav.myData") }).first().click();
      await page.getByText(text("data.offline")).waitFor();
      await page.getByText(text("mine.seen", { date: "" }).slice(-4)).waitFor();
      await page.locator("[data-credential]").nth(1).waitFor();
      await picture(page, "offline-data-phone");
      // My consents: as they were given, and not to be withdrawn from here.
      await page.getByRole("link", { name: text("consents.mine") }).first().click();
      await page.getByText(text("consents.offlineText")).waitFor();
      const consent = page.locator("[data-consent=disabled-federation][data-worth=unread]");
      await consent.getByText(text("consents.withdrawOnline")).waitFor();
      const given = await consent.innerText();
      for (const words of ["残联", text("consents.kind.standing"), text("consents.unread")]) assert.ok(given.includes(words), `${words} is not in ${given}`);
      assert.equal(await page.getByRole("button", { name: text("consents.withdraw") }).count(), 0);
      await picture(page, "offline-consents-phone");
      await page.setViewportSize({ width: 1280, height: 900 });
      await picture(page, "offline-consents");
      await page.setViewportSize({ width: 360, height: 760 });

      // What is kept is the build, in the browser's caches, and nothing that anybody answered.
      assert.deepEqual(await cached(page), filesOf(portal).map((file) => file.path));
      const policy = await page.evaluate(async () => (await fetch("/index.html")).headers.get("content-security-policy"));
      assert.match(policy ?? "", /default-src 'none'; script-src 'self'/);

      await browser.context.setOffline(false);
      await server.start();
      await page.reload();
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.equal(await page.getByText(text("offline.text")).count(), 0);

      // A build that is not whole is not taken; the next whole one is told of, and is there at the next visit.
      const before = await cached(page);
      publish("index-broken", "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
      await update(page);
      assert.deepEqual(await cached(page), before);
      // A file's date in HTTP has whole seconds: one written twice in the same second would not be sent again.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      publish("index-newer");
      await update(page);
      await page.getByText(text("offline.newerText")).waitFor();
      await picture(page, "newer");
      await page.goto(`${origin}/services`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.equal(await page.locator('script[src="/assets/index-newer.js"]').count(), 1, "the next visit has the new build");
      assert.equal(await page.getByText(text("offline.newerText")).count(), 0);
    });
  });
});
