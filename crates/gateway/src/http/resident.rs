//! The applicant of a case: authenticated by the case's own key in two headers.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRef, FromRequest, FromRequestParts as _, Request, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use alloy_primitives::B256;

use super::Problem;
use super::extract::{CaseId, parse, read};
use super::identity::Issued;
use crate::app::{App, SignedRequest};
use crate::store::CaseRow;

/// A case, and the body of a request that its applicant signed.
pub struct Signed {
    case: CaseRow,
    body: Bytes,
}

impl Signed {
    /// The case and the body.
    pub(super) fn into_parts(self) -> (CaseRow, Bytes) {
        (self.case, self.body)
    }
}

impl<S: Send + Sync> FromRequest<S> for Signed
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        let (mut parts, body) = request.into_parts();
        let CaseId(id) = CaseId::from_request_parts(&mut parts, state).await?;
        let method = parts.method.to_string();
        // From /v1 on, wherever the gateway is mounted.
        let path = parts
            .uri
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default();
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned)
        };
        let (time, signature) = (header("x-case-time"), header("x-case-signature"));
        let body = read(Request::from_parts(parts, body), state).await?;
        let signed = SignedRequest {
            method: &method,
            path: &path,
            time: time.as_deref(),
            signature: signature.as_deref(),
            body: &body,
        };
        let case = app.authenticate(id, &signed).await?;
        Ok(Self { case, body })
    }
}

/// Gives the credential that came of the case.
#[utoipa::path(get, path = "/v1/cases/{id}/credential", tag = "residents",
    params(("id" = String, Path, description = "Case id"), ("x-case-time" = String, Header), ("x-case-signature" = String, Header)),
    responses(
        (status = 200, body = Issued),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn credential(
    State(app): State<App>,
    Signed { case, .. }: Signed,
) -> Result<Json<Issued>, Problem> {
    let credential = app.credential(&case).await?;
    Ok(Json(Issued {
        credential: credential.expose().to_owned(),
    }))
}

/// A statement with its text.
#[derive(Serialize, ToSchema)]
pub struct Statement {
    /// `keccak256(salt ‖ text)`.
    hash: String,
    /// What was written.
    text: String,
    /// 32 bytes, hex.
    salt: String,
    /// `applicant` or `officer`.
    author: String,
    /// Unix milliseconds.
    at_ms: u64,
}

/// Statements of a case.
#[derive(Serialize, ToSchema)]
pub struct Statements {
    items: Vec<Statement>,
}

/// Gives what officers wrote about the case (once the chain names it), and what the applicant wrote.
#[utoipa::path(get, path = "/v1/cases/{id}/statements", tag = "residents",
    params(("id" = String, Path, description = "Case id"), ("x-case-time" = String, Header), ("x-case-signature" = String, Header)),
    responses(
        (status = 200, body = Statements),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn statements(
    State(app): State<App>,
    Signed { case, .. }: Signed,
) -> Result<Json<Statements>, Problem> {
    let items = app
        .own_statements(&case)
        .await?
        .into_iter()
        .map(|(row, statement)| Statement {
            hash: format!("{:#x}", row.hash),
            text: statement.text,
            salt: format!("{:#x}", statement.salt),
            author: row.author,
            at_ms: row.at_ms,
        });
    Ok(Json(Statements {
        items: items.collect(),
    }))
}

/// A form and the salt of its commitment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Supplement {
    #[schema(value_type = Object)]
    form: Value,
    /// 32 bytes, hex.
    #[schema(value_type = String)]
    salt: B256,
}

/// What goes on the chain.
#[derive(Serialize, ToSchema)]
pub struct Hash {
    hash: String,
}

/// Takes the form that answers a request for more. Its commitment then goes on the chain.
#[utoipa::path(post, path = "/v1/cases/{id}/supplement", tag = "residents", request_body = Supplement,
    params(("id" = String, Path, description = "Case id"), ("x-case-time" = String, Header), ("x-case-signature" = String, Header)),
    responses(
        (status = 200, body = Hash),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn supplement(
    State(app): State<App>,
    Signed { case, body }: Signed,
) -> Result<Json<Hash>, Problem> {
    let supplement: Supplement = parse(&body)?;
    if !supplement.form.is_object() {
        return Err(Problem::invalid("form", "must be an object"));
    }
    let hash = app.supplement(&case, supplement.form, supplement.salt).await?;
    Ok(Json(Hash {
        hash: format!("{hash:#x}"),
    }))
}

/// The text of an appeal and its salt.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    text: String,
    /// 32 bytes, hex.
    #[schema(value_type = String)]
    salt: B256,
}

/// Takes the text of an appeal. Its hash then goes on the chain.
#[utoipa::path(post, path = "/v1/cases/{id}/appeal", tag = "residents", request_body = Appeal,
    params(("id" = String, Path, description = "Case id"), ("x-case-time" = String, Header), ("x-case-signature" = String, Header)),
    responses(
        (status = 200, body = Hash),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn appeal(State(app): State<App>, Signed { case, body }: Signed) -> Result<Json<Hash>, Problem> {
    let appeal: Appeal = parse(&body)?;
    let hash = app.appeal(&case, appeal.text, appeal.salt).await?;
    Ok(Json(Hash {
        hash: format!("{hash:#x}"),
    }))
}
