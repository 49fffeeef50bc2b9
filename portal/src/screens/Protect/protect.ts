/** Which offices can help, and which one should keep the backup. Pure. */
import type { OrganisationInfo } from "../../api/types";

/** Role bit of the Registry: says that a person who lost their devices stands before it. */
export const RECOVERY = 16;
const OFFICES = 3;

export function offices(organisations: readonly OrganisationInfo[]): OrganisationInfo[] {
  return organisations.filter((one) => (one.roles & RECOVERY) !== 0);
}

/** Three offices; null when the network has fewer. */
export function threeOffices(organisations: readonly OrganisationInfo[]): OrganisationInfo[] | null {
  const able = offices(organisations);
  return able.length < OFFICES ? null : able.slice(0, OFFICES);
}

/** Hosts in the order to offer them: those that hold no part of the key first. */
export function hosts(organisations: readonly OrganisationInfo[], holders: readonly OrganisationInfo[]): OrganisationInfo[] {
  const holds = (one: OrganisationInfo): boolean => holders.some((holder) => holder.id === one.id);
  return [...organisations.filter((one) => !holds(one)), ...organisations.filter(holds)];
}

const CODE = /^\d{8}$/;

/** The code as typed at the counter; null when it is none. */
export function cleanCode(text: string): string | null {
  const clean = text.replace(/\s/g, "");
  return CODE.test(clean) ? clean : null;
}
