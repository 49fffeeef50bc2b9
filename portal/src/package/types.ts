import type { Json } from "../ports";

/** A service package as the index delivers it. Shapes: services/README.md. Packages are data, so they have no OpenAPI schema. */

export interface LawRef {
  law: string;
  article: string;
}

export interface Law extends LawRef {
  id: string;
  title: string;
  text: string;
  valid_from: string;
  valid_to: string | null;
}

export interface Basis extends LawRef {
  kind: "statute" | "consent";
}

export interface Predicate {
  id: string;
  provider: string;
  kind: "boolean" | "integer";
  min?: number;
  max?: number;
  basis: Basis;
  fields: string[];
}

export type Literal = boolean | { min: number; max: number };

export interface Row {
  when: Record<string, Literal>;
  outcome: "approve" | "refuse" | "review";
  amount?: { fen: number; per: "month" | "once"; rounding: string };
  reason: string;
  law: LawRef;
}

export interface RuleTable {
  predicates: Predicate[];
  rows: Row[];
  otherwise?: "review";
}

export interface FieldSchema {
  type: "string" | "integer" | "boolean";
  enum?: string[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

export interface FormSchema {
  required?: string[];
  properties: Record<string, FieldSchema>;
}

export interface PageSpec {
  id: string;
  fields: string[];
  optional?: boolean;
  when?: { field: string; is: (string | number | boolean)[] };
}

/** What a claim of a held credential must be. */
export type ClaimCondition = (string | number | boolean)[] | { min: number; max: number } | { within_days: number };

/** A credential of the wallet in place of an agency's records. */
export interface Held {
  vct: string;
  claims: string[];
  answers: Record<string, { when?: Record<string, ClaimCondition>; answer: boolean | number | "unknown" }[]>;
}

/** How often a consent may be relied on: by one use record, or by any number until its end. */
export type ConsentUse = "once" | "standing";

/** How much of a consent: how often, and for how many days from the day it is given. */
export interface ConsentExtent {
  use: ConsentUse;
  days: number;
}

/** What a service asks the applicant for, and the least it can live with; without that, no less than what it asks for. */
export interface ConsentAsked extends ConsentExtent {
  least?: ConsentExtent;
}

export interface Material {
  id: string;
  source: "credential" | "fact" | "form";
  predicates?: string[];
  credential?: string;
  fields?: string[];
  held?: Held[];
  waived: boolean;
  basis: Basis;
  /** with a fact on the basis of consent */
  consent?: ConsentAsked;
}

/** What the officer who reviews a case may ask an agency for. */
export interface DeclaredRecord {
  record: string;
  provider: string;
  predicates: string[];
  fields: string[];
}

export interface Workflow {
  statutory: { days: number; law: LawRef };
  promised: { days: number };
  appeal: { days: number; law: LawRef };
  steps: { id: string; role: string; when: string }[];
  defects: string[];
}

export interface CredentialSpec {
  type: string;
  vct: string;
  valid_days: number;
  claims: { name: string; from: string; disclosure: string }[];
}

export type Texts = Record<string, string>;

export interface ServicePackage {
  item: {
    slug: string;
    item_code: string;
    owner: string;
    sponsor: string;
    result: string[];
    fee_fen: number;
    laws: Law[];
  };
  rules: RuleTable;
  form: FormSchema;
  pages: PageSpec[];
  materials: Material[];
  records: DeclaredRecord[];
  workflow: Workflow;
  credential: CredentialSpec;
  texts: { "zh-CN": Texts; en: Texts };
  /** all files as they came; their canonical hash is on the chain */
  files: Json;
}
