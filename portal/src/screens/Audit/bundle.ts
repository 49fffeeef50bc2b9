/** Reads a proof file that a person brings. */
import { EXPORT_FORMATS } from "../../chain/export";
import type { MessageKey } from "../../i18n/index.svelte";
import type { Json } from "../../ports";

export const MAX_BUNDLE_BYTES = 16 * 1_048_576;

export async function readBundle(file: Blob): Promise<{ bundle: Json } | { problem: MessageKey }> {
  if (file.size > MAX_BUNDLE_BYTES) return { problem: "bundle.tooLarge" };
  const text = await file.text();
  const bundle = parsed(text);
  // An export is a JSON text with its signature in the last line.
  if (isExport(bundle ?? parsed(text.slice(0, text.trimEnd().lastIndexOf("\n") + 1)))) return { problem: "bundle.isExport" };
  return bundle === null ? { problem: "bundle.notJson" } : { bundle };
}

function parsed(text: string): Json | null {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function isExport(value: Json | null): boolean {
  const format = (value as { format?: unknown } | null)?.format;
  return typeof format === "string" && format.startsWith(EXPORT_FORMATS);
}
