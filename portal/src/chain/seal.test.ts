// @vitest-environment node
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { recoverMessageAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import type { Hex } from "../ports";
import { bytesToHex, fromBase64Url, hexToBytes, jcs, plain } from "../wallet/bytes";
import vectors from "../wallet/vectors.json";
import { requestText } from "./gateway-http";
import { type LinkContent, linkText, sealLink } from "./seal";

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const encode = (text: string) => plain(new TextEncoder().encode(text)).buffer;
const buffer = (hex: string) => plain(hexToBytes(`0x${hex}`)).buffer;
const content = vectors.link.rest as unknown as LinkContent;
const caseKey = vectors.wallets[0]?.cases[0]?.privateKey as Hex;

describe("HPKE", () => {
  it("agrees with RFC 9180, A.1: DHKEM(X25519, HKDF-SHA256)", async () => {
    // Base mode, from the RFC: the recipient's key and the sender's ephemeral key derived from their input key material.
    const kem = new DhkemX25519HkdfSha256();
    const recipient = await kem.deriveKeyPair(buffer("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037"));
    expect(bytesToHex(new Uint8Array(await kem.serializePublicKey(recipient.publicKey)))).toBe("0x3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d");
    const ephemeral = await kem.deriveKeyPair(buffer("7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234"));
    const { enc, sharedSecret } = await kem.encap({ recipientPublicKey: recipient.publicKey, ekm: ephemeral });
    expect(bytesToHex(new Uint8Array(enc))).toBe("0x37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431");
    expect(bytesToHex(new Uint8Array(sharedSecret))).toBe("0xfe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc");
  });
});

describe("a link", () => {
  it("is opened by its organisation alone, for its case alone", async () => {
    const keys = await suite.kem.generateKeyPair();
    const publicKey = bytesToHex(new Uint8Array(await suite.kem.serializePublicKey(keys.publicKey)));
    const sealed = fromBase64Url(await sealLink(publicKey, content, vectors.link.applicantSignature as Hex));
    const open = async (privateKey: CryptoKey, caseId: string, info = "zhengtong/link/v1") => {
      const recipient = await suite.createRecipientContext({ recipientKey: privateKey, enc: sealed.slice(0, 32).buffer, info: encode(info) });
      return new TextDecoder().decode(await recipient.open(sealed.slice(32).buffer, buffer(caseId.slice(2))));
    };
    expect(await open(keys.privateKey, content.caseId)).toBe(jcs({ ...vectors.link.rest, applicantSignature: vectors.link.applicantSignature }));
    await expect(open((await suite.kem.generateKeyPair()).privateKey, content.caseId)).rejects.toThrow();
    await expect(open(keys.privateKey, `0x${"00".repeat(32)}`)).rejects.toThrow();
    await expect(open(keys.privateKey, content.caseId, "zhengtong/link/v2")).rejects.toThrow();
  });

  it("is signed by the case key over a text that names case and organisation", async () => {
    expect(linkText(vectors.link.provider, content)).toBe(vectors.link.signedText);
    const signature = await privateKeyToAccount(caseKey).signMessage({ message: vectors.link.signedText });
    expect(signature).toBe(vectors.link.applicantSignature);
    expect((await recoverMessageAddress({ message: vectors.link.signedText, signature })).toLowerCase()).toBe(vectors.wallets[0]?.cases[0]?.address);
  });

  it("has a bound", async () => {
    const keys = await suite.kem.generateKeyPair();
    const publicKey = bytesToHex(new Uint8Array(await suite.kem.serializePublicKey(keys.publicKey)));
    await expect(sealLink(publicKey, { ...content, form: { text: "长".repeat(30_000) } }, "0x")).rejects.toThrow(/65536/);
  });
});

describe("a resident's request", () => {
  it("is signed over method, path, time and body", async () => {
    const { method, path, timeMs, body, signedText, signature } = vectors.request;
    expect(requestText({ method: method as "POST", path, body: JSON.parse(body) as unknown }, timeMs)).toBe(signedText);
    expect(await privateKeyToAccount(caseKey).signMessage({ message: signedText })).toBe(signature);
  });
});
