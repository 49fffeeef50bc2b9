import { here } from "../../app/here.svelte";
import { type Form, PortFailure, type Wallet } from "../../ports";
import { readPackage } from "../../package/read";
import type { ServicePackage } from "../../package/types";
import { type Answers, formOf } from "./journey";

const CASE = "$case";
const CONSENT = "$consent.";

/** An application being filled in: answers, consents, and the case of a submission that was begun. Kept in the wallet at every step. */
export class Application {
  answers = $state<Answers>({});
  consents = $state<Record<string, boolean>>({});
  caseId = $state<string | null>(null);

  private constructor(
    readonly wallet: Wallet,
    readonly pack: ServicePackage,
    readonly version: number,
  ) {}

  static async open(wallet: Wallet, service: string): Promise<Application> {
    const detail = await here().index.service(service);
    if (detail.service?.state !== "running" || !detail.package) throw new PortFailure("not-found", service);
    const pack = readPackage(detail.package);
    const one = new Application(wallet, pack, detail.published?.version ?? detail.service.version ?? 1);
    one.#read((await wallet.draft(pack.item.slug)) ?? {});
    return one;
  }

  #read(draft: Form): void {
    for (const [key, value] of Object.entries(draft)) {
      if (key === CASE) this.caseId = typeof value === "string" ? value : null;
      else if (key.startsWith(CONSENT)) this.consents[key.slice(CONSENT.length)] = value === true;
      else if (value !== null) this.answers[key] = String(value);
    }
  }

  get form(): Form {
    return formOf(this.pack, this.answers);
  }

  async keep(): Promise<void> {
    const consents = Object.entries(this.consents).map(([provider, given]) => [CONSENT + provider, given]);
    const begun = this.caseId === null ? [] : [[CASE, this.caseId]];
    await this.wallet.keepDraft(this.pack.item.slug, Object.fromEntries([...Object.entries($state.snapshot(this.answers)), ...consents, ...begun]) as Form);
  }

  async begin(id: string): Promise<void> {
    this.caseId = id;
    await this.keep();
  }

  async finish(): Promise<void> {
    await this.wallet.keepDraft(this.pack.item.slug, null);
  }
}
