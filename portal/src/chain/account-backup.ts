// The backup that all devices of a wallet share: each takes in what the others saved before it saves itself.
import type { Hex, Wallet } from "../ports";
import { backedUp, openBackup, sealBackup } from "../wallet/account/backup";
import type { DeviceKeys, DeviceStore } from "../wallet/account/device";
import { base64Url, fromBase64Url, sha256Digits } from "../wallet/bytes";
import { WalletError } from "../wallet/errors";
import { keyringOf } from "../wallet/keyring";
import { merged, sharedText } from "../wallet/merge";
import type { AccountRecord, WalletState } from "../wallet/state";
import { type AccountHost, asDevice } from "./account-host";

/** How often another device may be faster. */
const SAVE_ATTEMPTS = 8;

export interface Backups {
  /** Takes in what other devices saved; whether this one has something that the host has not. */
  takeIn(wallet: Wallet, keys: DeviceKeys, gateway: string): Promise<boolean>;
  save(wallet: Wallet, keys: DeviceKeys, gateway: string): Promise<void>;
  /** Opens another account's backup into this wallet, which is of that account from now on. */
  adopt(wallet: Wallet, keys: DeviceKeys, account: Hex, key: Hex, gateway: string): Promise<void>;
}

export function backupsOver(host: AccountHost, device: DeviceStore): Backups {
  const agreed = new WeakMap<Wallet, { account: Hex; version: number; state: WalletState }>();
  /** One after the other: two saves at once could have one number and different contents. */
  const saving = new WeakMap<Wallet, Promise<void>>();

  async function agree(wallet: Wallet, account: Hex, version: number, state: WalletState): Promise<void> {
    agreed.set(wallet, { account, version, state });
    await device.keepAgreed({ account, version, digest: sha256Digits(sharedText(state)) });
  }

  /** Since the wallet was opened, or by its hash where the wallet still has it, or the host: then the changes are this device's alone. */
  async function lastAgreed(wallet: Wallet, account: Hex, mine: WalletState, theirs: WalletState): Promise<{ version: number; state: WalletState } | null> {
    const known = agreed.get(wallet);
    if (known?.account === account) return known;
    const kept = await device.agreed();
    const state = kept?.account === account ? [mine, theirs].find((one) => kept.digest === sha256Digits(sharedText(one))) : undefined;
    if (kept === null || state === undefined) return null;
    const found = { account, version: kept.version, state };
    agreed.set(wallet, found);
    return found;
  }

  async function recordOf(wallet: Wallet): Promise<AccountRecord> {
    const { account } = await keyringOf(wallet).content();
    if (account === undefined) throw new WalletError("no-account", "this wallet is not protected on this device");
    return account;
  }

  /** Takes in what the host keeps, and answers its number; 0: nothing yet. */
  async function taken(wallet: Wallet, keys: DeviceKeys, gateway: string): Promise<number> {
    const { id, key } = await recordOf(wallet);
    const found = await host.kept(asDevice(keys), id, gateway);
    if (found === null) return 0;
    const keyring = keyringOf(wallet);
    const { version, state: theirs } = await openBackup(key, id, fromBase64Url(found.content));
    const base = await lastAgreed(wallet, id, await keyring.content(), theirs);
    // By its content: after a host lost some versions, another one has the same number.
    if (base !== null && sharedText(base.state) === sharedText(theirs)) return found.version;
    // A host that lost its newest versions, or shows an old one again, takes nothing from a device: what is not there was not deleted.
    const isNewer = base !== null && version > base.version;
    await keyring.takeIn((mine) => merged(isNewer ? base.state : null, mine, theirs));
    await agree(wallet, id, found.version, theirs);
    return found.version;
  }

  /** As `taken`. What does not open with the account's key opens for nobody: the next version takes its place. */
  async function takenOrDamaged(wallet: Wallet, keys: DeviceKeys, gateway: string): Promise<number> {
    try {
      return await taken(wallet, keys, gateway);
    } catch (failure) {
      if (!(failure instanceof WalletError) || failure.reason !== "backup-damaged") throw failure;
      return (await host.kept(asDevice(keys), (await recordOf(wallet)).id, gateway))?.version ?? 0;
    }
  }

  async function saved(wallet: Wallet, keys: DeviceKeys, gateway: string): Promise<void> {
    for (let attempt = 0; attempt < SAVE_ATTEMPTS; attempt++) {
      const kept = await host.followed(() => takenOrDamaged(wallet, keys, gateway));
      const { id, key } = await recordOf(wallet);
      const state = await backedUp(await keyringOf(wallet).content());
      // A clock has no say in it: two devices that follow the same version take the same number, and one of them is first.
      const version = kept + 1;
      const content = base64Url(await sealBackup(key, id, version, state));
      if (!(await host.followed(() => host.keep(asDevice(keys), id, gateway, { version, content })))) continue;
      await agree(wallet, id, version, state);
      return;
    }
    throw new WalletError("vault-busy", "other devices keep changing the backup");
  }

  return {
    async takeIn(wallet, keys, gateway) {
      await saving.get(wallet)?.catch(() => undefined);
      const isKept = (await taken(wallet, keys, gateway)) > 0;
      const known = agreed.get(wallet);
      return !isKept || known === undefined || sharedText(known.state) !== sharedText(await backedUp(await keyringOf(wallet).content()));
    },

    async save(wallet, keys, gateway) {
      const before = saving.get(wallet) ?? Promise.resolve();
      const next = before.catch(() => undefined).then(() => saved(wallet, keys, gateway));
      saving.set(wallet, next);
      await next;
    },

    async adopt(wallet, keys, account, key, gateway) {
      const found = await host.followed(() => host.kept(asDevice(keys), account, gateway));
      if (found === null) throw new WalletError("backup-damaged", "the office keeps no backup of this account");
      const { state: theirs } = await openBackup(key, account, fromBase64Url(found.content));
      await keyringOf(wallet).takeIn((mine) => {
        const next = merged(null, mine, theirs);
        // Who it is for, and by whom it is guarded, is as the others have it: nothing of an account before.
        const { account: _, trusted: __, devices: ___, ...rest } = next;
        const kept = { account: theirs.account, trusted: theirs.trusted, devices: theirs.devices };
        return { ...rest, ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)) } as WalletState;
      });
      await agree(wallet, account, found.version, theirs);
    },
  };
}
