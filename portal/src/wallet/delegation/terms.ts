// What one person lets another do for them: the terms, their hash, and the tree of the keys of all cases there can be.
// The format and why: docs/decisions/0026-delegation.md.
import { privateKeyToAccount } from "viem/accounts";
import { type Hex, type Json, concatBytes, hexToBytes, jcs, keccak256, stringToBytes } from "../bytes";
import { caseKey, delegationKey, leafSalt } from "../derive";
import { WalletError } from "../errors";

/** Whom the giver shows their identity to. No organisation is called so. */
export const DELEGATION_AUDIENCE = "urn:zhengtong:delegation";
/** The longest a delegation can last: a year and a day. */
export const MAX_DURATION_S = 366 * 86_400;
/** Cases that can be opened under one delegation: the leaves of its tree. */
export const MAX_CASES = 64;
/** The most services in scope. */
export const MAX_SERVICES = 32;
/** The most delegations in one wallet, given and held. */
export const MAX_DELEGATIONS = 64;
const HEX_32 = /^0x[0-9a-f]{64}$/;
const ADDRESS = /^0x[0-9a-f]{40}$/;
const SLUG = /^[a-z0-9-]{1,31}$/;
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/** As what the delegate acts: whom the person chose, or whom the register of guardians names for a child. */
export type Role = "carer" | "guardian";

export interface DelegationTerms {
  readonly v: 1;
  /** 32 random bytes, so that the hash says nothing. */
  readonly id: Hex;
  readonly chainId: number;
  /** Address of the key that registers and ends it on the chain. */
  readonly key: Hex;
  /** Thumbprint (RFC 7638) of the delegate's holder key. */
  readonly delegate: string;
  readonly role: Role;
  /** Slugs, in order. */
  readonly services: readonly string[];
  /** Unix seconds. */
  readonly from: number;
  /** Unix seconds, the first at which it no longer holds. */
  readonly until: number;
  /** Root of the tree of case keys. */
  readonly cases: Hex;
}

/** Where a case's key is in the tree. */
export interface Place {
  readonly index: number;
  readonly salt: Hex;
  readonly path: readonly Hex[];
}

/** All levels, from the leaves to the root, and the salts of the leaves. */
export interface CaseTree {
  readonly salts: readonly Hex[];
  readonly levels: readonly (readonly Hex[])[];
}

/** What the giver signs, and what the chain keeps: keccak256 of the canonical JSON. */
export function documentOf(terms: DelegationTerms): Hex {
  return keccak256(stringToBytes(jcs(terms as unknown as Json)));
}

/** Address of the key that registers and ends the delegation with this seed. */
export function keyOf(seed: Uint8Array): Hex {
  return privateKeyToAccount(delegationKey(seed)).address.toLowerCase() as Hex;
}

/** Address of the key of the n-th case. */
export function caseAddress(seed: Uint8Array, index: number): Hex {
  return privateKeyToAccount(caseKey(seed, index)).address.toLowerCase() as Hex;
}

const trees = new Map<string, CaseTree>();
/** Trees that are kept: each takes 64 derivations of keys. */
const MAX_TREES = 8;

/** The tree of the keys of a delegation's cases. Leaves are salted: one case's place tells nothing of the others. */
export function treeOf(seed: Uint8Array): CaseTree {
  const key = keccak256(seed);
  const known = trees.get(key);
  if (known !== undefined) return known;
  const salts = Array.from({ length: MAX_CASES }, (_, index) => leafSalt(seed, index));
  let level: Hex[] = salts.map((salt, index) => keccak256(concatBytes([hexToBytes(salt), hexToBytes(caseAddress(seed, index))])));
  const levels = [level];
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, n) => keccak256(concatBytes([hexToBytes(below[2 * n] as Hex), hexToBytes(below[2 * n + 1] as Hex)])));
    levels.push(level);
  }
  const tree = { salts, levels };
  if (trees.size >= MAX_TREES) trees.clear();
  trees.set(key, tree);
  return tree;
}

export function rootOf(tree: CaseTree): Hex {
  return tree.levels.at(-1)?.[0] as Hex;
}

export function placeOf(tree: CaseTree, index: number): Place {
  if (!Number.isInteger(index) || index < 0 || index >= MAX_CASES) throw new RangeError(`no case ${index} in a delegation`);
  const path = tree.levels.slice(0, -1).map((level, height) => level[(index >> height) ^ 1] as Hex);
  return { index, salt: tree.salts[index] as Hex, path };
}

/** Reads terms from outside; refuses whatever an agency would. */
export function readTerms(value: unknown): DelegationTerms {
  const terms = (typeof value === "object" && value !== null ? value : {}) as DelegationTerms;
  const is = (pattern: RegExp, text: unknown): boolean => typeof text === "string" && pattern.test(text);
  const isTime = (time: unknown): time is number => Number.isSafeInteger(time) && (time as number) >= 0;
  const wrong = (name: string): WalletError => new WalletError("delegation-format", name);
  if (terms.v !== 1) throw wrong("v");
  if (!is(HEX_32, terms.id)) throw wrong("id");
  if (!Number.isSafeInteger(terms.chainId)) throw wrong("chainId");
  if (!is(ADDRESS, terms.key)) throw wrong("key");
  if (!is(THUMBPRINT, terms.delegate)) throw wrong("delegate");
  if (terms.role !== "carer" && terms.role !== "guardian") throw wrong("role");
  const { services } = terms;
  if (!Array.isArray(services) || services.length === 0 || services.length > MAX_SERVICES || !services.every((one) => is(SLUG, one))) throw wrong("services");
  if (!isTime(terms.from) || !isTime(terms.until) || terms.until <= terms.from || terms.until - terms.from > MAX_DURATION_S) throw wrong("until");
  if (!is(HEX_32, terms.cases)) throw wrong("cases");
  const { v, id, chainId, key, delegate, role, from, until, cases } = terms;
  return { v, id, chainId, key, delegate, role, services: [...services], from, until, cases };
}
