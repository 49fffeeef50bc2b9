// A throw-away EVM chain with the contracts of this system, for tests: anvil of the contracts folder, everything deployed as at genesis.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Abi, type Hex, createPublicClient, createTestClient, createWalletClient, encodeDeployData, getContractAddress, http, keccak256, stringToBytes, stringToHex, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Network } from "../ports";
import { slug, statuteId } from "./codes";

const ROOT = join(import.meta.dirname, "../../..");
const DEPLOYER = "0x000000000000000000000000000000005a687430";
const NAMES = ["Registry", "Statutes", "Rules", "Services", "Consents", "Uses", "Cases", "Credentials", "Allowances", "Delegations", "Accounts"] as const;
/** Seconds that a recovery waits, as in real networks. */
export const RECOVERY_DELAY_S = 259_200;
export const CHAIN_ID = 20260;
/** The most a transaction may have (EIP-7825). */
const GAS = 16_777_216n;

export type ContractName = (typeof NAMES)[number];
export const key = (label: string) => privateKeyToAccount(keccak256(stringToBytes(`test key ${label}`)));
export const COUNCIL = key("council");
export const LAW = { law: "沪府发〔2016〕24号", article: "二" };

export function artifact(name: ContractName): { abi: Abi; bytecode: Hex } {
  return JSON.parse(readFileSync(join(ROOT, `crates/bindings/abi/${name}.json`), "utf8")) as { abi: Abi; bytecode: Hex };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

export class Anvil {
  private constructor(
    readonly process: ChildProcess,
    readonly url: string,
    readonly network: Network,
  ) {}

  static async start(): Promise<Anvil> {
    const port = await freePort();
    const args = ["--port", String(port), "--chain-id", String(CHAIN_ID), "--hardfork", "osaka", "--base-fee", "0", "--gas-price", "0", "--gas-limit", "300000000", "--silent"];
    const child = spawn(join(ROOT, "contracts/node_modules/.bin/anvil"), args, { stdio: "ignore" });
    const url = `http://127.0.0.1:${port}`;
    const contracts = Object.fromEntries(NAMES.map((name, nonce) => [name.toLowerCase(), getContractAddress({ from: DEPLOYER, nonce: BigInt(nonce) }).toLowerCase() as Hex]));
    const network = { chainId: CHAIN_ID, name: "test", publicKey: "0x00", namespace: "0x00", genesisHash: zeroHash, validators: 1, threshold: 1, contracts, version: "test" } as const;
    const anvil = new Anvil(child, url, network);
    await anvil.#deploy();
    return anvil;
  }

  stop(): void {
    this.process.kill("SIGKILL");
  }

  /** A node's JSON-RPC: anvil's, and the network's own method. */
  readonly request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    if (method === "zhengtong_network") return this.network;
    return await this.client().request({ method, params } as never);
  };

  client() {
    return createPublicClient({ transport: http(this.url, { retryCount: 0 }), pollingInterval: 50 });
  }

  test() {
    return createTestClient({ mode: "anvil", transport: http(this.url) });
  }

  /** Calls a contract as somebody and waits for it. */
  async as(from: Hex, contract: ContractName, functionName: string, args: readonly unknown[]): Promise<void> {
    await this.test().impersonateAccount({ address: from });
    const wallet = createWalletClient({ account: from, transport: http(this.url) });
    const address = this.network.contracts[contract.toLowerCase()] as Hex;
    const hash = await wallet.writeContract({ chain: null, address, abi: artifact(contract).abi, functionName, args, gas: GAS, gasPrice: 0n });
    const receipt = await this.client().waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`${contract}.${functionName} was refused`);
  }

  async #deploy(): Promise<void> {
    const client = this.client();
    for (let attempt = 0; ; attempt++) {
      if (await client.getChainId().then(() => true, () => false)) break;
      if (attempt > 200) throw new Error("anvil does not answer");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.test().impersonateAccount({ address: DEPLOYER });
    const wallet = createWalletClient({ account: DEPLOYER, transport: http(this.url) });
    const { registry, ...others } = this.network.contracts as Record<string, Hex>;
    for (const name of NAMES) {
      const { abi, bytecode } = artifact(name);
      const slugs = Object.keys(others).map((other) => stringToHex(other, { size: 32 }));
      const args = name === "Registry" ? [COUNCIL.address, slugs, Object.values(others)] : name === "Accounts" ? [registry, BigInt(RECOVERY_DELAY_S)] : [registry];
      const hash = await wallet.sendTransaction({ chain: null, data: encodeDeployData({ abi, bytecode, args }), gas: GAS, gasPrice: 0n });
      const { contractAddress } = await client.waitForTransactionReceipt({ hash });
      if (contractAddress?.toLowerCase() !== this.network.contracts[name.toLowerCase()]) throw new Error(`${name} is at ${contractAddress}`);
    }
  }
}

const ALL_ROLES = 15;

/** Two agencies, an officer each, one statute and the service `old-age-allowance`, owned by civil affairs. */
export async function publishService(anvil: Anvil): Promise<{ statute: Hex; officers: ReturnType<typeof key>[] }> {
  const council = COUNCIL.address;
  for (const id of ["public-security", "civil-affairs"]) {
    const organisation = { attester: key(id).address, roles: ALL_ROLES, encryptionKey: keccak256(stringToBytes(id)), name: id, gateway: `/gateway/${id}` };
    await anvil.as(council, "Registry", "setOrganisation", [slug(id), organisation]);
  }
  const officers = [key("officer 1"), key("officer 2")];
  for (const officer of officers) await anvil.as(council, "Registry", "setOfficer", [officer.address, slug("civil-affairs"), true]);
  const statute = statuteId(LAW.law, LAW.article);
  await anvil.as(council, "Statutes", "list", [{ ...LAW, textHash: keccak256(stringToBytes("text")), validFrom: 0n, validTo: 0n }]);
  const predicate = { provider: slug("public-security"), basis: statute };
  const ruleSet = {
    predicates: [
      { ...predicate, id: slug("local-household"), min: 0, max: 1 },
      { ...predicate, id: slug("age"), min: 0, max: 150 },
    ],
    rows: [
      { trueMask: 1, falseMask: 0, brackets: [{ predicate: 1, min: 65, max: 69 }], outcome: 1, amountFen: 7500n, reason: slug("age-65-to-69"), statute },
      { trueMask: 0, falseMask: 0, brackets: [{ predicate: 1, min: 0, max: 64 }], outcome: 2, amountFen: 0n, reason: slug("age-below-65"), statute },
    ],
  };
  await anvil.as(council, "Rules", "publish", [ruleSet]);
  const published = await anvil.client().getContractEvents({ address: anvil.network.contracts["rules"] as Hex, abi: artifact("Rules").abi, eventName: "RuleSetPublished", fromBlock: 0n });
  const ruleSetId = (published[0]?.args as { id?: Hex } | undefined)?.id;
  if (ruleSetId === undefined) throw new Error("no rule set");
  const service = {
    owner: slug("civil-affairs"), sponsor: zeroHash, packageHash: keccak256(stringToBytes("package")), ruleSet: ruleSetId,
    promisedSeconds: 86_400, statutorySeconds: 864_000, appealSeconds: 5_184_000, active: true, credentialType: zeroHash, uri: "package",
  };
  await anvil.as(council, "Services", "publish", [slug("old-age-allowance"), service]);
  return { statute, officers };
}
