// Transfers, one after the other, with the hash of each that the node acknowledged.
import type { Hex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { rpc } from "./rpc";
import { until } from "./wait";

const JUNK = "test test test test test test test test test test test junk";

export class Transfers {
  readonly acknowledged: Hex[] = [];
  readonly #account = mnemonicToAccount(JUNK, { addressIndex: 3 });
  #isStopped = false;

  constructor(
    readonly rpcUrl: string,
    readonly chainId: number,
  ) {}

  /** Sends until it is stopped or the node refuses or goes away: then it throws what the node said. */
  async run(): Promise<void> {
    this.#isStopped = false;
    let nonce = Number(await rpc<Hex>(this.rpcUrl, "eth_getTransactionCount", this.#account.address, "pending"));
    while (!this.#isStopped) {
      const raw = await this.#account.signTransaction({ type: "eip1559", chainId: this.chainId, nonce, to: this.#account.address, gas: 21_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n });
      this.acknowledged.push(await rpc<Hex>(this.rpcUrl, "eth_sendRawTransaction", raw));
      nonce += 1;
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Every acknowledged transfer is final, or becomes so. */
  async areAllThere(where: string): Promise<void> {
    for (const hash of this.acknowledged) {
      await until(`acknowledged transaction ${hash} is final (${where})`, () => rpc<object | null>(this.rpcUrl, "eth_getTransactionReceipt", hash));
    }
  }
}
