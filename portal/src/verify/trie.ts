// Ethereum's ordered tries: items keyed by the RLP of their index. `docs/proofs.md`, "Receipt proof".
import { keccak_256 } from "@noble/hashes/sha3.js";
import { equal, toHex, type Hex } from "./bytes";
import { CheckFailure, reading, within, type Step } from "./failure";
import { decodeRlp, indexKey, list, text } from "./rlp";

const MAX_NODES = 12;

/** Checks that `item` stands at `index` under `root`, by exactly these nodes. */
export function verifyIndexed(step: Step, root: Hex, index: number, item: Uint8Array, nodes: readonly Uint8Array[]): void {
  within(step, "the number of trie nodes", nodes.length, MAX_NODES);
  let path: readonly number[] = nibbles(reading(step, "the index", () => indexKey(index)));
  let expected = root;
  for (const [depth, node] of nodes.entries()) {
    if (toHex(keccak_256(node)) !== expected) throw lost(step, root, `node ${depth} is not the one that its parent names`);
    const next = reading(step, "a trie node", () => follow(list(decodeRlp(node)), path));
    if (next.value !== undefined) {
      if (depth !== nodes.length - 1) throw lost(step, root, "nodes follow the leaf");
      if (!equal(next.value, item)) throw lost(step, root, `the item at index ${index} is another one`);
      return;
    }
    if (next.child === undefined) throw lost(step, root, `there is no item at index ${index}`);
    expected = next.child;
    path = next.rest;
  }
  throw lost(step, root, "the path ends early");
}

function lost(step: Step, root: Hex, reason: string): CheckFailure {
  return new CheckFailure(step, "proof", reason, root, null);
}

interface Next {
  readonly value?: Uint8Array;
  readonly child?: Hex;
  readonly rest: readonly number[];
}

/** One step down. Items and nodes here are longer than 32 bytes, so a child is always named by its hash. */
function follow(node: readonly unknown[], path: readonly number[]): Next {
  const items = node as Parameters<typeof text>[0][];
  if (items.length === 17) {
    const [nibble, ...rest] = path;
    if (nibble === undefined) return { value: text(items[16]), rest: [] };
    const child = text(items[nibble]);
    return child.length === 0 ? { rest } : { child: toHex(text(child, 32)), rest };
  }
  if (items.length !== 2) throw new RangeError("a node has neither 2 nor 17 items");
  const { part, isLeaf } = compact(text(items[0]));
  if (!part.every((nibble, at) => path[at] === nibble)) return { rest: [] };
  const rest = path.slice(part.length);
  if (!isLeaf) return { child: toHex(text(items[1], 32)), rest };
  return rest.length === 0 ? { value: text(items[1]), rest } : { rest };
}

/** Hex-prefix encoding (yellow paper, appendix C). */
function compact(bytes: Uint8Array): { part: number[]; isLeaf: boolean } {
  const all = nibbles(bytes);
  const flag = all[0];
  if (flag === undefined || flag > 3 || (flag % 2 === 0 && all[1] !== 0)) throw new RangeError("a path is not encoded");
  return { part: all.slice(flag % 2 === 0 ? 2 : 1), isLeaf: flag >= 2 };
}

function nibbles(bytes: Uint8Array): number[] {
  return [...bytes].flatMap((byte) => [byte >> 4, byte & 15]);
}
