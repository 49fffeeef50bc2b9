// One node: which network it serves, reading from it, and sending signed transactions that are final when they answer.
import {
  type Abi, type ContractFunctionArgs, type ContractFunctionName, type ContractFunctionReturnType, type LocalAccount, type PublicClient, type TransactionSerializableEIP1559, type Transport,
  concatHex, createPublicClient, custom, encodeFunctionData, http, keccak256,
} from "viem";
import { type Hex, type Network, PortFailure, type Sent } from "../ports";
import type { Openings } from "../wallet/elsewhere/openings";
import { ContractRefusal, decodeRefusal, failureOf } from "./failure";
import { type Sleep, retried, sleep } from "./retry";

const REQUEST_TIMEOUT_MS = 15_000;
/** A transaction that is not final after this long is reported as not answered; it may still become final. */
export const FINAL_WAIT_MS = 60_000;
const FINAL_POLL_MS = 60;
const FINAL_POLL_LONGEST_MS = 1_000;
/** Estimates are for the state at the time; the state may have moved on when the transaction runs. Gas costs nothing here. */
const GAS_MARGIN = 2n;
/** The most a transaction may have (EIP-7825). */
const GAS_CAP = 16_777_216n;

export interface ConnectionOptions {
  readonly rpcUrl: string;
  /** The network this portal is for; any other is refused. */
  readonly expected?: { readonly chainId?: number; readonly publicKey?: Hex };
  readonly sleep?: Sleep;
  /** Instead of HTTP, in tests. */
  readonly request?: (body: { method: string; params?: unknown }) => Promise<unknown>;
}

export interface Call {
  readonly contract: string;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
  /** What stands behind hashes in the arguments, for a signer that shows what it signs. */
  readonly behind?: Openings;
  /** A token of the daily allowance that pays for the transaction, as `shownToken` has it. */
  readonly shows?: Hex;
}

/** A transaction before it is signed. */
export type Unsigned = TransactionSerializableEIP1559 & { readonly type: "eip1559" };

export class Connection {
  readonly client: PublicClient;
  readonly rpcUrl: string;
  readonly #options: ConnectionOptions;
  readonly #sleep: Sleep;
  #network: Promise<Network> | null = null;

  constructor(options: ConnectionOptions) {
    const transport: Transport =
      options.request === undefined
        ? http(options.rpcUrl, { timeout: REQUEST_TIMEOUT_MS, retryCount: 0 })
        : custom({ request: options.request }, { retryCount: 0 });
    this.#options = options;
    this.rpcUrl = options.rpcUrl;
    this.#sleep = options.sleep ?? sleep;
    this.client = createPublicClient({ transport });
  }

  /** Any JSON-RPC method, with failures as port failures. */
  async rpc<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    try {
      return (await this.client.request({ method, params } as never)) as T;
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** Identity of the network, read once; refused when it is not the expected one. */
  network(): Promise<Network> {
    this.#network ??= this.#readNetwork().catch((failure: unknown) => {
      this.#network = null;
      throw failure;
    });
    return this.#network;
  }

  async #readNetwork(): Promise<Network> {
    const network = await this.rpc<Network>("zhengtong_network");
    const { chainId, publicKey } = this.#options.expected ?? {};
    if (chainId !== undefined && network.chainId !== chainId) {
      throw new PortFailure("wrong-network", `the node serves chain ${network.chainId}, this portal is for ${chainId}`);
    }
    if (publicKey !== undefined && network.publicKey.toLowerCase() !== publicKey.toLowerCase()) {
      throw new PortFailure("wrong-network", `the node serves the network with key ${network.publicKey.slice(0, 18)}…, this portal is for ${publicKey.slice(0, 18)}…`);
    }
    return network;
  }

  async contract(name: string): Promise<Hex> {
    const address = (await this.network()).contracts[name];
    if (address === undefined) throw new PortFailure("wrong-network", `the network has no contract ${name}`);
    return address;
  }

  async read<const A extends Abi, F extends ContractFunctionName<A, "view" | "pure">>(name: string, abi: A, functionName: F, args: ContractFunctionArgs<A, "view" | "pure", F>): Promise<ContractFunctionReturnType<A, "view" | "pure", F>> {
    try {
      const answer: unknown = await this.client.readContract({ address: await this.contract(name), abi, functionName, args } as never);
      return answer as ContractFunctionReturnType<A, "view" | "pure", F>;
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** Signs with a key of this browser, sends, and answers when the transaction is final. */
  async send(account: LocalAccount, call: Call): Promise<Sent> {
    return await this.sendSigned(account.address, call, (transaction) => account.signTransaction(transaction));
  }

  /** Prepares a transaction, has it signed wherever its key is, sends it, and answers when it is final. */
  async sendSigned(from: Hex, call: Call, signed: (transaction: Unsigned) => Promise<Hex>): Promise<Sent> {
    const { chainId } = await this.network();
    const to = await this.contract(call.contract);
    const data = concatHex([encodeFunctionData({ abi: call.abi, functionName: call.functionName, args: call.args }), call.shows ?? "0x"]);
    const gas = await this.#estimate(from, to, data);
    const nonce = Number(await this.rpc<Hex>("eth_getTransactionCount", [from, "pending"]));
    const raw = await signed({ type: "eip1559", chainId, nonce, to, data, gas, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n });
    // The same bytes may be sent twice: a node that has them answers with the same hash or says so.
    const hash = await retried(() => this.#submit(raw), undefined, this.#sleep);
    return await this.final(hash, { from, to, data });
  }

  /** Sends through an injected wallet, which signs and submits by itself. */
  async sendInjected(request: (method: string, params: unknown[]) => Promise<unknown>, from: Hex, call: Call): Promise<Sent> {
    const to = await this.contract(call.contract);
    const data = encodeFunctionData({ abi: call.abi, functionName: call.functionName, args: call.args });
    const gas = await this.#estimate(from, to, data);
    const hash = (await request("eth_sendTransaction", [{ from, to, data, gas: `0x${gas.toString(16)}` }])) as Hex;
    return await this.final(hash, { from, to, data });
  }

  async #estimate(from: Hex, to: Hex, data: Hex): Promise<bigint> {
    const gas = BigInt(await this.rpc<Hex>("eth_estimateGas", [{ from, to, data }])) * GAS_MARGIN;
    return gas > GAS_CAP ? GAS_CAP : gas;
  }

  async #submit(raw: Hex): Promise<Hex> {
    try {
      return await this.client.sendRawTransaction({ serializedTransaction: raw });
    } catch (error) {
      if (/already known|already imported/i.test(String(error))) return keccak256(raw);
      throw failureOf(error);
    }
  }

  /** Waits until a transaction is in a finalized block; a reverted one is a refusal with the contract's reason. */
  async final(hash: Hex, call?: { from: Hex; to: Hex; data: Hex }): Promise<Sent> {
    let waitMs = FINAL_POLL_MS;
    for (let waitedMs = 0; waitedMs < FINAL_WAIT_MS; waitedMs += waitMs, waitMs = Math.min(waitMs * 1.3, FINAL_POLL_LONGEST_MS)) {
      const receipt = await retried(() => this.rpc<{ status: Hex; blockNumber: Hex } | null>("eth_getTransactionReceipt", [hash]), undefined, this.#sleep);
      if (receipt === null) {
        await this.#sleep(waitMs);
      } else if (receipt.status === "0x1") {
        return { txHash: hash, blockNumber: Number(receipt.blockNumber) };
      } else {
        throw call === undefined ? new ContractRefusal("unknown", [], hash) : await this.#reason(call);
      }
    }
    throw new PortFailure("offline", `transaction ${hash} is not final yet`);
  }

  async #reason(call: { from: Hex; to: Hex; data: Hex }): Promise<PortFailure> {
    return await this.rpc("eth_call", [call, "latest"]).then(() => decodeRefusal(undefined), failureOf);
  }
}
