import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { bench, describe } from "vitest";
import { NetworkKey, verifyReceiptProof, verifyStateProof } from "./index";

const golden = JSON.parse(readFileSync(resolve(__dirname, "../../../crates/types/tests/golden/proofs.json"), "utf8"));
const network = golden.networks[1];

/* A key that was just read knows no certificate yet, so each run checks a signature. */
describe("one verification", () => {
  bench("certificate, headers, transaction and receipt", () => {
    verifyReceiptProof(network.receipts[1], NetworkKey.parse(network.publicKey));
  });
  bench("certificate, header, account and three slots", () => {
    verifyStateProof(network.state, NetworkKey.parse(network.publicKey));
  });
});
