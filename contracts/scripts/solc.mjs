#!/usr/bin/env node
// Lets forge use npm's solc: it asks for `--version` and for `--standard-json` from stdin. Other arguments do not matter
// here, since forge sends every source inside the JSON.
import { createRequire } from "node:module";
import { readFileSync, writeSync } from "node:fs";

const MAX_INPUT_BYTES = 64 * 1024 * 1024;

function print(text) {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const solc = createRequire(import.meta.url)("solc");
if (process.argv.includes("--version")) {
  print(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (process.argv.includes("--standard-json")) {
  const input = readFileSync(0, "utf8");
  if (input.length > MAX_INPUT_BYTES) throw new Error(`input of ${input.length} bytes; the limit is ${MAX_INPUT_BYTES}`);
  print(solc.compile(input));
} else {
  process.stderr.write("usage: solc.mjs --version | --standard-json < input.json\n");
  process.exitCode = 2;
}
