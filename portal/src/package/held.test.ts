/** The browser reads claims as the gateway does: both assert crates/services/vectors/held.json. */
import { expect, test } from "vitest";
import vectors from "../../../crates/services/vectors/held.json";
import type { Json } from "../ports";
import { packages } from "../testing/packages";
import { heldAnswer, heldTerms } from "./held";
import type { Held } from "./types";

test("claims answer as the vectors say", () => {
  expect(vectors.cases.length).toBeGreaterThanOrEqual(19);
  for (const { predicate, claims, answer } of vectors.cases) {
    expect(heldAnswer(vectors.held as unknown as Held, predicate, claims as unknown as Record<string, Json>, vectors.at_s), JSON.stringify({ predicate, claims })).toBe(answer);
  }
});

test("each credential is shown to the one agency that it answers for", () => {
  const terms = heldTerms(packages["temporary-relief"]!);
  expect(terms.map(({ held, provider, predicates }) => [held.vct, provider, predicates.map(({ id }) => id), held.claims])).toEqual([
    ["urn:zhengtong:credential:old-age-allowance:1", "public-security", ["household-registered"], ["decided_at"]],
    ["urn:zhengtong:credential:disability-living-subsidy:1", "civil-affairs", ["minimum-living-household"], ["reason", "decided_at"]],
  ]);
  expect(heldTerms(packages["old-age-allowance"]!)).toEqual([]);
});
