//! The backup of a wallet, hosted for a resident: ciphertext that is handed to the live signers of its account alone.

use alloy_primitives::B256;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zhengtong_credentials::is_signed_p256;

use super::resident::MAX_CLOCK_SKEW_MS;
use super::{App, AppError, inner};

/// Backups are padded to whole steps, so that their size says little.
pub const BACKUP_STEP_BYTES: usize = 4096;
/// The most bytes of a backup.
pub const MAX_BACKUP_BYTES: usize = 16 * BACKUP_STEP_BYTES;
/// The kind of signer that signs requests: a device's key, which needs no gesture.
const DEVICE: u8 = 2;

/// Why a request about a backup was refused.
#[derive(Debug, Error)]
pub enum BackupError {
    /// A header is missing or malformed.
    #[error("header `{0}` is missing or malformed")]
    Header(&'static str),
    /// The time is too far off.
    #[error("`x-account-time` is more than {} seconds off", MAX_CLOCK_SKEW_MS / 1000)]
    Time,
    /// No live device of this account, or not its signature over this request. Says no more.
    #[error("`x-account-signature` is not of a live device of this account, over this request")]
    Signature,
    /// The wrong size.
    #[error(
        "`content` must have a multiple of {BACKUP_STEP_BYTES} bytes, at most {MAX_BACKUP_BYTES}, not {bytes}"
    )]
    Size {
        /// Its size.
        bytes: usize,
    },
    /// Another device was faster.
    #[error("version {kept} is kept already: read it, and send what follows it")]
    Stale {
        /// The version kept.
        kept: u64,
    },
    /// Nothing is kept.
    #[error("no backup of this account is kept here")]
    None,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// A request signed by a device of an account.
pub struct DeviceRequest<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// From `/v1` on.
    pub path: &'a str,
    /// Header `x-account-time`: unix milliseconds.
    pub time: Option<&'a str>,
    /// Header `x-account-signer`: the signer's id.
    pub signer: Option<&'a str>,
    /// Header `x-account-signature`: r ‖ s in base64url.
    pub signature: Option<&'a str>,
    /// The exact bytes.
    pub body: &'a [u8],
}

/// That a live device of this account asks. Only [`App::live_device`] makes one.
pub struct LiveDevice {
    account: B256,
}

impl App {
    /// Checks that a device which is a signer of the account now, by verified blocks, signed a request.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub async fn live_device(
        &self,
        account: B256,
        request: &DeviceRequest<'_>,
    ) -> Result<LiveDevice, BackupError> {
        let time_ms: u64 = request
            .time
            .and_then(|time| time.parse().ok())
            .ok_or(BackupError::Header("x-account-time"))?;
        let signer: B256 = request
            .signer
            .and_then(|signer| signer.parse().ok())
            .ok_or(BackupError::Header("x-account-signer"))?;
        let signature = request
            .signature
            .and_then(|signature| URL_SAFE_NO_PAD.decode(signature).ok())
            .ok_or(BackupError::Header("x-account-signature"))?;
        if self.clock.now_ms().abs_diff(time_ms) > MAX_CLOCK_SKEW_MS {
            return Err(BackupError::Time);
        }
        let text = format!(
            "zhengtong account request\n{account:#x}\n{}\n{}\n{time_ms}\n{}",
            request.method,
            request.path,
            hex::encode(Sha256::digest(request.body))
        );
        let found = self.store.account_signer(account, signer).await.map_err(inner)?;
        let key = found
            .filter(|key| key.kind == DEVICE)
            .ok_or(BackupError::Signature)?;
        if !is_signed_p256(&key.x.0, &key.y.0, text.as_bytes(), &signature) {
            return Err(BackupError::Signature);
        }
        Ok(LiveDevice { account })
    }

    /// Keeps a backup that follows the one kept; the same version again changes nothing.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub async fn keep_backup(
        &self,
        of: &LiveDevice,
        version: u64,
        content: &[u8],
    ) -> Result<(), BackupError> {
        let bytes = content.len();
        if bytes == 0 || bytes > MAX_BACKUP_BYTES || !bytes.is_multiple_of(BACKUP_STEP_BYTES) {
            return Err(BackupError::Size { bytes });
        }
        let content = URL_SAFE_NO_PAD.encode(content);
        let kept = self.store.put_backup(of.account, version, &content).await;
        let kept = kept.map_err(inner)?;
        if kept != version {
            return Err(BackupError::Stale { kept });
        }
        Ok(())
    }

    /// The backup kept: its version, and its content in base64url.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub async fn backup(&self, of: &LiveDevice) -> Result<(u64, String), BackupError> {
        let found = self.store.backup(of.account).await.map_err(inner)?;
        found.ok_or(BackupError::None)
    }
}
