import { expect, test } from "vitest";
import { MockCases } from "../../testing/mock-cases";
import { packages } from "../../testing/packages";
import { PREPARED, prepare } from "../../testing/world";
import { actionOf, approvable, type Draft, fen, problems, refusals, wasAskedForMore } from "./decision";
import { suggestedRow } from "../Case/verdict";
import { keySource } from "./officer";

const pack = packages["old-age-allowance"]!;
const empty: Draft = { kind: "", row: "", amount: "", reason: "", law: "", defects: [], statement: "" };
const cases = new MockCases(() => 1_800_000_000);
prepare(cases, 1_800_000_000);

test("amounts are read in fen", () => {
  expect([fen("75"), fen("75.5"), fen("0.05"), fen("75.555"), fen("-1"), fen("")]).toEqual([7500, 7550, 5, null, null, null]);
});

test("a refusal needs reason, law and words; an approval a row and no more than its amount", () => {
  const keys = (draft: Partial<Draft>) => problems(pack, { ...empty, ...draft }).map((problem) => problem.id);
  expect(keys({})).toEqual(["kind"]);
  expect(keys({ kind: "refuse" })).toEqual(["reason", "law", "statement"]);
  expect(keys({ kind: "approve" })).toEqual(["row"]);
  expect(keys({ kind: "approve", row: "4", amount: "75.01" })).toEqual(["amount"]);
  expect(keys({ kind: "approve", row: "4", amount: "75" })).toEqual([]);
  expect(keys({ kind: "more" })).toEqual(["defect-0"]);
});

test("no row that refuses can approve, no row that approves can refuse", () => {
  expect(approvable(pack).every(({ row }) => row.outcome !== "refuse")).toBe(true);
  expect(refusals(pack).map(({ row }) => row.reason)).toEqual(["not-registered-here", "age-below-65", "already-receiving", "death-recorded"]);
});

test("a complete draft becomes an action with its law", () => {
  const action = actionOf(pack, { ...empty, kind: "refuse", reason: "age-below-65", law: "allowance-who", statement: "申请之日未满六十五周岁。" });
  expect(action).toMatchObject({ kind: "refuse", row: 1, reason: "age-below-65", law: { law: "沪府发〔2016〕24号", article: "一" } });
});

test("what the rules point at is suggested, and more can be asked once a round", () => {
  expect(suggestedRow(cases.get(PREPARED["possible-refusal"]!))).toBe(1);
  expect(suggestedRow(cases.get(PREPARED["unknown"]!))).toBeNull();
  expect(wasAskedForMore(cases.get(PREPARED["supplement"]!))).toBe(true);
  expect(wasAskedForMore(cases.get(PREPARED["appealed"]!))).toBe(false);
});

test("keys are words or 32 bytes", () => {
  expect(keySource("ab".repeat(32))).toEqual({ privateKey: `0x${"ab".repeat(32)}` });
  expect(keySource("test ".repeat(11) + "junk")).toEqual({ words: [...Array(11).fill("test"), "junk"] });
  expect(keySource("hello")).toBeNull();
});
