// Malformed, oversized, replayed or wrongly signed anything: a clear error that names what was wrong, and nothing changed.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { open } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Hex, keccak256, numberToHex, parseTransaction, serializeTransaction } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { Officer } from "./harness/officer";
import { Resident } from "./harness/resident";
import { post, rpc } from "./harness/rpc";
import { Server, freePort } from "./harness/server";

const JUNK = "test test test test test test test test test test test junk";
const sender = mnemonicToAccount(JUNK, { addressIndex: 0 });
const UNKNOWN_ID = keccak256("0x00");

let server: Server;
let chainId: number;

before(async () => {
  server = await Server.start({ name: "bad-input" });
  chainId = Number(await rpc<Hex>(server.rpcUrl, "eth_chainId"));
});
after(() => server.dispose());

type Transaction = { nonce?: number; chainId?: number; gas?: bigint; data?: Hex; value?: bigint };

async function signed(change: Transaction = {}): Promise<Hex> {
  const nonce = Number(await rpc<Hex>(server.rpcUrl, "eth_getTransactionCount", sender.address, "pending"));
  return await sender.signTransaction({ type: "eip1559", chainId, nonce, to: sender.address, gas: 21_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, ...change });
}

/** Sends what must be refused; answers the error, after checking that nothing changed. */
async function refused(raw: Hex) {
  const count = () => rpc<Hex>(server.rpcUrl, "eth_getTransactionCount", sender.address, "pending");
  const before = await count();
  const answer = await post(server.rpcUrl, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_sendRawTransaction", params: [raw] }));
  assert.ok(answer.error !== undefined, `was accepted: ${String(answer.result)}`);
  assert.equal(await count(), before);
  return answer.error;
}

describe("transactions", () => {
  test("with a nonce of the past", async () => {
    const raw = await signed();
    const hash = await rpc<Hex>(server.rpcUrl, "eth_sendRawTransaction", raw);
    while ((await rpc(server.rpcUrl, "eth_getTransactionReceipt", hash)) === null);
    assert.match((await refused(await signed({ nonce: 0 }))).message, /nonce/i);
    // The very same bytes again: known, or its nonce is used up; never a second execution.
    assert.match((await refused(raw)).message, /known|nonce/i);
  });

  test("of another chain, without enough gas, with more value than there is", async () => {
    assert.match((await refused(await signed({ chainId: chainId + 1 }))).message, /chain/i);
    assert.match((await refused(await signed({ gas: 20_999n }))).message, /gas/i);
    assert.match((await refused(await signed({ value: 10n ** 40n }))).message, /funds|balance/i);
    assert.match((await refused(await signed({ gas: 10n ** 12n }))).message, /gas/i);
  });

  test("that are too large", async () => {
    assert.match((await refused(await signed({ data: `0x${"00".repeat(140_000)}`, gas: 16_000_000n }))).message, /large|size|bytes/i);
  });

  test("with a changed or impossible signature", async () => {
    const transaction = parseTransaction(await signed());
    const { r, s, yParity, ...unsigned } = transaction as typeof transaction & { r: Hex; s: Hex; yParity: number };
    const impossible = serializeTransaction(unsigned as never, { r, s: `0x${"ff".repeat(32)}`, yParity });
    assert.match((await refused(impossible)).message, /signature/i);
    // With another nonce the signature belongs to some other key, which has nothing to do with ours.
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const high = serializeTransaction(unsigned as never, { r, s: numberToHex(order - BigInt(s), { size: 32 }), yParity: 1 - yParity });
    assert.match((await refused(high)).message, /signature/i);
  });

  test("that are no transactions", async () => {
    for (const raw of ["0x", "0x02", "0xdeadbeef", `0x${"c0".repeat(40)}`, "hello"] as Hex[]) {
      assert.ok((await refused(raw)).message.length > 0);
    }
    const whole = await signed();
    assert.ok((await refused(`${whole}00` as Hex)).message.length > 0);
    assert.ok((await refused(whole.slice(0, -2) as Hex)).message.length > 0);
  });
});

describe("JSON-RPC bodies", () => {
  const cases: [string, string, number | null][] = [
    ["not JSON", "{", -32_700],
    ["no request", "[]", null],
    ["an unknown method", '{"jsonrpc":"2.0","id":1,"method":"eth_mine","params":[]}', -32_601],
    ["a private method", '{"jsonrpc":"2.0","id":1,"method":"personal_listAccounts","params":[]}', -32_601],
    ["too few parameters", '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}', -32_602],
    ["an address that is none", '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x12","latest"]}', -32_602],
    ["a block that is none", '{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["yesterday",false]}', -32_602],
  ];
  for (const [what, body, code] of cases) {
    test(what, async () => {
      const answer = await post(server.rpcUrl, body);
      assert.ok(answer.error !== undefined || answer.status >= 400, JSON.stringify(answer));
      if (code !== null) assert.equal(answer.error?.code, code, JSON.stringify(answer));
    });
  }

  test("that are too large, too many, or too deep", async () => {
    const large = await post(server.rpcUrl, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_call", params: ["x".repeat(3_000_000)] }));
    assert.ok(large.status === 413 || large.error !== undefined, JSON.stringify(large).slice(0, 200));
    const request = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
    const many = await post(server.rpcUrl, JSON.stringify(Array.from({ length: 1_000 }, () => request)));
    assert.ok(many.error !== undefined, "a batch of a thousand was answered");
    const deep = await post(server.rpcUrl, `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
    assert.ok(deep.error !== undefined || deep.status >= 400);
    assert.equal(Number(await rpc(server.rpcUrl, "eth_chainId")), chainId);
  });

  test("that ask for too many logs at once", async () => {
    const answer = await post(server.rpcUrl, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getLogs", params: [{ fromBlock: "0x0", toBlock: "0xffffffff" }] }));
    // Blocks that do not exist yet are no work; more than the bound is refused.
    assert.ok(Array.isArray(answer.result) || /block|range/i.test(answer.error?.message ?? ""), JSON.stringify(answer).slice(0, 200));
  });
});

describe("the API", () => {
  const bad: [string, number, string | null][] = [
    ["/api/v1/services?page=0", 400, "page"],
    ["/api/v1/services?page=abc", 400, "page"],
    ["/api/v1/services?per_page=100000", 400, "per_page"],
    ["/api/v1/services?available=perhaps", 400, "available"],
    ["/api/v1/cases?status=lost", 400, "status"],
    ["/api/v1/cases/12", 400, "id"],
    [`/api/v1/cases/${UNKNOWN_ID}`, 404, null],
    [`/api/v1/cases/${UNKNOWN_ID}/bundle`, 404, null],
    ["/api/v1/services/no-such-service", 404, null],
    ["/api/v1/nothing", 404, null],
  ];
  for (const [path, status, field] of bad) {
    test(path, async () => {
      const response = await fetch(server.origin + path);
      assert.equal(response.status, status);
      assert.match(response.headers.get("content-type") ?? "", /application\/problem\+json/);
      const problem = (await response.json()) as { status: number; title: string; field?: string };
      assert.equal(problem.status, status);
      if (field !== null) assert.equal(problem.field, field);
    });
  }

  test("a search of a thousand characters", async () => {
    const response = await fetch(`${server.origin}/api/v1/services?q=${encodeURIComponent("老".repeat(1_000))}`);
    assert.ok([200, 400].includes(response.status), String(response.status));
  });
});

describe("gateways", () => {
  const gateway = () => `${server.origin}/gateway/civil-affairs`;
  const send = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(gateway() + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: typeof body === "string" ? body : JSON.stringify(body) });

  test("refuse links that are malformed, too large, or sealed to somebody else", async () => {
    for (const body of ["{", {}, { caseId: "0x12", sealed: "" }, { caseId: UNKNOWN_ID, sealed: "AAAA" }, { caseId: UNKNOWN_ID, sealed: "A".repeat(200) }, { caseId: UNKNOWN_ID, sealed: "AA", more: 1 }]) {
      const response = await send("/v1/links", body);
      assert.ok(response.status >= 400 && response.status < 500, `${JSON.stringify(body)}: ${response.status}`);
      assert.match(response.headers.get("content-type") ?? "", /problem\+json/);
    }
    assert.ok([400, 413].includes((await send("/v1/links", { caseId: UNKNOWN_ID, sealed: "A".repeat(200_000) })).status));
  });

  test("give an identity to nobody with the wrong code", async () => {
    const resident = await Resident.enrol(server, "approved-70");
    const police = `${server.origin}/gateway/public-security/v1/identity`;
    const { number } = await resident.index.resident("approved-70");
    const holder = await resident.wallet.holderKey();
    const ask = (body: unknown) => fetch(police, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const wrong = await ask({ number, code: "000000", holder });
    const nobody = await ask({ number: "99010119000101000X", code: "000000", holder });
    assert.ok(wrong.status >= 400 && wrong.status < 500);
    // Who is registered is nobody's business: the two answers are alike.
    const shown = async (response: Response) => ({ ...((await response.json()) as object), instance: undefined });
    assert.deepEqual([wrong.status, await shown(wrong)], [nobody.status, await shown(nobody)]);
    const { code } = await resident.index.resident("approved-70");
    assert.ok((await ask({ number, code, holder: { ...holder, x: "AAAA" } })).status >= 400);
  });

  test("show a case to nobody but its applicant, and only for two minutes", async () => {
    const resident = await Resident.enrol(server, "approved-70");
    const own = await resident.applyFor("old-age-allowance");
    await resident.reaches(own.id, "approved");
    const path = `/v1/cases/${own.id}/statements`;
    assert.ok([400, 401, 403, 404].includes((await fetch(gateway() + path)).status));
    const stranger = await sender.signMessage({ message: `zhengtong request\nGET\n${path}\n${Date.now()}\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855` });
    assert.ok([401, 403, 404].includes((await fetch(gateway() + path, { headers: { "x-case-time": String(Date.now()), "x-case-signature": stranger } })).status));
    assert.deepEqual(await resident.gateways.statements(resident.wallet, own, gateway()), []);
  });

  test("let nobody in who is no officer, and no signature in twice", async () => {
    assert.equal((await fetch(`${gateway()}/v1/desk/cases`)).status, 401);
    assert.equal((await fetch(`${gateway()}/v1/desk/cases`, { headers: { authorization: "Bearer nonsense" } })).status, 401);
    const officer = await Officer.signIn(server, "civil-affairs");
    const stranger = await officer.chain.officerKey({ words: JUNK.split(" ") });
    await assert.rejects(officer.gateways.signIn(officer.gateway, "civil-affairs", stranger));
    await assert.rejects(officer.gateways.signIn("/gateway/health", "health", officer.key));
    let replay: { message: string; signature: Hex } | null = null;
    const watching = { address: officer.key.address, signMessage: async (message: string) => ((replay = { message, signature: await officer.key.signMessage(message) }), replay.signature) };
    await officer.gateways.signIn(officer.gateway, "civil-affairs", watching);
    assert.ok(replay !== null);
    assert.ok((await send("/v1/session", replay)).status >= 400, "a signed message let in twice");
  });
});

describe("starting", () => {
  test("with a port in use says which, and starts nothing", async () => {
    for (const which of ["httpPort", "rpcPort"] as const) {
      const taken = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => taken.once("listening", resolve));
      const { port } = taken.address() as { port: number };
      const other = await Server.prepare({ name: `port-in-use-${which}`, [which]: port });
      try {
        const { code, output } = await other.startToFail();
        assert.notEqual(code, 0);
        assert.match(output, new RegExp(String(port)));
        assert.match(output, /in use|--(http|rpc)/i);
        assert.doesNotMatch(output, /panicked/);
      } finally {
        taken.close();
        await other.dispose();
      }
    }
  });

  test("on a folder that another process uses says so", async () => {
    const other = await Server.prepare({ name: "folder-in-use", data: server.data, httpPort: await freePort(), rpcPort: await freePort() });
    const { code, output } = await other.startToFail();
    assert.notEqual(code, 0);
    assert.match(output, /in use/);
    assert.match(output, /--data/);
  });

  test("with a data folder that is a file, or may not be written", async () => {
    const folder = mkdtempSync(join(tmpdir(), "zhengtong-bad-"));
    const path = join(folder, "file");
    await (await open(path, "w")).close();
    const other = await Server.prepare({ name: "data-is-a-file", data: path });
    const { code, output } = await other.startToFail();
    assert.notEqual(code, 0);
    assert.match(output, /--data|file/);
    assert.doesNotMatch(output, /panicked/);
    rmSync(folder, { recursive: true });
  });
});

describe("a damaged data folder", () => {
  let healthy: string;

  before(async () => {
    // A folder of its own, with a case in it, stopped in good order.
    const model = await Server.start({ name: "damaged-model" });
    const resident = await Resident.enrol(model, "approved-66");
    const own = await resident.applyFor("old-age-allowance");
    await resident.reaches(own.id, "approved");
    await model.stop();
    healthy = model.data;
  });
  after(() => rmSync(healthy, { recursive: true, force: true }));

  function files(folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]));
  }

  /** Copies the folder, damages one part, and starts: an error that names it, or everything still there. */
  async function damaged(part: string, damage: (path: string) => Promise<void> | void): Promise<void> {
    const data = mkdtempSync(join(tmpdir(), "zhengtong-damaged-"));
    cpSync(healthy, data, { recursive: true });
    const victims = files(join(data, part)).filter((path) => statSync(path).size > 0).sort((a, b) => statSync(b).size - statSync(a).size);
    assert.ok(victims[0] !== undefined, `nothing to damage in ${part}`);
    await damage(victims[0]);
    const other = await Server.prepare({ name: `damaged-${part.replaceAll("/", "-")}`, data });
    try {
      const outcome = await other.startToFail().catch(() => null);
      if (outcome === null) return; // repaired itself, or was not hurt
      assert.notEqual(outcome.code, 0);
      assert.doesNotMatch(outcome.output, /panicked/, outcome.output);
      assert.match(outcome.output, new RegExp(`${part}|corrupt|damaged|--data|reset`), outcome.output);
    } finally {
      await other.dispose();
    }
  }

  const overwrite = async (path: string): Promise<void> => {
    const file = await open(path, "r+");
    const middle = Math.floor(statSync(path).size / 2);
    await file.write(Buffer.alloc(Math.min(256, statSync(path).size - middle), 0xa5), 0, undefined, middle);
    await file.close();
  };
  const halve = (path: string): void => truncateSync(path, Math.floor(statSync(path).size / 2));

  for (const part of ["validator-0", "index", "keys"]) {
    test(`${part}: overwritten in the middle`, () => damaged(part, overwrite));
    test(`${part}: cut in half`, () => damaged(part, halve));
  }

  test("an index of another network is not taken for ours", async () => {
    const data = mkdtempSync(join(tmpdir(), "zhengtong-mixed-"));
    cpSync(healthy, data, { recursive: true });
    const other = await Server.start({ name: "mixed-source" });
    await other.stop();
    rmSync(join(data, "index"), { recursive: true });
    cpSync(join(other.data, "index"), join(data, "index"), { recursive: true });
    const mixed = await Server.prepare({ name: "mixed", data });
    try {
      const { code, output } = await mixed.startToFail();
      assert.notEqual(code, 0);
      assert.match(output, /network|index/);
      assert.doesNotMatch(output, /panicked/);
    } finally {
      await mixed.dispose();
      await other.dispose();
    }
  });
});
