//! Handing out credentials.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{authorization, dpop, fresh};
use crate::app::App;
use crate::app::openid::{CredentialAnswer, INTERVAL_S, OpenidError, TokenRequest};
use crate::http::extract::parse;
use crate::http::form::Form;
use crate::http::resident::Signed;
use crate::http::{MAX_BODY_BYTES, Problem};

/// Metadata of the credential issuer (OpenID4VCI 1.0).
#[utoipa::path(get, path = "/.well-known/openid-credential-issuer", tag = "openid",
    responses((status = 200, body = Object), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn metadata(State(app): State<App>) -> Result<Json<Value>, OpenidError> {
    app.issuer_metadata().await.map(Json)
}

/// Metadata of the authorization server (RFC 8414).
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "openid",
    responses((status = 200, body = Object), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn authorization_server(State(app): State<App>) -> Result<Json<Value>, OpenidError> {
    app.authorization_server_metadata().map(Json)
}

/// Metadata of a type of credential (SD-JWT VC).
#[utoipa::path(get, path = "/v1/types/{vct}", tag = "credentials", params(("vct" = String, Path, description = "The type, percent-encoded")),
    responses((status = 200, body = Object), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn type_metadata(
    State(app): State<App>,
    Path(vct): Path<String>,
) -> Result<Json<Value>, OpenidError> {
    app.type_metadata(&vct).await.map(Json)
}

/// The certificates of the credential key (PEM), leaf first. The anchor is on the chain.
#[utoipa::path(get, path = "/v1/certificates", tag = "credentials",
    responses((status = 200, body = String, content_type = "application/pem-certificate-chain"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn certificates(State(app): State<App>) -> Result<impl IntoResponse, OpenidError> {
    app.credential_issuer()?;
    let pem: String = app
        .issuer
        .certificates()
        .iter()
        .map(|certificate| certificate.to_pem())
        .collect();
    Ok(([(header::CONTENT_TYPE, "application/pem-certificate-chain")], pem))
}

/// How the credential should be offered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOffer {
    /// Whether the resident types a code into the wallet, so that a stolen offer is of no use.
    #[serde(default)]
    tx_code: bool,
}

/// An offer. Whoever has it, and the code if there is one, gets the credential.
#[derive(Serialize, ToSchema)]
pub struct OfferAnswer {
    /// `openid-credential-offer://…` with the offer itself.
    uri: String,
    /// The same with a reference to it: shorter, for a QR code.
    uri_by_reference: String,
    /// The offer itself.
    #[schema(value_type = Object)]
    offer: Value,
    /// What the resident types in.
    #[serde(skip_serializing_if = "Option::is_none")]
    tx_code: Option<String>,
    /// Unix seconds.
    expires_at_s: u64,
}

/// Offers the credential of an approved case to a wallet of the applicant's choice.
#[utoipa::path(post, path = "/v1/cases/{id}/offer", tag = "openid", request_body = NewOffer,
    params(("id" = String, Path, description = "Case id"), ("x-case-time" = String, Header), ("x-case-signature" = String, Header)),
    responses(
        (status = 200, body = OfferAnswer),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn offer(State(app): State<App>, signed: Signed) -> Result<Json<OfferAnswer>, Response> {
    let (case, body) = signed.into_parts();
    let new: NewOffer = parse(&body).map_err(IntoResponse::into_response)?;
    let offer = app
        .offer(&case, new.tx_code)
        .await
        .map_err(IntoResponse::into_response)?;
    let link = |name: &str, value: &str| {
        format!(
            "openid-credential-offer://?{name}={}",
            crate::app::openid::percent(value)
        )
    };
    Ok(Json(OfferAnswer {
        uri: link("credential_offer", &offer.offer.to_string()),
        uri_by_reference: link("credential_offer_uri", &offer.reference),
        offer: offer.offer,
        tx_code: offer.tx_code,
        expires_at_s: offer.expires_at_s,
    }))
}

/// The offer that a reference stands for.
#[utoipa::path(get, path = "/v1/openid/offers/{reference}", tag = "openid",
    params(("reference" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn offer_by_reference(
    State(app): State<App>,
    Path(reference): Path<String>,
) -> Result<Response, OpenidError> {
    let offer = app.offer_by_reference(&reference).await?;
    Ok(fresh(StatusCode::OK, &offer))
}

/// Gives an access token for a pre-authorized code, bound to a key if a DPoP proof comes with it.
#[utoipa::path(post, path = "/v1/openid/token", tag = "openid", params(("dpop" = Option<String>, Header)),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Object), (status = 400, body = Object)))]
pub async fn token(
    State(app): State<App>,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response, OpenidError> {
    let request = TokenRequest {
        grant_type: form.take("grant_type"),
        code: form.take("pre-authorized_code"),
        tx_code: form.take("tx_code"),
    };
    let token = app.access_token(&request, dpop(&headers)?).await?;
    let body = json!({
        "access_token": token.token, "token_type": token.token_type, "expires_in": token.expires_in_s,
    });
    Ok(fresh(StatusCode::OK, &body))
}

/// Gives a fresh nonce for a proof.
#[utoipa::path(post, path = "/v1/openid/nonce", tag = "openid", responses((status = 200, body = Object)))]
pub async fn nonce(State(app): State<App>) -> Result<Response, OpenidError> {
    let nonce = app.credential_nonce()?;
    Ok(fresh(StatusCode::OK, &json!({ "c_nonce": nonce })))
}

fn answered(answer: CredentialAnswer) -> Response {
    match answer {
        CredentialAnswer::Issued {
            credential,
            notification_id,
        } => fresh(
            StatusCode::OK,
            &json!({
                "credentials": [{ "credential": credential.expose() }],
                "notification_id": notification_id,
            }),
        ),
        CredentialAnswer::Deferred { transaction_id } => fresh(
            StatusCode::ACCEPTED,
            &json!({ "transaction_id": transaction_id, "interval": INTERVAL_S }),
        ),
    }
}

/// Hands out the credential, bound to the key of the proof; or says when to come back.
#[utoipa::path(post, path = "/v1/openid/credential", tag = "openid",
    params(("authorization" = String, Header), ("dpop" = Option<String>, Header)), request_body = Object,
    responses((status = 200, body = Object), (status = 202, body = Object), (status = 400, body = Object), (status = 401, body = Object)))]
pub async fn openid_credential(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, OpenidError> {
    let request = body
        .ok()
        .filter(|body| body.len() <= MAX_BODY_BYTES)
        .and_then(|body| serde_json::from_slice(&body).ok())
        .ok_or(());
    let answer = app
        .request_credential(authorization(&headers), dpop(&headers)?, request)
        .await?;
    Ok(answered(answer))
}

#[derive(Deserialize)]
struct Transaction {
    transaction_id: String,
}

/// Hands out a credential that was not there when it was asked for.
#[utoipa::path(post, path = "/v1/openid/deferred", tag = "openid",
    params(("authorization" = String, Header), ("dpop" = Option<String>, Header)), request_body = Object,
    responses((status = 200, body = Object), (status = 202, body = Object), (status = 400, body = Object), (status = 401, body = Object)))]
pub async fn deferred(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, OpenidError> {
    let transaction: Option<Transaction> = body.ok().and_then(|body| serde_json::from_slice(&body).ok());
    let id = transaction.as_ref().map(|one| one.transaction_id.as_str());
    let answer = app
        .deferred_credential(authorization(&headers), dpop(&headers)?, id)
        .await?;
    Ok(answered(answer))
}

#[derive(Deserialize)]
struct Notification {
    notification_id: String,
    event: String,
}

/// Takes what a wallet says became of a credential.
#[utoipa::path(post, path = "/v1/openid/notification", tag = "openid",
    params(("authorization" = String, Header), ("dpop" = Option<String>, Header)), request_body = Object,
    responses((status = 204), (status = 400, body = Object), (status = 401, body = Object)))]
pub async fn notification(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<StatusCode, OpenidError> {
    let said: Option<Notification> = body.ok().and_then(|body| serde_json::from_slice(&body).ok());
    let (id, event) = said
        .as_ref()
        .map(|one| (one.notification_id.as_str(), one.event.as_str()))
        .unzip();
    app.credential_notified(authorization(&headers), dpop(&headers)?, id, event)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
