//! Asking another gateway for a record: declared fields alone, of a case of this organisation, on a basis it can name.

use std::time::Duration;

use alloy_primitives::{Address, B256};
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value};
use zhengtong_vault::{Record, Secret, Subject, VaultError};

use super::envelope::{HttpAnswer, HttpRequest, Peer, texts};
use super::message::{ClaimedBasis, Opened, RecordAnswer, RecordRequest, VERSION, digest_of, open};
use super::permit::{declared, not_open};
use super::provide::{About, PATH};
use super::refusal::{Reason, Refusal};
use tracing::{Instrument as _, info_span};

use crate::TRACED;
use crate::app::access::{AskRecord, Permit};
use crate::app::project::word;
use crate::app::rule_sets::Questions;
use crate::app::{App, AppError, inner};
use crate::store::{CaseRow, ConsentRow, Direction, Status, WishKey};

/// The kind, in the vault, of records that were received.
pub const RECEIVED: &str = "record";
/// How often one request is sent.
pub const MAX_TRIES: u32 = 5;
/// The first wait between tries; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// How long all tries together may take.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(13);
/// How long one try may take: longer than the other gateway takes to say that a use record is not final yet.
const TRY_TIMEOUT: Duration = Duration::from_secs(9);
/// The most bytes of an answer.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// What an officer, or a program of this organisation, asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The case.
    pub case_id: B256,
    /// The request's id; the same id gives the same answer.
    pub id: B256,
    /// Whose record.
    pub provider: String,
    /// Which record.
    pub record: String,
    /// Which fields; all that the service declares if there are none.
    pub fields: Vec<String>,
    /// Who asks; `None` for a program.
    pub officer: Option<Address>,
}

/// A record that was received. Personal: it cannot be printed.
pub struct Received {
    /// Tag of the use record.
    pub use_tag: B256,
    /// The transaction that holds it.
    pub use_transaction: B256,
    /// The fields, as asked.
    pub fields: Vec<String>,
    /// One object a row, from fields to values.
    pub rows: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Problem {
    reason: String,
    #[serde(default)]
    detail: String,
}

/// Where the other gateways are, and how they are reached.
pub(crate) struct Peers {
    http: reqwest::Client,
    /// What addresses in the `Registry` that begin with `/` are relative to.
    base: Option<Url>,
}

impl Peers {
    /// With a base for relative addresses, if there is one.
    pub fn new(base: Option<Url>) -> Self {
        Self {
            http: reqwest::Client::builder()
                // A signed request goes where the Registry says, and nowhere else.
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap_or_default(),
            base,
        }
    }

    fn url(&self, peer: &Peer) -> Result<Url, Refusal> {
        let place = format!("{}{PATH}", peer.gateway.trim_end_matches('/'));
        let url = match &self.base {
            Some(base) if place.starts_with('/') => base.join(&place),
            _ => Url::parse(&place),
        };
        url.ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
            .ok_or_else(|| {
                Refusal::new(
                    Reason::PeerUnreachable,
                    "",
                    "the Registry has no usable address of its gateway",
                )
            })
    }

    async fn send(&self, url: &Url, request: &HttpRequest) -> Result<HttpAnswer, Refusal> {
        let unreachable =
            |_| Refusal::new(Reason::PeerUnreachable, "", "the other gateway cannot be reached");
        let mut post = self
            .http
            .post(url.clone())
            .timeout(TRY_TIMEOUT)
            .body(request.body.clone());
        for (name, value) in &request.headers {
            post = post.header(name, value);
        }
        let mut response = post.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let headers = texts(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Refusal::new(Reason::WrongAnswer, "", "the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpAnswer {
            status,
            headers,
            body: Bytes::from(body),
        })
    }
}

/// The authority as an HTTP client puts it into `Host`.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl App {
    /// Asks for a record of the applicant of a case. What was received stays in the vault with the case; asked again with
    /// the same id, it comes from there.
    ///
    /// # Errors
    /// Why there is none. Kept for the operator.
    pub async fn ask_record(&self, permit: &Permit<AskRecord>, wish: &Wish) -> Result<Received, Refusal> {
        let asked = self.asked(permit.thing(), wish);
        let result = asked.instrument(info_span!(target: TRACED, "exchange.ask")).await;
        match &result {
            Ok(_) => self.0.metrics.exchange("out", "answered"),
            Err(refusal) => {
                let (case_id, request) = (format!("{:#x}", wish.case_id), format!("{:#x}", wish.id));
                // A name that the Registry does not have is not repeated.
                let peer = self
                    .peer(&wish.provider)
                    .await
                    .ok()
                    .flatten()
                    .map_or_else(String::new, |peer| peer.slug);
                let about = About {
                    peer,
                    case_id,
                    request,
                    ..About::default()
                };
                self.note(Direction::Out, refusal, about).await;
            }
        }
        result
    }

    async fn asked(&self, case: &CaseRow, wish: &Wish) -> Result<Received, Refusal> {
        if case.id != wish.case_id {
            return Err(Refusal::new(
                Reason::UnknownCase,
                "caseId",
                "no case of this organisation",
            ));
        }
        let key = WishKey {
            case_id: case.id,
            applicant: case.applicant,
        };
        let context = self.store.wish_context(key).await.map_err(inner)?;
        if let Some(kept) = self.kept_record(case, wish, context.subject).await? {
            return Ok(kept);
        }
        if !matches!(case.status, Status::Asking | Status::Review) {
            return Err(not_open());
        }
        self.not_forgotten(case, context.subject).await?;
        let (request, peer) = self.record_request(case, wish, &context.consents).await?;
        let body = serde_json::to_vec(&request).map_err(|_| AppError::Record("request"))?;
        let answer = self.answered_by(&peer, &body).await?;
        let received = self.opened(&answer, &request, digest_of(&body))?;
        self.keep_record(case, wish, &answer, &received).await?;
        Ok(received)
    }

    /// The request that stands for a wish: refused here if the service does not declare it.
    async fn record_request(
        &self,
        case: &CaseRow,
        wish: &Wish,
        consents: &[(ConsentRow, bool)],
    ) -> Result<(RecordRequest, Peer), Refusal> {
        let service = self
            .store
            .service(case.service, case.version)
            .await
            .map_err(inner)?;
        let package = service.and_then(|service| self.package(service.package));
        let package = package.ok_or_else(|| {
            Refusal::new(
                Reason::UnknownRecord,
                "service",
                "the service's package is not installed here",
            )
        })?;
        let mut fields = wish.fields.clone();
        if fields.is_empty()
            && let Some(declared) = package.evidence().record(&wish.provider, &wish.record)
        {
            fields = declared.fields.clone();
        }
        let declared = declared(package, &wish.provider, &wish.record, &fields)?;
        let unlisted = || {
            Refusal::new(
                Reason::PeerUnreachable,
                "provider",
                "the Registry does not list this agency",
            )
        };
        let peer = self.peer(&wish.provider).await?.ok_or_else(unlisted)?;
        let predicate = declared.predicates.first().map(|name| name.as_str());
        let basis = self.basis_to_claim(case, &peer, predicate, consents).await?;
        let request = RecordRequest {
            v: VERSION,
            id: wish.id,
            consumer: self.organisation.clone(),
            provider: wish.provider.clone(),
            case_id: case.id,
            service: word(case.service),
            version: case.version,
            record: wish.record.clone(),
            fields,
            basis,
            officer: wish.officer,
        };
        Ok((request, peer))
    }

    /// The statute that the rules name, or the applicant's consent that holds longest.
    async fn basis_to_claim(
        &self,
        case: &CaseRow,
        peer: &Peer,
        predicate: Option<&str>,
        consents: &[(ConsentRow, bool)],
    ) -> Result<ClaimedBasis, Refusal> {
        let questions = self.questions(case.rule_set).await.map_err(|error| match error {
            AppError::Chain(_) => Refusal::new(Reason::ChainUnreachable, "", "the chain cannot be reached"),
            other => other.into(),
        })?;
        let place = questions
            .predicates
            .iter()
            .position(|known| Some(known.id.as_str()) == predicate);
        let parts = questions.by_basis(place.map_or(0, |place| 1 << place));
        let (basis, _) = parts.first().copied().ok_or(AppError::Record("rule set"))?;
        if !Questions::is_consent(basis) {
            return Ok(ClaimedBasis::Statute { id: basis });
        }
        let fitting = consents
            .iter()
            .filter(|(consent, _)| consent.provider == peer.id && consent.service == case.service);
        // One that was withdrawn or is used up is named only if there is no other: the refusal then says so.
        let consent = fitting.min_by_key(|(consent, is_used)| (consent.revoked, *is_used));
        let (consent, _) = consent.ok_or_else(|| {
            Refusal::new(
                Reason::NoConsent,
                "basis",
                "the applicant has given this agency no consent",
            )
        })?;
        Ok(ClaimedBasis::Consent { id: consent.id })
    }

    /// Sends a request, signed anew each time, until it is answered or refused for good.
    async fn answered_by(&self, peer: &Peer, body: &[u8]) -> Result<RecordAnswer, Refusal> {
        let url = self.0.exchange.peers.url(peer)?;
        until_answered(ASK_TIMEOUT, || self.try_once(peer, &url, body)).await
    }

    async fn try_once(&self, peer: &Peer, url: &Url, body: &[u8]) -> Result<RecordAnswer, Refusal> {
        let request = self.signed_request(&authority(url), url.path(), body.to_vec())?;
        let sent = self.0.exchange.peers.send(url, &request);
        let answer = sent
            .instrument(info_span!(target: TRACED, "exchange.send"))
            .await?;
        // An answer that is not signed may come from anybody in between: nothing of it is believed.
        if let Err(refusal) = self.authenticate_answer(&answer, &request, peer).await {
            tracing::warn!(peer = peer.slug, %refusal, status = answer.status, "an answer is not authentic");
            let detail = "what came back is not signed by the other gateway";
            return Err(Refusal::new(Reason::PeerUnreachable, refusal.field, detail));
        }
        let wrong = || {
            Refusal::new(
                Reason::WrongAnswer,
                "",
                "the other gateway's answer cannot be read",
            )
        };
        if answer.status == 200 {
            return serde_json::from_slice(&answer.body).map_err(|_| wrong());
        }
        let problem: Problem = serde_json::from_slice(&answer.body).map_err(|_| wrong())?;
        let reason = Reason::parse(&problem.reason).ok_or_else(wrong)?;
        let detail: String = problem.detail.chars().take(200).collect();
        Err(Refusal::new(reason, "", detail))
    }

    fn opened(
        &self,
        answer: &RecordAnswer,
        request: &RecordRequest,
        digest: B256,
    ) -> Result<Received, Refusal> {
        let wrong = |what: &str| {
            Refusal::new(
                Reason::WrongAnswer,
                "",
                format!("the answer is not the one asked for: {what}"),
            )
        };
        if answer.v != VERSION || answer.id != request.id {
            return Err(wrong("id"));
        }
        let sealed = URL_SAFE_NO_PAD
            .decode(&answer.sealed)
            .map_err(|_| wrong("sealed"))?;
        let plain = open(&self.encryption, digest, answer.use_tag, &sealed).ok_or_else(|| wrong("sealed"))?;
        let opened: Opened = serde_json::from_slice(&plain).map_err(|_| wrong("its content"))?;
        let is_asked = opened.id == request.id
            && opened.case_id == request.case_id
            && opened.record == request.record
            && opened.fields == request.fields
            && opened
                .rows
                .iter()
                .all(|row| row.keys().all(|field| request.fields.contains(field)));
        if !is_asked {
            return Err(wrong("its content"));
        }
        Ok(Received {
            use_tag: answer.use_tag,
            use_transaction: answer.use_transaction,
            fields: opened.fields,
            rows: opened.rows,
        })
    }

    /// Refuses to ask in a case of which nothing is left here: what came would be of somebody who was deleted, and their own
    /// next deletion would not find it.
    async fn not_forgotten(&self, case: &CaseRow, linked: Option<Subject>) -> Result<(), Refusal> {
        // Somebody who is told has a key.
        if linked != Some(self.vault.applicant(&case.id.0)) {
            return Ok(());
        }
        let link = self.store.link(case.id).await.map_err(inner)?;
        let link = link.ok_or_else(forgotten)?;
        match self.stored_link(&link).await? {
            Some(_) => Ok(()),
            None => Err(forgotten()),
        }
    }

    async fn keep_record(
        &self,
        case: &CaseRow,
        wish: &Wish,
        answer: &RecordAnswer,
        received: &Received,
    ) -> Result<(), Refusal> {
        let kept = serde_json::json!({
            "provider": wish.provider, "record": wish.record, "useTag": answer.use_tag,
            "useTransaction": answer.use_transaction, "fields": received.fields, "rows": received.rows,
        });
        let bytes = Secret::new(serde_json::to_vec(&kept).map_err(|_| AppError::Record("record"))?);
        let name = name_of(case.id, wish.id);
        // Asked again: the link may have come, or what it says may have gone with the person, while the other gateway answered.
        let kept = match self.store.link(case.id).await.map_err(inner)? {
            None => {
                let alone = self.vault.applicant(&case.id.0);
                self.vault.put(alone, place(&name), bytes.expose()).await
            }
            // Whoever is linked has a key; without one they were deleted in the meantime, and get no new one.
            Some(link) => self.vault.add(link.subject, place(&name), bytes.expose()).await,
        };
        kept.map_err(|error| match error {
            VaultError::Destroyed => forgotten(),
            other => inner(other).into(),
        })
    }

    /// What was received before for this wish in this case. A person's cases share one subject: what was received for
    /// another case is none of this one's, whatever the request is called.
    async fn kept_record(
        &self,
        case: &CaseRow,
        wish: &Wish,
        linked: Option<Subject>,
    ) -> Result<Option<Received>, Refusal> {
        let subject = linked.unwrap_or_else(|| self.vault.applicant(&case.id.0));
        let unreadable = || Refusal::from(AppError::Record("record"));
        let name = name_of(case.id, wish.id);
        let kept = match self.vault.get(subject, place(&name)).await {
            Err(VaultError::Destroyed) => None,
            other => other.map_err(inner)?,
        };
        let Some(kept) = kept else { return Ok(None) };
        let kept: Value = serde_json::from_slice(kept.expose()).map_err(|_| unreadable())?;
        let same = kept["provider"] == wish.provider.as_str() && kept["record"] == wish.record.as_str();
        let fields: Vec<String> = serde_json::from_value(kept["fields"].clone()).map_err(|_| unreadable())?;
        if !same || !(wish.fields.is_empty() || wish.fields == fields) {
            return Err(Refusal::new(
                Reason::RequestDiffers,
                "requestId",
                "another request was made with this id",
            ));
        }
        let word = |name: &str| kept[name].as_str().and_then(|text| text.parse().ok());
        Ok(Some(Received {
            use_tag: word("useTag").ok_or_else(unreadable)?,
            use_transaction: word("useTransaction").ok_or_else(unreadable)?,
            rows: serde_json::from_value(kept["rows"].clone()).map_err(|_| unreadable())?,
            fields,
        }))
    }

    /// The organisations' keys in stores that were filled before they were kept: read again from the first block.
    ///
    /// # Errors
    /// The store or the chain fails.
    pub(crate) async fn learn_organisation_keys(&self) -> Result<(), AppError> {
        use futures::StreamExt as _;
        let Some(last) = self.store.checkpoint().await? else {
            return Ok(());
        };
        if self.store.organisation_key_count().await? > 0 {
            return Ok(());
        }
        let mut blocks = self.chain.follow(None);
        while let Some(block) = blocks.next().await {
            let block = block?;
            for change in crate::app::project::changes(&block, &self.contracts, self.me) {
                if let crate::app::project::Change::Organisation {
                    id,
                    encryption,
                    gateway,
                    ..
                } = change
                {
                    self.store.put_organisation_keys(id, encryption, &gateway).await?;
                }
            }
            if block.number() >= last.number {
                break;
            }
        }
        Ok(())
    }
}

/// Tries until there is an answer or a refusal for good. When the time is up, what the other gateway last said is the reason.
async fn until_answered<T, F>(limit: Duration, mut once: impl FnMut() -> F) -> Result<T, Refusal>
where
    F: Future<Output = Result<T, Refusal>>,
{
    let mut said = None;
    let trying = async {
        let (mut wait, mut tries) = (FIRST_WAIT, 1);
        loop {
            let refusal = match once().await {
                Ok(answer) => return Ok(answer),
                Err(refusal) => refusal,
            };
            if !refusal.reason.is_temporary() || tries >= MAX_TRIES {
                return Err(refusal);
            }
            if refusal.reason != Reason::PeerUnreachable {
                said = Some(refusal);
            }
            tokio::time::sleep(wait).await;
            (wait, tries) = (wait * 2, tries + 1);
        }
    };
    let tried = tokio::time::timeout(limit, trying).await;
    tried.unwrap_or_else(|_| {
        let silent = || {
            let detail = "no answer within the time limit; ask again";
            Refusal::new(Reason::PeerUnreachable, "", detail)
        };
        Err(said.unwrap_or_else(silent))
    })
}

fn forgotten() -> Refusal {
    Refusal::new(
        Reason::CaseForgotten,
        "caseId",
        "what was kept of this case here was deleted, or has been kept long enough: nothing more is asked for it",
    )
}

/// The name of a received record: 110 bytes, of the 128 that the vault takes.
fn name_of(case_id: B256, id: B256) -> String {
    format!("{case_id:#x}/{}", URL_SAFE_NO_PAD.encode(id))
}

const fn place(name: &str) -> Record<'_> {
    Record { kind: RECEIVED, name }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{FIRST_WAIT, Reason, Refusal, until_answered};

    #[tokio::test]
    async fn when_the_time_is_up_the_last_word_of_the_other_gateway_is_the_reason() {
        let last_word = async |said: Option<Reason>| {
            let mut said = said;
            // What it says once is followed by silence, for longer than there is time.
            let once = move || {
                let said = said.take();
                async move {
                    match said {
                        Some(reason) => Err::<(), _>(Refusal::new(reason, "", "as it said")),
                        None => std::future::pending().await,
                    }
                }
            };
            until_answered(FIRST_WAIT * 2, once).await.unwrap_err()
        };
        for reason in [Reason::ChainUnreachable, Reason::UseNotFinal] {
            let refusal = last_word(Some(reason)).await;
            assert_eq!((refusal.reason, refusal.detail.as_str()), (reason, "as it said"));
        }
        for silent in [None, Some(Reason::PeerUnreachable)] {
            let refusal = last_word(silent).await;
            assert_eq!(refusal.reason, Reason::PeerUnreachable);
            assert!(refusal.detail.contains("time limit"), "{refusal}");
        }
    }

    #[tokio::test]
    async fn a_refusal_for_good_ends_the_tries() {
        let mut tries = 0;
        let refusal = until_answered(Duration::from_secs(5), || {
            tries += 1;
            let reason = if tries == 1 {
                Reason::Busy
            } else {
                Reason::NoConsent
            };
            std::future::ready(Err::<(), _>(Refusal::new(reason, "", "")))
        });
        assert_eq!(refusal.await.unwrap_err().reason, Reason::NoConsent);
        assert_eq!(tries, 2);
    }
}
