// Proofs of storage slots straight from a node.
import type { Connection } from "../chain/connection";
import type { ProveSlots } from "../chain/uses";
import { PortFailure } from "../ports";
import { NetworkKey, verifyStateProof } from "../verify";

/** Asks a node for proofs and checks them with the key that this browser has pinned. */
export function slotProver(connection: Connection, pinnedKey: () => Promise<string>): ProveSlots {
  return async (address, slots) => {
    const key = NetworkKey.parse(await pinnedKey());
    const { value, steps } = verifyStateProof(await connection.rpc("zhengtong_getStateProof", [address, slots]), key);
    if (value === null || value.address !== address.toLowerCase()) {
      const failed = steps.find(({ ok }) => !ok);
      throw new PortFailure("bad-answer", `the proof of a storage slot is wrong: ${failed?.step ?? "another address"}`);
    }
    return slots.map((slot) => {
      const proven = value.slots.get(slot);
      if (proven === undefined) throw new PortFailure("bad-answer", "a storage slot is not in the proof");
      return proven;
    });
  };
}
