// What an officer can ask a wallet for: the credentials of the services, and who somebody is.
import type { ServicePackage } from "../../package/types";
import type { AskedCredential } from "../../ports";

/** As in the gateway: who somebody is, in three claims. */
export const IDENTITY = { vct: "urn:zhengtong:identity:1", claims: ["number", "name", "birth_date"] } as const;
/** How often an officer's page looks whether a wallet has answered. */
export const LOOK_MS = 2_000;

export interface Askable {
  readonly vct: string;
  /** null: the identity credential */
  readonly pack: ServicePackage | null;
  readonly claims: readonly string[];
}

/** Identity first, then one for each service that issues something, in the order of the services. */
export function askables(packs: readonly ServicePackage[]): Askable[] {
  const issued = packs.map((pack) => ({ vct: pack.credential.vct, pack, claims: pack.credential.claims.map((claim) => claim.name) }));
  return [{ ...IDENTITY, pack: null }, ...issued];
}

/** The question, or null if no claim is chosen; claims in the order in which the type declares them. */
export function question(askable: Askable, chosen: ReadonlySet<string>): AskedCredential | null {
  const claims = askable.claims.filter((claim) => chosen.has(claim));
  return claims.length === 0 ? null : { vct: askable.vct, claims };
}
