import { describe, expect, test } from "vitest";
import type { ServicePackage } from "../../package/types";
import { askables, question } from "./ask-wallet";

const pack = { credential: { type: "t", vct: "urn:t", valid_days: 1, claims: ["service", "amount_fen"].map((name) => ({ name, from: "x", disclosure: "selective" })) } } as unknown as ServicePackage;

describe("what can be asked of a wallet", () => {
  test("is who somebody is, and what the services issue", () => {
    expect(askables([pack]).map((one) => [one.vct, one.claims])).toEqual([
      ["urn:zhengtong:identity:1", ["number", "name", "birth_date"]],
      ["urn:t", ["service", "amount_fen"]],
    ]);
  });

  test("is what was chosen of that type, in its order, and never nothing", () => {
    const [, one] = askables([pack]);
    expect(one && question(one, new Set(["amount_fen", "service"]))).toEqual({ vct: "urn:t", claims: ["service", "amount_fen"] });
    expect(one && question(one, new Set(["number"]))).toBeNull();
    expect(one && question(one, new Set())).toBeNull();
  });
});
