// The other machine, for tests: a key that reads requests and answers them, as ERC-4527 says. `zhengtong wallet` itself is in e2e.
import { mnemonicToSeedSync } from "@scure/bip39";
import { Tagged } from "cborg";
import { type Hex, hashMessage, hexToBytes, keccak256 } from "viem";
import { HDKey, sign } from "viem/accounts";
import { bytesToHex } from "../bytes";
import { KEY_PATH, UUID, fromCbor, toCbor } from "./cbor";
import { HARDENED, pathFrom, pathText, pathToCbor } from "./path";
import { DATA_TYPES } from "./request";
import { writeUr } from "./ur";

/** BIP-39's words of zeros, which everybody knows. */
const WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
const master = HDKey.fromMasterSeed(mnemonicToSeedSync(WORDS));

/** Its account, as `zhengtong wallet export` writes it. */
export function exportedAccount(name = "Zhengtong"): string {
  const account: HDKey = master.derive("m/44'/60'/0'");
  const origin = pathToCbor({ steps: [44 + HARDENED, 60 + HARDENED, HARDENED], fingerprint: master.fingerprint });
  return writeUr("crypto-hdkey", toCbor(new Map<number, unknown>([[3, account.publicKey], [4, account.chainCode], [6, origin], [8, account.parentFingerprint], [9, name]])));
}

export const privateKeyAt = (path: string): Hex => bytesToHex(master.derive(path).privateKey ?? new Uint8Array());

export interface Requested {
  readonly id: Hex;
  readonly data: Uint8Array;
  readonly dataType: number;
  readonly chainId: number;
  readonly path: string;
  readonly address: Hex;
  readonly origin: string;
}

export function requested(content: Uint8Array): Requested {
  const fields = fromCbor(content);
  const path = pathText(pathFrom(fields.tagged(5, KEY_PATH)));
  return { id: fields.uuid(1) ?? "0x", data: fields.bytes(2), dataType: fields.number(3) ?? 0, chainId: fields.number(4) ?? 0, path, address: bytesToHex(fields.bytes(6)), origin: fields.text(7) ?? "" };
}

/** The answer of a key: that of the request's path, or another. */
export async function answered(content: Uint8Array, privateKey?: Hex, id?: Hex): Promise<string> {
  const request = requested(content);
  const hash = request.dataType === DATA_TYPES.message ? hashMessage({ raw: request.data }) : keccak256(request.data);
  const { r, s, yParity = 0 } = await sign({ hash, privateKey: privateKey ?? privateKeyAt(request.path) });
  const v = request.dataType === DATA_TYPES.message ? 27 + yParity : yParity;
  const entries = new Map<number, unknown>([[1, new Tagged(UUID, hexToBytes(id ?? request.id))], [2, Uint8Array.of(...hexToBytes(r), ...hexToBytes(s), v)], [3, "Test"]]);
  return writeUr("eth-signature", toCbor(entries));
}
