import { createDecipheriv } from "node:crypto";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { IDBFactory } from "fake-indexeddb";
import { describe, expect, it, vi } from "vitest";
import { base64Url, concatBytes, stringToBytes } from "./bytes";
import { keyringOf } from "./keyring";
import old from "./old-vault.json";
import { type Sealed, type Slot, type VaultRecord, type Way, indexedDbSlot } from "./slot";
import { PASSPHRASE, WORDS, openStore, testAuthenticator } from "./testing";
import { Vault } from "./vault";
import vectors from "./vectors.json";
import { KDF_ITERATIONS_MAX, WAYS_MAX } from "./ways";

const failing = (reason: string) => expect.objectContaining({ reason });
const HOLDER = vectors.wallets[0]?.holder.jwk;

async function recordIn(slot: Slot): Promise<VaultRecord> {
  const record = await slot.read();
  if (record?.version !== 2) throw new Error("nothing stored");
  return record;
}

/** Changes what is stored, as somebody would who can write to the disk. */
async function tamper(slot: Slot, change: (record: VaultRecord) => Partial<VaultRecord>): Promise<void> {
  const record = await recordIn(slot);
  await slot.replace(record.revision, { ...record, ...change(record), revision: record.revision + 1 });
}

const changed = (way: Way, change: Partial<Record<string, unknown>>): Way => ({ ...way, ...change }) as Way;

async function withPasskey() {
  const slot = indexedDbSlot(new IDBFactory());
  const authenticator = testAuthenticator();
  const store = await openStore({ slot, authenticator });
  const wallet = await store.create(WORDS, PASSPHRASE);
  await store.addPasskey(wallet, PASSPHRASE);
  return { slot, authenticator, store, wallet };
}

describe("a wallet with a passkey", () => {
  it("opens with it alone, in one touch, and with the passphrase as before", async () => {
    const { slot, authenticator } = await withPasskey();
    const again = await openStore({ slot, authenticator });
    expect(again.stored()?.ways.map((way) => way.kind)).toEqual(["passphrase", "passkey"]);
    authenticator.asked.length = 0;
    expect(await (await again.unlockWithPasskey()).holderKey()).toEqual(HOLDER);
    expect(authenticator.asked).toHaveLength(1);
    expect(await (await again.unlock(PASSPHRASE)).holderKey()).toEqual(HOLDER);
  });

  it("can be made with it and no passphrase at all", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const authenticator = testAuthenticator();
    await (await openStore({ slot, authenticator })).create(WORDS, null);
    const again = await openStore({ slot, authenticator });
    await expect(again.unlock(PASSPHRASE)).rejects.toEqual(failing("no-way"));
    const wallet = await again.unlockWithPasskey();
    expect(await wallet.holderKey()).toEqual(HOLDER);
    await again.addPassphrase(wallet, PASSPHRASE);
    expect(await (await again.unlock(PASSPHRASE)).holderKey()).toEqual(HOLDER);
    await expect(again.addPassphrase(wallet, PASSPHRASE)).rejects.toEqual(failing("too-many-ways"));
  });

  it("is refused by another authenticator, also by one that answers to the same name", async () => {
    const { slot, authenticator } = await withPasskey();
    const stranger = testAuthenticator();
    await expect((await openStore({ slot, authenticator: stranger })).unlockWithPasskey()).rejects.toEqual(failing("passkey-refused"));
    for (const id of authenticator.held.keys()) stranger.held.set(id, new Uint8Array(32).fill(9));
    await expect((await openStore({ slot, authenticator: stranger })).unlockWithPasskey()).rejects.toEqual(failing("passkey-wrong"));
    await expect((await openStore({ slot })).unlockWithPasskey()).rejects.toEqual(failing("passkey-unable"));
  });

  it("is added only by somebody who can open the wallet", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const authenticator = testAuthenticator();
    const store = await openStore({ slot, authenticator });
    const wallet = await store.create(WORDS, PASSPHRASE);
    await expect(store.addPasskey(wallet, "not the passphrase")).rejects.toEqual(failing("passphrase-wrong"));
    await expect(store.addPasskey(wallet, null)).rejects.toEqual(failing("no-way"));
    expect(authenticator.held.size).toBe(0);
    authenticator.refuse = true;
    await expect(store.addPasskey(wallet, PASSPHRASE)).rejects.toEqual(failing("passkey-refused"));
    expect((await recordIn(slot)).ways).toHaveLength(1);
  });

  it("is not added where the authenticator has no PRF, and the useless passkey is given back", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const authenticator = testAuthenticator({ hasPrf: false });
    const store = await openStore({ slot, authenticator });
    await expect(store.create(WORDS, null)).rejects.toEqual(expect.objectContaining({ reason: "passkey-unable", code: "passkey-unable" }));
    expect(store.stored()).toBeNull();
    const wallet = await store.create(WORDS, PASSPHRASE);
    await expect(store.addPasskey(wallet, PASSPHRASE)).rejects.toEqual(failing("passkey-unable"));
    expect([authenticator.discarded, authenticator.held.size]).toEqual([2, 0]);
    expect((await recordIn(slot)).ways).toHaveLength(1);
  });

  it("takes the account's passkey of this device instead of a second one, if that has a PRF", async () => {
    const authenticator = testAuthenticator();
    const { passkey } = await authenticator.create("", []);
    const accountPasskey = async () => passkey;
    const slot = indexedDbSlot(new IDBFactory());
    const store = await openStore({ slot, authenticator, accountPasskey });
    const wallet = await store.create(WORDS, PASSPHRASE);
    await keyringOf(wallet).keepAccount({ id: "0x01", host: "h", authorities: [], key: "0x02", shares: [] });
    await store.addPasskey(wallet, PASSPHRASE);
    expect(authenticator.held.size).toBe(1);
    expect(await store.sealingPasskey()).toEqual(passkey);
  });

  it("does not replace the wallet that is here when the person says no", async () => {
    const { store, authenticator } = await withPasskey();
    authenticator.refuse = true;
    await expect(store.create(store.newWords("en"), null, true)).rejects.toEqual(failing("passkey-refused"));
    expect(await (await store.unlock(PASSPHRASE)).holderKey()).toEqual(HOLDER);
  });

  it("has a bounded number of them", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    const wallet = await (await openStore({ slot, authenticator: testAuthenticator() })).create(WORDS, PASSPHRASE);
    const store = await openStore({ slot, authenticator: testAuthenticator() });
    const open = await store.unlock(PASSPHRASE);
    for (let n = 1; n < WAYS_MAX; n++) {
      const another = await openStore({ slot, authenticator: testAuthenticator() });
      await another.addPasskey(await another.unlock(PASSPHRASE), PASSPHRASE);
    }
    await expect(store.addPasskey(open, PASSPHRASE)).rejects.toEqual(failing("too-many-ways"));
    expect(await wallet.holderKey()).toEqual(HOLDER);
  });
});

describe("a way that is removed", () => {
  it("opens nothing that is stored afterwards, not even with an old copy of the record", async () => {
    const { slot, authenticator, store, wallet } = await withPasskey();
    const before = await recordIn(slot);
    const [passphrase, passkey] = before.ways;
    await store.removeWay(wallet, passphrase?.id ?? "", null);
    expect(store.stored()?.ways.map((way) => way.kind)).toEqual(["passkey"]);
    expect(await wallet.holderKey()).toEqual(HOLDER);
    await expect(store.unlock(PASSPHRASE)).rejects.toEqual(failing("no-way"));
    expect(await (await store.unlockWithPasskey()).holderKey()).toEqual(HOLDER);

    const after = await recordIn(slot);
    expect(after.keyId).not.toBe(before.keyId);
    expect(after.ways[0]?.wrapped.data).not.toEqual(passkey?.wrapped.data);
    // The thief puts the old way back: it wraps the old key, for another record.
    await tamper(slot, (record) => ({ ways: [...record.ways, ...before.ways.slice(0, 1)] }));
    await expect(store.unlock(PASSPHRASE)).rejects.toEqual(failing("passphrase-wrong"));
    await tamper(slot, () => ({ ways: before.ways, keyId: before.keyId }));
    await expect(store.unlock(PASSPHRASE)).rejects.toEqual(failing("vault-corrupt"));
    expect(authenticator.held.size).toBe(1);
  });

  it("is removed only with every way that stays, and never the last one", async () => {
    const { slot, authenticator, store, wallet } = await withPasskey();
    const [passphrase, passkey] = (await recordIn(slot)).ways;
    await expect(store.removeWay(wallet, passkey?.id ?? "", "not the passphrase")).rejects.toEqual(failing("passphrase-wrong"));
    authenticator.refuse = true;
    await expect(store.removeWay(wallet, passphrase?.id ?? "", null)).rejects.toEqual(failing("passkey-refused"));
    expect((await recordIn(slot)).ways).toHaveLength(2);
    await store.removeWay(wallet, passkey?.id ?? "", PASSPHRASE);
    await expect(store.unlockWithPasskey()).rejects.toEqual(failing("no-way"));
    await expect(store.removeWay(wallet, passphrase?.id ?? "", null)).rejects.toEqual(failing("last-way"));
    expect(await (await store.unlock(PASSPHRASE)).holderKey()).toEqual(HOLDER);
  });

  it("locks the wallet in other windows, which hold the old key", async () => {
    const { slot, authenticator, store, wallet } = await withPasskey();
    const there = await (await openStore({ slot, authenticator })).unlock(PASSPHRASE);
    const told = vi.fn();
    there.onLocked(told);
    await store.removeWay(wallet, (await recordIn(slot)).ways[1]?.id ?? "", PASSPHRASE);
    await wallet.keepDraft("a", { n: 1 });
    await expect(there.keepDraft("a", { n: 2 })).rejects.toEqual(failing("locked"));
    expect(told).toHaveBeenCalledOnce();
    expect(await wallet.draft("a")).toEqual({ n: 1 });
  });
});

describe("what is stored", () => {
  it("is what other implementations of the same functions read", async () => {
    const { slot, authenticator } = await withPasskey();
    const record = await recordIn(slot);
    const { kind, fingerprint, createdAtMs, account, keyId } = record;
    // RFC 8785 by hand: members sorted, no spaces. All values are plain ASCII and integers.
    const sorted = (value: object): string => `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => `"${name}":${one !== null && typeof one === "object" && !Array.isArray(one) ? sorted(one as object) : JSON.stringify(one)}`).join(",")}}`;
    const aad = (purpose: string, way: object | null) => sorted({ format: "zhengtong/vault", version: 2, purpose, wallet: { kind, fingerprint, createdAtMs, account }, keyId, way });
    const open = (key: Uint8Array, { iv, data }: Sealed, bound: string): Buffer => {
      const cipher = createDecipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(bound));
      cipher.setAuthTag(data.slice(-16));
      return Buffer.concat([cipher.update(data.slice(0, -16)), cipher.final()]);
    };
    const keys = record.ways.map((way) => {
      const secret = way.kind === "passphrase" ? pbkdf2(sha256, PASSPHRASE.normalize("NFKC"), way.salt, { c: way.iterations, dkLen: 32 }) : way.kind === "passkey" ? hmac(sha256, authenticator.held.get(way.credentialId) ?? new Uint8Array(), sha256(concatBytes([stringToBytes("WebAuthn PRF\0"), way.salt]))) : new Uint8Array();
      const key = hkdf(sha256, secret, new Uint8Array(0), stringToBytes(`zhengtong/vault/v2/wrap/${way.kind}`), 32);
      const { wrapped, ...parameters } = way;
      return open(key, wrapped, aad("wrap", Object.fromEntries(Object.entries(parameters).map(([name, one]) => [name, one instanceof Uint8Array ? base64Url(one) : one]))));
    });
    expect(keys[0]).toEqual(keys[1]);
    const [contentKey] = keys;
    if (contentKey === undefined) throw new Error("no way");
    expect(JSON.parse(open(contentKey, record.body, aad("content", null)).toString())).toMatchObject({ v: 1, words: WORDS.join(" ") });
  });

  it("does not open when anything readable beside it was changed", async () => {
    const changes: ((record: VaultRecord) => Partial<VaultRecord>)[] = [
      ({ ways }) => ({ ways: ways.map((way) => changed(way, { createdAtMs: 1 })) }),
      ({ ways }) => ({ ways: ways.map((way) => (way.kind === "passphrase" ? changed(way, { iterations: 999 }) : changed(way, { x: "0x09" }))) }),
      ({ ways: [a, b] }) => ({ ways: a && b ? [changed(a, { wrapped: b.wrapped }), changed(b, { wrapped: a.wrapped })] : [] }),
      ({ ways }) => ({ ways: ways.map((way) => changed(way, { salt: way.kind === "injected" ? null : way.salt.map((byte) => byte ^ 1) })) }),
      () => ({ fingerprint: "0000-0000" }),
      () => ({ keyId: "another" }),
    ];
    for (const change of changes) {
      const { slot, store } = await withPasskey();
      await tamper(slot, change);
      await expect(store.unlock(PASSPHRASE)).rejects.toEqual(failing("passphrase-wrong"));
      await expect(store.unlockWithPasskey()).rejects.toEqual(failing("passkey-wrong"));
    }
  });

  it("is refused before any work when its shape is not one that this wallet writes", async () => {
    const { slot, store } = await withPasskey();
    const { ways } = await recordIn(slot);
    for (const wrong of [[], [...ways, ...ways, ...ways], ways.map((way) => changed(way, { iterations: KDF_ITERATIONS_MAX + 1 })), ways.map((way) => changed(way, { kind: "none" }))]) {
      await tamper(slot, () => ({ ways: wrong }));
      await expect(store.unlock(PASSPHRASE)).rejects.toEqual(failing("vault-corrupt"));
    }
  });
});

describe("a wallet stored by the first version", () => {
  const revived = (record: unknown): VaultRecord =>
    JSON.parse(JSON.stringify(record), (_, value: { base64?: string } | null) => (value?.base64 === undefined ? value : new Uint8Array(Buffer.from(value.base64, "base64")))) as VaultRecord;

  it("opens with its passphrase, and is stored anew: one way, under a key of its own", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    await slot.replace(null, revived(old.passphrase));
    const authenticator = testAuthenticator();
    const store = await openStore({ slot, authenticator });
    expect(store.stored()?.ways.map((way) => way.kind)).toEqual(["passphrase"]);
    await expect(store.unlockWithPasskey()).rejects.toEqual(failing("no-way"));
    await expect(store.unlock("not the passphrase")).rejects.toEqual(failing("passphrase-wrong"));
    expect((await slot.read())?.version).toBe(1);
    const wallet = await store.unlock(PASSPHRASE);
    expect(await keyringOf(wallet).content()).toEqual(old.state);
    const record = await recordIn(slot);
    expect(record).toMatchObject({ kind: "words", fingerprint: "7f3a-91c2", createdAtMs: 1_790_000_000_000, revision: 1 });
    expect(Object.keys(record).sort()).toEqual(["account", "body", "createdAtMs", "fingerprint", "keyId", "kind", "revision", "version", "ways"]);
    await store.addPasskey(wallet, PASSPHRASE);
    expect(await keyringOf(await store.unlockWithPasskey()).content()).toEqual(old.state);
  });

  it("opens with its injected wallet's seed, and is stored anew", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    await slot.replace(null, revived(old.injected));
    await expect((await openStore({ slot })).unlock(PASSPHRASE)).rejects.toEqual(failing("injected-missing"));
    const settings = { now: () => 1 };
    await expect(Vault.unlockWithSeed(slot, new Uint8Array(64), settings)).rejects.toEqual(failing("passphrase-wrong"));
    const vault = await Vault.unlockWithSeed(slot, new Uint8Array(64).fill(7), settings);
    expect((await vault.read()).drafts).toEqual(old.state.drafts);
    expect((await recordIn(slot)).ways.map((way) => way.kind)).toEqual(["injected"]);
    expect((await (await Vault.unlockWithSeed(slot, new Uint8Array(64).fill(7), settings)).read()).drafts).toEqual(old.state.drafts);
  });

  it("opens in two windows at once", async () => {
    const slot = indexedDbSlot(new IDBFactory());
    await slot.replace(null, revived(old.passphrase));
    const [here, there] = await Promise.all([(await openStore({ slot })).unlock(PASSPHRASE), (await openStore({ slot })).unlock(PASSPHRASE)]);
    await here.keepDraft("a", { n: 1 });
    expect(await there.draft("a")).toEqual({ n: 1 });
  });
});
