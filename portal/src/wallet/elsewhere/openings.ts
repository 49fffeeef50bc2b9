// What stands behind hashes in a request, as `zhengtong wallet sign --with` reads it. It is shown there where its hash is the one
// that is signed.
import type { Hex } from "../../ports";

export interface Openings {
  /** articles of laws: a statute's id is their hash */
  readonly statutes?: readonly { readonly law: string; readonly article: string }[];
  /** words of an officer: the Keccak-256 of salt and text is on the chain */
  readonly statements?: readonly { readonly salt: Hex; readonly text: string }[];
}

export const hasOpenings = (openings: Openings): boolean => [...(openings.statutes ?? []), ...(openings.statements ?? [])].length > 0;
