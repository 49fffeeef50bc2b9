import { readPackage } from "../package/read";
import type { ServicePackage } from "../package/types";
import { here } from "./here.svelte";

const found = new Map<string, Promise<ServicePackage>>();

/** The package of a service, asked for once. */
export function packageOf(service: string): Promise<ServicePackage> {
  const known = found.get(service);
  if (known) return known;
  const asked = here()
    .index.service(service)
    .then((detail) => readPackage(detail.package));
  found.set(service, asked);
  asked.catch(() => found.delete(service));
  return asked;
}
