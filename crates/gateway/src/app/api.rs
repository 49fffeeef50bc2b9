//! The agency's own HTTP API as a source: the mapping says what is asked and where in the JSON answer the value is.
//!
//! It lies in the agency's own network, as its database does: plain HTTP, or a proxy beside the gateway that speaks TLS.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method, StatusCode, Url, redirect};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use zeroize::Zeroizing;
use zhengtong_vault::{Secret, keyfile};

use super::mapping::Bind;
use super::source::AnswerError;

/// The most bytes of an answer.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// The most characters of a path, and of a pointer.
const MAX_TEXT_CHARS: usize = 1024;
/// The most bytes of a request's body as the mapping has it.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// Where the agency's API is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// What paths in the mapping are added to, e.g. `http://records.internal/api`.
    pub url: String,
    /// File with the token that is sent as `Authorization: Bearer`, readable by its owner alone.
    #[serde(default)]
    pub token: Option<PathBuf>,
}

/// Why an API was not taken.
#[derive(Debug, Error)]
pub enum ApiError {
    /// The address.
    #[error("must be an http address without query, user or fragment")]
    Url,
    /// The token.
    #[error(transparent)]
    Token(#[from] zhengtong_vault::VaultError),
    /// The token cannot be sent in a header.
    #[error("the token's file must hold one line of visible ASCII")]
    TokenText,
    /// The client.
    #[error("the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// The agency's API.
pub struct Api {
    base: Url,
    token: Option<Secret<String>>,
    http: Client,
}

/// What a mapping asks of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    method: Method,
    /// From the base on, with `:number` and `:day`.
    path: String,
    /// What is sent, with `":number"` and `":day"` as whole texts.
    body: Option<Value>,
    /// JSON pointer (RFC 6901) to what is wanted in the answer.
    at: String,
    timeout: Duration,
}

/// What is wrong with a request in a mapping.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ApiProblem {
    /// A path that does not begin with `/`, or is too long, or goes elsewhere.
    #[error(
        "`get` or `post` must be a path: from `/` on, visible ASCII without `#` and `..`, at most {MAX_TEXT_CHARS} characters"
    )]
    Path,
    /// Not a pointer.
    #[error("`answer` must be a JSON pointer: empty, or from `/` on, at most {MAX_TEXT_CHARS} characters")]
    Pointer,
    /// A body that is not sent, or too long.
    #[error("`body` goes with `post` alone, and has at most {MAX_BODY_BYTES} bytes")]
    Body,
    /// A bind that does not exist.
    #[error("unknown bind :{0}")]
    UnknownBind(String),
    /// Does not ask about the resident.
    #[error("must use :number, or it would answer the same for everybody")]
    NoNumber,
}

const BINDS: [(&str, Bind); 2] = [("number", Bind::Number), ("day", Bind::Day)];

impl ApiRequest {
    /// Checks a request of a mapping.
    ///
    /// # Errors
    /// See [`ApiProblem`].
    pub fn new(
        method: Method,
        path: &str,
        body: Option<Value>,
        at: &str,
        timeout: Duration,
    ) -> Result<Self, ApiProblem> {
        let is_path = path.starts_with('/')
            && !path.starts_with("//")
            && path.len() <= MAX_TEXT_CHARS
            && path
                .chars()
                .all(|c| c.is_ascii_graphic() && c != '#' && c != '\\')
            && !path.contains("..");
        if !is_path {
            return Err(ApiProblem::Path);
        }
        if at.len() > MAX_TEXT_CHARS || !(at.is_empty() || at.starts_with('/')) {
            return Err(ApiProblem::Pointer);
        }
        if body
            .as_ref()
            .is_some_and(|body| method == Method::GET || body.to_string().len() > MAX_BODY_BYTES)
        {
            return Err(ApiProblem::Body);
        }
        let mut names = bound_in(path);
        let mut texts = Vec::new();
        if let Some(body) = &body {
            collect(body, &mut texts);
        }
        names.extend(texts.iter().filter_map(|text| text.strip_prefix(':')));
        if let Some(unknown) = names
            .iter()
            .find(|name| BINDS.iter().all(|(known, _)| known != *name))
        {
            return Err(ApiProblem::UnknownBind((*unknown).to_owned()));
        }
        if !names.contains(&"number") {
            return Err(ApiProblem::NoNumber);
        }
        Ok(Self {
            method,
            path: path.to_owned(),
            body,
            at: at.to_owned(),
            timeout,
        })
    }
}

/// Names after a colon in a path.
fn bound_in(path: &str) -> Vec<&str> {
    let parts = path.split(':').skip(1);
    parts
        .map(|part| {
            part.split(|c: char| !c.is_ascii_lowercase() && c != '_')
                .next()
                .unwrap_or_default()
        })
        .collect()
}

/// The texts in a JSON value.
fn collect<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(members) => members.values().for_each(|member| collect(member, texts)),
        _ => {}
    }
}

/// The same with the binds' values. Numbers and days need no encoding, neither in a path nor in JSON.
fn filled(value: &Value, of: &impl Fn(Bind) -> Zeroizing<String>) -> Value {
    match value {
        Value::String(text) => match BINDS
            .iter()
            .find(|(name, _)| text.strip_prefix(':') == Some(*name))
        {
            Some((_, bind)) => Value::String(of(*bind).to_string()),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, of)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), filled(member, of)))
            .collect(),
        other => other.clone(),
    }
}

impl Api {
    /// The API of a configuration; reads the token.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub fn new(config: &ApiConfig) -> Result<Self, ApiError> {
        let base = Url::parse(&config.url).map_err(|_| ApiError::Url)?;
        let is_plain = base.scheme() == "http"
            && base.host_str().is_some()
            && base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !is_plain {
            return Err(ApiError::Url);
        }
        let token = config.token.as_deref().map(keyfile::read_text).transpose()?;
        if token
            .as_ref()
            .is_some_and(|token| !token.expose().chars().all(|c| c.is_ascii_graphic()))
        {
            return Err(ApiError::TokenText);
        }
        // What it names is asked, and nothing else: no proxy of the environment, no place that an answer points to.
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { base, token, http })
    }

    /// What the API says at the place that the request names; `None` if it has nothing (404) or says `null`.
    ///
    /// # Errors
    /// It answers anything else, too much, too late, or not at that place.
    pub(super) async fn ask(
        &self,
        request: &ApiRequest,
        value: impl Fn(Bind) -> Zeroizing<String>,
    ) -> Result<Option<Value>, AnswerError> {
        tokio::time::timeout(request.timeout, self.answer(request, value))
            .await
            .map_err(|_| AnswerError::Timeout(request.timeout))?
    }

    async fn answer(
        &self,
        request: &ApiRequest,
        value: impl Fn(Bind) -> Zeroizing<String>,
    ) -> Result<Option<Value>, AnswerError> {
        let mut path = request.path.clone();
        for (name, bind) in BINDS {
            path = path.replace(&format!(":{name}"), &value(bind));
        }
        let url = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let mut asked = self
            .http
            .request(request.method.clone(), url)
            .header("accept", "application/json");
        if let Some(token) = &self.token {
            asked = asked.bearer_auth(token.expose());
        }
        if let Some(body) = &request.body {
            asked = asked
                .header("content-type", "application/json")
                .body(filled(body, &value).to_string());
        }
        // The error may quote the address, and with it whom it is about.
        let mut answer = asked.send().await.map_err(|_| AnswerError::Unreachable)?;
        match answer.status() {
            StatusCode::NOT_FOUND => return Ok(None),
            status if status.is_success() => {}
            status => return Err(AnswerError::Status(status.as_u16())),
        }
        let mut text = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(|_| AnswerError::Unreachable)? {
            if text.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(AnswerError::TooLarge);
            }
            text.extend_from_slice(&chunk);
        }
        let mut answer: Value = serde_json::from_slice(&text).map_err(|_| AnswerError::Shape)?;
        let found = answer
            .pointer_mut(&request.at)
            .map(Value::take)
            .ok_or(AnswerError::Shape)?;
        Ok(Some(found).filter(|found| !found.is_null()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(method: Method, path: &str, body: Option<Value>, at: &str) -> Result<ApiRequest, ApiProblem> {
        ApiRequest::new(method, path, body, at, Duration::from_secs(1))
    }

    #[test]
    fn requests_that_could_do_harm_are_refused() {
        use ApiProblem as P;
        let get = |path: &str, at: &str| request(Method::GET, path, None, at).err();
        assert_eq!(get("/deaths/:number?on=:day", "/recorded"), None);
        for path in [
            "deaths/:number",
            "//other/:number",
            "/a/../:number",
            "/:number#x",
            "/ü/:number",
            "/a b/:number",
        ] {
            assert_eq!(get(path, ""), Some(P::Path), "{path}");
        }
        assert_eq!(get("/:number", "recorded"), Some(P::Pointer));
        assert_eq!(get("/deaths", ""), Some(P::NoNumber));
        assert_eq!(get("/:number/:code", ""), Some(P::UnknownBind("code".into())));
        let post = |body: Value| request(Method::POST, "/deaths", Some(body), "").err();
        assert_eq!(post(json!({ "who": { "ids": [":number"] } })), None);
        assert_eq!(post(json!({ "who": "number" })), Some(P::NoNumber));
        assert_eq!(
            post(json!({ "who": ":name" })),
            Some(P::UnknownBind("name".into()))
        );
        assert_eq!(
            request(Method::GET, "/:number", Some(json!({})), "").err(),
            Some(P::Body)
        );
        assert_eq!(
            post(json!({ "who": ":number", "x": "y".repeat(MAX_BODY_BYTES) })),
            Some(P::Body)
        );
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for url in [
            "records",
            "ftp://x/",
            "http://user@x/",
            "http://x/?a",
            "http://x/#a",
            "https://x/",
        ] {
            let config = ApiConfig {
                url: url.into(),
                token: None,
            };
            assert!(matches!(Api::new(&config), Err(ApiError::Url)), "{url}");
        }
    }
}
