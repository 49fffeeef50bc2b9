// One busy day of a country of chains, second by second: cases arrive by chance, each chain works off its own queue, and the
// case of somebody who moved waits for an event of the home chain and its proof. Seeded: the same seed, the same day.
import { DAY_S, HOUR_S, load } from "./model.mjs";

/** Share of a day's cases in each hour: the busiest from ten to eleven, nine others by day, the rest by night. */
export function hourShares(busiest) {
  const byDay = (1 - busiest) * 0.095;
  const byNight = (1 - busiest - 9 * byDay) / 14;
  return Array.from({ length: 24 }, (_, hour) => (hour === 10 ? busiest : hour >= 8 && hour <= 17 ? byDay : byNight));
}

/**
 * @param provinces `{name, people}` each
 * @param halt `{region, fromHour, hours}`: a chain that makes no block for a while; optional
 */
export function simulateDay(provinces, scenario, f, { seed, halt = null }) {
  const random = mulberry32(seed);
  const shares = hourShares(f.busyHourShare);
  const movedShare = f.movedBetweenProvinces / f.censusTotal;
  const gasPerSecond = f.transfersPerSecond * f.gasPerTransfer;
  const homeGas = f.gasPerUseRecord + f.gasPerAttestation;
  const total = provinces.reduce((sum, { people }) => sum + people, 0);
  const regions = provinces.map(({ name, people }) => ({
    name,
    weight: people / total,
    casesPerDay: (load(people, scenario, f).casesPerYear / 365) * f.busyDayFactor,
    queue: 0, // gas
    arrived: 0,
    waiting: 0, // moved cases whose home has not answered
    owed: 0, // answers for others that have not been worked off, in cases
    mostWaiting: 0,
    longestWait: 0, // seconds that a transaction in the queue waits
    proofs: 0,
    gas: 0,
  }));
  const halted = halt === null ? -1 : regions.findIndex(({ name }) => name === halt.region);

  for (let second = 0; second < DAY_S; second += 1) {
    const share = shares[Math.floor(second / HOUR_S)] / HOUR_S;
    let asked = 0; // moved cases of this second, all regions
    for (const region of regions) {
      const cases = poisson(region.casesPerDay * share, random);
      const moved = poisson(cases * movedShare, random);
      region.arrived += cases;
      region.queue += cases * f.gasPerCase;
      region.waiting += moved;
      asked += moved;
    }
    // Homes are spread as people are.
    let answered = 0;
    for (const region of regions) {
      const share_ = asked * region.weight;
      region.owed += share_;
      region.queue += share_ * homeGas;
    }
    for (const [index, region] of regions.entries()) {
      const isHalted = index === halted && second >= halt.fromHour * HOUR_S && second < (halt.fromHour + halt.hours) * HOUR_S;
      if (isHalted) {
        region.longestWait = Math.max(region.longestWait, region.queue / gasPerSecond + (halt.fromHour + halt.hours) * HOUR_S - second);
        continue;
      }
      const worked = Math.min(region.queue, gasPerSecond);
      // First in, first out: answers leave with their share of the queue.
      const answers = region.queue === 0 ? region.owed : region.owed * (worked / region.queue);
      region.owed -= answers;
      answered += answers;
      region.queue -= worked;
      region.gas += worked;
      region.longestWait = Math.max(region.longestWait, region.queue / gasPerSecond);
    }
    // What homes answered is proven where the cases are, in proportion to who waits.
    const waiting = regions.reduce((sum, region) => sum + region.waiting, 0);
    for (const region of regions) {
      const proofs = waiting === 0 ? 0 : Math.min(region.waiting, (answered * region.waiting) / waiting);
      region.waiting -= proofs;
      region.proofs += proofs;
      region.queue += proofs * f.gasPerForeignProof * f.foreignProofsPerMovedCase;
      region.mostWaiting = Math.max(region.mostWaiting, region.waiting);
    }
  }
  return regions;
}

/** Knuth below 30, the normal distribution above: exact where it matters, quick where it does not. */
export function poisson(mean, random) {
  if (mean <= 0) return 0;
  if (mean < 30) {
    const end = Math.exp(-mean);
    let count = 0;
    for (let product = random(); product > end; product *= random()) count += 1;
    return count;
  }
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
}

export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
