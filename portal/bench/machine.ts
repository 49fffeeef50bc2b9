// The machine that is measured, and what a process has used of its processors (Linux).
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/** Clock ticks a second in `/proc`; fixed at 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const GIB = 1024 ** 3;

export function machine(): string {
  const cores = cpus();
  const memory = Math.round(totalmem() / GIB);
  return `${cores.length} × ${cores[0]?.model ?? "unknown processor"}, ${memory} GiB, Linux ${release()}; load before the run ${loadavg()[0]?.toFixed(1)}`;
}

/** User and system seconds of a process with all its threads, from `/proc/<pid>/stat`, fields 14 and 15 (proc(5)). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may contain spaces, so count from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
