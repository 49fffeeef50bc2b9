/** The repository's own packages and catalogue, for drawings and tests without a server. */
import catalogue from "../../../services/catalogue/guangan-service-items.json";
import type { Item } from "../api/types";
import { readPackage } from "../package/read";
import type { ServicePackage } from "../package/types";

const files = import.meta.glob("../../../services/*/**/*.json", { eager: true, import: "default" });

function folders(): Record<string, Record<string, unknown>> {
  const found: Record<string, Record<string, unknown>> = {};
  for (const [path, content] of Object.entries(files)) {
    const [, slug, file] = /services\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (!slug || !file || slug === "catalogue") continue;
    (found[slug] ??= {})[file] = content;
  }
  return found;
}

export const packageFolders = folders();
export const packages: Record<string, ServicePackage> = Object.fromEntries(
  Object.entries(packageFolders)
    .filter(([, folder]) => "item.json" in folder && "texts/en.json" in folder)
    .map(([slug, folder]) => [slug, readPackage(folder)]),
);

export const VERSION = 1;

export const items: Item[] = catalogue.map((item) => {
  const found = Object.values(packages).find((one) => one.item.item_code === item.item_code);
  return {
    item_code: item.item_code,
    name: item.name,
    department: item.department,
    group: item.group,
    task_type: item.task_type,
    service: found
      ? {
          slug: found.item.slug,
          version: VERSION,
          state: "running" as const,
          title: { "zh-CN": found.texts["zh-CN"]["service.title"] ?? "", en: found.texts.en["service.title"] ?? "" },
        }
      : null,
  };
});
