// What the two people hand each other: first who the delegate is, then the delegation, sealed to the delegate's wallet.
// Both are texts: shown as a code to scan, sent as a link, or read out of a message.
import { x25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import type { PublicJwk } from "../../ports";
import { type Hex, type Json, base64Url, bytesToHex, concatBytes, fromBase64Url, hexToBytes, jcs, sha256Digits, stringToBytes } from "../bytes";
import { WalletError } from "../errors";
import { open, seal } from "../hpke";
import { thumbprint } from "../identity";
import { DELEGATION_AUDIENCE, type DelegationTerms, documentOf, keyOf, readTerms, rootOf, treeOf } from "./terms";
import { requireConfirmed, requireSigned } from "./ward";

const INFO = "zhengtong/delegation/v1";
const MAX_NAME_CHARACTERS = 64;
/** The most characters of a code that is read. */
export const MAX_CODE_CHARACTERS = 64 * 1024;

/** Who wants to act for somebody: public keys, and the name they go by. */
export interface DelegateRequest {
  readonly holder: PublicJwk;
  /** X25519: what the delegation is sealed to. */
  readonly receiver: Hex;
  readonly name: string;
}

/** What the delegate gets; of a guardian's, those who see it. */
export interface Handover {
  readonly terms: DelegationTerms;
  readonly seed: Hex;
  /** The giver's identity, shown for these terms; of a guardian's, the credential that confirms them. */
  readonly presentation: string;
  /** The name of who hands it over. */
  readonly name: string;
}

function parsed(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || (value as { v?: unknown }).v !== 1) throw new TypeError("version");
  return value as Record<string, unknown>;
}

function nameIn(value: unknown): string {
  if (typeof value !== "string" || value.length > MAX_NAME_CHARACTERS) throw new TypeError("name");
  return value;
}

/** A code as it was pasted or scanned: alone, or at the end of a link. */
function bytesOf(code: string): Uint8Array<ArrayBuffer> {
  const text = code.trim();
  if (text.length > MAX_CODE_CHARACTERS) throw new WalletError("delegation-format", "too long");
  const alone = text.slice(text.indexOf("#") + 1).replaceAll(/\s/g, "");
  if (alone === "") throw new WalletError("delegation-format", "empty");
  try {
    return fromBase64Url(alone);
  } catch {
    throw new WalletError("delegation-format", "not base64url");
  }
}

/** The public key that belongs to a receiver's private key. */
export function receiverOf(secret: Hex): Hex {
  return bytesToHex(x25519.getPublicKey(hexToBytes(secret)));
}

export function writeRequest({ holder, receiver, name }: DelegateRequest): string {
  const { x, y } = holder;
  return base64Url(stringToBytes(jcs({ v: 1, x, y, receiver, name })));
}

export function readRequest(code: string): DelegateRequest {
  const bytes = bytesOf(code);
  try {
    const { x, y, receiver, name } = parsed(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof x !== "string" || typeof y !== "string") throw new TypeError("key");
    // On the curve, or it is refused.
    p256.Point.fromBytes(concatBytes([Uint8Array.of(4), fromBase64Url(x), fromBase64Url(y)]));
    if (typeof receiver !== "string" || !/^0x[0-9a-f]{64}$/.test(receiver)) throw new TypeError("receiver");
    return { holder: { kty: "EC", crv: "P-256", x, y }, receiver: receiver as Hex, name: nameIn(name) };
  } catch (cause) {
    throw new WalletError("delegation-format", cause instanceof Error ? cause.message : "not a request");
  }
}

/** Twelve digits that both people can compare, in groups of three: of the delegate's two keys. */
export function compareNumber({ holder, receiver }: DelegateRequest): string {
  const digits = BigInt(`0x${sha256Digits(jcs({ holder: thumbprint(holder), receiver }))}`) % 10n ** 12n;
  return digits.toString().padStart(12, "0").replaceAll(/(\d{3})(?=\d)/g, "$1 ");
}

export function sealHandover(receiver: Hex, handover: Handover): Promise<string> {
  return seal(receiver, stringToBytes(jcs({ v: 1, ...(handover as unknown as Record<string, Json>) })), { info: INFO });
}

/** Opens what was handed over and checks all that an agency would, but who issued the giver's identity. */
export async function openHandover(secret: Hex, holder: PublicJwk, code: string, chainId: number): Promise<Handover> {
  const bytes = bytesOf(code);
  let opened: Record<string, unknown>;
  try {
    opened = parsed(new TextDecoder("utf-8", { fatal: true }).decode(await open(secret, bytes, { info: INFO })));
  } catch {
    throw new WalletError("delegation-foreign", "it is sealed to another wallet, or incomplete");
  }
  const terms = readTerms(opened["terms"]);
  const { seed, presentation, name } = opened;
  if (typeof seed !== "string" || !/^0x[0-9a-f]{64}$/.test(seed) || typeof presentation !== "string") throw new WalletError("delegation-format", "seed");
  // A guardian's is handed on to the child's other guardian, or to the child, who see it and do not act under it.
  if (terms.role === "carer" && terms.delegate !== thumbprint(holder)) throw new WalletError("delegation-foreign", "it is made out to somebody else");
  if (terms.chainId !== chainId) throw new WalletError("delegation-foreign", "it is of another network");
  const bytesOfSeed = hexToBytes(seed as Hex);
  if (terms.key !== keyOf(bytesOfSeed) || terms.cases !== rootOf(treeOf(bytesOfSeed))) throw new WalletError("delegation-forged", "the keys are not those of the terms");
  if (terms.role === "carer") requireSigned(presentation, documentOf(terms), DELEGATION_AUDIENCE);
  else requireConfirmed(presentation, terms);
  try {
    return { terms, seed: seed as Hex, presentation, name: nameIn(name) };
  } catch {
    throw new WalletError("delegation-format", "name");
  }
}
