// Maps with small numbers as keys, as all types of ERC-4527 are.
import { Tagged, decode, encode } from "cborg";
import { bytesToHex } from "../bytes";
import { WireError } from "./errors";

/** Tags of the registry: a UUID, a public key in a tree, a path in it. */
export const UUID = 37;
export const HD_KEY = 303;
export const KEY_PATH = 304;
/** Wrappers around a key in an account: script expressions, and an output with them. */
const OTHERS = [305, 306, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410];
const TAGS = Tagged.preserve(UUID, HD_KEY, KEY_PATH, ...OTHERS);

export const toCbor = (entries: ReadonlyMap<number, unknown>): Uint8Array => encode(entries);

export function fromCbor(bytes: Uint8Array): Fields {
  let content: unknown;
  try {
    content = decode(bytes, { useMaps: true, allowIndefinite: false, rejectDuplicateMapKeys: true, allowUndefined: false, tags: TAGS });
  } catch (cause) {
    throw new WireError("content", String(cause));
  }
  return new Fields(content);
}

/** The entries of a map; each of them is of its type, or the text is refused. */
export class Fields {
  readonly #entries: ReadonlyMap<unknown, unknown>;

  constructor(content: unknown) {
    if (!(content instanceof Map)) throw new WireError("content", "no map");
    this.#entries = content;
  }

  #optional<T>(key: number, is: (value: unknown) => value is T): T | null {
    const value = this.#entries.get(key);
    if (value === undefined) return null;
    if (!is(value)) throw new WireError("content", `entry ${key} is of another type`);
    return value;
  }

  #required<T>(key: number, value: T | null): T {
    if (value === null) throw new WireError("content", `entry ${key} is missing`);
    return value;
  }

  flag(key: number): boolean {
    return this.#optional(key, (value) => typeof value === "boolean") ?? false;
  }

  number(key: number): number | null {
    return this.#optional(key, isNumber);
  }

  text(key: number): string | null {
    return this.#optional(key, (value) => typeof value === "string");
  }

  maybeBytes(key: number): Uint8Array | null {
    return this.#optional(key, (value) => value instanceof Uint8Array);
  }

  bytes(key: number): Uint8Array {
    return this.#required(key, this.maybeBytes(key));
  }

  list(key: number): readonly unknown[] {
    return this.#required(key, this.#optional(key, (value): value is unknown[] => Array.isArray(value)));
  }

  tagged(key: number, tag: number): unknown {
    const value = this.#optional(key, (one) => one instanceof Tagged);
    if (value !== null && value.tag !== tag) throw new WireError("content", `entry ${key} has the tag ${value.tag}`);
    return value?.value ?? null;
  }

  /** A UUID, as hex. */
  uuid(key: number): `0x${string}` | null {
    const value = this.tagged(key, UUID);
    if (value === null) return null;
    if (!(value instanceof Uint8Array) || value.length !== 16) throw new WireError("content", `entry ${key} is no UUID`);
    return bytesToHex(value);
  }
}

export const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
