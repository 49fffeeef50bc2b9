// Where things are, and what the environment may change.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");
export const CONTRACTS = join(ROOT, "contracts");
/** The binary under test: `ZHENGTONG_BIN`, or the debug build. */
export const BINARY = process.env["ZHENGTONG_BIN"] ?? join(ROOT, "target/debug/zhengtong");
/** Logs, screenshots, data folders of failed runs. */
export const OUTPUT = join(ROOT, "test-output/e2e");

export function outputFolder(...parts: string[]): string {
  const path = join(OUTPUT, ...parts);
  mkdirSync(path, { recursive: true });
  return path;
}

export function requireFile(path: string, how: string): string {
  if (!existsSync(path)) throw new Error(`${path} is missing; ${how}`);
  return path;
}

/** A tool of the contracts' packages: `anvil`, `cast`, `forge`. */
export function foundry(tool: "anvil" | "cast" | "forge"): string {
  return requireFile(join(CONTRACTS, "node_modules/.bin", tool), "run `npm ci` in contracts/");
}
