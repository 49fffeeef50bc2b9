import type { CaseStatus } from "../api/types";

export const STATUSES: readonly CaseStatus[] = ["asking", "review", "supplement", "approved", "refused", "closed"];

/** Colour of a status; the word beside it carries the meaning. */
export function statusTone(status: CaseStatus): "neutral" | "accent" | "good" | "warn" | "bad" {
  return ({ asking: "accent", review: "accent", supplement: "warn", approved: "good", refused: "bad", closed: "neutral" } as const)[status];
}
