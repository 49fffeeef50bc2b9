// Every use of a person's data in one case: tags n = 0, 1, 2 … per provider, up to the first that is provably absent.
import { encodeAbiParameters, keccak256, parseAbiItem } from "viem";
import type { Hex, OpenedUse, OwnCase, UseWalk, Wallet } from "../ports";
import { useTag } from "../wallet/derive";
import { keyringOf } from "../wallet/keyring";
import { openRecord } from "../wallet/record";
import { slug, slugText } from "./codes";
import type { Connection } from "./connection";

/** No case has more records of one provider; a server that shows more is not believed. */
export const WALK_LIMIT = 1_000;
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

interface UsedEvent {
  readonly tag: Hex;
  readonly provider: string;
  readonly consumer: string;
  readonly purpose: string;
  readonly basis: Hex;
  readonly mask: number;
  readonly ciphertext: Hex;
  readonly blockNumber: number;
}

async function usedEvents(connection: Connection, caseId: Hex): Promise<UsedEvent[]> {
  const address = await connection.contract("uses");
  const logs = await connection.client.getLogs({ address, event: USED, args: { caseId }, fromBlock: 0n, toBlock: "latest", strict: true });
  return logs.map(({ args, blockNumber }) => ({
    tag: args.tag,
    provider: slugText(args.provider),
    consumer: slugText(args.consumer),
    purpose: slugText(args.purpose),
    basis: args.basis,
    mask: args.mask,
    ciphertext: args.ciphertext,
    blockNumber: Number(blockNumber),
  }));
}

/** One provider's part of the walk. */
async function walk(secret: Hex, caseId: Hex, provider: string, events: readonly UsedEvent[], prove: ProveSlots, uses: Hex) {
  const byTag = new Map(events.filter((event) => event.provider === provider).map((event) => [event.tag, event]));
  const found: UsedEvent[] = [];
  while (found.length < WALK_LIMIT) {
    const event = byTag.get(useTag(secret, found.length));
    if (event === undefined) break;
    found.push(event);
  }
  const slots = Array.from({ length: found.length + 1 }, (_, n) => bindingSlot(useTag(secret, n)));
  const values = await prove(uses, slots);
  const areBound = found.every((event, n) => values[n] === bindingOf(slug(provider), caseId, event.mask));
  const strangers = [...byTag.values()].filter((event) => !found.includes(event));
  return { found, strangers, provenAbsent: areBound && values[found.length] === null };
}

async function opened(secret: Hex, n: number, event: UsedEvent, caseId: Hex): Promise<OpenedUse> {
  const { tag, provider, consumer, purpose, basis, mask, blockNumber } = event;
  // A record that does not open is shown as such: the agency has to explain it.
  const record = n < 0 ? null : await openRecord(secret, n, event.ciphertext).catch(() => null);
  const details = record === null ? null : { official: record.official, purpose: record.purpose, fields: [...record.fields], article: record.article, atMs: record.at };
  return { tag, caseId, provider, consumer, purpose, basis, mask, blockNumber, details };
}

export async function walkUses(connection: Connection, prove: ProveSlots, wallet: Wallet, own: OwnCase, providers: readonly string[]): Promise<UseWalk> {
  const [address, events] = await Promise.all([connection.contract("uses"), usedEvents(connection, own.id)]);
  const keyring = keyringOf(wallet);
  const uses: OpenedUse[] = [];
  const complete: UseWalk["complete"] = [];
  // Providers that nobody expected are walked as well: their records must not disappear.
  for (const provider of new Set([...providers, ...events.map((event) => event.provider)])) {
    const secret = await keyring.useSecret(own.id, provider);
    const { found, strangers, provenAbsent } = await walk(secret, own.id, provider, events, prove, address);
    for (const [n, event] of found.entries()) uses.push(await opened(secret, n, event, own.id));
    for (const event of strangers) uses.push(await opened(secret, -1, event, own.id));
    complete.push({ provider, count: found.length, provenAbsent: provenAbsent && strangers.length === 0 });
  }
  uses.sort((a, b) => a.blockNumber - b.blockNumber);
  return { uses, complete };
}

