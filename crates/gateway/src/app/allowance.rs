//! The daily allowance: blind signatures (RFC 9474) for verified residents, each of which opens one case.
//!
//! The organisation knows whom it signs for, and counts; it sees blinded messages alone, from which nothing leads to the
//! tokens that `Allowances` is shown. A window is a day in Beijing with a key of its own: made the day before, kept in the
//! vault under a key of its own, published on the chain before it counts, and destroyed when the day is over.
//! `docs/decisions/0023-allowances.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::SolCall as _;
use parking_lot::Mutex;
use rsa::hazmat::rsa_decrypt_and_check;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPrivateKey};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zhengtong_bindings::allowances::Allowances::publishCall;
use zhengtong_bindings::{allowance_window, allowance_window_start_s};
use zhengtong_vault::{Record, Subject, Vault, VaultError};

use super::access::{OwnPermit, TakeTokens};
use super::outbox::OutboxError;
use super::{App, AppError, inner};
use crate::store::{AllowanceKey, Counted, Store, StoreError};

/// Tokens for a person and a window, if the configuration does not say.
pub const DEFAULT_TOKENS: u32 = 20;
/// The most tokens that a configuration may give for a person and a window, and that one request may ask for.
pub const MAX_TOKENS: u32 = 100;
/// Bytes of a modulus, a blinded message and a signature: what the contract takes.
pub const MODULUS_BYTES: usize = 256;
/// How many windows ahead keys are published.
const WINDOWS_AHEAD: u64 = 1;
const KEY: Record<'static> = Record {
    kind: "allowance-key",
    name: "pkcs8",
};

/// The keys of the windows that are in use, read from the vault once.
pub(super) type Keys = Mutex<BTreeMap<u64, Arc<Signing>>>;

/// A window's key. It wipes itself.
pub(super) struct Signing {
    secret: RsaPrivateKey,
    modulus: Vec<u8>,
}

/// Why no tokens were signed.
#[derive(Debug, Error)]
pub enum AllowanceError {
    /// Another organisation signs, or nobody.
    #[error("this organisation signs no tokens: the contract Allowances does not name it")]
    NotHere,
    /// Another day.
    #[error("`window` must be {now}, today: a token counts on the day that it is signed for")]
    WindowOver {
        /// Today's.
        now: u64,
    },
    /// None, or too many.
    #[error("`blinded` must have 1 to {MAX_TOKENS} members")]
    Count,
    /// Not a blinded message.
    #[error(
        "`blinded[{0}]` must be {MODULUS_BYTES} bytes in base64url, a number below the modulus of the window's key"
    )]
    Blinded(usize),
    /// No more today.
    #[error(
        "{left} tokens are left today; the next allowance comes with the day that begins at unix second {next_s}"
    )]
    UsedUp {
        /// That could still be signed.
        left: u32,
        /// When there are more.
        next_s: u64,
    },
    /// The key is not on the chain yet, or cannot be used.
    #[error("the key of today is not published yet; try again in a moment")]
    NotReady,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// What a person has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Today.
    pub window: u64,
    /// Tokens for a person and a day.
    pub limit: u32,
    /// Of which these may still be signed.
    pub left: u32,
    /// When the next window begins, unix seconds.
    pub next_s: u64,
}

impl App {
    /// What whoever's session this is has left today.
    ///
    /// # Errors
    /// See [`AllowanceError`].
    pub async fn allowance(&self, own: &OwnPermit<TakeTokens>) -> Result<Allowance, AllowanceError> {
        self.require_issuer().await?;
        let (window, subject) = (self.window(), own.subject());
        let used = self.store.allowance_used(window, subject).await.map_err(inner)?;
        Ok(self.left(window, used))
    }

    /// Signs blinded messages for whoever's session this is. The same ones again get the same answer, and count once.
    ///
    /// # Errors
    /// See [`AllowanceError`].
    pub async fn sign_tokens(
        &self,
        own: &OwnPermit<TakeTokens>,
        window: u64,
        blinded: Vec<Vec<u8>>,
    ) -> Result<(Vec<Vec<u8>>, Allowance), AllowanceError> {
        self.require_issuer().await?;
        let now = self.window();
        if window != now {
            return Err(AllowanceError::WindowOver { now });
        }
        if blinded.is_empty() || blinded.len() > MAX_TOKENS as usize {
            return Err(AllowanceError::Count);
        }
        if self.store.allowance_key(window).await.map_err(inner)? != Some(AllowanceKey::Published) {
            return Err(AllowanceError::NotReady);
        }
        let key = self.signing_key(window).await?.ok_or(AllowanceError::NotReady)?;
        let is_number = |message: &Vec<u8>| message.len() == MODULUS_BYTES && *message < key.modulus;
        if let Some(index) = blinded.iter().position(|message| !is_number(message)) {
            return Err(AllowanceError::Blinded(index));
        }
        let digests: Vec<_> = blinded
            .iter()
            .map(|message| hex::encode(Sha256::digest(message)))
            .collect();
        let counted = self
            .store
            .count_allowance(window, own.subject(), &digests, self.allowance_tokens)
            .await
            .map_err(inner)?;
        let used = match counted {
            Counted::Within(used) => used,
            Counted::Beyond(used) => {
                let Allowance { left, next_s, .. } = self.left(window, used);
                return Err(AllowanceError::UsedUp { left, next_s });
            }
        };
        // Milliseconds of arithmetic each: not on a thread that others wait for.
        let signatures = blocking(move || {
            blinded
                .iter()
                .map(|message| key.blind_sign(message))
                .collect::<Option<Vec<_>>>()
        })
        .await?;
        let signatures = signatures.ok_or(AppError::Record(KEY.kind))?;
        tracing::info!(window, tokens = signatures.len(), "tokens signed");
        Ok((signatures, self.left(window, used)))
    }

    /// Makes and publishes the keys of today and tomorrow, if this organisation signs tokens, and destroys those of days that
    /// are over. Runs by itself; here for tests.
    ///
    /// # Errors
    /// The disk or the chain fails: what is missing comes with the next run.
    pub async fn keep_allowance(&self) -> Result<(), AppError> {
        let window = self.window();
        self.wipe_past(window).await?;
        match self.require_issuer().await {
            Ok(()) => {}
            Err(AllowanceError::App(error)) => return Err(error),
            Err(_) => return Ok(()),
        }
        for window in window..=window + WINDOWS_AHEAD {
            let state = self.store.allowance_key(window).await?;
            if state.is_none() || state == Some(AllowanceKey::Made) {
                self.publish_key(window).await?;
            }
        }
        Ok(())
    }

    async fn publish_key(&self, window: u64) -> Result<(), AppError> {
        let key = match self.signing_key(window).await? {
            Some(key) => key,
            None => {
                // The window is on record before it has a key, so that no key outlives it unnoticed.
                self.store
                    .set_allowance_key(window, &[], AllowanceKey::Made)
                    .await?;
                self.make_key(window).await?
            }
        };
        self.store
            .set_allowance_key(window, &key.modulus, AllowanceKey::Made)
            .await?;
        let call = publishCall {
            window,
            modulus: key.modulus.clone().into(),
        };
        let name = format!("allowance/{window}/{:x}", keccak256(&key.modulus));
        let data = Bytes::from(call.abi_encode());
        let state = match self
            .0
            .outbox
            .execute(&name, self.contracts.allowances, &data)
            .await
        {
            Ok(_) => AllowanceKey::Published,
            Err(OutboxError::Reverted(_)) => AllowanceKey::Refused,
            Err(error) => return Err(error.into()),
        };
        self.store.set_allowance_key(window, &key.modulus, state).await?;
        if state == AllowanceKey::Refused {
            tracing::error!(
                window,
                "the contract refused the key of this day: no tokens are signed on it"
            );
        } else {
            tracing::info!(window, "key of the allowance published");
        }
        Ok(())
    }

    /// A new key, in the vault before anything else knows of it.
    async fn make_key(&self, window: u64) -> Result<Arc<Signing>, AppError> {
        let made = blocking(|| {
            let secret = RsaPrivateKey::new(&mut OsRng, MODULUS_BYTES * 8).ok()?;
            let bytes = secret.to_pkcs8_der().ok()?.to_bytes();
            Some((bytes, Signing::of(secret)?))
        })
        .await?;
        let (bytes, key) = made.ok_or(AppError::Record(KEY.kind))?;
        self.vault
            .put(key_subject(&self.vault, window), KEY, &bytes)
            .await?;
        let key = Arc::new(key);
        self.0.allowance_keys.lock().insert(window, key.clone());
        Ok(key)
    }

    /// The key of a window, if there is one.
    async fn signing_key(&self, window: u64) -> Result<Option<Arc<Signing>>, AppError> {
        if let Some(key) = self.0.allowance_keys.lock().get(&window) {
            return Ok(Some(key.clone()));
        }
        let Some(bytes) = self.vault.get(key_subject(&self.vault, window), KEY).await? else {
            return Ok(None);
        };
        let key = RsaPrivateKey::from_pkcs8_der(bytes.expose())
            .ok()
            .and_then(Signing::of);
        let key = Arc::new(key.ok_or(AppError::Record(KEY.kind))?);
        self.0.allowance_keys.lock().insert(window, key.clone());
        Ok(Some(key))
    }

    async fn wipe_past(&self, window: u64) -> Result<(), AppError> {
        self.0.allowance_keys.lock().retain(|kept, _| *kept >= window);
        destroy_before(&self.store, &self.vault, window).await
    }

    async fn require_issuer(&self) -> Result<(), AllowanceError> {
        let issuer = self.store.allowance_issuer().await.map_err(inner)?;
        if issuer != Some(self.me) {
            return Err(AllowanceError::NotHere);
        }
        Ok(())
    }

    fn window(&self) -> u64 {
        allowance_window(self.clock.now_s())
    }

    fn left(&self, window: u64, used: u32) -> Allowance {
        Allowance {
            window,
            limit: self.allowance_tokens,
            left: self.allowance_tokens.saturating_sub(used),
            next_s: allowance_window_start_s(window + 1),
        }
    }
}

/// Destroys what is left of the days before a window: nothing is signed for them any more, by anybody.
///
/// # Errors
/// The disk fails: what is left goes with the next run.
pub(crate) async fn destroy_before<E: From<StoreError> + From<VaultError>>(
    store: &Store,
    vault: &Vault,
    window: u64,
) -> Result<(), E> {
    let past = store.past_allowances(window).await?;
    if past.is_empty() {
        return Ok(());
    }
    for &window in &past {
        vault.discard(key_subject(vault, window)).await?;
    }
    vault.scrub().await?;
    for window in past {
        store.drop_allowance(window).await?;
        tracing::info!(window, "key of the allowance destroyed");
    }
    store.scrub().await?;
    Ok(())
}

/// Under which name the vault keeps a window's key: each under a key of its own, which can be destroyed.
fn key_subject(vault: &Vault, window: u64) -> Subject {
    let name: B256 = keccak256(format!("zhengtong/allowance/key/v1/{window}"));
    vault.applicant(&name.0)
}

impl Signing {
    fn of(secret: RsaPrivateKey) -> Option<Self> {
        let modulus = secret.n().to_bytes_be();
        (modulus.len() == MODULUS_BYTES).then_some(Self { secret, modulus })
    }

    /// `BlindSign` of RFC 9474, section 4.3: RSASP1, and a check of its result. What goes in is blinded once more on the way,
    /// so that the time it takes says nothing of the key.
    fn blind_sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let message = BigUint::from_bytes_be(message);
        let signed = rsa_decrypt_and_check(&self.secret, Some(&mut OsRng), &message)
            .ok()?
            .to_bytes_be();
        let padding = MODULUS_BYTES.checked_sub(signed.len())?;
        Some([vec![0; padding], signed].concat())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| AppError::Record(KEY.kind))
}
