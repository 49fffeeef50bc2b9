// A disk that runs full while the system works: it says so, acknowledges nothing that it cannot keep, and goes on when there is room.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { rpc } from "./harness/rpc";
import { Server } from "./harness/server";
import { Transfers } from "./harness/transfers";
import { pause } from "./harness/wait";

/** Holds a fresh network with some room. */
const DISK_MIB = 512;
/** Left free when the rest is filled: soon used up by transfers. */
const LEFT_BYTES = 256 * 1024;
const FILL_WITHIN_MS = 60_000;
const IS_ROOT = process.getuid?.() === 0;

let disk: string;

before(() => {
  disk = mkdtempSync(join(tmpdir(), "zhengtong-small-disk-"));
  if (IS_ROOT) execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "zhengtong-test", disk]);
});
after(() => {
  if (IS_ROOT) execFileSync("umount", [disk]);
  rmSync(disk, { recursive: true, force: true });
});

/** Fills the disk but for a little; the file's name. */
function fill(): string {
  const path = join(disk, "filler");
  const file = openSync(path, "w");
  const block = Buffer.alloc(64 * 1024);
  const free = (): number => {
    const { bavail, bsize } = statfsSync(disk);
    return bavail * bsize;
  };
  while (free() > LEFT_BYTES + block.length) writeSync(file, block);
  closeSync(file);
  return path;
}

test("a full disk", { skip: IS_ROOT ? false : "a small disk is mounted by root alone" }, async () => {
  const server = await Server.start({ name: "full-disk", data: join(disk, "data") });
  try {
    const chainId = Number(await rpc<string>(server.rpcUrl, "eth_chainId"));
    const transfers = new Transfers(server.rpcUrl, chainId);
    const filler = fill();
    const timer = setTimeout(() => transfers.stop(), FILL_WITHIN_MS);
    const said = await transfers.run().then(() => null, (error: unknown) => String(error));
    clearTimeout(timer);
    assert.ok(said !== null, `${transfers.acknowledged.length} transfers were acknowledged on a full disk`);
    assert.ok(transfers.acknowledged.length > 0, "no transfer was acknowledged before the disk was full");
    // Either the node still answers and says why it refuses, or it is ending and says why.
    const isEnding = !server.isRunning || /the node is stopping|fetch failed/.test(said);
    const ended = isEnding ? await server.ended() : null;
    assert.match(ended?.output ?? said, /no space left|disk is full/i);
    if (ended !== null) assert.notEqual(ended.code, 0);

    rmSync(filler);
    await server.stop();
    await server.start();
    await transfers.areAllThere("after the disk had room again");
    const more = new Transfers(server.rpcUrl, chainId);
    const running = more.run();
    await pause(1_000);
    more.stop();
    await running;
    await more.areAllThere("sent after the disk had room again");
    assert.ok(more.acknowledged.length > 0);
  } finally {
    await server.dispose();
  }
});
