// An officer's key: words, a private key, a wallet extension, or a key on another machine. Screens see its address and signatures of texts; sending stays here.
import { type LocalAccount, mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import type { Hex, OfficerKey, OfficerKeySource, Sent } from "../ports";
import { WalletError } from "../wallet/errors";
import { accountOf, personalSign, providerOf, useChain } from "../wallet/injected";
import { checkWords } from "../wallet/words";
import type { Call, Connection } from "./connection";
import { messageSigned, transactionSigned } from "./elsewhere";

type Sender = (connection: Connection, call: Call) => Promise<Sent>;
const senders = new WeakMap<OfficerKey, Sender>();

export function senderOf(key: OfficerKey): Sender {
  const sender = senders.get(key);
  if (sender === undefined) throw new WalletError("key-format", "not a key of this desk");
  return sender;
}

function local(account: LocalAccount): OfficerKey {
  const key: OfficerKey = {
    address: account.address.toLowerCase() as Hex,
    signMessage: (message) => account.signMessage({ message }),
  };
  senders.set(key, (connection, call) => connection.send(account, call));
  return key;
}

export async function officerKey(source: OfficerKeySource, connection: Connection): Promise<OfficerKey> {
  // The first account of BIP-44 for Ethereum, m/44'/60'/0'/0/0, as every wallet has it.
  if ("words" in source) return local(mnemonicToAccount(checkWords(source.words.join(" ")).words.join(" ")));
  if ("privateKey" in source) {
    if (!/^0x[0-9a-fA-F]{64}$/.test(source.privateKey)) throw new WalletError("key-format", "a private key has 64 hex digits after 0x");
    return local(privateKeyToAccount(source.privateKey));
  }
  if ("elsewhere" in source) {
    const { elsewhere, ask } = source;
    const key: OfficerKey = {
      address: elsewhere.address,
      signMessage: async (text) => await messageSigned(elsewhere, ask, (await connection.network()).chainId, text),
    };
    senders.set(key, (chain, call) => chain.sendSigned(elsewhere.address, call, (transaction) => transactionSigned(elsewhere, ask, transaction, call.behind ?? {})));
    return key;
  }
  const provider = providerOf(source.provider);
  const address = await accountOf(provider);
  const key: OfficerKey = { address, signMessage: (text) => personalSign(provider, address, text) };
  senders.set(key, async (chain, call) => {
    const network = await connection.network();
    await useChain(provider, { id: network.chainId, name: network.name, rpcUrl: connection.rpcUrl });
    return await chain.sendInjected((method, params) => provider.request({ method, params } as never), address, call);
  });
  return key;
}
