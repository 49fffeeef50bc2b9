import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import { mockWorld } from "../../testing/world";

afterEach(cleanup);

async function locked(isIdle: boolean): Promise<void> {
  const world = mockWorld({ role: "resident" });
  const wallet = session.wallet!;
  let lock: (isIdle: boolean) => void = () => undefined;
  wallet.onLocked = (told) => void (lock = told);
  // Opened anew, so that it is listened to.
  session.wallet = wallet;
  install(world);
  history.replaceState(null, "", "/me/data");
  render(App);
  lock(isIdle);
}

it.each(["zh-CN", "en"] as const)("a wallet that locked itself says so, and that nothing is lost; one that was locked by hand is signed in to (%s)", async (language) => {
  setLanguage(language);
  await locked(true);
  await screen.findByRole("heading", { level: 1, name: t("signIn.idle") });
  expect(document.querySelector("main")?.textContent).toContain(t("signIn.idleText", { minutes: 15 }));
  expect(screen.getByRole("link", { name: t("signIn.idleOpen") }).getAttribute("href")).toBe("/sign-in?next=%2Fme%2Fdata");
  cleanup();
  await locked(false);
  await screen.findByRole("heading", { level: 1, name: t("signIn.first") });
  expect(screen.queryByText(t("signIn.idle"))).toBeNull();
});
