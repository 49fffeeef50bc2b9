// Keeps `.size-snapshot`, the bytes of deployed code of each contract, which is reviewed like code: `npm run snapshot`.
// With `--check` it writes nothing, and fails if a size changed or is over the limit of EIP-170.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CONTRACTS, deployedBytes } from "./artifacts.mjs";

const CODE_MAX_BYTES = 24_576;

const path = join(dirname(fileURLToPath(import.meta.url)), "../.size-snapshot");
const sizes = CONTRACTS.map((name) => [name, deployedBytes(name)]);
const snapshot = sizes.map(([name, bytes]) => `${name}: ${bytes}\n`).join("");

for (const [name, bytes] of sizes) {
  if (bytes <= CODE_MAX_BYTES) continue;
  console.error(`${name} has ${bytes} bytes of code; the limit is ${CODE_MAX_BYTES}`);
  process.exitCode = 1;
}
if (!process.argv.includes("--check")) {
  writeFileSync(path, snapshot);
  console.log(snapshot.trimEnd());
} else if (readFileSync(path, "utf8") === snapshot) {
  console.log("sizes match .size-snapshot");
} else {
  console.error(`sizes differ from .size-snapshot; now:\n${snapshot}what to do: npm run snapshot, review, commit`);
  process.exitCode = 1;
}
