// @vitest-environment node
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { encodeAbiParameters, encodeEventTopics, numberToHex, stringToHex, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { beforeEach, describe, expect, it } from "vitest";
import type { AskedAgency, Gateways, Hex, SentRequest, Wallet, Wish } from "../ports";
import { base64Url, concatBytes, hexToBytes, plain, sha256Digits, stringToBytes } from "../wallet/bytes";
import { requestKey } from "../wallet/derive";
import { keyringOf } from "../wallet/keyring";
import { deletionCause, requestIdOf } from "../wallet/request-id";
import { PASSPHRASE, WORDS, identify, openStore } from "../wallet/testing";
import { registryAbi } from "./abi";
import { Connection } from "./connection";
import { gatewaysOver } from "./gateways";

const ORIGIN = "https://portal.example";
const NOW_MS = 1_790_000_000_000;
const DAY_MS = 24 * 3600 * 1000;
const ATTESTER = privateKeyToAccount(`0x${"17".repeat(32)}`);
const NEXT = privateKeyToAccount(`0x${"19".repeat(32)}`);
const REGISTRY: Hex = `0x${"a1".repeat(20)}`;
const AGENCY: AskedAgency = { slug: "health", gateway: "/gateway/health", attester: ATTESTER.address };
const WISH: Wish = { kind: "delete", text: "请删除关于我的一切。", about: null };
const buffer = (bytes: Uint8Array): ArrayBuffer => plain(bytes).buffer;

interface Held {
  key: string;
  kind: string;
  text: string;
  sealed: string | null;
  status: string;
}

/** An agency that keeps requests by their ids, as the description of its interface says; written for this test alone. */
class Agency {
  readonly held = new Map<string, Held>();
  readonly asked: { path: string; authorization: string | null }[] = [];
  /** Takes the next request and does not say so. */
  silent = false;
  /** Another one, at `/gateway/housing`, does not answer. */
  down = false;
  /** Refuses, and says so. */
  refuses = false;
  /** What it says of when it has to answer. */
  receivedMs = NOW_MS;
  dueMs = NOW_MS + 30 * DAY_MS;
  /** The key that it signs with. */
  key = ATTESTER;
  /** What it signs, where that is something else. */
  signed: { receivedMs?: number; dueMs?: number; text?: string } = {};

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    if (pathname.startsWith("/gateway/housing")) {
      if (this.down) throw new Error("nobody answers");
      return new Response(JSON.stringify({ type: "urn:zhengtong:problem:not-found" }), { status: 404 });
    }
    const path = pathname.replace("/gateway/health", "");
    this.asked.push({ path, authorization: new Headers(init?.headers).get("authorization") });
    const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });
    const problem = (word: string, status: number) => json({ type: `urn:zhengtong:problem:${word}`, title: word }, status);
    if (path === "/v1/session/nonce") return json({ nonce: "n" });
    if (path === "/v1/my/session") return json({ token: "t" });
    const told = (id: string, one: Held) => ({ id, kind: one.kind, received_ms: this.receivedMs, due_ms: this.dueMs, status: one.status, answered_ms: one.status === "open" ? null : NOW_MS + 2, deletion: null });
    if (path === "/v1/my/requests") {
      const { kind, text, answer_key: key } = JSON.parse(String(init?.body)) as { kind: string; text: string; answer_key: string };
      const id = sha256Digits(concatBytes([stringToBytes("zhengtong/request/v1"), hexToBytes(key as `0x${string}`)])).slice(0, 32);
      const before = this.held.get(id);
      if (this.refuses) return problem("too-many", 409);
      if (before && (before.text !== text || before.kind !== kind)) return problem("key-used", 409);
      const now = before ?? { key, kind, text, sealed: null, status: "open" };
      this.held.set(id, now);
      if (this.silent) throw new Error("the connection broke");
      return json({ request: told(id, now), receipt: await this.receipt(id, now) });
    }
    const id = path.replace("/v1/requests/", "");
    const one = this.held.get(id);
    return one ? json({ ...told(id, one), sealed: one.sealed }) : problem("not-found", 404);
  };

  async receipt(id: string, { kind, text }: Held): Promise<string> {
    const said = { receivedMs: this.receivedMs, dueMs: this.dueMs, text, ...this.signed };
    return await this.key.signMessage({ message: `zhengtong right\nhealth\n${id}\n${kind}\n${said.receivedMs}\n${said.dueMs}\n${sha256Digits(said.text)}` });
  }

  async answer(id: string, change: { reason?: string; signedReason?: string; records?: number; cause?: string } = {}): Promise<void> {
    const one = this.held.get(id);
    if (!one) throw new Error("no such request");
    const reason = change.reason ?? "目的已经实现，予以删除。";
    const digest = (text: string) => sha256Digits(text);
    const cause = change.cause ?? deletionCause(id);
    const row = { id: "d1", at_ms: NOW_MS + 1, cause, key_ids: "k1,k2", records: 9, cases: 2 };
    const recorded = await this.key.signMessage({ message: ["zhengtong deletion", "health", row.id, row.at_ms, cause, digest(row.key_ids), row.records, row.cases].join("\n") });
    const signed = ["zhengtong answer", "health", id, one.kind, "granted", NOW_MS + 2, "data-officer/1a2b3c4d", digest(one.text), digest(change.signedReason ?? reason), "d1"].join("\n");
    const content = {
      v: 1, organisation: "health", request: id, kind: one.kind, text: one.text, granted: true, reason, role: "data-officer", officer: "1a2b3c4d", answered_ms: NOW_MS + 2,
      deletion: { ...row, records: change.records ?? row.records, signature: recorded }, signature: await this.key.signMessage({ message: signed }),
    };
    const kem = new DhkemX25519HkdfSha256();
    const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() });
    const recipientPublicKey = await kem.deserializePublicKey(buffer(hexToBytes(one.key as `0x${string}`)));
    const sender = await suite.createSenderContext({ recipientPublicKey, info: buffer(stringToBytes("zhengtong/answer/v1")) });
    const text = stringToBytes(JSON.stringify(content).padEnd(4096));
    one.sealed = base64Url(concatBytes([new Uint8Array(sender.enc), new Uint8Array(await sender.seal(buffer(text), buffer(hexToBytes(`0x${id}`))))]));
    one.status = "granted";
  }
}

/** A node whose `Registry` set a key of the agency's ten and two seconds before `NOW_MS`, and six after. */
class Node {
  /** In blocks 0, 8 and 16, with a block a second. */
  attesters: Hex[] = [ATTESTER.address];
  asked = 0;

  readonly request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    if (method === "zhengtong_network") {
      return { chainId: 20260, name: "", publicKey: "0x", namespace: "0x", genesisHash: "0x", validators: 1, threshold: 1, contracts: { registry: REGISTRY }, version: "" };
    }
    if (method === "eth_blockNumber") return "0x20";
    if (method === "eth_getLogs") {
      this.asked++;
      return this.attesters.map((attester, n) => ({
        address: REGISTRY, blockNumber: `0x${(n * 8).toString(16)}`, blockHash: zeroHash, logIndex: "0x0", transactionHash: zeroHash, transactionIndex: "0x0", removed: false,
        topics: encodeEventTopics({ abi: registryAbi, eventName: "OrganisationSet", args: { id: stringToHex("health", { size: 32 }), attester } }),
        data: encodeAbiParameters([{ type: "uint32" }, { type: "bytes32" }, { type: "string" }, { type: "string" }], [1, zeroHash, "health", ""]),
      }));
    }
    if (method === "eth_getBlockByNumber") return { timestamp: numberToHex(NOW_MS / 1000 - 10 + Number((params as Hex[])[0])) };
    throw new Error(method);
  };
}

let agency: Agency;
let node: Node;
let gateways: Gateways;
let wallet: Wallet;

/** Another device with the same words. */
const device = async (): Promise<Wallet> => await identify(await (await openStore()).create(WORDS, PASSPHRASE), "11010519491231002X");
const kept = async (of: Wallet = wallet): Promise<SentRequest[]> => await of.requests();

beforeEach(async () => {
  agency = new Agency();
  node = new Node();
  const connection = new Connection({ rpcUrl: ORIGIN, request: node.request });
  gateways = gatewaysOver({ origin: ORIGIN, fetch: agency.fetch, now: () => NOW_MS, sleep: async () => {} }, connection, async () => []);
  wallet = await device();
});

describe("keys of requests", () => {
  it("are another for each agency and number, and give the id", () => {
    // HKDF-SHA256 and SHA-256 by Python's hmac and hashlib.
    const seed = new Uint8Array(32).fill(1);
    expect(requestKey(seed, "health", 0)).toBe("0x76475d177e8441d4d80e1d85364c58a070b7ddb9d7ae7652610d4aeda0dd4211");
    expect(new Set([requestKey(seed, "health", 0), requestKey(seed, "health", 1), requestKey(seed, "housing", 0)]).size).toBe(3);
    expect(requestIdOf(`0x${"07".repeat(32)}`)).toBe("999e6ef8a43af4dd325f48e0bcb29f57");
    expect(deletionCause("999e6ef8a43af4dd325f48e0bcb29f57")).toBe("a9a556e222fe020000c4e20265c62dce");
  });
});

describe("a request", () => {
  it("is in the wallet with what the agency said, and every one has a key of its own", async () => {
    const first = await gateways.request(wallet, AGENCY, WISH);
    const second = await gateways.request(wallet, AGENCY, WISH);
    expect(first).toMatchObject({ organisation: "health", index: 0, kind: "delete", text: WISH.text, sentMs: NOW_MS, state: { status: "open", dueMs: NOW_MS + 30 * DAY_MS } });
    expect(first.receipt).toBe(await agency.receipt(first.id, agency.held.get(first.id)!));
    expect(await kept()).toEqual([second, first]);
    expect(new Set([...agency.held.values()].map(({ key }) => key)).size).toBe(2);
  });

  it("that the agency took without saying so is kept, and sent again is the same one", async () => {
    agency.silent = true;
    const request = await gateways.request(wallet, AGENCY, WISH);
    expect(request).toMatchObject({ receipt: null, state: null });
    expect(await kept()).toEqual([request]);
    agency.silent = false;
    expect(await gateways.readRequest(wallet, AGENCY, request)).toMatchObject({ id: request.id, receipt: null, state: { status: "open" } });
    await gateways.requestAgain(wallet, AGENCY, request);
    expect(agency.held.size).toBe(1);
    expect(await kept()).toEqual([expect.objectContaining({ id: request.id, receipt: expect.stringMatching(/^0x[0-9a-f]{130}$/) as unknown })]);
  });

  it("under whose key another device asked something else by now is sent under the next one, and both are kept", async () => {
    agency.silent = true;
    const waiting = await gateways.request(wallet, AGENCY, WISH);
    agency.held.clear();
    agency.silent = false;
    await gateways.request(await device(), AGENCY, { ...WISH, kind: "copy", text: "另一台设备上写的。" });
    const sent = await gateways.requestAgain(wallet, AGENCY, waiting);
    expect(sent).toMatchObject({ index: 1, kind: "delete", text: WISH.text, state: { status: "open" } });
    expect(await kept()).toEqual([sent, expect.objectContaining({ id: waiting.id, kind: "copy", text: null, state: expect.objectContaining({ status: "open" }) })]);
  });

  it("that never arrived says so when it is looked at", async () => {
    agency.silent = true;
    const request = await gateways.request(wallet, AGENCY, WISH);
    agency.held.clear();
    expect(await gateways.readRequest(wallet, AGENCY, request)).toEqual(request);
  });

  it("that is refused leaves nothing behind", async () => {
    agency.refuses = true;
    await expect(gateways.request(wallet, AGENCY, WISH)).rejects.toMatchObject({ code: "gateway-refused", problem: "too-many" });
    expect(await kept()).toEqual([]);
  });
});

describe("the receipt", () => {
  const unsent = { receipt: null, state: null };

  it.each([
    ["signs another text", { text: "别的要求。" }],
    ["signs a later time", { dueMs: NOW_MS + 29 * DAY_MS }],
    ["signs that it came earlier", { receivedMs: NOW_MS - 1 }],
  ])("of an agency that %s is not taken, and the request stays to be sent again", async (_, signed) => {
    agency.signed = signed;
    const request = await gateways.request(wallet, AGENCY, WISH);
    expect(request).toMatchObject(unsent);
    expect(await kept()).toEqual([request]);
    await expect(gateways.requestAgain(wallet, AGENCY, request)).rejects.toMatchObject({ code: "bad-answer", field: "receipt" });
    agency.signed = {};
    expect(await gateways.requestAgain(wallet, AGENCY, request)).toMatchObject({ state: { status: "open" } });
  });

  it("by another than the agency is not taken", async () => {
    const other = { ...AGENCY, attester: privateKeyToAccount(`0x${"18".repeat(32)}`).address };
    node.attesters = [other.attester];
    expect(await gateways.request(wallet, other, WISH)).toMatchObject(unsent);
  });

  it.each([
    ["more than thirty days", { dueMs: NOW_MS + 30 * DAY_MS + 1 }, "due_ms"],
    ["a request of the day after tomorrow", { receivedMs: NOW_MS + 2 * DAY_MS, dueMs: NOW_MS + 3 * DAY_MS }, "received_ms"],
  ])("for %s is not taken", async (_, clock, field) => {
    Object.assign(agency, clock);
    const request = await gateways.request(wallet, AGENCY, WISH);
    expect(request).toMatchObject(unsent);
    await expect(gateways.readRequest(wallet, AGENCY, request)).rejects.toMatchObject({ code: "bad-answer", field });
  });

  it("holds the agency to its time when the request is looked at later", async () => {
    const request = await gateways.request(wallet, AGENCY, WISH);
    agency.receivedMs += DAY_MS;
    agency.dueMs += DAY_MS;
    await expect(gateways.readRequest(wallet, AGENCY, request)).rejects.toMatchObject({ code: "bad-answer", field: "receipt" });
    expect(await kept()).toEqual([request]);
  });
});

describe("the answer", () => {
  it("opens with the wallet, is kept, and is asked for without saying who asks", async () => {
    const request = await gateways.request(wallet, AGENCY, WISH);
    await agency.answer(request.id);
    agency.asked.length = 0;
    const read = await gateways.readRequest(wallet, AGENCY, request);
    expect(read.state).toMatchObject({ status: "granted", answeredMs: NOW_MS + 2 });
    expect(read.answer).toMatchObject({ granted: true, reason: "目的已经实现，予以删除。", role: "data-officer", officer: "1a2b3c4d", deletion: { id: "d1", keys: ["k1", "k2"], records: 9, cases: 2 } });
    expect(await kept()).toEqual([read]);
    expect(agency.asked).toEqual([{ path: `/v1/requests/${request.id}`, authorization: null }]);
  });

  it.each([
    ["other reasons than the agency signed", { signedReason: "别的理由。" }, "signature"],
    ["another record of the deletion", { records: 1 }, "deletion"],
    ["the record of another deletion", { cause: deletionCause("00".repeat(16)) }, "deletion"],
  ])("with %s is not taken", async (_, change, field) => {
    const request = await gateways.request(wallet, AGENCY, WISH);
    await agency.answer(request.id, change);
    await expect(gateways.readRequest(wallet, AGENCY, request)).rejects.toMatchObject({ code: "bad-answer", field });
    expect(await kept()).toEqual([request]);
  });

  it("of an earlier version, whose record of the deletion names the request itself, is taken", async () => {
    const request = await gateways.request(wallet, AGENCY, WISH);
    await agency.answer(request.id, { cause: request.id });
    const read = await gateways.readRequest(wallet, AGENCY, request);
    expect(read.answer?.deletion?.id).toBe("d1");
  });

  it("of another request, or by another agency, is not taken", async () => {
    const [one, two] = [await gateways.request(wallet, AGENCY, WISH), await gateways.request(wallet, AGENCY, WISH)];
    await agency.answer(one.id);
    await agency.answer(two.id);
    const other = { ...AGENCY, attester: privateKeyToAccount(`0x${"18".repeat(32)}`).address };
    node.attesters = [other.attester];
    await expect(gateways.readRequest(wallet, other, one)).rejects.toMatchObject({ field: "signature" });
    agency.held.get(one.id)!.sealed = agency.held.get(two.id)!.sealed;
    await expect(gateways.readRequest(wallet, AGENCY, one)).rejects.toMatchObject({ field: "sealed" });
  });
});

describe("an agency whose key was changed", () => {
  const changed = { ...AGENCY, attester: NEXT.address };

  it("has answered with the key that it had", async () => {
    const request = await gateways.request(wallet, AGENCY, WISH);
    await agency.answer(request.id);
    node.attesters = [ATTESTER.address, ATTESTER.address, NEXT.address];
    const read = await gateways.readRequest(wallet, changed, request);
    expect(read.answer).toMatchObject({ granted: true, deletion: { id: "d1" } });
    expect(await kept()).toEqual([read]);
  });

  it("answers with the key that it has, and with none that it never had", async () => {
    const request = await gateways.request(wallet, AGENCY, WISH);
    node.attesters = [ATTESTER.address, NEXT.address];
    agency.key = NEXT;
    await agency.answer(request.id);
    expect((await gateways.readRequest(wallet, changed, request)).answer?.granted).toBe(true);
    const other = await gateways.request(wallet, changed, WISH);
    agency.key = privateKeyToAccount(`0x${"18".repeat(32)}`);
    await agency.answer(other.id);
    await expect(gateways.readRequest(wallet, changed, other)).rejects.toMatchObject({ code: "bad-answer", field: "signature" });
  });

  it("answers with no key that was taken from it before it was asked", async () => {
    agency.key = NEXT;
    const request = await gateways.request(wallet, changed, WISH);
    expect(request.receipt).not.toBeNull();
    node.attesters = [ATTESTER.address, NEXT.address];
    agency.key = ATTESTER;
    await agency.answer(request.id);
    await expect(gateways.readRequest(wallet, changed, request)).rejects.toMatchObject({ code: "bad-answer", field: "signature" });
  });

  it("is not asked about while the key is the one of today", async () => {
    const request = await gateways.request(wallet, AGENCY, WISH);
    await agency.answer(request.id);
    await gateways.readRequest(wallet, AGENCY, request);
    expect(node.asked).toBe(0);
  });
});

describe("a wallet that was restored from its words", () => {
  it("finds its requests again, with their answers, and asks once", async () => {
    const [asked, answered] = [await gateways.request(wallet, AGENCY, { ...WISH, kind: "copy" }), await gateways.request(wallet, AGENCY, WISH)];
    await agency.answer(answered.id);
    const again = await device();
    expect(await gateways.unaskedForRequests(again, [AGENCY])).toEqual([AGENCY]);
    await gateways.findRequests(again, [AGENCY]);
    expect(await gateways.unaskedForRequests(again, [AGENCY])).toEqual([]);
    const found = await kept(again);
    expect(found.map(({ id, kind, text, answer }) => [id, kind, text, answer?.granted])).toEqual([
      [answered.id, "delete", WISH.text, true],
      [asked.id, "copy", null, undefined],
    ]);
    expect(agency.asked.filter(({ path }) => path.startsWith("/v1/requests/")).every(({ authorization }) => authorization === null)).toBe(true);
    // The next one has a key that no request has.
    expect((await gateways.request(again, AGENCY, WISH)).index).toBe(2);
  });

  it("finds requests behind some that never arrived", async () => {
    agency.silent = true;
    const lost: SentRequest[] = [];
    for (let n = 0; n < 4; n++) lost.push(await gateways.request(wallet, AGENCY, WISH));
    agency.held.clear();
    agency.silent = false;
    const arrived = await gateways.request(wallet, AGENCY, WISH);
    await Promise.all(lost.map(({ id }) => wallet.dropRequest(id)));
    await agency.answer(arrived.id);
    const again = await device();
    await gateways.findRequests(again, [AGENCY]);
    expect((await kept(again)).map(({ id, index, answer }) => [id, index, answer?.granted])).toEqual([[arrived.id, 4, true]]);
    // A search ends.
    expect(agency.asked.length).toBeLessThan(40);
  });

  it("asks those again that did not answer, and no others", async () => {
    const down = { ...AGENCY, slug: "housing", gateway: "/gateway/housing" };
    const sent = await gateways.request(wallet, AGENCY, WISH);
    const again = await device();
    agency.down = true;
    await expect(gateways.findRequests(again, [down, AGENCY])).rejects.toMatchObject({ code: "offline" });
    expect((await kept(again)).map(({ id }) => id)).toEqual([sent.id]);
    expect(await gateways.unaskedForRequests(again, [down, AGENCY])).toEqual([down]);
    agency.down = false;
    await gateways.findRequests(again, [down]);
    expect(await gateways.unaskedForRequests(again, [down, AGENCY])).toEqual([]);
    // Opened again, it still knows.
    expect(await keyringOf(again).mayMissRequests()).toBe(false);
  });

  it("takes the next key where another device has used one, and has that request too", async () => {
    await gateways.request(wallet, AGENCY, { ...WISH, kind: "copy" });
    const other = await device();
    const sent = await gateways.request(other, AGENCY, WISH);
    expect(sent.index).toBe(1);
    expect((await kept(other)).map(({ kind, text }) => [kind, text])).toEqual([
      ["delete", WISH.text],
      ["copy", null],
    ]);
  });
});
