// Proofs of storage slots straight from a node.
import type { Connection } from "../chain/connection";
import type { ProveSlots } from "../chain/uses";
import { PortFailure } from "../ports";
import { NetworkKey, verifyStateProof } from "../verify";

/** Asks for proofs and checks them with the key that this browser knows; `known` answers the pinned key, or null before there is one. */
export function slotProver(connection: Connection, known: () => string | null): ProveSlots {
  return async (address, slots) => {
    const key = NetworkKey.parse(known() ?? (await connection.network()).publicKey);
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
