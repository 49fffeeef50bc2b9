// Vite plugin: writes the service worker beside the build, with the list of the files that it is made of.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import ts from "typescript";
import type { Plugin } from "vite";

const SOURCE = join(import.meta.dirname, "service-worker.ts");
const NAME = "sw.js";
/** What a visit downloads once more for being kept; a build beyond it deserves a thought. */
const TOTAL_MAX_BYTES = 4 * 1024 * 1024;

interface File {
  readonly path: string;
  readonly integrity: string;
}

/** Every file of a build but the worker itself. */
export function filesOf(folder: string): File[] {
  let total = 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== NAME)
    .map((entry) => {
      const place = join(entry.parentPath, entry.name);
      const content = readFileSync(place);
      total += content.length;
      return { path: `/${relative(folder, place).split(sep).join("/")}`, integrity: `sha256-${createHash("sha256").update(content).digest("base64")}` };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (total > TOTAL_MAX_BYTES) throw new Error(`the portal has ${total} bytes, ${TOTAL_MAX_BYTES} are kept on a device`);
  return files;
}

/** The worker's script: one classic script without imports, so that it is the same bytes in every browser. */
export function workerScript(files: readonly File[], source = readFileSync(SOURCE, "utf8")): string {
  const version = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  const { outputText } = ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true } });
  const script = outputText.replace(/^export \{\};?$/m, "");
  if (/^\s*(import|export)\b/m.test(script)) throw new Error("the service worker must not import or export");
  return `const VERSION = ${JSON.stringify(version)};\nconst FILES = ${JSON.stringify(files)};\n${script}`;
}

export function offline(): Plugin {
  let folder = "";
  return {
    name: "portal-offline",
    apply: "build",
    configResolved: (config) => void (folder = join(config.root, config.build.outDir)),
    closeBundle: () => writeFileSync(join(folder, NAME), workerScript(filesOf(folder))),
  };
}
