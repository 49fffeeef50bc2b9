import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import { type Delegation, type Hex, type OwnCase, PortFailure } from "../../ports";
import type { mockWallet } from "../../testing/mock-wallet";
import { packages } from "../../testing/packages";
import { PREPARED, mockWorld } from "../../testing/world";
import { untold } from "../Apply/send";

const pack = packages["old-age-allowance"]!;
const id = PREPARED["asking"]!;
const ALL = { "public-security": 1, health: 1, "civil-affairs": 1 };

describe("who has not been told of a case", () => {
  const own = { openedTx: "0x01", form: {}, linkedAtMs: {} } as unknown as OwnCase;
  it("is every agency of the service that took no part of it", () => {
    expect(untold(own, pack).sort()).toEqual(Object.keys(ALL).sort());
    expect(untold({ ...own, linkedAtMs: { health: 1, "civil-affairs": 1 } }, pack)).toEqual(["public-security"]);
    expect(untold({ ...own, linkedAtMs: ALL }, pack)).toEqual([]);
  });
  it("is also known where the answer to the opening was lost, and not where the case was only found again", () => {
    expect(untold({ ...own, openedTx: null, form: { payment_channel: "elder-card" } }, pack)).toHaveLength(3);
    expect(untold({ ...own, openedTx: null }, pack)).toEqual([]);
  });
});

describe.each(["zh-CN", "en"] as const)("a case that is open and not completely sent, in %s", (language) => {
  afterEach(cleanup);

  /** Opens the page of the case, told to everybody but public security. */
  async function open(under: Partial<Delegation> | null, change: (world: ReturnType<typeof mockWorld>) => void = () => undefined) {
    setLanguage(language);
    const world = mockWorld({ role: "resident" });
    const wallet = session.wallet as ReturnType<typeof mockWallet>;
    const key = "0x0d" as Hex;
    const { "public-security": _, ...linkedAtMs } = ALL;
    wallet.put({ ...((await wallet.case(id)) as OwnCase), linkedAtMs, ...(under === null ? {} : { delegation: key }) });
    if (under !== null) {
      const [, held] = await world.ports.delegations.list(wallet);
      world.ports.delegations.list = async () => [{ ...(held as Delegation), key, ...under }];
    }
    change(world);
    install(world);
    history.replaceState(null, "", `/cases/${id}`);
    render(App);
    await screen.findByText(t("send.rest"));
    return { wallet, rest: () => screen.queryByText(t("send.rest")) };
  }
  const goOn = async () => await fireEvent.click(await screen.findByRole("button", { name: t("mine.continue") }));

  it.each([
    ["one's own", null],
    ["of somebody for whom this person acts", {}],
  ])("is gone on with from its page: %s", async (_, under) => {
    const told: string[] = [];
    let fails = true;
    const { wallet, rest } = await open(under, ({ ports: { gateways } }) => {
      const { link } = gateways;
      gateways.link = async (...args) => {
        told.push(args[2].organisation.slug);
        if (fails) throw new PortFailure("offline", "/v1/links");
        await link(...args);
      };
    });
    await goOn();
    await screen.findByText(t("failure.offline.title"));
    expect(rest()).not.toBeNull();
    fails = false;
    await goOn();
    await expect.poll(rest).toBeNull();
    expect(told).toEqual(["public-security", "public-security"]);
    expect(Object.keys((await wallet.case(id))?.linkedAtMs ?? {}).sort()).toEqual(Object.keys(ALL).sort());
  });

  it("is in the list with the same way on", async () => {
    await open({});
    cleanup();
    history.replaceState(null, "", "/me/cases");
    render(App);
    const link = await screen.findByRole("link", { name: t("mine.continue") });
    expect(link.getAttribute("href")).toBe(`/cases/${id}`);
    expect(link.closest("td")?.textContent).toContain(t("mine.unsent"));
  });

  it.each(["ended", "over"] as const)("says what to do where the delegation is %s", async (state) => {
    await open({ state });
    await screen.findByText(t("send.restOver", { name: "王建国" }));
    expect(screen.queryByRole("button", { name: t("mine.continue") })).toBeNull();
  });

  it("waits where it cannot be checked whether the delegation is in force, and does not call it over", async () => {
    await open({ state: "unchecked" });
    await screen.findByText(t("acting.unchecked"));
    await screen.findByRole("button", { name: t("acting.checkAgain") });
    expect(screen.queryByRole("button", { name: t("mine.continue") })).toBeNull();
    expect(screen.queryByText(t("send.restOver", { name: "王建国" }))).toBeNull();
  });
});
