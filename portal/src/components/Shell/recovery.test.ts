import { render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import { PortFailure } from "../../ports";
import { mockWorld } from "../../testing/world";
import { PENDING_EVERY_MS } from "./intervals";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

const READY_AT = 1_800_000_000;

function opened(path: string) {
  const world = mockWorld({ role: "resident" });
  const { accounts } = world.ports;
  const known: { pending: { readyAt: number } | null; isAway: boolean; vetoed: number } = { pending: null, isAway: false, vetoed: 0 };
  accounts.pending = async () => {
    if (known.isAway) throw new PortFailure("offline", "no answer");
    return known.pending;
  };
  accounts.veto = async () => {
    known.vetoed += 1;
    known.pending = null;
  };
  install(world);
  history.replaceState(null, "", path);
  render(App);
  return known;
}

async function later(): Promise<void> {
  await vi.advanceTimersByTimeAsync(PENDING_EVERY_MS);
  await tick();
}

const title = () => screen.queryByText(t("protection.pendingTitle"));

it.each(["/", "/services", "/cases", "/me/data", "/me", "/track"])("somebody who recovers the open wallet is seen on %s, once, without looking for it", async (path) => {
  setLanguage("zh-CN");
  const known = opened(path);
  await later();
  expect(title()).toBeNull();
  known.pending = { readyAt: READY_AT };
  await later();
  expect(screen.getAllByText(t("protection.pendingTitle"))).toHaveLength(1);
  expect(title()?.closest('[role="alert"]')).not.toBeNull();
});

it.each(["zh-CN", "en"] as const)("is stopped from there with one press (%s)", async (language) => {
  setLanguage(language);
  const known = opened("/services");
  known.pending = { readyAt: READY_AT };
  await later();
  screen.getByRole("button", { name: t("protection.veto") }).click();
  expect((await screen.findByText(t("protection.vetoedText"))).closest('[role="status"]')).not.toBeNull();
  expect([known.vetoed, title()]).toEqual([1, null]);
  await later();
  expect(screen.getByText(t("protection.vetoedText"))).toBeTruthy();
});

it("stays when the next look is not answered, says nothing of that, and ends with the wallet", async () => {
  setLanguage("en");
  const known = opened("/services");
  known.pending = { readyAt: READY_AT };
  await later();
  known.isAway = true;
  await later();
  expect(title()).not.toBeNull();
  expect(screen.queryByText(t("failure.offline.title"))).toBeNull();
  session.wallet = null;
  await tick();
  expect(title()).toBeNull();
});
