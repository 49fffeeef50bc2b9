// The fixture project with an OpenZeppelin token, in a folder of its own with the packages that it needs.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hex } from "viem";
import { CONTRACTS, foundry } from "./paths";
import { runOk } from "./run";

const COMPILE_WAIT_MS = 240_000;

export class ForgeProject {
  private constructor(readonly folder: string) {}

  static create(): ForgeProject {
    const folder = mkdtempSync(join(tmpdir(), "zhengtong-forge-"));
    cpSync(join(import.meta.dirname, "../fixtures/forge"), folder, { recursive: true });
    symlinkSync(join(CONTRACTS, "node_modules"), join(folder, "node_modules"));
    return new ForgeProject(folder);
  }

  forge(...args: string[]): Promise<string> {
    const env = { FOUNDRY_SOLC: join(CONTRACTS, "scripts/solc.mjs") };
    return runOk(foundry("forge"), args, { cwd: this.folder, env, waitMs: COMPILE_WAIT_MS });
  }

  async token(): Promise<{ abi: string; bytecode: Hex }> {
    await this.forge("build");
    const { abi, bytecode } = JSON.parse(readFileSync(join(this.folder, "out/Token.sol/Token.json"), "utf8")) as { abi: unknown; bytecode: { object: Hex } };
    return { abi: JSON.stringify(abi), bytecode: bytecode.object };
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
