// The real wallet, chain and gateways of a page, put together over one node.
import type { Chain, Gateways, WalletStore } from "../ports";
import { openWalletStore } from "../wallet/store";
import { chainOver } from "./chain";
import { Connection, type ConnectionOptions } from "./connection";
import { findCasesOver } from "./find";
import { gatewaysOver } from "./gateways";
import type { ProveSlots } from "./uses";

export interface LiveOptions extends Pick<ConnectionOptions, "rpcUrl" | "expected"> {
  /** `location.origin` */
  readonly origin: string;
  /** Asks the node for a proof of storage slots and verifies it. */
  readonly prove: (connection: Connection) => ProveSlots;
}

export interface LivePorts {
  readonly wallets: WalletStore;
  readonly chain: Chain;
  readonly gateways: Gateways;
  readonly connection: Connection;
}

export async function livePorts(options: LiveOptions): Promise<LivePorts> {
  const connection = new Connection(options);
  const now = Date.now;
  const space = async () => {
    const [{ chainId }, cases] = await Promise.all([connection.network(), connection.contract("cases")]);
    return { chainId, cases };
  };
  const wallets = await openWalletStore({ page: window, origin: options.origin, space, find: findCasesOver(connection), now });
  const http = { origin: options.origin, fetch: globalThis.fetch.bind(globalThis), now };
  return { wallets, chain: chainOver(connection, now), gateways: gatewaysOver(http, connection, options.prove(connection)), connection };
}
