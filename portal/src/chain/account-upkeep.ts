// Keeping the backup of an open wallet: saved after each change, with what other devices saved taken in, and the words' signpost
// leading to it.
import type { Hex, PortFailure, Wallet } from "../ports";
import type { DeviceKeys, DeviceStore } from "../wallet/account/device";
import { signerId } from "../wallet/account/signers";
import { keyringOf } from "../wallet/keyring";
import type { AccountRecord } from "../wallet/state";
import type { Backups } from "./account-backup";
import { isSigner } from "./account-chain";
import { isPassing } from "./account-host";
import type { Connection } from "./connection";
import { failureOf } from "./failure";
import type { GatewayHttp } from "./gateway-http";
import type { Signposts } from "./signposts";

/** Changes that come close together are saved together. */
const SAVE_AFTER_MS = 400;
/** How often an open wallet takes in what other devices saved. */
const TAKE_IN_EVERY_MS = 60_000;

export interface Upkeep {
  save(wallet: Wallet, gateway: string): Promise<void>;
  saveIfProtected(wallet: Wallet): Promise<void>;
  /** Takes in what other devices of this wallet saved, if this one is a signer and the host answers. */
  refresh(wallet: Wallet): Promise<void>;
  /** Saves the wallet after every change, and takes in what others saved, as long as it is open. */
  watch(wallet: Wallet): void;
  savedAtMs(wallet: Wallet): number | null;
  /** Why the last change is not saved; null where it is, or will be tried again. */
  problem(wallet: Wallet): PortFailure | null;
}

interface Around {
  readonly connection: Connection;
  readonly http: Pick<GatewayHttp, "now">;
  readonly device: DeviceStore;
  readonly signposts: Signposts;
  readonly backups: Backups;
  readonly gatewayOf: (organisation: string) => Promise<string>;
  /** Fails where this device protects nothing. */
  readonly own: (wallet: Wallet) => Promise<{ record: AccountRecord; keys: DeviceKeys }>;
}

export function upkeepOver({ connection, http, device, signposts, backups, gatewayOf, own }: Around): Upkeep {
  const saved = new WeakMap<Wallet, number>();
  const problems = new WeakMap<Wallet, PortFailure>();
  const marks = new WeakMap<Wallet, { account: Hex; work: Promise<void> }>();

  async function mark(wallet: Wallet, record: AccountRecord): Promise<void> {
    if (record.unmarked !== true && (await signposts.read(wallet, record.host)) !== null) return;
    await signposts.write(wallet, (page) => (page !== null && page.account === record.id ? page : { v: 1, account: record.id, host: record.host, asked: null, given: null }));
    const keyring = keyringOf(wallet);
    const { account: latest } = await keyring.content();
    if (latest?.unmarked !== true) return;
    const { unmarked: _, ...rest } = latest;
    await keyring.keepAccount(rest);
  }

  /** Lets the words' signpost show the way to this account, once: if it is new, or if the signpost shows none yet. */
  async function marked(wallet: Wallet): Promise<void> {
    const { record } = await own(wallet);
    const known = marks.get(wallet);
    const work = known?.account === record.id ? known.work : mark(wallet, record);
    marks.set(wallet, { account: record.id, work });
    await work.catch((failure: unknown) => {
      if (marks.get(wallet)?.work === work) marks.delete(wallet);
      throw failure;
    });
  }

  async function save(wallet: Wallet, gateway: string): Promise<void> {
    const { keys } = await own(wallet);
    await marked(wallet);
    await backups.save(wallet, keys, gateway);
    saved.set(wallet, http.now());
    problems.delete(wallet);
  }

  /** The account that this device may save for: it is a signer, and each office has its part. */
  async function savable(wallet: Wallet): Promise<{ account: AccountRecord; keys: DeviceKeys } | null> {
    const [{ account }, keys] = await Promise.all([keyringOf(wallet).content(), device.keys()]);
    if (account === undefined || keys === null || account.shares.some((part) => part !== null)) return null;
    // The host takes nothing from a device that was removed, however often it is asked.
    return (await isSigner(connection, account.id, signerId(keys.signer))) ? { account, keys } : null;
  }

  async function saveIfProtected(wallet: Wallet): Promise<void> {
    const found = await savable(wallet);
    if (found !== null) await save(wallet, await gatewayOf(found.account.host));
  }

  async function refresh(wallet: Wallet): Promise<void> {
    const found = await savable(wallet);
    if (found === null) return;
    const { account, keys } = found;
    const isAhead = await backups.takeIn(wallet, keys, await gatewayOf(account.host));
    if (isAhead) await saveIfProtected(wallet);
    else await marked(wallet);
    problems.delete(wallet);
  }

  return {
    save,
    saveIfProtected,
    refresh,
    savedAtMs: (wallet) => saved.get(wallet) ?? null,
    problem: (wallet) => problems.get(wallet) ?? null,

    watch(wallet) {
      const keyring = keyringOf(wallet);
      const said = (failure: unknown): void => void problems.set(wallet, failureOf(failure));
      let timer: ReturnType<typeof setTimeout> | null = null;
      keyring.onChanged(() => {
        if (timer !== null) clearTimeout(timer);
        timer = setTimeout(() => {
          timer = null;
          if (!keyring.isLocked) void saveIfProtected(wallet).catch(said);
        }, SAVE_AFTER_MS);
      });
      if (typeof document === "undefined") return;
      const look = (): void => {
        if (!keyring.isLocked && !document.hidden) void refresh(wallet).catch((failure: unknown) => (isPassing(failure) || keyring.isLocked ? undefined : said(failure)));
      };
      look();
      const looking = setInterval(look, TAKE_IN_EVERY_MS);
      // At once when the device is taken up again, or has a connection again.
      document.addEventListener("visibilitychange", look);
      window.addEventListener("online", look);
      wallet.onLocked(() => {
        clearInterval(looking);
        document.removeEventListener("visibilitychange", look);
        window.removeEventListener("online", look);
      });
    },
  };
}
