// Reading logs in windows, since nodes bound how many blocks one query may cover.
import type { AbiEvent, GetLogsReturnType } from "viem";
import type { Hex } from "../ports";
import type { Connection } from "./connection";
import { failureOf } from "./failure";

/** Blocks of one query; nodes allow at least as many. */
export const WINDOW_BLOCKS = 10_000n;
/** Windows that one reading may cover. */
const MAX_WINDOWS = 1_000;

export interface LogFilter<E extends AbiEvent> {
  readonly address: Hex;
  readonly event: E;
  readonly args: Readonly<Record<string, unknown>>;
}

export type Logs<E extends AbiEvent> = GetLogsReturnType<E, [E], true>;

async function window<E extends AbiEvent>(connection: Connection, filter: LogFilter<E>, fromBlock: bigint, toBlock: bigint): Promise<Logs<E>> {
  try {
    return (await connection.client.getLogs({ ...filter, fromBlock, toBlock, strict: true } as never)) as unknown as Logs<E>;
  } catch (error) {
    throw failureOf(error);
  }
}

async function tip(connection: Connection): Promise<bigint> {
  return BigInt(await connection.rpc<Hex>("eth_blockNumber"));
}

/** The newest log that fits, looking backwards from the latest block. */
export async function lastLog<E extends AbiEvent>(connection: Connection, filter: LogFilter<E>): Promise<Logs<E>[number] | null> {
  let to = await tip(connection);
  for (let n = 0; n < MAX_WINDOWS; n++) {
    const from = to >= WINDOW_BLOCKS ? to - WINDOW_BLOCKS + 1n : 0n;
    const found = (await window(connection, filter, from, to)).at(-1);
    if (found !== undefined) return found;
    if (from === 0n) return null;
    to = from - 1n;
  }
  return null;
}

/** Logs from a block on, window by window, until `isEnough` or the latest block. */
export async function logsFrom<E extends AbiEvent>(connection: Connection, filter: LogFilter<E>, fromBlock: bigint, isEnough: (logs: Logs<E>) => boolean): Promise<Logs<E>> {
  const last = await tip(connection);
  const logs = [] as unknown as Logs<E>[number][];
  for (let from = fromBlock, n = 0; from <= last && n < MAX_WINDOWS; from += WINDOW_BLOCKS, n++) {
    const to = from + WINDOW_BLOCKS - 1n;
    logs.push(...(await window(connection, filter, from, to < last ? to : last)));
    if (isEnough(logs as Logs<E>)) break;
  }
  return logs as Logs<E>;
}

/** The first block at or after a time, by halving. */
export async function blockAt(connection: Connection, timeS: bigint): Promise<bigint> {
  let low = 0n;
  let high = await tip(connection);
  while (low < high) {
    const middle = (low + high) / 2n;
    const block = await connection.rpc<{ timestamp: Hex }>("eth_getBlockByNumber", [`0x${middle.toString(16)}`, false]);
    if (BigInt(block.timestamp) >= timeS) high = middle;
    else low = middle + 1n;
  }
  return low;
}
