import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import { type DataRequest, type Hex, PortFailure, type RequestAnswer, type RequestState, type SentRequest } from "../../ports";
import { mockWallet } from "../../testing/mock-wallet";
import { mockWorld, PREPARED } from "../../testing/world";
import { adopt, find, look, sendTo, standing } from "./sent";

const DAY_MS = 86_400_000;
const open: RequestState = { dueMs: Date.now() + 10 * DAY_MS, status: "open", answeredMs: null, deletion: null };
const refused: RequestState = { ...open, status: "refused", answeredMs: 5 };
const answer: RequestAnswer = { granted: false, reason: "不符合条件。", role: "data-officer", officer: "1f3a09c2", answeredMs: 5, deletion: null, signature: "0x01" };
const request = (id: string, state: RequestState | null = open): SentRequest => ({ id, organisation: "health", index: 0, kind: "copy", text: "请给我一份副本。", about: null, sentMs: 1, receipt: "0x01", state });

afterEach(cleanup);

describe("sending", () => {
  it("goes on to the other agencies where one does not take it", async () => {
    const world = mockWorld({ role: "" });
    const taken = world.ports.gateways.request;
    world.ports.gateways.request = async (wallet, agency, wish) => {
      if (agency.slug === "health") throw new PortFailure("gateway-refused", "too many");
      return await taken(wallet, agency, wish);
    };
    install(world);
    const wallet = mockWallet();
    const about = { caseId: PREPARED["approved"] as Hex, tag: "0x02" as Hex };
    const done = await sendTo(wallet, ["civil-affairs", "health", "public-security"], { kind: "contest", text: "为什么", about });
    expect(done.refused.map((one) => [one.agency, one.failure.code])).toEqual([["health", "gateway-refused"]]);
    expect(new Set((await wallet.requests()).map(({ id }) => id))).toEqual(new Set(done.sent.map(({ id }) => id)));
    expect(done.sent.map((one) => [one.organisation, one.kind, one.text, one.about])).toEqual(["civil-affairs", "public-security"].map((agency) => [agency, "contest", "为什么", about]));
  });
});

describe("what became of requests", () => {
  async function lookWith(read: (one: SentRequest) => Promise<SentRequest>, requests: SentRequest[]): Promise<{ asked: string[]; lines: Awaited<ReturnType<typeof look>> }> {
    const asked: string[] = [];
    const world = mockWorld({ role: "" });
    world.ports.gateways.readRequest = async (_wallet, _agency, one) => {
      asked.push(one.id);
      return await read(one);
    };
    install(world);
    return { lines: await look(mockWallet(), requests), asked };
  }

  it("is asked while something may come of it, and not once the answer is here", async () => {
    const old: SentRequest = { ...request("old", refused) };
    delete old.index;
    const settled = [{ ...request("answered", refused), answer }, old];
    const { asked, lines } = await lookWith(async (one) => one, [request("open"), request("unsent", null), request("unread", refused), ...settled]);
    expect(asked).toEqual(["open", "unsent", "unread"]);
    expect(lines.every(({ failure }) => failure === null)).toBe(true);
  });

  it("is what was seen last where the agency does not answer", async () => {
    const { lines } = await lookWith(async ({ id }) => (id === "a" ? await Promise.reject(new PortFailure("offline", "")) : request(id, refused)), [request("a"), request("b")]);
    expect(lines.map(({ request: { state }, failure }) => [state?.status, failure?.code])).toEqual([
      ["open", "offline"],
      ["refused", undefined],
    ]);
  });

  it("is late once the time is over, and not when it was answered", () => {
    expect(standing(request("a", null), 0)).toBe("unsent");
    expect(standing(request("a"), open.dueMs)).toBe("open");
    expect(standing(request("a"), open.dueMs + 1)).toBe("overdue");
    expect(standing(request("a", refused), open.dueMs + 1)).toBe("refused");
  });
});

describe("requests that the wallet does not know", () => {
  it("are kept as the agency tells them, and words that are here stay", async () => {
    const wallet = mockWallet();
    await wallet.keepRequest({ ...request("mine"), text: "mine" });
    await wallet.keepRequest({ ...request("found"), text: null });
    const told = (id: string): DataRequest => ({ id, kind: "copy", article: "", receivedMs: 7, ...open, overdue: false, text: `told ${id}`, answer: null });
    await adopt(wallet, "health", ["mine", "found", "new"].map(told));
    const kept = await wallet.requests();
    expect(new Map(kept.map(({ id, text }) => [id, text]))).toEqual(new Map([["mine", "mine"], ["found", "told found"], ["new", "told new"]]));
    expect(kept.find(({ id }) => id === "new")).toMatchObject({ sentMs: 7, receipt: null, state: open });
  });

  it("are looked for where the wallet began with its words, and where the person asks", async () => {
    const world = mockWorld({ role: "" });
    const asked: string[][] = [];
    let left: string[] = [];
    world.ports.gateways.unaskedForRequests = async (_wallet, agencies) => agencies.filter(({ slug }) => left.includes(slug));
    world.ports.gateways.findRequests = async (_wallet, agencies) => void asked.push(agencies.map(({ slug }) => slug));
    install(world);
    await find(mockWallet());
    expect(asked).toEqual([]);
    left = ["health"];
    await find(mockWallet());
    left = [];
    await find(mockWallet(), true);
    expect(asked).toHaveLength(2);
    expect(asked[0]).toEqual(["health"]);
    expect(asked[1]).toEqual(expect.arrayContaining(["health", "civil-affairs"]));
  });
});

describe.each(["zh-CN", "en"] as const)("the pages in %s", (language) => {
  const ALL = ["requests.open", "requests.overdue", "requests.refused", "requests.granted", "requests.unsent"] as const;

  function visit(path: string, role: string): ReturnType<typeof mockWorld> {
    setLanguage(language);
    session.wallet = null;
    session.officer = null;
    const world = mockWorld({ role });
    install(world);
    history.replaceState(null, "", path);
    render(App);
    return world;
  }

  it.each(["/me/data", "/me/cases"])("%s has every request that was sent, with its clock", async (path) => {
    visit(path, "resident");
    const section = await screen.findByRole("region", { name: t("sent.title") });
    expect(within(section).getAllByRole("listitem").map((item) => item.querySelector(".tag")?.textContent)).toEqual(ALL.map((key) => t(key)));
    expect(section.textContent).toMatch(language === "en" ? /Answer due by .* · 29 days left/ : /前答复 · 还有29天/);
    const [first] = within(section).getAllByRole("link");
    expect(first?.getAttribute("href")).toBe("/me/data/sent/5f0c1a");
  });

  it("an objection from a card names the use, goes to the agency that used the data, and is followed on its own page", async () => {
    const world = visit("/me/data", "resident");
    const asked: string[][] = [];
    const { request: send } = world.ports.gateways;
    world.ports.gateways.request = async (...args) => {
      asked.push([args[1].slug, args[2].kind, args[2].text]);
      return await send(...args);
    };
    const [link] = await screen.findAllByRole("link", { name: new RegExp(t("data.contest")) });
    const to = new URL(link?.getAttribute("href") ?? "", location.origin);
    await fireEvent.click(link!);
    const words = await screen.findByLabelText(t("request.text"));
    expect((screen.getByLabelText(t("request.agency")) as HTMLSelectElement).value).toBe(to.searchParams.get("agency"));
    await fireEvent.input(words, { target: { value: "为什么" } });
    await fireEvent.click(screen.getByRole("button", { name: t("request.do") }));
    await screen.findByText(t("request.sentText"));
    expect(location.pathname).toMatch(/^\/me\/data\/sent\//);
    expect(asked).toHaveLength(1);
    const [agency, right, text] = asked[0] ?? [];
    expect([agency, right]).toEqual([to.searchParams.get("agency"), "contest"]);
    for (const part of ["为什么", to.searchParams.get("use"), to.searchParams.get("case")]) expect(text).toContain(part);
  });

  it("a request can go to each agency of one's cases at once", async () => {
    visit("/me/data/requests/copy?agency=*", "resident");
    const agency = (await screen.findByLabelText(t("request.agency"))) as HTMLSelectElement;
    const n = Number(/\d+/.exec(agency.selectedOptions[0]?.text ?? "")?.[0]);
    expect(n).toBeGreaterThan(1);
    await fireEvent.input(screen.getByLabelText(t("request.text")), { target: { value: "请给我一份副本！" } });
    await fireEvent.click(screen.getByRole("button", { name: t("request.do") }));
    await screen.findByText(t("request.sentMany", { n }));
    expect(location.pathname).toBe("/me/data");
    const copies = (await session.wallet!.requests()).filter(({ text }) => text === "请给我一份副本！");
    expect(new Set(copies.map(({ organisation }) => organisation)).size).toBe(n);
  });

  it("a deletion that was granted says so, when, by whom, why, and what was destroyed", async () => {
    visit("/me/data/sent/de1e7e", "resident");
    const section = await screen.findByRole("region", { name: t("sent.answer") });
    const { textContent: text } = section;
    for (const part of [t("requests.granted"), "目的已经实现，予以删除。", t("sent.role.data-officer"), "09c21f3a", "51d2aa, 77b0c4"]) expect(text).toContain(part);
    expect(text).toMatch(language === "en" ? /destroyed 2 keys\. 9 records of 2 cases/ : /销毁了2把密钥。2个办件的9条记录/);
  });

  it("one that may not have arrived is sent again, or given up", async () => {
    const { ports } = visit("/me/data/sent/0ff11e", "resident");
    await fireEvent.click(await screen.findByRole("button", { name: t("sent.again") }));
    await waitFor(async () => expect((await session.wallet!.requests()).find(({ id }) => id === "0ff11e")?.receipt).not.toBeNull());
    await screen.findByText(t("requests.open"));
    cleanup();
    ports.gateways.requestAgain = async () => await Promise.reject(new PortFailure("offline", ""));
    await session.wallet!.keepRequest({ ...request("0ff11e", null), receipt: null });
    render(App);
    await fireEvent.click(await screen.findByRole("button", { name: t("sent.drop") }));
    await waitFor(() => expect(location.pathname).toBe("/me/data"));
    expect((await session.wallet!.requests()).some(({ id }) => id === "0ff11e")).toBe(false);
  });

  it("granting a deletion asks once more, says what goes, and does nothing until then", async () => {
    const world = visit("/desk/requests", "");
    const answered: unknown[][] = [];
    world.ports.gateways.deskRequests = async () => [{ ...request("de1e7e"), kind: "delete", article: "", receivedMs: 1, dueMs: open.dueMs, overdue: false, status: "open", answeredMs: null, deletion: null, text: "请删除。", answer: null }];
    world.ports.gateways.answerRequest = async (...args) => void answered.push(args.slice(2));
    session.officer = { name: "MZ-1001", key: null, desk: { organisation: "civil-affairs", token: "", expiresAtMs: 0 }, gateway: "", organisation: "civil-affairs" };
    const grant = async () => await fireEvent.click(await screen.findByRole("button", { name: t("requests.grant") }));
    await grant();
    expect((await screen.findAllByText(t("requests.reasonError"))).length).toBeGreaterThan(0);
    await fireEvent.input(screen.getByLabelText(t("requests.reason")), { target: { value: "目的已经实现。" } });
    await grant();
    const question = await screen.findByText(/de1e7e/);
    expect(document.activeElement).toBe(question);
    await fireEvent.click(screen.getByRole("button", { name: t("common.cancel") }));
    expect(answered).toEqual([]);
    await grant();
    await fireEvent.click(await screen.findByRole("button", { name: t("requests.deleteYes") }));
    await waitFor(() => expect(answered).toEqual([["de1e7e", true, "目的已经实现。"]]));
  });
});
