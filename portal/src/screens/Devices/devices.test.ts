import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import { type AskingDevice, type Organisation, PortFailure, type Protection } from "../../ports";
import { NEWS_EVERY_MS } from "../../components/Shell/intervals";
import { mockWorld } from "../../testing/world";
import { ASKING_EVERY_MS } from "./devices";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => {
  vi.useRealTimers();
  cleanup();
});

const NUMBER = "123 456 789 012";

interface Known {
  asking: AskingDevice | null;
  joining: { number: string | null; state: "waiting" | "refused" } | null;
  standing: Protection["standing"] | null;
  news: "moved" | "asking" | null;
  isAdded: boolean;
  refusal: PortFailure | null;
  readonly did: string[];
}

async function open(path: string, change: Partial<Known> = {}): Promise<Known> {
  const world = mockWorld({ role: "resident" });
  const { accounts } = world.ports;
  const wallet = session.wallet!;
  await accounts.protect(wallet, [], {} as Organisation, false);
  const protection = (await accounts.protection(wallet)) as Protection;
  const known: Known = { asking: null, joining: null, standing: "on", news: null, isAdded: false, refusal: null, did: [], ...change };
  const act = async (what: string): Promise<void> => {
    if (known.refusal) throw known.refusal;
    known.did.push(what);
  };
  Object.assign(accounts, {
    pending: async () => null,
    news: async () => known.news,
    protection: async () => (known.standing === null ? null : { ...protection, standing: known.standing }),
    asking: async () => known.asking,
    admit: async (_: unknown, number: string) => {
      await act(`admit ${number}`);
      known.asking = null;
    },
    refuse: async () => {
      await act("refuse");
      known.asking = null;
    },
    askToJoin: async (_: unknown, withPasskey: boolean) => {
      await act(`ask ${withPasskey}`);
      known.joining = { number: null, state: "waiting" };
    },
    removeSigners: async () => void (await act("remove")),
    joining: async () => known.joining,
    join: async () => known.isAdded,
    stopJoining: async () => {
      await act("stop");
      known.joining = null;
    },
  });
  install(world);
  history.replaceState(null, "", path);
  render(App);
  return known;
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const press = async (name: string) => await fireEvent.click(await screen.findByRole("button", { name }));

/** What was pressed is gone; the focus is on what became of it, which is read out. */
async function toldOf(text: string): Promise<void> {
  const status = (await screen.findByText(text)).closest("[role=status]");
  expect(status).not.toBeNull();
  await expect.poll(() => document.activeElement).toBe(status);
}

it.each([["/me", "zh-CN"], ["/me", "en"], ["/me/devices/add", "zh-CN"], ["/me/devices/add", "en"]] as const)("%s shows who asks, and adds the device whose number was seen (%s)", async (path, language) => {
  setLanguage(language);
  const known = await open(path);
  // It has to tell its keys first.
  known.asking = { name: "Android", number: null, elsewhere: false, atMs: 0 };
  await pass(ASKING_EVERY_MS);
  await screen.findByText(t("devices.askingSoon"));
  expect(screen.queryByRole("button", { name: t("devices.admit") })).toBeNull();
  known.asking = { name: "Android", number: NUMBER, elsewhere: false, atMs: 0 };
  await pass(ASKING_EVERY_MS);
  expect((await screen.findByText(t("devices.askingNamed", { name: "Android" }))).closest('[role="alert"]')).not.toBeNull();
  expect(screen.getByText(NUMBER)).toBeTruthy();
  await press(t("devices.admit"));
  await toldOf(t("devices.admittedText"));
  expect(known.did).toEqual([`admit ${NUMBER}`]);
});

it.each(["zh-CN", "en"] as const)("a device that another one answered is compared there, and can be refused here (%s)", async (language) => {
  setLanguage(language);
  const known = await open("/me", { asking: { name: "", number: null, elsewhere: true, atMs: 0 } });
  await screen.findByText(t("devices.askingElsewhere"));
  expect(screen.queryByRole("button", { name: t("devices.admit") })).toBeNull();
  await press(t("devices.refuse"));
  await screen.findByText(t("devices.refusedText"));
  expect(known.did).toEqual(["refuse"]);
});

it("a device that is somebody else's is refused, and what to do is said", async () => {
  setLanguage("en");
  const known = await open("/me", { asking: { name: "", number: NUMBER, elsewhere: false, atMs: 0 } });
  await screen.findByText(t("devices.askingTitle"));
  await press(t("devices.refuse"));
  await toldOf(t("devices.refusedText"));
  expect(known.did).toEqual(["refuse"]);
});

it.each(["zh-CN", "en"] as const)("a device that is removed is gone, and that is said (%s)", async (language) => {
  setLanguage(language);
  const known = await open("/me");
  const device = (await screen.findByText("Windows")).closest<HTMLElement>("[data-device]")!;
  await fireEvent.click(within(device).getByRole("button"));
  const name = `Windows ${device.dataset["device"]!.slice(2, 10)}`;
  await press(t("protection.remove"));
  await toldOf(t("protection.removed", { name }));
  expect(known.did).toEqual(["remove"]);
});

it("another device that asks in the meantime is not added", async () => {
  setLanguage("en");
  const known = await open("/me", { asking: { name: "", number: NUMBER, elsewhere: false, atMs: 0 }, refusal: new PortFailure("device-changed", "") });
  await screen.findByText(NUMBER);
  known.asking = { name: "", number: "999 999 999 999", elsewhere: false, atMs: 1 };
  await press(t("devices.admit"));
  await screen.findByText(t("failure.device-changed.title"));
  await screen.findByText("999 999 999 999");
  expect(known.did).toEqual([]);
});

it.each(["zh-CN", "en"] as const)("a device asks, waits, is refused, asks again and is added (%s)", async (language) => {
  setLanguage(language);
  const known = await open("/me/devices/join", { standing: "elsewhere" });
  await press(t("join.do"));
  await screen.findByText(t("join.open"));
  known.joining = { number: NUMBER, state: "waiting" };
  await pass(ASKING_EVERY_MS);
  await screen.findByText(NUMBER);
  known.joining = { number: NUMBER, state: "refused" };
  await pass(ASKING_EVERY_MS);
  await screen.findByText(t("join.refusedText"));
  await press(t("join.do"));
  await screen.findByText(t("join.open"));
  known.isAdded = true;
  await pass(ASKING_EVERY_MS);
  await screen.findByRole("heading", { level: 1, name: t("join.doneTitle") });
  expect(known.did).toEqual(["ask true", "ask true"]);
});

it("a device that asks can stop, and one that is there need not ask", async () => {
  setLanguage("en");
  const known = await open("/me/devices/join", { standing: "removed", joining: { number: NUMBER, state: "waiting" } });
  await press(t("join.stop"));
  await screen.findByRole("button", { name: t("join.do") });
  expect(known.did).toEqual(["stop"]);
  cleanup();
  await open("/me/devices/join");
  await screen.findByText(t("join.nothing"));
});

it.each([["moved", "protection.movedTitle"], ["asking", "devices.askingTitle"]] as const)("that the wallet was %s is said on every page but those that deal with it", async (news, title) => {
  setLanguage("en");
  const known = await open("/services");
  await pass(NEWS_EVERY_MS);
  expect(screen.queryByText(t(title))).toBeNull();
  known.news = news;
  await pass(NEWS_EVERY_MS);
  expect((await screen.findByText(t(title))).closest('[role="alert"]')).not.toBeNull();
  await fireEvent.click(screen.getByRole("link", { name: t("devices.newsLook") }));
  await screen.findByRole("heading", { level: 1, name: t("wallet.title") });
  await waitFor(() => expect(screen.queryByText(t(title))).toBeNull());
});
