/** Hands the words to the gateway and the decision to the chain, signed by the officer's key. */
import type { OfficerSession } from "../../app/here.svelte";
import type { Hex, OfficerKey, Ports } from "../../ports";
import type { Action } from "./decision";

const NO_STATEMENT: Hex = `0x${"0".repeat(64)}`;

export async function sign({ chain, gateways }: Ports, officer: OfficerSession, key: OfficerKey, id: Hex, action: Action): Promise<void> {
  const kept = action.statement === "" ? null : await gateways.statement(officer.gateway, officer.desk, id, action.statement);
  const statement = kept?.hash ?? NO_STATEMENT;
  const statements = kept === null ? [] : [{ salt: kept.salt, text: action.statement }];
  if (action.kind === "more") {
    await chain.requestMore(key, id, { defects: action.defects, statement, behind: { statements } });
    return;
  }
  const { row, reason, law } = action;
  const statute = chain.statuteId(law.law, law.article);
  const behind = { statutes: [{ law: law.law, article: law.article }], statements };
  if (action.kind === "approve") await chain.approve(key, id, { row, amountFen: action.amountFen, reason, statute, statement, behind });
  else await chain.refuse(key, id, { row, reason, statute, statement, behind });
}
