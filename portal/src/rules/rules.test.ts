import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Json } from "../ports";
import { evaluate, factsFromChain, NO_ROW, UNKNOWN } from "./evaluate";
import { rules } from "./rules";
import { readTable, TableError } from "./table";

const path = resolve(import.meta.dirname, "../../../services/old-age-allowance/rules.json");
const allowance = JSON.parse(readFileSync(path, "utf8")) as Json;

/** Yuan a month by age, as 沪府发〔2016〕24号 says. */
function yuan(age: number): number | null {
  if (age < 65) return null;
  if (age < 70) return 75;
  if (age < 80) return 150;
  if (age < 90) return 180;
  return age < 100 ? 350 : 600;
}

test("every age receives what the notice says", () => {
  const table = readTable(allowance);
  for (let age = 0; age <= 130; age += 1) {
    const found = evaluate(table, [1, age, 0, 0]);
    const paid = yuan(age);
    expect(found.outcome).toBe(paid === null ? "refuse" : "approve");
    expect(table.rows[found.row]?.amountFen ?? null).toBe(paid === null ? null : paid * 100);
  }
});

test("a missing household record goes to a person", () => {
  expect(rules.evaluate(allowance, [null, 64, 0, 0])).toEqual({ outcome: "review", row: NO_ROW });
});

test("what would have changed the result of someone aged 66", () => {
  const changes = rules.explain(allowance, [1, 66, 0, 0]);
  const ages = changes.filter((change) => change.changes[0]?.predicate === "age");
  expect(ages.map(({ changes: [change], outcome, amountFen }) => [change?.to.min, change?.to.max, outcome, amountFen])).toEqual([
    [0, 64, "refuse", 0],
    [70, 79, "approve", 15_000],
    [80, 89, "approve", 18_000],
    [90, 99, "approve", 35_000],
    [100, 130, "approve", 60_000],
  ]);
  expect(ages[0]?.changes[0]?.from).toBe(66);
});

test("facts of the chain: the least int32 is unknown", () => {
  expect(factsFromChain([1, UNKNOWN, -5])).toEqual([1, null, -5]);
});

describe("what is not a table is refused with its place", () => {
  const law = { law: "L", article: "1" };
  const asked = { id: "a", kind: "integer", min: 0, max: 9 };
  const withRow = (row: object) => ({ format: "zhengtong-rules/1", predicates: [asked], rows: [{ law, reason: "r", ...row }] });
  const cases: [string, unknown][] = [
    [".", null],
    [".", []],
    ["format", { format: "other" }],
    ["predicates", { format: "zhengtong-rules/1", predicates: [], rows: [] }],
    ["predicates", { format: "zhengtong-rules/1", predicates: Array(33).fill(asked), rows: [] }],
    ["predicates[1].id", { format: "zhengtong-rules/1", predicates: [asked, asked], rows: [] }],
    ["predicates[0].kind", { format: "zhengtong-rules/1", predicates: [{ id: "a", kind: "text" }], rows: [] }],
    ["predicates[0]", { format: "zhengtong-rules/1", predicates: [{ ...asked, min: UNKNOWN }], rows: [] }],
    ["rows", { format: "zhengtong-rules/1", predicates: [asked], rows: [] }],
    ["rows[0].outcome", withRow({ when: {}, outcome: "maybe" })],
    ["rows[0].when", withRow({ outcome: "review" })],
    ["rows[0].when.b", withRow({ when: { b: true }, outcome: "review" })],
    ["rows[0].when.a", withRow({ when: { a: true }, outcome: "review" })],
    ["rows[0].when.a", withRow({ when: { a: { min: 0, max: 10 } }, outcome: "review" })],
    ["rows[0].when.a", withRow({ when: { a: { min: 3, max: 2 } }, outcome: "review" })],
    ["rows[0].amount.fen", withRow({ when: {}, outcome: "approve", amount: { fen: 1.5 } })],
  ];
  test.each(cases)("%s", (place, value) => {
    const error = (() => {
      try {
        readTable(value);
      } catch (caught) {
        return caught;
      }
      return null;
    })();
    expect(error).toBeInstanceOf(TableError);
    expect((error as TableError).path).toBe(place);
  });
});
