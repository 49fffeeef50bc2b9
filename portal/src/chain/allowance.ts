// The daily allowance: which tokens the chain asks for, and how the wallet gets them from the authority that signs them.
import { concatHex, stringToHex } from "viem";
import { type Hex, type Organisation, type OwnCase, PortFailure, type Wallet } from "../ports";
import { base64Url, fromBase64Url, hexToBytes } from "../wallet/bytes";
import { type Keyring, keyringOf } from "../wallet/keyring";
import type { BlindedToken, Token } from "../wallet/state";
import { type TokenSpace, blindToken, finishToken, tokenKey, windowAt } from "../wallet/tokens";
import { allowancesAbi } from "./abi";
import { slug, slugText } from "./codes";
import type { Connection } from "./connection";
import { Answer, type GatewayHttp, type GatewayRequest, ask, askPatiently } from "./gateway-http";

/**
 * Tokens asked for at once, whatever they are needed for: for the cases that come next, so that opening one needs no
 * authority, which could tell by the time whose case it is.
 */
export const BATCH = 5;
/** With so many tokens for the next cases a wallet asks for none ahead of need. */
const ENOUGH = 2;
const PATH = "/v1/my/allowance";

/** Slug of the authority whose tokens open cases; null where none are needed. */
export async function tokenIssuer(connection: Connection): Promise<string | null> {
  if ((await connection.network()).contracts["allowances"] === undefined) return null;
  const issuer = await connection.read("allowances", allowancesAbi, "issuer", []);
  return BigInt(issuer) === 0n ? null : slugText(issuer);
}

/** The token of a case's key that a contract may still take. */
export async function heldToken(wallet: Wallet, own: OwnCase, nowMs: number): Promise<Token | null> {
  const { held } = await keyringOf(wallet).tokens();
  const today = windowAt(nowMs);
  return held.find((token) => token.address === own.address.toLowerCase() && token.window >= today) ?? null;
}

/** A token as a transaction shows it that does not redeem it: at the end of its data, where contracts do not look (docs/rpc.md). */
export function shownToken(token: Token): Hex {
  return concatHex([token.nonce, token.signature, stringToHex("zt-token")]);
}

interface Asking {
  readonly http: GatewayHttp;
  readonly connection: Connection;
  readonly headers: Record<string, string>;
  readonly authority: Organisation;
}

/** Whether the next cases can be opened today without the authority. */
export async function holdsEnough(wallet: Wallet, nowMs: number): Promise<boolean> {
  const keyring = keyringOf(wallet);
  const [{ held }, next, today] = [await keyring.tokens(), await keyring.nextAddresses(ENOUGH), windowAt(nowMs)];
  return next.every((address) => held.some((token) => token.address === address && token.window >= today));
}

/**
 * Gets tokens for the next cases, and for one that there is already; none if one is held for that. Whatever is cut off goes on
 * with the same messages.
 */
export async function fetchTokens(wallet: Wallet, own: OwnCase | null, asking: Asking): Promise<void> {
  const { http, headers, authority } = asking;
  const keyring = keyringOf(wallet);
  const request: GatewayRequest = { method: "GET", path: PATH, headers };
  const allowance = new Answer(await askPatiently(http, authority.gateway, request));
  const [window, left] = [allowance.number("window"), allowance.number("left")];
  const { chainId } = await asking.connection.network();
  const space = { chainId, allowances: await asking.connection.contract("allowances") };
  const key = await tokenKey(await asking.connection.read("allowances", allowancesAbi, "keyOf", [slug(authority.slug), BigInt(window)]));
  const signing = { asking, keyring, key, space, window };

  // What was cut off before comes first: it may have been counted.
  const waiting = (await keyring.tokens()).blinded.filter((one) => one.window === window);
  if (waiting.length > 0) await signed(signing, waiting);
  const { held } = await keyring.tokens();
  const isHeld = (address: Hex): boolean => held.some((token) => token.address === address && token.window === window);
  const first = own === null ? [] : [own.address.toLowerCase() as Hex];
  if (first.length > 0 ? first.every(isHeld) : waiting.length > 0) return;

  const count = Math.min(BATCH, left - waiting.length);
  if (count <= 0) throw new PortFailure("allowance-used-up", `window ${window}, 0 of ${allowance.number("limit")} left`);
  const next = (await keyring.nextAddresses(2 * BATCH)).filter((one) => !first.includes(one) && !isHeld(one));
  const blinded: BlindedToken[] = [];
  for (const one of [...first, ...next].slice(0, count)) blinded.push(await blindToken(key, space, window, one));
  await keyring.keepBlinded(blinded);
  await signed(signing, blinded);
}

interface Signing {
  readonly asking: Asking;
  readonly keyring: Keyring;
  readonly key: CryptoKey;
  readonly space: TokenSpace;
  readonly window: number;
}

async function signed({ asking, keyring, key, space, window }: Signing, blinded: readonly BlindedToken[]): Promise<void> {
  const body = { window, blinded: blinded.map((one) => base64Url(hexToBytes(one.blinded))) };
  const { http, headers, authority } = asking;
  let answer: Answer;
  try {
    answer = new Answer(await ask(http, authority.gateway, { method: "POST", path: PATH, headers, body }));
  } catch (failure) {
    // Nothing was signed, and nothing ever will be for these.
    if (failure instanceof PortFailure && failure.code === "allowance-used-up") await keyring.keepBlinded([]);
    throw failure;
  }
  const signatures = answer.list("signatures");
  if (signatures.length !== blinded.length) throw new PortFailure("bad-answer", "not one signature for each message", "signatures");
  const tokens: Token[] = [];
  for (const [index, one] of blinded.entries()) {
    try {
      tokens.push(await finishToken(key, space, one, fromBase64Url(String(signatures[index]))));
    } catch {
      throw new PortFailure("bad-answer", "a signature is not by the key of the day", "signatures");
    }
  }
  await keyring.keepTokens(tokens, window);
}
