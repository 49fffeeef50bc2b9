// The backup key, split two of three (Shamir), a share sealed to each authority (HPKE, RFC 9180).
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { combine, split } from "shamir-secret-sharing";
import { type Hex, base64Url, bytesToHex, concatBytes, fromBase64Url, hexToBytes, plain, stringToBytes } from "../bytes";
import { WalletError } from "../errors";

export const AUTHORITIES = 3;
export const AUTHORITIES_NEEDED = 2;
const GUARD_INFO = "zhengtong/guard/v1";
const SHARE_INFO = "zhengtong/share/v1";
const ENCAPSULATED_BYTES = 32;

const kem = () => new DhkemX25519HkdfSha256();
const suite = () => new CipherSuite({ kem: kem(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const buffer = (text: string): ArrayBuffer => plain(stringToBytes(text)).buffer;

/** Three shares, in base64url, of which any two give the key. */
export async function splitKey(key: Hex): Promise<string[]> {
  return (await split(hexToBytes(key), AUTHORITIES, AUTHORITIES_NEEDED)).map(base64Url);
}

export async function joinKey(shares: readonly string[]): Promise<Hex> {
  if (shares.length < AUTHORITIES_NEEDED) throw new WalletError("backup-damaged", `${shares.length} shares of ${AUTHORITIES_NEEDED}`);
  return bytesToHex(await combine(shares.slice(0, AUTHORITIES_NEEDED).map(fromBase64Url)));
}

/** What one authority keeps: whose account it is, its share, and where the backup is. */
export interface GuardMessage {
  readonly v: 1;
  readonly presentation: string;
  readonly share: string;
  readonly host: string;
}

export async function sealGuard(authority: Hex, account: Hex, message: GuardMessage): Promise<string> {
  const recipientPublicKey = await kem().deserializePublicKey(plain(hexToBytes(authority)).buffer);
  const sender = await suite().createSenderContext({ recipientPublicKey, info: buffer(GUARD_INFO) });
  const sealed = await sender.seal(buffer(JSON.stringify(message)), plain(hexToBytes(account)).buffer);
  return base64Url(concatBytes([new Uint8Array(sender.enc), new Uint8Array(sealed)]));
}

/** A key pair that shares are sealed to. */
export async function newReceiver(): Promise<{ secret: Hex; public: Hex }> {
  const pair = await kem().generateKeyPair();
  const [secret, publicKey] = await Promise.all([kem().serializePrivateKey(pair.privateKey), kem().serializePublicKey(pair.publicKey)]);
  return { secret: bytesToHex(new Uint8Array(secret)), public: bytesToHex(new Uint8Array(publicKey)) };
}

export async function openShare(secret: Hex, account: Hex, sealed: string): Promise<{ share: string; host: string }> {
  const bytes = fromBase64Url(sealed);
  try {
    const recipientKey = await kem().deserializePrivateKey(plain(hexToBytes(secret)).buffer);
    const recipient = await suite().createRecipientContext({ recipientKey, enc: plain(bytes.slice(0, ENCAPSULATED_BYTES)).buffer, info: buffer(SHARE_INFO) });
    const text = await recipient.open(plain(bytes.slice(ENCAPSULATED_BYTES)).buffer, plain(hexToBytes(account)).buffer);
    return JSON.parse(new TextDecoder().decode(text)) as { share: string; host: string };
  } catch (cause) {
    throw new WalletError("backup-damaged", cause instanceof Error ? cause.message : String(cause));
  }
}
