// Credentials that are shown to an agency in place of its records: what may be shown, and how it goes into a link.
import type { Hex, OwnCase, Wallet } from "../ports";
import { type HeldTerms, PERSON_CLAIM } from "../package/held";
import { WalletError } from "../wallet/errors";
import { keyringOf } from "../wallet/keyring";

/** A credential that the resident chose to show. */
export interface ChosenEvidence {
  /** The agency that is shown it. */
  readonly provider: string;
  readonly vct: string;
  /** The claims that are disclosed, beside the mark of whose it is and those that are never hidden. */
  readonly claims: readonly string[];
  /** The own case that it was issued in. */
  readonly from: Hex;
}

/** As a link carries it. */
export interface ShownCredential {
  readonly vct: string;
  readonly presentation: string;
  /** Person salt of the case that it was issued in. */
  readonly personSalt: Hex;
}

/** Refuses to show anything that the service's package does not ask for: another type, another agency, a claim too many. */
export function requireDeclared(declared: readonly HeldTerms[], chosen: readonly ChosenEvidence[]): void {
  for (const { provider, vct, claims } of chosen) {
    const terms = declared.find((one) => one.provider === provider && one.held.vct === vct);
    if (terms === undefined) throw new WalletError("evidence-undeclared", `${vct} to ${provider}`);
    const extra = claims.find((claim) => !terms.held.claims.includes(claim));
    if (extra !== undefined) throw new WalletError("evidence-undeclared", `${extra} of ${vct} to ${provider}`);
  }
}

/** Presents the credentials that one agency is to be shown in a case. */
export async function shownTo(wallet: Wallet, own: OwnCase, provider: string, chosen: readonly ChosenEvidence[], nowMs: number): Promise<ShownCredential[]> {
  const keyring = keyringOf(wallet);
  const mine = chosen.filter((one) => one.provider === provider);
  return await Promise.all(
    mine.map(async ({ vct, claims, from }) => ({
      vct,
      presentation: await keyring.credentialShown({ from, vct, claims: [PERSON_CLAIM, ...claims], caseId: own.id, provider, nowMs }),
      personSalt: await keyring.personSalt(from),
    })),
  );
}
