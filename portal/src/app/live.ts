import { httpIndex } from "../api/http";
import { watchedFetch } from "../lib/reach.svelte";
import { livePorts } from "../chain/ports";
import { type World, networkInfo } from "./here.svelte";
import { gatewayOf } from "./organisations";
import { pin } from "./pinned";

export async function liveWorld(): Promise<World> {
  const { origin } = location;
  const pinnedKey = async () => pin(await networkInfo(), localStorage, Date.now()).key.publicKey;
  const gateways = async () => (await networkInfo()).organisations.map(({ gateway }) => gateway);
  const ports = await livePorts({ origin, rpcUrl: `${origin}/rpc`, pinnedKey, gatewayOf, gateways });
  return { index: httpIndex("/api/v1", watchedFetch), ports, mock: false };
}
