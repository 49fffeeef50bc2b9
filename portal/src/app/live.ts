import { httpIndex } from "../api/http";
import type { World } from "./here.svelte";

export async function liveWorld(): Promise<World> {
  return { index: httpIndex(), ports: {} as never, mock: false };
}
