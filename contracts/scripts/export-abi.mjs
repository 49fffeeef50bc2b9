// Writes the ABI and code of every contract to crates/bindings/abi: `npm run export`.
// With `--check` it writes nothing, and fails if what is there is not what a fresh build gives: `npm run check-abi`.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CONTRACTS, artifact } from "./artifacts.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../../crates/bindings/abi");
const isCheck = process.argv.includes("--check");

function compiled(name) {
  return JSON.stringify(artifact(name), null, 1) + "\n";
}

function committed(name) {
  try {
    return readFileSync(join(target, `${name}.json`), "utf8");
  } catch {
    return null;
  }
}

const stale = CONTRACTS.filter((name) => committed(name) !== compiled(name));
if (isCheck) {
  const stray = readdirSync(target).filter((file) => !CONTRACTS.includes(file.replace(/\.json$/, "")));
  if (stale.length || stray.length) {
    console.error(`crates/bindings/abi differs from the contracts: ${[...stale, ...stray].join(", ")}`);
    console.error("what to do: npm run export, review the difference, commit it");
    process.exitCode = 1;
  } else {
    console.log(`the bindings' ABIs match the ${CONTRACTS.length} contracts`);
  }
} else {
  mkdirSync(target, { recursive: true });
  for (const name of stale) writeFileSync(join(target, `${name}.json`), compiled(name));
  console.log(stale.length ? `wrote ${stale.join(", ")}` : "nothing changed");
}
