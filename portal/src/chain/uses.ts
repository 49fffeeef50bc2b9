// Every use of a person's data in one case: tags n = 0, 1, 2 … per provider, up to the first that is provably absent.
// The chain's proven storage says how many there are; the logs say what they were, and cannot leave one out unnoticed.
import { encodeAbiParameters, getAbiItem, keccak256, parseAbiItem } from "viem";
import type { Hex, OpenedUse, OwnCase, UseWalk, Wallet } from "../ports";
import { useTag } from "../wallet/derive";
import { keyringOf } from "../wallet/keyring";
import { openRecord } from "../wallet/record";
import { casesAbi } from "./abi";
import { slug, slugText } from "./codes";
import type { Connection } from "./connection";
import { KeptLogs, blockAt } from "./logs";

/** Tags of one provider that are asked for at once. */
export const WALK_STEP = 4;
/** As many numbers after the last one that is used are proven absent: one that was left out is found even where the logs are hidden. */
export const PROVEN_AFTER = 3;
/** Numbers after the first absent one that are looked at when the chain shows a record that is under none of the numbers before. */
export const GAP_LIMIT = 64;
/** No case has more records of one provider; a server that shows more is not believed. */
export const WALK_LIMIT = 1_000;
/** Walks of one reading. Each but the first needs a record that came during the one before. */
const MAX_WALKS = 8;
const USED = parseAbiItem(
  "event Used(bytes32 indexed tag, bytes32 indexed caseId, bytes32 indexed provider, bytes32 consumer, bytes32 purpose, bytes32 basis, uint32 mask, bytes ciphertext)",
);

/** Values of storage slots at the latest block, proven from the network's key; null where the slot is proven to be empty. Throws when a proof is wrong. */
export type ProveSlots = (address: Hex, slots: readonly Hex[]) => Promise<(Hex | null)[]>;

/** Storage slot of a tag in the contract's first mapping. */
export function bindingSlot(tag: Hex): Hex {
  return keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint256" }], [tag, 0n]));
}

/** What the slot of a tag must hold: keccak256(abi.encode(provider, caseId, mask)). */
export function bindingOf(provider: Hex, caseId: Hex, mask: number): Hex {
  return keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "bytes32" }, { type: "uint32" }], [provider, caseId, mask]));
}

interface UsedEvent extends Omit<OpenedUse, "caseId" | "details" | "n"> {
  readonly ciphertext: Hex;
}

interface Walked {
  readonly provider: string;
  readonly secret: Hex;
  /** Proven values of tags 0, 1, 2 … before the first absent one. */
  readonly bindings: readonly Hex[];
  /** Proven values after it, by their numbers: something between was left out. */
  readonly beyond: ReadonlyMap<number, Hex>;
  readonly isComplete: boolean;
}

/** Proves tags until some in a row are absent. */
async function walk(prove: ProveSlots, uses: Hex, provider: string, secret: Hex): Promise<Walked> {
  const values: (Hex | null)[] = [];
  let isComplete = false;
  while (!isComplete && values.length < WALK_LIMIT) {
    const slots = Array.from({ length: WALK_STEP }, (_, n) => bindingSlot(useTag(secret, values.length + n)));
    values.push(...(await prove(uses, slots)));
    isComplete = values.slice(-PROVEN_AFTER).every((value) => value === null);
  }
  const first = values.indexOf(null);
  const count = first === -1 ? values.length : first;
  const beyond = new Map([...values.entries()].slice(count).filter((entry): entry is [number, Hex] => entry[1] !== null));
  return { provider, secret, bindings: values.slice(0, count) as Hex[], beyond, isComplete };
}

const DECIDED = getAbiItem({ abi: casesAbi, name: "Decided" });
/** Of `Cases.Status`: Approved, Refused, Closed. */
const DECIDED_STATUSES: readonly number[] = [4, 5, 6];

const kept = { uses: new KeptLogs<typeof USED>(), decisions: new KeptLogs<typeof DECIDED>() };

/**
 * The events of a case. `Uses` takes records of a case that is not decided alone, so those of a decided one end with its last
 * decision; of any other they are read to the latest block: a record after one that was left out may come at any time, and
 * only it shows that something was left out.
 */
async function usedEvents(connection: Connection, uses: Hex, caseId: Hex): Promise<Map<Hex, UsedEvent>> {
  const { openedAt, status, appealed } = await connection.read("cases", casesAbi, "get", [caseId]);
  let opened: Promise<bigint> | undefined;
  const since = (): Promise<bigint> => (opened ??= blockAt(connection, openedAt));
  let upTo: bigint | undefined;
  if (DECIDED_STATUSES.includes(status)) {
    // A case is decided once, and once more on appeal.
    const decisions = appealed ? 2 : 1;
    const filter = { address: await connection.contract("cases"), event: DECIDED, args: { id: caseId } };
    const decided = await kept.decisions.read(connection, `${filter.address}/${caseId}`, filter, since, { isEnough: (logs) => logs.length >= decisions });
    // A node that does not show it is read to its end.
    if (decided.length >= decisions) upTo = decided.at(-1)?.blockNumber;
  }
  const filter = { address: uses, event: USED, args: { caseId } };
  const logs = await kept.uses.read(connection, `${uses}/${caseId}`, filter, since, { upTo });
  return new Map(
    logs.map(({ args, blockNumber }) => [
      args.tag,
      {
        tag: args.tag,
        provider: slugText(args.provider),
        consumer: slugText(args.consumer),
        purpose: slugText(args.purpose),
        basis: args.basis,
        mask: args.mask,
        ciphertext: args.ciphertext,
        blockNumber: Number(blockNumber),
      },
    ]),
  );
}

/** Numbers that were left out: below a number that some record is under, and proven absent. Empty if no gap explains it. */
function leftOut({ secret, bindings, beyond }: Walked, events: ReadonlyMap<Hex, UsedEvent>): { missing: number[]; after: Map<Hex, number> } {
  const from = bindings.length;
  const numbers = Array.from({ length: GAP_LIMIT }, (_, offset) => from + offset);
  const after = new Map(numbers.map((n) => [useTag(secret, n), n] as const).filter(([tag]) => events.has(tag)));
  const used = new Set([...after.values(), ...beyond.keys()]);
  const last = Math.max(-1, ...used);
  return { missing: numbers.filter((n) => n < last && !used.has(n)), after };
}

async function details(secret: Hex, n: number, ciphertext: Hex): Promise<OpenedUse["details"]> {
  // A record that does not open is shown as such: the agency has to explain it.
  const record = await openRecord(secret, n, ciphertext).catch(() => null);
  if (record === null) return null;
  const { official, purpose, fields, article, at, credential, by = null } = record;
  const shown = credential === undefined ? {} : { credential: { vct: credential.vct, refused: credential.refused ?? null } };
  return { official, purpose, fields: [...fields], article, atMs: at, by, ...shown };
}

/** The walk of one case as an export needs it: with the secrets, and every record that was proven. */
export interface ProviderWalk {
  readonly provider: string;
  readonly secret: Hex;
  readonly count: number;
}

/** Storage slots that prove how many uses a provider recorded: of every number, and of the first absent one. */
export function walkedSlots({ secret, count }: ProviderWalk): Hex[] {
  return Array.from({ length: count + 1 }, (_, n) => bindingSlot(useTag(secret, n)));
}

/**
 * Walks until a walk is complete, or saw nothing that the one before it did not see.
 *
 * A proof is of the latest block, so that the proofs of one walk, and the logs after them, are of several. Records come in any of
 * them while a case is worked on: one that came after its number was proven absent looks like one that was left out. No order
 * of asking helps, one that came after the logs were read would look like one that they hide. But records only ever come, so the
 * next walk sees that one in its place, while one that was left out, hidden or made up is the same in both. Each walk is
 * judged by itself alone: walking again takes nothing on trust.
 */
export async function walkUses(connection: Connection, prove: ProveSlots, wallet: Wallet, own: OwnCase, providers: readonly string[]): Promise<UseWalk> {
  let before = 0;
  for (let walks = 1; ; walks++) {
    const { seen, ...found } = await walkOnce(connection, prove, wallet, own, providers);
    const isWhole = found.complete.every(({ provenAbsent }) => provenAbsent);
    if (isWhole || seen === before || walks === MAX_WALKS) return found;
    before = seen;
  }
}

/** `seen`: proven values and events, which only become more. */
async function walkOnce(connection: Connection, prove: ProveSlots, wallet: Wallet, own: OwnCase, providers: readonly string[]): Promise<UseWalk & { seen: number }> {
  const uses = await connection.contract("uses");
  const keyring = keyringOf(wallet);
  const walked: Walked[] = [];
  for (const provider of new Set(providers)) {
    walked.push(await walk(prove, uses, provider, await keyring.useSecret(own.id, provider)));
  }
  const events = await usedEvents(connection, uses, own.id);
  const seen = walked.reduce((sum, { bindings, beyond }) => sum + bindings.length + beyond.size, events.size);

  const opened: OpenedUse[] = [];
  const complete: UseWalk["complete"] = [];
  for (const one of walked) {
    const { provider, secret, bindings, isComplete } = one;
    let isShown = true;
    const show = async (event: UsedEvent, n: number): Promise<void> => {
      const { ciphertext, ...shown } = event;
      opened.push({ ...shown, n, caseId: own.id, details: await details(secret, n, ciphertext) });
      events.delete(event.tag);
    };
    for (const [n, binding] of bindings.entries()) {
      const event = events.get(useTag(secret, n));
      const isRight = event?.provider === provider && binding === bindingOf(slug(provider), own.id, event.mask);
      isShown &&= isRight;
      if (event !== undefined) await show(event, n);
    }
    const { missing, after } = leftOut(one, events);
    for (const [tag, n] of after) await show(events.get(tag) as UsedEvent, n);
    complete.push({ provider, count: bindings.length, provenAbsent: isComplete && isShown && after.size === 0 && one.beyond.size === 0, missing });
  }
  // What is left was recorded under tags that are not the next ones, or by somebody who was not to be asked.
  for (const { ciphertext: _, ...shown } of events.values()) {
    opened.push({ ...shown, n: null, caseId: own.id, details: null });
    const entry = complete.find(({ provider }) => provider === shown.provider);
    if (entry === undefined) complete.push({ provider: shown.provider, count: 0, provenAbsent: false, missing: [] });
    else entry.provenAbsent = false;
  }
  opened.sort((a, b) => a.blockNumber - b.blockNumber);
  return { uses: opened, complete, seen };
}
