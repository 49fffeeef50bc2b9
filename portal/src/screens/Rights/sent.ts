/** Requests that the wallet keeps: sending them, and what became of them. */
import { here } from "../../app/here.svelte";
import { gatewayOf } from "../../app/organisations";
import { asFailure } from "../../lib/load.svelte";
import type { OwnCase, PortFailure, Right, SentRequest, Wallet } from "../../ports";
import { isOwn } from "../Delegations/delegations";

/** What is asked, of whomever. */
export interface Wish {
  kind: Right;
  text: string;
  about: SentRequest["about"];
}

/** A request, and why its agency could not be asked now. */
export interface Line {
  request: SentRequest;
  failure: PortFailure | null;
}

/** An agency that the wish did not reach. */
export interface Unsent {
  agency: string;
  failure: PortFailure;
}

/** Sends the same wish to each agency; one that is not reached stops none of the others. */
export async function sendTo(wallet: Wallet, agencies: readonly string[], wish: Wish): Promise<{ sent: SentRequest[]; unsent: Unsent[] }> {
  const sent: SentRequest[] = [];
  const unsent: Unsent[] = [];
  // One after the other: the wallet is written for each of them.
  for (const agency of agencies) {
    try {
      const taken = await here().ports.gateways.request(wallet, agency, await gatewayOf(agency), wish.kind, wish.text);
      const { id, receipt, receivedMs: sentMs, state } = taken;
      const request: SentRequest = { id, organisation: agency, ...wish, sentMs, receipt, state };
      await wallet.keepRequest(request);
      sent.push(request);
    } catch (error) {
      unsent.push({ agency, failure: asFailure(error) });
    }
  }
  return { sent, unsent };
}

/**
 * Reads what became of requests that had no answer yet, and keeps it. An agency learns from it the number of a request that it
 * has, and not who asks; an answer that was read is not asked for again.
 */
export async function look(wallet: Wallet, requests: readonly SentRequest[]): Promise<Line[]> {
  return await Promise.all(requests.map((request) => lookAt(wallet, request)));
}

async function lookAt(wallet: Wallet, request: SentRequest): Promise<Line> {
  if (request.state.status !== "open") return { request, failure: null };
  try {
    const state = await here().ports.gateways.requestState(await gatewayOf(request.organisation), request.id);
    if (state.status === "open") return { request, failure: null };
    const answered = { ...request, state };
    await wallet.keepRequest(answered);
    return { request: answered, failure: null };
  } catch (error) {
    return { request, failure: asFailure(error) };
  }
}

export type Standing = "open" | "overdue" | "granted" | "refused";

export function standing({ state }: Pick<SentRequest, "state">, nowMs: number): Standing {
  return state.status === "open" && state.dueMs < nowMs ? "overdue" : state.status;
}

export const TONES = { open: "warn", overdue: "bad", granted: "good", refused: "neutral" } as const satisfies Record<Standing, string>;

/** The agencies that were told something in the person's own cases. */
export async function agenciesOf(wallet: Wallet): Promise<string[]> {
  const acting = await here().ports.delegations.list(wallet);
  const own = (await wallet.keptCases()).filter((one) => isOwn(one, acting));
  return [...new Set(own.flatMap((one: OwnCase) => Object.keys(one.linkedAtMs)))];
}
