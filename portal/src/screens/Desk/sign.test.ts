import { expect, test, vi } from "vitest";
import { type OfficerSession, here, install, session } from "../../app/here.svelte";
import { PortFailure, type Hex } from "../../ports";
import { mockWorld } from "../../testing/world";
import { KeptWords, sign } from "./sign";

const CASE: Hex = `0x${"11".repeat(32)}`;
const OTHER: Hex = `0x${"22".repeat(32)}`;
const more = (statement: string) => ({ kind: "more" as const, defects: [], statement });

/** A gateway that keeps each text under a salt of its own, and a chain that notes what it is given. */
async function desk() {
  install(mockWorld({ role: "officer" }));
  await vi.waitFor(() => expect(session.officer).not.toBeNull());
  const officer = session.officer as OfficerSession;
  if (officer.key === null) throw new Error("the officer has no key");
  const { ports } = here();
  let count = 0;
  const numbered = (digit: string): Hex => `0x${String(count).padStart(63, "0")}${digit}`;
  const keep = vi.fn(async () => ({ hash: (count += 1, numbered("a")), salt: numbered("b") }));
  ports.gateways.statement = keep;
  const decided = vi.fn(ports.chain.requestMore).mockResolvedValue({ txHash: OTHER, blockNumber: 1 });
  ports.chain.requestMore = decided;
  return { ports, officer, key: officer.key, keep, decided, words: new KeptWords() };
}

test("a decision that was given up is signed again with the words kept before", async () => {
  const { ports, officer, key, keep, decided, words } = await desk();
  for (let n = 0; n < 3; n += 1) {
    decided.mockRejectedValueOnce(new PortFailure("signing-stopped", ""));
    await expect(sign(ports, words, officer, key, CASE, more("请补交"))).rejects.toEqual(expect.objectContaining({ code: "signing-stopped" }));
  }
  await sign(ports, words, { ...officer }, key, CASE, more("请补交"));
  expect(keep).toHaveBeenCalledTimes(1);
  const given = decided.mock.calls.map(([, , { statement, behind }]) => [statement, behind?.statements?.[0]?.salt]);
  expect(new Set(given.map((one) => one.join())).size).toBe(1);
  expect(given).toHaveLength(4);
});

test("other words, another case, another sign-in, and a decision after one that is final have words of their own", async () => {
  const { ports, officer, key, keep, decided, words } = await desk();
  const stopped = async (who: OfficerSession, id: Hex, text: string) => {
    decided.mockRejectedValueOnce(new PortFailure("signing-stopped", ""));
    await expect(sign(ports, words, who, key, id, more(text))).rejects.toThrow();
  };
  await stopped(officer, CASE, "甲");
  await stopped(officer, CASE, "乙");
  await stopped(officer, OTHER, "乙");
  const again = { ...officer, desk: { ...officer.desk } };
  await stopped(again, OTHER, "乙");
  expect(keep).toHaveBeenCalledTimes(4);
  await sign(ports, words, again, key, OTHER, more("乙"));
  expect(keep).toHaveBeenCalledTimes(4);
  await sign(ports, words, again, key, OTHER, more("乙"));
  expect(keep).toHaveBeenCalledTimes(5);
  await sign(ports, words, again, key, OTHER, more(""));
  expect(keep).toHaveBeenCalledTimes(5);
  expect(decided.mock.calls.at(-1)?.[2]).toMatchObject({ statement: `0x${"0".repeat(64)}`, behind: { statements: [] } });
});
