/**
 * The decision table of a `rules.json`, as its evaluation needs it.
 *
 * The same semantics stand in `crates/rules` (Rust) and `contracts/src/Rules.sol`; shared vectors hold the three equal.
 */

export type Outcome = "approve" | "review" | "refuse";

/** The values for which a literal holds, both ends included; a boolean is 0 or 1. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** One condition of a row. */
export interface Literal {
  /** index of the predicate */
  readonly predicate: number;
  readonly range: Range;
}

/** One row: if every literal holds, this is the outcome. */
export interface TableRow {
  readonly literals: readonly Literal[];
  readonly outcome: Outcome;
  /** what is paid, or for a review the ceiling, in fen; null if nothing is */
  readonly amountFen: number | null;
}

export interface Table {
  /** names of the predicates, in the order of their facts */
  readonly predicates: readonly string[];
  /** the answers possible, one range a predicate */
  readonly ranges: readonly Range[];
  /** in order of precedence */
  readonly rows: readonly TableRow[];
}

/** The answer to one predicate: 0 or 1 for a boolean, an integer, or null for unknown. */
export type Fact = number | null;

/** What is not a table, by JSON path. */
export class TableError extends Error {
  constructor(
    readonly path: string,
    problem: string,
  ) {
    super(`${path}: ${problem}`);
    this.name = "TableError";
  }
}

const FORMAT = "zhengtong-rules/1";
const MAX_PREDICATES = 32;
const MAX_ROWS = 64;
const OUTCOMES: readonly string[] = ["approve", "review", "refuse"];

/** Reads the parts of a `rules.json` that decide; whether the rest is well-formed is the publisher's check. */
export function readTable(rules: unknown): Table {
  const root = record(rules, ".");
  if (root["format"] !== FORMAT) throw new TableError("format", `must be "${FORMAT}"`);
  const predicates = list(root["predicates"], "predicates", MAX_PREDICATES).map(readPredicate);
  const names = predicates.map((predicate) => predicate.id);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) throw new TableError(`predicates[${twice}].id`, "appears twice");
  const rows = list(root["rows"], "rows", MAX_ROWS).map((row, index) => readRow(row, `rows[${index}]`, predicates));
  return { predicates: names, ranges: predicates.map((predicate) => predicate.range), rows };
}

interface Asked {
  readonly id: string;
  readonly isBoolean: boolean;
  readonly range: Range;
}

function readPredicate(value: unknown, index: number): Asked {
  const path = `predicates[${index}]`;
  const { id, kind, min, max } = record(value, path);
  if (typeof id !== "string") throw new TableError(`${path}.id`, "must be a text");
  if (kind === "boolean") return { id, isBoolean: true, range: { min: 0, max: 1 } };
  if (kind !== "integer") throw new TableError(`${path}.kind`, "must be boolean or integer");
  return { id, isBoolean: false, range: readRange({ min, max }, path) };
}

function readRow(value: unknown, path: string, predicates: readonly Asked[]): TableRow {
  const { when, outcome, amount } = record(value, path);
  if (!isOutcome(outcome)) throw new TableError(`${path}.outcome`, "must be approve, review or refuse");
  const literals = Object.entries(record(when, `${path}.when`)).map(([name, condition]) =>
    readLiteral(name, condition, `${path}.when.${name}`, predicates),
  );
  literals.sort((a, b) => a.predicate - b.predicate);
  return { literals, outcome, amountFen: readAmount(amount, `${path}.amount`) };
}

function readLiteral(name: string, condition: unknown, path: string, predicates: readonly Asked[]): Literal {
  const index = predicates.findIndex((predicate) => predicate.id === name);
  const asked = predicates[index];
  if (!asked) throw new TableError(path, "no predicate has this name");
  if (asked.isBoolean !== (typeof condition === "boolean")) throw new TableError(path, "does not fit the predicate's kind");
  if (typeof condition === "boolean") {
    const value = condition ? 1 : 0;
    return { predicate: index, range: { min: value, max: value } };
  }
  const range = readRange(condition, path);
  if (range.min < asked.range.min || range.max > asked.range.max) throw new TableError(path, "leaves the predicate's range");
  return { predicate: index, range };
}

function readRange(value: unknown, path: string): Range {
  const { min, max } = record(value, path);
  if (!isInt32(min) || !isInt32(max) || min > max) throw new TableError(path, "needs whole numbers min <= max");
  return { min, max };
}

function readAmount(value: unknown, path: string): number | null {
  if (value === undefined || value === null) return null;
  const { fen } = record(value, path);
  if (typeof fen !== "number" || !Number.isSafeInteger(fen) || fen < 0) throw new TableError(`${path}.fen`, "must be a whole amount");
  return fen;
}

function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TableError(path, "must be an object");
  return value as Record<string, unknown>;
}

function list(value: unknown, path: string, limit: number): unknown[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > limit) {
    throw new TableError(path, `must be a list of 1 to ${limit}`);
  }
  return value;
}

function isOutcome(value: unknown): value is Outcome {
  return typeof value === "string" && OUTCOMES.includes(value);
}

/** -2147483648 is "unknown" on the chain and never a bound. */
function isInt32(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
}
