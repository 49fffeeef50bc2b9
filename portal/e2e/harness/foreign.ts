// A network of its own, and what a relay does: take a proof from one node and make it the argument of a contract elsewhere.
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Abi, type Account, type Hex, createPublicClient, createWalletClient, http } from "viem";
import { councilOf } from "./council";
import { ROOT } from "./paths";
import { rpc } from "./rpc";
import { Server } from "./server";

export interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

/** A contract as `npm run export` in contracts/ wrote it. */
export function artifact(name: string): Artifact {
  return JSON.parse(readFileSync(join(ROOT, `crates/bindings/abi/${name}.json`), "utf8")) as Artifact;
}

interface NetworkInfo {
  readonly chainId: number;
  readonly publicKey: Hex;
  readonly contracts: Readonly<Record<string, Hex>>;
}

/** The argument of `ForeignEvents.verify`. */
export interface ForeignProof {
  readonly certificate: Hex;
  readonly signatureY: Hex;
  readonly headers: readonly Hex[];
  readonly transactionIndex: bigint;
  readonly nodes: readonly Hex[];
  readonly logIndex: bigint;
}

const SIGNATURE_DIGITS = 2 * 48;
const coordinate = (value: bigint): string => value.toString(16).padStart(SIGNATURE_DIGITS, "0");

/** The y that a compressed public key leaves out: c1, then c0. */
export function keyY(publicKey: Hex): Hex {
  const { y } = bls12_381.G2.Point.fromHex(publicKey.slice(2)).toAffine();
  return `0x${coordinate(y.c1)}${coordinate(y.c0)}`;
}

function signatureY(certificate: Hex): Hex {
  return `0x${coordinate(bls12_381.G1.Point.fromHex(certificate.slice(-SIGNATURE_DIGITS)).toAffine().y)}`;
}

/** A validator with its own keys, and its council. */
export class Network {
  private constructor(
    readonly server: Server,
    readonly info: NetworkInfo,
    readonly council: Account,
  ) {}

  static async start(name: string): Promise<Network> {
    const server = await Server.start({ name, chainOnly: true });
    const info = await rpc<NetworkInfo>(server.rpcUrl, "zhengtong_network");
    return new Network(server, info, councilOf(server));
  }

  get reader() {
    return createPublicClient({ transport: http(this.server.rpcUrl), pollingInterval: 100 });
  }

  /** Sends a transaction and waits until it is final; fails if it failed. */
  async send(sender: Account, call: { to?: Hex; data: Hex }) {
    const wallet = createWalletClient({ account: sender, transport: http(this.server.rpcUrl) });
    const hash = await wallet.sendTransaction({ chain: null, account: sender, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, ...call });
    const receipt = await this.reader.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`transaction ${hash} failed`);
    return receipt;
  }

  /** What this network's node says about a log of a transaction, as a contract elsewhere reads it. */
  async prove(transaction: Hex, logIndex: number): Promise<ForeignProof> {
    interface Answer {
      readonly finality: { readonly certificate: Hex; readonly headers: readonly Hex[] };
      readonly transactionIndex: number;
      readonly proof: readonly Hex[];
    }
    const { finality, transactionIndex, proof } = await rpc<Answer>(this.server.rpcUrl, "zhengtong_getReceiptProof", transaction);
    return {
      certificate: finality.certificate,
      signatureY: signatureY(finality.certificate),
      headers: finality.headers,
      transactionIndex: BigInt(transactionIndex),
      nodes: proof,
      logIndex: BigInt(logIndex),
    };
  }
}
