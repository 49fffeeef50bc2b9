// The wallet's content, compressed, padded to steps and sealed under the backup key (AES-256-GCM): iv ‖ ciphertext ‖ tag.
import { type Hex, hexToBytes, plain, stringToBytes } from "../bytes";
import { WalletError } from "../errors";
import type { SentRequest } from "../../ports";
import type { WalletState } from "../state";

/** As the gateways have it. */
export const BACKUP_STEP_BYTES = 4096;
export const BACKUP_MAX_BYTES = 16 * BACKUP_STEP_BYTES;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;

async function through(bytes: Uint8Array, stream: CompressionStream | DecompressionStream, most: number): Promise<Uint8Array> {
  const reader = new Blob([plain(bytes)]).stream().pipeThrough(stream as ReadableWritablePair<Uint8Array, Uint8Array<ArrayBuffer>>).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > most) throw new WalletError("backup-size", `more than ${most} bytes`);
    parts.push(next.value);
  }
  const all = new Uint8Array(length);
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}

async function keyOf(key: Hex): Promise<CryptoKey> {
  return await crypto.subtle.importKey("raw", plain(hexToBytes(key)), "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function packed(content: object): Promise<Uint8Array> {
  return await through(stringToBytes(JSON.stringify(content)), new CompressionStream("gzip"), Number.MAX_SAFE_INTEGER);
}

/** For the version. */
const ROOM_BYTES = 64;
const MOST_BYTES = BACKUP_MAX_BYTES - IV_BYTES - TAG_BYTES - LENGTH_BYTES;

async function sealPacked(key: Hex, account: Hex, content: Uint8Array): Promise<Uint8Array> {
  if (content.length > MOST_BYTES) throw new WalletError("backup-size", `the wallet has ${content.length} bytes, ${MOST_BYTES} can be backed up`);
  const steps = Math.ceil((content.length + LENGTH_BYTES + IV_BYTES + TAG_BYTES) / BACKUP_STEP_BYTES);
  const text = new Uint8Array(steps * BACKUP_STEP_BYTES - IV_BYTES - TAG_BYTES);
  new DataView(text.buffer).setUint32(0, content.length);
  text.set(content, LENGTH_BYTES);
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: plain(hexToBytes(account)) }, await keyOf(key), text);
  return new Uint8Array([...iv, ...new Uint8Array(sealed)]);
}

/** Seals what a host keeps for an account. */
export async function sealContent(key: Hex, account: Hex, content: object): Promise<Uint8Array> {
  return await sealPacked(key, account, await packed(content));
}

/** Without what an agency hands out again: first the results of cases, then the answers to requests and what was asked. */
const LIGHTER: readonly ((state: WalletState) => WalletState)[] = [
  (state) => ({ ...state, cases: state.cases.map((own) => ({ ...own, credential: null })) }),
  ({ requests = [], ...state }) => ({ ...state, requests: requests.map(withoutWords) }),
];

/** An answer has the words of its request in it; until then, they are here alone. */
function withoutWords({ answer, ...request }: SentRequest): SentRequest {
  return answer === undefined ? request : { ...request, text: null };
}

/** What of a wallet is backed up: what an agency hands out again is left out when there is no room. */
export async function backedUp(state: WalletState): Promise<WalletState> {
  for (const lighter of LIGHTER) {
    if ((await packed(state)).length + ROOM_BYTES <= MOST_BYTES) break;
    state = lighter(state);
  }
  return state;
}

/** A wallet's content, and which version of it this is: the host cannot show an old one as a new one. */
export async function sealBackup(key: Hex, account: Hex, version: number, state: WalletState): Promise<Uint8Array> {
  return await sealContent(key, account, { ...state, version });
}

/** Opens what a host kept for an account; whoever sealed it is trusted with what it says. */
export async function openContent(key: Hex, account: Hex, sealed: Uint8Array): Promise<unknown> {
  try {
    const iv = plain(sealed.slice(0, IV_BYTES));
    const text = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: plain(hexToBytes(account)) }, await keyOf(key), plain(sealed.slice(IV_BYTES))));
    const length = new DataView(text.buffer).getUint32(0);
    const content = await through(text.slice(LENGTH_BYTES, LENGTH_BYTES + length), new DecompressionStream("gzip"), 64 * BACKUP_MAX_BYTES);
    return JSON.parse(new TextDecoder().decode(content)) as unknown;
  } catch (cause) {
    throw new WalletError("backup-damaged", cause instanceof Error ? cause.message : String(cause));
  }
}

/** `version`: as its content says; 0 where it was saved before contents said so. */
export async function openBackup(key: Hex, account: Hex, sealed: Uint8Array): Promise<{ version: number; state: WalletState }> {
  const { version = 0, ...state } = (await openContent(key, account, sealed)) as WalletState & { version?: number };
  return { version, state };
}
