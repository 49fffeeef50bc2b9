//! Why a request for a record is refused: a word for machines, a sentence for people, nothing personal.

use std::fmt;

use crate::app::AppError;
use crate::signatures::SignatureError;

/// The reason. `docs/exchange.md` lists the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The content is not a request.
    Invalid,
    /// The content is larger than a request may be.
    TooLarge,
    /// No signature, or one that does not cover what it must.
    Unsigned,
    /// The content is not the one that was signed.
    WrongDigest,
    /// The signature is not of this key over this message.
    WrongSignature,
    /// Too old, or from the future.
    Stale,
    /// Seen before.
    Replayed,
    /// Not listed in the `Registry`.
    UnknownConsumer,
    /// A key that the organisation's attester in the `Registry` does not stand by.
    WrongKey,
    /// Meant for another gateway.
    NotForUs,
    /// The same request id with another content.
    RequestDiffers,
    /// The same request is being answered.
    InProgress,
    /// Answered before, and too long ago to be answered again.
    Gone,
    /// Nothing was asked of this gateway in that case, or nobody is linked to it.
    UnknownCase,
    /// The service of the case belongs to somebody else.
    NotTheOwner,
    /// The case is of another service.
    OtherPurpose,
    /// The service declares no such record of this agency, or this agency has not mapped it.
    UnknownRecord,
    /// A field that the service does not declare.
    TooManyFields,
    /// The official named is not one of the consumer's.
    NotAnOfficer,
    /// The basis is not the one that the service's rules demand.
    WrongBasis,
    /// No such consent of this person for this.
    NoConsent,
    /// The consent is to something else.
    OtherConsent,
    /// The consent was withdrawn.
    ConsentRevoked,
    /// The consent is over.
    ConsentExpired,
    /// The consent was for one use, and that was made.
    ConsentUsedUp,
    /// The statute is not listed or not in force.
    NotInForce,
    /// Who opened the case for the person may no longer act for them.
    DelegationOver,
    /// The case is decided, closed, or waits for its applicant.
    CaseNotOpen,
    /// What the one who asks kept of the case was deleted, or ran out.
    CaseForgotten,
    /// The contract refused the use record.
    UseRefused,
    /// The use record is not final yet.
    UseNotFinal,
    /// No node can be reached, or none that gives proofs.
    ChainUnreachable,
    /// The agency's database was asked too often this minute.
    Budget,
    /// The agency's database failed.
    SourceFailed,
    /// The gateway's own database does not answer.
    StoreFailed,
    /// Too many requests at once.
    Busy,
    /// The other gateway cannot be reached, or answers nothing that is signed.
    PeerUnreachable,
    /// The other gateway's answer is not what was asked for.
    WrongAnswer,
    /// A failure inside.
    Internal,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 39] = [
        Self::Invalid,
        Self::TooLarge,
        Self::Unsigned,
        Self::WrongDigest,
        Self::WrongSignature,
        Self::Stale,
        Self::Replayed,
        Self::UnknownConsumer,
        Self::WrongKey,
        Self::NotForUs,
        Self::RequestDiffers,
        Self::InProgress,
        Self::Gone,
        Self::UnknownCase,
        Self::NotTheOwner,
        Self::OtherPurpose,
        Self::UnknownRecord,
        Self::TooManyFields,
        Self::NotAnOfficer,
        Self::WrongBasis,
        Self::NoConsent,
        Self::OtherConsent,
        Self::ConsentRevoked,
        Self::ConsentExpired,
        Self::ConsentUsedUp,
        Self::NotInForce,
        Self::DelegationOver,
        Self::CaseNotOpen,
        Self::CaseForgotten,
        Self::UseRefused,
        Self::UseNotFinal,
        Self::ChainUnreachable,
        Self::Budget,
        Self::SourceFailed,
        Self::StoreFailed,
        Self::Busy,
        Self::PeerUnreachable,
        Self::WrongAnswer,
        Self::Internal,
    ];

    /// Its word and HTTP status.
    const fn entry(self) -> (&'static str, u16) {
        match self {
            Self::Invalid => ("invalid", 400),
            Self::TooLarge => ("too-large", 413),
            Self::Unsigned => ("unsigned", 401),
            Self::WrongDigest => ("wrong-digest", 401),
            Self::WrongSignature => ("wrong-signature", 401),
            Self::Stale => ("stale", 401),
            Self::Replayed => ("replayed", 409),
            Self::UnknownConsumer => ("unknown-consumer", 403),
            Self::WrongKey => ("wrong-key", 403),
            Self::NotForUs => ("not-for-us", 403),
            Self::RequestDiffers => ("request-differs", 409),
            Self::InProgress => ("in-progress", 409),
            Self::Gone => ("gone", 410),
            Self::UnknownCase => ("unknown-case", 404),
            Self::NotTheOwner => ("not-the-owner", 403),
            Self::OtherPurpose => ("other-purpose", 403),
            Self::UnknownRecord => ("unknown-record", 403),
            Self::TooManyFields => ("too-many-fields", 403),
            Self::NotAnOfficer => ("not-an-officer", 403),
            Self::WrongBasis => ("wrong-basis", 403),
            Self::NoConsent => ("no-consent", 403),
            Self::OtherConsent => ("other-consent", 403),
            Self::ConsentRevoked => ("consent-revoked", 403),
            Self::ConsentExpired => ("consent-expired", 403),
            Self::ConsentUsedUp => ("consent-used-up", 403),
            Self::NotInForce => ("not-in-force", 403),
            Self::DelegationOver => ("delegation-over", 403),
            Self::CaseNotOpen => ("case-not-open", 403),
            Self::CaseForgotten => ("case-forgotten", 409),
            Self::UseRefused => ("use-refused", 403),
            Self::UseNotFinal => ("use-not-final", 503),
            Self::ChainUnreachable => ("chain-unreachable", 503),
            Self::Budget => ("budget", 429),
            Self::SourceFailed => ("source-failed", 503),
            Self::StoreFailed => ("store-failed", 503),
            Self::Busy => ("busy", 429),
            Self::PeerUnreachable => ("peer-unreachable", 502),
            Self::WrongAnswer => ("wrong-answer", 502),
            Self::Internal => ("internal", 500),
        }
    }

    /// Its word: stable, for machines.
    pub const fn word(self) -> &'static str {
        self.entry().0
    }

    /// Its HTTP status.
    pub const fn status(self) -> u16 {
        self.entry().1
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// Whether the same request, signed anew, may be answered soon.
    pub const fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::InProgress
                | Self::UseNotFinal
                | Self::ChainUnreachable
                | Self::SourceFailed
                | Self::StoreFailed
                | Self::Busy
                | Self::PeerUnreachable
        )
    }
}

/// A refusal: the reason, what was wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What was wrong, for people.
    pub detail: String,
    /// The member or header that was wrong; empty if none was.
    pub field: &'static str,
}

impl Refusal {
    /// A refusal over a member or header (`""` if none).
    pub fn new(reason: Reason, field: &'static str, detail: impl ToString) -> Self {
        Self {
            reason,
            detail: detail.to_string(),
            field,
        }
    }

    /// The gateway's own database does not answer.
    pub(super) fn store_failed() -> Self {
        let detail = "this gateway's database does not answer; ask again later";
        Self::new(Reason::StoreFailed, "", detail)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.word(), self.detail)
    }
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        tracing::error!(%error, "an exchange failed inside");
        if error.is_unreachable_store() {
            return Self::store_failed();
        }
        Self::new(Reason::Internal, "", "a failure inside; it is in the log")
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        let (reason, field) = match error {
            SignatureError::Wrong | SignatureError::Component(_) => (Reason::WrongSignature, "signature"),
            SignatureError::Algorithm | SignatureError::Key => (Reason::WrongKey, "exchange-key"),
            SignatureError::Missing("content-digest") | SignatureError::Malformed("content-digest") => {
                (Reason::WrongDigest, "content-digest")
            }
            SignatureError::Missing(name)
            | SignatureError::Malformed(name)
            | SignatureError::Parameter(name) => (Reason::Unsigned, name),
            SignatureError::NoSuchLabel(_) => (Reason::Unsigned, "signature-input"),
        };
        Self::new(reason, field, error)
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn words_are_unique_and_read_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.word()), Some(reason));
            assert!((400..600).contains(&reason.status()));
        }
        assert_eq!(Reason::parse("made-up"), None);
    }
}
