// Contracts as their npm packages publish them: ABI and creation code.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Abi, Address, Hex, PublicClient, TransactionReceipt, WalletClient } from "viem";
import type { LocalAccount } from "viem/accounts";
import { ROOT } from "./paths";

export interface Published {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

/** The artifact of a contract, by its path in an installed package. */
export function published(path: string): Published {
  const artifact = JSON.parse(readFileSync(join(ROOT, "portal/node_modules", path), "utf8")) as { abi: Abi; bytecode: string };
  return { abi: artifact.abi, bytecode: `0x${artifact.bytecode.replace(/^0x/, "")}` };
}

/** A contract on a chain, called in the name of local accounts. */
export class Deployed {
  private constructor(
    readonly address: Address,
    readonly abi: Abi,
    private readonly client: PublicClient,
    private readonly wallet: WalletClient,
  ) {}

  static at(address: Address, abi: Abi, client: PublicClient, wallet: WalletClient): Deployed {
    return new Deployed(address, abi, client, wallet);
  }

  static async create(what: Published, args: readonly unknown[], account: LocalAccount, client: PublicClient, wallet: WalletClient): Promise<Deployed> {
    const hash = await wallet.deployContract({ chain: null, account, abi: what.abi, bytecode: what.bytecode, args });
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success" || receipt.contractAddress == null) throw new Error(`a contract could not be deployed: ${receipt.status}`);
    return new Deployed(receipt.contractAddress, what.abi, client, wallet);
  }

  async read<T>(functionName: string, ...args: unknown[]): Promise<T> {
    return (await this.client.readContract({ address: this.address, abi: this.abi, functionName, args })) as T;
  }

  /** Sends a call, and requires success. */
  async send(account: LocalAccount, functionName: string, args: readonly unknown[], value = 0n): Promise<TransactionReceipt> {
    await this.simulate(account, functionName, args, value);
    const hash = await this.wallet.writeContract({ chain: null, account, address: this.address, abi: this.abi, functionName, args, value });
    const receipt = await this.client.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`${functionName} failed in transaction ${hash}`);
    return receipt;
  }

  /** What a call would return; rejects with the contract's error. */
  async simulate<T>(account: LocalAccount, functionName: string, args: readonly unknown[], value = 0n): Promise<T> {
    const { result } = await this.client.simulateContract({ account, address: this.address, abi: this.abi, functionName, args, value });
    return result as T;
  }
}
