// Walks a page with the Tab key alone: is every control reached, and is it seen where the focus is?
import type { Page } from "playwright-core";

const MAX_STOPS = 400;

export interface Walk {
  readonly stops: number;
  /** Controls that Tab never reached. */
  readonly unreached: string[];
  /** Controls that show no sign of having the focus, or have it out of sight. */
  readonly unseen: string[];
}

/** Numbers every control that is shown; a group of radio buttons is one control. */
async function numberControls(page: Page): Promise<Record<string, string>> {
  return await page.evaluate(() => {
    const selector = "a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])";
    const names: Record<string, string> = {};
    let next = 0;
    for (const element of document.querySelectorAll<HTMLElement>(selector)) {
      const isShown = element.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true }) && element.closest("[inert]") === null;
      const isOff = (element as HTMLButtonElement).disabled === true || (element as HTMLInputElement).type === "hidden" || element.tabIndex < 0;
      if (!isShown || isOff) continue;
      const isRadio = element instanceof HTMLInputElement && element.type === "radio";
      const id = isRadio ? `radio ${element.name}` : String(next++);
      element.dataset["stop"] = id;
      names[id] = `${element.tagName.toLowerCase()} "${(element.innerText || element.getAttribute("aria-label") || element.id || "").slice(0, 40)}"`;
    }
    return names;
  });
}

async function focused(page: Page): Promise<{ id: string | null; isSeen: boolean }> {
  return await page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (element === null || element === document.body) return { id: null, isSeen: true };
    const style = getComputedStyle(element);
    const hasOutline = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0;
    const box = element.getBoundingClientRect();
    const isInside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return { id: element.dataset["stop"] ?? null, isSeen: isInside && (hasOutline || style.boxShadow !== "none") };
  });
}

export async function walkByKeyboard(page: Page): Promise<Walk> {
  const names = await numberControls(page);
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    scrollTo(0, 0);
    getSelection()?.removeAllRanges();
  });
  const reached = new Set<string>();
  const unseen = new Set<string>();
  const count = Object.keys(names).length;
  // Tab goes on from where the focus was last, so one whole round may leave the page and come back once.
  for (let n = 0, left = 0; n < MAX_STOPS && left <= 2 && reached.size < count; n++) {
    await page.keyboard.press("Tab");
    const { id, isSeen } = await focused(page);
    if (id === null) {
      left += 1;
      continue;
    }
    reached.add(id);
    if (!isSeen) unseen.add(names[id] ?? id);
  }
  const unreached = Object.keys(names).filter((id) => !reached.has(id));
  return { stops: reached.size, unreached: unreached.map((id) => names[id] ?? id), unseen: [...unseen] };
}
