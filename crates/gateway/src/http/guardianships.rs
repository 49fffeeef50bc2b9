//! Credentials of guardianship, at the authority that keeps the register of guardians.

use alloy_primitives::B256;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::Problem;
use super::extract::Body;
use super::identity::Issued;
use crate::app::App;
use crate::app::guardianship::{FoundGuardianship, Shown};

/// Who asks, and about which child.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AboutChild {
    /// The identity credential of who asks: SD-JWT with the disclosure of `number` and a key binding to this organisation and
    /// `nonce`.
    presentation: String,
    /// From `GET /v1/session/nonce`.
    nonce: String,
    /// The child's resident number.
    number: String,
}

/// A guardian's terms for a child.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForChild {
    /// As in [`AboutChild`].
    presentation: String,
    /// From `GET /v1/session/nonce`.
    nonce: String,
    /// The child's resident number.
    number: String,
    /// The terms, with the role `guardian`, made out to the key that shows the identity.
    #[schema(value_type = Object)]
    terms: Value,
}

/// Who asks, wiped from memory afterwards.
struct Asker {
    presentation: Zeroizing<String>,
    nonce: String,
    number: Zeroizing<String>,
}

impl Asker {
    fn shown(&self) -> Shown<'_> {
        Shown {
            presentation: &self.presentation,
            nonce: &self.nonce,
            number: &self.number,
        }
    }
}

impl From<AboutChild> for Asker {
    fn from(body: AboutChild) -> Self {
        Self {
            presentation: Zeroizing::new(body.presentation),
            nonce: body.nonce,
            number: Zeroizing::new(body.number),
        }
    }
}

/// A credential that was issued for a child.
#[derive(Serialize, ToSchema)]
pub struct Guardianship {
    /// keccak256 of the terms: names it, here and in `Delegations`.
    document: String,
    /// The guardian's resident number.
    guardian: String,
    /// As what: `parent`, or another word of the register.
    kind: String,
    /// The terms.
    #[schema(value_type = Object)]
    terms: Value,
    /// Unix seconds.
    issued_s: u64,
    /// Unix seconds; `null`: it was not ended.
    ended_s: Option<u64>,
    /// `child`, `guardian` or `register`.
    ended_by: Option<String>,
}

impl From<FoundGuardianship> for Guardianship {
    fn from(found: FoundGuardianship) -> Self {
        Self {
            document: format!("{:#x}", found.document),
            guardian: found.guardian,
            kind: found.kind,
            terms: found.terms,
            issued_s: found.issued_s,
            ended_s: Some(found.ended_s).filter(|ended_s| *ended_s > 0),
            ended_by: Some(found.ended_by).filter(|by| !by.is_empty()),
        }
    }
}

/// What was issued for a child.
#[derive(Serialize, ToSchema)]
pub struct Guardianships {
    /// Newest first.
    items: Vec<Guardianship>,
}

/// Issues a credential of guardianship for a guardian's terms; for the same terms again, the same is confirmed again.
#[utoipa::path(post, path = "/v1/guardianships", tag = "guardians", request_body = ForChild,
    responses(
        (status = 200, body = Issued),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn issue(State(app): State<App>, Body(body): Body<ForChild>) -> Result<Json<Issued>, Problem> {
    let ForChild {
        presentation,
        nonce,
        number,
        terms,
    } = body;
    let asker = Asker::from(AboutChild {
        presentation,
        nonce,
        number,
    });
    let credential = app.issue_guardianship(&asker.shown(), &terms).await?;
    Ok(Json(Issued {
        credential: credential.expose().to_owned(),
    }))
}

/// Lists what was issued for a child: to the child, and to whoever is their guardian now.
#[utoipa::path(post, path = "/v1/guardianships/find", tag = "guardians", request_body = AboutChild,
    responses(
        (status = 200, body = Guardianships),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn find(
    State(app): State<App>,
    Body(body): Body<AboutChild>,
) -> Result<Json<Guardianships>, Problem> {
    let asker = Asker::from(body);
    let found = app.find_guardianships(&asker.shown()).await?;
    Ok(Json(Guardianships {
        items: found.into_iter().map(Guardianship::from).collect(),
    }))
}

/// Ends one, at the word of the child or of whoever is their guardian now: it is revoked, and counts nowhere from then on.
#[utoipa::path(post, path = "/v1/guardianships/{id}/end", tag = "guardians", request_body = AboutChild,
    params(("id" = String, Path, description = "keccak256 of the terms")),
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn end(
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<AboutChild>,
) -> Result<StatusCode, Problem> {
    let document: B256 = id
        .parse()
        .map_err(|_| Problem::not_found("no such credential was issued for this child"))?;
    let asker = Asker::from(body);
    app.end_guardianship(&asker.shown(), document).await?;
    Ok(StatusCode::NO_CONTENT)
}
