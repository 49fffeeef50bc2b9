// Headers, from the certified one down to the one asked for. `docs/proofs.md`, "Header".
import { keccak_256 } from "@noble/hashes/sha3.js";
import { toHex, toNumber, type Hex } from "./bytes";
import { malformed, reading, same, within } from "./failure";
import { decodeRlp, list, number, text } from "./rlp";

const MAX_HEADERS = 256;
const MAX_HEADER_BYTES = 1024;
const FIELDS = 21;
/** Length of the consensus part by its version: the second has the hash of what the block carries for the committee. */
const EXTRA_BYTES: Readonly<Record<number, number>> = { 1: 107, 2: 139 };

/** A header that the network finalized. */
export interface ProvenHeader {
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly number: number;
  readonly stateRoot: Hex;
  readonly transactionsRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly timestampMs: number;
}

/** Checks the headers under a certified hash and answers the last one. */
export function verifyHeaders(certified: Hex, encoded: readonly Uint8Array[]): ProvenHeader {
  within("headers", "the number of headers", encoded.length, MAX_HEADERS);
  let expected = certified;
  let what = "the certified header's hash";
  let last: ProvenHeader | null = null;
  for (const bytes of encoded) {
    within("headers", "a header's length", bytes.length, MAX_HEADER_BYTES);
    same("headers", what, expected, toHex(keccak_256(bytes)));
    const next = reading("headers", "a header", () => readHeader(bytes));
    if (last !== null) same("headers", "a parent's number", last.number - 1, next.number);
    expected = next.parentHash;
    what = "a parent's hash";
    last = next;
  }
  if (last === null) throw malformed("headers", "the list of headers is empty");
  return last;
}


function readHeader(bytes: Uint8Array): ProvenHeader {
  const fields = list(decodeRlp(bytes));
  if (fields.length !== FIELDS) throw new RangeError(`${fields.length} fields, not ${FIELDS}`);
  const hash = (index: number): Hex => toHex(text(fields[index], 32));
  const small = (index: number): number => {
    const value = number(fields[index]);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("a number is too large");
    return Number(value);
  };
  return {
    hash: toHex(keccak_256(bytes)),
    parentHash: hash(0),
    stateRoot: hash(3),
    transactionsRoot: hash(4),
    receiptsRoot: hash(5),
    number: small(8),
    timestampMs: small(11) * 1000 + milliseconds(text(fields[12])),
  };
}

/** The part of the block's time below one second, from the consensus part of the header. */
function milliseconds(extra: Uint8Array): number {
  const version = extra[0];
  if (version === undefined || extra.length !== EXTRA_BYTES[version]) throw new RangeError("extraData has another format");
  const millis = Number(toNumber(extra.subarray(57, 59)));
  if (millis > 999 || toNumber(extra.subarray(91, 99)) >= toNumber(extra.subarray(99, 107))) {
    throw new RangeError("extraData is out of range");
  }
  return millis;
}
