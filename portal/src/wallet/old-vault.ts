// Wallets stored by the first version: the content directly under the key of a passphrase or of an injected wallet's seed.
// They are only read here; opening one stores it anew in the present form.
import { plain, stringToBytes } from "./bytes";
import { WalletError } from "./errors";
import type { OldVaultRecord, Sealed } from "./slot";
import type { WalletState } from "./state";
import { KDF_ITERATIONS_MAX } from "./ways";

const CHECK_TEXT = "zhengtong vault";

export async function oldPassphraseKey(passphrase: string, { salt, iterations }: NonNullable<OldVaultRecord["kdf"]>): Promise<CryptoKey> {
  if (!(iterations > 0 && iterations <= KDF_ITERATIONS_MAX)) throw new WalletError("vault-corrupt", `${iterations} rounds of the passphrase`);
  const base = await crypto.subtle.importKey("raw", plain(stringToBytes(passphrase.normalize("NFKC"))), "PBKDF2", false, ["deriveKey"]);
  return await crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
}

export async function oldSeedKey(seed: Uint8Array): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", plain(seed), "HKDF", false, ["deriveKey"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: plain(stringToBytes("zhengtong/vault/v1")) };
  return await crypto.subtle.deriveKey(parameters, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
}

async function unseal(key: CryptoKey, { iv, data }: Sealed): Promise<string> {
  return new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data));
}

export async function openOld(record: OldVaultRecord, key: CryptoKey): Promise<WalletState> {
  const isRight = await unseal(key, record.check).then((text) => text === CHECK_TEXT, () => false);
  if (!isRight) throw new WalletError("passphrase-wrong", "the stored wallet does not open with it");
  try {
    return JSON.parse(await unseal(key, record.body)) as WalletState;
  } catch {
    throw new WalletError("vault-corrupt", "the stored wallet is damaged; restore it from its words");
  }
}
