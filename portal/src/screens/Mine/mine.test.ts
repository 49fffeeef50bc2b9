import { cleanup, render, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import App from "../../app/App.svelte";
import { install } from "../../app/here.svelte";
import { setLanguage } from "../../i18n/index.svelte";
import type { OpenedUse } from "../../ports";
import type { ServicePackage } from "../../package/types";
import { mockWorld } from "../../testing/world";
import type { PersonalUse } from "./all-uses";
import { filtered } from "./filter";

const use = (provider: string, caseId: string): PersonalUse => ({ use: { provider, caseId } as OpenedUse, pack: {} as ServicePackage });
const uses = [use("health", "0x1"), use("public-security", "0x1"), use("health", "0x2")];
const said = ({ use: { provider, caseId } }: PersonalUse) => `Read by ${provider} in ${caseId}`;

describe("the filter", () => {
  it("takes agency, case and words together", () => {
    const find = (provider: string, caseId: string, words: string) => filtered(uses, { provider, caseId, words }, said).map((one) => uses.indexOf(one));
    expect(find("", "", "")).toEqual([0, 1, 2]);
    expect(find("health", "", "")).toEqual([0, 2]);
    expect(find("health", "0x2", "")).toEqual([2]);
    expect(find("", "", "READ  security")).toEqual([1]);
    expect(find("", "0x1", "health nothing")).toEqual([]);
  });
});

describe("my data", () => {
  async function open(change: (walk: { complete: { provider: string; provenAbsent: boolean; missing: number[] }[] }) => void): Promise<string> {
    setLanguage("zh-CN");
    const world = mockWorld({ role: "resident" });
    const { uses: walked } = world.ports.gateways;
    world.ports.gateways.uses = async (...args) => {
      const walk = await walked(...args);
      change(walk);
      return walk;
    };
    install(world);
    history.replaceState(null, "", "/me/data");
    render(App);
    await screen.findAllByText(/逐个编号核对|不完整/, undefined, { timeout: 3_000 });
    const text = document.querySelector("main")?.textContent ?? "";
    cleanup();
    return text;
  }

  it("says how it knows that the list is complete", async () => {
    const text = await open(() => undefined);
    expect(text).toMatch(/逐个核对了\d+个编号/);
    expect(text).not.toContain("这份清单不完整");
  });

  it("says which number is missing, whose, and what to do", async () => {
    const text = await open((walk) => {
      const [first] = walk.complete;
      if (first) Object.assign(first, { provenAbsent: false, missing: [0, 2] });
    });
    expect(text).toContain("这份清单不完整");
    expect(text).toMatch(/公安.*缺少第1、3号记录/);
    expect(text).toContain("对用数提出异议");
  });

  it("does not name a number when a proof was missing only", async () => {
    const text = await open((walk) => {
      for (const one of walk.complete) one.provenAbsent = false;
    });
    expect(text).toContain("没有得到证明");
    expect(text).not.toContain("号记录");
  });
});

