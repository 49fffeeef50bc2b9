//! A resident signs in to look at what this organisation keeps about them: by showing their identity credential.
//!
//! There is no password and no register of accounts: the credential proves a number, its key signs this organisation's
//! challenge, and the session knows the person by the vault's pseudonym alone.

use thiserror::Error;
use zeroize::Zeroizing;
use zhengtong_vault::{ResidentNumber, Subject};

use super::accept::AcceptError;
use super::session::{digest, random};
use super::{App, AppError, inner};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long a resident's session lasts, in seconds: one look.
pub const MY_SESSION_S: u64 = 900;
/// The country of a resident number in a person code (ISO 3166-1).
const COUNTRY: &str = "CN";
/// Characters of a person code after its country.
const CODE_CHARS: std::ops::RangeInclusive<usize> = 5..=30;

/// A session. The token is a secret.
pub struct MySession {
    /// What the resident shows with each request.
    pub token: String,
    /// Unix seconds.
    pub expires_at_s: u64,
}

/// A resident who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    /// Who, as a pseudonym.
    pub subject: Subject,
    /// Since when, unix seconds.
    pub since_s: u64,
}

/// Why a resident is not signed in, or may not see that.
#[derive(Debug, Error)]
pub enum MySessionError {
    /// The credential shown.
    #[error(transparent)]
    Shown(AcceptError),
    /// A challenge that was not handed out, or was used.
    #[error("`nonce` was not handed out by `GET /v1/session/nonce`, was used, or is too old")]
    Nonce,
    /// No session, or it has expired.
    #[error("sign in first with `POST /v1/my/session`: there is no session, or it has expired")]
    NoSession,
    /// Too many sessions.
    #[error("too many sign-ins at once; try again later")]
    Busy,
    /// Not a person code.
    #[error(
        "`{0}` must be a person code: two letters of the country, then its number, e.g. CN and 18 characters"
    )]
    Code(&'static str),
    /// Somebody else's.
    #[error("`{0}` is not the person who asks: nobody may see another person's uses of data")]
    OtherPerson(&'static str),
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// A person code as data trackers write it: the country and the number there. Cannot be printed.
pub enum PersonCode {
    /// A resident number.
    Resident(ResidentNumber),
    /// A number of another country: this organisation keeps nothing under such numbers.
    Foreign(Zeroizing<String>),
}

impl PersonCode {
    /// Reads a code; `field` is named in the error.
    ///
    /// # Errors
    /// Not two capital letters and a number.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, MySessionError> {
        let wrong = || MySessionError::Code(field);
        let (country, number) = text.split_at_checked(2).ok_or_else(wrong)?;
        if !country.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(wrong());
        }
        if country == COUNTRY {
            return ResidentNumber::parse(number)
                .map(Self::Resident)
                .map_err(|_| wrong());
        }
        if !CODE_CHARS.contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(wrong());
        }
        Ok(Self::Foreign(Zeroizing::new(text.to_owned())))
    }

    /// Whether two codes are of one person.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Resident(one), Self::Resident(other)) => one.expose() == other.expose(),
            (Self::Foreign(one), Self::Foreign(other)) => one == other,
            _ => false,
        }
    }
}

impl App {
    /// Signs a resident in who shows an identity credential to this organisation, with one of its challenges.
    ///
    /// # Errors
    /// See [`MySessionError`].
    pub async fn sign_in_resident(
        &self,
        presentation: &str,
        nonce: &str,
    ) -> Result<MySession, MySessionError> {
        let now_s = self.clock.now_s();
        if !self.store.take_nonce(nonce, now_s).await.map_err(inner)? {
            return Err(MySessionError::Nonce);
        }
        let number = self
            .number_shown(presentation, nonce)
            .await
            .map_err(|error| match error {
                AcceptError::App(error) => MySessionError::App(error),
                error => MySessionError::Shown(error),
            })?;
        let token = URL_SAFE_NO_PAD.encode(random()?);
        let expires_at_s = now_s + MY_SESSION_S;
        let subject = self.vault.resident(&number);
        let kept = self
            .store
            .put_my_session(&digest(&token), subject, expires_at_s, now_s)
            .await;
        if !kept.map_err(inner)? {
            return Err(MySessionError::Busy);
        }
        Ok(MySession { token, expires_at_s })
    }

    /// Whose session a token is.
    ///
    /// # Errors
    /// There is none, or it has expired.
    pub async fn signed_in(&self, token: Option<&str>) -> Result<SignedIn, MySessionError> {
        let token = token.ok_or(MySessionError::NoSession)?;
        let found = self.store.my_session(&digest(token), self.clock.now_s()).await;
        let (subject, expires_s) = found.map_err(inner)?.ok_or(MySessionError::NoSession)?;
        let since_s = expires_s.saturating_sub(MY_SESSION_S);
        Ok(SignedIn { subject, since_s })
    }

    /// Whom a code names, if it is the person whose session this is; `None`: a number of another country, under which
    /// nothing is kept.
    ///
    /// # Errors
    /// Another person's.
    pub fn own_code(
        &self,
        own: SignedIn,
        field: &'static str,
        code: &PersonCode,
    ) -> Result<(), MySessionError> {
        match code {
            PersonCode::Resident(number) if self.vault.resident(number) == own.subject => Ok(()),
            _ => Err(MySessionError::OtherPerson(field)),
        }
    }

    /// The pseudonym that a code stands for in the vault; `None` for a number of another country.
    pub fn subject_of_code(&self, code: &PersonCode) -> Option<Subject> {
        match code {
            PersonCode::Resident(number) => Some(self.vault.resident(number)),
            PersonCode::Foreign(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_codes_are_a_country_and_a_number() {
        // The worked example of GB 11643-1999, annex A, and the examples of Estonia's and GovStack's descriptions.
        assert!(matches!(
            PersonCode::parse("c", "CN11010519491231002X"),
            Ok(PersonCode::Resident(_))
        ));
        for foreign in ["EE12345678901", "EE378129277266"] {
            assert!(matches!(
                PersonCode::parse("c", foreign),
                Ok(PersonCode::Foreign(_))
            ));
        }
        let own = PersonCode::parse("c", "CN11010519491231002X").ok().unwrap();
        assert!(own.is_same(&PersonCode::parse("c", "CN11010519491231002x").ok().unwrap()));
        assert!(!own.is_same(&PersonCode::parse("c", "EE378129277266").ok().unwrap()));
        for text in [
            "",
            "...",
            "C",
            "CN",
            "CN110105194912310021",
            "ee12345678901",
            "EE1234",
            "EE12345 8901",
            "政通12345678",
        ] {
            assert!(
                matches!(PersonCode::parse("c", text), Err(MySessionError::Code("c"))),
                "{text}"
            );
        }
    }
}
