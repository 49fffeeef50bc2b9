// Wallets that other programs put into the page: found by EIP-6963, with `window.ethereum` as the last resort.
import type { EIP1193Provider } from "viem";
import { getTypesForEIP712Domain, numberToHex, serializeTypedData, stringToHex } from "viem";
import type { InjectedProvider } from "../ports";
import type { Address, Hex } from "./bytes";
import type { AccountData } from "./account/signers";
import { WalletError } from "./errors";

/** How long wallets may take to announce themselves before `window.ethereum` is offered instead. */
export const ANNOUNCE_WAIT_MS = 400;
/** More announcements than this are ignored: a hostile extension must not fill the screen. */
export const MAX_PROVIDERS = 20;
const REJECTED = 4001; // EIP-1193
const UNKNOWN_CHAIN = 4902; // EIP-3326
const LEGACY: InjectedProvider = {
  uuid: "window.ethereum",
  name: "Browser wallet",
  rdns: "window.ethereum",
  icon: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E",
};

/**
 * The text whose signature becomes the seed. It never changes: another text is another wallet.
 * The caveat: whoever gets a signature of exactly this text has every key of this wallet, so it says where it may be signed.
 */
export const SEED_TEXT = [
  "政通 Zhengtong wallet v1",
  "",
  "签署此文将打开您在政通的全部办件密钥。请只在您信任的政通门户上签署；任何人得到此签名，即得到这些密钥。",
  "Signing this opens all your case keys on Zhengtong. Sign it only on a Zhengtong portal you trust: whoever has this signature has those keys.",
].join("\n");

const known = new Map<string, EIP1193Provider>();

interface Announcement extends Event {
  readonly detail?: { info?: Partial<InjectedProvider>; provider?: EIP1193Provider };
}

/** Calls back once for every wallet found; answers how to stop listening. */
export function discover(found: (provider: InjectedProvider) => void, target: Window & { ethereum?: unknown } = window): () => void {
  const seen = new Set<string>();
  const offer = (info: InjectedProvider, provider: EIP1193Provider): void => {
    if (seen.has(info.uuid) || seen.size >= MAX_PROVIDERS) return;
    seen.add(info.uuid);
    known.set(info.uuid, provider);
    found(info);
  };
  const listen = (event: Event): void => {
    const { info, provider } = (event as Announcement).detail ?? {};
    if (typeof provider?.request !== "function") return;
    const { uuid, name, rdns, icon } = info ?? {};
    if (typeof uuid !== "string" || typeof name !== "string" || typeof rdns !== "string") return;
    offer({ uuid, name, rdns, icon: typeof icon === "string" && icon.startsWith("data:image/") ? icon : LEGACY.icon }, provider);
  };
  target.addEventListener("eip6963:announceProvider", listen);
  target.dispatchEvent(new Event("eip6963:requestProvider"));
  const timer = setTimeout(() => {
    const legacy = target.ethereum as EIP1193Provider | undefined;
    if (seen.size === 0 && typeof legacy?.request === "function") offer(LEGACY, legacy);
  }, ANNOUNCE_WAIT_MS);
  return () => {
    clearTimeout(timer);
    target.removeEventListener("eip6963:announceProvider", listen);
  };
}

/** The provider behind an announcement of this page. */
export function providerOf(info: InjectedProvider): EIP1193Provider {
  const provider = known.get(info.uuid);
  if (provider === undefined) throw new WalletError("injected-missing", `${info.name} is not on this page`);
  return provider;
}

async function request<T>(work: Promise<unknown>): Promise<T> {
  try {
    return (await work) as T;
  } catch (cause) {
    const { code, message } = cause as { code?: number; message?: string };
    if (code === REJECTED) throw new WalletError("injected-rejected", "the request was turned down in the wallet");
    throw new WalletError("injected-failed", message ?? String(cause));
  }
}

/** Asks for the selected account. */
export async function accountOf(provider: EIP1193Provider): Promise<Address> {
  const accounts = await request<unknown>(provider.request({ method: "eth_requestAccounts" }));
  const account = Array.isArray(accounts) ? (accounts[0] as unknown) : undefined;
  if (typeof account !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(account)) throw new WalletError("injected-failed", "the wallet named no account");
  return account.toLowerCase() as Address;
}

export async function personalSign(provider: EIP1193Provider, account: Address, text: string): Promise<Hex> {
  const signature = await request<unknown>(provider.request({ method: "personal_sign", params: [stringToHex(text), account] }));
  if (typeof signature !== "string" || !/^0x[0-9a-fA-F]{130}$/.test(signature)) {
    throw new WalletError("injected-failed", "the signature is not one of a simple key (65 bytes)");
  }
  return signature.toLowerCase() as Hex;
}

/** Asks for a signature of typed data (EIP-712), which the wallet shows. */
export async function signTyped(provider: EIP1193Provider, account: Address, data: AccountData): Promise<Hex> {
  const types = { EIP712Domain: getTypesForEIP712Domain({ domain: data.domain }), ...data.types };
  const signature = await request<unknown>(provider.request({ method: "eth_signTypedData_v4", params: [account, serializeTypedData({ ...data, types } as never)] }));
  if (typeof signature !== "string" || !/^0x[0-9a-fA-F]{130}$/.test(signature)) throw new WalletError("injected-failed", "the signature is not one of a simple key (65 bytes)");
  return signature.toLowerCase() as Hex;
}

/** Makes the wallet talk to our chain, adding it when the wallet does not know it. */
export async function useChain(provider: EIP1193Provider, chain: { id: number; name: string; rpcUrl: string }): Promise<void> {
  const chainId = numberToHex(chain.id);
  if ((await request<string>(provider.request({ method: "eth_chainId" }))) === chainId) return;
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
  } catch (cause) {
    if ((cause as { code?: number }).code !== UNKNOWN_CHAIN) return await request(Promise.reject(cause));
    const nativeCurrency = { name: "Zhengtong", symbol: "ZT", decimals: 18 };
    const parameters = { chainId, chainName: chain.name, rpcUrls: [chain.rpcUrl], nativeCurrency };
    await request(provider.request({ method: "wallet_addEthereumChain", params: [parameters] }));
  }
}
