/** Which uses are shown: by agency, by case, and by words that must all be somewhere in what the card says. Pure. */
import type { PersonalUse } from "./all-uses";

export interface Wanted {
  /** slug; empty: all */
  provider: string;
  /** id; empty: all */
  caseId: string;
  words: string;
}

/** `said` gives the words of a card, in the language shown. */
export function filtered(uses: readonly PersonalUse[], wanted: Wanted, said: (one: PersonalUse) => string): PersonalUse[] {
  const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
  return uses.filter((one) => {
    if (wanted.provider !== "" && one.use.provider !== wanted.provider) return false;
    if (wanted.caseId !== "" && one.use.caseId !== wanted.caseId) return false;
    if (words.length === 0) return true;
    const text = said(one).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
