/** How many of a list of trusted people must help. Pure. */
export const MIN_NEEDED = 2;

/** What can be chosen: one alone never suffices. */
export function offeredNeeds(people: number): number[] {
  return Array.from({ length: Math.max(0, people - MIN_NEEDED + 1) }, (_, n) => n + MIN_NEEDED);
}

/** More than half. */
export function suggestedNeed(people: number): number {
  return Math.max(MIN_NEEDED, Math.floor(people / 2) + 1);
}
