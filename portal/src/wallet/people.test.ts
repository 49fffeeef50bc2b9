// @vitest-environment node
import { describe, expect, it } from "vitest";
import { hexToBytes } from "./bytes";
import { peopleSecret } from "./derive";
import { commitmentOf } from "./people";
import vectors from "./vectors.json";

/** The order of BN254's scalar field. */
const FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

describe("a place in the register of people", () => {
  it("has its secret from the seed, as HKDF of another implementation (Python's hmac) has it", () => {
    const seed = hexToBytes(vectors.wallets[0]?.seed as `0x${string}`);
    expect(peopleSecret(seed, 0)).toBe("0x03043ecc80664eaf544ed8a8a06b92e20e513a7bc938d663868cbf111aae55dc");
    expect(peopleSecret(seed, 1)).toBe("0x85c4415c95029ceb9587773c58e61ee61a853ce27b871d08264949ae23b6c4ff");
    expect(() => peopleSecret(seed, -1)).toThrow(RangeError);
  });

  it("has a commitment below the order of the field that the contract computes in, the same for the same secret", async () => {
    const [secret, other] = [`0x${"07".repeat(32)}`, `0x${"08".repeat(32)}`] as const;
    const commitment = await commitmentOf(secret);
    expect(commitment).toMatch(/^0x[0-9a-f]{64}$/);
    expect(BigInt(commitment) < FIELD).toBe(true);
    expect(await commitmentOf(secret)).toBe(commitment);
    expect(await commitmentOf(other)).not.toBe(commitment);
  });
});
