// `eth-sign-request` and `eth-signature` (ERC-4527): what is to be signed, and the answer.
import { Tagged } from "cborg";
import { recoverAddress } from "viem";
import { type Address, type Hex, bytesToHex, hexToBytes, randomHex } from "../bytes";
import { UUID, fromCbor, toCbor } from "./cbor";
import { WireError } from "./errors";
import { type KeyPath, pathToCbor } from "./path";
import { readUr } from "./ur";

/** How the data is to be read. Those that officers have signed: a text by EIP-191, a transaction by EIP-2718. */
export const DATA_TYPES = { legacy: 1, typedData: 2, message: 3, transaction: 4 } as const;

const RS_BYTES = 64;
/** An EIP-155 v has the chain's id in it. */
const MAX_V_BYTES = 9;

export interface SignRequest {
  /** a UUID: joins the request and its answer */
  readonly id: Hex;
  readonly data: Uint8Array;
  readonly dataType: keyof typeof DATA_TYPES;
  readonly chainId: number;
  readonly path: KeyPath;
  readonly address: Address | null;
  /** who asks */
  readonly origin: string;
}

export interface CheckedSignature {
  readonly r: Hex;
  readonly s: Hex;
  readonly yParity: 0 | 1;
}

/** Version 4 of RFC 9562. */
export function newRequestId(): Hex {
  const bytes = hexToBytes(randomHex(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytesToHex(bytes);
}

export function encodeRequest({ id, data, dataType, chainId, path, address, origin }: SignRequest): Uint8Array {
  return toCbor(
    new Map<number, unknown>([
      [1, new Tagged(UUID, hexToBytes(id))],
      [2, data],
      [3, DATA_TYPES[dataType]],
      [4, chainId],
      [5, pathToCbor(path)],
      ...(address === null ? [] : ([[6, hexToBytes(address)]] as const)),
      [7, origin],
    ]),
  );
}

export interface EthSignature {
  readonly id: Hex | null;
  /** r, s and v */
  readonly signature: Uint8Array;
}

export function readSignature(text: string): EthSignature {
  const fields = fromCbor(readUr(text, "eth-signature").content);
  const signature = fields.bytes(2);
  if (signature.length <= RS_BYTES || signature.length > RS_BYTES + MAX_V_BYTES) throw new WireError("content", "a signature of another length");
  return { id: fields.uuid(1), signature };
}

/** The signature in an answer, if it is this signer's of this hash, for this request. */
export async function checkAnswer(text: string, id: Hex, hash: Hex, signer: Address): Promise<CheckedSignature> {
  const answer = readSignature(text);
  if (answer.id !== id) throw new WireError("other-request", `for ${answer.id ?? "no request"}`);
  const r = bytesToHex(answer.signature.slice(0, RS_BYTES / 2));
  const s = bytesToHex(answer.signature.slice(RS_BYTES / 2, RS_BYTES));
  const yParity = parityOf(BigInt(bytesToHex(answer.signature.slice(RS_BYTES))));
  const found = await recoverAddress({ hash, signature: { r, s, yParity } }).catch((cause: unknown) => {
    throw new WireError("no-signature", String(cause));
  });
  if (found.toLowerCase() !== signer.toLowerCase()) throw new WireError("other-signer", `by ${found}`, { found });
  return { r, s, yParity };
}

/** 0 or 1 for typed transactions, 27 or 28 for messages, 35 or 36 and twice the chain's id by EIP-155. */
function parityOf(v: bigint): 0 | 1 {
  if (v === 0n || v === 27n) return 0;
  if (v === 1n || v === 28n) return 1;
  if (v < 35n) throw new WireError("no-signature", `v is ${v}`);
  return v % 2n === 0n ? 1 : 0;
}
