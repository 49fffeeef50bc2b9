// What a gateway keeps for an account: it answers to a live device of the account alone, by verified blocks.
import { type Hex, PortFailure } from "../ports";
import { type DeviceKeys, signText } from "../wallet/account/device";
import { signerId } from "../wallet/account/signers";
import { sha256Digits } from "../wallet/bytes";
import { Answer, type GatewayHttp, type GatewayRequest, ask } from "./gateway-http";
import { sleep as defaultSleep } from "./retry";

/** A gateway sees a block a moment after it is final: what it refuses until then is asked again. */
const FOLLOW_ATTEMPTS = 40;
const FOLLOW_WAIT_MS = 500;
/** Word of a gateway that keeps a later version. */
const STALE = "stale";
/** Word of a gateway whose clock is minutes from this device's. */
const WRONG_TIME = "wrong-time";

/** Who asks: a device key of the account. */
export interface Requester {
  readonly signer: Hex;
  sign(text: string): Promise<string>;
}

export interface Kept {
  readonly version: number;
  /** base64url */
  readonly content: string;
}

export interface AccountHost {
  /** Repeats while the gateway refuses, because it may not have seen the block yet. */
  followed<T>(work: () => Promise<T>): Promise<T>;
  /** Null: it keeps nothing for this account. */
  kept(by: Requester, account: Hex, gateway: string): Promise<Kept | null>;
  /**
   * Keeps the version that follows the one that was read. False: another device was faster, and its version is to be taken in first.
   * The gateway refuses an earlier version, and changes nothing at the same: so both of two that follow one and the same look at
   * what is kept.
   */
  keep(by: Requester, account: Hex, gateway: string, next: Kept): Promise<boolean>;
}

export const asDevice = (keys: DeviceKeys): Requester => ({ signer: signerId(keys.signer), sign: (text) => signText(keys, text) });

/** It may be over when the gateway is asked again. */
export function isPassing(failure: unknown): boolean {
  return failure instanceof PortFailure && (failure.code === "gateway-refused" || failure.code === "offline") && failure.problem !== WRONG_TIME;
}

export function accountHost(http: GatewayHttp): AccountHost {
  const wait = http.sleep ?? defaultSleep;

  async function asked(by: Requester, account: Hex, gateway: string, request: GatewayRequest): Promise<unknown> {
    const time = http.now();
    const body = request.body === undefined ? "" : JSON.stringify(request.body);
    const text = `zhengtong account request\n${account}\n${request.method}\n${request.path}\n${time}\n${sha256Digits(body)}`;
    const headers = { "x-account-time": String(time), "x-account-signer": by.signer, "x-account-signature": await by.sign(text) };
    return await ask(http, gateway, { ...request, headers });
  }

  return {
    async followed(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await work();
        } catch (failure) {
          if (!isPassing(failure) || attempt >= FOLLOW_ATTEMPTS) throw failure;
          await wait(FOLLOW_WAIT_MS);
        }
      }
    },

    async kept(by, account, gateway) {
      try {
        const answer = new Answer(await asked(by, account, gateway, { method: "GET", path: `/v1/accounts/${account}/backup` }));
        return { version: answer.number("version"), content: answer.text("content") };
      } catch (failure) {
        if (failure instanceof PortFailure && failure.code === "not-found") return null;
        throw failure;
      }
    },

    async keep(by, account, gateway, next) {
      try {
        await asked(by, account, gateway, { method: "POST", path: `/v1/accounts/${account}/backup`, body: next });
        return (await this.kept(by, account, gateway))?.content === next.content;
      } catch (failure) {
        if (failure instanceof PortFailure && failure.problem === STALE) return false;
        throw failure;
      }
    },
  };
}
