// The main job in a real browser, from the front page to the end of a case, against the real binary.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { MessageKey } from "../src/i18n/messages";
import { statuteId } from "../src/chain/codes";
import { REMEMBERED_MS } from "../src/chain/status-list";
import { readPackage } from "../src/package/read";
import { date } from "../src/lib/format";
import { DEMO_PASSPHRASE } from "../src/screens/SignIn/demo";
import type { ServicePackage } from "../src/package/types";
import type { Hex } from "../src/ports";
import { ALLOWANCE_PATH, useUpAllowance } from "./harness/allowance";
import { picture, text, withBrowser } from "./harness/browser";
import { IndexClient } from "./harness/index-client";
import { Officer } from "./harness/officer";
import { BINARY } from "./harness/paths";
import { CASE_PATH, answerQuestions, applyFromFrontPage, checkAndSend, checkResult, chooseResident, failedSteps, isSameWindow, markWindow, verdict } from "./harness/portal";
import { FORMS, Resident } from "./harness/resident";
import { runOk } from "./harness/run";
import { Server } from "./harness/server";
import { CHANGES, tamper } from "./harness/tamper";

const ALLOWANCE = "old-age-allowance";
const OWNER = "civil-affairs";
/** From signing to "approved" on the screen; generous for a debug build on two busy cores. */
const DECIDED_WITHIN_MS = 30_000;

/** The first test vector of BIP-39. */
const WORDS = `${"abandon ".repeat(11)}about`;

let server: Server;
let index: IndexClient;
let pack: ServicePackage;

before(async () => {
  server = await Server.start({ name: "journeys" });
  index = new IndexClient(server.origin);
  pack = readPackage((await index.service(ALLOWANCE)).package);
});
after(() => server.dispose());

const formOf = (slug: string) => ({ slug, form: FORMS[slug] ?? {} });

/** The row of the rules that gives this reason. */
function rowFor(reason: string) {
  const row = pack.rules.rows.findIndex((candidate) => candidate.reason === reason);
  const found = pack.rules.rows[row];
  if (found === undefined) throw new Error(`no row with the reason ${reason}`);
  return { row, reason, statute: statuteId(found.law.law, found.law.article), law: found.law, amountFen: found.amount?.fen ?? 0 };
}

async function usesAreShown(page: Page): Promise<void> {
  const section = page.locator("section", { has: page.getByRole("heading", { name: text("uses.title") }) });
  await section.getByText(text("uses.complete", { provider: "" }).slice(0, 4)).first().waitFor();
  assert.equal(await section.getByText(text("uses.incomplete", { provider: "" }).slice(-8)).count(), 0, "a provider's records are not proven complete");
  assert.equal(await section.getByText(text("uses.unreadable")).count(), 0, "a record does not open");
}

/** Goes to the screen of consents, by its links, and looks at the one for an agency. */
async function consentIsShown(page: Page, provider: string, { kind, used, worth }: { kind: "once" | "standing"; used: MessageKey; worth: string }): Promise<void> {
  await page.getByRole("link", { name: text("nav.myData") }).first().click();
  await page.getByRole("link", { name: text("consents.mine") }).click();
  const card = page.locator(`[data-consent=${provider}]`);
  await card.waitFor();
  assert.equal(await card.getAttribute("data-worth"), worth);
  const words = await card.innerText();
  for (const key of [`consents.kind.${kind}`, used] as const) assert.ok(words.includes(text(key)), `${text(key)} is not in ${words}`);
}

describe("the old-age allowance", () => {
  test("a resident of 66 is approved by the rules, without reload, and can check it", async () => {
    await withBrowser(server.origin, "approved", {}, async (browser) => {
      const page = await browser.page();
      await markWindow(page);
      await applyFromFrontPage(page, index, "approved-66", formOf(ALLOWANCE));
      await verdict(page).getByText(text("case.approvedAmount.title", { amount: "" }).slice(0, 3)).waitFor({ timeout: DECIDED_WITHIN_MS });
      assert.match(await verdict(page).innerText(), /75/);
      const body = await page.locator("main").innerText();
      assert.match(body, /沪府发〔2016〕24号/);
      assert.ok(body.includes(text("decision.byRules")));
      await usesAreShown(page);
      assert.equal(await checkResult(page), "green");
      const download = page.getByRole("button", { name: text("credential.download") });
      await download.waitFor();
      const [file] = await Promise.all([page.waitForEvent("download"), download.click()]);
      assert.ok(file.suggestedFilename().length > 0);
      assert.ok(await isSameWindow(page), "the page was loaded again");
      await picture(page, "journey-approved");
    });
  });

  test("a resident of 64 goes to an officer, is refused, appeals, and another officer decides", async () => {
    await withBrowser(server.origin, "refused", {}, async (browser) => {
      const page = await browser.page();
      await markWindow(page);
      const id = (await applyFromFrontPage(page, index, "refused-64", formOf(ALLOWANCE))) as Hex;
      await verdict(page).getByText(text("case.review.title")).waitFor({ timeout: DECIDED_WITHIN_MS });
      const first = await Officer.signIn(server, OWNER, 0);
      const under65 = rowFor("age-below-65");
      await first.chain.refuse(first.key, id, { row: under65.row, reason: under65.reason, statute: under65.statute, statement: await first.statement(id, "申请之日未满六十五周岁。") });

      await verdict(page).getByText(text("case.refused.title")).waitFor();
      const body = await page.locator("main").innerText();
      assert.ok(body.includes(under65.law.law), "the law is not shown");
      await page.getByText("申请之日未满六十五周岁。").waitFor();
      assert.equal(await checkResult(page), "green");
      await usesAreShown(page);
      await picture(page, "journey-refused");

      await page.getByRole("link", { name: text("actions.appeal") }).click();
      await page.locator("textarea").fill("本人已在上月满六十五周岁，请重新核实。");
      await page.getByRole("button", { name: text("appeal.do") }).click();
      await verdict(page).getByText(text("case.review.title")).waitFor();
      await page.getByText(text("case.frozen")).waitFor();

      await assert.rejects(first.chain.refuse(first.key, id, { row: under65.row, reason: under65.reason, statute: under65.statute, statement: await first.statement(id, "维持原决定。") }));
      const second = await Officer.signIn(server, OWNER, 1);
      await second.chain.refuse(second.key, id, { row: under65.row, reason: under65.reason, statute: under65.statute, statement: await second.statement(id, "经另行核实，维持原决定。") });
      await page.getByText(text("case.refusedFinal.text")).waitFor();
      assert.equal(await checkResult(page), "green");
      assert.ok(await isSameWindow(page), "the page was loaded again");
      await picture(page, "journey-appealed");
    });
  });

  test("a resident whose household record is missing gets a person, not a refusal", async () => {
    await withBrowser(server.origin, "missing", {}, async (browser) => {
      const page = await browser.page();
      const id = (await applyFromFrontPage(page, index, "household-missing", formOf(ALLOWANCE))) as Hex;
      await verdict(page).getByText(text("case.review.title")).waitFor({ timeout: DECIDED_WITHIN_MS });
      const view = await index.case(id);
      assert.equal(view.decision, null);
      assert.equal(view.cause, "unknown");
      await usesAreShown(page);
      assert.equal(await checkResult(page), "green");
      // The officer finds the paper file and approves by the row that fits.
      const officer = await Officer.signIn(server, OWNER, 2);
      const row = rowFor("age-65-to-69");
      await officer.chain.approve(officer.key, id, { ...row, statement: await officer.statement(id, "纸质户籍档案在册，符合条件。") });
      await verdict(page).getByText("75").waitFor();
      assert.equal(await checkResult(page), "green");
      await picture(page, "journey-missing");
    });
  });
});

describe("check it yourself", () => {
  test("is red, and says where, with one byte changed in what the server sends", async () => {
    await withBrowser(server.origin, "tampered", {}, async (browser) => {
      const page = await browser.page();
      const id = await applyFromFrontPage(page, index, "approved-65", formOf(ALLOWANCE));
      await verdict(page).getByText("75").waitFor({ timeout: DECIDED_WITHIN_MS });
      assert.equal(await checkResult(page), "green");
      for (const change of CHANGES) {
        const stop = await tamper(page, id, change);
        await page.reload();
        assert.equal(await checkResult(page), "red", `changed ${change.what}, and the panel is not red`);
        const said = await failedSteps(page);
        assert.ok(change.says.some((key) => said.includes(text(key))), `changed ${change.what}, and the panel says: ${said}`);
        await picture(page, `tampered-${change.what.replaceAll(" ", "-")}`);
        await stop();
      }
      await page.reload();
      assert.equal(await checkResult(page), "green");
    });
  });

  test("is red when another network shows itself", async () => {
    await withBrowser(server.origin, "other-network", {}, async (browser) => {
      const page = await browser.page();
      const id = await applyFromFrontPage(page, index, "approved-69", formOf(ALLOWANCE));
      await verdict(page).getByText("75").waitFor({ timeout: DECIDED_WITHIN_MS });
      assert.equal(await checkResult(page), "green");
      await page.route("**/api/v1/network", async (route) => {
        const response = await route.fetch();
        const body = (await response.json()) as { public_key: string };
        const other = Buffer.from(body.public_key.slice(2), "hex").reverse().toString("hex");
        await route.fulfill({ response, json: { ...body, public_key: `0x${other}` } });
      });
      await page.goto(`${server.origin}/cases/${id}`);
      assert.equal(await checkResult(page), "red");
      assert.ok((await failedSteps(page)).includes(text("proof.kind.network")));
    });
  });
});

describe("the daily allowance", () => {
  test("is drawn when the wallet is opened, long before a case is; used up, it says when to come again", async () => {
    await withBrowser(server.origin, "allowance", {}, async (browser) => {
      const page = await browser.page();
      const drawnAt: string[] = [];
      page.on("request", (request) => {
        if (request.method() === "POST" && request.url().endsWith(ALLOWANCE_PATH)) drawnAt.push(new URL(page.url()).pathname);
      });
      await applyFromFrontPage(page, index, "approved-70", formOf(ALLOWANCE));
      assert.equal(drawnAt.length, 1, `drawn at ${drawnAt.join(", ")}`);
      assert.ok(!drawnAt.some((path) => path.endsWith("/send") || path.includes("/cases/")), `drawn while the case was opened: ${drawnAt.join(", ")}`);
    });
    assert.ok((await useUpAllowance(await Resident.enrol(server, "approved-70"))) > 0);
    // Another device of the same person, whose wallet holds no tokens.
    await withBrowser(server.origin, "allowance-used-up", {}, async (browser) => {
      const page = await browser.page();
      await page.goto(`${server.origin}/services/${ALLOWANCE}/apply`);
      await page.locator("main").getByRole("link", { name: text("nav.signIn"), exact: true }).click();
      await chooseResident(page, index, "approved-70");
      await answerQuestions(page, FORMS[ALLOWANCE] ?? {});
      await page.locator("#agreed").check();
      await page.getByRole("button", { name: text("check.send") }).click();
      const notice = page.locator("[role=alert], .notice", { hasText: text("failure.allowance-used-up.next") }).first();
      await notice.waitFor();
      assert.match(await notice.innerText(), /北京时间零点/);
      await picture(page, "allowance-used-up");
    });
  });
});

async function signedIn(page: Page, label: string): Promise<void> {
  await chooseResident(page, index, label);
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}
/** Opens a wallet from words that the tests know, and proves who this is. */
async function withWords(page: Page, label: string): Promise<void> {
  await navigate(page, "/sign-in/restore");
  await page.locator("#words").fill(WORDS);
  await press(page, "common.continue");
  const passphrase = page.locator("input[name=first-way][value=passphrase]");
  await passphrase.or(page.locator("#pass")).first().waitFor();
  if (await passphrase.isVisible()) await passphrase.check();
  await page.locator("#pass").fill(DEMO_PASSPHRASE);
  await page.locator("#again").fill(DEMO_PASSPHRASE);
  await press(page, "restore.do");
  const { number, code } = await index.resident(label);
  await page.locator("#number").fill(number);
  await page.locator("#code").fill(code);
  await press(page, "identity.get");
  await page.getByRole("heading", { level: 1, name: text("identity.done") }).waitFor();
  await picture(page, "identity-received");
  await follow(page, "identity.toHome");
  await page.waitForURL((url) => url.pathname !== "/identity");
}
/** Follows a link of the portal without loading the page, which would lock the wallet. */
async function navigate(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
}
const press = (page: Page, key: MessageKey) => page.getByRole("button", { name: text(key), exact: true }).click();
const follow = (page: Page, key: MessageKey) => page.getByRole("link", { name: text(key), exact: true }).click();
const codeOn = async (page: Page): Promise<string> => await page.locator("textarea[readonly]").inputValue();

describe("a carer", () => {
  const [PERSON, CARER] = ["王建国", "李芳"];

  async function exported(page: Page): Promise<string> {
    await navigate(page, "/me/data");
    const button = page.getByRole("button", { name: text("export.do") });
    await button.waitFor();
    const [file] = await Promise.all([page.waitForEvent("download"), button.click()]);
    return await file.path();
  }

  test("applies for the person who lets them, both see it, and nothing more is sent once it has ended", async () => {
    await withBrowser(server.origin, "cared-for", {}, async (first) => {
      await withBrowser(server.origin, "carer", { width: 360, height: 740 }, async (second) => {
        const [person, carer] = [await first.page("/sign-in"), await second.page("/sign-in")];
        await withWords(person, "approved-66");
        await signedIn(carer, "subsidy-work-injury-50");

        await navigate(carer, "/me");
        await carer.locator('main a[href="/me/delegations"]').click();
        await follow(carer, "acting.ask");
        await carer.locator("#name").fill(CARER);
        await press(carer, "acting.askDo");
        const request = await codeOn(carer);
        const number = await carer.locator(".number.mono").innerText();
        await picture(carer, "delegation-asked-phone");

        await navigate(person, "/me");
        await person.locator('main a[href="/me/delegations"]').click();
        await follow(person, "acting.give");
        await person.locator("#code").fill("nothing of the sort");
        await press(person, "common.continue");
        await person.getByText(text("failure.bad-delegation.title")).waitFor();
        await person.locator("#code").fill(request);
        await press(person, "common.continue");
        await person.getByText(number, { exact: true }).waitFor();
        await picture(person, "delegation-who");
        await press(person, "common.continue");
        await person.locator(`#service-${ALLOWANCE}`).check();
        await person.locator("input[name=days][value='30']").check();
        await person.locator("#name").fill(PERSON);
        await picture(person, "delegation-terms");
        await press(person, "acting.giveDo");
        const code = await codeOn(person);
        await picture(person, "delegation-given");

        await follow(carer, "acting.accept");
        await carer.locator("#code").fill(code);
        await press(carer, "acting.acceptDo");
        await carer.getByRole("heading", { level: 1, name: text("acting.accepted", { name: PERSON }) }).waitFor();
        await follow(carer, "acting.toList");
        await carer.locator("[data-side=held] [data-state=active]").waitFor();
        await picture(carer, "delegation-held-phone");
        await carer.locator(`[data-side=held] a[href="/services/${ALLOWANCE}/apply"]`).click();
        await carer.getByLabel(text("for.other", { name: PERSON })).check();
        await picture(carer, "delegation-for-phone");
        await press(carer, "common.continue");
        await carer.waitForURL((url) => !url.pathname.endsWith("/apply"));
        await answerQuestions(carer, FORMS[ALLOWANCE] ?? {});
        await carer.getByText(text("for.other", { name: PERSON }), { exact: true }).waitFor();
        await picture(carer, "delegation-check-phone");
        // One agency takes nothing at first: the case is open, and gone on with from the list.
        const links = (url: URL): boolean => url.pathname === "/gateway/health/v1/links";
        await carer.route(links, (route) => route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify({ title: "refused", status: 403, detail: "not now" }) }));
        await carer.locator("#agreed").check();
        await press(carer, "check.send");
        await carer.getByText(text("send.failedOpened")).waitFor();
        await carer.unroute(links);
        await navigate(carer, "/me/cases");
        await follow(carer, "mine.continue");
        await carer.getByText(text("send.rest")).waitFor();
        await picture(carer, "delegation-unfinished-phone");
        const id = CASE_PATH.exec(carer.url())?.[1] ?? "";
        await press(carer, "mine.continue");
        await carer.getByText(text("send.rest")).waitFor({ state: "detached" });
        // The carer is 50 and would be refused: the decision is about the person.
        await verdict(carer).getByText("75").waitFor({ timeout: DECIDED_WITHIN_MS });
        await carer.getByText(text("acting.caseHeld", { name: PERSON })).waitFor();
        await usesAreShown(carer);
        const officer = await Officer.signIn(server, OWNER, 0);
        assert.deepEqual((await officer.deskCase(id as Hex)).actedBy, { role: "carer", number: (await index.resident("subsidy-work-injury-50")).number });

        await navigate(person, "/me/cases");
        await person.getByText(text("acting.markGiven", { name: CARER })).waitFor();
        await picture(person, "delegation-my-cases");
        await person.locator(`a[href="/cases/${id}"]`).click();
        await verdict(person).getByText("75").waitFor();
        await person.getByText(text("acting.caseGiven", { name: CARER })).waitFor();
        await usesAreShown(person);
        await person.getByText(text("uses.role.carer")).first().waitFor();
        assert.equal(await checkResult(person), "green");
        await picture(person, "delegation-case");

        const own = await exported(person);
        assert.ok(readFileSync(own, "utf8").includes(id), "the person's export lacks the case");
        await runOk(BINARY, ["verify", "export", own, "--network-key", (await index.network()).public_key]);
        assert.ok(!readFileSync(await exported(carer), "utf8").includes(id.slice(2)), "the carer's export holds the person's case");

        // The carer has the next application open when it ends.
        await navigate(carer, `/services/${ALLOWANCE}/apply`);
        await carer.getByLabel(text("for.other", { name: PERSON })).check();
        await navigate(person, "/me/delegations");
        await person.locator("[data-side=given] [data-state=active]").waitFor();
        // It is ended on a device that has the person's words and nothing else.
        await withBrowser(server.origin, "cared-for-restored", { width: 360, height: 740, elder: true }, async (third) => {
          const restored = await third.page("/sign-in");
          await withWords(restored, "approved-66");
          await navigate(restored, "/me/cases");
          await restored.getByText(text("acting.markFound")).waitFor();
          await navigate(restored, `/cases/${id}`);
          await restored.getByText(text("acting.caseFound")).waitFor();
          await usesAreShown(restored);
          await navigate(restored, "/me/delegations");
          await restored.getByText(text("acting.foundText")).waitFor();
          await restored.locator(`[data-side=given] article a[href="/cases/${id}"]`).waitFor();
          assert.equal(await restored.locator("[data-side=held] article").count(), 0);
          await restored.getByText(text("acting.restored")).waitFor();
          await picture(restored, "delegation-restored-phone");
          await restored.getByRole("button", { name: text("acting.end") }).click();
          await press(restored, "acting.endYes");
          await restored.locator("[data-side=given] [data-state=ended]").waitFor();
        });
        await navigate(person, "/me");
        await navigate(person, "/me/delegations");
        await person.locator("[data-side=given] [data-state=ended]").waitFor();
        await picture(person, "delegation-ended");
        await press(carer, "common.continue");
        await carer.getByText(text("failure.delegation-over.title")).waitFor();
        await picture(carer, "delegation-refused-phone");
        await navigate(carer, "/me/delegations");
        await carer.locator("[data-side=held] [data-state=ended]").waitFor();
        assert.equal(await carer.locator(`main a[href="/services/${ALLOWANCE}/apply"]`).count(), 0);
      });
    });
  });
});

describe("a guardian", () => {
  const [CHILD, GUARDIAN, SUBSIDY] = ["小明", "妈妈", "disability-living-subsidy"];

  test("applies for a child, the other guardian sees it and ends it, and then nothing more is sent", async () => {
    const numberOf = async (label: string): Promise<string> => (await index.resident(label)).number;
    // Under another name of this machine than the one that credentials give: the list is at the authority's gateway all the same.
    const elsewhere = server.origin.replace("127.0.0.1", "localhost");
    await withBrowser(elsewhere, "guardian", { width: 360, height: 740 }, async (first) => {
      await withBrowser(server.origin, "other-guardian", {}, async (second) => {
        await first.context.clock.install();
        const [guardian, other] = [await first.page("/sign-in"), await second.page("/sign-in")];
        await signedIn(guardian, "guardian-41");
        await signedIn(other, "guardian-39");

        await navigate(guardian, "/me/delegations");
        await follow(guardian, "ward.apply");
        // A number of somebody who is of age is told apart here already.
        await guardian.locator("#number").fill(await numberOf("approved-66"));
        await press(guardian, "ward.do");
        await guardian.getByText(text("ward.ofAgeError")).first().waitFor();
        await guardian.locator("#number").fill(await numberOf("child-9"));
        await guardian.locator("#name").fill(CHILD);
        await guardian.locator(`#service-${SUBSIDY}`).check();
        await guardian.locator("input[name=days][value='30']").check();
        await picture(guardian, "guardian-asks-phone");
        await press(guardian, "ward.do");
        await guardian.getByRole("heading", { level: 1, name: text("ward.done", { name: CHILD }) }).waitFor();
        await follow(guardian, "acting.toList");
        await guardian.locator("[data-side=held] [data-state=active]").waitFor();
        await picture(guardian, "guardian-held-phone");
        await guardian.locator(`[data-side=held] a[href="/services/${SUBSIDY}/apply"]`).click();
        await guardian.getByLabel(text("for.other", { name: CHILD })).check();
        await press(guardian, "common.continue");
        await guardian.waitForURL((url) => !url.pathname.endsWith("/apply"));
        await answerQuestions(guardian, FORMS[SUBSIDY] ?? {});
        const id = await checkAndSend(guardian);
        // The guardian has no certificate: the decision is about the child.
        await verdict(guardian).getByText("200").waitFor({ timeout: DECIDED_WITHIN_MS });
        await guardian.getByText(text("uses.role.guardian")).first().waitFor();
        await picture(guardian, "guardian-case-phone");
        const officer = await Officer.signIn(server, OWNER, 0);
        assert.deepEqual((await officer.deskCase(id as Hex)).actedBy, { role: "guardian", number: await numberOf("guardian-41") });

        // Handed on to the other guardian, who then sees the case.
        await navigate(other, "/me/delegations/ask");
        await other.locator("#name").fill("爸爸");
        await press(other, "acting.askDo");
        const request = await codeOn(other);
        await navigate(guardian, "/me/delegations");
        await follow(guardian, "ward.share");
        await guardian.locator("#code").fill(request);
        await guardian.locator("#name").fill(GUARDIAN);
        await press(guardian, "ward.shareDo");
        const code = await codeOn(guardian);
        await navigate(other, "/me/delegations/accept");
        await other.locator("#code").fill(code);
        await press(other, "acting.acceptDo");
        await follow(other, "acting.toList");
        await other.locator("[data-side=seen] [data-state=active]").waitFor();
        assert.equal(await other.locator(`main a[href="/services/${SUBSIDY}/apply"]`).count(), 0, "the other guardian cannot apply under it");
        await other.locator(`a[href="/cases/${id}"]`).click();
        await verdict(other).getByText("200").waitFor();
        await other.getByText(text("ward.caseSeen", { name: GUARDIAN })).waitFor();
        await picture(other, "guardian-other-case");

        // Whether it still holds cannot be read for a while: that is said, and nobody applies under it.
        await guardian.route("**/v1/status", (route) => route.abort());
        await guardian.clock.fastForward(REMEMBERED_MS);
        await navigate(guardian, "/me/delegations");
        await guardian.locator("[data-side=held] [data-state=unchecked]").getByText(text("acting.unchecked")).waitFor();
        assert.equal(await guardian.locator(`main a[href="/services/${SUBSIDY}/apply"]`).count(), 0);
        await picture(guardian, "guardian-unchecked-phone");
        await guardian.unroute("**/v1/status");

        // And finds it at the authority, which ends it for every agency.
        await navigate(other, "/me/delegations/confirmed");
        // The page puts one's own number there first.
        await other.waitForFunction(() => document.querySelector<HTMLInputElement>("#number")?.value !== "");
        await other.locator("#number").fill(await numberOf("child-9"));
        await press(other, "ward.findDo");
        await other.locator("[data-confirmed=active]").waitFor();
        await picture(other, "guardian-confirmed");
        await press(other, "ward.stop");
        await other.locator("[data-confirmed=ended]").waitFor();
        await other.getByText(text("ward.endedBy.guardian")).waitFor();
        // The open list is read again by itself.
        await guardian.clock.fastForward(REMEMBERED_MS);
        await guardian.locator("[data-side=held] [data-state=ended]").waitFor();
        assert.equal(await guardian.locator(`main a[href="/services/${SUBSIDY}/apply"]`).count(), 0);
        await picture(guardian, "guardian-ended-phone");
      });
    });
  });
});

describe("other services", () => {
  test("the disability subsidy asks for consent, and only then for the sensitive fact", async () => {
    await withBrowser(server.origin, "subsidy", {}, async (browser) => {
      const page = await browser.page();
      const id = await applyFromFrontPage(page, index, "subsidy-approved-45", formOf("disability-living-subsidy"));
      await verdict(page).getByText("200").waitFor({ timeout: DECIDED_WITHIN_MS });
      assert.equal(await checkResult(page), "green");
      const view = await index.case(id);
      const asked = view.facts.filter((fact) => fact.provider === "disabled-federation");
      assert.deepEqual(asked.map((fact) => fact.value), [1], "the sensitive fact is one yes or no");
      const uses = view.uses.filter((use) => use.provider === "disabled-federation");
      assert.equal(uses.length, 1);
      await usesAreShown(page);
      await picture(page, "journey-subsidy");
      await consentIsShown(page, "disabled-federation", { kind: "standing", used: "consents.used1", worth: "holds" });
      await picture(page, "my-consents");
      const card = page.locator("[data-consent=disabled-federation]");
      await card.getByRole("button", { name: text("consents.withdraw") }).click();
      await card.getByText(text("consents.withdrawSure", { provider: "残联" })).waitFor();
      await card.getByRole("button", { name: text("consents.withdrawYes"), exact: true }).click();
      await page.locator("[data-consent=disabled-federation][data-worth=withdrawn]").waitFor();
    });
  });

  test("a held credential is shown in place of a look into another agency's records, and nothing else of it", async () => {
    await withBrowser(server.origin, "evidence", {}, async (browser) => {
      const page = await browser.page();
      await applyFromFrontPage(page, index, "approved-79", formOf(ALLOWANCE));
      await verdict(page).getByText("150").waitFor({ timeout: DECIDED_WITHIN_MS });
      await page.getByRole("button", { name: text("credential.download") }).waitFor();

      await page.locator("a[href='/']").first().click();
      await page.locator('a[href="/services/temporary-relief"]').first().click();
      await page.getByRole("link", { name: text("guide.start") }).first().click();
      let seen = "";
      await answerQuestions(page, FORMS["temporary-relief"] ?? {}, async () => {
        seen = await page.locator("main").innerText();
        await picture(page, "evidence-offer");
        await page.setViewportSize({ width: 360, height: 740 });
        await picture(page, "evidence-offer-phone");
        await page.setViewportSize({ width: 1280, height: 900 });
      });
      for (const words of ["公安", "决定时间", "金额（分）", "户籍"]) assert.ok(seen.includes(words), `${words} is not said before it is shown: ${seen}`);
      assert.ok(!seen.includes("15000"), "a claim that stays hidden is told");
      await page.getByText(text("check.heldShown", { provider: "公安" })).waitFor();
      const id = await checkAndSend(page);
      await verdict(page).getByText(text("case.review.title")).waitFor({ timeout: DECIDED_WITHIN_MS });
      const view = await index.case(id);
      assert.deepEqual(view.facts.filter((fact) => fact.provider === "public-security").map((fact) => fact.value), [1]);
      await usesAreShown(page);
      const uses = page.locator("section", { has: page.getByRole("heading", { name: text("uses.title") }) });
      const card = uses.locator("article", { hasText: "公安" }).first();
      await card.getByText(text("uses.restsOn"), { exact: true }).waitFor();
      const said = await card.innerText();
      for (const words of ["老年综合津贴资格证明", "决定时间"]) assert.ok(said.includes(words), said);
      assert.ok(!said.includes(text("uses.fields")), `a record was read: ${said}`);
      assert.equal(await checkResult(page), "green");
      await picture(page, "evidence-case");
      assert.ok(seen.includes(text("evidence.officerOther", { provider: "公安" })), seen);
      assert.deepEqual((await (await Officer.signIn(server, OWNER)).deskCase(id as Hex)).grounds, {}, "the agency that decides is told of a credential that another one was shown");
    });
  });

  test("an officer sees issuer, type and end of the credential that an answer of their own agency rests on", async () => {
    await withBrowser(server.origin, "evidence-desk", {}, async (browser) => {
      const page = await browser.page();
      await applyFromFrontPage(page, index, "subsidy-approved-45", formOf("disability-living-subsidy"));
      await page.getByRole("button", { name: text("credential.download") }).waitFor({ timeout: DECIDED_WITHIN_MS });
      await page.locator("a[href='/']").first().click();
      await page.locator('a[href="/services/temporary-relief"]').first().click();
      await page.getByRole("link", { name: text("guide.start") }).first().click();
      let seen = "";
      await answerQuestions(page, FORMS["temporary-relief"] ?? {}, async () => void (seen = await page.locator("main").innerText()));
      assert.ok(seen.includes(text("evidence.officerOwn")), `the applicant is not told what the officer sees: ${seen}`);
      const id = await checkAndSend(page);
      await verdict(page).getByText(text("case.review.title")).waitFor({ timeout: DECIDED_WITHIN_MS });

      const desk = await browser.page("/desk/sign-in");
      await desk.locator("li", { hasText: `${OWNER}-1` }).getByRole("button").first().click();
      await desk.locator(`a[href="/desk/cases/${id}"]`).click();
      const facts = desk.locator("section", { has: desk.getByRole("heading", { name: text("facts.title") }) });
      const ground = facts.locator("[data-ground=answer]");
      await ground.getByText("困难残疾人生活补贴资格证明").waitFor();
      const { grounds } = await (await Officer.signIn(server, OWNER)).deskCase(id as Hex);
      assert.deepEqual(Object.keys(grounds), ["minimum-living-household"]);
      const until = grounds["minimum-living-household"]?.validUntil ?? 0;
      assert.ok(Math.abs(until - Date.now() / 1000 - 365 * 86_400) < 86_400, `it ends a year after it was issued, not at ${until}`);
      const told = await ground.innerText();
      for (const words of [text("ground.until", { issuer: "民政", date: date(until, "zh-CN") }), "没有查看本部门的记录"]) assert.ok(told.includes(words), told);
      assert.equal(await facts.locator("[data-ground]").count(), 1);
      await facts.getByText(text("ground.unseen", { agencies: "公安" })).waitFor();
      await ground.scrollIntoViewIfNeeded();
      await picture(desk, "evidence-desk");
      await desk.setViewportSize({ width: 360, height: 740 });
      assert.equal(await desk.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, "it scrolls sideways");
      await picture(desk, "evidence-desk-phone");
    });
  });

  test("temporary relief always has an officer, who asks for more and then approves", async () => {
    await withBrowser(server.origin, "relief", {}, async (browser) => {
      const page = await browser.page();
      const id = (await applyFromFrontPage(page, index, "relief-illness-38", formOf("temporary-relief"))) as Hex;
      await verdict(page).getByText(text("case.review.title")).waitFor({ timeout: DECIDED_WITHIN_MS });
      const relief = readPackage((await index.service("temporary-relief")).package);
      const officer = await Officer.signIn(server, OWNER, 0);
      const desk = await officer.deskCase(id);
      assert.ok(desk.form !== null, "the desk does not show the form");
      const [defect] = relief.workflow.defects;
      assert.ok(defect !== undefined);
      await officer.chain.requestMore(officer.key, id, { defects: [defect], statement: await officer.statement(id, "请补充费用凭据。") });
      await verdict(page).getByText(text("case.supplement.title")).waitFor();
      await page.getByRole("link", { name: text("actions.supplement") }).click();
      await page.locator("#what_happened").fill("因患重大疾病住院治疗，自付费用两万元，已附上医院收费清单的编号。");
      await page.getByRole("button", { name: text("supplement.do") }).click();
      await verdict(page).getByText(text("case.review.title")).waitFor();
      const row = relief.rules.rows.findIndex((candidate) => candidate.outcome !== "refuse" && (candidate.amount?.fen ?? 0) > 0);
      const rule = relief.rules.rows[row];
      assert.ok(rule !== undefined);
      await officer.chain.approve(officer.key, id, { row, amountFen: 50_000, reason: rule.reason, statute: statuteId(rule.law.law, rule.law.article), statement: await officer.statement(id, "情况属实。") });
      await verdict(page).getByText("500").waitFor();
      assert.equal(await checkResult(page), "green");
      await picture(page, "journey-relief");
      // The service asks for one use, and health made it.
      await consentIsShown(page, "health", { kind: "once", used: "consents.usedUp", worth: "used-up" });
      assert.equal(await page.getByRole("button", { name: text("consents.withdraw") }).count(), 0);
    });
  });
});
