// Writes src/api/wire.ts from the OpenAPI document of the index. `--check` fails when the file is stale.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const source = at("../../crates/index/openapi.json");
const target = at("../src/api/wire.ts");

const head = "// Generated from the OpenAPI document of the index by `npm run types`; do not edit.\n";
const document = JSON.parse(readFileSync(source, "utf8"));
const text = head + astToString(await openapiTypescript(document, { emptyObjectsUnknown: true }));

if (process.argv.includes("--check")) {
  if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
    console.error("src/api/wire.ts is stale: run `npm run types`");
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
