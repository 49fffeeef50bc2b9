// The devices of one wallet: where its account stands, and how one that has the words is added to it by one that is a signer.
// docs/decisions/0054-several-devices.md
import type { AccountDevice, AccountSigner, Accounts, Hex, PortFailure, Wallet } from "../ports";
import { type DeviceKeys, type DeviceStore, type OwnJoining, deviceName, signersOf, soleSigner } from "../wallet/account/device";
import { ASKED_AHEAD_MS, ASKED_FOR_MS, type AskedDevice, type Page, commitmentTo, deviceIn, numberOf, openKey, sealKey } from "../wallet/account/signpost";
import { DEVICE, PASSKEY, type Signer, signerId } from "../wallet/account/signers";
import { randomHex } from "../wallet/bytes";
import { WalletError } from "../wallet/errors";
import { newReceiver } from "../wallet/hpke";
import { keyringOf } from "../wallet/keyring";
import type { DeviceRecord } from "../wallet/state";
import { readAsked, writeAsked } from "../wallet/trusted/codes";
import { guardsOf, isSigner, signersOn } from "./account-chain";
import type { Backups } from "./account-backup";
import { slugText } from "./codes";
import type { Connection } from "./connection";
import type { GatewayHttp } from "./gateway-http";
import type { Signposts } from "./signposts";

/** As in the contract. */
const SIGNERS_MAX = 8;
/** Nobody guesses it. */
const NONCE_BYTES = 16;
const KINDS: Record<number, AccountSigner["kind"]> = { [PASSKEY]: "passkey", [DEVICE]: "device" };
const kindOf = ({ kind }: Signer): AccountSigner["kind"] => KINDS[kind] ?? "wallet";

interface Seen {
  readonly connection: Connection;
  readonly device: DeviceStore;
  readonly signposts: Signposts;
  readonly savedAtMs: (wallet: Wallet) => number | null;
  readonly problem: (wallet: Wallet) => PortFailure | null;
}

/** Keys by the device that holds them, in the order of the account. Keys that no record names are devices of their own. */
export function grouped(signers: readonly Signer[], records: readonly DeviceRecord[], here: readonly Hex[]): AccountDevice[] {
  const live = signers.filter((one) => kindOf(one) !== "wallet").map((one) => ({ id: signerId(one), kind: kindOf(one) }));
  const own: DeviceRecord[] = here.length === 0 ? [] : [{ id: here.at(-1) as Hex, signers: here, name: "", addedAtMs: 0 }];
  const groups = new Map<Hex, AccountDevice>();
  for (const { id, kind } of live) {
    const record = [...records, ...own].find((one) => one.signers.includes(id));
    const name = record?.id ?? id;
    const group = groups.get(name) ?? { id: name, name: record?.name ?? "", addedAtMs: record?.addedAtMs || null, kinds: [], signers: [], here: false };
    groups.set(name, { ...group, kinds: [...group.kinds, kind], signers: [...group.signers, id], here: group.here || here.includes(id) });
  }
  return [...groups.values()];
}

export function protectionOver({ connection, device, signposts, savedAtMs, problem }: Seen): Pick<Accounts, "protection"> {
  return {
    async protection(wallet) {
      const [{ account: record, devices = [] }, keys] = await Promise.all([keyringOf(wallet).content(), device.keys()]);
      const here = keys === null ? [] : signersOf(keys).map(signerId);
      // A wallet that is protected here can be shown without it.
      const page = await signposts.read(wallet, record?.host).catch((failure: unknown) => (record === undefined ? Promise.reject(failure) : null));
      const account = record?.id ?? page?.account;
      if (account === undefined) return null;
      const [signers, guards] = await Promise.all([signersOn(connection, account), guardsOf(connection, account)]);
      const isLive = keys !== null && signers.some((one) => signerId(one) === signerId(soleSigner(keys)));
      const isMoved = record !== undefined && record.unmarked !== true && page !== null && page.account !== record.id;
      return {
        standing: record === undefined ? "elsewhere" : isMoved ? "moved" : isLive ? "on" : "removed",
        host: record?.host ?? page?.host ?? "",
        authorities: record === undefined ? guards.authorities.map(slugText) : [...record.authorities],
        missing: record === undefined ? [] : record.authorities.filter((_, n) => record.shares[n] !== null),
        signers: signers.map((one) => ({ id: signerId(one), kind: kindOf(one), here: here.includes(signerId(one)) })),
        devices: grouped(signers, devices, here),
        savedAtMs: savedAtMs(wallet),
        problem: problem(wallet),
      };
    },
  };
}

interface Joining {
  readonly connection: Connection;
  readonly http: Pick<GatewayHttp, "now">;
  readonly device: DeviceStore;
  readonly signposts: Signposts;
  readonly backups: Backups;
  readonly gatewayOf: (organisation: string) => Promise<string>;
  readonly change: (wallet: Wallet, add: readonly Signer[], remove: readonly Hex[]) => Promise<void>;
  readonly save: (wallet: Wallet, gateway: string) => Promise<void>;
  readonly newKeys: (wallet: Wallet, withPasskey: boolean) => Promise<DeviceKeys>;
}

export function devicesOver({ connection, http, device, signposts, backups, gatewayOf, change, save, newKeys }: Joining) {
  /** The device that asks to be added to this wallet's account. */
  async function asked(wallet: Wallet): Promise<{ asked: AskedDevice; page: Page } | null> {
    const [{ account }, keys] = await Promise.all([keyringOf(wallet).content(), device.keys()]);
    if (account === undefined || keys === null || !(await isSigner(connection, account.id, signerId(soleSigner(keys))))) return null;
    const page = await signposts.read(wallet, account.host);
    if (page === null || page.asked === null || page.account !== account.id) return null;
    const ageMs = http.now() - page.asked.atMs;
    if (ageMs > ASKED_FOR_MS || ageMs < -ASKED_AHEAD_MS) return null;
    return { asked: page.asked, page };
  }

  const changed = (): WalletError => new WalletError("device-changed", "another device asks by now, or none");

  /** This device's random number for the one that asks: drawn after that one has bound itself to its keys, and only once. */
  async function nonceFor({ commitment }: AskedDevice): Promise<Hex | null> {
    const known = await device.answered();
    return known?.commitment === commitment ? known.nonce : null;
  }

  async function answer(wallet: Wallet, { commitment }: AskedDevice, nonce: Hex): Promise<void> {
    await signposts.write(wallet, (page) => {
      if (page?.asked?.commitment !== commitment || (page.asked.nonce !== null && page.asked.nonce !== nonce)) throw changed();
      return { ...page, asked: { ...page.asked, nonce } };
    });
    // Not before: another window of this device may have been faster.
    await device.keepAnswered({ commitment, nonce });
  }

  /** Tells the keys, now that a device has answered. */
  async function tell(wallet: Wallet, joining: OwnJoining, answered: Hex): Promise<void> {
    const { code, nonce = answered } = joining;
    if (nonce !== answered) return;
    await device.keepJoining({ ...joining, nonce });
    await signposts.write(wallet, (page) => {
      if (page?.asked?.commitment !== commitmentTo(code) || page.asked.nonce !== nonce) throw changed();
      return { ...page, asked: { ...page.asked, code } };
    });
  }

  const acts: Pick<Accounts, "news" | "asking" | "admit" | "refuse" | "askToJoin" | "joining" | "join" | "stopJoining"> = {
    async asking(wallet) {
      const found = await asked(wallet);
      if (found === null) return null;
      const { name, atMs, nonce, code } = found.asked;
      const own = await nonceFor(found.asked);
      if (nonce === null) await answer(wallet, found.asked, own ?? randomHex(NONCE_BYTES));
      return { name, atMs, number: own === null || code === null || own !== nonce ? null : numberOf(code, own), elsewhere: nonce !== null && own !== nonce };
    },

    async news(wallet) {
      const { account } = await keyringOf(wallet).content();
      if (account === undefined || account.unmarked === true) return null;
      const page = await signposts.read(wallet, account.host);
      if (page !== null && page.account !== account.id) return "moved";
      return (await asked(wallet)) === null ? null : "asking";
    },

    async admit(wallet, number) {
      const keyring = keyringOf(wallet);
      const found = await asked(wallet);
      const { account } = await keyring.content();
      const { code = null } = found?.asked ?? {};
      const nonce = found === null ? null : await nonceFor(found.asked);
      if (found === null || account === undefined || code === null || nonce === null || numberOf(code, nonce) !== number) throw changed();
      const wanted = readAsked(code);
      const { signers, receiver } = wanted;
      const live = (await signersOn(connection, account.id)).map(signerId);
      const missing = signers.filter((one) => !live.includes(signerId(one)));
      if (live.length + missing.length > SIGNERS_MAX) throw new WalletError("devices-full", `${live.length} keys of ${SIGNERS_MAX}, ${missing.length} more`);
      // None is missing after an attempt that was cut off between the chain and the page.
      if (missing.length > 0) await change(wallet, missing, []);
      const own = deviceIn(wanted);
      const sealed = await sealKey(receiver, account.id, account.key);
      const record = { id: own, signers: signers.map(signerId), name: found.asked.name, addedAtMs: http.now() };
      await keyring.keepDevices((devices) => [...devices.filter(({ id }) => id !== own), record]);
      // Before the page says so: the new device finds itself among the others.
      await save(wallet, await gatewayOf(account.host));
      await signposts.write(wallet, (page) => ({ ...(page ?? found.page), asked: null, given: { signer: own, sealed } }));
    },

    async refuse(wallet) {
      const found = await asked(wallet);
      if (found !== null) await signposts.write(wallet, (page) => ({ ...(page ?? found.page), asked: null }));
    },

    async askToJoin(wallet, withPasskey) {
      const page = await signposts.find(wallet);
      if (page === null) throw new WalletError("no-account", "no device of this wallet has an account");
      const [keys, receiver] = [await newKeys(wallet, withPasskey), await newReceiver()];
      const code = writeAsked({ signers: signersOf(keys), receiver: receiver.public });
      await device.keepJoining({ account: page.account, host: page.host, keys, receiverSecret: receiver.secret, code });
      await signposts.write(wallet, (now) => ({ ...(now ?? page), asked: { commitment: commitmentTo(code), name: deviceName(), atMs: http.now(), nonce: null, code: null } }));
    },

    async joining(wallet) {
      const joining = await device.joining();
      if (joining === null) return null;
      const page = await signposts.read(wallet, joining.host);
      // It asked for another wallet, or this one has another account by now.
      if (page === null || page.account !== joining.account) return null;
      const isHeard = page.asked?.commitment === commitmentTo(joining.code) || page.given?.signer === signerId(joining.keys.signer);
      return { number: joining.nonce === undefined ? null : numberOf(joining.code, joining.nonce), state: isHeard ? "waiting" : "refused" };
    },

    async join(wallet) {
      const joining = await device.joining();
      if (joining === null) throw new WalletError("no-account", "this device did not ask to be added");
      const [page, isAdded] = await Promise.all([signposts.read(wallet, joining.host), isSigner(connection, joining.account, signerId(joining.keys.signer))]);
      const { commitment, nonce = null, code = null } = page?.asked ?? {};
      if (commitment === commitmentTo(joining.code) && nonce !== null && code === null) await tell(wallet, joining, nonce);
      if (!isAdded || page?.given?.signer !== signerId(joining.keys.signer)) return false;
      const key = await openKey(joining.receiverSecret, joining.account, page.given.sealed);
      await backups.adopt(wallet, joining.keys, joining.account, key, await gatewayOf(page.host));
      await device.keepKeys(joining.keys);
      await device.keepJoining(null);
      await save(wallet, await gatewayOf(page.host));
      return true;
    },

    async stopJoining(wallet) {
      const joining = await device.joining();
      await device.keepJoining(null);
      const page = joining === null ? null : await signposts.read(wallet, joining.host);
      if (page !== null && joining !== null && page.asked?.commitment === commitmentTo(joining.code)) await signposts.write(wallet, (now) => ({ ...(now ?? page), asked: null }));
    },
  };
  return acts;
}
