// The status of a credential in its issuer's Token Status List. The agency that is shown the credential checks the list's
// signature and its root on the chain; here it is looked at before the resident is offered to show it, and nothing more.
import { PortFailure } from "../ports";
import { fromBase64Url, plain } from "../wallet/bytes";
import { type GatewayHttp, askText } from "./gateway-http";

export type CredentialStatus = "valid" | "revoked" | "suspended";

/** No list is larger when it is unpacked: a million entries of eight bits. */
const LIST_MAX_BYTES = 1 << 20;
/** Nor its signed form. */
const TOKEN_MAX_CHARACTERS = 2 * 1024 * 1024;
/** However many pages ask: a list is fetched, or found out of reach, at most once in this time. Agencies look once a minute. */
export const REMEMBERED_MS = 10_000;

interface Fetched {
  readonly token: Promise<string>;
  untilMs: number;
}

/** By gateway: as many as there are organisations. */
const fetched = new WeakMap<GatewayHttp, Map<string, Fetched>>();

/** A gateway's signed list, all of it: which entry it is for, nobody learns. */
export function statusList(http: GatewayHttp, gateway: string): Promise<string> {
  const lists = fetched.get(http) ?? new Map<string, Fetched>();
  fetched.set(http, lists);
  const known = lists.get(gateway);
  if (known !== undefined && http.now() < known.untilMs) return known.token;
  const asked: Fetched = { token: askText(http, gateway, "/v1/status", TOKEN_MAX_CHARACTERS), untilMs: Infinity };
  lists.set(gateway, asked);
  const settled = (): void => void (asked.untilMs = http.now() + REMEMBERED_MS);
  asked.token.then(settled, settled);
  return asked.token;
}
const BITS = [1, 2, 4, 8];

/**
 * Reads one entry of a signed list.
 * @param uri which list it must be, where that is known
 */
export async function statusIn(token: string, index: number, uri?: string): Promise<CredentialStatus> {
  const bad = (detail: string) => new PortFailure("bad-answer", `status list: ${detail}`);
  let list: { bits?: unknown; lst?: unknown } | undefined;
  let sub: unknown;
  try {
    const payload = JSON.parse(new TextDecoder().decode(fromBase64Url(token.split(".")[1] ?? ""))) as { status_list?: typeof list; sub?: unknown };
    ({ status_list: list, sub } = payload);
  } catch {
    throw bad("not a JWT");
  }
  if (uri !== undefined && sub !== uri) throw bad("it is another list");
  const { bits, lst } = list ?? {};
  if (typeof bits !== "number" || !BITS.includes(bits) || typeof lst !== "string") throw bad("bits or lst");
  const bytes = await unpacked(fromBase64Url(lst)).catch(() => null);
  if (bytes === null) throw bad("lst cannot be unpacked");
  const perByte = 8 / bits;
  const byte = bytes[Math.floor(index / perByte)];
  if (!Number.isSafeInteger(index) || index < 0 || byte === undefined) throw bad("the index is beyond the list");
  const value = (byte >> ((index % perByte) * bits)) & ((1 << bits) - 1);
  return value === 0 ? "valid" : value === 2 ? "suspended" : "revoked";
}

/** Zlib, as far as the bound. */
async function unpacked(packed: Uint8Array): Promise<Uint8Array | null> {
  const reader = new Blob([plain(packed)]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const out = new Uint8Array(LIST_MAX_BYTES);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return out.subarray(0, length);
    if (length + value.length > LIST_MAX_BYTES) {
      await reader.cancel();
      return null;
    }
    out.set(value, length);
    length += value.length;
  }
}
