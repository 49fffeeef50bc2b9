import { fill } from "./fill";
import { messages, type MessageKey } from "./messages";

export type { MessageKey };

export type Language = "zh-CN" | "en";
export const LANGUAGES: readonly Language[] = ["zh-CN", "en"];
export type Params = Record<string, string | number>;

const STORED = "zhengtong.language";

let language = $state<Language>("zh-CN");

export const locale = {
  get language(): Language {
    return language;
  },
};

export function setLanguage(next: Language): void {
  language = next;
  document.documentElement.lang = next;
  try {
    localStorage.setItem(STORED, next);
  } catch {
    // private mode: the choice lasts for this visit
  }
}

export function restoreLanguage(): void {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(STORED);
  } catch {
    stored = null;
  }
  const fallback: Language = navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
  setLanguage(LANGUAGES.find((known) => known === stored) ?? fallback);
}

/** The text of a key in the language of the page. */
export function t(key: MessageKey, params: Params = {}): string {
  const [zh, en] = messages[key];
  return fill(language === "zh-CN" ? zh : en, params);
}

export function isMessage(key: string): key is MessageKey {
  return Object.hasOwn(messages, key);
}

/** Picks the text of the page's language from `{ "zh-CN": …, en: … }`. */
export function pick(text: Record<string, string>): string {
  return text[language] ?? text["zh-CN"] ?? "";
}
