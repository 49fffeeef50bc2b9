import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import type { Organisation, Protection } from "../../ports";
import { mockWorld } from "../../testing/world";

afterEach(cleanup);

it.each(["zh-CN", "en"] as const)("a device whose key was removed says so, and offers nothing that it cannot do (%s)", async (language) => {
  setLanguage(language);
  const world = mockWorld({ role: "resident" });
  const { accounts } = world.ports;
  const wallet = session.wallet!;
  await accounts.protect(wallet, [], {} as Organisation, false);
  const known = (await accounts.protection(wallet)) as Protection;
  const id = `0x${"0e".repeat(32)}` as const;
  const other = { id, name: "", addedAtMs: null, kinds: ["passkey"], signers: [id], here: false } satisfies Protection["devices"][number];
  let standing: Protection["standing"] = "on";
  accounts.protection = async () => ({ ...known, devices: [other], standing });
  install(world);
  const open = async (): Promise<void> => {
    cleanup();
    history.replaceState(null, "", "/me");
    render(App);
    await screen.findByText(t("protection.devices"));
  };
  const remove = (): number => screen.queryAllByRole("button", { name: new RegExp(`^${t("protection.remove")}`) }).filter((one) => one.textContent?.includes("0e0e0e0e")).length;
  await open();
  expect([screen.queryByText(t("protection.removedTitle")), remove()]).toEqual([null, 1]);
  standing = "removed";
  await open();
  expect(screen.getByText(t("protection.removedText"))).toBeTruthy();
  expect(screen.getByRole("link", { name: t("protection.anew") }).getAttribute("href")).toBe("/me/protect");
  expect(remove()).toBe(0);
});
