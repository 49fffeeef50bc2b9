// A resident's data at the real binary: the walk notices a number that a gateway left out and names it; the export is checked
// offline and every change of it refused; after a deletion every ciphertext is dark and every proof still verifies.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import initSqlJs from "sql.js";
import { slotProver } from "../src/check/slots";
import { Connection } from "../src/chain/connection";
import { gatewaysOver } from "../src/chain/gateways";
import { readPackage } from "../src/package/read";
import { providersOf } from "../src/package/words";
import type { Gateways, Hex, Json, OwnCase, ToExport } from "../src/ports";
import { keyringOf } from "../src/wallet/keyring";
import { useTag } from "../src/wallet/derive";
import { openRecord } from "../src/wallet/record";
import { type Browser, text, withBrowser } from "./harness/browser";
import { formsOf, type Needle, Search } from "./harness/needles";
import { BINARY } from "./harness/paths";
import { answerQuestions, chooseResident, checkAndSend } from "./harness/portal";
import { FORMS, Resident } from "./harness/resident";
import { run, runOk } from "./harness/run";
import { Server } from "./harness/server";
import { until } from "./harness/wait";

/** Does not ask health: what is left out there does not touch it. */
const WHOLE = "disability-living-subsidy";
const SABOTAGED = "health";
const CHANGES = 24;
const [HOLDS, REFUTED] = [0, 1];

let server: Server;
let folder: string;
let networkKey: string;
let resident: Resident;
let own: OwnCase;
let strangerFile: string;
let proven: Gateways;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "zhengtong-my-data-"));
  server = await Server.start({ name: "my-data", more: ["--sabotage-skip-use", `${SABOTAGED}:0`] });
  resident = await Resident.enrol(server, "subsidy-approved-45");
  strangerFile = join(folder, "stranger");
  writeFileSync(strangerFile, (await resident.index.resident("relief-illness-38")).number);
  networkKey = (await resident.index.network()).public_key;
  const connection = new Connection({ rpcUrl: server.rpcUrl });
  proven = gatewaysOver({ origin: server.origin, fetch, now: Date.now }, connection, slotProver(connection, async () => networkKey));
  const applied = await resident.applyFor(WHOLE);
  await resident.reaches(applied.id, "approved");
  await until("the credential is anchored", async () => (await resident.index.case(applied.id)).credential);
  own = (await resident.wallet.case(applied.id)) as OwnCase;
});
after(async () => {
  await server.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function toExport(): Promise<ToExport> {
  const pack = readPackage((await resident.index.service(WHOLE)).package);
  const { organisations } = await resident.index.network();
  const owner = organisations.find((one) => one.id === pack.item.owner);
  return { own, providers: providersOf(pack), gateway: owner?.gateway ?? "", bundle: async () => (await resident.index.bundle(own.id)) as Json };
}

/** As text, and as the bytes that the text spells in hex: the chain and the state keep bytes. */
function bothForms(hex: string): Needle[] {
  const bytes = Buffer.from(hex, "hex");
  return [...formsOf(hex), { text: hex, form: "bytes", bytes, isBounded: false }];
}

const verify = (file: string) => run(BINARY, ["verify", "export", file, "--network-key", networkKey, "--lang", "en"], { cwd: folder });

/** What is not searched: keys, which the operator keeps, and the agencies' own registers, which are not the gateways'. */
const LEFT_OUT = new Set(["keys", "agencies"]);

function filesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const at = join(path, entry.name);
    return entry.isDirectory() ? filesBelow(at) : [at];
  });
}

/** Every file of the demo's data folder: chain, index, gateways, and whatever comes. */
function storage(): string[] {
  const parts = readdirSync(server.data, { withFileTypes: true }).filter(({ name }) => !LEFT_OUT.has(name));
  return parts.flatMap((part) => (part.isDirectory() ? filesBelow(join(server.data, part.name)) : [join(server.data, part.name)])).filter((path) => !path.endsWith(".key"));
}

/** Wrapped keys of a vault, by id, and the records under them. */
async function vaultOf(agency: string): Promise<{ keys: Map<string, string>; records: { kind: string; name: string; keyId: string; subject: string }[] }> {
  const wasm = join(createRequire(import.meta.url).resolve("sql.js"), "../sql-wasm.wasm");
  const sqlite = await initSqlJs({ locateFile: () => wasm });
  const file = join(server.data, "gateways", agency, "vault.sqlite");
  // Deleting somebody of whom nothing is kept empties the log: then the file has everything.
  await runOk(BINARY, ["vault", "forget", "--agency", agency, "--data", server.data, "--number-file", strangerFile]);
  const bytes = readFileSync(file);
  bytes[18] = bytes[19] = 1; // no log, for a reader that has no shared memory
  const database = new sqlite.Database(bytes);
  try {
    const rows = (sql: string) => (database.exec(sql, [])[0]?.values ?? []) as string[][];
    return {
      keys: new Map(rows("SELECT key_id, wrapped FROM vault_keys").map(([id = "", wrapped = ""]) => [id, wrapped])),
      records: rows("SELECT kind, name, key_id, subject FROM vault_records").map(([kind = "", name = "", keyId = "", subject = ""]) => ({ kind, name, keyId, subject })),
    };
  } finally {
    database.close();
  }
}

describe("my data", () => {
  test("a number that a gateway leaves out is found, and named", async () => {
    const other = await Resident.enrol(server, "approved-66");
    const opened = await other.applyFor("old-age-allowance");
    await other.reaches(opened.id, "approved");
    const pack = readPackage((await other.index.service("old-age-allowance")).package);
    const walk = await proven.uses(other.wallet, opened, providersOf(pack));
    for (const { provider, provenAbsent, missing } of walk.complete) {
      assert.deepEqual({ provider, provenAbsent, missing }, provider === SABOTAGED ? { provider, provenAbsent: false, missing: [0] } : { provider, provenAbsent: true, missing: [] });
    }
    const late = walk.uses.find((use) => use.provider === SABOTAGED);
    assert.equal(late?.n, 1);
    assert.match(late?.details?.official ?? "", /^system\/gateway\/[0-9a-f]{8}$/);
    // Such a list does not pass as a whole one in an export either.
    const { organisations } = await other.index.network();
    const gateway = organisations.find((one) => one.id === pack.item.owner)?.gateway ?? "";
    const file = join(folder, "gap.txt");
    writeFileSync(file, await proven.exported(other.wallet, [{ own: opened, providers: providersOf(pack), gateway, bundle: async () => (await other.index.bundle(opened.id)) as Json }]));
    const { code, stdout } = await verify(file);
    assert.equal(code, REFUTED, stdout);
    assert.match(stdout, /a number was left out/);
  });

  test("the export is checked offline, and every change of it is refused", async () => {
    const text = await proven.exported(resident.wallet, [await toExport()]);
    const file = join(folder, "export.txt");
    writeFileSync(file, text);
    const { code, stdout, stderr } = await verify(file);
    assert.equal(code, HOLDS, stdout + stderr);
    assert.match(stdout, /✓ the uses are complete/);
    const bytes = Buffer.from(text);
    const places = [0, bytes.length - 1, bytes.length - 2, bytes.length - 80, bytes.length - 90];
    for (let n = 0; places.length < CHANGES; n++) places.push(Math.floor((bytes.length * (n + 0.5)) / CHANGES));
    for (const place of places) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] as number) ^ 1;
      writeFileSync(file, changed);
      assert.equal((await verify(file)).code, REFUTED, `byte ${place} of ${bytes.length}`);
    }
    writeFileSync(file, bytes.subarray(0, bytes.length - 1));
    assert.equal((await verify(file)).code, REFUTED);
    // Signed anew by another wallet: its cases are not that one's.
    const thief = await Resident.enrol(server, "approved-70");
    const parts = text.trimEnd().split("\n");
    const body = JSON.parse(parts.slice(0, -1).join("\n")) as Record<string, unknown>;
    const stolen = JSON.stringify({ ...body, holder: await thief.wallet.holderKey(), identity: null });
    const { signature } = await keyringOf(thief.wallet).signAsHolder(new TextEncoder().encode(stolen));
    writeFileSync(file, `${stolen}\n${signature}\n`);
    const refused = await verify(file);
    assert.equal(refused.code, REFUTED);
    assert.match(refused.stdout, /✗ the case is this wallet's/);
  });

  test("a person is deleted at every agency: every ciphertext is dark, every proof still verifies", async () => {
    const { number, name } = await resident.index.resident("subsidy-approved-45");
    const agencies = (await toExport()).providers;
    const numberFile = join(folder, "number");
    writeFileSync(numberFile, number);
    const forget = (agency: string) => run(BINARY, ["vault", "forget", "--agency", agency, "--data", server.data, "--number-file", numberFile]);
    // An order stops it, and the person sees the order.
    const held = agencies[0] as string;
    const placed = await runOk(BINARY, ["vault", "hold", "--agency", held, "--data", server.data, "--number-file", numberFile, "--authority", "区人民法院", "--reference", "1"]);
    const stopped = await forget(held);
    assert.notEqual(stopped.code, 0);
    assert.match(stopped.stderr, /区人民法院/);
    const { organisations } = await resident.index.network();
    const gatewayOf = (slug: string) => organisations.find((one) => one.id === slug)?.gateway ?? "";
    const kept = await proven.kept(resident.wallet, held, gatewayOf(held));
    assert.equal(kept.holds[0]?.authority, "区人民法院");
    await runOk(BINARY, ["vault", "release", "--agency", held, "--data", server.data, placed.trim().split(" ")[1] ?? ""]);

    const needles: string[] = [];
    const dead = new Map<string, Set<string>>();
    for (const agency of agencies) {
      const { keys, records } = await vaultOf(agency);
      const theirs = records.filter(({ name }) => name.includes(own.id.slice(2)));
      const about = new Set(theirs.map(({ keyId }) => keyId));
      assert.ok(about.size > 0, agency);
      dead.set(agency, about);
      for (const id of about) needles.push(keys.get(id) ?? "");
      // The link is under the person's pseudonym, which joins all their cases there.
      const pseudonym = theirs.find(({ kind }) => kind === "link")?.subject ?? "";
      assert.match(pseudonym, /^[0-9a-f]{64}$/, agency);
      needles.push(pseudonym);
      // What opens the use records on the chain: the agency had it, the wallet still does.
      needles.push((await keyringOf(resident.wallet).useSecret(own.id, agency)).slice(2));
    }
    // The search sees what there is: the keys and pseudonyms are on the disk before.
    const seen = new Search(needles.flatMap(bothForms));
    assert.ok(storage().some((file) => seen.find(readFileSync(file)).length > 0));
    const deletions: string[] = [];
    for (const agency of agencies) {
      const done = await forget(agency);
      assert.equal(done.code, 0, done.stdout + done.stderr);
      deletions.push(done.stdout);
    }
    assert.ok(deletions.every((text) => !text.includes(number)));

    // Raw storage, the chain's and the index's too: wrapped keys, pseudonyms and use secrets are gone from every byte, and
    // the person's values were never there. What the chain keeps about them is ciphertext, commitments and tags.
    const search = new Search([...needles.flatMap(bothForms), ...formsOf(number), ...formsOf(name)]);
    const searched = storage();
    for (const part of ["validator-0", "index", "gateways"]) assert.ok(searched.some((file) => file.startsWith(join(server.data, part))), part);
    for (const file of searched) {
      assert.deepEqual(search.find(readFileSync(file)), [], file);
    }
    // No record about them has a key any more; the gateways say so, and answer nothing about the case.
    for (const agency of agencies) {
      const { keys } = await vaultOf(agency);
      for (const id of dead.get(agency) ?? []) assert.ok(!keys.has(id), `${agency} still has the key ${id}`);
    }
    assert.equal(await proven.credential(resident.wallet, own, gatewayOf("civil-affairs")), null);
    const after = await proven.kept(resident.wallet, held, gatewayOf(held));
    assert.deepEqual(after.cases, []);

    // The proofs hold as before, and the person's own wallet still opens its records.
    const case_ = await run(BINARY, ["verify", "case", own.id, "--rpc", server.rpcUrl, "--network-key", networkKey]);
    assert.equal(case_.code, HOLDS, case_.stdout + case_.stderr);
    const walk = await proven.uses(resident.wallet, own, agencies);
    assert.ok(walk.complete.every(({ provenAbsent }) => provenAbsent));
    assert.ok(walk.uses.length >= agencies.length && walk.uses.every(({ details }) => details !== null));
    // Without the wallet's secret nothing opens: what the agency had is the only other copy.
    const guess = `0x${"00".repeat(32)}` as Hex;
    assert.notEqual(useTag(guess, 0), walk.uses[0]?.tag);
    await assert.rejects(openRecord(guess, 0, `0x${"00".repeat(528)}`));
  });
});

describe("requests by one's rights over one's data", () => {
  const SERVICE = "old-age-allowance";
  /** Takes part in none of that service's cases. */
  const ELSEWHERE = "human-resources";
  const OWNER = "civil-affairs";
  const WORDS = "请删除关于我的一切，目的已经实现。";
  const REASONS = "目的已经实现，保存期已满，予以删除。";
  const REQUEST_PATH = /\/me\/data\/sent\/([0-9a-f]{32})/;

  /** Goes to another page of the portal without loading it anew, which would lock the wallet. */
  async function go(page: Page, path: string): Promise<void> {
    await page.evaluate((to) => {
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
    }, path);
  }

  async function ask(page: Page, right: string, agency: string, words: string): Promise<string> {
    await go(page, `/me/data/requests/${right}`);
    await page.getByLabel(text("request.agency")).selectOption(agency);
    await page.getByLabel(text("request.text")).fill(words);
    await page.getByRole("button", { name: text("request.do") }).click();
    await page.getByText(text("request.sentText")).waitFor();
    return REQUEST_PATH.exec(page.url())?.[1] ?? "";
  }

  const listed = (page: Page, id: string) => page.getByRole("region", { name: text("sent.title") }).locator("li", { has: page.locator(`a[href="/me/data/sent/${id}"]`) });

  /** What the person sees of the answer, wherever they read it. */
  async function readAnswer(page: Page, id: string, code: string): Promise<void> {
    await go(page, "/me/data");
    await listed(page, id).getByText(text("requests.granted"), { exact: true }).waitFor();
    await listed(page, id).getByRole("link").click();
    const answer = page.getByRole("region", { name: text("sent.answer") });
    await answer.waitFor();
    const said = await answer.innerText();
    for (const part of [text("requests.granted"), REASONS, text("sent.role.data-officer"), code, text("sent.signed")]) assert.ok(said.includes(part), `${part} in ${said}`);
    assert.match(said, /销毁了[1-9]\d*把密钥。1个办件的[1-9]\d*条记录/);
    await page.getByText(WORDS).waitFor();
  }

  async function withResident(name: string, begin: (browser: Browser, page: Page) => Promise<void>): Promise<void> {
    await withBrowser(server.origin, name, {}, async (browser) => begin(browser, await browser.page("/sign-in")));
  }

  test("are followed in the wallet, and an answer outlives the person's deletion", async () => {
    await withResident("requests", async (_, page) => {
      await chooseResident(page, resident.index, "refused-64");
      await page.waitForURL((url) => url.pathname !== "/sign-in");
      await go(page, `/services/${SERVICE}/apply`);
      await answerQuestions(page, FORMS[SERVICE] ?? {});
      const opened = await checkAndSend(page);

      // To an agency of no case: it is there with its clock, wherever one looks for it, after leaving the page.
      const elsewhere = await ask(page, "copy", ELSEWHERE, "请给我一份副本。");
      for (const path of ["/me/cases", "/me/data"]) {
        await go(page, path);
        const line = listed(page, elsewhere);
        await line.getByText(text("requests.open"), { exact: true }).waitFor();
        assert.match(await line.innerText(), /前答复 · 还有30天/);
      }
      await listed(page, elsewhere).getByRole("link").click();
      await page.getByText("请给我一份副本。").waitFor();

      // An objection from a card names the use.
      await go(page, "/me/data");
      await page.getByRole("link", { name: text("data.contest") }).first().click();
      await page.getByText(text("request.about"), { exact: true }).waitFor();
      assert.ok((await page.locator("main").innerText()).includes(opened));

      // The desk asks before it deletes; until then nothing is done.
      const deleted = await ask(page, "delete", OWNER, WORDS);
      const { officers } = await resident.index.demo();
      const officer = officers.find(({ organisation }) => organisation === OWNER);
      await go(page, "/desk/sign-in");
      await page.locator("li", { hasText: officer?.label ?? "" }).getByRole("button").first().click();
      await page.waitForURL((url) => url.pathname === "/desk");
      await go(page, "/desk/requests");
      const item = page.locator("li", { hasText: WORDS });
      await item.getByLabel(text("requests.reason")).fill(REASONS);
      await item.getByRole("button", { name: text("requests.grant") }).click();
      const question = item.getByText(deleted.slice(0, 8));
      await question.waitFor();
      assert.ok(await question.evaluate((element) => element === document.activeElement), "the question has the focus");
      await item.getByRole("button", { name: text("requests.deleteYes") }).click();
      await page.getByText(text("requests.gone")).waitFor();

      const code = (officer?.address ?? "").slice(2, 10).toLowerCase();
      await readAnswer(page, deleted, code);
      // The agency keeps no word of it.
      const search = new Search([WORDS, REASONS].flatMap(formsOf));
      for (const file of storage().filter((path) => path.startsWith(join(server.data, "gateways")))) assert.deepEqual(search.find(readFileSync(file)), [], file);
    });
  });
});
