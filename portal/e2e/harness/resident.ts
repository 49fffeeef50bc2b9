// A resident without a browser: the portal's own wallet, chain and gateway modules, with IndexedDB in memory.
import { IDBFactory } from "fake-indexeddb";
import { type Participants, apply, participantsOf } from "../../src/chain/apply";
import { chainOver } from "../../src/chain/chain";
import { Connection } from "../../src/chain/connection";
import { findCasesOver } from "../../src/chain/find";
import { gatewaysOver } from "../../src/chain/gateways";
import type { ProveSlots } from "../../src/chain/uses";
import { readPackage } from "../../src/package/read";
import type { Chain, Form, Gateways, Organisation, OwnCase, Wallet } from "../../src/ports";
import { indexedDbSlot } from "../../src/wallet/slot";
import { openWalletStore } from "../../src/wallet/store";
import { IndexClient } from "./index-client";
import type { Server } from "./server";
import { until } from "./wait";

export const PASSPHRASE = "a long test passphrase";
/** Not the rounds a browser uses: the vault is not what these tests are about. */
const KDF_ITERATIONS = 1_000;

/** Answers that fit each service's form. */
export const FORMS: Record<string, Form> = {
  "old-age-allowance": { payment_channel: "elder-card" },
  "disability-living-subsidy": { contact_by: "portal", payment_channel: "social-security-card" },
  "temporary-relief": {
    cause: "illness", insured: true, what_happened: "因患重大疾病住院治疗，自付费用较高，家庭基本生活暂时困难。",
    household_size: 2, already_paid_yuan: 20_000, urgent: false, payment_channel: "social-security-card",
  },
};

/** The wallet locks itself when idle; waiting for that must not keep a test's process alive. */
const timers = {
  set: (callback: () => void, ms: number): unknown => setTimeout(callback, ms).unref(),
  clear: (handle: unknown): void => clearTimeout(handle as NodeJS.Timeout),
};

/** What is known before an application is signed: who takes part in it, and where they are. */
export interface Plan {
  readonly participants: Participants;
  readonly organisations: readonly Organisation[];
}

/** For runs that check the chain's storage otherwise. */
const noProofs: ProveSlots = async (_, slots) => slots.map(() => null);

export class Resident {
  private constructor(
    readonly server: Server,
    readonly index: IndexClient,
    readonly chain: Chain,
    readonly gateways: Gateways,
    readonly wallet: Wallet,
  ) {}

  /** A new wallet with the identity credential of a demo resident. */
  static async enrol(server: Server, label: string): Promise<Resident> {
    const index = new IndexClient(server.origin);
    const connection = new Connection({ rpcUrl: server.rpcUrl });
    const gateways = gatewaysOver({ origin: server.origin, fetch, now: Date.now }, connection, noProofs);
    const space = async () => ({ chainId: (await connection.network()).chainId, cases: await connection.contract("cases") });
    const store = await openWalletStore({
      slot: indexedDbSlot(new IDBFactory()), page: null, origin: server.origin, space,
      find: findCasesOver(connection), now: Date.now, kdfIterations: KDF_ITERATIONS, timers, authenticator: null,
    });
    const wallet = await store.create(store.newWords("zh-CN"), PASSPHRASE);
    const { number, code } = await index.resident(label);
    const police = (await index.network()).organisations.find((organisation) => organisation.id === "public-security");
    await wallet.keepIdentity(await gateways.identity(police?.gateway ?? "", wallet, { number, code }));
    return new Resident(server, index, chainOver(connection), gateways, wallet);
  }

  /** Takes the next case key for a service; nothing is sent yet. */
  async prepare(service: string, form: Form = FORMS[service] ?? {}): Promise<OwnCase> {
    const detail = await this.index.service(service);
    return await this.wallet.newCase(service, detail.service?.version ?? 1, form);
  }

  async plan(service: string): Promise<Plan> {
    const [detail, network] = await Promise.all([this.index.service(service), this.index.network()]);
    return { participants: participantsOf(readPackage(detail.package), "zh-CN", Date.now()), organisations: network.organisations.map(toOrganisation) };
  }

  /** Does what remains of an application; may be called again. */
  async submit(own: OwnCase, plan?: Plan): Promise<OwnCase> {
    const known = plan ?? (await this.plan(own.service));
    return await apply({ chain: this.chain, gateways: this.gateways }, { wallet: this.wallet, own, ...known });
  }

  async applyFor(service: string): Promise<OwnCase> {
    return await this.submit(await this.prepare(service));
  }

  /** Waits until the index shows the case in one of the states. */
  async reaches(id: string, ...statuses: string[]) {
    return await until(`case ${id} becomes ${statuses.join(" or ")}`, async () => {
      const view = await this.index.case(id);
      return statuses.includes(view.status) ? view : null;
    }, 60_000);
  }
}

function toOrganisation(info: { id: string; name: string; gateway: string; encryption_key: string }): Organisation {
  return { slug: info.id, name: info.name, gateway: info.gateway, encryptionKey: info.encryption_key as Organisation["encryptionKey"] };
}
