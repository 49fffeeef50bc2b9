// The authority that keeps the register of guardians: it confirms a guardian's terms for a child, says to those concerned what it
// confirmed, and ends it. Each request shows who asks, with a challenge of its own.
import type { Guardianship, Hex, Json, Organisation, Wallet } from "../ports";
import { PortFailure } from "../ports";
import { type DelegationTerms, readTerms } from "../wallet/delegation/terms";
import { keyringOf } from "../wallet/keyring";
import { Answer, type GatewayHttp, ask } from "./gateway-http";

const PATH = "/v1/guardianships";

async function asking(http: GatewayHttp, wallet: Wallet, { slug, gateway }: Organisation, number: string): Promise<Record<string, Json>> {
  const nonce = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/session/nonce" })).text("nonce");
  return { presentation: await keyringOf(wallet).shownTo(slug, nonce, http.now()), nonce, number };
}

/** The credential of guardianship for these terms. */
export async function confirm(http: GatewayHttp, wallet: Wallet, authority: Organisation, number: string, terms: DelegationTerms): Promise<string> {
  const body = { ...(await asking(http, wallet, authority, number)), terms };
  return new Answer(await ask(http, authority.gateway, { method: "POST", path: PATH, body })).text("credential");
}

export async function findGuardianships(http: GatewayHttp, wallet: Wallet, authority: Organisation, number: string): Promise<Guardianship[]> {
  const body = await asking(http, wallet, authority, number);
  const answer = new Answer(await ask(http, authority.gateway, { method: "POST", path: `${PATH}/find`, body }));
  return answer.list("items").map((value): Guardianship => {
    const item = new Answer(value);
    let terms: DelegationTerms;
    try {
      terms = readTerms(item.maybe("terms"));
    } catch {
      throw new PortFailure("bad-answer", "the terms cannot be read", "terms");
    }
    const [at, by] = [item.maybe("ended_s"), item.maybe("ended_by")];
    const ended = typeof at === "number" && typeof by === "string" ? { at, by } : null;
    const { key, services, from, until } = terms;
    return { document: item.hex("document"), guardian: item.text("guardian"), key, services: [...services], from, until, ended };
  });
}

export async function endGuardianship(http: GatewayHttp, wallet: Wallet, authority: Organisation, number: string, document: Hex): Promise<void> {
  const body = await asking(http, wallet, authority, number);
  await ask(http, authority.gateway, { method: "POST", path: `${PATH}/${document}/end`, body });
}
