import type { Json } from "../ports";
import type { Demo } from "./demo";
import type { CasePage, CaseView, Department, ItemDetail, ItemPage, NetworkInfo, Statistics } from "./types";

export interface ServiceQuery {
  q?: string;
  department?: string;
  page?: number;
  available?: boolean;
}

export interface CaseQuery {
  service?: string;
  status?: string;
  page?: number;
}

/** The public read model. Whatever it says about a case is checked against proofs before it is called checked. */
export interface IndexApi {
  network(): Promise<NetworkInfo>;
  services(query: ServiceQuery): Promise<ItemPage>;
  departments(): Promise<Department[]>;
  service(id: string): Promise<ItemDetail>;
  cases(query: CaseQuery): Promise<CasePage>;
  case(id: string): Promise<CaseView>;
  bundle(id: string): Promise<Json>;
  statistics(): Promise<Statistics>;
  /** null outside `zhengtong dev` */
  demo(): Promise<Demo | null>;
  /** calls back on every change of the case, and with the state of the connection; answers a function that stops it */
  follow(id: string, changed: () => void, connected: (yes: boolean) => void): () => void;
}
