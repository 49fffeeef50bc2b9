// Runs in the browser: the portal's own verifier, timed. A key that was just read knows no certificate yet, so each run
// checks a signature.
import { verifyBundle } from "../src/check/bundle";
import type { Hex, Json } from "../src/ports";
import { NetworkKey, verifyReceiptProof, verifyStateProof } from "../src/verify";

export interface PageTimes {
  /** The first receipt proof after the code was loaded. */
  readonly firstMs: number;
  readonly receiptMs: number[];
  readonly stateMs: number[];
  readonly caseMs: number[];
  readonly receipts: number;
}

interface Bundle {
  readonly receipts: readonly unknown[];
  readonly state: unknown;
}

async function measure(json: unknown, publicKey: Hex, runs: number): Promise<PageTimes> {
  const { receipts, state } = json as Bundle;
  const timed = async (work: () => { ok: boolean } | Promise<{ ok: boolean }>): Promise<number> => {
    const started = performance.now();
    const { ok } = await work();
    const tookMs = performance.now() - started;
    if (!ok) throw new Error("a proof that should hold does not");
    return tookMs;
  };
  const receipt = () => timed(() => verifyReceiptProof(receipts[0], NetworkKey.parse(publicKey)));
  const firstMs = await receipt();
  const [receiptMs, stateMs, caseMs]: number[][] = [[], [], []];
  for (let run = 0; run < runs; run++) {
    receiptMs?.push(await receipt());
    stateMs?.push(await timed(() => verifyStateProof(state, NetworkKey.parse(publicKey))));
    caseMs?.push(await timed(() => verifyBundle(json as Json, publicKey)));
  }
  return { firstMs, receiptMs: receiptMs ?? [], stateMs: stateMs ?? [], caseMs: caseMs ?? [], receipts: receipts.length };
}

Object.assign(globalThis, { zhengtongBench: { measure } });
