// Bytes, hex and canonical JSON: the few conversions the wallet needs, from viem and the RFC 8785 library.
import canonicalize from "canonicalize";
import { sha256 as sha256Hash } from "@noble/hashes/sha2.js";
import { type Address, type Hex, bytesToHex, concatBytes, encodeAbiParameters, hexToBytes, keccak256, stringToBytes } from "viem";

export { type Address, type Hex, bytesToHex, concatBytes, encodeAbiParameters, hexToBytes, keccak256, stringToBytes };

/** Any value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Canonical JSON (RFC 8785). */
export function jcs(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("the value has no JSON form");
  return text;
}

/** keccak256(salt ‖ canonical JSON): the form's part of what the chain keeps of a case. */
export function formCommitment(salt: Hex, form: Json): Hex {
  return keccak256(concatBytes([hexToBytes(salt), stringToBytes(jcs(form))]));
}

/** keccak256(salt ‖ resident number): the person's part of what the chain keeps of a case. */
export function personCommitment(salt: Hex, number: string): Hex {
  return keccak256(concatBytes([hexToBytes(salt), stringToBytes(number)]));
}

/** keccak256(person's part ‖ form's part): what the chain keeps of a case, so that it is of one person and one form. */
export function caseCommitment(person: Hex, form: Hex): Hex {
  return keccak256(concatBytes([hexToBytes(person), hexToBytes(form)]));
}

/** keccak256(salt ‖ UTF-8 text): what the chain keeps of a statement. */
export function statementCommitment(salt: Hex, text: string): Hex {
  return keccak256(concatBytes([hexToBytes(salt), stringToBytes(text)]));
}

/** SHA-256 as 64 hex digits without prefix, as the signed texts of gateway requests carry it. */
export function sha256Digits(data: Uint8Array | string): string {
  return bytesToHex(sha256Hash(typeof data === "string" ? stringToBytes(data) : data)).slice(2);
}

/** Base64url without padding (RFC 4648, section 5). */
export function base64Url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Reads base64url with or without padding; throws on anything else. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text)) throw new TypeError("not base64url");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, ""));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** A number of fresh random bytes, as hex. */
export function randomHex(length: number): Hex {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(length)));
}

/** A copy over a plain ArrayBuffer, the only kind that WebCrypto's types take. */
export function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
