/** Types of credentials in words: those of the packages of the services that this wallet has cases of. */
import type { Wallet } from "../ports";
import type { ServicePackage } from "../package/types";
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
