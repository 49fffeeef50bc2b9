// A new device that recovers an account: it asks offices or trusted people, waits, and opens the backup with what they gave.
// docs/decisions/0018-recovery.md
import { type Accounts, type Hex, type Organisation, PortFailure, type Wallet } from "../ports";
import { openBackup } from "../wallet/account/backup";
import { type DeviceStore, type OwnRecovery, createDeviceKeys, deviceRecord, signersOf } from "../wallet/account/device";
import { createPasskey } from "../wallet/account/passkey";
import { AUTHORITIES_NEEDED, joinKey, openShare } from "../wallet/account/shares";
import { recoveryDigest, signerId } from "../wallet/account/signers";
import { fromBase64Url } from "../wallet/bytes";
import { WalletError } from "../wallet/errors";
import { newReceiver } from "../wallet/hpke";
import type { WalletState } from "../wallet/state";
import { accountSpace, isSigner, readyAtOf, sendToAccounts, timeOf, versionOf } from "./account-chain";
import { type AccountHost, asDevice } from "./account-host";
import type { Connection } from "./connection";
import { ContractRefusal } from "./failure";
import { Answer, type GatewayHttp, ask } from "./gateway-http";
import { openedByTrusted, trustedDevice } from "./trusted-device";

interface Around {
  readonly connection: Connection;
  readonly http: GatewayHttp;
  readonly device: DeviceStore;
  readonly host: AccountHost;
  readonly adopt: (state: WalletState, passphrase: string | null) => Promise<Wallet>;
}

/** On a new device: begins to ask trusted people, and takes what one of them gave. */
export interface TrustedActs {
  beginTrusted(withPasskey: boolean): Promise<void>;
  addPart(code: string): Promise<void>;
}

export function recoveryOver({ connection, http, device, host, adopt }: Around): Pick<Accounts, "ask" | "progress" | "finish" | "abandon" | "approve"> & TrustedActs {
  const helpers = trustedDevice(connection, device);
  const { followed } = host;

  async function recovering(withPasskey: boolean): Promise<OwnRecovery> {
    const known = await device.recovery();
    if (known !== null) return known;
    const receiver = await newReceiver();
    const keys = await createDeviceKeys(withPasskey ? await createPasskey("政通 Zhengtong") : null);
    return { keys, receiverSecret: receiver.secret, receiver: receiver.public, tickets: [] };
  }

  async function statesOf(recovery: OwnRecovery, organisations: readonly Organisation[]) {
    return await Promise.all(
      recovery.tickets.map(async (ticket) => {
        const gateway = gatewayIn(organisations, ticket.authority);
        const found = await ask(http, gateway, { method: "GET", path: `/v1/recoveries/${ticket.ticket}` }).catch((failure: unknown) => {
          if (failure instanceof PortFailure && failure.code === "not-found") return { account: null, recovery: null };
          throw failure;
        });
        const answer = new Answer(found);
        const approved = answer.maybe("account") === null ? null : { account: answer.hex("account"), recovery: answer.hex("recovery") };
        return { ...ticket, gateway, approved };
      }),
    );
  }

  async function openedByOffices(recovery: OwnRecovery, account: Hex, approved: readonly { gateway: string; ticket: string }[]): Promise<{ key: Hex; host: string }> {
    const shares = await Promise.all(
      approved.map(async ({ gateway, ticket }) => {
        const answer = await followed(() => ask(http, gateway, { method: "POST", path: `/v1/recoveries/${ticket}/share`, body: {} }));
        return await openShare(recovery.receiverSecret, account, new Answer(answer).text("sealed"));
      }),
    );
    return { key: await joinKey(shares.map((one) => one.share)), host: shares[0]?.host ?? "" };
  }

  /** Where the recovery of this device stands on the chain. */
  async function standing(recovery: OwnRecovery, account: Hex, asked: Hex) {
    const id = signerId(recovery.keys.signer);
    if (await isSigner(connection, account, id)) return { state: "ready" as const, readyAt: null, done: true };
    const [space, version, readyAt, time] = await Promise.all([accountSpace(connection), versionOf(connection, account), readyAtOf(connection, asked), timeOf(connection)]);
    if (recoveryDigest(space, account, version, signersOf(recovery.keys), recovery.receiver) !== asked) return { state: "stopped" as const, readyAt: null, done: false };
    if (readyAt === 0) return { state: "asking" as const, readyAt: null, done: false };
    // The chain's clock decides, and is at the latest block's time until the next: this device's may be ahead of it.
    return { state: time < readyAt ? ("waiting" as const) : ("ready" as const), readyAt, done: false };
  }

  return {
    addPart: helpers.addPart,
    beginTrusted: async (withPasskey) => helpers.begin(await recovering(withPasskey)),

    async ask(office, withPasskey) {
      const recovery = await recovering(withPasskey);
      const signers = signersOf(recovery.keys);
      const answer = new Answer(await ask(http, office.gateway, { method: "POST", path: "/v1/recoveries", body: { signers, receiver: recovery.receiver } }));
      const ticket = { authority: office.slug, ticket: answer.text("ticket"), code: answer.text("code"), expiresAt: answer.number("expires_at") };
      const others = recovery.tickets.filter((one) => one.authority !== office.slug);
      await device.keepRecovery({ ...recovery, tickets: [...others, ticket] });
    },

    async progress(organisations) {
      const recovery = await device.recovery();
      if (recovery === null) return null;
      const states = await statesOf(recovery, organisations);
      const offices = states.map(({ authority, code, expiresAt, approved }) => ({ organisation: authority, code, expiresAt, approved: approved !== null }));
      const found = await helpers.found(recovery);
      const first = states.find((one) => one.approved !== null)?.approved ?? found;
      const shared = { offices, passkey: recovery.keys.passkey !== null, trusted: await helpers.progress(recovery, found) };
      if (first === null) return { ...shared, state: "asking", readyAt: null };
      const { state, readyAt } = await standing(recovery, first.account, first.recovery);
      return { ...shared, state, readyAt };
    },

    async finish(organisations, passphrase) {
      const recovery = await device.recovery();
      if (recovery === null) throw new WalletError("not-recovered", "nothing is being recovered on this device");
      const approved = (await statesOf(recovery, organisations)).flatMap((one) => (one.approved === null ? [] : [{ ...one, approved: one.approved }]));
      const byTrusted = await openedByTrusted(recovery);
      const account = byTrusted === null ? approved[0]?.approved.account : recovery.trusted?.found?.account;
      if (account === undefined || (byTrusted === null && approved.length < AUTHORITIES_NEEDED)) throw new WalletError("not-recovered", "two offices, or enough trusted people, have to help first");
      if (!(await isSigner(connection, account, signerId(recovery.keys.signer)))) {
        await sendToAccounts(connection, "finish", [account, signersOf(recovery.keys), recovery.receiver]).catch((failure: unknown) => {
          if (failure instanceof ContractRefusal && failure.error === "NotReady") throw new WalletError("not-recovered", "the waiting time is not over");
          throw failure;
        });
      }
      const opened = byTrusted ?? (await openedByOffices(recovery, account, approved));
      const gateway = gatewayIn(organisations, opened.host);
      const backup = await followed(() => host.kept(asDevice(recovery.keys), account, gateway));
      if (backup === null) throw new WalletError("backup-damaged", `${opened.host} keeps no backup of this account`);
      const { state } = await openBackup(opened.key, account, fromBase64Url(backup.content));
      await device.keepKeys(recovery.keys);
      // It took the place of every device before.
      const wallet = await adopt({ ...state, devices: [deviceRecord(recovery.keys, http.now())] }, passphrase);
      await device.keepRecovery(null);
      return wallet;
    },

    abandon: () => device.keepRecovery(null),

    async approve(gateway, session, number, code) {
      await ask(http, gateway, { method: "POST", path: "/v1/counter/recoveries", body: { number, code }, headers: { authorization: `Bearer ${session.token}` } });
    },
  };
}

function gatewayIn(organisations: readonly Organisation[], slugOf: string): string {
  const found = organisations.find((one) => one.slug === slugOf);
  if (found === undefined) throw new PortFailure("not-found", `organisation ${slugOf}`);
  return found.gateway;
}
