import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, test } from "vitest";
import App from "../../app/App.svelte";
import { install, session } from "../../app/here.svelte";
import { to } from "../../app/routes";
import { setLanguage } from "../../i18n/index.svelte";
import { packages } from "../../testing/packages";
import type { FactGround } from "../../ports";
import { mockWorld, PREPARED } from "../../testing/world";
import { answerUnseen, groundWords } from "./grounds";

const LIVING = "urn:zhengtong:credential:disability-living-subsidy:1";
/** 22 November 2027 in China. */
const UNTIL = 1_826_856_000;
const answered: FactGround = { vct: LIVING, issuer: "civil-affairs", validUntil: UNTIL, became: "answer", reason: null };

afterEach(() => {
  cleanup();
  session.officer = null;
  localStorage.clear();
});

/** What the answers' table and what is under it say on the page of the desk. */
async function facts(ground: FactGround | null): Promise<string> {
  const world = mockWorld({ role: "officer" });
  const deskCase = world.ports.gateways.deskCase;
  world.ports.gateways.deskCase = async (...asked) => ({ ...(await deskCase(...asked)), grounds: ground ? { "minimum-living-household": ground } : {} });
  install(world);
  history.replaceState(null, "", to("deskCase", { id: PREPARED["relief"]! }));
  render(App);
  const heading = await screen.findByRole("heading", { name: /部门的回答|What the agencies answered/ });
  // The name of its type comes with the packages.
  if (ground) await screen.findByText(/困难残疾人生活补贴资格证明|Living subsidy entitlement/);
  return heading.closest("section")?.textContent ?? "";
}

describe("a credential behind a fact", () => {
  test("is told with its issuer and end; where these are not sure, that is said", () => {
    expect(groundWords(answered)).toEqual({ said: "ground.answer", origin: "ground.until" });
    expect(groundWords({ ...answered, validUntil: null }).origin).toBe("ground.openEnd");
    expect(groundWords({ ...answered, issuer: null, validUntil: null, became: "refused", reason: "altered" })).toEqual({ said: "ground.refused", origin: "ground.unsure" });
    expect(groundWords({ ...answered, became: "lapsed", reason: "expired" }).said).toBe("ground.lapsed");
  });

  test("of another agency is unknown to the one that decides, and nothing is said where none can be shown", () => {
    expect(answerUnseen(packages["temporary-relief"]!, "civil-affairs")).toEqual(["public-security"]);
    expect(answerUnseen(packages["temporary-relief"]!, "public-security")).toEqual(["civil-affairs"]);
    expect(answerUnseen(packages["old-age-allowance"]!, "civil-affairs")).toEqual([]);
  });
});

describe("the officer's page of a case", () => {
  test("names the type, the issuer and the end of what an answer rests on", async () => {
    setLanguage("zh-CN");
    const said = await facts(answered);
    for (const words of ["困难残疾人生活补贴资格证明", "民政签发，有效期至2027年11月22日", "没有查看本部门的记录"]) expect(said).toContain(words);
    expect(said).toContain("公安也可以依据申请人出示的证照回答");
  });

  test("says why a credential was not taken, and nothing of one that is not surely the applicant's", async () => {
    setLanguage("en");
    const said = await facts({ ...answered, issuer: null, validUntil: null, became: "refused", reason: "other-person" });
    expect(said).toContain("was not taken: it is not the applicant's. This agency answers from its records instead.");
    expect(said).toContain("issuer and end are not shown");
    expect(said).not.toContain("Issued by");
  });

  test("says nothing of credentials where none was shown", async () => {
    setLanguage("en");
    await facts(null);
    expect(document.querySelector("[data-ground]")).toBeNull();
  });
});
