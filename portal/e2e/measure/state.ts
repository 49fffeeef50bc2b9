// What a million keys of state cost a validator: memory, disk, time to start. The numbers of docs/scale.md; run it with
//   node --import tsx e2e/measure/state.ts
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Hex, concat, createPublicClient, http, numberToHex, pad } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { rpc } from "../harness/rpc";
import { Server } from "../harness/server";
import { until } from "../harness/wait";

const KEYS = Number(process.env["KEYS"] ?? 1_000_000);
const STEPS = Number(process.env["STEPS"] ?? 4);
/** Within EIP-7825's 2^24 gas of a transaction: a new slot costs 22,100. */
const KEYS_A_TRANSACTION = 700;
const GAS = 16_700_000n;
const JUNK = "test test test test test test test test test test test junk";

/**
 * Takes (start, count) and sets slot i to i for each of count numbers from start:
 *   start := calldata[0]; end := start + calldata[32]; for (i = start; i < end; i += 1) sstore(i, i)
 */
const FILLER: Hex = "0x601b8060095f395ff35f356020358101905b818110156019578080556001016008565b00";

const server = await Server.start({ name: "measure-state", chainOnly: true });
try {
  const sender = mnemonicToAccount(JUNK);
  const client = createPublicClient({ transport: http(server.rpcUrl), pollingInterval: 50 });
  const chainId = await client.getChainId();
  let nonce = await client.getTransactionCount({ address: sender.address });
  const send = async (transaction: { to?: Hex; data: Hex; gas: bigint }): Promise<Hex> => {
    const raw = await sender.signTransaction({ type: "eip1559", chainId, nonce, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, ...transaction });
    nonce += 1;
    return await rpc<Hex>(server.rpcUrl, "eth_sendRawTransaction", raw);
  };
  const residentBytes = (): number => 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]);
  const bytesOnDisk = (): number => Number(execFileSync("du", ["-sb", join(server.data, "validator-0")]).toString().split("\t")[0]);
  const restart = async (): Promise<number> => {
    await server.stop();
    const started = performance.now();
    await server.start();
    return (performance.now() - started) / 1000;
  };
  const rows: object[] = [];
  const measure = async (keys: number): Promise<void> => {
    const disk = bytesOnDisk();
    const seconds = await restart();
    rows.push({ keys, "memory after start, MiB": Math.round(residentBytes() / 2 ** 20), "disk, MiB": Math.round(disk / 2 ** 20), "start, s": Number(seconds.toFixed(1)) });
  };

  const { contractAddress } = await client.waitForTransactionReceipt({ hash: await send({ data: FILLER, gas: 200_000n }) });
  const to = contractAddress as Hex;
  await measure(0);
  let next = 1;
  for (let step = 1; step <= STEPS; step += 1) {
    const end = Math.round((KEYS * step) / STEPS);
    let last: Hex | null = null;
    while (next <= end) {
      const count = Math.min(KEYS_A_TRANSACTION, end - next + 1);
      last = await send({ to, data: concat([pad(numberToHex(next)), pad(numberToHex(count))]), gas: GAS });
      next += count;
    }
    const hash = last as Hex;
    await until("the last one is final", async () => (await rpc<{ status: Hex } | null>(server.rpcUrl, "eth_getTransactionReceipt", hash))?.status === "0x1", 600_000, 500);
    await measure(end);
  }
  console.table(rows);
} finally {
  await server.dispose();
}
