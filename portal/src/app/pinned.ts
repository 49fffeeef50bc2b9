/** The network key seen at the first visit. From then on a server that shows another one is not believed. */
import type { NetworkInfo } from "../api/types";

const STORED = "zhengtong.network";

export interface Pinned {
  publicKey: string;
  chainId: number;
  atMs: number;
}

export interface KeyStore {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export function pinned(store: KeyStore): Pinned | null {
  try {
    const value = JSON.parse(store.getItem(STORED) ?? "null") as Partial<Pinned> | null;
    return value && typeof value.publicKey === "string" && typeof value.chainId === "number" && typeof value.atMs === "number" ? (value as Pinned) : null;
  } catch {
    return null;
  }
}

/** Pins the key if none is pinned, and says whether the network shows the pinned one. */
export function pin(network: Pick<NetworkInfo, "public_key" | "chain_id">, store: KeyStore, nowMs: number): { key: Pinned; matches: boolean } {
  const known = pinned(store);
  if (known) return { key: known, matches: known.publicKey === network.public_key && known.chainId === network.chain_id };
  const key: Pinned = { publicKey: network.public_key, chainId: network.chain_id, atMs: nowMs };
  try {
    store.setItem(STORED, JSON.stringify(key));
  } catch {
    // private mode: pinned for this page alone
  }
  return { key, matches: true };
}

/** Pins a key that the person brings from elsewhere, instead of the one first seen. */
export function repin(publicKey: string, chainId: number, store: KeyStore, nowMs: number): Pinned {
  const key: Pinned = { publicKey, chainId, atMs: nowMs };
  store.setItem(STORED, JSON.stringify(key));
  return key;
}

export const KEY_PATTERN = /^0x[0-9a-f]{192}$/;

export function cleanKey(text: string): string | null {
  const bare = text.replace(/[\s:]/g, "").toLowerCase().replace(/^0x/, "");
  const key = `0x${bare}`;
  return KEY_PATTERN.test(key) ? key : null;
}
