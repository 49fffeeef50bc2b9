// Requests by a person's rights over their data: kept in the wallet before they are sent, and read again without saying who asks.
//
// The wallet has a key for each request to each agency. The request's id comes from that key, so that the wallet knows it before
// the agency has it, sends it again without making a second one, and finds it by its words alone. The answer is sealed to it.
import { recoverMessageAddress } from "viem";
import { type AskedAgency, type DeletionRecord, type Hex, PortFailure, type RequestAnswer, type RequestState, type SentRequest, type Wallet, type Wish } from "../ports";
import { fromBase64Url, sha256Digits } from "../wallet/bytes";
import { receiverOf } from "../wallet/codes";
import { open } from "../wallet/hpke";
import { keyringOf } from "../wallet/keyring";
import { deletionCause, requestId } from "../wallet/request-id";
import { Answer, type GatewayHttp, ask } from "./gateway-http";

const ANSWER_INFO = "zhengtong/answer/v1";
/** The most requests of one wallet to one agency. */
const MAX_REQUESTS = 256;
const DAY_MS = 24 * 3600 * 1000;
/** Within which a request has to be answered (GB/T 35273—2020, 8.7). */
const ANSWER_MS = 30 * DAY_MS;
/** How far an agency's clock may be ahead of this device's. */
const MAX_AHEAD_MS = DAY_MS;
/** Numbers in a row that no request has, and that end a search: a request that never arrived may have been given up before a later one. */
const FIND_GAP = 5;
/** After these, the agency may have got the request. */
const UNCERTAIN: readonly PortFailure["code"][] = ["offline", "bad-answer"];

/** Word of an agency that has another request under the same key. */
const KEY_USED = "key-used";

/** Signs the person in at an agency: headers of a session. */
export type SignIn = (wallet: Wallet, organisation: string, gateway: string) => Promise<Record<string, string>>;

/** Whether an organisation had a signing key at some moment since a time. */
export type HadAttester = (organisation: string, key: Hex, sinceMs: number) => Promise<boolean>;

/** What requests are sent and read with. */
export interface Means {
  readonly http: GatewayHttp;
  readonly signedIn: SignIn;
  readonly hadAttester: HadAttester;
}

export async function sendRequest(means: Means, wallet: Wallet, agency: AskedAgency, wish: Wish): Promise<SentRequest> {
  for (let tries = 0; tries < MAX_REQUESTS; tries++) {
    const request = await keyringOf(wallet).newRequest(agency.slug, (index, seed) => ({
      ...wish,
      id: requestId(seed, agency.slug, index),
      organisation: agency.slug,
      index,
      sentMs: means.http.now(),
      receipt: null,
      state: null,
    }));
    try {
      return await sent(means, wallet, agency, request);
    } catch (failure) {
      if (!(failure instanceof PortFailure)) throw failure;
      if (failure.problem === KEY_USED) await keepOther(means, wallet, agency, request);
      else if (UNCERTAIN.includes(failure.code)) return request;
      else {
        await wallet.dropRequest(request.id);
        throw failure;
      }
    }
  }
  throw new PortFailure("rejected", `${MAX_REQUESTS} requests were made to this agency`);
}

/** Another device of the person's has used this key: what it asked is found, and the next key is free for what is asked here. */
async function keepOther(means: Means, wallet: Wallet, agency: AskedAgency, request: SentRequest): Promise<void> {
  const other = { ...request, text: null, about: null };
  await wallet.keepRequest(other);
  await readRequest(means, wallet, agency, other);
}

/** Sends a request that its agency is not known to have. Answers another one where another device has used its key by now. */
export async function sendAgain(means: Means, wallet: Wallet, agency: AskedAgency, request: SentRequest): Promise<SentRequest> {
  try {
    return await sent(means, wallet, agency, request);
  } catch (failure) {
    const { kind, text, about } = request;
    if (!(failure instanceof PortFailure) || failure.problem !== KEY_USED || text === null) throw failure;
    await keepOther(means, wallet, agency, request);
    return await sendRequest(means, wallet, agency, { kind, text, about });
  }
}

async function sent(means: Means, wallet: Wallet, agency: AskedAgency, request: SentRequest): Promise<SentRequest> {
  if (request.index === undefined) throw new PortFailure("not-found", "a request from before answers were sealed");
  const { http, signedIn } = means;
  const key = receiverOf(await keyringOf(wallet).requestSecret(agency.slug, request.index));
  const headers = await signedIn(wallet, agency.slug, agency.gateway);
  const body = { kind: request.kind, text: request.text, answer_key: key };
  const taken = new Answer(await ask(http, agency.gateway, { method: "POST", path: "/v1/my/requests", body, headers }));
  const told = new Answer(taken.maybe("request"));
  if (told.text("id") !== request.id) throw new PortFailure("bad-answer", "the agency calls the request otherwise", "id");
  const kept = { ...request, sentMs: told.number("received_ms"), state: stateIn(told), receipt: taken.hex("receipt") };
  await checkClock(means, agency, kept);
  await wallet.keepRequest(kept);
  return kept;
}

export async function readRequest(means: Means, wallet: Wallet, agency: AskedAgency, request: SentRequest): Promise<SentRequest> {
  const now = await read(means, wallet, agency, request);
  if (now.state?.status !== request.state?.status || now.answer !== request.answer) await wallet.keepRequest(now);
  return now;
}

/** Agencies that were asked for unknown requests since a wallet was opened: one that does not answer is no reason to ask the others again. */
const asked = new WeakMap<Wallet, Set<string>>();

/** The agencies that a wallet which began with its words has not asked yet. */
export async function unasked(wallet: Wallet, agencies: readonly AskedAgency[]): Promise<AskedAgency[]> {
  if (!(await keyringOf(wallet).mayMissRequests())) return [];
  return agencies.filter(({ slug }) => !asked.get(wallet)?.has(slug));
}

/** Looks at each agency for requests with the wallet's keys. `agencies`: all that were not asked before. */
export async function findRequests(means: Means, wallet: Wallet, agencies: readonly AskedAgency[]): Promise<void> {
  const looked = await Promise.allSettled(agencies.map((agency) => findAt(means, wallet, agency)));
  const answered = agencies.filter((_, n) => looked[n]?.status === "fulfilled").map(({ slug }) => slug);
  asked.set(wallet, new Set([...(asked.get(wallet) ?? []), ...answered]));
  const failed = looked.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  await keyringOf(wallet).foundRequests();
}

async function findAt(means: Means, wallet: Wallet, agency: AskedAgency): Promise<void> {
  for (let index = 0, unknown = 0; index < MAX_REQUESTS && unknown < FIND_GAP; index++) {
    const known = (await wallet.requests()).some((one) => one.organisation === agency.slug && one.index === index);
    const found = known || (await findOne(means, wallet, agency, index));
    unknown = found ? 0 : unknown + 1;
  }
}

async function findOne(means: Means, wallet: Wallet, agency: AskedAgency, index: number): Promise<boolean> {
  const id = await keyringOf(wallet).requestId(agency.slug, index);
  const none = { id, organisation: agency.slug, index, kind: "copy" as const, text: null, about: null, sentMs: 0, receipt: null, state: null };
  const found = await read(means, wallet, agency, none);
  if (found.state === null) return false;
  await wallet.keepRequest(found);
  return true;
}

async function read(means: Means, wallet: Wallet, agency: AskedAgency, request: SentRequest): Promise<SentRequest> {
  let told: Answer;
  try {
    told = new Answer(await ask(means.http, agency.gateway, { method: "GET", path: `/v1/requests/${encodeURIComponent(request.id)}` }));
  } catch (failure) {
    if (failure instanceof PortFailure && failure.code === "not-found") return { ...request, state: null };
    throw failure;
  }
  const kind = told.text("kind") as SentRequest["kind"];
  const now = { ...request, kind, sentMs: told.number("received_ms"), state: stateIn(told) };
  const isAsKept = kind === request.kind && now.sentMs === request.sentMs && now.state.dueMs === request.state?.dueMs;
  if (!isAsKept) await checkClock(means, agency, now);
  const sealed = told.maybe("sealed");
  if (typeof sealed !== "string" || request.index === undefined) return now;
  const { text, ...answer } = await openAnswer(means.hadAttester, await keyringOf(wallet).requestSecret(agency.slug, request.index), agency, now, sealed);
  return { ...now, text: now.text ?? text, answer };
}

/** The time to answer is no longer than it may be, and it is what the agency signed. */
async function checkClock({ http, hadAttester }: Means, agency: AskedAgency, request: SentRequest): Promise<void> {
  const { sentMs, state, receipt, text } = request;
  if (sentMs > http.now() + MAX_AHEAD_MS) throw new PortFailure("bad-answer", "the agency says that it received the request in the future", "received_ms");
  if (state !== null && state.dueMs > sentMs + ANSWER_MS) throw new PortFailure("bad-answer", "the agency gives itself more time to answer than it has", "due_ms");
  if (state === null || receipt === null || text === null) return;
  const signed = receiptText(agency.slug, { ...request, text, dueMs: state.dueMs });
  if (!(await isSigned(hadAttester, agency, sentMs, signed, receipt))) throw new PortFailure("bad-answer", "the receipt is not signed by the agency", "receipt");
}

/** What the agency signs when it takes a request. */
export function receiptText(organisation: string, request: Pick<SentRequest, "id" | "kind" | "sentMs"> & { text: string; dueMs: number }): string {
  const { id, kind, sentMs, dueMs, text } = request;
  return ["zhengtong right", organisation, id, kind, sentMs, dueMs, sha256Digits(text)].join("\n");
}

/** Opens an answer and checks that the agency signed it, and the record of a deletion with it. */
export async function openAnswer(hadAttester: HadAttester, secret: Hex, agency: AskedAgency, request: Pick<SentRequest, "id" | "kind" | "sentMs">, sealed: string): Promise<RequestAnswer & { text: string | null }> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(await open(secret, fromBase64Url(sealed), { info: ANSWER_INFO, bound: `0x${request.id}` })));
  } catch (cause) {
    throw new PortFailure("bad-answer", `the answer does not open: ${cause instanceof Error ? cause.message : String(cause)}`, "sealed");
  }
  const told = new Answer(value);
  const text = told.maybe("text");
  const answer = {
    granted: told.maybe("granted") === true,
    reason: told.text("reason"),
    role: told.text("role"),
    officer: told.text("officer"),
    answeredMs: told.number("answered_ms"),
    deletion: told.maybe("deletion") === null ? null : deletionIn(new Answer(told.maybe("deletion"))),
    signature: told.hex("signature"),
    text: typeof text === "string" ? text : null,
  };
  const isByAgency = (message: string, signature: Hex) => isSigned(hadAttester, agency, request.sentMs, message, signature);
  if (!(await isByAgency(answerText(agency.slug, request, answer), answer.signature))) throw new PortFailure("bad-answer", "the answer is not signed by the agency", "signature");
  const { deletion } = answer;
  const isRecorded = async (cause: string, record: DeletionRecord) => await isByAgency(deletionText(agency.slug, cause, record), record.signature);
  // Records of earlier versions name the request itself.
  if (deletion !== null && !(await isRecorded(deletionCause(request.id), deletion)) && !(await isRecorded(request.id, deletion))) {
    throw new PortFailure("bad-answer", "the record of the deletion is not signed by the agency", "deletion");
  }
  return answer;
}

/** What the agency signs about an answer. */
export function answerText(organisation: string, request: Pick<SentRequest, "id" | "kind">, answer: Omit<RequestAnswer, "signature"> & { text: string | null }): string {
  const { granted, answeredMs, role, officer, text, reason, deletion } = answer;
  const lines = ["zhengtong answer", organisation, request.id, request.kind, granted ? "granted" : "refused", answeredMs, `${role}/${officer}`];
  return [...lines, text === null ? "" : sha256Digits(text), sha256Digits(reason), deletion?.id ?? ""].join("\n");
}

/** What the agency signs about a deletion. */
export function deletionText(organisation: string, cause: string, record: Omit<DeletionRecord, "signature">): string {
  const { id, atMs, keys, records, cases } = record;
  return ["zhengtong deletion", organisation, id, atMs, cause, sha256Digits(keys.join(",")), records, cases].join("\n");
}

/** Signed with the agency's key, or with one that it had when the request was there already: keys change, and answers stay. */
async function isSigned(hadAttester: HadAttester, agency: AskedAgency, sinceMs: number, message: string, signature: Hex): Promise<boolean> {
  const signer = await recoverMessageAddress({ message, signature }).catch(() => null);
  if (signer === null) return false;
  return signer.toLowerCase() === agency.attester.toLowerCase() || (await hadAttester(agency.slug, signer, sinceMs));
}

function deletionIn(row: Answer): DeletionRecord {
  const keys = row.text("key_ids");
  return { id: row.text("id"), atMs: row.number("at_ms"), keys: keys === "" ? [] : keys.split(","), records: row.number("records"), cases: row.number("cases"), signature: row.hex("signature") };
}

/** How a request stands, in an answer about it. */
export function stateIn(item: Answer): RequestState {
  const [answeredMs, deletion] = [item.maybe("answered_ms"), item.maybe("deletion")];
  const status = item.text("status");
  if (status !== "open" && status !== "granted" && status !== "refused") throw new PortFailure("bad-answer", `"${status}" is no state of a request`, "status");
  return { dueMs: item.number("due_ms"), status, answeredMs: typeof answeredMs === "number" ? answeredMs : null, deletion: typeof deletion === "string" ? deletion : null };
}
