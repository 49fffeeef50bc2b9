// From checked answers to a running case: consents, sealed links, opening. Every step is kept as it is done, so that the whole
// may be called again after a crash, a closed tab or a lost connection, and goes on where it was.
import type { Chain, ConsentTerms, Gateways, Link, Organisation, OwnCase, Wallet } from "../ports";
import { PortFailure } from "../ports";
import { type HeldTerms, heldTerms } from "../package/held";
import { textOf } from "../package/read";
import { DAY_S, given } from "../package/consent";
import { consentsOf, givesRecord } from "../package/words";
import type { ConsentExtent, ServicePackage } from "../package/types";
import { WalletError } from "../wallet/errors";
import { type ChosenEvidence, requireDeclared } from "./evidence";

/** Who takes part in a case, read from the service's package. */
export interface Participants {
  /** Slug of the organisation that decides. */
  readonly owner: string;
  /** Slugs of the organisations that are asked. */
  readonly providers: readonly string[];
  /** What the applicant must consent to, one for each provider that needs it. */
  readonly consents: readonly ConsentTerms[];
  /** Credentials that the package lets the applicant show in place of an agency's records. */
  readonly held: readonly HeldTerms[];
}

/** @param choices how much of each consent the applicant gives, by provider, where it is not what is asked for */
export function participantsOf(pack: ServicePackage, language: "zh-CN" | "en", nowMs: number, choices: Readonly<Record<string, ConsentExtent>> = {}): Participants {
  const { owner, slug } = pack.item;
  const providers = [...new Set(pack.rules.predicates.map((predicate) => predicate.provider))];
  const consents = consentsOf(pack).map(({ provider, predicates, asked }): ConsentTerms => {
    const { use, days } = given(asked, choices[provider]);
    const fields = [...new Set(predicates.flatMap((predicate) => predicate.fields))];
    const until = Math.floor(nowMs / 1000) + days * DAY_S;
    const recipient = givesRecord(pack, provider) ? { recipient: owner } : {};
    return { provider, service: slug, purpose: textOf(pack, language, "service.title"), fields, ...recipient, use, until, asked };
  });
  return { owner, providers, consents, held: heldTerms(pack) };
}

export type ApplyStep = { kind: "consent" | "link"; organisation: string } | { kind: "open" };

/** The steps that are still to be done. */
export function remaining(own: OwnCase, participants: Participants, consented: ReadonlySet<string> = new Set()): ApplyStep[] {
  const { owner, providers, consents } = participants;
  const linked = (slug: string) => own.linkedAtMs[slug] !== undefined;
  return [
    ...(own.openedTx === null ? consents.filter(({ provider }) => !consented.has(provider)).map(({ provider }) => ({ kind: "consent" as const, organisation: provider })) : []),
    ...[...new Set([...providers, owner])].filter((slug) => !linked(slug)).map((slug) => ({ kind: "link" as const, organisation: slug })),
    ...(own.openedTx === null ? [{ kind: "open" as const }] : []),
  ];
}

export interface ApplyRequest {
  readonly wallet: Wallet;
  readonly own: OwnCase;
  readonly participants: Participants;
  readonly organisations: readonly Organisation[];
  /** Credentials that the applicant chose to show. */
  readonly evidence?: readonly ChosenEvidence[];
  readonly told?: (step: ApplyStep) => void;
}

/** Does what remains. Links and opening go side by side, because a gateway waits for the one that comes later. */
export async function apply(ports: { chain: Chain; gateways: Gateways }, request: ApplyRequest): Promise<OwnCase> {
  const { wallet, participants, organisations, evidence = [], told } = request;
  requireDeclared(participants.held, evidence);
  const { id } = request.own;
  const current = async (): Promise<OwnCase> => (await wallet.case(id)) ?? request.own;
  const before = await current();
  // The case is opened for the person that the credential names; one opened for nobody could never be answered.
  if (before.openedTx === null && participants.providers.length > 0 && (await wallet.identity()) === null) {
    throw new WalletError("no-credential", "ask the identity agency for a credential first");
  }

  if (before.openedTx === null) {
    // Without a token there is no case, and then nobody is told of one.
    const issuer = await ports.chain.tokenIssuer();
    if (issuer !== null) await ports.gateways.tokens(wallet, before, organisationOf(issuer, organisations));
    // Consents come before the opening: they are by the same key, and gateways look for them as soon as the case is open.
    for (const terms of participants.consents) {
      await ports.chain.grantConsent(wallet, await current(), terms);
      told?.({ kind: "consent", organisation: terms.provider });
    }
  }

  const own = await current();
  const links = remaining(own, participants).flatMap((step) => (step.kind === "link" ? [{ ...linkOf(step.organisation, participants, organisations), evidence }] : []));
  const linking = links.map(async (link) => {
    await ports.gateways.link(wallet, own, link);
    told?.({ kind: "link", organisation: link.organisation.slug });
  });
  const outcomes = await Promise.allSettled([open(), ...linking]);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return await current();

  async function open(): Promise<void> {
    if (own.openedTx !== null) return;
    const { txHash } = await ports.chain.openCase(wallet, own);
    await wallet.updateCase(id, { openedTx: txHash });
    told?.({ kind: "open" });
  }
}

function organisationOf(slug: string, organisations: readonly Organisation[]): Organisation {
  const organisation = organisations.find((candidate) => candidate.slug === slug);
  if (organisation === undefined) throw new PortFailure("bad-answer", `the registry has no organisation ${slug}`);
  return organisation;
}

function linkOf(slug: string, participants: Participants, organisations: readonly Organisation[]): Link {
  return { organisation: organisationOf(slug, organisations), as: { provider: participants.providers.includes(slug), owner: participants.owner === slug } };
}
