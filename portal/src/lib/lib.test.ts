import { describe, expect, test, vi } from "vitest";
import { PortFailure } from "../ports";
import { Action } from "./action.svelte";
import { articleInEnglish } from "./article";
import { clock } from "./clock";
import { amount, groups, left, short, span, yuan } from "./format";
import { Load } from "./load.svelte";

describe("format", () => {
  test("amounts", () => {
    expect(amount(7500, "month", "zh-CN")).toBe("每月75元");
    expect(amount(7500, "month", "en")).toBe("75 yuan a month");
    expect(yuan(100_050, "en")).toBe("1,000.50 yuan");
  });
  test("spans take the largest unit", () => {
    expect(span(90_000, "en")).toBe("1 day");
    expect(span(125, "en")).toBe("2 minutes");
    expect(span(-5, "en")).toBe("under a second");
    expect(span(0.4, "zh-CN")).toBe("不到1秒");
    expect(span(1, "en")).toBe("1 second");
  });
  test("what is left of ten days is ten days until one is over", () => {
    expect(left(10 * 86_400 - 1, "en")).toBe("10 days");
    expect(left(9 * 86_400, "en")).toBe("9 days");
    expect(left(86_399, "en")).toBe("23 hours");
  });
  test("hashes", () => {
    expect(short(`0x${"a".repeat(64)}`, 4)).toBe("0xaaaa…aaaa");
    expect(groups("0xabcdef")).toBe("abcd ef");
  });
});

test("where a rule stands in a law, in English", () => {
  expect(["第二十九条", "第十三条", "第四十七条", "第一百零五条", "第二十条"].map(articleInEnglish)).toEqual(["art. 29", "art. 13", "art. 47", "art. 105", "art. 20"]);
  expect(["一", "二（一）", "三（十二）", "第二章", "29"].map(articleInEnglish)).toEqual(["section 1", "section 2 (1)", "section 3 (12)", null, null]);
});

describe("clock", () => {
  test("runs, stands still, runs over and stops", () => {
    expect(clock(100, "review", null, 40)).toEqual({ state: "running", by: 100, left: 60 });
    expect(clock(100, "supplement", 30, 90)).toEqual({ state: "paused", by: 100, left: 70 });
    expect(clock(100, "asking", null, 130)).toEqual({ state: "overdue", by: 100, left: -30 });
    expect(clock(100, "approved", null, 130).state).toBe("stopped");
  });
});

describe("load", () => {
  test("shows a failure, tries again, and drops late answers", async () => {
    const load = new Load<number>();
    const source = vi.fn().mockRejectedValueOnce(new PortFailure("offline", "x")).mockResolvedValueOnce(2);
    load.from(source);
    await vi.waitFor(() => expect(load.phase).toBe("failed"));
    expect(load.failure?.code).toBe("offline");
    load.again();
    await vi.waitFor(() => expect(load.phase).toBe("done"));
    let late: (value: number) => void = () => undefined;
    load.from(() => new Promise((resolve) => (late = resolve)));
    load.from(() => Promise.resolve(3));
    late(9);
    await vi.waitFor(() => expect(load.value).toBe(3));
  });

  test("a failed refresh leaves what was there", async () => {
    const load = new Load<number>();
    const source = vi.fn().mockResolvedValueOnce(1).mockRejectedValueOnce(new Error("gone"));
    load.from(source);
    await vi.waitFor(() => expect(load.value).toBe(1));
    await load.refresh();
    expect([load.phase, load.value]).toEqual(["done", 1]);
  });
});

test("an action that is busy does not start again", async () => {
  const action = new Action();
  const work = vi.fn(() => Promise.resolve());
  const [first, second] = await Promise.all([action.run(work), action.run(work)]);
  expect([first, second, work.mock.calls.length]).toEqual([true, false, 1]);
});
