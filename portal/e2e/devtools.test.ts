// The chain for the tests of contracts, as the test clients of viem and Foundry's cast use it; and a node has none of it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { JsonRpcProvider } from "ethers";
import { type Hex, createTestClient, getAddress, http, keccak256, numberToHex, parseEther, publicActions, toHex, verifyMessage, verifyTypedData, walletActions } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { foundry } from "./harness/paths";
import { runOk } from "./harness/run";
import { Server } from "./harness/server";

const JUNK = "test test test test test test test test test test test junk";
const account = (index: number) => mnemonicToAccount(JUNK, { addressIndex: index });
/** A contract that keeps the time of each call: `sstore(0, timestamp())`. */
const KEEPS_TIME: Hex = "0x425f5500";
const CONTRACT: Hex = "0x00000000000000000000000000000000000c0de5";
/** Another chain to try the tests on, e.g. anvil with `--mnemonic` of the junk words. */
const OTHER_RPC = process.env["ZHENGTONG_E2E_DEVTOOLS"];

describe("devtools", () => {
  let server: Server | null = null;
  let url = "";
  before(async () => {
    if (OTHER_RPC === undefined) server = await Server.start({ name: "devtools", devtools: true });
    url = server?.rpcUrl ?? OTHER_RPC ?? "";
  });
  after(async () => await server?.dispose());

  for (const mode of ["anvil", "hardhat"] as const) {
    const client = () => createTestClient({ mode, transport: http(url), pollingInterval: 50 }).extend(publicActions).extend(walletActions);

    test(`${mode}: time and blocks`, async () => {
      const chain = client();
      const start = await chain.getBlock();
      await chain.mine({ blocks: 3, interval: 60 });
      const mined = await chain.getBlock();
      assert.equal(mined.number, (start.number ?? 0n) + 3n);
      assert.ok(mined.timestamp >= start.timestamp + 120n);
      await chain.setNextBlockTimestamp({ timestamp: mined.timestamp + 1_000n });
      await chain.setCode({ address: CONTRACT, bytecode: KEEPS_TIME });
      const hash = await chain.sendTransaction({ chain: null, account: account(0).address, to: CONTRACT });
      const receipt = await chain.getTransactionReceipt({ hash });
      assert.equal((await chain.getBlock({ blockNumber: receipt.blockNumber })).timestamp, mined.timestamp + 1_000n);
      assert.equal(BigInt((await chain.getStorageAt({ address: CONTRACT, slot: "0x0" })) ?? 0), mined.timestamp + 1_000n);
      await chain.increaseTime({ seconds: 500 });
      await chain.mine({ blocks: 1 });
      assert.ok((await chain.getBlock()).timestamp >= mined.timestamp + 1_500n);
      await assert.rejects(chain.setNextBlockTimestamp({ timestamp: start.timestamp }));
    });

    test(`${mode}: points to go back to, accounts that are rewritten, and senders who did not sign`, async () => {
      const chain = client();
      const somebody = getAddress(`0x${keccak256(toHex(mode)).slice(26)}`);
      const point = await chain.snapshot();
      await chain.setBalance({ address: somebody, value: parseEther("5") });
      await chain.setNonce({ address: somebody, nonce: 9 });
      await chain.setStorageAt({ address: CONTRACT, index: 7, value: numberToHex(42, { size: 32 }) });
      await chain.impersonateAccount({ address: somebody });
      const hash = await chain.sendTransaction({ chain: null, account: somebody, to: account(1).address, value: parseEther("1") });
      const sent = await chain.getTransaction({ hash });
      assert.deepEqual([getAddress(sent.from), sent.nonce], [somebody, 9]);
      await chain.stopImpersonatingAccount({ address: somebody });
      await assert.rejects(chain.sendTransaction({ chain: null, account: somebody, to: account(1).address }));
      assert.equal(await chain.getBalance({ address: somebody }), parseEther("4"));
      assert.equal(BigInt((await chain.getStorageAt({ address: CONTRACT, slot: "0x7" })) ?? 0), 42n);
      await chain.revert({ id: point });
      assert.deepEqual([await chain.getBalance({ address: somebody }), await chain.getTransactionCount({ address: somebody })], [0n, 0]);
      await assert.rejects(chain.getTransaction({ hash }));
    });

    test(`${mode}: blocks only when they are asked for`, async () => {
      const chain = client();
      await chain.setAutomine(false);
      const sender = account(2).address;
      const before = await chain.getBlockNumber();
      const hashes = [];
      for (const value of [1n, 2n, 3n]) hashes.push(await chain.sendTransaction({ chain: null, account: sender, to: CONTRACT, value, gas: 100_000n }));
      assert.equal(await chain.getBlockNumber({ cacheTime: 0 }), before);
      const dropped = hashes.pop() as Hex;
      await chain.dropTransaction({ hash: dropped });
      await chain.mine({ blocks: 1 });
      const block = await chain.getBlock({ blockNumber: before + 1n });
      assert.deepEqual(block.transactions, hashes);
      await chain.setAutomine(true);
    });
  }

  test("the known accounts sign what they are shown", async () => {
    const chain = createTestClient({ mode: "anvil", transport: http(url) }).extend(walletActions);
    const { address } = account(3);
    const addresses = await chain.getAddresses();
    assert.ok(addresses.includes(address));
    const signature = await chain.signMessage({ account: address, message: "hello" });
    assert.ok(await verifyMessage({ address, message: "hello", signature }));
    const typed = { domain: { name: "test", chainId: 1 }, types: { Note: [{ name: "text", type: "string" }, { name: "ids", type: "uint8[]" }] }, primaryType: "Note", message: { text: "hello", ids: [1, 2] } } as const;
    assert.ok(await verifyTypedData({ ...typed, address, signature: await chain.signTypedData({ account: address, ...typed }) }));
  });

  test("ethers 6 tells a revert's reason, and cast sends unlocked", async () => {
    const provider = new JsonRpcProvider(url, undefined, { polling: true, pollingInterval: 50 });
    const signer = await provider.getSigner(4);
    // Reverts with Error("no").
    const reason = `08c379a0${"20".padStart(64, "0")}${"2".padStart(64, "0")}${"6e6f".padEnd(64, "0")}`;
    await provider.send("hardhat_setCode", [CONTRACT, `0x6064600a5f3960645ffd${reason}`]);
    await assert.rejects(signer.sendTransaction({ to: CONTRACT }), (error: { reason?: string; data?: string }) => error.reason === "no" && error.data === `0x${reason}`);
    provider.destroy();
    const sent = JSON.parse(await runOk(foundry("cast"), ["send", "--json", "--unlocked", "--from", account(5).address, account(6).address, "--value", "1"], { env: { ETH_RPC_URL: url } })) as { status: Hex };
    assert.equal(sent.status, "0x1");
  });

  test("an ordinary node has none of these methods", { skip: OTHER_RPC !== undefined }, async () => {
    const node = await Server.start({ name: "no-devtools", chainOnly: true });
    try {
      for (const method of ["evm_snapshot", "evm_mine", "hardhat_setBalance", "anvil_impersonateAccount", "personal_sign"]) {
        const answer = await fetch(node.rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] }) });
        assert.equal(((await answer.json()) as { error: { code: number } }).error.code, -32601, method);
      }
    } finally {
      await node.dispose();
    }
  });
});
