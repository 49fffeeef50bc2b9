// The signpost of a wallet's words: found by them alone, on the chain and at whichever gateway keeps its page.
import type { Hex, Wallet } from "../ports";
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
  /** What the page says; null: these words have no account. `near`: the organisation that keeps it, as far as is known. */
  read(wallet: Wallet, near?: string): Promise<Page | null>;
  /** Changes the page, and makes the signpost where there is none. Answers what it says now. */
  write(wallet: Wallet, change: (page: Page | null) => Page): Promise<Page>;
}

export function signpostsOver({ connection, host, gateways, gatewayOf }: Around): Signposts {
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

  async function found(wallet: Wallet): Promise<Read | null> {
    const own = await at(wallet);
    if ((await versionOf(connection, own.id)) === 0n) return null;
    const asked = await Promise.allSettled((await gateways()).map((gateway) => readAt(own, gateway)));
    const [newest] = asked.flatMap((one) => (one.status === "fulfilled" && one.value !== null ? [one.value] : [])).sort(newerFirst);
    if (newest !== undefined) return newest;
    // Whoever did not answer may be the one that has it.
    for (const one of asked) if (one.status === "rejected") throw one.reason;
    return null;
  }

  return {
    async read(wallet, near) {
      if (near !== undefined) {
        const kept = await readAt(await at(wallet), await gatewayOf(near)).catch(() => null);
        if (kept !== null) return kept.page;
      }
      return (await found(wallet))?.page ?? null;
    },

    async write(wallet, change) {
      const { post, id, by } = await at(wallet);
      const isNew = (await versionOf(connection, id)) === 0n;
      if (isNew) await sendToAccounts(connection, "create", [[post.signer], post.guards, post.salt]);
      for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
        // Nobody is asked for the page of one that has just been made: it is nowhere.
        const before = isNew && attempt === 0 ? null : await host.followed(() => found(wallet));
        const page = change(before?.page ?? null);
        const version = (before?.version ?? 0) + 1;
        const next = { version, content: await sealPage(post, id, version, page) };
        // Where the page was before too: a device that looks there alone must not go by an old one.
        const places = new Set([await gatewayOf(page.host), ...(before === null ? [] : [before.gateway])]);
        const kept = await Promise.all([...places].map((gateway) => host.followed(() => host.keep(by, id, gateway, next))));
        if (kept.every(Boolean)) return page;
      }
      throw new WalletError("vault-busy", "other devices keep changing the signpost");
    },
  };
}
