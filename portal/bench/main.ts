// `make bench`, the part that speaks TypeScript: cases, decisions and the browser, beside what `zhengtong bench transfers` wrote.
// Arguments: the transfers' report (a JSON file), if there is one. ZHENGTONG_BENCH_QUICK=1 does a tenth, to see that it runs.
import { readFileSync } from "node:fs";
import { Server } from "../e2e/harness/server";
import { measureBrowser } from "./browser";
import { type Amount, measureCases } from "./cases";
import { machine } from "./machine";
import { type Row, table } from "./table";

const FULL: Amount = { single: 100, steady: 600, underWay: 32 };
const QUICK: Amount = { single: 10, steady: 60, underWay: 8 };

/** What `zhengtong bench transfers --report` writes. */
interface Report {
  readonly title: string;
  readonly rows: readonly Row[];
}

const startedMs = performance.now();
const say = (text: string): void => console.log(`[${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s] ${text}`);

const [report] = process.argv.slice(2);
const tables = report === undefined ? [] : (JSON.parse(readFileSync(report, "utf8")) as Report[]).map(({ title, rows }) => table(title, rows));
const about = machine();

say("starting a network of one: chain, index, portal, five gateways");
const server = await Server.start({ name: "bench" });
try {
  const { rows, example } = await measureCases(server, process.env["ZHENGTONG_BENCH_QUICK"] === "1" ? QUICK : FULL, say);
  tables.push(table("cases: old-age allowance, 3 agencies asked, one server process", rows));
  tables.push(table("verification in headless Chromium", await measureBrowser(server, example, say)));
} finally {
  await server.dispose();
}
console.log(`\n${about}\nNumbers of one machine on one day, which runs the load as well: quote the ratios.\n\n${tables.join("\n\n")}`);
