// A new device that was helped by trusted people: which account it recovers, which parts it has, what they open.
import { parseAbiItem } from "viem";
import type { Hex } from "../ports";
import { type DeviceStore, type OwnRecovery, signersOf } from "../wallet/account/device";
import { joinShares } from "../wallet/account/shares";
import { WalletError } from "../wallet/errors";
import { type Asked, askedNumber, openGiven, writeAsked } from "../wallet/trusted/codes";
import { accountSpace, guardsOf, recoveryOf, versionOf } from "./account-chain";
import { finishedAt } from "./account-proof";
import type { Connection } from "./connection";
import { logsFrom } from "./logs";
import { recoveryDigest } from "../wallet/account/signers";

const APPROVED = parseAbiItem("event RecoveryApproved(bytes32 indexed account, bytes32 indexed recovery, bytes32 indexed approver)");

export interface Found {
  readonly account: Hex;
  readonly recovery: Hex;
}

/** How far the help of trusted people is. */
export interface TrustedProgress {
  readonly code: string;
  readonly number: string;
  readonly approved: number;
  readonly needed: number | null;
  readonly parts: number;
}

export const askedBy = (recovery: OwnRecovery): Asked => ({ signers: signersOf(recovery.keys), receiver: recovery.receiver });

function ones(bits: number): number {
  return [...bits.toString(2)].filter((bit) => bit === "1").length;
}

export function trustedDevice(connection: Connection, device: DeviceStore) {
  /** Blocks that were looked through in vain, by receiver. */
  const lookedThrough = new Map<Hex, bigint>();

  /** Whether a recovery of an account is that of these keys, at its present version or at an earlier one. */
  async function isOf(asked: Asked, { account, recovery }: Found): Promise<boolean> {
    const [space, version] = await Promise.all([accountSpace(connection), versionOf(connection, account)]);
    if (recoveryDigest(space, account, version, asked.signers, asked.receiver) === recovery) return true;
    return finishedAt(space, account, { version, recovered: recovery }, asked) !== null;
  }

  /** The first approval of these keys, whoever's account it is for. */
  async function look(asked: Asked, fromBlock: number): Promise<Found | null> {
    const from = lookedThrough.get(asked.receiver) ?? BigInt(fromBlock);
    const tip = BigInt(await connection.rpc<Hex>("eth_blockNumber"));
    const logs = await logsFrom(connection, { address: await connection.contract("accounts"), event: APPROVED, args: {} }, from);
    for (const { args } of logs) {
      if (await isOf(asked, args)) return { account: args.account, recovery: args.recovery };
    }
    lookedThrough.set(asked.receiver, tip + 1n);
    return null;
  }

  /** The account and the recovery that trusted people have confirmed; null while nobody has. */
  async function found(recovery: OwnRecovery): Promise<Found | null> {
    const { trusted } = recovery;
    if (trusted === undefined || trusted.found !== null) return trusted?.found ?? null;
    const now = await look(askedBy(recovery), trusted.fromBlock);
    const latest = now === null ? null : await device.recovery();
    if (latest?.trusted !== undefined) await device.keepRecovery({ ...latest, trusted: { ...latest.trusted, found: now } });
    return now;
  }

  return {
    found,

    /** Begins to ask trusted people too. */
    async begin(recovery: OwnRecovery): Promise<void> {
      const fromBlock = Number(await connection.rpc<Hex>("eth_blockNumber"));
      await device.keepRecovery({ ...recovery, trusted: recovery.trusted ?? { fromBlock, found: null, parts: [] } });
    },

    async progress(recovery: OwnRecovery, at: Found | null): Promise<TrustedProgress | null> {
      if (recovery.trusted === undefined) return null;
      const asked = askedBy(recovery);
      const shown = { code: writeAsked(asked), number: askedNumber(asked), parts: recovery.trusted.parts.length };
      if (at === null) return { ...shown, approved: 0, needed: null };
      const [{ guardians }, { guardiansNeeded }] = await Promise.all([recoveryOf(connection, at.recovery), guardsOf(connection, at.account)]);
      return { ...shown, approved: ones(guardians), needed: recovery.trusted.parts[0]?.needed ?? guardiansNeeded };
    },

    async addPart(code: string): Promise<void> {
      const before = await device.recovery();
      const at = before === null ? null : await found(before);
      const recovery = await device.recovery();
      if (recovery?.trusted === undefined || at === null) throw new WalletError("not-recovered", "nobody has confirmed this recovery");
      const part = await openGiven(recovery.receiverSecret, at.account, code);
      const { trusted } = recovery;
      if (trusted.parts.some((one) => one.share === part.share)) throw new WalletError("trusted-part-known", "this part is here already");
      const [first] = trusted.parts;
      if (first !== undefined && (first.set !== part.set || first.host !== part.host || first.needed !== part.needed)) throw new WalletError("trusted-part-wrong", "it is of another splitting");
      await device.keepRecovery({ ...recovery, trusted: { ...trusted, parts: [...trusted.parts, part] } });
    },
  };
}

/** The backup's key and host, where there are enough parts of trusted people; null where there are not. */
export async function openedByTrusted({ trusted }: OwnRecovery): Promise<{ key: Hex; host: string } | null> {
  const [first] = trusted?.parts ?? [];
  if (trusted === undefined || first === undefined || trusted.parts.length < first.needed) return null;
  return { key: await joinShares(trusted.parts.slice(0, first.needed).map(({ share }) => share)), host: first.host };
}
