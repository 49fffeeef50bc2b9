import { httpIndex } from "../api/http";
import { livePorts } from "../chain/ports";
import type { World } from "./here.svelte";
import { pinned } from "./pinned";

export async function liveWorld(): Promise<World> {
  const { origin } = location;
  const ports = await livePorts({ origin, rpcUrl: `${origin}/rpc`, knownKey: () => pinned(localStorage)?.publicKey ?? null });
  return { index: httpIndex(), ports, mock: false };
}
