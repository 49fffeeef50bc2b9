// HPKE in base mode (RFC 9180) to X25519 keys: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { type Hex, base64Url, bytesToHex, concatBytes, hexToBytes, plain, stringToBytes } from "./bytes";

const ENCAPSULATED_BYTES = 32;

const kem = () => new DhkemX25519HkdfSha256();
const suite = () => new CipherSuite({ kem: kem(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const buffer = (bytes: Uint8Array): ArrayBuffer => plain(bytes).buffer;

/** What a message is for, and what else it is bound to. */
export interface Sealing {
  readonly info: string;
  /** Additional data; none if left out. */
  readonly bound?: Hex;
}

const boundTo = ({ bound }: Sealing): ArrayBuffer => buffer(bound === undefined ? new Uint8Array() : hexToBytes(bound));

/** Seals to a public key: base64url of encapsulated key ‖ ciphertext. */
export async function seal(recipient: Hex, message: Uint8Array, sealing: Sealing): Promise<string> {
  const recipientPublicKey = await kem().deserializePublicKey(buffer(hexToBytes(recipient)));
  const sender = await suite().createSenderContext({ recipientPublicKey, info: buffer(stringToBytes(sealing.info)) });
  const sealed = await sender.seal(buffer(message), boundTo(sealing));
  return base64Url(concatBytes([new Uint8Array(sender.enc), new Uint8Array(sealed)]));
}

/** Opens what was sealed to the public key that belongs to `secret`; fails if it was sealed to another, for something else, or altered. */
export async function open(secret: Hex, sealed: Uint8Array, sealing: Sealing): Promise<Uint8Array> {
  const recipientKey = await kem().deserializePrivateKey(buffer(hexToBytes(secret)));
  const enc = buffer(sealed.slice(0, ENCAPSULATED_BYTES));
  const recipient = await suite().createRecipientContext({ recipientKey, enc, info: buffer(stringToBytes(sealing.info)) });
  return new Uint8Array(await recipient.open(buffer(sealed.slice(ENCAPSULATED_BYTES)), boundTo(sealing)));
}

/** A key pair to seal to. */
export async function newReceiver(): Promise<{ secret: Hex; public: Hex }> {
  const pair = await kem().generateKeyPair();
  const [secret, publicKey] = await Promise.all([kem().serializePrivateKey(pair.privateKey), kem().serializePublicKey(pair.publicKey)]);
  return { secret: bytesToHex(new Uint8Array(secret)), public: bytesToHex(new Uint8Array(publicKey)) };
}
