/** A date as three fields, read and written as ISO `YYYY-MM-DD`. Pure. */

export interface DateParts {
  year: string;
  month: string;
  day: string;
}

export function splitDate(iso: string): DateParts {
  const [year = "", month = "", day = ""] = iso.split("-");
  return { year, month: month.replace(/^0(?=\d)/, ""), day: day.replace(/^0(?=\d)/, "") };
}

/** Empty when all parts are empty; otherwise the parts as given, padded, so that a wrong date can be told apart from none. */
export function joinDate({ year, month, day }: DateParts): string {
  const [y, m, d] = [year.trim(), month.trim(), day.trim()];
  return y === "" && m === "" && d === "" ? "" : `${y}-${m.padStart(2, "0")}-${d.padStart(2, "0")}`;
}

export function isDate(iso: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(iso)) return false;
  const at = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(iso);
}
