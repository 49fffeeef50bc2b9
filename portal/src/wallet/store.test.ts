import { IDBFactory } from "fake-indexeddb";
import { describe, expect, it, vi } from "vitest";
import { indexedDbSlot } from "./slot";
import { IDLE_LIMIT_MS } from "./idle";
import { keyringOf } from "./keyring";
import { PASSPHRASE, WORDS, identify, manualTimers, openStore } from "./testing";
import type { VaultWallet } from "./wallet";
import vectors from "./vectors.json";

const failing = (reason: string) => expect.objectContaining({ reason });

describe("the wallet of a browser", () => {
  it("is kept encrypted and opens with its passphrase alone", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const store = await openStore({ slot });
    expect(store.stored()).toBeNull();
    await store.create(WORDS, PASSPHRASE);
    const record = JSON.stringify(await slot.read(), (_, value: unknown) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : value));
    expect(record).not.toContain("abandon");
    expect(record).not.toContain(vectors.wallets[0]?.seed.slice(2));

    const again = await openStore({ slot });
    expect(again.stored()).toMatchObject({ kind: "words", ways: [{ kind: "passphrase" }], fingerprint: expect.stringMatching(/^[0-9a-f]{4}-[0-9a-f]{4}$/) });
    await expect(again.unlock("correct horse 电迟")).rejects.toEqual(failing("passphrase-wrong"));
    expect(await (await again.unlock(PASSPHRASE)).holderKey()).toEqual(vectors.wallets[0]?.holder.jwk);
  });

  it("does not overwrite a wallet, and forgets on request", async () => {
    const store = await openStore();
    await store.create(WORDS, PASSPHRASE);
    await expect(store.create(store.newWords("zh-CN"), PASSPHRASE)).rejects.toEqual(failing("wallet-exists"));
    await store.forget();
    expect(store.stored()).toBeNull();
    await expect(store.unlock(PASSPHRASE)).rejects.toEqual(failing("no-wallet"));
    await store.create(store.newWords("zh-CN"), PASSPHRASE);
  });

  it("refuses short passphrases and wrong words", async () => {
    const store = await openStore();
    await expect(store.create(WORDS, "1234567")).rejects.toEqual(failing("passphrase-short"));
    await expect(store.create([...WORDS.slice(0, 11), "zoo"], PASSPHRASE)).rejects.toEqual(failing("words-checksum"));
    expect(store.checkWords(WORDS)).toBeNull();
    expect(store.checkWords([...WORDS.slice(0, 11), "zoo"])).toBe(-1);
    expect(store.checkWords(["abandon", "nonsense"])).toBe(1);
  });

  it("tells damaged data from a wrong passphrase", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    await (await openStore({ slot })).create(WORDS, PASSPHRASE);
    const record = await slot.read();
    if (record?.version !== 2) throw new Error("nothing stored");
    const data = record.body.data.slice();
    data[0] = (data[0] ?? 0) ^ 1;
    await slot.replace(record.revision, { ...record, body: { ...record.body, data }, revision: 1 });
    await expect((await openStore({ slot })).unlock(PASSPHRASE)).rejects.toEqual(failing("vault-corrupt"));
  });

  it("locks when nobody used it for a while", async () => {
    const timers = manualTimers();
    const wallet = (await (await openStore({ timers })).create(WORDS, PASSPHRASE)) as VaultWallet;
    const told = vi.fn();
    wallet.onLocked(told);
    timers.pass(IDLE_LIMIT_MS - 1);
    wallet.touch();
    timers.pass(IDLE_LIMIT_MS - 1);
    await wallet.cases();
    expect(told).not.toHaveBeenCalled();
    timers.pass(1);
    expect(told).toHaveBeenCalledExactlyOnceWith(true);
    await expect(wallet.cases()).rejects.toEqual(failing("locked"));
    wallet.touch();
    wallet.lock();
    expect(told).toHaveBeenCalledOnce();
    const byHand = vi.fn();
    const other = (await (await openStore({ timers })).create(WORDS, PASSPHRASE)) as VaultWallet;
    other.onLocked(byHand);
    other.lock();
    expect(byHand).toHaveBeenCalledExactlyOnceWith(false);
  });
});

describe("credentials in a wallet", () => {
  it("are read as their holder sees them, without what only machines need", async () => {
    const wallet = await identify(await (await openStore()).create(WORDS, PASSPHRASE), "510000196001010011");
    const own = await wallet.newCase("old-age-allowance", 1, {});
    await wallet.updateCase(own.id, { credential: "no SD-JWT at all" });
    expect(await wallet.credentials()).toEqual([{ caseId: null, issuer: "public-security", issuedAt: 1, expiresAt: null, vct: null, statusIndex: null, open: [], claims: { number: "510000196001010011", name: "甲" } }]);
  });
});

describe("cases in a wallet", () => {
  it("have a key each, and outlive a restart", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const wallet = await (await openStore({ slot })).create(WORDS, PASSPHRASE);
    const first = await wallet.newCase("old-age-allowance", 1, { account: "622000" });
    const second = await wallet.newCase("temporary-relief", 2, {});
    expect([first.id, first.address, first.salt]).toEqual([vectors.wallets[0]?.cases[0]?.caseId, vectors.wallets[0]?.cases[0]?.address, vectors.wallets[0]?.cases[0]?.salt0]);
    expect(second.id).toBe(vectors.wallets[0]?.cases[1]?.caseId);
    await wallet.updateCase(first.id, { linkedAtMs: { health: 4 } });
    await wallet.updateCase(first.id, { form: { account: "622000", more: 1 } });
    await wallet.updateCase(first.id, { form: { account: "622000" }, linkedAtMs: { "public-security": 5 } });
    await wallet.updateCase(first.id, { linkedAtMs: { "civil-affairs": 6 }, openedTx: "0xab" });
    await wallet.keepDraft("old-age-allowance", { account: "6" });
    await expect(wallet.updateCase("0x00", {})).rejects.toEqual(failing("unknown-case"));

    const again = await (await openStore({ slot })).unlock(PASSPHRASE);
    expect((await again.cases()).map((own) => own.index)).toEqual([1, 0]);
    expect(await again.case(first.id)).toMatchObject({ openedTx: "0xab", linkedAtMs: { "public-security": 5, "civil-affairs": 6 }, form: { account: "622000" } });
    expect(await again.draft("old-age-allowance")).toEqual({ account: "6" });
    await again.keepDraft("old-age-allowance", null);
    expect(await again.draft("old-age-allowance")).toBeNull();
  });

  it("keep what was last seen of them, which is no reason to save a backup", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const wallet = await (await openStore({ slot })).create(WORDS, PASSPHRASE);
    const own = await wallet.newCase("old-age-allowance", 1, {});
    const told = vi.fn();
    keyringOf(wallet).onChanged(told);
    const both = { "zh-CN": "津贴", en: "Allowance" };
    const seen = { atMs: 2, status: "approved", openedAt: 1, promisedBy: 1, title: both, credential: both, claims: {} };
    await wallet.saw({ [own.id]: seen });
    await wallet.saw({ [own.id]: { ...seen, atMs: 1, status: "asking" }, "0x00": seen });
    expect(told).not.toHaveBeenCalled();
    const again = await (await openStore({ slot })).unlock(PASSPHRASE);
    expect((await again.keptCases()).map((one) => one.seen)).toEqual([seen]);
    const record = await slot.read();
    expect(JSON.stringify(record, (_, value: unknown) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : value))).not.toContain("津贴");
  });

  it("never share a key between two tabs", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const here = await (await openStore({ slot })).create(WORDS, PASSPHRASE);
    const there = await (await openStore({ slot })).unlock(PASSPHRASE);
    await Promise.all([here.newCase("a", 1, {}), there.newCase("b", 1, {}), here.newCase("c", 1, {})]);
    const cases = await here.cases();
    expect(new Set(cases.map((own) => own.id)).size).toBe(3);
    expect(cases.map((own) => own.index).sort()).toEqual([0, 1, 2]);
  });

  it("are found again on a new device, up to a gap of unused keys", async () => {
    const known = new Set([vectors.wallets[0]?.cases[0]?.caseId, vectors.wallets[0]?.cases[2]?.caseId]);
    const find = async (ids: readonly `0x${string}`[]) => ids.filter((id) => known.has(id)).map((id) => ({ id, service: "old-age-allowance", version: 1, openedAtMs: 7 }));
    const wallet = await (await openStore({ find })).create(WORDS, PASSPHRASE);
    expect((await wallet.cases()).map((own) => own.index)).toEqual([12, 0]);
    expect((await wallet.newCase("x", 1, {})).index).toBe(13);
  });

  it("take no key that another device has used, also where nothing was taken in from it", async () => {
    const [first, second] = vectors.wallets[0]?.cases ?? [];
    expect([first?.index, second?.index]).toEqual([0, 1]);
    const opened = new Set<string | undefined>();
    const find = async (ids: readonly `0x${string}`[]) => ids.filter((id) => opened.has(id)).map((id) => ({ id, service: "old-age-allowance", version: 1, openedAtMs: 7 }));
    const wallet = await (await openStore({ find })).create(WORDS, PASSPHRASE);
    expect(await wallet.cases()).toEqual([]);
    // Meanwhile, on a device that this one hears nothing of.
    opened.add(first?.caseId).add(second?.caseId);
    const own = await wallet.newCase("x", 1, {});
    expect(own.index).toBe(2);
    // What the other one opened is seen here from now on.
    expect((await wallet.cases()).map(({ index, service }) => [index, service])).toEqual([[2, "x"], [1, "old-age-allowance"], [0, "old-age-allowance"]]);
  });
});
