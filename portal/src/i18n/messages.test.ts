import { describe, expect, test } from "vitest";
import { fill, placeholders } from "./fill";
import { messages } from "./messages";

const HAN = /\p{Script=Han}/u;
/** English texts that quote Chinese on purpose: the other language's name. */
const QUOTES_CHINESE = new Set(["site.language"]);
const entries = Object.entries(messages);

describe("texts", () => {
  test.each(entries)("%s is there in both languages", (key, [zh, en]) => {
    expect(zh.trim()).not.toBe("");
    expect(en.trim()).not.toBe("");
    expect(placeholders(en)).toEqual(placeholders(zh));
    if (!QUOTES_CHINESE.has(key)) expect(en).not.toMatch(HAN);
  });

  test("no text is left over", () => {
    const sources = Object.entries(import.meta.glob("../**/*.{ts,svelte}", { eager: true, query: "?raw", import: "default" }) as Record<string, string>)
      .filter(([path]) => !path.includes("/messages"))
      .map(([, text]) => text)
      .join("\n");
    const literal = (key: string) => sources.includes(`"${key}"`);
    // keys put together from a prefix and a code: `status.${status}`
    const prefixes = [...sources.matchAll(/`([a-zA-Z]+(?:\.[a-zA-Z]+)*\.)\$\{/g)].map((found) => found[1] ?? "");
    const left = entries.map(([key]) => key).filter((key) => !literal(key) && !prefixes.some((prefix) => key.startsWith(prefix)));
    expect(left).toEqual([]);
  });
});

describe("fill", () => {
  test("fills names and picks by number", () => {
    expect(fill("{n} {n|case|cases}", { n: 1 })).toBe("1 case");
    expect(fill("{n} {n|case|cases}", { n: 2 })).toBe("2 cases");
    expect(fill("by {date}", {})).toBe("by {date}");
  });
});
