// Draws every screen of the mock world at two widths, in both languages and in elder mode, and runs axe on each.
// node scripts/screenshots.mjs [only a part of a name] — needs Debian's chromium; pictures go to ../test-output/portal.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { build, preview } from "vite";
import { PAGES } from "./pages.mjs";

const OUT = fileURLToPath(new URL("../../test-output/portal/", import.meta.url));
const MODES = [
  { name: "zh-1280", width: 1280, language: "zh-CN", elder: false },
  { name: "en-1280", width: 1280, language: "en", elder: false },
  { name: "zh-360", width: 360, language: "zh-CN", elder: false },
  { name: "en-360", width: 360, language: "en", elder: false },
  { name: "zh-elder-360", width: 360, language: "zh-CN", elder: true },
  { name: "en-elder-1280", width: 1280, language: "en", elder: true },
];
const [only = "", mode = ""] = process.argv.slice(2);

mkdirSync(OUT, { recursive: true });
const outDir = fileURLToPath(new URL("../node_modules/.mock", import.meta.url));
await build({ mode: "mock", logLevel: "error", build: { outDir, emptyOutDir: true, minify: false, chunkSizeWarningLimit: 10_000 } });
const server = await preview({ mode: "mock", logLevel: "error", build: { outDir }, preview: { port: 4199, host: "127.0.0.1" } });
const origin = server.resolvedUrls.local[0].replace(/\/$/, "");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
let wrong = 0;
for (const { name, width, language, elder } of MODES.filter((one) => one.name.includes(mode))) {
  for (const page of PAGES.filter((one) => one.name.includes(only))) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: "reduce" });
    await context.addInitScript(
      ([lang, large, role, tampered]) => {
        localStorage.setItem("zhengtong.language", lang);
        localStorage.setItem("zhengtong.elder", large ? "1" : "0");
        if (role) localStorage.setItem("zhengtong.mock", role);
        if (tampered) localStorage.setItem("zhengtong.tampered", "1");
      },
      [language, elder, page.role ?? "", page.tampered ?? false],
    );
    const tab = await context.newPage();
    tab.on("pageerror", (error) => console.error(`${name} ${page.name}: ${error}`));
    tab.on("console", (line) => line.type() === "error" && console.error(`${name} ${page.name}: ${line.text()}`));
    await tab.goto(origin + page.path);
    await tab.waitForSelector("h1");
    await tab.waitForTimeout(page.waitMs ?? 400);
    await page.act?.(tab);
    const sideways = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) {
      wrong += 1;
      console.error(`${name} ${page.name}: scrolls sideways by ${sideways}px`);
    }
    const { violations } = await new AxeBuilder({ page: tab }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
    for (const violation of violations) {
      wrong += 1;
      console.error(`${name} ${page.name}: ${violation.id} ${violation.nodes.map((node) => node.target.join(" ")).slice(0, 4).join(" | ")}`);
    }
    await tab.screenshot({ path: `${OUT}${page.name}.${name}.png`, fullPage: true });
    await context.close();
  }
}
await browser.close();
await server.close();
console.log(wrong === 0 ? "no violation, nothing scrolls sideways" : `${wrong} problems`);
process.exit(wrong === 0 ? 0 : 1);
