import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import { type Hex, PortFailure, type RequestState, type SentRequest, type Wallet } from "../../ports";
import { mockWallet } from "../../testing/mock-wallet";
import { mockWorld, PREPARED } from "../../testing/world";
import { look, sendTo, standing } from "./sent";

const DAY_MS = 86_400_000;
const open: RequestState = { dueMs: Date.now() + 10 * DAY_MS, status: "open", answeredMs: null, deletion: null };
const request = (id: string, state: RequestState = open): SentRequest => ({ id, organisation: "health", kind: "copy", text: "请给我一份副本。", about: null, sentMs: 1, receipt: "0x01", state });

afterEach(cleanup);

describe("sending", () => {
  it("keeps what each agency took, and says which were not reached", async () => {
    const world = mockWorld({ role: "" });
    const taken = world.ports.gateways.request;
    world.ports.gateways.request = async (wallet, organisation, ...rest) => {
      if (organisation === "health") throw new PortFailure("offline", "no answer");
      return await taken(wallet, organisation, ...rest);
    };
    install(world);
    const wallet = mockWallet();
    const about = { caseId: PREPARED["approved"] as Hex, tag: "0x02" as Hex };
    const { sent, unsent } = await sendTo(wallet, ["civil-affairs", "health", "public-security"], { kind: "contest", text: "为什么", about });
    expect(unsent.map((one) => [one.agency, one.failure.code])).toEqual([["health", "offline"]]);
    expect(await wallet.requests()).toEqual(sent);
    expect(sent.map((one) => [one.organisation, one.kind, one.text, one.about])).toEqual(["civil-affairs", "public-security"].map((agency) => [agency, "contest", "为什么", about]));
  });
});

describe("what became of requests", () => {
  async function lookWith(answer: (id: string) => Promise<RequestState>, requests: SentRequest[]): Promise<{ asked: string[]; wallet: Wallet; lines: Awaited<ReturnType<typeof look>> }> {
    const asked: string[] = [];
    const world = mockWorld({ role: "" });
    world.ports.gateways.requestState = async (_gateway, id) => {
      asked.push(id);
      return await answer(id);
    };
    install(world);
    const wallet = mockWallet();
    for (const one of requests) await wallet.keepRequest(one);
    return { lines: await look(wallet, requests), asked, wallet };
  }
  const refused: RequestState = { ...open, status: "refused", answeredMs: 5 };

  it("is read, kept, and not asked for again", async () => {
    const { asked, wallet, lines } = await lookWith(async () => refused, [request("a")]);
    expect(lines).toEqual([{ request: request("a", refused), failure: null }]);
    expect(await wallet.requests()).toEqual([request("a", refused)]);
    await look(wallet, await wallet.requests());
    expect(asked).toEqual(["a"]);
  });

  it("is what was seen last where the agency does not answer, and no other request is touched", async () => {
    const failing = async (id: string) => (id === "a" ? await Promise.reject(new PortFailure("offline", "")) : refused);
    const { wallet, lines } = await lookWith(failing, [request("a"), request("b")]);
    expect(lines.map(({ request: { state }, failure }) => [state.status, failure?.code])).toEqual([
      ["open", "offline"],
      ["refused", undefined],
    ]);
    expect((await wallet.requests()).map(({ id, state }) => [id, state.status])).toEqual([
      ["a", "open"],
      ["b", "refused"],
    ]);
  });

  it("is late once the time is over, and not when it was answered", () => {
    expect(standing(request("a"), open.dueMs)).toBe("open");
    expect(standing(request("a"), open.dueMs + 1)).toBe("overdue");
    expect(standing(request("a", refused), open.dueMs + 1)).toBe("refused");
  });
});

describe.each(["zh-CN", "en"] as const)("the pages in %s", (language) => {
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
    expect(within(section).getAllByRole("listitem").map((item) => [t("requests.open"), t("requests.overdue"), t("requests.refused")].find((word) => item.textContent?.includes(word)))).toEqual([t("requests.open"), t("requests.overdue"), t("requests.refused")]);
    expect(section.textContent).toMatch(language === "en" ? /Answer due by .* · 29 days left/ : /前答复 · 还有29天/);
    const [first] = within(section).getAllByRole("link");
    expect(first?.getAttribute("href")).toBe("/me/requests/5f0c1a");
  });

  it("an objection from a card names the use, goes to the agency that used the data, and is followed on its own page", async () => {
    const world = visit("/me/data", "resident");
    const asked: string[][] = [];
    const { request: send } = world.ports.gateways;
    world.ports.gateways.request = async (...args) => {
      asked.push([args[1], args[3], args[4]]);
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
    expect(location.pathname).toMatch(/^\/me\/requests\//);
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
