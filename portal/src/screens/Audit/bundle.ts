/** Reads a proof file that a person brings. */
import type { MessageKey } from "../../i18n/index.svelte";
import type { Json } from "../../ports";

export const MAX_BUNDLE_BYTES = 16 * 1_048_576;

export async function readBundle(file: Blob): Promise<{ bundle: Json } | { problem: MessageKey }> {
  if (file.size > MAX_BUNDLE_BYTES) return { problem: "bundle.tooLarge" };
  try {
    const bundle = JSON.parse(await file.text()) as Json;
    return typeof bundle === "object" && bundle !== null ? { bundle } : { problem: "bundle.notJson" };
  } catch {
    return { problem: "bundle.notJson" };
  }
}
