//! Answering: authentic, permitted, on record, final, read, sealed, signed; each step before the next.

use std::collections::HashSet;
use std::time::Duration;

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::SolCall as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde_json::json;
use zeroize::Zeroizing;
use zhengtong_bindings::uses::Uses::recordCall;
use zhengtong_types::VerifiedReceipt;
use zhengtong_vault::Secret;

use super::envelope::{HttpAnswer, HttpRequest, Peer};
use super::message::{MAX_ANSWER_BYTES, Opened, RecordAnswer, RecordRequest, VERSION, digest_of, seal};
use super::permit::{Permit, column_names};
use super::refusal::{Reason, Refusal};
use super::release::{ReleaseError, Wanted};
use crate::app::chain::ChainError;
use crate::app::finalized_use::{ExpectedUse, FinalizedUse};
use crate::app::outbox::OutboxError;
use crate::app::source::Person;
use crate::app::use_record::{self, Details};
use crate::app::{App, AppError, inner};
use crate::store::{AttemptRow, Direction, OutboxState};

/// The path that records are asked for at.
pub const PATH: &str = "/v1/exchange";
/// The most bytes of a request.
pub const MAX_REQUEST_BYTES: usize = 16 * 1024;
/// How long handing a use record to the chain may take.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a use record may take to be final before the one who asks is told to come back.
pub const FINAL_TIMEOUT: Duration = Duration::from_secs(4);
/// How long an answer may take in all.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);
/// How long a block that was followed is waited for before the chain is asked for the one transaction.
const HEAR_TIMEOUT: Duration = Duration::from_secs(1);
/// Requests answered at once.
pub const MAX_AT_ONCE: usize = 512;
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
    peer: String,
    case_id: String,
    request: String,
}

impl App {
    /// Answers a request for a record: with the record, sealed, or with a problem (RFC 9457). Refusals are kept for the
    /// operator. Both are signed, if the request was.
    ///
    /// # Errors
    /// Nothing could even be refused: this gateway's own keys fail.
    pub async fn exchange(&self, request: &HttpRequest) -> Result<HttpAnswer, AppError> {
        let mut known = Known::default();
        let provided = tokio::time::timeout(ANSWER_TIMEOUT, self.provide(request, &mut known)).await;
        let late = || {
            Refusal::new(
                Reason::UseNotFinal,
                "",
                "not answered within the time limit; ask again",
            )
        };
        match provided.unwrap_or_else(|_| Err(late())) {
            Ok(answer) => {
                self.0.metrics.exchange("in", "answered");
                self.signed_answer(200, "application/json", answer.into_bytes(), request)
            }
            Err(refusal) => {
                self.note(Direction::In, &refusal, known.peer, known.case_id, known.request)
                    .await;
                self.signed_answer(
                    refusal.reason.status(),
                    "application/problem+json",
                    problem(&refusal),
                    request,
                )
            }
        }
    }

    /// Keeps a refusal for the operator, and says so in the log: nothing of it is personal.
    pub(super) async fn note(
        &self,
        direction: Direction,
        refusal: &Refusal,
        peer: String,
        case_id: String,
        request: String,
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
            case_id,
            request,
            reason: reason.to_owned(),
        };
        let mut unique = [0u8; 8];
        let kept = match getrandom::fill(&mut unique) {
            Ok(()) => self
                .store
                .put_attempt(&attempt, &hex::encode(unique))
                .await
                .map_err(AppError::from),
            Err(error) => Err(AppError::Randomness(error)),
        };
        if let Err(error) = kept {
            tracing::error!(%error, "a refusal could not be kept");
        }
    }

    async fn provide(&self, http: &HttpRequest, known: &mut Known) -> Result<String, Refusal> {
        let from = self.authenticate_request(http).await?.sender;
        known.peer = from.slug.clone();
        let request: RecordRequest = serde_json::from_slice(&http.body).map_err(|error| {
            let detail = format!(
                "the content is no request: {:?} at column {}",
                error.classify(),
                error.column()
            );
            Refusal::new(Reason::Invalid, "body", detail)
        })?;
        (known.case_id, known.request) = (format!("{:#x}", request.case_id), format!("{:#x}", request.id));
        let _running = self.0.exchange.in_flight.begin(&from.slug, request.id)?;
        let digest = digest_of(&http.body);
        // Permitted first: what is not permitted leaves no trace but the refusal.
        let permit = self.permit(&from, &request).await?;
        let now_ms = self.clock.now_ms();
        let kept = self
            .store
            .begin_exchange(&from.slug, request.id, digest, request.case_id, now_ms)
            .await;
        let kept = kept.map_err(inner)?;
        if kept.digest != digest {
            let detail = "another request came with this id; choose a new one";
            return Err(Refusal::new(Reason::RequestDiffers, "id", detail));
        }
        if !kept.answer.is_empty() {
            return Ok(kept.answer);
        }
        if now_ms > kept.made_ms + ANSWER_KEPT_MS {
            return Err(Refusal::new(
                Reason::Gone,
                "id",
                "this request is too old; make a new one",
            ));
        }
        if !self.source.may_query(&request.record, now_ms) {
            return Err(Refusal::new(
                Reason::Budget,
                "record",
                "this record was asked for too often this minute",
            ));
        }
        let (gate, details) = self.on_record(&from, &request, &permit).await?;
        let (use_tag, use_transaction, use_block) = (gate.tag(), gate.transaction(), gate.block_number());
        let plain = self.read_record(gate, details, &from, &request, &permit).await?;
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
            .answer_exchange(&from.slug, request.id, &answer)
            .await
            .map_err(inner)?;
        tracing::info!(peer = from.slug, request = %request.id, tag = %use_tag, block = use_block, "a record was given");
        Ok(answer)
    }

    /// Puts the use on record and waits until it is final.
    async fn on_record(
        &self,
        from: &Peer,
        request: &RecordRequest,
        permit: &Permit,
    ) -> Result<(FinalizedUse, B256), Refusal> {
        let limit = SEND_TIMEOUT + FINAL_TIMEOUT;
        let _case = tokio::time::timeout(limit, self.0.exchange.cases.lock(request.case_id))
            .await
            .map_err(|_| {
                Refusal::new(
                    Reason::Busy,
                    "caseId",
                    "data of this case is being used; ask again",
                )
            })?;
        let id = format!("exchange/{}/{:#x}", from.slug, request.id);
        let mut row = self.store.transaction(&id).await.map_err(inner)?;
        if row.take_if(|row| row.state == OutboxState::Reverted).is_some() {
            self.release(from, request.id, &id).await?;
        }
        let secret = Secret::new(*permit.secret.expose());
        let tag_of = move |n| use_record::tag(&secret, n);
        let taken = self
            .store
            .exchange_use(&from.slug, request.id, request.case_id, tag_of)
            .await;
        let (n, tag) = taken.map_err(inner)?;
        let call = match row {
            Some(row) => row.data,
            None => self.use_call(from, request, permit, n, tag)?,
        };
        let details = recordCall::abi_decode(&call)
            .map_err(|_| AppError::Record("use"))?
            .ciphertext;
        let receipt = match self.finalize(&id, &call).await {
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
                        self.release(from, request.id, &id).await?;
                        return Err(refusal);
                    }
                }
            }
            other => other?,
        };
        let expected = ExpectedUse {
            tag,
            case_id: request.case_id,
            provider: self.me,
            mask: permit.mask,
        };
        let gate = FinalizedUse::verify(&receipt, self.contracts.uses, expected).map_err(inner)?;
        Ok((gate, keccak256(&details)))
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

    fn use_call(
        &self,
        from: &Peer,
        request: &RecordRequest,
        permit: &Permit,
        n: u32,
        tag: B256,
    ) -> Result<Bytes, AppError> {
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

    /// Sends a use record, and answers with its receipt once it is proven final.
    async fn finalize(&self, id: &str, call: &Bytes) -> Result<VerifiedReceipt, Refusal> {
        let unreachable = || {
            Refusal::new(
                Reason::ChainUnreachable,
                "",
                "the chain cannot be reached; ask again",
            )
        };
        let not_final = || {
            Refusal::new(
                Reason::UseNotFinal,
                "",
                "the use record is not final yet; ask again",
            )
        };
        let lift = |error: OutboxError| match error {
            OutboxError::Reverted(_) => {
                let detail =
                    "the contract refused the use record: the basis no longer holds, or the case is decided";
                Refusal::new(Reason::UseRefused, "", detail)
            }
            OutboxError::NotFinal(_) => not_final(),
            OutboxError::NotSent => unreachable(),
            OutboxError::Chain(ChainError::Temporary(_) | ChainError::Refused(_)) => unreachable(),
            OutboxError::Chain(ChainError::Untrusted(error)) => {
                tracing::error!(error, "the node's answer is not proven");
                not_final()
            }
            other => AppError::from(other).into(),
        };
        let sent = tokio::time::timeout(SEND_TIMEOUT, self.0.outbox.submit(id, self.contracts.uses, call));
        let hash = sent.await.map_err(|_| unreachable())?.map_err(lift)?;
        let waited = tokio::time::timeout(FINAL_TIMEOUT, self.receipt_of(hash));
        let receipt = match waited.await {
            Err(_) => return Err(not_final()),
            Ok(Err(ChainError::Temporary(_))) => return Err(unreachable()),
            Ok(other) => other.map_err(|error| lift(error.into()))?.ok_or_else(not_final)?,
        };
        self.0.outbox.settle(id, hash, receipt).await.map_err(lift)
    }

    async fn receipt_of(&self, hash: B256) -> Result<Option<VerifiedReceipt>, ChainError> {
        let heard = self.0.exchange.finality.heard(hash);
        if let Ok(Some(receipt)) = tokio::time::timeout(HEAR_TIMEOUT, heard).await {
            return Ok(Some(receipt));
        }
        self.chain.wait_final(hash, FINAL_TIMEOUT).await
    }

    /// Reads the fields, as they are sealed.
    async fn read_record(
        &self,
        gate: FinalizedUse,
        details: B256,
        from: &Peer,
        request: &RecordRequest,
        permit: &Permit,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
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
        let rows = match self.source.records(gate, &wanted).await {
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
            self.0.outbox.submit(&row.id, row.target, &row.data).await?;
            if let Some(receipt) = self.chain.wait_final(*hash, Duration::ZERO).await? {
                // A use record that was refused is released when it is asked for again.
                match self.0.outbox.settle(&row.id, *hash, receipt).await {
                    Ok(_) | Err(OutboxError::Reverted(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
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
