// Reading logs in windows, since nodes bound how many blocks one query may cover.
import { type AbiEvent, type GetLogsReturnType, numberToHex } from "viem";
import { type Hex, PortFailure } from "../ports";
import type { Connection } from "./connection";
import { failureOf } from "./failure";

/** Blocks of one query; nodes allow at least as many. */
export const WINDOW_BLOCKS = 10_000n;
/** Windows that one reading may cover: six years of blocks two seconds apart. */
const MAX_WINDOWS = 10_000;
/** Windows that are asked for side by side, as many as a browser has connections to one server. */
const WINDOWS_AT_ONCE = 6;
/** Readings that are kept. */
const MAX_KEPT = 100;

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

/** The latest block. */
export async function tip(connection: Connection): Promise<bigint> {
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

/** Every log from a block to the latest one, a few windows at a time. Throws rather than leave one out. */
export async function logsFrom<E extends AbiEvent>(connection: Connection, filter: LogFilter<E>, fromBlock: bigint): Promise<Logs<E>> {
  return await logsBetween(connection, filter, fromBlock, await tip(connection));
}

/** Every log of these blocks, both ends among them. */
export async function logsBetween<E extends AbiEvent>(connection: Connection, filter: LogFilter<E>, fromBlock: bigint, toBlock: bigint): Promise<Logs<E>> {
  const { logs } = await logsUpTo(connection, filter, fromBlock, toBlock);
  return logs as unknown as Logs<E>;
}

type IsEnough<E extends AbiEvent> = (logs: readonly Logs<E>[number][]) => boolean;

async function logsUpTo<E extends AbiEvent>(connection: Connection, filter: LogFilter<E>, fromBlock: bigint, last: bigint, isEnough: IsEnough<E> = () => false): Promise<{ logs: Logs<E>[number][]; next: bigint }> {
  if (last - fromBlock >= WINDOW_BLOCKS * BigInt(MAX_WINDOWS)) throw new PortFailure("bad-answer", `the node says that its latest block is ${last}`);
  const logs: Logs<E>[number][] = [];
  let next = fromBlock;
  while (next <= last && !isEnough(logs)) {
    const asked: Promise<Logs<E>>[] = [];
    for (; asked.length < WINDOWS_AT_ONCE && next <= last; next += WINDOW_BLOCKS) {
      const to = next + WINDOW_BLOCKS - 1n;
      asked.push(window(connection, filter, next, to < last ? to : last));
    }
    for (const found of await Promise.all(asked)) logs.push(...found);
  }
  return { logs, next: next <= last ? next : last + 1n };
}

/** How far a reading goes. */
export interface Extent<E extends AbiEvent> {
  /** The last block that may have one; the latest if it is not said. */
  readonly upTo?: bigint | undefined;
  /** Whether no more can come after these. */
  readonly isEnough?: IsEnough<E>;
}

/** Logs of final blocks never change: what was read once is kept while the page is open, and only newer blocks are asked for. */
export class KeptLogs<E extends AbiEvent> {
  readonly #kept = new WeakMap<Connection, Map<string, { next: bigint; logs: Logs<E>[number][] }>>();

  /** Every log; `since` finds the first block that may have one, and is asked only once a key. */
  async read(connection: Connection, key: string, filter: LogFilter<E>, since: () => Promise<bigint>, { upTo, isEnough = () => false }: Extent<E> = {}): Promise<Logs<E>> {
    const here = this.#kept.get(connection) ?? new Map<string, { next: bigint; logs: Logs<E>[number][] }>();
    this.#kept.set(connection, here);
    const before = here.get(key) ?? { next: await since(), logs: [] };
    const whole = (logs: readonly Logs<E>[number][]): Logs<E> => [...logs] as unknown as Logs<E>;
    if (isEnough(before.logs)) return whole(before.logs);
    const last = upTo ?? (await tip(connection));
    // A node that lags behind the one asked before has nothing newer.
    if (last < before.next) return whole(before.logs);
    const { logs: newer, next } = await logsUpTo(connection, filter, before.next, last, (found) => isEnough([...before.logs, ...found]));
    const logs = [...before.logs, ...newer];
    here.set(key, { next, logs });
    while (here.size > MAX_KEPT) here.delete(here.keys().next().value as string);
    return whole(logs);
  }
}

/** Unix seconds of a block. */
export async function secondOf(connection: Connection, number: bigint): Promise<number> {
  const { timestamp } = await connection.rpc<{ timestamp: Hex }>("eth_getBlockByNumber", [numberToHex(number), false]);
  return Number(timestamp);
}

/** The first block at or after a time, by halving. */
export async function blockAt(connection: Connection, timeS: bigint): Promise<bigint> {
  let low = 0n;
  let high = await tip(connection);
  while (low < high) {
    const middle = (low + high) / 2n;
    if (BigInt(await secondOf(connection, middle)) >= timeS) high = middle;
    else low = middle + 1n;
  }
  return low;
}
