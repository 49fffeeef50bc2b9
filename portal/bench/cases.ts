// Cases against the real binary: one at a time, then as many as it decides with a fixed number under way.
// Residents are the portal's own modules without a browser; they use this machine's processors too, as their own process.
import type { Server } from "../e2e/harness/server";
import { FORMS, type Plan, Resident } from "../e2e/harness/resident";
import { IndexClient } from "../e2e/harness/index-client";
import { until } from "../e2e/harness/wait";
import type { Hex, OwnCase } from "../src/ports";
import { Decisions } from "./decisions";
import { cpuSeconds } from "./machine";
import { type Row, times } from "./table";

const SERVICE = "old-age-allowance";
/** All of them are approved by the rules, so that every decision is the contract's. */
const LABELS = ["approved-65", "approved-66", "approved-69", "approved-70", "approved-79", "approved-80", "approved-89", "approved-90"];

const CREDENTIAL_WAIT_MS = 60_000;

/** How much is done; the defaults take about two minutes. */
export interface Amount {
  /** Cases one after the other. */
  readonly single: number;
  /** Cases with many under way. */
  readonly steady: number;
  /** How many of those at once. */
  readonly underWay: number;
}

/** A case that is ready to be signed. */
interface Ready {
  readonly resident: Resident;
  readonly own: OwnCase;
}

interface Timed {
  readonly signedMs: number;
  readonly decidedMs: number;
}

export interface CasesResult {
  readonly rows: Row[];
  /** One that is decided, for the browser to check. */
  readonly example: Hex;
}

export async function measureCases(server: Server, amount: Amount, say: (text: string) => void): Promise<CasesResult> {
  say(`${LABELS.length} residents make wallets and take their identity credentials`);
  const residents: Resident[] = [];
  for (const label of LABELS) residents.push(await Resident.enrol(server, label));
  const [first] = residents;
  if (first === undefined) throw new Error("no residents");
  const plan = await first.plan(SERVICE);
  const { contracts } = await first.chain.network();
  const decisions = new Decisions(server.wsUrl, contracts["cases"] as Hex);
  try {
    say(`${amount.single} cases, one after the other`);
    const alone: Timed[] = [];
    for (const ready of await prepare(residents, amount.single)) alone.push(await run(ready, plan, decisions));

    say(`${amount.steady} cases, ${amount.underWay} under way`);
    const queue = await prepare(residents, amount.steady);
    const cpuBefore = cpuSeconds(server.pid ?? 0);
    const clientBefore = process.cpuUsage();
    const startedMs = performance.now();
    const many: Timed[] = [];
    const lane = async (): Promise<void> => {
      for (let ready = queue.shift(); ready !== undefined; ready = queue.shift()) {
        many.push(await run(ready, plan, decisions));
        if (many.length % 100 === 0) say(`  ${many.length} decided after ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
      }
    };
    await Promise.all(Array.from({ length: amount.underWay }, lane));
    // Credentials are issued after decisions; they belong to the cost.
    const example = await issued(server, residents);
    const cpu = cpuSeconds(server.pid ?? 0) - cpuBefore;
    const { user, system } = process.cpuUsage(clientBefore);
    const perThousand = (seconds: number) => ((seconds * 1000) / amount.steady).toFixed(1);
    return {
      example,
      rows: [
        { what: `cases decided, ${amount.underWay} under way (${amount.steady} cases)`, value: steadyRate(many).toFixed(1), unit: "cases/s" },
        times("signing to decision, one case at a time", durations(alone)),
        times(`signing to decision, ${amount.underWay} under way`, durations(many)),
        { what: "server, all of it: chain, index, 5 gateways", value: perThousand(cpu), unit: "CPU-s per 1,000 cases" },
        { what: "the residents' side of the same cases", value: perThousand((user + system) / 1e6), unit: "CPU-s per 1,000 cases" },
      ],
    };
  } finally {
    await decisions.close();
    // An open wallet waits for a long time to be locked, and the program with it.
    for (const { wallet } of residents) wallet.lock();
  }
}

async function prepare(residents: readonly Resident[], count: number): Promise<Ready[]> {
  const ready: Ready[] = [];
  for (let n = 0; n < count; n++) {
    const resident = residents[n % residents.length] as Resident;
    ready.push({ resident, own: await resident.prepare(SERVICE, FORMS[SERVICE]) });
  }
  return ready;
}

/** From the moment the resident presses "sign and send": sealing, signing, sending, asking, deciding, all final. */
async function run({ resident, own }: Ready, plan: Plan, decisions: Decisions): Promise<Timed> {
  const signedMs = performance.now();
  const [decidedMs] = await Promise.all([decisions.of(own.id), resident.submit(own, plan)]);
  return { signedMs, decidedMs };
}

const durations = (timed: readonly Timed[]): number[] => timed.map(({ signedMs, decidedMs }) => decidedMs - signedMs);

/** Decisions a second between the tenth part of them and the ninth: neither filling nor draining counts. */
function steadyRate(timed: readonly Timed[]): number {
  const at = timed.map(({ decidedMs }) => decidedMs).sort((a, b) => a - b);
  const [from, to] = [Math.floor(at.length * 0.1), Math.floor(at.length * 0.9)];
  return ((to - from) * 1000) / ((at[to] ?? 0) - (at[from] ?? 0));
}

/** Waits until each resident's newest case shows its credential; answers one of the cases. */
async function issued(server: Server, residents: readonly Resident[]): Promise<Hex> {
  const index = new IndexClient(server.origin);
  const newest = await Promise.all(residents.map(async ({ wallet }) => (await wallet.cases())[0]?.id));
  const ids = newest.filter((id) => id !== undefined);
  const isIssued = async (id: Hex) => (await index.case(id)).events.some(({ name }) => name === "CredentialIssued");
  await Promise.all(ids.map((id) => until(`the credential of case ${id}`, () => isIssued(id), CREDENTIAL_WAIT_MS)));
  return ids[0] as Hex;
}
