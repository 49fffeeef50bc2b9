/** Sends an application. Whatever fails, starting again goes on where it stopped: the steps are kept in the wallet. */
import { here, networkInfo } from "../../app/here.svelte";
import { apply, type ApplyStep, participantsOf, remaining } from "../../chain/apply";
import { KEY_TAKEN } from "../../chain/chain";
import { type OwnCase, PortFailure, type Wallet } from "../../ports";
import type { ServicePackage } from "../../package/types";
import { organisationOf } from "../../app/organisations";
import { Application, CASE } from "./application.svelte";

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

type Told = (own: OwnCase, done: ReadonlySet<string>) => void;

export async function send(application: Application, told: Told): Promise<OwnCase> {
  try {
    return await sendCase(application, told);
  } catch (failure) {
    if (!(failure instanceof PortFailure && failure.problem === KEY_TAKEN)) throw failure;
    await application.begin(null);
    return await sendCase(application, told);
  }
}

async function sendCase(application: Application, told: Told): Promise<OwnCase> {
  const { wallet, pack, version, form, delegation } = application;
  const begun = application.caseId === null ? null : await wallet.case(application.caseId as OwnCase["id"]);
  // By now it may be the case of another device, which took the same key.
  const kept = begun?.service === pack.item.slug ? begun : null;
  // What would be refused by every agency is not opened.
  if (!kept || kept.openedTx === null) await application.mustHold();
  let own = kept ?? (await wallet.newCase(pack.item.slug, version, form, delegation));
  if (!kept) await application.begin(own.id);
  // answers may have been changed after a failed attempt, as long as the chain holds no commitment to them
  else if (own.openedTx === null) own = await wallet.updateCase(own.id, { form });

  const left = new Set(remaining(own, participantsOf(pack, "zh-CN", 0)).map(stepId));
  const done = new Set(allSteps(pack).map(stepId).filter((id) => !left.has(id)));
  told(own, done);
  try {
    own = await goOn(wallet, own, pack, application, (step) => {
      done.add(stepId(step));
      told(own, new Set(done));
    });
  } catch (failure) {
    // What failed does not say whether the case is open by now.
    told((await wallet.case(own.id)) ?? own, done);
    throw failure;
  }
  told(own, done);
  await application.finish();
  return own;
}

async function goOn(wallet: Wallet, own: OwnCase, pack: ServicePackage, chosen: Pick<Application, "choices" | "evidence"> | null, told?: (step: ApplyStep) => void): Promise<OwnCase> {
  const { organisations } = await networkInfo();
  return await apply(here().ports, {
    wallet,
    own,
    participants: participantsOf(pack, "zh-CN", Date.now(), chosen?.choices),
    organisations: organisations.map(organisationOf),
    evidence: chosen?.evidence ?? [],
    ...(told === undefined ? {} : { told }),
  });
}

/**
 * Agencies that have not taken their part of a case that is open. None where the wallet only found the case again: whoever
 * opened it tells them, and what was answered is not known here.
 */
export function untold(own: OwnCase, pack: ServicePackage): string[] {
  if (own.openedTx === null && Object.keys(own.form).length === 0) return [];
  return remaining(own, participantsOf(pack, "zh-CN", 0)).flatMap((step) => (step.kind === "link" ? [step.organisation] : []));
}

/** Sends what an open case still lacks, from the case alone: its draft may have given way to another one. */
export async function sendRest(wallet: Wallet, own: OwnCase, pack: ServicePackage): Promise<OwnCase> {
  const isDrafted = (await wallet.draft(own.service))?.[CASE] === own.id;
  const application = isDrafted ? await Application.open(wallet, own.service) : null;
  const sent = await goOn(wallet, own, pack, application);
  await application?.finish();
  return sent;
}
