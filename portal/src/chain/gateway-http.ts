// HTTP to an agency's gateway: JSON with a bound in time and size, problems (RFC 9457) as port failures, requests signed by a case key.
import { type FailureCode, type Hex, type OwnCase, PortFailure, type Wallet } from "../ports";
import { sha256Digits } from "../wallet/bytes";
import { keyringOf } from "../wallet/keyring";
import { type RetryPolicy, type Sleep, retried } from "./retry";

const TIMEOUT_MS = 15_000;
const ANSWER_MAX_CHARACTERS = 4 * 1024 * 1024;

export interface GatewayRequest {
  readonly method: "GET" | "POST";
  /** From /v1 on, with the query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GatewayHttp {
  /** Address of the portal, which relative gateway addresses of the registry start from. */
  readonly origin: string;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly sleep?: Sleep;
  readonly retry?: RetryPolicy;
}

interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly field?: string;
}

const PROBLEM = "urn:zhengtong:problem:";

function wordOf(kind: unknown): string | undefined {
  return typeof kind === "string" && kind.startsWith(PROBLEM) ? kind.slice(PROBLEM.length) : undefined;
}

const DELEGATION = "delegation-";
const DELEGATION_OVER: readonly string[] = ["over", "ended", "revoked", "of-age"].map((why) => DELEGATION + why);

function codeOf(status: number, hasToken: boolean, kind: string | undefined): FailureCode {
  const word = wordOf(kind) ?? "";
  if (word === "allowance-used-up") return word;
  if (status === 401 && hasToken) return "session-expired";
  if (status === 404) return "not-found";
  if (status === 429 || status >= 500) return "offline";
  if (word.startsWith(DELEGATION)) return DELEGATION_OVER.includes(word) ? "delegation-over" : "bad-delegation";
  return "gateway-refused";
}

/** Sends one request; `null` for an answer without content. */
export async function ask(http: GatewayHttp, gateway: string, request: GatewayRequest): Promise<unknown> {
  const url = new URL(gateway.replace(/\/$/, "") + request.path, http.origin);
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  let response: Response;
  let text: string;
  try {
    const headers = { accept: "application/json", ...(body === null ? {} : { "content-type": "application/json" }), ...request.headers };
    response = await http.fetch(url, { method: request.method, headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await response.text();
  } catch (cause) {
    throw new PortFailure("offline", cause instanceof Error ? cause.message : String(cause));
  }
  if (text.length > ANSWER_MAX_CHARACTERS) throw new PortFailure("bad-answer", "the answer is too long");
  const json = parse(text);
  if (response.ok) {
    if (json === undefined) throw new PortFailure("bad-answer", "the answer is not JSON");
    return json;
  }
  const problem = (json ?? {}) as Problem;
  const detail = problem.detail ?? problem.title ?? `HTTP ${response.status}`;
  throw new PortFailure(codeOf(response.status, request.headers?.["authorization"] !== undefined, problem.type), detail, problem.field, wordOf(problem.type));
}

/** Fetches a public text. */
export async function askText(http: GatewayHttp, gateway: string, path: string, maxCharacters: number): Promise<string> {
  const url = new URL(gateway.replace(/\/$/, "") + path, http.origin);
  let response: Response;
  let text: string;
  try {
    response = await http.fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await response.text();
  } catch (cause) {
    throw new PortFailure("offline", cause instanceof Error ? cause.message : String(cause));
  }
  if (!response.ok) throw new PortFailure(codeOf(response.status, false, undefined), `HTTP ${response.status}`);
  if (text.length > maxCharacters) throw new PortFailure("bad-answer", "the answer is too long");
  return text;
}

/** For requests that may be repeated: waits and tries again while the gateway cannot be reached. */
export function askPatiently(http: GatewayHttp, gateway: string, request: GatewayRequest): Promise<unknown> {
  return retried(() => ask(http, gateway, request), http.retry, http.sleep);
}

/** By how much a device's clock is off tells devices apart, and so would join the cases of one: a gateway learns the minute alone. */
const SIGNED_STEP_MS = 60_000;

/** A resident's request, signed anew at each attempt because the signature holds for two minutes. */
export async function askAsCase(http: GatewayHttp, wallet: Wallet, own: OwnCase, gateway: string, request: GatewayRequest): Promise<unknown> {
  const account = await keyringOf(wallet).account(own);
  return await retried(
    async () => {
      const time = Math.round(http.now() / SIGNED_STEP_MS) * SIGNED_STEP_MS;
      const text = requestText(request, time);
      const headers = { ...request.headers, "x-case-time": String(time), "x-case-signature": await account.signMessage({ message: text }) };
      return await ask(http, gateway, { ...request, headers });
    },
    http.retry,
    http.sleep,
  );
}

/** The text that a resident's request is signed by. */
export function requestText(request: Pick<GatewayRequest, "method" | "path" | "body">, timeMs: number): string {
  const body = request.body === undefined ? "" : JSON.stringify(request.body);
  return `zhengtong request\n${request.method}\n${request.path}\n${timeMs}\n${sha256Digits(body)}`;
}

function parse(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads members of an answer, or says which one is not as agreed. */
export class Answer {
  readonly #value: Record<string, unknown>;

  constructor(value: unknown) {
    if (typeof value !== "object" || value === null) throw new PortFailure("bad-answer", "the answer is not an object");
    this.#value = value as Record<string, unknown>;
  }

  has(name: string): boolean {
    return this.#value[name] !== undefined;
  }

  text(name: string): string {
    const value = this.#value[name];
    if (typeof value !== "string") throw new PortFailure("bad-answer", `"${name}" is not a text`, name);
    return value;
  }

  hex(name: string): Hex {
    const value = this.text(name);
    if (!/^0x[0-9a-fA-F]*$/.test(value)) throw new PortFailure("bad-answer", `"${name}" is not hex`, name);
    return value.toLowerCase() as Hex;
  }

  number(name: string): number {
    const value = this.#value[name];
    if (typeof value !== "number") throw new PortFailure("bad-answer", `"${name}" is not a number`, name);
    return value;
  }

  list(name: string): unknown[] {
    const value = this.#value[name];
    if (!Array.isArray(value)) throw new PortFailure("bad-answer", `"${name}" is not a list`, name);
    return value;
  }

  maybe(name: string): unknown {
    return this.#value[name] ?? null;
  }
}
