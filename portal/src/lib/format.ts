/** Amounts, dates and spans in words. Pure; the time zone is the region's. */

export type Language = "zh-CN" | "en";
const ZONE = "Asia/Shanghai";
/** Seconds. */
const DAY = 86_400;

export function yuan(fen: number, language: Language): string {
  const whole = fen % 100 === 0;
  const number = (fen / 100).toLocaleString(language, { minimumFractionDigits: whole ? 0 : 2, maximumFractionDigits: 2 });
  return language === "zh-CN" ? `${number}元` : `${number} yuan`;
}

export function amount(fen: number, per: "month" | "once" | undefined, language: Language): string {
  if (language === "zh-CN") return per === "month" ? `每月${yuan(fen, language)}` : per === "once" ? `一次性${yuan(fen, language)}` : yuan(fen, language);
  return per === "month" ? `${yuan(fen, language)} a month` : per === "once" ? `${yuan(fen, language)} once` : yuan(fen, language);
}

export function date(seconds: number, language: Language): string {
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { dateStyle: "long", timeZone: ZONE }).format(seconds * 1000);
}

export function dateTime(seconds: number, language: Language): string {
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    dateStyle: "long",
    timeStyle: "medium",
    hourCycle: "h23",
    timeZone: ZONE,
  }).format(seconds * 1000);
}

export function count(n: number, language: Language): string {
  return n.toLocaleString(language);
}

/** Time that is left: a day that has begun counts whole, so that ten days are ten until one of them is over. */
export function left(seconds: number, language: Language): string {
  return span(seconds >= DAY ? Math.ceil(seconds / DAY) * DAY : seconds, language);
}

/** A span in the largest unit that says enough: seconds, minutes, hours, days. */
export function span(seconds: number, language: Language): string {
  const units = [
    { size: DAY, unit: "day" },
    { size: 3_600, unit: "hour" },
    { size: 60, unit: "minute" },
    { size: 1, unit: "second" },
  ] as const;
  const positive = Math.max(0, seconds);
  if (positive < 1) return language === "zh-CN" ? "不到1秒" : "under a second";
  const found = units.find(({ size }) => positive >= size) ?? units[3];
  const value = found.size === 1 ? Math.round(positive * 10) / 10 : Math.floor(positive / found.size);
  return new Intl.NumberFormat(language, { style: "unit", unit: found.unit, unitDisplay: "long" }).format(value);
}

/** First and last characters of a hash: enough to compare by eye. */
export function short(hash: string, size = 6): string {
  return hash.length <= 2 * size + 4 ? hash : `${hash.slice(0, size + 2)}…${hash.slice(-size)}`;
}

/** A key's fingerprint in groups of four, as people read it aloud. */
export function groups(hex: string): string {
  return (hex.replace(/^0x/, "").match(/.{1,4}/g) ?? []).join(" ");
}
