/** What a consent is worth now, in words. Pure. */
import { termsOf } from "../../chain/consent";
import type { ConsentState, OwnCase } from "../../ports";

export type Standing = "not-sent" | "withdrawn" | "over" | "used-up" | "holds" | "unread";

/** A consent as it was given: what became of it is on the chain, and nobody answers. */
export type KeptConsent = Pick<ConsentState, "provider" | "id" | "use" | "until"> & { uses: null };

/** A consent, and the case that it was given in. */
export interface Given {
  own: OwnCase;
  consent: ConsentState | KeptConsent;
}

export function keptConsents(own: OwnCase): KeptConsent[] {
  return Object.entries(own.consents).map(([provider, { id, record }]) => {
    const { until, once } = termsOf(record ?? {});
    return { provider, id, use: once ? "once" : "standing", until, uses: null };
  });
}

export function standing(consent: ConsentState | KeptConsent, nowS: number): Standing {
  if (consent.uses === null) return consent.until === 0 || nowS < consent.until ? "unread" : "over";
  if (consent.until === 0) return "not-sent";
  if (consent.revoked) return "withdrawn";
  if (consent.use === "once" && consent.uses > 0) return "used-up";
  return nowS < consent.until ? "holds" : "over";
}

/** The text that says how often it was used. */
export function usedKey({ use, uses }: ConsentState | KeptConsent): "consents.used0" | "consents.used1" | "consents.usedN" | "consents.usedUp" | "consents.unread" {
  if (uses === null) return "consents.unread";
  if (uses === 0) return "consents.used0";
  if (use === "once") return "consents.usedUp";
  return uses === 1 ? "consents.used1" : "consents.usedN";
}
