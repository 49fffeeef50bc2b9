import { isMessage, locale, t } from "../i18n/index.svelte";
import type { OrganisationInfo } from "../api/types";
import { articleInEnglish } from "../lib/article";

/** The name of an organisation: ours for the agencies we know, the Registry's for others. */
export function organisationName(slug: string, listed: readonly OrganisationInfo[] = []): string {
  const key = `agency.${slug}`;
  return isMessage(key) ? t(key) : (listed.find((one) => one.id === slug)?.name ?? slug);
}

/** Who issued a credential: its `iss` is the address of the organisation's gateway, which ends in its code. */
export function issuerName(issuer: string): string {
  const slug = issuer.split("/").at(-1) ?? issuer;
  return isMessage(`agency.${slug}`) ? organisationName(slug) : issuer;
}

export function taskTypeName(type: number): string {
  const key = `taskType.${type}`;
  return isMessage(key) ? t(key) : t("taskType.other");
}

/** In English with the original in brackets, which is what one finds the law by. */
export function lawName(ref: { law: string; article: string }): string {
  const law = ref.law.replace(/^中华人民共和国/, "");
  const key = `law.${law}`;
  const original = `${law} ${ref.article}`;
  if (locale.language === "zh-CN" || !isMessage(key)) return original;
  return `${t(key)}, ${articleInEnglish(ref.article) ?? ref.article} (${original})`;
}

/** A law and its article within one text, as agencies write why they keep something: `个人信息保护法 第十九条`; what follows a colon explains it. */
const WRITTEN_LAW = /^(\S+) ([^：:\s]+)(?:[：:].*)?$/;

/** The same in the language of the page, where we know the law; else as it is written. */
export function lawWritten(text: string): string {
  const [, law, article] = WRITTEN_LAW.exec(text) ?? [];
  if (locale.language === "zh-CN" || law === undefined || article === undefined || !isMessage(`law.${law}`)) return text;
  return lawName({ law, article });
}

/** What an agency reads, in words. */
export function fieldName(field: string): string {
  const key = `field.${field}`;
  return isMessage(key) ? t(key) : field;
}

/** The code at the end of an official's name: the beginning of a key in the Registry, by which an audit finds who it was. */
const CODE = /\/([0-9a-f]{8})$/;

export function officialCode(official: string): string | null {
  return CODE.exec(official)?.[1] ?? null;
}

/** Who it was, in words, without that code. */
export function officialName(official: string): string {
  const role = official.replace(CODE, "");
  const key = `official.${role}`;
  if (isMessage(key)) return t(key);
  if (role !== official) return role;
  // A record that was asked for: the organisation, and its officer's code or its system.
  const [slug = "", who = ""] = official.split("/");
  const organisation = organisationName(slug);
  if (who === "system") return t("official.ofSystem", { organisation });
  return who.startsWith("officer-") ? t("official.ofOfficer", { organisation, code: who.slice("officer-".length) }) : official;
}
