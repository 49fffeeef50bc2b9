// Blind signatures (RFC 9474) over tokens of the daily allowance: SHA-256, a salt of 32 bytes, a random prefix as nonce. The
// arithmetic is a library's; what is signed is what the contract `Allowances` asks for.
import { BlindRSA, Params } from "@cloudflare/blindrsa-ts";
import { type Hex, base64Url, bytesToHex, concatBytes, encodeAbiParameters, hexToBytes, plain } from "./bytes";
import type { BlindedToken, Token } from "./state";

const NONCE_BYTES = 32;
const EXPONENT = "AQAB"; // 65537
const RANDOMIZED = Params["RSABSSA_SHA384_PSS_Randomized"] as NonNullable<(typeof Params)[string]>;
const suite = new BlindRSA({ ...RANDOMIZED, name: "RSABSSA-SHA256-PSS-Randomized", hash: "SHA-256", saltLength: NONCE_BYTES, supportsRSARAW: false });

/** Where tokens are redeemed. */
export interface TokenSpace {
  readonly chainId: number;
  readonly allowances: Hex;
}

const DAY_MS = 86_400_000;
const OFFSET_MS = 8 * 3_600_000;

/** Days since 1 January 1970 in Beijing. */
export const windowAt = (ms: number): number => Math.floor((ms + OFFSET_MS) / DAY_MS);

/** The key of a window, from its modulus on the chain. */
export async function tokenKey(modulus: Hex): Promise<CryptoKey> {
  const jwk = { kty: "RSA", n: base64Url(hexToBytes(modulus)), e: EXPONENT, ext: true };
  return await crypto.subtle.importKey("jwk", jwk, { name: "RSA-PSS", hash: "SHA-256" }, true, ["verify"]);
}

function messageOf({ chainId, allowances }: TokenSpace, window: number, address: Hex): Uint8Array {
  const types = [{ type: "uint256" }, { type: "address" }, { type: "uint64" }, { type: "address" }];
  return hexToBytes(encodeAbiParameters(types, [BigInt(chainId), allowances, BigInt(window), address]));
}

/** Blinds a token of a key for a window. */
export async function blindToken(key: CryptoKey, space: TokenSpace, window: number, address: Hex): Promise<BlindedToken> {
  const message = suite.prepare(messageOf(space, window, address));
  const { blindedMsg, inv } = await suite.blind(key, plain(message));
  return { window, address, nonce: bytesToHex(message.slice(0, NONCE_BYTES)), blinded: bytesToHex(blindedMsg), inverse: bytesToHex(inv) };
}

/** Unblinds; throws if the signature is not by this key over what was blinded. */
export async function finishToken(key: CryptoKey, space: TokenSpace, waiting: BlindedToken, signature: Uint8Array): Promise<Token> {
  const { window, address, nonce } = waiting;
  const message = concatBytes([hexToBytes(nonce), messageOf(space, window, address)]);
  const finished = await suite.finalize(key, plain(message), signature, hexToBytes(waiting.inverse));
  return { window, address, nonce, signature: bytesToHex(finished) };
}
