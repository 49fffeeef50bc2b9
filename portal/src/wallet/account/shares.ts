// The backup key, split by Shamir's scheme: two of three, a share sealed to each authority (HPKE, RFC 9180); and some of
// several for people whom the owner trusts.
import { combine, split } from "shamir-secret-sharing";
import { type Hex, base64Url, bytesToHex, fromBase64Url, hexToBytes, stringToBytes } from "../bytes";
import { WalletError } from "../errors";
import { open, seal } from "../hpke";

export const AUTHORITIES = 3;
export const AUTHORITIES_NEEDED = 2;
const GUARD_INFO = "zhengtong/guard/v1";
const SHARE_INFO = "zhengtong/share/v1";

/** Three shares, in base64url, of which any two give the key. */
export async function splitKey(key: Hex): Promise<string[]> {
  return (await split(hexToBytes(key), AUTHORITIES, AUTHORITIES_NEEDED)).map(base64Url);
}

/** Shares for some people, of which so many give the key: a splitting of its own, unlike that for the authorities. */
export async function splitAmong(key: Hex, people: number, needed: number): Promise<string[]> {
  return (await split(hexToBytes(key), people, needed)).map(base64Url);
}

/** The key of exactly so many shares of one splitting; another key if one of them is of another. */
export async function joinShares(shares: readonly string[]): Promise<Hex> {
  return bytesToHex(await combine(shares.map(fromBase64Url)));
}

export async function joinKey(shares: readonly string[]): Promise<Hex> {
  if (shares.length < AUTHORITIES_NEEDED) throw new WalletError("backup-damaged", `${shares.length} shares of ${AUTHORITIES_NEEDED}`);
  return await joinShares(shares.slice(0, AUTHORITIES_NEEDED));
}

/** What one authority keeps: whose account it is, its share, and where the backup is. */
export interface GuardMessage {
  readonly v: 1;
  readonly presentation: string;
  readonly share: string;
  readonly host: string;
}

export function sealGuard(authority: Hex, account: Hex, message: GuardMessage): Promise<string> {
  return seal(authority, stringToBytes(JSON.stringify(message)), { info: GUARD_INFO, bound: account });
}

export async function openShare(secret: Hex, account: Hex, sealed: string): Promise<{ share: string; host: string }> {
  const bytes = fromBase64Url(sealed);
  try {
    const text = await open(secret, bytes, { info: SHARE_INFO, bound: account });
    return JSON.parse(new TextDecoder().decode(text)) as { share: string; host: string };
  } catch (cause) {
    throw new WalletError("backup-damaged", cause instanceof Error ? cause.message : String(cause));
  }
}
