// A machine that is never connected: `zhengtong wallet` itself, with a folder of its own. Only files come and go.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hex } from "viem";
import { BINARY } from "./paths";
import { runOk } from "./run";

/** BIP-39's words of zeros, which everybody knows. */
const WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
/** Opening a key's file takes its time on purpose, and a debug build makes it longer. */
const WAIT_MS = 180_000;

export class Cold {
  private constructor(
    readonly folder: string,
    readonly address: Hex,
    /** what it exports */
    readonly account: string,
  ) {}

  static async make(folder: string): Promise<Cold> {
    mkdirSync(folder);
    const at = (name: string) => join(folder, name);
    writeFileSync(at("passphrase"), "correct horse battery\n", { mode: 0o600 });
    const open = ["--passphrase-file", at("passphrase")];
    await fed(["wallet", "restore", "--out", at("wallet.json"), ...open], WORDS);
    const wallet = ["--wallet", at("wallet.json"), ...open];
    await runOk(BINARY, ["wallet", "export", "--name", "Desk 3", "--out", at("account.ur"), ...wallet], { waitMs: WAIT_MS });
    const address = (await runOk(BINARY, ["wallet", "address", ...wallet], { waitMs: WAIT_MS })).trim() as Hex;
    return new Cold(folder, address, readFileSync(at("account.ur"), "utf8"));
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** Shows what the request wants signed, says yes, and writes `out`; answers what was shown. */
  async sign(request: string, out: string, chainId: number, behind?: string): Promise<string> {
    const given = behind === undefined ? [] : ["--with", this.at(behind)];
    const args = ["wallet", "sign", this.at(request), ...given, "--chain-id", `${chainId}`, "--out", this.at(out), "--wallet", this.at("wallet.json"), "--passphrase-file", this.at("passphrase")];
    return await fed(args, "yes\n");
  }
}

/** Runs to the end with something on its standard input. */
async function fed(args: readonly string[], input: string): Promise<string> {
  const child = spawn(BINARY, args, { stdio: ["pipe", "pipe", "pipe"], timeout: WAIT_MS, env: { ...process.env, NO_COLOR: "1" } });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`zhengtong ${args.slice(0, 2).join(" ")} ended with ${code}:\n${said}`);
  return said;
}
