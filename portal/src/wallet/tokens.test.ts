// @vitest-environment node
import { describe, expect, it } from "vitest";
import { KeyObject, constants, privateDecrypt } from "node:crypto";
import { type Hex, bytesToHex, fromBase64Url, hexToBytes, plain } from "./bytes";
import { blindToken, finishToken, tokenKey, windowAt } from "./tokens";

const SPACE = { chainId: 20260, allowances: "0x00000000000000000000000000000000000a110a" } as const;
const ADDRESS = "0x00000000000000000000000000000000000000aa";
const ALGORITHM = { name: "RSA-PSS", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };

async function authority() {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const { n } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const modulus = bytesToHex(fromBase64Url(n as string));
  // RSASP1 is RSADP by another name (RFC 8017, section 5.2.1), here OpenSSL's.
  const key = { key: KeyObject.from(pair.privateKey), padding: constants.RSA_NO_PADDING };
  return { modulus, pair, sign: async (blinded: Hex) => new Uint8Array(privateDecrypt(key, hexToBytes(blinded))) };
}

describe("a token", () => {
  it("is a plain RSASSA-PSS signature over nonce, chain, contract, window and holder", async () => {
    const { modulus, pair, sign } = await authority();
    const key = await tokenKey(modulus);
    const waiting = await blindToken(key, SPACE, 20717, ADDRESS);
    const token = await finishToken(key, SPACE, waiting, await sign(waiting.blinded));
    const word = (digits: string) => digits.padStart(64, "0");
    const message: Hex = `${token.nonce}${word((20260).toString(16))}${word(SPACE.allowances.slice(2))}${word((20717).toString(16))}${word(ADDRESS.slice(2))}`;
    const verify = async (text: Hex) => await crypto.subtle.verify({ name: "RSA-PSS", saltLength: 32 }, pair.publicKey, plain(hexToBytes(token.signature)), plain(hexToBytes(text)));
    expect(await verify(message)).toBe(true);
    expect(await verify(`${message.slice(0, -1)}b` as Hex)).toBe(false);
    expect([token.window, token.address]).toEqual([20717, ADDRESS]);
  });

  it("is blinded anew each time, and refused when the signature is another's", async () => {
    const [one, other] = [await authority(), await authority()];
    const key = await tokenKey(one.modulus);
    const [a, b] = [await blindToken(key, SPACE, 1, ADDRESS), await blindToken(key, SPACE, 1, ADDRESS)];
    expect(new Set([a.blinded, b.blinded]).size).toBe(2);
    expect(new Set([a.nonce, b.nonce]).size).toBe(2);
    await expect(finishToken(key, SPACE, a, await one.sign(b.blinded))).rejects.toThrow();
    await expect(finishToken(key, SPACE, a, await other.sign(a.blinded).catch(() => new Uint8Array(256)))).rejects.toThrow();
    await expect(finishToken(key, SPACE, a, new Uint8Array(255))).rejects.toThrow();
  });

  it("is of a day that begins at midnight in Beijing", () => {
    // TZ=Asia/Shanghai date -d '2026-11-23 00:00' +%s
    expect(windowAt(1_795_363_200_000) - windowAt(1_795_363_199_999)).toBe(1);
    expect(windowAt(1_790_000_000_000)).toBe(20_717);
  });
});
