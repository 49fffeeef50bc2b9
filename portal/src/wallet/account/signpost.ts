// Where the account of a wallet is, for whoever has the wallet's words. The words have an account of their own, the signpost: its id
// and its key follow from the seed, it guards nothing, and its "backup" is a page that only the words open. On that page a device
// that has the words asks to be added, and one that is a signer answers. docs/decisions/0054-several-devices.md
import { p256 } from "@noble/curves/nist.js";
import type { Hex } from "../../ports";
import { base64Url, bytesToHex, fromBase64Url, hexToBytes, jcs, sha256Digits, stringToBytes } from "../bytes";
import { digitsOf } from "../codes";
import { signpostKey, signpostSecret } from "../derive";
import { WalletError } from "../errors";
import { open, seal } from "../hpke";
import { type Asked, readAsked } from "../trusted/codes";
import { openContent, sealContent } from "./backup";
import { DEVICE, type Guards, type Signer, WALLET, signerId, word } from "./signers";

const GIVEN_INFO = "zhengtong/device/v1";
const HEX_16 = /^0x[0-9a-f]{32}$/;
const HEX_32 = /^0x[0-9a-f]{64}$/;
const SHA_256 = /^[0-9a-f]{64}$/;
const SLUG = /^[a-z0-9-]{1,31}$/;
/** As long as a person stands with a device in each hand, and a meal. */
export const ASKED_FOR_MS = 3_600_000;
/** Gateways take nothing from a device whose clock is two minutes off: two devices are at most twice that apart. */
export const ASKED_AHEAD_MS = 300_000;
const MAX_NAME_CHARACTERS = 32;

/** What the signpost is on the chain, and the secrets by which its page is read and written. */
export interface Signpost {
  readonly signer: Signer;
  readonly guards: Guards;
  readonly salt: Hex;
  /** Private key of the signer. */
  readonly key: Hex;
  /** Seals the page. */
  readonly seal: Hex;
}

export function signpostOf(seed: Uint8Array): Signpost {
  const key = signpostKey(seed);
  const point = p256.getPublicKey(hexToBytes(key), false);
  const signer = { kind: DEVICE, weight: 2, x: word(bytesToHex(point.slice(1, 33))), y: word(bytesToHex(point.slice(33))) };
  // An account has to have a guard. This one is the hash of nobody's address: nobody recovers a signpost, who has the words has it.
  const guards = { authorities: [], guardians: [signpostSecret(seed, "guard")], guardiansNeeded: 1 };
  return { signer, guards, salt: signpostSecret(seed, "salt"), key, seal: signpostSecret(seed, "seal") };
}

/** Signs the text of a request to a gateway, as a device of the signpost. */
export function signAtSignpost({ key }: Signpost, text: string): string {
  return base64Url(p256.sign(stringToBytes(text), hexToBytes(key), { lowS: true }));
}

/**
 * A device that asks to be added. It binds itself to its keys first, a device of the account answers with a random number, and then it
 * tells the keys: whoever has the words would otherwise try keys of their own until the number to compare is the same.
 */
export interface AskedDevice {
  readonly commitment: string;
  /** What kind of device it says it is; may be empty. */
  readonly name: string;
  readonly atMs: number;
  /** The answer; null: none has answered yet. */
  readonly nonce: Hex | null;
  /** Its new signers and what the backup's key is sealed to, as a code; null until it was answered. */
  readonly code: string | null;
}

/** Hides the keys as long as nobody has seen them: they are new, and drawn at random. */
export function commitmentTo(code: string): string {
  return sha256Digits(code);
}

/** What the person compares. */
export function numberOf(code: string, nonce: Hex): string {
  return digitsOf(jcs({ device: { code, nonce } }), 12);
}

/** The page. */
export interface Page {
  readonly v: 1;
  readonly account: Hex;
  /** The organisation whose gateway keeps the account's backup. */
  readonly host: string;
  readonly asked: AskedDevice | null;
  /** To the device with this signer: the backup's key, sealed. */
  readonly given: { readonly signer: Hex; readonly sealed: string } | null;
}

/** A page, and which version of it this is: no gateway can show an old one as the newest. */
export async function sealPage({ seal: key }: Signpost, id: Hex, version: number, page: Page): Promise<string> {
  return base64Url(await sealContent(key, id, { ...page, version }));
}

/** Whoever has the words wrote it: it holds together, or it is refused. `version`: as it says itself; 0 where it was written before pages did. */
export async function openPage({ seal: key }: Signpost, id: Hex, content: string): Promise<{ version: number; page: Page }> {
  const { version = 0, v, account, host, asked, given } = (await openContent(key, id, fromBase64Url(content))) as Partial<Page> & { version?: number };
  const isPage = v === 1 && typeof account === "string" && HEX_32.test(account) && typeof host === "string" && SLUG.test(host);
  if (!isPage) throw new WalletError("backup-damaged", "the signpost's page is not as agreed");
  return { version, page: { v, account, host, asked: askedIn(asked), given: givenIn(given) } };
}

function askedIn(asked: Page["asked"] | undefined): Page["asked"] {
  if (typeof asked !== "object" || asked === null) return null;
  const { commitment, name, atMs, nonce = null, code = null } = asked as Partial<AskedDevice>;
  if (typeof commitment !== "string" || !SHA_256.test(commitment) || typeof name !== "string" || name.length > MAX_NAME_CHARACTERS) return null;
  if (!Number.isSafeInteger(atMs) || (nonce !== null && !HEX_16.test(String(nonce)))) return null;
  if (code !== null && (nonce === null || typeof code !== "string" || commitmentTo(code) !== commitment || !isOneDevice(code))) return null;
  return { commitment, name, atMs: atMs as number, nonce, code };
}

/** Its own key, and a passkey where it has one. */
function isOneDevice(code: string): boolean {
  try {
    const { signers } = readAsked(code);
    return signers.filter(({ kind }) => kind === DEVICE).length === 1 && signers.every(({ kind }) => kind !== WALLET) && signers.length <= 2;
  } catch {
    return false;
  }
}

function givenIn(given: Page["given"] | undefined): Page["given"] {
  const isGiven = typeof given === "object" && given !== null && HEX_32.test(String(given.signer)) && typeof given.sealed === "string";
  return isGiven ? { signer: given.signer, sealed: given.sealed } : null;
}

/** The device's own key among those that ask: the host answers to it. */
export function deviceIn({ signers }: Asked): Hex {
  const own = signers.find(({ kind }) => kind === DEVICE);
  if (own === undefined) throw new WalletError("trusted-format", "no key of a device");
  return signerId(own);
}

export function sealKey(receiver: Hex, account: Hex, key: Hex): Promise<string> {
  return seal(receiver, hexToBytes(key), { info: GIVEN_INFO, bound: account });
}

export async function openKey(secret: Hex, account: Hex, sealed: string): Promise<Hex> {
  const bytes = fromBase64Url(sealed);
  return bytesToHex(
    await open(secret, bytes, { info: GIVEN_INFO, bound: account }).catch(() => {
      throw new WalletError("trusted-foreign", "the key is sealed to another device, or incomplete");
    }),
  );
}
