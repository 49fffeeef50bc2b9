/** Help for signing in, which exists in `zhengtong dev` alone and is therefore not part of the index's OpenAPI. */
export interface DemoResident {
  label: string;
  number: string;
  code: string;
  expected: string;
}

export interface DemoOfficer {
  label: string;
  organisation: string;
  address: string;
  privateKey?: string;
  mnemonic?: string;
}

export interface Demo {
  residents: DemoResident[];
  officers: DemoOfficer[];
}
