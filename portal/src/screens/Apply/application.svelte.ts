import { here } from "../../app/here.svelte";
import type { ChosenEvidence } from "../../chain/evidence";
import { type Delegation, type Form, type Hex, PortFailure, type Wallet } from "../../ports";
import { readPackage } from "../../package/read";
import type { ConsentExtent, ServicePackage } from "../../package/types";
import { heldFor, uncheckedFor } from "../Delegations/delegations";
import { type Answers, formOf } from "./journey";
import { type Offer, type Offers, offersOf } from "./offers";

/** Under which a draft names the case that was begun from it. */
export const CASE = "$case";
const CONSENT = "$consent.";
const HELD = "$held.";
const USE = "$use.";
const DAYS = "$days.";
const WHO = "$for";

/** An application being filled in: answers, consents, and the case of a submission that was begun. Kept in the wallet at every step. */
export class Application {
  answers = $state<Answers>({});
  consents = $state<Record<string, boolean>>({});
  /** By step: the case of the credential to show, or null for the ordinary way. */
  held = $state<Record<string, string | null>>({});
  /** How much of each consent is given, where it was chosen. */
  choices = $state<Record<string, ConsentExtent>>({});
  caseId = $state<string | null>(null);
  /** For whom it is: the key of a delegation, empty for the person themselves, undefined before it was said. */
  who = $state<string | undefined>(undefined);
  /** The delegation that the application was begun under, where it does not hold any more, or cannot be checked now. */
  over = $state.raw<Delegation | null>(null);

  private constructor(
    readonly wallet: Wallet,
    readonly pack: ServicePackage,
    readonly version: number,
    /** Credentials of the person themselves. */
    private readonly own: Offers,
    /** Delegations under which they may apply for this service. */
    readonly people: readonly Delegation[],
    /** Those that would be among them, if it could be read now whether they are in force. */
    readonly unchecked: readonly Delegation[],
  ) {}

  /** Nobody shows their own credentials for somebody else. */
  get offers(): readonly Offer[] {
    return this.delegation === undefined ? this.own.offers : [];
  }

  /** The packages whose credentials are not offered because their status cannot be read now. */
  get uncheckedOffers(): readonly ServicePackage[] {
    return this.delegation === undefined ? this.own.unchecked : [];
  }

  get asksWho(): boolean {
    return this.people.length > 0 || this.unchecked.length > 0;
  }

  get delegation(): Hex | undefined {
    return this.who === undefined || this.who === "" ? undefined : (this.who as Hex);
  }

  /** For whom it is, by the name they gave; null for the person themselves. */
  get whoseName(): string | null {
    return this.people.find(({ key }) => key === this.delegation)?.name ?? null;
  }

  static async open(wallet: Wallet, service: string): Promise<Application> {
    const detail = await here().index.service(service);
    if (detail.service?.state !== "running" || !detail.package) throw new PortFailure("not-found", service);
    const pack = readPackage(detail.package);
    const version = detail.published?.version ?? detail.service.version ?? 1;
    const all = await here().ports.delegations.list(wallet);
    const offers = await offersOf(wallet, pack, version, Math.floor(Date.now() / 1000));
    const one = new Application(wallet, pack, version, offers, heldFor(all, pack.item.slug), uncheckedFor(all, pack.item.slug));
    const draft = (await wallet.draft(pack.item.slug)) ?? {};
    const who = draft[WHO];
    if (typeof who === "string") one.who = who;
    // What was begun for somebody does not become one's own because a delegation ended.
    if (one.delegation !== undefined && one.whoseName === null) one.over = all.find(({ key }) => key === one.delegation) ?? null;
    if (one.delegation !== undefined && one.whoseName === null && one.over === null) await one.choose("");
    else one.#read(draft);
    return one;
  }

  /** Says for whom it is. Answers for one person are not those of another. */
  async choose(who: string): Promise<void> {
    if (who !== "") await this.#mustHold(who);
    if (who !== (this.who ?? "")) {
      this.answers = {};
      this.consents = {};
      this.held = {};
      this.choices = {};
      this.caseId = null;
    }
    this.who = who;
    this.over = null;
    await this.keep();
  }

  /** Asks the chain once more: it may have been ended since the page was opened. */
  async mustHold(): Promise<void> {
    if (this.delegation !== undefined) await this.#mustHold(this.delegation);
  }

  async #mustHold(key: string): Promise<void> {
    const all = await here().ports.delegations.list(this.wallet);
    if (heldFor(all, this.pack.item.slug).some((one) => one.key === key)) return;
    if (uncheckedFor(all, this.pack.item.slug).some((one) => one.key === key)) throw new PortFailure("delegation-unchecked", "");
    throw new PortFailure("delegation-over", "");
  }

  #read(draft: Form): void {
    for (const [key, value] of Object.entries(draft)) {
      if (key === WHO) continue;
      else if (key === CASE) this.caseId = typeof value === "string" ? value : null;
      else if (key.startsWith(CONSENT)) this.consents[key.slice(CONSENT.length)] = value === true;
      else if (key.startsWith(HELD)) this.#chose(key.slice(HELD.length), value);
      else if (key.startsWith(USE)) this.#choose(key.slice(USE.length), value, draft[DAYS + key.slice(USE.length)]);
      else if (key.startsWith(DAYS)) continue;
      else if (value !== null) this.answers[key] = String(value);
    }
  }

  /** One that cannot be shown any more is asked about again. */
  #chose(id: string, from: Form[string] | undefined): void {
    const offer = this.offers.find((one) => one.id === id);
    if (from === "" || (offer !== undefined && from === offer.from)) this.held[id] = from === "" ? null : offer?.from ?? null;
  }

  /** The credentials that were chosen, as the agencies are shown them. */
  get evidence(): ChosenEvidence[] {
    return this.offers
      .filter((offer) => this.held[offer.id] === offer.from)
      .map(({ terms, from }) => ({ provider: terms.provider, vct: terms.held.vct, claims: terms.held.claims, from }));
  }

  #choose(provider: string, use: Form[string] | undefined, days: Form[string] | undefined): void {
    if ((use === "once" || use === "standing") && typeof days === "number") this.choices[provider] = { use, days };
  }

  get form(): Form {
    return formOf(this.pack, this.answers);
  }

  async keep(): Promise<void> {
    const consents = Object.entries(this.consents).map(([provider, given]) => [CONSENT + provider, given]);
    const held = Object.entries(this.held).map(([id, from]) => [HELD + id, from ?? ""]);
    const choices = Object.entries(this.choices).flatMap(([provider, { use, days }]) => [
      [USE + provider, use],
      [DAYS + provider, days],
    ]);
    const begun = this.caseId === null ? [] : [[CASE, this.caseId]];
    const who = this.who === undefined ? [] : [[WHO, this.who]];
    const all = [...who, ...Object.entries($state.snapshot(this.answers)), ...consents, ...held, ...choices, ...begun];
    await this.wallet.keepDraft(this.pack.item.slug, Object.fromEntries(all) as Form);
  }

  /** Null: under a key that is to be taken yet. */
  async begin(id: string | null): Promise<void> {
    this.caseId = id;
    await this.keep();
  }

  async finish(): Promise<void> {
    await this.wallet.keepDraft(this.pack.item.slug, null);
  }
}
