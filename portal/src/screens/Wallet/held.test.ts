import { afterEach, expect, test } from "vitest";
import type { CaseView } from "../../api/types";
import { setLanguage } from "../../i18n/index.svelte";
import type { OwnCase } from "../../ports";
import { packages } from "../../testing/packages";
import { claimLabel, claimWords, seenOf } from "./held";

afterEach(() => setLanguage("zh-CN"));

const pack = packages["old-age-allowance"]!;
const CLAIMS = { service: "old-age-allowance", case_id: `0x${"0a".repeat(32)}`, amount_fen: 7500, period: "month", reason: "age-65-to-69", decided_at: 1_790_000_000 };
const view = { status: "approved", opened_at: 1, promised_by: 2, decision: { reason: CLAIMS.reason } } as unknown as CaseView;

const shown = (own: OwnCase, language: "zh-CN" | "en") => {
  setLanguage(language);
  return Object.fromEntries(Object.entries(CLAIMS).map(([claim, value]) => [claimLabel(own, claim, language), claimWords(own, claim, value, language)]));
};

test.each([
  ["zh-CN", "老年综合津贴", "发放周期", "每月", "理由"],
  ["en", "Old-age allowance", "Paid every", "month", "Reason"],
] as const)("what a credential says is in words from what was seen of its case, in %s", (language, service, paid, month, reason) => {
  const said = shown({ seen: seenOf(view, pack, 1) } as unknown as OwnCase, language);
  expect(said[language === "en" ? "Service" : "服务"]).toBe(service);
  expect(said[paid]).toBe(month);
  expect(said[reason]).toBe(pack.texts[language]["reason.age-65-to-69.title"]);
});

test.each(["zh-CN", "en"] as const)("one whose case was never looked at here has labels all the same, in %s", (language) => {
  const said = shown({ id: CLAIMS.case_id } as unknown as OwnCase, language);
  expect(Object.keys(said)).toEqual(Object.keys(CLAIMS).map((claim) => pack.texts[language][`credential.claim.${claim}`]));
});

test("before a decision no reason is kept", () => {
  expect(seenOf({ ...view, decision: null }, pack, 1)).not.toHaveProperty("reasons");
});
