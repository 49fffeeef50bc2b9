/** How much of a consent the resident gives: at most what the service's package asks for, at least what it can live with. Pure. */
import { WalletError } from "../wallet/errors";
import type { ConsentAsked, ConsentExtent } from "./types";

export const DAY_S = 86_400;

/** Whether one extent is no more than another. */
export function isWithin(extent: ConsentExtent, most: ConsentExtent): boolean {
  return (most.use === "standing" || extent.use === "once") && extent.days <= most.days;
}

/** What may be chosen for each question, the one asked for first. */
export function offered(asked: ConsentAsked): { uses: ConsentExtent["use"][]; days: number[] } {
  const { least } = asked;
  return {
    uses: least === undefined ? [asked.use] : [...new Set([asked.use, least.use])],
    days: least === undefined ? [asked.days] : [...new Set([asked.days, least.days])],
  };
}

/** The extent given: what was asked for, or the choice. More than was asked for, and less than the service can use, is refused. */
export function given(asked: ConsentAsked, choice?: ConsentExtent): ConsentExtent {
  const extent = choice ?? { use: asked.use, days: asked.days };
  requireWithin(extent, asked);
  if (!isWithin(asked.least ?? asked, extent)) throw new WalletError("consent-extent", "less than the service can work with");
  return extent;
}

/** Refuses a consent that goes beyond what the service's package asks for. */
export function requireWithin(extent: ConsentExtent, asked: ConsentAsked): void {
  if (!isWithin(extent, asked)) throw new WalletError("consent-extent", "more than the service's package asks for");
}
