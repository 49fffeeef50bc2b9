import { describe, expect, test } from "vitest";
import approvedJson from "../../../../crates/index/tests/snapshots/case-approved.json";
import type { CaseView } from "../../api/types";
import { MockCases } from "../../testing/mock-cases";
import { packages } from "../../testing/packages";
import { provenOf } from "../../testing/proven";
import { PREPARED, prepare } from "../../testing/world";
import { compare, plain } from "./compare";
import { timeline } from "./timeline";
import { mayAppeal, verdict } from "./verdict";

const NOW = 1_800_000_000;
const pack = packages["old-age-allowance"]!;
const cases = new MockCases(() => NOW);
prepare(cases, NOW);
const view = (name: string) => cases.get(PREPARED[name]!);

describe("the head of a case", () => {
  test.each([
    ["asking", "asking"],
    ["possible-refusal", "review"],
    ["unknown", "review"],
    ["supplement", "supplement"],
    ["refused", "refused"],
    ["appealed", "review"],
  ])("%s reads as %s", (name, key) => expect(verdict(view(name), pack).key).toBe(key));

  test("66 years: approved, 75 yuan a month", () => {
    expect(verdict(view("approved"), pack)).toEqual({ tone: "good", key: "approvedAmount", amount: { fen: 7500, per: "month" } });
  });

  test("one may appeal once, in time", () => {
    const refused = view("refused");
    expect(mayAppeal(refused, NOW)).toBe(true);
    expect(mayAppeal(refused, (refused.appeal_by ?? 0) + 1)).toBe(false);
    expect(mayAppeal({ ...refused, appeals: 1 }, NOW)).toBe(false);
    expect(mayAppeal(view("unknown"), NOW)).toBe(false);
  });
});

describe("the story of a case", () => {
  const keys = (name: string) => timeline(view(name), pack).map((entry) => entry.key);
  test("asking: who has answered, who is asked, what comes", () => {
    expect(keys("asking")).toEqual(["timeline.opened", "timeline.answered", "timeline.asked", "timeline.asked", "timeline.rules", "timeline.result"]);
  });
  test("approved to the credential", () => expect(keys("approved").slice(-2)).toEqual(["timeline.decided.rules", "timeline.credential"]));
  test("refused by an officer is marked", () => expect(timeline(view("refused"), pack).at(-1)).toMatchObject({ key: "timeline.decided.refuse", state: "bad" }));
  test("all defects are named", () => expect(timeline(view("supplement"), pack).find((entry) => entry.defects)?.defects).toHaveLength(2));
  test("the index's own answer is read", () => expect(timeline(approvedJson as unknown as CaseView, pack).map((entry) => entry.key)).toContain("timeline.decided.rules"));
});

describe("what is shown against what is proven", () => {
  test("one spelling for what means the same", () => {
    expect(plain(`0x${Buffer.from("old-age-allowance").toString("hex").padEnd(64, "0")}`)).toBe("old-age-allowance");
    expect([plain(null), plain(false), plain("0x00"), plain(0)]).toEqual(["0", "0", "0", "0"]);
    expect(plain("0xAB")).toBe("0xab");
  });

  test.each(Object.keys(PREPARED))("%s: nothing differs", (name) => expect(compare(view(name), provenOf(view(name)))).toEqual([]));

  test.each<[string, (shown: CaseView) => void]>([
    ["status", (shown) => (shown.status = "refused")],
    ["promised_by", (shown) => (shown.promised_by += 1)],
    ["frozen", (shown) => (shown.frozen = true)],
    ["decision.amount_fen", (shown) => (shown.decision!.amount_fen = 60_000)],
    ["decision.reason", (shown) => (shown.decision!.reason = "age-100-and-over")],
    ["facts.age", (shown) => (shown.facts.find((fact) => fact.predicate === "age")!.value = 67)],
    ["uses", (shown) => shown.uses.pop()],
    ["events", (shown) => shown.events.pop()],
  ])("a changed %s is found and named", (field, change) => {
    const honest = provenOf(view("approved"));
    const shown = view("approved");
    change(shown);
    expect(compare(shown, honest).map((difference) => difference.field)).toContain(field);
  });
});
