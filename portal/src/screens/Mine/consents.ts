/** What a consent is worth now, in words. Pure. */
import type { ConsentState } from "../../ports";

export type Standing = "not-sent" | "withdrawn" | "over" | "used-up" | "holds";

export function standing(consent: ConsentState, nowS: number): Standing {
  if (consent.until === 0) return "not-sent";
  if (consent.revoked) return "withdrawn";
  if (consent.use === "once" && consent.uses > 0) return "used-up";
  return nowS < consent.until ? "holds" : "over";
}

/** The text that says how often it was used. */
export function usedKey({ use, uses }: ConsentState): "consents.used0" | "consents.used1" | "consents.usedN" | "consents.usedUp" {
  if (uses === 0) return "consents.used0";
  if (use === "once") return "consents.usedUp";
  return uses === 1 ? "consents.used1" : "consents.usedN";
}
