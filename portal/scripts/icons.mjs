// Draws the icons of the installed portal from public/seal.svg: node scripts/icons.mjs — needs Debian's chromium.
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const SEAL = readFileSync(new URL("../public/seal.svg", import.meta.url), "utf8");
const OUT = fileURLToPath(new URL("../public/icons/", import.meta.url));
// A maskable icon is cut to a circle of 80 % at worst: no rounded corners, and the seal's strokes stay inside.
const MASKABLE = SEAL.replace(/ rx="\d+"/, "");

mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const [name, svg] of [["seal", SEAL], ["seal-maskable", MASKABLE]]) {
  for (const size of [192, 512]) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    await page.setContent(`<style>html,body{margin:0;background:transparent}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
    await page.screenshot({ path: `${OUT}${name}-${size}.png`, omitBackground: name === "seal" });
    await page.close();
  }
}
await browser.close();
