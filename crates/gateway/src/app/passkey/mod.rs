//! Officers sign in with a passkey (WebAuthn) between two sign-ins at their agency's provider.
//!
//! ```text
//! config     what passkeys are bound to, and for how long the provider's word holds
//! key        public keys
//! ceremony   what a browser and an authenticator say, checked
//! ```
//!
//! A passkey proves that the same officer is there; who that is, and what they may do, the provider said when they last
//! signed in there ([`VouchRow`]). Its word holds for some days, gives the roles that the configuration maps today, and is
//! gone at once when the provider names no role any more or the administrator releases the officer. So a passkey outlives
//! nobody's right, and only a session that the provider opened can make one.

mod ceremony;
mod config;
mod key;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::access::{ListOfficers, Permit, ReleaseOfficer, Who};
use super::session::{NONCE_S, Session, SessionError, digest, random};
use super::{App, AppError, inner};
use crate::store::{PasskeyRow, PutPasskey, VouchRow, VouchedRow};

pub use ceremony::{
    CeremonyError, MAX_CLIENT_DATA_BYTES, MAX_ID_BYTES, MAX_OBJECT_BYTES, MAX_SIGNATURE_BYTES,
};
use ceremony::{ClientData, Kind, Site};
pub use config::{MAX_DAYS, PasskeyConfig, PasskeyConfigError};
pub use key::ALGORITHMS;
use key::PublicKey;

/// The most passkeys of one officer.
pub const MAX_PASSKEYS: i64 = 8;
/// The most characters of what an officer calls a passkey.
pub const MAX_LABEL_CHARS: usize = 40;
/// What keeps user handles apart from every other digest.
const HANDLE: &str = "zhengtong/officer-passkey/v1";

/// Why a passkey was not made, or signed nobody in.
#[derive(Debug, Error)]
pub enum PasskeyError {
    /// This agency has none.
    #[error("officers of this organisation have no passkeys")]
    None,
    /// Malformed.
    #[error("`{0}` is missing, malformed or too long")]
    Parameter(&'static str),
    /// Not handed out for this.
    #[error("the challenge was not handed out for this, was used, or is too old: begin again")]
    Challenge,
    /// Not believed.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// Not known, or removed.
    #[error("this passkey opens nothing here: it was removed, or belongs to another organisation's desk")]
    Unknown,
    /// Of somebody else.
    #[error("the passkey is another officer's")]
    OthersHandle,
    /// Its uses go backwards.
    #[error("this passkey was used more often than it says: it may have been copied; have it removed")]
    Count,
    /// The provider's word is too old, or gone.
    #[error("sign in with your organisation account: it has not said for too long that you work here")]
    NotVouched,
    /// No role.
    #[error("you have no role at this organisation any more")]
    NoRole,
    /// The session was not opened by the provider.
    #[error("sign in with your organisation account first: a passkey is made in such a session alone")]
    NeedsProvider,
    /// Too many.
    #[error("you have {MAX_PASSKEYS} passkeys already: remove one first")]
    TooMany,
    /// Somebody has it.
    #[error("this passkey is in use already")]
    Exists,
    /// Too many at once.
    #[error("too many sign-ins at once; try again later")]
    Busy,
    /// No session.
    #[error(transparent)]
    Session(SessionError),
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

impl PasskeyError {
    /// How a refusal is kept; `None`: nobody was refused anything.
    fn word(&self) -> Option<&'static str> {
        Some(match self {
            Self::Challenge => "passkey-challenge",
            Self::Ceremony(error) => error.word(),
            Self::Unknown => "passkey-unknown",
            Self::OthersHandle => "passkey-user",
            Self::Count => "passkey-count",
            Self::NotVouched => "passkey-over",
            Self::NoRole => "officer-without-role",
            Self::NeedsProvider => "passkey-needs-provider",
            Self::None | Self::Parameter(_) | Self::TooMany | Self::Exists => return None,
            Self::Busy | Self::Session(_) | Self::App(_) => return None,
        })
    }
}

/// What a browser needs to make a passkey.
pub struct Making {
    /// base64url.
    pub challenge: String,
    /// The site.
    pub rp_id: String,
    /// The officer, base64url: a digest.
    pub user: String,
    /// The officer's code.
    pub name: String,
    /// Passkeys that are there already: an authenticator with one of them makes no second.
    pub exclude: Vec<String>,
}

/// A passkey that was made, as a browser has it; everything in base64url.
pub struct New<'a> {
    /// What the officer calls it.
    pub label: &'a str,
    /// `clientDataJSON`.
    pub client_data: &'a str,
    /// `attestationObject`.
    pub attestation_object: &'a str,
}

/// A passkey that was used, as a browser has it; everything in base64url.
pub struct Shown<'a> {
    /// The credential's id.
    pub id: &'a str,
    /// `clientDataJSON`.
    pub client_data: &'a str,
    /// `authenticatorData`.
    pub authenticator_data: &'a str,
    /// `signature`.
    pub signature: &'a str,
    /// `userHandle`, if the authenticator says it.
    pub user: Option<&'a str>,
}

fn decoded(name: &'static str, text: &str, most: usize) -> Result<Vec<u8>, PasskeyError> {
    // Four letters for three bytes.
    let bytes = (text.len() <= most.div_ceil(3) * 4).then(|| URL_SAFE_NO_PAD.decode(text).ok());
    let bytes = bytes
        .flatten()
        .filter(|bytes| !bytes.is_empty() && bytes.len() <= most);
    bytes.ok_or(PasskeyError::Parameter(name))
}

impl App {
    /// How passkeys are here, if officers may have any.
    pub fn passkeys(&self) -> Option<&PasskeyConfig> {
        self.oidc.as_ref()?.config.passkeys.as_ref()
    }

    fn passkey_site(&self) -> Result<(&PasskeyConfig, Site<'_>), PasskeyError> {
        let config = self.passkeys().ok_or(PasskeyError::None)?;
        let (rp_id, origins) = (config.rp_id.as_str(), config.origins.as_slice());
        Ok((config, Site { rp_id, origins }))
    }

    /// The officer as authenticators know them: the same for all their passkeys at this agency, and no name.
    fn passkey_user(&self, name: &str) -> String {
        let mut hash = Sha256::new();
        for part in [HANDLE, self.organisation.as_str(), name] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }

    async fn passkey_challenge(&self, session: &str) -> Result<String, PasskeyError> {
        let challenge = URL_SAFE_NO_PAD.encode(random()?);
        let now_s = self.clock.now_s();
        let kept = self
            .store
            .put_passkey_challenge(&challenge, session, now_s + NONCE_S, now_s)
            .await
            .map_err(inner)?;
        if kept {
            Ok(challenge)
        } else {
            Err(PasskeyError::Busy)
        }
    }

    /// Begins a sign-in: the challenge, and the site.
    ///
    /// # Errors
    /// See [`PasskeyError`].
    pub async fn begin_passkey(&self) -> Result<(String, String), PasskeyError> {
        let (config, _) = self.passkey_site()?;
        Ok((self.passkey_challenge("").await?, config.rp_id.clone()))
    }

    /// Signs an officer in by a passkey. A refusal is kept and counted.
    ///
    /// # Errors
    /// See [`PasskeyError`].
    pub async fn finish_passkey(&self, shown: &Shown<'_>) -> Result<Session, PasskeyError> {
        let mut who = String::new();
        let result = self.passkey_session(shown, &mut who).await;
        self.keep_refused_passkey(&who, result.as_ref().err()).await?;
        result
    }

    async fn keep_refused_passkey(
        &self,
        who: &str,
        error: Option<&PasskeyError>,
    ) -> Result<(), PasskeyError> {
        if let Some(word) = error.and_then(PasskeyError::word) {
            self.keep_refused_sign_in(who, word).await?;
        }
        Ok(())
    }

    async fn passkey_session(&self, shown: &Shown<'_>, who: &mut String) -> Result<Session, PasskeyError> {
        let (config, site) = self.passkey_site()?;
        let now_s = self.clock.now_s();
        decoded("id", shown.id, MAX_ID_BYTES)?;
        let client = decoded("client_data", shown.client_data, MAX_CLIENT_DATA_BYTES)?;
        let data = decoded("authenticator_data", shown.authenticator_data, MAX_OBJECT_BYTES)?;
        let signature = decoded("signature", shown.signature, MAX_SIGNATURE_BYTES)?;
        let said = ClientData::parse(&client)?;
        // Used up whatever comes next: a copy of the same answer finds nothing.
        let taken = self
            .store
            .take_passkey_challenge(&said.challenge, "", now_s)
            .await;
        if !taken.map_err(inner)? {
            return Err(PasskeyError::Challenge);
        }
        let row = self.store.passkey(shown.id).await.map_err(inner)?;
        let row = row.ok_or(PasskeyError::Unknown)?;
        who.clone_from(&row.name);
        if shown
            .user
            .is_some_and(|user| user != self.passkey_user(&row.name))
        {
            return Err(PasskeyError::OthersHandle);
        }
        said.check(Kind::Get, site)?;
        let key = hex::decode(&row.key).unwrap_or_default();
        let key = PublicKey::of(row.algorithm, &key)?;
        let used = ceremony::used(site, &key, &client, &data, &signature)?;
        if used.may_sync != row.may_sync {
            return Err(CeremonyError::AuthenticatorData.into());
        }
        let vouch = self.store.vouch(&row.subject).await.map_err(inner)?;
        let vouch = vouch
            .filter(|vouch| vouch.name == row.name && now_s < vouch.at_s + config.lifetime_s())
            .ok_or(PasskeyError::NotVouched)?;
        let roles = self.roles_granted(&vouch.grants);
        if roles.is_empty() {
            return Err(PasskeyError::NoRole);
        }
        let counted = self
            .store
            .use_passkey(&row.id, used.count, self.clock.now_ms())
            .await;
        if !counted.map_err(inner)? {
            return Err(PasskeyError::Count);
        }
        let officer = Who {
            name: row.name,
            agency: self.organisation.clone(),
            roles,
            key: None,
        };
        let vouched = VouchedRow {
            subject: row.subject,
            sid: String::new(),
            grants: vouch.grants,
            passkey: Some(row.id),
        };
        let lifetime_s = self
            .oidc
            .as_ref()
            .map_or(0, |provider| provider.config.session_s());
        let opened = self.open_session_for(&officer, lifetime_s, Some(&vouched)).await;
        opened.map_err(|error| match error {
            SessionError::App(error) => PasskeyError::App(error),
            _ => PasskeyError::Busy,
        })
    }

    /// The officer of a session that the provider itself opened, its digest, and their account.
    async fn vouched_officer(&self, token: Option<&str>) -> Result<(Who, String, String), PasskeyError> {
        let who = self.officer(token).await.map_err(PasskeyError::Session)?;
        let digest = digest(token.unwrap_or_default());
        match self.store.session_account(&digest).await.map_err(inner)? {
            Some((subject, None)) => Ok((who, digest, subject)),
            _ => {
                let error = PasskeyError::NeedsProvider;
                self.keep_refused_passkey(&who.name, Some(&error)).await?;
                Err(error)
            }
        }
    }

    /// Begins to make a passkey in a session that the provider opened.
    ///
    /// # Errors
    /// See [`PasskeyError`].
    pub async fn begin_passkey_making(&self, token: Option<&str>) -> Result<Making, PasskeyError> {
        let (config, _) = self.passkey_site()?;
        let (who, digest, _) = self.vouched_officer(token).await?;
        let own = self.store.passkeys(Some(&who.name)).await.map_err(inner)?;
        Ok(Making {
            challenge: self.passkey_challenge(&digest).await?,
            rp_id: config.rp_id.clone(),
            user: self.passkey_user(&who.name),
            name: who.name,
            exclude: own.into_iter().map(|row| row.id).collect(),
        })
    }

    /// Keeps a passkey that was made. A refusal is kept and counted.
    ///
    /// # Errors
    /// See [`PasskeyError`].
    pub async fn add_passkey(&self, token: Option<&str>, new: &New<'_>) -> Result<PasskeyRow, PasskeyError> {
        let (_, site) = self.passkey_site()?;
        let (who, digest, subject) = self.vouched_officer(token).await?;
        let result = self.kept_passkey(site, &who, &digest, subject, new).await;
        self.keep_refused_passkey(&who.name, result.as_ref().err())
            .await?;
        if let Ok(row) = &result {
            tracing::info!(officer = row.name, passkey = row.id, "passkey added");
        }
        result
    }

    async fn kept_passkey(
        &self,
        site: Site<'_>,
        who: &Who,
        session: &str,
        subject: String,
        new: &New<'_>,
    ) -> Result<PasskeyRow, PasskeyError> {
        let label = new.label.trim();
        let is_label =
            (1..=MAX_LABEL_CHARS).contains(&label.chars().count()) && !label.contains(char::is_control);
        if !is_label {
            return Err(PasskeyError::Parameter("label"));
        }
        let client = decoded("client_data", new.client_data, MAX_CLIENT_DATA_BYTES)?;
        let object = decoded("attestation_object", new.attestation_object, MAX_OBJECT_BYTES)?;
        let said = ClientData::parse(&client)?;
        let now_s = self.clock.now_s();
        let taken = self
            .store
            .take_passkey_challenge(&said.challenge, session, now_s)
            .await;
        if !taken.map_err(inner)? {
            return Err(PasskeyError::Challenge);
        }
        said.check(Kind::Create, site)?;
        let made = ceremony::made(site, &object)?;
        let (algorithm, key) = made.key.parts();
        let row = PasskeyRow {
            id: URL_SAFE_NO_PAD.encode(&made.id),
            name: who.name.clone(),
            subject,
            label: label.to_owned(),
            algorithm,
            key: hex::encode(key),
            count: made.count,
            may_sync: made.may_sync,
            made_ms: self.clock.now_ms(),
            used_ms: 0,
        };
        match self.store.put_passkey(&row, MAX_PASSKEYS).await.map_err(inner)? {
            PutPasskey::Kept => Ok(row),
            PutPasskey::Exists => Err(PasskeyError::Exists),
            PutPasskey::TooMany => Err(PasskeyError::TooMany),
        }
    }

    /// An officer's own passkeys, and until when they open the desk without a sign-in at the provider, in unix seconds;
    /// `None`: they open nothing now.
    ///
    /// # Errors
    /// There are none here, or the store fails.
    pub async fn own_passkeys(&self, who: &Who) -> Result<(Vec<PasskeyRow>, Option<u64>), PasskeyError> {
        let (config, _) = self.passkey_site()?;
        let rows = self.store.passkeys(Some(&who.name)).await.map_err(inner)?;
        let Some(first) = rows.first() else {
            return Ok((rows, None));
        };
        let vouch = self.store.vouch(&first.subject).await.map_err(inner)?;
        let until_s = vouch
            .filter(|vouch| vouch.name == who.name)
            .map(|vouch| vouch.at_s + config.lifetime_s());
        Ok((rows, until_s))
    }

    /// Removes an officer's own passkey and ends the sessions that it opened; `false` if they have no such.
    ///
    /// # Errors
    /// There are none here, or the store fails.
    pub async fn remove_own_passkey(&self, who: &Who, id: &str) -> Result<bool, PasskeyError> {
        self.passkey_site()?;
        let is_removed = self.store.drop_passkey(&who.name, id).await.map_err(inner)?;
        tracing::info!(officer = who.name, passkey = id, is_removed, "passkey removed");
        Ok(is_removed)
    }

    /// Everybody's passkeys, by the officer's code.
    ///
    /// # Errors
    /// The store fails.
    pub async fn all_passkeys(
        &self,
        _permit: &Permit<ListOfficers>,
    ) -> Result<BTreeMap<String, Vec<PasskeyRow>>, AppError> {
        let mut by_name = BTreeMap::<_, Vec<_>>::new();
        for row in self.store.passkeys(None).await? {
            by_name.entry(row.name.clone()).or_default().push(row);
        }
        Ok(by_name)
    }

    /// Removes somebody's passkey and ends the sessions that it opened; `false` if they have no such.
    ///
    /// # Errors
    /// The store fails.
    pub async fn remove_passkey(
        &self,
        permit: &Permit<ReleaseOfficer>,
        name: &str,
        id: &str,
    ) -> Result<bool, AppError> {
        let is_removed = self.store.drop_passkey(name, id).await?;
        let by = permit.who().name.as_str();
        tracing::info!(by, officer = name, passkey = id, is_removed, "passkey removed");
        Ok(is_removed)
    }

    /// Notes what the provider says of an account, for the passkeys of whose it is; `None`: nobody here.
    pub(super) async fn note_vouch(
        &self,
        subject: &str,
        said: Option<(&str, &[String])>,
    ) -> Result<(), AppError> {
        if self.passkeys().is_none() {
            return Ok(());
        }
        match said {
            None => self.store.drop_vouch(subject).await?,
            Some((name, grants)) => {
                let row = VouchRow {
                    name: name.to_owned(),
                    grants: serde_json::Value::from(grants).to_string(),
                    at_s: self.clock.now_s(),
                };
                self.store.put_vouch(subject, &row).await?;
            }
        }
        Ok(())
    }
}
