// What the contract `Accounts` says and is told. Anybody may carry a call, so each goes out under a key of its own.
import { type AbiEvent, parseAbiItem, parseEventLogs } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import type { Hex, Sent } from "../ports";
import type { AccountSpace, Guards, Signer } from "../wallet/account/signers";
import { accountsAbi } from "./abi";
import type { Connection } from "./connection";
import { failureOf } from "./failure";
import { WINDOW_BLOCKS, logsBetween } from "./logs";

/** How far back a recovery that is under way is looked for: beyond that it is over. */
const MAX_WINDOWS = 200;
/** Events after which an earlier `RecoveryStarted` counts no more. */
const ENDS = ["RecoveryVetoed", "RecoveryFinished", "SignerAdded", "SignerRemoved", "GuardsChanged", "AccountCreated"];

export function sendToAccounts(connection: Connection, functionName: string, args: readonly unknown[]): Promise<Sent> {
  return connection.send(privateKeyToAccount(generatePrivateKey()), { contract: "accounts", abi: accountsAbi, functionName, args });
}

export async function accountSpace(connection: Connection): Promise<AccountSpace> {
  const [{ chainId }, accounts] = await Promise.all([connection.network(), connection.contract("accounts")]);
  return { chainId, accounts };
}

export const versionOf = (connection: Connection, account: Hex): Promise<bigint> => connection.read("accounts", accountsAbi, "version", [account]);
export const isSigner = (connection: Connection, account: Hex, signer: Hex): Promise<boolean> => connection.read("accounts", accountsAbi, "isSigner", [account, signer]);
export const signersOn = async (connection: Connection, account: Hex): Promise<Signer[]> => [...(await connection.read("accounts", accountsAbi, "signersOf", [account]))];
export const recoveryOf = (connection: Connection, recovery: Hex) => connection.read("accounts", accountsAbi, "recovery", [recovery]);
export const readyAtOf = async (connection: Connection, recovery: Hex): Promise<number> => Number((await recoveryOf(connection, recovery)).readyAt);
export const guardsOf = (connection: Connection, account: Hex): Promise<Guards> => connection.read("accounts", accountsAbi, "guardsOf", [account]);
/** The chain's time, in seconds: a contract called now sees no later one. */
export const timeOf = async (connection: Connection): Promise<number> => Number((await connection.rpc<{ timestamp: Hex }>("eth_getBlockByNumber", ["latest", false])).timestamp);

const RECOVERY_STARTED = parseAbiItem("event RecoveryStarted(bytes32 indexed account, bytes32 indexed recovery, uint64 readyAt, bytes32[] signers, bytes32 receiver)");

/** The accounts that somebody began to recover in these blocks, whoever's they are: the node does not learn which one is meant. */
export async function recoveriesStarted(connection: Connection, fromBlock: bigint, toBlock: bigint): Promise<Hex[]> {
  const filter = { address: await connection.contract("accounts"), event: RECOVERY_STARTED, args: {} };
  return (await logsBetween(connection, filter, fromBlock, toBlock)).map(({ args }) => args.account);
}

/** A recovery that is under way in the latest block, `to`: when it may be finished. */
export async function pendingRecovery(connection: Connection, account: Hex, to: bigint): Promise<{ readyAt: number } | null> {
  const address = await connection.contract("accounts");
  for (let n = 0; n < MAX_WINDOWS; n++) {
    const from = to >= WINDOW_BLOCKS ? to - WINDOW_BLOCKS + 1n : 0n;
    const raw = await connection.client
      .request({ method: "eth_getLogs", params: [{ address, topics: [null, account], fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` }] } as never)
      .catch((cause: unknown) => Promise.reject(failureOf(cause)));
    const logs = parseEventLogs({ abi: accountsAbi as readonly unknown[] as AbiEvent[], logs: raw as never[] }) as unknown as { eventName: string; args: Record<string, unknown> }[];
    for (const { eventName, args } of logs.reverse()) {
      if (eventName === "RecoveryStarted") return { readyAt: Number(args["readyAt"]) };
      if (ENDS.includes(eventName)) return null;
    }
    if (from === 0n) return null;
    to = from - 1n;
  }
  return null;
}
