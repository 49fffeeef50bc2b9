// What the two people hand each other: first who the delegate is, then the delegation, sealed to the delegate's wallet.
// Both are texts: shown as a code to scan, sent as a link, or read out of a message.
import { p256 } from "@noble/curves/nist.js";
import type { PublicJwk } from "../../ports";
import { type Hex, type Json, base64Url, concatBytes, fromBase64Url, hexToBytes, jcs, stringToBytes } from "../bytes";
import { bytesOfCode, digitsOf } from "../codes";
import { WalletError } from "../errors";
import { open, seal } from "../hpke";
import { thumbprint } from "../identity";
import { DELEGATION_AUDIENCE, type DelegationTerms, documentOf, keyOf, readTerms, rootOf, treeOf } from "./terms";
import { requireConfirmed, requireSigned } from "./ward";

const INFO = "zhengtong/delegation/v1";
const MAX_NAME_CHARACTERS = 64;

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

const wrong = (detail: string): WalletError => new WalletError("delegation-format", detail);

function parsed(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || (value as { v?: unknown }).v !== 1) throw new TypeError("version");
  return value as Record<string, unknown>;
}

function nameIn(value: unknown): string {
  if (typeof value !== "string" || value.length > MAX_NAME_CHARACTERS) throw new TypeError("name");
  return value;
}

export function writeRequest({ holder, receiver, name }: DelegateRequest): string {
  const { x, y } = holder;
  return base64Url(stringToBytes(jcs({ v: 1, x, y, receiver, name })));
}

export function readRequest(code: string): DelegateRequest {
  const bytes = bytesOfCode(code, wrong);
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

/** Of the delegate's two keys, for both people to compare. */
export function compareNumber({ holder, receiver }: DelegateRequest): string {
  return digitsOf(jcs({ holder: thumbprint(holder), receiver }), 12);
}

export function sealHandover(receiver: Hex, handover: Handover): Promise<string> {
  return seal(receiver, stringToBytes(jcs({ v: 1, ...(handover as unknown as Record<string, Json>) })), { info: INFO });
}

/** Opens what was handed over and checks all that an agency would, but who issued the giver's identity. */
export async function openHandover(secret: Hex, holder: PublicJwk, code: string, chainId: number): Promise<Handover> {
  const bytes = bytesOfCode(code, wrong);
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
