import { expect, test } from "vitest";
import { stateOf } from "../../chain/consent";
import { given, isWithin, offered } from "../../package/consent";
import { consentsOf } from "../../package/words";
import { participantsOf } from "../../chain/apply";
import { packages } from "../../testing/packages";
import { consentRecord } from "../../chain/consent";
import type { OwnCase } from "../../ports";
import { keptConsents, standing, usedKey } from "./consents";

const asked = { use: "standing", days: 180, least: { use: "once", days: 30 } } as const;
const own = { id: "0x01", address: "0x02" } as const;
const beyond = expect.objectContaining({ reason: "consent-extent" });

test("no more is given than the package asks for, and no less than it can live with", () => {
  expect(given(asked)).toEqual({ use: "standing", days: 180 });
  expect(given(asked, { use: "once", days: 30 })).toEqual({ use: "once", days: 30 });
  expect(given(asked, { use: "standing", days: 31 })).toEqual({ use: "standing", days: 31 });
  expect(() => given(asked, { use: "standing", days: 181 })).toThrow(beyond);
  expect(() => given(asked, { use: "once", days: 29 })).toThrow(beyond);
  expect(() => given({ use: "once", days: 90 }, { use: "standing", days: 90 })).toThrow(beyond);
  expect(() => given({ use: "standing", days: 90 }, { use: "once", days: 90 })).toThrow(beyond);
  expect(isWithin({ use: "once", days: 1 }, { use: "once", days: 1 })).toBe(true);
  expect(offered(asked)).toEqual({ uses: ["standing", "once"], days: [180, 30] });
  expect(offered({ use: "once", days: 90 })).toEqual({ uses: ["once"], days: [90] });
});

test("the terms are the package's, or the applicant's choice of less", () => {
  const nowMs = 1_000_000;
  const subsidy = packages["disability-living-subsidy"]!;
  expect(consentsOf(subsidy)[0]?.asked).toEqual(asked);
  const [full] = participantsOf(subsidy, "zh-CN", nowMs).consents;
  expect([full?.use, full?.until]).toEqual(["standing", 1000 + 180 * 86_400]);
  const [less] = participantsOf(subsidy, "zh-CN", nowMs, { "disabled-federation": { use: "once", days: 30 } }).consents;
  expect([less?.use, less?.until]).toEqual(["once", 1000 + 30 * 86_400]);
  expect(participantsOf(packages["temporary-relief"]!, "zh-CN", nowMs).consents[0]?.use).toBe("once");
});

test("the wallet signs no record of more than the package asks for", () => {
  const nowMs = 1_000_000;
  const terms = { provider: "p", service: "s", purpose: "x", fields: ["f"], use: "once", until: 1000 + 90 * 86_400, asked: { use: "once", days: 90 } } as const;
  const made = (change: object) => () => consentRecord(own, { ...terms, fields: ["f"], ...change }, nowMs);
  expect(made({})().record).toMatchObject({ use: "once", until: terms.until });
  expect(made({ use: "standing" })).toThrow(beyond);
  expect(made({ until: terms.until + 1 })).toThrow(beyond);
});

test("the chain's word is read bit by bit", () => {
  const word = `0x${(4_000_000_000n | (1n << 64n) | (1n << 72n) | (7n << 80n)).toString(16).padStart(64, "0")}` as const;
  expect(stateOf(word)).toEqual({ until: 4_000_000_000, revoked: true, use: "once", uses: 7 });
  expect(stateOf(null)).toEqual({ until: 0, revoked: false, use: "standing", uses: 0 });
});

test("what a consent is worth", () => {
  const one = { provider: "p", id: "0x01", use: "once", until: 10, revoked: false, uses: 0 } as const;
  expect(standing(one, 9)).toBe("holds");
  expect(standing(one, 10)).toBe("over");
  expect(standing({ ...one, uses: 1 }, 9)).toBe("used-up");
  expect(standing({ ...one, use: "standing", uses: 5 }, 9)).toBe("holds");
  expect(standing({ ...one, revoked: true, uses: 1 }, 9)).toBe("withdrawn");
  expect(standing({ ...one, until: 0 }, 9)).toBe("not-sent");
  expect([usedKey(one), usedKey({ ...one, uses: 1 }), usedKey({ ...one, use: "standing", uses: 1 }), usedKey({ ...one, use: "standing", uses: 2 })]).toEqual(["consents.used0", "consents.usedUp", "consents.used1", "consents.usedN"]);
});

test("without an answer from the chain a consent is what was given, and worth no more than its time", () => {
  const record = consentRecord(own, { provider: "p", service: "s", purpose: "x", fields: ["f"], use: "once", until: 1000 + 90 * 86_400, asked: { use: "once", days: 90 } }, 1_000_000);
  const [kept] = keptConsents({ consents: { p: record } } as unknown as OwnCase);
  expect(kept).toEqual({ provider: "p", id: record.id, use: "once", until: 1000 + 90 * 86_400, uses: null });
  expect([standing(kept!, 1001), standing(kept!, kept!.until), usedKey(kept!)]).toEqual(["unread", "over", "consents.unread"]);
});
