// Recovery words (BIP-39) in simplified Chinese and in English: 12 words, 128 bits.
import { generateMnemonic, mnemonicToEntropy, mnemonicToSeed } from "@scure/bip39";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as chinese } from "@scure/bip39/wordlists/simplified-chinese.js";
import type { Words } from "../ports";
import { WalletError } from "./errors";

export type WordLanguage = Words;

/** Number of words a wallet made here has; 15, 18, 21 and 24 can be restored too. */
export const WORD_COUNT = 12;
const WORD_COUNTS = [12, 15, 18, 21, 24];
const ENTROPY_BITS = 128;
const LISTS: Record<WordLanguage, string[]> = { "zh-CN": chinese, en: english };

/** The list of one language, for completing a word while it is typed. */
export function wordList(language: WordLanguage): readonly string[] {
  return LISTS[language];
}

/** Makes new recovery words from the platform's random source. */
export function createWords(language: WordLanguage): string[] {
  return generateMnemonic(LISTS[language], ENTROPY_BITS).normalize("NFC").split(" ");
}

/** What was typed, as single words: any white space and the comma of both scripts separate; Chinese may be written together. */
export function splitWords(text: string): string[] {
  const words = text.normalize("NFC").trim().toLowerCase().split(/[\s,，、]+/u).filter((word) => word !== "");
  return words.flatMap((word) => (/^\p{Script=Han}+$/u.test(word) ? [...word] : [word]));
}

/** The language whose list holds every word. */
export function languageOf(words: readonly string[]): WordLanguage | null {
  for (const language of ["zh-CN", "en"] as const) {
    if (words.every((word) => LISTS[language].includes(word))) return language;
  }
  return null;
}

/** Index of the first word that stands in no list; null when all stand in one. */
export function firstUnknown(words: readonly string[]): number | null {
  if (languageOf(words) !== null) return null;
  const isEnglish = words.filter((word) => english.includes(word)).length * 2 >= words.length;
  const list = LISTS[isEnglish ? "en" : "zh-CN"];
  return words.findIndex((word) => !list.includes(word));
}

/** Checks recovery words: number, each word, check sum. */
export function checkWords(text: string): { words: string[]; language: WordLanguage } {
  const words = splitWords(text);
  if (!WORD_COUNTS.includes(words.length)) throw new WalletError("words-count", `${words.length} words; ${WORD_COUNTS.join(", ")} are possible`);
  const language = languageOf(words);
  if (language === null) throw new WalletError("words-unknown", `word ${(firstUnknown(words) ?? 0) + 1} is in no list`);
  try {
    mnemonicToEntropy(words.join(" "), LISTS[language]);
  } catch {
    throw new WalletError("words-checksum", "the words do not belong together: one is wrong or the order is");
  }
  return { words, language };
}

/** BIP-39 seed (64 bytes) of checked words; no extra passphrase: the vault's passphrase protects this device only. */
export async function bip39Seed(text: string): Promise<Uint8Array> {
  return await mnemonicToSeed(checkWords(text).words.join(" "));
}
