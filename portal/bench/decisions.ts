// When cases are decided, as the chain tells it: one subscription to the finalized logs of the contract.
import { type AbiEvent, createPublicClient, getAbiItem, webSocket } from "viem";
import { casesAbi } from "../src/chain/abi";
import type { Hex } from "../src/ports";

const WAIT_MS = 120_000;

export class Decisions {
  readonly #seenAt = new Map<Hex, number>();
  readonly #waiting = new Map<Hex, (atMs: number) => void>();
  readonly #stop: () => Promise<void>;
  #failure: Error | null = null;

  constructor(wsUrl: string, contract: Hex) {
    const client = createPublicClient({ transport: webSocket(wsUrl, { reconnect: false, keepAlive: false }) });
    const unwatch = client.watchEvent({
      address: contract,
      event: getAbiItem({ abi: casesAbi, name: "Decided" }) as AbiEvent,
      onLogs: (logs) => {
        const now = performance.now();
        for (const { topics } of logs) this.#decided(topics[1] as Hex, now);
      },
      onError: (error) => (this.#failure = error),
    });
    this.#stop = async () => {
      unwatch();
      (await client.transport.getRpcClient()).close();
    };
  }

  #decided(id: Hex, atMs: number): void {
    this.#seenAt.set(id, atMs);
    this.#waiting.get(id)?.(atMs);
    this.#waiting.delete(id);
  }

  /** When (`performance.now()`) the decision of a case was final and told. */
  async of(id: Hex): Promise<number> {
    const seen = this.#seenAt.get(id);
    if (seen !== undefined) return seen;
    let timer: NodeJS.Timeout | undefined;
    const decided = new Promise<number>((resolve) => this.#waiting.set(id, resolve));
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#failure ?? new Error(`case ${id} is not decided after ${WAIT_MS} ms`)), WAIT_MS);
    });
    return await Promise.race([decided, late]).finally(() => clearTimeout(timer));
  }

  close(): Promise<void> {
    return this.#stop();
  }
}
