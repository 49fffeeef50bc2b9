// Uniform resources (BCR-2020-005): `ur:TYPE/…`, one text, or the parts of one that are shown one after another.
import { fromBytewords, toBytewords } from "./bytewords";
import { WireError } from "./errors";
import { Basin, Fountain, decodePart, encodePart } from "./fountain";

/** The types of ERC-4527 that pass between the two machines. */
export type Kind = "crypto-hdkey" | "crypto-account" | "eth-sign-request" | "eth-signature";

/** As `zhengtong wallet` reads: more than a QR code can hold. */
const MAX_PART_CHARACTERS = 300_000;
const MAX_MESSAGE_BYTES = 128 * 1024;
const MAX_PARTS = 2_048;
const MAX_RECEIVED = 8 * MAX_PARTS;
/** Bytes in each part that is shown: a code of 400 characters, which a phone shows large enough for a camera. */
export const FRAGMENT_BYTES = 160;

/** The whole as one text, however long. */
export const writeUr = (kind: Kind, content: Uint8Array): string => `ur:${kind}/${toBytewords(content)}`;

/** A text for a screen that shows it part by part. */
export class Parts {
  readonly #fountain: Fountain;

  constructor(
    readonly kind: Kind,
    readonly content: Uint8Array,
    fragmentBytes = FRAGMENT_BYTES,
  ) {
    this.#fountain = new Fountain(content, fragmentBytes);
  }

  /** How many there are before mixtures follow. */
  get count(): number {
    return this.#fountain.fragments.length;
  }

  /** The part with a number, from 1. What fits into one code is not cut up. */
  part(number: number): string {
    if (this.count === 1) return writeUr(this.kind, this.content);
    return `ur:${this.kind}/${number}-${this.count}/${toBytewords(encodePart(this.#fountain.part(number)))}`;
  }
}

/** What was read. */
export interface Read {
  readonly kind: Kind;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Puts parts together, in whatever order they come. */
export class Joiner {
  readonly #kinds: readonly Kind[];
  #kind: Kind | null = null;
  #whole: Uint8Array<ArrayBuffer> | null = null;
  #parts = 0;
  #received = 0;
  #basin = new Basin();

  constructor(...kinds: readonly Kind[]) {
    this.#kinds = kinds;
  }

  /** How far it is: parts that are there, and of how many (0: none came yet). */
  get progress(): { have: number; of: number } {
    return { have: this.#whole === null ? this.#basin.have : this.#parts, of: this.#parts };
  }

  /** Takes a part; says whether the text is whole. */
  receive(part: string): boolean {
    if (part.length > MAX_PART_CHARACTERS) throw new WireError("too-long", `a part of ${part.length} characters`);
    this.#received += 1;
    if (this.#received > MAX_RECEIVED) throw new WireError("too-long", `more than ${MAX_RECEIVED} parts`);
    const [, type, rest] = /^ur:([a-z0-9-]{1,64})\/(.+)$/.exec(part.toLowerCase()) ?? [];
    if (type === undefined || rest === undefined) throw new WireError("not-ur", "it does not begin with ur:TYPE/");
    const kind = this.#kinds.find((one) => one === type);
    if (kind === undefined || (this.#kind ?? kind) !== kind) throw new WireError("kind", `a ur:${type}`, { found: type, wanted: this.#kinds[0] ?? "" });
    this.#kind = kind;
    const [place, body] = rest.split("/", 2);
    if (place === undefined || body === undefined) {
      this.#parts = 1;
      this.#whole = fromBytewords(rest);
    } else {
      const of = Number(/^\d{1,10}-(\d{1,10})$/.exec(place)?.[1]);
      if (!(of >= 1)) throw new WireError("damaged", "it does not say which part it is");
      // There is room made for as many as a part says that there are.
      if (of > MAX_PARTS) throw new WireError("too-long", `${of} parts`);
      const read = decodePart(fromBytewords(body));
      if (`${read.number}-${read.fragments}` !== place) throw new WireError("damaged", "it says that it is another part");
      this.#parts = of;
      this.#basin.receive(read);
      this.#whole = this.#basin.message();
    }
    return this.#whole !== null;
  }

  finish(): Read {
    const { have, of } = this.progress;
    if (this.#whole === null || this.#kind === null) throw new WireError("incomplete", `${have} of ${of} parts`, { have, of: Math.max(of, 1) });
    if (this.#whole.length > MAX_MESSAGE_BYTES) throw new WireError("too-long", `${this.#whole.length} bytes`);
    return { kind: this.#kind, content: this.#whole };
  }
}

/** The content of one text, or of the parts of one, a line each. */
export function readUr(text: string, ...kinds: readonly Kind[]): Read {
  const joiner = new Joiner(...kinds);
  for (const line of text.split(/\s+/).filter((one) => one !== "")) {
    if (joiner.receive(line)) break;
  }
  return joiner.finish();
}
