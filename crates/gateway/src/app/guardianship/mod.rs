//! A child's guardian: the credential that confirms one, who issues and ends it, and what an agency checks of it.
//! `docs/decisions/0027-guardians.md`.
//!
//! ```text
//! authority  issues it for terms, keeps for the child what was issued, ends it           (who keeps the register of guardians)
//! check      the terms' credential is genuine, in force and of these three: terms, child, guardian   (who is asked about the child)
//! ```

mod authority;
mod check;

use jiff::ToSpan;
use jiff::civil::date;
use jiff::tz::{Offset, TimeZone};
use thiserror::Error;
use zhengtong_vault::{NumberError, ResidentNumber};

use super::delegation::DelegationError;
use super::source::AnswerError;
use super::{AcceptError, AppError, inner};
use crate::store::StoreError;

pub(crate) use authority::StoredGuardianship;
pub use authority::{FoundGuardianship, MAX_LIVE_FOR_A_CHILD, MAX_REQUESTS, Shown};
pub(in crate::app) use check::Claimed;
pub(crate) use check::StoredConfirmation;

/// Type of the credential of guardianship.
pub const GUARDIANSHIP_VCT: &str = "urn:zhengtong:guardianship:1";
/// Years at which somebody is of age (民法典 第十七条).
pub const OF_AGE_YEARS: i16 = 18;
/// The claim with the hash of the terms; every verifier sees it.
const TERMS_CLAIM: &str = "terms";
/// The claim with the child's number.
const CHILD_CLAIM: &str = "number";
/// The claim with the guardian's number.
const GUARDIAN_CLAIM: &str = "guardian";
/// The claim that says as what: for the guardian; no agency asks for it.
const KIND_CLAIM: &str = "kind";

/// When the person with this number is of age, unix seconds: the midnight in China with which the eighteenth birthday begins.
/// Somebody born on 29 February has it on the 28th (民法典 第二百零二条).
pub fn of_age_s(number: &ResidentNumber) -> u64 {
    // The number's digits 7 to 14 are a date: it does not parse otherwise.
    let digits = |range: std::ops::Range<usize>| number.expose()[range].parse::<i16>().unwrap_or(1);
    let (year, month, day) = (digits(6..10), digits(10..12), digits(12..14));
    let birth = date(year, month as i8, day as i8);
    let birthday = birth.saturating_add(OF_AGE_YEARS.years());
    let midnight = birthday.to_zoned(TimeZone::fixed(Offset::constant(8)));
    midnight.map_or(0, |at| u64::try_from(at.timestamp().as_second()).unwrap_or(0))
}

/// Why no credential of guardianship was issued, found or ended. Never carries personal data.
#[derive(Debug, Error)]
pub enum GuardianshipError {
    /// Another agency keeps the register.
    #[error("this organisation does not confirm guardians")]
    NotHere,
    /// Who asks has not proven who they are.
    #[error(transparent)]
    Shown(AcceptError),
    /// A challenge that was not handed out, or was used.
    #[error("`nonce` was not handed out by `GET /v1/session/nonce`, was used, or is too old")]
    Nonce,
    /// The child's number is none.
    #[error("`number`: {0}")]
    Number(#[from] NumberError),
    /// The terms.
    #[error("`terms`: {0}")]
    Terms(DelegationError),
    /// Terms of a carer.
    #[error("`terms`: the role must be \"guardian\"")]
    Role,
    /// The child is, or will be, of age.
    #[error("`terms`: the child is of age from {of_age_s} on, and nobody's ward from then")]
    OfAge {
        /// Unix seconds.
        of_age_s: u64,
    },
    /// Not on the register. Says no more, so that nobody learns of children by trying numbers.
    #[error("the register does not say that whoever asks is a guardian of the person with this number")]
    NotGuardian,
    /// Tried too often.
    #[error("too many requests; try again in an hour")]
    TooMany,
    /// Too many at once for one child.
    #[error("{MAX_LIVE_FOR_A_CHILD} credentials for this child are in force; end one first")]
    Full,
    /// It was issued for these terms before, and has been ended.
    #[error("the credential for these terms was ended")]
    Ended,
    /// It was issued for these terms before, and for another child: who looks for it would find one of the two.
    #[error("`terms`: they were confirmed for another child; make terms for each child")]
    OtherChild,
    /// Nothing was issued under this name for this child.
    #[error("no such credential was issued for this child")]
    None,
    /// The register gave no answer.
    #[error("guardians cannot be confirmed right now")]
    Unavailable,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<StoreError> for GuardianshipError {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

impl From<AcceptError> for GuardianshipError {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::App(error) => Self::App(error),
            other => Self::Shown(other),
        }
    }
}

impl From<AnswerError> for GuardianshipError {
    fn from(error: AnswerError) -> Self {
        tracing::error!(%error, "the register of guardians gave no answer");
        Self::Unavailable
    }
}

impl From<zhengtong_credentials::CredentialError> for GuardianshipError {
    fn from(error: zhengtong_credentials::CredentialError) -> Self {
        Self::App(inner(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_of_age_from_the_midnight_of_the_eighteenth_birthday_in_china() {
        // The worked example of GB 11643-1999, annex A: born on 31 December 1949; and numbers made up by the same rule.
        let of = |text: &str| of_age_s(&ResidentNumber::parse(text).unwrap());
        // 1967-12-31 is before 1970.
        assert_eq!(of("11010519491231002X"), 0);
        let number = |body: &str| {
            let digits = <&[u8; 17]>::try_from(body.as_bytes()).unwrap();
            format!("{body}{}", zhengtong_vault::check_digit(digits))
        };
        // By `date -u -d '2026-11-21T16:00Z' +%s`, 2026-02-27T16:00Z.
        assert_eq!(of(&number("99010120081122002")), 1_795_276_800);
        assert_eq!(of(&number("99010120080229002")), 1_772_208_000);
    }
}
