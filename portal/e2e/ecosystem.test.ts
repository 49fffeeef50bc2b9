// Contracts that others wrote, as they publish them, on an ordinary network: Uniswap v2, Safe, and the Ethereum Attestation
// Service. Their packages are installed for these tests alone; EAS's asks for Hardhat, which it does not need to be deployed,
// so `overrides` in package.json puts a small package in its place.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Address, type Hex, concat, createPublicClient, createWalletClient, decodeEventLog, encodeAbiParameters, encodeFunctionData, encodePacked, getContractAddress, hashTypedData, http, keccak256, parseEther, parseEventLogs, zeroAddress, zeroHash } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { Deployed, published } from "./harness/package-contracts";
import { Server } from "./harness/server";

const JUNK = "test test test test test test test test test test test junk";
const account = (index: number) => mnemonicToAccount(JUNK, { addressIndex: index });
/** Another node to try the tests on, e.g. anvil with `--mnemonic` of the junk words. */
const OTHER_RPC = process.env["ZHENGTONG_E2E_RPC"];

describe("contracts of others", () => {
  let server: Server | null = null;
  let url = "";
  const clients = () => [createPublicClient({ transport: http(url), pollingInterval: 50 }), createWalletClient({ transport: http(url) })] as const;

  before(async () => {
    if (OTHER_RPC === undefined) server = await Server.start({ name: "ecosystem", chainOnly: true });
    url = server?.rpcUrl ?? OTHER_RPC ?? "";
  });
  after(async () => await server?.dispose());

  test("Uniswap v2: a pair, its liquidity, and swaps at x·y = k less 0.3 %", async () => {
    const [client, wallet] = clients();
    const [owner, trader] = [account(0), account(1)];
    const create = (path: string, ...args: unknown[]) => Deployed.create(published(path), args, owner, client, wallet);
    const factory = await create("@uniswap/v2-core/build/UniswapV2Factory.json", owner.address);
    const weth = await create("@uniswap/v2-periphery/build/WETH9.json");
    const router = await create("@uniswap/v2-periphery/build/UniswapV2Router02.json", factory.address, weth.address);
    const supply = parseEther("1000000");
    const one = await create("@uniswap/v2-core/build/ERC20.json", supply);
    const other = await create("@uniswap/v2-core/build/ERC20.json", supply);
    const deadline = (await client.getBlock()).timestamp + 3_600n;

    const [liquidityOne, liquidityOther] = [parseEther("1000"), parseEther("4000")];
    for (const token of [one, other]) await token.send(owner, "approve", [router.address, supply]);
    await router.send(owner, "addLiquidity", [one.address, other.address, liquidityOne, liquidityOther, 0n, 0n, owner.address, deadline]);
    const pairAddress = await factory.read<Address>("getPair", one.address, other.address);
    const [first, second] = [one.address, other.address].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)) as [Address, Address];
    const pairContract = published("@uniswap/v2-core/build/UniswapV2Pair.json");
    const salt = keccak256(encodePacked(["address", "address"], [first, second]));
    assert.equal(pairAddress, getContractAddress({ opcode: "CREATE2", from: factory.address, salt, bytecode: pairContract.bytecode }));
    const pair = Deployed.at(pairAddress, pairContract.abi, client, wallet);
    // The first provider gets √(x·y), of which 1000 are locked for ever: √(1000 · 4000) = 2000.
    assert.equal(await pair.read("balanceOf", owner.address), parseEther("2000") - 1_000n);
    assert.equal(await pair.read("totalSupply"), parseEther("2000"));

    const given = parseEther("10");
    const taken = (given * 997n * liquidityOther) / (liquidityOne * 1_000n + given * 997n);
    await one.send(owner, "transfer", [trader.address, given]);
    await one.send(trader, "approve", [router.address, given]);
    const swap = (least: bigint) => [given, least, [one.address, other.address], trader.address, deadline];
    await assert.rejects(router.simulate(trader, "swapExactTokensForTokens", swap(taken + 1n)), /INSUFFICIENT_OUTPUT_AMOUNT/);
    await router.send(trader, "swapExactTokensForTokens", swap(taken));
    assert.deepEqual([await one.read("balanceOf", trader.address), await other.read("balanceOf", trader.address)], [0n, taken]);
    const reserves = await pair.read<readonly [bigint, bigint, number]>("getReserves");
    const expected = new Map([[one.address, liquidityOne + given], [other.address, liquidityOther - taken]]);
    assert.deepEqual([reserves[0], reserves[1]], [expected.get(first), expected.get(second)]);
    assert.ok(reserves[0] * reserves[1] > liquidityOne * liquidityOther, "the fee stays in the pool");

    // The chain's own coin goes through WETH.
    await router.send(owner, "addLiquidityETH", [one.address, parseEther("500"), 0n, 0n, owner.address, deadline], parseEther("5"));
    const coin = parseEther("0.1");
    const bought = (coin * 997n * parseEther("500")) / (parseEther("5") * 1_000n + coin * 997n);
    await router.send(trader, "swapExactETHForTokens", [bought, [weth.address, one.address], trader.address, deadline], coin);
    assert.equal(await one.read("balanceOf", trader.address), bought);
  });

  test("Safe: two of three owners move its money, and one alone does not", async () => {
    const [client, wallet] = clients();
    const owners = [account(2), account(3), account(4)];
    const [deployer, receiver] = [account(5), "0x00000000000000000000000000000000000005af"] as const;
    const artifacts = "@safe-global/safe-contracts/build/artifacts/contracts";
    const contract = published(`${artifacts}/Safe.sol/Safe.json`);
    const singleton = await Deployed.create(contract, [], deployer, client, wallet);
    const factory = await Deployed.create(published(`${artifacts}/proxies/SafeProxyFactory.sol/SafeProxyFactory.json`), [], deployer, client, wallet);
    const addresses = owners.map((owner) => owner.address);
    const setup = encodeFunctionData({ abi: contract.abi, functionName: "setup", args: [addresses, 2n, zeroAddress, "0x", zeroAddress, zeroAddress, 0n, zeroAddress] });
    const made = await factory.send(deployer, "createProxyWithNonce", [singleton.address, setup, 7n]);
    const [creation] = parseEventLogs({ abi: factory.abi, eventName: "ProxyCreation", logs: made.logs }) as unknown as { args: { proxy: Address } }[];
    const safe = Deployed.at(creation?.args.proxy as Address, contract.abi, client, wallet);
    assert.deepEqual([await safe.read("getOwners"), await safe.read("getThreshold")], [addresses, 2n]);
    await client.waitForTransactionReceipt({ hash: await wallet.sendTransaction({ chain: null, account: deployer, to: safe.address, value: parseEther("3") }) });

    const transaction = { to: receiver, value: parseEther("1"), data: "0x" as Hex, operation: 0, safeTxGas: 0n, baseGas: 0n, gasPrice: 0n, gasToken: zeroAddress, refundReceiver: zeroAddress, nonce: 0n };
    const typed = {
      domain: { chainId: await client.getChainId(), verifyingContract: safe.address },
      types: {
        SafeTx: [
          { name: "to", type: "address" }, { name: "value", type: "uint256" }, { name: "data", type: "bytes" }, { name: "operation", type: "uint8" }, { name: "safeTxGas", type: "uint256" },
          { name: "baseGas", type: "uint256" }, { name: "gasPrice", type: "uint256" }, { name: "gasToken", type: "address" }, { name: "refundReceiver", type: "address" }, { name: "nonce", type: "uint256" },
        ],
      },
      primaryType: "SafeTx",
      message: transaction,
    } as const;
    const { to, value, data, operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver, nonce } = transaction;
    const call = [to, value, data, operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver];
    assert.equal(await safe.read("getTransactionHash", ...call, nonce), hashTypedData(typed));
    // Signatures stand in the order of their signers.
    const signed = async (signers: readonly (typeof deployer)[]): Promise<Hex> => {
      const sorted = [...signers].sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
      return concat(await Promise.all(sorted.map((signer) => signer.signTypedData(typed))));
    };
    const [first, , third] = owners as [typeof deployer, typeof deployer, typeof deployer];
    await assert.rejects(async () => safe.simulate(deployer, "execTransaction", [...call, await signed([first])]), /GS020/);
    await assert.rejects(async () => safe.simulate(deployer, "execTransaction", [...call, await signed([first, deployer])]), /GS026/);
    const both = await signed([first, third]);
    await safe.send(deployer, "execTransaction", [...call, both]);
    assert.equal(await client.getBalance({ address: receiver }), parseEther("1"));
    assert.deepEqual([await client.getBalance({ address: safe.address }), await safe.read("nonce")], [parseEther("2"), 1n]);
    await assert.rejects(safe.simulate(deployer, "execTransaction", [...call, both]), /GS026/, "signatures are used once");
  });

  test("EAS: an attestation is made, read and revoked", async () => {
    const [client, wallet] = clients();
    const [attester, stranger, recipient] = [account(6), account(7), account(8).address];
    const artifacts = "@ethereum-attestation-service/eas-contracts/artifacts/contracts";
    const registry = await Deployed.create(published(`${artifacts}/SchemaRegistry.sol/SchemaRegistry.json`), [], attester, client, wallet);
    const eas = await Deployed.create(published(`${artifacts}/EAS.sol/EAS.json`), [registry.address], attester, client, wallet);
    const schema = "bytes32 permit, uint8 grade";
    await registry.send(attester, "register", [schema, zeroAddress, true]);
    const schemaId = keccak256(encodePacked(["string", "address", "bool"], [schema, zeroAddress, true]));
    assert.equal((await registry.read<{ schema: string }>("getSchema", schemaId)).schema, schema);

    const data = encodeAbiParameters([{ type: "bytes32" }, { type: "uint8" }], [keccak256("0x1234"), 5]);
    const request = { schema: schemaId, data: { recipient, expirationTime: 0n, revocable: true, refUID: zeroHash, data, value: 0n } };
    const receipt = await eas.send(attester, "attest", [request]);
    const log = receipt.logs[0];
    assert.ok(log !== undefined);
    const { args } = decodeEventLog({ abi: eas.abi, data: log.data, topics: log.topics }) as unknown as { args: { uid: Hex; attester: Address } };
    assert.equal(args.attester, attester.address);
    type Attestation = { uid: Hex; schema: Hex; time: bigint; revocationTime: bigint; recipient: Address; attester: Address; data: Hex };
    const read = () => eas.read<Attestation>("getAttestation", args.uid);
    const block = await client.getBlock({ blockNumber: receipt.blockNumber });
    const made = await read();
    assert.deepEqual([made.schema, made.recipient, made.attester, made.data, made.time, made.revocationTime], [schemaId, recipient, attester.address, data, block.timestamp, 0n]);

    const revocation = { schema: schemaId, data: { uid: args.uid, value: 0n } };
    await assert.rejects(eas.simulate(stranger, "revoke", [revocation]), /AccessDenied/);
    await eas.send(attester, "revoke", [revocation]);
    assert.notEqual((await read()).revocationTime, 0n);
    await assert.rejects(eas.simulate(attester, "revoke", [revocation]), /AlreadyRevoked/);
    await assert.rejects(eas.simulate(attester, "attest", [{ ...request, schema: zeroHash }]), /InvalidSchema/);
  });
});
