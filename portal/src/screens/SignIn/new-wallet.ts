/** Decisions of making a wallet. */

export const PASSPHRASE_MIN_CHARACTERS = 8;
const ASKED = 3;

/** Three different places to ask for, in order; `random` answers numbers in [0, 1). */
export function placesToAsk(count: number, random: () => number): number[] {
  const places = Array.from({ length: count }, (_, place) => place);
  for (let i = 0; i < Math.min(ASKED, count); i++) {
    const j = i + Math.floor(random() * (count - i));
    const [a, b] = [places[i] ?? i, places[j] ?? j];
    places[i] = b;
    places[j] = a;
  }
  return places.slice(0, ASKED).sort((a, b) => a - b);
}

/** Places whose answer is not the word shown. */
export function wrongPlaces(words: readonly string[], places: readonly number[], answers: readonly string[]): number[] {
  return places.filter((place, i) => (answers[i] ?? "").trim().toLowerCase() !== words[place]);
}

export function splitWords(text: string): string[] {
  const parts = text.trim().toLowerCase().split(/[\s,，、]+/u).filter((part) => part !== "");
  // Chinese words are one character each and are often written without spaces
  return parts.length === 1 && /^\p{Script=Han}+$/u.test(parts[0] ?? "") ? [...(parts[0] ?? "")] : parts;
}

export type PassphraseProblem = "create.passShort" | "create.passDiffer";

export function passphraseProblem(first: string, second: string): { field: "pass" | "again"; key: PassphraseProblem } | null {
  if ([...first].length < PASSPHRASE_MIN_CHARACTERS) return { field: "pass", key: "create.passShort" };
  return first === second ? null : { field: "again", key: "create.passDiffer" };
}

/** Whether this device can verify a person by itself: a screen lock with finger, face or PIN. */
export async function screenLockExists(): Promise<boolean> {
  if (typeof PublicKeyCredential !== "function") return false;
  return await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false);
}
