// The side of somebody who helps: keeps a part, confirms new keys after having spoken with the person, and gives the part to
// the device whose recovery is proven to be finished.
import type { Hex, HelpedPerson, Trusted, Wallet } from "../ports";
import { type AccountSpace, guardianHash, recoveryDigest } from "../wallet/account/signers";
import { WalletError } from "../wallet/errors";
import { keyringOf } from "../wallet/keyring";
import type { HelpedRecord } from "../wallet/state";
import { type Asked, openPart, readAsked, receiptNumber, sealGiven } from "../wallet/trusted/codes";
import { accountSpace, readyAtOf, recoveryOf, sendToAccounts, timeOf } from "./account-chain";
import { type ProvenAccount, finishedAt, proveAccount } from "./account-proof";
import type { Connection } from "./connection";
import { ContractRefusal } from "./failure";
import type { ProveSlots } from "./uses";

interface Around {
  readonly connection: Connection;
  readonly prove: ProveSlots;
}

type Standing = NonNullable<HelpedPerson["recovery"]>;

export function trustedHelper({ connection, prove }: Around): Pick<Trusted, "accept" | "helped" | "forget" | "approve" | "release"> {
  async function addressOf(wallet: Wallet, id: Hex): Promise<Hex> {
    return (await keyringOf(wallet).guardian(id)).address.toLowerCase() as Hex;
  }

  async function recordOf(wallet: Wallet, account: Hex): Promise<HelpedRecord> {
    const record = (await keyringOf(wallet).content()).helped?.find((one) => one.account === account);
    if (record === undefined) throw new WalletError("trusted-unknown", account);
    return record;
  }

  const isNamedIn = ({ guardians }: ProvenAccount, address: Hex, salt: Hex): boolean => guardians.includes(guardianHash(address, salt));

  /** Where a recovery to these keys stands, as far as proofs go; the rest as a node says, which can give nothing away. */
  async function standing(space: AccountSpace, account: Hex, proven: ProvenAccount, asked: Asked, version: number | null): Promise<Standing> {
    if (finishedAt(space, account, proven, asked) !== null) return { state: "finished", readyAt: null };
    if (version !== null && BigInt(version) !== proven.version) return { state: "stopped", readyAt: null };
    const [readyAt, time] = await Promise.all([readyAtOf(connection, recoveryDigest(space, account, proven.version, asked.signers, asked.receiver)), timeOf(connection)]);
    if (readyAt === 0) return { state: "asking", readyAt: null };
    return { state: time < readyAt ? "waiting" : "ready", readyAt };
  }

  async function viewOf(wallet: Wallet, record: HelpedRecord): Promise<HelpedPerson> {
    const { account, name, needed, salt, id, helping } = record;
    const space = await accountSpace(connection);
    const proven = await proveAccount(prove, space, account);
    const recovery = helping === undefined ? null : await standing(space, account, proven, helping, helping.version);
    return { account, name, needed, receipt: receiptNumber(record), isNamed: isNamedIn(proven, await addressOf(wallet, id), salt), recovery };
  }

  /** Sees to it that a recovery whose wait is over is finished: anybody may do that. */
  async function finished(space: AccountSpace, account: Hex, asked: Asked, version: number | null): Promise<void> {
    const { state, readyAt } = await standing(space, account, await proveAccount(prove, space, account), asked, version);
    if (state === "finished") return;
    if (state === "stopped") throw new WalletError("trusted-stopped", "the account changed since");
    if (state !== "ready") throw new WalletError("trusted-early", readyAt === null ? "too few have confirmed" : `not before ${new Date(readyAt * 1000).toISOString()}`);
    await sendToAccounts(connection, "finish", [account, asked.signers, asked.receiver]).catch((failure: unknown) => {
      // Somebody else was first, or the chain's clock is not there yet: the proof decides.
      if (!(failure instanceof ContractRefusal)) throw failure;
    });
    if (finishedAt(space, account, await proveAccount(prove, space, account), asked) === null) throw new WalletError("trusted-early", "the chain did not finish it");
  }

  return {
    async accept(wallet, code) {
      const keyring = keyringOf(wallet);
      const part = await openPart(await keyring.receiverSecret(), code);
      const space = await accountSpace(connection);
      if (part.chainId !== space.chainId) throw new WalletError("trusted-foreign", "it is of another network");
      const proven = await proveAccount(prove, space, part.account);
      if (!isNamedIn(proven, await addressOf(wallet, part.id), part.salt)) throw new WalletError("trusted-removed", "the chain does not name this wallet for that account");
      const known = (await keyring.content()).helped?.find((one) => one.account === part.account);
      await keyring.keepHelped(part.account, known?.helping === undefined ? part : { ...part, helping: known.helping });
      return { name: part.name, receipt: receiptNumber(part) };
    },

    async helped(wallet) {
      const { helped = [] } = await keyringOf(wallet).content();
      return await Promise.all(helped.map((record) => viewOf(wallet, record)));
    },

    async forget(wallet, account) {
      await keyringOf(wallet).keepHelped(account, null);
    },

    async approve(wallet, account, code) {
      const keyring = keyringOf(wallet);
      const asked = readAsked(code);
      const record = await recordOf(wallet, account);
      const signer = await keyring.guardian(record.id);
      const address = signer.address.toLowerCase() as Hex;
      const space = await accountSpace(connection);
      const proven = await proveAccount(prove, space, account);
      if (!isNamedIn(proven, address, record.salt)) throw new WalletError("trusted-removed", "the chain does not name this wallet for that account");
      if (finishedAt(space, account, proven, asked) !== null) throw new WalletError("trusted-done", "this recovery is finished");
      const digest = recoveryDigest(space, account, proven.version, asked.signers, asked.receiver);
      const bit = 1 << proven.guardians.indexOf(guardianHash(address, record.salt));
      const isDone = ((await recoveryOf(connection, digest)).guardians & bit) !== 0;
      const failure = isDone ? "AlreadyApproved" : await sent([account, asked.signers, asked.receiver, address, record.salt, await signer.sign({ hash: digest })]);
      if (failure === null || failure === "AlreadyApproved") await keyring.keepHelped(account, { ...record, helping: { ...asked, version: Number(proven.version) } });
      if (failure === "AlreadyApproved") throw new WalletError("trusted-done", "this wallet has confirmed these keys");
      if (failure === "NotAGuard") throw new WalletError("trusted-removed", "the chain does not name this wallet any more");
      if (failure === "WrongSignature") throw new WalletError("trusted-stopped", "the account changed meanwhile");
    },

    async release(wallet, account, code) {
      const record = await recordOf(wallet, account);
      const asked = code === null ? record.helping : readAsked(code);
      if (asked === undefined) throw new WalletError("trusted-early", "this wallet has confirmed nothing for that person");
      const space = await accountSpace(connection);
      if (!isNamedIn(await proveAccount(prove, space, account), await addressOf(wallet, record.id), record.salt)) throw new WalletError("trusted-removed", "the chain does not name this wallet any more");
      await finished(space, account, asked, code === null ? (record.helping?.version ?? null) : null);
      return await sealGiven(asked.receiver, account, record);
    },
  };

  /** Sends an approval; answers the contract's word where it refuses for a reason that the person can understand. */
  async function sent(args: readonly unknown[]): Promise<"AlreadyApproved" | "NotAGuard" | "WrongSignature" | null> {
    try {
      await sendToAccounts(connection, "approveAsGuardian", args);
      return null;
    } catch (failure) {
      if (failure instanceof ContractRefusal && (failure.error === "AlreadyApproved" || failure.error === "NotAGuard" || failure.error === "WrongSignature")) return failure.error;
      throw failure;
    }
  }
}
