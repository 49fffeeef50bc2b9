import type { CaseStatus } from "../api/types";
import { isMessage, t } from "../i18n/index.svelte";

export const STATUSES: readonly CaseStatus[] = ["asking", "review", "supplement", "approved", "refused", "closed"];

/** Colour of a status; the word beside it carries the meaning. */
export function statusTone(status: CaseStatus): "neutral" | "accent" | "good" | "warn" | "bad" {
  return ({ asking: "accent", review: "accent", supplement: "warn", approved: "good", refused: "bad", closed: "neutral" } as const)[status];
}

/** Of a status that a wallet kept: another build may have known others. */
export const knownTone = (status: string): ReturnType<typeof statusTone> => (STATUSES.some((known) => known === status) ? statusTone(status as CaseStatus) : "neutral");

/** In one's own list: whoever is asked for more is addressed. */
export const ownStatusText = (status: string): string => (status === "supplement" ? t("mine.supplement") : statusText(status));

export function statusText(status: string): string {
  const key = `status.${status}`;
  return isMessage(key) ? t(key) : status;
}
