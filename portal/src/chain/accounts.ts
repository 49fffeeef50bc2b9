// Protecting a wallet against the loss of its device, and getting it back. docs/decisions/0018-recovery.md
import { type Accounts, type Hex, type Organisation, PortFailure, type Wallet } from "../ports";
import { openBackup } from "../wallet/account/backup";
import { type DeviceKeys, type DeviceStore, type OwnRecovery, createDeviceKeys, deviceName, signWithDevice, signersOf, soleSigner } from "../wallet/account/device";
import { type Passkey, createPasskey, passkeysExist, signWithPasskey } from "../wallet/account/passkey";
import { AUTHORITIES, AUTHORITIES_NEEDED, joinKey, openShare, sealGuard, splitKey } from "../wallet/account/shares";
import { type Guards, type Proof, type Signer, WALLET, accountIdOf, changeDigest, guardingDigest, recoveryDigest, signerId, vetoDigest } from "../wallet/account/signers";
import { fromBase64Url, randomHex } from "../wallet/bytes";
import { WalletError } from "../wallet/errors";
import { newReceiver } from "../wallet/hpke";
import { type Keyring, keyringOf } from "../wallet/keyring";
import type { AccountRecord, DeviceRecord, WalletState } from "../wallet/state";
import { backupsOver } from "./account-backup";
import { accountSpace, guardsOf, isSigner, pendingRecovery, readyAtOf, recoveriesStarted, sendToAccounts, signersOn, timeOf, versionOf } from "./account-chain";
import { devicesOver, protectionOver } from "./account-devices";
import { accountHost, asDevice, isPassing } from "./account-host";
import { registryAbi } from "./abi";
import { slug } from "./codes";
import type { Connection } from "./connection";
import { ContractRefusal } from "./failure";
import { tip } from "./logs";
import { Answer, type GatewayHttp, ask, askPatiently } from "./gateway-http";
import { signpostsOver } from "./signposts";
import { openedByTrusted, trustedDevice } from "./trusted-device";

/** Changes that come close together are saved together. */
const SAVE_AFTER_MS = 400;
/** How often an open wallet takes in what other devices saved. */
const TAKE_IN_EVERY_MS = 60_000;

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
export interface AccountActs {
  /** Saves the wallet after every change, as long as it is open. */
  watch(wallet: Wallet): void;
  /** Makes the account and keeps its record. */
  open(wallet: Wallet, guards: Guards, host: string, authorities: readonly string[], withPasskey: boolean): Promise<void>;
  /** Adds and removes signers, by what of this device may act alone. */
  change(wallet: Wallet, add: readonly Signer[], remove: readonly Hex[]): Promise<void>;
  /** Names other guards on the chain. */
  guard(wallet: Wallet, guards: Guards): Promise<void>;
  save(wallet: Wallet, gateway: string): Promise<void>;
  /** Takes in what other devices of this wallet saved, if this one is a signer and the host answers. */
  refresh(wallet: Wallet): Promise<void>;
  /** On a new device: begins to ask trusted people. */
  beginTrusted(withPasskey: boolean): Promise<void>;
  addPart(code: string): Promise<void>;
}

export function accountsOver({ connection, http, device, adopt, sealing, gateways }: AccountSurroundings): Accounts & AccountActs {
  /** What the last look for a recovery found, and the last block that it saw. */
  const looks = new WeakMap<Wallet, { account: Hex; found: { readyAt: number } | null; upTo: bigint }>();

  const helpers = trustedDevice(connection, device);
  const host = accountHost(http);
  const { followed } = host;
  const backups = backupsOver(host, device);
  const gatewayOf = async (organisation: string): Promise<string> => (await connection.read("registry", registryAbi, "organisation", [slug(organisation)])).gateway;
  const signposts = signpostsOver({ connection, host, device, gateways, gatewayOf });
  const saved = new WeakMap<Wallet, number>();
  const problems = new WeakMap<Wallet, PortFailure>();
  const marks = new WeakMap<Wallet, { account: Hex; work: Promise<void> }>();

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
      await followed(() => askPatiently(http, authority.gateway, { method: "POST", path: `/v1/accounts/${record.id}/guard`, body: { sealed } }));
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

  const deviceRecord = (keys: DeviceKeys): DeviceRecord => ({ id: signerId(keys.signer), signers: signersOf(keys).map(signerId), name: deviceName(), addedAtMs: http.now() });

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
    await keyring.keepDevices(() => [deviceRecord(keys)]);
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
    ...protectionOver({ connection, device, signposts, savedAtMs: (wallet) => saved.get(wallet) ?? null, problem: (wallet) => problems.get(wallet) ?? null }),
    ...devicesOver({ connection, http, device, signposts, backups, gatewayOf, change, save, newKeys: async (wallet, withPasskey) => await createDeviceKeys(withPasskey ? await passkeyFor(wallet) : null) }),
    addPart: helpers.addPart,
    beginTrusted: async (withPasskey) => helpers.begin(await recovering(withPasskey)),
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
      else await saveIfProtected(wallet);
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
      const wallet = await adopt({ ...state, devices: [deviceRecord(recovery.keys)] }, passphrase);
      await device.keepRecovery(null);
      return wallet;
    },

    abandon: () => device.keepRecovery(null),

    async approve(gateway, session, number, code) {
      await ask(http, gateway, { method: "POST", path: "/v1/counter/recoveries", body: { number, code }, headers: { authorization: `Bearer ${session.token}` } });
    },

    open: openAccount,
    change,
    guard,
    save,

    refresh,

    watch(wallet) {
      const keyring = keyringOf(wallet);
      const said = (failure: unknown): void => void problems.set(wallet, asFailure(failure));
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

  async function refresh(wallet: Wallet): Promise<void> {
    const [{ account }, keys] = await Promise.all([keyringOf(wallet).content(), device.keys()]);
    if (account === undefined || keys === null || account.shares.some((part) => part !== null)) return;
    if (!(await isSigner(connection, account.id, signerId(keys.signer)))) return;
    const isAhead = await backups.takeIn(wallet, keys, await gatewayOf(account.host));
    if (isAhead) await saveIfProtected(wallet);
    else await marked(wallet);
    problems.delete(wallet);
  }

  async function saveIfProtected(wallet: Wallet): Promise<void> {
    const { account } = await keyringOf(wallet).content();
    const keys = await device.keys();
    if (account === undefined || keys === null || account.shares.some((part) => part !== null)) return;
    // The host takes nothing from a device that was removed, however often it is asked.
    if (!(await isSigner(connection, account.id, signerId(keys.signer)))) return;
    await save(wallet, await gatewayOf(account.host));
  }
}

function asFailure(failure: unknown): PortFailure {
  return failure instanceof PortFailure ? failure : new PortFailure("bad-answer", failure instanceof Error ? failure.message : String(failure));
}

function gatewayIn(organisations: readonly Organisation[], slugOf: string): string {
  const found = organisations.find((one) => one.slug === slugOf);
  if (found === undefined) throw new PortFailure("not-found", `organisation ${slugOf}`);
  return found.gateway;
}
