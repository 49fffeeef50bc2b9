// What the model reckons with. Each figure says where it comes from: `published` (by others), `measured` (here, how) or
// `assumed` (by us, why; change it and run `node tools/scale/report.mjs`).
import { CENSUS_TOTAL } from "./census.mjs";

const DAY_S = 86_400;

const published = (value, unit, source) => ({ value, unit, kind: "published", source });
const measured = (value, unit, source) => ({ value, unit, kind: "measured", source });
const assumed = (value, unit, source) => ({ value, unit, kind: "assumed", source });

export const FIGURES = {
  // Load.
  guangdongCasesPerMonth: published(
    11_238_000,
    "cases a month in Guangdong",
    "Guangdong Administration of Government Services and Data, data release for July 2023, zfsg.gd.gov.cn/zwgk/tjxx/content/post_4245237.html",
  ),
  shanghaiCasesEarlier: published(
    150_000_000,
    "cases on Shanghai's portal from its start to 27 July 2021",
    "Shanghai Municipal Government, press release of 27 July 2021, service.shanghai.gov.cn/sheninfo (newsdetail 5414316b-…)",
  ),
  shanghaiCasesLater: published(
    336_000_000,
    "applications on Shanghai's portal from its start to 31 March 2023",
    "China Daily, 11 May 2023, quoting the Shanghai Big Data Center, chinaservicesinfo.com/s/202305/11/WS645dfc5f498ea274927ba75a",
  ),
  shanghaiDaysBetween: published(612, "days between the two", "27 July 2021 to 31 March 2023"),
  estoniaQueriesPerDay: published(
    21_270_000,
    "queries a day over Estonia's X-Road",
    "average of December 2025 to May 2026, Nortal from the open logs of logs.x-tee.ee, xroad25.nortal.com/x-road-einfuehrung-en",
  ),
  estoniaPeople: published(1_331_796, "people in Estonia", "Statistics Estonia, 1 January 2022, stat.ee"),
  movedBetweenProvinces: published(
    124_837_153,
    "people who live in another province than that of their household registration",
    "National Bureau of Statistics of China, Communiqué of the Seventh National Population Census (No. 7), 11 May 2021",
  ),
  censusTotal: published(CENSUS_TOTAL, "people", "National Bureau of Statistics of China, Communiqué of the Seventh National Population Census (No. 3)"),
  busyDayFactor: assumed(365 / 250, "busy day over average day", "250 working days carry all of the year's cases"),
  busyHourShare: assumed(0.15, "of a day's cases in its busiest hour", "an eight-hour day would be 0.125 an hour if it were even"),
  foreignProofsPerMovedCase: assumed(1, "proof from the home province for each case of somebody who moved", "one credential or decision made there"),

  // One case: the old-age allowance as it is published, asked of three agencies, approved by rule, with its credential.
  transactionsPerCase: measured(8, "transactions of a case", "open, 3 use records, 3 attestations, credential: portal/e2e/measure/case.ts"),
  keysPerCase: measured(14, "keys that a case leaves in the state", "12 slots, the account of the case's key and what it used of its quota; a consent would add 3: contracts/test/Footprint.t.sol"),
  keysPerSeat: measured(4, "keys that a person's seat in People leaves in the state", "contracts/test/Footprint.t.sol"),
  seatShare: assumed(1, "of people with a seat", "everybody's identity is confirmed, so that they may vote: the most there can be"),
  gasPerCase: measured(1_421_640, "gas of a case", "portal/e2e/measure/case.ts"),
  gasPerUseRecord: measured(184_617, "gas of a use record", "portal/e2e/measure/case.ts"),
  gasPerAttestation: measured(157_118, "gas of an attestation", "portal/e2e/measure/case.ts"),
  diskBytesPerCase: measured(66_144, "bytes that a case takes on a validator's disk for ever, at 1.8 transactions a block", "100 cases, portal/e2e/measure/case.ts"),
  gasPerForeignProof: measured(349_801, "gas to accept a foreign event, one header", "portal/e2e/two-networks.test.ts"),

  // One chain, on two cores.
  transfersPerSecond: measured(18_600, "ERC-20 transfers a second, from HTTP to durable, certified blocks", "zhengtong bench transfers, one validator and the clients on two cores, median of ten rounds: docs/performance.md"),
  gasPerTransfer: assumed(35_000, "gas of such a transfer", "between two accounts that exist"),
  recoveriesPerSecondPerCore: measured(24_700, "senders recovered a second on one core", "libsecp256k1; 104,000 with AVX-512 IFMA"),
  indexBytesPerKey: measured(185, "bytes of memory a key, after a start", "two million slots: portal/e2e/measure/state.ts"),
  restartSecondsPerKey: measured(7 / 1e6, "seconds of start a key", "two million slots, debug build, beside other work: portal/e2e/measure/state.ts"),

  // One validator's machine.
  memoryBytes: assumed(512 * 2 ** 30, "bytes of memory", "a large server of today; three quarters of it for the index"),
  memoryShare: assumed(0.75, "of it for the index", "the rest for the system, caches and execution"),
  diskBytes: assumed(30e12, "bytes of disk", "one large NVMe drive"),
  restartSeconds: assumed(600, "seconds that a start may take", "a rolling upgrade of 100 validators within a day"),
  loadShare: assumed(0.5, "of the measured throughput in the busiest hour", "what is left is for catching up after a halt"),
};

/** The figures as plain numbers. */
export const numbers = Object.fromEntries(Object.entries(FIGURES).map(([name, { value }]) => [name, value]));

/** How often a person applies, and how often data about a person is asked for. */
export const SCENARIOS = [
  { name: "as in Guangdong", casesPerPersonYear: (f) => (f.guangdongCasesPerMonth * 12) / 126_012_510, queriesPerPersonDay: () => 0 },
  { name: "as in Shanghai", casesPerPersonYear: shanghai, queriesPerPersonDay: () => 0 },
  {
    name: "as in Shanghai, and every query between agencies a record of its own, as many as in Estonia",
    casesPerPersonYear: shanghai,
    queriesPerPersonDay: (f) => f.estoniaQueriesPerDay / f.estoniaPeople,
  },
];

function shanghai(f) {
  return (((f.shanghaiCasesLater - f.shanghaiCasesEarlier) / f.shanghaiDaysBetween) * 365) / 24_870_895;
}

export const YEAR_S = 365 * DAY_S;
