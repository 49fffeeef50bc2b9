// The vectors are those of the standards: ERC-4527's test cases are @keystonehq/bc-ur-registry-eth's (MIT), BCR-2020-005's are in
// every implementation of it, here as ur-rs has them (MIT). `zhengtong wallet` is held against the same.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Tagged, decode, encode } from "cborg";
import { hashTypedData } from "viem";
import { describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes, stringToBytes } from "../bytes";
import { keyOf, readAccount } from "./account";
import { crc32, fromBytewords, toBytewords } from "./bytewords";
import { fromCbor, toCbor } from "./cbor";
import type { WireReason } from "./errors";
import { Xoshiro, fragmentsOf } from "./fountain";
import { HARDENED, fingerprintText, pathText, pathToCbor } from "./path";
import { checkAnswer, encodeRequest, newRequestId, readSignature } from "./request";
import { Joiner, Parts, readUr, writeUr } from "./ur";

const HD_KEY =
  "ur:crypto-hdkey/oxaxhdclaowdverokopdinhseeroisyalksaykctjshedprnuyjyfgrovawewftyghceglrpkgaahdcxtplfjsluknfwlaisaxwypalbjylswzamcxhscyuyloztmwfnldlgskpyptgsdecfamtaaddyoeadlncsdwykcsfnykaeykaocywlcscewfaycytedmfeayghlptnin";
const REQUEST =
  "ur:eth-sign-request/oladtpdagdndcawmgtfrkigrpmndutdnbtkgfssbjnaohdgryagalalnascsgljpnbaelfdibemwaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaelaoxlbjyihjkjyeyaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaehnaehglalalaaxadaaadahtaaddyoeadlecsdwykadykadykaewkadwkaocybgeehfksatisjnihjyhsjnhsjkjetlnndant";
const SIGNATURE =
  "ur:eth-signature/oeadtpdagdndcawmgtfrkigrpmndutdnbtkgfssbjnaohdfptywtosrftahprdctrkbegylogdghjkbafhflamfwlohghtpsseaozorsimnybbtnnbiynlckenbtfmeeamsabnaeoxasjkwswfkekiieckhpecckssptndzelnwfecylbwdlsgvazt";
const ID = "0x9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d";
const SIGNER = "0x9858effd232b4033e47d90003d41ec34ecaeda94";
/** An account of Bitcoin alone, as SeedSigner shows it. */
const BITCOIN =
  "UR:CRYPTO-ACCOUNT/OEADCYKNBWOSPAAOLYTAADMETAADDLOXAXHDCLAXAXVEKKNYCFGRPKIHZSTICAKILFBAHDEERFMOCXLRFLHGIHCTGEWPVYGWJZSGKBNYAAHDCXRLSWDRDTHTUOQZMSJYEMAAHSRNJPHGFDLOADOLFNGECAKNIHMUTOCMHKADBKEYHGAMTAADDYOTADLOCSDYYKAEYKAEYKAOYKAOCYKNBWOSPAAXAAAYCYVOFWEOBKNDQZEOAT";

const refused = (reason: WireReason) => expect.objectContaining({ name: "WireError", reason });
const reasonOf = (work: () => unknown): string => {
  try {
    work();
    return "taken";
  } catch (failure) {
    return (failure as { reason?: string }).reason ?? String(failure);
  }
};

/** The standard's messages: the bytes of the generator that a word begins. */
function messageOf(seed: string, length: number): Uint8Array {
  const random = new Xoshiro(stringToBytes(seed));
  return encode(Uint8Array.from({ length }, () => random.below(256)));
}

describe("uniform resources", () => {
  test("the checksum is CRC-32, and the words are bytewords", () => {
    expect(crc32(stringToBytes("123456789"))).toBe(0xcbf43926);
    expect(toBytewords(stringToBytes("data"))).toBe("iehsjyhspmwfwfia");
    expect(bytesToHex(fromBytewords("aeadaolazmjendeoti"))).toBe("0x00010280ff");
  });

  test("the generator and its choice of fragments are the published ones", () => {
    const random = new Xoshiro(stringToBytes("Wolf"));
    expect(Array.from({ length: 12 }, () => Number(random.next() % 100n))).toEqual([42, 81, 85, 8, 82, 84, 76, 73, 70, 88, 2, 74]);
    const checksum = crc32(messageOf("Wolf", 1024).slice(3));
    const chosen = Array.from({ length: 9 }, (_, n) => fragmentsOf(n + 11, 11, checksum).sort((left, right) => left - right));
    expect(chosen).toEqual([[10], [9], [2, 5, 6, 8, 9, 10], [8], [1, 5], [1], [0, 2, 4, 5, 8, 10], [5], [2]]);
  });

  test("parts are the published ones, mixtures among them", () => {
    const parts = new Parts("bytes" as never, messageOf("Wolf", 256), 30);
    expect(parts.count).toBe(9);
    for (const [number, body] of [
      [1, "lpadascfadaxcywenbpljkhdcahkadaemejtswhhylkepmykhhtsytsnoyoyaxaedsuttydmmhhpktpmsrjtdkgslpgh"],
      [9, "lpasascfadaxcywenbpljkhdcajskecpmdckihdyhphfotjojtfmlnwmadspaxrkytbztpbauotbgtgtaeaevtgavtny"],
      [10, "lpbkascfadaxcywenbpljkhdcahkadaemejtswhhylkepmykhhtsytsnoyoyaxaedsuttydmmhhpktpmsrjtwdkiplzs"],
      [12, "lpbnascfadaxcywenbpljkhdcarllaluzmdmgstospeyiefmwejlwtpedamktksrvlcygmzemovovllarodtmtbnptrs"],
      [16, "lpbeascfadaxcywenbpljkhdcawygekobamwtlihsnpalnsghenskkiynthdzotsimtojetprsttmukirlrsbtamjtpd"],
      [20, "lpbbascfadaxcywenbpljkhdcayapmrleeleaxpasfrtrdkncffwjyjzgyetdmlewtkpktgllepfrltataztksmhkbot"],
    ] as const) {
      expect(parts.part(number)).toBe(`ur:bytes/${number}-9/${body}`);
    }
  });

  test("parts come in any order, and some not at all", () => {
    const content = Uint8Array.from({ length: 2_000 }, (_, at) => (at * 7) % 251);
    const parts = new Parts("eth-sign-request", content);
    expect(parts.count).toBe(13);
    // The first ten never come, and the rest backwards.
    const joiner = new Joiner("eth-sign-request");
    const numbers = Array.from({ length: 150 }, (_, n) => 160 - n);
    expect(numbers.some((number) => joiner.receive(parts.part(number).toUpperCase()))).toBe(true);
    expect(joiner.finish().content).toEqual(content);
    expect(joiner.progress).toEqual({ have: 13, of: 13 });
    const few = [1, 2, 3, 4, 5].map((number) => parts.part(number)).join("\n");
    expect(() => readUr(few, "eth-sign-request")).toThrow(refused("incomplete"));
    expect(new Parts("eth-sign-request", content.slice(0, 90)).part(7).split("/")).toHaveLength(2);
  });

  test("what is damaged, mixed, something else or too much is refused", () => {
    const part = (byte: number, number: number) => new Parts("eth-sign-request", new Uint8Array(700).fill(byte)).part(number);
    const first = part(7, 1);
    const changed = first.slice(0, -1) + (first.endsWith("a") ? "e" : "a");
    for (const [text, reason] of [
      [changed, "damaged"],
      [`${first}\n${part(8, 2)}`, "damaged"],
      [first.replace("/1-", "/2-"), "damaged"],
      [first.replace("/1-5/", "/1-/"), "damaged"],
      ["ur:eth-sign-request/1-4000000000/lpadbbcsiecyvdidatkpfeghihjtcxiabdfevlms", "too-long"],
      [SIGNATURE, "kind"],
      [first + "\n" + SIGNATURE, "kind"],
      ["hello", "not-ur"],
      ["", "incomplete"],
      [`ur:eth-sign-request/${"a".repeat(300_000)}`, "too-long"],
      [writeUr("eth-sign-request", new Uint8Array(140 * 1024)), "too-long"],
    ] as const) {
      expect(reasonOf(() => readUr(text, "eth-sign-request")), text.slice(0, 60)).toBe(reason);
    }
  });
});

describe("an account", () => {
  test("gives the published addresses", () => {
    const account = readAccount(`\n${HD_KEY.toUpperCase()}\n`);
    expect([pathText(account.origin), fingerprintText(account.origin), account.name]).toEqual(["m/44'/60'/0'", "e9181cf3", null]);
    const [first, sixth] = [keyOf(account, 0), keyOf(account, 5)];
    expect([first.address, pathText(first.path)]).toEqual([SIGNER, "m/44'/60'/0'/0/0"]);
    expect([sixth.address, pathText(sixth.path)]).toEqual(["0xa40cfbfc8534ffc84e20a7d8bbc3729b26a35f6f", "m/44'/60'/0'/0/5"]);
    expect(() => keyOf(account, HARDENED)).toThrow(refused("no-account"));
    expect(() => keyOf(account, -1)).toThrow(refused("no-account"));
  });

  test("may be one of several in a crypto-account, and is Ethereum's", () => {
    const inner = new Tagged(303, decode(readUr(HD_KEY, "crypto-hdkey").content, { useMaps: true, tags: Tagged.preserve(304) }));
    const other = new Map(inner.value as Map<number, unknown>).set(6, pathToCbor({ steps: [84 + HARDENED, HARDENED, HARDENED], fingerprint: 1 }));
    const content = new Map<number, unknown>([[1, 0xe9181cf3], [2, [new Tagged(404, new Tagged(303, other)), new Tagged(403, inner)]]]);
    expect(keyOf(readAccount(writeUr("crypto-account", toCbor(content))), 0).address).toBe(SIGNER);
    expect(reasonOf(() => readAccount(BITCOIN))).toBe("no-account");
    const bitcoin = new Map<number, unknown>([[1, 1], [2, [new Tagged(404, new Tagged(303, other))]]]);
    expect(() => readAccount(writeUr("crypto-account", toCbor(bitcoin)))).toThrow(refused("no-account"));
  });

  test("is refused with a secret key, a key off the curve, a fingerprint that is too large, or none", () => {
    const changed = (entry: [number, unknown]) => {
      const fields = decode(readUr(HD_KEY, "crypto-hdkey").content, { useMaps: true, tags: Tagged.preserve(304) }) as Map<number, unknown>;
      return writeUr("crypto-hdkey", toCbor(new Map([...fields, entry].sort(([left], [right]) => left - right))));
    };
    expect(reasonOf(() => readAccount(changed([2, true])))).toBe("secret");
    expect(reasonOf(() => readAccount(changed([3, Uint8Array.of(2, ...new Uint8Array(32).fill(0xff))])))).toBe("content");
    expect(reasonOf(() => readAccount(changed([4, new Uint8Array(31)])))).toBe("content");
    expect(reasonOf(() => readAccount(changed([6, pathToCbor({ steps: [44 + HARDENED, HARDENED, HARDENED], fingerprint: null })])))).toBe("no-account");
    const marked = (fingerprint: number) => changed([6, pathToCbor({ steps: [44 + HARDENED, 60 + HARDENED, HARDENED], fingerprint })]);
    expect(readAccount(marked(2 ** 32 - 1)).origin.fingerprint).toBe(0xffffffff);
    expect(reasonOf(() => readAccount(marked(2 ** 32)))).toBe("content");
    expect(readAccount(changed([9, "柜台\u202e 3\n"])).name).toBe("柜台 3");
    expect(reasonOf(() => readAccount(SIGNATURE))).toBe("kind");
  });
});

describe("a request", () => {
  test("is the published one", () => {
    const data = hexToBytes("0xf849808609184e72a00082271094000000000000000000000000000000000000000080a47f7465737432000000000000000000000000000000000000000000000000000000600057808080");
    const path = { steps: [44 + HARDENED, 1 + HARDENED, 1 + HARDENED, 0, 1], fingerprint: 0x12345678 };
    const request = encodeRequest({ id: ID, data, dataType: "legacy", chainId: 1, path, address: null, origin: "metamask" });
    expect(writeUr("eth-sign-request", request)).toBe(REQUEST);
  });

  test("has an id of its own, of version 4", () => {
    const ids = [newRequestId(), newRequestId()];
    expect(ids[0]).not.toBe(ids[1]);
    for (const id of ids) expect(id).toMatch(/^0x[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  });
});

describe("an answer", () => {
  const answer = (v: number, id: `0x${string}` | null = ID) => writeUr("eth-signature", toCbor(new Map<number, unknown>([...(id === null ? [] : [[1, new Tagged(37, hexToBytes(id))]] as const), [2, Uint8Array.of(...hexToBytes(RS), v)]])));
  // EIP-712's example "Mail", signed by the key keccak256("cow"): hash and signature as the standard prints them.
  const HASH = "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";
  const RS = "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562";
  const COW = "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826";

  test("is of the hash of the example that the signer is tested with", () => {
    const mail = readFileSync(resolve(import.meta.dirname, "../../../../zhengtong/src/wallet/testdata/mail.json"), "utf8");
    expect(hashTypedData(JSON.parse(mail) as Parameters<typeof hashTypedData>[0])).toBe(HASH);
  });

  test("is read as the published one", () => {
    const { id, signature } = readSignature(SIGNATURE);
    expect([id, bytesToHex(signature)]).toEqual([ID, "0xd4f0a7bcd95bba1fbb1051885054730e3f47064288575aacc102fbbf6a9a14daa066991e360d3e3406c20c00a40973eff37c7d641e5b351ec4a99bfe86f335f713"]);
  });

  test("is taken for its request, hash and signer, with any v of the standard", async () => {
    for (const v of [1, 28, 38]) expect(await checkAnswer(answer(v), ID, HASH, COW)).toEqual({ r: RS.slice(0, 66), s: `0x${RS.slice(66)}`, yParity: 1 });
  });

  test("is refused for another request, another signer, other content, and without a signature", async () => {
    await expect(checkAnswer(answer(28, "0x00000000000000000000000000000000"), ID, HASH, COW)).rejects.toEqual(refused("other-request"));
    await expect(checkAnswer(answer(28, null), ID, HASH, COW)).rejects.toEqual(refused("other-request"));
    await expect(checkAnswer(answer(28), ID, HASH, SIGNER)).rejects.toEqual(refused("other-signer"));
    await expect(checkAnswer(answer(27), ID, HASH, COW)).rejects.toEqual(refused("other-signer"));
    await expect(checkAnswer(answer(28), ID, `0x${"11".repeat(32)}`, COW)).rejects.toEqual(refused("other-signer"));
    await expect(checkAnswer(SIGNATURE, ID, HASH, COW)).rejects.toEqual(refused("no-signature"));
    await expect(checkAnswer(REQUEST, ID, HASH, COW)).rejects.toEqual(refused("kind"));
    const short = writeUr("eth-signature", toCbor(new Map<number, unknown>([[1, new Tagged(37, hexToBytes(ID))], [2, new Uint8Array(64)]])));
    await expect(checkAnswer(short, ID, HASH, COW)).rejects.toEqual(refused("content"));
  });
});

test("maps that are none of the standard are refused", () => {
  for (const bytes of ["0x", "0x01", "0xbf0241aaff", "0xa2024101024102", "0xa00000"] as const) expect(() => fromCbor(hexToBytes(bytes))).toThrow(refused("content"));
  expect(() => fromCbor(hexToBytes("0xa10143010203")).uuid(1)).toThrow(refused("content"));
});
