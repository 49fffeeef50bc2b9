// What a resident does on the screens, by the texts and labels a person goes by.
import type { Locator, Page } from "playwright-core";
import type { Form } from "../../src/ports";
import { PATIENCE_MS, text } from "./browser";
import type { IndexClient } from "./index-client";

export const CASE_PATH = /\/cases\/(0x[0-9a-f]{64})$/;

/** Marks the window; a reload would lose the mark. */
export async function markWindow(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { untouched: true }));
}

export async function isSameWindow(page: Page): Promise<boolean> {
  return await page.evaluate(() => (window as { untouched?: boolean }).untouched === true);
}

/** From the front page to a case: find the service, read the guide, sign in as a demo resident, answer, check, sign. */
export async function applyFromFrontPage(page: Page, index: IndexClient, label: string, service: { slug: string; form: Form }): Promise<string> {
  await page.locator(`a[href="/services/${service.slug}"]`).first().click();
  await page.getByRole("link", { name: text("guide.start") }).first().click();
  await page.locator("main").getByRole("link", { name: text("nav.signIn"), exact: true }).click();
  await chooseResident(page, index, label);
  await answerQuestions(page, service.form);
  return await checkAndSend(page);
}

export async function chooseResident(page: Page, index: IndexClient, label: string): Promise<void> {
  const { number } = await index.resident(label);
  await page.locator("li", { hasText: number }).getByRole("button").click();
}

async function fillField(page: Page, name: string, value: string | number | boolean): Promise<void> {
  const radio = page.locator(`input[type=radio][name="${name}"][value="${String(value)}"]`);
  const select = page.locator(`select#${name}`);
  if ((await radio.count()) > 0) await radio.check();
  else if ((await select.count()) > 0) await select.selectOption(String(value));
  else await page.locator(`#${name}`).fill(String(value));
}

/** Answers one question a page, consents where asked, shows credentials where they are offered, until the answers are shown for checking. */
export async function answerQuestions(page: Page, form: Form, onHeld: () => Promise<void> = async () => {}): Promise<void> {
  const heading = page.getByRole("heading", { level: 1, name: text("check.answers") });
  const go = page.getByRole("button", { name: text("common.continue") });
  const limit = Object.keys(form).length + 10;
  for (let n = 0; n < limit; n++) {
    await heading.or(go).first().waitFor();
    if (await heading.isVisible()) return;
    const consent = page.locator("input[type=radio][name=consent][value=yes]");
    if ((await consent.count()) > 0) await consent.check();
    const held = page.locator("input[type=radio][name=held][value=yes]");
    if ((await held.count()) > 0) {
      await onHeld();
      await held.check();
    }
    for (const [name, value] of Object.entries(form)) {
      if (value !== null && (await page.locator(`#${name}`).count()) > 0) await fillField(page, name, value);
    }
    const before = page.url();
    await go.click();
    await page.waitForFunction((url) => location.href !== url, before);
  }
  throw new Error(`still asking questions after ${limit} pages: ${page.url()}`);
}

export async function checkAndSend(page: Page): Promise<string> {
  await page.locator("#agreed").check();
  await page.getByRole("button", { name: text("check.send") }).click();
  await page.waitForURL(CASE_PATH);
  return CASE_PATH.exec(page.url())?.[1] ?? "";
}

/** The big sentence on a case's page. */
export function verdict(page: Page): Locator {
  return page.locator(".verdict .title");
}

/** Waits for the panel "check it yourself" to have a result. */
export async function checkResult(page: Page): Promise<"green" | "red"> {
  const panel = page.locator("section[data-check=green], section[data-check=red]");
  await panel.waitFor({ timeout: PATIENCE_MS });
  // Events of one decision come close together; the panel checks again after the last.
  await page.waitForTimeout(1_500);
  await panel.waitFor({ timeout: PATIENCE_MS });
  return (await panel.getAttribute("data-check")) as "green" | "red";
}

/** What the panel says failed. */
export async function failedSteps(page: Page): Promise<string> {
  return await page.locator("section[data-check=red] [role=status]").innerText();
}
