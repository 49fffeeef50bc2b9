// One verification in a real browser: the proofs alone, a whole case, and the panel as a person waits for it.
import { readdirSync, readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { Browser } from "../e2e/harness/browser";
import { IndexClient } from "../e2e/harness/index-client";
import type { Server } from "../e2e/harness/server";
import type { Hex } from "../src/ports";
import type { PageTimes } from "./in-page";
import { type Row, percentile, times } from "./table";

const RUNS = 30;
const OPENINGS = 5;

export async function measureBrowser(server: Server, id: Hex, say: (text: string) => void): Promise<Row[]> {
  say("building the verifier for the browser");
  const code = await verifierCode();
  const index = new IndexClient(server.origin);
  const [bundle, network] = await Promise.all([index.bundle(id), index.network()]);
  const browser = await Browser.open(server.origin, { language: "en" });
  try {
    const page = await browser.page();
    say(`${RUNS} verifications in ${browser.context.browser()?.version() ?? "Chromium"}`);
    await page.evaluate(code);
    const measured = await page.evaluate(
      async ([json, key, runs]) => await (globalThis as unknown as { zhengtongBench: { measure(...args: unknown[]): Promise<PageTimes> } }).zhengtongBench.measure(json, key, runs),
      [bundle, network.public_key, RUNS] as const,
    );
    say(`opening the case ${OPENINGS} times`);
    const panel: number[] = [];
    for (let n = 0; n < OPENINGS; n++) panel.push(await openUntilGreen(browser, id));
    return [
      { what: "one receipt proof, the first after loading", value: measured.firstMs.toFixed(0), unit: "ms" },
      times("one receipt proof: certificate, headers, receipt", measured.receiptMs),
      times("one state proof: certificate, headers, account, slots", measured.stateMs),
      times(`a whole case: ${measured.receipts} receipts, state, replay of the rules`, measured.caseMs),
      { what: `opening a case's page until its panel is green (median of ${OPENINGS})`, value: percentile(panel, 0.5).toFixed(0), unit: "ms" },
    ];
  } finally {
    await browser.close();
  }
}

/** The verifier as one script that may run in any page. */
async function verifierCode(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "zhengtong-verifier-"));
  try {
    await build({
      configFile: false,
      logLevel: "error",
      publicDir: false,
      build: { outDir: folder, target: "es2022", lib: { entry: join(import.meta.dirname, "in-page.ts"), formats: ["iife"], name: "unused" } },
    });
    const [file] = readdirSync(folder).filter((name) => name.endsWith(".js"));
    if (file === undefined) throw new Error("vite built no script");
    return readFileSync(join(folder, file), "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From asking for the page to the green panel, with everything that is fetched, drawn and waited for. */
async function openUntilGreen(browser: Browser, id: Hex): Promise<number> {
  const page = await browser.page("/");
  const started = performance.now();
  await page.goto(`${browser.origin}/cases/${id}`);
  await page.locator("section[data-check=green]").waitFor();
  return performance.now() - started;
}
