// Slugs and statute ids as the contracts know them.
import { type Hex, encodeAbiParameters, hexToString, keccak256, stringToHex } from "viem";

const SLUG = /^[a-z0-9-]{1,31}$/;

/** ASCII, padded on the right to 32 bytes. */
export function slug(text: string): Hex {
  if (!SLUG.test(text)) throw new RangeError(`"${text}" is not a slug: 1 to 31 of a-z, 0-9 and -`);
  return stringToHex(text, { size: 32 });
}

export function slugText(value: Hex): string {
  return hexToString(value, { size: 32 });
}

/** keccak256(abi.encode(law, article)). */
export function statuteId(law: string, article: string): Hex {
  return keccak256(encodeAbiParameters([{ type: "string" }, { type: "string" }], [law, article]));
}
