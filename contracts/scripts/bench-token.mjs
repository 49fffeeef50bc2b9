// Compiles bench/Token.sol into the bytecode that `zhengtong bench` deploys: node scripts/bench-token.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const solc = require("solc");
const root = new URL("..", import.meta.url);
const input = {
  language: "Solidity",
  sources: { "bench/Token.sol": { content: readFileSync(new URL("bench/Token.sol", root), "utf8") } },
  settings: { optimizer: { enabled: true, runs: 200 }, outputSelection: { "*": { "*": ["evm.bytecode.object"] } } },
};
const find = (path) => ({ contents: readFileSync(new URL(`node_modules/${path}`, root), "utf8") });
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
if (!output.contracts) throw new Error(JSON.stringify(output.errors, null, 2));
writeFileSync(new URL("../zhengtong/src/bench/token.hex", root), output.contracts["bench/Token.sol"].Token.evm.bytecode.object + "\n");
