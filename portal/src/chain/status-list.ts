// The status of a credential in its issuer's Token Status List. The agency that is shown the credential checks the list's
// signature and its root on the chain; here it is looked at before the resident is offered to show it, and nothing more.
import { PortFailure } from "../ports";
import { fromBase64Url, plain } from "../wallet/bytes";

export type CredentialStatus = "valid" | "revoked" | "suspended";

/** No list is larger when it is unpacked: a million entries of eight bits. */
const LIST_MAX_BYTES = 1 << 20;
/** Nor its signed form. */
export const STATUS_TOKEN_MAX_CHARACTERS = 2 * 1024 * 1024;
const BITS = [1, 2, 4, 8];

/** Reads one entry of a signed list. */
export async function statusIn(token: string, index: number): Promise<CredentialStatus> {
  const bad = (detail: string) => new PortFailure("bad-answer", `status list: ${detail}`);
  let list: { bits?: unknown; lst?: unknown } | undefined;
  try {
    const payload = JSON.parse(new TextDecoder().decode(fromBase64Url(token.split(".")[1] ?? ""))) as { status_list?: typeof list };
    list = payload.status_list;
  } catch {
    throw bad("not a JWT");
  }
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
