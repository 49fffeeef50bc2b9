/** Types of credentials in words: by the packages of the services that issue them. */
import type { Wallet } from "../ports";
import type { ServicePackage } from "../package/types";
import { here } from "./here.svelte";
import { packageOf } from "./packages";

/** The package of an own case's service that issues a type; null if there is none. */
export async function issuedBy(wallet: Wallet, vct: string): Promise<ServicePackage | null> {
  const services = new Set((await wallet.keptCases()).map((own) => own.service));
  for (const service of services) {
    const pack = await packageOf(service).catch(() => null);
    if (pack?.credential.vct === vct) return pack;
  }
  return null;
}

/** The package of any running service that issues a type; null if there is none. */
export async function typeIssuedBy(vct: string): Promise<ServicePackage | null> {
  const { items } = await here().index.services({ available: true });
  const slugs = items.flatMap((item) => (item.service ? [item.service.slug] : []));
  const packs = await Promise.all(slugs.map((slug) => packageOf(slug).catch(() => null)));
  return packs.find((pack) => pack?.credential.vct === vct) ?? null;
}
