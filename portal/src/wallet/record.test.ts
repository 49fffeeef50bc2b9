import { describe, expect, it } from "vitest";
import type { Hex } from "./bytes";
import { openRecord, sealRecord } from "./record";
import vectors from "./vectors.json";

const { useSecret, n, record, ciphertext } = vectors.record;
const secret = useSecret as Hex;
const sealed = ciphertext as Hex;

describe("use record", () => {
  it("has the bytes of the vector: 528 of them", async () => {
    expect(await sealRecord(secret, n, { ...record, v: 1 })).toBe(ciphertext);
    expect((ciphertext.length - 2) / 2).toBe(528);
    expect(await openRecord(secret, n, sealed)).toEqual(record);
  });

  it("opens with no other secret, number or bytes", async () => {
    const changed = `${sealed.slice(0, -2)}${sealed.endsWith("00") ? "01" : "00"}` as Hex;
    const undecryptable = expect.objectContaining({ code: "record-undecryptable" });
    await expect(openRecord(secret, n + 1, sealed)).rejects.toEqual(undecryptable);
    await expect(openRecord(`0x${"00".repeat(32)}`, n, sealed)).rejects.toEqual(undecryptable);
    await expect(openRecord(secret, n, changed)).rejects.toEqual(undecryptable);
    await expect(openRecord(secret, n, "0x")).rejects.toEqual(undecryptable);
  });

  it("says when the content is no record, or too long for one", async () => {
    const wrong = { ...record, v: 1 as const, at: "yesterday" as unknown as number };
    await expect(openRecord(secret, 3, await sealRecord(secret, 3, wrong))).rejects.toEqual(expect.objectContaining({ code: "record-malformed" }));
    await expect(sealRecord(secret, 3, { ...record, v: 1, purpose: "长".repeat(200) })).rejects.toEqual(expect.objectContaining({ code: "record-too-long" }));
  });
});
