// Codes that go from hand to hand between two people's wallets: texts in base64url, shown to scan, sent as a link, or read out of
// a message; and numbers that both can compare.
import { x25519 } from "@noble/curves/ed25519.js";
import { type Hex, bytesToHex, fromBase64Url, hexToBytes, sha256Digits } from "./bytes";

/** The most characters of a code that is read. */
export const MAX_CODE_CHARACTERS = 64 * 1024;

/** The bytes of a code as it was pasted or scanned: alone, or at the end of a link. `wrong` makes the refusal of one that is none. */
export function bytesOfCode(code: string, wrong: (detail: string) => Error): Uint8Array<ArrayBuffer> {
  if (code.length > MAX_CODE_CHARACTERS) throw wrong("too long");
  const alone = code.slice(code.indexOf("#") + 1).replaceAll(/\s/g, "");
  if (alone === "") throw wrong("empty");
  try {
    return fromBase64Url(alone);
  } catch {
    throw wrong("not base64url");
  }
}

/** Digits that two people can compare, in groups of three. */
export function digitsOf(text: string, length: 6 | 12): string {
  const digits = BigInt(`0x${sha256Digits(text)}`) % 10n ** BigInt(length);
  return digits.toString().padStart(length, "0").replaceAll(/(\d{3})(?=\d)/g, "$1 ");
}

/** The public key that belongs to a receiver's private key. */
export function receiverOf(secret: Hex): Hex {
  return bytesToHex(x25519.getPublicKey(hexToBytes(secret)));
}
