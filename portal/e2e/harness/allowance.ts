// A person's allowance of the day, used up as by a wallet that asks for tokens and opens nothing.
import { Answer, ask } from "../../src/chain/gateway-http";
import { keyringOf } from "../../src/wallet/keyring";
import type { Resident } from "./resident";

export const ISSUER = "public-security";
export const ALLOWANCE_PATH = "/v1/my/allowance";
const MODULUS_BYTES = 256;

/** A number below every modulus, in the form of a blinded message: the authority cannot tell it from one. */
function message(number: number): string {
  const bytes = Buffer.alloc(MODULUS_BYTES);
  bytes.writeUInt32BE(number, MODULUS_BYTES - 4);
  return bytes.toString("base64url");
}

/** Has everything signed that is left to the resident today; answers how many tokens that were. */
export async function useUpAllowance(resident: Resident): Promise<number> {
  const { organisations } = await resident.index.network();
  const gateway = organisations.find(({ id }) => id === ISSUER)?.gateway ?? "";
  const http = { origin: resident.server.origin, fetch, now: Date.now };
  const nonce = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/session/nonce" })).text("nonce");
  const presentation = await keyringOf(resident.wallet).shownTo(ISSUER, nonce, Date.now());
  const session = new Answer(await ask(http, gateway, { method: "POST", path: "/v1/my/session", body: { presentation, nonce } }));
  const headers = { authorization: `Bearer ${session.text("token")}` };
  const allowance = new Answer(await ask(http, gateway, { method: "GET", path: ALLOWANCE_PATH, headers }));
  const [window, left] = [allowance.number("window"), allowance.number("left")];
  const blinded = Array.from({ length: left }, (_, index) => message(index + 2));
  await ask(http, gateway, { method: "POST", path: ALLOWANCE_PATH, headers, body: { window, blinded } });
  return left;
}
