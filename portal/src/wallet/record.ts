// The encrypted half of a use record: what the agency says it did, readable with the resident's secret alone.
import { type Hex, bytesToHex, hexToBytes, plain, stringToBytes } from "./bytes";
import { useKey, useTag } from "./derive";

/** Size of the plain text: JSON padded with spaces, so that the length says nothing. */
export const RECORD_BYTES = 512;
const NONCE = new Uint8Array(12); // every key is used for one record alone

export interface UseRecord {
  readonly v: 1;
  /** Role and pseudonymous code of the official or system that asked. */
  readonly official: string;
  readonly purpose: string;
  readonly fields: readonly string[];
  /** Law and article, or the consent, it rests on. */
  readonly article: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** The credential that was shown for it: its type, and why it was not taken. */
  readonly credential?: { readonly vct: string; readonly refused?: string };
  /** As what somebody acted for the person; absent where they acted themselves. */
  readonly by?: string;
}

export type RecordErrorCode = "record-undecryptable" | "record-malformed" | "record-too-long";

export class RecordError extends Error {
  override readonly name = "RecordError";
  readonly code: RecordErrorCode;
  constructor(code: RecordErrorCode, cause?: unknown) {
    super(code, { cause });
    this.code = code;
  }
}

async function aesKey(secret: Hex, n: number, usage: "encrypt" | "decrypt"): Promise<CryptoKey> {
  return await crypto.subtle.importKey("raw", plain(useKey(secret, n)), "AES-GCM", false, [usage]);
}

function parameters(tag: Hex): AesGcmParams {
  return { name: "AES-GCM", iv: NONCE, additionalData: plain(hexToBytes(tag)) };
}

/** Encrypts the n-th record under its tag. Gateways do this; here for vectors and tests. */
export async function sealRecord(secret: Hex, n: number, record: UseRecord): Promise<Hex> {
  const text = stringToBytes(JSON.stringify(record));
  if (text.length > RECORD_BYTES) throw new RecordError("record-too-long");
  const padded = new Uint8Array(RECORD_BYTES).fill(0x20);
  padded.set(text);
  const sealed = await crypto.subtle.encrypt(parameters(useTag(secret, n)), await aesKey(secret, n, "encrypt"), padded);
  return bytesToHex(new Uint8Array(sealed));
}

/** Decrypts the n-th record. Fails with a code when the key is not the right one or the content is not a record. */
export async function openRecord(secret: Hex, n: number, ciphertext: Hex): Promise<UseRecord> {
  let bytes: ArrayBuffer;
  try {
    bytes = await crypto.subtle.decrypt(parameters(useTag(secret, n)), await aesKey(secret, n, "decrypt"), plain(hexToBytes(ciphertext)));
  } catch (cause) {
    throw new RecordError("record-undecryptable", cause);
  }
  try {
    return parseRecord(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new RecordError("record-malformed", cause);
  }
}

function parseRecord(value: unknown): UseRecord {
  const record = value as Partial<UseRecord> | null;
  if (typeof record !== "object" || record === null || record.v !== 1) throw new TypeError("version");
  const { official, purpose, fields, article, at, by } = record;
  if (typeof official !== "string" || typeof purpose !== "string" || typeof article !== "string") throw new TypeError("texts");
  if (!Array.isArray(fields) || !fields.every((field) => typeof field === "string")) throw new TypeError("fields");
  if (typeof at !== "number" || !Number.isSafeInteger(at)) throw new TypeError("at");
  if (by !== undefined && typeof by !== "string") throw new TypeError("by");
  const acted = by === undefined ? {} : { by };
  const { credential } = record;
  if (credential === undefined) return { v: 1, official, purpose, fields, article, at, ...acted };
  const { vct, refused } = credential;
  if (typeof vct !== "string" || (refused !== undefined && typeof refused !== "string")) throw new TypeError("credential");
  return { v: 1, official, purpose, fields, article, at, ...acted, credential: { vct, ...(refused === undefined ? {} : { refused }) } };
}
