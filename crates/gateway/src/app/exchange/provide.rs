//! Answering: authentic, permitted, on record, final, read, sealed, signed; each step before the next.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::SolCall as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde_json::json;
use zeroize::Zeroizing;
use zhengtong_bindings::cases::Cases::getCall as getCase;
use zhengtong_bindings::consents::Consents::getCall;
use zhengtong_bindings::uses::Uses::recordCall;
use zhengtong_types::VerifiedReceipt;
use zhengtong_vault::Secret;

use super::envelope::{CLOCK_SKEW_S, HttpAnswer, HttpRequest, Peer, replayed};
use super::message::{
    ClaimedBasis, MAX_ANSWER_BYTES, Opened, RecordAnswer, RecordRequest, VERSION, digest_of, seal,
};
use super::permit::{Permit, column_names, not_open, used_up};
use super::refusal::{Reason, Refusal};
use super::release::{ReleaseError, Wanted};
use tracing::{Instrument as _, info_span};

use crate::TRACED;
use crate::app::chain::ChainError;
use crate::app::finalized_use::{ExpectedUse, FinalizedUse};
use crate::app::outbox::{OutboxError, Sent, Submitted};
use crate::app::source::Person;
use crate::app::use_record::{self, Details};
use crate::app::{App, AppError, inner};
use crate::store::{AttemptRow, Direction, FirstUse, OutboxState, RequestKey};

/// The path that records are asked for at.
pub const PATH: &str = "/v1/exchange";
/// The most bytes of a request.
const MAX_REQUEST_BYTES: usize = 16 * 1024;
/// How long handing a use record to the chain may take.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a use record may take to be final before the one who asks is told to come back.
pub const FINAL_TIMEOUT: Duration = Duration::from_secs(4);
/// How long an answer may take in all.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);
/// How long this gateway's database may take for one step: what is left of a request's time must be enough to say so.
const STORE_TIMEOUT: Duration = Duration::from_secs(3);
/// Requests answered at once.
pub const MAX_AT_ONCE: usize = 512;
/// Messages looked at at once, authentic or not; the others wait with their connections.
pub(super) const MAX_LOOKED_AT: usize = 2 * MAX_AT_ONCE;
/// `ICases.Status.Asking` and `Review`: in which uses of data can be recorded.
const IN_WORK: [u8; 2] = [1, 2];
/// The most use records that nobody waits for which are sent in one round.
const WANTED_AT_ONCE: u32 = 64;
/// How long an answer can be asked for again, in milliseconds: longer than any message about it holds.
pub const ANSWER_KEPT_MS: u64 = 600_000;

/// Requests that are being answered.
#[derive(Default)]
pub(crate) struct InFlight(Mutex<HashSet<(String, B256)>>);

struct Running<'a>(&'a InFlight, (String, B256));

impl InFlight {
    fn begin(&self, consumer: &str, id: B256) -> Result<Running<'_>, Refusal> {
        let mut running = self.0.lock();
        if running.len() >= MAX_AT_ONCE {
            return Err(Refusal::new(
                Reason::Busy,
                "",
                "too many requests at once; try again",
            ));
        }
        let request = (consumer.to_owned(), id);
        if !running.insert(request.clone()) {
            return Err(Refusal::new(
                Reason::InProgress,
                "id",
                "this request is being answered; ask again",
            ));
        }
        Ok(Running(self, request))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.0.lock().remove(&self.1);
    }
}

/// What is known of a request when it is refused.
#[derive(Default)]
struct Known {
    about: About,
    nonce: Nonce,
}

/// What a refusal is about, as far as it is known.
#[derive(Default)]
pub(super) struct About {
    /// The other organisation, for sure.
    pub peer: String,
    /// The one that the sender called itself, where it is not known for sure.
    pub claimed: String,
    pub case_id: String,
    pub request: String,
}

/// How far the nonce of a message is.
#[derive(Default)]
enum Nonce {
    /// There is none, or it is used up.
    #[default]
    Done,
    /// It has to be used up, with what comes of the message or after it.
    Free(String, u64),
    /// It is being used up with a use record; whether that was written down is not known yet.
    Taking(String, u64),
}

/// A request that may be answered.
struct Asked {
    from: Peer,
    request: RecordRequest,
    permit: Permit,
    digest: B256,
}

impl Asked {
    /// The name of the transaction that puts its use on record.
    fn transaction(&self) -> String {
        format!("exchange/{}/{:#x}", self.from.slug, self.request.id)
    }
}

/// What there is of a request that was received before.
enum Kept {
    Answer(String),
    Use(Box<FinalizedUse>, B256),
}

impl App {
    /// Answers a request for a record: with the record, sealed, or with a problem (RFC 9457). Refusals are kept for the
    /// operator. Both are signed, if the request was.
    ///
    /// It runs to its end though nobody waits for the answer: whoever hangs up is on the operator's list like anybody else.
    ///
    /// # Errors
    /// Nothing could even be refused: this gateway's own keys fail.
    pub async fn exchange(&self, request: HttpRequest) -> Result<HttpAnswer, AppError> {
        let looked_at = self.0.exchange.looked_at.clone().acquire_owned().await;
        let looked_at = looked_at.map_err(|_| AppError::Record("exchange"))?;
        let app = self.clone();
        let exchange = async move {
            let answer = app.exchanged(&request).await;
            drop(looked_at);
            answer
        };
        let running = tokio::spawn(exchange.in_current_span());
        running.await.map_err(|error| {
            tracing::error!(%error, "an exchange ended before its answer");
            AppError::Record("exchange")
        })?
    }

    async fn exchanged(&self, request: &HttpRequest) -> Result<HttpAnswer, AppError> {
        let mut known = Known::default();
        let provided = tokio::time::timeout(ANSWER_TIMEOUT, self.provide(request, &mut known))
            .instrument(info_span!(target: TRACED, "exchange.provide"))
            .await;
        let late = || {
            Refusal::new(
                Reason::UseNotFinal,
                "",
                "not answered within the time limit; ask again",
            )
        };
        let provided = provided.unwrap_or_else(|_| Err(late()));
        match self.used_up(&mut known).await.and(provided) {
            Ok(answer) => {
                self.0.metrics.exchange("in", "answered");
                self.signed_answer(200, "application/json", answer.into_bytes(), request)
            }
            Err(refusal) => {
                if known.about.peer.is_empty() {
                    let claimed = in_time(STORE_TIMEOUT, self.claimed_sender(request)).await;
                    known.about.claimed = claimed.unwrap_or_default();
                }
                self.note(Direction::In, &refusal, known.about).await;
                self.signed_answer(
                    refusal.reason.status(),
                    "application/problem+json",
                    problem(&refusal),
                    request,
                )
            }
        }
    }

    /// Uses up the nonce of a message, unless that is done.
    async fn used_up(&self, known: &mut Known) -> Result<(), Refusal> {
        let (nonce, expires_s, is_taking) = match std::mem::take(&mut known.nonce) {
            Nonce::Done => return Ok(()),
            Nonce::Free(nonce, expires_s) => (nonce, expires_s, false),
            Nonce::Taking(nonce, expires_s) => (nonce, expires_s, true),
        };
        let taken = self
            .store
            .take_exchange_nonce(&known.about.peer, &nonce, expires_s);
        if in_time(STORE_TIMEOUT, taken).await?.map_err(inner)? || is_taking {
            Ok(())
        } else {
            Err(replayed())
        }
    }

    /// Keeps a refusal for the operator, and says so in the log: nothing of it is personal.
    pub(super) async fn note(
        &self,
        direction: Direction,
        refusal: &Refusal,
        About {
            peer,
            claimed,
            case_id,
            request,
        }: About,
    ) {
        let reason = refusal.reason.word();
        self.0.metrics.exchange(direction.as_str(), reason);
        tracing::info!(
            direction = direction.as_str(),
            peer,
            request,
            reason,
            "an exchange was refused"
        );
        let attempt = AttemptRow {
            at_ms: self.clock.now_ms(),
            direction: direction.as_str().to_owned(),
            peer,
            claimed,
            case_id,
            request,
            reason: reason.to_owned(),
        };
        let mut unique = [0u8; 8];
        let kept = match getrandom::fill(&mut unique) {
            Ok(()) => {
                let unique = hex::encode(unique);
                let put = self.store.put_attempt(&attempt, &unique);
                match in_time(STORE_TIMEOUT, put).await {
                    Ok(put) => put.map_err(AppError::from),
                    // It was said in the log and counted above.
                    Err(_) => Err(AppError::Record("refusal in time")),
                }
            }
            Err(error) => Err(AppError::Randomness(error)),
        };
        if let Err(error) = kept {
            tracing::error!(%error, "a refusal could not be kept");
        }
    }

    async fn provide(&self, http: &HttpRequest, known: &mut Known) -> Result<String, Refusal> {
        let authentic = in_time(STORE_TIMEOUT, self.authenticate_request(http)).await??;
        let from = authentic.sender;
        let (nonce, expires_s) = authentic.nonce;
        known.about.peer = from.slug.clone();
        known.nonce = Nonce::Free(nonce.clone(), expires_s);
        if http.body.len() > MAX_REQUEST_BYTES {
            let detail = format!("a request may have {MAX_REQUEST_BYTES} bytes");
            return Err(Refusal::new(Reason::TooLarge, "body", detail));
        }
        let request: RecordRequest = serde_json::from_slice(&http.body).map_err(|error| {
            let detail = format!(
                "the content is no request: {:?} at column {}",
                error.classify(),
                error.column()
            );
            Refusal::new(Reason::Invalid, "body", detail)
        })?;
        known.about.case_id = format!("{:#x}", request.case_id);
        known.about.request = format!("{:#x}", request.id);
        let _running = match self.0.exchange.in_flight.begin(&from.slug, request.id) {
            Ok(running) => running,
            Err(refusal) => {
                // It may be this very message, whose nonce is taken with what comes of it.
                known.nonce = Nonce::Done;
                let used = self.store.is_exchange_nonce_used(&from.slug, &nonce).await;
                return Err(if used.map_err(inner)? { replayed() } else { refusal });
            }
        };
        let key = RequestKey {
            consumer: from.slug.clone(),
            nonce: nonce.clone(),
            id: request.id,
            case_id: request.case_id,
            consent: match request.basis {
                ClaimedBasis::Consent { id } => Some(id),
                ClaimedBasis::Statute { .. } => None,
            },
        };
        let context = in_time(STORE_TIMEOUT, self.store.request_context(key)).await?;
        let context = context.map_err(inner)?;
        if context.is_replayed {
            known.nonce = Nonce::Done;
            return Err(replayed());
        }
        let digest = digest_of(&http.body);
        let subject = context.link.as_ref().map(|link| link.subject);
        // Permitted first: what is not permitted leaves no trace but the refusal.
        let permit = self.permit(&from, &request, &context).await?;
        let asked = Arc::new(Asked {
            from,
            request,
            permit,
            digest,
        });
        let (from, request) = (&asked.from, &asked.request);
        let first = match context.kept {
            Some(_) => None,
            None => self.first_on_record(&asked, known).await?,
        };
        let (gate, details) = match first {
            Some(recorded) => recorded,
            // Asked for before: in another message, or before a crash.
            None => {
                self.used_up(known).await?;
                match self.again(&asked).await? {
                    Kept::Answer(answer) => return Ok(answer),
                    Kept::Use(gate, details) => (*gate, details),
                }
            }
        };
        let (use_tag, use_transaction, use_block) = (gate.tag(), gate.transaction(), gate.block_number());
        let plain = self.read_record(gate, details, &asked).await?;
        let sealed = seal(from.encryption, digest, use_tag, &plain);
        let sealed =
            sealed.ok_or_else(|| Refusal::new(Reason::WrongKey, "consumer", "its encryption key is none"))?;
        let answer = RecordAnswer {
            v: VERSION,
            id: request.id,
            use_tag,
            use_transaction,
            use_block,
            sealed: URL_SAFE_NO_PAD.encode(sealed),
        };
        let answer = serde_json::to_string(&answer).map_err(|_| AppError::Record("answer"))?;
        self.store
            .answer_exchange(&from.slug, request.id, subject, &answer)
            .await
            .map_err(inner)?;
        tracing::info!(peer = from.slug, request = %request.id, tag = %use_tag, block = use_block, "a record was given");
        Ok(answer)
    }

    /// Puts the first use of a new request on record and waits until it is final. `None` if the request is not new.
    async fn first_on_record(
        &self,
        asked: &Arc<Asked>,
        known: &mut Known,
    ) -> Result<Option<(FinalizedUse, B256)>, Refusal> {
        self.within_budget(&asked.request)?;
        let _case = self.turn(asked.request.case_id).await?;
        let Nonce::Free(nonce, expires_s) = std::mem::take(&mut known.nonce) else {
            return Ok(None);
        };
        known.nonce = Nonce::Taking(nonce.clone(), expires_s);
        let first = FirstUse {
            consumer: asked.from.slug.clone(),
            nonce: (nonce, expires_s),
            id: asked.request.id,
            digest: asked.digest,
            case_id: asked.request.case_id,
            made_ms: self.clock.now_ms(),
        };
        let (app, of) = (self.clone(), asked.clone());
        let call = move |n| {
            let tag = use_record::tag(&of.permit.secret, n);
            Some((tag, app.use_call(&of, n, tag).ok()?))
        };
        let id = asked.transaction();
        let submitted = self
            .0
            .outbox
            .submit_first(&id, self.contracts.uses, first, Box::new(call));
        let submitted = tokio::time::timeout(SEND_TIMEOUT, submitted).await;
        let sent = match submitted.map_err(|_| unreachable())?.map_err(lift)? {
            Submitted::Sent(sent) => sent,
            Submitted::Replayed => {
                known.nonce = Nonce::Done;
                return Err(replayed());
            }
            Submitted::Known => {
                known.nonce = Nonce::Done;
                return Ok(None);
            }
            Submitted::NoCall => return Err(AppError::Details(use_record::TooLong).into()),
        };
        known.nonce = Nonce::Done;
        let call = sent.data.clone();
        let receipt = self.final_receipt(&id, sent).await;
        self.proven(asked, &call, receipt).await.map(Some)
    }

    /// A request that was received before: what was answered, or its use record, if that may still be answered.
    async fn again(&self, asked: &Asked) -> Result<Kept, Refusal> {
        let (from, request) = (&asked.from, &asked.request);
        let now_ms = self.clock.now_ms();
        let kept = self
            .store
            .begin_exchange(&from.slug, request.id, asked.digest, request.case_id, now_ms)
            .await;
        let kept = kept.map_err(inner)?;
        if kept.digest != asked.digest {
            let detail = "another request came with this id; choose a new one";
            return Err(Refusal::new(Reason::RequestDiffers, "id", detail));
        }
        if !kept.answer.is_empty() {
            return Ok(Kept::Answer(kept.answer));
        }
        if now_ms > kept.made_ms + ANSWER_KEPT_MS {
            return Err(Refusal::new(
                Reason::Gone,
                "id",
                "this request is too old; make a new one",
            ));
        }
        self.within_budget(request)?;
        let (gate, details) = self.on_record(asked).await?;
        Ok(Kept::Use(Box::new(gate), details))
    }

    fn within_budget(&self, request: &RecordRequest) -> Result<(), Refusal> {
        if self.source.may_query(&request.record, self.clock.now_ms()) {
            return Ok(());
        }
        Err(Refusal::new(
            Reason::Budget,
            "record",
            "this record was asked for too often this minute",
        ))
    }

    /// Waits until nobody else uses data of a case.
    async fn turn(&self, case_id: B256) -> Result<tokio::sync::OwnedMutexGuard<()>, Refusal> {
        let limit = SEND_TIMEOUT + FINAL_TIMEOUT;
        let turn = tokio::time::timeout(limit, self.0.exchange.cases.lock(case_id)).await;
        turn.map_err(|_| {
            Refusal::new(
                Reason::Busy,
                "caseId",
                "data of this case is being used; ask again",
            )
        })
    }

    /// Puts the use of a known request on record, if it is not, and waits until it is final.
    async fn on_record(&self, asked: &Asked) -> Result<(FinalizedUse, B256), Refusal> {
        let (from, request) = (&asked.from, &asked.request);
        let _case = self.turn(request.case_id).await?;
        let id = asked.transaction();
        let mut row = self.store.transaction(&id).await.map_err(inner)?;
        if row.take_if(|row| row.state == OutboxState::Reverted).is_some() {
            self.release(from, request.id, &id).await?;
        }
        let secret = Secret::new(*asked.permit.secret.expose());
        let tag_of = move |n| use_record::tag(&secret, n);
        let taken = self
            .store
            .exchange_use(&from.slug, request.id, request.case_id, tag_of)
            .await;
        let (n, tag) = taken.map_err(inner)?;
        let call = match row {
            Some(row) => row.data,
            None => self.use_call(asked, n, tag)?,
        };
        let submitted = self.0.outbox.submit(&id, self.contracts.uses, &call);
        let sent = tokio::time::timeout(SEND_TIMEOUT, submitted).await;
        let receipt = match sent.map_err(|_| unreachable())?.map_err(lift) {
            Ok(sent) => {
                let waiting = self.final_receipt(&id, sent);
                waiting.instrument(info_span!(target: TRACED, "use.final")).await
            }
            Err(refusal) => Err(refusal),
        };
        self.proven(asked, &call, receipt).await
    }

    /// The gate of a use record that was sent, and the hash of its details.
    async fn proven(
        &self,
        asked: &Asked,
        call: &Bytes,
        receipt: Result<VerifiedReceipt, Refusal>,
    ) -> Result<(FinalizedUse, B256), Refusal> {
        let (from, request) = (&asked.from, &asked.request);
        let call = recordCall::abi_decode(call).map_err(|_| AppError::Record("use"))?;
        let tag = call.tag;
        let receipt = match receipt {
            Err(refusal) if refusal.reason == Reason::UseRefused => {
                // The record may be there all the same, by a transaction that was taken for lost and signed anew.
                let recorded = self.store.recorded(tag).await.map_err(inner)?;
                let receipt = match recorded {
                    Some(hash) => self.chain.wait_final(hash, Duration::ZERO).await.map_err(inner)?,
                    None => None,
                };
                match receipt {
                    Some(receipt) => receipt,
                    None => {
                        self.release(from, request.id, &asked.transaction()).await?;
                        return Err(self.why_refused(asked, refusal).await);
                    }
                }
            }
            other => other?,
        };
        let expected = ExpectedUse {
            tag,
            case_id: request.case_id,
            provider: self.me,
            mask: asked.permit.mask,
        };
        let gate = FinalizedUse::verify(&receipt, self.contracts.uses, expected).map_err(inner)?;
        Ok((gate, keccak256(&call.ciphertext)))
    }

    /// Why the contract refused a use record, where the case or a consent is the reason: it ended between this gateway's own
    /// check and the block. Asked of the chain, whose blocks may not all have been followed yet.
    async fn why_refused(&self, asked: &Asked, refusal: Refusal) -> Refusal {
        let call = getCase {
            id: asked.request.case_id,
        };
        let output = self
            .chain
            .call(self.contracts.cases, call.abi_encode().into())
            .await;
        let case = output
            .ok()
            .and_then(|output| getCase::abi_decode_returns(&output).ok());
        if case.is_some_and(|case| !IN_WORK.contains(&case.status)) {
            return not_open();
        }
        let Some(grantor) = asked.permit.grantor else {
            return refusal;
        };
        let call = getCall {
            id: asked.permit.basis,
            grantor,
        };
        let output = self
            .chain
            .call(self.contracts.consents, call.abi_encode().into())
            .await;
        let consent = output
            .ok()
            .and_then(|output| getCall::abi_decode_returns(&output).ok());
        match consent {
            Some(consent) if consent.revoked => {
                Refusal::new(Reason::ConsentRevoked, "basis", "the consent was withdrawn")
            }
            Some(consent) if consent.once && consent.uses > 0 => used_up(),
            // By the clock of the block, which may be ahead of this one.
            Some(consent) if consent.until <= self.clock.now_s() + CLOCK_SKEW_S => {
                Refusal::new(Reason::ConsentExpired, "basis", "the consent is over")
            }
            _ => refusal,
        }
    }

    /// Frees the counter of a use record that the contract refused.
    async fn release(&self, from: &Peer, id: B256, transaction: &str) -> Result<(), AppError> {
        let kept = self.store.exchange(&from.slug, id).await?;
        if let Some((_, tag)) = kept.and_then(|kept| kept.taken) {
            self.store
                .release_exchange_use(&from.slug, id, tag, transaction)
                .await?;
        }
        Ok(())
    }

    fn use_call(&self, asked: &Asked, n: u32, tag: B256) -> Result<Bytes, AppError> {
        let (from, request, permit) = (&asked.from, &asked.request, &asked.permit);
        let official = match request.officer {
            Some(officer) => format!("{}/officer-{}", from.slug, hex::encode(&officer[..4])),
            None => format!("{}/system", from.slug),
        };
        let details = Details {
            v: 1,
            official,
            purpose: permit.purpose.clone(),
            fields: request.fields.clone(),
            article: permit.article.clone(),
            at: self.clock.now_ms(),
            credential: None,
            by: permit.by.map(str::to_owned),
        };
        let call = recordCall {
            tag,
            caseId: request.case_id,
            provider: self.me,
            consumer: from.id,
            mask: permit.mask,
            basis: permit.basis,
            ciphertext: use_record::seal(&permit.secret, n, &details)?,
        };
        Ok(call.abi_encode().into())
    }

    /// The receipt of a use record that was sent, once it is proven final.
    async fn final_receipt(&self, id: &str, sent: Sent) -> Result<VerifiedReceipt, Refusal> {
        let hash = sent.hash;
        let waited = tokio::time::timeout(FINAL_TIMEOUT, self.0.outbox.receipt(sent, FINAL_TIMEOUT));
        let receipt = match waited.await {
            Err(_) => return Err(not_final()),
            Ok(Err(ChainError::Temporary(_))) => return Err(unreachable()),
            Ok(other) => other.map_err(|error| lift(error.into()))?.ok_or_else(not_final)?,
        };
        self.0.outbox.settle(id, hash, receipt).await.map_err(lift)
    }

    /// Reads the fields, as they are sealed.
    async fn read_record(
        &self,
        gate: FinalizedUse,
        details: B256,
        asked: &Asked,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let (from, request, permit) = (&asked.from, &asked.request, &asked.permit);
        let person = Person {
            case_id: request.case_id,
            number: &permit.number,
            day: permit.day,
        };
        let fields: Vec<_> = column_names(request).flatten().collect();
        let wanted = Wanted {
            record: &request.record,
            fields: &fields,
            consumer: from.id,
            details,
            person: &person,
        };
        let failed = || {
            Refusal::new(
                Reason::SourceFailed,
                "record",
                "the agency's database failed; ask again",
            )
        };
        let reading = self.source.records(gate, &wanted);
        let rows = match reading
            .instrument(info_span!(target: TRACED, "record.read"))
            .await
        {
            Ok(rows) => rows.0,
            Err(error @ (ReleaseError::Gate(_) | ReleaseError::OtherUse)) => {
                tracing::error!(%error, request = %request.id, "the gate did not open");
                return Err(Refusal::new(
                    Reason::Internal,
                    "",
                    "the use record is not of this exchange",
                ));
            }
            Err(error) => {
                tracing::error!(%error, record = request.record, "a record could not be read");
                return Err(failed());
            }
        };
        let opened = Opened {
            v: VERSION,
            id: request.id,
            case_id: request.case_id,
            record: request.record.clone(),
            fields: request.fields.clone(),
            rows,
        };
        let plain = serde_json::to_vec(&opened)
            .map(Zeroizing::new)
            .map_err(|_| failed())?;
        if plain.len() > MAX_ANSWER_BYTES {
            tracing::error!(record = request.record, "a record is too large to be given");
            return Err(failed());
        }
        Ok(plain)
    }

    /// Finishes use records that nobody waits for any more, and forgets what is too old. To be called every few seconds.
    ///
    /// # Errors
    /// The store or the chain fails.
    pub async fn keep_exchanges(&self) -> Result<(), AppError> {
        let now_ms = self.clock.now_ms();
        self.store
            .clean_exchanges(now_ms / 1000, now_ms.saturating_sub(ANSWER_KEPT_MS))
            .await?;
        for row in self.store.unfinished().await? {
            let Some((_, _, hash)) = row.signed.as_ref().filter(|_| row.id.starts_with("exchange/")) else {
                continue;
            };
            let Some(receipt) = self.chain.wait_final(*hash, Duration::ZERO).await? else {
                self.0.outbox.submit(&row.id, row.target, &row.data).await?;
                continue;
            };
            // A use record that was refused is released when it is asked for again.
            match self.0.outbox.settle(&row.id, *hash, receipt).await {
                Ok(_) | Err(OutboxError::Reverted(_) | OutboxError::Undone(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // A counter that was taken for a use must not stay without a record: the person's walk would end there.
        for row in self.store.wanted_exchanges(WANTED_AT_ONCE).await? {
            match self.0.outbox.submit(&row.id, row.target, &row.data).await {
                // Whoever asks again sends it at this moment.
                Ok(_) | Err(OutboxError::NotSent) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// What a step of the database comes to, unless it takes longer than this.
async fn in_time<T>(limit: Duration, step: impl Future<Output = T>) -> Result<T, Refusal> {
    let done = tokio::time::timeout(limit, step).await;
    done.map_err(|_| Refusal::store_failed())
}

fn unreachable() -> Refusal {
    Refusal::new(
        Reason::ChainUnreachable,
        "",
        "the chain cannot be reached; ask again",
    )
}

fn not_final() -> Refusal {
    Refusal::new(
        Reason::UseNotFinal,
        "",
        "the use record is not final yet; ask again",
    )
}

fn lift(error: OutboxError) -> Refusal {
    match error {
        OutboxError::Reverted(_) => {
            let detail =
                "the contract refused the use record: the basis no longer holds, or the case is decided";
            Refusal::new(Reason::UseRefused, "", detail)
        }
        OutboxError::NotFinal(_) | OutboxError::Undone(_) => not_final(),
        OutboxError::NotSent => unreachable(),
        OutboxError::Chain(ChainError::Temporary(_) | ChainError::Refused(_)) => unreachable(),
        OutboxError::Chain(ChainError::Untrusted(error)) => {
            tracing::error!(error, "the node's answer is not proven");
            not_final()
        }
        other => AppError::from(other).into(),
    }
}

/// A problem (RFC 9457).
fn problem(refusal: &Refusal) -> Vec<u8> {
    let mut problem = json!({
        "type": format!("urn:zhengtong:exchange:{}", refusal.reason.word()),
        "title": "The exchange is refused",
        "status": refusal.reason.status(),
        "detail": refusal.detail,
        "reason": refusal.reason.word(),
    });
    if !refusal.field.is_empty() {
        problem["field"] = refusal.field.into();
    }
    problem.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ANSWER_TIMEOUT, Reason, STORE_TIMEOUT, in_time};
    use crate::http::REQUEST_TIMEOUT;

    #[tokio::test]
    async fn a_database_that_does_not_answer_is_said_before_the_server_gives_up() {
        let silent = in_time(Duration::from_millis(1), std::future::pending::<()>()).await;
        assert_eq!(silent.unwrap_err().reason, Reason::StoreFailed);
        assert_eq!(in_time(STORE_TIMEOUT, std::future::ready(1)).await, Ok(1));
        // After the time to answer, the nonce and the refusal are written down.
        assert!(ANSWER_TIMEOUT + 2 * STORE_TIMEOUT < REQUEST_TIMEOUT);
    }
}
