// What one case costs a chain: transactions, gas, disk. The numbers of docs/scale.md; run it with
//   node --import tsx e2e/measure/case.ts
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Hex } from "viem";
import { Resident } from "../harness/resident";
import { rpc } from "../harness/rpc";
import { Server } from "../harness/server";
import { pause, until } from "../harness/wait";

const CASES = Number(process.env["CASES"] ?? 40);
const SERVICE = "old-age-allowance";
/** Transactions of a case that is approved and delivered: docs/scale.md. */
const TRANSACTIONS_A_CASE = 9;
const IDLE_MS = 20_000;

interface Block {
  readonly transactions: readonly { readonly hash: Hex; readonly to: Hex | null; readonly input: Hex }[];
}

const server = await Server.start({ name: "measure-case" });
try {
  const bytesOnDisk = (): number => Number(execFileSync("du", ["-sb", join(server.data, "chain")]).toString().split("\t")[0]);
  const height = async (): Promise<number> => Number(await rpc<Hex>(server.rpcUrl, "eth_blockNumber"));
  const { contracts } = await rpc<{ contracts: Record<string, Hex> }>(server.rpcUrl, "zhengtong_network");
  const nameOf = new Map(Object.entries(contracts).map(([name, address]) => [address.toLowerCase(), name]));

  const idleFrom = { bytes: bytesOnDisk(), height: await height() };
  await pause(IDLE_MS);
  const from = { bytes: bytesOnDisk(), height: await height() };
  const emptyBlockBytes = (from.bytes - idleFrom.bytes) / Math.max(1, from.height - idleFrom.height);

  const resident = await Resident.enrol(server, "approved-66");
  for (let index = 0; index < CASES; index += 1) {
    const own = await resident.applyFor(SERVICE);
    await resident.reaches(own.id, "approved");
  }
  const sent = new Map<string, { count: number; gas: number; inputBytes: number; receiptBytes: number }>();
  const read = async (): Promise<number> => {
    sent.clear();
    let count = 0;
    for (let number = from.height + 1, tip = await height(); number <= tip; number += 1) {
      const block = await rpc<Block>(server.rpcUrl, "eth_getBlockByNumber", `0x${number.toString(16)}`, true);
      for (const { hash, to, input } of block.transactions) {
        const receipt = await rpc<{ gasUsed: Hex; logs: { topics: Hex[]; data: Hex }[] }>(server.rpcUrl, "eth_getTransactionReceipt", hash);
        const what = `${nameOf.get(to?.toLowerCase() ?? "") ?? "other"} ${input.slice(0, 10)}`;
        const one = sent.get(what) ?? { count: 0, gas: 0, inputBytes: 0, receiptBytes: 0 };
        one.count += 1;
        one.gas += Number(receipt.gasUsed);
        one.inputBytes += input.length / 2 - 1;
        one.receiptBytes += receipt.logs.reduce((sum, log) => sum + 32 * log.topics.length + log.data.length / 2 - 1, 0);
        sent.set(what, one);
        count += 1;
      }
    }
    return count;
  };
  await until("all credentials are issued", async () => (await read()) >= TRANSACTIONS_A_CASE * CASES, 60_000, 1_000);
  const to = { bytes: bytesOnDisk(), height: await height() };

  const total = [...sent.values()].reduce((sum, one) => ({ count: sum.count + one.count, gas: sum.gas + one.gas }), { count: 0, gas: 0 });
  console.table([...sent].map(([what, one]) => ({ what, perCase: one.count / CASES, gas: Math.round(one.gas / one.count), inputBytes: Math.round(one.inputBytes / one.count), logBytes: Math.round(one.receiptBytes / one.count) })));
  const blocks = to.height - from.height;
  console.log(`${CASES} cases: ${total.count / CASES} transactions and ${Math.round(total.gas / CASES)} gas each`);
  console.log(`disk: ${Math.round((to.bytes - from.bytes) / CASES)} bytes a case in ${blocks} blocks; an empty block ${Math.round(emptyBlockBytes)} bytes`);
} finally {
  await server.dispose();
}
