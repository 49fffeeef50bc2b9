import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";

export type Hex = `0x${string}`;
export { concatBytes };

/** Reads `0x` hexadecimal; throws on anything else. */
export function fromHex(text: unknown): Uint8Array {
  if (typeof text !== "string" || !text.startsWith("0x")) throw new TypeError("not 0x hexadecimal");
  return hexToBytes(text.slice(2));
}

export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return compare(a, b) === 0;
}

/** Lexicographic order. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Eight bytes, the highest first. */
export function u64be(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

export function toNumber(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Reads from the front of bytes, and throws when they run out. */
export class Reader {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  take(length: number): Uint8Array {
    if (this.#at + length > this.bytes.length) throw new RangeError("the bytes end too early");
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  /** A truth value: exactly 0 or 1. */
  flag(): boolean {
    const byte = this.byte();
    if (byte > 1) throw new RangeError("a truth value is neither 0 nor 1");
    return byte === 1;
  }

  /** An unsigned LEB128 integer of at most 64 bits, in its shortest form. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (value >> 64n) throw new RangeError("a number has more than 64 bits");
      if (byte < 0x80) {
        if (byte === 0 && shift > 0n) throw new RangeError("a number is not in its shortest form");
        return value;
      }
    }
  }

  end(): void {
    if (this.#at !== this.bytes.length) throw new RangeError("bytes follow the end");
  }
}
