// Sign-In with Ethereum (EIP-4361).
import { getAddress, recoverMessageAddress } from "viem";
import { createSiweMessage, generateSiweNonce } from "viem/siwe";
import type { Address, Hex } from "./bytes";

/** How long a signed message may be used to sign in, in minutes. */
export const SIWE_VALID_MINUTES = 5;

export interface SiweRequest {
  readonly address: Address;
  readonly chainId: number;
  /** Page that asks: `location.origin`. */
  readonly origin: string;
  /** From the server when there is one; random otherwise. */
  readonly nonce?: string;
  readonly statement: string;
  readonly nowMs: number;
}

export function siweMessage(request: SiweRequest): string {
  return createSiweMessage({
    address: getAddress(request.address),
    chainId: request.chainId,
    domain: new URL(request.origin).host,
    uri: request.origin,
    version: "1",
    nonce: request.nonce ?? generateSiweNonce(),
    statement: request.statement,
    issuedAt: new Date(request.nowMs),
    expirationTime: new Date(request.nowMs + SIWE_VALID_MINUTES * 60_000),
  });
}

/** Whether the signature is by the address; for keys only, not for contract accounts. */
export async function isSignedBy(address: Address, message: string, signature: Hex): Promise<boolean> {
  try {
    return (await recoverMessageAddress({ message, signature })).toLowerCase() === address.toLowerCase();
  } catch {
    return false;
  }
}
