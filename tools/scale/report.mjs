// The tables of docs/scale.md, made from the model: `node tools/scale/report.mjs` writes them into the page, `--check` fails if
// the page has others.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PROVINCES } from "./census.mjs";
import { FIGURES, SCENARIOS, numbers } from "./figures.mjs";
import { chain, chainsNeeded, limits, load, mostPeople } from "./model.mjs";
import { simulateDay } from "./simulate.mjs";

const PAGE = fileURLToPath(new URL("../../docs/scale.md", import.meta.url));
const SEED = 20_260;
const YEARS = 10;
const DAYS_KEPT = 90;
const HALT = { region: "Guangdong 广东", fromHour: 10, hours: 1 };
const f = numbers;

const digits = (value, places = 0) => value.toLocaleString("en-GB", { maximumFractionDigits: places, minimumFractionDigits: places });
/** Three digits that mean something, no more. */
const about = (value) => (value === 0 ? "0" : value >= 100 ? digits(Number(value.toPrecision(3))) : digits(value, value >= 10 ? 0 : value >= 1 ? 1 : 2));
const percent = (share) => (share < 0.01 ? `${digits(100 * share, 1)} %` : `${digits(100 * share)} %`);
const table = (head, rows) => [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

function when(years) {
  if (years === 0) return "at once";
  if (years === Infinity) return "never";
  if (years > 100) return "after 100 years";
  const days = years * 365;
  if (days < 2) return `after ${about(days * 24)} hours`;
  if (days < 60) return `after ${about(days)} days`;
  return years < 2 ? `after ${about(years * 12)} months` : `after ${about(years)} years`;
}

function figures() {
  const exact = (value) => value.toLocaleString("en-GB", { maximumSignificantDigits: 10 });
  const rows = Object.values(FIGURES).map(({ value, unit, kind, source }) => [`${exact(value)} ${unit}`, kind, source]);
  return ["| figure | | from |", "|---|---|---|", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
}

function regions() {
  const chosen = ["Guangdong", "Shandong", "Shanghai", "Tibet"];
  const rows = SCENARIOS.slice(0, 2).flatMap((scenario) =>
    chosen.map((name) => {
      const { people } = PROVINCES.find((province) => province.name.startsWith(name));
      const c = chain(load(people, scenario, f), f);
      return [
        `${name}, cases ${scenario.name}`,
        digits(people / 1e6, 1),
        about(c.casesPerYear / 1e6),
        about(c.peakTransactions),
        percent(c.throughputShare),
        about(c.indexBytesPerYear / 2 ** 30),
        about(c.diskBytesPerYear / 1e12),
        about(c.peakForeignProofs),
      ];
    }),
  );
  return table(["one chain a province", "million people", "million cases a year", "tx/s at peak", "of the throughput", "index, GiB a year", "disk, TB a year", "foreign proofs/s at peak"], rows);
}

function breaks() {
  const guangdong = PROVINCES.find(({ name }) => name.startsWith("Guangdong")).people;
  const rows = SCENARIOS.flatMap((scenario) =>
    [Infinity, DAYS_KEPT].map((daysKept) => {
      const c = chain(load(guangdong, scenario, f), f, daysKept);
      const order = limits(c, f).filter(({ years }) => years !== Infinity);
      const kept = daysKept === Infinity ? "for ever" : `${daysKept} days`;
      return [scenario.name, kept, about(c.peakTransactions), order.map(({ what, years }) => `${what} ${when(years)}`).join(", ") || "nothing"];
    }),
  );
  const head = ["Guangdong on one chain, cases …", "closed cases stay in the state", "tx/s at peak", "breaks, in order"];
  return [head, ["---", "---", "---:", "---"], ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function sizes() {
  const rows = SCENARIOS.slice(0, 2).flatMap((scenario) =>
    [Infinity, DAYS_KEPT].map((daysKept) => {
      const [first, second] = mostPeople(scenario, f, YEARS, daysKept);
      const kept = daysKept === Infinity ? "for ever" : `${daysKept} days`;
      return [scenario.name, kept, `${about(first.people / 1e6)} million (${first.what})`, `${about(second.people / 1e6)} million (${second.what})`, digits(chainsNeeded(PROVINCES, first.people))];
    }),
  );
  const head = ["cases …", "closed cases stay in the state", `people on a chain that lasts ${YEARS} years`, "next limit", "chains for the country"];
  return [head, ["---", "---", "---:", "---:", "---:"], ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function day() {
  const rows = [null, HALT].map((halt) => {
    const simulated = simulateDay(PROVINCES, SCENARIOS[1], f, { seed: SEED, halt });
    const of = (pick, combine) => simulated.map(pick).reduce(combine);
    const largest = simulated.find(({ name }) => name === HALT.region);
    const others = simulated.filter(({ name }) => name !== HALT.region);
    return [
      halt === null ? "all chains run" : `${HALT.region.split(" ")[0]} halts from ${HALT.fromHour} to ${HALT.fromHour + HALT.hours}`,
      about(of((region) => region.arrived, (a, b) => a + b) / 1e6),
      about(of((region) => region.proofs, (a, b) => a + b) / 1e6),
      digits(largest.longestWait, largest.longestWait < 10 ? 1 : 0),
      digits(Math.max(...others.map((region) => region.longestWait)), 1),
      about(Math.round(others.reduce((sum, region) => sum + region.mostWaiting, 0))),
    ];
  });
  return table(["a busy day, 31 chains", "million cases", "million foreign proofs", "longest wait there, s", "longest wait elsewhere, s", "most cases elsewhere that wait for another chain"], rows);
}

export const TABLES = { figures, regions, breaks, sizes, day };

/** The page with every table made anew between its marks. */
export function renewed(page) {
  return Object.entries(TABLES).reduce((text, [name, make]) => {
    const mark = new RegExp(`(<!-- model: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
    if (!mark.test(text)) throw new Error(`docs/scale.md has no mark for the table "${name}"`);
    return text.replace(mark, (_, start, end) => `${start}${make()}\n${end}`);
  }, page);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = readFileSync(PAGE, "utf8");
  const made = renewed(page);
  if (!process.argv.includes("--check")) writeFileSync(PAGE, made);
  else if (made !== page) {
    console.error("docs/scale.md is stale: run `node tools/scale/report.mjs` and review the difference");
    process.exitCode = 1;
  }
}
