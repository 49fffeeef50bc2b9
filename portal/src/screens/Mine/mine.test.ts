import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { lawWritten } from "../../app/names";
import { setLanguage, t } from "../../i18n/index.svelte";
import { type Hex, type OpenedUse, type OwnCase, PortFailure } from "../../ports";
import type { mockWallet } from "../../testing/mock-wallet";
import type { ServicePackage } from "../../package/types";
import { PREPARED, mockWorld } from "../../testing/world";
import type { PersonalUse } from "./all-uses";
import { filtered } from "./filter";

const use = (provider: string, caseId: string): PersonalUse => ({ use: { provider, caseId } as OpenedUse, pack: {} as ServicePackage });
const uses = [use("health", "0x1"), use("public-security", "0x1"), use("health", "0x2")];
const said = ({ use: { provider, caseId } }: PersonalUse) => `Read by ${provider} in ${caseId}`;

describe("the filter", () => {
  it("takes agency, case and words together", () => {
    const find = (provider: string, caseId: string, words: string) => filtered(uses, { provider, caseId, words }, said).map((one) => uses.indexOf(one));
    expect(find("", "", "")).toEqual([0, 1, 2]);
    expect(find("health", "", "")).toEqual([0, 2]);
    expect(find("health", "0x2", "")).toEqual([2]);
    expect(find("", "", "READ  security")).toEqual([1]);
    expect(find("", "0x1", "health nothing")).toEqual([]);
  });
});

describe("my data", () => {
  async function open(change: (walk: { complete: { provider: string; provenAbsent: boolean; missing: number[] }[] }) => void): Promise<string> {
    setLanguage("zh-CN");
    const world = mockWorld({ role: "resident" });
    const { uses: walked } = world.ports.gateways;
    world.ports.gateways.uses = async (...args) => {
      const walk = await walked(...args);
      change(walk);
      return walk;
    };
    install(world);
    history.replaceState(null, "", "/me/data");
    render(App);
    await screen.findAllByText(/逐个编号核对|不完整/, undefined, { timeout: 3_000 });
    const text = document.querySelector("main")?.textContent ?? "";
    cleanup();
    return text;
  }

  it("says how it knows that the list is complete", async () => {
    const text = await open(() => undefined);
    expect(text).toMatch(/逐个核对了\d+个编号/);
    expect(text).not.toContain("这份清单不完整");
  });

  it("says which number is missing, whose, and what to do", async () => {
    const text = await open((walk) => {
      const [first] = walk.complete;
      if (first) Object.assign(first, { provenAbsent: false, missing: [0, 2] });
    });
    expect(text).toContain("这份清单不完整");
    expect(text).toMatch(/公安.*缺少第1、3号记录/);
    expect(text).toContain("对用数提出异议");
  });

  it("does not name a number when a proof was missing only", async () => {
    const text = await open((walk) => {
      for (const one of walk.complete) one.provenAbsent = false;
    });
    expect(text).toContain("没有得到证明");
    expect(text).not.toContain("号记录");
  });
});


describe.each(["zh-CN", "en"] as const)("without a connection, in %s", (language) => {
  afterEach(cleanup);
  const id = PREPARED["approved"]!;
  const SEEN = { atMs: 1_790_000_000_000, status: "approved", openedAt: 1_789_000_000, promisedBy: 1, title: { "zh-CN": "津贴", en: "An allowance" }, credential: { "zh-CN": "", en: "" }, claims: {} };

  /** Nobody answers; the wallet has one case, as it was given back by the words or as it was last seen. */
  async function open(path: string, own: Partial<OwnCase>) {
    setLanguage(language);
    const world = mockWorld({ role: "resident" });
    const wallet = session.wallet as ReturnType<typeof mockWallet>;
    const held = { ...((await wallet.case(id)) as OwnCase), ...own };
    const away = async () => Promise.reject(new PortFailure("offline", "away"));
    Object.assign(world.index, { case: away, service: away, network: away });
    Object.assign(world.ports.gateways, { uses: away });
    world.ports.delegations.findCases = away;
    wallet.keptCases = async () => [held];
    wallet.cases = away;
    install(world);
    history.replaceState(null, "", path);
    render(App);
    await screen.findByRole("heading", { level: 1 });
  }
  const main = () => document.querySelector("main")?.textContent ?? "";

  it("a case that the words gave back is not called unsent: what became of it cannot be read now", async () => {
    await open("/me/cases", { openedTx: null, form: {}, linkedAtMs: {} });
    await screen.findByText(t("mine.notSeen"));
    expect(main()).not.toContain(t("mine.unsent"));
    expect(screen.queryByRole("link", { name: t("mine.continue") })).toBeNull();
    expect(document.querySelector(`a[href="/cases/${id}"]`)).not.toBeNull();
  });

  it("my data shows what the wallet holds, as of when, and says what cannot be read", async () => {
    await open("/me/data", { seen: SEEN });
    await screen.findByText(t("data.offline"));
    await screen.findAllByText(/2026/);
    expect(main()).toContain(SEEN.title[language]);
    expect(main()).toContain(t("mine.seen", { date: "" }).trim());
    await screen.findByRole("heading", { name: t("held.title") });
    expect(main()).not.toContain(t("data.none"));
    await screen.findByRole("button", { name: t("common.tryAgain") });
  });
});

describe.each(["zh-CN", "en"] as const)("my consents, in %s", (language) => {
  afterEach(cleanup);

  it("say what may be read, by which law and since when; withdrawn, they say when, and who cannot see is told", async () => {
    setLanguage(language);
    const world = mockWorld({ role: "resident" });
    const wallet = session.wallet as ReturnType<typeof mockWallet>;
    const own = (await wallet.case(PREPARED["approved"]!)) as OwnCase;
    const consents = { "disabled-federation": { id: "0x07" as Hex, record: { grantedAtMs: 1_789_000_000_000, fields: ["disability.level"] } } };
    wallet.cases = async () => [{ ...own, service: "disability-living-subsidy", consents }];
    install(world);
    history.replaceState(null, "", "/me/consents");
    render(App);
    await screen.findByText(t("consents.law"));
    const card = () => document.querySelector("[data-consent=disabled-federation]")?.textContent ?? "";
    const labels = () => [...document.querySelectorAll("[data-consent=disabled-federation] dt")].map((label) => label.textContent);
    expect(card()).toContain(language === "en" ? "10 September 2026" : "2026年9月10日");
    expect(card()).toContain("个人信息保护法 第二十九条");
    expect(card()).toContain(t("consents.fields"));
    expect(card()).toContain(t("consents.used1"));
    expect(labels()).toContain(t("consents.until"));

    await fireEvent.click(screen.getByRole("button", { name: new RegExp(t("consents.withdraw")) }));
    await fireEvent.click(await screen.findByRole("button", { name: t("consents.withdrawYes") }));
    await expect.poll(() => document.activeElement?.getAttribute("role")).toBe("status");
    expect(document.activeElement?.textContent).toContain(t("consents.withdrawnDone", { provider: t("agency.disabled-federation") }));
    expect(card()).toContain(t("consents.withdrawnOn", { date: "|" }).split("|")[0]);
    expect(labels()).not.toContain(t("consents.until"));
  });

  it("do not wait for the day on which one was withdrawn", async () => {
    setLanguage(language);
    const world = mockWorld({ role: "resident" });
    const wallet = session.wallet as ReturnType<typeof mockWallet>;
    const own = (await wallet.case(PREPARED["approved"]!)) as OwnCase;
    wallet.cases = async () => [{ ...own, consents: { health: { id: "0x08" as Hex, record: null } } }];
    const { chain } = world.ports;
    chain.consents = async () => [{ provider: "health", id: "0x08", use: "once", until: 4_000_000_000, revoked: true, uses: 0 }];
    let found: (at: number) => void = () => undefined;
    chain.revokedAt = (_, id) => new Promise((resolve) => (found = (at) => resolve(id === "0x08" ? at : null)));
    install(world);
    history.replaceState(null, "", "/me/consents");
    render(App);
    await screen.findByText(t("consents.withdrawn"));
    found(1_789_000_000);
    await screen.findByText(t("consents.withdrawnOn", { date: language === "en" ? "10 September 2026" : "2026年9月10日" }));
  });

  it("are shown as they were given where nobody answers, cannot be withdrawn then, and are read once somebody does", async () => {
    setLanguage(language);
    const world = mockWorld({ role: "resident" });
    const wallet = session.wallet as ReturnType<typeof mockWallet>;
    const own = (await wallet.case(PREPARED["approved"]!)) as OwnCase;
    const record = { grantedAtMs: 1_789_000_000_000, fields: ["disability.level"], use: "once", until: 4_000_000_000 };
    const held = { ...own, service: "disability-living-subsidy", consents: { "disabled-federation": { id: "0x07" as Hex, record } } };
    wallet.cases = wallet.keptCases = async () => [held];
    const { consents } = world.ports.chain;
    world.ports.chain.consents = async () => Promise.reject(new PortFailure("offline", "away"));
    install(world);
    history.replaceState(null, "", "/me/consents");
    render(App);
    await screen.findByText(t("consents.offlineText"));
    const card = await vi.waitFor(() => document.querySelector<HTMLElement>("[data-worth=unread]") ?? expect.fail());
    for (const words of [t("consents.kind.once"), t("consents.unread"), t("consents.withdrawOnline"), "2096"]) expect(card.textContent).toContain(words);
    expect(screen.queryByRole("button", { name: new RegExp(t("consents.withdraw")) })).toBeNull();

    world.ports.chain.consents = consents;
    await fireEvent.click(screen.getByRole("button", { name: t("common.tryAgain") }));
    await screen.findByRole("button", { name: new RegExp(t("consents.withdraw")) });
    expect(screen.queryByText(t("consents.offlineText"))).toBeNull();
  });
});

it("why something is kept is said in the language of the page, where the law is known", () => {
  setLanguage("en");
  expect(lawWritten("个人信息保护法 第十九条")).toBe("Personal Information Protection Law, art. 19 (个人信息保护法 第十九条)");
  expect(lawWritten("网络安全法 第二十一条：不少于六个月")).toBe("Cybersecurity Law, art. 21 (网络安全法 第二十一条)");
  expect(lawWritten("本局规定")).toBe("本局规定");
  setLanguage("zh-CN");
  expect(lawWritten("网络安全法 第二十一条：不少于六个月")).toBe("网络安全法 第二十一条：不少于六个月");
});
