// A network of validators as processes, made by `zhengtong network local` and started by `zhengtong node`.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY, ROOT, outputFolder, requireFile } from "./paths";
import { rpc } from "./rpc";
import { until } from "./wait";

/** A ceremony and four starts of a debug build on a loaded machine take their time. */
const WAIT_MS = 600_000;
const TRIES = 50;

export class Network {
  readonly #nodes: (ChildProcess | null)[];

  private constructor(
    readonly folder: string,
    readonly size: number,
    readonly firstRpc: number,
  ) {
    this.#nodes = Array.from({ length: size }, () => null);
  }

  /** Keys, plan and ceremony of `size` validators, and all of them running. */
  static async start(size: number): Promise<Network> {
    requireFile(BINARY, "run `cargo build -p zhengtong`");
    const folder = mkdtempSync(join(tmpdir(), "zhengtong-network-"));
    const [firstPort, firstRpc] = [await freeRange(size), await freeRange(size)];
    const child = spawn(BINARY, ["network", "local", "-n", `${size}`, "--folder", folder, "--first-port", `${firstPort}`, "--first-rpc", `${firstRpc}`], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`the network was not made (${code})`);
    const network = new Network(folder, size, firstRpc);
    await Promise.all(Array.from({ length: size }, (_, index) => network.run(index)));
    return network;
  }

  url(index: number): string {
    return `http://127.0.0.1:${this.firstRpc + index}`;
  }

  get urls(): string[] {
    return Array.from({ length: this.size }, (_, index) => this.url(index));
  }

  /** Starts one validator and waits until it serves. */
  async run(index: number): Promise<void> {
    const config = join(this.folder, `validator-${index}`, "node.toml");
    const child = spawn(BINARY, ["node", "--config", config], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const log = createWriteStream(join(outputFolder("logs"), `validator-${index}.log`), { flags: "a" });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    this.#nodes[index] = child;
    await until(`validator ${index} serves`, async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return await rpc<string>(this.url(index), "eth_blockNumber");
    }, WAIT_MS);
  }

  /** `kill -9`. */
  async kill(index: number): Promise<void> {
    const child = this.#nodes[index];
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#nodes.map((_, index) => this.kill(index)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The first of `size` neighbouring ports that are free now. */
async function freeRange(size: number): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 20_000);
    const held = await Promise.all(Array.from({ length: size }, (_, index) => hold(first + index)));
    await Promise.all(held.map((server) => server && new Promise((resolve) => server.close(resolve))));
    if (held.every((server) => server !== null)) return first;
  }
  throw new Error(`no ${size} neighbouring free ports in ${TRIES} tries`);
}

async function hold(port: number) {
  const server = createServer();
  return await new Promise<typeof server | null>((resolve) => {
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
