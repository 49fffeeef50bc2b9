// One agency's gateway as a process of its own, with keys of its own, on another host than the portal: as in production, and not in
// the process of the demo.
import { type ChildProcess, spawn } from "node:child_process";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { p256 } from "@noble/curves/nist.js";
import type { Hex } from "viem";
import { credentialsAbi, registryAbi } from "../../src/chain/abi";
import { slug } from "../../src/chain/codes";
import { Connection } from "../../src/chain/connection";
import { base64Url, bytesToHex, hexToBytes } from "../../src/wallet/bytes";
import { councilOf } from "./council";
import { IndexClient, getJson } from "./index-client";
import { BINARY, ROOT, outputFolder } from "./paths";
import { runOk } from "./run";
import { type Server, freePort } from "./server";
import { until } from "./wait";

/** A debug build on a loaded machine takes its time. */
const READY_WAIT_MS = 240_000;

export interface OwnGatewayOptions {
  readonly agency: string;
  /** Hosts of the portals from which it is used. */
  readonly portals: readonly string[];
  /** Officers who sign in by key, with all roles. */
  readonly officers: readonly string[];
}

export class OwnGateway {
  private constructor(
    readonly agency: string,
    /** As the Registry lists it. */
    readonly origin: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /** Makes its keys, has the council list it in place of the demo's, and starts it. */
  static async start(server: Server, { agency, portals, officers }: OwnGatewayOptions): Promise<OwnGateway> {
    const folder = mkdtempSync(join(tmpdir(), `zhengtong-gateway-${agency}-`));
    const port = await freePort();
    // Another host for a browser, and the same machine.
    const origin = `http://localhost:${port}`;
    const { chain_id: chainId, public_key: network } = await new IndexClient(server.origin).network();
    const config = join(folder, "gateway.toml");
    const text = (value: string): string => JSON.stringify(value);
    const keys = ["attester", "encryption", "issuer", "vault"].map((name) => `${name} = "keys/${name}.key"`);
    const roles = officers.map((address) => `${text(address)} = ["handler", "reader", "counter", "data-officer"]`);
    writeFileSync(config, [
      `listen = "127.0.0.1:${port}"`,
      "[gateway]",
      `organisation = ${text(agency)}`,
      `rpc_url = ${text(server.rpcUrl)}`,
      `network_key = ${text(network)}`,
      'data_folder = "data"',
      `source_url = ${text(`sqlite:${join(server.data, "agencies", `${agency}.sqlite`)}`)}`,
      `mapping = ${text(join(ROOT, "agencies", agency, "mapping.toml"))}`,
      `retention = ${text(join(ROOT, "agencies", agency, "retention.toml"))}`,
      `services = ${text(join(ROOT, "services"))}`,
      `session_domains = ${JSON.stringify(portals)}`,
      `peers_at = ${text(server.origin)}`,
      "[gateway.keys]",
      ...keys,
      "[gateway.credentials]",
      `public_url = ${text(origin)}`,
      'certificates = "issuer.pem"',
      "[gateway.access.roles]",
      ...roles,
      "",
    ].join("\n"));
    const shown = await runOk(BINARY, ["gateway", "--config", config, "--show-keys"]);
    const anchor = await certify(folder, [origin, `urn:zhengtong:organisation:${chainId}:${agency}`]);
    await list(server, agency, origin, shown, anchor);
    const child = spawn(BINARY, ["gateway", "--config", config], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
    const log = createWriteStream(join(outputFolder("logs"), `gateway-${agency}.log`), { flags: "a" });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    const gateway = new OwnGateway(agency, origin, folder, child);
    await until(`the gateway of ${agency} has seen that it is listed`, async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return (await getJson<{ registered: boolean }>(`${origin}/healthz`)).registered;
    }, READY_WAIT_MS);
    return gateway;
  }

  async dispose(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const closed = once(this.child, "close");
      this.child.kill("SIGKILL");
      await closed;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** An authority of its own, as the agency's: certifies its key for credentials, and answers the authority's certificate. */
async function certify(folder: string, names: readonly string[]): Promise<Hex> {
  const at = (name: string): string => join(folder, name);
  const d = hexToBytes(`0x${readFileSync(at("keys/issuer.key"), "utf8").trim().replace(/^0x/, "")}`);
  const point = p256.getPublicKey(d, false);
  const jwk = { kty: "EC", crv: "P-256", d: base64Url(d), x: base64Url(point.slice(1, 33)), y: base64Url(point.slice(33)) };
  writeFileSync(at("issuer.key.pem"), createPrivateKey({ format: "jwk", key: jwk }).export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  writeFileSync(at("leaf.cnf"), `keyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=${names.map((name) => `URI:${name}`).join(",")},DNS:localhost\n`);
  const openssl = async (...args: string[]) => await runOk("openssl", args, { cwd: folder });
  await openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256", "-days", "30", "-subj", "/CN=Authority of one agency", "-keyout", "authority.key.pem", "-out", "authority.pem", "-addext", "keyUsage=critical,keyCertSign");
  await openssl("req", "-new", "-sha256", "-key", "issuer.key.pem", "-subj", "/CN=Agency", "-out", "issuer.csr");
  await openssl("x509", "-req", "-sha256", "-days", "30", "-in", "issuer.csr", "-CA", "authority.pem", "-CAkey", "authority.key.pem", "-CAcreateserial", "-extfile", "leaf.cnf", "-out", "issuer.pem");
  return bytesToHex(new X509Certificate(readFileSync(at("authority.pem"))).raw);
}

/** What the council says of it: other keys, another address, and who certifies its credentials. */
async function list(server: Server, agency: string, gateway: string, shown: string, anchor: Hex): Promise<void> {
  const key = (name: string): Hex => (new RegExp(`${name}\\s+(0x[0-9a-fA-F]+)`).exec(shown)?.[1] ?? "0x") as Hex;
  const connection = new Connection({ rpcUrl: server.rpcUrl });
  const { roles, name } = await connection.read("registry", registryAbi, "organisation", [slug(agency)]);
  const entry = { attester: key("attester"), roles, encryptionKey: key("encryption"), name, gateway };
  await connection.send(councilOf(server), { contract: "registry", abi: registryAbi, functionName: "setOrganisation", args: [slug(agency), entry] });
  await connection.send(councilOf(server), { contract: "credentials", abi: credentialsAbi, functionName: "setAnchor", args: [slug(agency), anchor, true] });
}
