import { expect, test } from "vitest";
import { base64Url, bytesToHex, fromBase64Url, hexToBytes, jcs, stringToBytes } from "../bytes";
import { guardianKey } from "../derive";
import { newReceiver } from "../hpke";
import { joinShares, splitAmong } from "../account/shares";
import { type Asked, type Part, askedNumber, openGiven, openPart, readAsked, readOffer, receiptNumber, sealGiven, sealPart, writeAsked, writeOffer, offerNumber } from "./codes";

const KEY = `0x${"07".repeat(32)}` as const;
const ACCOUNT = `0x${"ab".repeat(32)}` as const;
const OFFER = { id: `0x${"01".repeat(16)}`, address: `0x${"02".repeat(20)}`, receiver: `0x${"03".repeat(32)}`, name: "女儿小芳" } as const;
const ASKED: Asked = { receiver: `0x${"04".repeat(32)}`, signers: [{ kind: 1, weight: 2, x: `0x${"05".repeat(32)}`, y: `0x${"06".repeat(32)}` }, { kind: 2, weight: 1, x: `0x${"07".repeat(32)}`, y: `0x${"08".repeat(32)}` }] };
const PART: Part = { account: ACCOUNT, chainId: 20260, id: OFFER.id, salt: `0x${"09".repeat(32)}`, share: "", set: `0x${"0a".repeat(32)}`, host: "civil-affairs", needed: 2, name: "赵奶奶" };
const bad = { reason: "trusted-format" };

/** A code with some of its content changed. */
function changed(code: string, change: Record<string, unknown>): string {
  const content = JSON.parse(new TextDecoder().decode(fromBase64Url(code))) as Record<string, unknown>;
  return base64Url(stringToBytes(jcs({ ...content, ...change } as never)));
}

test("a guardian's key follows from the seed and the offer, as HKDF of another implementation has it", () => {
  // Python: HKDF-SHA256 (RFC 5869) of 32 bytes 07, no salt, 48 bytes, label below; then mod (n - 1) + 1 (FIPS 186-5, A.2.1).
  expect(guardianKey(hexToBytes(KEY), `0x${"01".repeat(16)}`)).toBe("0x0e6409b37f786150af227a669bab8c64ee046d8b4d97f7da733dd5b655d27156");
  expect(guardianKey(hexToBytes(KEY), `0x${"02".repeat(16)}`)).not.toBe("0x0e6409b37f786150af227a669bab8c64ee046d8b4d97f7da733dd5b655d27156");
});

test("an offer is read as it was written, alone or at the end of a link, and in several lines", () => {
  const code = writeOffer(OFFER);
  expect(readOffer(code)).toEqual(OFFER);
  expect(readOffer(`https://portal.example/x#${code}`)).toEqual(OFFER);
  expect(readOffer(code.replaceAll(/.{40}/g, "$&\n"))).toEqual(OFFER);
  expect(offerNumber(OFFER)).toMatch(/^(\d{3} ){3}\d{3}$/);
  expect(offerNumber({ ...OFFER, receiver: `0x${"0f".repeat(32)}` })).not.toBe(offerNumber(OFFER));
  // The name is what the other says; the number is of the keys.
  expect(offerNumber({ ...OFFER, name: "x" })).toBe(offerNumber(OFFER));
});

test.each([
  ["", ""],
  ["nothing of the sort", "!!"],
  ["too long", "A".repeat(70_000)],
  ["another kind", writeAsked(ASKED)],
  ["a version to come", changed(writeOffer(OFFER), { v: 2 })],
  ["no address", changed(writeOffer(OFFER), { address: "0x00" })],
  ["no name", changed(writeOffer(OFFER), { name: " " })],
  ["a name without end", changed(writeOffer(OFFER), { name: "x".repeat(65) })],
  ["half of it", writeOffer(OFFER).slice(0, 80)],
])("an offer with %s is refused", (_, code) => {
  expect(() => readOffer(code)).toThrow(expect.objectContaining(bad));
});

test("new keys are read as they were written, and their number is of all of them", () => {
  expect(readAsked(writeAsked(ASKED))).toEqual(ASKED);
  const [passkey, device] = ASKED.signers as [Asked["signers"][number], Asked["signers"][number]];
  const others = [{ ...ASKED, receiver: KEY }, { ...ASKED, signers: [passkey] }, { ...ASKED, signers: [device, passkey] }, { ...ASKED, signers: [passkey, { ...device, weight: 2 }] }];
  expect(new Set([ASKED, ...others].map(askedNumber)).size).toBe(5);
  for (const signers of [[], Array.from({ length: 9 }, () => passkey), [{ ...passkey, kind: 4 }], [{ ...passkey, weight: 3 }], [{ ...passkey, kind: 3, weight: 2 }], [{ ...passkey, weight: 0 }]]) {
    expect(() => readAsked(writeAsked({ ...ASKED, signers }))).toThrow(expect.objectContaining(bad));
  }
  expect(() => readAsked(writeOffer(OFFER))).toThrow(expect.objectContaining(bad));
});

test("a part opens in the wallet that it is for, whole and nowhere else", async () => {
  const [helper, stranger] = [await newReceiver(), await newReceiver()];
  const [share = ""] = await splitAmong(KEY, 7, 2);
  const part = { ...PART, share };
  const code = await sealPart(helper.public, part);
  expect(await openPart(helper.secret, code)).toEqual(part);
  await expect(openPart(stranger.secret, code)).rejects.toMatchObject({ reason: "trusted-foreign" });
  await expect(openPart(helper.secret, `${code.slice(0, -2)}AA`)).rejects.toMatchObject({ reason: "trusted-foreign" });
  await expect(openPart(helper.secret, "x")).rejects.toMatchObject(bad);
  for (const change of [{ needed: 1 }, { needed: 8 }, { share: "AA" }, { host: "Not A Slug" }, { account: "0x12" as const }, { name: "" }]) {
    await expect(openPart(helper.secret, await sealPart(helper.public, { ...part, ...change }))).rejects.toMatchObject(bad);
  }
  expect(receiptNumber(part)).toMatch(/^\d{3} \d{3}$/);
  expect(receiptNumber({ ...part, share: "x" })).not.toBe(receiptNumber(part));
});

test("a part that is given back opens on the new device, for the account alone", async () => {
  const device = await newReceiver();
  const [share = ""] = await splitAmong(KEY, 7, 2);
  const code = await sealGiven(device.public, ACCOUNT, { ...PART, share });
  expect(await openGiven(device.secret, ACCOUNT, code)).toEqual({ share, set: PART.set, host: PART.host, needed: 2 });
  await expect(openGiven(device.secret, `0x${"ac".repeat(32)}`, code)).rejects.toMatchObject({ reason: "trusted-foreign" });
  await expect(openGiven((await newReceiver()).secret, ACCOUNT, code)).rejects.toMatchObject({ reason: "trusted-foreign" });
  // A key code is not a return code.
  await expect(openGiven(device.secret, ACCOUNT, await sealPart(device.public, { ...PART, share }))).rejects.toMatchObject({ reason: "trusted-foreign" });
});

test("as many shares as are needed give the key; fewer, or one of another splitting, give another", async () => {
  const [a = "", b = "", c = "", d = ""] = await splitAmong(KEY, 7, 3);
  for (const three of [[a, b, c], [d, b, a], [c, d, a]]) expect(await joinShares(three)).toBe(KEY);
  expect(await joinShares([a, b])).not.toBe(KEY);
  const [other = ""] = await splitAmong(KEY, 7, 3);
  expect(await joinShares([other, b, c]).catch(() => "0x")).not.toBe(KEY);
  expect(bytesToHex(fromBase64Url(a))).toHaveLength(2 + 2 * 33);
});
