use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::deletion::DeletionError;
use crate::app::oidc::OidcError;
use crate::app::passkey::{CeremonyError, PasskeyError};
use crate::app::requests::RequestError;
use crate::app::{
    AcceptError, AccessError, AllowanceError, AppError, BackupError, GuardianshipError, IdentityError,
    KeyError, MySessionError, RecoveryError, ResidentError, SessionError,
};

/// Problem JSON (RFC 9457). Says what was wrong and where; never carries personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:zhengtong:problem:` and a stable word.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short text for the kind.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong with this request.
    pub detail: String,
    /// The field, header or parameter that was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    /// A problem with a field (`""` if none).
    pub fn new(
        status: StatusCode,
        word: &str,
        title: &'static str,
        detail: impl ToString,
        field: &str,
    ) -> Self {
        Self {
            kind: format!("urn:zhengtong:problem:{word}"),
            title,
            status: status.as_u16(),
            detail: detail.to_string(),
            field: Some(field.to_owned()).filter(|field| !field.is_empty()),
        }
    }

    /// 400: malformed.
    pub fn invalid(field: &str, detail: impl ToString) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid",
            "The request is not valid",
            detail,
            field,
        )
    }

    /// 404: not here, or not to be seen by the one who asks.
    pub fn not_found(detail: impl ToString) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is no such thing here",
            detail,
            "",
        )
    }

    pub(super) fn refused(word: &str, detail: impl ToString, field: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            word,
            "The request is refused",
            detail,
            field,
        )
    }

    fn unauthorized(word: &str, detail: impl ToString, field: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            word,
            "The request is not authenticated",
            detail,
            field,
        )
    }

    pub(super) fn conflict(word: &str, detail: impl ToString, field: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            word,
            "The request does not fit the present state",
            detail,
            field,
        )
    }

    pub(super) fn busy(detail: impl ToString) -> Self {
        let title = "Too many requests";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", title, detail, "")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        tracing::error!(%error, "request failed");
        let (status, title) = match error {
            AppError::Chain(_) => (StatusCode::SERVICE_UNAVAILABLE, "The chain cannot be reached"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "The gateway failed"),
        };
        Self::new(
            status,
            "unavailable",
            title,
            "the failure is in the gateway's log; try again later",
            "",
        )
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::App(error) => error.into(),
            AccessError::Missing(detail) => Self::not_found(detail),
            AccessError::NotPermitted { .. } => Self::refused("not-permitted", error, ""),
            AccessError::NeedsKey => Self::refused("needs-key", error, ""),
        }
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::App(error) => error.into(),
            AcceptError::Link(ref link) => {
                let field = link.field();
                match link {
                    crate::app::link::LinkError::Signature => Self::refused("wrong-signature", error, field),
                    _ => Self::invalid(field, error),
                }
            }
            AcceptError::Presentation(_) | AcceptError::Issuer | AcceptError::Number => {
                Self::refused("identity-not-proven", error, "presentation")
            }
            AcceptError::Delegation(ref why) if why.is_passing() => {
                let title = "The delegation cannot be checked here yet";
                let (status, word) = (StatusCode::SERVICE_UNAVAILABLE, why.word());
                Self::new(status, &format!("delegation-{word}"), title, error, "delegation")
            }
            AcceptError::Delegation(ref why) => {
                Self::refused(&format!("delegation-{}", why.word()), error, "delegation")
            }
            AcceptError::FormInvalid(_) => Self::invalid("form", error),
            AcceptError::NotOfCase(field) => Self::refused("not-of-this-case", error, field),
            AcceptError::Conflict => Self::conflict("already-linked", error, "sealed"),
            AcceptError::CaseForgotten => Self::conflict("case-forgotten", error, "caseId"),
            AcceptError::BeforeDeletion => Self::conflict("before-deletion", error, "sealed"),
            AcceptError::Busy => Self::busy(error),
        }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::App(error) => error.into(),
            IdentityError::NotHere => Self::not_found(error),
            IdentityError::Number(_) => Self::invalid("number", error),
            IdentityError::CodeForm => Self::invalid("code", error),
            IdentityError::Holder => Self::invalid("holder", error),
            IdentityError::Commitment => Self::invalid("commitment", error),
            IdentityError::CommitmentUsed => Self::conflict("commitment-used", error, "commitment"),
            IdentityError::Deleted => Self::conflict("before-deletion", error, ""),
            IdentityError::NotProven => Self::refused("identity-not-proven", error, "code"),
            IdentityError::TooManyAttempts => Self::busy(error),
            IdentityError::Unavailable => {
                let title = "The agency's database gives no answer";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, error, "")
            }
        }
    }
}

impl From<GuardianshipError> for Problem {
    fn from(error: GuardianshipError) -> Self {
        match error {
            GuardianshipError::App(error) => error.into(),
            GuardianshipError::Shown(error @ AcceptError::BeforeDeletion) => {
                Self::conflict("before-deletion", error, "presentation")
            }
            GuardianshipError::Shown(error) => error.into(),
            GuardianshipError::NotHere | GuardianshipError::None => Self::not_found(error),
            GuardianshipError::Nonce => Self::unauthorized("wrong-nonce", error, "nonce"),
            GuardianshipError::Number(_) => Self::invalid("number", error),
            GuardianshipError::Terms(_) | GuardianshipError::Role => Self::invalid("terms", error),
            GuardianshipError::OfAge { .. } => Self::refused("of-age", error, "terms"),
            GuardianshipError::NotGuardian => Self::refused("not-guardian", error, "number"),
            GuardianshipError::TooMany => Self::busy(error),
            GuardianshipError::Full => Self::conflict("too-many", error, "number"),
            GuardianshipError::OtherChild => Self::conflict("other-child", error, "terms"),
            GuardianshipError::Ended => Self::conflict("ended", error, "terms"),
            GuardianshipError::Unavailable => {
                let title = "The agency's register gives no answer";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, error, "")
            }
        }
    }
}

impl From<AllowanceError> for Problem {
    fn from(error: AllowanceError) -> Self {
        match error {
            AllowanceError::App(error) => error.into(),
            AllowanceError::NotHere => Self::not_found(error),
            AllowanceError::WindowOver { .. } => Self::conflict("window-over", error, "window"),
            AllowanceError::Count | AllowanceError::Blinded(_) => Self::invalid("blinded", error),
            AllowanceError::UsedUp { .. } => Self::conflict("allowance-used-up", error, "blinded"),
            AllowanceError::NotReady => {
                let title = "The key of the day is not published yet";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", title, error, "")
            }
        }
    }
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::App(error) => error.into(),
            BackupError::Header(field) => Self::unauthorized("not-signed", error, field),
            BackupError::Time => Self::unauthorized("wrong-time", error, "x-account-time"),
            BackupError::Signature => Self::unauthorized("wrong-signature", error, "x-account-signature"),
            BackupError::Size { .. } => Self::invalid("content", error),
            BackupError::Stale { .. } => Self::conflict("stale", error, "version"),
            BackupError::None => Self::not_found(error),
        }
    }
}

impl From<RecoveryError> for Problem {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::App(error) => error.into(),
            RecoveryError::Access(error) => error.into(),
            RecoveryError::Identity(error) => error.into(),
            RecoveryError::Sealed => Self::invalid("sealed", error),
            RecoveryError::Field(field) => Self::invalid(field, error),
            RecoveryError::Number(_) => Self::invalid("number", error),
            RecoveryError::NoTicket | RecoveryError::NoCode | RecoveryError::NothingKept => {
                Self::not_found(error)
            }
            RecoveryError::NotGuarded => Self::conflict("not-guarded", error, ""),
            RecoveryError::Used => Self::conflict("code-used", error, "code"),
            RecoveryError::Refused => Self::conflict("refused-by-contract", error, ""),
            RecoveryError::NotFinished => Self::conflict("not-finished", error, ""),
            RecoveryError::Busy => Self::busy(error),
        }
    }
}

impl From<ResidentError> for Problem {
    fn from(error: ResidentError) -> Self {
        match error {
            ResidentError::App(error) => error.into(),
            ResidentError::Form(error) => error.into(),
            ResidentError::Header(field) => Self::unauthorized("not-signed", error, field),
            ResidentError::Time => Self::unauthorized("wrong-time", error, "x-case-time"),
            ResidentError::Signature => Self::unauthorized("wrong-signature", error, "x-case-signature"),
            ResidentError::NoCase | ResidentError::NoCredential => Self::not_found(error),
            ResidentError::Status { .. } => Self::conflict("wrong-status", error, ""),
            ResidentError::NotLinked => Self::conflict("not-linked", error, ""),
            ResidentError::Forgotten => Self::conflict("case-forgotten", error, ""),
            ResidentError::Text => Self::invalid("text", error),
            ResidentError::TooMany => Self::conflict("too-many", error, "text"),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::App(error) => error.into(),
            SessionError::Message(_) => Self::invalid("message", error),
            SessionError::Domain | SessionError::Uri | SessionError::Chain(_) | SessionError::Time => {
                Self::unauthorized("wrong-message", error, "message")
            }
            SessionError::Nonce => Self::unauthorized("wrong-nonce", error, "message"),
            SessionError::Signature => Self::unauthorized("wrong-signature", error, "signature"),
            SessionError::NotAnOfficer => Self::refused("not-an-officer", error, ""),
            SessionError::KeyAlone => Self::refused("key-alone", error, ""),
            SessionError::NoRole => Self::refused("no-role", error, ""),
            SessionError::NoSession => Self::unauthorized("no-session", error, "authorization"),
            SessionError::Busy => Self::busy(error),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::App(error) => error.into(),
            KeyError::Session(error) => error.into(),
            KeyError::Others => Self::refused("others-key", error, ""),
        }
    }
}

impl From<OidcError> for Problem {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::App(error) => error.into(),
            OidcError::None => Self::not_found(error),
            OidcError::RedirectUri => Self::invalid("redirect_uri", error),
            OidcError::Parameter(field) => Self::invalid(field, error),
            OidcError::State => Self::unauthorized("wrong-state", error, "state"),
            OidcError::Browser => Self::unauthorized("wrong-browser", error, "secret"),
            OidcError::AnswerIssuer => Self::unauthorized("wrong-issuer", error, "iss"),
            OidcError::Denied => Self::unauthorized("provider-denied", error, "code"),
            OidcError::Code(_) => Self::unauthorized("code-refused", error, "code"),
            OidcError::Token(_) => Self::unauthorized("token-refused", error, ""),
            OidcError::NotAnOfficer(_) => Self::refused("not-an-officer", error, ""),
            OidcError::OthersCode => Self::refused("others-code", error, ""),
            OidcError::OthersKey => Self::refused("others-key", error, ""),
            OidcError::Busy => Self::busy(error),
            OidcError::Provider(ref cause) => {
                tracing::warn!(%cause, "the provider of OpenID Connect cannot be used");
                let title = "The organisation's provider cannot be used";
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self::new(status, "provider-unusable", title, error, "")
            }
        }
    }
}

impl From<PasskeyError> for Problem {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::App(error) => error.into(),
            PasskeyError::Session(error) => error.into(),
            PasskeyError::None => Self::not_found(error),
            PasskeyError::Parameter(field) => Self::invalid(field, error),
            PasskeyError::Ceremony(CeremonyError::ClientData) => Self::invalid("client_data", error),
            PasskeyError::Ceremony(
                CeremonyError::AuthenticatorData | CeremonyError::Attestation | CeremonyError::Algorithm,
            ) => Self::invalid("authenticator_data", error),
            PasskeyError::Ceremony(CeremonyError::Signature) => {
                Self::unauthorized("wrong-signature", error, "signature")
            }
            PasskeyError::Ceremony(_) => Self::unauthorized("wrong-passkey", error, "client_data"),
            PasskeyError::Challenge => Self::unauthorized("wrong-challenge", error, "client_data"),
            PasskeyError::Unknown => Self::unauthorized("unknown-passkey", error, "id"),
            PasskeyError::OthersHandle => Self::unauthorized("wrong-passkey", error, "user"),
            PasskeyError::Count => Self::unauthorized("copied-passkey", error, "authenticator_data"),
            PasskeyError::NotVouched => Self::refused("needs-provider", error, ""),
            PasskeyError::NeedsProvider => Self::refused("needs-provider", error, ""),
            PasskeyError::NoRole => Self::refused("no-role", error, ""),
            PasskeyError::TooMany => Self::conflict("too-many", error, ""),
            PasskeyError::Exists => Self::conflict("passkey-in-use", error, ""),
            PasskeyError::Busy => Self::busy(error),
        }
    }
}

impl From<MySessionError> for Problem {
    fn from(error: MySessionError) -> Self {
        match error {
            MySessionError::App(error) => error.into(),
            MySessionError::Shown(error) => error.into(),
            MySessionError::Nonce => Self::unauthorized("wrong-nonce", error, "nonce"),
            MySessionError::NoSession => Self::unauthorized("no-session", error, "authorization"),
            MySessionError::Busy => Self::busy(error),
            MySessionError::Code(field) | MySessionError::OtherPerson(field) => Self::invalid(field, error),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::App(error) => error.into(),
            RequestError::Deletion(DeletionError::Held { .. }) => Self::conflict("held", error, ""),
            RequestError::Deletion(error) => crate::app::AppError::from(error).into(),
            RequestError::Text(field) => Self::invalid(field, error),
            RequestError::TooMany => Self::conflict("too-many", error, ""),
            RequestError::None => Self::not_found(error),
            RequestError::Answered => Self::conflict("answered", error, ""),
            RequestError::CarriedOut => Self::conflict("carried-out", error, "granted"),
            RequestError::Key => Self::invalid("answer_key", error),
            RequestError::SessionEnded => Self::unauthorized("no-session", error, "authorization"),
            RequestError::KeyUsed => Self::conflict("key-used", error, "answer_key"),
        }
    }
}
