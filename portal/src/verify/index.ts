/**
 * Checks what a node says, from the network's public key alone. The format is `docs/proofs.md`; `crates/types` is the same
 * in Rust, and both are tested with the proofs in `crates/types/tests/golden`. No I/O, no framework, no text for people:
 * a result lists its steps with codes, and whoever shows it has the words.
 */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { toHex, toNumber, type Hex } from "./bytes";
import { NetworkKey, verifyCertificate } from "./certificate";
import { CheckFailure, reading, same, within, type Code, type Step } from "./failure";
import { verifyHeaders, type ProvenHeader } from "./header";
import { readReceipt, type ProvenLog } from "./receipt";
import { accountKey, slotKey, verifyEntry } from "./state";
import { verifyIndexed } from "./trie";
import { readReceiptProof, readStateProof, type Finality } from "./wire";

export { NetworkKey } from "./certificate";
export { CheckFailure, type Code, type Step } from "./failure";
export type { Hex } from "./bytes";
export type { ProvenHeader } from "./header";
export type { ProvenLog } from "./receipt";

/** One step of a verification. */
export interface CheckedStep {
  readonly step: Step;
  readonly ok: boolean;
  /** what was checked: a block, a transaction, an account, a slot */
  readonly subject: string;
  /** why it failed; null when ok */
  readonly failure: { readonly code: Code; readonly what: string; readonly expected: string | null; readonly found: string | null } | null;
}

/** A verification: its steps up to the first that failed, and what was proven if none did. */
export interface Checked<T> {
  readonly ok: boolean;
  readonly steps: readonly CheckedStep[];
  readonly value: T | null;
}

export interface ProvenReceipt {
  readonly header: ProvenHeader;
  readonly transactionHash: Hex;
  readonly transactionIndex: number;
  readonly succeeded: boolean;
  readonly logs: readonly ProvenLog[];
}

export interface ProvenAccount {
  readonly exists: boolean;
  readonly nonce: bigint;
  readonly balance: bigint;
  readonly codeHash: Hex;
}

export interface ProvenState {
  readonly header: ProvenHeader;
  readonly address: Hex;
  readonly account: ProvenAccount;
  /** null: provably absent, so zero */
  readonly slots: ReadonlyMap<Hex, Hex | null>;
}

const MAX_TRANSACTION_BYTES = 128 * 1024;
const MAX_RECEIPT_BYTES = 4 * 1024 * 1024;
const EMPTY_CODE_HASH: Hex = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";

/** Checks a receipt proof: certificate, headers, transaction, receipt. Never throws. */
export function verifyReceiptProof(json: unknown, key: NetworkKey): Checked<ProvenReceipt> {
  return verification((step) => {
    const proof = step("certificate", "", () => readReceiptProof(json));
    const { transactionIndex: index, transaction, receipt } = proof;
    const header = finality(step, key, proof.finality, proof.blockNumber);
    const transactionHash = toHex(keccak_256(transaction));
    step("transaction", transactionHash, () => {
      within("transaction", "the transaction's length", transaction.length, MAX_TRANSACTION_BYTES);
      verifyIndexed("transaction", header.transactionsRoot, index, transaction, proof.transactionProof);
    });
    const read = step("receipt", transactionHash, () => {
      within("receipt", "the receipt's length", receipt.length, MAX_RECEIPT_BYTES);
      verifyIndexed("receipt", header.receiptsRoot, index, receipt, proof.proof);
      return reading("receipt", "the receipt", () => readReceipt(receipt));
    });
    return { header, transactionHash, transactionIndex: index, ...read };
  });
}

/** Checks a state proof: certificate, headers, account, slots. Never throws. */
export function verifyStateProof(json: unknown, key: NetworkKey): Checked<ProvenState> {
  return verification((step) => {
    const proof = step("certificate", "", () => readStateProof(json));
    const { address } = proof;
    const header = finality(step, key, proof.finality, proof.blockNumber);
    const root = header.stateRoot;
    const account = step("account", address, () => readAccount(verifyEntry("account", root, accountKey(address), proof.account)));
    const slots = new Map<Hex, Hex | null>();
    for (const entry of proof.slots) {
      step("slot", entry.slot, () => slots.set(entry.slot, readSlot(verifyEntry("slot", root, slotKey(address, entry.slot), entry))));
    }
    return { header, address, account, slots };
  });
}

/** The first log of a contract whose leading topics are these; throws a `CheckFailure` when there is none. */
export function provenEvent(receipt: ProvenReceipt, contract: Hex, topics: readonly Hex[]): ProvenLog {
  const found = receipt.logs.find((log) => log.address === contract.toLowerCase() && topics.every((topic, at) => log.topics[at] === topic.toLowerCase()));
  if (found === undefined) throw new CheckFailure("event", "absent", `${topics[0] ?? "any event"} of ${contract}`);
  return found;
}

/** Runs one step; a reader before the first step may fail in a later one, which is then the step that failed. */
type Run = <T>(step: Step, subject: string, check: () => T) => T;

function verification<T>(check: (step: Run) => T): Checked<T> {
  const steps: CheckedStep[] = [];
  const run: Run = (step, subject, part) => {
    try {
      const result = part();
      if (subject !== "") steps.push({ step, ok: true, subject, failure: null });
      return result;
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      const { code, what, expected, found } = error;
      steps.push({ step: error.step, ok: false, subject, failure: { code, what, expected, found } });
      throw error;
    }
  };
  try {
    return { ok: true, value: check(run), steps };
  } catch (error) {
    if (error instanceof CheckFailure) return { ok: false, value: null, steps };
    throw error;
  }
}

function finality(step: Run, key: NetworkKey, { certificate, headers }: Finality, block: number): ProvenHeader {
  const subject = String(block);
  const certified = step("certificate", subject, () => verifyCertificate(key, certificate));
  return step("headers", subject, () => {
    const header = verifyHeaders(certified, headers);
    same("headers", "the block's number", block, header.number);
    return header;
  });
}

function readAccount(stored: Uint8Array | null): ProvenAccount {
  if (stored === null) return { exists: false, nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
  const number = (from: number, to: number) => toNumber(stored.subarray(from, to));
  return { exists: true, nonce: number(0, 8), balance: number(8, 40), codeHash: toHex(stored.subarray(40)) };
}

/** The value and 40 zero bytes. */
function readSlot(stored: Uint8Array | null): Hex | null {
  if (stored === null) return null;
  if (stored.subarray(32).some((byte) => byte !== 0)) throw new CheckFailure("slot", "malformed", "the value's padding");
  return toHex(stored.subarray(0, 32));
}
