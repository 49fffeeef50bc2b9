/** Does the tasks of a submission one by one. Whatever fails, starting again goes on where it stopped. */
import { here, networkInfo } from "../../app/here.svelte";
import { type Form, type OwnCase, PortFailure, type Wallet } from "../../ports";
import type { ServicePackage } from "../../package/types";
import { consentsOf } from "../../package/words";
import { nextTask, type Task, tasks } from "./submission";

const DAY_SECONDS = 86_400;

export interface Submission {
  wallet: Wallet;
  pack: ServicePackage;
  version: number;
  form: Form;
  /** case of an earlier attempt */
  earlier: string | null;
  /** called before the first transaction, to keep the id with the draft */
  started: (id: string) => Promise<void>;
  progress: (own: OwnCase, doing: Task | null) => void;
}

export async function submit({ wallet, pack, version, form, earlier, started, progress }: Submission): Promise<OwnCase> {
  const kept = earlier === null ? null : await wallet.case(earlier as OwnCase["id"]);
  let own = kept ?? (await wallet.newCase(pack.item.slug, version, form));
  if (!kept) await started(own.id);
  // answers may have been changed after a failed attempt, as long as nothing is committed to them
  else if (own.openedTx === null) own = await wallet.updateCase(own.id, { form });

  const all = tasks(pack);
  const granted = new Set<string>();
  for (let task = nextTask(all, own, granted); task; task = nextTask(all, own, granted)) {
    progress(own, task);
    own = await perform(task, own, wallet, pack);
    if (task.kind === "consent") granted.add(task.provider);
  }
  progress(own, null);
  return own;
}

async function perform(task: Task, own: OwnCase, wallet: Wallet, pack: ServicePackage): Promise<OwnCase> {
  const { chain, gateways } = here().ports;
  if (task.kind === "open") {
    const { txHash } = await chain.openCase(wallet, own);
    return await wallet.updateCase(own.id, { openedTx: txHash });
  }
  if (task.kind === "consent") {
    const asked = consentsOf(pack).find((one) => one.provider === task.provider)?.predicates ?? [];
    const { id, record } = await chain.grantConsent(wallet, own, {
      provider: task.provider,
      service: pack.item.slug,
      purpose: pack.texts["zh-CN"]["service.title"] ?? pack.item.slug,
      fields: [...new Set(asked.flatMap((predicate) => predicate.fields))],
      until: Math.floor(Date.now() / 1000) + consentDays(pack) * DAY_SECONDS,
    });
    return await wallet.updateCase(own.id, { consents: { [task.provider]: { id, record } } });
  }
  const { organisations } = await networkInfo();
  const listed = organisations.find((one) => one.id === task.organisation);
  if (!listed) throw new PortFailure("not-found", `organisation ${task.organisation}`);
  await gateways.link(wallet, own, {
    organisation: { slug: listed.id, name: listed.name, gateway: listed.gateway, encryptionKey: listed.encryption_key as `0x${string}` },
    as: task.as,
  });
  return await wallet.updateCase(own.id, { linkedAtMs: { [task.organisation]: Date.now() } });
}

/** A consent lasts as long as the case can: the statutory limit and the time to appeal. */
export function consentDays(pack: ServicePackage): number {
  return pack.workflow.statutory.days + pack.workflow.appeal.days;
}
