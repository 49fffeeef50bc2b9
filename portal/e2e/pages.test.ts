// Every page, in both languages, in normal and elder mode, on a desktop and on a phone of 360 pixels:
// axe finds nothing, nothing scrolls sideways, Tab reaches every control and the focus is seen. Pictures go to test-output/.
import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { Hex } from "../src/ports";
import { readPackage } from "../src/package/read";
import { Browser, type Language, picture, text } from "./harness/browser";
import { IndexClient } from "./harness/index-client";
import { walkByKeyboard } from "./harness/keyboard";
import { Officer } from "./harness/officer";
import { answerQuestions, chooseResident, checkAndSend, verdict } from "./harness/portal";
import { FORMS } from "./harness/resident";
import { Server } from "./harness/server";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** The passphrase that the demo sign-in sets. */
const DEMO_PASSPHRASE = "zhengtong-demo";

interface Look {
  readonly language: Language;
  readonly elder: boolean;
  readonly width: number;
}

/** Every pair of language, mode and width is among the four; ZHENGTONG_LOOKS=all takes all eight. */
const EIGHT: Look[] = (["zh-CN", "en"] as const).flatMap((language) => [false, true].flatMap((elder) => [1280, 360].map((width) => ({ language, elder, width }))));
const LOOKS = process.env["ZHENGTONG_LOOKS"] === "all" ? EIGHT : EIGHT.filter((_, n) => [0, 3, 5, 6].includes(n));
const nameOf = (look: Look): string => `${look.language === "zh-CN" ? "zh" : "en"}-${look.elder ? "elder" : "normal"}-${look.width}`;

interface Visit {
  readonly name: string;
  readonly path: string;
  readonly as?: "resident" | "officer";
  /** What to do before looking. */
  readonly act?: (page: Page, language: Language) => Promise<void>;
}

let server: Server;
let browser: Browser;
let page: Page;
let approved: Hex;
let waiting: Hex;
let reviewed: Hex;
let sent: string;

const submitEmpty = async (target: Page): Promise<void> => {
  await target.locator("main form button[type=submit]").last().click();
  await target.locator("[role=alert], .error").first().waitFor();
};

const askBeforeDeleting = async (target: Page, language: Language): Promise<void> => {
  await target.locator("textarea").first().fill("目的已经实现。");
  await target.getByRole("button", { name: text("requests.grant", {}, language) }).click();
  await target.getByRole("button", { name: text("requests.deleteYes", {}, language) }).waitFor();
};

const askForCode = async (target: Page): Promise<void> => {
  await target.locator("#name").fill("李芳");
  await target.locator("main form button[type=submit]").click();
  await target.locator("textarea[readonly]").waitFor();
};

function visits(): Visit[] {
  return [
    { name: "home", path: "/" },
    { name: "services", path: "/services?q=津贴" },
    { name: "services-none", path: "/services?q=zzzz" },
    { name: "guide", path: "/services/old-age-allowance" },
    { name: "guide-catalogue", path: "/services/511F33033003-511602000000-000-115113010833722043-1-00" },
    { name: "not-found", path: "/nowhere" },
    { name: "accessibility", path: "/accessibility" },
    { name: "sign-in", path: "/sign-in" },
    { name: "sign-in-create", path: "/sign-in/create" },
    { name: "sign-in-restore", path: "/sign-in/restore" },
    { name: "sign-in-restore-error", path: "/sign-in/restore", act: submitEmpty },
    { name: "track", path: "/track" },
    { name: "track-error", path: "/track", act: submitEmpty },
    { name: "case-public", path: `/cases/${approved}` },
    { name: "network", path: "/network" },
    { name: "audit", path: "/audit" },
    { name: "audit-bundle", path: "/audit/bundle" },
    { name: "audit-cases", path: "/audit/cases" },
    { name: "officer-sign-in", path: "/desk/sign-in" },
    { name: "officer-return", path: "/desk/sign-in/return" },
    { name: "identity", path: "/identity", as: "resident" },
    { name: "wallet", path: "/me", as: "resident" },
    { name: "device-add", path: "/me/devices/add", as: "resident" },
    { name: "device-join", path: "/me/devices/join", as: "resident" },
    { name: "my-cases", path: "/me/cases", as: "resident" },
    { name: "my-data", path: "/me/data", as: "resident" },
    { name: "my-consents", path: "/me/consents", as: "resident" },
    { name: "delegations", path: "/me/delegations", as: "resident" },
    { name: "delegation-ask", path: "/me/delegations/ask", as: "resident", act: askForCode },
    { name: "delegation-accept-error", path: "/me/delegations/accept", as: "resident", act: submitEmpty },
    { name: "delegation-give-error", path: "/me/delegations/give", as: "resident", act: submitEmpty },
    { name: "data-request", path: "/me/data/requests/delete", as: "resident", act: submitEmpty },
    { name: "sent-request", path: `/me/data/sent/${sent}`, as: "resident" },
    { name: "apply", path: "/services/disability-living-subsidy/apply", as: "resident" },
    { name: "apply-error", path: "/services/temporary-relief/apply", as: "resident", act: submitEmpty },
    { name: "case-approved", path: `/cases/${approved}`, as: "resident" },
    { name: "case-supplement", path: `/cases/${waiting}`, as: "resident" },
    { name: "appeal", path: `/cases/${approved}/appeal`, as: "resident" },
    { name: "supplement", path: `/cases/${waiting}/supplement`, as: "resident" },
    { name: "desk", path: "/desk", as: "officer" },
    { name: "desk-ask-error", path: "/desk/ask", as: "officer", act: submitEmpty },
    { name: "desk-requests-sure", path: "/desk/requests", as: "officer", act: askBeforeDeleting },
    { name: "desk-case", path: `/desk/cases/${reviewed}`, as: "officer" },
  ];
}

/** Follows a link of the portal without loading the page, which would lock the wallet. */
async function navigate(path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
}

async function settle(): Promise<void> {
  await page.locator("h1").first().waitFor();
  await page.waitForLoadState("networkidle").catch(() => {});
  await page.locator("[aria-busy=true], .busy").first().waitFor({ state: "detached" }).catch(() => {});
  await page.waitForTimeout(250);
}

async function apply(service: string): Promise<Hex> {
  await navigate(`/services/${service}/apply`);
  await answerQuestions(page, FORMS[service] ?? {});
  return (await checkAndSend(page)) as Hex;
}

before(async () => {
  server = await Server.start({ name: "pages" });
  const index = new IndexClient(server.origin);
  browser = await Browser.open(server.origin, { language: "zh-CN" });
  page = await browser.page("/sign-in");
  await chooseResident(page, index, "approved-66");
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  approved = await apply("old-age-allowance");
  await verdict(page).getByText("75").waitFor();
  reviewed = await apply("temporary-relief");
  await verdict(page).getByText(text("case.review.title")).waitFor();
  waiting = await apply("temporary-relief");
  await verdict(page).getByText(text("case.review.title")).waitFor();
  await navigate("/me/data/requests/delete");
  await page.getByLabel(text("request.agency")).selectOption("civil-affairs");
  await page.getByLabel(text("request.text")).fill("请删除关于我的一切。");
  await page.getByRole("button", { name: text("request.do") }).click();
  await page.waitForURL(/\/me\/data\/sent\//);
  sent = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  await navigate(`/cases/${waiting}`);
  const officer = await Officer.signIn(server, "civil-affairs");
  const [defect] = readPackage((await index.service("temporary-relief")).package).workflow.defects;
  await officer.chain.requestMore(officer.key, waiting, { defects: [defect ?? ""], statement: await officer.statement(waiting, "请补充费用凭据。") });
  await verdict(page).getByText(text("case.supplement.title")).waitFor();
});
after(async () => {
  await browser?.close();
  await server?.dispose();
});

/** Shows the portal in a look, with the wallet open and an officer signed in. */
async function dress(look: Look): Promise<void> {
  await page.setViewportSize({ width: look.width, height: 900 });
  await page.evaluate(
    ([language, elder]) => {
      localStorage.setItem("zhengtong.language", language as string);
      localStorage.setItem("zhengtong.elder", elder as string);
    },
    [look.language, look.elder ? "1" : "0"],
  );
  await page.goto(`${server.origin}/sign-in`);
}

async function unlock(language: Language): Promise<void> {
  await navigate("/sign-in");
  await page.locator("input[type=password]").fill(DEMO_PASSPHRASE);
  await page.getByRole("button", { name: text("unlock.do", {}, language), exact: true }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

async function signInOfficer(): Promise<void> {
  const { officers } = await new IndexClient(server.origin).demo();
  const officer = officers.find((candidate) => candidate.organisation === "civil-affairs");
  await navigate("/desk/sign-in");
  await settle();
  await page.locator("li", { hasText: officer?.label ?? "" }).getByRole("button").first().click();
  await page.waitForURL((url) => url.pathname === "/desk");
}

async function examine(visit: Visit, look: Look): Promise<string[]> {
  const where = `${visit.name} ${nameOf(look)}`;
  await navigate(visit.path);
  await settle();
  await visit.act?.(page, look.language);
  const problems: string[] = [];
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (sideways > 0) problems.push(`${where}: scrolls sideways by ${sideways} pixels`);
  const language = await page.evaluate(() => document.documentElement.lang);
  if (language !== look.language) problems.push(`${where}: the page says its language is ${language}`);
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  for (const { id, nodes } of violations) problems.push(`${where}: axe ${id}: ${nodes.map((node) => node.target.join(" ")).slice(0, 4).join(" | ")}`);
  await picture(page, `${visit.name}.${nameOf(look)}`);
  const { stops, unreached, unseen } = await walkByKeyboard(page);
  if (stops === 0) problems.push(`${where}: Tab reaches nothing`);
  if (unreached.length > 0) problems.push(`${where}: Tab does not reach ${unreached.join(", ")}`);
  if (unseen.length > 0) problems.push(`${where}: the focus is not seen on ${unseen.join(", ")}`);
  return problems;
}

describe("every page", () => {
  for (const look of LOOKS) {
    test(`in ${look.language}, ${look.elder ? "elder" : "normal"} mode, at ${look.width} pixels`, async () => {
      await dress(look);
      const problems: string[] = [];
      for (const visit of visits().filter(({ as }) => as === undefined)) problems.push(...(await examine(visit, look)));
      await unlock(look.language);
      await signInOfficer();
      for (const visit of visits().filter(({ as }) => as !== undefined)) problems.push(...(await examine(visit, look)));
      assert.deepEqual(problems, []);
    });
  }

  test("shows no error of its own along the way", () => assert.deepEqual(browser.errors, []));
});
