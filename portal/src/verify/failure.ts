/** The steps of a verification, in order; the same names stand in `crates/types/src/error.rs`. */
export type Step = "certificate" | "headers" | "transaction" | "receipt" | "account" | "slot" | "event";

/** What kind of thing went wrong. */
export type Code = "too-large" | "malformed" | "signature" | "mismatch" | "proof" | "absent";

/** A step that failed: what was compared, what it should have been and what it was. */
export class CheckFailure extends Error {
  constructor(
    readonly step: Step,
    readonly code: Code,
    readonly what: string,
    readonly expected: string | null = null,
    readonly found: string | null = null,
  ) {
    super(`${step}: ${what} (${code})${expected === null ? "" : ` should be ${expected}, is ${found}`}`);
    this.name = "CheckFailure";
  }
}

export function malformed(step: Step, what: string): CheckFailure {
  return new CheckFailure(step, "malformed", what);
}

/** Refuses two different values. */
export function same(step: Step, what: string, expected: string | bigint | number, found: string | bigint | number): void {
  if (expected !== found) throw new CheckFailure(step, "mismatch", what, String(expected), String(found));
}

/** Refuses more than a limit. */
export function within(step: Step, what: string, size: number, limit: number): void {
  if (size > limit) throw new CheckFailure(step, "too-large", what, `at most ${limit}`, String(size));
}

/** Runs a reader of bytes; whatever it refuses is malformed in this step. */
export function reading<T>(step: Step, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CheckFailure) throw error;
    throw new CheckFailure(step, "malformed", what, null, error instanceof Error ? error.message : String(error));
  }
}
