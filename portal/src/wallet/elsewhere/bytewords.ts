// Bytewords in their minimal style (BCR-2020-012): two letters a byte, and a CRC-32 behind them.
import { WireError } from "./errors";

/** The first and the last letter of each of the 256 words, in their order. */
const PAIRS =
  "aeadaoaxaaahamatayasbkbdbnbtbabsbebybgbwbbbzcmchcscfcycwcecackctcxclcpcndkdadsdidedtdrdndwdpdmdldyeheyeoeeecenemetesftfrfnfsfmfh" +
  "fzfpfwfxfyfefgflfdgagegrgsgtglgwgdgygmgughgohfhghdhkhthphhhlhyhehnhsidiaieihiyioisinimjejzjnjtjljojsjpjkjykpkoktkskkknkgkekikblb" +
  "lalylflslrlplnltloldlelulklgmnmymhmemomumwmdmtmsmknlnyndnsntnnnenboyoeotoxonolospdptpkpypspmplpepfpaprqdqzrerprlrorhrdrkrfryrnrs" +
  "rtsesasrssskswstspsosgsbsfsntotktitttdtetytltbtstptatnuyuoutueurvtvyvovlvevwvavdvswlwdwmwpwewywswtwnwzwfwkykynylyaytzszoztzczezm";

const CRC_BYTES = 4;
const WORDS = PAIRS.match(/../g) ?? [];
const BYTES = new Map(WORDS.map((word, byte) => [word, byte]));

/** Of ISO/IEC 3309 and zlib, with the polynomial turned round. */
const CRC_POLYNOMIAL = 0xedb88320;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CRC_POLYNOMIAL : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

export function toBytewords(bytes: Uint8Array): string {
  const check = new DataView(new ArrayBuffer(CRC_BYTES));
  check.setUint32(0, crc32(bytes));
  return [...bytes, ...new Uint8Array(check.buffer)].map((byte) => WORDS[byte]).join("");
}

export function fromBytewords(text: string): Uint8Array<ArrayBuffer> {
  const read = (text.match(/..?/g) ?? []).map((word) => {
    const byte = BYTES.get(word);
    if (byte === undefined) throw new WireError("damaged", "a word is none of bytewords");
    return byte;
  });
  const body = Uint8Array.from(read.slice(0, -CRC_BYTES));
  const check = new DataView(Uint8Array.from(read.slice(-CRC_BYTES)).buffer);
  if (body.length === 0 || check.getUint32(0) !== crc32(body)) throw new WireError("damaged", "the checksum is another");
  return body;
}
