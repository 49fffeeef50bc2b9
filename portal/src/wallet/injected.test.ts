import { parseSiweMessage } from "viem/siwe";
import { afterEach, describe, expect, it } from "vitest";
import { IDBFactory } from "fake-indexeddb";
import type { InjectedProvider, WalletStore } from "../ports";
import { SEED_TEXT, discover } from "./injected";
import { indexedDbSlot } from "./slot";
import { announceWallet, openStore } from "./testing";

const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const OTHER_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const failing = (reason: string) => expect.objectContaining({ reason });
const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

function announced(options: Omit<Parameters<typeof announceWallet>[0], "uuid">) {
  const wallet = announceWallet({ ...options, uuid: crypto.randomUUID() });
  stops.push(wallet.stop);
  return wallet;
}

async function first(store: WalletStore): Promise<InjectedProvider> {
  return await new Promise((resolve) => stops.push(store.providers(resolve)));
}

describe("an injected wallet", () => {
  it("signs in by SIWE and opens the same wallet each time", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const { account, info, signed } = announced({ key: KEY });
    const store = await openStore({ slot });
    const found = await first(store);
    expect(found).toEqual(info);
    const wallet = await store.connect(found);
    expect(signed.slice(1)).toEqual([SEED_TEXT, SEED_TEXT]);
    const siwe = parseSiweMessage(signed[0] ?? "");
    expect(siwe).toMatchObject({ address: account.address, domain: "portal.example", uri: "https://portal.example", chainId: 20260, version: "1" });
    expect((siwe.expirationTime?.getTime() ?? 0) - (siwe.issuedAt?.getTime() ?? 0)).toBe(300_000);
    const own = await wallet.newCase("old-age-allowance", 1, {});

    const again = await openStore({ slot });
    expect(again.stored()?.kind).toBe("injected");
    expect(await (await again.connect(await first(again))).case(own.id)).toEqual(own);
    await expect(again.unlock("any passphrase")).rejects.toEqual(failing("injected-missing"));
  });

  it("says when the person turned it down, or another account is selected", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const no = announced({ key: KEY, refuse: true });
    const store = await openStore({ slot });
    await expect(store.connect(await first(store))).rejects.toEqual(expect.objectContaining({ reason: "injected-rejected", code: "rejected" }));
    no.stop();
    const one = announced({ key: KEY });
    await store.connect(await first(store));
    one.stop();
    announced({ key: OTHER_KEY });
    await expect(store.connect(await first(store))).rejects.toEqual(failing("injected-changed"));
  });

  it("is refused when it signs the same text differently", async () => {
    announced({ key: KEY, unstable: true });
    const store = await openStore();
    await expect(store.connect(await first(store))).rejects.toEqual(failing("injected-unstable"));
    expect(store.stored()).toBeNull();
  });

  it("is offered once, and strangers' announcements are ignored", async () => {
    const { info } = announced({ key: KEY });
    const found: InjectedProvider[] = [];
    stops.push(discover((provider) => found.push(provider)));
    window.dispatchEvent(new Event("eip6963:requestProvider"));
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: { info: { uuid: 1 }, provider: {} } }));
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider"));
    expect(found).toEqual([info]);
  });

  it("falls back to window.ethereum when nobody announces", async () => {
    const target = Object.assign(new EventTarget(), { ethereum: { request: async () => [] } }) as unknown as Window;
    const found = await new Promise<InjectedProvider>((resolve) => stops.push(discover(resolve, target)));
    expect(found.rdns).toBe("window.ethereum");
  });
});
