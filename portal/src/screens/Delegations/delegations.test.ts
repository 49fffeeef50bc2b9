import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { setLanguage, t } from "../../i18n/index.svelte";
import { type Delegation, type OwnCase, PortFailure } from "../../ports";
import { mockWorld } from "../../testing/world";
import { LIST_EVERY_MS, caseCaption, heldFor, isOwn, mark, nameOf } from "./delegations";

const SERVICE = "old-age-allowance";
const one = { key: "0x01", side: "held", role: "carer", name: "王建国", services: [SERVICE], from: 1, until: 2, sealed: null, state: "active", known: true } as const satisfies Delegation;

describe("who may act, and whose a case is", () => {
  it("only a delegation that is held, in force and for this service lets somebody apply", () => {
    expect(heldFor([one], SERVICE)).toEqual([one]);
    expect(heldFor([one], "temporary-relief")).toEqual([]);
    expect(heldFor([{ ...one, side: "given" }], SERVICE)).toEqual([]);
    for (const state of ["ended", "over", "unregistered", "unchecked"] as const) expect(heldFor([{ ...one, state }], SERVICE)).toEqual([]);
  });

  it("a case under a delegation is the giver's, and nobody's where it is not known", () => {
    expect(isOwn({}, [])).toBe(true);
    expect(isOwn({ delegation: "0x01" }, [{ ...one, side: "given" }])).toBe(true);
    expect(isOwn({ delegation: "0x01" }, [one])).toBe(false);
    expect(isOwn({ delegation: "0x02" }, [{ ...one, side: "given" }])).toBe(false);
  });

  it("a case under one whose people are not known is said to be so", () => {
    setLanguage("en");
    const found = { ...one, name: "", known: false } as const;
    for (const side of ["given", "held"] as const) {
      expect(mark({ ...found, side })).toBe(t(side === "given" ? "acting.markFound" : "ward.markFound"));
      expect(caseCaption({ ...found, side })).toBe(t(side === "given" ? "acting.caseFound" : "ward.caseFound"));
    }
  });

  it("a name is something, and fits into a code", () => {
    expect([nameOf(" 李芳 "), nameOf("  "), nameOf("x".repeat(65))]).toEqual(["李芳", null, null]);
  });
});

describe("the pages", () => {
  afterEach(cleanup);

  async function open(path: string, change: (world: ReturnType<typeof mockWorld>) => void = () => undefined, language: "zh-CN" | "en" = "en") {
    setLanguage(language);
    const world = mockWorld({ role: "resident" });
    change(world);
    install(world);
    history.replaceState(null, "", path);
    render(App);
    await screen.findByRole("heading", { level: 1 });
    return world;
  }
  const press = async (name: RegExp) => await fireEvent.click(await screen.findByRole("button", { name }));
  const main = () => document.querySelector("main")?.textContent ?? "";

  it("a person is told what the other may do, chooses, and gets a code", async () => {
    const terms: unknown[] = [];
    await open("/me/delegations/give", ({ ports: { delegations } }) => {
      const { give } = delegations;
      delegations.give = async (wallet, code, chosen) => {
        terms.push(code, chosen);
        return await give(wallet, code, chosen);
      };
    });
    await fireEvent.input(await screen.findByLabelText("Request code"), { target: { value: "Y29kZQ" } });
    await press(/Continue/);
    await screen.findByText("123 456 789 012");
    expect(main()).toContain("They cannot");
    await press(/Continue/);
    await press(/Sign and give/);
    expect(screen.getByRole("alert").textContent).toContain("Choose at least one service");
    await fireEvent.click(document.getElementById(`service-${SERVICE}`) as HTMLElement);
    await fireEvent.click(screen.getByLabelText(/^90 days/));
    await press(/Sign and give/);
    await screen.findByText(/can act for you/);
    expect((screen.getByLabelText("Delegation code") as HTMLTextAreaElement).value).toBe("c2VhbGVk");
    expect(terms).toMatchObject(["Y29kZQ", { services: [SERVICE], days: 90 }]);
  });

  it("a code that is none is refused in words", async () => {
    await open("/me/delegations/accept", ({ ports: { delegations } }) => {
      delegations.accept = async () => {
        throw new PortFailure("bad-delegation", "x");
      };
    });
    await fireEvent.input(screen.getByLabelText("Delegation code"), { target: { value: "x" } });
    await press(/Accept/);
    await screen.findByText("This code cannot be used");
  });

  it("either ends it, after a confirmation", async () => {
    await open("/me/delegations");
    await press(/End it 李芳/);
    expect(main()).toContain("From then on 李芳 cannot apply for you");
    await press(/Yes, end it/);
    await screen.findByText("It has ended, for both of you.");
    await expect.poll(() => document.querySelector("[data-side=given] [data-state]")?.getAttribute("data-state")).toBe("ended");
    expect(document.querySelector("[data-side=held] [data-state]")?.getAttribute("data-state")).toBe("active");
  });

  it("the list follows what the other one or another device does, while it is in sight", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const change: { ended: boolean; more: Delegation[] } = { ended: false, more: [] };
      let read = 0;
      await open("/me/delegations", ({ ports: { delegations } }) => {
        const { list } = delegations;
        delegations.list = async (wallet) => {
          read += 1;
          return [...(await list(wallet)).map((held) => (change.ended && held.side === "held" ? { ...held, state: "ended" as const } : held)), ...change.more];
        };
      });
      const held = () => [...document.querySelectorAll("[data-side=held] [data-state]")].map((card) => card.getAttribute("data-state"));
      await expect.poll(held).toEqual(["active"]);
      // A question about what has ended meanwhile is none any more.
      await fireEvent.click(document.querySelector("[data-side=held] article > button") as HTMLElement);
      expect(main()).toContain(t("acting.endYes"));

      Object.assign(change, { ended: true, more: [{ ...one, key: "0x77", name: "赵六" }] });
      const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
      const before = read;
      await vi.advanceTimersByTimeAsync(3 * LIST_EVERY_MS);
      expect(read).toBe(before);
      hidden.mockRestore();
      await vi.advanceTimersByTimeAsync(LIST_EVERY_MS);
      await expect.poll(held).toEqual(["ended", "active"]);
      expect(main()).toContain("赵六");
      expect(main()).not.toContain(t("acting.endYes"));

      // Names are in the language of the page.
      const english = document.querySelector("[data-side=held] dd")?.textContent;
      setLanguage("zh-CN");
      await expect.poll(() => document.querySelector("[data-side=held] dd")?.textContent).not.toBe(english);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each(["zh-CN", "en"] as const)("one that the words alone lead to is shown without a name, and ended; what others gave is asked for again (%s)", async (language) => {
    const found = { ...one, key: "0x0f", side: "given", name: "", services: [], from: 0, until: 4_000_000_000, known: false } as const satisfies Delegation;
    const ended: string[] = [];
    await open(
      "/me/delegations",
      ({ ports: { delegations } }) => {
        delegations.isRestored = async () => true;
        delegations.list = async () => [
          { ...found, state: ended.length > 0 ? "ended" : "active" },
          { ...found, key: "0x10", side: "held", role: "guardian" },
        ];
        delegations.end = async (_wallet, key) => void ended.push(key);
      },
      language,
    );
    await screen.findByText(t("acting.restored"));
    const [given, held] = ["given", "held"].map((side) => document.querySelector(`[data-side=${side}] article`)?.textContent ?? "");
    for (const part of [t("acting.foundTitle"), t("acting.foundServices"), t("acting.foundText")]) expect(given).toContain(part);
    for (const part of [t("ward.foundTitle"), t("ward.foundText")]) expect(held).toContain(part);
    // It is not applied under, and there is no code to show again.
    expect(document.querySelectorAll("article a[href^='/services/'], article textarea").length).toBe(0);
    await fireEvent.click(document.querySelector("[data-side=given] article button") as HTMLElement);
    expect(main()).toContain(t("acting.endGiven", { name: t("acting.other") }));
    await fireEvent.click(screen.getByRole("button", { name: t("acting.endYes") }));
    await screen.findByText(t("acting.endDone"));
    expect(ended).toEqual(["0x0f"]);
  });

  it("who holds one is asked first, and the check page says for whom", async () => {
    const opened: (string | undefined)[] = [];
    await open(`/services/${SERVICE}/apply`, () => {
      const wallet = session.wallet;
      if (!wallet) return;
      const { newCase } = wallet;
      wallet.newCase = async (...args): Promise<OwnCase> => {
        opened.push(args[3]);
        return await newCase(...args);
      };
    });
    await fireEvent.click(await screen.findByLabelText("For 王建国"));
    await press(/Continue/);
    await expect.poll(() => document.getElementById("payment_channel")).not.toBeNull();
    await fireEvent.click(document.getElementById("payment_channel") as HTMLElement);
    await press(/Continue/);
    await screen.findByText("Check your answers");
    expect(main()).toContain("For 王建国");
    await fireEvent.click(document.getElementById("agreed") as HTMLElement);
    await press(/Sign and send/);
    await expect.poll(() => opened.length).toBe(1);
    expect(opened[0]).toMatch(/^0x/);
  });

  it("nothing is sent once it has ended, and answers for somebody do not become one's own", async () => {
    const world = await open(`/services/${SERVICE}/apply`);
    await fireEvent.click(await screen.findByLabelText("For 王建国"));
    const wallet = session.wallet;
    const [held] = (await world.ports.delegations.list(wallet!)).filter(({ side }) => side === "held");
    await world.ports.delegations.end(wallet!, held!.key);
    await press(/Continue/);
    await screen.findByText("You cannot act for this person any more");
    cleanup();
    await wallet!.keepDraft(SERVICE, { $for: held!.key, payment_channel: "elder-card" });
    history.replaceState(null, "", `/services/${SERVICE}/apply/send`);
    render(App);
    await screen.findByText("You cannot apply for 王建国 any more");
    await press(/Apply for myself/);
    await expect.poll(async () => await wallet!.draft(SERVICE)).toEqual({ $for: "" });
  });

  it.each(["zh-CN", "en"] as const)("what could not be checked is said, looked at again, and never applied under, in %s", async (language) => {
    let state: Delegation["state"] = "unchecked";
    const unchecked = ({ ports: { delegations } }: ReturnType<typeof mockWorld>) => {
      const { list } = delegations;
      delegations.list = async (wallet) => (await list(wallet)).map((held) => (held.side === "held" ? { ...held, role: "guardian", state } : held));
    };
    const again = async () => await fireEvent.click(await screen.findByRole("button", { name: t("acting.checkAgain") }));
    await open("/me/delegations", unchecked, language);
    await screen.findByText(t("acting.unchecked"));
    expect(document.querySelector("[data-side=held]")?.textContent).toContain(t("acting.state.unchecked"));
    expect(document.querySelector(`[data-side=held] a[href="/services/${SERVICE}/apply"]`)).toBeNull();
    state = "active";
    await again();
    await expect.poll(() => document.querySelector(`[data-side=held] a[href="/services/${SERVICE}/apply"]`)).not.toBeNull();

    // Nothing is answered for oneself by mistake, either.
    cleanup();
    state = "unchecked";
    await open(`/services/${SERVICE}/apply`, unchecked, language);
    await screen.findByText(t("for.uncheckedSome", { names: "王建国" }));
    expect(screen.queryByLabelText(t("for.other", { name: "王建国" }))).toBeNull();
    state = "active";
    await again();
    await screen.findByLabelText(t("for.other", { name: "王建国" }));

    // One that was begun waits, and is not called over.
    cleanup();
    const world = await open("/", unchecked, language);
    const [held] = (await world.ports.delegations.list(session.wallet!)).filter(({ side }) => side === "held");
    await session.wallet!.keepDraft(SERVICE, { $for: held!.key, payment_channel: "elder-card" });
    cleanup();
    state = "unchecked";
    history.replaceState(null, "", `/services/${SERVICE}/apply/send`);
    render(App);
    await screen.findByRole("heading", { level: 1, name: t("for.uncheckedTitle", { name: "王建国" }) });
    expect(main()).not.toContain(t("for.overTitle", { name: "王建国" }));
    expect(await session.wallet!.draft(SERVICE)).toMatchObject({ $for: held!.key });
  });

  it("a guardian names the child, and has it confirmed; an adult has no guardian", async () => {
    const asked: unknown[] = [];
    await open("/me/delegations/child", ({ ports: { delegations } }) => {
      const { forChild } = delegations;
      delegations.forChild = async (wallet, authority, child) => {
        asked.push(authority.slug, child);
        return await forChild(wallet, authority, child);
      };
    });
    const number = await screen.findByLabelText("The child’s resident number");
    await fireEvent.input(number, { target: { value: "440304195911190017" } });
    await press(/Have it confirmed/);
    expect(screen.getByRole("alert").textContent).toContain("has no guardian any more");
    await fireEvent.input(number, { target: { value: "440304202001010016" } });
    await fireEvent.input(screen.getByLabelText("What you call the child"), { target: { value: "小明" } });
    await fireEvent.click(document.getElementById(`service-${SERVICE}`) as HTMLElement);
    await fireEvent.click(screen.getByLabelText(/^90 days/));
    await press(/Have it confirmed/);
    await screen.findByText("You can now apply for 小明");
    expect(asked).toEqual(["public-security", { number: "440304202001010016", name: "小明", services: [SERVICE], days: 90 }]);
  });

  it("who was confirmed for a child is shown, and ended", async () => {
    const ended: string[] = [];
    await open("/me/delegations/confirmed", ({ ports: { delegations } }) => {
      delegations.guardianships = async () => [{ document: "0x0a", guardian: "440304198001010017", key: "0x0b", services: [SERVICE], from: 1, until: 4_000_000_000, ended: ended.length > 0 ? { at: 1_790_000_000, by: "child" } : null }];
      delegations.endGuardianship = async (_wallet, _authority, _number, document) => void ended.push(document);
    });
    await fireEvent.input(await screen.findByLabelText(/^The child’s resident number/), { target: { value: "440304202001010016" } });
    await press(/^Look$/);
    await screen.findByText("440304198001010017");
    await press(/End it/);
    await screen.findByText("It has ended, for every agency.");
    expect(ended).toEqual(["0x0a"]);
    expect(main()).toContain("by the child");
  });
});
