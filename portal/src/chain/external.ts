// External wallets as signers of an account, with half a voice: any one can stop a recovery, and with a device's key it makes a
// whole. What they sign is the contract's typed data (EIP-712), which they can show.
import { type EIP1193Provider, parseAbiItem, recoverTypedDataAddress } from "viem";
import type { External, Hex, InjectedProvider, Wallet } from "../ports";
import { type DeviceStore, signWithDevice } from "../wallet/account/device";
import { type AccountData, type Proof, WALLET, changeData, digestOf, inOrder, signerId, vetoData, walletSigner } from "../wallet/account/signers";
import { WalletError } from "../wallet/errors";
import { accountOf, providerOf, signTyped, useChain } from "../wallet/injected";
import { keyringOf } from "../wallet/keyring";
import { accountSpace, isSigner, pendingRecovery, sendToAccounts, signersOn, versionOf } from "./account-chain";
import type { AccountActs } from "./accounts";
import type { Connection } from "./connection";
import { logsFrom, tip } from "./logs";

const SIGNER_ADDED = parseAbiItem("event SignerAdded(bytes32 indexed account, bytes32 indexed signer, uint8 kind, uint8 weight, bytes32 x, bytes32 y)");
/** The most accounts that one external wallet is asked about. */
const MAX_ACCOUNTS = 16;

interface Around {
  readonly connection: Connection;
  readonly device: DeviceStore;
  readonly accounts: AccountActs;
}

export function externalOver({ connection, device, accounts }: Around): External {
  async function reached(info: InjectedProvider): Promise<{ provider: EIP1193Provider; address: Hex }> {
    const provider = providerOf(info);
    const address = await accountOf(provider);
    const { chainId, name } = await connection.network();
    await useChain(provider, { id: chainId, name, rpcUrl: connection.rpcUrl });
    return { provider, address };
  }

  /** Asks for a signature, and sees that it is one: a wallet that signs something else would only be found out by the contract. */
  async function signed(provider: EIP1193Provider, address: Hex, data: AccountData): Promise<Proof> {
    const signature = await signTyped(provider, address, data);
    const by = await recoverTypedDataAddress({ ...data, signature } as never).catch(() => null);
    if ((by as string | null)?.toLowerCase() !== address) throw new WalletError("injected-failed", "the signature is not by the selected account");
    return { signer: signerId(walletSigner(address)), signature };
  }

  async function own(wallet: Wallet): Promise<Hex> {
    const { account } = await keyringOf(wallet).content();
    if (account === undefined) throw new WalletError("no-account", "this wallet is not protected");
    return account.id;
  }

  return {
    async add(wallet, info) {
      const account = await own(wallet);
      const { provider, address } = await reached(info);
      const [space, version] = await Promise.all([accountSpace(connection), versionOf(connection, account)]);
      const signer = walletSigner(address);
      // It signs once now, so that it is known that it can when it counts.
      await signed(provider, address, changeData(space, account, version, [signer], []));
      await accounts.change(wallet, [signer], []);
    },

    async remove(wallet, id, info) {
      const account = await own(wallet);
      const keys = await device.keys();
      if (keys === null) throw new WalletError("no-account", "this wallet is not protected on this device");
      const { provider, address } = await reached(info);
      if (!(await isSigner(connection, account, signerId(walletSigner(address))))) throw new WalletError("injected-changed", "the selected account is none of this wallet's");
      const [space, version] = await Promise.all([accountSpace(connection), versionOf(connection, account)]);
      const data = changeData(space, account, version, [], [id]);
      const proofs = [await signed(provider, address, data), await signWithDevice(keys, digestOf(data))];
      await sendToAccounts(connection, "change", [account, [], [id], inOrder(proofs)]);
    },

    async stop(info) {
      const { provider, address } = await reached(info);
      const id = signerId(walletSigner(address));
      const logs = await logsFrom(connection, { address: await connection.contract("accounts"), event: SIGNER_ADDED, args: { signer: id } }, 0n);
      const known = [...new Set(logs.map(({ args }) => args.account))].slice(-MAX_ACCOUNTS);
      let stopped = 0;
      for (const account of known) {
        const isLive = (await signersOn(connection, account)).some((one) => one.kind === WALLET && signerId(one) === id);
        if (!isLive || (await pendingRecovery(connection, account, await tip(connection))) === null) continue;
        const [space, version] = await Promise.all([accountSpace(connection), versionOf(connection, account)]);
        await sendToAccounts(connection, "veto", [account, await signed(provider, address, vetoData(space, account, version))]);
        stopped += 1;
      }
      return { accounts: known.length, stopped };
    },
  };
}
