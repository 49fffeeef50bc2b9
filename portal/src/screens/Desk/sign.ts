/** Hands the words to the gateway and the decision to the chain, signed by the officer's key. */
import type { OfficerSession } from "../../app/here.svelte";
import type { DeskSession, Gateways, Hex, OfficerKey, Ports } from "../../ports";
import type { Action } from "./decision";

const NO_STATEMENT: Hex = `0x${"0".repeat(64)}`;

interface Kept {
  hash: Hex;
  salt: Hex;
}

/**
 * The words that the gateway keeps for a decision which is not yet on the chain. A gateway keeps a bounded number for a case, and
 * each would have a salt of its own: who gives a signature up and decides again with the same words uses those kept before.
 */
export class KeptWords {
  #last: { desk: DeskSession; id: Hex; text: string; kept: Kept } | null = null;

  async of(gateways: Gateways, { gateway, desk }: OfficerSession, id: Hex, text: string): Promise<Kept> {
    const last = this.#last;
    if (last !== null && last.desk === desk && last.id === id && last.text === text) return last.kept;
    const kept = await gateways.statement(gateway, desk, id, text);
    this.#last = { desk, id, text, kept };
    return kept;
  }

  /** They belong to a decision now; the next one has its own. */
  used(): void {
    this.#last = null;
  }
}

export async function sign(ports: Ports, words: KeptWords, officer: OfficerSession, key: OfficerKey, id: Hex, action: Action): Promise<void> {
  const kept = action.statement === "" ? null : await words.of(ports.gateways, officer, id, action.statement);
  await decide(ports.chain, key, id, action, kept);
  words.used();
}

async function decide(chain: Ports["chain"], key: OfficerKey, id: Hex, action: Action, kept: Kept | null): Promise<void> {
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
