// People who are trusted to help with a recovery, on the side of the person whom they help: named, put in force, handed their
// parts. docs/decisions/0018-recovery.md
import type { Hex, Trusted, TrustedPeople, Wallet } from "../ports";
import { splitAmong } from "../wallet/account/shares";
import { type Guards, guardianHash } from "../wallet/account/signers";
import { randomHex } from "../wallet/bytes";
import { WalletError } from "../wallet/errors";
import { type Keyring, keyringOf } from "../wallet/keyring";
import type { AccountRecord, TrustedRecord, TrustedSet } from "../wallet/state";
import { receiverOf } from "../wallet/codes";
import { MAX_TRUSTED, MIN_NEEDED, askedNumber, offerNumber, readAsked, readOffer, receiptNumber, sealPart, writeOffer } from "../wallet/trusted/codes";
import { guardsOf } from "./account-chain";
import type { AccountActs } from "./accounts";
import type { Connection } from "./connection";
import { trustedHelper } from "./trusted-helper";
import type { ProveSlots } from "./uses";

const OFFER_ID_BYTES = 16;
const NOBODY: TrustedSet = { people: [], needed: MIN_NEEDED, set: null, spare: [] };

interface Around {
  readonly connection: Connection;
  readonly prove: ProveSlots;
  readonly accounts: AccountActs;
}

const hashOf = ({ address, salt }: Pick<TrustedRecord, "address" | "salt">): Hex => guardianHash(address, salt);

/** The list as the chain would have it; null while somebody on it has no part. */
function listed({ people, needed, set }: TrustedSet): Pick<Guards, "guardians" | "guardiansNeeded"> | null {
  if (people.length === 0) return { guardians: [], guardiansNeeded: 0 };
  return set === null || people.some(({ share }) => share === null) ? null : { guardians: people.map(hashOf), guardiansNeeded: needed };
}

function isListed(trusted: TrustedSet, { guardians, guardiansNeeded }: Guards): boolean {
  const own = listed(trusted);
  return own !== null && own.guardiansNeeded === guardiansNeeded && own.guardians.length === guardians.length && own.guardians.every((hash) => guardians.includes(hash));
}

/** Whether the parts that people have cannot stay: then all get parts of a new splitting, under new salts, and old codes are void. */
function isSplitAnew({ people, set, spare, needed: before }: TrustedSet, needed: number): boolean {
  return set === null || before !== needed || spare.length < people.filter(({ share }) => share === null).length;
}

function emptied({ people }: TrustedSet, needed: number): TrustedSet {
  return { people: people.map((one) => ({ ...one, salt: randomHex(32), share: null, sealed: null, received: false })), needed, set: null, spare: [] };
}

/** Everybody who lacks a share gets one. */
async function withShares(trusted: TrustedSet, key: Hex): Promise<TrustedSet> {
  const spare = trusted.set === null ? await splitAmong(key, MAX_TRUSTED, trusted.needed) : [...trusted.spare];
  const people = trusted.people.map((one) => (one.share === null ? { ...one, share: spare.shift() ?? null } : one));
  return { people, needed: trusted.needed, set: trusted.set ?? randomHex(32), spare };
}

export function trustedOver({ connection, prove, accounts }: Around): Trusted {
  async function trustedIn(keyring: Keyring): Promise<TrustedSet> {
    return (await keyring.content()).trusted ?? NOBODY;
  }

  async function sealedFor(person: TrustedRecord, { needed, set }: TrustedSet, { id: account, host }: AccountRecord, name: string): Promise<TrustedRecord> {
    const { id, salt, share, receiver } = person;
    if (share === null || set === null) throw new WalletError("trusted-few", "a person has no part");
    const { chainId } = await connection.network();
    return { ...person, sealed: await sealPart(receiver, { account, chainId, id, salt, share, set, host, needed, name }) };
  }

  /** Without an account there is one first, which the same people guard. */
  async function opened(wallet: Wallet, trusted: TrustedSet, start: Parameters<Trusted["put"]>[1]["start"]): Promise<AccountRecord> {
    const keyring = keyringOf(wallet);
    const { account } = await keyring.content();
    if (account !== undefined) return account;
    if (start === null || trusted.people.length === 0) throw new WalletError("no-account", "an account needs a host for its backup, and people or offices that guard it");
    const guards = { authorities: [], guardians: trusted.people.map(hashOf), guardiansNeeded: trusted.needed };
    await accounts.open(wallet, guards, start.host.slug, [], start.withPasskey);
    const made = (await keyring.content()).account;
    if (made === undefined) throw new WalletError("no-account", "the account was not kept");
    return made;
  }

  async function people(wallet: Wallet): Promise<TrustedPeople> {
    const { trusted = NOBODY, account } = await keyringOf(wallet).content();
    const shown = { needed: trusted.needed, people: trusted.people.map(({ id, name, sealed, received }) => ({ id, name, code: sealed, received })) };
    if (account === undefined) return { ...shown, inForce: false, isProtected: false, hasOffices: false };
    const guards = await guardsOf(connection, account.id);
    return { ...shown, inForce: isListed(trusted, guards), isProtected: true, hasOffices: guards.authorities.length > 0 };
  }

  return {
    ...trustedHelper({ connection, prove }),
    ask: accounts.beginTrusted,
    addPart: accounts.addPart,
    people,

    async offer(wallet, name) {
      const keyring = keyringOf(wallet);
      const id = randomHex(OFFER_ID_BYTES);
      const address = (await keyring.guardian(id)).address.toLowerCase() as Hex;
      const made = { id, address, receiver: receiverOf(await keyring.receiverSecret()), name };
      return { code: writeOffer(made), number: offerNumber(made) };
    },

    read(code) {
      const made = readOffer(code);
      return { name: made.name, number: offerNumber(made) };
    },

    readAsked: (code) => ({ number: askedNumber(readAsked(code)) }),

    async add(wallet, code) {
      const made = readOffer(code);
      const keyring = keyringOf(wallet);
      const trusted = await trustedIn(keyring);
      // One wallet counts once, by whichever of its keys.
      if (made.receiver === receiverOf(await keyring.receiverSecret())) throw new WalletError("trusted-known", "this is a code of this wallet itself");
      if (trusted.people.some(({ receiver, address }) => receiver === made.receiver || address === made.address)) throw new WalletError("trusted-known", "this wallet is on the list");
      if (trusted.people.length >= MAX_TRUSTED) throw new WalletError("trusted-full", `${MAX_TRUSTED} people at most`);
      await keyring.keepTrusted({ ...trusted, people: [...trusted.people, { ...made, salt: randomHex(32), share: null, sealed: null, received: false }] });
    },

    async remove(wallet, id) {
      const keyring = keyringOf(wallet);
      const trusted = await trustedIn(keyring);
      const rest = trusted.people.filter((one) => one.id !== id);
      if (rest.length === trusted.people.length) throw new WalletError("trusted-unknown", id);
      // Whoever had a part of a splitting knows it: the others get parts of another one.
      const hadPart = trusted.people.some((one) => one.id === id && one.share !== null);
      await keyring.keepTrusted({ ...trusted, people: rest, ...(hadPart ? { set: null, spare: [] } : {}) });
    },

    async put(wallet, { needed, name, start }) {
      const keyring = keyringOf(wallet);
      const before = await trustedIn(keyring);
      const isEmpty = before.people.length === 0;
      if (!isEmpty && (needed < MIN_NEEDED || needed > before.people.length)) throw new WalletError("trusted-few", `${needed} of ${before.people.length}`);
      const due = isSplitAnew(before, needed) ? emptied(before, needed) : before;
      const account = await opened(wallet, due, start);
      const guards = await guardsOf(connection, account.id);
      if (isEmpty && guards.authorities.length === 0) throw new WalletError("trusted-few", "nobody else guards this wallet");
      const split = isEmpty ? NOBODY : await withShares(due, account.key);
      const sealed = await Promise.all(split.people.map((one) => (one.sealed === null ? sealedFor(one, split, account, name) : one)));
      const trusted = { ...split, people: sealed };
      // Kept before it is sent: what is on the chain can be handed over, whatever happens in between.
      await keyring.keepTrusted(trusted);
      if (!isListed(trusted, guards)) await accounts.guard(wallet, { authorities: guards.authorities, ...(listed(trusted) ?? { guardians: [], guardiansNeeded: 0 }) });
      if (start !== null) await accounts.save(wallet, start.host.gateway);
    },

    async received(wallet, id, number) {
      const keyring = keyringOf(wallet);
      const { trusted = NOBODY, account } = await keyring.content();
      const person = trusted.people.find((one) => one.id === id);
      if (person === undefined || person.share === null || trusted.set === null || account === undefined) throw new WalletError("trusted-unknown", id);
      const expected = receiptNumber({ account: account.id, id, salt: person.salt, share: person.share, set: trusted.set });
      const isRight = number.replaceAll(/\s/g, "") === expected.replaceAll(" ", "");
      if (isRight) await keyring.keepTrusted({ ...trusted, people: trusted.people.map((one) => (one.id === id ? { ...one, received: true } : one)) });
      return isRight;
    },
  };
}
