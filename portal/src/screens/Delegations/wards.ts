/** What the pages of guardians have in common: the authority that confirms them, and checks of what is typed. */
import { networkInfo } from "../../app/here.svelte";
import { organisationOf } from "../../app/organisations";
import { type Organisation, PortFailure, type Wallet } from "../../ports";
import { ofAgeS } from "../../wallet/delegation/ward";
import { readNumber } from "../SignIn/sign-in";

/** Role bits of the Registry: says who people are, and issues what can be revoked. */
const CONFIRMS = 4 | 8;

/** The organisation that keeps the register of people, and with it of guardians. */
export async function registerAuthority(): Promise<Organisation> {
  const { organisations } = await networkInfo();
  const found = organisations.find(({ roles }) => (roles & CONFIRMS) === CONFIRMS);
  if (found === undefined) throw new PortFailure("not-found", "no organisation of the Registry may confirm guardians");
  return organisationOf(found);
}

/** A child's number as typed, or what is wrong with it. */
export function wardNumber(typed: string, nowMs: number): { number: string } | { wrong: "ward.numberError" | "ward.ofAgeError" } {
  const read = readNumber(typed);
  if ("problem" in read) return { wrong: "ward.numberError" };
  return ofAgeS(read.number) * 1000 > nowMs ? read : { wrong: "ward.ofAgeError" };
}

/** The number on the identity credential. */
export async function ownNumber(wallet: Wallet): Promise<string> {
  const identity = (await wallet.credentials()).find(({ caseId }) => caseId === null);
  const number = identity?.claims["number"];
  return typeof number === "string" ? number : "";
}
