// The signpost of a wallet's words: found by them alone, on the chain and at whichever gateway keeps its page.
import type { Hex, Wallet } from "../ports";
import type { DeviceStore } from "../wallet/account/device";
import { type Page, type Signpost, openPage, sealPage, signAtSignpost } from "../wallet/account/signpost";
import { accountIdOf, signerId } from "../wallet/account/signers";
import { WalletError } from "../wallet/errors";
import { keyringOf } from "../wallet/keyring";
import { accountSpace, sendToAccounts, versionOf } from "./account-chain";
import type { AccountHost, Requester } from "./account-host";
import type { Connection } from "./connection";

/** How often another device may be faster. */
const WRITE_ATTEMPTS = 4;

interface Around {
  readonly connection: Connection;
  readonly host: AccountHost;
  readonly device: Pick<DeviceStore, "page" | "keepPage">;
  /** Gateways that may keep the page. */
  readonly gateways: () => Promise<readonly string[]>;
  readonly gatewayOf: (organisation: string) => Promise<string>;
}

interface Read {
  readonly page: Page;
  readonly version: number;
  /** As the page itself says. */
  readonly ownVersion: number;
  readonly gateway: string;
}

/** By what the page itself says, which the gateway cannot change. */
const newerFirst = (a: Read, b: Read): number => b.ownVersion - a.ownVersion || b.version - a.version;

interface Own {
  readonly post: Signpost;
  readonly id: Hex;
  readonly by: Requester;
}

export interface Signposts {
  /**
   * What the page says where it is kept, as far as this device knows, or `near`; null: nothing. Where it is not known every gateway is
   * asked, and learns a number that is this wallet's: not again, once one has it.
   */
  read(wallet: Wallet, near?: string): Promise<Page | null>;
  /** What the newest page of all gateways says; null: these words have no account. */
  find(wallet: Wallet): Promise<Page | null>;
  /** Changes the page, and makes the signpost where there is none. Answers what it says now. */
  write(wallet: Wallet, change: (page: Page | null) => Page): Promise<Page>;
}

export function signpostsOver({ connection, host, device, gateways, gatewayOf }: Around): Signposts {
  async function at(wallet: Wallet): Promise<Own> {
    const post = await keyringOf(wallet).signpost();
    const id = accountIdOf(await accountSpace(connection), [post.signer], post.guards, post.salt);
    return { post, id, by: { signer: signerId(post.signer), sign: async (text) => signAtSignpost(post, text) } };
  }

  /** The page as a gateway keeps it; null: it keeps none, or calls it another version than the page does. */
  async function readAt({ post, id, by }: Own, gateway: string): Promise<Read | null> {
    const kept = await host.kept(by, id, gateway);
    if (kept === null) return null;
    const { version: ownVersion, page } = await openPage(post, id, kept.content);
    return ownVersion === 0 || ownVersion === kept.version ? { page, version: kept.version, ownVersion, gateway } : null;
  }

  /** Where the page is, as far as is known, and where that page says it is. */
  async function readNear(own: Own, near: string): Promise<Read | null> {
    const first = await readAt(own, await gatewayOf(near));
    if (first === null || first.page.host === near) return first;
    const next = await readAt(own, await gatewayOf(first.page.host));
    const newest = next !== null && newerFirst(next, first) < 0 ? next : first;
    await keep(own, newest.page);
    return newest;
  }

  const keep = ({ id }: Own, { host: at }: Page): Promise<void> => device.keepPage({ signpost: id, host: at });

  async function nearOf({ id }: Own, near?: string): Promise<string | undefined> {
    const known = await device.page();
    return known?.signpost === id ? known.host : near;
  }

  async function found(own: Own): Promise<Read | null> {
    if ((await versionOf(connection, own.id)) === 0n) return null;
    const asked = await Promise.allSettled((await gateways()).map((gateway) => readAt(own, gateway)));
    const [newest] = asked.flatMap((one) => (one.status === "fulfilled" && one.value !== null ? [one.value] : [])).sort(newerFirst);
    // Whoever did not answer may be the one that has it, or a newer one.
    const failed = asked.find((one) => one.status === "rejected");
    if (newest !== undefined && failed === undefined) await keep(own, newest.page);
    if (newest === undefined && failed !== undefined) throw failed.reason;
    return newest ?? null;
  }

  /** The page where it is known to be, else whoever has it. */
  async function atHand(own: Own): Promise<Read | null> {
    const known = await nearOf(own);
    return (known === undefined ? null : await readNear(own, known)) ?? (await found(own));
  }

  return {
    async read(wallet, near) {
      const own = await at(wallet);
      const known = await nearOf(own, near);
      if (known === undefined) return (await found(own))?.page ?? null;
      try {
        return (await readNear(own, known))?.page ?? null;
      } catch (failure) {
        // Gateways refuse a signpost that is not on the chain: the wallet was protected before there were any.
        if ((await versionOf(connection, own.id)) === 0n) return null;
        throw failure;
      }
    },

    async find(wallet) {
      return (await found(await at(wallet)))?.page ?? null;
    },

    async write(wallet, change) {
      const own = await at(wallet);
      const { post, id, by } = own;
      const isNew = (await versionOf(connection, id)) === 0n;
      if (isNew) await sendToAccounts(connection, "create", [[post.signer], post.guards, post.salt]);
      for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
        // Nobody is asked for the page of one that has just been made: it is nowhere.
        const before = isNew && attempt === 0 ? null : await host.followed(() => atHand(own));
        const page = change(before?.page ?? null);
        const version = (before?.version ?? 0) + 1;
        const next = { version, content: await sealPage(post, id, version, page) };
        // Where the page was before too: a device that looks there alone must not go by an old one.
        const places = new Set([await gatewayOf(page.host), ...(before === null ? [] : [before.gateway])]);
        const kept = await Promise.all([...places].map((gateway) => host.followed(() => host.keep(by, id, gateway, next))));
        if (!kept.every(Boolean)) continue;
        await keep(own, page);
        return page;
      }
      throw new WalletError("vault-busy", "other devices keep changing the signpost");
    },
  };
}
