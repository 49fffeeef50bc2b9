/**
 * The seams between the screens and the modules that hold keys, talk to the chain and to gateways,
 * check proofs and evaluate rules. Screens know these interfaces and nothing behind them, so that
 * every screen can be drawn and tested with fakes. Real ones are put together in `app/live.ts`.
 *
 * Times are unix seconds unless the name ends in `Ms`. Amounts are fen. Addresses are lower-case hex.
 */

import type { ChosenEvidence } from "./chain/evidence";
import type { CredentialStatus } from "./chain/status-list";
import type { ConsentAsked, ConsentUse } from "./package/types";
import type { AccountKey } from "./wallet/elsewhere/account";
import type { Openings } from "./wallet/elsewhere/openings";
import type { CheckedSignature } from "./wallet/elsewhere/request";

export type Hex = `0x${string}`;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Form = Record<string, string | number | boolean | null>;
export type Words = "zh-CN" | "en";

/** Every failure of a port is one of these; the screen has a text for each code that says what to do next. */
export type FailureCode =
  | "offline" // the server did not answer; trying again is safe
  | "wrong-passphrase"
  | "bad-words" // not a valid BIP-39 phrase
  | "no-wallet" // nothing stored in this browser
  | "rejected" // the person said no in their wallet
  | "wrong-network" // chain id or network key is not the pinned one
  | "transaction-refused" // the contract refused it; `detail` names the contract's error
  | "gateway-refused" // problem JSON from a gateway; `detail` and `field` come from it
  | "allowance-used-up" // no more cases can be opened today
  | "not-found"
  | "session-expired"
  | "signing-stopped" // what was to be signed on another machine was given up
  | "signing-late" // its time was up before it was signed
  | "passkey-refused" // the person did not unlock it, or it is not on this device
  | "passkey-unable" // its authenticator has no PRF: it cannot seal a wallet
  | "passkey-wrong" // it does not open this wallet
  | "bad-delegation" // the code is none, is for somebody else, or does not hold together
  | "delegation-unknown" // found again by the wallet's words alone: for whom is not known
  | "delegation-over" // it ended, or its time is up: nobody acts under it any more
  | "delegation-unchecked" // whether the authority still confirms it cannot be read now; trying again is safe
  | "bad-trusted-code" // the code is none, is for another wallet, or is incomplete
  | "trusted-known" // that person is on the list already, or is oneself
  | "trusted-few" // too few people to need so many
  | "trusted-removed" // this person is not asked to help any more
  | "trusted-done" // this person has confirmed already
  | "trusted-early" // the recovery is not finished: no part yet
  | "trusted-stopped" // the recovery was stopped, or the account changed since
  | "trusted-part-known" // this part was given already
  | "trusted-part-wrong" // this part does not fit the others
  | "account-elsewhere" // another device protects this wallet: this one is to be added to it
  | "devices-full" // the account has as many keys as it can have
  | "device-changed" // what asked to be added is another device by now, or none
  | "signer-removed" // this device's key is none of the account's any more
  | "no-way" // the wallet does not open this way
  | "bad-answer"; // the answer did not have the agreed shape, or a proof was wrong

export class PortFailure extends Error {
  constructor(
    readonly code: FailureCode,
    readonly detail: string,
    readonly field?: string,
    /** the word by which a gateway names what was wrong */
    readonly problem?: string,
  ) {
    super(`${code}: ${detail}`);
    this.name = "PortFailure";
  }
}

/* ------------------------------------------------------------------ wallet */

export interface InjectedProvider {
  uuid: string;
  name: string;
  icon: string; // data: URI (EIP-6963)
  rdns: string;
}

/** What a browser keeps between visits; nothing in it is readable without the passphrase (or the injected wallet). */
export interface StoredWallet {
  kind: "words" | "injected";
  createdAtMs: number;
  /** short public fingerprint, so that a person can tell two wallets apart */
  fingerprint: string;
  ways: WayIn[];
}

/** One of the ways that open a stored wallet. */
export interface WayIn {
  id: string;
  kind: "passphrase" | "passkey" | "injected";
  createdAtMs: number;
}

export interface WalletStore {
  stored(): StoredWallet | null;
  newWords(language: Words): string[];
  /** null when valid, otherwise the index of the first word that is in no list, or -1 for a wrong checksum */
  checkWords(words: string[]): number | null;
  /**
   * creates or restores: encrypts under the passphrase, or under a new passkey when it is null, keeps it in this browser,
   * answers it unlocked; `replace` lets it take the place of the stored one, which stays when this fails
   */
  create(words: string[], passphrase: string | null, replace?: boolean): Promise<Wallet>;
  unlock(passphrase: string): Promise<Wallet>;
  /** this page can ask for a passkey */
  passkeys(): boolean;
  unlockWithPasskey(): Promise<Wallet>;
  /** another way in; proven by the passphrase, or by a passkey of the wallet when it is null */
  addPasskey(wallet: Wallet, passphrase: string | null): Promise<void>;
  /** proven by a passkey of the wallet */
  addPassphrase(wallet: Wallet, passphrase: string): Promise<void>;
  /** removes a way in and seals anew; every way that stays is asked once more */
  removeWay(wallet: Wallet, id: string, passphrase: string | null): Promise<void>;
  /** calls back for every EIP-6963 provider announced; answers an unsubscribe function */
  providers(found: (provider: InjectedProvider) => void): () => void;
  /** asks the injected wallet to sign the fixed text; `siwe` is signed too and kept for the session */
  connect(provider: InjectedProvider): Promise<Wallet>;
  forget(): Promise<void>;
}

export interface PublicJwk {
  kty: "EC";
  crv: "P-256";
  x: string;
  y: string;
}

export interface HeldIdentity {
  /** SD-JWT VC as received */
  raw: string;
  issuer: string;
  issuedAt: number;
  expiresAt: number | null;
  /** The issuer gave this wallet a place in the register of people. */
  isCounted: boolean;
}

/** A case as the wallet keeps it: everything needed to go on after a crash, encrypted at rest. */
export interface OwnCase {
  index: number;
  id: Hex;
  address: Hex;
  service: string;
  version: number;
  form: Form;
  /** 32 bytes, commitment salt */
  salt: Hex;
  createdAtMs: number;
  openedTx: Hex | null;
  /** organisation slug -> when its link was accepted */
  linkedAtMs: Record<string, number>;
  /** provider slug -> consent */
  consents: Record<string, { id: Hex; record: Json }>;
  /** SD-JWT VC issued as the result, once downloaded */
  credential: string | null;
  /** key of the delegation that it is under; absent for the person's own */
  delegation?: Hex;
  /** what was last known of it; absent until it was looked at */
  seen?: SeenCase;
}

/** What is shown of a case, and of its credential, without a connection. */
export interface SeenCase {
  atMs: number;
  status: string;
  openedAt: number;
  promisedBy: number;
  title: Record<Words, string>;
  credential: Record<Words, string>;
  /** names of the credential's claims */
  claims: Record<string, Record<Words, string>>;
  /** why it was decided so, by the code of the reason, which a credential may say; none before a decision, or kept by an older portal */
  reasons?: Record<string, Record<Words, string>>;
}

/** A credential as its holder reads it. */
export interface HeldCredential {
  /** null: the identity credential */
  caseId: Hex | null;
  issuer: string;
  issuedAt: number;
  expiresAt: number | null;
  /** its type; null when it names none */
  vct: string | null;
  /** its place in its issuer's status list; null: it cannot be revoked */
  statusIndex: number | null;
  claims: Record<string, Json>;
  /** names of the claims that are never hidden */
  open: string[];
}

export interface Wallet {
  readonly kind: "words" | "injected";
  readonly fingerprint: string;
  holderKey(): Promise<PublicJwk>;
  identity(): Promise<HeldIdentity | null>;
  keepIdentity(raw: string): Promise<HeldIdentity>;
  /** newest first */
  cases(): Promise<OwnCase[]>;
  case(id: Hex): Promise<OwnCase | null>;
  /** the cases that are in the wallet already, without asking the chain for more */
  keptCases(): Promise<OwnCase[]>;
  /** the identity credential and those of cases, newest first */
  credentials(): Promise<HeldCredential[]>;
  /** keeps what is now known of these cases; no reason to save a backup */
  saw(seen: Record<Hex, SeenCase>): Promise<void>;
  /** takes the next free case key; nothing leaves the browser */
  newCase(service: string, version: number, form: Form, delegation?: Hex): Promise<OwnCase>;
  updateCase(id: Hex, change: Partial<Pick<OwnCase, "form" | "salt" | "openedTx" | "linkedAtMs" | "consents" | "credential">>): Promise<OwnCase>;
  /** unfinished answers, encrypted like everything else */
  draft(service: string): Promise<Form | null>;
  keepDraft(service: string, answers: Form | null): Promise<void>;
  lock(): void;
  /** requests about the person's data, newest first */
  requests(): Promise<SentRequest[]>;
  /** keeps one, in place of what was kept under its id */
  keepRequest(request: SentRequest): Promise<void>;
  dropRequest(id: string): Promise<void>;
  /** calls back when the wallet locks, by hand or after being idle */
  onLocked(told: (isIdle: boolean) => void): void;
  /** calls back when something came from another device of this wallet */
  onTakenIn(told: () => void): void;
}

/* ------------------------------------------------------------------- chain */

export interface Network {
  chainId: number;
  name: string;
  /** hex, G2 compressed, 96 bytes */
  publicKey: Hex;
  namespace: Hex;
  genesisHash: Hex;
  validators: number;
  threshold: number;
  contracts: Record<string, Hex>;
  version: string;
}

export interface Sent {
  txHash: Hex;
  blockNumber: number;
}

export interface ConsentTerms {
  provider: string;
  service: string;
  purpose: string;
  fields: string[];
  /** who may be given these fields while a person reviews the case; without one, the consent is to answers alone */
  recipient?: string;
  use: ConsentUse;
  /** unix seconds */
  until: number;
  /** what the service's package asks for: the wallet gives no more */
  asked: ConsentAsked;
}

/** A consent as the chain has it, proven. */
export interface ConsentState {
  provider: string;
  id: Hex;
  use: ConsentUse;
  /** unix seconds; 0 if it is not on the chain */
  until: number;
  revoked: boolean;
  /** use records that rest on it */
  uses: number;
}

/** A signature that another machine is asked for (ERC-4527). */
export interface SignatureWanted {
  what: "sign-in" | "decision";
  address: Hex;
  chainId: number;
  /** eth-sign-request, in CBOR */
  content: Uint8Array;
  /** what stands behind hashes in it, as a file for that machine; empty when there is none */
  behind: string;
  /** until when it can be used; null: for as long as it takes */
  untilMs: number | null;
  /** the signature in an answer, if it is that key's, of exactly this; fails with a `WireError` that says what is wrong */
  check(answer: string): Promise<CheckedSignature>;
}

/** Asks a person to carry it to the other machine and back. Fails when they give it up. */
export type AskElsewhere = (wanted: SignatureWanted) => Promise<CheckedSignature>;

/** What the chain says of a key. */
export interface Standing {
  /** slug of its organisation; null: it is no officer's */
  organisation: string | null;
  active: boolean;
}

/** Where an officer's key is: in the memory of this page, in another wallet of this browser, or on another machine. */
export type OfficerKeySource = { privateKey: Hex } | { words: string[] } | { provider: InjectedProvider } | { elsewhere: AccountKey; ask: AskElsewhere };

/** A key of an officer. */
export interface OfficerKey {
  readonly address: Hex;
  signMessage(text: string): Promise<Hex>;
}

export interface Chain {
  network(): Promise<Network>;
  /** slug of the authority whose tokens open cases; null where none are needed */
  tokenIssuer(): Promise<string | null>;
  /** all answer after finality; all are signed by the key of the case */
  openCase(wallet: Wallet, own: OwnCase): Promise<Sent>;
  grantConsent(wallet: Wallet, own: OwnCase, terms: ConsentTerms): Promise<Sent & { id: Hex; record: Json }>;
  revokeConsent(wallet: Wallet, own: OwnCase, id: Hex): Promise<Sent>;
  /** every consent of a case */
  consents(own: OwnCase): Promise<ConsentState[]>;
  /** when a consent that is withdrawn was; null where nothing says so. No proof has it, and on a long chain it takes its time */
  revokedAt(own: OwnCase, id: Hex): Promise<number | null>;
  /** a new form under a new salt (already sent to the gateway) */
  supplement(wallet: Wallet, own: OwnCase, form: Form, salt: Hex): Promise<Sent>;
  appeal(wallet: Wallet, own: OwnCase, statement: Hex): Promise<Sent>;
  /** says that the promised time is over: a case that still waits for an agency goes to a person */
  escalate(wallet: Wallet, own: OwnCase): Promise<Sent>;
  approve(key: OfficerKey, id: Hex, action: { row: number; amountFen: number; reason: string; statute: Hex; statement: Hex; behind?: Openings }): Promise<Sent>;
  refuse(key: OfficerKey, id: Hex, action: { row: number; reason: string; statute: Hex; statement: Hex; behind?: Openings }): Promise<Sent>;
  requestMore(key: OfficerKey, id: Hex, action: { defects: string[]; statement: Hex; behind?: Openings }): Promise<Sent>;
  officerKey(source: OfficerKeySource): Promise<OfficerKey>;
  /** whether a key is an officer's, and of which organisation */
  standing(address: Hex): Promise<Standing>;
  /** statute id of DESIGN: keccak256(abi.encode(law, article)) */
  statuteId(law: string, article: string): Hex;
}

/* ---------------------------------------------------------------- gateways */

export interface Organisation {
  slug: string;
  name: string;
  gateway: string;
  encryptionKey: Hex;
}

export interface Link {
  organisation: Organisation;
  /** a provider gets the presentation and the use secret; the owner of the service gets form, salt and holder */
  as: { provider: boolean; owner: boolean };
  /** credentials that the resident chose to show; a provider gets those that are for it */
  evidence?: readonly ChosenEvidence[];
}

/** A credential that was shown in place of the agency's records. */
export interface ShownFor {
  vct: string;
  /** why it was not taken, as a code; null: the answer rests on it */
  refused: string | null;
}

/** One use of data about the person, opened in the wallet. */
export interface OpenedUse {
  tag: Hex;
  /** its number among the provider's in this case; null: under no number that belongs to the case */
  n: number | null;
  caseId: Hex;
  provider: string;
  consumer: string;
  purpose: string;
  basis: Hex;
  mask: number;
  blockNumber: number;
  /** null: this record could not be opened with the wallet's secret, which must be shown */
  details: { official: string; purpose: string; fields: string[]; article: string; atMs: number; by: string | null; credential?: ShownFor } | null;
}

export interface UseWalk {
  uses: OpenedUse[];
  /** per provider: number of tags walked, whether the first missing one is provably absent and nothing comes after it, and which numbers were left out */
  complete: { provider: string; count: number; provenAbsent: boolean; missing: number[] }[];
}

export interface DeskSession {
  organisation: string;
  token: string;
  expiresAtMs: number;
}

/** How officers of an organisation sign in. */
export interface SignInWays {
  key: boolean;
  /** name of the organisation's provider (OpenID Connect) */
  provider: string | null;
  /** by a passkey that an officer made after a sign-in at the provider */
  passkey: boolean;
}

/** What a browser needs to make an officer's passkey; bytes in base64url. */
export interface PasskeyMaking {
  challenge: string;
  rpId: string;
  user: string;
  name: string;
  algorithms: number[];
  exclude: string[];
}

/** A passkey that a browser made, or used; bytes in base64url. */
export interface MadePasskey {
  clientData: string;
  attestationObject: string;
}

export interface ShownPasskey {
  id: string;
  clientData: string;
  authenticatorData: string;
  signature: string;
  user: string | null;
}

export interface OfficerPasskey {
  id: string;
  label: string;
  /** may be on several devices */
  maySync: boolean;
  madeMs: number;
  usedMs: number | null;
}

/** What came back from a provider, and what this browser kept meanwhile. */
export interface ReturnedSignIn {
  state: string;
  secret: string;
  /** null: the provider did not sign them in */
  code: string | null;
  issuer: string | null;
}

export interface DeskRow {
  id: Hex;
  service: string;
  status: string;
  cause: string;
  promisedBy: number;
  statutoryBy: number;
  openedAt: number;
}

/** A credential that the applicant showed to this agency for a fact; never what it says. */
export interface FactGround {
  vct: string;
  /** the organisation that issued it; null: no trusted issuer's signature holds, or it is not the applicant's */
  issuer: string | null;
  /** unix seconds; null: it names no end, or nobody is sure who issued it */
  validUntil: number | null;
  /** answer: the fact rests on it; refused: it is from the agency's own records; lapsed: nothing answered */
  became: "answer" | "refused" | "lapsed";
  /** why it did not answer, as in a use record */
  reason: string | null;
}

export interface DeskCase {
  case: Json;
  /** by predicate, where the applicant showed this agency a credential */
  grounds: Readonly<Record<string, FactGround>>;
  form: Form | null;
  history: Json;
  /** who opened the case for the applicant; null: they themselves, or this agency is not told */
  actedBy: { role: string; number: string } | null;
  /** what was written about the case; `text` is null when the person's key was destroyed */
  statements: { hash: Hex; text: string | null; author: string; atMs: number; onChain: boolean }[];
}

/** How long an agency keeps what, and what its retention did. */
export interface Retention {
  periods: { kind: string; days: number; basis: string }[];
}

export type Right = "contest" | "copy" | "correct" | "delete";

/** A request by which a person uses a right, at one agency. */
export interface DataRequest {
  id: string;
  kind: Right;
  /** of the 个人信息保护法 */
  article: string;
  receivedMs: number;
  dueMs: number;
  overdue: boolean;
  status: "open" | "granted" | "refused";
  answeredMs: number | null;
  deletion: string | null;
  /** null once the person was deleted */
  text: string | null;
  answer: string | null;
}

/** How a request stands, as its agency tells whoever knows its number. */
export type RequestState = Pick<DataRequest, "dueMs" | "status" | "answeredMs" | "deletion">;

/** A deletion as the agency recorded it and signed: of keys, of nobody. */
export interface DeletionRecord {
  id: string;
  atMs: number;
  /** names of the keys that were destroyed */
  keys: string[];
  /** how much can never be read again, and of how many cases */
  records: number;
  cases: number;
  signature: Hex;
}

/** An answer as the agency signed it and sealed it to the wallet. */
export interface RequestAnswer {
  granted: boolean;
  reason: string;
  /** as what the officer answered, and their code */
  role: string;
  officer: string;
  answeredMs: number;
  deletion: DeletionRecord | null;
  signature: Hex;
}

/** What is asked of an agency, and about which use. */
export interface Wish {
  kind: Right;
  text: string;
  about: { caseId: Hex; tag: Hex } | null;
}

/** A request as the wallet keeps it, from before it is sent: the agency may forget it, the person must not. */
export interface SentRequest extends Omit<Wish, "text"> {
  id: string;
  organisation: string;
  /** which of the wallet's keys for this agency the answer is sealed to; absent in wallets from before answers were sealed */
  index?: number;
  /** null: found again by the wallet's words, and the agency has not answered yet */
  text: string | null;
  sentMs: number;
  /** the agency's signature that it was received; null until it is here */
  receipt: Hex | null;
  /** as last read; null: the agency is not known to have it */
  state: RequestState | null;
  /** absent until it was read */
  answer?: RequestAnswer;
}

/** An agency that is asked. */
export interface AskedAgency {
  slug: string;
  gateway: string;
  /** whose signatures are the agency's */
  attester: Hex;
}

/** What an agency says it keeps about the person, what they asked, and what forbids deleting it. */
export interface Kept {
  cases: Hex[];
  requests: DataRequest[];
  holds: { id: string; authority: string; reference: string; placedMs: number; untilMs: number | null }[];
}

/** A case as it goes into an export. */
export interface ToExport {
  own: OwnCase;
  providers: string[];
  /** gateway of the owner of the service */
  gateway: string;
  /** everything public of it, as the index has it now; null if it was never opened */
  bundle: () => Promise<Json | null>;
}

/** A credential offered to any wallet (OpenID4VCI): whoever has the link and the code gets it. */
export interface CredentialOffer {
  /** `openid-credential-offer://…`, by reference */
  uri: string;
  /** typed into the other wallet */
  txCode: string;
  expiresAtMs: number;
}

/** What an agency asks a wallet to show. */
export interface AskedCredential {
  vct: string;
  claims: string[];
}

/** A request to a wallet (OpenID4VP). */
export interface WalletRequest {
  id: string;
  /** `openid4vp://…`, by reference */
  uri: string;
  expiresAtMs: number;
}

/** What became of it. */
export type WalletAnswer =
  | { state: "waiting" }
  | { state: "refused"; reason: string }
  | { state: "verified"; credentials: { vct: string; issuer: string; claims: Record<string, Json> }[] };

export interface Gateways {
  /** proves who the wallet's person is; answers the SD-JWT VC, and sees to the person's place in the register of people */
  identity(gateway: string, wallet: Wallet, person: { number: string; code: string }): Promise<string>;
  link(wallet: Wallet, own: OwnCase, link: Link): Promise<void>;
  /** sees to it that the wallet holds a token that opens this case */
  tokens(wallet: Wallet, own: OwnCase, authority: Organisation): Promise<void>;
  /** sees to it that the wallet holds tokens for its next cases, before there is one */
  tokensAhead(wallet: Wallet, authority: Organisation): Promise<void>;
  credential(wallet: Wallet, own: OwnCase, gateway: string): Promise<string | null>;
  /** what an issuer's list says of a credential now */
  credentialStatus(gateway: string, index: number): Promise<CredentialStatus>;
  offer(wallet: Wallet, own: OwnCase, gateway: string): Promise<CredentialOffer>;
  statements(wallet: Wallet, own: OwnCase, gateway: string): Promise<{ hash: Hex; text: string; salt: Hex; atMs: number }[]>;
  supplement(wallet: Wallet, own: OwnCase, gateway: string, form: Form, salt: Hex): Promise<void>;
  /** answers the hash of the statement, to be put on the chain */
  appeal(wallet: Wallet, own: OwnCase, gateway: string, text: string): Promise<Hex>;
  /** walks the tags of the case until the first provably absent one and opens the records */
  uses(wallet: Wallet, own: OwnCase, providers: string[]): Promise<UseWalk>;
  retention(gateway: string): Promise<Retention>;
  /** shows the identity credential to the agency, and asks what it keeps */
  kept(wallet: Wallet, organisation: string, gateway: string): Promise<Kept>;
  /** asks an agency; answers the request and the agency's signed receipt */
  /**
   * keeps a request in the wallet and sends it; where the agency may have got it and did not say so, it stays there without a
   * receipt
   */
  request(wallet: Wallet, agency: AskedAgency, wish: Wish): Promise<SentRequest>;
  /** sends one again that has no receipt: to the agency it is the same one */
  requestAgain(wallet: Wallet, agency: AskedAgency, request: SentRequest): Promise<SentRequest>;
  /** what became of a request, kept in the wallet; asks without saying who asks: the number of the request is enough */
  readRequest(wallet: Wallet, agency: AskedAgency, request: SentRequest): Promise<SentRequest>;
  /** requests to these agencies that the wallet does not know: made by another device, or before it was restored from its words */
  findRequests(wallet: Wallet, agencies: AskedAgency[]): Promise<void>;
  /** of these, the agencies to ask because the wallet began with its words and may not know what was asked before */
  unaskedForRequests(wallet: Wallet, agencies: AskedAgency[]): Promise<AskedAgency[]>;
  deskRequests(gateway: string, session: DeskSession): Promise<DataRequest[]>;
  answerRequest(gateway: string, session: DeskSession, id: string, granted: boolean, reason: string): Promise<void>;
  /** data, consents, uses and decisions with their proofs, signed by the wallet: one text, checked by `zhengtong verify export` */
  exported(wallet: Wallet, cases: ToExport[]): Promise<string>;
  signIn(gateway: string, organisation: string, key: OfficerKey): Promise<DeskSession>;
  signInWays(gateway: string): Promise<SignInWays>;
  /** begins a sign-in at the organisation's provider; only the browser that keeps the secret can finish it */
  beginSignIn(gateway: string, redirectUri: string, secret: string): Promise<{ url: string; state: string }>;
  finishSignIn(gateway: string, organisation: string, returned: ReturnedSignIn): Promise<DeskSession>;
  beginPasskey(gateway: string): Promise<{ challenge: string; rpId: string }>;
  finishPasskey(gateway: string, organisation: string, shown: ShownPasskey): Promise<DeskSession>;
  /** begins to make a passkey, in a session that was opened at the organisation's provider */
  beginPasskeyMaking(gateway: string, session: DeskSession): Promise<PasskeyMaking>;
  addPasskey(gateway: string, session: DeskSession, label: string, made: MadePasskey): Promise<void>;
  /** one's own, and until when they open the desk without another sign-in at the provider (unix seconds) */
  passkeys(gateway: string, session: DeskSession): Promise<{ items: OfficerPasskey[]; until: number | null }>;
  removePasskey(gateway: string, session: DeskSession, id: string): Promise<void>;
  /** whose session it is, as the agency knows them */
  whoAmI(gateway: string, session: DeskSession): Promise<{ name: string; roles: string[] }>;
  /** proves to the agency that a key is this officer's; from then on it is theirs alone */
  proveKey(gateway: string, session: DeskSession, key: OfficerKey): Promise<void>;
  /** answers the provider's page where the officer signs out there too, if it has one */
  signOut(gateway: string, session: DeskSession): Promise<string | null>;
  desk(gateway: string, session: DeskSession, query: { status?: string; cursor?: string }): Promise<{ items: DeskRow[]; next: string | null }>;
  deskCase(gateway: string, session: DeskSession, id: Hex): Promise<DeskCase>;
  statement(gateway: string, session: DeskSession, id: Hex, text: string): Promise<{ hash: Hex; salt: Hex }>;
  /** asks another agency for the declared fields of a record; the same request id gives the same answer */
  /** asks whoever scans or opens the link to show a credential */
  askWallet(gateway: string, session: DeskSession, asked: AskedCredential): Promise<WalletRequest>;
  walletAnswer(gateway: string, session: DeskSession, id: string): Promise<WalletAnswer>;
  record(gateway: string, session: DeskSession, id: Hex, wish: { requestId: Hex; provider: string; record: string }): Promise<ReceivedRecord>;
}

/** Fields of a record that another agency gave, and the use that is on record for it. */
export interface ReceivedRecord {
  rows: Record<string, string | number | boolean | null>[];
  useTag: Hex;
}

/* ------------------------------------------------------------- protection */

/** A key that speaks for the wallet's account. */
export interface AccountSigner {
  id: Hex;
  kind: "passkey" | "device" | "wallet";
  /** it is of this device */
  here: boolean;
}

/** Keys that one device holds. */
export interface AccountDevice {
  id: Hex;
  /** what kind of device it is; empty where that is not known */
  name: string;
  addedAtMs: number | null;
  kinds: AccountSigner["kind"][];
  signers: Hex[];
  here: boolean;
}

/** A device that has the wallet's words and asks to be added. */
export interface AskingDevice {
  name: string;
  /** of its new keys and a random number of this device: it shows the same; null until it has told them */
  number: string | null;
  /** another device of the wallet shows the number */
  elsewhere: boolean;
  atMs: number;
}

export interface Protection {
  /**
   * on: this device is one of the account's; elsewhere: it never was; removed: its key is none of the account's any more; moved:
   * another device made another account for this wallet since
   */
  standing: "on" | "elsewhere" | "removed" | "moved";
  /** the organisation whose gateway keeps the encrypted backup */
  host: string;
  authorities: string[];
  /** authorities that have not taken their share yet */
  missing: string[];
  signers: AccountSigner[];
  /** the same, without external wallets, by the device that holds them */
  devices: AccountDevice[];
  /** the newest backup that the host took during this visit */
  savedAtMs: number | null;
  /** why the last change was not saved */
  problem: PortFailure | null;
}

export interface RecoveryProgress {
  offices: { organisation: string; code: string; expiresAt: number; approved: boolean }[];
  /** asking: approvals are missing; waiting: until `readyAt`; ready: can be finished; stopped: somebody objected */
  state: "asking" | "waiting" | "ready" | "stopped";
  readyAt: number | null;
  /** this device made a passkey for it */
  passkey: boolean;
  /** null: no trusted people were asked */
  trusted: { code: string; number: string; approved: number; needed: number | null; parts: number } | null;
}

export interface Accounts {
  passkeys(): boolean;
  /**
   * makes the account, gives each of three authorities its share, and saves the first backup; may be called again. `anew`: also where
   * other devices have an account of this wallet, which no office helps from then on
   */
  protect(wallet: Wallet, authorities: Organisation[], host: Organisation, withPasskey: boolean, anew?: boolean): Promise<void>;
  /** null: this wallet is not protected */
  protection(wallet: Wallet): Promise<Protection | null>;
  /** somebody is recovering this wallet: when their keys will replace these; null as well for a wallet that is not protected */
  pending(wallet: Wallet): Promise<{ readyAt: number } | null>;
  /** stops every recovery of this wallet's account */
  veto(wallet: Wallet): Promise<void>;
  /** takes keys out of the account, all at once */
  removeSigners(wallet: Wallet, ids: Hex[]): Promise<void>;
  /** what other devices of this wallet did that its owner has to know: made another account, or ask to be added */
  news(wallet: Wallet): Promise<"moved" | "asking" | null>;
  /** on a device of the account: another one that asks to be added, which gets this one's answer at the first look */
  asking(wallet: Wallet): Promise<AskingDevice | null>;
  /** adds the device that shows this number */
  admit(wallet: Wallet, number: string): Promise<void>;
  refuse(wallet: Wallet): Promise<void>;
  /** on a device that has the words and is none of the account's: asks to be added */
  askToJoin(wallet: Wallet, withPasskey: boolean): Promise<void>;
  /** null: this device does not ask; waiting: until another one answers; refused: it said no, or another device asked since */
  joining(wallet: Wallet): Promise<{ number: string | null; state: "waiting" | "refused" } | null>;
  /** tells another device the keys once it has answered, and takes over what the others keep once they have added this one; whether they have */
  join(wallet: Wallet): Promise<boolean>;
  stopJoining(wallet: Wallet): Promise<void>;
  /** on a new device: asks an authority, which answers a code to show at its counter */
  ask(office: Organisation, withPasskey: boolean): Promise<void>;
  /** null: this device recovers nothing */
  progress(organisations: Organisation[]): Promise<RecoveryProgress | null>;
  /** takes the wallet over, once it is ready */
  /** null: it opens with the passkey that this device made for the recovery */
  finish(organisations: Organisation[], passphrase: string | null): Promise<Wallet>;
  abandon(): Promise<void>;
  /** an officer has looked at the person whose device shows this code */
  approve(gateway: string, session: DeskSession, number: string, code: string): Promise<void>;
}

/** External wallets as keys of an account: half a voice each. */
export interface External {
  /** asks it to sign once, and adds it */
  add(wallet: Wallet, provider: InjectedProvider): Promise<void>;
  /** removes a key by this device's key and an external wallet together, where the passkey is gone */
  remove(wallet: Wallet, id: Hex, provider: InjectedProvider): Promise<void>;
  /** without an open wallet: stops what is under way for the accounts that this external wallet is a key of */
  stop(provider: InjectedProvider): Promise<{ accounts: number; stopped: number }>;
}

/** Somebody who was asked to help, as the person sees them. */
export interface TrustedPerson {
  /** names their offer */
  id: Hex;
  /** as they called themselves */
  name: string;
  /** what to hand to them; null until the list is put in force */
  code: string | null;
  /** they read out the number that only the opened code shows */
  received: boolean;
}

export interface TrustedPeople {
  people: TrustedPerson[];
  /** how many of them must help */
  needed: number;
  /** the chain has exactly this list */
  inForce: boolean;
  /** the wallet has an account */
  isProtected: boolean;
  /** three authorities can help too */
  hasOffices: boolean;
}

/** Somebody whom this person has promised to help. */
export interface HelpedPerson {
  account: Hex;
  name: string;
  needed: number;
  /** six digits that show the other that the code arrived */
  receipt: string;
  /** the chain still names this wallet */
  isNamed: boolean;
  /** what this person confirmed; asking: others are missing; finished: the part may be given */
  recovery: { state: "asking" | "waiting" | "ready" | "finished" | "stopped"; readyAt: number | null } | null;
}

/** Recovery with the help of trusted people: friends or relatives with wallets of their own. Codes go from hand to hand. */
export interface Trusted {
  /** what a helper hands to the person, and a number that both can compare */
  offer(wallet: Wallet, name: string): Promise<{ code: string; number: string }>;
  read(code: string): { name: string; number: string };
  people(wallet: Wallet): Promise<TrustedPeople>;
  add(wallet: Wallet, code: string): Promise<void>;
  remove(wallet: Wallet, id: Hex): Promise<void>;
  /** puts the list in force; makes the account where there is none yet; may be called again */
  put(wallet: Wallet, choice: { needed: number; name: string; start: { host: Organisation; withPasskey: boolean } | null }): Promise<void>;
  /** whether the number is the one that the opened code shows */
  received(wallet: Wallet, id: Hex, number: string): Promise<boolean>;
  /** keeps what was handed over; answers the number to read out */
  accept(wallet: Wallet, code: string): Promise<{ name: string; receipt: string }>;
  helped(wallet: Wallet): Promise<HelpedPerson[]>;
  forget(wallet: Wallet, account: Hex): Promise<void>;
  /** the number that the person sees too */
  readAsked(code: string): { number: string };
  /** confirms that the person holds these new keys */
  approve(wallet: Wallet, account: Hex, code: string): Promise<void>;
  /** this person's part, sealed to the new device; the code may be null where this person has confirmed */
  release(wallet: Wallet, account: Hex, code: string | null): Promise<string>;
  /** on a new device: what to hand to each helper comes with its progress */
  ask(withPasskey: boolean): Promise<void>;
  /** on a new device: takes a part */
  addPart(code: string): Promise<void>;
}

/* ------------------------------------------------------------ verification */

export interface VerifyStep {
  /** which link of the chain of proof */
  kind: "network" | "certificate" | "header" | "receipt" | "state" | "event" | "completeness" | "replay" | "package";
  ok: boolean;
  /** what was checked: block number, transaction, slot … */
  subject: string;
  /** why it failed; empty when ok */
  detail: string;
}

export interface ProvenEvent {
  name: string;
  seq: number | null;
  /** the contract's name in the Registry */
  contract: string;
  txHash: Hex;
  blockNumber: number;
  /** from the header, unix milliseconds */
  blockTimeMs: number;
  args: Record<string, Json>;
}

export interface Proven {
  id: Hex;
  /** fields of the case in the state of `Cases` */
  case: Record<string, Json>;
  events: ProvenEvent[];
  /** what the rule set asks, in its order */
  predicates: { id: string; provider: string }[];
}

export interface Verification {
  ok: boolean;
  steps: VerifyStep[];
  /** what the proofs say, decoded; null when they failed before anything could be decoded */
  proven: Proven | null;
  tookMs: number;
}

export interface Verifier {
  /** never throws on a bad bundle: a bad bundle is a failed step */
  verifyBundle(bundle: Json, networkKey: Hex): Promise<Verification>;
  /** whether these files are the package that the chain names for a version of a service, or its latest; never throws */
  verifyPackage(service: string, version: number, files: Json): Promise<VerifyStep>;
}

/* ------------------------------------------------------------------- rules */

export type Outcome = "approve" | "review" | "refuse";

export interface Evaluation {
  outcome: Outcome;
  /** 255: no row decided */
  row: number;
}

/** "with these facts changed, and no others, the outcome would have been this" */
export interface Change {
  changes: { predicate: string; from: number | null; to: { min: number; max: number } }[];
  outcome: Outcome;
  row: number;
  amountFen: number;
}

export interface Rules {
  /** facts in the order of the predicates; null is unknown */
  evaluate(rules: Json, facts: (number | null)[]): Evaluation;
  explain(rules: Json, facts: (number | null)[]): Change[];
}

/* ---------------------------------------------------------------- together */

/** One person acts for another. */
export interface Delegation {
  /** names it */
  key: Hex;
  /** given: the other acts for this person; held: this person acts for the other; seen: another guardian acts for their child */
  side: "given" | "held" | "seen";
  /** a carer was chosen by the person; a guardian is one by the register */
  role: "carer" | "guardian";
  /** the other's name, as they wrote it; of a child, as the guardian calls them */
  name: string;
  services: string[];
  /** unix seconds */
  from: number;
  until: number;
  /** what is handed to the delegate; null on their side */
  sealed: string | null;
  /** unregistered: the chain does not have it (yet); unchecked: whether the authority still confirms it cannot be read now */
  state: "active" | "ended" | "over" | "unregistered" | "unchecked";
  /** false: found again by the wallet's words alone, so that name, services and beginning are not known */
  known: boolean;
}

/** What the authority that keeps the register of guardians confirmed for a child. */
export interface Guardianship {
  /** names it */
  document: Hex;
  /** the guardian's resident number */
  guardian: string;
  /** key of the delegation */
  key: Hex;
  services: string[];
  /** unix seconds */
  from: number;
  until: number;
  /** when it was ended (unix seconds), and by whom: `child`, `guardian` or `register` */
  ended: { at: number; by: string } | null;
}

export interface Delegations {
  /** what the delegate hands to the person, and a number that both can compare */
  ask(wallet: Wallet, name: string): Promise<{ code: string; number: string }>;
  read(code: string): { name: string; number: string };
  /** signs, keeps and registers it; what is handed back to the delegate is in it */
  give(wallet: Wallet, code: string, terms: { services: string[]; days: number; name: string }): Promise<Delegation>;
  /** sends the registration again */
  register(wallet: Wallet, key: Hex): Promise<void>;
  accept(wallet: Wallet, code: string): Promise<Delegation>;
  /** makes terms for a child, has the authority confirm them, keeps and registers them */
  forChild(wallet: Wallet, authority: Organisation, child: { number: string; name: string; services: string[]; days: number }): Promise<Delegation>;
  /** seals one for a child to the child's other guardian, or to the child: they see it, and can end it */
  share(wallet: Wallet, key: Hex, code: string, name: string): Promise<string>;
  /** what the authority confirmed for a child: it answers the child, and whoever is their guardian */
  guardianships(wallet: Wallet, authority: Organisation, number: string): Promise<Guardianship[]>;
  endGuardianship(wallet: Wallet, authority: Organisation, number: string, document: Hex): Promise<void>;
  list(wallet: Wallet): Promise<Delegation[]>;
  /** the wallet began with words, so that it may lack delegations that others gave, which nothing leads to */
  isRestored(wallet: Wallet): Promise<boolean>;
  /**
   * looks, with proofs, for delegations that the wallet's words lead to, once, and at all keys under all delegations; keeps what it
   * finds
   * @param told of the keys under delegations: how many were looked at, of how many
   */
  findCases(wallet: Wallet, told?: (looked: number, all: number) => void): Promise<void>;
  end(wallet: Wallet, key: Hex): Promise<void>;
}

export interface Ports {
  delegations: Delegations;
  trusted: Trusted;
  external: External;
  wallets: WalletStore;
  chain: Chain;
  gateways: Gateways;
  accounts: Accounts;
  verifier: Verifier;
  rules: Rules;
}
