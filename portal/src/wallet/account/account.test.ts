import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import { base64Url, bytesToHex, concatBytes, hexToBytes, stringToBytes } from "../bytes";
import { emptyState } from "../state";
import { BACKUP_MAX_BYTES, BACKUP_STEP_BYTES, backedUp, openBackup, sealBackup, sealContent } from "./backup";
import { createDeviceKeys, signWithDevice, signersOf } from "./device";
import { encodeAssertion } from "./passkey";
import { newReceiver } from "../hpke";
import { joinKey, openShare, splitKey } from "./shares";
import { inOrder, recoveryDigest, signerId, vetoDigest } from "./signers";

const ACCOUNT = `0x${"ab".repeat(32)}` as const;
const KEY = `0x${"07".repeat(32)}` as const;
const SPACE = { chainId: 20260, accounts: "0x2a6DB74048345C4fF7aF5F8F1aABBcd94091Ac93" } as const;
const STATE = emptyState(`0x${"11".repeat(32)}`, "w", true);

test("a backup opens with its key alone, has whole steps, and shows nothing of what is in it", async () => {
  const sealed = await sealBackup(KEY, ACCOUNT, 7, STATE);
  expect(sealed.length).toBe(BACKUP_STEP_BYTES);
  expect(new TextDecoder("latin1").decode(sealed)).not.toContain("seed");
  expect(await openBackup(KEY, ACCOUNT, sealed)).toEqual({ version: 7, state: STATE });
  // Saved before contents said their version.
  expect(await openBackup(KEY, ACCOUNT, await sealContent(KEY, ACCOUNT, STATE))).toEqual({ version: 0, state: STATE });
  await expect(openBackup(`0x${"08".repeat(32)}`, ACCOUNT, sealed)).rejects.toMatchObject({ reason: "backup-damaged" });
  await expect(openBackup(KEY, `0x${"ac".repeat(32)}`, sealed)).rejects.toMatchObject({ reason: "backup-damaged" });
  sealed[40] = (sealed[40] ?? 0) ^ 1;
  await expect(openBackup(KEY, ACCOUNT, sealed)).rejects.toMatchObject({ reason: "backup-damaged" });
});

test("a wallet that is too large loses what agencies hand out again, and then is refused", async () => {
  const noise = (bytes: number): string => base64Url(Uint8Array.from({ length: bytes }, () => Math.floor(Math.random() * 256)));
  const own = { index: 0, id: ACCOUNT, address: ACCOUNT, service: "s", version: 1, form: {}, salt: ACCOUNT, createdAtMs: 0, openedTx: null, linkedAtMs: {}, consents: {}, credential: noise(BACKUP_MAX_BYTES) };
  const back = await openBackup(KEY, ACCOUNT, await sealBackup(KEY, ACCOUNT, 1, await backedUp({ ...STATE, cases: [own] })));
  expect(back.state.cases).toEqual([{ ...own, credential: null }]);
  await expect(sealBackup(KEY, ACCOUNT, 1, await backedUp({ ...STATE, words: noise(BACKUP_MAX_BYTES) }))).rejects.toMatchObject({ reason: "backup-size" });
});

test("answers to requests go before a wallet is refused, and their words with them; what the agency may not have stays", async () => {
  const noise = base64Url(crypto.getRandomValues(new Uint8Array(BACKUP_MAX_BYTES / 2)));
  const answer = { granted: true, reason: noise, role: "", officer: "", answeredMs: 0, deletion: null, signature: "0x" } as const;
  const open = { id: "a", organisation: "health", index: 0, kind: "copy", text: "words", about: null, sentMs: 0, receipt: null, state: null } as const;
  const answered = { ...open, id: "b", index: 1, text: noise, answer };
  const back = await openBackup(KEY, ACCOUNT, await sealBackup(KEY, ACCOUNT, 1, await backedUp({ ...STATE, requests: [open, answered] })));
  const { answer: _, ...without } = answered;
  expect(back.state.requests).toEqual([open, { ...without, text: null }]);
});

test("any two of three shares give the key, one does not", async () => {
  const [a = "", b = "", c = ""] = await splitKey(KEY);
  for (const two of [[a, b], [b, c], [c, a], [c, b]]) expect(await joinKey(two)).toBe(KEY);
  await expect(joinKey([a])).rejects.toMatchObject({ reason: "backup-damaged" });
  expect(new Set([a, b, c]).size).toBe(3);
});

test("a share that was sealed to another device does not open", async () => {
  const receiver = await newReceiver();
  expect(receiver.public).toHaveLength(66);
  await expect(openShare(receiver.secret, ACCOUNT, base64Url(new Uint8Array(80)))).rejects.toMatchObject({ reason: "backup-damaged" });
});

test("a device's key cannot be read out, and its signatures have the lower s", async () => {
  const keys = await createDeviceKeys(null);
  expect(keys.signer.weight).toBe(2);
  await expect(crypto.subtle.exportKey("pkcs8", keys.pair.privateKey)).rejects.toThrow();
  const digest = vetoDigest(SPACE, ACCOUNT, 1n);
  const proof = await signWithDevice(keys, digest);
  expect(proof.signer).toBe(signerId(keys.signer));
  const signature = hexToBytes(proof.signature);
  expect(BigInt(bytesToHex(signature.slice(32)))).toBeLessThanOrEqual(p256.Point.Fn.ORDER / 2n);
  const point = concatBytes([new Uint8Array([4]), hexToBytes(keys.signer.x), hexToBytes(keys.signer.y)]);
  expect(p256.verify(signature, hexToBytes(digest), point)).toBe(true);
  expect(recoveryDigest(SPACE, ACCOUNT, 1n, signersOf(keys), ACCOUNT)).not.toBe(recoveryDigest(SPACE, ACCOUNT, 2n, signersOf(keys), ACCOUNT));
  expect(inOrder([{ signer: "0x02", signature: "0x" }, { signer: "0x01", signature: "0x" }]).map((one) => one.signer)).toEqual(["0x01", "0x02"]);
});

test("an assertion says where type and challenge stand", () => {
  const secret = p256.utils.randomSecretKey();
  const clientData = '{"type":"webauthn.get","challenge":"AAAA","origin":"https://portal.example"}';
  const data = new Uint8Array(37);
  const message = concatBytes([data, sha256(stringToBytes(clientData))]);
  const encoded = encodeAssertion(p256.sign(message, secret, { format: "der" }), data, clientData);
  const words = encoded.slice(2).match(/.{64}/g) ?? [];
  expect([Number(`0x${words[2]}`), Number(`0x${words[3]}`)]).toEqual([23, 1]);
});
