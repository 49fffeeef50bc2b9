// @vitest-environment node
import { createServer } from "node:http";
import { once } from "node:events";
import { encodeErrorResult } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { casesAbi } from "./abi";
import { Connection } from "./connection";
import { decodeRefusal } from "./failure";

const ID = `0x${"11".repeat(32)}` as const;
const NETWORK = { chainId: 20260, name: "", publicKey: "0x", namespace: "0x", genesisHash: "0x", validators: 1, threshold: 1, contracts: { cases: `0x${"22".repeat(20)}` }, version: "" };

/** A node that answers as told, one answer after the other; the last one for ever. */
async function nodeThat(...answers: { status?: number; body: (id: number) => unknown }[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const { id, method } = JSON.parse(text) as { id: number; method: string };
      const answer = method === "zhengtong_network" ? { body: () => ({ jsonrpc: "2.0", id, result: NETWORK }) } : (answers.length > 1 ? answers.shift() : answers[0]);
      if (method !== "zhengtong_network") asked.push(method);
      response.writeHead((answer as { status?: number }).status ?? 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer?.body(id)));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const connection = new Connection({ rpcUrl: `http://127.0.0.1:${port}`, sleep: async () => {} });
  return { connection, asked, [Symbol.dispose]: () => server.close() };
}

const result = (value: unknown) => ({ body: (id: number) => ({ jsonrpc: "2.0", id, result: value }) });
const error = (code: number, message: string, data?: unknown) => ({ body: (id: number) => ({ jsonrpc: "2.0", id, error: { code, message, data } }) });
const failure = (code: string, more: object = {}) => expect.objectContaining({ code, ...more });
const account = privateKeyToAccount(`0x${"33".repeat(32)}`);
const call = { contract: "cases", abi: casesAbi, functionName: "close", args: [ID] };

describe("failures", () => {
  it("name the contract's error and its values", () => {
    const data = encodeErrorResult({ abi: casesAbi, errorName: "FactsMissing", args: [ID, 5] });
    expect(decodeRefusal(data)).toMatchObject({ code: "transaction-refused", error: "FactsMissing", args: [ID, 5], detail: `FactsMissing(${ID}, 5)` });
    expect(decodeRefusal("0x12345678")).toMatchObject({ error: "unknown", detail: "refused with 0x12345678" });
    expect(decodeRefusal(undefined)).toMatchObject({ error: "unknown" });
  });

  it("of a revert during the estimate are refusals", async () => {
    const data = encodeErrorResult({ abi: casesAbi, errorName: "UnknownCase", args: [ID] });
    using node = await nodeThat(error(3, "execution reverted", data));
    await expect(node.connection.send(account, call)).rejects.toEqual(failure("transaction-refused", { error: "UnknownCase" }));
  });

  it("of a node that is away, starting or overloaded are 'offline'", async () => {
    using starting = await nodeThat(error(-32_002, "the node is starting"));
    await expect(starting.connection.rpc("eth_blockNumber")).rejects.toEqual(failure("offline"));
    using busy = await nodeThat({ status: 503, body: () => ({}) });
    await expect(busy.connection.rpc("eth_blockNumber")).rejects.toEqual(failure("offline"));
  });

  it("of anything else are bad answers", async () => {
    using node = await nodeThat(error(-32_601, "no such method"));
    await expect(node.connection.rpc("eth_blockNumber")).rejects.toEqual(failure("bad-answer"));
    await expect(node.connection.contract("nonsense")).rejects.toEqual(failure("wrong-network"));
  });
});

describe("sending", () => {
  const receipt = (status: string) => result({ status, blockNumber: "0x7" });

  it("goes on after a lost answer, with the same bytes", async () => {
    const hash = `0x${"44".repeat(32)}`;
    using node = await nodeThat(result("0x5208"), result("0x0"), { status: 502, body: () => ({}) }, result(hash), result(null), { status: 502, body: () => ({}) }, receipt("0x1"));
    expect(await node.connection.send(account, call)).toEqual({ txHash: hash, blockNumber: 7 });
    expect(node.asked).toEqual(["eth_estimateGas", "eth_getTransactionCount", "eth_sendRawTransaction", "eth_sendRawTransaction", "eth_getTransactionReceipt", "eth_getTransactionReceipt", "eth_getTransactionReceipt"]);
  });

  it("takes a transaction that the node knows already for sent", async () => {
    using node = await nodeThat(result("0x5208"), result("0x0"), error(-32_000, "already known"), receipt("0x1"));
    expect((await node.connection.send(account, call)).txHash).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it("says why a transaction that was included failed", async () => {
    const data = encodeErrorResult({ abi: casesAbi, errorName: "NotOverdue", args: [ID, 9n] });
    using node = await nodeThat(result("0x5208"), result("0x0"), result(`0x${"55".repeat(32)}`), receipt("0x0"), error(3, "execution reverted", data));
    await expect(node.connection.send(account, call)).rejects.toEqual(failure("transaction-refused", { error: "NotOverdue" }));
  });

  it("gives up when a transaction does not become final", async () => {
    using node = await nodeThat(result("0x5208"), result("0x0"), result(`0x${"55".repeat(32)}`), result(null));
    await expect(node.connection.send(account, call)).rejects.toEqual(failure("offline", { detail: expect.stringContaining("not final") }));
  });
});
