/** What the wallet says of a credential and a case without asking anybody. */
import { isMessage, t, type Language } from "../../i18n/index.svelte";
import { dateTime, short } from "../../lib/format";
import type { Json, OwnCase, SeenCase } from "../../ports";
import type { ServicePackage } from "../../package/types";
import { hasText, textOf } from "../../package/read";
import type { CaseView } from "../../api/types";

const LANGUAGES = ["zh-CN", "en"] as const;
/** Longest text that is kept of a package; what is longer is cut. */
const TEXT_MAX_CHARACTERS = 200;

/** What is kept of a case for later, in both languages. */
export function seenOf(view: CaseView, pack: ServicePackage, nowMs: number): SeenCase {
  const both = (key: string): SeenCase["title"] => {
    const [zh, en] = LANGUAGES.map((language) => textOf(pack, language, key).slice(0, TEXT_MAX_CHARACTERS));
    return { "zh-CN": zh ?? "", en: en ?? "" };
  };
  const reason = view.decision?.reason;
  const key = `reason.${reason}.title`;
  return {
    atMs: nowMs,
    status: view.status,
    openedAt: view.opened_at,
    promisedBy: view.promised_by,
    title: both("service.title"),
    credential: both("credential.title"),
    claims: Object.fromEntries(pack.credential.claims.map(({ name }) => [name, both(`credential.claim.${name}`)])),
    ...(reason && hasText(pack, key) ? { reasons: { [reason]: both(key) } } : {}),
  };
}

export const serviceTitle = (own: OwnCase, language: Language): string => own.seen?.title[language] ?? t("mine.case", { id: short(own.id, 4) });

export const titleOf = (own: OwnCase | undefined, language: Language): string => (own === undefined ? t("held.identity") : (own.seen?.credential[language] ?? serviceTitle(own, language)));

export function claimLabel(own: OwnCase | undefined, claim: string, language: Language): string {
  const key = `ask.claim.${claim}`;
  return own?.seen?.claims[claim]?.[language] ?? (isMessage(key) ? t(key) : claim);
}

/** What a claim says, in words where the wallet or the portal has them. */
export function claimWords(own: OwnCase | undefined, claim: string, value: Json, language: Language): string {
  if (claim === "service" && own !== undefined) return serviceTitle(own, language);
  const reason = claim === "reason" ? own?.seen?.reasons?.[String(value)]?.[language] : undefined;
  return reason ?? claimText(claim, value, language);
}

export function claimText(claim: string, value: Json, language: Language): string {
  if (typeof value === "number" && claim.endsWith("_at")) return dateTime(value, language);
  if (typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value)) return short(value, 6);
  const known = `claim.${claim}.${String(value)}`;
  if (isMessage(known)) return t(known);
  return typeof value === "string" ? value : JSON.stringify(value);
}
