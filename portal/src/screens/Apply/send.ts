/** Sends an application. Whatever fails, starting again goes on where it stopped: the steps are kept in the wallet. */
import { here, networkInfo } from "../../app/here.svelte";
import { apply, type ApplyStep, participantsOf, remaining } from "../../chain/apply";
import type { OwnCase } from "../../ports";
import type { ServicePackage } from "../../package/types";
import { organisationOf } from "../../app/organisations";
import type { Application } from "./application.svelte";

export function stepId(step: ApplyStep): string {
  return step.kind === "open" ? "open" : `${step.kind}-${step.organisation}`;
}

/** Every step of a submission, in the order in which it is shown. */
export function allSteps(pack: ServicePackage): ApplyStep[] {
  const nothingDone: Pick<OwnCase, "openedTx" | "linkedAtMs"> = { openedTx: null, linkedAtMs: {} };
  const steps = remaining(nothingDone as OwnCase, participantsOf(pack, "zh-CN", 0));
  const rank = { consent: 0, open: 1, link: 2 };
  return [...steps].sort((a, b) => rank[a.kind] - rank[b.kind]);
}

export async function send(application: Application, told: (own: OwnCase, done: ReadonlySet<string>) => void): Promise<OwnCase> {
  const { wallet, pack, version, form, delegation } = application;
  const kept = application.caseId === null ? null : await wallet.case(application.caseId as OwnCase["id"]);
  // What would be refused by every agency is not opened.
  if (!kept || kept.openedTx === null) await application.mustHold();
  let own = kept ?? (await wallet.newCase(pack.item.slug, version, form, delegation));
  if (!kept) await application.begin(own.id);
  // answers may have been changed after a failed attempt, as long as the chain holds no commitment to them
  else if (own.openedTx === null) own = await wallet.updateCase(own.id, { form });

  const participants = participantsOf(pack, "zh-CN", Date.now(), application.choices);
  const { organisations } = await networkInfo();
  const left = new Set(remaining(own, participants).map(stepId));
  const done = new Set(allSteps(pack).map(stepId).filter((id) => !left.has(id)));
  told(own, done);
  own = await apply(here().ports, {
    wallet,
    own,
    participants,
    organisations: organisations.map(organisationOf),
    evidence: application.evidence,
    told: (step) => {
      done.add(stepId(step));
      told(own, new Set(done));
    },
  });
  told(own, done);
  await application.finish();
  return own;
}
