import { beforeEach, expect, test } from "vitest";
import { type World, here, install, session } from "../../app/here.svelte";
import { PortFailure } from "../../ports";
import { packages } from "../../testing/packages";
import { PREPARED, mockWorld } from "../../testing/world";
import { offersOf } from "./offers";

const relief = packages["temporary-relief"]!;
const NOW_S = Math.floor(Date.now() / 1000);
const offered = async () => (await offersOf(session.wallet!, relief, 1, NOW_S)).offers.map(({ id, from }) => [id, from]);

/** The world of the drawings, in which the only approved case has a credential, with something else about it. */
function worldWith(change: (world: World) => void): void {
  const world = mockWorld({ role: "resident" });
  change(world);
  install(world);
}

beforeEach(() => worldWith(() => undefined));

test("a credential that was issued and not taken yet is fetched and offered", async () => {
  expect((await session.wallet!.case(PREPARED["approved"]!))?.credential).toBeNull();
  expect(await offered()).toEqual([["held-1", PREPARED["approved"]]]);
  expect((await session.wallet!.case(PREPARED["approved"]!))?.credential).not.toBeNull();
});

test("a service that takes none is asked nothing", async () => {
  here().ports.gateways.credential = async () => Promise.reject(new Error("asked"));
  expect(await offersOf(session.wallet!, packages["old-age-allowance"]!, 1, NOW_S)).toEqual({ offers: [], unchecked: [] });
});

const service = "temporary-relief";
test.each<[string, (world: World) => void]>([
  ["the package is not the one on the chain", ({ ports }) => (ports.verifier.verifyPackage = async () => ({ kind: "package", ok: false, subject: service, detail: "another hash" }))],
  ["it is revoked", ({ ports }) => (ports.gateways.credentialStatus = async () => "revoked")],
  ["it is suspended", ({ ports }) => (ports.gateways.credentialStatus = async () => "suspended")],
  ["its issuer does not answer", ({ ports }) => (ports.gateways.credentialStatus = async () => Promise.reject(new PortFailure("offline", "list")))],
  ["it cannot be fetched", ({ ports }) => (ports.gateways.credential = async () => Promise.reject(new PortFailure("offline", "credential")))],
])("nothing is offered when %s", async (_, change) => {
  worldWith(change);
  expect(await offered()).toEqual([]);
});

test("one whose status cannot be read is named, so that nobody thinks it is lost; a revoked one is not", async () => {
  const named = async () => (await offersOf(session.wallet!, relief, 1, NOW_S)).unchecked.map(({ item }) => item.slug);
  expect(await named()).toEqual([]);
  worldWith(({ ports }) => (ports.gateways.credentialStatus = async () => Promise.reject(new PortFailure("offline", "list"))));
  expect(await named()).toEqual(["old-age-allowance"]);
  worldWith(({ ports }) => (ports.gateways.credentialStatus = async () => "revoked"));
  expect(await named()).toEqual([]);
});
