import { expect, test } from "vitest";
import type { OwnCase, SentRequest } from "../ports";
import type { Hex } from "./bytes";
import { merged, sharedText } from "./merge";
import { type AccountRecord, type Token, type WalletState, emptyState } from "./state";

const hex = (byte: string): Hex => `0x${byte.repeat(32)}`;
const EMPTY = emptyState(hex("11"), "words", true);
const ACCOUNT: AccountRecord = { id: hex("aa"), host: "civil-affairs", authorities: [], key: hex("bb"), shares: [] };

function ownCase(index: number, change: Partial<OwnCase> = {}): OwnCase {
  return { index, id: hex(`0${index}`), address: hex(`1${index}`), service: "s", version: 1, form: { a: 1 }, salt: hex("33"), createdAtMs: index, openedTx: null, linkedAtMs: {}, consents: {}, credential: null, ...change };
}

const token = (n: number): Token => ({ window: 1, address: hex("44"), nonce: hex(`5${n}`), signature: "0x" });
const agreed: WalletState = { ...EMPTY, nextIndex: 1, identity: "id", cases: [ownCase(0)], drafts: { kept: { a: 1 }, old: { a: 1 } }, tokens: [token(1), token(2)], account: ACCOUNT };

test("what each device did since they agreed stays, whichever saves last", () => {
  const mine = { ...agreed, nextIndex: 2, cases: [ownCase(1), ownCase(0)], drafts: { old: { a: 1 }, kept: { a: 2 } }, tokens: [token(2)] };
  const theirs = { ...agreed, nextIndex: 3, cases: [ownCase(2), ownCase(0, { credential: "vc", linkedAtMs: { health: 5 } })], drafts: { kept: { a: 1 } }, tokens: [token(1), token(2), token(3)], identity: "newer" };
  for (const [a, b] of [[mine, theirs], [theirs, mine]] as const) {
    const both = merged(agreed, a, b);
    expect(both.cases.map(({ index }) => index)).toEqual([2, 1, 0]);
    expect(both.cases[2]).toMatchObject({ credential: "vc", linkedAtMs: { health: 5 } });
    expect(both).toMatchObject({ nextIndex: 3, identity: "newer", drafts: { kept: { a: 2 } }, account: ACCOUNT });
    // One was spent here, another came there.
    expect(both.tokens?.map(({ nonce }) => nonce)).toEqual([token(2).nonce, token(3).nonce]);
  }
});

test("a device that changed nothing has what the other one has, also what is gone there", () => {
  const theirs = { ...agreed, cases: [ownCase(0, { openedTx: hex("77") })], drafts: {}, tokens: [] };
  expect(sharedText(merged(agreed, agreed, theirs))).toBe(sharedText({ ...theirs, nextDelegation: 0, nextWard: 0 }));
});

test("the last request that one device gives up is gone on both", () => {
  const given: SentRequest = { id: "a", organisation: "health", index: 0, kind: "copy", text: "words", about: null, sentMs: 1, receipt: null, state: null };
  const before = { ...agreed, requests: [given] };
  const after = { ...agreed, requests: [] };
  expect(merged(before, before, after).requests).toEqual([]);
  expect(merged(before, after, before).requests).toEqual([]);
  // A wallet that never asked for anything has no list of it.
  expect(merged(agreed, agreed, agreed).requests).toBeUndefined();
});

test("nothing is agreed yet: something wins over nothing, and no case is lost", () => {
  const restored: WalletState = { ...emptyState(hex("11"), "words", false), cases: [ownCase(0, { form: {}, salt: hex("99") }), ownCase(4)], scanned: true };
  const both = merged(null, restored, agreed);
  expect(both.cases.map(({ index }) => index)).toEqual([4, 0]);
  // The answers came with the salt that hides them.
  expect(both.cases[1]).toMatchObject({ form: { a: 1 }, salt: hex("33") });
  expect(both).toMatchObject({ identity: "id", account: ACCOUNT, drafts: agreed.drafts, restored: true, delegationsFound: false });
});

test("what was last seen of a case is each device's own, and its latest look stays", () => {
  const seen = (atMs: number) => ({ atMs, status: "s", openedAt: 0, promisedBy: 0, title: { "zh-CN": "", en: "" }, credential: { "zh-CN": "", en: "" }, claims: {} });
  const lookedAt = (atMs: number): WalletState => ({ ...agreed, cases: [ownCase(0, { seen: seen(atMs) })] });
  const [mine, theirs] = [lookedAt(1), lookedAt(2)] as const;
  expect(sharedText(mine)).toBe(sharedText(theirs));
  expect(merged(agreed, mine, theirs).cases[0]?.seen?.atMs).toBe(2);
});

test("requests of both devices stay, with the answer that either of them read and the words of the one that sent it", () => {
  const open: SentRequest = { id: "a", organisation: "health", index: 0, kind: "copy", text: "words", about: null, sentMs: 1, receipt: "0x01", state: { dueMs: 9, status: "open", answeredMs: null, deletion: null } };
  const answer = { granted: true, reason: "because", role: "data-officer", officer: "01020304", answeredMs: 5, deletion: null, signature: "0x02" } as const;
  const answered: SentRequest = { ...open, text: null, receipt: null, state: { dueMs: 9, status: "granted", answeredMs: 5, deletion: null }, answer };
  const later: SentRequest = { ...open, id: "b", index: 1, sentMs: 2 };
  for (const base of [null, { ...agreed, requests: [open] }]) {
    for (const [mine, theirs] of [[[later, open], [answered]], [[answered], [later, open]]] as const) {
      expect(merged(base, { ...agreed, requests: mine }, { ...agreed, requests: theirs }).requests).toEqual([later, { ...answered, text: "words", receipt: "0x01" }]);
    }
  }
  expect(merged(null, { ...agreed, requestsFound: true }, { ...agreed, restored: true })).toMatchObject({ requestsFound: false });
  expect(merged(null, { ...agreed, requestsFound: true }, agreed)).toMatchObject({ requestsFound: true });
});
