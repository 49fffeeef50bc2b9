import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import { type Delegation, type OwnCase, PortFailure, type Wallet } from "../../ports";
import { mockWallet } from "../../testing/mock-wallet";
import { PREPARED, mockWorld } from "../../testing/world";
import { looking } from "./looking.svelte";

/** A world whose looks wait to be let go, and are counted. */
function world() {
  const looks: { told: (looked: number, all: number) => void; end: () => void; fail: (failure: PortFailure) => void }[] = [];
  const made = mockWorld({ role: "resident" });
  made.ports.delegations.findCases = (_wallet, told = () => undefined) => new Promise<void>((end, fail) => void looks.push({ told, end, fail }));
  install(made);
  return { looks, ...made };
}

const settled = async (work: Promise<unknown>): Promise<boolean> => await Promise.race([work.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20))]);

describe("looking for cases", () => {
  it("is one look for whoever asks meanwhile, and says how far it is", async () => {
    setLanguage("en");
    const { looks } = world();
    const wallet = mockWallet();
    const waiting = [looking.first(wallet, () => undefined), looking.upToDate(wallet), looking.upToDate(wallet)];
    expect(looks).toHaveLength(1);
    expect(looking.label).toBeUndefined();
    looks[0]?.told(64, 192);
    expect(looking.label).toBe("Looking for cases under delegations: 64 of 192");
    expect(await settled(Promise.all(waiting))).toBe(false);
    looks[0]?.end();
    await Promise.all(waiting);
    expect(looking.label).toBeUndefined();
  });

  it("does not hold up a page a second time, and tells it only of more", async () => {
    const { looks } = world();
    const wallet = mockWallet();
    const begun = looking.first(wallet, () => undefined);
    looks[0]?.end();
    await begun;
    let told = 0;
    await looking.first(wallet, () => (told += 1));
    await expect.poll(() => looks.length).toBe(2);
    looks[1]?.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toBe(0);
    await looking.first(wallet, () => (told += 1));
    await expect.poll(() => looks.length).toBe(3);
    await wallet.newCase("old-age-allowance", 1, {}, "0x01");
    looks[2]?.end();
    await expect.poll(() => told).toBe(1);
    // What is said to be complete waits for a look of its own.
    const complete = looking.upToDate(wallet);
    expect(await settled(complete)).toBe(false);
    looks[3]?.end();
    await complete;
  });

  it("that failed is made again, and is of one wallet alone", async () => {
    const { looks } = world();
    const [one, other] = [mockWallet(), mockWallet()];
    const failed = looking.first(one, () => undefined);
    looks[0]?.fail(new PortFailure("offline", ""));
    await expect(failed).rejects.toMatchObject({ code: "offline" });
    const again = looking.first(one, () => undefined);
    expect(await settled(again)).toBe(false);
    looks[1]?.end();
    await again;
    expect(await settled(looking.first(other, () => undefined))).toBe(false);
  });
});

describe.each(["zh-CN", "en"] as const)("the pages of cases, in %s", (language) => {
  afterEach(cleanup);
  const open = (path: string): void => {
    cleanup();
    history.replaceState(null, "", path);
    render(App);
  };

  it("wait once, with the count, and later show what is kept and add what is found", async () => {
    setLanguage(language);
    const { looks, ports } = world();
    const wallet = session.wallet as Wallet & { put(own: OwnCase): void };
    const [held] = (await ports.delegations.list(wallet)) as [Delegation];
    open("/me/cases");
    await expect.poll(() => looks.length).toBe(1);
    looks[0]?.told(0, 64);
    await screen.findByText(t("acting.looking", { looked: 0, all: 64 }));
    expect(screen.queryByRole("table")).toBeNull();
    looks[0]?.end();
    await screen.findByRole("table");
    open("/me/delegations");
    await expect.poll(() => document.querySelectorAll("article").length).toBe(2);
    await expect.poll(() => looks.length).toBe(2);
    const case0 = (await wallet.case(PREPARED["approved"]!)) as OwnCase;
    expect(document.querySelector(`article a[href="/cases/${case0.id}"]`)).toBeNull();
    wallet.put({ ...case0, delegation: held.key });
    const more = { ...case0, id: `0x${"ab".repeat(32)}` as const, delegation: held.key };
    wallet.put(more);
    looks[1]?.end();
    await expect.poll(() => document.querySelector(`article a[href="/cases/${more.id}"]`)).not.toBeNull();
  });
});
