import { describe, expect, it } from "vitest";
import { bytesToHex } from "./bytes";
import { bip39Seed, checkWords, createWords, firstUnknown, splitWords } from "./words";

const ZERO_EN = `${"abandon ".repeat(11)}about`;

describe("recovery words", () => {
  it("leads to the seed of the BIP-39 reference vectors", async () => {
    // From the test vectors of BIP-39 (trezor/python-mnemonic), generated without passphrase.
    expect(bytesToHex(await bip39Seed(ZERO_EN))).toBe(
      "0x5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4",
    );
  });

  it.each(["zh-CN", "en"] as const)("makes twelve words that check, in %s", (language) => {
    const words = createWords(language);
    expect(words).toHaveLength(12);
    expect(checkWords(words.join(" "))).toEqual({ words, language });
  });

  it("reads Chinese words written together, and commas of both scripts", () => {
    const words = createWords("zh-CN");
    expect(splitWords(words.join(""))).toEqual(words);
    expect(splitWords(words.join("，"))).toEqual(words);
    expect(splitWords("  Abandon,\nABOUT\t")).toEqual(["abandon", "about"]);
  });

  it("says what is wrong", () => {
    expect(() => checkWords("abandon about")).toThrow(expect.objectContaining({ reason: "words-count", code: "bad-words" }));
    expect(() => checkWords(ZERO_EN.replace("about", "aboot"))).toThrow(expect.objectContaining({ reason: "words-unknown", detail: expect.stringContaining("word 12") }));
    expect(() => checkWords(ZERO_EN.replace("about", "zoo"))).toThrow(expect.objectContaining({ reason: "words-checksum" }));
    expect(firstUnknown(["的", "龘", "在"])).toBe(1);
    expect(firstUnknown(["abandon", "about"])).toBeNull();
  });
});
