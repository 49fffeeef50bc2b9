// One wallet on two devices: the words find what protects them, a device is added by one that is there, what either does the other
// has, also what both did while apart, both are warned of a recovery, and either stops it.
import assert from "node:assert/strict";
import { parseAbiItem } from "viem";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { picture, text, withBrowser } from "./harness/browser";
import { answerQuestions, checkAndSend, verdict } from "./harness/portal";
import { Offices, protect, withAuthenticator } from "./harness/recovery";
import { FORMS } from "./harness/resident";
import { Server } from "./harness/server";
import { until } from "./harness/wait";

const ALLOWANCE = "old-age-allowance";
const RELIEF = "temporary-relief";
const DELAY_S = 600;
const DECIDED_WITHIN_MS = 30_000;
const RESIDENT = "approved-66";
const ACCOUNT_CREATED = parseAbiItem("event AccountCreated(bytes32 indexed account, bytes32[] authorities, bytes32[] guardians, uint8 guardiansNeeded)");
/** The agency that both ask for something. */
const ASKED = "health";
/** An open wallet takes in what other devices saved every minute. */
const TAKEN_IN_WITHIN_MS = 240_000;
const COUNTERS = ["health", "human-resources"];

let server: Server;
let offices: Offices;
let origin: string;

before(async () => {
  server = await Server.start({ name: "devices", more: ["--recovery-delay", String(DELAY_S)] });
  offices = new Offices(server);
  origin = `http://localhost:${server.httpPort}`;
});
after(() => server.dispose());

/** Accounts on the chain that offices guard. */
async function guardedByOffices(): Promise<number> {
  const address = await offices.connection.contract("accounts");
  const logs = await offices.connection.client.getLogs({ address, event: ACCOUNT_CREATED, fromBlock: 0n, strict: true });
  return logs.filter(({ args }) => args.authorities.length > 0).length;
}

/** The first way in: the screen lock of the device. */
async function sealByScreenLock(page: Page, action: string): Promise<void> {
  await page.locator("input[type=radio][name=first-way][value=passkey]").check();
  await page.getByRole("button", { name: action, exact: true }).click();
}

/** Makes a wallet with words of its own, for a resident; answers the words. */
async function makeWallet(page: Page, label: string): Promise<string[]> {
  const { number, code } = await offices.index.resident(label);
  await page.goto(`${origin}/sign-in/create`);
  await page.locator("ol.words li").nth(11).waitFor();
  const words = await page.locator("ol.words li").allInnerTexts();
  assert.equal(words.length, 12);
  await page.getByRole("button", { name: text("create.written") }).click();
  for (const field of await page.locator("input[id^=word-]").all()) {
    const place = Number((await field.getAttribute("id"))?.slice("word-".length));
    await field.fill(words[place] ?? "");
  }
  await page.getByRole("button", { name: text("common.continue") }).click();
  await sealByScreenLock(page, text("create.finish"));
  await page.locator("#number").fill(number);
  await page.locator("#code").fill(code);
  await page.locator("form").getByRole("button").last().click();
  await page.getByRole("link", { name: text("identity.toHome"), exact: true }).click();
  await page.waitForURL(`${origin}/`);
  return words;
}

async function apply(page: Page): Promise<string> {
  await page.locator(`a[href="/services/${ALLOWANCE}"]`).first().click();
  await page.getByRole("link", { name: text("guide.start") }).first().click();
  await answerQuestions(page, FORMS[ALLOWANCE] ?? {});
  const id = await checkAndSend(page);
  await verdict(page).getByText(text("case.approvedAmount.title", { amount: "" }).slice(0, 3)).waitFor({ timeout: DECIDED_WITHIN_MS });
  await page.getByRole("button", { name: text("credential.download") }).waitFor();
  return id;
}

/** Locks the wallet of this device, and opens it again by its screen lock. */
async function openAgain(page: Page): Promise<void> {
  await page.getByRole("link", { name: text("nav.wallet"), exact: true }).first().click();
  await page.getByRole("button", { name: text("wallet.lock") }).click();
  await page.getByRole("link", { name: text("nav.signIn"), exact: true }).first().click();
  await page.getByRole("button", { name: text("unlock.passkey") }).click();
  await page.getByRole("link", { name: text("nav.myCases"), exact: true }).first().click();
}

/** Goes to the page where something is asked of an agency, and writes; it is not sent yet. */
async function write(page: Page, words: string): Promise<void> {
  await page.getByRole("link", { name: text("nav.myData"), exact: true }).first().click();
  await page.locator('a[href="/me/data/requests/copy"]').click();
  await page.locator("#agency").selectOption(ASKED);
  await page.locator("#text").fill(words);
}

async function sendWritten(page: Page): Promise<void> {
  await page.getByRole("button", { name: text("request.do") }).click();
  await page.waitForURL(/\/me\/data\/sent\//);
}

const requestsOf = (page: Page) => page.locator('a[href^="/me/data/sent/"]');
const unsent = (page: Page) => page.locator("li", { has: requestsOf(page) }).filter({ hasText: text("requests.unsent") });

/** What each of the requests on the list says, and goes back to it. */
async function wordsOf(page: Page): Promise<string[]> {
  const words: string[] = [];
  for (const href of await requestsOf(page).evaluateAll((links) => links.map((link) => link.getAttribute("href")))) {
    await page.locator(`a[href="${href}"]`).first().click();
    words.push(await page.locator(".written").last().innerText());
    await page.getByRole("link", { name: text("nav.myCases"), exact: true }).first().click();
    await requestsOf(page).first().waitFor();
  }
  return words.sort();
}

async function openWallet(page: Page): Promise<void> {
  // Another page first, so that this one is drawn anew.
  await page.getByRole("link", { name: text("nav.myCases"), exact: true }).first().click();
  await page.getByRole("link", { name: text("nav.wallet"), exact: true }).first().click();
  await page.getByRole("heading", { level: 2, name: text("protection.title") }).waitFor();
}

const devicesOf = (page: Page) => page.locator("[data-device]");
const warning = (page: Page) => page.getByRole("alert").getByText(text("protection.pendingTitle"));

/** In both languages, on a wide screen and on a phone; afterwards as before. */
async function pictures(page: Page, name: string): Promise<void> {
  const before = page.viewportSize();
  for (const language of ["zh-CN", "en"] as const) {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await picture(page, `${name}-${language}-${width}`);
    }
    await page.getByRole("button", { name: text("site.language", {}, language), exact: true }).first().click();
  }
  if (before !== null) await page.setViewportSize(before);
}

/** Somebody is taken for the resident at two counters. */
async function beginRecovery(number: string): Promise<void> {
  const thief = offices.device();
  const all = await offices.organisations();
  for (const office of all.filter(({ slug }) => COUNTERS.includes(slug))) {
    await thief.accounts.ask(office, false);
    const code = (await thief.held())?.tickets.find(({ authority }) => authority === office.slug)?.code ?? "";
    await offices.approve(office.slug, number, code);
  }
  await until("the delay has started", async () => (await thief.accounts.progress(all))?.state === "waiting");
}

describe("a resident with a phone and a computer", () => {
  test("finds the account again by the words, adds the second device, is warned on both, and removes one", async () => {
    const resident = await offices.index.resident(RESIDENT);
    await withBrowser(origin, "devices-first", {}, async (first) => {
      const one = await withAuthenticator(first);
      const words = await makeWallet(one, RESIDENT);
      const caseId = await apply(one);
      await protect(one);
      assert.equal(await guardedByOffices(), 1);

      await withBrowser(origin, "devices-second", { width: 390, height: 844 }, async (second) => {
        const two = await withAuthenticator(second);
        await two.goto(`${origin}/sign-in/restore`);
        await two.locator("#words").fill(words.join(" "));
        await two.getByRole("button", { name: text("common.continue") }).click();
        await sealByScreenLock(two, text("restore.do"));

        // The words alone lead to the account: it is protected, and this device is not one of it yet.
        await two.getByRole("heading", { level: 1, name: text("join.title") }).waitFor();
        await pictures(two, "devices-join");
        await openWallet(two);
        await two.getByText(text("protection.elsewhereTitle")).waitFor();
        assert.equal(await two.getByText(text("protection.none")).count(), 0, "it says that it is not protected");
        assert.equal(await two.getByRole("button", { name: text("protection.remove") }).count(), 0);
        await pictures(two, "devices-elsewhere");

        // No second account without saying so.
        await two.getByRole("link", { name: text("join.do") }).click();
        await two.getByText(text("join.lost")).click();
        await two.getByRole("link", { name: text("protect.title") }).click();
        await two.getByText(text("protect.elsewhereTitle")).waitFor();
        await pictures(two, "devices-anew");
        assert.equal(await guardedByOffices(), 1);

        await two.getByRole("link", { name: text("join.do") }).click();
        await two.getByRole("button", { name: text("join.do") }).click();
        await two.getByText(text("join.open")).waitFor();
        await pictures(two, "devices-asks");

        // Once the first device has answered, both show the same number; and it confirms by its screen lock.
        await openWallet(one);
        await one.getByRole("link", { name: text("protection.add") }).click();
        await one.locator(".number").waitFor();
        const number = await two.locator(".number").innerText();
        assert.match(number, /^(\d{3} ){3}\d{3}$/);
        assert.equal(await one.locator(".number").innerText(), number);
        await pictures(two, "devices-number");
        await pictures(one, "devices-asking");
        await one.getByRole("button", { name: text("devices.admit") }).click();
        await one.getByText(text("devices.admittedText")).waitFor();
        await two.getByRole("heading", { level: 1, name: text("join.doneTitle") }).waitFor();
        await pictures(two, "devices-joined");

        // Both are listed on both; what the first one keeps is on the second.
        await two.getByRole("link", { name: text("recover.doneOpen") }).click();
        for (const page of [one, two]) {
          if (page === one) await openWallet(page);
          await devicesOf(page).nth(1).waitFor();
          assert.equal(await devicesOf(page).count(), 2);
          await page.getByText(text("protection.on", { host: "" }).slice(0, 6)).waitFor();
          assert.ok(!(await page.locator("main").innerText()).includes(text("identity.get")), "the identity credential is there");
        }
        await pictures(one, "devices-list");
        assert.equal(await guardedByOffices(), 1);
        await two.getByRole("link", { name: text("nav.myCases") }).first().click();
        await two.locator(`a[href="/cases/${caseId}"]`).first().click();
        await two.getByRole("button", { name: text("credential.download") }).waitFor();

        // The second one opens a case: the first one, which has its cases on the screen, shows it by itself.
        await one.getByRole("link", { name: text("nav.myCases"), exact: true }).first().click();
        await two.locator("a.brand").click();
        await two.locator(`a[href="/services/${RELIEF}"]`).first().click();
        await two.getByRole("link", { name: text("guide.start") }).first().click();
        await answerQuestions(two, FORMS[RELIEF] ?? {});
        const secondCase = await checkAndSend(two);
        await one.locator(`a[href="/cases/${secondCase}"]`).first().waitFor({ timeout: TAKEN_IN_WITHIN_MS });

        // A request of the second one is on the first when that is opened again, or a minute later where it was not saved yet.
        await write(two, "请给我一份副本。");
        await sendWritten(two);
        await two.getByText(text("request.sent")).waitFor();
        await openAgain(one);
        await requestsOf(one).first().waitFor({ timeout: TAKEN_IN_WITHIN_MS });

        // Apart, both write to the same agency. Neither is lost, and each can still be sent.
        await write(one, "第一台设备写的。");
        await write(two, "第二台设备写的。");
        const devices = [first, second];
        for (const { context } of devices) await context.setOffline(true);
        for (const page of [one, two]) {
          await sendWritten(page);
          await page.getByText(text("sent.unsentText")).waitFor();
        }
        await pictures(two, "devices-apart");
        for (const { context } of devices) await context.setOffline(false);
        for (const page of [one, two]) {
          await page.getByRole("link", { name: text("nav.myCases"), exact: true }).first().click();
          await requestsOf(page).nth(2).waitFor({ timeout: TAKEN_IN_WITHIN_MS });
          assert.deepEqual(await wordsOf(page), ["请给我一份副本。", "第一台设备写的。", "第二台设备写的。"].sort());
        }
        for (const left of [1, 0]) {
          await unsent(one).first().locator("a").first().click();
          await one.getByRole("button", { name: text("sent.again") }).click();
          await one.getByText(text("sent.unsentText")).waitFor({ state: "detached" });
          await one.getByRole("link", { name: text("nav.myCases"), exact: true }).first().click();
          await until("it is sent", async () => (await unsent(one).count()) === left);
        }
        await until("the second device has read it", async () => (await requestsOf(two).count()) === 3 && (await unsent(two).count()) === 0, TAKEN_IN_WITHIN_MS);

        // Two counters: both devices are warned, and the first one stops it.
        await beginRecovery(resident.number);
        for (const page of [one, two]) await warning(page).waitFor();
        await pictures(two, "devices-warned");
        await one.getByRole("button", { name: text("protection.veto") }).click();
        await one.getByText(text("protection.vetoedText")).waitFor();
        await warning(two).waitFor({ state: "detached" });

        // Again, and now the second one stops it.
        await beginRecovery(resident.number);
        for (const page of [one, two]) await warning(page).waitFor();
        await two.getByRole("button", { name: text("protection.veto") }).click();
        await two.getByText(text("protection.vetoedText")).waitFor();
        await warning(one).waitFor({ state: "detached" });

        // The second one is removed, with all of its keys, and says so.
        await openWallet(one);
        const other = devicesOf(one).filter({ hasNotText: text("protection.here") });
        await other.getByRole("button", { name: text("protection.remove") }).click();
        await pictures(one, "devices-remove");
        await other.getByRole("button", { name: text("protection.remove"), exact: true }).click();
        await until("one device is left", async () => (await devicesOf(one).count()) === 1);
        await openWallet(two);
        await two.getByText(text("protection.removedTitle")).waitFor();
        await two.getByRole("link", { name: text("join.do") }).waitFor();
        await pictures(two, "devices-removed");

        // It makes another account on purpose: the first device says so, whatever page is open.
        await two.getByRole("link", { name: text("protection.anew") }).click();
        await two.getByText(text("protect.elsewhereTitle")).waitFor();
        await two.locator("#anew").check();
        await pictures(two, "devices-anew-said");
        await two.getByRole("button", { name: text("protect.do") }).click();
        await two.getByText(text("protection.on", { host: "" }).slice(0, 6)).waitFor();
        assert.equal(await guardedByOffices(), 2);
        await one.getByRole("link", { name: text("nav.myCases"), exact: true }).first().click();
        await one.getByRole("alert").getByText(text("protection.movedTitle")).waitFor();
        await pictures(one, "devices-news");
        await one.getByRole("link", { name: text("devices.newsLook") }).click();
        await one.getByText(text("protection.movedText")).waitFor();
        await pictures(one, "devices-moved");
      });
    });
  });
});
