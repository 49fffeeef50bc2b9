// The JSON that nodes answer with, read without believing any of it.
import { fromHex, toHex, type Hex } from "./bytes";
import { malformed, reading, within, type Step } from "./failure";

export interface Finality {
  readonly certificate: Uint8Array;
  readonly headers: readonly Uint8Array[];
}

export interface ReceiptProof {
  readonly finality: Finality;
  readonly blockNumber: number;
  readonly transactionIndex: number;
  readonly transaction: Uint8Array;
  readonly transactionProof: readonly Uint8Array[];
  readonly receipt: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface StateEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly proof: { readonly kind: "inclusion" | "exclusion"; readonly data: Uint8Array };
}

export interface StateProof {
  readonly finality: Finality;
  readonly blockNumber: number;
  readonly address: Hex;
  readonly account: StateEntry;
  readonly slots: readonly (StateEntry & { readonly slot: Hex })[];
}

const MAX_LIST = 1024;
/** Bytes of one value: a receipt of 4 MiB. */
const MAX_VALUE_BYTES = 4 * 1024 * 1024 + 64;

export function readFinality(value: unknown): Finality {
  const { certificate, headers } = record("certificate", "the finality", value);
  return {
    certificate: bytes("certificate", "the certificate", certificate),
    headers: array("headers", "the list of headers", headers).map((header) => bytes("headers", "a header", header)),
  };
}

export function readReceiptProof(value: unknown): ReceiptProof {
  const fields = record("certificate", "the receipt proof", value);
  const nodes = (step: Step, list: unknown) => array(step, "the trie nodes", list).map((node) => bytes(step, "a trie node", node));
  return {
    finality: readFinality(fields["finality"]),
    blockNumber: whole("headers", "the block's number", fields["blockNumber"]),
    transactionIndex: whole("transaction", "the index", fields["transactionIndex"]),
    transaction: bytes("transaction", "the transaction", fields["transaction"]),
    transactionProof: nodes("transaction", fields["transactionProof"]),
    receipt: bytes("receipt", "the receipt", fields["receipt"]),
    proof: nodes("receipt", fields["proof"]),
  };
}

export function readStateProof(value: unknown): StateProof {
  const fields = record("certificate", "the state proof", value);
  return {
    finality: readFinality(fields["finality"]),
    blockNumber: whole("headers", "the block's number", fields["blockNumber"]),
    address: toHex(bytes("account", "the address", fields["address"], 20)),
    account: readEntry("account", fields["account"]),
    slots: array("slot", "the slots", fields["slots"]).map((slot) => ({
      ...readEntry("slot", slot),
      slot: toHex(bytes("slot", "the slot", record("slot", "a slot", slot)["slot"], 32)),
    })),
  };
}

export function readEntry(step: Step, value: unknown): StateEntry {
  const fields = record(step, "the entry", value);
  const { kind, data } = record(step, "the proof", fields["proof"]);
  if (kind !== "inclusion" && kind !== "exclusion") throw malformed(step, "the kind of proof");
  return {
    key: bytes(step, "the key", fields["key"], 32),
    value: fields["value"] === null ? null : bytes(step, "the value", fields["value"]),
    proof: { kind, data: bytes(step, "the proof", data) },
  };
}

function record(step: Step, what: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed(step, what);
  return value as Record<string, unknown>;
}

function array(step: Step, what: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw malformed(step, what);
  within(step, what, value.length, MAX_LIST);
  return value;
}

function bytes(step: Step, what: string, value: unknown, length?: number): Uint8Array {
  if (typeof value === "string") within(step, what, (value.length - 2) / 2, MAX_VALUE_BYTES);
  const read = reading(step, what, () => fromHex(value));
  if (length !== undefined && read.length !== length) throw malformed(step, what);
  return read;
}

function whole(step: Step, what: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw malformed(step, what);
  return value;
}
