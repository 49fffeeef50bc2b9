/** Signing an officer in. */
import { here, session } from "../../app/here.svelte";
import { gatewayOf } from "../../app/organisations";
import type { OrganisationInfo } from "../../api/types";
import type { DemoOfficer } from "../../api/demo";
import type { Chain, Hex } from "../../ports";
import { RECOVERY } from "../Protect/protect";
import { splitWords } from "../SignIn/new-wallet";

/** Role bit of the Registry: decides cases. */
const DECIDER = 2;
const LEAST_WORDS = 12;

export type KeySource = Parameters<Chain["officerKey"]>[0];

export function deciders(organisations: readonly OrganisationInfo[]): OrganisationInfo[] {
  return organisations.filter((one) => (one.roles & DECIDER) !== 0);
}

/** Organisations whose officers work here: at the desk, at the counter for recoveries, or both. */
export function employers(organisations: readonly OrganisationInfo[]): OrganisationInfo[] {
  return organisations.filter((one) => (one.roles & (DECIDER | RECOVERY)) !== 0);
}

/** Where an officer of the organisation works first. */
export function workplace(organisations: readonly OrganisationInfo[], slug: string): "desk" | "counter" {
  return deciders(organisations).some((one) => one.id === slug) ? "desk" : "counter";
}

/** Words or a private key as typed; null when it is neither. */
export function keySource(text: string): KeySource | null {
  const clean = text.trim();
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(clean)) return { privateKey: (clean.startsWith("0x") ? clean : `0x${clean}`) as Hex };
  const words = splitWords(clean);
  return words.length >= LEAST_WORDS ? { words } : null;
}

export function demoSource(officer: DemoOfficer): KeySource | null {
  return keySource(officer.privateKey ?? officer.mnemonic ?? "");
}

export async function signInOfficer(organisation: string, source: KeySource): Promise<void> {
  const { chain, gateways } = here().ports;
  const key = await chain.officerKey(source);
  const gateway = await gatewayOf(organisation);
  session.officer = { key, gateway, organisation, desk: await gateways.signIn(gateway, organisation, key) };
}
