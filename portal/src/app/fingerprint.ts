import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

const SHOWN_BYTES = 16;

/** Fingerprint of a key as people compare it: the first 16 bytes of its SHA-256, in hex. */
export function fingerprint(key: string): string {
  const bare = key.replace(/^0x/, "");
  if (!/^([0-9a-f]{2})+$/i.test(bare)) return "";
  return bytesToHex(sha256(hexToBytes(bare)).slice(0, SHOWN_BYTES));
}
