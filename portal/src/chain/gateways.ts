// The agencies' gateways as the screens see them.
import { type DataRequest, type DeskCase, type DeskRow, type DeskSession, type FactGround, type Gateways, type Hex, type Json, type Link, type OfficerKey, type Organisation, type OwnCase, PortFailure, type ReceivedRecord, type Right, type ToExport, type Wallet } from "../ports";
import { caseCommitment, formCommitment, randomHex, sha256Digits, statementCommitment } from "../wallet/bytes";
import { WalletError } from "../wallet/errors";
import { keyringOf } from "../wallet/keyring";
import { siweMessage } from "../wallet/siwe";
import { fetchTokens, heldToken, holdsEnough } from "./allowance";
import { hadAttester } from "./attesters";
import type { Connection } from "./connection";
import { Answer, type GatewayHttp, ask, askAsCase, askPatiently } from "./gateway-http";
import { shownTo } from "./evidence";
import { exportCases } from "./export";
import { type LinkContent, linkText, sealLink } from "./seal";
import { type Means, findRequests, readRequest, sendAgain, sendRequest, stateIn, unasked } from "./requests";
import { statusIn, statusList } from "./status-list";
import { type ProveSlots, walkUses } from "./uses";

/** How many of a wallet's leaves may have been given up for another wallet's. */
const MAX_GIVEN_UP = 4;

const SALT_BYTES = 32;
/** EIP-4361 allows ASCII only. */
const DESK_SIGN_IN = "Sign in to the desk of this agency.";

async function linkContent(wallet: Wallet, own: OwnCase, link: Link, nowMs: number): Promise<LinkContent> {
  const keyring = keyringOf(wallet);
  const { slug } = link.organisation;
  const { provider, owner } = link.as;
  const evidence = provider ? await shownTo(wallet, own, slug, link.evidence ?? [], nowMs) : [];
  // An owner that is shown no number learns nothing of who acts for whom.
  const delegation = provider ? await keyring.delegationShown(own, slug, nowMs) : null;
  return {
    v: 2,
    caseId: own.id,
    useSecret: provider ? await keyring.useSecret(own.id, slug) : null,
    presentation: provider ? await keyring.presentation(own.id, slug, nowMs) : null,
    personSalt: provider ? await keyring.personSalt(own.id) : null,
    personCommitment: provider ? null : await keyring.personCommitment(own.id),
    formCommitment: formCommitment(own.salt, own.form),
    form: owner ? own.form : null,
    salt: owner ? own.salt : null,
    holder: owner ? await keyring.credentialHolder(own.id) : null,
    consent: own.consents[slug]?.record ?? null,
    ...(evidence.length === 0 ? {} : { evidence }),
    ...(delegation === null ? {} : { delegation }),
  };
}

export function gatewaysOver(http: GatewayHttp, connection: Connection, prove: ProveSlots): Gateways {
  const bearer = (session: { token: string }) => ({ authorization: `Bearer ${session.token}` });

  async function link(wallet: Wallet, own: OwnCase, to: Link): Promise<void> {
    const { slug, gateway, encryptionKey } = to.organisation;
    const current = (await wallet.case(own.id)) ?? own;
    if (current.linkedAtMs[slug] !== undefined) return; // accepted before, perhaps before a crash
    const content = await linkContent(wallet, current, to, http.now());
    const account = await keyringOf(wallet).account(own);
    const sealed = await sealLink(encryptionKey, content, await account.signMessage({ message: linkText(slug, content) }));
    await askPatiently(http, gateway, { method: "POST", path: "/v1/links", body: { caseId: own.id, sealed } });
    await wallet.updateCase(own.id, { linkedAtMs: { [slug]: http.now() } });
  }

  /** Signs the person in by showing the identity credential, bound to a challenge of this agency. */
  async function signedIn(wallet: Wallet, organisation: string, gateway: string): Promise<Record<string, string>> {
    const nonce = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/session/nonce" })).text("nonce");
    const presentation = await keyringOf(wallet).shownTo(organisation, nonce, http.now());
    const session = new Answer(await ask(http, gateway, { method: "POST", path: "/v1/my/session", body: { presentation, nonce } }));
    return { authorization: `Bearer ${session.text("token")}` };
  }

  const means: Means = { http, signedIn, hadAttester: (organisation, key, sinceMs) => hadAttester(connection, organisation, key, sinceMs) };

  async function draw(wallet: Wallet, own: OwnCase | null, authority: Organisation): Promise<void> {
    const headers = await signedIn(wallet, authority.slug, authority.gateway);
    await fetchTokens(wallet, own, { http, connection, headers, authority });
  }

  /** One after the other for each wallet: what is drawn ahead may be what an opening waits for. */
  const drawn = new WeakMap<Wallet, Promise<void>>();
  function drawing(wallet: Wallet, work: () => Promise<void>): Promise<void> {
    const mine = (drawn.get(wallet) ?? Promise.resolve()).then(work);
    drawn.set(wallet, mine.catch(() => undefined));
    return mine;
  }

  /** A message of EIP-4361 for this desk, signed by an officer's key. */
  async function proofOf(gateway: string, key: OfficerKey): Promise<{ message: string; signature: Hex }> {
    const { chainId } = await connection.network();
    const nonce = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/session/nonce" })).text("nonce");
    const message = siweMessage({ address: key.address, chainId, origin: http.origin, nonce, statement: DESK_SIGN_IN, nowMs: http.now() });
    return { message, signature: await key.signMessage(message) };
  }

  return {
    async identity(gateway, wallet, person) {
      const keyring = keyringOf(wallet);
      const holder = await wallet.holderKey();
      for (let index = 0; ; index++) {
        const commitment = await keyring.commitment(index);
        try {
          const proven = new Answer(await ask(http, gateway, { method: "POST", path: "/v1/identity", body: { ...person, holder, commitment } }));
          // Where nobody is entered, there is none.
          if (proven.has("seat")) await keyring.keepPlace({ seat: proven.hex("seat"), index });
          return proven.text("credential");
        } catch (failure) {
          // This wallet was replaced by another one of the person's before; what it had then does not come back.
          const wasGivenUp = failure instanceof PortFailure && failure.code === "gateway-refused" && failure.field === "commitment";
          if (!wasGivenUp || index === MAX_GIVEN_UP) throw failure;
        }
      }
    },

    link,

    tokens: (wallet, own, authority) =>
      drawing(wallet, async () => {
        if ((await heldToken(wallet, own, http.now())) === null) await draw(wallet, own, authority);
      }),

    tokensAhead: (wallet, authority) =>
      drawing(wallet, async () => {
        if (!(await holdsEnough(wallet, http.now()))) await draw(wallet, null, authority);
      }),

    async credential(wallet, own, gateway) {
      try {
        return new Answer(await askAsCase(http, wallet, own, gateway, { method: "GET", path: `/v1/cases/${own.id}/credential` })).text("credential");
      } catch (failure) {
        if (failure instanceof PortFailure && failure.code === "not-found") return null;
        throw failure;
      }
    },

    async credentialStatus(gateway, index) {
      return await statusIn(await statusList(http, gateway), index);
    },

    async offer(wallet, own, gateway) {
      const answer = new Answer(await askAsCase(http, wallet, own, gateway, { method: "POST", path: `/v1/cases/${own.id}/offer`, body: { tx_code: true } }));
      const uri = answer.text("uri_by_reference");
      // It becomes a link: of this kind, whatever the gateway says.
      if (!uri.startsWith("openid-credential-offer://")) throw new PortFailure("bad-answer", "the offer is not a credential offer", "uri_by_reference");
      return { uri, txCode: answer.text("tx_code"), expiresAtMs: answer.number("expires_at_s") * 1000 };
    },

    async statements(wallet, own, gateway) {
      const answer = new Answer(await askAsCase(http, wallet, own, gateway, { method: "GET", path: `/v1/cases/${own.id}/statements` }));
      return answer.list("items").map((value) => {
        const item = new Answer(value);
        const statement = { hash: item.hex("hash"), text: item.text("text"), salt: item.hex("salt"), atMs: item.number("at_ms") };
        if (statementCommitment(statement.salt, statement.text) !== statement.hash) throw new PortFailure("bad-answer", "a statement does not match its hash");
        return statement;
      });
    },

    async supplement(wallet, own, gateway, form, salt) {
      const answer = await askAsCase(http, wallet, own, gateway, { method: "POST", path: `/v1/cases/${own.id}/supplement`, body: { form, salt } });
      const person = await keyringOf(wallet).personCommitment(own.id);
      if (new Answer(answer).hex("hash") === caseCommitment(person, formCommitment(salt, form))) return;
      // A restored wallet has no identity credential until it asks for one again.
      if ((await wallet.identity()) === null) throw new WalletError("no-credential", "ask the identity agency for a credential first");
      throw new PortFailure("bad-answer", "the gateway's hash is not the one of this form and this person");
    },

    async appeal(wallet, own, gateway, text) {
      const salt = randomHex(SALT_BYTES);
      const answer = await askAsCase(http, wallet, own, gateway, { method: "POST", path: `/v1/cases/${own.id}/appeal`, body: { text, salt } });
      const hash = new Answer(answer).hex("hash");
      // What goes on the chain must be what was written, whatever the gateway says.
      if (hash !== statementCommitment(salt, text)) throw new PortFailure("bad-answer", "the gateway's hash is not the one of this statement");
      return hash;
    },

    uses: (wallet, own, providers) => walkUses(connection, prove, wallet, own, providers),

    async retention(gateway) {
      const answer = new Answer(await askPatiently(http, gateway, { method: "GET", path: "/v1/retention" }));
      return {
        periods: answer.list("periods").map((value) => {
          const period = new Answer(value);
          return { kind: period.text("class"), days: period.number("days"), basis: period.text("basis") };
        }),
      };
    },

    async kept(wallet, organisation, gateway) {
      const headers = await signedIn(wallet, organisation, gateway);
      const requests = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/my/requests", headers }));
      const answer = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/my/data", headers }));
      return {
        cases: answer.list("cases") as Hex[],
        requests: requests.list("items").map(dataRequest),
        holds: answer.list("holds").map((value) => {
          const hold = new Answer(value);
          const untilMs = hold.maybe("until_ms");
          return { id: hold.text("id"), authority: hold.text("authority"), reference: hold.text("reference"), placedMs: hold.number("placed_ms"), untilMs: typeof untilMs === "number" ? untilMs : null };
        }),
      };
    },

    request: (wallet, agency, wish) => sendRequest(means, wallet, agency, wish),
    requestAgain: (wallet, agency, request) => sendAgain(means, wallet, agency, request),
    readRequest: (wallet, agency, request) => readRequest(means, wallet, agency, request),
    findRequests: (wallet, agencies) => findRequests(means, wallet, agencies),
    unaskedForRequests: (wallet, agencies) => unasked(wallet, agencies),

    async deskRequests(gateway, session) {
      const answer = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/desk/requests", headers: bearer(session) }));
      return answer.list("items").map(dataRequest);
    },

    async answerRequest(gateway, session, id, granted, reason) {
      await ask(http, gateway, { method: "POST", path: `/v1/desk/requests/${encodeURIComponent(id)}/answer`, body: { granted, reason }, headers: bearer(session) });
    },

    exported(wallet, cases) {
      const statements = (one: ToExport) => this.statements(wallet, one.own, one.gateway);
      const walk = (one: ToExport) => this.uses(wallet, one.own, one.providers);
      return exportCases({ connection, statements, walk, now: http.now }, wallet, cases);
    },

    async signIn(gateway, organisation, key) {
      return opened(organisation, await ask(http, gateway, { method: "POST", path: "/v1/session", body: await proofOf(gateway, key) }));
    },

    async signInWays(gateway) {
      const answer = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/session/ways" }));
      const provider = answer.maybe("provider");
      return { key: answer.maybe("key") === true, provider: typeof provider === "string" ? provider : null, passkey: answer.maybe("passkey") === true };
    },

    async beginPasskey(gateway) {
      const answer = new Answer(await ask(http, gateway, { method: "POST", path: "/v1/session/passkey/challenge" }));
      return { challenge: answer.text("challenge"), rpId: answer.text("rp_id") };
    },

    async finishPasskey(gateway, organisation, { id, clientData, authenticatorData, signature, user }) {
      const body = { id, client_data: clientData, authenticator_data: authenticatorData, signature, user };
      return opened(organisation, await ask(http, gateway, { method: "POST", path: "/v1/session/passkey", body }));
    },

    async beginPasskeyMaking(gateway, session) {
      const answer = new Answer(await ask(http, gateway, { method: "POST", path: "/v1/session/passkeys/challenge", headers: bearer(session) }));
      const [algorithms, exclude] = [answer.list("algorithms").map(Number), answer.list("exclude").map(String)];
      return { challenge: answer.text("challenge"), rpId: answer.text("rp_id"), user: answer.text("user"), name: answer.text("name"), algorithms, exclude };
    },

    async addPasskey(gateway, session, label, { clientData, attestationObject }) {
      const body = { label, client_data: clientData, attestation_object: attestationObject };
      await ask(http, gateway, { method: "POST", path: "/v1/session/passkeys", body, headers: bearer(session) });
    },

    async passkeys(gateway, session) {
      const answer = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/session/passkeys", headers: bearer(session) }));
      const moment = (value: unknown) => (typeof value === "number" ? value : null);
      const items = answer.list("items").map((value) => {
        const item = new Answer(value);
        return { id: item.text("id"), label: item.text("label"), maySync: item.maybe("may_sync") === true, madeMs: item.number("made_ms"), usedMs: moment(item.maybe("used_ms")) };
      });
      return { items, until: moment(answer.maybe("until")) };
    },

    async removePasskey(gateway, session, id) {
      await ask(http, gateway, { method: "POST", path: "/v1/session/passkeys/remove", body: { id }, headers: bearer(session) });
    },

    async beginSignIn(gateway, redirectUri, secret) {
      const body = { redirect_uri: redirectUri, browser: sha256Digits(secret) };
      const answer = new Answer(await ask(http, gateway, { method: "POST", path: "/v1/session/oidc", body }));
      const url = answer.text("url");
      // The browser goes there: to a page, whatever the gateway says.
      if (!/^https?:\/\//.test(url)) throw new PortFailure("bad-answer", "the provider's address is not one of a page", "url");
      return { url, state: answer.text("state") };
    },

    async finishSignIn(gateway, organisation, { state, secret, code, issuer }) {
      const body = { state, secret, ...(code === null ? {} : { code }), ...(issuer === null ? {} : { iss: issuer }) };
      return opened(organisation, await ask(http, gateway, { method: "POST", path: "/v1/session/oidc/finish", body }));
    },

    async whoAmI(gateway, session) {
      const answer = new Answer(await ask(http, gateway, { method: "GET", path: "/v1/session", headers: bearer(session) }));
      return { name: answer.text("name"), roles: answer.list("roles").map(String) };
    },

    async proveKey(gateway, session, key) {
      await ask(http, gateway, { method: "POST", path: "/v1/session/key", body: await proofOf(gateway, key), headers: bearer(session) });
    },

    async signOut(gateway, session) {
      const answer = await ask(http, gateway, { method: "POST", path: "/v1/session/end", headers: bearer(session) });
      if (answer === null) return null;
      const url = new Answer(answer).text("provider");
      if (!/^https?:\/\//.test(url)) throw new PortFailure("bad-answer", "the provider's address is not one of a page", "provider");
      return url;
    },

    async desk(gateway, session, query) {
      const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined));
      const path = `/v1/desk/cases${parameters.size === 0 ? "" : `?${parameters}`}`;
      const answer = new Answer(await ask(http, gateway, { method: "GET", path, headers: bearer(session) }));
      const next = answer.maybe("next");
      return { items: answer.list("items").map(deskRow), next: typeof next === "string" ? next : null };
    },

    async deskCase(gateway, session, id) {
      const answer = new Answer(await ask(http, gateway, { method: "GET", path: `/v1/desk/cases/${id}`, headers: bearer(session) }));
      const json = (name: string) => answer.maybe(name) as Json;
      const statements = answer.list("statements").map((value): DeskCase["statements"][number] => {
        const item = new Answer(value);
        const text = item.maybe("text");
        return { hash: item.hex("hash"), text: typeof text === "string" ? text : null, author: item.text("author"), atMs: item.number("at_ms"), onChain: item.maybe("on_chain") === true };
      });
      const acted = answer.maybe("acted_by");
      const by = acted === null || acted === undefined ? null : new Answer(acted);
      const actedBy = by && { role: by.text("role"), number: by.text("number") };
      return { actedBy, case: json("case"), grounds: factGrounds(answer.list("facts")), form: json("form") as DeskCase["form"], history: json("history"), statements };
    },

    async statement(gateway, session, id, text) {
      const request = { method: "POST" as const, path: `/v1/desk/cases/${id}/statements`, body: { text }, headers: bearer(session) };
      const answer = new Answer(await ask(http, gateway, request));
      const [hash, salt] = [answer.hex("hash"), answer.hex("salt")];
      if (statementCommitment(salt, text) !== hash) throw new PortFailure("bad-answer", "the hash is not the one of these words", "hash");
      return { hash, salt };
    },

    async askWallet(gateway, session, asked) {
      const answer = new Answer(await ask(http, gateway, { method: "POST", path: "/v1/presentations", body: { credentials: [asked] }, headers: bearer(session) }));
      const uri = answer.text("uri");
      // It becomes a link: of this kind, whatever the gateway says.
      if (!uri.startsWith("openid4vp://")) throw new PortFailure("bad-answer", "the request is not one of OpenID4VP", "uri");
      return { id: answer.text("id"), uri, expiresAtMs: answer.number("expires_at_s") * 1000 };
    },

    async walletAnswer(gateway, session, id) {
      const answer = new Answer(await ask(http, gateway, { method: "GET", path: `/v1/presentations/${encodeURIComponent(id)}`, headers: bearer(session) }));
      const state = answer.text("state");
      if (state === "waiting") return { state };
      if (state === "refused") return { state, reason: answer.text("reason") };
      if (state !== "verified") throw new PortFailure("bad-answer", `"${state}" is no state of a request`, "state");
      const credentials = Object.values((answer.maybe("credentials") ?? {}) as Record<string, unknown>).map((value) => {
        const one = new Answer(value);
        return { vct: one.text("vct"), issuer: one.text("issuer"), claims: (one.maybe("claims") ?? {}) as Record<string, Json> };
      });
      return { state, credentials };
    },

    async record(gateway, session, id, wish) {
      const request = { method: "POST" as const, path: `/v1/desk/cases/${id}/records`, body: { ...wish, fields: [] }, headers: bearer(session) };
      const answer = new Answer(await ask(http, gateway, request));
      return { rows: answer.list("rows") as ReceivedRecord["rows"], useTag: answer.hex("useTag") };
    },
  };
}

function opened(organisation: string, value: unknown): DeskSession {
  const answer = new Answer(value);
  return { organisation, token: answer.text("token"), expiresAtMs: answer.number("expires_at") * 1000 };
}

function dataRequest(value: unknown): DataRequest {
  const item = new Answer(value);
  const maybeText = (name: string) => (typeof item.maybe(name) === "string" ? item.text(name) : null);
  return {
    id: item.text("id"),
    kind: item.text("kind") as Right,
    article: item.text("article"),
    receivedMs: item.number("received_ms"),
    ...stateIn(item),
    overdue: item.maybe("overdue") === true,
    text: maybeText("text"),
    answer: maybeText("answer"),
  };
}

/** The facts of a case for which a credential was shown to the agency that is asked. */
function factGrounds(facts: readonly unknown[]): Record<string, FactGround> {
  const shown = facts.map((value) => new Answer(value)).filter((fact) => fact.maybe("credential") !== null);
  return Object.fromEntries(shown.map((fact) => [fact.text("predicate"), factGround(new Answer(fact.maybe("credential")))]));
}

function factGround(shown: Answer): FactGround {
  const maybeText = (name: string) => (shown.maybe(name) === null ? null : shown.text(name));
  const became = shown.text("became");
  if (became !== "answer" && became !== "refused" && became !== "lapsed") throw new PortFailure("bad-answer", `"${became}" is nothing that becomes of a credential`, "became");
  const validUntil = shown.maybe("valid_until") === null ? null : shown.number("valid_until");
  return { vct: shown.text("vct"), issuer: maybeText("issuer"), validUntil, became, reason: maybeText("reason") };
}

function deskRow(value: unknown): DeskRow {
  const row = new Answer(value);
  return {
    id: row.hex("id") as Hex,
    service: row.text("service"),
    status: row.text("status"),
    cause: row.text("cause"),
    promisedBy: row.number("promised_by"),
    statutoryBy: row.number("statutory_by"),
    openedAt: row.number("opened_at"),
  };
}
