//! Officers sign in with their key (SIWE), or at their agency's provider ([`super::oidc`]), and then hold a token.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::access::{KEY_ROLES, Refused, Role, Who};
use super::link::recover;
use super::siwe::{SiweError, SiweMessage};
use super::{App, AppError, inner};
use crate::store::{SIGN_IN, SessionRow, VouchedRow};

/// How long a challenge may be used, in seconds.
pub const NONCE_S: u64 = 300;
/// How long a session lasts, in seconds: a working day.
pub const SESSION_S: u64 = 8 * 3600;
/// The longest time a sign-in message may claim to hold, and the oldest one accepted, in seconds.
pub const MAX_MESSAGE_AGE_S: u64 = 600;
/// How far a browser's clock may be ahead, in seconds.
const MAX_AHEAD_S: u64 = 60;

/// A session. The token is a secret.
pub struct Session {
    /// What the officer shows with each request.
    pub token: String,
    /// Unix seconds.
    pub expires_at_s: u64,
}

/// Why nobody was signed in.
#[derive(Debug, Error)]
pub enum SessionError {
    /// Not a message of EIP-4361.
    #[error(transparent)]
    Message(#[from] SiweError),
    /// For another site.
    #[error("`message`: the domain is not this portal's")]
    Domain,
    /// For another address of a site.
    #[error("`message`: the URI is not of the domain that asks")]
    Uri,
    /// For another chain.
    #[error("`message`: Chain ID must be {0}")]
    Chain(u64),
    /// Expired, too old, or not valid yet.
    #[error("`message` has expired or is not valid yet")]
    Time,
    /// A challenge that was not handed out, or was used.
    #[error("`message`: the nonce was not handed out here, was used, or is too old")]
    Nonce,
    /// Not signed by the address it names.
    #[error("`signature` is not of the address in the message")]
    Signature,
    /// Not an officer of this organisation.
    #[error("this key is not listed as an officer of this organisation")]
    NotAnOfficer,
    /// By key alone nobody signs in here.
    #[error("officers of this organisation sign in at their organisation's provider")]
    KeyAlone,
    /// What gave the officer roles is gone.
    #[error("you have no role at this organisation any more")]
    NoRole,
    /// No session, or it has expired.
    #[error("sign in first: there is no session, or it has expired")]
    NoSession,
    /// Too many challenges or sessions.
    #[error("too many sign-ins at once; try again later")]
    Busy,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// Why a session was given no key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// As at a sign-in.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// It is another officer's, or they have another.
    #[error("this key belongs to another officer, or you have another key; the administrator can release it")]
    Others,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

impl App {
    /// A fresh challenge.
    ///
    /// # Errors
    /// Too many wait.
    pub async fn challenge(&self) -> Result<String, SessionError> {
        let nonce = hex::encode(random()?);
        let now_s = self.clock.now_s();
        let kept = self
            .store
            .put_nonce(&nonce, now_s + NONCE_S, now_s)
            .await
            .map_err(inner)?;
        if kept { Ok(nonce) } else { Err(SessionError::Busy) }
    }

    /// Signs an officer in by their key.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn sign_in(&self, text: &str, signature: &str) -> Result<Session, SessionError> {
        if !self.key_sign_in {
            return Err(SessionError::KeyAlone);
        }
        let key = self.proven_key(text, signature).await?;
        let bound = self.store.name_of_key(key).await.map_err(inner)?;
        self.open_session(&self.holder(key, bound)).await
    }

    /// Gives a session the key that its officer has proven. It is theirs from then on, and nobody else's.
    ///
    /// # Errors
    /// See [`KeyError`]. A refusal is kept and counted.
    pub async fn prove_key(&self, token: Option<&str>, text: &str, signature: &str) -> Result<(), KeyError> {
        let who = self.officer(token).await?;
        let result = self.bind_proven(&who, token, text, signature).await;
        let word = match &result {
            Err(KeyError::Others) => Some("others-key"),
            Err(KeyError::Session(SessionError::NotAnOfficer)) => Some("not-an-officer"),
            _ => None,
        };
        if let Some(word) = word {
            self.keep_refused_sign_in(&who.name, word).await?;
        }
        result
    }

    async fn bind_proven(
        &self,
        who: &Who,
        token: Option<&str>,
        text: &str,
        signature: &str,
    ) -> Result<(), KeyError> {
        let key = self.proven_key(text, signature).await?;
        if who.key == Some(key) {
            return Ok(());
        }
        // Whoever signed in by a key alone is that key: there is no code to bind another to.
        let is_by_key = who.key.is_some();
        let now_ms = self.clock.now_ms();
        if is_by_key || !self.store.bind_key(&who.name, key, now_ms).await.map_err(inner)? {
            return Err(KeyError::Others);
        }
        let digest = digest(token.unwrap_or_default());
        self.store.set_session_key(&digest, key).await.map_err(inner)?;
        Ok(())
    }

    /// The listed key by which a message of EIP-4361 for this desk is signed. Uses up its challenge.
    async fn proven_key(&self, text: &str, signature: &str) -> Result<Address, SessionError> {
        let message = SiweMessage::parse(text)?;
        let now_s = self.clock.now_s();
        if !self.session_domains.contains(&message.domain) {
            return Err(SessionError::Domain);
        }
        let authority = message
            .uri
            .split_once("://")
            .map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
        if authority != Some(message.domain.as_str()) {
            return Err(SessionError::Uri);
        }
        if message.chain_id != self.chain.chain_id() {
            return Err(SessionError::Chain(self.chain.chain_id()));
        }
        check_times(&message, now_s)?;
        if recover(signature, text) != Some(message.address) {
            return Err(SessionError::Signature);
        }
        if !self
            .store
            .take_nonce(&message.nonce, now_s)
            .await
            .map_err(inner)?
        {
            return Err(SessionError::Nonce);
        }
        if !self
            .store
            .is_officer(message.address, self.me)
            .await
            .map_err(inner)?
        {
            return Err(SessionError::NotAnOfficer);
        }
        Ok(message.address)
    }

    /// The officer that a key stands for: whoever it is bound to, or itself.
    fn holder(&self, key: Address, bound: Option<String>) -> Who {
        let given = self
            .key_roles
            .get(&key)
            .map(|roles| roles.iter().copied().collect());
        Who {
            name: bound.unwrap_or_else(|| format!("{key:#x}")),
            agency: self.organisation.clone(),
            roles: given.unwrap_or_else(|| KEY_ROLES.into()),
            key: Some(key),
        }
    }

    /// Opens a session for somebody who has proven who they are.
    ///
    /// # Errors
    /// Too many are open.
    pub async fn open_session(&self, who: &Who) -> Result<Session, SessionError> {
        self.open_session_for(who, SESSION_S, None).await
    }

    /// The same, for a time of at most [`SESSION_S`], and with what it rests on.
    pub(super) async fn open_session_for(
        &self,
        who: &Who,
        lifetime_s: u64,
        vouched: Option<&VouchedRow>,
    ) -> Result<Session, SessionError> {
        let token = URL_SAFE_NO_PAD.encode(random()?);
        let now_s = self.clock.now_s();
        let expires_at_s = now_s + lifetime_s.min(SESSION_S);
        let row = SessionRow {
            name: who.name.clone(),
            agency: who.agency.clone(),
            roles: words(&who.roles),
            key: who.key,
            expires_s: expires_at_s,
            grants: vouched.map(|vouched| vouched.grants.clone()),
        };
        let kept = self
            .store
            .put_session(&digest(&token), &row, vouched, now_s)
            .await;
        if !kept.map_err(inner)? {
            return Err(SessionError::Busy);
        }
        Ok(Session { token, expires_at_s })
    }

    /// Whose session a token is. Whose key the `Registry` does not list any more is out, and so is whoever a provider
    /// vouched for if the configuration gives them no role any more; their roles are today's.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn officer(&self, token: Option<&str>) -> Result<Who, SessionError> {
        let token = token.ok_or(SessionError::NoSession)?;
        let found = self
            .store
            .session(&digest(token), self.clock.now_s())
            .await
            .map_err(inner)?;
        let row = found.ok_or(SessionError::NoSession)?;
        if let Some(key) = row.key
            && !self.store.is_officer(key, self.me).await.map_err(inner)?
        {
            return Err(SessionError::NotAnOfficer);
        }
        let roles = match &row.grants {
            None => row.roles.split(' ').filter_map(Role::parse).collect(),
            Some(grants) => self.roles_granted(grants),
        };
        if roles.is_empty() && row.grants.is_some() {
            self.store.drop_session(&digest(token)).await.map_err(inner)?;
            self.keep_refused_sign_in(&row.name, "officer-without-role")
                .await?;
            return Err(SessionError::NoRole);
        }
        Ok(Who {
            name: row.name,
            agency: row.agency,
            roles,
            key: row.key,
        })
    }

    /// What the configuration gives today for what it gave at the sign-in.
    pub(super) fn roles_granted(&self, grants: &str) -> BTreeSet<Role> {
        let grants: Vec<String> = serde_json::from_str(grants).unwrap_or_default();
        let provider = self.oidc.as_ref();
        provider.map_or_else(BTreeSet::new, |provider| provider.config.roles_of(&grants))
    }

    /// Ends a session, if there is one; answers where the browser goes to be signed out at the provider as well.
    ///
    /// # Errors
    /// The store fails.
    pub async fn sign_out(&self, token: Option<&str>) -> Result<Option<String>, AppError> {
        let Some(token) = token else { return Ok(None) };
        let digest = digest(token);
        let row = self.store.session(&digest, self.clock.now_s()).await?;
        self.store.drop_session(&digest).await?;
        match row {
            Some(row) if row.grants.is_some() => Ok(self.oidc_logout_url().await),
            _ => Ok(None),
        }
    }

    /// Keeps and counts a refused sign-in.
    pub(super) async fn keep_refused_sign_in(&self, who: &str, word: &'static str) -> Result<(), AppError> {
        self.keep_refusal(Refused {
            who: who.to_owned(),
            agency: self.organisation.clone(),
            action: SIGN_IN,
            resource: String::new(),
            purpose: "",
            policies: Vec::new(),
            result: word,
        })
        .await
    }
}

fn words(roles: &BTreeSet<Role>) -> String {
    let words: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    words.join(" ")
}

fn check_times(message: &SiweMessage, now_s: u64) -> Result<(), SessionError> {
    let seconds = |time: jiff::Timestamp| u64::try_from(time.as_second()).unwrap_or(0);
    let issued = seconds(message.issued_at);
    let is_current = issued <= now_s + MAX_AHEAD_S
        && now_s.saturating_sub(issued) <= MAX_MESSAGE_AGE_S
        && message.expires_at.is_none_or(|at| now_s < seconds(at))
        && message.not_before.is_none_or(|at| seconds(at) <= now_s);
    if is_current {
        Ok(())
    } else {
        Err(SessionError::Time)
    }
}

pub(super) fn random() -> Result<[u8; 32], AppError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(AppError::Randomness)?;
    Ok(bytes)
}

pub(super) fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}
