// `kill -9` at seeded moments while cases run: nothing acknowledged is lost, every case goes on, the index agrees with the chain.
// ZHENGTONG_KILLS sets how often (20 is the full run), ZHENGTONG_SEED which moments.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Hex, createPublicClient, http } from "viem";
import { casesAbi } from "../src/chain/abi";
import type { OwnCase } from "../src/ports";
import { Resident } from "./harness/resident";
import { rpc } from "./harness/rpc";
import { Server } from "./harness/server";
import { Transfers } from "./harness/transfers";
import { pause, seeded, until } from "./harness/wait";

const KILLS = Number(process.env["ZHENGTONG_KILLS"] ?? 5);
const SEED = Number(process.env["ZHENGTONG_SEED"] ?? 20_260);
const CASES_A_ROUND = 2;
const EARLIEST_KILL_MS = 50;
const LATEST_KILL_MS = 2_500;
const SERVICE = "old-age-allowance";
const STATUS_NAMES = ["none", "asking", "review", "supplement", "approved", "refused", "closed"];

let server: Server;
let resident: Resident;

before(async () => {
  server = await Server.start({ name: "crash" });
  resident = await Resident.enrol(server, "approved-66");
});
after(() => server.dispose());

test(`${KILLS} kills lose nothing (seed ${SEED})`, async () => {
  const random = seeded(SEED);
  const { chainId } = await resident.chain.network();
  const transfers = new Transfers(server.rpcUrl, chainId);
  const cases: OwnCase[] = [];

  for (let round = 1; round <= KILLS; round++) {
    const where = `round ${round} of ${KILLS}, seed ${SEED}`;
    const started = await Promise.all(Array.from({ length: CASES_A_ROUND }, () => resident.prepare(SERVICE)));
    cases.push(...started);
    const running = [transfers.run(), ...started.map((own) => resident.submit(own))].map((work) => work.catch(() => {}));
    await pause(EARLIEST_KILL_MS + random() * (LATEST_KILL_MS - EARLIEST_KILL_MS));
    const tip = Number(await rpc<Hex>(server.rpcUrl, "eth_blockNumber"));
    const tipHash = (await rpc<{ hash: Hex }>(server.rpcUrl, "eth_getBlockByNumber", `0x${tip.toString(16)}`, false)).hash;
    await server.kill();
    transfers.stop();
    await server.start();
    await Promise.all(running);

    // What was final stays, block by block.
    assert.equal((await rpc<{ hash: Hex } | null>(server.rpcUrl, "eth_getBlockByNumber", `0x${tip.toString(16)}`, false))?.hash, tipHash, `block ${tip} changed: ${where}`);
    await transfers.areAllThere(where);
    await everyCaseGoesOn(started, where);
    await indexAgrees(cases, where);
  }
  assert.ok(transfers.acknowledged.length > 0, "no transfer was ever acknowledged");
});

async function everyCaseGoesOn(started: readonly OwnCase[], where: string): Promise<void> {
  for (const own of started) {
    const resumed = await resident.submit(own);
    assert.notEqual(resumed.openedTx, null, where);
    const view = await resident.reaches(own.id, "approved");
    assert.equal(view.decision?.amount_fen, 7_500, where);
  }
}

async function indexAgrees(cases: readonly OwnCase[], where: string): Promise<void> {
  const client = createPublicClient({ transport: http(server.rpcUrl) });
  const address = (await resident.chain.network()).contracts["cases"] as Hex;
  const opened = await client.getContractEvents({ address, abi: casesAbi, eventName: "CaseOpened", fromBlock: 0n });
  assert.deepEqual(new Set(opened.map((log) => log.args.id)), new Set(cases.map((own) => own.id)), `cases on the chain: ${where}`);
  for (const own of cases) {
    await until(`index agrees on ${own.id} (${where})`, async () => {
      const [view, found] = await Promise.all([resident.index.case(own.id), client.readContract({ address, abi: casesAbi, functionName: "get", args: [own.id] })]);
      const events = view.events.filter((event) => event.contract === "cases" || event.contract === address);
      const sequence = events.map((event) => event.seq).filter((seq) => seq !== null);
      assert.deepEqual(sequence, Array.from({ length: found.events }, (_, seq) => seq));
      assert.equal(view.status, STATUS_NAMES[found.status]);
      assert.equal(view.decision?.amount_fen ?? null, found.amountFen === 0n ? null : Number(found.amountFen));
      return true;
    });
  }
}
