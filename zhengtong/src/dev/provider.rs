//! The provider of OpenID Connect of a demo network: a page with the demo agencies' officers, who are synthetic. Whoever
//! opens it is whom they choose.
//!
//! It exists in `zhengtong dev` alone, and there on loopback alone. Its metadata says which network it is of
//! ([`DEMO_NETWORK`]), and a gateway of any other network refuses it, whatever its configuration says.

mod page;
mod token;

use super::{
    cast::{AGENCIES, Agency},
    keys::DevSeed,
};
use anyhow::{Context, Result};
use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use token::{Answer, CODE_S, Issued};
use zhengtong_credentials::JwtKey;
use zhengtong_gateway::OidcConfig;
use zhengtong_gateway::app::access::Role;
use zhengtong_gateway::app::oidc::{DEMO_NETWORK, RETURN_PATH};
use zhengtong_gateway::app::passkey::PasskeyConfig;
use zhengtong_types::NetworkKey;
use zhengtong_vault::keyfile;

/// Where it is served.
const PATH: &str = "/demo/provider";
/// The most codes that wait to be exchanged.
const MAX_CODES: usize = 1_000;
/// The longest value of a parameter, in bytes.
const MAX_PARAMETER_BYTES: usize = 1024;

/// What the demo provider calls a group, and what it stands for at the gateways.
const GROUPS: [(&str, &[Role]); 4] = [
    ("handlers", &[Role::Handler]),
    ("counter", &[Role::Counter]),
    ("data-protection", &[Role::DataOfficer]),
    ("administrators", &[Role::Administrator]),
];

/// A made-up officer.
pub struct Person {
    /// The subject, and the code: that of the demo key that belongs to them.
    pub code: String,
    pub name: &'static str,
    pub groups: Vec<&'static str>,
}

/// Family names by agency and number, so that everybody on the page is somebody else.
const NAMES: [&str; 12] = [
    "赵明远",
    "钱若溪",
    "孙景行",
    "李知微",
    "周允执",
    "吴清和",
    "郑守正",
    "王思齐",
    "冯怀瑾",
    "陈思源",
    "褚遂宁",
    "卫长庚",
];

/// The officers of an agency: those with a demo key, and one who was and is not any more.
pub fn people(agency: &Agency) -> Vec<Person> {
    let offset = AGENCIES
        .iter()
        .take_while(|one| one.slug != agency.slug)
        .map(|one| one.officers + 1)
        .sum::<u32>();
    let name = |number: u32| NAMES[(offset + number) as usize % NAMES.len()];
    let mut people: Vec<_> = (1..=agency.officers)
        .map(|number| {
            let mut groups = vec!["handlers", "counter", "data-protection"];
            if number == agency.officers {
                groups.push("administrators");
            }
            Person {
                code: format!("{}-{number}", agency.slug),
                name: name(number - 1),
                groups,
            }
        })
        .collect();
    people.push(Person {
        code: format!("{}-0", agency.slug),
        name: name(agency.officers),
        groups: Vec::new(),
    });
    people
}

/// A client of the provider: an agency's gateway.
struct Client {
    agency: &'static Agency,
    secret: String,
}

struct Inner {
    issuer: String,
    network: String,
    /// Signs ID tokens.
    key: JwtKey,
    clients: Vec<Client>,
    redirect_uris: Vec<String>,
    codes: Mutex<BTreeMap<String, Issued>>,
}

/// The provider. Clones share everything.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

impl Provider {
    /// The provider of a data folder; makes each gateway's secret at the first start.
    pub fn new(folder: &Path, seed: &DevSeed, http: SocketAddr, network: &NetworkKey) -> Result<Self> {
        let clients = AGENCIES
            .iter()
            .filter(|agency| agency.officers > 0)
            .map(|agency| {
                let path = secret_file(folder, agency.slug);
                keyfile::read_or_create(&path, keyfile::random::<32>)
                    .and_then(|_| keyfile::read_text(&path))
                    .map(|secret| Client {
                        agency,
                        secret: secret.expose().clone(),
                    })
                    .with_context(|| format!("the secret of {}", agency.slug))
            })
            .collect::<Result<_>>()?;
        Ok(Self(Arc::new(Inner {
            issuer: issuer(http),
            network: network.to_string(),
            key: JwtKey::new(
                &seed.derive("officers-provider").0,
                "the key of the demo provider",
            )?,
            clients,
            redirect_uris: redirect_uris(http),
            codes: Mutex::default(),
        })))
    }

    pub fn router(self) -> Router {
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize))
            .route("/choose", post(choose))
            .route("/token", post(exchange))
            .route("/end", get(end))
            .with_state(self);
        Router::new().nest(PATH, routes)
    }

    fn client(&self, id: &str) -> Option<&Client> {
        self.0.clients.iter().find(|client| client.agency.slug == id)
    }

    fn check(&self, asked: &Asked) -> Result<&Client, &'static str> {
        let client = self.client(&asked.client_id).ok_or("client_id")?;
        if !self.0.redirect_uris.contains(&asked.redirect_uri) {
            return Err("redirect_uri");
        }
        let bounded = [&asked.state, &asked.nonce, &asked.code_challenge];
        if bounded
            .iter()
            .any(|text| text.is_empty() || text.len() > MAX_PARAMETER_BYTES)
        {
            return Err("state, nonce, code_challenge");
        }
        if asked.response_type != "code" {
            return Err("response_type");
        }
        if asked.code_challenge_method != "S256" {
            return Err("code_challenge_method");
        }
        if !asked.scope.split(' ').any(|scope| scope == "openid") {
            return Err("scope");
        }
        Ok(client)
    }
}

fn issuer(http: SocketAddr) -> String {
    format!("http://{http}{PATH}")
}

fn redirect_uris(http: SocketAddr) -> Vec<String> {
    [http.to_string(), format!("localhost:{}", http.port())]
        .map(|host| format!("http://{host}{RETURN_PATH}"))
        .into()
}

fn secret_file(folder: &Path, slug: &str) -> PathBuf {
    folder.join("gateways").join(slug).join("keys/oidc.secret")
}

/// What an agency's gateway is told about the provider.
pub fn config(folder: &Path, http: SocketAddr, slug: &str) -> OidcConfig {
    OidcConfig {
        name: "演示统一身份认证 (demo)".to_owned(),
        issuer: issuer(http),
        client_id: slug.to_owned(),
        client_secret: Some(secret_file(folder, slug)),
        client_key: None,
        redirect_uris: redirect_uris(http),
        post_logout_redirect_uri: None,
        scopes: vec!["profile".to_owned()],
        algorithms: vec![zhengtong_gateway::app::oidc::SigningAlgorithm::ES256],
        certificates: None,
        session_minutes: None,
        max_age_minutes: None,
        code_claim: "employee_number".to_owned(),
        roles_claim: Some("groups".to_owned()),
        key_claim: None,
        require: BTreeMap::from([("department".to_owned(), slug.to_owned())]),
        roles: GROUPS
            .iter()
            .map(|(group, roles)| ((*group).to_owned(), roles.to_vec()))
            .collect(),
        officers: BTreeMap::new(),
        // Passkeys are of a name: the portal's own on this machine, not the one by number. Browsers leave out port 80, which
        // `session_domains` does not.
        passkeys: (http.port() != 80).then(|| PasskeyConfig {
            rp_id: "localhost".to_owned(),
            origins: vec![format!("http://localhost:{}", http.port())],
            days: 14,
        }),
    }
}

async fn metadata(State(provider): State<Provider>) -> Json<Value> {
    let issuer = &provider.0.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/end"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile"],
        "claims_supported": ["sub", "name", "employee_number", "department", "groups", "auth_time"],
        "authorization_response_iss_parameter_supported": true,
        DEMO_NETWORK: provider.0.network,
    }))
}

async fn jwks(State(provider): State<Provider>) -> Json<Value> {
    Json(json!({ "keys": [provider.0.key.published()] }))
}

/// A request for authentication (OpenID Connect Core 1.0, 3.1.2.1). Other parameters are ignored.
#[derive(Clone, Deserialize)]
pub struct Asked {
    #[serde(default)]
    response_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    code_challenge: String,
    #[serde(default)]
    code_challenge_method: String,
    #[serde(default)]
    prompt: String,
}

async fn authorize(State(provider): State<Provider>, Query(asked): Query<Asked>) -> Response {
    let client = match provider.check(&asked) {
        Ok(client) => client,
        Err(what) => return (StatusCode::BAD_REQUEST, format!("wrong: {what}")).into_response(),
    };
    // Nobody is ever signed in here already.
    if asked.prompt.split(' ').any(|prompt| prompt == "none") {
        return provider.back(&asked, &[("error", "login_required")]);
    }
    let allowed = provider.0.redirect_uris.join(" ");
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {allowed}; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(page::page(client.agency, &asked))).into_response()
}

/// The choice on the page: the request once more, and who.
#[derive(Deserialize)]
struct Chosen {
    #[serde(flatten)]
    asked: Asked,
    #[serde(default)]
    person: String,
}

async fn choose(State(provider): State<Provider>, Form(chosen): Form<Chosen>) -> Response {
    let client = match provider.check(&chosen.asked) {
        Ok(client) => client,
        Err(what) => return (StatusCode::BAD_REQUEST, format!("wrong: {what}")).into_response(),
    };
    let asked = &chosen.asked;
    let Some(person) = people(client.agency)
        .into_iter()
        .find(|one| one.code == chosen.person)
    else {
        return provider.back(asked, &[("error", "access_denied")]);
    };
    let Ok(now_s) = token::now_s() else {
        return provider.back(asked, &[("error", "server_error")]);
    };
    let code = alloy_primitives::B256::random().to_string();
    let issued = Issued {
        client: client.agency.slug,
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.code_challenge.clone(),
        nonce: asked.nonce.clone(),
        person,
        at_s: now_s,
    };
    {
        let mut codes = provider.0.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|_, issued| now_s.saturating_sub(issued.at_s) < CODE_S);
        if codes.len() >= MAX_CODES {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        codes.insert(code.clone(), issued);
    }
    provider.back(asked, &[("code", &code)])
}

impl Provider {
    /// Sends the browser back.
    fn back(&self, asked: &Asked, parameters: &[(&str, &str)]) -> Response {
        let Ok(mut url) = url::Url::parse(&asked.redirect_uri) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        url.query_pairs_mut()
            .extend_pairs(parameters)
            .append_pair("state", &asked.state)
            .append_pair("iss", &self.0.issuer);
        Redirect::to(url.as_str()).into_response()
    }
}

#[derive(Deserialize)]
struct Exchange {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    code_verifier: String,
}

async fn exchange(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(form): Form<Exchange>,
) -> Response {
    let refused = |status, error| {
        let fresh = [(header::CACHE_CONTROL, "no-store")];
        (status, fresh, Json(json!({ "error": error }))).into_response()
    };
    let Some(client) = provider.authenticated(&headers) else {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    if form.grant_type != "authorization_code" {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    // Taken out whatever comes next: a code is tried once.
    let issued = {
        let mut codes = provider.0.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.remove(&form.code)
    };
    let answer = Answer {
        issuer: &provider.0.issuer,
        client: client.agency.slug,
        redirect_uri: &form.redirect_uri,
        verifier: &form.code_verifier,
    };
    let token = issued.and_then(|issued| answer.id_token(&provider.0.key, &issued).ok().flatten());
    match token {
        Some(id_token) => {
            let body = json!({
                "access_token": alloy_primitives::B256::random(),
                "token_type": "Bearer",
                "expires_in": CODE_S,
                "id_token": id_token,
            });
            ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
        }
        None => refused(StatusCode::BAD_REQUEST, "invalid_grant"),
    }
}

impl Provider {
    /// The client of `client_secret_basic`.
    fn authenticated(&self, headers: &HeaderMap) -> Option<&Client> {
        let (id, secret) = token::basic(headers.get(header::AUTHORIZATION)?.to_str().ok()?)?;
        self.client(&id).filter(|client| client.secret == secret)
    }
}

/// Nobody is kept signed in here: there is nothing to end.
async fn end() -> Response {
    Html(page::ended()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_take_what_they_are_told_about_it() {
        for http in ["127.0.0.1:8080", "[::1]:8080"] {
            let http: SocketAddr = http.parse().unwrap();
            let hosts = [http.to_string(), format!("localhost:{}", http.port())];
            let told = config(Path::new("/data"), http, "health");
            told.check(&hosts).unwrap();
            assert!(told.check(&["portal.example".to_owned()]).is_err());
        }
        // On an address that others reach, a gateway would refuse it: there it is not served either.
        let open: SocketAddr = "192.0.2.7:8080".parse().unwrap();
        let hosts = [open.to_string(), "localhost:8080".to_owned()];
        assert!(config(Path::new("/data"), open, "health").check(&hosts).is_err());
    }
}
