//! Signed messages: how requests and answers are signed, and what makes one authentic.

use std::collections::HashMap;

use alloy_primitives::{Address, B256};
use axum::body::Bytes;
use axum::http::HeaderMap;
use parking_lot::Mutex;
use zhengtong_bindings::parse_slug;

use super::key::{ENDORSED_FOR_S, Endorsed, KEY_HEADER, endorse};
use super::refusal::{Reason, Refusal};
use crate::app::{App, AppError};
use crate::signatures::{
    Component, Message, Parameters, PublicKey, Signed, SigningKey, Target, content_digest, digest_matches,
    sign,
};

/// Label of the signature.
pub const LABEL: &str = "exchange";
/// `tag` of a request's signature.
const REQUEST_TAG: &str = "zhengtong-exchange-request";
/// `tag` of an answer's signature.
const ANSWER_TAG: &str = "zhengtong-exchange-answer";
/// How long a message holds after it was made, in seconds.
pub const LIFE_S: u64 = 60;
/// The longest that a sender may let a message hold.
pub const MAX_LIFE_S: u64 = 300;
/// How far a sender's clock may be ahead.
pub const CLOCK_SKEW_S: u64 = 30;
/// The most headers of a request.
const MAX_HEADERS: usize = 64;
/// The most endorsements remembered as checked.
const MAX_KNOWN_KEYS: usize = 1_024;

/// What a request's signature covers, at least.
const REQUEST_COVERS: [Component; 6] = [
    Component::Own("@method"),
    Component::Own("@authority"),
    Component::Own("@path"),
    Component::Own("content-type"),
    Component::Own("content-digest"),
    Component::Own(KEY_HEADER),
];

/// What an answer's signature covers, at least: itself, and the request's signature, so that it answers no other.
const ANSWER_COVERS: [Component; 5] = [
    Component::Own("@status"),
    Component::Own("content-type"),
    Component::Own("content-digest"),
    Component::Own(KEY_HEADER),
    Component::RequestSignature(LABEL),
];

/// A request as it came, or as it is sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// `POST`.
    pub method: String,
    /// The `Host` header.
    pub authority: String,
    /// The path.
    pub path: String,
    /// The query, if there is one.
    pub query: Option<String>,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Bytes,
}

impl HttpRequest {
    fn message(&self) -> Message<'_> {
        let target = Target::Request {
            method: &self.method,
            authority: &self.authority,
            path: &self.path,
            query: self.query.as_deref(),
        };
        Message {
            target,
            headers: &self.headers,
        }
    }

    fn has_signature(&self) -> bool {
        Signed::parse(&self.message(), LABEL).is_ok()
    }
}

/// An answer as it is sent, or as it came.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Bytes,
}

/// An organisation as the `Registry` lists it.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its slug.
    pub slug: String,
    /// The same, as the contracts keep it.
    pub id: B256,
    /// Its attester.
    pub attester: Address,
    /// Its X25519 key.
    pub encryption: B256,
    /// Its gateway's address.
    pub gateway: String,
}

/// A message that is what its sender signed. Its nonce may be used up; it has to be used up by this message before anything
/// comes of it.
pub struct Authentic {
    /// Who sent it.
    pub sender: Peer,
    /// Its nonce, and when that may be forgotten, unix seconds.
    pub nonce: (String, u64),
}

/// The refusal of a message that came before.
pub(super) fn replayed() -> Refusal {
    let detail = "this message was received before; sign the request anew, with a new nonce";
    Refusal::new(Reason::Replayed, "nonce", detail)
}

/// The signing key of this gateway, its endorsement of the day, and endorsements of others that were checked.
pub(crate) struct Signing {
    key: SigningKey,
    own: Mutex<Option<(u64, String)>>,
    known: Mutex<HashMap<(String, Address), (PublicKey, u64)>>,
}

impl Signing {
    pub fn new(key: SigningKey) -> Self {
        Self {
            key,
            own: Mutex::default(),
            known: Mutex::default(),
        }
    }
}

/// The headers of a message, all of them: a byte that is no ASCII stands for the character of its number, so that what a
/// signature covers is there as often as it came.
pub fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect();
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect()
}

fn header<'a>(message: &Message<'a>, name: &'static str) -> Result<&'a str, Refusal> {
    message.one(name).ok_or_else(|| {
        Refusal::new(
            Reason::Unsigned,
            name,
            format!("the header `{name}` must be there once"),
        )
    })
}

impl App {
    /// An organisation that the `Registry` lists; `None` if it does not.
    ///
    /// # Errors
    /// The store fails.
    pub(super) async fn peer(&self, slug: &str) -> Result<Option<Peer>, AppError> {
        let Ok(id) = parse_slug(slug) else { return Ok(None) };
        let Some((attester, _)) = self.store.organisation(id).await? else {
            return Ok(None);
        };
        let Some((encryption, gateway)) = self.store.organisation_keys(id).await? else {
            return Ok(None);
        };
        let slug = slug.to_owned();
        Ok(Some(Peer {
            slug,
            id,
            attester,
            encryption,
            gateway,
        }))
    }

    /// Whether a request is authentic and fresh. Whether it is new is another question.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) async fn authenticate_request(&self, request: &HttpRequest) -> Result<Authentic, Refusal> {
        if request.headers.len() > MAX_HEADERS {
            let detail = format!("a request may have {MAX_HEADERS} headers");
            return Err(Refusal::new(Reason::Invalid, "headers", detail));
        }
        let message = request.message();
        if !digest_matches(header(&message, "content-digest")?, &request.body)? {
            let detail = "`Content-Digest` is not the digest of the content";
            return Err(Refusal::new(Reason::WrongDigest, "content-digest", detail));
        }
        let (signed, sender, key) = self.signed(&message, REQUEST_TAG, &REQUEST_COVERS).await?;
        signed.verify(&message, None, &key)?;
        let (nonce, expires_s) = self.fresh(&signed)?;
        if request.query.is_some() {
            return Err(Refusal::new(Reason::Invalid, "query", "there is no query here"));
        }
        let nonce = (nonce, expires_s + CLOCK_SKEW_S);
        Ok(Authentic { sender, nonce })
    }

    /// The organisation that the sender of a request calls itself, whoever it is; empty if it names none that the `Registry`
    /// lists: other names are not repeated.
    pub(super) async fn claimed_sender(&self, request: &HttpRequest) -> String {
        let signed = Signed::parse(&request.message(), LABEL);
        let Some(slug) = signed.ok().and_then(|signed| signed.parameters().key_id.clone()) else {
            return String::new();
        };
        let peer = self.peer(&slug).await.ok().flatten();
        peer.map_or_else(String::new, |peer| peer.slug)
    }

    /// Whether an answer is authentic and to this request.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) async fn authenticate_answer(
        &self,
        answer: &HttpAnswer,
        request: &HttpRequest,
        from: &Peer,
    ) -> Result<(), Refusal> {
        let target = Target::Response {
            status: answer.status,
        };
        let message = Message {
            target,
            headers: &answer.headers,
        };
        if !digest_matches(header(&message, "content-digest")?, &answer.body)? {
            let detail = "`Content-Digest` of the answer is not the digest of its content";
            return Err(Refusal::new(Reason::WrongDigest, "content-digest", detail));
        }
        let (signed, sender, key) = self.signed(&message, ANSWER_TAG, &ANSWER_COVERS).await?;
        if sender.id != from.id {
            return Err(Refusal::new(Reason::WrongKey, "keyid", "somebody else answered"));
        }
        signed.verify(&message, Some(&request.message()), &key)?;
        self.fresh(&signed)?;
        Ok(())
    }

    /// Reads the signature, and finds its key through the `Registry`.
    async fn signed(
        &self,
        message: &Message<'_>,
        tag: &str,
        covers: &[Component],
    ) -> Result<(Signed, Peer, PublicKey), Refusal> {
        let signed = Signed::parse(message, LABEL)?;
        let parameters = signed.parameters();
        if parameters.tag.as_deref() != Some(tag) {
            return Err(Refusal::new(
                Reason::Unsigned,
                "tag",
                format!("`tag` must be \"{tag}\""),
            ));
        }
        if let Some(missing) = covers.iter().find(|component| !signed.covers(component)) {
            let detail = format!("the signature does not cover {missing}");
            return Err(Refusal::new(Reason::Unsigned, "signature-input", detail));
        }
        let slug = parameters.key_id.clone();
        let slug = slug
            .ok_or_else(|| Refusal::new(Reason::Unsigned, "keyid", "`keyid` must name the organisation"))?;
        let Some(sender) = self.peer(&slug).await? else {
            let detail = "the Registry lists no organisation of this name";
            return Err(Refusal::new(Reason::UnknownConsumer, "keyid", detail));
        };
        let key = self.endorsed_key(header(message, KEY_HEADER)?, &sender)?;
        Ok((signed, sender, key))
    }

    fn endorsed_key(&self, value: &str, of: &Peer) -> Result<PublicKey, Refusal> {
        let (signing, now_s) = (&self.0.exchange.signing, self.clock.now_s());
        let place = (format!("{}\n{value}", of.slug), of.attester);
        if let Some((key, until_s)) = signing.known.lock().get(&place)
            && now_s < *until_s
        {
            return Ok(key.clone());
        }
        let checked = Endorsed::parse(value)?.check(self.chain.chain_id(), &of.slug, of.attester, now_s)?;
        let mut known = signing.known.lock();
        if known.len() >= MAX_KNOWN_KEYS {
            known.clear();
        }
        known.insert(place, checked.clone());
        Ok(checked.0)
    }

    /// The nonce, and when the message expires, if it holds now.
    fn fresh(&self, signed: &Signed) -> Result<(String, u64), Refusal> {
        let missing = |field| Refusal::new(Reason::Unsigned, field, format!("`{field}` is missing"));
        let parameters = signed.parameters();
        let second = |value: Option<i64>, field| {
            value
                .and_then(|value| u64::try_from(value).ok())
                .ok_or_else(|| missing(field))
        };
        let (created, expires) = (
            second(parameters.created, "created")?,
            second(parameters.expires, "expires")?,
        );
        let nonce = parameters
            .nonce
            .clone()
            .filter(|nonce| nonce.len() >= 16)
            .ok_or_else(|| missing("nonce"))?;
        let now_s = self.clock.now_s();
        let stale = |field, detail: &str| Err(Refusal::new(Reason::Stale, field, detail));
        if created > now_s + CLOCK_SKEW_S {
            return stale("created", "the message is from the future; set the clocks");
        }
        if now_s >= expires {
            return stale("expires", "the message has expired");
        }
        if expires <= created || expires - created > MAX_LIFE_S {
            return stale("expires", "a message holds at most 300 seconds");
        }
        Ok((nonce, expires))
    }

    fn parameters(&self, tag: &str) -> Result<Parameters, AppError> {
        let mut nonce = [0u8; 16];
        getrandom::fill(&mut nonce).map_err(AppError::Randomness)?;
        let now_s = i64::try_from(self.clock.now_s()).unwrap_or(i64::MAX);
        Ok(Parameters {
            created: Some(now_s),
            expires: Some(now_s + LIFE_S as i64),
            nonce: Some(hex::encode(nonce)),
            algorithm: Some(
                self.0
                    .exchange
                    .signing
                    .key
                    .public()
                    .algorithm()
                    .as_str()
                    .to_owned(),
            ),
            key_id: Some(self.organisation.clone()),
            tag: Some(tag.to_owned()),
        })
    }

    /// This gateway's own `Exchange-Key`, made anew before it is over.
    fn own_key(&self) -> Result<String, AppError> {
        let (signing, now_s) = (&self.0.exchange.signing, self.clock.now_s());
        let mut own = signing.own.lock();
        if let Some((until_s, value)) = own.as_ref()
            && now_s + ENDORSED_FOR_S / 2 < *until_s
        {
            return Ok(value.clone());
        }
        let until_s = now_s + ENDORSED_FOR_S;
        let value = endorse(
            &self.attester,
            self.chain.chain_id(),
            &self.organisation,
            &signing.key.public(),
            until_s,
        );
        let value = value.ok_or(AppError::Record("exchange key"))?;
        *own = Some((until_s, value.clone()));
        Ok(value)
    }

    /// Signs a request to an authority and path.
    pub(super) fn signed_request(
        &self,
        authority: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<HttpRequest, AppError> {
        let mut request = HttpRequest {
            method: "POST".into(),
            authority: authority.to_owned(),
            path: path.to_owned(),
            query: None,
            headers: vec![
                ("content-type".into(), "application/json".into()),
                ("content-digest".into(), content_digest(&body)),
                (KEY_HEADER.into(), self.own_key()?),
            ],
            body: body.into(),
        };
        let parameters = self.parameters(REQUEST_TAG)?;
        let key = &self.0.exchange.signing.key;
        let (input, signature) = sign(&request.message(), None, LABEL, &REQUEST_COVERS, &parameters, key)
            .map_err(|_| AppError::Record("exchange request"))?;
        request.headers.push(("signature-input".into(), input));
        request.headers.push(("signature".into(), signature));
        Ok(request)
    }

    /// Signs an answer to a request; without a signature if the request has none that it could be bound to.
    pub(super) fn signed_answer(
        &self,
        status: u16,
        content_type: &str,
        body: Vec<u8>,
        request: &HttpRequest,
    ) -> Result<HttpAnswer, AppError> {
        let mut answer = HttpAnswer {
            status,
            headers: vec![
                ("content-type".into(), content_type.to_owned()),
                ("content-digest".into(), content_digest(&body)),
                (KEY_HEADER.into(), self.own_key()?),
            ],
            body: body.into(),
        };
        if !request.has_signature() {
            return Ok(answer);
        }
        let parameters = self.parameters(ANSWER_TAG)?;
        let message = Message {
            target: Target::Response { status },
            headers: &answer.headers,
        };
        let key = &self.0.exchange.signing.key;
        let (input, signature) = sign(
            &message,
            Some(&request.message()),
            LABEL,
            &ANSWER_COVERS,
            &parameters,
            key,
        )
        .map_err(|_| AppError::Record("exchange answer"))?;
        answer.headers.push(("signature-input".into(), input));
        answer.headers.push(("signature".into(), signature));
        Ok(answer)
    }
}
