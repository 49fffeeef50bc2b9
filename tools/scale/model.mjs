// From people to load, and from load to what one chain's validator must hold. No I/O, no chance.
import { YEAR_S } from "./figures.mjs";

const HOUR_S = 3600;
const DAY_S = 86_400;

/** The load of a region of so many people. Rates are a second, `peak` in the busiest hour of a busy day. */
export function load(people, scenario, f) {
  const cases = people * scenario.casesPerPersonYear(f);
  const queries = people * scenario.queriesPerPersonDay(f) * 365;
  const peakOf = (perYear) => ((perYear / 365) * f.busyDayFactor * f.busyHourShare) / HOUR_S;
  const movedShare = f.movedBetweenProvinces / f.censusTotal;
  return {
    people,
    casesPerYear: cases,
    queriesPerYear: queries,
    averageCases: cases / YEAR_S,
    peakCases: peakOf(cases),
    peakQueries: peakOf(queries),
    peakForeignProofs: peakOf(cases) * movedShare * f.foreignProofsPerMovedCase,
  };
}

/** What a chain with this load has to do and to hold. `daysKept`: how long a closed case stays in the state. */
export function chain(l, f, daysKept = Infinity) {
  const gasPerQuery = f.gasPerUseRecord;
  const peakGas = l.peakCases * f.gasPerCase + l.peakQueries * gasPerQuery + l.peakForeignProofs * f.gasPerForeignProof;
  const keysPerYear = l.casesPerYear * f.keysPerCase + l.queriesPerYear;
  const keysOfPeople = l.people * f.seatShare * f.keysPerSeat;
  const mostKeys = (years) => keysOfPeople + keysPerYear * Math.min(years, daysKept / 365);
  const diskPerYear = l.casesPerYear * f.diskBytesPerCase + (l.queriesPerYear * f.diskBytesPerCase) / f.transactionsPerCase;
  return {
    ...l,
    peakTransactions: l.peakCases * f.transactionsPerCase + l.peakQueries + l.peakForeignProofs,
    throughputShare: peakGas / (f.transfersPerSecond * f.gasPerTransfer),
    recoveryCores: (l.peakCases * f.transactionsPerCase + l.peakQueries + l.peakForeignProofs) / f.recoveriesPerSecondPerCore,
    keysPerYear,
    keysOfPeople,
    indexBytesPerYear: keysPerYear * f.indexBytesPerKey,
    indexBytes: (years) => mostKeys(years) * f.indexBytesPerKey,
    restartSeconds: (years) => mostKeys(years) * f.restartSecondsPerKey,
    diskBytesPerYear: diskPerYear,
    daysKept,
  };
}

/** What a chain runs out of, the first thing first; years from an empty state, 0 is at once. */
export function limits(c, f) {
  // Keys: people's are there from the start and stay, those of cases come and may leave again.
  const reach = (most, perKey) => {
    const years = Math.max(0, most / perKey - c.keysOfPeople) / c.keysPerYear;
    return years > c.daysKept / 365 ? Infinity : years;
  };
  return [
    { what: "throughput", years: c.throughputShare > f.loadShare ? 0 : Infinity },
    { what: "index memory", years: reach(f.memoryBytes * f.memoryShare, f.indexBytesPerKey) },
    { what: "time to start", years: reach(f.restartSeconds, f.restartSecondsPerKey) },
    { what: "disk", years: f.diskBytes / c.diskBytesPerYear },
  ].sort((a, b) => a.years - b.years);
}

/** The most people that one chain can serve for `years` before `what` runs out. */
export function mostPeople(scenario, f, years, daysKept = Infinity) {
  const sample = 1e6;
  const c = chain(load(sample, scenario, f), f, daysKept);
  const bounds = [
    { what: "throughput", people: (sample * f.loadShare) / c.throughputShare },
    { what: "index memory", people: (sample * f.memoryBytes * f.memoryShare) / c.indexBytes(years) },
    { what: "time to start", people: (sample * f.restartSeconds) / c.restartSeconds(years) },
    { what: "disk", people: (sample * f.diskBytes) / (c.diskBytesPerYear * years) },
  ];
  return bounds.sort((a, b) => a.people - b.people);
}

/** Chains for the whole country, when no province shares one with another and none has more than so many people. */
export function chainsNeeded(provinces, people) {
  return provinces.reduce((sum, province) => sum + Math.ceil(province.people / people), 0);
}

export { DAY_S, HOUR_S };
