import { expect, test } from "vitest";
import { passphraseProblem, placesToAsk, splitWords, wrongPlaces } from "./new-wallet";
import { cleanNumber } from "./sign-in";

test("three different places are asked, in order", () => {
  const places = placesToAsk(12, () => 0.99);
  expect(new Set(places).size).toBe(3);
  expect([...places].sort((a, b) => a - b)).toEqual(places);
  expect(wrongPlaces(["a", "b", "c"], [0, 2], [" A ", "x"])).toEqual([2]);
});

test("words are read with or without spaces", () => {
  expect(splitWords(" Abandon  ability\nable ")).toEqual(["abandon", "ability", "able"]);
  expect(splitWords("的一是")).toEqual(["的", "一", "是"]);
});

test("passphrases are long enough and typed twice", () => {
  expect(passphraseProblem("short", "short")?.key).toBe("create.passShort");
  expect(passphraseProblem("long enough", "other")?.key).toBe("create.passDiffer");
  expect(passphraseProblem("老年综合津贴申请", "老年综合津贴申请")).toBeNull();
});

test("identity numbers", () => {
  expect(cleanNumber("51160219600101001x")).toBe("51160219600101001X");
  expect(cleanNumber("123")).toBeNull();
});
