/** Where in a Chinese law a rule stands, in English: `第二十九条` is "art. 29", `二（一）` is "section 2 (1)". Pure. */

const DIGITS = "零一二三四五六七八九";
const NUMBER = "([零一二三四五六七八九十百]+)";
const ARTICLE = new RegExp(`^第${NUMBER}条$`);
const SECTION = new RegExp(`^${NUMBER}(?:（${NUMBER}）)?$`);

/** A number below a thousand, as laws write it. */
function numberOf(text: string): number {
  let sum = 0;
  let digit = 0;
  for (const sign of text) {
    const unit = sign === "百" ? 100 : sign === "十" ? 10 : 0;
    if (unit === 0) digit = DIGITS.indexOf(sign);
    else {
      sum += (digit || 1) * unit;
      digit = 0;
    }
  }
  return sum + digit;
}

/** Null if it is written in another way. */
export function articleInEnglish(article: string): string | null {
  const one = ARTICLE.exec(article)?.[1];
  if (one !== undefined) return `art. ${numberOf(one)}`;
  const [, section, part] = SECTION.exec(article) ?? [];
  if (section === undefined) return null;
  return `section ${numberOf(section)}${part === undefined ? "" : ` (${numberOf(part)})`}`;
}
