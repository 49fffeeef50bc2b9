// What tests of lost devices share: browsers with a screen lock, offices at their counters, devices in memory.
import type { Page } from "playwright-core";
import { accountsOver } from "../../src/chain/accounts";
import { Connection } from "../../src/chain/connection";
import type { Accounts, Hex, Organisation } from "../../src/ports";
import { type OwnRecovery, deviceInMemory } from "../../src/wallet/account/device";
import { type Browser, picture, text } from "./browser";
import { IndexClient } from "./index-client";
import { Officer } from "./officer";
import type { Server } from "./server";

/** A device with a screen lock that its owner always unlocks. */
export async function withAuthenticator(browser: Browser): Promise<Page> {
  const page = await browser.page("/");
  const session = await browser.context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, hasPrf: true },
  });
  return page;
}

export async function protect(page: Page): Promise<void> {
  await page.getByRole("link", { name: text("nav.wallet"), exact: true }).first().click();
  await page.getByRole("link", { name: text("protection.set") }).click();
  await page.getByText(text("protect.how1")).waitFor();
  await picture(page, "protect");
  await page.getByRole("button", { name: text("protect.do") }).click();
  await page.getByText(text("protection.on", { host: "" }).slice(0, 6)).waitFor();
  await page.getByText(text("protection.kind.passkey")).waitFor();
}

export class Offices {
  readonly server: Server;
  readonly index: IndexClient;
  readonly connection: Connection;

  constructor(server: Server) {
    this.server = server;
    this.index = new IndexClient(server.origin);
    this.connection = new Connection({ rpcUrl: server.rpcUrl });
  }

  async organisations(): Promise<Organisation[]> {
    return (await this.index.network()).organisations.map((one) => ({ slug: one.id, name: one.name, gateway: one.gateway, encryptionKey: one.encryption_key as Hex }));
  }

  /** The portal's own module on a device that exists in memory alone, with a clock an hour ahead: the chain's counts. */
  device(): { accounts: Accounts; held: () => Promise<OwnRecovery | null> } {
    const device = deviceInMemory();
    const http = { origin: this.server.origin, fetch, now: () => Date.now() + 3_600_000 };
    const adopt = () => Promise.reject(new Error("a wallet came out that should not"));
    const gateways = async () => (await this.organisations()).map(({ gateway }) => gateway);
    return { accounts: accountsOver({ connection: this.connection, http, device, adopt, gateways }), held: () => device.recovery() };
  }

  async approve(office: string, number: string, code: string): Promise<void> {
    const officer = await Officer.signIn(this.server, office);
    await this.device().accounts.approve(officer.gateway, officer.session, number, code);
  }
}
