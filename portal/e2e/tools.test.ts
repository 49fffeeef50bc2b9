// The tools of the Ethereum world work unchanged: viem, ethers, cast, forge, and logs and subscriptions with them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet, WebSocketProvider } from "ethers";
import { type Hex, createPublicClient, createWalletClient, decodeEventLog, encodeFunctionData, getAddress, http, parseAbi, parseEther, webSocket } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { text, withBrowser } from "./harness/browser";
import { IndexClient } from "./harness/index-client";
import { WALLET_NAME, askWallet, injectWallet } from "./harness/injected";
import { answerQuestions, checkAndSend, checkResult, verdict } from "./harness/portal";
import { FORMS } from "./harness/resident";
import { until } from "./harness/wait";
import { foundry } from "./harness/paths";
import { runOk } from "./harness/run";
import { Server } from "./harness/server";
import { ForgeProject } from "./harness/token";

const JUNK = "test test test test test test test test test test test junk";
const ERC20 = parseAbi([
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "function transfer(address to, uint256 value) returns (bool)",
  "function balanceOf(address) view returns (uint256)",
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
]);
const account = (index: number) => mnemonicToAccount(JUNK, { addressIndex: index });
const privateKey = (index: number): Hex => `0x${Buffer.from(account(index).getHdKey().privateKey ?? []).toString("hex")}`;

/** What of a trace the tests read: of the tracer of calls, and of the one of steps. */
type Trace = { type: string; to: Hex; input: Hex; gasUsed: Hex; gas: number; structLogs: { op: string }[] };

/** Another node to try the tests on, e.g. anvil with `--mnemonic` of the junk words. */
const OTHER_RPC = process.env["ZHENGTONG_E2E_RPC"];

describe("tools", () => {
  let server: Server | null = null;
  let rpcUrl: string;
  let wsUrl: string;
  let token: { abi: string; bytecode: Hex };
  const project = ForgeProject.create();

  before(async () => {
    if (OTHER_RPC === undefined) server = await Server.start({ name: "tools" });
    rpcUrl = server?.rpcUrl ?? OTHER_RPC ?? "";
    wsUrl = server?.wsUrl ?? rpcUrl.replace(/^http/, "ws");
    token = await project.token();
  });
  after(async () => {
    await server?.dispose();
    project.dispose();
  });

  test("viem deploys, sends, reads logs, and decodes a contract's error", async () => {
    const [sender, receiver] = [account(0), account(1)];
    const client = createPublicClient({ transport: http(rpcUrl), pollingInterval: 100 });
    const wallet = createWalletClient({ account: sender, transport: http(rpcUrl) });
    const abi = [...ERC20, ...parseAbi(["constructor(address to, uint256 amount)"])] as const;
    const deployed = await client.waitForTransactionReceipt({ hash: await wallet.deployContract({ chain: null, abi, bytecode: token.bytecode, args: [sender.address, parseEther("100")] }) });
    const address = deployed.contractAddress as Hex;
    const { request } = await client.simulateContract({ account: sender, address, abi: ERC20, functionName: "transfer", args: [receiver.address, parseEther("3")] });
    const receipt = await client.waitForTransactionReceipt({ hash: await wallet.writeContract({ ...request, chain: null }) });
    assert.equal(receipt.status, "success");
    assert.equal(await client.readContract({ address, abi: ERC20, functionName: "balanceOf", args: [receiver.address] }), parseEther("3"));
    const logs = await client.getContractEvents({ address, abi: ERC20, eventName: "Transfer", args: { to: receiver.address }, fromBlock: deployed.blockNumber, strict: true });
    assert.deepEqual(logs.map((log) => [log.args.value, log.transactionHash]), [[parseEther("3"), receipt.transactionHash]]);
    const tooMuch = client.simulateContract({ account: receiver, address, abi: ERC20, functionName: "transfer", args: [sender.address, parseEther("4")] });
    await assert.rejects(tooMuch, (error: Error) => error.message.includes("ERC20InsufficientBalance"));
    // A filter sees what comes after it.
    const filter = await client.createContractEventFilter({ address, abi: ERC20, eventName: "Transfer" });
    await client.waitForTransactionReceipt({ hash: await wallet.writeContract({ chain: null, address, abi: ERC20, functionName: "transfer", args: [receiver.address, 1n] }) });
    assert.equal((await client.getFilterChanges({ filter })).length, 1);
    const block = await client.getBlock({ blockTag: "finalized", includeTransactions: true });
    assert.ok(block.number >= receipt.blockNumber);
  });

  test("viem follows blocks and logs over WebSocket", async () => {
    const client = createPublicClient({ transport: webSocket(wsUrl) });
    const wallet = createWalletClient({ account: account(2), transport: http(rpcUrl) });
    const seen: bigint[] = [];
    const block = await new Promise<{ hash: Hex | null; number: bigint }>((resolve, reject) => {
      const stop = client.watchBlocks({ onBlock: (next) => (seen.push(next.number), resolve(next), stop()), onError: reject });
      setTimeout(() => void wallet.sendTransaction({ chain: null, to: account(3).address, value: 1n }).catch(reject), 300);
      setTimeout(() => reject(new Error("no block within 20 s")), 20_000).unref();
    });
    assert.equal((await client.getBlock({ blockNumber: block.number })).hash, block.hash);
    (await client.transport.getRpcClient()).close();
  });

  test("ethers 6 deploys, sends, reads logs, and subscribes", async () => {
    const provider = new JsonRpcProvider(rpcUrl, undefined, { polling: true, pollingInterval: 100 });
    const signer = new NonceManager(new Wallet(privateKey(4), provider));
    const receiver = account(5).address;
    const factory = new ContractFactory(token.abi, token.bytecode, signer);
    const contract = (await (await factory.deploy(await signer.getAddress(), 1_000n)).waitForDeployment()) as Contract;
    const address = await contract.getAddress();
    const ws = new WebSocketProvider(wsUrl);
    const heard = new Promise<bigint>((resolve) => void new Contract(address, token.abi, ws).on("Transfer", (_from, _to, value: bigint) => resolve(value)));
    await ws.getBlockNumber();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const sent = (await contract.getFunction("transfer")(receiver, 25n)) as { wait(): Promise<{ status: number; blockNumber: number }> };
    const receipt = await sent.wait();
    assert.equal(receipt.status, 1);
    assert.equal(await contract.getFunction("balanceOf")(receiver), 25n);
    const logs = await contract.queryFilter(contract.filters["Transfer"]?.(null, receiver) as never, receipt.blockNumber, "latest");
    assert.equal(logs.length, 1);
    assert.equal(await heard, 25n);
    await ws.destroy();
    provider.destroy();
  });

  test("cast sends, calls, reads a receipt and logs", async () => {
    const cast = (...args: string[]) => runOk(foundry("cast"), args, { env: { ETH_RPC_URL: rpcUrl } });
    const deployed = JSON.parse(await cast("send", "--json", "--private-key", privateKey(6), "--create", token.bytecode, "constructor(address,uint256)", account(6).address, "500")) as { contractAddress: Hex; status: Hex };
    assert.equal(deployed.status, "0x1");
    const sent = JSON.parse(await cast("send", "--json", "--private-key", privateKey(6), deployed.contractAddress, "transfer(address,uint256)", account(7).address, "5")) as { transactionHash: Hex; blockNumber: Hex };
    assert.equal((await cast("call", deployed.contractAddress, "balanceOf(address)(uint256)", account(7).address)).trim(), "5");
    assert.match(await cast("receipt", sent.transactionHash, "status"), /1|true|success/);
    const logs = JSON.parse(await cast("logs", "--json", "--address", deployed.contractAddress, "--from-block", String(Number(sent.blockNumber)), "Transfer(address,address,uint256)")) as unknown[];
    assert.equal(logs.length, 1);
    assert.match((await cast("chain-id")).trim(), /^\d+$/);
    assert.match(await cast("block", "latest", "--field", "hash"), /0x[0-9a-f]{64}/);
    // The header keeps Ethereum's shape: cast recomputes the hash of what the node says.
    assert.match((await cast("estimate", deployed.contractAddress, "transfer(address,uint256)", account(7).address, "5", "--from", account(6).address)).trim(), /^\d+$/);
  });

  test("viem and cast look into a transaction, and ahead of one", async () => {
    const [sender, receiver] = [account(8), account(3)];
    const client = createPublicClient({ transport: http(rpcUrl, { batch: true }), pollingInterval: 100 });
    const wallet = createWalletClient({ account: sender, transport: http(rpcUrl) });
    const abi = [...ERC20, ...parseAbi(["constructor(address to, uint256 amount)"])] as const;
    const deployed = await client.waitForTransactionReceipt({ hash: await wallet.deployContract({ chain: null, abi, bytecode: token.bytecode, args: [sender.address, 100n] }) });
    const to = deployed.contractAddress as Hex;
    const data = encodeFunctionData({ abi: ERC20, functionName: "transfer", args: [receiver.address, 7n] });

    const ahead = await client.simulateCalls({ account: sender.address, calls: [{ to, data }, { to: receiver.address, value: 1n }] });
    assert.deepEqual(ahead.results.map((result) => result.status), ["success", "success"]);
    const moved = decodeEventLog({ abi: ERC20, ...(ahead.results[0].logs?.[0] as { data: Hex; topics: [Hex, ...Hex[]] }) });
    assert.equal((moved.args as { value: bigint }).value, 7n);
    const { accessList } = await client.createAccessList({ account: sender, to, data });
    assert.deepEqual(accessList.map((item) => [getAddress(item.address), item.storageKeys.length]), [[getAddress(to), 2]]);

    const receipt = await wallet.sendTransactionSync({ chain: null, to, data });
    assert.deepEqual([receipt.status, receipt.gasUsed], ["success", ahead.results[0].gasUsed]);
    const trace = (options?: object) => client.request<{ Method: string; ReturnType: Trace }>({ method: "debug_traceTransaction", params: [receipt.transactionHash, options ?? {}] });
    const call = await trace({ tracer: "callTracer" });
    assert.deepEqual([call.type, getAddress(call.to), call.input, BigInt(call.gasUsed)], ["CALL", getAddress(to), data, receipt.gasUsed]);
    const steps = await trace();
    assert.deepEqual([steps.gas, steps.structLogs.at(-1)?.op], [Number(receipt.gasUsed), "RETURN"]);

    const cast = (...args: string[]) => runOk(foundry("cast"), args, { env: { ETH_RPC_URL: rpcUrl } });
    assert.match(await cast("run", receipt.transactionHash), new RegExp(`success[^]*Gas used: ${receipt.gasUsed}`));
    assert.match(await cast("call", "--trace", "--from", sender.address, to, data), /success/);
    assert.match(await cast("access-list", "--from", sender.address, to, data), new RegExp(to, "i"));
    assert.match(await cast("tx-pool", "status"), /pending/);
  });

  test("a wallet found through EIP-6963 signs in, applies, sends a transaction and reads logs", { skip: OTHER_RPC !== undefined }, async () => {
    assert.ok(server !== null);
    const index = new IndexClient(server.origin);
    const owner = account(1);
    await withBrowser(server.origin, "eip-6963", {}, async (browser) => {
      const asked = await injectWallet(browser, owner, rpcUrl);
      const page = await browser.page("/services/old-age-allowance/apply");
      await page.locator("main").getByRole("link", { name: text("nav.signIn"), exact: true }).click();
      await page.getByRole("button", { name: text("signIn.injectedWith", { name: WALLET_NAME }) }).click();
      const { number, code } = await index.resident("approved-80");
      await page.locator("#number").fill(number);
      await page.locator("#code").fill(code);
      await page.locator("main form button[type=submit]").click();
      await page.getByRole("link", { name: text("identity.goOn"), exact: true }).click();
      await answerQuestions(page, FORMS["old-age-allowance"] ?? {});
      const id = await checkAndSend(page);
      await verdict(page).getByText("180").waitFor();
      assert.match(asked[0] ?? "", /wants you to sign in with your Ethereum account/);
      assert.equal(await checkResult(page), "green");

      const receiver = account(2).address;
      const hash = (await askWallet(browser, "eth_sendTransaction", [{ from: owner.address, to: receiver, value: "0x1" }])) as Hex;
      await until("the wallet's transaction is final", () => askWallet(browser, "eth_getTransactionReceipt", [hash]));
      const { contracts } = await index.network();
      const logs = await askWallet(browser, "eth_getLogs", [{ address: contracts["cases"], fromBlock: "0x0", toBlock: "latest", topics: [null, id] }]);
      assert.ok((logs as unknown[]).length >= 3);

      // The same extension opens the same wallet again, also after the page was loaded anew.
      await page.goto(`${server?.origin}/sign-in`);
      await page.getByRole("button", { name: text("signIn.injectedWith", { name: WALLET_NAME }) }).click();
      await page.waitForURL((url) => url.pathname !== "/sign-in");
      await page.evaluate((path) => {
        history.pushState(null, "", path);
        dispatchEvent(new PopStateEvent("popstate"));
      }, `/cases/${id}`);
      await page.getByText(text("case.own")).waitFor();
    });
  });

  test("forge script deploys a contract that nobody here wrote", async () => {
    const receiver = getAddress(account(9).address);
    await project.forge("script", "script/Deploy.s.sol:Deploy", "--sig", "run(address)", receiver, "--rpc-url", rpcUrl, "--private-key", privateKey(8), "--broadcast");
    const client = createPublicClient({ transport: http(rpcUrl) });
    const transfers = await client.getContractEvents({ abi: ERC20, eventName: "Transfer", args: { to: receiver }, fromBlock: 0n, strict: true });
    assert.equal(transfers.length, 1);
    const at = transfers[0]?.address as Hex;
    assert.equal(await client.readContract({ address: at, abi: ERC20, functionName: "balanceOf", args: [receiver] }), parseEther("40"));
  });
});
