import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { NetworkKey, provenEvent, verifyReceiptProof, verifyStateProof, type Checked, type Step } from "./index";
import { fromHex, toHex, type Hex } from "./bytes";
import { verifyEntry } from "./state";
import { readEntry } from "./wire";

/* The proofs that crates/types makes and checks; what Rust believes is believed here, and the other way round. */
interface Golden {
  // The wire format is what is tested, so nothing is said about it here.
  networks: any[];
  databases: any[];
}
const golden: Golden = JSON.parse(readFileSync(resolve(__dirname, "../../../crates/types/tests/golden/proofs.json"), "utf8"));
const CONTRACT: Hex = "0x00000000000000000000000000000000000c0de0";
const EVENT: Hex = `0x${"e7".repeat(32)}`;
const clone = <T>(value: T): T => structuredClone(value);
const failed = (checked: Checked<unknown>): Step | null => checked.steps.find((step) => !step.ok)?.step ?? null;
const word = (last: number): Hex => `0x${last.toString(16).padStart(64, "0")}`;

describe.each(golden.networks)("a network of $validators", (network) => {
  const key = NetworkKey.parse(network.publicKey);

  it.each(network.receipts as any[])("proves the receipt of transaction $transactionIndex", (proof) => {
    const checked = verifyReceiptProof(proof, key);
    expect(checked.steps.map(({ step, ok }) => [step, ok])).toEqual([
      ["certificate", true],
      ["headers", true],
      ["transaction", true],
      ["receipt", true],
    ]);
    const receipt = checked.value!;
    expect(receipt.header.number).toBe(7);
    expect(receipt.header.timestampMs).toBe(1_790_000_007_250);
    expect(receipt.succeeded).toBe(proof.transactionIndex % 5 !== 0);
    expect(provenEvent(receipt, CONTRACT, [EVENT, word(proof.transactionIndex)]).data).toBe(`0x${"da".repeat(40)}`);
    expect(() => provenEvent(receipt, CONTRACT, [word(0)])).toThrow("absent");
  });

  it("proves an account, a slot, and the absence of two", () => {
    const checked = verifyStateProof(network.state, key);
    expect(checked.ok).toBe(true);
    const { account, slots, header } = checked.value!;
    expect([account.exists, account.nonce, account.balance, header.number]).toEqual([true, 2n, 1_000_002n, 9]);
    expect([...slots]).toEqual([
      [word(1), `0x${"33".repeat(32)}`],
      [word(2), null],
      [word(3), null],
    ]);
  });

});

describe("state databases of every shape", () => {
  it.each(golden.databases)("$accounts accounts after $blocks blocks", ({ root, entries }) => {
    for (const json of entries) {
      const entry = readEntry("account", json);
      expect(toHex(verifyEntry("account", root, entry.key, entry) ?? new Uint8Array())).toBe(json.value ?? "0x");
      const other: Hex = `0x${"01".repeat(32)}`;
      expect(() => verifyEntry("account", other, entry.key, entry)).toThrow("(proof)");
    }
  });
});

/** Bytes of one value that are changed, evenly spread; crates/types changes every one. */
const SAMPLE = 40;
const SLOW_MS = 60_000;

describe("forgeries", () => {
  const [, network] = golden.networks;
  const key = NetworkKey.parse(network.publicKey);
  const receipt = network.receipts[1];

  /** Changes bytes of a hexadecimal text, at most `most` of them, evenly spread. */
  function* flips(text: Hex, most = SAMPLE): Generator<Hex> {
    const bytes = fromHex(text);
    const stride = Math.max(1, Math.ceil(bytes.length / most));
    for (let at = 0; at < bytes.length; at += stride) {
      for (const flip of [0x01, 0x80]) {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] as number) ^ flip;
        yield toHex(changed);
      }
    }
  }

  const forge = (original: any, path: readonly (string | number)[], value: unknown) => {
    const forged = clone(original);
    let target = forged;
    for (const part of path.slice(0, -1)) target = target[part];
    target[path[path.length - 1] as string] = value;
    return forged;
  };
  const at = (original: any, path: readonly (string | number)[]) => path.reduce((value, part) => value[part], original);

  it.each<[Step, (string | number)[], number]>([
    ["certificate", ["finality", "certificate"], 200],
    ["headers", ["finality", "headers", 0], SAMPLE],
    ["headers", ["finality", "headers", 1], SAMPLE],
    ["headers", ["finality", "headers", 2], SAMPLE],
    ["transaction", ["transaction"], SAMPLE],
    ["transaction", ["transactionProof", 0], SAMPLE],
    ["receipt", ["receipt"], SAMPLE],
    ["receipt", ["proof", 0], SAMPLE],
    ["receipt", ["proof", 1], SAMPLE],
    ["receipt", ["proof", 2], SAMPLE],
  ])("a changed byte fails the step %s at %s", (step, path, most) => {
    if (at(receipt, path.slice(0, -1))[path[path.length - 1] as string] === undefined) return;
    for (const changed of flips(at(receipt, path), most)) {
      expect(failed(verifyReceiptProof(forge(receipt, path, changed), key))).toBe(step);
    }
  }, SLOW_MS);

  it.each<[Step, (string | number)[]]>([
    ["account", ["account", "proof", "data"]],
    ["account", ["account", "value"]],
    ["slot", ["slots", 0, "proof", "data"]],
    ["slot", ["slots", 0, "value"]],
    ["slot", ["slots", 1, "proof", "data"]],
    ["slot", ["slots", 2, "proof", "data"]],
  ])("a changed byte fails the step %s at %s", (step, path) => {
    for (const changed of flips(at(network.state, path))) {
      expect(failed(verifyStateProof(forge(network.state, path, changed), key))).toBe(step);
    }
  }, SLOW_MS);

  it("says what differed", () => {
    const forged = forge(receipt, ["finality", "headers", 2], receipt.finality.headers[1]);
    const step = verifyReceiptProof(forged, key).steps.at(-1)!;
    expect(step.failure).toMatchObject({ code: "mismatch", what: "a parent's hash" });
    expect(step.failure!.expected).toMatch(/^0x[0-9a-f]{64}$/);
    expect(step.failure!.found).not.toBe(step.failure!.expected);
  });

  it.each<[string, Step, (proof: any) => void]>([
    ["another index", "transaction", (proof) => (proof.transactionIndex = 4)],
    ["another block", "headers", (proof) => (proof.blockNumber = 8)],
    ["no header", "headers", (proof) => (proof.finality.headers = [])],
    ["a header left out", "headers", (proof) => proof.finality.headers.splice(1, 1)],
    ["the last header left out", "headers", (proof) => proof.finality.headers.pop()],
    ["a node too many", "receipt", (proof) => proof.proof.push(proof.proof[0])],
    ["a node left out", "receipt", (proof) => proof.proof.pop()],
    ["another transaction's receipt", "receipt", (proof) => Object.assign(proof, { receipt: network.receipts[2].receipt, proof: network.receipts[2].proof })],
    ["a certificate with a byte more", "certificate", (proof) => (proof.finality.certificate += "00")],
    ["no certificate", "certificate", (proof) => (proof.finality.certificate = "0x")],
    ["no finality", "certificate", (proof) => delete proof.finality],
    ["a certificate that is no text", "certificate", (proof) => (proof.finality.certificate = 7)],
    ["a fractional index", "transaction", (proof) => (proof.transactionIndex = 0.5)],
    ["too many headers", "headers", (proof) => (proof.finality.headers = Array(300).fill(proof.finality.headers[0]))],
  ])("%s", (_, step, change) => {
    const forged = clone(receipt);
    change(forged);
    expect(failed(verifyReceiptProof(forged, key))).toBe(step);
  });

  it("another network's key", () => {
    expect(failed(verifyReceiptProof(receipt, NetworkKey.parse(golden.networks[0].publicKey)))).toBe("certificate");
  });

  it.each([null, 7, "text", [], {}])("%j instead of a proof", (json) => {
    expect(failed(verifyReceiptProof(json, key))).toBe("certificate");
    expect(failed(verifyStateProof(json, key))).toBe("certificate");
  });

  it.each(["0x", "0x00", `0xc0${"00".repeat(95)}`, `0x${"ff".repeat(96)}`, 7])("%s instead of a key", (text) => {
    expect(() => NetworkKey.parse(text)).toThrow("malformed");
  });

  it.each<[string, (proof: any) => void]>([
    ["another address", (proof) => (proof.address = `0x${"11".repeat(20)}`)],
    ["an account without its value", (proof) => (proof.account.value = null)],
  ])("%s", (_, change) => {
    const forged = clone(network.state);
    change(forged);
    expect(failed(verifyStateProof(forged, key))).toBe("account");
  });

  it("slots that are exchanged", () => {
    const forged = clone(network.state);
    [forged.slots[0].slot, forged.slots[1].slot] = [forged.slots[1].slot, forged.slots[0].slot];
    expect(failed(verifyStateProof(forged, key))).toBe("slot");
  });
});
