// Delegations between two people's wallets: given, accepted, looked up on the chain, ended.
import type { Delegation, Delegations, Hex, OwnCase, PublicJwk, Wallet } from "../ports";
import { hexToBytes, randomHex } from "../wallet/bytes";
import { compareNumber, openHandover, readRequest, receiverOf, sealHandover, writeRequest } from "../wallet/delegation/codes";
import { DELEGATION_AUDIENCE, type DelegationTerms, MAX_CASES, MAX_DURATION_S, documentOf, keyOf, rootOf, treeOf } from "../wallet/delegation/terms";
import { WalletError } from "../wallet/errors";
import { thumbprint } from "../wallet/identity";
import { type Keyring, keyringOf } from "../wallet/keyring";
import { type FindCases, freshCase } from "../wallet/scan";
import type { DelegationRecord } from "../wallet/state";
import { delegationsAbi } from "./abi";
import type { Connection } from "./connection";
import { ContractRefusal } from "./failure";
import { type ProveSlots, bindingSlot } from "./uses";

interface Around {
  readonly connection: Connection;
  readonly prove: ProveSlots;
  readonly find: FindCases;
  readonly now: () => number;
}

export function delegationsOver({ connection, prove, find, now }: Around): Delegations {
  const nowS = (): number => Math.floor(now() / 1000);

  async function stateOf(terms: DelegationTerms): Promise<Delegation["state"]> {
    const [document, until, ended] = await connection.read("delegations", delegationsAbi, "get", [terms.key]);
    if (BigInt(document) === 0n) return "unregistered";
    if (document !== documentOf(terms) || ended) return "ended";
    return nowS() >= Math.min(terms.until, Number(until)) ? "over" : "active";
  }

  async function viewOf(record: DelegationRecord): Promise<Delegation> {
    const { side, name, terms, sealed } = record;
    const { key, services, from, until } = terms;
    return { key, side, name, services: [...services], from, until, sealed: sealed ?? null, state: await stateOf(terms) };
  }

  /** Registers, or finds that it was before an answer was lost. */
  async function register(wallet: Wallet, terms: DelegationTerms): Promise<void> {
    const signer = await keyringOf(wallet).delegationSigner(terms.key);
    const args = [documentOf(terms), BigInt(terms.until)];
    try {
      await connection.send(signer, { contract: "delegations", abi: delegationsAbi, functionName: "register", args });
    } catch (failure) {
      if (!(failure instanceof ContractRefusal && failure.error === "AlreadyRegistered")) throw failure;
    }
  }

  async function recordOf(keyring: Keyring, key: Hex): Promise<DelegationRecord> {
    const record = (await keyring.delegations()).find(({ terms }) => terms.key === key);
    if (record === undefined) throw new WalletError("unknown-delegation", key);
    return record;
  }

  /** Looks at every key that there can be, with proofs, and keeps the cases that were opened. */
  async function findUnder(wallet: Wallet, { seed, terms }: DelegationRecord): Promise<void> {
    const [{ chainId }, cases] = await Promise.all([connection.network(), connection.contract("cases")]);
    const bytes = hexToBytes(seed);
    const all = Array.from({ length: MAX_CASES }, (_, index) => freshCase(bytes, index, { chainId, cases }));
    const proven = await prove(cases, all.map(({ id }) => bindingSlot(id)));
    const known = new Set((await wallet.keptCases()).map(({ id }) => id));
    const fresh = all.filter(({ id }, index) => proven[index] !== null && !known.has(id));
    if (fresh.length === 0) return;
    const found = await find(fresh.map(({ id }) => id));
    const rest = { form: {}, openedTx: null, linkedAtMs: {}, consents: {}, credential: null, delegation: terms.key };
    const kept = fresh.flatMap((one): OwnCase[] => {
      const item = found.find(({ id }) => id === one.id);
      return item === undefined ? [] : [{ ...one, ...rest, service: item.service, version: item.version, createdAtMs: item.openedAtMs }];
    });
    await keyringOf(wallet).keepFound(kept);
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
      const seed = await keyring.nextDelegationSeed();
      const bytes = hexToBytes(seed);
      const { chainId } = await connection.network();
      const from = nowS();
      const until = from + Math.min(days * 86_400, MAX_DURATION_S);
      const terms: DelegationTerms = { v: 1, id: randomHex(32), chainId, key: keyOf(bytes), delegate, role: "carer", services: [...services].sort(), from, until, cases: rootOf(treeOf(bytes)) };
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
      const record: DelegationRecord = { side: "held", ...handover };
      await keyring.keepDelegation(record);
      return await viewOf(record);
    },

    async list(wallet) {
      return await Promise.all((await keyringOf(wallet).delegations()).map(viewOf));
    },

    async findCases(wallet) {
      for (const record of await keyringOf(wallet).delegations()) await findUnder(wallet, record);
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
