// @vitest-environment node
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keccak256, pad, stringToBytes, toHex } from "viem";
import { Anvil, artifact, publishService } from "../chain/anvil";
import type { ProveSlots } from "../chain/uses";
import type { Hex, Json } from "../ports";
import { CONTRACTS } from "./contracts";
import { latestVersionSlot, packageHash, packageHashSlot, verifyPackage } from "./package";

const SERVICE = "old-age-allowance";
const FILES: Json = { "item.json": { slug: SERVICE, title: "津贴", amount: 75 }, "texts/en.json": { b: "2", a: "1" } };

/** A chain with these hashes, by version from 1. */
const chainWith = (...hashes: Hex[]): ProveSlots => async (_, slots) =>
  slots.map((slot) => {
    const version = hashes.findIndex((_, index) => packageHashSlot(SERVICE, index + 1) === slot);
    if (slot === latestVersionSlot(SERVICE)) return hashes.length === 0 ? null : pad(toHex(hashes.length));
    return hashes[version] ?? null;
  });

describe("the package of a service", () => {
  let anvil: Anvil;
  beforeAll(async () => {
    anvil = await Anvil.start();
    await publishService(anvil);
  }, 60_000);
  afterAll(() => anvil.stop());

  it("is named where the contract keeps it", async () => {
    const client = anvil.client();
    const address = CONTRACTS.services;
    const { abi } = artifact("Services");
    const id = `0x${Buffer.from(SERVICE).toString("hex").padEnd(64, "0")}`;
    const [version, service] = (await client.readContract({ address, abi, functionName: "latest", args: [id] })) as [number, { packageHash: Hex }];
    expect(await client.getStorageAt({ address, slot: packageHashSlot(SERVICE, version) })).toBe(service.packageHash);
    expect(Number(await client.getStorageAt({ address, slot: latestVersionSlot(SERVICE) }))).toBe(version);
  });

  it("hashes as canonical JSON, in whatever order it comes", () => {
    const canonical = `{"item.json":{"amount":75,"slug":"old-age-allowance","title":"津贴"},"texts/en.json":{"a":"1","b":"2"}}`;
    expect(packageHash(FILES)).toBe(keccak256(stringToBytes(canonical)));
  });

  it("is the one of the case's version, or the latest", async () => {
    const own = packageHash(FILES);
    const other = keccak256("0x01");
    expect(await verifyPackage(chainWith(own), SERVICE, 1, FILES)).toMatchObject({ kind: "package", ok: true });
    expect(await verifyPackage(chainWith(other, own), SERVICE, 1, FILES)).toMatchObject({ ok: true });
    expect(await verifyPackage(chainWith(own, other), SERVICE, 2, FILES)).toMatchObject({ ok: false });
    expect(await verifyPackage(chainWith(), SERVICE, 1, FILES)).toMatchObject({ ok: false, detail: "version 1 was never published" });
  });

  it("is refused with one character changed, and when nothing can be proven", async () => {
    const prove = chainWith(packageHash(FILES));
    const changed = JSON.parse(JSON.stringify(FILES).replace("75", "76")) as Json;
    expect(await verifyPackage(prove, SERVICE, 1, changed)).toMatchObject({ ok: false, detail: expect.stringContaining("hashes to") });
    const failing: ProveSlots = () => Promise.reject(new Error("the proof of a storage slot is wrong: certificate"));
    expect(await verifyPackage(failing, SERVICE, 1, FILES)).toMatchObject({ ok: false, detail: "the proof of a storage slot is wrong: certificate" });
  });
});
