/** A case number as a person types it: spaces and capitals do not matter. Null when it is none. */
export function caseId(text: string): string | null {
  const clean = text.replace(/\s/g, "").toLowerCase();
  const id = clean.startsWith("0x") ? clean : `0x${clean}`;
  return /^0x[0-9a-f]{64}$/.test(id) ? id : null;
}
