// The index and the demo help over HTTP, typed by the same generated types as the portal.
import type { Demo } from "../../src/api/demo";
import type { CaseView, ItemDetail, ItemPage, NetworkInfo } from "../../src/api/types";

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(15_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

export class IndexClient {
  constructor(readonly origin: string) {}

  network = (): Promise<NetworkInfo> => getJson(`${this.origin}/api/v1/network`);
  demo = (): Promise<Demo> => getJson(`${this.origin}/api/v1/demo`);
  service = (slug: string): Promise<ItemDetail> => getJson(`${this.origin}/api/v1/services/${slug}`);
  services = (query = ""): Promise<ItemPage> => getJson(`${this.origin}/api/v1/services${query}`);
  case = (id: string): Promise<CaseView> => getJson(`${this.origin}/api/v1/cases/${id}`);
  bundle = (id: string): Promise<unknown> => getJson(`${this.origin}/api/v1/cases/${id}/bundle`);

  /** The resident of the demo with this label. */
  async resident(label: string): Promise<Demo["residents"][number]> {
    const { residents } = await this.demo();
    const found = residents.find((resident) => resident.label === label);
    if (found === undefined) throw new Error(`no demo resident ${label}; there are ${residents.map((resident) => resident.label).join(", ")}`);
    return found;
  }
}
