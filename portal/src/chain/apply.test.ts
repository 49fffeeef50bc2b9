// @vitest-environment node
import { beforeEach, describe, expect, it } from "vitest";
import { type Chain, type Gateways, type OwnCase, PortFailure, type Wallet } from "../ports";
import { PASSPHRASE, WORDS, identify, openStore } from "../wallet/testing";
import { type ApplyStep, type Participants, apply, remaining } from "./apply";

const participants: Participants = {
  owner: "civil-affairs",
  providers: ["public-security", "civil-affairs", "disabled-federation"],
  consents: [{ provider: "disabled-federation", service: "s", purpose: "p", fields: ["grade"], use: "standing", until: 9, asked: { use: "standing", days: 1 } }],
  held: [],
};
const organisations = [...participants.providers, "health"].map((slug) => ({ slug, name: slug, gateway: `/gateway/${slug}`, encryptionKey: "0x00" as const }));

let wallet: Wallet;
let own: OwnCase;
let done: string[];
let failing: Set<string>;
let issuer: string | null;

function step(name: string): void {
  if (failing.has(name)) throw new PortFailure("offline", name);
  done.push(name);
}

const sent = { txHash: "0xaa", blockNumber: 1 } as const;
const ports = {
  chain: {
    grantConsent: async (_wallet: Wallet, _own: OwnCase, { provider }: { provider: string }) => (step(`consent ${provider}`), { ...sent, id: "0x01", record: {} }),
    tokenIssuer: async () => issuer,
    openCase: async () => (step("open"), sent),
  } as unknown as Chain,
  gateways: {
    tokens: async (_: Wallet, current: OwnCase, { slug }: { slug: string }) => step(`token of ${slug} for ${current.index}`),
    link: async (_: Wallet, current: OwnCase, { organisation, as }: { organisation: { slug: string }; as: { provider: boolean; owner: boolean } }) => {
      step(`link ${organisation.slug}${as.provider ? " provider" : ""}${as.owner ? " owner" : ""}`);
      await wallet.updateCase(current.id, { linkedAtMs: { [organisation.slug]: 1 } });
    },
  } as unknown as Gateways,
};
const run = (told?: (step: ApplyStep) => void) => apply(ports, { wallet, own, participants, organisations, ...(told === undefined ? {} : { told }) });

beforeEach(async () => {
  wallet = await identify(await (await openStore()).create(WORDS, PASSPHRASE), "11010519491231002X");
  own = await wallet.newCase("s", 1, {});
  done = [];
  failing = new Set();
  issuer = null;
});

describe("applying", () => {
  it("consents, then opens and links each organisation for what it is", async () => {
    const told: string[] = [];
    const after = await run(({ kind }) => told.push(kind));
    expect(done[0]).toBe("consent disabled-federation");
    expect(done.slice(1).sort()).toEqual(["link civil-affairs provider owner", "link disabled-federation provider", "link public-security provider", "open"]);
    expect(told.sort()).toEqual(["consent", "link", "link", "link", "open"]);
    expect(after.openedTx).toBe("0xaa");
    expect(remaining(after, participants)).toEqual([]);
  });

  it("goes on where it was, and repeats nothing that was accepted", async () => {
    failing.add("link disabled-federation provider");
    await expect(run()).rejects.toEqual(expect.objectContaining({ code: "offline" }));
    const half = (await wallet.case(own.id)) as OwnCase;
    expect(half.openedTx).toBe("0xaa");
    expect(remaining(half, participants)).toEqual([{ kind: "link", organisation: "disabled-federation" }]);
    failing.clear();
    done = [];
    await run();
    expect(done).toEqual(["link disabled-federation provider"]);
  });

  it("takes a token of the authority that the chain names, and tells nobody anything without", async () => {
    issuer = "public-security";
    failing.add("token of public-security for 0");
    await expect(run()).rejects.toEqual(expect.objectContaining({ code: "offline" }));
    expect(done).toEqual([]);
    failing.clear();
    await run();
    expect(done.slice(0, 2)).toEqual(["token of public-security for 0", "consent disabled-federation"]);
    expect(done.slice(2).sort()).toEqual(["link civil-affairs provider owner", "link disabled-federation provider", "link public-security provider", "open"]);
    issuer = "nobody";
    own = await wallet.newCase("s", 1, {});
    await expect(run()).rejects.toEqual(expect.objectContaining({ code: "bad-answer", detail: expect.stringContaining("nobody") }));
  });

  it("opens nothing before the consents are on the chain", async () => {
    failing.add("consent disabled-federation");
    await expect(run()).rejects.toEqual(expect.objectContaining({ code: "offline" }));
    expect(done).toEqual([]);
    expect(remaining(own, participants).map(({ kind }) => kind)).toEqual(["consent", "link", "link", "link", "open"]);
  });

  it("opens no case for nobody", async () => {
    wallet = await (await openStore()).create(WORDS, PASSPHRASE);
    own = await wallet.newCase("s", 1, {});
    await expect(run()).rejects.toEqual(expect.objectContaining({ reason: "no-credential" }));
    expect(done).toEqual([]);
  });

  it("says which organisation is missing in the registry", async () => {
    const missing = apply(ports, { wallet, own, participants: { ...participants, owner: "tax" }, organisations });
    await expect(missing).rejects.toEqual(expect.objectContaining({ code: "bad-answer", detail: expect.stringContaining("tax") }));
  });
});
