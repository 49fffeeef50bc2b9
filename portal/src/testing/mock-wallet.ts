import { generateMnemonic, validateMnemonic } from "@scure/bip39";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as chinese } from "@scure/bip39/wordlists/simplified-chinese.js";
import { type HeldIdentity, type OwnCase, PortFailure, type SentRequest, type StoredWallet, type Wallet, type WalletStore, type WayIn } from "../ports";
import { mockHash } from "./mock-cases";

export function mockWallet(kind: "words" | "injected" = "words"): Wallet & { identityNumber(): string | null; put(own: OwnCase): void } {
  let identity: HeldIdentity | null = null;
  const cases = new Map<string, OwnCase>();
  const drafts = new Map<string, Record<string, string | number | boolean | null>>();
  const requests = new Map<string, SentRequest>();
  const need = (id: string) => {
    const found = cases.get(id);
    if (!found) throw new PortFailure("not-found", `case ${id}`);
    return found;
  };
  return {
    kind,
    fingerprint: "7f3a 91c2",
    holderKey: async () => ({ kty: "EC", crv: "P-256", x: "x", y: "y" }),
    identity: async () => identity,
    keepIdentity: async (raw) => (identity = { raw, issuer: "public-security", issuedAt: Math.floor(Date.now() / 1000), expiresAt: null, isCounted: true }),
    identityNumber: () => identity?.raw ?? null,
    put: (own) => void cases.set(own.id, own),
    cases: async () => [...cases.values()].sort((a, b) => b.createdAtMs - a.createdAtMs),
    case: async (id) => cases.get(id) ?? null,
    keptCases: async () => [...cases.values()],
    credentials: async () => [
      ...(identity ? [{ caseId: null, issuer: "public-security", issuedAt: identity.issuedAt, expiresAt: identity.issuedAt + 86_400 * 365, vct: "urn:zhengtong:identity:1", statusIndex: null, open: [], claims: { number: identity.raw, name: "演示甲" } }] : []),
      ...[...cases.values()].filter((own) => own.credential).map((own) => ({ caseId: own.id, issuer: "civil-affairs", issuedAt: Math.floor(own.createdAtMs / 1000), expiresAt: null, vct: `urn:zhengtong:credential:${own.service}:1`, statusIndex: own.index, open: ["service"], claims: { service: own.service, case_id: own.id, person: mockHash("person"), amount_fen: 7_500, reason: "qualifies", decided_at: Math.floor(own.createdAtMs / 1000) } })),
    ],
    saw: async (seen) => {
      for (const own of cases.values()) {
        const now = seen[own.id];
        if (now) cases.set(own.id, { ...own, seen: now });
      }
    },
    newCase: async (service, version, form, delegation) => {
      const index = cases.size;
      const own: OwnCase = {
        index,
        id: mockHash(`own/${service}/${index}/${Date.now()}`),
        address: mockHash(`address/${index}`, 20),
        service,
        version,
        form,
        salt: mockHash(`salt/${index}`),
        createdAtMs: Date.now(),
        openedTx: null,
        linkedAtMs: {},
        consents: {},
        credential: null,
        ...(delegation === undefined ? {} : { delegation }),
      };
      cases.set(own.id, own);
      return own;
    },
    updateCase: async (id, change) => {
      const own = need(id);
      const next = { ...own, ...change, linkedAtMs: { ...own.linkedAtMs, ...change.linkedAtMs }, consents: { ...own.consents, ...change.consents } };
      cases.set(id, next);
      return next;
    },
    draft: async (service) => drafts.get(service) ?? null,
    keepDraft: async (service, answers) => {
      if (answers) drafts.set(service, answers);
      else drafts.delete(service);
    },
    requests: async () => [...requests.values()].sort((a, b) => b.sentMs - a.sentMs),
    keepRequest: async (request) => void requests.set(request.id, request),
    dropRequest: async (id) => void requests.delete(id),
    lock: () => undefined,
    onLocked: () => undefined,
    onTakenIn: () => undefined,
  };
}

/** The right passphrase is the one given at creation, a passkey is always right; nothing is kept between loads of the page. */
export function mockWallets(made: () => Wallet = () => mockWallet(), first: StoredWallet | null = null): WalletStore {
  let stored = first;
  let wallet: Wallet | null = first === null ? null : made();
  let right = "";
  const way = (kind: WayIn["kind"]): WayIn => ({ id: kind, kind, createdAtMs: Date.now() });
  const change = (ways: (old: WayIn[]) => WayIn[]): void => {
    if (stored) stored = { ...stored, ways: ways(stored.ways) };
  };
  return {
    stored: () => stored,
    newWords: (language) => generateMnemonic(language === "en" ? english : chinese).split(" "),
    checkWords: (words) => {
      const unknown = words.findIndex((word) => !english.includes(word) && !chinese.includes(word));
      if (unknown >= 0) return unknown;
      const phrase = words.join(" ");
      return validateMnemonic(phrase, english) || validateMnemonic(phrase, chinese) ? null : -1;
    },
    create: async (_words, passphrase) => {
      right = passphrase ?? "";
      wallet = made();
      stored = { kind: "words", createdAtMs: Date.now(), fingerprint: wallet.fingerprint, ways: [way(passphrase === null ? "passkey" : "passphrase")] };
      return wallet;
    },
    unlock: async (passphrase) => {
      if (!wallet) throw new PortFailure("no-wallet", "");
      if (passphrase !== right) throw new PortFailure("wrong-passphrase", "");
      return wallet;
    },
    passkeys: () => true,
    unlockWithPasskey: async () => {
      if (!wallet) throw new PortFailure("no-wallet", "");
      return wallet;
    },
    addPasskey: async () => change((old) => [...old, way("passkey")]),
    addPassphrase: async () => change((old) => [...old, way("passphrase")]),
    removeWay: async (_wallet, id) => change((old) => old.filter((one) => one.id !== id)),
    providers: (found) => {
      found({ uuid: "1", name: "MetaMask", rdns: "io.metamask", icon: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='4' fill='%23d70'/%3E%3C/svg%3E" });
      return () => undefined;
    },
    connect: async () => (wallet = made()),
    forget: async () => {
      stored = null;
      wallet = null;
    },
  };
}
