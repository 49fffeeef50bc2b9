// No personal data on the chain, in the index, in the gateways' stores or in the logs: after real cases, everything written and
// everything that JSON-RPC and the API answer is searched for what the agencies know of the demo residents.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { createPublicClient, http, keccak256, parseAbi, stringToBytes, stringToHex } from "viem";
import { statuteId } from "../src/chain/codes";
import { readPackage } from "../src/package/read";
import type { Hex } from "../src/ports";
import { keyringOf } from "../src/wallet/keyring";
import { IndexClient } from "./harness/index-client";
import { dateForms, formsOf, type Found, type Needle, Search } from "./harness/needles";
import { Officer } from "./harness/officer";
import { readPeople } from "./harness/people";
import { FORMS, Resident } from "./harness/resident";
import { rpc } from "./harness/rpc";
import { Server } from "./harness/server";
import { until } from "./harness/wait";

/** The agencies' own databases: the only place where these texts may be. */
const OWN_DATABASES = "agencies";
const OWNER = "civil-affairs";
const PEOPLE = parseAbi([
  "struct Leaf { uint64 index; uint64 since; bool isCurrent; }",
  "function countOf(bytes32 authority) view returns (uint64)",
  "function stateOf(uint256 leaf) view returns (Leaf)",
]);
const APPEAL = "本人户籍一直在本市，请再次核实。";

let server: Server;
let search: Search;
let ids: Hex[];

before(async () => {
  server = await Server.start({ name: "privacy" });
  ids = await runCases();
  const { residents } = await new IndexClient(server.origin).demo();
  const people = await readPeople(join(server.data, OWN_DATABASES), residents.map((resident) => resident.number));
  search = new Search([
    ...people.flatMap(({ number, name, birthDate, address }) => {
      const [year, month, day] = birthDate.split("-").map(Number) as [number, number, number];
      return [number, number.slice(0, 17), name, ...(address === null ? [] : [address]), ...dateForms({ year, month, day })].flatMap(formsOf);
    }),
    // What residents wrote stays off the chain as well.
    ...formsOf(APPEAL),
    ...formsOf(String(FORMS["temporary-relief"]?.["what_happened"])),
  ] satisfies Needle[]);
});
after(() => server.dispose());

/** An approval, a refusal with its appeal, a missing record, a consent, a relief with a supplement. */
async function runCases(): Promise<Hex[]> {
  const approved = await Resident.enrol(server, "approved-66");
  const one = await approved.applyFor("old-age-allowance");
  await approved.reaches(one.id, "approved");

  const refused = await Resident.enrol(server, "refused-64");
  const two = await refused.applyFor("old-age-allowance");
  await refused.reaches(two.id, "review");
  const pack = readPackage((await refused.index.service("old-age-allowance")).package);
  const rowIndex = pack.rules.rows.findIndex((row) => row.outcome === "refuse" && row.reason === "age-below-65");
  const row = pack.rules.rows[rowIndex];
  assert.ok(row !== undefined, "the package has no row for people under 65");
  const officer = await Officer.signIn(server, OWNER);
  const statement = await officer.statement(two.id, "申请人未满六十五周岁。");
  await officer.chain.refuse(officer.key, two.id, { row: rowIndex, reason: row.reason, statute: statuteId(row.law.law, row.law.article), statement });
  await refused.reaches(two.id, "refused");
  // The gateway follows the chain by itself; it may see the decision a moment after the index does.
  const hash = await until("the gateway takes the appeal", () => refused.gateways.appeal(refused.wallet, two, officer.gateway, APPEAL));
  await refused.chain.appeal(refused.wallet, two, hash);
  await refused.reaches(two.id, "review");

  const missing = await Resident.enrol(server, "household-missing");
  const three = await missing.applyFor("old-age-allowance");
  await missing.reaches(three.id, "review");

  const subsidy = await Resident.enrol(server, "subsidy-approved-45");
  const four = await subsidy.applyFor("disability-living-subsidy");
  await subsidy.reaches(four.id, "approved");

  const relief = await Resident.enrol(server, "relief-illness-38");
  const five = await relief.applyFor("temporary-relief");
  await relief.reaches(five.id, "review");
  return [one, two, three, four, five].map((own) => own.id);
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : entry.isFile() ? [path] : [];
  });
}

const show = (where: string, found: readonly Found[]): string[] => found.map(({ text, form, offset }) => `${where} at ${offset}: "${text}" as ${form}`);

describe("personal data", () => {
  test("is found where it belongs, so that finding nothing elsewhere means something", () => {
    const found = search.find(readFileSync(join(server.data, OWN_DATABASES, "public-security.sqlite")));
    assert.ok(found.length > 0, "the search does not even find residents in the police database");
  });

  test("is in no file of chain, index and gateways, and in no log", () => {
    const searched = files(server.data).filter((path) => !relative(server.data, path).startsWith(`${OWN_DATABASES}/`));
    const bytes = searched.reduce((sum, path) => sum + statSync(path).size, 0);
    assert.ok(bytes > 100_000, `only ${bytes} bytes to search`);
    const found = searched.flatMap((path) => show(relative(server.data, path), search.find(readFileSync(path))));
    assert.deepEqual([...found, ...show("log", search.find(readFileSync(server.logFile)))], []);
  });

  test("is in nothing that JSON-RPC answers, encoded as it may be", async () => {
    const tip = Number(await rpc<Hex>(server.rpcUrl, "eth_blockNumber"));
    const found: string[] = [];
    for (let number = 0; number <= tip; number++) {
      const tag = `0x${number.toString(16)}`;
      const answers = await Promise.all([rpc(server.rpcUrl, "eth_getBlockByNumber", tag, true), rpc(server.rpcUrl, "eth_getBlockReceipts", tag)]);
      found.push(...show(`block ${number}`, searchAnswer(answers)));
    }
    assert.ok(tip >= ids.length, `only ${tip} blocks`);
    assert.deepEqual(found, []);
  });

  test("is in nothing that the API says of a case", async () => {
    const paths = ["/api/v1/cases", "/api/v1/statistics", "/api/v1/network", ...ids.flatMap((id) => [`/api/v1/cases/${id}`, `/api/v1/cases/${id}/bundle`])];
    const found: string[] = [];
    for (const path of paths) {
      const response = await fetch(server.origin + path);
      assert.equal(response.status, 200, path);
      found.push(...show(path, searchAnswer(await response.json())));
    }
    assert.deepEqual(found, []);
  });

  test("is not behind a hash that anyone could guess", async () => {
    // A commitment without a salt would be as good as the text itself: no hash of a number or a name is anywhere.
    const { residents } = await new IndexClient(server.origin).demo();
    const guesses = new Search(residents.flatMap(({ number }) => hashForms(number)));
    const searched = files(server.data).filter((path) => !relative(server.data, path).startsWith(`${OWN_DATABASES}/`));
    const found = searched.flatMap((path) => show(relative(server.data, path), guesses.find(readFileSync(path))));
    assert.deepEqual(found, []);
  });

  test("the register of people has one place a person: a new wallet's leaf replaces the old one's", async () => {
    const chain = createPublicClient({ transport: http(server.rpcUrl) });
    const { contracts } = await rpc<{ contracts: Record<string, Hex> }>(server.rpcUrl, "zhengtong_network");
    const people = { address: contracts["people"] as Hex, abi: PEOPLE } as const;
    const count = () => chain.readContract({ ...people, functionName: "countOf", args: [stringToHex("public-security", { size: 32 })] });
    const leafOf = async ({ wallet }: Resident) => {
      const leaf = await keyringOf(wallet).commitment(0);
      return await chain.readContract({ ...people, functionName: "stateOf", args: [BigInt(leaf)] });
    };
    const first = await Resident.enrol(server, "approved-79");
    await until("the first leaf", async () => (await leafOf(first)).isCurrent);
    const before = await count();
    const second = await Resident.enrol(server, "approved-79");
    await until("the second leaf", async () => (await leafOf(second)).isCurrent);
    const [old, now] = [await leafOf(first), await leafOf(second)];
    assert.deepEqual([old.isCurrent, old.index], [false, now.index], "the same place, with another secret");
    assert.equal(await count(), before);
  });
});

/** A hash of a text, as bytes and as hex. */
function hashForms(text: string): Needle[] {
  const hashes = [Buffer.from(keccak256(stringToBytes(text)).slice(2), "hex"), createHash("sha256").update(text).digest()];
  return hashes.flatMap((hash) => [hash, Buffer.from(hash.toString("hex"))].map((bytes) => ({ text, form: "hash", bytes, isBounded: false })));
}

/** Searches an answer as text, and the bytes of every hex string in it. */
function searchAnswer(answer: unknown): Found[] {
  const text = JSON.stringify(answer);
  const decoded = [...text.matchAll(/"0x([0-9a-fA-F]{8,})"/g)].map(([, digits]) => Buffer.from(digits ?? "", "hex"));
  return [search.find(Buffer.from(text)), ...decoded.map((bytes) => search.find(bytes))].flat();
}
