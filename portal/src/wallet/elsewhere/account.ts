// `crypto-hdkey` and `crypto-account`: a public account, from which its addresses follow.
import { Tagged } from "cborg";
import { HDKey, publicKeyToAddress } from "viem/accounts";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Address, bytesToHex } from "../bytes";
import { Fields, HD_KEY, KEY_PATH, fromCbor } from "./cbor";
import { WireError } from "./errors";
import { HARDENED, type KeyPath, pathFrom } from "./path";
import { readUr } from "./ur";

/** m/44'/60'/…: Ethereum's keys by BIP-44. */
const ETHEREUM = [44 + HARDENED, 60 + HARDENED];
const ACCOUNT_STEPS = 3;
const KEY_STEPS = 5;
const MAX_NAME_CHARACTERS = 64;
/** Wrappers in wrappers in an account, at most. */
const MAX_DEPTH = 4;

export interface Account {
  readonly key: Uint8Array;
  readonly chainCode: Uint8Array | null;
  readonly origin: KeyPath;
  /** what the other wallet calls it; a text of somebody else's */
  readonly name: string | null;
}

/** One key of an account. */
export interface AccountKey {
  readonly address: Address;
  readonly path: KeyPath;
}

/** Reads what `zhengtong wallet export`, or another signer, shows. */
export function readAccount(text: string): Account {
  const { kind, content } = readUr(text, "crypto-hdkey", "crypto-account");
  const fields = fromCbor(content);
  const found = kind === "crypto-hdkey" ? [hdKey(fields)] : fields.list(2).flatMap((one) => keysIn(one, 0));
  const account = found.find(isOfEthereum);
  if (account === undefined) throw new WireError("no-account", "no key of m/44'/60'");
  return account;
}

const isOfEthereum = ({ origin: { steps }, chainCode }: Account): boolean =>
  ETHEREUM.every((step, n) => steps[n] === step) && (steps.length === KEY_STEPS || (steps.length === ACCOUNT_STEPS && chainCode !== null));

function keysIn(content: unknown, depth: number): Account[] {
  if (!(content instanceof Tagged) || depth > MAX_DEPTH) return [];
  return content.tag === HD_KEY ? [hdKey(new Fields(content.value))] : keysIn(content.value, depth + 1);
}

function hdKey(fields: Fields): Account {
  // 1: a master key, which is a secret one; 2: a secret key.
  if (fields.flag(1) || fields.flag(2)) throw new WireError("secret", "a secret key");
  const key = fields.bytes(3);
  const chainCode = fields.maybeBytes(4);
  const origin = fields.tagged(6, KEY_PATH);
  if (origin === null) throw new WireError("content", "a key without its path");
  if (!secp256k1.utils.isValidPublicKey(key, true) || (chainCode !== null && chainCode.length !== 32)) throw new WireError("content", "no public key");
  return { key, chainCode, origin: pathFrom(origin), name: shown(fields.text(9)) };
}

/** A text of somebody else's, without what hides or turns the direction of reading. */
function shown(text: string | null): string | null {
  const clean = [...(text ?? "").replaceAll(/\p{C}/gu, "").trim()].slice(0, MAX_NAME_CHARACTERS).join("");
  return clean === "" ? null : clean;
}

/** Whether there are keys with other numbers than 0. */
export const hasMore = (account: Account): boolean => account.origin.steps.length === ACCOUNT_STEPS;

/** The key `origin/0/index`; an account that is one key has that alone. */
export function keyOf(account: Account, index: number): AccountKey {
  const { key, chainCode, origin } = account;
  if (!hasMore(account)) return { address: addressOf(key), path: origin };
  if (chainCode === null || !Number.isInteger(index) || index < 0 || index >= HARDENED) throw new WireError("no-account", `no key ${index}`);
  const derived = new HDKey({ publicKey: key, chainCode, depth: ACCOUNT_STEPS, index: origin.steps[2] ?? 0, parentFingerprint: 1 }).deriveChild(0).deriveChild(index).publicKey;
  if (derived === null) throw new WireError("no-account", `no key ${index}`);
  return { address: addressOf(derived), path: { ...origin, steps: [...origin.steps, 0, index] } };
}

function addressOf(compressed: Uint8Array): Address {
  const point = secp256k1.Point.fromBytes(compressed).toBytes(false);
  return publicKeyToAddress(bytesToHex(point)).toLowerCase() as Address;
}
