import { expect, test } from "vitest";
import { packages } from "../../testing/packages";
import { heldTerms } from "../../package/held";
import type { Offer } from "./offers";
import { firstOpen, formOf, parse, route, stepAt, wrongFields } from "./journey";

const relief = packages["temporary-relief"]!;
const subsidy = packages["disability-living-subsidy"]!;
const allowance = packages["old-age-allowance"]!;
const ids = (answers: Record<string, string>) => route(relief, answers).map((step) => step.id);

test("answers are read by their schema", () => {
  const integer = { type: "integer", minimum: 1, maximum: 20 } as const;
  expect([parse(integer, "20"), parse(integer, "21"), parse(integer, "2.5"), parse(integer, " ")]).toEqual([20, undefined, undefined, null]);
  expect([parse({ type: "boolean" }, "true"), parse({ type: "boolean" }, "yes")]).toEqual([true, undefined]);
  const text = { type: "string", minLength: 2, maxLength: 3 } as const;
  expect([parse(text, "老"), parse(text, "老人𠮷"), parse(text, "abcd")]).toEqual([undefined, "老人𠮷", undefined]);
  const date = { type: "string", format: "date" } as const;
  expect([parse(date, "2024-02-29"), parse(date, "2023-02-29")]).toEqual(["2024-02-29", undefined]);
});

test("the route follows the answers", () => {
  expect(ids({ cause: "accident" })).toContain("accident");
  expect(ids({ cause: "illness" })).not.toContain("accident");
  expect(ids({ cause: "illness" })).toContain("insurance");
  expect(route(subsidy, {}).map((step) => step.id)).toEqual(["payment", "contact", "consent-disabled-federation", "check", "send"]);
});

test("no page may be skipped", () => {
  expect(stepAt(allowance, {}, {}, "check").id).toBe("payment");
  expect(stepAt(allowance, { payment_channel: "elder-card" }, {}, "check").id).toBe("check");
  expect(stepAt(allowance, { payment_channel: "elder-card" }, {}, "send").id).toBe("send");
  expect(stepAt(allowance, {}, {}, "send").id).toBe("payment");
  const answers = { payment_channel: "social-security-card", contact_by: "portal" };
  expect(firstOpen(subsidy, answers, { "disabled-federation": false }).id).toBe("consent-disabled-federation");
  expect(firstOpen(subsidy, answers, { "disabled-federation": true }).id).toBe("check");
});

test("an optional page may stay empty, others not", () => {
  const page = (id: string) => relief.pages.find((one) => one.id === id)!;
  expect(wrongFields(relief, page("other-help"), {})).toEqual([]);
  expect(wrongFields(relief, page("story"), {})).toEqual(["what_happened"]);
});

test("the form holds only what is on the route", () => {
  const form = formOf(relief, { cause: "illness", accident_kind: "fire", insured: "false", household_size: "3", other_help: "" });
  expect(form).toEqual({ cause: "illness", insured: false, household_size: 3 });
});

test("a credential that may be shown is asked about once, before the consents, and never skipped", () => {
  const terms = heldTerms(relief)[0]!;
  const offer = { id: "held-1", terms, from: "0x01", issued: allowance, credential: {} } as unknown as Offer;
  const answers = {
    cause: "illness", insured: "true", what_happened: "因患重大疾病住院治疗，自付费用较高。", household_size: "2", already_paid_yuan: "1", other_help: "", urgent: "false", payment_channel: "social-security-card",
  };
  const consents = { health: true };
  expect(route(relief, answers, [offer]).map((step) => step.id).slice(-4)).toEqual(["held-1", "consent-health", "check", "send"]);
  expect(firstOpen(relief, answers, consents).id).toBe("check");
  expect(firstOpen(relief, answers, consents, { offers: [offer], held: {} }).id).toBe("held-1");
  for (const chosen of ["0x01", null]) expect(firstOpen(relief, answers, consents, { offers: [offer], held: { "held-1": chosen } }).id).toBe("check");
  expect(stepAt(relief, answers, consents, "send", { offers: [offer], held: {} }).id).toBe("held-1");
});

test("whoever may apply for somebody else says first for whom", () => {
  const answers = { payment_channel: "elder-card" };
  const asked = (who?: string) => ({ offers: [], held: {}, asksWho: true, who });
  expect(route(allowance, answers, [], true).map((step) => step.id)[0]).toBe("for");
  expect(stepAt(allowance, answers, {}, "send", asked()).id).toBe("for");
  expect(firstOpen(allowance, answers, {}, asked()).id).toBe("for");
  for (const who of ["", "0x01"]) expect(stepAt(allowance, answers, {}, "send", asked(who)).id).toBe("send");
  expect(stepAt(allowance, {}, {}, "check", asked("0x01")).id).toBe("payment");
  expect(route(allowance, answers).some((step) => step.kind === "for")).toBe(false);
});
