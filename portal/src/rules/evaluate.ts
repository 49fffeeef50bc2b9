import type { Fact, Outcome, Range, Table, TableRow } from "./table";

/** The row index that means "no row", as on the chain. */
export const NO_ROW = 255;

/** A fact that its agency could not tell, as on the chain: type(int32).min. */
export const UNKNOWN = -(2 ** 31);

/** The result of an evaluation. */
export interface Finding {
  readonly outcome: Outcome;
  /** the row that says so, or NO_ROW: a fact it would need is unknown, or no row is left */
  readonly row: number;
}

/** Facts that do not fit the predicates. */
export class FactError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "FactError";
  }
}

const NONE: Finding = { outcome: "review", row: NO_ROW };

/**
 * Finds the row under Kleene's three-valued logic: the first row that is not false stops the scan. True gives its
 * outcome, unknown gives a review without a row, and so does a table with no row left.
 */
export function evaluate(table: Table, facts: readonly Fact[]): Finding {
  checkFacts(table, facts);
  return scan(table, facts);
}

/** Evaluates facts that are known to fit. */
export function scan(table: Table, facts: readonly Fact[]): Finding {
  for (const [row, tableRow] of table.rows.entries()) {
    const holding = holds(tableRow, facts);
    if (holding === true) return { outcome: tableRow.outcome, row };
    if (holding === null) return NONE;
  }
  return NONE;
}

/** Whether a row holds; null is unknown. */
export function holds(row: TableRow, facts: readonly Fact[]): boolean | null {
  let known = true;
  for (const { predicate, range } of row.literals) {
    const fact = facts[predicate] ?? null;
    if (fact === null) known = false;
    else if (!contains(range, fact)) return false;
  }
  return known || null;
}

/** Reads facts as they stand on the chain. */
export function factsFromChain(values: readonly number[]): Fact[] {
  return values.map((value) => (value === UNKNOWN ? null : value));
}

function contains(range: Range, value: number): boolean {
  return range.min <= value && value <= range.max;
}

export function checkFacts(table: Table, facts: readonly Fact[]): void {
  if (facts.length !== table.ranges.length) {
    throw new FactError(`${facts.length} facts for ${table.ranges.length} predicates`);
  }
  for (const [index, { min, max }] of table.ranges.entries()) {
    const fact = facts[index] ?? null;
    if (fact !== null && !(Number.isInteger(fact) && contains({ min, max }, fact))) {
      throw new FactError(`fact ${index} is ${fact}, outside ${min}..=${max}`);
    }
  }
}
