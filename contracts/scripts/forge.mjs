// Runs forge and ends as it ended: the launcher in the npm package (1.7.1) always ends with 0, so a failed test would pass.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const ARCHITECTURES = { x64: "amd64", arm64: "arm64" };

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

function binary() {
  const name = `@foundry-rs/forge-${process.platform}-${ARCHITECTURES[process.arch]}/bin/forge`;
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return fail(`${name} is not installed; run \`npm ci\` in contracts/`);
  }
}

const { status, signal, error } = spawnSync(binary(), process.argv.slice(2), { stdio: "inherit" });
if (error) fail(error.message);
if (signal) fail(`forge was ended by ${signal}`);
process.exit(status);
