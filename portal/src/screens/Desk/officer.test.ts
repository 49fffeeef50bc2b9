import { beforeEach, expect, test } from "vitest";
import { install, session } from "../../app/here.svelte";
import { PortFailure, type ReturnedSignIn } from "../../ports";
import { mockWorld } from "../../testing/world";
import { beginAtProvider, bringKey, finishAtProvider, takeKept } from "./officer";

beforeEach(() => {
  sessionStorage.clear();
  session.officer = null;
});

test("what a sign-in left behind serves once, in the tab that began it", async () => {
  const world = mockWorld({ role: "" });
  const finished: ReturnedSignIn[] = [];
  const { finishSignIn } = world.ports.gateways;
  world.ports.gateways.finishSignIn = async (gateway, organisation, returned) => {
    finished.push(returned);
    return await finishSignIn(gateway, organisation, returned);
  };
  install(world);
  await beginAtProvider("civil-affairs");
  const kept = takeKept(sessionStorage);
  expect(takeKept(sessionStorage)).toBeNull();
  expect(await finishAtProvider(kept, new URLSearchParams("code=c&state=mock&iss=i"))).toBe("civil-affairs");
  expect(finished).toEqual([{ state: "mock", secret: kept?.secret, code: "c", issuer: "i" }]);
  expect(session.officer?.key).toBeNull();
  const officer = session.officer;
  if (officer) await bringKey(officer, { privateKey: `0x${"1".repeat(64)}` });
  expect(session.officer?.key).not.toBeNull();
});

test("a sign-in that was not begun here is not finished", async () => {
  install(mockWorld({ role: "" }));
  await beginAtProvider("civil-affairs");
  const kept = takeKept(sessionStorage);
  for (const [one, query] of [
    [null, "code=c&state=mock"],
    [kept, "code=c&state=other"],
    [kept, "code=c"],
  ] as const) {
    await expect(finishAtProvider(one, new URLSearchParams(query))).rejects.toEqual(expect.objectContaining({ code: "session-expired" }));
  }
  await expect(finishAtProvider(kept, new URLSearchParams("error=access_denied&state=mock"))).rejects.toBeInstanceOf(PortFailure);
  expect(session.officer).toBeNull();
});

test("what was kept by something else is not read", () => {
  for (const text of ["", "{", "null", "[]", '{"organisation":"a"}', '{"organisation":1,"state":"s","secret":"x"}']) {
    sessionStorage.setItem("zhengtong.officer-sign-in", text);
    expect(takeKept(sessionStorage)).toBeNull();
  }
});
