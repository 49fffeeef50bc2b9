/** What is said of texts from the other machine, of its key, and of a camera. Pure. */
import type { MessageKey, Params } from "../../../i18n/index.svelte";
import type { Standing } from "../../../ports";
import { WireError } from "../../../wallet/elsewhere/errors";

export interface Said {
  key: MessageKey;
  params: Params;
}

/** Why a text is not taken, and what to do. */
export function whyNot(failure: unknown): Said {
  if (!(failure instanceof WireError)) return { key: "elsewhere.wrong.unreadable", params: {} };
  const { reason, params } = failure;
  // The request is easily taken for the answer: both are files and codes of the same walk.
  if (reason === "kind" && params["found"] === "eth-sign-request") return { key: "elsewhere.wrong.request", params };
  return { key: `elsewhere.wrong.${reason}`, params };
}

export type Verdict = "active" | "unknown" | "other" | "inactive";

/** Whether a key can sign for an organisation. */
export function verdictOn(standing: Standing, organisation: string): Verdict {
  if (standing.organisation === null) return "unknown";
  if (standing.organisation !== organisation) return "other";
  return standing.active ? "active" : "inactive";
}

/** Why there is no picture of the camera. */
export function cameraTrouble(failure: unknown): MessageKey {
  const name = failure instanceof Error ? failure.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "elsewhere.camera.refused";
  if (name === "NotReadableError" || name === "AbortError") return "elsewhere.camera.busy";
  if (name === "NetworkError") return "elsewhere.camera.decoder";
  return "elsewhere.camera.none";
}
