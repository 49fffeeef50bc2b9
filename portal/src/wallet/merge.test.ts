import { expect, test } from "vitest";
import type { OwnCase, SentRequest } from "../ports";
import { type Hex, hexToBytes } from "./bytes";
import { merged, sharedText } from "./merge";
import { requestId } from "./request-id";
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
    expect(both.tokens?.map(({ nonce }) => nonce).sort()).toEqual([token(2).nonce, token(3).nonce]);
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

/** Two devices and what their host keeps, as `account-backup` has them save and take in. */
class Two {
  kept: WalletState;
  saves = 0;
  readonly devices: [{ base: WalletState; state: WalletState }, { base: WalletState; state: WalletState }];

  constructor(start: WalletState) {
    this.kept = start;
    this.devices = [{ base: start, state: start }, { base: start, state: start }];
  }

  /** As every minute: takes in, and saves what the host has not. */
  look(n: 0 | 1): void {
    const device = this.devices[n];
    device.state = merged(device.base, device.state, this.kept);
    device.base = this.kept;
    if (sharedText(device.state) === sharedText(this.kept)) return;
    this.saves++;
    this.kept = device.base = device.state;
  }
}

test("whatever both changed while apart, both have it all, and then neither saves again", () => {
  // Park-Miller, so that a failure repeats itself.
  let seed = 20_261;
  const next = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most;
  const draft = (n: number): string => `d${n}`;
  for (let run = 0; run < 200; run++) {
    const two = new Two({ ...agreed, drafts: Object.fromEntries(Array.from({ length: 6 }, (_, n) => [draft(n), { n: 0 }])) });
    const present = new Set<string>();
    let made = 10;
    for (let round = 0; round < 4; round++) {
      for (const n of [0, 1] as const) {
        const device = two.devices[n];
        const { state } = device;
        const fresh = `${n}-${made++}`;
        const what = next(6);
        if (what === 0) device.state = { ...state, drafts: { ...state.drafts, [fresh]: { n } } };
        else if (what === 1) device.state = { ...state, tokens: [...(state.tokens ?? []), { ...token(1), nonce: `0x${fresh}` }] };
        else if (what === 2) device.state = { ...state, cases: [ownCase(0, { id: `0x${fresh}`, createdAtMs: 5 }), ...state.cases] };
        else if (what === 3) device.state = { ...state, helped: [{ account: `0x${fresh}` } as never, ...(state.helped ?? [])] };
        else if (what === 4) device.state = { ...state, delegations: [{ terms: { key: `0x${fresh}` } } as never, ...(state.delegations ?? [])] };
        else device.state = { ...state, requests: [{ id: fresh, organisation: "health", kind: "copy", text: null, about: null, sentMs: 5, receipt: null, state: null }, ...(state.requests ?? [])] };
        present.add(fresh);
        // Each deletes drafts of its own.
        const { [draft(n * 3 + next(3))]: _, ...others } = device.state.drafts;
        device.state = { ...device.state, drafts: others };
        if (next(2) === 0) two.look(n);
      }
    }
    for (let n = 0; n < 6; n++) two.look((n % 2) as 0 | 1);
    const saves = two.saves;
    for (let n = 0; n < 6; n++) two.look((n % 2) as 0 | 1);
    const [one, other] = two.devices.map(({ state }) => sharedText(state)) as [string, string];
    expect({ run, saves: two.saves, isSame: one === other }).toEqual({ run, saves, isSame: true });
    expect([...present].filter((name) => !one.includes(name))).toEqual([]);
    expect(Object.keys(two.kept.drafts).filter((name) => name.startsWith("d")).length).toBeLessThan(6);
  }
});

const REQUEST: SentRequest = { id: "a", organisation: "health", index: 0, kind: "copy", text: "words", about: null, sentMs: 1, receipt: null, state: null };
const readAt = (dueMs: number): SentRequest => ({ ...REQUEST, state: { dueMs, status: "open", answeredMs: null, deletion: null } });

test.each<[string, (state: WalletState, n: 0 | 1) => WalletState]>([
  ["told one agency", (state, n) => ({ ...state, cases: [ownCase(0, { linkedAtMs: { health: 5 + n } })] })],
  ["consented", (state, n) => ({ ...state, cases: [ownCase(0, { consents: { health: { id: hex(`6${n}`), record: {} } } })] })],
  ["took the credential of a case", (state, n) => ({ ...state, cases: [ownCase(0, { credential: `vc${n}` })] })],
  ["took an identity", (state, n) => ({ ...state, identity: `id${n}` })],
  ["read a request", (state, n) => ({ ...state, requests: [readAt(n)] })],
  ["gave up a request that the other one read", (state, n) => ({ ...state, requests: n === 0 ? [] : [readAt(1)] })],
  ["asked the chain for earlier cases and delegations", (state, n) => (n === 0 ? { ...state, scanned: true, delegationsFound: true, requestsFound: true } : state)],
])("neither of two devices that %s saves again for the other", (_, change) => {
  const two = new Two({ ...agreed, restored: true, scanned: false, delegationsFound: false, requestsFound: false, requests: [REQUEST] });
  for (const n of [0, 1] as const) two.devices[n].state = change(two.devices[n].state, n);
  for (const n of [0, 1, 0] as const) two.look(n);
  const { saves } = two;
  for (const n of [1, 0, 1, 0] as const) two.look(n);
  const [one, other] = two.devices.map(({ state }) => sharedText(state));
  expect({ saves: two.saves, isSame: one === other }).toEqual({ saves, isSame: true });
});

test("what one device asked the chain and the agencies is not asked again by the other", () => {
  const before = { ...agreed, restored: true, scanned: false, delegationsFound: false, requestsFound: false };
  const asked = { scanned: true, delegationsFound: true, requestsFound: true };
  expect(merged(before, before, { ...before, ...asked })).toMatchObject(asked);
  expect(merged(before, { ...before, ...asked }, before)).toMatchObject(asked);
});

test("two cases under one key, taken while apart, are the one that was opened", () => {
  const here = ownCase(1, { service: "mine", form: { a: 2 } });
  const there = ownCase(1, { service: "theirs", form: { a: 3 }, openedTx: hex("77"), linkedAtMs: { health: 5 } });
  for (const [a, b] of [[here, there], [there, here]] as const) {
    expect(merged(agreed, { ...agreed, cases: [a] }, { ...agreed, cases: [b] }).cases.find(({ index }) => index === 1)).toEqual(there);
  }
});

test("who has the answers goes with the answers", () => {
  const before = { ...agreed, cases: [ownCase(0, { linkedAtMs: { health: 5 } })] };
  const rewritten = { ...agreed, cases: [ownCase(0, { form: { a: 2 } })] };
  for (const [mine, theirs] of [[before, rewritten], [rewritten, before]] as const) expect(merged(before, mine, theirs).cases[0]).toMatchObject({ form: { a: 2 }, linkedAtMs: {} });
});

test("a credential that was renewed on one device is renewed on the other, and one left out of a backup is kept", () => {
  const holding = (credential: string | null): WalletState => ({ ...agreed, cases: [ownCase(0, { credential })] });
  expect(merged(holding("old"), holding("old"), holding("new")).cases[0]?.credential).toBe("new");
  expect(merged(holding("old"), holding("old"), holding(null)).cases[0]?.credential).toBe("old");
});

test("two requests written to one agency while apart both stay, each under a key of its own", () => {
  const written = (text: string, sentMs: number, change: Partial<SentRequest> = {}): SentRequest => ({ id: requestId(hexToBytes(hex("11")), "health", 0), organisation: "health", index: 0, kind: "copy", text, about: null, sentMs, receipt: null, state: null, ...change });
  const open = { dueMs: 9, status: "open", answeredMs: null, deletion: null } as const;
  // Looked at before it was sent: the agency has the other one under this number.
  const mistaken = written("early", 1, { state: open });
  const [early, late, sent] = [written("early", 1), written("late", 2), written("late", 2, { state: open, receipt: "0x01" })];
  const moved = (request: SentRequest): SentRequest => ({ ...request, index: 1, id: requestId(hexToBytes(hex("11")), "health", 1), state: null });
  for (const [first, second] of [[early, late], [sent, early], [sent, mistaken]] as const) {
    for (const [a, b] of [[first, second], [second, first]] as const) {
      const both = merged(agreed, { ...agreed, requests: [a] }, { ...agreed, requests: [b] });
      expect(both.requests).toHaveLength(2);
      expect(both.requests).toEqual(expect.arrayContaining([first, moved(second)]));
      // The device that saved first takes that in as it is.
      expect(merged({ ...agreed, requests: [b] }, { ...agreed, requests: [b] }, both).requests).toEqual(both.requests);
    }
  }
});
