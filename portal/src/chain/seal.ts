// The link between a case and a person, sealed to one organisation (HPKE base mode, RFC 9180).
// What it says of the case's commitment, and why: docs/decisions/0010-one-case-one-person.md.
import type { Form, Hex, Json, PublicJwk } from "../ports";
import type { ShownCredential } from "./evidence";
import { jcs, sha256Digits, stringToBytes } from "../wallet/bytes";
import { seal } from "../wallet/hpke";

/** Names how links are sealed; the version of their content is in `v`. */
const INFO = "zhengtong/link/v1";
/** Gateways refuse anything larger, counted before sealing. */
export const LINK_MAX_BYTES = 64 * 1024;

/** What an organisation learns. A provider gets presentation and secret, the owner of the service form, salt and holder. */
export interface LinkContent {
  readonly v: 2;
  readonly caseId: Hex;
  readonly useSecret: Hex | null;
  readonly presentation: string | null;
  /** For a provider, which is shown the number. */
  readonly personSalt: Hex | null;
  /** For an owner that is shown no number: with the salt it could try all numbers out. */
  readonly personCommitment: Hex | null;
  readonly formCommitment: Hex;
  readonly form: Form | null;
  readonly salt: Hex | null;
  readonly holder: PublicJwk | null;
  readonly consent: Json;
  /** For a provider: credentials that answer in place of its records. Absent where there are none. */
  readonly evidence?: readonly ShownCredential[];
  /** Where somebody acts for the person: terms, the person's own presentation, and where in the tree the case's key is. */
  readonly delegation?: Json;
}

/** The text that the case key signs, so that nobody else can link the case. */
export function linkText(organisation: string, content: LinkContent): string {
  return `zhengtong link\n${content.caseId}\n${organisation}\n${sha256Digits(jcs(content as unknown as Json))}`;
}

/** Seals to an X25519 key: base64url of encapsulated key ‖ ciphertext, with the case id as additional data. */
export async function sealLink(recipient: Hex, content: LinkContent, applicantSignature: Hex): Promise<string> {
  const text = stringToBytes(jcs({ ...(content as unknown as Record<string, Json>), applicantSignature }));
  if (text.length > LINK_MAX_BYTES) throw new RangeError(`the link has ${text.length} bytes, ${LINK_MAX_BYTES} are allowed`);
  return await seal(recipient, text, { info: INFO, bound: content.caseId });
}
