/** Signing an officer in: by their key, or at their organisation's provider. */
import { here, type OfficerSession, session } from "../../app/here.svelte";
import { gatewayOf } from "../../app/organisations";
import { to } from "../../app/routes";
import type { OrganisationInfo } from "../../api/types";
import type { DemoOfficer } from "../../api/demo";
import { type Hex, type OfficerKeySource, PortFailure } from "../../ports";
import { randomHex } from "../../wallet/bytes";
import { RECOVERY } from "../Protect/protect";
import { makePasskey, showPasskey } from "./passkey";
import { splitWords } from "../SignIn/new-wallet";

/** Role bit of the Registry: decides cases. */
const DECIDER = 2;
const LEAST_WORDS = 12;

export type KeySource = OfficerKeySource;

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
  await enter(organisation, gateway, await gateways.signIn(gateway, organisation, key), key);
}

async function enter(organisation: string, gateway: string, desk: OfficerSession["desk"], key: OfficerSession["key"]): Promise<void> {
  const { name } = await here().ports.gateways.whoAmI(gateway, desk);
  session.officer = { name, key, gateway, organisation, desk };
}

/** Brings the officer's key into a session without one. */
export async function bringKey(officer: OfficerSession, source: KeySource): Promise<void> {
  const { chain, gateways } = here().ports;
  const key = await chain.officerKey(source);
  await gateways.proveKey(officer.gateway, officer.desk, key);
  session.officer = { ...officer, key };
}

/** What this browser keeps while the officer is at the provider: this tab's, and only until it is used. */
const KEPT = "zhengtong.officer-sign-in";
const SECRET_BYTES = 32;

export interface KeptSignIn {
  organisation: string;
  state: string;
  secret: string;
}

/** Begins a sign-in at the organisation's provider; answers the page to go to. */
export async function beginAtProvider(organisation: string): Promise<string> {
  const secret = randomHex(SECRET_BYTES);
  const gateway = await gatewayOf(organisation);
  const { url, state } = await here().ports.gateways.beginSignIn(gateway, `${location.origin}${to("officerReturn")}`, secret);
  sessionStorage.setItem(KEPT, JSON.stringify({ organisation, state, secret } satisfies KeptSignIn));
  return url;
}

/** Takes what was kept; what comes back serves once. */
export function takeKept(storage: Pick<Storage, "getItem" | "removeItem">): KeptSignIn | null {
  const text = storage.getItem(KEPT);
  storage.removeItem(KEPT);
  try {
    const kept = JSON.parse(text ?? "null") as Partial<KeptSignIn> | null;
    const texts = [kept?.organisation, kept?.state, kept?.secret];
    return texts.every((one) => typeof one === "string") ? (kept as KeptSignIn) : null;
  } catch {
    return null;
  }
}

/** Finishes a sign-in with the address that the provider sent the browser to; answers the organisation. */
export async function finishAtProvider(kept: KeptSignIn | null, query: URLSearchParams): Promise<string> {
  // Somebody else's sign-in, brought here by a link, would make this browser theirs.
  if (kept === null || kept.state !== query.get("state")) throw new PortFailure("session-expired", "this sign-in was not begun in this tab, or was finished before", "state");
  const gateway = await gatewayOf(kept.organisation);
  const { state, secret } = kept;
  const desk = await here().ports.gateways.finishSignIn(gateway, kept.organisation, { state, secret, code: query.get("code"), issuer: query.get("iss") });
  await enter(kept.organisation, gateway, desk, null);
  return kept.organisation;
}

/** Signs an officer in by a passkey that they made at this desk. */
export async function signInByPasskey(organisation: string): Promise<void> {
  const gateway = await gatewayOf(organisation);
  const { gateways } = here().ports;
  const shown = await showPasskey(await gateways.beginPasskey(gateway));
  const desk = await gateways.finishPasskey(gateway, organisation, shown).catch((cause: unknown) => {
    // There was no session yet that could have ended: the passkey itself is refused.
    throw cause instanceof PortFailure && cause.code === "session-expired" ? new PortFailure("gateway-refused", cause.detail, cause.field, cause.problem) : cause;
  });
  await enter(organisation, gateway, desk, null);
}

/** Makes a passkey for the desk of the officer who is signed in. */
export async function addPasskey(officer: OfficerSession, label: string, organisation: string): Promise<void> {
  const { gateways } = here().ports;
  const made = await makePasskey(await gateways.beginPasskeyMaking(officer.gateway, officer.desk), organisation);
  await gateways.addPasskey(officer.gateway, officer.desk, label, made);
}

/** Ends the session here, at the agency, and at the organisation's provider where it has a page for that. */
export async function signOut(): Promise<void> {
  const { officer } = session;
  session.officer = null;
  if (officer === null) return;
  const page = await here().ports.gateways.signOut(officer.gateway, officer.desk).catch((cause: unknown) => {
    if (cause instanceof PortFailure && cause.code === "session-expired") return null; // it had ended by itself
    throw cause;
  });
  if (page !== null) location.assign(page);
}
