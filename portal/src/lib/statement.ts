/** Bounds of what a person or an officer writes. */
export const STATEMENT_MIN = 10;
export const STATEMENT_MAX = 2000;

export function fitsStatement(text: string): boolean {
  const length = [...text.trim()].length;
  return length >= STATEMENT_MIN && length <= STATEMENT_MAX;
}
