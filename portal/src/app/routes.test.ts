import { expect, test } from "vitest";
import { match, safeNext, to } from "./routes";

test("an address leads to its page and back", () => {
  expect(match("/").name).toBe("home");
  expect(match("/services/old-age-allowance/")).toMatchObject({ name: "guide", params: { service: "old-age-allowance" } });
  expect(match("/cases/0xab/appeal")).toMatchObject({ name: "appeal", params: { id: "0xab" } });
  expect(match("/nowhere").name).toBe("notFound");
  expect(match("/services/%E0%A4%A").name).toBe("notFound");
  expect(to("applyStep", { service: "a b", step: "check" }, { q: "", x: "津" })).toBe("/services/a%20b/apply/check?x=%E6%B4%A5");
});

test("after signing in one goes to pages of this portal alone", () => {
  expect(safeNext("/me/cases")).toBe("/me/cases");
  for (const evil of ["//evil.example", "https://evil.example", "/\\evil.example", "/nowhere", null]) expect(safeNext(evil)).toBe("/");
});
