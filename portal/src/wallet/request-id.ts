// The number of a request to an agency follows from the key that its answer is sealed to: whoever has the wallet's words finds it.
import { type Hex, concatBytes, hexToBytes, sha256Digits, stringToBytes } from "./bytes";
import { receiverOf } from "./codes";
import { requestKey } from "./derive";

const LABEL = "zhengtong/request/v1";
const CAUSE_LABEL = "zhengtong/deletion/v1";
const DIGITS = 32;

/** The id of the request whose answer is sealed to a public key. */
export function requestIdOf(key: Hex): string {
  return sha256Digits(concatBytes([stringToBytes(LABEL), hexToBytes(key)])).slice(0, DIGITS);
}

/** As the public list of deletions names a request: nobody finds the request by it. */
export function deletionCause(request: string): string {
  return sha256Digits(`${CAUSE_LABEL}${request}`).slice(0, DIGITS);
}

/** The id of the wallet's n-th request to an agency. */
export function requestId(seed: Uint8Array, organisation: string, index: number): string {
  return requestIdOf(receiverOf(requestKey(seed, organisation, index)));
}
