/** Sending an application: what is left to do, from what the wallet has kept. Pure; `send.ts` does it. */
import type { OwnCase } from "../../ports";
import type { ServicePackage } from "../../package/types";
import { consentsOf, providersOf } from "../../package/words";

export type Task =
  | { kind: "consent"; id: string; provider: string }
  | { kind: "open"; id: "open" }
  | { kind: "link"; id: string; organisation: string; as: { provider: boolean; owner: boolean } };

/** Consents first (the contract asks for them when data is used), then the case, then one sealed link for each agency. */
export function tasks(pack: ServicePackage): Task[] {
  const providers = providersOf(pack);
  const { owner } = pack.item;
  const organisations = [owner, ...providers.filter((provider) => provider !== owner)];
  return [
    ...consentsOf(pack).map(({ provider }) => ({ kind: "consent" as const, id: `consent-${provider}`, provider })),
    { kind: "open", id: "open" },
    ...organisations.map((organisation) => ({
      kind: "link" as const,
      id: `link-${organisation}`,
      organisation,
      as: { owner: organisation === owner, provider: providers.includes(organisation) },
    })),
  ];
}

export function isDone(task: Task, own: OwnCase | null, granted: ReadonlySet<string>): boolean {
  if (!own) return false;
  if (task.kind === "open") return own.openedTx !== null;
  // a consent is kept before it is sent, so only one granted in this run or before the opening counts as done
  if (task.kind === "consent") return own.openedTx !== null || granted.has(task.provider);
  return own.linkedAtMs[task.organisation] !== undefined;
}

export function nextTask(all: readonly Task[], own: OwnCase | null, granted: ReadonlySet<string>): Task | null {
  return all.find((task) => !isDone(task, own, granted)) ?? null;
}
