import { expect, test } from "vitest";
import { fingerprint } from "./fingerprint";
import { cleanKey, type KeyStore, pin, pinned, repin } from "./pinned";

function memory(): KeyStore {
  const kept = new Map<string, string>();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => void kept.set(name, value), removeItem: (name) => void kept.delete(name) };
}

test("the first key seen is pinned, another one does not match", () => {
  const store = memory();
  expect(pin({ public_key: "0xaa", chain_id: 1 }, store, 5)).toEqual({ key: { publicKey: "0xaa", chainId: 1, atMs: 5 }, matches: true });
  expect(pin({ public_key: "0xbb", chain_id: 1 }, store, 6).matches).toBe(false);
  expect(pin({ public_key: "0xaa", chain_id: 2 }, store, 6).matches).toBe(false);
  expect(pinned(store)?.publicKey).toBe("0xaa");
  repin("0xcc", 1, store, 7);
  expect(pinned(store)?.publicKey).toBe("0xcc");
});

test("a broken store counts as none", () => {
  const store = memory();
  store.setItem("zhengtong.network", "{");
  expect(pinned(store)).toBeNull();
});

test("keys are read as people paste them", () => {
  const hex = "ab".repeat(96);
  expect(cleanKey(` 0x${hex.toUpperCase()} `)).toBe(`0x${hex}`);
  expect(cleanKey(hex.slice(2))).toBeNull();
});

test("the fingerprint is the first half of the SHA-256 of the key", () => {
  // SHA-256 of the three bytes "abc", FIPS 180-2
  expect(fingerprint("0x616263")).toBe("ba7816bf8f01cfea414140de5dae2223");
  expect(fingerprint("0xzz")).toBe("");
});
