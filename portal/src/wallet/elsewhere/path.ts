// `crypto-keypath`: where a key is in the tree of its words.
import { Tagged } from "cborg";
import { Fields, KEY_PATH, isNumber } from "./cbor";
import { WireError } from "./errors";

/** BIP-32's mark of a hardened step. */
export const HARDENED = 0x80000000;
/** Fingerprints are four bytes, and `zhengtong wallet` reads no more. */
const MAX_FINGERPRINT = 0xffffffff;
/** Paths of ours have five steps. */
const MAX_STEPS = 16;

export interface KeyPath {
  /** as BIP-32 numbers them: from 2^31 on they are hardened */
  readonly steps: readonly number[];
  /** the first four bytes of the master key's hash: which words these are */
  readonly fingerprint: number | null;
}

export function pathToCbor({ steps, fingerprint }: KeyPath): Tagged {
  const entries = new Map<number, unknown>([[1, steps.flatMap((step) => (step >= HARDENED ? [step - HARDENED, true] : [step, false]))]]);
  if (fingerprint !== null) entries.set(2, fingerprint);
  return new Tagged(KEY_PATH, entries);
}

export function pathFrom(content: unknown): KeyPath {
  const fields = new Fields(content);
  const parts = fields.list(1);
  if (parts.length % 2 !== 0 || parts.length > 2 * MAX_STEPS) throw new WireError("content", "a path that is too long, or half a step");
  const steps = Array.from({ length: parts.length / 2 }, (_, n) => {
    const [index, isHardened] = [parts[2 * n], parts[2 * n + 1]];
    if (!isNumber(index) || index >= HARDENED || typeof isHardened !== "boolean") throw new WireError("content", "a path with a step that is none");
    return isHardened ? index + HARDENED : index;
  });
  const fingerprint = fields.number(2);
  if (fingerprint !== null && fingerprint > MAX_FINGERPRINT) throw new WireError("content", "a fingerprint of more than four bytes");
  // Some wallets write 0 when they have none.
  return { steps, fingerprint: fingerprint || null };
}

export const pathText = (path: KeyPath): string => ["m", ...path.steps.map((step) => (step >= HARDENED ? `${step - HARDENED}'` : `${step}`))].join("/");

/** Eight hex digits, as wallets show it. */
export const fingerprintText = (path: KeyPath): string | null => path.fingerprint?.toString(16).padStart(8, "0") ?? null;
