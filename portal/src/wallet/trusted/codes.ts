// What goes from hand to hand between a person and those whom they trust to help them recover: an offer, a part of the backup
// key, the new keys of a recovery, and the part given back. All are texts, as those of delegations are.
import { DEVICE, PASSKEY, type Signer, WALLET } from "../account/signers";
import { type Hex, type Json, base64Url, bytesToHex, fromBase64Url, hexToBytes, jcs, stringToBytes } from "../bytes";
import { bytesOfCode, digitsOf } from "../codes";
import { WalletError } from "../errors";
import { open, seal } from "../hpke";

/** As in the contract. */
export const MAX_TRUSTED = 7;
/** Fewer would be one person who can do it alone. */
export const MIN_NEEDED = 2;
/** The most people that one wallet helps. */
export const MAX_HELPED = 64;
const MAX_SIGNERS = 8;
const MAX_NAME_CHARACTERS = 64;
const PART_INFO = "zhengtong/trusted-part/v1";
const GIVEN_INFO = "zhengtong/trusted-given/v1";
const HEX_16 = /^0x[0-9a-f]{32}$/;
const HEX_32 = /^0x[0-9a-f]{64}$/;
const ADDRESS = /^0x[0-9a-f]{40}$/;
const SLUG = /^[a-z0-9-]{1,31}$/;
/** Of 32 bytes: as many, and the share's place. */
const SHARE = /^[A-Za-z0-9_-]{44}$/;
const WEIGHTS: Record<number, number> = { [PASSKEY]: 2, [DEVICE]: 2, [WALLET]: 1 };

/** Who wants to help: public keys, and the name they go by. */
export interface Offer {
  /** 16 random bytes: which key of the helper's wallet. */
  readonly id: Hex;
  /** By which they confirm on the chain. */
  readonly address: Hex;
  /** X25519: what the part is sealed to. */
  readonly receiver: Hex;
  readonly name: string;
}

/** What a helper keeps. */
export interface Part {
  readonly account: Hex;
  readonly chainId: number;
  /** Of the offer that it answers. */
  readonly id: Hex;
  readonly salt: Hex;
  readonly share: string;
  /** Which splitting of the key the share is of. */
  readonly set: Hex;
  /** The organisation whose gateway keeps the backup. */
  readonly host: string;
  readonly needed: number;
  /** The person's name. */
  readonly name: string;
}

/** The new keys that a recovery would put in place. */
export interface Asked {
  readonly signers: readonly Signer[];
  readonly receiver: Hex;
}

/** What a helper gives to the new device. */
export type GivenPart = Pick<Part, "share" | "set" | "host" | "needed">;

const wrong = (detail: string): WalletError => new WalletError("trusted-format", detail);
const encoded = (kind: string, content: object): string => base64Url(stringToBytes(jcs({ v: 1, kind, ...content } as Json)));

function is(pattern: RegExp, value: unknown, name: string): Hex {
  if (typeof value !== "string" || !pattern.test(value)) throw wrong(name);
  return value as Hex;
}

function count(value: unknown, least: number, most: number, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) throw wrong(name);
  return value as number;
}

function nameIn(value: unknown): string {
  if (typeof value !== "string" || value.trim() === "" || value.length > MAX_NAME_CHARACTERS) throw wrong("name");
  return value;
}

function contentOf(bytes: Uint8Array, kind: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw wrong("not a code");
  }
  const content = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  if (content["v"] !== 1 || content["kind"] !== kind) throw wrong(`not a code of kind ${kind}`);
  return content;
}

export function writeOffer({ id, address, receiver, name }: Offer): string {
  return encoded("offer", { id, address, receiver, name });
}

export function readOffer(code: string): Offer {
  const { id, address, receiver, name } = contentOf(bytesOfCode(code, wrong), "offer");
  return { id: is(HEX_16, id, "id"), address: is(ADDRESS, address, "address"), receiver: is(HEX_32, receiver, "receiver"), name: nameIn(name) };
}

/** Of the helper's keys: both see it before the person trusts them. */
export function offerNumber({ id, address, receiver }: Offer): string {
  return digitsOf(jcs({ id, address, receiver }), 12);
}

export function sealPart(receiver: Hex, part: Part): Promise<string> {
  return seal(receiver, stringToBytes(jcs({ v: 1, kind: "part", ...part })), { info: PART_INFO });
}

export async function openPart(secret: Hex, code: string): Promise<Part> {
  const bytes = bytesOfCode(code, wrong);
  const opened = await open(secret, bytes, { info: PART_INFO }).catch(() => {
    throw new WalletError("trusted-foreign", "it is sealed to another wallet, or incomplete");
  });
  const { account, chainId, id, salt, ...rest } = contentOf(opened, "part");
  const kept = { account: is(HEX_32, account, "account"), chainId: count(chainId, 1, Number.MAX_SAFE_INTEGER, "chainId"), id: is(HEX_16, id, "id"), salt: is(HEX_32, salt, "salt") };
  return { ...kept, ...givenIn(rest), name: nameIn(rest["name"]) };
}

function givenIn({ share, set, host, needed }: Record<string, unknown>): GivenPart {
  return { share: is(SHARE, share, "share"), set: is(HEX_32, set, "set"), host: is(SLUG, host, "host"), needed: count(needed, MIN_NEEDED, MAX_TRUSTED, "needed") };
}

/** Six digits that only who opened the part can know. */
export function receiptNumber({ account, id, salt, share, set }: Pick<Part, "account" | "id" | "salt" | "share" | "set">): string {
  return digitsOf(jcs({ receipt: { account, id, salt, share, set } }), 6);
}

const short = (bytes: Hex): string => base64Url(hexToBytes(bytes));

export function writeAsked({ signers, receiver }: Asked): string {
  return encoded("asked", { receiver: short(receiver), signers: signers.map(({ kind, weight, x, y }) => [kind, weight, short(x), short(y)]) });
}

function long(value: unknown, name: string): Hex {
  if (typeof value !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(value)) throw wrong(name);
  return bytesToHex(fromBase64Url(value));
}

function signerIn(value: unknown): Signer {
  const [kind, weight, x, y, ...more] = Array.isArray(value) ? (value as unknown[]) : [];
  const kindOf = count(kind, PASSKEY, WALLET, "kind");
  if (more.length > 0) throw wrong("signer");
  return { kind: kindOf, weight: count(weight, 1, WEIGHTS[kindOf] ?? 1, "weight"), x: long(x, "x"), y: long(y, "y") };
}

export function readAsked(code: string): Asked {
  const { signers, receiver } = contentOf(bytesOfCode(code, wrong), "asked");
  if (!Array.isArray(signers) || signers.length === 0 || signers.length > MAX_SIGNERS) throw wrong("signers");
  return { signers: signers.map(signerIn), receiver: long(receiver, "receiver") };
}

/** Of the new keys: whoever helps hears it from the person. */
export function askedNumber(asked: Asked): string {
  return digitsOf(writeAsked(asked), 12);
}

export function sealGiven(receiver: Hex, account: Hex, { share, set, host, needed }: GivenPart): Promise<string> {
  return seal(receiver, stringToBytes(jcs({ v: 1, kind: "given", share, set, host, needed })), { info: GIVEN_INFO, bound: account });
}

export async function openGiven(secret: Hex, account: Hex, code: string): Promise<GivenPart> {
  const bytes = bytesOfCode(code, wrong);
  const opened = await open(secret, bytes, { info: GIVEN_INFO, bound: account }).catch(() => {
    throw new WalletError("trusted-foreign", "it is sealed to another device, or incomplete");
  });
  return givenIn(contentOf(opened, "given"));
}
