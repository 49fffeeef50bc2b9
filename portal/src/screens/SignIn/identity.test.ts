import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import { residents } from "../../testing/residents";
import { mockWorld } from "../../testing/world";

const [resident, other] = residents as [(typeof residents)[0], (typeof residents)[0]];

beforeEach(() => setLanguage("zh-CN"));
afterEach(() => {
  cleanup();
  session.wallet = null;
  localStorage.clear();
});

async function open(path: string, role: string): Promise<ReturnType<typeof mockWorld>> {
  const world = mockWorld({ role });
  install(world);
  history.replaceState(null, "", path);
  render(App);
  await screen.findByRole("heading", { level: 1 });
  return world;
}
const field = (id: string) => document.querySelector<HTMLInputElement>(`#${id}`)!;
const type = async (id: string, value: string) => await fireEvent.input(field(id), { target: { value } });
const press = async (name: string | RegExp) => await fireEvent.click(await screen.findByRole("button", { name }));

test("a mistyped number and a wrong code are said at their field, in the language of the page", async () => {
  await open("/identity", "resident-new");
  await type("number", `${resident.number.slice(0, -1)}0`);
  await type("code", resident.code);
  await press(t("identity.get"));
  expect(document.querySelector("#number-error")?.textContent).toContain(t("identity.numberWrong"));

  await type("number", resident.number);
  await type("code", other.code);
  await press(t("identity.get"));
  const error = await screen.findByText(t("identity.codeWrong"), { selector: "#code-error" });
  expect(field("code").getAttribute("aria-describedby")).toContain(error.id);
  expect(field("number").getAttribute("aria-invalid")).toBeNull();
  expect(document.querySelector("main")?.textContent).not.toContain("does not belong");
});

test.each([
  ["zh-CN", "/identity", "identity.toHome", "/"],
  ["en", "/identity?next=/me/delegations", "identity.goOn", "/me/delegations"],
] as const)("what arrived is said before the next page opens, and the person goes on (%s, %s)", async (language, path, go, next) => {
  setLanguage(language);
  const world = await open(path, "resident-new");
  const { identity } = world.ports.gateways;
  world.ports.gateways.identity = async (...given) => {
    const wallet = session.wallet!;
    const { keepIdentity } = wallet;
    wallet.keepIdentity = async (raw) => ({ ...(await keepIdentity(raw)), expiresAt: 1_900_000_000 });
    const held = wallet.identity;
    wallet.identity = async () => ({ ...(await held())!, expiresAt: 1_900_000_000 });
    return await identity(...given);
  };
  await type("number", resident.number);
  await type("code", resident.code);
  await press(t("identity.get"));
  await screen.findByRole("heading", { level: 1, name: t("identity.done") });
  const main = document.querySelector("main")?.textContent ?? "";
  for (const words of [t("held.identity"), t("agency.public-security"), "2030", t("identity.counted")]) expect(main).toContain(words);
  expect(location.pathname).toBe("/identity");
  expect(document.querySelector("#number")).toBeNull();
  await fireEvent.click(screen.getByRole("link", { name: t(go) }));
  await expect.poll(() => location.pathname).toBe(next);
});

test("a made-up person is filled in, and the wallet stays", async () => {
  await open("/identity", "resident-new");
  const { wallet } = session;
  await press(new RegExp(`${t("demo.fill")}.*${resident.name}`));
  expect([field("number").value, field("code").value]).toEqual([resident.number, resident.code]);
  expect(session.wallet).toBe(wallet);
});

test("a wallet that is here is replaced by a made-up person's only after a question", async () => {
  const world = await open("/sign-in", "locked");
  let made = 0;
  const { create } = world.ports.wallets;
  world.ports.wallets.create = async (...given) => {
    made += 1;
    return await create(...given);
  };
  await press(new RegExp(`${t("demo.use")}.*${resident.name}`));
  expect(document.activeElement?.textContent).toBe(t("demo.replaces"));
  await press(t("common.cancel"));
  expect(made).toBe(0);
  await press(new RegExp(`${t("demo.use")}.*${resident.name}`));
  await press(t("demo.replace"));
  await expect.poll(() => made).toBe(1);
});
