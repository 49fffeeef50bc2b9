// A wallet extension for tests: announced by EIP-6963, backed by a key outside of the page.
import { type Hex, createPublicClient, createWalletClient, hexToString, http } from "viem";
import type { LocalAccount } from "viem/accounts";
import type { Browser } from "./browser";

export const WALLET_NAME = "Test extension";

interface SentTransaction {
  readonly to?: Hex;
  readonly data?: Hex;
  readonly gas?: Hex;
  readonly value?: Hex;
}

/** Puts the extension into every page of a browser; answers what it was asked to sign. */
export async function injectWallet(browser: Browser, account: LocalAccount, rpcUrl: string): Promise<string[]> {
  const asked: string[] = [];
  const client = createPublicClient({ transport: http(rpcUrl) });
  const wallet = createWalletClient({ account, transport: http(rpcUrl) });
  await browser.context.exposeFunction("testWalletRequest", async (method: string, params: unknown[] = []): Promise<unknown> => {
    if (method === "eth_requestAccounts" || method === "eth_accounts") return [account.address];
    if (method === "personal_sign") {
      const message = hexToString(params[0] as Hex);
      asked.push(message);
      return await account.signMessage({ message });
    }
    if (method === "eth_sendTransaction") {
      const { to, data, gas, value } = params[0] as SentTransaction;
      asked.push(`transaction to ${to ?? "nobody"}`);
      const amounts = { ...(gas === undefined ? {} : { gas: BigInt(gas) }), ...(value === undefined ? {} : { value: BigInt(value) }) };
      return await wallet.sendTransaction({ chain: null, ...(to === undefined ? {} : { to }), ...(data === undefined ? {} : { data }), ...amounts });
    }
    return await client.request({ method, params } as never);
  });
  // The compiler of these tests keeps the names of functions by a helper that pages do not have.
  await browser.context.addInitScript("globalThis.__name = (named) => named");
  await browser.context.addInitScript((name) => {
    const request = ({ method, params }: { method: string; params?: unknown[] }) =>
      (window as unknown as { testWalletRequest: (method: string, params?: unknown[]) => Promise<unknown> }).testWalletRequest(method, params);
    const info = Object.freeze({ uuid: "6f1e0c5e-0000-4000-8000-000000000001", name, icon: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E", rdns: "example.test-extension" });
    const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider: { request } }) }));
    window.addEventListener("eip6963:requestProvider", announce);
    announce();
  }, WALLET_NAME);
  return asked;
}

/** Finds the extension as any page would, and asks it for something. */
export async function askWallet(browser: Browser, method: string, params: unknown[] = []): Promise<unknown> {
  const page = browser.context.pages()[0];
  if (page === undefined) throw new Error("no page is open");
  return await page.evaluate(
    async ([name, args]) => {
      const provider = await new Promise<{ request: (request: unknown) => Promise<unknown> }>((resolve) => {
        window.addEventListener("eip6963:announceProvider", (event) => resolve((event as CustomEvent<{ provider: { request: (request: unknown) => Promise<unknown> } }>).detail.provider), { once: true });
        window.dispatchEvent(new Event("eip6963:requestProvider"));
      });
      return await provider.request({ method: name, params: args });
    },
    [method, params] as const,
  );
}
