/** All uses of a person's data, over all their cases, newest first. */
import { here } from "../../app/here.svelte";
import { packageOf } from "../../app/packages";
import type { Hex, OpenedUse, OwnCase, Wallet } from "../../ports";
import type { ServicePackage } from "../../package/types";
import { isOwn } from "../Delegations/delegations";
import { looking } from "../Delegations/looking.svelte";
import { providersOf } from "../../package/words";

export interface PersonalUse {
  use: OpenedUse;
  pack: ServicePackage;
}

/** An agency's list in one case that is not proven complete, and the numbers that were left out of it. */
export interface Gap {
  caseId: Hex;
  provider: string;
  missing: number[];
}

export interface AllUses {
  uses: PersonalUse[];
  cases: { own: OwnCase; pack: ServicePackage }[];
  gaps: Gap[];
  /** Numbers that were looked up on the chain with their proofs: every use, and the first absent one of each list. */
  checked: number;
  complete: boolean;
}

export async function allUses(wallet: Wallet): Promise<AllUses> {
  // Also the cases that somebody else opened for this person, and none that they opened for somebody else.
  await looking.upToDate(wallet);
  const acting = await here().ports.delegations.list(wallet);
  // Every case counts, also one of which this device does not know whether it was opened: its list is complete too, or empty.
  const walks = await Promise.all(
    (await wallet.cases()).filter((own) => isOwn(own, acting)).map(async (own) => {
      const pack = await packageOf(own.service);
      return { own, pack, walk: await here().ports.gateways.uses(wallet, own, providersOf(pack)) };
    }),
  );
  const lists = walks.flatMap(({ own, walk }) => walk.complete.map((one) => ({ caseId: own.id, ...one })));
  const gaps = lists.filter((one) => !one.provenAbsent).map(({ caseId, provider, missing }) => ({ caseId, provider, missing }));
  return {
    uses: walks.flatMap(({ pack, walk }) => walk.uses.map((use) => ({ use, pack }))).sort((a, b) => b.use.blockNumber - a.use.blockNumber),
    cases: walks.map(({ own, pack }) => ({ own, pack })),
    gaps,
    checked: lists.reduce((sum, { count }) => sum + count + 1, 0),
    complete: gaps.length === 0,
  };
}
