// The parts of a text that are shown one after another (BCR-2020-005, MUR): first each fragment alone, then mixtures chosen by
// a generator that both sides run, so that any few of them fill the gaps.
import { sha256 } from "@noble/hashes/sha2.js";
import { decode, encode } from "cborg";
import { crc32 } from "./bytewords";
import { WireError } from "./errors";

const WORD = (1n << 64n) - 1n;
const rotated = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & WORD;

/** Xoshiro256**, begun with the SHA-256 of a seed. */
export class Xoshiro {
  #a: bigint;
  #b: bigint;
  #c: bigint;
  #d: bigint;

  constructor(seed: Uint8Array) {
    const view = new DataView(sha256(seed).buffer);
    [this.#a, this.#b, this.#c, this.#d] = [view.getBigUint64(0), view.getBigUint64(8), view.getBigUint64(16), view.getBigUint64(24)];
  }

  next(): bigint {
    const result = (rotated((this.#b * 5n) & WORD, 7n) * 9n) & WORD;
    const shifted = (this.#b << 17n) & WORD;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotated(this.#d, 45n);
    return result;
  }

  /** From 0, and below 1. */
  fraction(): number {
    return Math.min(Number(this.next()) / 2 ** 64, 1 - Number.EPSILON / 2);
  }

  /** One of 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor(this.fraction() * below);
  }
}

/** How many fragments are mixed: n with the weight 1/n, by the alias method in the order that the standard's programs have. */
function degree(fragments: number, random: Xoshiro): number {
  const weights = Array.from({ length: fragments }, (_, n) => 1 / (n + 1));
  const sum = weights.reduce((left, right) => left + right, 0);
  const scaled = weights.map((weight) => (weight * fragments) / sum);
  const at = (index: number): number => scaled[index] ?? 0;
  const order = scaled.map((_, index) => fragments - 1 - index);
  const [small, large] = [order.filter((index) => at(index) < 1), order.filter((index) => at(index) >= 1)];
  const chances = scaled.map(() => 1);
  const aliases = scaled.map(() => 0);
  while (small.length > 0 && large.length > 0) {
    const [less, more] = [small.pop() ?? 0, large.pop() ?? 0];
    chances[less] = at(less);
    aliases[less] = more;
    scaled[more] = at(more) + at(less) - 1;
    (at(more) < 1 ? small : large).push(more);
  }
  const [first, second] = [random.fraction(), random.fraction()];
  const index = Math.floor(fragments * first);
  return (second < (chances[index] ?? 1) ? index : (aliases[index] ?? 0)) + 1;
}

/** Which fragments are in a part; parts are counted from 1. */
export function fragmentsOf(part: number, fragments: number, checksum: number): number[] {
  if (part <= fragments) return [part - 1];
  const seed = new DataView(new ArrayBuffer(8));
  seed.setUint32(0, part);
  seed.setUint32(4, checksum);
  const random = new Xoshiro(new Uint8Array(seed.buffer));
  const count = degree(fragments, random);
  const left = Array.from({ length: fragments }, (_, index) => index);
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0] ?? 0);
}

export interface Part {
  readonly number: number;
  readonly fragments: number;
  readonly messageBytes: number;
  readonly checksum: number;
  readonly data: Uint8Array;
}

export const encodePart = (part: Part): Uint8Array => encode([part.number, part.fragments, part.messageBytes, part.checksum, part.data]);

export function decodePart(bytes: Uint8Array): Part {
  let content: unknown;
  try {
    content = decode(bytes, { allowIndefinite: false });
  } catch (cause) {
    throw new WireError("damaged", String(cause));
  }
  const [number, fragments, messageBytes, checksum, data] = Array.isArray(content) && content.length === 5 ? (content as unknown[]) : [];
  const isCount = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value) && value > 0 && value < 2 ** 32;
  const isWhole = isCount(number) && isCount(fragments) && isCount(messageBytes) && typeof checksum === "number" && data instanceof Uint8Array;
  // Else the fragments are not those of one text.
  if (!isWhole || data.length * fragments < messageBytes || data.length * (fragments - 1) >= messageBytes) throw new WireError("damaged", "this is no part of a text");
  return { number, fragments, messageBytes, checksum, data };
}

/** Cuts a text into fragments of one length. */
export class Fountain {
  readonly fragments: readonly Uint8Array[];
  readonly #messageBytes: number;
  readonly #checksum: number;

  constructor(message: Uint8Array, maxFragmentBytes: number) {
    const count = Math.ceil(message.length / maxFragmentBytes);
    const length = Math.ceil(message.length / count);
    this.#messageBytes = message.length;
    this.#checksum = crc32(message);
    this.fragments = Array.from({ length: Math.ceil(message.length / length) }, (_, index) => {
      const fragment = new Uint8Array(length);
      fragment.set(message.subarray(index * length, (index + 1) * length));
      return fragment;
    });
  }

  part(number: number): Part {
    const count = this.fragments.length;
    const data = new Uint8Array(this.fragments[0]?.length ?? 0);
    for (const index of fragmentsOf(number, count, this.#checksum)) mixInto(data, this.fragments[index] ?? data);
    return { number, fragments: count, messageBytes: this.#messageBytes, checksum: this.#checksum, data };
  }
}

function mixInto(data: Uint8Array, other: Uint8Array): void {
  for (const [index, byte] of other.entries()) data[index] = (data[index] ?? 0) ^ byte;
}

interface Mixture {
  readonly of: Set<number>;
  readonly data: Uint8Array;
}

/** Puts the parts of one text together, in whatever order they come. */
export class Basin {
  #first: Part | null = null;
  readonly #known = new Map<number, Uint8Array>();
  #mixtures: Mixture[] = [];

  get have(): number {
    return this.#known.size;
  }

  receive(part: Part): void {
    this.#first ??= part;
    const { fragments, messageBytes, checksum, data } = this.#first;
    const isSame = part.fragments === fragments && part.messageBytes === messageBytes && part.checksum === checksum && part.data.length === data.length;
    if (!isSame) throw new WireError("damaged", "this is a part of another text");
    // Not more than needed: whoever shows mixtures without end must not fill the memory.
    if (this.#mixtures.length > 2 * fragments) this.#mixtures.shift();
    this.#mixtures.push({ of: new Set(fragmentsOf(part.number, fragments, checksum)), data: part.data.slice() });
    this.#solve();
  }

  /** Takes what is known out of the mixtures; what is alone in one becomes known, and so on. */
  #solve(): void {
    for (let found = true; found; ) {
      found = false;
      for (const { of, data } of this.#mixtures) {
        for (const index of of) {
          const known = this.#known.get(index);
          if (known === undefined) continue;
          mixInto(data, known);
          of.delete(index);
        }
        const [index] = of;
        if (of.size !== 1 || index === undefined) continue;
        this.#known.set(index, data);
        of.clear();
        found = true;
      }
      this.#mixtures = this.#mixtures.filter(({ of }) => of.size > 0);
    }
  }

  /** The text; null until all of it is there. */
  message(): Uint8Array<ArrayBuffer> | null {
    const first = this.#first;
    if (first === null || this.#known.size < first.fragments) return null;
    const message = new Uint8Array(first.fragments * first.data.length);
    for (const [index, data] of this.#known) message.set(data, index * first.data.length);
    const whole = message.slice(0, first.messageBytes);
    if (crc32(whole) !== first.checksum) throw new WireError("damaged", "the parts do not make the text that they say");
    return whole;
  }
}
