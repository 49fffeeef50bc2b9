// The wallet's leaf in the register of people, a Semaphore identity: docs/decisions/0034-people.md.
import { toHex } from "viem";
import { type Hex, hexToBytes } from "./bytes";

/** The commitment of a secret. What it is made with is loaded when somebody proves who they are, and not before. */
export async function commitmentOf(secret: Hex): Promise<Hex> {
  const { Identity } = await import("@semaphore-protocol/identity");
  return toHex(new Identity(hexToBytes(secret)).commitment, { size: 32 });
}
