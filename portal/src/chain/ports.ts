// Everything real behind the screens of a page, put together over one node.
import { verifyBundle } from "../check/bundle";
import { verifyPackage } from "../check/package";
import { slotProver } from "../check/slots";
import type { Ports, Verifier } from "../ports";
import { rules } from "../rules/rules";
import { openWalletStore } from "../wallet/store";
import { browserAuthenticator } from "../wallet/account/passkey";
import { deviceStore } from "../wallet/account/device";
import { accountsOver } from "./accounts";
import { chainOver } from "./chain";
import { delegationsOver } from "./delegations";
import { Connection, type ConnectionOptions } from "./connection";
import { externalOver } from "./external";
import { findCasesOver } from "./find";
import { gatewaysOver } from "./gateways";
import { trustedOver } from "./trusted";

export interface LiveOptions extends Pick<ConnectionOptions, "rpcUrl" | "expected"> {
  /** `location.origin` */
  readonly origin: string;
  /** The network's public key that this browser has pinned; pins it at the first visit. */
  readonly pinnedKey: () => Promise<string>;
  /** Where an organisation's gateway is, as the Registry says. */
  readonly gatewayOf: (organisation: string) => Promise<string>;
  /** Every gateway of the network. */
  readonly gateways: () => Promise<readonly string[]>;
}

export async function livePorts(options: LiveOptions): Promise<Ports> {
  const connection = new Connection(options);
  const now = Date.now;
  const space = async () => {
    const [{ chainId }, cases] = await Promise.all([connection.network(), connection.contract("cases")]);
    return { chainId, cases };
  };
  const http = { origin: options.origin, fetch: globalThis.fetch.bind(globalThis), now };
  const device = deviceStore();
  const accounts = accountsOver({ connection, http, device, adopt: (state, passphrase) => wallets.adopt(state, passphrase), sealing: () => wallets.sealingPasskey(), gateways: options.gateways });
  const accountPasskey = async () => (await device.keys())?.passkey ?? null;
  const find = findCasesOver(connection);
  const wallets = await openWalletStore({ page: window, origin: options.origin, space, find, now, opened: accounts.watch, refresh: accounts.refresh, authenticator: browserAuthenticator, accountPasskey });
  const prove = slotProver(connection, options.pinnedKey);
  const verifier: Verifier = { verifyBundle, verifyPackage: (service, version, files) => verifyPackage(prove, service, version, files) };
  const trusted = trustedOver({ connection, prove, accounts });
  const external = externalOver({ connection, device, accounts });
  return { delegations: delegationsOver({ connection, prove, find, http, gatewayOf: options.gatewayOf }), trusted, external, wallets, chain: chainOver(connection, now, prove), gateways: gatewaysOver(http, connection, prove), accounts, verifier, rules };
}
