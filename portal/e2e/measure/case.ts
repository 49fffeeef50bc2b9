// What one case costs a chain: transactions, gas, disk. The numbers of docs/scale.md; run it with
//   node --import tsx e2e/measure/case.ts
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Hex } from "viem";
import { Resident } from "../harness/resident";
import { rpc } from "../harness/rpc";
import { Server } from "../harness/server";
import { pause } from "../harness/wait";

const CASES = Number(process.env["CASES"] ?? 40);
const SERVICE = "old-age-allowance";
const WALLETS = 10;
const IDLE_MS = 20_000;
/** Nothing more comes when nothing came for so long. */
const QUIET_MS = 15_000;

interface Block {
  readonly transactions: readonly { readonly hash: Hex; readonly to: Hex | null; readonly input: Hex }[];
}

const server = await Server.start({ name: "measure-case" });
try {
  /** Bytes by partition of the validator's folder. */
  const parts = (): Map<string, number> => {
    const folder = join(server.data, "validator-0/data");
    const lines = execFileSync("du", ["-b", "--all", "--max-depth=2", folder]).toString().trim().split("\n");
    const files = lines.map((line) => line.split("\t") as [string, string]).map(([bytes, path]) => [path.slice(folder.length + 1), Number(bytes)] as const);
    return new Map(files.filter(([path]) => path !== "" && path !== "engine"));
  };
  const bytesOnDisk = (): number => [...parts().values()].reduce((sum, bytes) => sum + bytes, 0);
  const height = async (): Promise<number> => Number(await rpc<Hex>(server.rpcUrl, "eth_blockNumber"));
  const { contracts } = await rpc<{ contracts: Record<string, Hex> }>(server.rpcUrl, "zhengtong_network");
  const nameOf = new Map(Object.entries(contracts).map(([name, address]) => [address.toLowerCase(), name]));

  const idleFrom = { bytes: bytesOnDisk(), height: await height() };
  await pause(IDLE_MS);
  const idleTo = { bytes: bytesOnDisk(), height: await height() };
  const emptyBlockBytes = (idleTo.bytes - idleFrom.bytes) / Math.max(1, idleTo.height - idleFrom.height);

  // Many wallets at once, so that blocks are as full as they would be.
  const residents: Resident[] = [];
  for (let index = 0; index < WALLETS; index += 1) residents.push(await Resident.enrol(server, "approved-66"));
  const from = { bytes: bytesOnDisk(), height: await height(), parts: parts() };
  await Promise.all(residents.map(async (resident) => {
    for (let done = 0; done < CASES / WALLETS; done += 1) await resident.applyFor(SERVICE);
  }));
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
  for (let before = -1, now = await read(); now !== before; now = await read()) {
    before = now;
    await pause(QUIET_MS);
  }
  const to = { bytes: bytesOnDisk(), height: await height() };

  const total = [...sent.values()].reduce((sum, one) => ({ count: sum.count + one.count, gas: sum.gas + one.gas }), { count: 0, gas: 0 });
  console.table([...sent].map(([what, one]) => ({ what, perCase: one.count / CASES, gas: Math.round(one.gas / one.count), inputBytes: Math.round(one.inputBytes / one.count), logBytes: Math.round(one.receiptBytes / one.count) })));
  const blocks = to.height - from.height;
  const grown = [...parts()].map(([part, bytes]) => ({ part, bytesPerCase: Math.round((bytes - (from.parts.get(part) ?? 0)) / CASES) }));
  console.table(grown.filter(({ bytesPerCase }) => Math.abs(bytesPerCase) > 100));
  console.log(`${CASES} cases: ${total.count / CASES} transactions and ${Math.round(total.gas / CASES)} gas each`);
  console.log(`disk: ${Math.round((to.bytes - from.bytes) / CASES)} bytes a case in ${blocks} blocks; an empty block ${Math.round(emptyBlockBytes)} bytes`);
} finally {
  await server.dispose();
}
