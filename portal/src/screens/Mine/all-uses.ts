/** All uses of a person's data, over all their cases, newest first. */
import { here } from "../../app/here.svelte";
import { packageOf } from "../../app/packages";
import type { OpenedUse, Wallet } from "../../ports";
import type { ServicePackage } from "../../package/types";
import { providersOf } from "../../package/words";

export interface PersonalUse {
  use: OpenedUse;
  pack: ServicePackage;
}

export interface AllUses {
  uses: PersonalUse[];
  complete: boolean;
}

export async function allUses(wallet: Wallet): Promise<AllUses> {
  // Every case counts, also one of which this device does not know whether it was opened: its list is complete too, or empty.
  const walks = await Promise.all(
    (await wallet.cases()).map(async (own) => {
      const pack = await packageOf(own.service);
      return { pack, walk: await here().ports.gateways.uses(wallet, own, providersOf(pack)) };
    }),
  );
  return {
    uses: walks.flatMap(({ pack, walk }) => walk.uses.map((use) => ({ use, pack }))).sort((a, b) => b.use.blockNumber - a.use.blockNumber),
    complete: walks.every(({ walk }) => walk.complete.every((one) => one.provenAbsent)),
  };
}
