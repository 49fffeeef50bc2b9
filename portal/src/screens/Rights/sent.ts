/** Requests that the wallet keeps: sending them, and what became of them. */
import { here, networkInfo } from "../../app/here.svelte";
import { asFailure } from "../../lib/load.svelte";
import { type AskedAgency, type DataRequest, type Hex, PortFailure, type SentRequest, type Wallet, type Wish } from "../../ports";
import { isOwn } from "../Delegations/delegations";

/** A request, and why its agency could not be asked now. */
export interface Line {
  request: SentRequest;
  failure: PortFailure | null;
}

/** An agency that did not take the wish. */
export interface Refused {
  agency: string;
  failure: PortFailure;
}

async function agencies(): Promise<AskedAgency[]> {
  const { organisations } = await networkInfo();
  return organisations.map(({ id, gateway, attester }) => ({ slug: id, gateway, attester: attester as Hex }));
}

async function agencyOf(slug: string): Promise<AskedAgency> {
  const found = (await agencies()).find((one) => one.slug === slug);
  if (!found) throw new PortFailure("not-found", `organisation ${slug}`);
  return found;
}

/** Sends the same wish to each agency; one that does not take it stops none of the others. */
export async function sendTo(wallet: Wallet, to: readonly string[], wish: Wish): Promise<{ sent: SentRequest[]; refused: Refused[] }> {
  const sent: SentRequest[] = [];
  const refused: Refused[] = [];
  // One after the other: the wallet is written for each of them.
  for (const agency of to) {
    try {
      sent.push(await here().ports.gateways.request(wallet, await agencyOf(agency), wish));
    } catch (error) {
      refused.push({ agency, failure: asFailure(error) });
    }
  }
  return { sent, refused };
}

export async function sendAgain(wallet: Wallet, request: SentRequest): Promise<SentRequest> {
  return await here().ports.gateways.requestAgain(wallet, await agencyOf(request.organisation), request);
}

/** Nothing more comes of it that the wallet does not have. */
function isSettled({ state, index, answer }: SentRequest): boolean {
  return state !== null && state.status !== "open" && (answer !== undefined || index === undefined);
}

/**
 * Reads what became of requests that had no answer yet, and keeps it. An agency learns from it the number of a request that it
 * has, and not who asks; an answer that was read is not asked for again.
 */
export async function look(wallet: Wallet, requests: readonly SentRequest[]): Promise<Line[]> {
  return await Promise.all(
    requests.map(async (request): Promise<Line> => {
      if (isSettled(request)) return { request, failure: null };
      try {
        return { request: await here().ports.gateways.readRequest(wallet, await agencyOf(request.organisation), request), failure: null };
      } catch (error) {
        return { request, failure: asFailure(error) };
      }
    }),
  );
}

/** Looks for requests that this wallet does not know. Without `anyway`, only at agencies where it began with its words and did not look yet. */
export async function find(wallet: Wallet, anyway = false): Promise<void> {
  const { gateways } = here().ports;
  const all = await agencies();
  const asked = anyway ? all : await gateways.unaskedForRequests(wallet, all);
  if (asked.length > 0) await gateways.findRequests(wallet, asked);
}

/** Keeps what an agency told of the person's requests to it, where the wallet does not have it. */
export async function adopt(wallet: Wallet, organisation: string, told: readonly DataRequest[]): Promise<void> {
  const known = await wallet.requests();
  for (const { id, kind, text, receivedMs, dueMs, status, answeredMs, deletion } of told) {
    const mine = known.find((one) => one.id === id);
    if (mine?.text != null) continue;
    const fresh = { id, organisation, kind, about: null, sentMs: receivedMs, receipt: null, state: { dueMs, status, answeredMs, deletion } };
    await wallet.keepRequest({ ...(mine ?? fresh), text });
  }
}

/** unsent: the agency is not known to have it */
export type Standing = "unsent" | "open" | "overdue" | "granted" | "refused";

export function standing({ state }: Pick<SentRequest, "state">, nowMs: number): Standing {
  if (state === null) return "unsent";
  return state.status === "open" && state.dueMs < nowMs ? "overdue" : state.status;
}

export const TONES = { unsent: "bad", open: "warn", overdue: "bad", granted: "good", refused: "neutral" } as const satisfies Record<Standing, string>;

/** The agencies that were told something in the person's own cases. */
export async function agenciesOf(wallet: Wallet): Promise<string[]> {
  const acting = await here().ports.delegations.list(wallet);
  const own = (await wallet.keptCases()).filter((one) => isOwn(one, acting));
  return [...new Set(own.flatMap(({ linkedAtMs }) => Object.keys(linkedAtMs)))];
}
