// What was measured, as rows that a person and a spreadsheet can read.

export interface Row {
  readonly what: string;
  readonly value: string;
  readonly unit: string;
}

/** The value that a share `p` of the samples does not exceed (nearest rank). */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)];
  if (found === undefined) throw new Error("nothing was measured");
  return found;
}

/** Median and 99th percentile of times in milliseconds. */
export function times(what: string, samples: readonly number[]): Row {
  const [p50, p99] = [percentile(samples, 0.5), percentile(samples, 0.99)];
  return { what: `${what} (${samples.length} samples)`, value: `${p50.toFixed(0)} / ${p99.toFixed(0)}`, unit: "ms, p50 / p99" };
}

export function table(title: string, rows: readonly Row[]): string {
  const all = [{ what: title, value: "value", unit: "unit" }, ...rows];
  const width = (pick: (row: Row) => string) => Math.max(...all.map((row) => [...pick(row)].length));
  const [what, value] = [width((row) => row.what), width((row) => row.value)];
  const lines = all.map((row) => `  ${row.what.padEnd(what)}  ${row.value.padStart(value)}  ${row.unit}`.trimEnd());
  return [lines[0], `  ${"─".repeat(what + value + 16)}`, ...lines.slice(1)].join("\n");
}
