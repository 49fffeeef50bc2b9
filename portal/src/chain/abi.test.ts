// @vitest-environment node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
// @ts-expect-error a script without types
import { abiText } from "./generate-abi.mjs";
import { slug, slugText, statuteId } from "./codes";

it("has the ABIs that are committed; if not: node src/chain/generate-abi.mjs", () => {
  const here = import.meta.dirname;
  expect(readFileSync(join(here, "abi.ts"), "utf8")).toBe((abiText as (here: string) => string)(here));
});

it("pads slugs on the right and refuses what is none", () => {
  expect(slug("health")).toBe(`0x6865616c7468${"00".repeat(26)}`);
  expect(slugText(slug("public-security"))).toBe("public-security");
  for (const text of ["", "A", "a b", "政", "a".repeat(32)]) expect(() => slug(text)).toThrow(RangeError);
  expect(statuteId("a", "b")).not.toBe(statuteId("ab", ""));
});
