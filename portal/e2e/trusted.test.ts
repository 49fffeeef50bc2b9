// Friends bring a wallet back: named by codes, asked on a new device, confirmed after a word with the person, given after the wait.
import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { MessageKey } from "../src/i18n/messages";
import { picture as photograph, text, withBrowser } from "./harness/browser";
import { IndexClient } from "./harness/index-client";
import { chooseResident } from "./harness/portal";
import { Server } from "./harness/server";

/** Long enough to ask for a part before its end, short enough to wait for. */
const DELAY_S = 20;
const PASSPHRASE = "a new passphrase";
const PHONE = { width: 360, height: 740 };
const [PERSON, FIRST, SECOND] = ["赵奶奶", "女儿小芳", "老邻居王建国"];

let server: Server;
let index: IndexClient;

before(async () => {
  server = await Server.start({ name: "trusted", more: ["--recovery-delay", String(DELAY_S)] });
  index = new IndexClient(server.origin);
});
after(() => server.dispose());

const press = (page: Page, key: MessageKey) => page.getByRole("button", { name: text(key), exact: true }).click();
const follow = (page: Page, key: MessageKey) => page.getByRole("link", { name: text(key), exact: true }).click();
const numberOn = (page: Page): Promise<string> => page.locator(".number.mono").innerText();

async function signedIn(page: Page, label: string): Promise<void> {
  await chooseResident(page, index, label);
  await page.waitForURL(`${server.origin}/`);
}

/** Keeps a picture, and holds the page against WCAG and the width of its screen. */
async function picture(page: Page, name: string): Promise<void> {
  await photograph(page, name);
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ target }) => target.join(" ")).join(" | ")}`), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${name} scrolls sideways`);
}

/** Without loading the page, which would lock the wallet. */
async function navigate(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
}

/** A friend offers, the person adds them by the same number. */
async function offer(helper: Page, person: Page, name: string): Promise<void> {
  await navigate(helper, "/me/trusted/offer");
  await helper.locator("#name").fill(name);
  await press(helper, "trusted.offerDo");
  const code = await helper.locator("#code").inputValue();
  const number = await numberOn(helper);
  await navigate(person, "/me/trusted/add");
  await person.locator("#code").fill(code);
  await press(person, "common.continue");
  assert.equal(await numberOn(person), number);
  await press(person, "trusted.addDo");
  await person.getByRole("heading", { level: 3, name }).waitFor();
}

/** A wallet’s, once the page has it. */
const FINGERPRINT = /^[0-9a-f]{4}-[0-9a-f]{4}$/;

/** The person hands a key code over, and hears the digits of the receipt. */
async function hand(person: Page, helper: Page, name: string): Promise<void> {
  const card = person.locator("article", { hasText: name });
  await card.getByText(text("trusted.hand", { name }), { exact: true }).click();
  const code = await card.locator("textarea").inputValue();
  await navigate(helper, "/me/trusted/accept");
  await helper.locator("#code").fill(code);
  await press(helper, "trusted.acceptDo");
  const digits = await helper.locator(".receipt").innerText();
  await card.locator("input").fill(digits === "000 000" ? "111111" : "000000");
  await card.getByRole("button", { name: text("trusted.receiptDo") }).click();
  await card.getByText(text("trusted.receiptError")).first().waitFor();
  await card.locator("input").fill(digits);
  await card.getByRole("button", { name: text("trusted.receiptDo") }).click();
  await person.locator("article[data-state=received]", { hasText: name }).waitFor();
}

/** A friend confirms, after having said that they spoke with the person. */
async function confirm(helper: Page, code: string, number: string): Promise<void> {
  await helper.locator("#code").fill(code);
  await press(helper, "common.continue");
  assert.equal(await numberOn(helper), number);
  await press(helper, "trusted.confirm");
  await helper.getByText(text("trusted.spokeError")).first().waitFor();
  await helper.locator("#spoke").check();
}

async function give(helper: Page): Promise<string> {
  await press(helper, "trusted.give");
  return await helper.locator("#given").inputValue();
}

describe("a resident whose friends help", () => {
  test("names two, loses the device, and gets everything back with both and not with one", async () => {
    await withBrowser(server.origin, "trusted-first", PHONE, async (firstBrowser) => {
      await withBrowser(server.origin, "trusted-second", {}, async (secondBrowser) => {
        const [first, second] = [await firstBrowser.page("/sign-in"), await secondBrowser.page("/sign-in")];
        await signedIn(first, "refused-64");
        await signedIn(second, "subsidy-work-injury-50");
        let fingerprint = "";

        await withBrowser(server.origin, "trusted-person", {}, async (browser) => {
          const person = await browser.page("/sign-in");
          await signedIn(person, "approved-66");
          await navigate(person, "/me");
          await person.locator('main a[href="/me/trusted"]').click();
          await picture(person, "trusted-none");
          await follow(person, "trusted.add");
          await person.locator("#code").fill("nothing of the sort");
          await press(person, "common.continue");
          await person.getByText(text("failure.bad-trusted-code.title")).waitFor();
          await offer(first, person, FIRST);
          await picture(first, "trusted-offer-phone");
          await person.getByText(text("trusted.few")).waitFor();
          await offer(second, person, SECOND);
          await person.locator("#own").fill(PERSON);
          await picture(person, "trusted-put");
          await press(person, "trusted.put");
          await person.getByText(text("trusted.on", { n: 2, needed: 2 })).waitFor();
          await hand(person, first, FIRST);
          await picture(first, "trusted-accepted-phone");
          await hand(person, second, SECOND);
          await person.getByText(text("trusted.handAll")).waitFor({ state: "detached" });
          await picture(person, "trusted-on");
          await navigate(person, "/me");
          fingerprint = await person.locator("dd").first().filter({ hasText: FINGERPRINT }).innerText();
          await person.getByText(text("protection.on", { host: "" }).slice(0, 6)).waitFor();
          await picture(person, "trusted-wallet");
        });

        // The device is gone. The new one knows nothing, not even whose account it is.
        await withBrowser(server.origin, "trusted-new", PHONE, async (browser) => {
          const fresh = await browser.page("/sign-in");
          await fresh.getByRole("link", { name: text("recover.link") }).click();
          await press(fresh, "recover.trustedGet");
          const code = await fresh.locator("#asked").inputValue();
          const number = await numberOn(fresh);
          await picture(fresh, "trusted-recover-phone");

          await navigate(first, "/me/trusted");
          await first.getByRole("link", { name: text("trusted.help", { name: PERSON }) }).click();
          await picture(first, "trusted-help-phone");
          await confirm(first, code, number);
          await picture(first, "trusted-confirm-phone");
          await press(first, "trusted.confirm");
          await first.getByText(text("trusted.confirmedAsking")).waitFor();
          await fresh.locator("[data-approved='1']").waitFor();

          await navigate(second, "/me/trusted");
          await second.getByRole("link", { name: text("trusted.help", { name: PERSON }) }).click();
          await confirm(second, code, number);
          await press(second, "trusted.confirm");
          // On a slow machine the wait may be over before it is seen.
          const parts = fresh.getByRole("heading", { name: text("recover.partsTitle") });
          await second.getByText(text("trusted.confirmed"), { exact: true }).or(second.getByRole("button", { name: text("trusted.give") })).first().waitFor();
          await fresh.getByText(text("recover.waitText")).or(parts).first().waitFor();
          await picture(fresh, "trusted-waiting-phone");

          await parts.waitFor({ timeout: (DELAY_S + 40) * 1000 });
          await navigate(first, "/me/trusted");
          await first.getByRole("link", { name: text("trusted.help", { name: PERSON }) }).click();
          const part = await give(first);
          await picture(first, "trusted-given-phone");
          await fresh.locator("#part").fill(part);
          await press(fresh, "recover.partDo");
          await fresh.locator("[data-parts='1']").waitFor();
          await fresh.locator("#part").fill(part);
          await press(fresh, "recover.partDo");
          await fresh.getByText(text("failure.trusted-part-known.title")).waitFor();
          await picture(fresh, "trusted-parts-phone");
          await navigate(second, "/me/trusted");
          await second.getByRole("link", { name: text("trusted.help", { name: PERSON }) }).click();
          await fresh.locator("#part").fill(await give(second));
          await press(fresh, "recover.partDo");

          await fresh.locator("input[type=password]").first().fill(PASSPHRASE);
          await fresh.locator("input[type=password]").last().fill(PASSPHRASE);
          await press(fresh, "recover.finish");
          await fresh.getByRole("heading", { level: 1, name: text("recover.doneTitle") }).waitFor();
          await fresh.getByRole("link", { name: text("recover.doneOpen") }).click();
          await fresh.getByRole("heading", { level: 1, name: text("wallet.title") }).waitFor();
          assert.equal(await fresh.locator("dd").first().filter({ hasText: FINGERPRINT }).innerText(), fingerprint);
          await fresh.getByText(text("trusted.summary", { n: 2, needed: 2 })).waitFor();
          await picture(fresh, "trusted-back-phone");
        });
      });
    });
  });
});
