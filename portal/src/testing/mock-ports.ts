import { messageSigned } from "../chain/elsewhere";
import { type Accounts, type AskElsewhere, type Chain, type DataRequest, type Delegation, type Delegations, type DeskCase, type Gateways, type Hex, type OfficerKey, type Ports, PortFailure, type RequestState, type SentRequest, type StoredWallet, type Verification, type Wallet } from "../ports";
import type { AccountKey } from "../wallet/elsewhere/account";
import { rules } from "../rules/rules";
import { type MockCases, mockHash, OFFICER, OTHER_OFFICER } from "./mock-cases";
import { mockWallets } from "./mock-wallet";
import { packages } from "./packages";
import { provenOf } from "./proven";
import { residents } from "./residents";
import { mockTrusted } from "./mock-trusted";

const STEP_MS = 700;
const STATEMENT = "经核对户籍记录，申请人到申请当天年满64周岁，尚未达到领取年龄。满65周岁后可以再次申请。";
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const key = (address: string): OfficerKey => ({ address: address as Hex, signMessage: async () => mockHash("signature", 65) });

/** The first address of BIP-39's words of zeros, for a key on another machine. */
const ELSEWHERE = "0x9858effd232b4033e47d90003d41ec34ecaeda94";
const CHAIN_ID = 20_251_101;
const elsewhere = (at: AccountKey, ask: AskElsewhere): OfficerKey => ({ address: at.address, signMessage: (text) => messageSigned(at, ask, CHAIN_ID, text) });

export function mockChain(cases: MockCases): Chain {
  const sent = (text: string) => ({ txHash: mockHash(text), blockNumber: 4212 });
  return {
    network: async () => {
      throw new PortFailure("offline", "mock");
    },
    tokenIssuer: async () => null,
    openCase: async (_wallet, own) => {
      await wait(STEP_MS);
      cases.open(own.id, own.service, own.address);
      return sent(own.id);
    },
    grantConsent: async (wallet, own, terms) => {
      const consent = { id: mockHash(`${own.id}/${terms.provider}`), record: { fields: terms.fields } };
      await wallet.updateCase(own.id, { consents: { [terms.provider]: consent } });
      return { ...sent(terms.provider), ...consent };
    },
    consents: async (own) => Object.entries(own.consents).map(([provider, { id }]) => ({ provider, id, use: "standing" as const, until: Math.floor(Date.now() / 1000) + 86_400, revoked: false, uses: 1 })),
    revokedAt: async () => null,
    revokeConsent: async (_wallet, _own, id) => sent(id),
    supplement: async (_wallet, own) => {
      cases.supplement(own.id);
      return sent(own.id);
    },
    appeal: async (_wallet, own) => {
      cases.appeal(own.id);
      return sent(own.id);
    },
    escalate: async (_wallet, own) => {
      cases.escalate(own.id);
      return sent(own.id);
    },
    approve: async (officer, id, { row, amountFen, reason, statement }) => {
      cases.byOfficer(id, officer.address, "approve", row, amountFen, reason, statement);
      return sent(id);
    },
    refuse: async (officer, id, { row, reason, statement }) => {
      cases.byOfficer(id, officer.address, "refuse", row, 0, reason, statement);
      return sent(id);
    },
    requestMore: async (officer, id, { defects }) => {
      cases.askMore(id, officer.address, defects);
      return sent(id);
    },
    standing: async (address) => ({ organisation: [OFFICER, OTHER_OFFICER, ELSEWHERE].includes(address) ? "civil-affairs" : null, active: true }),
    officerKey: async (source) => "elsewhere" in source ? elsewhere(source.elsewhere, source.ask) : key("privateKey" in source && source.privateKey === mockHash("other-officer") ? OTHER_OFFICER : OFFICER),
    statuteId: (law, article) => mockHash(`law/${law}/${article}`),
  };
}

const DAY_MS = 86_400_000;
const WAITS: RequestState = { dueMs: Date.now() + 29 * DAY_MS, status: "open", answeredMs: null, deletion: null };
const RECEIPT = mockHash("receipt", 65);
/** As the wallet of the drawings keeps them: one that waits, one that is late, one that was refused, a deletion, one that may not have arrived. */
export const SENT: SentRequest[] = [
  { id: "5f0c1a", organisation: "health", index: 0, kind: "contest", text: "这次查询和我的申请有什么关系？", about: null, sentMs: Date.now() - DAY_MS, receipt: RECEIPT, state: WAITS },
  { id: "80aa41", organisation: "civil-affairs", index: 0, kind: "copy", text: "请给我一份副本。", about: null, sentMs: Date.now() - 33 * DAY_MS, receipt: RECEIPT, state: { ...WAITS, dueMs: Date.now() - 3 * DAY_MS } },
  {
    id: "77e012",
    organisation: "health",
    index: 1,
    kind: "correct",
    text: "住址登记有误。",
    about: null,
    sentMs: Date.now() - 40 * DAY_MS,
    receipt: RECEIPT,
    state: { dueMs: Date.now() - 10 * DAY_MS, status: "refused", answeredMs: Date.now() - 20 * DAY_MS, deletion: null },
    answer: { granted: false, reason: "登记以户籍为准，请先到公安更正。", role: "data-officer", officer: "1f3a09c2", answeredMs: Date.now() - 20 * DAY_MS, deletion: null, signature: mockHash("answer", 65) },
  },
  {
    id: "de1e7e",
    organisation: "public-security",
    index: 0,
    kind: "delete",
    text: "请删除关于我的一切。",
    about: null,
    sentMs: Date.now() - 41 * DAY_MS,
    receipt: RECEIPT,
    state: { dueMs: Date.now() - 11 * DAY_MS, status: "granted", answeredMs: Date.now() - 30 * DAY_MS, deletion: "3a7c" },
    answer: {
      granted: true,
      reason: "目的已经实现，予以删除。",
      role: "data-officer",
      officer: "09c21f3a",
      answeredMs: Date.now() - 30 * DAY_MS,
      deletion: { id: "3a7c", atMs: Date.now() - 30 * DAY_MS, keys: ["51d2aa", "77b0c4"], records: 9, cases: 2, signature: mockHash("deletion", 65) },
      signature: mockHash("answer", 65),
    },
  },
  { id: "0ff11e", organisation: "health", index: 2, kind: "copy", text: "请给我一份副本。", about: null, sentMs: Date.now() - 42 * DAY_MS, receipt: null, state: null },
];
const REQUESTS: DataRequest[] = [
  { id: "de1e7e", kind: "delete", article: "第四十七条", receivedMs: Date.now() - DAY_MS, dueMs: Date.now() + 29 * DAY_MS, overdue: false, status: "open", answeredMs: null, deletion: null, text: "请删除关于我的一切。", answer: null },
  { id: "5f0c1a", kind: "contest", article: "第四十四条、第四十八条", receivedMs: Date.now() - 86_400_000, dueMs: Date.now() + 29 * 86_400_000, overdue: false, status: "open", answeredMs: null, deletion: null, text: "这次查询和我的申请有什么关系？", answer: null },
  { id: "77e012", kind: "correct", article: "第四十六条", receivedMs: Date.now() - 40 * 86_400_000, dueMs: Date.now() - 10 * 86_400_000, overdue: false, status: "refused", answeredMs: Date.now() - 20 * 86_400_000, deletion: null, text: "住址登记有误。", answer: "登记以户籍为准，请先到公安更正。" },
];

export function mockGateways(cases: MockCases): Gateways {
  const numbers = new WeakMap<Wallet, string>();
  return {
    identity: async (_gateway, _wallet, { number, code }) => {
      const found = residents.find((resident) => resident.number === number);
      if (!found || found.code !== code) throw new PortFailure("gateway-refused", "the code does not belong to this number", "code");
      return number;
    },
    link: async (wallet, own, { organisation, as }) => {
      await wait(STEP_MS / 2);
      const held = await wallet.identity();
      if (held) numbers.set(wallet, held.raw);
      await wallet.updateCase(own.id, { linkedAtMs: { [organisation.slug]: Date.now() } });
      if (!as.provider) return;
      const facts = residents.find((resident) => resident.number === numbers.get(wallet))?.facts ?? {};
      const order = ["public-security", "health", "civil-affairs"].indexOf(organisation.slug);
      setTimeout(() => cases.attest(own.id, organisation.slug, facts), STEP_MS * (2 + order));
    },
    tokens: async () => undefined,
    tokensAhead: async () => undefined,
    offer: async () => ({ uri: "openid-credential-offer://?credential_offer_uri=mock", txCode: "493536", expiresAtMs: Date.now() + 900_000 }),
    credential: async (_wallet, own) => (cases.get(own.id).credential ? "eyJhbGciOiJFUzI1NiJ9.mock~" : null),
    credentialStatus: async () => "valid",
    statements: async (_wallet, own) => {
      const { decision } = cases.get(own.id);
      return decision?.officer ? [{ hash: decision.statement as Hex, text: STATEMENT, salt: mockHash("salt"), atMs: decision.decided_at * 1000 }] : [];
    },
    supplement: async () => undefined,
    appeal: async (_wallet, own) => mockHash(`${own.id}/appeal`),
    uses: async (_wallet, own, providers) => {
      const view = cases.get(own.id);
      const pack = packages[view.service];
      return {
        uses: view.uses.map((use) => ({
          tag: use.tag as Hex,
          n: 0,
          caseId: own.id,
          provider: use.provider,
          consumer: use.consumer,
          purpose: use.purpose,
          basis: use.basis as Hex,
          mask: use.mask,
          blockNumber: use.block_number,
          details: {
            official: "system/gateway/1f3a09c2",
            purpose: use.purpose,
            fields: pack?.rules.predicates.filter((one) => one.provider === use.provider).flatMap((one) => one.fields) ?? [],
            article: pack?.rules.predicates.filter((one) => one.provider === use.provider).map((one) => `${one.basis.law} ${one.basis.article}`)[0] ?? "",
            atMs: view.opened_at * 1000 + 900,
            by: null,
          },
        })),
        complete: providers.map((provider) => ({ provider, count: view.uses.filter((use) => use.provider === provider).length, provenAbsent: true, missing: [] })),
      };
    },
    retention: async () => ({ periods: [{ kind: "link", days: 1826, basis: "个人信息保护法 第十九条" }] }),
    kept: async (wallet, organisation) => ({
      cases: (await wallet.cases()).filter((own) => own.linkedAtMs[organisation] !== undefined).map((own) => own.id),
      requests: organisation === "health" ? REQUESTS : [],
      holds: organisation === "health" ? [{ id: "1", authority: "区人民法院", reference: "（2026）民初12号", placedMs: Date.now(), untilMs: null }] : [],
    }),
    request: async (wallet, { slug }, wish) => {
      const index = (await wallet.requests()).filter(({ organisation }) => organisation === slug).length;
      const sentMs = Date.now();
      const request = { ...wish, id: mockHash(`${slug}/${index}`, 16).slice(2), organisation: slug, index, sentMs, receipt: mockHash("receipt", 65), state: { ...WAITS, dueMs: sentMs + 30 * DAY_MS } };
      await wallet.keepRequest(request);
      return request;
    },
    requestAgain: async (wallet, _agency, request) => {
      const sent = { ...request, receipt: mockHash("receipt", 65), state: request.state ?? WAITS };
      await wallet.keepRequest(sent);
      return sent;
    },
    readRequest: async (_wallet, _agency, request) => request,
    findRequests: async () => undefined,
    unaskedForRequests: async () => [],
    deskRequests: async () => REQUESTS,
    answerRequest: async () => undefined,
    exported: async () => "{}\nmock\n",
    signIn: async (_gateway, organisation, by) => {
      await by.signMessage("mock");
      return { organisation, token: "mock", expiresAtMs: Date.now() + 3_600_000 };
    },
    signInWays: async () => ({ key: true, provider: "市统一身份认证平台", passkey: true }),
    beginPasskey: async () => ({ challenge: "bW9jaw", rpId: location.hostname }),
    finishPasskey: async (_gateway, organisation) => ({ organisation, token: "mock", expiresAtMs: Date.now() + 3_600_000 }),
    beginPasskeyMaking: async () => ({ challenge: "bW9jaw", rpId: location.hostname, user: "bW9jaw", name: "MZ-1001", algorithms: [-7, -8], exclude: [] }),
    addPasskey: async () => {},
    passkeys: async () => ({ items: [{ id: "bW9jaw", label: "办公室电脑", maySync: false, madeMs: Date.now() - 86_400_000, usedMs: null }], until: Math.floor(Date.now() / 1000) + 1_000_000 }),
    removePasskey: async () => {},
    beginSignIn: async () => ({ url: `${location.origin}/desk/sign-in/return?code=mock&state=mock`, state: "mock" }),
    finishSignIn: async (_gateway, organisation, { code }) => {
      if (code === null) throw new PortFailure("gateway-refused", "the provider did not sign you in", "code");
      return { organisation, token: "mock", expiresAtMs: Date.now() + 3_600_000 };
    },
    whoAmI: async () => ({ name: "MZ-1001", roles: ["handler"] }),
    proveKey: async (_gateway, _session, by) => {
      await by.signMessage("mock");
    },
    signOut: async () => null,
    desk: async (_gateway, _session, { status }) => ({
      items: [...cases.all.values()]
        .filter((one) => (status ? one.status === status : ["review", "supplement"].includes(one.status)))
        .sort((a, b) => a.promised_by - b.promised_by)
        .map((one) => ({ id: one.id as Hex, service: one.service, status: one.status, cause: one.cause ?? "", promisedBy: one.promised_by, statutoryBy: one.statutory_by, openedAt: one.opened_at })),
      next: null,
    }),
    deskCase: async (_gateway, _session, id) => ({ actedBy: { role: "carer", number: "440304198001010015" }, case: {}, grounds: cases.get(id).service === "temporary-relief" ? GROUNDS : {}, form: { payment_channel: "elder-card" }, history: [], statements: statementsOf(cases, id) }),
    statement: async (_gateway, _session, id, text) => ({ hash: mockHash(`${id}/${text}`), salt: mockHash(`${id}/salt`) }),
    askWallet: async (_gateway, _session, { vct }) => ({ id: vct, uri: "openid4vp://?client_id=mock&request_uri=mock", expiresAtMs: Date.now() + 600_000 }),
    walletAnswer: async (_gateway, _session, id) => ({ state: "verified", credentials: [{ vct: id, issuer: "civil-affairs", claims: { amount_fen: 7_500, decided_at: 1_795_320_000 } }] }),
    record: async (_gateway, _session, id, { record }) => ({ rows: [{ [`${record}.status`]: "valid" }], useTag: mockHash(`${id}/${record}`) }),
  };
}

/** Of the two questions to the agency that decides on relief, one was answered from a credential. */
const GROUNDS: DeskCase["grounds"] = {
  "minimum-living-household": { vct: "urn:zhengtong:credential:disability-living-subsidy:1", issuer: "civil-affairs", validUntil: 1_826_856_000, became: "answer", reason: null },
};

function statementsOf(cases: MockCases, id: string): DeskCase["statements"] {
  const { decision, events } = cases.get(id);
  const appeal = events.find((event) => event.name === "Appealed");
  const officer = decision?.officer ? [{ hash: decision.statement as Hex, text: STATEMENT, author: "officer", atMs: decision.decided_at * 1000, onChain: true }] : [];
  return [...officer, ...(appeal ? [{ hash: mockHash("appeal"), text: "户口簿上的出生日期登记有误，我已满65周岁，请再核对一次。", author: "applicant", atMs: appeal.block_time_ms, onChain: true }] : [])];
}

/** A wallet that is protected after it was asked to be. */
export function mockAccounts(): Accounts {
  const protectedWallets = new WeakSet<Wallet>();
  const codes: { organisation: string; code: string; expiresAt: number; approved: boolean }[] = [];
  let isPending = true;
  const readyAt = Math.floor(Date.now() / 1000) + 259_200;
  return {
    passkeys: () => true,
    protect: async (wallet) => void protectedWallets.add(wallet),
    protection: async (wallet) =>
      protectedWallets.has(wallet)
        ? {
            host: "civil-affairs",
            authorities: ["public-security", "human-resources", "health"],
            missing: [],
            standing: "on",
            devices: [
              { id: mockHash("device"), name: "Android", addedAtMs: 1_790_000_000_000, kinds: ["passkey", "device"], signers: [mockHash("passkey"), mockHash("device")], here: true },
              { id: mockHash("other"), name: "Windows", addedAtMs: 1_790_500_000_000, kinds: ["device"], signers: [mockHash("other")], here: false },
            ],
            signers: [
              { id: mockHash("passkey"), kind: "passkey", here: true },
              { id: mockHash("device"), kind: "device", here: true },
              { id: mockHash("other"), kind: "device", here: false },
            ],
            savedAtMs: Date.now(),
            problem: null,
          }
        : null,
    pending: async (wallet) => (protectedWallets.has(wallet) && isPending ? { readyAt } : null),
    veto: async () => {
      isPending = false;
    },
    removeSigners: async () => undefined,
    news: async () => null,
    asking: async () => null,
    admit: async () => undefined,
    refuse: async () => undefined,
    askToJoin: async () => undefined,
    joining: async () => null,
    join: async () => false,
    stopJoining: async () => undefined,
    ask: async (office) => {
      codes.push({ organisation: office.slug, code: "12345678", expiresAt: Math.floor(Date.now() / 1000) + 1_800, approved: false });
    },
    progress: async () => (codes.length === 0 ? null : { offices: codes, state: "asking", readyAt: null, passkey: true, trusted: null }),
    finish: async () => {
      throw new PortFailure("rejected", "mock");
    },
    abandon: async () => void codes.splice(0),
    approve: async () => undefined,
  };
}

const GREEN: Verification["steps"] = [
  { kind: "network", ok: true, subject: "zhengtong-dev", detail: "" },
  { kind: "certificate", ok: true, subject: "4212", detail: "" },
  { kind: "header", ok: true, subject: "4209–4212", detail: "" },
  { kind: "receipt", ok: true, subject: "7", detail: "" },
  { kind: "state", ok: true, subject: "Cases", detail: "" },
  { kind: "completeness", ok: true, subject: "7", detail: "" },
  { kind: "replay", ok: true, subject: "5", detail: "" },
];

export function mockPorts(cases: MockCases, { tampered = false, wallet, stored }: { tampered?: boolean; wallet?: () => Wallet; stored?: StoredWallet | null } = {}): Ports {
  return {
    wallets: mockWallets(wallet, stored),
    chain: mockChain(cases),
    gateways: mockGateways(cases),
    accounts: mockAccounts(),
    delegations: mockDelegations(),
    trusted: mockTrusted(),
    external: { add: async () => undefined, remove: async () => undefined, stop: async () => ({ accounts: 1, stopped: 1 }) },
    verifier: {
      verifyBundle: async (bundle) => {
        await wait(STEP_MS / 2);
        const steps = tampered ? GREEN.map((step) => (step.kind === "receipt" ? { ...step, ok: false, detail: "receipt proof does not lead to the receipts root of block 4211" } : step)) : GREEN;
        const { case_id: id } = bundle as { case_id?: string };
        return { ok: !tampered, steps, proven: id && cases.all.has(id) ? provenOf(cases.get(id)) : null, tookMs: 143 };
      },
      verifyPackage: async (service) => ({ kind: "package", ok: true, subject: service, detail: "" }),
    },
    rules,
  };
}

/** One that was given and one that is held, as the drawings show them. */
function mockDelegations(): Delegations {
  const of = (side: Delegation["side"], name: string, state: Delegation["state"]): Delegation => ({
    key: mockHash(`delegation/${side}`).slice(0, 42) as Hex,
    side,
    role: "carer",
    name,
    services: ["old-age-allowance"],
    from: 1_790_000_000,
    until: 1_797_776_000,
    sealed: side === "given" ? "c2VhbGVk" : null,
    state,
    known: true,
  });
  const all = [of("given", "李芳", "active"), of("held", "王建国", "active")];
  const first = (): Delegation => all[0] as Delegation;
  return {
    ask: async () => ({ code: "Y29kZQ", number: "123 456 789 012" }),
    read: () => ({ name: "李芳", number: "123 456 789 012" }),
    give: async () => first(),
    register: async () => undefined,
    accept: async () => all[1] as Delegation,
    forChild: async (_wallet, _authority, { name, services }) => {
      const made = { ...(all[1] as Delegation), key: mockHash(`delegation/${name}`).slice(0, 42) as Hex, role: "guardian" as const, name, services };
      all.push(made);
      return made;
    },
    share: async () => "c2hhcmVk",
    guardianships: async () => [],
    endGuardianship: async () => undefined,
    list: async () => [...all],
    isRestored: async () => false,
    findCases: async () => undefined,
    end: async (_wallet, key) => {
      const at = all.findIndex((one) => one.key === key);
      if (at >= 0) all[at] = { ...(all[at] as Delegation), state: "ended" };
    },
  };
}
