// An agency's gateway on another host than the portal, as each agency runs its own: a process of its own, listed by the council, and
// reached by the portal's pages across origins, through the policy that the server sends with each page.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Hex } from "../src/ports";
import { text, withBrowser, picture } from "./harness/browser";
import { IndexClient } from "./harness/index-client";
import { Officer } from "./harness/officer";
import { OwnGateway } from "./harness/own-gateway";
import { answerQuestions, applyFromFrontPage, checkAndSend, markWindow, verdict } from "./harness/portal";
import { FORMS } from "./harness/resident";
import { Server } from "./harness/server";
import { until } from "./harness/wait";

const AGENCY = "civil-affairs";
const ALLOWANCE = "old-age-allowance";
const RELIEF = "temporary-relief";
const RESIDENT = "approved-66";
const DECIDED_WITHIN_MS = 60_000;
const REQUEST = "请给我一份贵局保存的关于我的内容。";

let server: Server;
let gateway: OwnGateway;
let index: IndexClient;

before(async () => {
  server = await Server.start({ name: "elsewhere" });
  index = new IndexClient(server.origin);
  const officers = (await index.demo()).officers.filter(({ organisation }) => organisation === AGENCY);
  gateway = await OwnGateway.start(server, { agency: AGENCY, portals: [`127.0.0.1:${server.httpPort}`], officers: officers.map(({ address }) => address) });
  await until("the index has the new address", async () => (await index.network()).organisations.some((one) => one.id === AGENCY && one.gateway === gateway.origin));
});
after(async () => {
  await gateway?.dispose();
  await server.dispose();
});

/** What a browser asks before a page of `origin` sends headers of ours. */
async function preflight(origin: string): Promise<Headers> {
  const headers = { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type,x-case-time,x-case-signature" };
  return (await fetch(`${gateway.origin}/v1/my/requests`, { method: "OPTIONS", headers })).headers;
}

describe("a gateway on another host", () => {
  test("is named by the policy of each page, and answers the pages of the portal's hosts alone", async () => {
    for (const path of ["/", "/me/cases"]) {
      const policy = (await fetch(server.origin + path)).headers.get("content-security-policy") ?? "";
      assert.equal(/connect-src ([^;]*)/.exec(policy)?.[1], `'self' ${gateway.origin}`);
    }
    const allowed = await preflight(server.origin);
    assert.equal(allowed.get("access-control-allow-origin"), server.origin);
    assert.equal(allowed.get("access-control-allow-credentials"), null, "nothing goes by cookies");
    for (const header of ["authorization", "content-type", "x-case-time", "x-case-signature", "x-account-signature"]) assert.ok(allowed.get("access-control-allow-headers")?.includes(header), header);
    for (const origin of ["https://portal.example", server.origin.replace("127.0.0.1", "localhost"), "null"]) {
      assert.equal((await preflight(origin)).get("access-control-allow-origin"), null, origin);
    }
  });

  test("decides a case, hands out its credential, tells its status, and takes a request", async () => {
    await withBrowser(server.origin, "elsewhere", {}, async (browser) => {
      const page = await browser.page("/");
      const asked: string[] = [];
      page.on("request", (request) => asked.push(`${request.method()} ${request.url()}`));
      const reached = (method: string, path: RegExp): boolean => asked.some((one) => one.startsWith(`${method} ${gateway.origin}/`) && path.test(one));
      await markWindow(page);

      const id = await applyFromFrontPage(page, index, RESIDENT, { slug: ALLOWANCE, form: FORMS[ALLOWANCE] ?? {} });
      await verdict(page).getByText(text("case.approvedAmount.title", { amount: "" }).slice(0, 3)).waitFor({ timeout: DECIDED_WITHIN_MS });
      await page.getByRole("button", { name: text("credential.download") }).waitFor();
      await picture(page, "elsewhere-case");
      assert.ok(reached("POST", /\/v1\/links/), "what the agency needs is sent to it");
      assert.ok(reached("GET", /credential/), "the credential is fetched from it");

      // The result is offered as evidence in another case once its status is known; and the other agency takes it.
      await page.locator("a.brand").click();
      await page.locator(`a[href="/services/${RELIEF}"]`).first().click();
      await page.getByRole("link", { name: text("guide.start") }).first().click();
      let offered = 0;
      await answerQuestions(page, FORMS[RELIEF] ?? {}, async () => void offered++);
      assert.equal(offered, 1);
      assert.ok(reached("GET", /\/v1\/status$/), "the status list is read from it");
      const second = await checkAndSend(page);
      assert.notEqual(second, id);
      await until("the case is before an officer", async () => (await index.case(second)).status === "review", DECIDED_WITHIN_MS);
      await page.getByText(text("uses.claims"), { exact: true }).first().waitFor();

      // A right over one's data, and its answer.
      await page.getByRole("link", { name: text("nav.myData"), exact: true }).first().click();
      await page.locator('a[href="/me/data/requests/copy"]').click();
      await page.locator("#agency").selectOption(AGENCY);
      await page.locator("#text").fill(REQUEST);
      await page.getByRole("button", { name: text("request.do") }).click();
      await page.getByText(text("request.sent")).waitFor();
      await picture(page, "elsewhere-request");
      assert.ok(reached("POST", /\/v1\/my\/requests$/));

      // Its officer sees the case at the agency's own desk.
      const officer = await Officer.signIn(server, AGENCY);
      assert.equal(officer.gateway, gateway.origin);
      assert.deepEqual((await officer.deskCase(second as Hex)).form, FORMS[RELIEF]);

      assert.deepEqual(asked.filter((one) => one.includes(`/gateway/${AGENCY}/`)), [], "nothing goes to the demo's own gateway");
    });
  });
});
