// A wallet's account: made, guarded, changed, and defended by its own devices. docs/decisions/0018-recovery.md
import type { Accounts, Hex, Organisation, Wallet } from "../ports";
import { type DeviceKeys, type DeviceStore, createDeviceKeys, deviceRecord, signWithDevice, signersOf, soleSigner } from "../wallet/account/device";
import { type Passkey, createPasskey, passkeysExist, signWithPasskey } from "../wallet/account/passkey";
import { AUTHORITIES, sealGuard, splitKey } from "../wallet/account/shares";
import { type Guards, type Proof, type Signer, WALLET, accountIdOf, changeDigest, guardingDigest, signerId, vetoDigest } from "../wallet/account/signers";
import { randomHex } from "../wallet/bytes";
import { WalletError } from "../wallet/errors";
import { type Keyring, keyringOf } from "../wallet/keyring";
import type { AccountRecord, WalletState } from "../wallet/state";
import { backupsOver } from "./account-backup";
import { accountSpace, guardsOf, isSigner, pendingRecovery, recoveriesStarted, sendToAccounts, signersOn, versionOf } from "./account-chain";
import { devicesOver, protectionOver } from "./account-devices";
import { accountHost } from "./account-host";
import { type TrustedActs, recoveryOver } from "./account-recovery";
import { type Upkeep, upkeepOver } from "./account-upkeep";
import { registryAbi } from "./abi";
import { slug } from "./codes";
import type { Connection } from "./connection";
import { tip } from "./logs";
import { type GatewayHttp, askPatiently } from "./gateway-http";
import { signpostsOver } from "./signposts";

export interface AccountSurroundings {
  readonly connection: Connection;
  readonly http: GatewayHttp;
  readonly device: DeviceStore;
  readonly adopt: (state: WalletState, passphrase: string | null) => Promise<Wallet>;
  /** The passkey that opens the wallet of this device, if one does. */
  readonly sealing?: () => Promise<Passkey | null>;
  /** Every gateway of the network. */
  readonly gateways: () => Promise<readonly string[]>;
}

/** What other modules of the account need beside the screens. */
export interface AccountActs extends TrustedActs, Pick<Upkeep, "save" | "refresh" | "watch"> {
  /** Makes the account and keeps its record. */
  open(wallet: Wallet, guards: Guards, host: string, authorities: readonly string[], withPasskey: boolean): Promise<void>;
  /** Adds and removes signers, by what of this device may act alone. */
  change(wallet: Wallet, add: readonly Signer[], remove: readonly Hex[]): Promise<void>;
  /** Names other guards on the chain. */
  guard(wallet: Wallet, guards: Guards): Promise<void>;
}

export function accountsOver({ connection, http, device, adopt, sealing, gateways }: AccountSurroundings): Accounts & AccountActs {
  /** What the last look for a recovery found, and the last block that it saw. */
  const looks = new WeakMap<Wallet, { account: Hex; found: { readyAt: number } | null; upTo: bigint }>();

  const host = accountHost(http);
  const backups = backupsOver(host, device);
  const gatewayOf = async (organisation: string): Promise<string> => (await connection.read("registry", registryAbi, "organisation", [slug(organisation)])).gateway;
  const signposts = signpostsOver({ connection, host, device, gateways, gatewayOf });
  const upkeep = upkeepOver({ connection, http, device, signposts, backups, gatewayOf, own });
  const { save } = upkeep;

  async function own(wallet: Wallet): Promise<{ keyring: Keyring; record: AccountRecord; keys: DeviceKeys }> {
    const keyring = keyringOf(wallet);
    const [{ account: record }, keys] = await Promise.all([keyring.content(), device.keys()]);
    if (record === undefined || keys === null) throw new WalletError("no-account", "this wallet is not protected on this device");
    return { keyring, record, keys };
  }

  /** Whether this device may act alone. An external wallet may have removed its key, or a recovery elsewhere replaced it. */
  async function mayAct(keys: DeviceKeys, account: Hex): Promise<boolean> {
    return await isSigner(connection, account, signerId(soleSigner(keys)));
  }

  /** Signs by whatever of this device may act alone. Nobody is asked for a passkey that would be refused. */
  async function act(keys: DeviceKeys, account: Hex, digest: Hex): Promise<Proof> {
    if (!(await mayAct(keys, account))) throw new WalletError("signer-removed", "the key of this device is none of the account's any more");
    return keys.passkey === null ? await signWithDevice(keys, digest) : await signWithPasskey(keys.passkey, digest);
  }

  /** Gives each authority the share that it has not taken yet. */
  async function share(wallet: Wallet, authorities: readonly Organisation[]): Promise<void> {
    const keyring = keyringOf(wallet);
    for (const authority of authorities) {
      const { account: record } = await keyring.content();
      const place = record?.authorities.indexOf(authority.slug) ?? -1;
      const part = record?.shares[place];
      if (record === undefined || part === undefined || part === null) continue;
      const presentation = await keyring.presentation(record.id, authority.slug, http.now());
      const sealed = await sealGuard(authority.encryptionKey, record.id, { v: 1, presentation, share: part, host: record.host });
      await host.followed(() => askPatiently(http, authority.gateway, { method: "POST", path: `/v1/accounts/${record.id}/guard`, body: { sealed } }));
      await keyring.keepAccount({ ...record, shares: record.shares.map((one, n) => (n === place ? null : one)) });
    }
  }

  /** The wallet's passkey, unless it was removed from the account before: then it may be gone, and a new one is made. */
  async function passkeyFor(wallet: Wallet): Promise<Passkey> {
    const [sealed, before] = [(await sealing?.()) ?? null, (await device.keys())?.passkey ?? null];
    const { account } = await keyringOf(wallet).content();
    const wasRemoved = sealed !== null && account !== undefined && sealed.credentialId === before?.credentialId && !(await isSigner(connection, account.id, signerId(sealed.signer)));
    return sealed === null || wasRemoved ? await createPasskey(wallet.fingerprint) : sealed;
  }

  /** Another account of the same wallet would take its offices from the one that other devices have. */
  async function requireAlone(wallet: Wallet): Promise<void> {
    const page = await signposts.find(wallet);
    if (page === null) return;
    const [signers, keys] = await Promise.all([signersOn(connection, page.account), device.keys()]);
    const here = keys === null ? [] : signersOf(keys).map(signerId);
    // External wallets open nothing: beside them alone there is no other device.
    if (signers.some((one) => one.kind !== WALLET && !here.includes(signerId(one)))) throw new WalletError("account-elsewhere", `account ${page.account} is this wallet's`);
  }

  async function openAccount(wallet: Wallet, guards: Guards, host: string, authorities: readonly string[], withPasskey: boolean, anew = false): Promise<void> {
    if (!anew) await requireAlone(wallet);
    const keys = await createDeviceKeys(withPasskey ? await passkeyFor(wallet) : null);
    const signers = signersOf(keys);
    const salt = randomHex(32);
    const id = accountIdOf(await accountSpace(connection), signers, guards, salt);
    await sendToAccounts(connection, "create", [signers, guards, salt]);
    const key = randomHex(32);
    await device.keepKeys(keys);
    const keyring = keyringOf(wallet);
    await keyring.keepAccount({ id, host, authorities, key, shares: authorities.length === 0 ? [] : await splitKey(key), unmarked: true });
    await keyring.keepDevices(() => [deviceRecord(keys, http.now())]);
  }

  async function change(wallet: Wallet, add: readonly Signer[], remove: readonly Hex[]): Promise<void> {
    const { record, keys } = await own(wallet);
    const digest = changeDigest(await accountSpace(connection), record.id, await versionOf(connection, record.id), add, remove);
    await sendToAccounts(connection, "change", [record.id, add, remove, [await act(keys, record.id, digest)]]);
  }

  async function guard(wallet: Wallet, guards: Guards): Promise<void> {
    const { record, keys } = await own(wallet);
    const digest = guardingDigest(await accountSpace(connection), record.id, await versionOf(connection, record.id), guards);
    await sendToAccounts(connection, "setGuards", [record.id, guards, [await act(keys, record.id, digest)]]);
  }

  /** Names the authorities of an account that trusted people guard so far. */
  async function addAuthorities(wallet: Wallet, authorities: readonly Organisation[]): Promise<void> {
    const { keyring, record } = await own(wallet);
    const guards = await guardsOf(connection, record.id);
    await guard(wallet, { ...guards, authorities: authorities.map((one) => slug(one.slug)) });
    await keyring.keepAccount({ ...record, authorities: authorities.map((one) => one.slug), shares: await splitKey(record.key) });
  }

  return {
    ...protectionOver({ connection, device, signposts, savedAtMs: upkeep.savedAtMs, problem: upkeep.problem }),
    ...devicesOver({ connection, http, device, signposts, backups, gatewayOf, change, save, newKeys: async (wallet, withPasskey) => await createDeviceKeys(withPasskey ? await passkeyFor(wallet) : null) }),
    ...recoveryOver({ connection, http, device, host, adopt }),
    passkeys: passkeysExist,

    async protect(wallet, authorities, host, withPasskey, anew) {
      if (authorities.length !== AUTHORITIES) throw new WalletError("no-account", `${authorities.length} offices of ${AUTHORITIES}`);
      const { account } = await keyringOf(wallet).content();
      const guards = { authorities: authorities.map((one) => slug(one.slug)), guardians: [], guardiansNeeded: 0 };
      const keys = await device.keys();
      // One that the signpost does not lead to yet was made by an attempt that was cut off: it is gone on with.
      const isAnother = anew === true && account?.unmarked !== true;
      const isNew = isAnother || account === undefined || keys === null || !(await mayAct(keys, account.id));
      if (isNew) await openAccount(wallet, guards, host.slug, authorities.map((one) => one.slug), withPasskey, anew);
      else if (account.authorities.length === 0) await addAuthorities(wallet, authorities);
      await share(wallet, authorities);
      if (isNew || account.host === host.slug) await save(wallet, host.gateway);
      else await upkeep.saveIfProtected(wallet);
    },

    async pending(wallet) {
      const [{ account }, keys] = await Promise.all([keyringOf(wallet).content(), device.keys()]);
      if (account === undefined || keys === null) return null;
      const last = await tip(connection);
      const before = looks.get(wallet);
      // The account is named to the node when the wallet is opened, and then only once one was begun for it.
      if (before?.account === account.id && before.found === null) {
        const started = await recoveriesStarted(connection, before.upTo + 1n, last);
        if (!started.includes(account.id)) {
          looks.set(wallet, { ...before, upTo: last > before.upTo ? last : before.upTo });
          return null;
        }
      }
      // A device that was removed could not stop it.
      const maySee = await isSigner(connection, account.id, signerId(keys.signer));
      const found = maySee ? await pendingRecovery(connection, account.id, last) : null;
      looks.set(wallet, { account: account.id, found, upTo: last });
      return found;
    },

    async veto(wallet) {
      const { record, keys } = await own(wallet);
      const digest = vetoDigest(await accountSpace(connection), record.id, await versionOf(connection, record.id));
      await sendToAccounts(connection, "veto", [record.id, await signWithDevice(keys, digest)]);
    },

    removeSigners: (wallet, ids) => change(wallet, [], ids),

    open: openAccount,
    change,
    guard,
    save,
    refresh: upkeep.refresh,
    watch: upkeep.watch,
  };
}
