//! Helping a person back into their wallet: this organisation keeps a share of the key of their backup, says on the chain
//! that they stand at its counter, and releases the share when the recovery is over.
//!
//! What is kept is personal, so it rests in the vault: which account is whose, and the share. The share goes out against a
//! [`FinishedRecovery`] only, which only a verified block can produce. `docs/decisions/0018-recovery.md`.

use alloy_primitives::{B256, Bytes};
use alloy_signer::SignerSync as _;
use alloy_sol_types::SolCall as _;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};
use zhengtong_bindings::accounts::{Accounts, IAccounts};
use zhengtong_bindings::{parse_slug, recovery_id};
use zhengtong_vault::{NumberError, Record, ResidentNumber, Subject, Vault, VaultError};

use super::accept::AcceptError;
use super::access::{AccessError, ApproveRecovery, Permit};
use super::outbox::OutboxError;
use super::{App, AppError, inner, sealing};
use crate::store::{Approved, RecoveryRow};

/// The most bytes of a sealed guard message.
pub const MAX_GUARD_BYTES: usize = 32 * 1024;
/// The most bytes of a share.
pub const MAX_SHARE_BYTES: usize = 128;
/// The most signers of an account.
pub const MAX_SIGNERS: usize = 8;
/// How long a code waits for an officer, in seconds.
pub const CODE_VALID_S: u64 = 1_800;
/// How long after an approval its share may be fetched, in seconds: thirty days, of which the delay takes three.
pub const RELEASE_VALID_S: u64 = 30 * 24 * 3600;
/// HPKE's `info` of what a resident seals to an authority.
pub const GUARD_INFO: &[u8] = b"zhengtong/guard/v1";
/// HPKE's `info` of what an authority seals to a new device.
pub const SHARE_INFO: &[u8] = b"zhengtong/share/v1";
const GUARD_VERSION: u32 = 1;
const GUARD: Record<'static> = Record {
    kind: "guard",
    name: "account",
};
const CODE_DIGITS: usize = 8;
/// How often a code that is taken is drawn again.
const CODE_DRAWS: usize = 8;

/// Why a request about recovery was refused.
#[derive(Debug, Error)]
pub enum RecoveryError {
    /// Does not open, or is not as agreed.
    #[error("`sealed` does not open here for this account, or is not as agreed")]
    Sealed,
    /// A member has the wrong form.
    #[error("`{0}` has the wrong form")]
    Field(&'static str),
    /// Whoever approves may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The identity credential shown.
    #[error(transparent)]
    Identity(#[from] AcceptError),
    /// The chain does not say so (yet).
    #[error("the chain has no account of this id that names this organisation; try again when it is final")]
    NotGuarded,
    /// Too many wait.
    #[error("too many recoveries wait here; try again later")]
    Busy,
    /// No such ticket.
    #[error("no recovery with this ticket waits here")]
    NoTicket,
    /// No such code.
    #[error("no recovery with this code waits here: the code is wrong or older than {} minutes", CODE_VALID_S / 60)]
    NoCode,
    /// The number is none.
    #[error("`number`: {0}")]
    Number(#[from] NumberError),
    /// Nothing is kept for this person.
    #[error("this organisation keeps no recovery for this person")]
    NothingKept,
    /// Approved for somebody else.
    #[error("this code was used already, for another person")]
    Used,
    /// The contract refused.
    #[error("the contract refused the approval: the account may have changed, or this was approved before")]
    Refused,
    /// Not approved, the delay runs, or it was stopped.
    #[error("the recovery is not over on the chain: nothing is released before")]
    NotFinished,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// What a resident seals to an authority. Personal: no `Debug`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opened {
    v: u32,
    presentation: String,
    share: String,
    host: String,
}

/// What an authority keeps of a person. Personal: no `Debug`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Guard {
    account: B256,
    share: String,
    host: String,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.share.zeroize();
    }
}

/// What a new device asks for: its signers, and the key that shares are sealed to.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Kind, weight, x, y: as in `IAccounts.Signer`.
    pub signers: Vec<(u8, u8, B256, B256)>,
    /// X25519 public key.
    pub receiver: B256,
}

impl Wanted {
    fn signers(&self) -> Vec<IAccounts::Signer> {
        let signers = self.signers.iter();
        signers
            .map(|&(kind, weight, x, y)| IAccounts::Signer { kind, weight, x, y })
            .collect()
    }
}

/// What a new device gets: a secret to come back with, and a code to show at the counter.
pub struct Ticket {
    /// 32 random bytes in base64url.
    pub ticket: String,
    /// Eight digits.
    pub code: String,
    /// Until when.
    pub expires_s: u64,
}

/// That the chain has finished the recovery of a ticket. Only [`App::finished`] makes one.
struct FinishedRecovery {
    approved: Approved,
    receiver: B256,
}

impl App {
    /// Keeps, for the person who shows an identity credential, which account is theirs and a share of its backup key. The
    /// newest counts.
    ///
    /// # Errors
    /// See [`RecoveryError`].
    pub async fn guard(&self, account: B256, sealed: &[u8]) -> Result<(), RecoveryError> {
        if sealed.len() > MAX_GUARD_BYTES {
            return Err(RecoveryError::Sealed);
        }
        let text = sealing::open(&self.encryption, GUARD_INFO, account.as_slice(), sealed)
            .map_err(|_| RecoveryError::Sealed)?;
        let opened: Opened = serde_json::from_slice(&text).map_err(|_| RecoveryError::Sealed)?;
        let (presentation, share) = (Zeroizing::new(opened.presentation), Zeroizing::new(opened.share));
        if opened.v != GUARD_VERSION {
            return Err(RecoveryError::Field("v"));
        }
        let share_bytes = URL_SAFE_NO_PAD.decode(share.as_bytes()).map(Zeroizing::new);
        if !share_bytes.is_ok_and(|bytes| (1..=MAX_SHARE_BYTES).contains(&bytes.len())) {
            return Err(RecoveryError::Field("share"));
        }
        parse_slug(&opened.host).map_err(|_| RecoveryError::Field("host"))?;
        let nonce = format!("{account:#x}");
        let shown = self.identity_shown(&presentation, self.for_me(&nonce)).await?;
        let (subject, shown_at_s) = (self.vault.resident(&shown.number), Some(shown.at_s));
        self.not_before_deletion(subject, shown_at_s).await?;
        if self.store.account_guarded(account).await.map_err(inner)? != Some(true) {
            return Err(RecoveryError::NotGuarded);
        }
        let guard = Guard {
            account,
            share: share.as_str().to_owned(),
            host: opened.host,
        };
        let bytes = Zeroizing::new(serde_json::to_vec(&guard).map_err(|_| AppError::Record(GUARD.kind))?);
        self.vault.put(subject, GUARD, &bytes).await.map_err(inner)?;
        self.not_during_deletion(subject, shown_at_s).await?;
        tracing::info!("guard kept");
        Ok(())
    }

    /// Takes what a new device asks for, to be approved by an officer who sees the person.
    ///
    /// # Errors
    /// See [`RecoveryError`].
    pub async fn ask_recovery(&self, wanted: &Wanted) -> Result<Ticket, RecoveryError> {
        if wanted.signers.is_empty() || wanted.signers.len() > MAX_SIGNERS {
            return Err(RecoveryError::Field("signers"));
        }
        if wanted.receiver.is_zero() {
            return Err(RecoveryError::Field("receiver"));
        }
        let request = serde_json::to_string(wanted).map_err(|_| AppError::Record("recovery"))?;
        let (ticket, now_s) = (URL_SAFE_NO_PAD.encode(random()?), self.clock.now_s());
        let expires_s = now_s + CODE_VALID_S;
        for _ in 0..CODE_DRAWS {
            let code = code()?;
            let kept = self
                .store
                .put_recovery(&digest(&ticket), &code, &request, expires_s, now_s)
                .await
                .map_err(inner)?;
            if kept {
                return Ok(Ticket {
                    ticket,
                    code,
                    expires_s,
                });
            }
        }
        Err(RecoveryError::Busy)
    }

    /// An officer has looked at the person with this number, whose new device shows this code: approves on the chain, and
    /// waits until that is final. Again with the same, nothing changes.
    ///
    /// # Errors
    /// See [`RecoveryError`].
    pub async fn approve_recovery(
        &self,
        permit: &Permit<ApproveRecovery>,
        code: &str,
        number: &str,
    ) -> Result<(), RecoveryError> {
        let officer = permit.who().key.ok_or(AccessError::NeedsKey)?;
        let number = ResidentNumber::parse(number)?;
        let found = self.store.recovery_by_code(code, self.clock.now_s()).await;
        let row = found.map_err(inner)?.ok_or(RecoveryError::NoCode)?;
        let subject = self.vault.resident(&number);
        let guard = self.kept(subject).await?.ok_or(RecoveryError::NothingKept)?;
        if row
            .approved
            .as_ref()
            .is_some_and(|approved| approved.subject != subject.to_hex())
        {
            return Err(RecoveryError::Used);
        }
        let (account, wanted) = (guard.account, wanted(&row)?);
        let accounts = self.contracts.accounts;
        let version = self.account_version(account).await?;
        let recovery = recovery_id(
            self.chain.chain_id(),
            accounts,
            account,
            version,
            &wanted.signers(),
            wanted.receiver,
        );
        let signed = self.attester.sign_hash_sync(&recovery).map_err(OutboxError::Sign);
        let call = Accounts::approveCall {
            account,
            signers: wanted.signers(),
            receiver: wanted.receiver,
            authority: self.me,
            signature: Bytes::from(signed.map_err(inner)?.as_bytes().to_vec()),
        };
        let (name, data) = (format!("recover/{recovery:#x}"), Bytes::from(call.abi_encode()));
        match self.0.outbox.execute(&name, accounts, &data).await {
            Ok(_) => {}
            Err(OutboxError::Reverted(_)) => return Err(RecoveryError::Refused),
            Err(error) => return Err(inner(error).into()),
        }
        let approved = Approved {
            account,
            recovery,
            subject: subject.to_hex(),
            officer,
        };
        let until_s = self.clock.now_s() + RELEASE_VALID_S;
        self.store
            .approve_recovery(&row.ticket, &approved, until_s)
            .await
            .map_err(inner)?;
        tracing::info!(%officer, recovery = %recovery, "recovery approved");
        Ok(())
    }

    /// The account and recovery of a ticket, once an officer has approved it.
    ///
    /// # Errors
    /// See [`RecoveryError`].
    pub async fn recovery(&self, ticket: &str) -> Result<Option<(B256, B256)>, RecoveryError> {
        let row = self.ticket(ticket).await?;
        Ok(row.approved.map(|approved| (approved.account, approved.recovery)))
    }

    /// Releases the share of a finished recovery, with the host of the backup, sealed to the receiver that was approved on
    /// the chain.
    ///
    /// # Errors
    /// See [`RecoveryError`].
    pub async fn release_share(&self, ticket: &str) -> Result<Vec<u8>, RecoveryError> {
        let finished = self.finished(self.ticket(ticket).await?).await?;
        let subject = Subject::from_hex(&finished.approved.subject).ok_or(AppError::Record("recovery"))?;
        let guard = self.kept(subject).await?.ok_or(RecoveryError::NothingKept)?;
        if guard.account != finished.approved.account {
            return Err(RecoveryError::NothingKept);
        }
        let message = json!({ "share": guard.share, "host": guard.host }).to_string();
        let message = Zeroizing::new(message.into_bytes());
        tracing::info!(recovery = %finished.approved.recovery, "share released");
        sealing::seal(
            &finished.receiver.0,
            SHARE_INFO,
            guard.account.as_slice(),
            &message,
        )
        .map_err(|_| RecoveryError::Field("receiver"))
    }

    /// The gate: the recovery that was approved for this ticket is the one that the chain finished last.
    async fn finished(&self, row: RecoveryRow) -> Result<FinishedRecovery, RecoveryError> {
        let receiver = wanted(&row)?.receiver;
        let approved = row.approved.ok_or(RecoveryError::NotFinished)?;
        let recovered = self.store.recovered(approved.account).await.map_err(inner)?;
        if recovered != Some(approved.recovery) {
            return Err(RecoveryError::NotFinished);
        }
        Ok(FinishedRecovery { approved, receiver })
    }

    async fn ticket(&self, ticket: &str) -> Result<RecoveryRow, RecoveryError> {
        let found = self
            .store
            .recovery_by_ticket(&digest(ticket), self.clock.now_s())
            .await;
        found.map_err(inner)?.ok_or(RecoveryError::NoTicket)
    }

    async fn kept(&self, subject: Subject) -> Result<Option<Guard>, AppError> {
        kept(&self.vault, subject).await
    }

    /// As the node says: a wrong version only makes a signature that the contract refuses.
    async fn account_version(&self, account: B256) -> Result<u64, AppError> {
        let data = Accounts::versionCall { account }.abi_encode();
        let answer = self.chain.call(self.contracts.accounts, data.into()).await?;
        Accounts::versionCall::abi_decode_returns(&answer).map_err(|_| AppError::Record("version"))
    }
}

/// What is kept for a person; `None` also when they were forgotten.
async fn kept(vault: &Vault, subject: Subject) -> Result<Option<Guard>, AppError> {
    let bytes = match vault.get(subject, GUARD).await {
        Err(VaultError::Destroyed) => None,
        other => other?,
    };
    bytes
        .map(|bytes| serde_json::from_slice(bytes.expose()).map_err(|_| AppError::Record(GUARD.kind)))
        .transpose()
}

/// The account of a person whose share is kept here; `None` also if what is kept cannot be read.
pub(super) async fn account_of(vault: &Vault, subject: Subject) -> Result<Option<B256>, VaultError> {
    match kept(vault, subject).await {
        Ok(guard) => Ok(guard.map(|guard| guard.account)),
        Err(AppError::Vault(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

fn wanted(row: &RecoveryRow) -> Result<Wanted, AppError> {
    serde_json::from_str(&row.request).map_err(|_| AppError::Record("recovery"))
}

fn random() -> Result<[u8; 32], AppError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(AppError::Randomness)?;
    Ok(bytes)
}

/// Eight random digits.
fn code() -> Result<String, AppError> {
    let bytes = random()?;
    let value = bytes[..16]
        .iter()
        .fold(0u128, |value, byte| value << 8 | u128::from(*byte));
    Ok(format!(
        "{:0CODE_DIGITS$}",
        value % 10u128.pow(CODE_DIGITS as u32)
    ))
}

fn digest(ticket: &str) -> String {
    hex::encode(Sha256::digest(ticket))
}
