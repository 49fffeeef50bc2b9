// Delegations between two people's wallets: given, accepted, looked up on the chain, ended.
import { type Delegation, type Delegations, type Hex, type OwnCase, PortFailure, type PublicJwk, type Wallet } from "../ports";
import { hexToBytes, randomHex } from "../wallet/bytes";
import { receiverOf } from "../wallet/codes";
import { compareNumber, openHandover, readRequest, sealHandover, writeRequest } from "../wallet/delegation/codes";
import { DELEGATION_AUDIENCE, type DelegationTerms, MAX_CASES, MAX_DURATION_S, documentOf, keyOf, rootOf, treeOf } from "../wallet/delegation/terms";
import { ofAgeS, requireConfirmed, statusOf } from "../wallet/delegation/ward";
import { WalletError } from "../wallet/errors";
import { numberOf, thumbprint } from "../wallet/identity";
import { type Keyring, type Series, keyringOf } from "../wallet/keyring";
import { type CaseSpace, type FindCases, freshCase } from "../wallet/scan";
import type { DelegationRecord, FoundDelegation } from "../wallet/state";
import { delegationsAbi } from "./abi";
import type { Connection } from "./connection";
import { ContractRefusal } from "./failure";
import { NUMBERS_GAP, findDelegations } from "./found-delegations";
import type { GatewayHttp } from "./gateway-http";
import { confirm, endGuardianship, findGuardianships } from "./guardianship";
import { type CredentialStatus, statusIn, statusList } from "./status-list";
import { type ProveSlots, bindingSlot } from "./uses";

const DAY_S = 86_400;

interface Around {
  readonly connection: Connection;
  readonly prove: ProveSlots;
  readonly find: FindCases;
  readonly http: GatewayHttp;
  /** Where an organisation's gateway is, by its slug. */
  readonly gatewayOf: (organisation: string) => Promise<string>;
}

export function delegationsOver({ connection, prove, find, http, gatewayOf }: Around): Delegations {
  const { now } = http;
  const nowS = (): number => Math.floor(now() / 1000);

  /** @param agreed what must be registered; null where it is not known */
  async function stateOf(key: Hex, agreed: DelegationTerms | null): Promise<Delegation["state"]> {
    const [document, until, ended] = await connection.read("delegations", delegationsAbi, "get", [key]);
    if (BigInt(document) === 0n) return "unregistered";
    if ((agreed !== null && document !== documentOf(agreed)) || ended) return "ended";
    return nowS() >= Math.min(agreed?.until ?? Infinity, Number(until)) ? "over" : "active";
  }

  /** What the authority's list says of a guardian's credential; null where that cannot be read, which is no yes. Agencies ask for themselves. */
  async function confirmation({ terms, presentation }: DelegationRecord): Promise<CredentialStatus | null> {
    const at = statusOf(presentation, terms.chainId);
    if (at === null) return null;
    try {
      return await statusIn(await statusList(http, await gatewayOf(at.organisation)), at.index, at.list);
    } catch {
      return null;
    }
  }

  async function stateOfRecord(record: DelegationRecord): Promise<Delegation["state"]> {
    const onChain = await stateOf(record.terms.key, record.terms);
    if (onChain !== "active" || record.terms.role !== "guardian") return onChain;
    const status = await confirmation(record);
    return status === null ? "unchecked" : status === "valid" ? "active" : "ended";
  }

  async function viewOf(record: DelegationRecord): Promise<Delegation> {
    const { side, name, terms, sealed } = record;
    const { key, role, services, from, until } = terms;
    const state = await stateOfRecord(record);
    return { key, side, role, name, services: [...services], from, until, sealed: sealed ?? null, state, known: true };
  }

  async function viewOfFound({ side, key, until }: FoundDelegation): Promise<Delegation> {
    const role = side === "given" ? "carer" : "guardian";
    return { key, side, role, name: "", services: [], from: 0, until, sealed: null, state: await stateOf(key, null), known: false };
  }

  async function documentFor(key: Hex): Promise<Hex> {
    const [document] = await connection.read("delegations", delegationsAbi, "get", [key]);
    return document;
  }

  /** Takes the next number whose key was never registered: another device of this person may have used some. */
  async function nextSeed(keyring: Keyring, series: Series): Promise<Hex> {
    for (let tries = 0; tries < NUMBERS_GAP; tries++) {
      const seed = await keyring.nextDelegationSeed(series);
      if (BigInt(await documentFor(keyOf(hexToBytes(seed)))) === 0n) return seed;
    }
    throw new WalletError("delegation-full", `${NUMBERS_GAP} delegations were made on other devices`);
  }

  /** Registers, or finds that it was before an answer was lost. */
  async function register(wallet: Wallet, terms: DelegationTerms): Promise<void> {
    const signer = await keyringOf(wallet).delegationSigner(terms.key);
    const args = [documentOf(terms), BigInt(terms.until)];
    try {
      await connection.send(signer, { contract: "delegations", abi: delegationsAbi, functionName: "register", args });
    } catch (failure) {
      if (!(failure instanceof ContractRefusal && failure.error === "AlreadyRegistered")) throw failure;
      if ((await documentFor(terms.key)) !== documentOf(terms)) throw failure;
    }
  }

  async function recordOf(keyring: Keyring, key: Hex): Promise<DelegationRecord> {
    const record = (await keyring.delegations()).find(({ terms }) => terms.key === key);
    if (record === undefined) throw new WalletError("unknown-delegation", key);
    return record;
  }

  /** Ids of all cases that there can be under a delegation, by its key: each takes a derivation, and they stay the same. */
  const possible = new WeakMap<Wallet, Map<Hex, readonly Hex[]>>();

  function idsUnder(wallet: Wallet, { seed, key }: Pick<FoundDelegation, "seed" | "key">, space: CaseSpace): readonly Hex[] {
    const kept = possible.get(wallet) ?? new Map<Hex, readonly Hex[]>();
    possible.set(wallet, kept);
    const bytes = hexToBytes(seed);
    const ids = kept.get(key) ?? Array.from({ length: MAX_CASES }, (_, index) => freshCase(bytes, index, space).id);
    kept.set(key, ids);
    return ids;
  }

  /** Looks at every key that there can be, with proofs, and keeps the cases that were opened. One that is known stays open. */
  async function findUnder(wallet: Wallet, one: Pick<FoundDelegation, "seed" | "key">): Promise<void> {
    const { seed, key } = one;
    const [{ chainId }, cases] = await Promise.all([connection.network(), connection.contract("cases")]);
    const space = { chainId, cases };
    const known = new Set((await wallet.keptCases()).map(({ id }) => id));
    const unknown = [...idsUnder(wallet, one, space).entries()].filter(([, id]) => !known.has(id));
    if (unknown.length === 0) return;
    const proven = await prove(cases, unknown.map(([, id]) => bindingSlot(id)));
    const bytes = hexToBytes(seed);
    const fresh = unknown.filter((_, n) => proven[n] !== null).map(([index]) => freshCase(bytes, index, space));
    if (fresh.length === 0) return;
    const found = await find(fresh.map(({ id }) => id));
    const rest = { form: {}, openedTx: null, linkedAtMs: {}, consents: {}, credential: null, delegation: key };
    const kept = fresh.flatMap((one): OwnCase[] => {
      const item = found.find(({ id }) => id === one.id);
      return item === undefined ? [] : [{ ...one, ...rest, service: item.service, version: item.version, createdAtMs: item.openedAtMs }];
    });
    await keyringOf(wallet).keepFound(kept);
  }

  /** New terms with keys of their own. */
  async function fresh(keyring: Keyring, chosen: Pick<DelegationTerms, "delegate" | "role" | "services" | "from" | "until">): Promise<{ seed: Hex; terms: DelegationTerms }> {
    // A restored wallet must not take a number that it used before: its key is registered, for ever.
    await findDelegations(connection, prove, keyring);
    const seed = await nextSeed(keyring, chosen.role === "guardian" ? "ward" : "given");
    const bytes = hexToBytes(seed);
    const { chainId } = await connection.network();
    const { delegate, role, services, from, until } = chosen;
    return { seed, terms: { v: 1, id: randomHex(32), chainId, key: keyOf(bytes), delegate, role, services: [...services].sort(), from, until, cases: rootOf(treeOf(bytes)) } };
  }

  /** Who this wallet's person is in what was handed over: who acts, whose it is, or who sees it as another guardian. */
  async function sideOf(keyring: Keyring, wallet: Wallet, { terms, presentation }: Pick<DelegationRecord, "terms" | "presentation">): Promise<DelegationRecord["side"]> {
    if (terms.delegate === thumbprint(await wallet.holderKey())) return "held";
    const own = await keyring.ownNumber();
    if (own === null) throw new WalletError("no-credential", "ask the identity agency for a credential first");
    return own === (await numberOf(presentation)) ? "given" : "seen";
  }

  const requestOf = async (wallet: Wallet, name: string): Promise<{ holder: PublicJwk; receiver: Hex; name: string }> => ({
    holder: await wallet.holderKey(),
    receiver: receiverOf(await keyringOf(wallet).receiverSecret()),
    name,
  });

  return {
    async ask(wallet, name) {
      const request = await requestOf(wallet, name);
      return { code: writeRequest(request), number: compareNumber(request) };
    },

    read(code) {
      const request = readRequest(code);
      return { name: request.name, number: compareNumber(request) };
    },

    async give(wallet, code, { services, days, name }) {
      const request = readRequest(code);
      const keyring = keyringOf(wallet);
      const delegate = thumbprint(request.holder);
      if (delegate === thumbprint(await wallet.holderKey())) throw new WalletError("delegation-foreign", "this is the code of this wallet itself");
      const from = nowS();
      const until = from + Math.min(days * DAY_S, MAX_DURATION_S);
      const { seed, terms } = await fresh(keyring, { delegate, role: "carer", services, from, until });
      const presentation = await keyring.shownTo(DELEGATION_AUDIENCE, documentOf(terms), now());
      const sealed = await sealHandover(request.receiver, { terms, seed, presentation, name });
      const record: DelegationRecord = { side: "given", seed, terms, name: request.name, presentation, sealed };
      // Kept before it is sent: what is on the chain can always be ended.
      await keyring.keepDelegation(record);
      await register(wallet, terms);
      return await viewOf(record);
    },

    async register(wallet, key) {
      await register(wallet, (await recordOf(keyringOf(wallet), key)).terms);
    },

    async accept(wallet, code) {
      const keyring = keyringOf(wallet);
      const { chainId } = await connection.network();
      const handover = await openHandover(await keyring.receiverSecret(), await wallet.holderKey(), code, chainId);
      const record: DelegationRecord = { side: await sideOf(keyring, wallet, handover), ...handover };
      await keyring.keepDelegation(record);
      // A restored wallet that accepts the same again must not take a key that it used before.
      await findUnder(wallet, { seed: record.seed, key: record.terms.key });
      return await viewOf(record);
    },

    async forChild(wallet, authority, { number, name, services, days }) {
      const keyring = keyringOf(wallet);
      const from = nowS();
      const until = Math.min(from + Math.min(days * DAY_S, MAX_DURATION_S), ofAgeS(number));
      if (until <= from) throw new PortFailure("gateway-refused", "of age", "number");
      const delegate = thumbprint(await wallet.holderKey());
      const { seed, terms } = await fresh(keyring, { delegate, role: "guardian", services, from, until });
      const presentation = await confirm(http, wallet, authority, number, terms);
      requireConfirmed(presentation, terms);
      const record: DelegationRecord = { side: "held", seed, terms, name, presentation };
      await keyring.keepDelegation(record);
      await register(wallet, terms);
      return await viewOf(record);
    },

    async share(wallet, key, code, name) {
      const request = readRequest(code);
      const { terms, seed, presentation } = await recordOf(keyringOf(wallet), key);
      if (terms.role !== "guardian") throw new WalletError("delegation-foreign", "only a guardian's is shared");
      if (thumbprint(request.holder) === thumbprint(await wallet.holderKey())) throw new WalletError("delegation-foreign", "this is the code of this wallet itself");
      return await sealHandover(request.receiver, { terms, seed, presentation, name });
    },

    guardianships: (wallet, authority, number) => findGuardianships(http, wallet, authority, number),

    endGuardianship: (wallet, authority, number, document) => endGuardianship(http, wallet, authority, number, document),

    async list(wallet) {
      const keyring = keyringOf(wallet);
      const [agreed, found] = await Promise.all([keyring.delegations(), keyring.foundDelegations()]);
      return await Promise.all([...agreed.map(viewOf), ...found.map(viewOfFound)]);
    },

    isRestored: async (wallet) => (await keyringOf(wallet).beginning()).restored,

    async findCases(wallet, told = () => undefined) {
      const keyring = keyringOf(wallet);
      await findDelegations(connection, prove, keyring);
      const agreed = (await keyring.delegations()).map(({ seed, terms }) => ({ seed, key: terms.key }));
      const all = [...agreed, ...(await keyring.foundDelegations())];
      for (const [n, one] of all.entries()) {
        told(n * MAX_CASES, all.length * MAX_CASES);
        await findUnder(wallet, one);
      }
    },

    async end(wallet, key) {
      const signer = await keyringOf(wallet).delegationSigner(key);
      try {
        await connection.send(signer, { contract: "delegations", abi: delegationsAbi, functionName: "end", args: [] });
      } catch (failure) {
        // The other was first.
        if (!(failure instanceof ContractRefusal && failure.error === "AlreadyEnded")) throw failure;
      }
    },
  };
}
