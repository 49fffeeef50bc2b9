// An officer without a browser: a demo key at the desk of its organisation.
import { chainOver } from "../../src/chain/chain";
import { Connection } from "../../src/chain/connection";
import { gatewaysOver } from "../../src/chain/gateways";
import type { Chain, DeskSession, Gateways, Hex, OfficerKey } from "../../src/ports";
import { IndexClient } from "./index-client";
import type { Server } from "./server";

export class Officer {
  private constructor(
    readonly chain: Chain,
    readonly gateways: Gateways,
    readonly key: OfficerKey,
    readonly gateway: string,
    readonly session: DeskSession,
  ) {}

  /** Signs in the n-th officer (from 0) of an organisation. */
  static async signIn(server: Server, organisation: string, n = 0): Promise<Officer> {
    const index = new IndexClient(server.origin);
    const connection = new Connection({ rpcUrl: server.rpcUrl });
    const chain = chainOver(connection);
    const gateways = gatewaysOver({ origin: server.origin, fetch, now: Date.now }, connection, async () => []);
    const demo = (await index.demo()).officers.filter((officer) => officer.organisation === organisation)[n];
    if (demo === undefined) throw new Error(`no officer ${n} of ${organisation} in the demo`);
    const source = demo.privateKey === undefined ? { words: (demo.mnemonic ?? "").split(" ") } : { privateKey: demo.privateKey as Hex };
    const key = await chain.officerKey(source);
    const gateway = (await index.network()).organisations.find((entry) => entry.id === organisation)?.gateway ?? "";
    return new Officer(chain, gateways, key, gateway, await gateways.signIn(gateway, organisation, key));
  }

  async statement(id: Hex, text: string): Promise<Hex> {
    return (await this.gateways.statement(this.gateway, this.session, id, text)).hash;
  }

  deskCase(id: Hex) {
    return this.gateways.deskCase(this.gateway, this.session, id);
  }
}
