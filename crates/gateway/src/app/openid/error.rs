use thiserror::Error;

use crate::app::AppError;

/// Why a wallet's request was refused, in the words of the protocols (OAuth 2.0, OpenID4VCI, OpenID4VP).
#[derive(Debug, Error)]
pub enum OpenidError {
    /// These protocols are not configured here.
    #[error("this gateway does not speak OpenID's protocols: it has no `credentials` in its configuration")]
    Off,
    /// Nothing of that name waits here.
    #[error("there is no such thing here, or it has expired")]
    NotFound,
    /// The request is refused (400).
    #[error("{description}")]
    Refused {
        /// The `error` of the answer.
        code: &'static str,
        /// What was wrong and what to do.
        description: &'static str,
    },
    /// The access token is refused (401).
    #[error("{description}")]
    Unauthorized {
        /// The `error` of the answer.
        code: &'static str,
        /// What was wrong and what to do.
        description: &'static str,
    },
    /// The case does not give a credential now.
    #[error("the case is {0}: there is no credential to offer")]
    NoCredential(&'static str),
    /// Too many offers or requests wait.
    #[error("too many offers or requests wait; try again later")]
    Busy,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

impl OpenidError {
    pub(super) fn refused(code: &'static str, description: &'static str) -> Self {
        Self::Refused { code, description }
    }
}
