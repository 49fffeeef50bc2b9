import type { OrganisationInfo } from "../api/types";
import { type Hex, type Organisation, PortFailure } from "../ports";
import { networkInfo } from "./here.svelte";

export function organisationOf(listed: OrganisationInfo): Organisation {
  return { slug: listed.id, name: listed.name, gateway: listed.gateway, encryptionKey: listed.encryption_key as Hex };
}

/** The gateway of an organisation, as the Registry says. */
export async function gatewayOf(slug: string): Promise<string> {
  const { organisations } = await networkInfo();
  const found = organisations.find((one) => one.id === slug);
  if (!found) throw new PortFailure("not-found", `organisation ${slug}`);
  return found.gateway;
}
