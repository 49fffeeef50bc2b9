//! Residents' accounts: the backup hosted here, the share kept here, recoveries asked for here.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::Problem;
use super::extract::{self, Body, CaseId, Officer};
use crate::app::App;
use crate::app::access::{ApproveRecovery, Desk};
use crate::app::backup::{DeviceRequest, LiveDevice};
use crate::app::recovery::Wanted;

/// A wallet's backup.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Grows with every change.
    version: u64,
    /// base64url of the ciphertext, padded to steps of 4096 bytes.
    content: String,
}

/// The backup was kept.
#[derive(Serialize, ToSchema)]
pub struct Kept {
    version: u64,
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

async fn device(
    app: &App,
    account: alloy_primitives::B256,
    method: &str,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<LiveDevice, Problem> {
    let request = DeviceRequest {
        method,
        path,
        time: header(headers, "x-account-time"),
        signer: header(headers, "x-account-signer"),
        signature: header(headers, "x-account-signature"),
        body,
    };
    Ok(app.live_device(account, &request).await?)
}

/// Keeps a backup for a live device of the account.
#[utoipa::path(post, path = "/v1/accounts/{id}/backup", tag = "accounts", request_body = Backup,
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 200, body = Kept),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn keep_backup(
    State(app): State<App>,
    CaseId(account): CaseId,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Kept>, Problem> {
    let bytes = extract::read(request, &app).await?;
    let of = device(&app, account, "POST", uri.path(), &headers, &bytes).await?;
    let backup: Backup = extract::parse(&bytes)?;
    let content = base64("content", &backup.content)?;
    app.keep_backup(&of, backup.version, &content).await?;
    Ok(Json(Kept {
        version: backup.version,
    }))
}

/// Answers the backup to a live device of the account.
#[utoipa::path(get, path = "/v1/accounts/{id}/backup", tag = "accounts",
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 200, body = Backup),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn backup(
    State(app): State<App>,
    CaseId(account): CaseId,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Backup>, Problem> {
    let of = device(&app, account, "GET", uri.path(), &headers, &[]).await?;
    let (version, content) = app.backup(&of).await?;
    Ok(Json(Backup { version, content }))
}

/// A share of a backup's key and whose it is, sealed to this organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedGuard {
    /// base64url of HPKE's encapsulated key and ciphertext.
    sealed: String,
}

/// Keeps a share for the person who shows an identity credential.
#[utoipa::path(post, path = "/v1/accounts/{id}/guard", tag = "accounts", request_body = SealedGuard,
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn guard(
    State(app): State<App>,
    CaseId(account): CaseId,
    Body(body): Body<SealedGuard>,
) -> Result<StatusCode, Problem> {
    app.guard(account, &base64("sealed", &body.sealed)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A signer of a new device, as in the contract `Accounts`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSigner {
    /// 1 passkey, 2 device, 3 external wallet.
    kind: u8,
    /// 1 or 2.
    weight: u8,
    /// `0x` and 64 hexadecimal digits.
    x: String,
    /// `0x` and 64 hexadecimal digits.
    y: String,
}

/// What a new device asks for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// One to eight.
    signers: Vec<NewSigner>,
    /// X25519 public key, `0x` and 64 hexadecimal digits.
    receiver: String,
}

/// For the new device alone.
#[derive(Serialize, ToSchema)]
pub struct Asked {
    /// Comes back with it; secret.
    ticket: String,
    /// To be shown at the counter.
    code: String,
    /// Unix seconds.
    expires_at: u64,
}

/// Asks for a recovery, to be approved at this organisation's counter.
#[utoipa::path(post, path = "/v1/recoveries", tag = "accounts", request_body = NewDevice,
    responses(
        (status = 201, body = Asked),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn ask_recovery(
    State(app): State<App>,
    Body(device): Body<NewDevice>,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let word = |field: &str, text: &str| extract::case_id(field, text);
    let mut signers = Vec::new();
    for signer in &device.signers {
        signers.push((
            signer.kind,
            signer.weight,
            word("x", &signer.x)?,
            word("y", &signer.y)?,
        ));
    }
    let wanted = Wanted {
        signers,
        receiver: word("receiver", &device.receiver)?,
    };
    let ticket = app.ask_recovery(&wanted).await?;
    let asked = Asked {
        ticket: ticket.ticket,
        code: ticket.code,
        expires_at: ticket.expires_s,
    };
    Ok((StatusCode::CREATED, Json(asked)))
}

/// Where a recovery stands here.
#[derive(Serialize, ToSchema)]
pub struct Progress {
    /// `null`: no officer has approved it yet.
    account: Option<String>,
    /// Its id on the chain.
    recovery: Option<String>,
}

/// Answers whether an officer has approved.
#[utoipa::path(get, path = "/v1/recoveries/{ticket}", tag = "accounts",
    params(("ticket" = String, Path, description = "The ticket")),
    responses(
        (status = 200, body = Progress),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn recovery(State(app): State<App>, Path(ticket): Path<String>) -> Result<Json<Progress>, Problem> {
    let found = app.recovery(&ticket).await?;
    let (account, recovery) = found.unzip();
    Ok(Json(Progress {
        account: account.map(|id| format!("{id:#x}")),
        recovery: recovery.map(|id| format!("{id:#x}")),
    }))
}

/// A share, sealed to the new device.
#[derive(Serialize, ToSchema)]
pub struct SealedShare {
    /// base64url of HPKE's encapsulated key and ciphertext.
    sealed: String,
}

/// Releases the share of a recovery that is over on the chain.
#[utoipa::path(post, path = "/v1/recoveries/{ticket}/share", tag = "accounts",
    params(("ticket" = String, Path, description = "The ticket")),
    responses(
        (status = 200, body = SealedShare),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn share(State(app): State<App>, Path(ticket): Path<String>) -> Result<Json<SealedShare>, Problem> {
    let sealed = app.release_share(&ticket).await?;
    Ok(Json(SealedShare {
        sealed: URL_SAFE_NO_PAD.encode(sealed),
    }))
}

/// Who stands at the counter, and what their new device shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AtCounter {
    /// Resident number, 18 characters.
    number: String,
    /// Eight digits.
    code: String,
}

/// Approves a recovery on the chain, for a person whom the officer has identified.
#[utoipa::path(post, path = "/v1/counter/recoveries", tag = "officers", request_body = AtCounter,
    security(("bearer" = [])),
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn approve(
    State(app): State<App>,
    officer: Officer,
    Body(person): Body<AtCounter>,
) -> Result<StatusCode, Problem> {
    let number = Zeroizing::new(person.number);
    let permit = officer.may::<ApproveRecovery>(&app, Some(Desk)).await?;
    app.approve_recovery(&permit, &person.code, &number).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn base64(field: &str, text: &str) -> Result<Vec<u8>, Problem> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Problem::invalid(field, "must be base64url without padding"))
}
