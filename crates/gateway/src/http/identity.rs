use alloy_primitives::B256;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::Problem;
use super::extract::Body;
use crate::app::App;

/// Who somebody says they are, and the key that their credential is bound to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Resident number, 18 characters.
    number: String,
    /// The code from the counter; in `zhengtong dev`, the demo code.
    code: String,
    /// Public P-256 key (JWK).
    #[schema(value_type = Object)]
    holder: Value,
    /// Semaphore identity commitment, 32 bytes in hex: the wallet's leaf in the register of people. It takes the place of any
    /// other of the same person.
    #[serde(default)]
    commitment: Option<String>,
}

/// A credential, for its holder alone.
#[derive(Serialize, ToSchema)]
pub struct Issued {
    /// SD-JWT VC with all disclosures.
    pub credential: String,
}

/// An identity credential, for its holder alone.
#[derive(Serialize, ToSchema)]
pub struct Identity {
    /// SD-JWT VC with all disclosures.
    pub credential: String,
    /// The person's seat in the register of people, a random number; where the contract `People` has their commitment soon. Not
    /// there if they gave none, or this organisation enters nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub seat: Option<B256>,
}

/// Issues an identity credential to whoever knows number and code.
#[utoipa::path(post, path = "/v1/identity", tag = "residents", request_body = Person,
    responses(
        (status = 200, body = Identity),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn prove(State(app): State<App>, Body(person): Body<Person>) -> Result<Json<Identity>, Problem> {
    let (number, code) = (Zeroizing::new(person.number), Zeroizing::new(person.code));
    let commitment = person.commitment.as_deref();
    let proven = app
        .prove_identity(&number, &code, &person.holder, commitment)
        .await?;
    Ok(Json(Identity {
        credential: proven.credential.expose().to_owned(),
        seat: proven.seat,
    }))
}
