// Which of a wallet's possible cases exist on the chain.
import { casesAbi } from "./abi";
import { slugText } from "./codes";
import type { Connection } from "./connection";
import { ContractRefusal } from "./failure";
import type { FindCases, FoundCase } from "../wallet/scan";
import type { Hex } from "../ports";

const STATUS_NONE = 0;

export function findCasesOver(connection: Connection): FindCases {
  async function find(id: Hex): Promise<FoundCase[]> {
    try {
      const found = await connection.read("cases", casesAbi, "get", [id]);
      if (found.status === STATUS_NONE) return [];
      return [{ id, service: slugText(found.service), version: found.version, openedAtMs: Number(found.openedAt) * 1000 }];
    } catch (failure) {
      if (failure instanceof ContractRefusal && failure.error === "UnknownCase") return [];
      throw failure;
    }
  }
  return async (ids) => (await Promise.all(ids.map(find))).flat();
}
