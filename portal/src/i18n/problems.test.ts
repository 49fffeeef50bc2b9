// @vitest-environment node
/** Whatever a gateway refuses has a text that says what happened and what to do: its own, or that of the code by which the portal knows it. */
import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { ask } from "../chain/gateway-http";
import { PortFailure } from "../ports";
import { isMessage } from "./index.svelte";
import { messages } from "./messages";

const gateway = resolve(import.meta.dirname, "../../../crates/gateway/src");
const source = (path: string): string => readFileSync(resolve(gateway, path), "utf8");

/** What the portal never shows. */
const NOT_SHOWN = new Map([
  ["stale", "the backup is read, merged and sent again"],
  ["key-used", "the next key is taken"],
  ["method", "the portal asks by the methods of openapi.json"],
  ["response-code", "a browser that comes back from another wallet opens no page of the portal"],
]);
/** What the general text is the right one for. */
const GENERAL = new Set(["invalid"]);

const STATUS = { refused: 403, conflict: 409, unauthorized: 401, BAD_REQUEST: 400, NOT_FOUND: 404, METHOD_NOT_ALLOWED: 405, PAYLOAD_TOO_LARGE: 413, TOO_MANY_REQUESTS: 429, SERVICE_UNAVAILABLE: 503 } as const;

/** Words of problems with their status, as the gateway's HTTP writes them down. */
function problems(): Map<string, number> {
  const found = new Map<string, number>();
  const files = readdirSync(resolve(gateway, "http"), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".rs"));
  for (const text of files.map((path) => source(`http/${path}`))) {
    for (const [, how = "", word = ""] of text.matchAll(/\b(refused|conflict|unauthorized)\(\s*"([a-z-]+)"/g)) found.set(word, STATUS[how as keyof typeof STATUS]);
    for (const [, how = "", word = ""] of text.matchAll(/::new\(\s*(?:StatusCode::)?([A-Za-z_]+),\s*"([a-z-]+)"/g)) found.set(word, STATUS[how as keyof typeof STATUS] ?? STATUS.SERVICE_UNAVAILABLE);
  }
  // Put together from another list of words.
  const delegation = source("app/delegation.rs");
  const passing = /fn is_passing[^}]*/.exec(delegation)?.[0] ?? "";
  for (const [, name = "", word = ""] of delegation.matchAll(/Self::(\w+)[^=\n]*=> "([a-z-]+)"/g)) {
    found.set(`delegation-${word}`, passing.includes(`Self::${name}`) ? STATUS.SERVICE_UNAVAILABLE : STATUS.refused);
  }
  return found;
}

/** How the portal knows it, where nobody is signed in. */
async function failureOf(word: string, status: number): Promise<PortFailure> {
  const answer = () => Promise.resolve(new Response(JSON.stringify({ type: `urn:zhengtong:problem:${word}`, title: "", status, detail: "" }), { status }));
  const http = { origin: "http://portal.example", fetch: answer as typeof fetch, now: () => 0 };
  return await ask(http, "http://gateway.example", { method: "GET", path: "/v1/any" }).then(
    () => expect.unreachable(),
    (failure: PortFailure) => failure,
  );
}

const all = problems();

test("the list of problems is read", () => {
  for (const word of ["case-forgotten", "before-deletion", "not-found", "too-large", "provider-unusable", "delegation-scope", "delegation-not-registered", "needs-key"]) expect([...all.keys()]).toContain(word);
  expect(all.size).toBeGreaterThan(60);
  expect([...NOT_SHOWN.keys(), ...GENERAL].filter((word) => !all.has(word))).toEqual([]);
});

test.each([...all].filter(([word]) => !NOT_SHOWN.has(word) && !GENERAL.has(word)))("%s says what to do", async (word, status) => {
  // Who is not signed in any more is told so; no sign-in is refused by this word.
  const { code, problem } = await failureOf(word, status);
  const isTold = isMessage(`problem.${problem}`) || code !== "gateway-refused" || word === "no-session";
  expect(isTold, `${word} has the general text of ${code} alone: add problem.${word}`).toBe(true);
});

test("each text is of a problem that there is", () => {
  const texts = Object.keys(messages).filter((key) => key.startsWith("problem.")).map((key) => key.slice("problem.".length));
  expect(texts.filter((word) => !all.has(word))).toEqual([]);
});
