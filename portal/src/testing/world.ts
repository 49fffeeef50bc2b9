/** A whole world without a server: every state of every screen, for drawings (`npm run mock`) and for tests. */
import { type World, session } from "../app/here.svelte";
import type { OwnCase, StoredWallet } from "../ports";
import { MockCases, mockHash, OFFICER } from "./mock-cases";
import { mockIndex } from "./mock-index";
import { mockPorts, SENT } from "./mock-ports";
import { mockWallet } from "./mock-wallet";
import { residents } from "./residents";

const DAY = 86_400;
const SERVICE = "old-age-allowance";
const RELIEF = "temporary-relief";
const PROVIDERS = ["public-security", "health", "human-resources", "civil-affairs"];

/** Ids of the prepared cases, by the state they are in. */
export const PREPARED = Object.fromEntries(
  ["approved", "possible-refusal", "unknown", "supplement", "refused", "appealed", "asking", "overdue", "relief"].map((name) => [name, preparedId(name)]),
) as Record<string, `0x${string}`>;

/** The name in hex, so that an address can be typed by hand. */
function preparedId(name: string): `0x${string}` {
  const hex = [...name].map((letter) => letter.charCodeAt(0).toString(16)).join("");
  return `0x${hex.padEnd(64, "0")}`;
}

const facts = (index: number) => residents[index]?.facts ?? {};

export function prepare(cases: MockCases, now: number): void {
  const start = (name: string, resident: number, daysAgo: number, service = SERVICE) => {
    const id = PREPARED[name] ?? "";
    const at = now - daysAgo * DAY;
    cases.open(id, service, mockHash(`${name}/applicant`, 20), at);
    for (const provider of PROVIDERS) if (name !== "asking" || provider === "health") cases.attest(id, provider, facts(resident), at + 1);
    return { id, at };
  };
  start("asking", 0, 0);
  start("approved", 0, 1);
  start("possible-refusal", 1, 2);
  start("unknown", 2, 3);
  start("overdue", 1, 12);
  start("relief", 0, 1, RELIEF);
  const waiting = start("supplement", 2, 4);
  cases.askMore(waiting.id, OFFICER, ["household-unclear", "payment-channel-unusable"], waiting.at + DAY);
  const refused = start("refused", 1, 6);
  cases.byOfficer(refused.id, OFFICER, "refuse", 1, 0, "age-below-65", mockHash("statement"), refused.at + 2 * DAY);
  const appealed = start("appealed", 1, 9);
  cases.byOfficer(appealed.id, OFFICER, "refuse", 1, 0, "age-below-65", mockHash("statement"), appealed.at + DAY);
  cases.appeal(appealed.id, appealed.at + 3 * DAY);
}

export function mockWorld({ role = localStorage.getItem("zhengtong.mock"), tampered = false } = {}): World {
  const cases = new MockCases();
  prepare(cases, Math.floor(Date.now() / 1000));
  const wallet = mockWallet();
  for (const [name, id] of Object.entries(PREPARED)) {
    const own: OwnCase = {
      index: 0,
      id,
      address: mockHash(`${name}/applicant`, 20) as `0x${string}`,
      service: name === "relief" ? RELIEF : SERVICE,
      version: 1,
      form: { payment_channel: "elder-card" },
      salt: mockHash(`${name}/salt`),
      createdAtMs: (cases.all.get(id)?.opened_at ?? 0) * 1000,
      openedTx: mockHash(`${name}/tx`),
      linkedAtMs: Object.fromEntries(PROVIDERS.map((provider) => [provider, 1])),
      consents: name === "approved" ? { "public-security": { id: mockHash(`${name}/consent`), record: {} } } : {},
      credential: null,
    };
    wallet.put(own);
  }
  for (const request of SENT) void wallet.keepRequest(request);
  // resident: has both ways in; locked: a wallet that opens by the screen lock, and is not open
  const ways = role === "resident" ? (["passphrase", "passkey"] as const) : role === "locked" ? (["passkey"] as const) : [];
  const createdAtMs = Date.now() - 40 * DAY * 1000;
  const stored: StoredWallet | null = ways.length === 0 ? null : { kind: "words", createdAtMs, fingerprint: wallet.fingerprint, ways: ways.map((kind) => ({ id: kind, kind, createdAtMs })) };
  const world: World = { index: mockIndex(cases), ports: mockPorts(cases, { tampered: tampered || localStorage.getItem("zhengtong.tampered") === "1", wallet: () => wallet, stored }), mock: true };
  if (role === "resident" || role === "resident-new") {
    session.wallet = wallet;
    if (role === "resident") void wallet.keepIdentity(residents[0]?.number ?? "");
  }
  if (role === "officer") {
    void world.ports.chain.officerKey({ privateKey: mockHash("officer") }).then(async (key) => {
      const desk = await world.ports.gateways.signIn("/gateway/civil-affairs", "civil-affairs", key);
      session.officer = { name: "MZ-1001", key, desk, gateway: "/gateway/civil-affairs", organisation: "civil-affairs" };
    });
  }
  return world;
}
