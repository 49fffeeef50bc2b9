import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { bytesToHex, caseCommitment, formCommitment, hexToBytes, jcs, personCommitment, sha256Digits, statementCommitment } from "./bytes";
import type { Address, Hex } from "./bytes";
import { caseIdOf, caseKey, caseSalt, credentialKey, holderKey, personSalt, seedFromBip39, seedFromSignature, useKey, useSecret, useTag } from "./derive";
import { publicJwk } from "./identity";
import vectors from "./vectors.json";
import { bip39Seed } from "./words";

// vectors.json was cross-checked by an independent implementation of HKDF, HMAC and PBKDF2; other parts of the system assert the same file.
const hex = (text: string): Hex => text as Hex;

describe.each(vectors.wallets)("wallet of $words", (wallet) => {
  const seed = hexToBytes(hex(wallet.seed));

  it("has this seed and holder key", async () => {
    const bip39 = await bip39Seed(wallet.words);
    expect(bytesToHex(bip39)).toBe(wallet.bip39Seed);
    expect(bytesToHex(seedFromBip39(bip39))).toBe(wallet.seed);
    expect(holderKey(seed)).toBe(wallet.holder.privateKey);
    expect(publicJwk(holderKey(seed))).toEqual(wallet.holder.jwk);
  });

  it.each(wallet.cases)("has these keys for case $index", (expected) => {
    const key = caseKey(seed, expected.index);
    const address = privateKeyToAccount(key).address;
    const id = caseIdOf(vectors.chainId, hex(vectors.cases) as Address, address);
    expect([key, address.toLowerCase(), id]).toEqual([expected.privateKey, expected.address, expected.caseId]);
    expect(credentialKey(seed, id)).toBe(expected.credentialKey);
    expect([caseSalt(seed, id, 0), personSalt(seed, id)]).toEqual([expected.salt0, expected.personSalt]);
    const { provider, secret, tags } = expected.useSecret;
    expect(useSecret(seed, id, provider)).toBe(secret);
    for (const { n, tag, key: recordKey } of tags) {
      expect([useTag(hex(secret), n), bytesToHex(useKey(hex(secret), n))]).toEqual([tag, recordKey]);
    }
  });
});

describe("derivations", () => {
  const seed = hexToBytes(hex(vectors.wallets[0]?.seed ?? "0x"));

  it("takes signatures with v as 0/1 and 27/28 alike", () => {
    const signature = hex(vectors.fromSignature.signature);
    const last = Number.parseInt(signature.slice(-2), 16);
    const other = hex(`${signature.slice(0, -2)}${(last - 27).toString(16).padStart(2, "0")}`);
    expect(bytesToHex(seedFromSignature(signature))).toBe(vectors.fromSignature.seed);
    expect(bytesToHex(seedFromSignature(other))).toBe(vectors.fromSignature.seed);
    expect(() => seedFromSignature("0x1234")).toThrow(RangeError);
  });

  it("gives every case, provider and n its own secret", () => {
    const ids = [hex(`0x${"11".repeat(32)}`), hex(`0x${"22".repeat(32)}`)];
    const secrets = ids.flatMap((id) => ["civil-affairs", "health"].map((provider) => useSecret(seed, id, provider)));
    const tags = secrets.flatMap((secret) => Array.from({ length: 50 }, (_, n) => useTag(secret, n)));
    expect(new Set([...secrets, ...tags]).size).toBe(4 + 200);
  });

  it("refuses an index that has no four bytes", () => {
    for (const index of [-1, 0.5, 2 ** 32, Number.NaN]) expect(() => caseKey(seed, index)).toThrow(RangeError);
  });

  it("commits to canonical JSON", () => {
    const { form, salt, commitment } = vectors.form;
    expect(jcs(form)).toBe(vectors.form.jcs);
    expect(formCommitment(hex(salt), { 姓名: form["姓名"], z: form.z, a: form.a })).toBe(commitment);
    const { person } = vectors;
    expect(personCommitment(hex(person.salt), person.number)).toBe(person.commitment);
    expect(caseCommitment(hex(person.commitment), hex(commitment))).toBe(person.caseCommitment);
    expect(statementCommitment(hex(salt), vectors.statement.text)).toBe(vectors.statement.commitment);
    expect(sha256Digits("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-4
  });
});
