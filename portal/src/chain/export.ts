// Everything of a person in one file, with the proofs of it, under the wallet's signature: `zhengtong verify export` checks it.
// The file is a JSON text, a newline, the signature of the text and a newline. docs/my-data.md has the format.
import { type Hex, type Json, type OwnCase, PortFailure, type PublicJwk, type ToExport, type UseWalk, type Wallet } from "../ports";
import { stringToBytes } from "../wallet/bytes";
import { thumbprint } from "../wallet/identity";
import { type Keyring, keyringOf } from "../wallet/keyring";
import type { Connection } from "./connection";
import { consentSlots } from "./consent";
import { type Sleep, sleep } from "./retry";
import { type ProviderWalk, walkedSlots } from "./uses";

/** What the format of an export begins with. */
export const EXPORT_FORMATS = "zhengtong-export/";
const FORMAT = `${EXPORT_FORMATS}1`;
/** Readings of one case. Each but the first needs a record that came during the one before, or an index that is behind the chain. */
const MAX_READINGS = 6;
const FIRST_WAIT_MS = 250;

export interface ExportSurroundings {
  readonly connection: Connection;
  readonly statements: (one: ToExport) => Promise<{ hash: Hex; text: string; salt: Hex; atMs: number }[]>;
  readonly walk: (one: ToExport) => Promise<UseWalk>;
  readonly now: () => number;
  readonly wait?: Sleep;
}

/** What the key of a case signs, so that the export is one person's. */
export function belongsText(caseId: Hex, holder: PublicJwk, createdAtMs: number): string {
  return `zhengtong export\n${caseId}\n${thumbprint(holder)}\n${createdAtMs}`;
}

async function consents({ connection }: ExportSurroundings, own: OwnCase): Promise<Json[]> {
  const address = await connection.contract("consents");
  return await Promise.all(
    Object.entries(own.consents).map(async ([provider, { id, record }]) => {
      const state = await connection.rpc<Json>("zhengtong_getStateProof", [address, consentSlots(id, own.address)]);
      return { provider, id, record, state };
    }),
  );
}

async function uses(around: ExportSurroundings, keyring: Keyring, one: ToExport, { uses: found, complete }: UseWalk): Promise<Json[]> {
  const address = await around.connection.contract("uses");
  return await Promise.all(
    one.providers.map(async (provider) => {
      const count = complete.find((entry) => entry.provider === provider)?.count ?? 0;
      const walked: ProviderWalk = { provider, secret: await keyring.useSecret(one.own.id, provider), count };
      const state = await around.connection.rpc<Json>("zhengtong_getStateProof", [address, walkedSlots(walked)]);
      const records = Array.from({ length: count }, (_, n): Json => {
        const details = found.find((use) => use.provider === provider && use.n === n)?.details;
        if (details == null) return null;
        // Exactly what the agency wrote: the check compares.
        const { official, purpose, fields, article, atMs, by, credential } = details;
        const { vct, refused } = credential ?? {};
        const shown = vct === undefined ? {} : { credential: { vct, ...(refused == null ? {} : { refused }) } };
        return { v: 1, official, purpose, fields, article, at: atMs, ...shown, ...(by === null ? {} : { by }) };
      });
      return { provider, secret: walked.secret, records, state };
    }),
  );
}

async function statementsOf(around: ExportSurroundings, one: ToExport, bundle: Json): Promise<Json[]> {
  try {
    // What was written but not sent to the chain yet is no part of the case.
    const proofs = JSON.stringify(bundle);
    const said = (await around.statements(one)).filter(({ hash }) => proofs.includes(hash.slice(2)));
    return said.map(({ hash, text, salt, atMs }) => ({ hash, text, salt, atMs }));
  } catch (failure) {
    // An agency that forgot the person has no words of theirs any more; one that does not answer must not make a part look whole.
    if (failure instanceof PortFailure && failure.code === "not-found") return [];
    throw failure;
  }
}

function isSame(one: UseWalk, other: UseWalk): boolean {
  const told = ({ uses: found, complete }: UseWalk): string => JSON.stringify([found.map(({ tag }) => tag), complete]);
  return told(one) === told(other);
}

/** Whether the index has each record that the chain proves. */
function tellsOf(bundle: Json, { uses: found, complete }: UseWalk): boolean {
  const text = JSON.stringify(bundle);
  const counts = new Map(complete.map(({ provider, count }) => [provider, count]));
  const proven = found.filter(({ provider, n }) => n !== null && n < (counts.get(provider) ?? 0));
  return proven.every(({ tag }) => text.includes(tag.slice(2)));
}

/**
 * What is proven of a case; null if it was never opened. The proofs are of several blocks, and have to be of the same records: a
 * file in which a consent was used more often than there are uses does not hold, and never will. Records only ever
 * come, so where two walks see the same ones, so did all that was read between them.
 */
async function provenOf(around: ExportSurroundings, keyring: Keyring, one: ToExport): Promise<{ bundle: Json; consents: Json[]; uses: Json[] } | null> {
  const { wait = sleep } = around;
  let before = await around.walk(one);
  for (let readings = 1; readings <= MAX_READINGS; readings++) {
    const bundle = await one.bundle();
    if (bundle === null) return null;
    const read = { bundle, consents: await consents(around, one.own), uses: await uses(around, keyring, one, before) };
    const after = await around.walk(one);
    if (isSame(before, after) && tellsOf(bundle, after)) return read;
    before = after;
    if (readings < MAX_READINGS) await wait(FIRST_WAIT_MS * 2 ** (readings - 1));
  }
  throw new PortFailure("bad-answer", `the index is behind the chain in the case ${one.own.id}, or it is being worked on: try again in a while`);
}

/** Leaves out the cases that this person opened for somebody else: what is in them is not theirs to take along. */
async function ownOf(keyring: Keyring, cases: readonly ToExport[]): Promise<ToExport[]> {
  const all = [...(await keyring.delegations()).map(({ side, terms }) => ({ side, key: terms.key })), ...(await keyring.foundDelegations())];
  const given = new Set(all.filter(({ side }) => side === "given").map(({ key }) => key));
  return cases.filter(({ own }) => own.delegation === undefined || given.has(own.delegation));
}

/** Builds and signs the file. */
export async function exportCases(around: ExportSurroundings, wallet: Wallet, cases: readonly ToExport[]): Promise<string> {
  const keyring = keyringOf(wallet);
  const createdAtMs = around.now();
  const { publicKey } = await around.connection.network();
  const holder = await wallet.holderKey();
  const exported: Json[] = [];
  for (const one of await ownOf(keyring, cases)) {
    const { own } = one;
    const read = await provenOf(around, keyring, one);
    if (read === null) continue;
    const account = await keyring.account(own);
    exported.push({
      id: own.id,
      service: own.service,
      // A restored wallet does not know what was answered.
      form: Object.keys(own.form).length === 0 ? null : own.form,
      salt: own.salt,
      personCommitment: await keyring.personCommitment(own.id),
      belongs: await account.signMessage({ message: belongsText(own.id, holder, createdAtMs) }),
      consents: read.consents,
      statements: await statementsOf(around, one, read.bundle),
      credential: own.credential,
      uses: read.uses,
      bundle: read.bundle,
    });
  }
  const all = { format: FORMAT, createdAtMs, networkKey: publicKey, holder: { ...holder }, identity: await keyring.identity(), cases: exported };
  const text = JSON.stringify(all, null, 1);
  const { signature } = await keyring.signAsHolder(stringToBytes(text));
  return `${text}\n${signature}\n`;
}

