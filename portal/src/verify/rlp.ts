// RLP (yellow paper, appendix B), canonical encodings only.
import { toNumber } from "./bytes";

export type Item = Uint8Array | readonly Item[];

/** Decodes exactly one item. */
export function decodeRlp(bytes: Uint8Array): Item {
  const { item, end } = read(bytes, 0, bytes.length, 0);
  if (end !== bytes.length) throw new RangeError("bytes follow the end");
  return item;
}

/** An item that must be a string, of this length if one is given. */
export function text(item: Item | undefined, length?: number): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new TypeError("a string was expected");
  if (length !== undefined && item.length !== length) throw new RangeError(`${item.length} bytes, not ${length}`);
  return item;
}

/** An item that must be a list. */
export function list(item: Item | undefined): readonly Item[] {
  if (item === undefined || item instanceof Uint8Array) throw new TypeError("a list was expected");
  return item;
}

/** An item that must be a number without leading zeros. */
export function number(item: Item | undefined): bigint {
  const bytes = text(item);
  if (bytes.length > 32 || bytes[0] === 0) throw new RangeError("a number is not in its shortest form");
  return toNumber(bytes);
}

/** The encoding of an index, as ordered tries use it for keys. */
export function indexKey(index: number): Uint8Array {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError("an index is a whole number");
  if (index === 0) return Uint8Array.of(0x80);
  if (index < 0x80) return Uint8Array.of(index);
  const digits: number[] = [];
  for (let rest = index; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Uint8Array.of(0x80 + digits.length, ...digits);
}

const MAX_DEPTH = 8;

function read(bytes: Uint8Array, at: number, limit: number, depth: number): { item: Item; end: number } {
  const first = at < limit ? (bytes[at] as number) : NaN;
  if (Number.isNaN(first) || depth > MAX_DEPTH) throw new RangeError("the bytes end too early");
  if (first < 0x80) return { item: bytes.subarray(at, at + 1), end: at + 1 };
  const isList = first >= 0xc0;
  const { start, end } = payload(bytes, at, limit, first - (isList ? 0xc0 : 0x80));
  if (!isList) {
    if (end - start === 1 && (bytes[start] as number) < 0x80) throw new RangeError("a byte is not in its shortest form");
    return { item: bytes.subarray(start, end), end };
  }
  const items: Item[] = [];
  for (let next = start; next < end; ) {
    const inner = read(bytes, next, end, depth + 1);
    items.push(inner.item);
    next = inner.end;
  }
  return { item: items, end };
}

/** Where the payload stands; `marker` is 0..55 for its length, or more for the length of its length. */
function payload(bytes: Uint8Array, at: number, limit: number, marker: number): { start: number; end: number } {
  let start = at + 1;
  let length = marker;
  if (marker > 55) {
    const digits = bytes.subarray(start, start + marker - 55);
    start += marker - 55;
    length = Number(toNumber(digits));
    if (digits[0] === 0 || length <= 55 || start > limit) throw new RangeError("a length is not in its shortest form");
  }
  if (start + length > limit) throw new RangeError("the bytes end too early");
  return { start, end: start + length };
}
