/** Help for signing in, which exists in `zhengtong dev` alone and is therefore not part of the index's OpenAPI. */
type Text = Record<string, string>;

export interface DemoResident {
  /** short stable name, e.g. `approved-66` */
  label: string;
  title: Text;
  /** slug of the service to try */
  service: string;
  name: string;
  number: string;
  code: string;
  expected: Text;
}

export interface DemoOfficer {
  label: string;
  organisation: string;
  organisation_name?: string;
  address: string;
  privateKey?: string;
  mnemonic?: string;
}

export interface Demo {
  residents: DemoResident[];
  officers: DemoOfficer[];
}
