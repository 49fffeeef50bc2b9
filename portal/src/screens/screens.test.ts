import { cleanup, render, screen } from "@testing-library/svelte";
import { beforeEach, describe, expect, test } from "vitest";
import App from "../app/App.svelte";
import { install, session } from "../app/here.svelte";
import { to } from "../app/routes";
import { setLanguage } from "../i18n/index.svelte";
import { PortFailure } from "../ports";
import { mockWorld, PREPARED } from "../testing/world";

const service = "old-age-allowance";
const PAGES: [name: string, path: string, role: "" | "resident" | "officer"][] = [
  ["home", to("home"), ""],
  ["services", to("services"), ""],
  ["guide", to("guide", { service }), ""],
  ["track", to("track"), ""],
  ["sign-in", to("signIn"), ""],
  ["create", to("createWallet"), ""],
  ["restore", to("restoreWallet"), ""],
  ["identity", to("identity"), "resident"],
  ["wallet", to("wallet"), "resident"],
  ["apply", to("apply", { service }), "resident"],
  ["cases", to("myCases"), "resident"],
  ["data", to("myData"), "resident"],
  ["consents", to("myConsents"), "resident"],
  ["delegations", to("delegations"), "resident"],
  ["delegation ask", to("delegationAsk"), "resident"],
  ["delegation give", to("delegationGive"), "resident"],
  ["delegation accept", to("delegationAccept"), "resident"],
  ["data request", to("dataRequest", { right: "delete" }), "resident"],
  ["data request about a use", to("dataRequest", { right: "contest" }, { agency: "health", case: PREPARED["approved"]!, use: `0x${"1f".repeat(32)}` }), "resident"],
  ["sent request", to("sentRequest", { id: "5f0c1a" }), "resident"],
  ["sent request that was refused", to("sentRequest", { id: "77e012" }), "resident"],
  ["sent request for a deletion that was granted", to("sentRequest", { id: "de1e7e" }), "resident"],
  ["sent request that may not have arrived", to("sentRequest", { id: "0ff11e" }), "resident"],
  ["sent request of another wallet", to("sentRequest", { id: "00" }), "resident"],
  ["approved", to("case", { id: PREPARED["approved"]! }), "resident"],
  ["appeal", to("appeal", { id: PREPARED["refused"]! }), "resident"],
  ["supplement", to("supplement", { id: PREPARED["supplement"]! }), "resident"],
  ["desk sign-in", to("officerSignIn"), ""],
  ["desk return", to("officerReturn"), ""],
  ["desk", to("desk"), "officer"],
  ["desk requests", to("deskRequests"), "officer"],
  ["desk ask", to("deskAsk"), "officer"],
  ["desk case", to("deskCase", { id: PREPARED["possible-refusal"]! }), "officer"],
  ["desk case of relief", to("deskCase", { id: PREPARED["relief"]! }), "officer"],
  ["audit", to("audit"), ""],
  ["audit cases", to("auditCases"), ""],
  ["bundle", to("auditBundle"), ""],
  ["network", to("network"), ""],
  ["nowhere", "/nowhere", ""],
];

beforeEach(() => {
  session.wallet = null;
  session.officer = null;
  localStorage.clear();
});

async function open(path: string, role: string): Promise<void> {
  install(mockWorld({ role }));
  history.replaceState(null, "", path);
  render(App);
  await screen.findByRole("heading", { level: 1 });
  await new Promise((resolve) => setTimeout(resolve, 30));
}

describe.each(["zh-CN", "en"] as const)("in %s", (language) => {
  test.each(PAGES)("%s is drawn, with one first heading and no key for a text", async (_, path, role) => {
    setLanguage(language);
    await open(path, role);
    expect(screen.getAllByRole("heading", { level: 1 })).toHaveLength(1);
    const text = document.querySelector("main")?.textContent ?? "";
    expect(text).not.toMatch(/\b(predicate|reason|form|page|step|defect|law|guide|service)\.[a-z-]+\.[a-z]+\b/);
    expect(text).not.toMatch(/\{\w+\}|undefined|\[object/);
    expect(document.documentElement.lang).toBe(language);
    cleanup();
  });
});

describe("states", () => {
  test("a server that does not answer says what to do, and can be asked again", async () => {
    setLanguage("en");
    const world = mockWorld({ role: "" });
    let calls = 0;
    world.index.services = async () => {
      calls += 1;
      throw new PortFailure("offline", "/api/v1/services");
    };
    install(world);
    history.replaceState(null, "", "/services");
    render(App);
    const again = await screen.findByRole("button", { name: "Try again" });
    const before = calls;
    again.click();
    expect(calls).toBe(before + 1);
    expect(screen.getByRole("alert").textContent).toContain("Check your connection");
  });

  test("nothing found is said, with a way out", async () => {
    setLanguage("en");
    await open("/services?q=zzzz", "");
    expect(await screen.findByText("Nothing matches")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Clear the search" })).toBeTruthy();
  });

  test("pages of one's own ask to sign in first", async () => {
    setLanguage("en");
    await open("/me/cases", "");
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Sign in first");
  });
});
