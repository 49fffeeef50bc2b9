// EIP-2718 receipts.
import { toHex, type Hex } from "./bytes";
import { decodeRlp, list, number, text, type Item } from "./rlp";

export interface ProvenLog {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

export interface Receipt {
  readonly succeeded: boolean;
  readonly logs: readonly ProvenLog[];
}

const MAX_TYPE = 4;

/** Reads a receipt; throws on anything else. */
export function readReceipt(bytes: Uint8Array): Receipt {
  const type = bytes[0];
  if (type === undefined || type === 0 || (type > MAX_TYPE && type < 0xc0)) throw new RangeError("not a receipt of a known type");
  const fields = list(decodeRlp(type >= 0xc0 ? bytes : bytes.subarray(1)));
  if (fields.length !== 4) throw new RangeError(`${fields.length} fields, not 4`);
  const status = number(fields[0]);
  if (status > 1n) throw new RangeError("a status is neither 0 nor 1");
  number(fields[1]);
  text(fields[2], 256);
  return { succeeded: status === 1n, logs: list(fields[3]).map(readLog) };
}

function readLog(item: Item): ProvenLog {
  const fields = list(item);
  if (fields.length !== 3) throw new RangeError(`${fields.length} fields in a log, not 3`);
  return {
    address: toHex(text(fields[0], 20)),
    topics: list(fields[1]).map((topic) => toHex(text(topic, 32))),
    data: toHex(text(fields[2])),
  };
}
