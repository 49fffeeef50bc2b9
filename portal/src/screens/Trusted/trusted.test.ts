import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../../app/App.svelte";
import { install } from "../../app/here.svelte";
import { setLanguage } from "../../i18n/index.svelte";
import { PortFailure } from "../../ports";
import { mockWorld } from "../../testing/world";
import { offeredNeeds, suggestedNeed } from "./trusted";

describe("how many must help", () => {
  it("is never one, and more than half is suggested", () => {
    expect([0, 1, 2, 3, 7].map(offeredNeeds)).toEqual([[], [], [2], [2, 3], [2, 3, 4, 5, 6, 7]]);
    expect([2, 3, 4, 5, 7].map(suggestedNeed)).toEqual([2, 2, 3, 3, 4]);
  });
});

describe("the pages", () => {
  afterEach(cleanup);

  async function open(path: string, change: (world: ReturnType<typeof mockWorld>) => void = () => undefined) {
    setLanguage("en");
    const world = mockWorld({ role: "resident" });
    change(world);
    install(world);
    history.replaceState(null, "", path);
    render(App);
    await screen.findByRole("heading", { level: 1 });
    return world;
  }
  const press = async (name: RegExp) => await fireEvent.click(await screen.findByRole("button", { name }));
  const type = async (label: string, value: string) => await fireEvent.input(await screen.findByLabelText(label), { target: { value } });

  it("whoever is removed stays in force until the list is saved", async () => {
    await open("/me/trusted");
    await screen.findByText("In force: 2 of 2 together can help you get your wallet back.");
    await press(/Remove 王建国/);
    await press(/^Remove$/);
    await screen.findByText("It takes two people at least. Add one more.");
    expect(screen.queryByText("王建国")).toBeNull();
  });

  it("digits that are wrong are said to be wrong, and the right ones count", async () => {
    await open("/me/trusted");
    const [, second] = await screen.findAllByRole("article");
    expect(second?.getAttribute("data-state")).toBe("waiting");
    await type("The 6 digits that they read out to you", "111 111");
    await press(/^Check$/);
    expect((await screen.findAllByText(/Those are not the digits/)).length).toBeGreaterThan(0);
    await type("The 6 digits that they read out to you", "654 321");
    await press(/^Check$/);
    await expect.poll(() => document.querySelectorAll("[data-state=received]").length).toBe(2);
  });

  it("nobody confirms without having said that they spoke with the person", async () => {
    const { ports } = await open("/me/trusted");
    const approved: string[] = [];
    const { approve } = ports.trusted;
    ports.trusted.approve = async (wallet, account, code) => {
      approved.push(code);
      await approve(wallet, account, code);
    };
    await fireEvent.click(await screen.findByRole("link", { name: /asks me for help/ }));
    expect((await screen.findByText(/Never confirm on a message alone/)).tagName).toBe("STRONG");
    await press(/Continue/);
    expect((await screen.findByRole("alert")).textContent).toContain("Paste the code");
    await type("The code on their new device", "YXNrZWQ");
    await press(/Continue/);
    await screen.findByText("123 456 789 012");
    await press(/Confirm that it is them/);
    await screen.findAllByText("First make sure with them");
    expect(approved).toEqual([]);
    await fireEvent.click(screen.getByLabelText(/I have seen them/));
    await press(/Confirm that it is them/);
    await screen.findByText("You have confirmed");
    expect(approved).toEqual(["YXNrZWQ"]);
  });

  it.each([
    ["trusted-removed", "You are not on their list"],
    ["bad-trusted-code", "This code cannot be used"],
  ] as const)("a key code is refused in words: %s", async (code, title) => {
    await open("/me/trusted/accept", ({ ports: { trusted } }) => {
      trusted.accept = async () => {
        throw new PortFailure(code, "x");
      };
    });
    await type("Key code", "x");
    await press(/Keep it/);
    await screen.findByText(title);
  });
});
