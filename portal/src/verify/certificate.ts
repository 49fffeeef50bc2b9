// A simplex finalization: a threshold BLS12-381 signature over a block's hash. `docs/proofs.md`, "Certificate".
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { Reader, concatBytes, equal, fromHex, toHex, type Hex } from "./bytes";
import { CheckFailure, malformed, reading, within } from "./failure";

const MAX_CERTIFICATE_BYTES = 3 * 10 + 32 + 48;
const SIGNATURE_BYTES = 48;
const KEY_BYTES = 96;
/** The engine's name for what is signed; networks are told apart by their keys. */
const NAMESPACE = new TextEncoder().encode("zhengtong_FINALIZE");
const DOMAIN = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";

const { shortSignatures: bls } = bls12_381;
type KeyPoint = ReturnType<typeof readKey>;

/** Checks a certificate and answers the hash of the block it finalizes. */
export function verifyCertificate(key: NetworkKey, certificate: Uint8Array): Hex {
  const known = key.checked.get(toHex(certificate));
  if (known !== undefined) return known;
  within("certificate", "the certificate's length", certificate.length, MAX_CERTIFICATE_BYTES);
  const block = reading("certificate", "the certificate", () => blockOf(certificate));
  const split = certificate.length - SIGNATURE_BYTES;
  const signature = reading("certificate", "the signature", () => readSignature(certificate.subarray(split)));
  // The proposal's encoding is the only one of its content, so it is signed as it stands here.
  const message = concatBytes(Uint8Array.of(NAMESPACE.length), NAMESPACE, certificate.subarray(0, split));
  if (!bls.verify(signature, bls.hash(message, DOMAIN), key.point)) {
    throw new CheckFailure("certificate", "signature", `the signature over block ${block}`);
  }
  key.checked.set(toHex(certificate), block);
  return block;
}

/** Epoch, view, parent view, block hash, signature. */
function blockOf(certificate: Uint8Array): Hex {
  const reader = new Reader(certificate);
  for (let number = 0; number < 3; number += 1) reader.varint();
  const block = toHex(reader.take(32));
  reader.take(SIGNATURE_BYTES);
  reader.end();
  return block;
}

function readSignature(bytes: Uint8Array) {
  const point = bls.Signature.fromBytes(bytes);
  point.assertValidity();
  if (point.is0() || !equal(bls.Signature.toBytes(point), bytes)) throw new RangeError("not a canonical point of G1");
  return point;
}

function readKey(bytes: Uint8Array) {
  if (bytes.length !== KEY_BYTES) throw new RangeError(`${bytes.length} bytes, not ${KEY_BYTES}`);
  const point = bls12_381.G2.Point.fromBytes(bytes);
  point.assertValidity();
  if (point.is0() || !equal(point.toBytes(), bytes)) throw new RangeError("not a canonical point of G2");
  return point;
}

/** The public key of a network, and the certificates that were found to be signed with it. */
export class NetworkKey {
  readonly checked = new Map<string, Hex>();

  private constructor(readonly point: KeyPoint) {}

  /** Reads 96 bytes of hexadecimal; throws a `CheckFailure` when they are not a key. */
  static parse(text: unknown): NetworkKey {
    if (typeof text !== "string") throw malformed("certificate", "the network key");
    return new NetworkKey(reading("certificate", "the network key", () => readKey(fromHex(text))));
  }
}
