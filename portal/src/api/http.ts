import { type FailureCode, type Json, PortFailure } from "../ports";
import type { CaseQuery, IndexApi, ServiceQuery } from "./index-api";
import type { Department, Problem } from "./types";

const TIMEOUT_MS = 15_000;
/** SSE reconnects by itself; a poll every so often covers proxies that swallow streams. */
const POLL_MS = 5_000;
export const SERVICES_PER_PAGE = 20;
/** The stream names each message after the event of the chain. */
const EVENTS = [
  ...["CaseOpened", "FactsRequested", "FactsAttested", "ReviewRequested", "SupplementRequested", "Supplemented", "Decided"],
  ...["Appealed", "Escalated", "Closed", "Used", "CredentialIssued"],
];

const CODES: Record<number, FailureCode> = { 401: "session-expired", 404: "not-found" };

/** Reads JSON; every failure is a `PortFailure` that says whether trying again makes sense. */
export async function getJson<T>(path: string, fetcher: typeof fetch = fetch): Promise<T> {
  let response: Response;
  try {
    response = await fetcher(path, { headers: { accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new PortFailure("offline", path);
  }
  if (response.ok) {
    try {
      return (await response.json()) as T;
    } catch {
      throw new PortFailure("bad-answer", path);
    }
  }
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  const code = CODES[response.status] ?? (response.status >= 500 ? "offline" : "bad-answer");
  throw new PortFailure(code, problem?.detail ?? problem?.title ?? `HTTP ${response.status}`, problem?.field ?? undefined);
}

export function queryString(query: object): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== "" && value !== false)
    .map(([key, value]) => [key, String(value)]);
  const text = new URLSearchParams(pairs).toString();
  return text === "" ? "" : `?${text}`;
}

export function httpIndex(base = "/api/v1", fetcher: typeof fetch = fetch): IndexApi {
  const id = encodeURIComponent;
  const read = <T>(path: string): Promise<T> => getJson<T>(path, fetcher);
  return {
    network: () => read(`${base}/network`),
    services: (query: ServiceQuery) => read(`${base}/services${queryString({ ...query, per_page: SERVICES_PER_PAGE })}`),
    departments: async () => (await read<{ items: Department[] }>(`${base}/departments`)).items,
    service: (service) => read(`${base}/services/${id(service)}`),
    cases: (query: CaseQuery) => read(`${base}/cases${queryString(query)}`),
    case: (caseId) => read(`${base}/cases/${id(caseId)}`),
    bundle: (caseId) => read<Json>(`${base}/cases/${id(caseId)}/bundle`),
    statistics: () => read(`${base}/statistics`),
    demo: async () => {
      try {
        return await read(`${base}/demo`);
      } catch (failure) {
        if (failure instanceof PortFailure && failure.code !== "offline") return null;
        throw failure;
      }
    },
    follow(caseId, changed, connected) {
      const source = new EventSource(`${base}/cases/${id(caseId)}/live`);
      source.onopen = () => {
        connected(true);
        changed(); // what happened between reading the case and listening to it
      };
      source.onerror = () => connected(false);
      source.onmessage = changed;
      for (const name of EVENTS) source.addEventListener(name, changed);
      const poll = setInterval(() => source.readyState !== EventSource.OPEN && changed(), POLL_MS);
      return () => {
        clearInterval(poll);
        source.close();
      };
    },
  };
}
