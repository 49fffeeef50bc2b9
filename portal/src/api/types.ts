/** Names for the generated wire types, so that screens do not spell out `components["schemas"]`. */
import type { components } from "./wire";

type Schemas = components["schemas"];

export type NetworkInfo = Schemas["Network"];
export type OrganisationInfo = Schemas["Organisation"];
export type Item = Schemas["Item"];
export type ItemPage = Schemas["ItemPage"];
export type ItemDetail = Schemas["ItemDetail"];
export type Department = Schemas["Department"];
export type CaseView = Schemas["Case"];
export type CaseRow = Schemas["CaseRow"];
export type CasePage = Schemas["CasePage"];
export type CaseStatus = Schemas["Status"];
export type Cause = Schemas["Cause"];
export type Fact = Schemas["Fact"];
export type Decision = NonNullable<CaseView["decision"]>;
export type Use = Schemas["Use"];
export type CaseEvent = Schemas["Event"];
export type Statistics = Schemas["Statistics"];
export type Demo = Schemas["Demo"];
export type Problem = Schemas["Problem"];
