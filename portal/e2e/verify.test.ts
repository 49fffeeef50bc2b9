// `zhengtong verify` agrees with the portal: online from any node, through an index, and offline from an exported file; it fails on a changed one.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { statuteId } from "../src/chain/codes";
import { readPackage } from "../src/package/read";
import type { Hex } from "../src/ports";
import { Officer } from "./harness/officer";
import { BINARY } from "./harness/paths";
import { Resident } from "./harness/resident";
import { Server } from "./harness/server";
import { seeded, until } from "./harness/wait";

const SERVICE = "old-age-allowance";
const OWNER = "civil-affairs";
const CHANGES = Number(process.env["ZHENGTONG_CHANGES"] ?? 24);
const SEED = Number(process.env["ZHENGTONG_SEED"] ?? 20_260);
/** Exit codes: everything holds, something does not, it could not be checked. */
const [HOLDS, REFUTED, NOT_CHECKED] = [0, 1, 2];

interface Verified {
  readonly code: number;
  readonly output: string;
}

let server: Server;
let folder: string;
let networkKey: string;
const cases = new Map<string, Hex>();

/** Runs the command far from any data folder: the key is given, or there is none. */
function verify(...args: string[]): Promise<Verified> {
  return new Promise((resolve) => {
    execFile(BINARY, ["verify", "case", ...args], { cwd: folder, env: { ...process.env, LC_ALL: "zh_CN.UTF-8" } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

const key = (): string[] => ["--network-key", networkKey];
const online = (): string[] => ["--rpc", server.rpcUrl, ...key()];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "zhengtong-verify-"));
  server = await Server.start({ name: "verify" });
  const approved = await Resident.enrol(server, "approved-66");
  networkKey = (await approved.index.network()).public_key;
  const one = await approved.applyFor(SERVICE);
  await approved.reaches(one.id, "approved");
  await until("the credential is anchored", async () => (await approved.index.case(one.id)).credential);
  cases.set("approved by the rules", one.id);

  const waiting = await Resident.enrol(server, "household-missing");
  const two = await waiting.applyFor(SERVICE);
  await waiting.reaches(two.id, "review");
  cases.set("waiting for an officer", two.id);

  const refused = await Resident.enrol(server, "refused-64");
  const three = await refused.applyFor(SERVICE);
  await refused.reaches(three.id, "review");
  await refuse(0, three.id);
  await refused.reaches(three.id, "refused");
  const text = "请再次核实。";
  const gateway = (await Officer.signIn(server, OWNER, 0)).gateway;
  const appeal = await until("the gateway takes the appeal", () => refused.gateways.appeal(refused.wallet, three, gateway, text));
  await refused.chain.appeal(refused.wallet, three, appeal);
  await refused.reaches(three.id, "review");
  await refuse(1, three.id);
  await refused.reaches(three.id, "refused");
  cases.set("refused, appealed, refused by another officer", three.id);
});
after(async () => {
  await server.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function refuse(n: number, id: Hex): Promise<void> {
  const officer = await Officer.signIn(server, OWNER, n);
  const pack = readPackage((await fetch(`${server.origin}/api/v1/services/${SERVICE}`).then((answer) => answer.json()) as { package: unknown }).package);
  const row = pack.rules.rows.findIndex(({ reason }) => reason === "age-below-65");
  const { reason, law } = pack.rules.rows[row] ?? assert.fail("no row for people under 65");
  await officer.chain.refuse(officer.key, id, { row, reason, statute: statuteId(law.law, law.article), statement: await officer.statement(id, "未满六十五周岁。") });
}

describe("a case that was", () => {
  for (const name of ["approved by the rules", "waiting for an officer", "refused, appealed, refused by another officer"]) {
    test(`${name}: holds from a node, through an index, and offline`, async () => {
      const id = cases.get(name) ?? assert.fail(`no case ${name}`);
      const file = join(folder, `${id}.json`);
      for (const args of [[id, ...online(), "--export", file], [id, ...online(), "--index", server.origin], ["--file", file, ...key()]]) {
        const { code, output } = await verify(...args);
        assert.equal(code, HOLDS, `${args.join(" ")}\n${output}`);
      }
      // The portal's download is the same file.
      const bundle: unknown = await fetch(`${server.origin}/api/v1/cases/${id}/bundle`).then((answer) => answer.json());
      writeFileSync(file, JSON.stringify(bundle, null, 2));
      assert.equal((await verify("--file", file, ...key())).code, HOLDS);
    });
  }
});

describe("it does not hold", () => {
  const file = (): string => join(folder, "changed.json");
  const exported = async (): Promise<string> => {
    const id = cases.get("approved by the rules") ?? "";
    assert.equal((await verify(id, ...online(), "--export", file())).code, HOLDS);
    return readFileSync(file(), "utf8");
  };

  test(`with any byte of the file changed (seed ${SEED})`, async () => {
    const random = seeded(SEED);
    const honest = await exported();
    for (let n = 0; n < CHANGES; n++) {
      const bytes = Buffer.from(honest);
      // White space means nothing in JSON: the next byte that does.
      let at = Math.floor(random() * bytes.length);
      while (/\s/.test(String.fromCharCode(bytes[at] ?? 0))) at = (at + 1) % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(file(), bytes);
      const { code, output } = await verify("--file", file(), ...key());
      assert.ok(code === REFUTED || code === NOT_CHECKED, `byte ${at} changed, and: ${code}\n${output}`);
    }
  });

  test("with another network's key, and for another case", async () => {
    await exported();
    const other = `0x${networkKey.slice(2).replace(/^./, (digit) => (digit === "8" ? "9" : "8"))}`;
    assert.notEqual((await verify("--file", file(), "--network-key", other)).code, HOLDS);
    assert.equal((await verify(cases.get("waiting for an officer") ?? "", "--file", file(), ...key())).code, REFUTED);
  });

  test("it says what to do without a key, without a node, and for a case that does not exist", async () => {
    const id = cases.get("approved by the rules") ?? "";
    for (const [args, says] of [
      [[id, "--rpc", server.rpcUrl], /--network-key/],
      [[id, "--rpc", "http://127.0.0.1:1", ...key()], /127\.0\.0\.1:1/],
      [[`0x${"11".repeat(32)}`, ...online()], /1111/],
      [["0x12", ...online()], /0x12/],
    ] as const) {
      const { code, output } = await verify(...args);
      assert.equal(code, NOT_CHECKED, output);
      assert.match(output, says);
    }
  });
});
