// The pages that are drawn: name, address, who looks, and what to do before the picture is taken.
const id = (name) => `0x${Buffer.from(name).toString("hex").padEnd(64, "0")}`;
const next = (tab) => tab.locator("main form button[type=submit]").click();

/** The account of BIP-39's words of zeros, from ERC-4527's test cases. */
const ACCOUNT =
  "ur:crypto-hdkey/oxaxhdclaowdverokopdinhseeroisyalksaykctjshedprnuyjyfgrovawewftyghceglrpkgaahdcxtplfjsluknfwlaisaxwypalbjylswzamcxhscyuyloztmwfnldlgskpyptgsdecfamtaaddyoeadlncsdwykcsfnykaeykaocywlcscewfaycytedmfeayghlptnin";

async function elsewhere(tab) {
  await tab.locator("#organisation").selectOption("civil-affairs");
  await tab.locator("main summary").first().click();
  await tab.locator("main input[value=elsewhere]").check();
}

async function connect(tab) {
  await tab.locator("#account-text").fill(ACCOUNT);
  await tab.locator("main form button.primary").click();
  await tab.locator("main form button[type=submit]").waitFor();
}

async function askBeforeDeleting(tab) {
  await tab.locator("#reason-de1e7e").fill("目的已经实现。");
  await tab.locator("button.danger").click();
}

export const PAGES = [
  { name: "home", path: "/" },
  { name: "services", path: "/services?q=津贴" },
  { name: "services-none", path: "/services?q=zzz" },
  { name: "guide", path: "/services/old-age-allowance" },
  { name: "guide-catalogue", path: "/services/511F33033003-511602000000-000-115113010833722043-1-00" },
  { name: "sign-in", path: "/sign-in" },
  { name: "sign-in-create", path: "/sign-in/create" },
  {
    name: "sign-in-confirm-wrong",
    path: "/sign-in/create",
    act: async (tab) => {
      await tab.locator("main button:not([disabled])").last().click();
      await next(tab);
    },
  },
  { name: "sign-in-restore", path: "/sign-in/restore", act: next },
  { name: "sign-in-first", path: "/me/cases" },
  { name: "identity", path: "/identity", role: "resident-new" },
  {
    name: "identity-received",
    path: "/identity?next=/me/delegations",
    role: "resident-new",
    act: async (tab) => {
      await tab.locator("li button").first().click();
      await tab.locator("form button[type=submit]").click();
      await tab.waitForSelector("dl");
    },
  },
  { name: "identity-wrong", path: "/identity", role: "resident-new", act: next },
  { name: "sign-in-locked", path: "/sign-in", role: "locked", act: (tab) => tab.locator("summary").first().click() },
  { name: "wallet", path: "/me", role: "resident" },
  { name: "wallet-remove-way", path: "/me", role: "resident", act: (tab) => tab.locator("section[aria-labelledby=ways] li button").first().click() },
  {
    name: "wallet-add-passphrase",
    path: "/me",
    role: "resident",
    act: async (tab) => {
      await tab.locator("section[aria-labelledby=ways] li button").first().click();
      await tab.locator("section[aria-labelledby=ways] form button[type=submit]").click();
      await tab.getByRole("button", { name: /另外设一个口令|Set a passphrase/ }).click();
    },
  },
  { name: "wallet-first-passkey", path: "/me", role: "resident-new" },
  { name: "apply-no-identity", path: "/services/old-age-allowance/apply", role: "resident-new" },
  { name: "apply-for", path: "/services/old-age-allowance/apply", role: "resident" },
  { name: "apply-question", path: "/services/old-age-allowance/apply", role: "resident", act: (tab) => answer(tab, "self") },
  { name: "apply-question-wrong", path: "/services/temporary-relief/apply", role: "resident", act: next },
  { name: "apply-text", path: "/services/temporary-relief/apply", role: "resident", act: (tab) => answer(tab, "other") },
  {
    name: "apply-consent",
    path: "/services/disability-living-subsidy/apply",
    role: "resident",
    act: async (tab) => {
      await answer(tab, "social-security-card");
      await answer(tab, "portal");
    },
  },
  { name: "apply-check", path: "/services/old-age-allowance/apply", role: "resident", act: (tab) => forOther(tab) },
  {
    name: "apply-send",
    path: "/services/old-age-allowance/apply",
    role: "resident",
    act: async (tab) => {
      await answer(tab, "self");
      await answer(tab, "elder-card");
      await tab.locator("#agreed").check();
      await next(tab);
      await tab.waitForTimeout(250);
    },
  },
  {
    name: "case-live",
    path: "/services/old-age-allowance/apply",
    role: "resident",
    act: async (tab) => {
      await answer(tab, "self");
      await answer(tab, "elder-card");
      await tab.locator("#agreed").check();
      await next(tab);
      await tab.locator("[data-check=green]").waitFor();
      await tab.waitForTimeout(2500);
    },
  },
  { name: "track", path: "/track", act: next },
  { name: "case-approved", path: `/cases/${id("approved")}`, role: "resident", waitMs: 1800 },
  { name: "case-approved-public", path: `/cases/${id("approved")}`, waitMs: 1800 },
  { name: "case-asking", path: `/cases/${id("asking")}`, role: "resident", waitMs: 1800 },
  { name: "case-review", path: `/cases/${id("unknown")}`, role: "resident", waitMs: 1800 },
  { name: "case-supplement", path: `/cases/${id("supplement")}`, role: "resident", waitMs: 1800 },
  { name: "case-refused", path: `/cases/${id("refused")}`, role: "resident", waitMs: 1800 },
  { name: "case-appealed", path: `/cases/${id("appealed")}`, role: "resident", waitMs: 1800 },
  { name: "case-overdue", path: `/cases/${id("overdue")}`, role: "resident", waitMs: 1800 },
  { name: "case-tampered", path: `/cases/${id("approved")}`, role: "resident", tampered: true, waitMs: 1800 },
  { name: "case-not-found", path: `/cases/${id("nothing")}` },
  { name: "my-cases", path: "/me/cases", role: "resident" },
  { name: "my-data", path: "/me/data", role: "resident" },
  { name: "delegations", path: "/me/delegations", role: "resident" },
  { name: "delegations-end", path: "/me/delegations", role: "resident", act: (tab) => tab.locator("[data-side=given] article button").last().click() },
  {
    name: "delegation-ask",
    path: "/me/delegations/ask",
    role: "resident",
    act: async (tab) => {
      await tab.locator("#name").fill("李芳");
      await next(tab);
    },
  },
  { name: "delegation-accept", path: "/me/delegations/accept", role: "resident", act: next },
  { name: "delegation-give-who", path: "/me/delegations/give", role: "resident", act: readCode },
  {
    name: "delegation-give-terms",
    path: "/me/delegations/give",
    role: "resident",
    act: async (tab) => {
      await readCode(tab);
      await tab.locator("main button").last().click();
      await next(tab);
    },
  },
  { name: "data-request", path: "/me/data/requests/delete", role: "resident", act: next },
  { name: "data-request-about", path: `/me/data/requests/contest?agency=health&case=${id("approved")}&use=0x${"1f".repeat(32)}`, role: "resident" },
  { name: "sent-open", path: "/me/data/sent/5f0c1a?sent=1", role: "resident" },
  { name: "sent-late", path: "/me/data/sent/80aa41", role: "resident" },
  { name: "sent-refused", path: "/me/data/sent/77e012", role: "resident" },
  { name: "sent-deleted", path: "/me/data/sent/de1e7e", role: "resident" },
  { name: "sent-unsent", path: "/me/data/sent/0ff11e", role: "resident" },
  { name: "desk-requests", path: "/desk/requests", role: "officer", act: askBeforeDeleting },
  { name: "appeal", path: `/cases/${id("refused")}/appeal`, role: "resident" },
  { name: "appeal-wrong", path: `/cases/${id("refused")}/appeal`, role: "resident", act: next },
  { name: "supplement", path: `/cases/${id("supplement")}/supplement`, role: "resident" },
  { name: "officer-sign-in", path: "/desk/sign-in" },
  { name: "officer-elsewhere", path: "/desk/sign-in", act: elsewhere },
  {
    name: "officer-elsewhere-account",
    path: "/desk/sign-in",
    act: async (tab) => {
      await elsewhere(tab);
      await connect(tab);
    },
  },
  {
    name: "officer-elsewhere-sign",
    path: "/desk/sign-in",
    act: async (tab) => {
      await elsewhere(tab);
      await connect(tab);
      await tab.locator("main form button[type=submit]").click();
      await tab.locator("#asking-title").waitFor();
      await tab.locator("main section.asking summary").click();
      await tab.locator("#answer").fill("ur:eth-signature/zz");
      await tab.locator("main section.asking button.primary").click();
      await tab.locator("#answer-error").waitFor();
    },
  },
  { name: "desk-first", path: "/desk" },
  { name: "desk", path: "/desk", role: "officer" },
  { name: "desk-case", path: `/desk/cases/${id("possible-refusal")}`, role: "officer", waitMs: 1800 },
  { name: "desk-case-relief", path: `/desk/cases/${id("relief")}`, role: "officer", waitMs: 1800 },
  { name: "desk-case-appeal", path: `/desk/cases/${id("appealed")}`, role: "officer", waitMs: 1800 },
  { name: "desk-refuse", path: `/desk/cases/${id("possible-refusal")}`, role: "officer", waitMs: 1800, act: (tab) => decide(tab, "refuse") },
  { name: "desk-approve", path: `/desk/cases/${id("unknown")}`, role: "officer", waitMs: 1800, act: (tab) => decide(tab, "approve") },
  { name: "desk-more", path: `/desk/cases/${id("unknown")}`, role: "officer", waitMs: 1800, act: (tab) => decide(tab, "more") },
  { name: "audit", path: "/audit" },
  { name: "audit-cases", path: "/audit/cases" },
  { name: "audit-bundle", path: "/audit/bundle" },
  { name: "audit-bundle-wrong", path: "/audit/bundle", act: next },
  {
    name: "audit-bundle-checked",
    path: "/audit/bundle",
    act: async (tab) => {
      await tab.locator("#file").setInputFiles({ name: "case.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify({ case_id: id("approved") })) });
      await next(tab);
      await tab.locator("[data-check]").waitFor();
    },
  },
  { name: "network", path: "/network" },
  { name: "not-found", path: "/nowhere" },
  { name: "accessibility", path: "/accessibility" },
];

async function answer(tab, value) {
  await tab.locator(`input[value="${value}"]`).check();
  await next(tab);
  await tab.waitForTimeout(200);
}

async function decide(tab, kind) {
  await tab.locator(`input[name=kind][value=${kind}]`).check();
  await next(tab);
  await tab.waitForTimeout(200);
}

async function forOther(tab) {
  await tab.locator("input[name=for]").last().check();
  await next(tab);
  await answer(tab, "elder-card");
}

async function readCode(tab) {
  await tab.locator("#code").fill("Y29kZQ");
  await next(tab);
  await tab.locator(".number.mono").waitFor();
}
