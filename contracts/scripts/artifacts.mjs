// What forge built, for the scripts of this folder.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// To add a contract: ../README.md.
export const CONTRACTS = [
  ...["Registry", "Statutes", "Rules", "Services", "Consents", "Uses", "Cases", "Credentials", "Accounts", "Validators", "Quotas", "Allowances", "Delegations", "PoseidonT3", "MembershipVerifier", "People", "Council"],
  // Not of genesis: the council creates them once there is another network.
  ...["Networks", "ForeignEvents"],
];

const out = join(dirname(fileURLToPath(import.meta.url)), "../out");

export function artifact(name) {
  const { abi, bytecode, deployedBytecode } = JSON.parse(readFileSync(join(out, `${name}.sol/${name}.json`), "utf8"));
  return { abi, bytecode: bytecode.object, deployedBytecode: deployedBytecode.object };
}

export function deployedBytes(name) {
  return artifact(name).deployedBytecode.length / 2 - 1;
}
