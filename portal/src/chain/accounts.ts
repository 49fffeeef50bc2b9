// Protecting a wallet against the loss of its device, and getting it back. docs/decisions/0018-recovery.md
import { encodeAbiParameters, keccak256 } from "viem";
import { type AccountSigner, type Accounts, type Hex, type Organisation, PortFailure, type Wallet } from "../ports";
import { openBackup, sealBackup } from "../wallet/account/backup";
import { type DeviceKeys, type DeviceStore, type OwnRecovery, createDeviceKeys, signText, signWithDevice, signersOf, soleSigner } from "../wallet/account/device";
import { type Passkey, createPasskey, passkeysExist, signWithPasskey } from "../wallet/account/passkey";
import { AUTHORITIES, AUTHORITIES_NEEDED, joinKey, openShare, sealGuard, splitKey } from "../wallet/account/shares";
import { DEVICE, type Guards, PASSKEY, type Proof, type Signer, changeDigest, guardingDigest, recoveryDigest, signerId, vetoDigest } from "../wallet/account/signers";
import { base64Url, fromBase64Url, randomHex, sha256Digits } from "../wallet/bytes";
import { WalletError } from "../wallet/errors";
import { newReceiver } from "../wallet/hpke";
import { type Keyring, keyringOf } from "../wallet/keyring";
import type { AccountRecord, WalletState } from "../wallet/state";
import { accountSpace, guardsOf, isSigner, pendingRecovery, readyAtOf, sendToAccounts, signersOn, timeOf, versionOf } from "./account-chain";
import { registryAbi } from "./abi";
import { slug } from "./codes";
import type { Connection } from "./connection";
import { ContractRefusal } from "./failure";
import { Answer, type GatewayHttp, type GatewayRequest, ask, askPatiently } from "./gateway-http";
import { sleep as defaultSleep } from "./retry";
import { openedByTrusted, trustedDevice } from "./trusted-device";

/** A gateway sees a block a moment after it is final: what it refuses until then is asked again. */
const FOLLOW_ATTEMPTS = 40;
const FOLLOW_WAIT_MS = 500;
/** Changes that come close together are saved together. */
const SAVE_AFTER_MS = 400;

export interface AccountSurroundings {
  readonly connection: Connection;
  readonly http: GatewayHttp;
  readonly device: DeviceStore;
  readonly adopt: (state: WalletState, passphrase: string | null) => Promise<Wallet>;
  /** The passkey that opens the wallet of this device, if one does. */
  readonly sealing?: () => Promise<Passkey | null>;
}

const KINDS: Record<number, AccountSigner["kind"]> = { [PASSKEY]: "passkey", [DEVICE]: "device" };
const SIGNERS = { type: "tuple[]", components: [{ name: "kind", type: "uint8" }, { name: "weight", type: "uint8" }, { name: "x", type: "bytes32" }, { name: "y", type: "bytes32" }] } as const;
const GUARDS = { type: "tuple", components: [{ name: "authorities", type: "bytes32[]" }, { name: "guardians", type: "bytes32[]" }, { name: "guardiansNeeded", type: "uint8" }] } as const;

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
  /** On a new device: begins to ask trusted people. */
  beginTrusted(withPasskey: boolean): Promise<void>;
  addPart(code: string): Promise<void>;
}

export function accountsOver({ connection, http, device, adopt, sealing }: AccountSurroundings): Accounts & AccountActs {
  const helpers = trustedDevice(connection, device);
  const wait = http.sleep ?? defaultSleep;
  const saved = new WeakMap<Wallet, number>();
  const problems = new WeakMap<Wallet, PortFailure>();
  let lastVersion = 0;

  /** Repeats while the gateway refuses, because it may not have seen the block yet. */
  async function followed<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (failure) {
        const isPassing = failure instanceof PortFailure && (failure.code === "gateway-refused" || failure.code === "offline");
        if (!isPassing || attempt >= FOLLOW_ATTEMPTS) throw failure;
        await wait(FOLLOW_WAIT_MS);
      }
    }
  }

  async function asDevice(keys: DeviceKeys, account: Hex, gateway: string, request: GatewayRequest): Promise<unknown> {
    const time = http.now();
    const body = request.body === undefined ? "" : JSON.stringify(request.body);
    const text = `zhengtong account request\n${account}\n${request.method}\n${request.path}\n${time}\n${sha256Digits(body)}`;
    const headers = { "x-account-time": String(time), "x-account-signer": signerId(keys.signer), "x-account-signature": await signText(keys, text) };
    return await ask(http, gateway, { ...request, headers });
  }

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

  async function save(wallet: Wallet, gateway: string): Promise<void> {
    const { keyring, record, keys } = await own(wallet);
    const version = (lastVersion = Math.max(http.now(), lastVersion + 1));
    const content = base64Url(await sealBackup(record.key, record.id, await keyring.content()));
    await followed(() => asDevice(keys, record.id, gateway, { method: "POST", path: `/v1/accounts/${record.id}/backup`, body: { version, content } }));
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

  async function openAccount(wallet: Wallet, guards: Guards, host: string, authorities: readonly string[], withPasskey: boolean): Promise<void> {
    const keys = await createDeviceKeys(withPasskey ? await passkeyFor(wallet) : null);
    const signers = signersOf(keys);
    const salt = randomHex(32);
    const { chainId, accounts } = await accountSpace(connection);
    const id = keccak256(encodeAbiParameters([{ type: "uint256" }, { type: "address" }, SIGNERS, GUARDS, { type: "bytes32" }], [BigInt(chainId), accounts, signers, guards, salt]));
    await sendToAccounts(connection, "create", [signers, guards, salt]);
    const key = randomHex(32);
    await device.keepKeys(keys);
    await keyringOf(wallet).keepAccount({ id, host, authorities, key, shares: authorities.length === 0 ? [] : await splitKey(key) });
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
    addPart: helpers.addPart,
    beginTrusted: async (withPasskey) => helpers.begin(await recovering(withPasskey)),
    passkeys: passkeysExist,

    async protect(wallet, authorities, host, withPasskey) {
      if (authorities.length !== AUTHORITIES) throw new WalletError("no-account", `${authorities.length} offices of ${AUTHORITIES}`);
      const { account } = await keyringOf(wallet).content();
      const guards = { authorities: authorities.map((one) => slug(one.slug)), guardians: [], guardiansNeeded: 0 };
      const keys = await device.keys();
      const isNew = account === undefined || keys === null || !(await mayAct(keys, account.id));
      if (isNew) await openAccount(wallet, guards, host.slug, authorities.map((one) => one.slug), withPasskey);
      else if (account.authorities.length === 0) await addAuthorities(wallet, authorities);
      await share(wallet, authorities);
      if (isNew || account.host === host.slug) await save(wallet, host.gateway);
      else await saveIfProtected(wallet);
    },

    async protection(wallet) {
      const keyring = keyringOf(wallet);
      const [{ account: record }, keys] = await Promise.all([keyring.content(), device.keys()]);
      if (record === undefined) return null;
      const signers = await signersOn(connection, record.id);
      const here = keys === null ? [] : signersOf(keys).map(signerId);
      const { host, authorities } = record;
      return {
        host,
        authorities: [...authorities],
        missing: authorities.filter((_, n) => record.shares[n] !== null),
        signers: signers.map((one: Signer) => ({ id: signerId(one), kind: KINDS[one.kind] ?? "wallet", here: here.includes(signerId(one)) })),
        removed: keys !== null && !signers.some((one) => signerId(one) === signerId(soleSigner(keys))),
        savedAtMs: saved.get(wallet) ?? null,
        problem: problems.get(wallet) ?? null,
      };
    },

    async pending(wallet) {
      const { account } = await keyringOf(wallet).content();
      return account === undefined ? null : await pendingRecovery(connection, account.id);
    },

    async veto(wallet) {
      const { record, keys } = await own(wallet);
      const digest = vetoDigest(await accountSpace(connection), record.id, await versionOf(connection, record.id));
      await sendToAccounts(connection, "veto", [record.id, await signWithDevice(keys, digest)]);
    },

    removeSigner: (wallet, id) => change(wallet, [], [id]),

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
      const host = gatewayIn(organisations, opened.host);
      const backup = new Answer(await followed(() => asDevice(recovery.keys, account, host, { method: "GET", path: `/v1/accounts/${account}/backup` })));
      lastVersion = Math.max(lastVersion, backup.number("version"));
      const state = await openBackup(opened.key, account, fromBase64Url(backup.text("content")));
      await device.keepKeys(recovery.keys);
      const wallet = await adopt(state, passphrase);
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

    watch(wallet) {
      const keyring = keyringOf(wallet);
      let timer: ReturnType<typeof setTimeout> | null = null;
      keyring.onChanged(() => {
        if (timer !== null) clearTimeout(timer);
        timer = setTimeout(() => {
          timer = null;
          if (!keyring.isLocked) void saveIfProtected(wallet).catch((failure: unknown) => problems.set(wallet, asFailure(failure)));
        }, SAVE_AFTER_MS);
      });
    },
  };

  async function saveIfProtected(wallet: Wallet): Promise<void> {
    const { account } = await keyringOf(wallet).content();
    if (account === undefined || account.shares.some((part) => part !== null)) return;
    const { gateway } = await connection.read("registry", registryAbi, "organisation", [slug(account.host)]);
    await save(wallet, gateway);
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
