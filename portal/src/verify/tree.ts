// The Merkle mountain range of the state database's operations, with its activity bitmap grafted in.
// `docs/proofs.md`, "State proof", explains every step.
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, equal, u64be } from "./bytes";

export const CHUNK_BYTES = 32;
const CHUNK_BITS = 256n;
const CHUNK_HEIGHT = 8;
export const MAX_LEAVES = 1n << 62n;
/** Merkle mountain range, peaks bagged from the newest. */
const DOMAIN = Uint8Array.of(0, 1);

/** A proof that the operation at `location` is active. */
export interface OperationProof {
  readonly location: bigint;
  /** the 256 activity bits around the location */
  readonly chunk: Uint8Array;
  readonly leaves: bigint;
  readonly inactivePeaks: bigint;
  readonly digests: readonly Uint8Array[];
  /** digest of the last chunk when it is not full */
  readonly partialChunk: Uint8Array | null;
  readonly operationsRoot: Uint8Array;
}

const hash = (...parts: Uint8Array[]): Uint8Array => sha256(concatBytes(...parts));

/** The state root that the proof leads to for an operation; null when the proof does not fit together. */
export function stateRoot(proof: OperationProof, operation: Uint8Array): Uint8Array | null {
  const { location, chunk, leaves } = proof;
  if (location >= leaves || leaves > MAX_LEAVES) return null;
  const bit = Number(location % CHUNK_BITS);
  if (((chunk[bit >> 3] as number) & (1 << (bit & 7))) === 0) return null;
  const lastBits = leaves % CHUNK_BITS;
  if ((lastBits === 0n) !== (proof.partialChunk === null)) return null;
  const isInLast = location / CHUNK_BITS === leaves / CHUNK_BITS;
  if (proof.partialChunk !== null && isInLast && !equal(hash(chunk), proof.partialChunk)) return null;
  const grafted = graftedRoot(proof, operation);
  if (grafted === null) return null;
  const tail = proof.partialChunk === null ? [] : [u64be(lastBits), proof.partialChunk];
  return hash(proof.operationsRoot, grafted, ...tail);
}

/** A perfect tree of the range. */
interface Peak {
  readonly start: bigint;
  readonly height: number;
}

function peaksOf(leaves: bigint): Peak[] {
  const peaks: Peak[] = [];
  let start = 0n;
  for (let height = 62; height >= 0; height -= 1) {
    if ((leaves >> BigInt(height)) & 1n) {
      peaks.push({ start, height });
      start += 1n << BigInt(height);
    }
  }
  return peaks;
}

/** Position of the root of the perfect tree of this height whose first leaf is `start`. */
function position(start: bigint, height: number): bigint {
  let ones = 0n;
  for (let rest = start; rest > 0n; rest >>= 1n) ones += rest & 1n;
  return 2n * start - ones + (2n << BigInt(height)) - 2n;
}

/** Hands out digests in order; null when they have run out. */
class Digests {
  #at = 0;

  constructor(readonly all: readonly Uint8Array[]) {}

  next(): Uint8Array | null {
    return this.all[this.#at++] ?? null;
  }

  get isUsedUp(): boolean {
    return this.#at === this.all.length;
  }
}

/** Rebuilds the peak that holds the operation; siblings come in the order in which a walk from the left meets them. */
function rebuild(peak: Peak, proof: OperationProof, operation: Uint8Array, siblings: Digests): Uint8Array | null {
  const { start, height } = peak;
  const half = height === 0 ? 1n : 1n << BigInt(height - 1);
  if (height === 0) return hash(u64be(position(start, 0)), operation);
  const child = (from: bigint): Uint8Array | null =>
    proof.location >= from && proof.location < from + half ? rebuild({ start: from, height: height - 1 }, proof, operation, siblings) : siblings.next();
  const left = child(start);
  const right = child(start + half);
  if (left === null || right === null) return null;
  const node = hash(u64be(position(start, height)), left, right);
  // A full chunk's bits stand beside the subtree that they are about; a chunk of zeros adds nothing.
  const isGrafted = height === CHUNK_HEIGHT && proof.chunk.some((byte) => byte !== 0);
  return isGrafted ? hash(proof.chunk, node) : node;
}

/** Root of the grafted tree. Digests: folded inactive peaks, peaks before, peaks after, folded peaks after, siblings. */
function graftedRoot(proof: OperationProof, operation: Uint8Array): Uint8Array | null {
  const peaks = peaksOf(proof.leaves);
  if (proof.inactivePeaks > BigInt(peaks.length)) return null;
  const inactive = Number(proof.inactivePeaks);
  const own = peaks.findIndex(({ start, height }) => proof.location < start + (1n << BigInt(height)));
  const peak = peaks[own];
  if (peak === undefined) return null;
  const after = peaks.length - own - 1;
  const folded = Math.min(inactive, own);
  const listedAfter = Math.min(Math.max(inactive - own - 1, 0), after);
  const digests = new Digests(proof.digests);
  const take = (count: number): (Uint8Array | null)[] => Array.from({ length: count }, () => digests.next());
  const before = take((folded > 0 ? 1 : 0) + own - folded);
  const behind = take(listedAfter + (after > listedAfter ? 1 : 0));
  const roots = [...before, rebuild(peak, proof, operation, digests), ...behind];
  if (!digests.isUsedUp || roots.some((root) => root === null)) return null;
  return bag(proof.leaves, inactive, folded > 0 ? inactive - folded + 1 : inactive, roots as Uint8Array[]);
}

/** Folds the first `toFold` peaks from the left and the others from the right. */
function bag(leaves: bigint, inactive: number, toFold: number, roots: readonly Uint8Array[]): Uint8Array | null {
  const prefix = roots.slice(0, Math.max(toFold, 1));
  if (prefix.length < Math.max(toFold, 1)) return null;
  const rest = roots.slice(prefix.length);
  let bagged = prefix.reduce((left, right) => hash(left, right));
  if (rest.length > 0) bagged = hash(bagged, rest.reduceRight((right, left) => hash(left, right)));
  const committed = inactive === 0 ? [] : [u64be(BigInt(inactive))];
  return hash(DOMAIN, u64be(leaves), ...committed, bagged);
}
