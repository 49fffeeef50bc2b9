// Debian's Chromium, headless, with a profile of its own; pages read by the texts people see.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type Page, chromium } from "playwright-core";
import { fill } from "../../src/i18n/fill";
import { type MessageKey, messages } from "../../src/i18n/messages";
import { outputFolder } from "./paths";

const EXECUTABLE = [process.env["CHROMIUM"] ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const ARGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];
const CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"];
/** A page that shows nothing new for so long is broken; a debug build on two cores is slow. */
export const PATIENCE_MS = 45_000;

export type Language = "zh-CN" | "en";

export interface Look {
  readonly language?: Language;
  readonly elder?: boolean;
  readonly width?: number;
  readonly height?: number;
  /** Lets the portal keep itself on the device; otherwise every request goes to the server, where tests see it. */
  readonly kept?: boolean;
  /** What its camera sees: a film (`harness/film.ts`). Without one, there is no camera. */
  readonly camera?: string;
}

/** The text of a key as the portal shows it. */
export function text(key: MessageKey, params: Record<string, string | number> = {}, language: Language = "zh-CN"): string {
  return fill(messages[key][language === "zh-CN" ? 0 : 1], params);
}

export class Browser {
  private constructor(
    readonly context: BrowserContext,
    readonly origin: string,
    readonly errors: string[],
    readonly look: Required<Look>,
    readonly profile: string,
  ) {}

  static async open(origin: string, look: Look = {}): Promise<Browser> {
    if (EXECUTABLE === undefined) throw new Error("no Chromium; run `apt-get install -y chromium`");
    const full = { language: "zh-CN", elder: false, width: 1280, height: 900, kept: false, camera: "", ...look } as const;
    const profile = mkdtempSync(join(tmpdir(), "zhengtong-chromium-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: EXECUTABLE, args: full.camera === "" ? ARGS : [...ARGS, ...CAMERA, `--use-file-for-fake-video-capture=${full.camera}`], headless: true, locale: full.language, viewport: { width: full.width, height: full.height }, reducedMotion: "reduce",
      serviceWorkers: full.kept ? "allow" : "block",
    });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addInitScript(
      ([language, elder]) => {
        if (!location.protocol.startsWith("http")) return;
        // Only what nobody chose yet: tests change it later, as people do.
        if (localStorage.getItem("zhengtong.language") === null) localStorage.setItem("zhengtong.language", language as string);
        if (localStorage.getItem("zhengtong.elder") === null) localStorage.setItem("zhengtong.elder", elder as string);
      },
      [full.language, full.elder ? "1" : "0"],
    );
    const errors: string[] = [];
    const watch = (page: Page): void => {
      page.on("pageerror", (error) => errors.push(`${page.url()}: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource/.test(message.text())) errors.push(`${page.url()}: ${message.text()}`);
      });
    };
    context.pages().forEach(watch);
    context.on("page", watch);
    return new Browser(context, origin, errors, full, profile);
  }

  async page(path = "/"): Promise<Page> {
    const page = this.context.pages()[0] ?? (await this.context.newPage());
    await page.goto(this.origin + path);
    return page;
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}

export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(outputFolder("pages"), `${name}.png`), fullPage: true });
}

/** How much of a page's text goes with a failure. */
const SEEN_LETTERS = 1_500;

/** Runs a test with a browser of its own; when it fails, keeps a picture of what was seen, and its text goes with the error. */
export async function withBrowser(origin: string, name: string, look: Look, work: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await Browser.open(origin, look);
  try {
    await work(browser);
    if (browser.errors.length > 0) throw new Error(`errors in the page:\n${browser.errors.join("\n")}`);
  } catch (error) {
    for (const [n, page] of browser.context.pages().entries()) {
      await page.screenshot({ path: join(outputFolder("failures"), `${name}-${n}.png`), fullPage: true }).catch(() => {});
      const seen = await page.locator("main").innerText({ timeout: 1_000 }).catch(() => "nothing");
      if (error instanceof Error) error.message += `\n  ${name}, at ${page.url()}, with errors [${browser.errors.join("; ")}]:\n${seen.slice(0, SEEN_LETTERS)}`;
    }
    throw error;
  } finally {
    await browser.close();
  }
}
