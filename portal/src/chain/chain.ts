// The chain as the screens see it: every call answers when it is final.
import { parseAbiItem } from "viem";
import { type Chain, type Hex, type OfficerKey, type OwnCase, PortFailure, type Sent, type Wallet } from "../ports";
import { caseCommitment, formCommitment } from "../wallet/bytes";
import { keyringOf } from "../wallet/keyring";
import { casesAbi, consentsAbi, registryAbi } from "./abi";
import { heldToken, shownToken, tokenIssuer } from "./allowance";
import { slug, slugText, statuteId } from "./codes";
import type { Call, Connection } from "./connection";
import { consentRecord, givenIn, readConsents, termsOf } from "./consent";
import { ContractRefusal } from "./failure";
import { KeptLogs, blockAt, lastLog, secondOf } from "./logs";
import { officerKey, senderOf } from "./officer";
import type { ProveSlots } from "./uses";

const CASE_OPENED = parseAbiItem("event CaseOpened(bytes32 indexed id, bytes32 indexed service, address indexed applicant, uint32 seq, uint32 version, bytes32 ruleSet, bytes32 form, uint64 promisedBy, uint64 statutoryBy)");
const CONSENT_GRANTED = parseAbiItem("event ConsentGranted(bytes32 indexed id, address indexed grantor, bytes32 indexed provider, bytes32 service, uint64 until, bool once)");
const CONSENT_REVOKED = parseAbiItem("event ConsentRevoked(bytes32 indexed id, address indexed grantor)");

const revocations = new KeptLogs<typeof CONSENT_REVOKED>();
/** How far the clock of the device that gave a consent may have been ahead. */
const MAX_AHEAD_MS = 24 * 3600 * 1000;

const onCases = (functionName: string, args: readonly unknown[]): Call => ({ contract: "cases", abi: casesAbi, functionName, args });
const onConsents = (functionName: string, args: readonly unknown[]): Call => ({ contract: "consents", abi: consentsAbi, functionName, args });

/** Without proofs, as over a node that has none. */
const unproven: ProveSlots = () => Promise.reject(new PortFailure("bad-answer", "this chain proves nothing"));

/** The problem where another device of the person's was faster with the key of a case. */
export const KEY_TAKEN = "key-taken";

export function chainOver(connection: Connection, now: () => number = Date.now, prove: ProveSlots = unproven): Chain {
  async function byCase(wallet: Wallet, own: OwnCase, call: Call): Promise<Sent> {
    return await connection.send(await keyringOf(wallet).account(own), call);
  }

  /** What the chain keeps: of this person and this form. */
  async function commitment(wallet: Wallet, own: OwnCase, form: OwnCase["form"], salt: Hex): Promise<Hex> {
    return caseCommitment(await keyringOf(wallet).personCommitment(own.id), formCommitment(salt, form));
  }

  /** The transaction that opened a case earlier, if the case on the chain is this one. */
  async function opened(own: OwnCase, form: Hex): Promise<Sent | null> {
    const log = await lastLog(connection, { address: await connection.contract("cases"), event: CASE_OPENED, args: { id: own.id } });
    if (log === null) return null;
    if (log.args.service !== slug(own.service)) throw new PortFailure("transaction-refused", "another device opened a case of another service under this key", undefined, KEY_TAKEN);
    if (log.args.form !== form) throw new PortFailure("transaction-refused", "this case was opened with other answers, or for another person");
    return { txHash: log.transactionHash, blockNumber: Number(log.blockNumber) };
  }

  return {
    network: () => connection.network(),
    tokenIssuer: () => tokenIssuer(connection),

    async openCase(wallet, own) {
      const form = await commitment(wallet, own, own.form, own.salt);
      const token = await heldToken(wallet, own, now());
      const terms = [slug(own.service), own.version, form];
      const call = token === null ? onCases("open", terms) : onCases("openWithToken", [...terms, token.nonce, token.signature]);
      try {
        const sent = await byCase(wallet, own, call);
        if (token !== null) await keyringOf(wallet).dropTokens(token.address);
        return sent;
      } catch (failure) {
        // Of another day than the chain's, or no longer wanted: another one is fetched the next time.
        if (token !== null && failure instanceof ContractRefusal && isNoToken(failure.error)) await keyringOf(wallet).dropTokens(token.address);
        // A key has one case. If it is open already, an earlier attempt got through and only its answer was lost.
        const isOpen = failure instanceof ContractRefusal && failure.error === "KeyAlreadyUsed";
        const earlier = isOpen ? await opened(own, form) : null;
        if (earlier === null) throw failure;
        return earlier;
      }
    },

    async grantConsent(wallet, own, terms) {
      const kept = Object.entries(own.consents).find(([provider]) => provider === terms.provider)?.[1];
      const { id, record } = kept ?? consentRecord(own, terms, now());
      // Kept before it is sent: after a crash the same consent is granted, not a second one.
      if (kept === undefined) await wallet.updateCase(own.id, { consents: { [terms.provider]: { id, record } } });
      try {
        const { until, once } = termsOf(record);
        const call = onConsents("grant", [id, slug(terms.provider), slug(terms.service), BigInt(until), once]);
        // Before the case is open its key is nobody's: the token that will open it says that it is a resident's.
        const token = await heldToken(wallet, own, now());
        const sent = await byCase(wallet, own, token === null ? call : { ...call, shows: shownToken(token) });
        return { ...sent, id, record };
      } catch (failure) {
        const isGranted = failure instanceof ContractRefusal && failure.error === "AlreadyGranted";
        const earlier = isGranted ? await granted(connection, id, own.address) : null;
        if (earlier === null) throw failure;
        return { ...earlier, id, record };
      }
    },

    async consents(own) {
      return await readConsents(await connection.contract("consents"), prove, own);
    },
    revokedAt: (own, id) => revokedAt(connection, own, id),
    revokeConsent: (wallet, own, id) => byCase(wallet, own, onConsents("revoke", [id])),
    supplement: async (wallet, own, form, salt) => byCase(wallet, own, onCases("supplement", [own.id, await commitment(wallet, own, form, salt)])),
    escalate: (wallet, own) => byCase(wallet, own, onCases("escalate", [own.id])),
    appeal: (wallet, own, statement) => byCase(wallet, own, onCases("appeal", [own.id, statement])),

    approve: (key, id, { row, amountFen, reason, statute, statement, behind = {} }) =>
      byOfficer(connection, key, { ...onCases("approve", [id, row, BigInt(amountFen), slug(reason), statute, statement]), behind }),
    refuse: (key, id, { row, reason, statute, statement, behind = {} }) =>
      byOfficer(connection, key, { ...onCases("refuse", [id, row, slug(reason), statute, statement]), behind }),
    requestMore: (key, id, { defects, statement, behind = {} }) =>
      byOfficer(connection, key, { ...onCases("requestMore", [id, defects.map(slug), statement]), behind }),

    officerKey: (source) => officerKey(source, connection),
    async standing(address) {
      const { organisation, active } = await connection.read("registry", registryAbi, "officer", [address]);
      return { organisation: /^0x0*$/.test(organisation) ? null : slugText(organisation), active };
    },
    statuteId,
  };
}

const isNoToken = (error: string): boolean => ["BadToken", "NoKey", "NoIssuer", "AlreadySpent"].includes(error);

function byOfficer(connection: Connection, key: OfficerKey, call: Call): Promise<Sent> {
  return senderOf(key)(connection, call);
}

/** The chain's own event says when; of whatever was withdrawn there is one. */
async function revokedAt(connection: Connection, own: OwnCase, id: Hex): Promise<number | null> {
  const address = await connection.contract("consents");
  const record = Object.values(own.consents).find((consent) => consent.id === id)?.record ?? null;
  const { atMs } = givenIn(record);
  const since = async (): Promise<bigint> => (atMs === null ? 0n : await blockAt(connection, BigInt(Math.floor((atMs - MAX_AHEAD_MS) / 1000))));
  const filter = { address, event: CONSENT_REVOKED, args: { id, grantor: own.address } };
  const [log] = await revocations.read(connection, `${address}/${id}/${own.address}`, filter, since, { isEnough: (logs) => logs.length > 0 });
  if (log === undefined) return null;
  return await secondOf(connection, log.blockNumber);
}

async function granted(connection: Connection, id: Hex, grantor: Hex): Promise<Sent | null> {
  const log = await lastLog(connection, { address: await connection.contract("consents"), event: CONSENT_GRANTED, args: { id, grantor } });
  return log === null ? null : { txHash: log.transactionHash, blockNumber: Number(log.blockNumber) };
}
