/** Names for the generated wire types, so that screens do not spell out `components["schemas"]`. */
import type { components, paths } from "./wire";

type Schemas = components["schemas"];
type Answer<Path extends keyof paths> = paths[Path] extends { get: { responses: { 200: { content: { "application/json": infer Body } } } } } ? Body : never;

export type NetworkInfo = Answer<"/api/v1/network">;
export type OrganisationInfo = Schemas["Organisation"];
export type Item = Schemas["CatalogueItem"];
export type ItemPage = Answer<"/api/v1/services">;
export type ItemDetail = Answer<"/api/v1/services/{id}">;
export type Department = Schemas["Department"];
export type CaseView = Answer<"/api/v1/cases/{id}">;
export type CaseRow = Schemas["CaseSummary"];
export type CasePage = Answer<"/api/v1/cases">;
export type CaseStatus = Schemas["Status"];
export type Cause = Schemas["Cause"];
export type Fact = Schemas["Fact"];
export type Decision = Schemas["Decision"];
export type Use = Schemas["UseRecord"];
export type CaseEvent = Schemas["EventRecord"];
export type Statistics = Answer<"/api/v1/statistics">;
export type ServiceStatistics = Schemas["ServiceStatistics"];
export type Problem = Schemas["Problem"];
