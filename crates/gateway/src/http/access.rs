//! Access control, for the administrator: the policies, their changes, and who was refused what.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use super::extract::{Body, Officer};
use super::passkey::OfficerPasskey;
use crate::app::App;
use crate::app::access::{Desk, ListOfficers, ListRefusals, ReleaseOfficer, SeePolicies};
use crate::app::oidc::MAX_CODE_BYTES;

/// The most refusals in one answer.
const MAX_REFUSALS_SHOWN: usize = 200;

/// A policy file.
#[derive(Serialize, ToSchema)]
pub struct PolicyText {
    name: String,
    /// In the Cedar language.
    text: String,
}

/// When which policies came into force.
#[derive(Serialize, ToSchema)]
pub struct PolicyChange {
    /// Unix milliseconds.
    at_ms: u64,
    hash: String,
}

/// The policies in force.
#[derive(Serialize, ToSchema)]
pub struct PoliciesInForce {
    /// SHA-256 over the schema and the files.
    hash: String,
    files: Vec<PolicyText>,
    /// Latest first.
    changes: Vec<PolicyChange>,
}

/// Gives the policies in force and when they changed.
#[utoipa::path(get, path = "/v1/access/policies", tag = "access", security(("bearer" = [])),
    responses(
        (status = 200, body = PoliciesInForce),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn policies(State(app): State<App>, officer: Officer) -> Result<Json<PoliciesInForce>, Problem> {
    let permit = officer.may::<SeePolicies>(&app, Some(Desk)).await?;
    let (policies, changes) = app.policies(&permit).await?;
    let files = policies.files().iter().map(|file| PolicyText {
        name: file.name.clone(),
        text: file.text.clone(),
    });
    let changes = changes.into_iter().map(|row| PolicyChange {
        at_ms: row.at_ms,
        hash: row.hash,
    });
    Ok(Json(PoliciesInForce {
        hash: policies.hash().to_owned(),
        files: files.collect(),
        changes: changes.collect(),
    }))
}

/// A refusal. Nothing in it is personal.
#[derive(Serialize, ToSchema)]
pub struct AccessRefusal {
    /// Unix milliseconds.
    at_ms: u64,
    /// The officer's code or key; `resident`.
    who: String,
    /// The officer's agency.
    agency: String,
    /// The action, as in the policies; `signIn`.
    action: String,
    /// What with; empty if there is no such thing.
    resource: String,
    purpose: String,
    /// The policies that forbade it, separated by commas; empty if none permits it.
    policies: String,
    /// `missing` and `hidden`: answered 404; `not-permitted`: 403; of a sign-in, what was wrong.
    result: String,
}

/// Refusals, newest first.
#[derive(Serialize, ToSchema)]
pub struct AccessRefusals {
    items: Vec<AccessRefusal>,
}

/// Lists who was refused what.
#[utoipa::path(get, path = "/v1/access/refusals", tag = "access", security(("bearer" = [])),
    responses(
        (status = 200, body = AccessRefusals),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn refusals(State(app): State<App>, officer: Officer) -> Result<Json<AccessRefusals>, Problem> {
    let permit = officer.may::<ListRefusals>(&app, Some(Desk)).await?;
    let rows = app.refusals(&permit, MAX_REFUSALS_SHOWN).await?;
    let items = rows.into_iter().map(|row| AccessRefusal {
        at_ms: row.at_ms,
        who: row.who,
        agency: row.agency,
        action: row.action,
        resource: row.resource,
        purpose: row.purpose,
        policies: row.policies,
        result: row.result,
    });
    Ok(Json(AccessRefusals {
        items: items.collect(),
    }))
}

/// What is bound to an officer's code.
#[derive(Serialize, ToSchema)]
pub struct BoundOfficer {
    name: String,
    /// Whether an account at the provider is theirs.
    has_account: bool,
    /// The key that is theirs.
    key: Option<String>,
    /// Unix milliseconds.
    since_ms: u64,
    /// Their passkeys, oldest first.
    passkeys: Vec<OfficerPasskey>,
}

/// Officers' codes, in their order.
#[derive(Serialize, ToSchema)]
pub struct BoundOfficers {
    items: Vec<BoundOfficer>,
}

/// Lists officers' codes with the account and the key that each has.
#[utoipa::path(get, path = "/v1/access/officers", tag = "access", security(("bearer" = [])),
    responses(
        (status = 200, body = BoundOfficers),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn officers(State(app): State<App>, officer: Officer) -> Result<Json<BoundOfficers>, Problem> {
    let permit = officer.may::<ListOfficers>(&app, Some(Desk)).await?;
    let mut passkeys = app.all_passkeys(&permit).await?;
    let items = app.officers(&permit).await?.into_iter().map(|row| BoundOfficer {
        passkeys: passkeys
            .remove(&row.name)
            .unwrap_or_default()
            .into_iter()
            .map(OfficerPasskey::from)
            .collect(),
        name: row.name,
        has_account: row.has_account,
        key: row.key.map(|key| format!("{key:#x}")),
        since_ms: row.since_ms,
    });
    Ok(Json(BoundOfficers {
        items: items.collect(),
    }))
}

/// An officer's code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficerName {
    name: String,
}

/// Unbinds account and key from an officer's code, and ends its sessions.
#[utoipa::path(post, path = "/v1/access/officers/release", tag = "access", security(("bearer" = [])),
    request_body = OfficerName,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn release_officer(
    State(app): State<App>,
    officer: Officer,
    Body(body): Body<OfficerName>,
) -> Result<StatusCode, Problem> {
    let permit = officer.may::<ReleaseOfficer>(&app, Some(Desk)).await?;
    if body.name.is_empty() || body.name.len() > MAX_CODE_BYTES {
        return Err(Problem::invalid("name", "must be an officer's code"));
    }
    if app.release_officer(&permit, &body.name).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("nothing is bound to this code"))
    }
}

/// A passkey of an officer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyOfOfficer {
    /// The officer's code.
    name: String,
    /// The credential's id.
    id: String,
}

/// Removes an officer's passkey and ends the sessions that it opened.
#[utoipa::path(post, path = "/v1/access/officers/passkeys/remove", tag = "access", security(("bearer" = [])),
    request_body = PasskeyOfOfficer,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn remove_passkey(
    State(app): State<App>,
    officer: Officer,
    Body(body): Body<PasskeyOfOfficer>,
) -> Result<StatusCode, Problem> {
    let permit = officer.may::<ReleaseOfficer>(&app, Some(Desk)).await?;
    if app.remove_passkey(&permit, &body.name, &body.id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("this officer has no such passkey"))
    }
}
