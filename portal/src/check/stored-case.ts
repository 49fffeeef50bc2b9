// A case as the storage of `Cases` holds it. Solidity packs fields from the low end of each word.
import { encodeAbiParameters, keccak256 } from "viem";
import type { Hex, Json } from "../ports";

const CASES_SLOT = 0n;
const FACTS_SLOT = 1n;
const CASE_SLOTS = 7;
const FACTS_PER_SLOT = 8;

/** Fields of each word: name, bits and kind, lowest bits first. */
const LAYOUT: readonly (readonly [name: string, bits: number, kind: "number" | "hex" | "flag"][])[] = [
  [["applicant", 160, "hex"], ["status", 8, "number"], ["row", 8, "number"], ["version", 32, "number"], ["events", 32, "number"]],
  [["openedAt", 64, "number"], ["promisedBy", 64, "number"], ["statutoryBy", 64, "number"], ["appealBy", 64, "number"]],
  [["pausedAt", 64, "number"], ["answered", 32, "number"], ["frozen", 8, "flag"], ["cause", 8, "number"], ["amountFen", 64, "number"]],
  [["service", 256, "hex"]],
  [["ruleSet", 256, "hex"]],
  [["form", 256, "hex"]],
  [["officer", 160, "hex"], ["askedMore", 8, "flag"], ["appealed", 8, "flag"], ["escalated", 8, "flag"]],
];

export interface StoredCase {
  readonly applicant: Hex;
  readonly status: number;
  readonly row: number;
  readonly version: number;
  /** How many events the case has emitted. */
  readonly events: number;
  readonly answered: number;
  readonly frozen: boolean;
  readonly amountFen: number;
  readonly service: Hex;
  readonly ruleSet: Hex;
  readonly form: Hex;
  readonly officer: Hex;
  /** Every field, for comparing. */
  readonly all: Record<string, Json>;
}

function word(key: Hex, slot: bigint): Hex {
  return keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint256" }], [key, slot]));
}

function offset(slot: Hex, by: number): Hex {
  return `0x${((BigInt(slot) + BigInt(by)) % (1n << 256n)).toString(16).padStart(64, "0")}`;
}

/** The slots of a case in `Cases`. */
export function caseSlots(id: Hex): Hex[] {
  const first = word(id, CASES_SLOT);
  return Array.from({ length: CASE_SLOTS }, (_, index) => offset(first, index));
}

/** The slots of its facts: their number, then the values, 32 bits each. */
export function factSlots(id: Hex, facts: number): Hex[] {
  const length = word(id, FACTS_SLOT);
  const values = keccak256(length);
  return [length, ...Array.from({ length: Math.ceil(facts / FACTS_PER_SLOT) }, (_, index) => offset(values, index))];
}

/** Values of slots that were proven; null is a slot proven to be empty. */
export type ProvenSlots = ReadonlyMap<Hex, Hex | null>;

/** Reads a slot; undefined when there was no proof of it. */
function read(slots: ProvenSlots, slot: Hex): bigint | undefined {
  const value = slots.get(slot);
  return value === undefined ? undefined : BigInt(value ?? 0);
}

/** The case, or null when a slot of it was not proven. */
export function readCase(slots: ProvenSlots, id: Hex): StoredCase | null {
  const all: Record<string, Json> = {};
  for (const [index, slot] of caseSlots(id).entries()) {
    let value = read(slots, slot);
    if (value === undefined) return null;
    for (const [name, bits, kind] of LAYOUT[index] ?? []) {
      const field = value & ((1n << BigInt(bits)) - 1n);
      value >>= BigInt(bits);
      all[name] = kind === "hex" ? `0x${field.toString(16).padStart(bits / 4, "0")}` : kind === "flag" ? field !== 0n : Number(field);
    }
  }
  return { ...(all as unknown as Omit<StoredCase, "all">), all };
}

/** The facts, or null when a slot of them was not proven or their number is another. */
export function readFacts(slots: ProvenSlots, id: Hex, count: number): number[] | null {
  const [length, ...values] = factSlots(id, count).map((slot) => read(slots, slot));
  if (length !== BigInt(count) || values.includes(undefined)) return null;
  return Array.from({ length: count }, (_, index) => {
    const packed = values[Math.floor(index / FACTS_PER_SLOT)] ?? 0n;
    return Number(BigInt.asIntN(32, packed >> BigInt(32 * (index % FACTS_PER_SLOT))));
  });
}
