/** What the pages of an own case need before they can be drawn. */
import { here } from "../../app/here.svelte";
import { packageOf } from "../../app/packages";
import type { CaseView } from "../../api/types";
import type { OwnCase, Wallet } from "../../ports";
import type { ServicePackage } from "../../package/types";

export interface OwnView {
  view: CaseView;
  pack: ServicePackage;
  own: OwnCase | null;
}

export async function ownView(wallet: Wallet, id: string): Promise<OwnView> {
  const own = await wallet.case(id as OwnCase["id"]);
  const view = await here().index.case(id);
  return { view, pack: await packageOf(view.service), own };
}
