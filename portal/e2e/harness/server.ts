// The real binary in a data folder of its own: start, kill, start again.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY, ROOT, outputFolder, requireFile } from "./paths";

/** The first start makes ten thousand residents and the genesis; a debug build on a loaded machine takes its time. */
const READY_WAIT_MS = 240_000;
const STOP_WAIT_MS = 20_000;
const KEPT_LINES = 40;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

export interface ServerOptions {
  /** Name of the log file. */
  readonly name: string;
  readonly data?: string;
  readonly httpPort?: number;
  readonly rpcPort?: number;
  /** The validator and JSON-RPC alone. */
  readonly chainOnly?: boolean;
  /** The chain in memory for the tests of contracts. */
  readonly devtools?: boolean;
  /** JSON-RPC addresses of a network that runs already, instead of one of its own. */
  readonly join?: readonly string[];
  /** More arguments of `dev`. */
  readonly more?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly output: string;
}

export class Server {
  readonly data: string;
  readonly name: string;
  readonly #httpPort: number;
  readonly #rpcPort: number;
  readonly #chainOnly: boolean;
  readonly #devtools: boolean;
  readonly #join: readonly string[];
  readonly #more: readonly string[];
  #child: ChildProcess | null = null;
  #exited: Promise<Exit> | null = null;
  #lines: string[] = [];

  private constructor(name: string, data: string, httpPort: number, rpcPort: number, chainOnly: boolean, devtools: boolean, join: readonly string[], more: readonly string[]) {
    this.name = name;
    this.data = data;
    this.#httpPort = httpPort;
    this.#rpcPort = rpcPort;
    this.#chainOnly = chainOnly;
    this.#devtools = devtools;
    this.#join = join;
    this.#more = more;
  }

  static async prepare(options: ServerOptions): Promise<Server> {
    requireFile(BINARY, "run `cargo build -p zhengtong`");
    const data = options.data ?? mkdtempSync(join(tmpdir(), `zhengtong-${options.name}-`));
    return new Server(options.name, data, options.httpPort ?? (await freePort()), options.rpcPort ?? (await freePort()), options.chainOnly ?? false, options.devtools ?? false, options.join ?? [], options.more ?? []);
  }

  static async start(options: ServerOptions): Promise<Server> {
    const server = await Server.prepare(options);
    await server.start();
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#httpPort}`;
  }

  get rpcUrl(): string {
    // The portal's way, which asks the next node when one is gone.
    if (this.#join.length > 0) return `${this.origin}/rpc`;
    return `http://127.0.0.1:${this.#rpcPort}`;
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.#rpcPort}`;
  }

  get httpPort(): number {
    return this.#httpPort;
  }

  get rpcPort(): number {
    return this.#rpcPort;
  }

  get logFile(): string {
    return join(outputFolder("logs"), `${this.name}.log`);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  #spawn(): { child: ChildProcess; exited: Promise<Exit>; ready: Promise<void> } {
    const args = ["dev", "--data", this.data, "--http", `127.0.0.1:${this.#httpPort}`];
    args.push(...(this.#join.length > 0 ? ["--join", this.#join.join(",")] : ["--rpc", `127.0.0.1:${this.#rpcPort}`]));
    if (this.#chainOnly) args.push("--chain-only");
    if (this.#devtools) args.push("--devtools");
    args.push(...this.#more);
    const child = spawn(BINARY, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
    this.#child = child;
    this.#lines = [];
    const log = createWriteStream(this.logFile, { flags: "a" });
    let told: () => void = () => {};
    const ready = new Promise<void>((resolve) => (told = resolve));
    let rest = "";
    const listen = (chunk: Buffer): void => {
      log.write(chunk);
      const parts = (rest + chunk.toString("utf8")).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        this.#lines.push(line);
        if (this.#lines.length > KEPT_LINES) this.#lines.shift();
        if (/(^|\s)ready\b/i.test(line)) told();
      }
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    const exited = once(child, "close").then(([code]) => {
      log.end();
      return { code: code as number | null, output: [...this.#lines, rest].join("\n") };
    });
    this.#exited = exited;
    return { child, exited, ready };
  }

  /** How the process ended; waits until it has. */
  async ended(): Promise<Exit> {
    if (this.#exited === null) throw new Error(`${this.name} was never started`);
    return await this.#exited;
  }

  /** Starts and waits until it says it is ready. */
  async start(): Promise<void> {
    const { exited, ready } = this.#spawn();
    const early = exited.then(({ code, output }) => {
      throw new Error(`${this.name} ended with ${code} before it was ready:\n${output}`);
    });
    early.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.name} is not ready after ${READY_WAIT_MS} ms:\n${this.#lines.join("\n")}`)), READY_WAIT_MS);
    });
    try {
      await Promise.race([ready, early, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Starts something that is expected to end by itself, with an error. */
  async startToFail(): Promise<Exit> {
    const { child, exited, ready } = this.#spawn();
    const outcome = await Promise.race([exited, ready.then(() => null)]);
    if (outcome !== null) return outcome;
    child.kill("SIGKILL");
    throw new Error(`${this.name} became ready although it should have refused to start`);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to end; answers how it did. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child?.kill("SIGKILL"), STOP_WAIT_MS);
    await this.#end("SIGTERM");
    clearTimeout(timer);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || !this.isRunning) return;
    const closed = once(child, "close");
    child.kill(signal);
    await closed;
  }

  /** Ends it and deletes its folder. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }
}
