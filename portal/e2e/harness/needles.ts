// Finds texts in bytes, in every way a program might have written them.

export interface Needle {
  readonly text: string;
  readonly form: string;
  readonly bytes: Buffer;
  /** Short digit strings also occur by chance inside long hex; they count only when no hex digit touches them. */
  readonly isBounded: boolean;
}

export interface Found {
  readonly text: string;
  readonly form: string;
  readonly offset: number;
}

const MIN_BYTES = 6;

/** Every form of one text: UTF-8, UTF-16, hex of both, base64, JSON and percent escapes. */
export function formsOf(text: string): Needle[] {
  const utf8 = Buffer.from(text, "utf8");
  const utf16 = Buffer.from(text, "utf16le");
  const isAscii = /^[\x20-\x7e]*$/.test(text);
  const isBounded = /^[0-9]{1,10}$/.test(text);
  const escaped = [...text].map((char) => (char.charCodeAt(0) < 128 ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)).join("");
  const forms: [string, Buffer, boolean][] = [
    ["utf-8", utf8, isBounded],
    ["utf-16 little endian", utf16, false],
    ["utf-16 big endian", Buffer.from(utf16).swap16(), false],
    ["hex of utf-8", Buffer.from(utf8.toString("hex")), false],
    ["upper-case hex of utf-8", Buffer.from(utf8.toString("hex").toUpperCase()), false],
    ["hex of utf-16", Buffer.from(utf16.toString("hex")), false],
    ...(isAscii ? [] : ([["json escapes", Buffer.from(escaped), false], ["percent escapes", Buffer.from(encodeURIComponent(text)), false], ["gb18030", gb18030(text), false]] as [string, Buffer, boolean][])),
    ...base64Forms(utf8).map((bytes): [string, Buffer, boolean] => ["base64", bytes, false]),
  ];
  const seen = new Set<string>();
  return forms.flatMap(([form, bytes, bounded]) => {
    const key = bytes.toString("latin1");
    if (bytes.length < MIN_BYTES || seen.has(key)) return [];
    seen.add(key);
    return [{ text, form, bytes, isBounded: bounded }];
  });
}

/** Base64 of a text depends on where in a group of three bytes it starts: the part that is the same in any surroundings. */
function base64Forms(utf8: Buffer): Buffer[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), utf8]).toString("base64").replace(/=+$/, "");
    const start = [0, 2, 3][shift] ?? 0;
    const end = (shift + utf8.length) % 3 === 0 ? encoded.length : encoded.length - 1;
    return Buffer.from(encoded.slice(start, end));
  });
}

let gbTable: Map<string, Buffer> | null = null;
/** GB 18030's two-byte part, which holds every character of these names. */
function gb18030(text: string): Buffer {
  if (gbTable === null) {
    gbTable = new Map();
    const decoder = new TextDecoder("gb18030");
    for (let lead = 0x81; lead <= 0xfe; lead++) {
      for (let trail = 0x40; trail <= 0xfe; trail++) {
        if (trail !== 0x7f) gbTable.set(decoder.decode(Uint8Array.of(lead, trail)), Buffer.of(lead, trail));
      }
    }
  }
  return Buffer.concat([...text].map((char) => gbTable?.get(char) ?? Buffer.from(char)));
}

/** The ways to write a day. */
export function dateForms(day: { year: number; month: number; day: number }): string[] {
  const [y, m, d] = [String(day.year), String(day.month), String(day.day)];
  const [mm, dd] = [m.padStart(2, "0"), d.padStart(2, "0")];
  return [...new Set([`${y}${mm}${dd}`, `${y}-${mm}-${dd}`, `${y}/${mm}/${dd}`, `${y}.${mm}.${dd}`, `${y}-${m}-${d}`, `${y}/${m}/${d}`, `${y}年${m}月${d}日`, `${y}年${mm}月${dd}日`, `${dd}/${mm}/${y}`, `${mm}/${dd}/${y}`, `${dd}.${mm}.${y}`])];
}

const isHexDigit = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));

/** Searches for all needles in one pass. */
export class Search {
  readonly #byPrefix = new Map<number, Needle[]>();
  readonly #isStart = new Uint8Array(65_536);

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      const prefix = needle.bytes.readUInt32LE(0);
      this.#byPrefix.set(prefix, [...(this.#byPrefix.get(prefix) ?? []), needle]);
      this.#isStart[prefix & 0xffff] = 1;
    }
  }

  find(data: Buffer): Found[] {
    const found: Found[] = [];
    const isStart = this.#isStart;
    for (let offset = 0; offset + 4 <= data.length; offset++) {
      if (isStart[(data[offset] as number) | ((data[offset + 1] as number) << 8)] === 0) continue;
      for (const needle of this.#byPrefix.get(data.readUInt32LE(offset)) ?? []) {
        const end = offset + needle.bytes.length;
        if (end > data.length || data.compare(needle.bytes, 0, needle.bytes.length, offset, end) !== 0) continue;
        if (needle.isBounded && (isHexDigit(data[offset - 1]) || isHexDigit(data[end]))) continue;
        found.push({ text: needle.text, form: needle.form, offset });
      }
    }
    return found;
  }
}
