// Four validators: killing any one leaves cases deciding; killing two stops them, and they go on when one returns.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Hex, createPublicClient, http } from "viem";
import { casesAbi } from "../src/chain/abi";
import type { OwnCase } from "../src/ports";
import { Network } from "./harness/network";
import { Resident } from "./harness/resident";
import { rpc } from "./harness/rpc";
import { Server } from "./harness/server";
import { pause, until } from "./harness/wait";

const VALIDATORS = 4;
const SERVICE = "old-age-allowance";
/** Far above what a case needs while one validator's turns are waited for, on a loaded machine. */
const DECIDED_MS = 300_000;
/** How long two of four are watched. They cannot decide, so no wait is too short to pass. */
const WATCHED_MS = 10_000;

/** How far apart two equal heights must be seen. */
const STILL_MS = 3_000;

let network: Network;
let server: Server;
let resident: Resident;
const cases: OwnCase[] = [];

before(async () => {
  network = await Network.start(VALIDATORS);
  server = await Server.start({ name: "network", join: network.urls });
  resident = await Resident.enrol(server, "approved-66");
});
after(async () => {
  await server?.dispose();
  await network?.dispose();
});

/** Applies, again if a node died under it, until the case is approved. */
async function decided(own: OwnCase): Promise<void> {
  cases.push(own);
  await until("the application is sent", async () => (await resident.submit(own)).openedTx, DECIDED_MS);
  await approved(own);
}

async function approved(own: OwnCase): Promise<void> {
  const view = await until(`case ${own.id} is approved`, async () => {
    const view = await resident.index.case(own.id);
    return view.status === "approved" ? view : null;
  }, DECIDED_MS);
  assert.equal(view.decision?.amount_fen, 7_500);
}

test("any one may be killed", async () => {
  for (let victim = 0; victim < VALIDATORS; victim++) {
    const own = await resident.prepare(SERVICE);
    await network.kill(victim);
    await decided(own);
    await network.run(victim);
  }
});

test("two stop the others, and they go on when one returns", async () => {
  await network.kill(0);
  await network.kill(1);
  const height = await settled(2);
  const own = await resident.prepare(SERVICE);
  const applying = decided(own);
  applying.catch(() => {});
  await pause(WATCHED_MS);
  assert.equal(await settled(2), height, "two of four finalized a block");
  await network.run(1);
  await applying;
  await network.run(0);
});

test("all have the same blocks and every case", async () => {
  // Of one that was up all the time: the one that came back last has to catch up to it.
  const top = Number(await rpc<Hex>(network.url(2), "eth_blockNumber"));
  const hashes = async (number: number): Promise<(Hex | undefined)[]> =>
    await Promise.all(network.urls.map(async (url) => (await rpc<{ hash: Hex } | null>(url, "eth_getBlockByNumber", `0x${number.toString(16)}`, false))?.hash));
  for (let number = 0; number <= top; number++) {
    await until(`all agree on block ${number}`, async () => {
      const found = await hashes(number);
      return found[0] !== undefined && found.every((hash) => hash === found[0]);
    }, DECIDED_MS);
  }
  const address = (await resident.chain.network()).contracts["cases"] as Hex;
  for (const url of network.urls) {
    const client = createPublicClient({ transport: http(url) });
    const opened = await client.getContractEvents({ address, abi: casesAbi, eventName: "CaseOpened", fromBlock: 0n });
    assert.deepEqual(new Set(opened.map((log) => log.args.id)), new Set(cases.map((own) => own.id)), url);
  }
});

/** A validator's height once it is the same twice: a block that was on its way has come. */
async function settled(index: number): Promise<number> {
  let last = -1;
  return await until(`validator ${index} is still`, async () => {
    const height = Number(await rpc<Hex>(network.url(index), "eth_blockNumber"));
    const same = height === last;
    last = height;
    return same ? { height } : null;
  }, DECIDED_MS, STILL_MS).then(({ height }) => height);
}
