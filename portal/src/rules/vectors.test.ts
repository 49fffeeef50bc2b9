/** The browser's evaluator gives what the shared vectors say; Rust and Solidity assert the same file. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { evaluate, FactError, type Finding, NO_ROW } from "./evaluate";
import { explain } from "./explain";
import { type Fact, type Outcome, readTable } from "./table";

type Case = [facts: Fact[], outcome: Outcome, row: number | null];
type Changed = [predicate: number, min: number, max: number, outcome: Outcome, row: number | null];

interface VectorTable {
  package?: string;
  rules?: unknown;
  refused: Fact[][];
  explained: { facts: Fact[]; changes: Changed[]; stopped_by: number[] }[];
  cases: Case[];
}

const repository = resolve(import.meta.dirname, "../../..");
const read = (path: string): unknown => JSON.parse(readFileSync(resolve(repository, path), "utf8"));
const { tables } = read("crates/rules/vectors/evaluation.json") as { tables: VectorTable[] };
const tableOf = (vector: VectorTable) => readTable(vector.rules ?? read(`services/${vector.package}/rules.json`));
const rowOf = ({ row }: Finding) => (row === NO_ROW ? null : row);

test("every case of every table", () => {
  let checked = 0;
  for (const vector of tables) {
    const table = tableOf(vector);
    for (const [facts, outcome, row] of vector.cases) {
      const found = evaluate(table, facts);
      expect([found.outcome, rowOf(found)], `${JSON.stringify(facts)} in ${JSON.stringify(table)}`).toEqual([outcome, row]);
      checked += 1;
    }
  }
  expect(checked).toBeGreaterThan(4_000);
});

test("facts that do not fit are refused", () => {
  for (const vector of tables) {
    const table = tableOf(vector);
    for (const facts of vector.refused) expect(() => evaluate(table, facts)).toThrow(FactError);
  }
});

test("explanations list every single change, and the unknown that stopped the table", () => {
  for (const vector of tables) {
    const table = tableOf(vector);
    for (const expected of vector.explained) {
      const { changes, stoppedBy } = explain(table, expected.facts);
      const listed = changes.map(({ predicate, answers, finding }) => [predicate, answers.min, answers.max, finding.outcome, rowOf(finding)]);
      expect(listed).toEqual(expected.changes);
      expect(stoppedBy).toEqual(expected.stopped_by);
    }
  }
});
