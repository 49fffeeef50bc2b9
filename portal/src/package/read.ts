import { type Json, PortFailure } from "../ports";
import type { CredentialSpec, DeclaredRecord, FormSchema, Material, PageSpec, RuleTable, ServicePackage, Texts, Workflow } from "./types";

type Folder = Record<string, unknown>;

/** The package inside an answer of the index: files by name (`item.json`) or by stem (`item`). */
export function readPackage(value: unknown): ServicePackage {
  if (typeof value !== "object" || value === null) throw new PortFailure("bad-answer", "package");
  const folder = value as Folder;
  const file = <T>(...names: string[]): T => {
    const found = names.map((name) => folder[name]).find((content) => content !== undefined);
    if (typeof found !== "object" || found === null) throw new PortFailure("bad-answer", `package: ${names[0] ?? ""}`);
    return found as T;
  };
  const texts = (folder["texts"] ?? {}) as Record<string, Texts>;
  const pages = file<PageSpec[] | { pages: PageSpec[] }>("pages.json", "pages");
  const evidence = file<Material[] | { materials: Material[]; records?: DeclaredRecord[] }>("evidence.json", "evidence", "materials");
  return {
    item: file<ServicePackage["item"]>("item.json", "item"),
    rules: file<RuleTable>("rules.json", "rules"),
    form: file<FormSchema>("form.schema.json", "form.schema", "form_schema", "form"),
    pages: Array.isArray(pages) ? pages : pages.pages,
    materials: Array.isArray(evidence) ? evidence : evidence.materials,
    records: Array.isArray(evidence) ? [] : (evidence.records ?? []),
    workflow: file<Workflow>("workflow.json", "workflow"),
    credential: file<CredentialSpec>("credential.json", "credential"),
    texts: {
      "zh-CN": texts["zh-CN"] ?? file<Texts>("texts/zh-CN.json", "texts/zh-CN"),
      en: texts["en"] ?? file<Texts>("texts/en.json", "texts/en"),
    },
    files: value as Json,
  };
}

/** The package's text of a key; the key itself when the package has none, so that a gap is seen. */
export function textOf(pack: ServicePackage, language: "zh-CN" | "en", key: string, params: Record<string, string | number> = {}): string {
  const text = pack.texts[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (params[name] === undefined ? whole : String(params[name])));
}

export function hasText(pack: ServicePackage, key: string): boolean {
  return Object.hasOwn(pack.texts["zh-CN"], key);
}
