// Losing a device loses nothing, and recovery rotates keys and never acts: in a real browser with a virtual authenticator,
// against the real binary with a short delay.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { isSigner, readyAtOf, sendToAccounts } from "../src/chain/account-chain";
import type { Connection } from "../src/chain/connection";
import { ContractRefusal } from "../src/chain/failure";
import { type Hex, PortFailure } from "../src/ports";
import type { DeviceKeys, OwnRecovery } from "../src/wallet/account/device";
import { signerId } from "../src/wallet/account/signers";
import { picture, text, withBrowser } from "./harness/browser";
import { IndexClient } from "./harness/index-client";
import { applyFromFrontPage, chooseResident, verdict } from "./harness/portal";
import { Offices, protect, withAuthenticator } from "./harness/recovery";
import { FORMS } from "./harness/resident";
import { Server } from "./harness/server";
import { until } from "./harness/wait";

const ALLOWANCE = "old-age-allowance";
/** Long enough for the attempts before its end, short enough to wait for. */
const DELAY_S = 40;
const DECIDED_WITHIN_MS = 30_000;
const PASSPHRASE = "a new passphrase";
const OFFICES = ["health", "human-resources"] as const;

let server: Server;
let index: IndexClient;
let connection: Connection;
let offices: Offices;
/** Passkeys are bound to a name, so the pages are reached by name. */
let origin: string;

before(async () => {
  server = await Server.start({ name: "recovery", more: ["--recovery-delay", String(DELAY_S)] });
  index = new IndexClient(server.origin);
  offices = new Offices(server);
  connection = offices.connection;
  origin = `http://localhost:${server.httpPort}`;
});
after(() => server.dispose());

/** What the new device keeps of its recovery, read in its page. */
function recoveryIn(page: Page): Promise<{ tickets: OwnRecovery["tickets"]; signers: DeviceKeys["signer"][]; receiver: Hex; device: DeviceKeys["signer"] }> {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open("zhengtong-device", 1);
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const found = opening.result.transaction("device").objectStore("device").get("recovery");
          found.onsuccess = () => {
            const { tickets, receiver, keys } = found.result as OwnRecovery;
            opening.result.close();
            resolve({ tickets, receiver, device: keys.signer, signers: keys.passkey === null ? [keys.signer] : [keys.passkey.signer, keys.signer] });
          };
        };
      }),
  );
}

/** The new device asks the host for the backup, signed by its own key. */
function askForBackup(page: Page, gateway: string, account: Hex, signer: Hex): Promise<number> {
  return page.evaluate(
    async ([url, path, id, by]) => {
      const recovery = await new Promise<OwnRecovery>((resolve) => {
        const opening = indexedDB.open("zhengtong-device", 1);
        opening.onsuccess = () => {
          const found = opening.result.transaction("device").objectStore("device").get("recovery");
          found.onsuccess = () => resolve(found.result as OwnRecovery);
        };
      });
      // No named functions in here: the loader of tests would refer to a helper that the page does not have.
      const empty = [...new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(0)))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const time = String(Date.now());
      const request = new TextEncoder().encode(`zhengtong account request\n${id}\nGET\n${path}\n${time}\n${empty}`);
      const signature = [...new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, recovery.keys.pair.privateKey, request))];
      const encoded = btoa(String.fromCharCode(...signature)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
      const answer = await fetch(url + path, { headers: { "x-account-time": time, "x-account-signer": by, "x-account-signature": encoded } });
      return answer.status;
    },
    [gateway, `/v1/accounts/${account}/backup`, account, signer] as const,
  );
}

describe("a resident who lost the only device", () => {
  test("proves who they are at two counters, waits, and finds everything again", async () => {
    const resident = await index.resident("approved-66");
    let caseId = "";
    await withBrowser(origin, "recovery-old", {}, async (browser) => {
      const page = await withAuthenticator(browser);
      caseId = await applyFromFrontPage(page, index, "approved-66", { slug: ALLOWANCE, form: FORMS[ALLOWANCE] ?? {} });
      await verdict(page).getByText(text("case.approvedAmount.title", { amount: "" }).slice(0, 3)).waitFor({ timeout: DECIDED_WITHIN_MS });
      await page.getByRole("button", { name: text("credential.download") }).waitFor();
      await protect(page);
      await picture(page, "protected");

      // The device is out of reach. Another one, at first a stranger.
      await withBrowser(origin, "recovery-new", { width: 360, height: 760 }, async (second) => {
        const page = await withAuthenticator(second);
        await page.goto(`${origin}/sign-in`);
        await page.getByRole("link", { name: text("recover.link") }).click();
        const codes: string[] = [];
        for (const office of OFFICES) {
          await page.getByRole("button", { name: text("recover.get", { name: text(`agency.${office}`) }) }).click();
          codes.push((await page.locator(`[data-code="${office}"]`).innerText()).replace(/\s/g, ""));
        }
        await picture(page, "recover-codes");

        // One officer by the screen, the other by the same requests.
        await withBrowser(origin, "recovery-counter", {}, async (counter) => {
          const desk = await counter.page("/desk/sign-in");
          await desk.locator("li", { hasText: `${OFFICES[0]}-1` }).getByRole("button").click();
          await desk.getByRole("heading", { level: 1, name: text("counter.title") }).waitFor();
          await desk.locator("#number").fill(resident.number);
          await desk.locator("#code").fill(codes[0] ?? "");
          await desk.getByRole("button", { name: text("counter.do") }).click();
          await desk.getByText(text("counter.checkedError")).first().waitFor();
          await desk.locator("#checked").check();
          // The code of the other office is none here.
          await desk.locator("#code").fill(codes[1] ?? "");
          await desk.getByRole("button", { name: text("counter.do") }).click();
          await desk.getByText(text("counter.notFoundText")).waitFor();
          await picture(desk, "counter-not-found");
          await desk.locator("#code").fill(codes[0] ?? "");
          await desk.getByRole("button", { name: text("counter.do") }).click();
          await desk.getByText(text("counter.doneTitle")).waitFor();
          await picture(desk, "counter");
        });
        await page.getByText(text("recover.approved")).waitFor();
        await offices.approve(OFFICES[1], resident.number, codes[1] ?? "");
        await page.getByText(text("recover.waitText")).waitFor();
        await picture(page, "recover-waiting");

        // Before the delay ends the new keys can do nothing at all.
        const own = await recoveryIn(page);
        const gateways = new Map((await offices.organisations()).map((one) => [one.slug, one.gateway]));
        const at = own.tickets[0];
        assert.ok(at);
        const progress = (await (await fetch(`${server.origin}${gateways.get(at.authority)}/v1/recoveries/${at.ticket}`)).json()) as { account: Hex; recovery: Hex };
        const { account, recovery } = progress;
        await assert.rejects(sendToAccounts(connection, "finish", [account, own.signers, own.receiver]), (refusal: unknown) => refusal instanceof ContractRefusal && refusal.error === "NotReady");
        for (const { authority, ticket } of own.tickets) {
          const answer = await fetch(`${server.origin}${gateways.get(authority)}/v1/recoveries/${ticket}/share`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
          assert.equal(answer.status, 409, "no share before the end");
        }
        for (const one of await offices.organisations()) assert.equal(await askForBackup(page, one.gateway, account, signerId(own.device)), 401, one.slug);
        assert.equal(await isSigner(connection, account, signerId(own.device)), false);
        assert.ok((await readyAtOf(connection, recovery)) * 1000 > Date.now(), "all of this was before the end");

        // The passkey that was made for the recovery seals the wallet here: no passphrase.
        await page.getByText(text("first.recovered")).waitFor({ timeout: (DELAY_S + 30) * 1000 });
        await picture(page, "recover-ready");
        await page.getByRole("button", { name: text("recover.finish") }).click();
        await page.getByRole("heading", { level: 1, name: text("recover.doneTitle") }).waitFor();
        await picture(page, "recover-done");
        await page.getByRole("link", { name: text("recover.doneOpen") }).click();
        await page.getByRole("heading", { level: 1, name: text("wallet.title") }).waitFor();
        await page.getByText(text("protection.kind.passkey")).waitFor();
        await picture(page, "recovered");

        // Everything is there: the case, its uses, its credential, the identity.
        assert.ok(!(await page.locator("main").innerText()).includes(text("identity.get")), "the identity credential is back");
        await page.getByRole("link", { name: text("nav.myCases") }).first().click();
        await page.locator(`a[href="/cases/${caseId}"]`).first().click();
        await verdict(page).getByText(text("case.approvedAmount.title", { amount: "" }).slice(0, 3)).waitFor();
        await page.getByText(text("uses.complete", { provider: "" }).slice(0, 4)).first().waitFor();
        assert.equal(await page.getByText(text("uses.unreadable")).count(), 0, "a record does not open");
        await page.getByRole("button", { name: text("credential.download") }).waitFor();

        await page.goto(`${origin}/sign-in`);
        await page.getByRole("button", { name: text("unlock.passkey"), exact: true }).click();
        await page.waitForURL(`${origin}/`);
      });

      // The old one turns up: its key is none any more, and it says so before anybody is asked for the passkey.
      await page.getByRole("link", { name: text("nav.myCases"), exact: true }).first().click();
      await page.getByRole("link", { name: text("nav.wallet"), exact: true }).first().click();
      await page.getByText(text("protection.removedTitle")).waitFor();
      await page.setViewportSize({ width: 360, height: 760 });
      await picture(page, "protection-removed-phone");
      assert.equal(await page.getByRole("button", { name: text("protection.remove") }).count(), 0, "nothing can be removed by it");
      await page.getByRole("link", { name: text("protection.anew"), exact: true }).click();
      await page.getByText(text("protect.elsewhereTitle")).waitFor();
      await page.getByText(text("protect.how1")).waitFor();
      // Nobody makes a second account without saying so.
      await page.getByRole("button", { name: text("protect.do") }).click();
      await page.getByText(text("protect.anewError")).first().waitFor();
      await picture(page, "protect-elsewhere-phone");
    });
  });
});

describe("somebody who is taken for the resident at two counters", () => {
  test("is stopped by the resident's device with one press, and gets nothing", async () => {
    const resident = await index.resident("refused-64");
    await withBrowser(origin, "recovery-veto", {}, async (browser) => {
      const page = await withAuthenticator(browser);
      await page.goto(`${origin}/sign-in`);
      await chooseResident(page, index, "refused-64");
      await page.waitForURL(`${origin}/`);
      await protect(page);

      const thief = offices.device();
      const all = await offices.organisations();
      for (const office of all.filter((one) => OFFICES.some((slug) => slug === one.slug))) {
        await thief.accounts.ask(office, false);
        const code = (await thief.held())?.tickets.find((ticket) => ticket.authority === office.slug)?.code ?? "";
        await offices.approve(office.slug, resident.number, code);
      }
      await until("the delay has started", async () => (await thief.accounts.progress(all))?.state === "waiting");

      // It is told whatever page is open, in sight and without a look at the wallet's page.
      for (const link of ["nav.services", "nav.myCases", "nav.wallet", "nav.myData"] as const) {
        await page.getByRole("link", { name: text(link), exact: true }).first().click();
        await page.getByRole("alert").getByText(text("protection.pendingTitle")).waitFor();
        const box = await page.getByText(text("protection.pendingTitle")).boundingBox();
        assert.ok(box !== null && box.y + box.height < 400, `the warning is not at the top of ${link}`);
      }
      await picture(page, "veto");
      await page.setViewportSize({ width: 390, height: 844 });
      await picture(page, "veto-phone");
      await page.getByRole("button", { name: text("protection.veto") }).click();
      await page.getByText(text("protection.vetoedText")).waitFor();

      assert.equal((await thief.accounts.progress(all))?.state, "stopped");
      await assert.rejects(thief.accounts.finish(all, PASSPHRASE), (failure: unknown) => failure instanceof ContractRefusal && failure.error === "NotApproved");
      for (const ticket of (await thief.held())?.tickets ?? []) {
        const gateway = all.find((one) => one.slug === ticket.authority)?.gateway;
        const answer = await fetch(`${server.origin}${gateway}/v1/recoveries/${ticket.ticket}/share`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
        assert.equal(answer.status, 409);
      }
      await assert.rejects(offices.approve(OFFICES[0], resident.number, "00000000"), (failure: unknown) => failure instanceof PortFailure && failure.code === "not-found");
      assert.equal(await page.getByText(text("protection.pendingTitle")).count(), 0);
    });
  });
});
