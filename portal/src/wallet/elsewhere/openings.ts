// What stands behind hashes in a request, as `zhengtong wallet sign --with` reads it. It is shown there where its hash is the one
// that is signed.

export interface Openings {
  /** articles of laws: a statute's id is their hash */
  readonly statutes?: readonly { readonly law: string; readonly article: string }[];
}

export const hasOpenings = (openings: Openings): boolean => (openings.statutes ?? []).length > 0;
