// Every way a wallet can refuse. Screens know the coarse code of a port failure; the reason is finer, for tests and for the log.
import { type FailureCode, PortFailure } from "../ports";

const CODES = {
  "words-count": "bad-words",
  "words-unknown": "bad-words",
  "words-checksum": "bad-words",
  "no-wallet": "no-wallet",
  "wallet-exists": "rejected",
  locked: "session-expired",
  "passphrase-short": "wrong-passphrase",
  "passphrase-wrong": "wrong-passphrase",
  "vault-corrupt": "bad-answer",
  "vault-version": "bad-answer",
  "vault-busy": "rejected",
  storage: "bad-answer",
  "injected-missing": "no-wallet",
  "injected-rejected": "rejected",
  "injected-failed": "bad-answer",
  "injected-unstable": "bad-answer",
  "injected-changed": "no-wallet",
  "key-format": "bad-words",
  "unknown-case": "not-found",
  "no-credential": "not-found",
  "credential-foreign": "bad-answer",
  "credential-format": "bad-answer",
  "evidence-undeclared": "bad-answer",
  "passkey-refused": "passkey-refused",
  "passkey-unable": "passkey-unable",
  "passkey-wrong": "passkey-wrong",
  "no-way": "no-way",
  "last-way": "rejected",
  "too-many-ways": "rejected",
  "no-account": "not-found",
  "signer-removed": "signer-removed",
  "account-elsewhere": "account-elsewhere",
  "devices-full": "devices-full",
  "device-changed": "device-changed",
  "backup-size": "rejected",
  "backup-damaged": "bad-answer",
  "not-recovered": "rejected",
  "unknown-delegation": "not-found",
  "delegation-format": "bad-delegation",
  "delegation-foreign": "bad-delegation",
  "delegation-forged": "bad-delegation",
  "delegation-full": "rejected",
  "delegation-words": "delegation-unknown",
  "consent-extent": "rejected",
  "trusted-format": "bad-trusted-code",
  "trusted-foreign": "bad-trusted-code",
  "trusted-known": "trusted-known",
  "trusted-few": "trusted-few",
  "trusted-full": "rejected",
  "trusted-unknown": "not-found",
  "trusted-removed": "trusted-removed",
  "trusted-done": "trusted-done",
  "trusted-early": "trusted-early",
  "trusted-stopped": "trusted-stopped",
  "trusted-part-known": "trusted-part-known",
  "trusted-part-wrong": "trusted-part-wrong",
} as const satisfies Record<string, FailureCode>;

export type WalletReason = keyof typeof CODES;

export class WalletError extends PortFailure {
  readonly reason: WalletReason;

  constructor(reason: WalletReason, detail: string) {
    super(CODES[reason], detail);
    this.name = "WalletError";
    this.reason = reason;
  }
}
