import { describe, expect, it } from "vitest";
import { privateKeyToAccount } from "viem/accounts";
import { type Hex, bytesToHex, concatBytes, hexToBytes, keccak256 } from "../bytes";
import { caseKey, delegationKey, delegationSeed, holderKey, leafSalt, receiverKey, useSecret } from "../derive";
import { presentIdentity, publicJwk, thumbprint } from "../identity";
import { keyringOf } from "../keyring";
import { WORDS, PASSPHRASE, identify, openStore } from "../testing";
import vectors from "../vectors.json";
import { receiverOf } from "../codes";
import { compareNumber, openHandover, readRequest, sealHandover, writeRequest } from "./codes";
import { DELEGATION_AUDIENCE, type DelegationTerms, MAX_CASES, MAX_DURATION_S, documentOf, keyOf, placeOf, readTerms, rootOf, treeOf } from "./terms";

const hex = (text: string): Hex => text as Hex;
const { delegation } = vectors;
const seed = hexToBytes(hex(delegation.seed));
const delegateSeed = hexToBytes(hex(`0x${"07".repeat(32)}`));
const holder = publicJwk(holderKey(delegateSeed));
const secret = receiverKey(delegateSeed);

describe("derivations of a delegation", () => {
  it("gives what the gateways' tests read", () => {
    const wallet = hexToBytes(hex(vectors.wallets[0]?.seed ?? ""));
    expect(delegationSeed(wallet, delegation.index)).toBe(delegation.seed);
    expect([delegationKey(seed), keyOf(seed)]).toEqual([delegation.privateKey, delegation.terms.key]);
    expect(receiverKey(wallet)).toBe(delegation.receiver.secret);
    expect(receiverOf(hex(delegation.receiver.secret))).toBe(delegation.receiver.public);
    expect(documentOf(delegation.terms as DelegationTerms)).toBe(delegation.document);
    expect(rootOf(treeOf(seed))).toBe(delegation.terms.cases);
    for (const { address, place } of delegation.places) {
      expect(privateKeyToAccount(caseKey(seed, place.index)).address.toLowerCase()).toBe(address);
      expect(placeOf(treeOf(seed), place.index)).toEqual(place);
    }
  });

  it("names a key as RFC 7638 does", () => {
    // The same members in the order of the RFC, hashed by node.
    expect(thumbprint(publicJwk(holderKey(seed)))).toHaveLength(43);
    expect(thumbprint(holder)).not.toBe(thumbprint(publicJwk(holderKey(seed))));
  });

  it("has 64 cases, each with a path of its own to one root", () => {
    const tree = treeOf(seed);
    const climb = ({ index, salt, path }: ReturnType<typeof placeOf>, address: Hex): Hex =>
      path.reduce((below, beside, level) => {
        const pair = (index >> level) & 1 ? [beside, below] : [below, beside];
        return keccak256(concatBytes(pair.map((one) => hexToBytes(one))));
      }, keccak256(concatBytes([hexToBytes(salt), hexToBytes(address)])));
    const address = (index: number) => privateKeyToAccount(caseKey(seed, index)).address.toLowerCase() as Hex;
    for (const index of [0, 1, 31, 62, MAX_CASES - 1]) {
      expect(climb(placeOf(tree, index), address(index))).toBe(rootOf(tree));
      expect(climb(placeOf(tree, index), address(MAX_CASES))).not.toBe(rootOf(tree));
    }
    for (const index of [-1, MAX_CASES, 0.5]) expect(() => placeOf(tree, index)).toThrow(RangeError);
    expect(new Set(Array.from({ length: MAX_CASES }, (_, n) => leafSalt(seed, n))).size).toBe(MAX_CASES);
  });
});

describe("terms from outside", () => {
  const good = delegation.terms as unknown as Record<string, unknown>;
  it("are read as written", () => expect(readTerms(good)).toEqual(good));
  it.each([
    ["v", 2],
    ["id", "0x00"],
    ["key", `0x${"AB".repeat(20)}`],
    ["delegate", "short"],
    ["role", "parent"],
    ["services", []],
    ["services", ["Not A Slug"]],
    ["services", Array.from({ length: 33 }, (_, n) => `service-${n}`)],
    ["until", good["from"]],
    ["until", (good["from"] as number) + MAX_DURATION_S + 1],
    ["from", -1],
    ["cases", null],
  ])("refuses %s = %j", (name, value) => {
    expect(() => readTerms({ ...good, [name]: value })).toThrow(expect.objectContaining({ code: "bad-delegation" }));
  });
  it("refuses what is no object", () => {
    for (const value of [null, 1, "x", []]) expect(() => readTerms(value)).toThrow();
  });
});

describe("a request", () => {
  const request = { holder, receiver: receiverOf(secret), name: "李 & co" };
  it("goes over as a code and as a link", () => {
    const code = writeRequest(request);
    expect(readRequest(code)).toEqual(request);
    expect(readRequest(`  https://portal.example/me/acting/give#${code}\n`)).toEqual(request);
    expect(code.length).toBeLessThan(400);
  });
  it("is told apart by a number of both keys", () => {
    expect(compareNumber(request)).toMatch(/^\d{3} \d{3} \d{3} \d{3}$/);
    expect(compareNumber({ ...request, receiver: hex(`0x${"11".repeat(32)}`) })).not.toBe(compareNumber(request));
    expect(compareNumber({ ...request, holder: publicJwk(holderKey(seed)) })).not.toBe(compareNumber(request));
  });
  it.each(["", "#", "!!", "AAAA", btoa('{"v":1}'), btoa('{"v":2}'), "A".repeat(70_000)])("refuses %.20s", (code) => {
    expect(() => readRequest(code)).toThrow(expect.objectContaining({ code: "bad-delegation" }));
  });
  it("refuses a point that is not on the curve", () => {
    const code = writeRequest({ ...request, holder: { ...holder, y: holder.x } });
    expect(() => readRequest(code)).toThrow(expect.objectContaining({ reason: "delegation-format" }));
  });
});

describe("a handover", () => {
  const now = 1_790_000_000;
  async function giver() {
    const wallet = await identify(await (await openStore()).create(WORDS, PASSPHRASE), "440304195911190014");
    const keyring = keyringOf(wallet);
    const raw = (await keyring.identity()) ?? "";
    const ofGiver = hexToBytes(hex(vectors.wallets[0]?.seed ?? ""));
    const given = hexToBytes(await keyring.nextDelegationSeed());
    const terms: DelegationTerms = { ...(delegation.terms as DelegationTerms), key: keyOf(given), cases: rootOf(treeOf(given)), delegate: thumbprint(holder), from: now, until: now + 86_400 };
    const sign = (of: DelegationTerms, audience = DELEGATION_AUDIENCE) => presentIdentity(raw, holderKey(ofGiver), documentOf(of), audience, now * 1000);
    return { wallet, keyring, terms, sign, seed: bytesToHex(given) };
  }
  const open = (sealed: string) => openHandover(secret, holder, sealed, vectors.chainId);

  it("gives the delegate what the person signed, and both the same keys", async () => {
    const { terms, sign, seed: given } = await giver();
    const handover = { terms, seed: given, presentation: await sign(terms), name: "王" };
    expect(await open(await sealHandover(receiverOf(secret), handover))).toEqual(handover);
  });

  it("is refused when it is forged, altered, or somebody else's", async () => {
    const { terms, sign, seed: given } = await giver();
    const good = { terms, seed: given, presentation: await sign(terms), name: "王" };
    const sealed = (change: object) => sealHandover(receiverOf(secret), { ...good, ...change });
    const longer = { ...terms, until: terms.until + 1 };
    const other = receiverKey(seed);
    for (const [code, reason] of [
      [await sealed({ terms: longer }), "delegation-forged"],
      [await sealed({ presentation: await sign(terms, "civil-affairs") }), "delegation-forged"],
      [await sealed({ presentation: good.presentation.slice(0, -4) + "AAAA" }), "delegation-forged"],
      [await sealed({ presentation: "x~y" }), "delegation-forged"],
      [await sealed({ seed: delegation.seed }), "delegation-forged"],
      [await sealed({ seed: "0x00" }), "delegation-format"],
      [await sealed({ name: "x".repeat(65) }), "delegation-format"],
      [await sealed({ terms: { ...terms, delegate: thumbprint(publicJwk(holderKey(seed))) } }), "delegation-foreign"],
      [await sealed({ terms: { ...terms, chainId: 1 } }), "delegation-foreign"],
      [await sealHandover(receiverOf(other), good), "delegation-foreign"],
      ["AAAA", "delegation-foreign"],
      ["", "delegation-format"],
    ] as const) {
      await expect(open(code)).rejects.toMatchObject({ reason });
    }
  });

  it("lets the giver's wallet and the delegate's derive the same secrets, and nobody's own cases are among them", async () => {
    const { wallet, keyring, terms, sign, seed: given } = await giver();
    const record = { terms, seed: given, presentation: await sign(terms), name: "王" };
    await keyring.keepDelegation({ side: "given", ...record });
    const carer = await identify(await (await openStore()).create("legal winner thank year wave sausage worth useful legal winner thank yellow".split(" "), PASSPHRASE), "440304198001010015");
    await keyringOf(carer).keepDelegation({ side: "held", ...record });
    const mine = await carer.newCase("old-age-allowance", 1, { a: 1 });
    const first = await carer.newCase("old-age-allowance", 1, { a: 1 }, terms.key);
    const second = await carer.newCase("old-age-allowance", 1, { a: 1 }, terms.key);
    expect([mine.index, first.index, second.index]).toEqual([0, 0, 1]);
    expect(new Set([mine.id, first.id, second.id]).size).toBe(3);
    const { form: _, ...found } = first;
    await keyring.keepFound([{ ...found, form: {} }]);
    const both = [keyring, keyringOf(carer)];
    const address = await Promise.all(both.map(async (one) => (await one.account(first)).address.toLowerCase()));
    expect(address).toEqual([first.address, first.address]);
    const secrets = await Promise.all(both.map((one) => one.useSecret(first.id, "health")));
    expect(secrets).toEqual([useSecret(hexToBytes(given), first.id, "health"), secrets[0]]);
    // Of the person, whoever asks; the carer's own case is of the carer.
    const people = await Promise.all(both.map((one) => one.personCommitment(first.id)));
    expect(people[0]).toBe(people[1]);
    expect(await keyring.delegationShown(first, "health", now * 1000)).toBeNull();
    expect(await keyringOf(carer).delegationShown(mine, "health", now * 1000)).toBeNull();
    expect(await keyringOf(carer).delegationShown(second, "health", now * 1000)).toMatchObject({ terms, place: { index: 1 } });
    // The wallet's own numbering goes on as if there were no delegation.
    expect((await carer.newCase("old-age-allowance", 1, {})).index).toBe(1);
    expect(wallet.kind).toBe("words");
  });
});
