// Why a text from the other machine is not taken. Screens have a sentence for each reason, with what to do.

export type Params = Record<string, string | number>;

export type WireReason =
  | "not-ur" // no uniform resource at all
  | "kind" // one of another type
  | "too-long"
  | "damaged" // a checksum is wrong, or parts of two texts
  | "incomplete" // parts are missing
  | "content" // not what the type says
  | "secret" // an account with a secret key
  | "no-account" // no account of Ethereum in it
  | "other-request"
  | "other-signer" // another key, or something else was signed
  | "no-signature"; // no key gives it

export class WireError extends Error {
  constructor(
    readonly reason: WireReason,
    detail: string,
    readonly params: Params = {},
  ) {
    super(`${reason}: ${detail}`);
    this.name = "WireError";
  }
}
