//! Rights over one's data: to object to a use, to a copy, to correction, to deletion — each with a clock and a reasoned
//! answer by a person.
//!
//! 个人信息保护法: objecting to and restricting a use and having it explained (arts. 44, 48), a copy (45), correction (46),
//! deletion (47), and a way to ask for each of them, with reasons where it is refused (50). The law says "promptly"; GB/T
//! 35273—2020, 8.7, says within thirty days. Each agency answers for itself, so a request is made to an agency, off the
//! chain: what it holds is its own, and the words are personal. The receipt that it signs proves that and when it was asked.
//! The [`answer`] is signed too, and sealed to the person, so that it reaches them after a deletion as well.

pub mod answer;

use alloy_primitives::B256;
use alloy_signer::SignerSync as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;
use zhengtong_vault::{Record, Subject, VaultError};

use self::answer::{Answer, Answering};
use super::access::{AnswerDataRequest, ListDataRequests, MakeDataRequest, OwnPermit, Permit, SeeOwnData};
use super::deletion::{Books, Cause, DeletionError, random_id};
use super::my_session::SignedIn;
use super::{App, AppError, inner};
use crate::store::{RequestRow, RequestStatus};

/// Days within which a request has to be answered (GB/T 35273—2020, 8.7).
pub const ANSWER_DAYS: u64 = 30;
/// The most characters of a request, and of its answer.
pub const MAX_REQUEST_CHARS: usize = 2_000;
/// The most requests of one person that wait at once.
pub const MAX_OPEN_REQUESTS: usize = 16;
const DAY_MS: u64 = 24 * 3600 * 1000;
const KIND: &str = "request";

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// To object to or restrict a use, and have it explained.
    Contest,
    /// To a copy.
    Copy,
    /// To correction.
    Correct,
    /// To deletion.
    Delete,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Contest, Self::Copy, Self::Correct, Self::Delete];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contest => "contest",
            Self::Copy => "copy",
            Self::Correct => "correct",
            Self::Delete => "delete",
        }
    }

    /// From [`Self::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.as_str() == word)
    }

    /// The article of the 个人信息保护法 it rests on.
    pub fn article(self) -> &'static str {
        match self {
            Self::Contest => "第四十四条、第四十八条",
            Self::Copy => "第四十五条",
            Self::Correct => "第四十六条",
            Self::Delete => "第四十七条",
        }
    }
}

/// The words of a request and of its answer, as the vault keeps them. Personal: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestWords {
    /// What the person wrote.
    pub text: String,
    /// The answer and its reasons.
    pub answer: Option<String>,
}

/// A request with its words, as far as they can still be read.
pub struct Request {
    /// The row.
    pub row: RequestRow,
    /// `None` once the person was deleted.
    pub words: Option<RequestWords>,
}

/// Why a request, or an answer, was not taken.
#[derive(Debug, Error)]
pub enum RequestError {
    /// Empty or too long.
    #[error("`{0}` must have 1 to {MAX_REQUEST_CHARS} characters")]
    Text(&'static str),
    /// Too many wait.
    #[error("{MAX_OPEN_REQUESTS} of your requests wait for an answer already")]
    TooMany,
    /// No such request.
    #[error("this organisation has no such request")]
    None,
    /// It has an answer.
    #[error("this request was answered before")]
    Answered,
    /// A deletion cannot be refused any more.
    #[error(
        "everything about whoever asks this was deleted here already, so it cannot be refused any more: grant it"
    )]
    CarriedOut,
    /// Nothing can be sealed to it.
    #[error("`answer_key` must be an X25519 public key: 32 bytes in hex with 0x")]
    Key,
    /// The key is another request's.
    #[error("`answer_key` was used for another request; use a key once")]
    KeyUsed,
    /// Whoever asked was deleted since they signed in.
    #[error(
        "everything about you was deleted here after you signed in: if you still ask for this, sign in again"
    )]
    SessionEnded,
    /// The deletion that it asks for.
    #[error(transparent)]
    Deletion(#[from] DeletionError),
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// What the organisation signs (EIP-191) when it takes a request.
pub fn receipt_text(organisation: &str, row: &RequestRow, text: &str) -> String {
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    format!(
        "zhengtong right\n{organisation}\n{}\n{}\n{}\n{}\n{digest}",
        row.id, row.kind, row.received_ms, row.due_ms
    )
}

impl Books<'_> {
    /// Takes a request; answers it and the signed receipt. Sent again with the same key, it is the same request.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn make_request(
        &self,
        signed_in: SignedIn,
        right: Right,
        text: String,
        answer_key: Option<B256>,
    ) -> Result<(RequestRow, String), RequestError> {
        let SignedIn { subject, since_s } = signed_in;
        check("text", &text)?;
        if answer_key.is_some_and(|key| !answer::is_usable(&key)) {
            return Err(RequestError::Key);
        }
        if let Some(key) = &answer_key
            && let Some(row) = self.store.request(&answer::id_of(key)).await.map_err(inner)?
        {
            return self.taken_before(row, subject, right, text).await;
        }
        if self.is_deleted_since(subject, since_s).await.map_err(inner)? {
            return Err(RequestError::SessionEnded);
        }
        let own = self.store.requests(Some(subject)).await.map_err(inner)?;
        let open = own.iter().filter(|row| row.status == RequestStatus::Open);
        if open.count() >= MAX_OPEN_REQUESTS {
            return Err(RequestError::TooMany);
        }
        let row = RequestRow {
            id: answer_key
                .as_ref()
                .map_or_else(random_id, |key| Ok(answer::id_of(key)))?,
            subject: Some(subject),
            kind: right.as_str().to_owned(),
            received_ms: self.now_ms,
            due_ms: self.now_ms + ANSWER_DAYS * DAY_MS,
            status: RequestStatus::Open,
            officer: String::new(),
            answered_ms: 0,
            deletion: String::new(),
        };
        let receipt = self.receipt(&row, &text)?;
        let bytes = bytes_of(&RequestWords { text, answer: None })?;
        let kept = self.vault.put(subject, place(&row.id), &bytes).await;
        kept.map_err(inner)?;
        self.store
            .put_request(&row, answer_key.as_ref())
            .await
            .map_err(inner)?;
        // Who asks for the first time gets a key, and a deletion in between may not have seen it.
        if self.is_deleted_since(subject, since_s).await.map_err(inner)? {
            self.store.drop_request(&row.id).await.map_err(inner)?;
            self.forget_late(subject).await?;
            return Err(RequestError::SessionEnded);
        }
        Ok((row, receipt))
    }

    /// The answer to it was lost on its way, or somebody uses a key twice.
    async fn taken_before(
        &self,
        row: RequestRow,
        subject: Subject,
        right: Right,
        text: String,
    ) -> Result<(RequestRow, String), RequestError> {
        let is_same = row.subject == Some(subject)
            && row.kind == right.as_str()
            && self
                .words(subject, &row.id)
                .await?
                .is_some_and(|words| words.text == text);
        if !is_same {
            return Err(RequestError::KeyUsed);
        }
        let receipt = self.receipt(&row, &text)?;
        Ok((row, receipt))
    }

    fn receipt(&self, row: &RequestRow, text: &str) -> Result<String, RequestError> {
        let receipt = receipt_text(self.organisation, row, text);
        let receipt = self.attester.sign_message_sync(receipt.as_bytes());
        Ok(receipt.map_err(|_| DeletionError::Sign)?.to_string())
    }

    /// The requests of one person, or all, with their words.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn requests(&self, of: Option<Subject>) -> Result<Vec<Request>, RequestError> {
        let mut out = Vec::new();
        for row in self.store.requests(of).await.map_err(inner)? {
            let words = match row.subject {
                Some(subject) => self.words(subject, &row.id).await?,
                None => None,
            };
            out.push(Request { row, words });
        }
        Ok(out)
    }

    /// Answers a request with reasons; granting a deletion carries it out at once. One whose person was deleted meanwhile is
    /// answered too, to them alone.
    ///
    /// # Errors
    /// See [`RequestError`]. A deletion that an order forbids stays open.
    pub async fn answer_request(
        &self,
        id: &str,
        by: Answering,
        granted: bool,
        reason: String,
    ) -> Result<RequestRow, RequestError> {
        check("reason", &reason)?;
        let mut row = self
            .store
            .request(id)
            .await
            .map_err(inner)?
            .ok_or(RequestError::None)?;
        if row.status != RequestStatus::Open {
            return Err(RequestError::Answered);
        }
        let words = match row.subject {
            Some(subject) => self.words(subject, id).await?,
            None => None,
        };
        let is_deletion = row.kind == Right::Delete.as_str();
        if words.is_none() && !(is_deletion && granted) {
            // Their key went, and the store says so soon. A deletion that was cut short is carried out to its end.
            row.subject = None;
        }
        row.status = if granted {
            RequestStatus::Granted
        } else {
            RequestStatus::Refused
        };
        row.answered_ms = self.now_ms;
        let mut text = words.map(|words| words.text);
        let mut deletion = None;
        match row.subject {
            Some(subject) if is_deletion && granted => {
                // The words of the request go with everything else; that it was granted, and when, stays.
                deletion = Some(self.forget_subject(subject, Cause::Request(id)).await?);
                row.subject = None;
            }
            Some(subject) => {
                let answered = RequestWords {
                    text: text.clone().unwrap_or_default(),
                    answer: Some(reason.clone()),
                };
                let bytes = bytes_of(&answered)?;
                match self.vault.add(subject, place(id), &bytes).await {
                    Ok(()) => row.officer = by.name,
                    // Deleted since the request was read.
                    Err(VaultError::Destroyed) => (row.subject, text) = (None, None),
                    Err(error) => return Err(inner(error).into()),
                }
            }
            None => {}
        }
        if row.subject.is_none() && deletion.is_none() {
            if is_deletion && !granted {
                return Err(RequestError::CarriedOut);
            }
            // Deleted by this request, before what follows failed; or by another one.
            let cause = Cause::Request(id).word();
            deletion = self.store.deletion_for(&cause).await.map_err(inner)?;
        }
        row.deletion = deletion.as_ref().map(|row| row.id.clone()).unwrap_or_default();
        let key = self.store.answer_key(id).await.map_err(inner)?;
        let answer = Answer {
            v: 1,
            organisation: self.organisation.to_owned(),
            request: row.id.clone(),
            kind: row.kind.clone(),
            text,
            granted,
            reason,
            role: by.role,
            officer: by.officer,
            answered_ms: row.answered_ms,
            deletion,
            signature: String::new(),
        };
        let sealed = key
            .map(|key| answer::seal(self.attester, &key, answer))
            .transpose()?;
        if self
            .store
            .answer_request(&row, sealed.as_deref())
            .await
            .map_err(inner)?
        {
            Ok(row)
        } else {
            Err(RequestError::Answered)
        }
    }

    async fn words(&self, subject: Subject, id: &str) -> Result<Option<RequestWords>, RequestError> {
        let bytes = match self.vault.get(subject, place(id)).await {
            Err(VaultError::Destroyed) | Ok(None) => return Ok(None),
            Ok(Some(bytes)) => bytes,
            Err(error) => return Err(inner(error).into()),
        };
        let words = serde_json::from_slice(bytes.expose());
        Ok(Some(words.map_err(|_| AppError::Record(KIND))?))
    }
}

impl App {
    /// Takes a request of a resident's.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn take_request(
        &self,
        own: &OwnPermit<MakeDataRequest>,
        right: Right,
        text: String,
        answer_key: Option<B256>,
    ) -> Result<(RequestRow, String), RequestError> {
        self.books()
            .make_request(own.signed_in(), right, text, answer_key)
            .await
    }

    /// A resident's own requests.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn own_requests(&self, own: &OwnPermit<SeeOwnData>) -> Result<Vec<Request>, RequestError> {
        self.books().requests(Some(own.subject())).await
    }

    /// All requests to this organisation.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn data_requests(
        &self,
        _permit: &Permit<ListDataRequests>,
    ) -> Result<Vec<Request>, RequestError> {
        self.books().requests(None).await
    }

    /// Answers a request.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn answer_data_request(
        &self,
        permit: &Permit<AnswerDataRequest>,
        granted: bool,
        reason: String,
    ) -> Result<RequestRow, RequestError> {
        let by = Answering::of(permit.who());
        self.books()
            .answer_request(&permit.thing().id, by, granted, reason)
            .await
    }

    /// How a request stands and the sealed answer, for whoever knows its id: a random number to everybody but the person.
    ///
    /// # Errors
    /// There is none.
    pub async fn request_state(&self, id: &str) -> Result<(RequestRow, Option<Vec<u8>>), RequestError> {
        let row = self.store.request(id).await.map_err(inner)?;
        let row = row.ok_or(RequestError::None)?;
        let sealed = self.store.sealed_answer(id).await.map_err(inner)?;
        Ok((row, sealed))
    }
}

const fn place(id: &str) -> Record<'_> {
    Record { kind: KIND, name: id }
}

fn bytes_of(words: &RequestWords) -> Result<Zeroizing<Vec<u8>>, AppError> {
    let bytes = serde_json::to_vec(words).map(Zeroizing::new);
    bytes.map_err(|_| AppError::Record(KIND))
}

fn check(field: &'static str, text: &str) -> Result<(), RequestError> {
    if text.trim().is_empty() || text.chars().count() > MAX_REQUEST_CHARS {
        Err(RequestError::Text(field))
    } else {
        Ok(())
    }
}
