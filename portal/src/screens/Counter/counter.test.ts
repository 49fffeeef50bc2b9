import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import type { DeskSession } from "../../ports";
import { mockWorld } from "../../testing/world";

afterEach(() => {
  cleanup();
  session.officer = null;
});

it.each(["zh-CN", "en"] as const)("an officer signs out at the counter, here and at the agency (%s)", async (language) => {
  setLanguage(language);
  const world = mockWorld({});
  const told: string[] = [];
  world.ports.gateways.signOut = async (gateway) => {
    told.push(gateway);
    return null;
  };
  install(world);
  session.officer = { name: "吴清和", key: null, desk: {} as DeskSession, gateway: "/gateway/health", organisation: "health" };
  history.replaceState(null, "", "/counter");
  render(App);
  await fireEvent.click(await screen.findByRole("button", { name: t("officer.signOut") }));
  await screen.findByText(t("counter.signIn"));
  expect([session.officer, told]).toEqual([null, ["/gateway/health"]]);
});
