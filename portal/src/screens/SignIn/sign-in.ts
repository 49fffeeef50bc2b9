/** Signing in, as steps over the ports. */
import { here, networkInfo, session } from "../../app/here.svelte";
import { organisationOf } from "../../app/organisations";
import type { DemoResident } from "../../api/demo";
import { DEMO_PASSPHRASE } from "./demo";
import { type InjectedProvider, PortFailure, type Wallet } from "../../ports";

/** Role bit of the Registry: may say who a person is. */
const IDENTITY = 4;

/** A passphrase of null: it opens with a passkey. A wallet already here is replaced, once the new one is made. */
export async function makeWallet(words: string[], passphrase: string | null): Promise<Wallet> {
  session.wallet = await here().ports.wallets.create(words, passphrase, true);
  return session.wallet;
}

export async function unlock(passphrase: string): Promise<void> {
  session.wallet = await here().ports.wallets.unlock(passphrase);
  drawAhead(session.wallet);
}

export async function unlockWithPasskey(): Promise<void> {
  session.wallet = await here().ports.wallets.unlockWithPasskey();
  drawAhead(session.wallet);
}

export async function connect(provider: InjectedProvider): Promise<void> {
  session.wallet = await here().ports.wallets.connect(provider);
  drawAhead(session.wallet);
}

/**
 * Fetches tokens of the day as soon as the wallet is open and not when a case is, so that the authority cannot tell by the
 * time which case they opened. Nothing waits for it.
 */
function drawAhead(wallet: Wallet): void {
  // What goes wrong here is said when a case is opened, which asks again.
  void tokensAhead(wallet).catch(() => undefined);
}

async function tokensAhead(wallet: Wallet): Promise<void> {
  if ((await wallet.identity()) === null) return;
  const { chain, gateways } = here().ports;
  const issuer = await chain.tokenIssuer();
  const authority = (await networkInfo()).organisations.find(({ id }) => id === issuer);
  if (authority !== undefined) await gateways.tokensAhead(wallet, organisationOf(authority));
}

/** The person proves who they are to the agency that may say so; the credential goes into the wallet. */
export async function proveIdentity(wallet: Wallet, number: string, code: string): Promise<void> {
  const { organisations } = await networkInfo();
  const agency = organisations.find((one) => (one.roles & IDENTITY) !== 0);
  if (!agency) throw new PortFailure("not-found", "no organisation of the Registry may issue identities");
  const raw = await here().ports.gateways.identity(agency.gateway, wallet, { number, code });
  await wallet.keepIdentity(raw);
  drawAhead(wallet);
}

/** A new demonstration wallet that holds the identity of a made-up resident. */
export async function signInAsDemo(resident: DemoResident): Promise<void> {
  const { wallets } = here().ports;
  const wallet = await makeWallet(wallets.newWords("zh-CN"), DEMO_PASSPHRASE);
  await proveIdentity(wallet, resident.number, resident.code);
}

const NUMBER = /^\d{17}[\dX]$/;
const CHECK_CHARACTERS = "10X98765432";

export type NumberProblem = "identity.numberError" | "identity.numberWrong";

/** An identity number as it was typed, or what is wrong with it: the shape, or the check character (GB 11643-1999, ISO 7064 MOD 11-2). */
export function readNumber(text: string): { number: string } | { problem: NumberProblem } {
  const number = text.replace(/[\s-]/g, "").toUpperCase();
  if (!NUMBER.test(number)) return { problem: "identity.numberError" };
  const sum = [...number.slice(0, -1)].reduce((before, digit, place) => before + Number(digit) * (2 ** (17 - place) % 11), 0);
  return CHECK_CHARACTERS[sum % 11] === number.at(-1) ? { number } : { problem: "identity.numberWrong" };
}
