import { checkFacts, type Finding, holds, scan } from "./evaluate";
import type { Fact, Range, Table } from "./table";

/** If the fact of `predicate` lay in `answers`, all else equal, the result would be `finding`. */
export interface SingleChange {
  /** index of the predicate */
  readonly predicate: number;
  /** the other answers: a maximal interval */
  readonly answers: Range;
  readonly finding: Finding;
}

/** Why facts gave their result, and what would have changed it. */
export interface Explanation {
  readonly finding: Finding;
  /** every change of one fact to another known answer that gives another result, by predicate and answer */
  readonly changes: readonly SingleChange[];
  /** the unknown facts that stopped the table; indexes of predicates */
  readonly stoppedBy: readonly number[];
}

export function explain(table: Table, facts: readonly Fact[]): Explanation {
  checkFacts(table, facts);
  const finding = scan(table, facts);
  const changes = table.ranges.flatMap((_, predicate) => changesOf(table, facts, predicate, finding));
  return { finding, changes, stoppedBy: stoppedBy(table, facts) };
}

/** Intervals of one predicate's answers within which no row can tell two answers apart. */
export function elementaryIntervals(table: Table, predicate: number): Range[] {
  const whole = table.ranges[predicate];
  if (!whole) return [];
  const starts = new Set([whole.min]);
  for (const { range } of table.rows.flatMap((row) => row.literals).filter((literal) => literal.predicate === predicate)) {
    starts.add(range.min);
    if (range.max < whole.max) starts.add(range.max + 1);
  }
  const sorted = [...starts].sort((a, b) => a - b);
  return sorted.map((min, index) => ({ min, max: (sorted[index + 1] ?? whole.max + 1) - 1 }));
}

function changesOf(table: Table, facts: readonly Fact[], predicate: number, finding: Finding): SingleChange[] {
  const changed = [...facts];
  const merged: SingleChange[] = [];
  for (const interval of elementaryIntervals(table, predicate)) {
    changed[predicate] = interval.min;
    const other = scan(table, changed);
    const last = merged.at(-1);
    if (last && same(last.finding, other)) {
      merged[merged.length - 1] = { ...last, answers: { min: last.answers.min, max: interval.max } };
    } else {
      merged.push({ predicate, answers: interval, finding: other });
    }
  }
  return merged.filter((change) => !same(change.finding, finding));
}

function stoppedBy(table: Table, facts: readonly Fact[]): number[] {
  const row = table.rows.find((candidate) => holds(candidate, facts) !== false);
  const predicates = row?.literals.map((literal) => literal.predicate) ?? [];
  return predicates.filter((predicate) => (facts[predicate] ?? null) === null);
}

function same(a: Finding, b: Finding): boolean {
  return a.row === b.row && a.outcome === b.outcome;
}
