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
}

/// A credential, for its holder alone.
#[derive(Serialize, ToSchema)]
pub struct Issued {
    /// SD-JWT VC with all disclosures.
    pub credential: String,
}

/// Issues an identity credential to whoever knows number and code.
#[utoipa::path(post, path = "/v1/identity", tag = "residents", request_body = Person,
    responses(
        (status = 200, body = Issued),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn prove(State(app): State<App>, Body(person): Body<Person>) -> Result<Json<Issued>, Problem> {
    let (number, code) = (Zeroizing::new(person.number), Zeroizing::new(person.code));
    let credential = app.prove_identity(&number, &code, &person.holder).await?;
    Ok(Json(Issued {
        credential: credential.expose().to_owned(),
    }))
}
