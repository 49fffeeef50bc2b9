/** The rights over one's data that a person can use here, each with a clock and a reasoned answer. */
import type { Right } from "../../ports";

export const RIGHTS: readonly Right[] = ["contest", "copy", "correct", "delete"];

export function rightOf(text: string | undefined): Right | null {
  return RIGHTS.find((right) => right === text) ?? null;
}

const ARTICLES = {
  contest: { "zh-CN": "第四十四条、第四十八条", en: "arts. 44, 48" },
  copy: { "zh-CN": "第四十五条", en: "art. 45" },
  correct: { "zh-CN": "第四十六条", en: "art. 46" },
  delete: { "zh-CN": "第四十七条", en: "art. 47" },
} as const;

/** The articles of the Personal Information Protection Law that a right rests on. */
export function articlesOf(right: Right, language: "zh-CN" | "en"): string {
  return ARTICLES[right][language];
}
