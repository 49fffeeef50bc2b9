import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, it } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage } from "../../i18n/index.svelte";
import { PortFailure } from "../../ports";
import { mockWorld } from "../../testing/world";

afterEach(cleanup);

async function open(path: string, change: (world: ReturnType<typeof mockWorld>) => void | Promise<void> = () => undefined) {
  setLanguage("en");
  const world = mockWorld({ role: "resident" });
  await change(world);
  install(world);
  history.replaceState(null, "", path);
  render(App);
  await screen.findByRole("heading", { level: 1 });
  return world;
}
const press = async (name: RegExp) => await fireEvent.click(await screen.findByRole("button", { name }));

it.each([
  [{ accounts: 1, stopped: 1 }, "Stopped"],
  [{ accounts: 1, stopped: 0 }, "Nobody is recovering it now"],
  [{ accounts: 0, stopped: 0 }, "This external wallet was not added to any wallet"],
])("an external wallet that finds %o says %s", async (outcome, words) => {
  await open("/sign-in/stop", ({ ports }) => {
    ports.external.stop = async () => outcome;
  });
  await press(/Stop it with MetaMask/);
  await screen.findByText(words);
});

it("an external wallet is added on the page of the wallet, and a refusal is said", async () => {
  let refuses = true;
  await open("/me", async ({ ports }) => {
    if (session.wallet) await ports.accounts.protect(session.wallet, [], { slug: "", name: "", gateway: "", encryptionKey: "0x" }, false);
    ports.external.add = async () => {
      if (refuses) throw new PortFailure("rejected", "no");
    };
  });
  await press(/Add MetaMask/);
  await screen.findByText("Not done");
  refuses = false;
  await press(/Add MetaMask/);
  await screen.findByText("Added");
});
