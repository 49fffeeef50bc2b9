/** What the desk says of a credential that stands behind a fact, or was offered for it; and where it cannot say. Pure. */
import type { MessageKey } from "../../i18n/messages";
import { heldTerms } from "../../package/held";
import type { ServicePackage } from "../../package/types";
import type { FactGround } from "../../ports";

export interface GroundWords {
  /** What became of it: takes `name` and `why`. */
  readonly said: MessageKey;
  /** Who issued it and until when: takes `issuer` and `date`. */
  readonly origin: MessageKey;
}

const SAID = { answer: "ground.answer", refused: "ground.refused", lapsed: "ground.lapsed" } as const;

export function groundWords({ became, issuer, validUntil }: FactGround): GroundWords {
  const origin = issuer === null ? "ground.unsure" : validUntil === null ? "ground.openEnd" : "ground.until";
  return { said: SAID[became], origin };
}

/** Other agencies that a package lets answer from a credential. Which way they went, the agency that decides is not told. */
export function answerUnseen(pack: ServicePackage, own: string): string[] {
  const providers = heldTerms(pack).map(({ provider }) => provider);
  return [...new Set(providers)].filter((provider) => provider !== own);
}
