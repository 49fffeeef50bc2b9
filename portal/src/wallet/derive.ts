// Every key and secret of a resident comes from one seed of 32 bytes, by HKDF-SHA256 (RFC 5869) with no salt and the labels below.
// The fixed vectors in vectors.json pin all of it; other implementations assert the same file.
import { mapHashToField } from "@noble/curves/abstract/modular.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Address, type Hex, bytesToHex, concatBytes, encodeAbiParameters, hexToBytes, keccak256, stringToBytes } from "./bytes";

/** The wallet's root secret, 32 bytes. */
export type Seed = Uint8Array;

const LABEL_WALLET = "zhengtong/wallet/v1";
const LABEL_CASE = "zhengtong/case/v1/";
const LABEL_HOLDER = "zhengtong/holder/v1";
const LABEL_CREDENTIAL = "zhengtong/credential/v1/";
const LABEL_USE = "zhengtong/use/v1/";
const LABEL_SALT = "zhengtong/salt/v1/";
const LABEL_PERSON = "zhengtong/person/v1/";
const LABEL_DELEGATION = "zhengtong/delegation/v1/";
const LABEL_DELEGATION_KEY = "zhengtong/delegation-key/v1";
const LABEL_DELEGATION_LEAF = "zhengtong/delegation-leaf/v1/";
const LABEL_RECEIVER = "zhengtong/receiver/v1";
const LABEL_TRUSTED = "zhengtong/trusted/v1/";
const LABEL_REQUEST = "zhengtong/request/v1/";
const LABEL_PEOPLE = "zhengtong/people/v1/";
const LABEL_SIGNPOST_KEY = "zhengtong/signpost-key/v1";
const LABEL_SIGNPOST = "zhengtong/signpost/v1/";
const SECRET_BYTES = 32;
/** 16 bytes more than the curve order, so that the reduction leaves no bias (FIPS 186-5, A.2.1). */
const SCALAR_INPUT_BYTES = 48;
const MAX_INDEX = 0xffff_ffff;
/** Numbers from here on are of delegations for children: the number alone then says whose the cases are. */
export const WARD_FROM = 0x8000_0000;

function expand(ikm: Uint8Array, label: string, length: number): Uint8Array {
  return hkdf(sha256, ikm, new Uint8Array(0), stringToBytes(label), length);
}

function scalar(seed: Seed, label: string, order: bigint): Uint8Array {
  return mapHashToField(expand(seed, label, SCALAR_INPUT_BYTES), order);
}

function checkIndex(index: number): void {
  if (!Number.isInteger(index) || index < 0 || index > MAX_INDEX) throw new RangeError(`index ${index} is not a 32-bit number`);
}

/** Seed of a wallet made of recovery words: input is the 64-byte BIP-39 seed. */
export function seedFromBip39(bip39Seed: Uint8Array): Seed {
  return expand(bip39Seed, LABEL_WALLET, SECRET_BYTES);
}

/** Seed of a wallet opened by an injected wallet: input is the 65-byte signature (r, s, v with v 27 or 28) of the fixed text. */
export function seedFromSignature(signature: Hex): Seed {
  const bytes = hexToBytes(signature);
  if (bytes.length !== 65) throw new RangeError(`a signature has 65 bytes, not ${bytes.length}`);
  const v = bytes[64] as number;
  if (v < 27) bytes[64] = v + 27;
  return expand(bytes, LABEL_WALLET, SECRET_BYTES);
}

/** Private key (secp256k1) of the case with the given index; one key, one case. */
export function caseKey(seed: Seed, index: number): Hex {
  checkIndex(index);
  return bytesToHex(scalar(seed, `${LABEL_CASE}${index}`, secp256k1.Point.Fn.ORDER));
}

/** Private key (P-256) that the identity credential is bound to. */
export function holderKey(seed: Seed): Hex {
  return bytesToHex(scalar(seed, LABEL_HOLDER, p256.Point.Fn.ORDER));
}

/** Private key (P-256) that the credential of one case is bound to, so that credentials cannot be linked by their key. */
export function credentialKey(seed: Seed, caseId: Hex): Hex {
  return bytesToHex(scalar(seed, `${LABEL_CREDENTIAL}${caseId.toLowerCase()}`, p256.Point.Fn.ORDER));
}

/** Secret shared with one provider for one case: tags and keys of its use records come from it. */
export function useSecret(seed: Seed, caseId: Hex, provider: string): Hex {
  return bytesToHex(expand(seed, `${LABEL_USE}${caseId.toLowerCase()}/${provider}`, SECRET_BYTES));
}

/** Salt of the n-th commitment of a case (form, supplements, statements). Derived, so that a restored wallet can open them again. */
export function caseSalt(seed: Seed, caseId: Hex, n: number): Hex {
  checkIndex(n);
  return bytesToHex(expand(seed, `${LABEL_SALT}${caseId.toLowerCase()}/${n}`, SECRET_BYTES));
}

/** Salt of the person's part of a case's commitment: the same for every agency of the case, another for each case. */
export function personSalt(seed: Seed, caseId: Hex): Hex {
  return bytesToHex(expand(seed, `${LABEL_PERSON}${caseId.toLowerCase()}`, SECRET_BYTES));
}

/**
 * Seed of the n-th delegation that this person gives, or from `WARD_FROM` on makes for a child. Whoever holds it, the two of them, has the keys and secrets of every case
 * under it: they come from it as those of a wallet's own cases come from the wallet's seed.
 */
export function delegationSeed(seed: Seed, index: number): Hex {
  checkIndex(index);
  return bytesToHex(expand(seed, `${LABEL_DELEGATION}${index}`, SECRET_BYTES));
}

/** Private key (secp256k1) that registers a delegation on the chain and ends it; from the seed of the delegation. */
export function delegationKey(seed: Seed): Hex {
  return bytesToHex(scalar(seed, LABEL_DELEGATION_KEY, secp256k1.Point.Fn.ORDER));
}

/** Salt of the n-th leaf of a delegation's tree of case keys. */
export function leafSalt(seed: Seed, index: number): Hex {
  checkIndex(index);
  return bytesToHex(expand(seed, `${LABEL_DELEGATION_LEAF}${index}`, SECRET_BYTES));
}

/** Private key (X25519) that delegations for this wallet are sealed to. */
export function receiverKey(seed: Seed): Hex {
  return bytesToHex(expand(seed, LABEL_RECEIVER, SECRET_BYTES));
}

/** Private key (secp256k1) by which this person helps somebody to recover: another for each offer, so that nothing joins those they help. */
export function guardianKey(seed: Seed, id: Hex): Hex {
  return bytesToHex(scalar(seed, `${LABEL_TRUSTED}${id.toLowerCase()}`, secp256k1.Point.Fn.ORDER));
}

function prf(secret: Hex, label: "tag" | "key", n: number): Uint8Array {
  checkIndex(n);
  const counter = new Uint8Array(4);
  new DataView(counter.buffer).setUint32(0, n);
  return hmac(sha256, hexToBytes(secret), concatBytes([stringToBytes(label), counter]));
}

/** One-time tag of the n-th use record. */
export function useTag(secret: Hex, n: number): Hex {
  return bytesToHex(prf(secret, "tag", n));
}

/** AES-256 key of the n-th use record. */
export function useKey(secret: Hex, n: number): Uint8Array {
  return prf(secret, "key", n);
}

/** The id that a key's only case has on a chain, known before it is opened: keccak256(abi.encode(chainId, cases, applicant)). */
export function caseIdOf(chainId: number, cases: Address, applicant: Address): Hex {
  return keccak256(encodeAbiParameters([{ type: "uint256" }, { type: "address" }, { type: "address" }], [BigInt(chainId), cases, applicant]));
}

/** Private key (X25519) that the answer to the n-th request to an agency is sealed to: another for each, so that nothing joins them. */
export function requestKey(seed: Seed, organisation: string, index: number): Hex {
  checkIndex(index);
  return bytesToHex(expand(seed, `${LABEL_REQUEST}${organisation}/${index}`, SECRET_BYTES));
}

/** The secret of a leaf in the register of people; the next index is for whoever gave the one before up. */
export function peopleSecret(seed: Seed, index: number): Hex {
  checkIndex(index);
  return bytesToHex(expand(seed, `${LABEL_PEOPLE}${index}`, SECRET_BYTES));
}

/** Private key (P-256) of the wallet's signpost, by which whoever has the words finds the wallet's account. */
export function signpostKey(seed: Seed): Hex {
  return bytesToHex(scalar(seed, LABEL_SIGNPOST_KEY, p256.Point.Fn.ORDER));
}

/** What else the signpost is made of. */
export function signpostSecret(seed: Seed, part: "salt" | "guard" | "seal"): Hex {
  return bytesToHex(expand(seed, `${LABEL_SIGNPOST}${part}`, SECRET_BYTES));
}
