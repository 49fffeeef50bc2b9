// The model against sums done by hand, the simulation against what must be conserved, the page against both.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ARMED_FORCES, CENSUS_TOTAL, PROVINCES } from "./census.mjs";
import { FIGURES, SCENARIOS, numbers } from "./figures.mjs";
import { chain, chainsNeeded, limits, load, mostPeople } from "./model.mjs";
import { renewed } from "./report.mjs";
import { hourShares, mulberry32, poisson, simulateDay } from "./simulate.mjs";

/** Round figures, so that the expected values can be done in the head. */
const ROUND = {
  censusTotal: 1_000_000,
  movedBetweenProvinces: 100_000,
  busyDayFactor: 2,
  busyHourShare: 0.1,
  foreignProofsPerMovedCase: 1,
  transactionsPerCase: 10,
  keysPerCase: 20,
  keysPerSeat: 4,
  seatShare: 0.5,
  gasPerCase: 1_000_000,
  gasPerUseRecord: 100_000,
  gasPerAttestation: 100_000,
  gasPerForeignProof: 500_000,
  diskBytesPerCase: 10_000,
  transfersPerSecond: 1_000,
  gasPerTransfer: 10_000, // 10 million gas a second
  recoveriesPerSecondPerCore: 1_000,
  indexBytesPerKey: 100,
  restartSecondsPerKey: 1e-6,
  memoryBytes: 2e9,
  memoryShare: 0.5,
  diskBytes: 1e12,
  restartSeconds: 100,
  loadShare: 0.5,
};
const ONE_A_YEAR = { name: "one", casesPerPersonYear: () => 1, queriesPerPersonDay: () => 0 };
const close = (actual, expected, what) => assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `${what}: ${actual}, not ${expected}`);

test("the census adds up", () => {
  assert.equal(PROVINCES.length, 31);
  assert.equal(PROVINCES.reduce((sum, { people }) => sum + people, ARMED_FORCES), CENSUS_TOTAL);
});

test("every figure says where it is from", () => {
  for (const [name, { value, unit, kind, source }] of Object.entries(FIGURES)) {
    assert.ok(value > 0, `${name} is not set`);
    assert.ok(["published", "measured", "assumed"].includes(kind) && unit !== "" && source.length > 10, name);
  }
});

test("load and chain are what one does in the head", () => {
  // A million people, a case each a year. A busy day has 2/365 of them, its busy hour a tenth of that.
  const l = load(1_000_000, ONE_A_YEAR, ROUND);
  close(l.peakCases, 200_000 / 365 / 3600, "cases a second");
  close(l.peakForeignProofs, l.peakCases / 10, "proofs a second");
  const c = chain(l, ROUND);
  close(c.keysPerYear, 20_000_000, "keys a year");
  close(c.keysOfPeople, 2_000_000, "keys of half a million seats");
  close(c.indexBytesPerYear, 2e9, "index");
  close(c.diskBytesPerYear, 1e10, "disk");
  close(c.restartSeconds(5), 102, "start");
  close(c.throughputShare, (l.peakCases * 1_050_000) / 10_000_000, "share of the throughput");
  close(c.peakTransactions, l.peakCases * 10.1, "transactions a second");
  const found = Object.fromEntries(limits(c, ROUND).map(({ what, years }) => [what, years]));
  assert.deepEqual(found, { "index memory": 0.4, "time to start": 4.9, disk: 100, throughput: Infinity });
  assert.equal(limits(c, ROUND)[0].what, "index memory");
});

test("queries between agencies are transactions, keys and gas of their own", () => {
  const asked = { ...ONE_A_YEAR, queriesPerPersonDay: () => 1 };
  const [without, with_] = [ONE_A_YEAR, asked].map((scenario) => chain(load(1_000_000, scenario, ROUND), ROUND));
  close(with_.keysPerYear - without.keysPerYear, 365_000_000, "keys");
  close(with_.diskBytesPerYear - without.diskBytesPerYear, 365_000_000 * 1_000, "disk");
  close(with_.peakTransactions - without.peakTransactions, 365 * without.peakCases, "transactions");
});

test("what leaves the state after a year bounds memory and start, not disk", () => {
  const years = Object.fromEntries(limits(chain(load(100_000, ONE_A_YEAR, ROUND), ROUND, 365), ROUND).map(({ what, years: y }) => [what, y]));
  assert.deepEqual(years, { "index memory": Infinity, "time to start": Infinity, disk: 1000, throughput: Infinity });
  // Too many people fill the memory within the year all the same.
  assert.equal(limits(chain(load(1_000_000, ONE_A_YEAR, ROUND), ROUND, 365), ROUND)[0].years, 0.4);
  // And so do people alone, however few cases there are.
  assert.equal(limits(chain(load(5_000_000, { ...ONE_A_YEAR, casesPerPersonYear: () => 1e-6 }, ROUND), ROUND, 365), ROUND)[0].years, 0);
});

test("the most people are those at whom the first limit is just reached", () => {
  for (const daysKept of [Infinity, 365]) {
    const [first] = mostPeople(ONE_A_YEAR, ROUND, 10, daysKept);
    assert.equal(first.what, "index memory");
    const years = Math.min(10, daysKept / 365);
    close(chain(load(first.people, ONE_A_YEAR, ROUND), ROUND, daysKept).indexBytes(10), 1e9, `index after ${years} years`);
  }
  assert.equal(chainsNeeded([{ people: 10 }, { people: 11 }, { people: 1 }], 10), 4);
});

test("a simulated day loses no case, and is the same for the same seed", () => {
  const provinces = [{ name: "a", people: 600_000 }, { name: "b", people: 400_000 }];
  const daily = { ...ONE_A_YEAR, casesPerPersonYear: () => 36.5 }; // 200,000 a busy day
  const run = (options) => simulateDay(provinces, daily, ROUND, options);
  const once = run({ seed: 7 });
  assert.deepEqual(once, run({ seed: 7 }));
  assert.notDeepEqual(once, run({ seed: 8 }));
  for (const options of [{ seed: 7 }, { seed: 7, halt: { region: "a", fromHour: 10, hours: 2 } }]) {
    const regions = run(options);
    const sum = (pick) => regions.reduce((total, region) => total + pick(region), 0);
    const arrived = sum((region) => region.arrived);
    assert.ok(Math.abs(arrived - 200_000) < 5 * Math.sqrt(200_000), `${arrived} cases`);
    // Each answer that is owed is waited for, and gas that came in was worked off or stands in the queue.
    assert.ok(Math.abs(sum((region) => region.owed) - sum((region) => region.waiting)) < 1e-3);
    const moved = sum((region) => region.proofs + region.waiting);
    assert.ok(Math.abs(moved - arrived / 10) < 5 * Math.sqrt(arrived / 10), `${moved} moved`);
    const gas = arrived * 1_000_000 + moved * 200_000 + sum((region) => region.proofs) * 500_000;
    assert.ok(Math.abs(sum((region) => region.gas + region.queue) / gas - 1) < 1e-9);
  }
});

test("a halt is waited out there, and where its answers are needed", () => {
  const provinces = [{ name: "a", people: 600_000 }, { name: "b", people: 400_000 }];
  const daily = { ...ONE_A_YEAR, casesPerPersonYear: () => 3.65 };
  const [a, b] = simulateDay(provinces, daily, ROUND, { seed: 1, halt: { region: "a", fromHour: 10, hours: 1 } });
  assert.ok(a.longestWait >= 3600 && a.longestWait < 4200, `${a.longestWait} s`);
  assert.ok(b.longestWait < 60, `${b.longestWait} s`);
  // b: 800 cases an hour, a tenth moved, six in ten of them from a.
  assert.ok(b.mostWaiting > 20 && b.mostWaiting < 100, `${b.mostWaiting} wait`);
});

test("chance is what it should be", () => {
  const sum = hourShares(0.15).reduce((total, share) => total + share, 0);
  close(sum, 1, "hours");
  assert.equal(Math.max(...hourShares(0.15)), 0.15);
  const random = mulberry32(1);
  for (const mean of [0.5, 5, 50]) {
    const drawn = Array.from({ length: 20_000 }, () => poisson(mean, random));
    const average = drawn.reduce((total, value) => total + value, 0) / drawn.length;
    const variance = drawn.reduce((total, value) => total + (value - average) ** 2, 0) / drawn.length;
    assert.ok(Math.abs(average / mean - 1) < 0.05 && Math.abs(variance / mean - 1) < 0.05, `${mean}: ${average}, ${variance}`);
  }
});

test("docs/scale.md has the tables that the model makes", () => {
  const page = readFileSync(new URL("../../docs/scale.md", import.meta.url), "utf8");
  assert.equal(renewed(page), page, "stale: run `node tools/scale/report.mjs` and review the difference");
  assert.equal(SCENARIOS.length, 3);
  assert.ok(numbers.gasPerCase > 21_000);
});
