// What the chain and gateway modules may do with a wallet's secrets. Screens hold a `Wallet` and cannot reach this.
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { OwnCase, PublicJwk, Wallet } from "../ports";
import { type Hex, hexToBytes } from "./bytes";
import { caseKey, caseSalt, credentialKey, holderKey, useSecret } from "./derive";
import { WalletError } from "./errors";
import { presentIdentity, publicJwk } from "./identity";
import type { Vault } from "./vault";

export class Keyring {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  async #seed(): Promise<Uint8Array> {
    return hexToBytes((await this.#vault.read()).seed);
  }

  /** Signer of one case. */
  async account(own: Pick<OwnCase, "index">): Promise<PrivateKeyAccount> {
    return privateKeyToAccount(caseKey(await this.#seed(), own.index));
  }

  async useSecret(caseId: Hex, provider: string): Promise<Hex> {
    return useSecret(await this.#seed(), caseId, provider);
  }

  async salt(caseId: Hex, n: number): Promise<Hex> {
    return caseSalt(await this.#seed(), caseId, n);
  }

  /** Public key that the credential of this case will be bound to. */
  async credentialHolder(caseId: Hex): Promise<PublicJwk> {
    return publicJwk(credentialKey(await this.#seed(), caseId));
  }

  /** Presentation of the identity credential to one provider for one case. */
  async presentation(caseId: Hex, provider: string, nowMs: number): Promise<string> {
    const { identity, seed } = await this.#vault.read();
    if (identity === null) throw new WalletError("no-credential", "ask the identity agency for a credential first");
    return await presentIdentity(identity, holderKey(hexToBytes(seed)), caseId, provider, nowMs);
  }
}

const keyrings = new WeakMap<Wallet, Keyring>();

export function attachKeyring(wallet: Wallet, keyring: Keyring): void {
  keyrings.set(wallet, keyring);
}

/** The secrets behind a wallet of this module. */
export function keyringOf(wallet: Wallet): Keyring {
  const keyring = keyrings.get(wallet);
  if (keyring === undefined) throw new WalletError("no-wallet", "not a wallet of this browser");
  return keyring;
}
