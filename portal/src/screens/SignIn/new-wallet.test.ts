import { expect, test } from "vitest";
import { passphraseProblem, placesToAsk, splitWords, wrongPlaces } from "./new-wallet";
import { readNumber } from "./sign-in";

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
  // The worked examples of GB 11643-1999, annex A.
  expect(readNumber("110105 19491231 002x")).toEqual({ number: "11010519491231002X" });
  expect(readNumber("440524188001010014")).toEqual({ number: "440524188001010014" });
  for (const text of ["123", "", "11010519491231002Y", "11010519491231002XX"]) expect(readNumber(text)).toEqual({ problem: "identity.numberError" });
  // One digit mistyped, and two neighbours exchanged.
  for (const text of ["110105194912310021", "11010519491231003X", "11010519491213002X"]) expect(readNumber(text)).toEqual({ problem: "identity.numberWrong" });
});
