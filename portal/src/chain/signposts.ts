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
  readonly gateway: string;
}

export interface Signposts {
  /** What the page says; null: these words have no account. `near`: the organisation that keeps it, as far as is known. */
  read(wallet: Wallet, near?: string): Promise<Page | null>;
  /** Changes the page, and makes the signpost where there is none. Answers what it says now. */
  write(wallet: Wallet, change: (page: Page | null) => Page): Promise<Page>;
}

export function signpostsOver({ connection, host, gateways, gatewayOf }: Around): Signposts {
  async function at(wallet: Wallet): Promise<{ post: Signpost; id: Hex; by: Requester }> {
    const post = await keyringOf(wallet).signpost();
    const id = accountIdOf(await accountSpace(connection), [post.signer], post.guards, post.salt);
    return { post, id, by: { signer: signerId(post.signer), sign: async (text) => signAtSignpost(post, text) } };
  }

  async function found(wallet: Wallet): Promise<Read | null> {
    const { post, id, by } = await at(wallet);
    if ((await versionOf(connection, id)) === 0n) return null;
    const asked = await Promise.allSettled((await gateways()).map(async (gateway) => ({ gateway, kept: await host.kept(by, id, gateway) })));
    const pages = asked.flatMap((one) => (one.status === "fulfilled" && one.value.kept !== null ? [{ gateway: one.value.gateway, ...one.value.kept }] : []));
    const [newest] = pages.sort((a, b) => b.version - a.version);
    if (newest !== undefined) return { page: await openPage(post, id, newest.content), version: newest.version, gateway: newest.gateway };
    // Whoever did not answer may be the one that has it.
    for (const one of asked) if (one.status === "rejected") throw one.reason;
    return null;
  }

  return {
    async read(wallet, near) {
      if (near !== undefined) {
        const { post, id, by } = await at(wallet);
        const kept = await host.kept(by, id, await gatewayOf(near)).catch(() => null);
        if (kept !== null) return await openPage(post, id, kept.content);
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
        const next = { version: (before?.version ?? 0) + 1, content: await sealPage(post, id, page) };
        // Where the page was before too: a device that looks there alone must not go by an old one.
        const places = new Set([await gatewayOf(page.host), ...(before === null ? [] : [before.gateway])]);
        const kept = await Promise.all([...places].map((gateway) => host.followed(() => host.keep(by, id, gateway, next))));
        if (kept.every(Boolean)) return page;
      }
      throw new WalletError("vault-busy", "other devices keep changing the signpost");
    },
  };
}
