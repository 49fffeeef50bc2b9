// Two networks with keys of their own: a contract on one accepts an event that is final on the other, and nothing else.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Abi, type Hex, decodeErrorResult, decodeFunctionResult, encodeDeployData, encodeFunctionData, keccak256, parseEventLogs, size, stringToHex, toHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { type Artifact, type ForeignProof, Network, artifact, keyY } from "./harness/foreign";
import { post } from "./harness/rpc";

const JUNK = "test test test test test test test test test test test junk";
/** Calls on their way at once. */
const CALLS = 16;

const registry = artifact("Registry");
const networks = artifact("Networks");
const foreignEvents = artifact("ForeignEvents");
/** The errors that can pass through `ForeignEvents`. */
const abi: Abi = [...foreignEvents.abi, ...networks.abi.filter((item) => item.type === "error")];

interface ForeignEvent {
  readonly id: Hex;
  readonly blockNumber: bigint;
  readonly timestamp: bigint;
  readonly emitter: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

describe("two networks", () => {
  let east: Network;
  let west: Network;
  /** On west: where the contracts are, and what east is called there. */
  let verifier: Hex;
  let eastId: Hex;
  let westId: Hex;
  /** An event of east. */
  let proof: ForeignProof;
  let expected: ForeignEvent;
  const someone = mnemonicToAccount(JUNK, { addressIndex: 5 });

  before(async () => {
    [east, west] = await Promise.all([Network.start("east"), Network.start("west")]);
    assert.notEqual(east.info.publicKey, west.info.publicKey);
    const directory = await deploy(networks);
    verifier = await deploy(foreignEvents);
    await govern(west.info.contracts["registry"] as Hex, registry, "setContract", [stringToHex("networks", { size: 32 }), directory]);
    await govern(west.info.contracts["registry"] as Hex, registry, "setContract", [stringToHex("foreign-events", { size: 32 }), verifier]);
    eastId = await list(directory, "east", east);
    westId = await list(directory, "west", west);
    ({ proof, expected } = await listAgencyOnEast());
  });
  after(async () => {
    await east?.server.dispose();
    await west?.server.dispose();
  });

  async function deploy({ abi: constructor, bytecode }: Artifact): Promise<Hex> {
    const data = encodeDeployData({ abi: constructor, bytecode, args: [west.info.contracts["registry"]] });
    return (await west.send(west.council, { data })).contractAddress as Hex;
  }

  async function govern(to: Hex, { abi: of }: Artifact, functionName: string, args: readonly unknown[]): Promise<void> {
    await west.send(west.council, { to, data: encodeFunctionData({ abi: of, functionName, args }) });
  }

  async function list(directory: Hex, name: string, { info }: Network): Promise<Hex> {
    await govern(directory, networks, "list", [stringToHex(name, { size: 32 }), BigInt(info.chainId), info.publicKey, keyY(info.publicKey)]);
    return keccak256(info.publicKey);
  }

  /** East lists an agency; the event is what its own node answers to `eth_getTransactionReceipt`. */
  async function listAgencyOnEast() {
    const agency = { attester: someone.address, roles: 1, encryptionKey: keccak256("0x01"), name: "民政局", gateway: "https://civil.east.example" };
    const data = encodeFunctionData({ abi: registry.abi, functionName: "setOrganisation", args: [stringToHex("civil-affairs", { size: 32 }), agency] });
    const receipt = await east.send(east.council, { to: east.info.contracts["registry"] as Hex, data });
    const block = await east.reader.getBlock({ blockHash: receipt.blockHash });
    const [log] = receipt.logs;
    assert.ok(log !== undefined && receipt.logs.length === 1);
    const proven = await east.prove(receipt.transactionHash, 0);
    const event = { id: "0x" as Hex, blockNumber: receipt.blockNumber, timestamp: block.timestamp, emitter: log.address, topics: log.topics, data: log.data };
    return { proof: proven, expected: event };
  }

  /** `ForeignEvents` on west, called without a transaction: the event, or the name of the error. */
  async function verify(network: Hex, given: ForeignProof, functionName: "verify" | "accept" = "verify"): Promise<ForeignEvent | string> {
    const data = encodeFunctionData({ abi, functionName, args: [network, given] });
    const answer = await post(west.server.rpcUrl, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_call", params: [{ to: verifier, data }, "latest"] }));
    if (answer.error !== undefined) {
      const reason = answer.error.data;
      if (typeof reason !== "string") throw new Error(`eth_call: ${answer.error.message}`);
      return decodeErrorResult({ abi, data: reason as Hex }).errorName;
    }
    return decodeFunctionResult({ abi, functionName, data: answer.result as Hex }) as ForeignEvent;
  }

  test("a contract on one accepts an event final on the other, once", async (t) => {
    const event = await verify(eastId, proof);
    assert.ok(typeof event !== "string", `refused: ${String(event)}`);
    assert.deepEqual({ ...event, id: "0x", emitter: event.emitter.toLowerCase() }, { ...expected, emitter: expected.emitter.toLowerCase() });

    const call = { to: verifier, data: encodeFunctionData({ abi, functionName: "accept", args: [eastId, proof] }) };
    const receipt = await west.send(someone, call);
    const [accepted] = parseEventLogs({ abi, eventName: "EventAccepted", logs: receipt.logs }) as unknown as { args: Record<string, unknown> }[];
    assert.deepEqual([accepted?.args["id"], accepted?.args["network"], accepted?.args["data"]], [event.id, eastId, expected.data]);
    const seconds = await west.reader.readContract({ address: verifier, abi, functionName: "acceptedAt", args: [event.id] });
    assert.ok((seconds as bigint) > 0n);
    assert.equal(await verify(eastId, proof, "accept"), "AlreadyAccepted");

    const bytes = size(call.data);
    t.diagnostic(`accept: ${receipt.gasUsed} gas, ${bytes} bytes of calldata, ${proof.headers.length} header(s), ${proof.nodes.length} trie node(s)`);
  });

  test("its own key and unknown networks do not vouch for it", async () => {
    assert.equal(await verify(westId, proof), "SignatureWrong");
    assert.equal(await verify(keccak256("0x02"), proof), "UnknownNetwork");
  });

  test("with any byte changed it is refused, by the step that holds the byte", async (t) => {
    const allowed: Record<string, readonly string[]> = {
      certificate: ["SignatureWrong", "CertificateMalformed", "PointMalformed", "PointRefused"],
      signatureY: ["PointMalformed", "PointRefused"],
      headers: ["WrongHeaderHash"],
      nodes: ["ReceiptNotProven"],
    };
    const changed = [...changes(proof)];
    const refusals = new Map<string, number>();
    for (let from = 0; from < changed.length; from += CALLS) {
      const batch = changed.slice(from, from + CALLS);
      const outcomes = await Promise.all(batch.map(({ given }) => verify(eastId, given)));
      for (const [index, outcome] of outcomes.entries()) {
        const { part, position } = batch[index] as Change;
        assert.ok(typeof outcome === "string", `accepted with byte ${position} of ${part} changed`);
        assert.ok(allowed[part]?.includes(outcome), `${part}, byte ${position}: ${outcome}`);
        refusals.set(outcome, (refusals.get(outcome) ?? 0) + 1);
      }
    }
    const told = [...refusals].map(([name, count]) => `${name} ${count}`).join(", ");
    t.diagnostic(`${changed.length} changed bytes refused: ${told}`);
    assert.equal(await verify(eastId, { ...proof, transactionIndex: proof.transactionIndex + 1n }), "ReceiptNotProven");
    assert.equal(await verify(eastId, { ...proof, logIndex: 1n }), "NoSuchLog");
    assert.ok(typeof (await verify(eastId, proof)) !== "string");
  });

  test("a transaction with a forged proof fails on the chain too", async () => {
    const [header, ...rest] = proof.headers;
    const forged = { ...proof, headers: [flip(header as Hex, 100), ...rest] };
    const data = encodeFunctionData({ abi, functionName: "accept", args: [eastId, forged] });
    const raw = await someone.signTransaction({
      type: "eip1559",
      chainId: west.info.chainId,
      nonce: await west.reader.getTransactionCount({ address: someone.address, blockTag: "pending" }),
      to: verifier,
      data,
      gas: 2_000_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
    });
    const hash = await west.reader.sendRawTransaction({ serializedTransaction: raw });
    const receipt = await west.reader.waitForTransactionReceipt({ hash });
    assert.equal(receipt.status, "reverted");
    assert.equal(receipt.logs.length, 0);
  });
});

interface Change {
  readonly part: string;
  readonly position: number;
  readonly given: ForeignProof;
}

/** Every byte of a proof, with one bit of it flipped: another bit at each position. */
function* changes(proof: ForeignProof): Generator<Change> {
  for (const part of ["certificate", "signatureY"] as const) {
    for (let position = 0; position < size(proof[part]); position += 1) {
      yield { part, position, given: { ...proof, [part]: flip(proof[part], position) } };
    }
  }
  for (const part of ["headers", "nodes"] as const) {
    for (const [index, bytes] of proof[part].entries()) {
      for (let position = 0; position < size(bytes); position += 1) {
        yield { part, position, given: { ...proof, [part]: proof[part].map((other, at) => (at === index ? flip(bytes, position) : other)) } };
      }
    }
  }
}

function flip(bytes: Hex, position: number): Hex {
  const copy = Buffer.from(bytes.slice(2), "hex");
  copy[position] = (copy[position] as number) ^ (1 << (position % 8));
  return toHex(copy);
}
