// Makes contracts/test/vectors/people.json with Semaphore's own JavaScript: a group's roots, and proofs for 25 levels.
// Its packages are in no lock file of ours (the artifacts of all depths are 109 MB, and snarkjs is under GPL-3.0). In a folder of its own:
//   npm install @semaphore-protocol/{identity,group,proof}@4.14.3 @zk-kit/semaphore-artifacts@4.13.0 snarkjs@0.7.5 ethers@6.13.4
//   cp …/tools/people/vectors.mjs . && node vectors.mjs > people.json
// Groth16 proofs are made with randomness, so each run gives others; roots and nullifiers stay.
import { readFileSync } from "node:fs";
import { Group } from "@semaphore-protocol/group";
import { Identity } from "@semaphore-protocol/identity";
import { generateProof, verifyProof } from "@semaphore-protocol/proof";
import { keccak256, toBeHex } from "ethers";
import { groth16 } from "snarkjs";

const DEPTH = 25;
const file = (kind) => `node_modules/@zk-kit/semaphore-artifacts/semaphore-${DEPTH}.${kind}`;
const artifacts = { wasm: file("wasm"), zkey: file("zkey") };
const scope = BigInt(`0x${"5c".repeat(32)}`);
const otherScope = 7n;
const message = 1n;

const group = new Group();
const steps = { what: [], index: [], leaf: [], root: [] };
const [ENTER, REPLACE, REMOVE] = [0, 1, 2];

function step(what, index, name) {
  const leaf = what === REMOVE ? 0n : new Identity(name).commitment;
  if (what === ENTER) group.addMember(leaf);
  else if (what === REPLACE) group.updateMember(index, leaf);
  else group.removeMember(index);
  steps.what.push(what);
  steps.index.push(index);
  steps.leaf.push(String(leaf));
  steps.root.push(String(group.root));
}

async function proof(name, of, scope) {
  const made = await generateProof(new Identity(name), of, message, scope, DEPTH, artifacts);
  if (!(await verifyProof(made))) throw new Error(`the proof of ${name} does not verify`);
  return { root: made.merkleTreeRoot, nullifier: made.nullifier, message: made.message, scope: made.scope, points: made.points };
}

/** Of somebody who is no member: a path longer than the circuit is deep makes its root zero. */
async function forged() {
  const digest = (value) => BigInt(keccak256(toBeHex(value, 32))) >> 8n;
  const claims = { secret: new Identity("nobody").secretScalar, merkleProofLength: DEPTH + 1, merkleProofIndex: 0, merkleProofSiblings: Array(DEPTH).fill(0n) };
  const { proof: p, publicSignals } = await groth16.fullProve({ ...claims, scope: digest(scope), message: digest(message) }, artifacts.wasm, artifacts.zkey);
  if (!(await groth16.verify(JSON.parse(readFileSync(file("json"), "utf8")), publicSignals, p))) throw new Error("the forged proof does not verify");
  const points = [p.pi_a[0], p.pi_a[1], p.pi_b[0][1], p.pi_b[0][0], p.pi_b[1][1], p.pi_b[1][0], p.pi_c[0], p.pi_c[1]];
  return { root: publicSignals[0], nullifier: publicSignals[1], message: String(message), scope: String(scope), points };
}

for (let index = 0; index < 12; index++) step(ENTER, index, `person ${index}`);
const before = new Group(group.members);
for (const index of [0, 5, 11, 8]) step(REPLACE, index, `person ${index} again`);
for (const index of [3, 11]) step(REMOVE, index);
for (let index = 12; index < 17; index++) step(ENTER, index, `person ${index}`);

const proofs = {
  first: await proof("person 5", before, scope),
  firstOnceMore: await proof("person 5", before, scope),
  firstElsewhere: await proof("person 5", before, otherScope),
  again: await proof("person 5 again", group, scope),
  last: await proof("person 16", group, scope),
  nobody: await forged(),
};
const from = "@semaphore-protocol/{identity,group,proof} 4.14.3, @zk-kit/semaphore-artifacts 4.13.0";
console.log(JSON.stringify({ from, ...steps, members: before.members.map(String), proofs }, null, 1));
process.exit(0);
