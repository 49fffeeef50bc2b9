// One key of the state: present with a value, or provably absent. `docs/proofs.md`, "State proof".
import { sha256 } from "@noble/hashes/sha2.js";
import { Reader, compare, concatBytes, equal, fromHex, toHex, u64be, type Hex } from "./bytes";
import { CheckFailure, malformed, reading, same, within, type Step } from "./failure";
import { CHUNK_BYTES, MAX_LEAVES, stateRoot, type OperationProof } from "./tree";
import type { StateEntry } from "./wire";

const VALUE_BYTES = 72;
const MAX_DIGESTS = 128n;
const MAX_PROOF_BYTES = 8 * 1024;
const UPDATE = 0xd2;
const COMMIT = 0xd3;
/** Every operation is as long as the longest: update, key, value, next key. */
const OPERATION_BYTES = 1 + 32 + VALUE_BYTES + 32;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Where an account is stored. */
export function accountKey(address: Hex): Uint8Array {
  return sha256(concatBytes(ascii("a"), fromHex(address)));
}

/** Where a slot is stored. */
export function slotKey(address: Hex, slot: Hex): Uint8Array {
  return sha256(concatBytes(ascii("s"), fromHex(address), fromHex(slot)));
}

/** Checks one key under a state root; answers its value, or null when it is absent. */
export function verifyEntry(step: Step, root: Hex, key: Uint8Array, entry: StateEntry): Uint8Array | null {
  same(step, "the key", toHex(key), toHex(entry.key));
  within(step, "the proof's length", entry.proof.data.length, MAX_PROOF_BYTES);
  const { value } = entry;
  if ((value === null) !== (entry.proof.kind === "exclusion")) throw malformed(step, "the kind of proof does not fit the value");
  if (value !== null && value.length !== VALUE_BYTES) throw malformed(step, "the value's length");
  const found = reading(step, "the proof", () =>
    value === null ? rootOfExclusion(key, entry.proof.data) : rootOfInclusion(key, value, entry.proof.data),
  );
  if (found === null || toHex(found) !== root) {
    throw new CheckFailure(step, "proof", value === null ? "the key is not absent" : "the key does not have this value", root, found && toHex(found));
  }
  return value;
}

function rootOfInclusion(key: Uint8Array, value: Uint8Array, data: Uint8Array): Uint8Array | null {
  const reader = new Reader(data);
  const proof = readOperationProof(reader);
  const next = reader.take(32);
  reader.end();
  return stateRoot(proof, concatBytes(Uint8Array.of(UPDATE), key, value, next));
}

/** A key is absent when it lies between two neighbours, or when the last commit says that there is no key at all. */
function rootOfExclusion(key: Uint8Array, data: Uint8Array): Uint8Array | null {
  const reader = new Reader(data);
  const isEmpty = reader.flag();
  const proof = readOperationProof(reader);
  const operation = new Uint8Array(OPERATION_BYTES);
  if (isEmpty) {
    operation[0] = COMMIT;
    if (reader.flag()) {
      operation[1] = 1;
      operation.set(reader.take(VALUE_BYTES), 2);
    }
    operation.set(u64be(proof.location), 2 + VALUE_BYTES);
  } else {
    const update = reader.take(32 + VALUE_BYTES + 32);
    if (!isBetween(key, update.subarray(0, 32), update.subarray(32 + VALUE_BYTES))) return null;
    operation[0] = UPDATE;
    operation.set(update, 1);
  }
  reader.end();
  return stateRoot(proof, operation);
}

/** Keys are a ring: the last one's neighbour is the first. */
function isBetween(key: Uint8Array, left: Uint8Array, right: Uint8Array): boolean {
  if (equal(key, left)) return false;
  const isAfter = compare(key, left) > 0;
  const isBefore = compare(key, right) < 0;
  return compare(left, right) >= 0 ? isAfter || isBefore : isAfter && isBefore;
}

function readOperationProof(reader: Reader): OperationProof {
  const location = readLocation(reader);
  const chunk = reader.take(CHUNK_BYTES);
  const leaves = readLocation(reader);
  const inactivePeaks = reader.varint();
  const count = reader.varint();
  if (count > MAX_DIGESTS) throw new RangeError(`${count} digests, more than ${MAX_DIGESTS}`);
  const digests = Array.from({ length: Number(count) }, () => reader.take(32));
  const partialChunk = reader.flag() ? reader.take(32) : null;
  return { location, chunk, leaves, inactivePeaks, digests, partialChunk, operationsRoot: reader.take(32) };
}

function readLocation(reader: Reader): bigint {
  const location = reader.varint();
  if (location > MAX_LEAVES) throw new RangeError("a location is too large");
  return location;
}
