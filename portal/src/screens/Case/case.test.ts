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

  test.each(["approved", "refused", "appealed", "supplement", "unknown"])("%s: whatever is changed, left out or doubled is found", (name) => {
    expect(unseen(view(name))).toEqual([]);
  });

  test("of the index's own answer too", () => {
    expect(unseen(approvedJson as unknown as CaseView)).toEqual([]);
  });

  test("the field that differs is named", () => {
    const shown = view("approved");
    const honest = provenOf(shown);
    shown.decision!.amount_fen = 60_000;
    shown.facts.find((fact) => fact.predicate === "age")!.value = 67;
    expect(compare(shown, honest)).toEqual([
      { field: "decision.amount_fen", shown: "60000", proven: "7500" },
      { field: "facts.age", shown: "67", proven: "66" },
    ]);
  });
});

/** A place in a block is known to whoever has the whole block, and is not shown. */
const NOT_SHOWN = /^events\.\d+\.(log_index|case_id)$/;

/** Changes one thing after the other in what is shown, and answers the changes that `compare` did not see. */
function unseen(view: CaseView): string[] {
  const honest = provenOf(view);
  expect(compare(view, honest)).toEqual([]);
  return changesOf(view as unknown as Tree).flatMap(({ path, change }) => {
    const shown = structuredClone(view);
    change(shown as unknown as Tree);
    return NOT_SHOWN.test(path) || compare(shown, honest).length > 0 ? [] : [path];
  });
}

type Tree = Record<string, unknown>;

/** Every leaf changed a little, and every list with an entry less and one twice. */
function changesOf(tree: Tree, path: readonly string[] = []): { path: string; change: (tree: Tree) => void }[] {
  const at = (root: Tree): Tree => path.reduce((node, key) => node[key] as Tree, root);
  return Object.entries(tree).flatMap(([key, value]) => {
    const here = [...path, key].join(".");
    if (typeof value !== "object" || value === null) return [{ path: here, change: (root: Tree) => void (at(root)[key] = otherThan(value)) }];
    const deeper = changesOf(value as Tree, [...path, key]);
    if (!Array.isArray(value) || value.length === 0) return deeper;
    const less = { path: `${here} less one`, change: (root: Tree) => void (at(root)[key] as unknown[]).pop() };
    const twice = { path: `${here} one twice`, change: (root: Tree) => void (at(root)[key] as unknown[]).push(value[0]) };
    return [...deeper, less, twice];
  });
}

function otherThan(value: unknown): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1;
  if (typeof value !== "string") return 1;
  const last = value.at(-1) === "1" ? "2" : "1";
  return value.slice(0, -1) + last;
}
