//! An answer as the person keeps it: signed by the organisation, and sealed to a key of this one request, which nobody but the
//! person's wallet has.
//!
//! What an organisation knows of a person goes with their deletion, and the answer that it was granted must reach them all the
//! same (个人信息保护法, art. 50). Sealed, it is dark to the organisation from the moment it is written; the key of each request is
//! another one, and its length is padded, so that two answers do not tell that they are for one person.

use alloy_primitives::B256;
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::RequestError;
use crate::app::access::{Role, Who};
use crate::app::deletion::{DeletionError, id_from};
use crate::app::{AppError, sealing};
use crate::store::DeletionRow;

/// How answers are sealed (HPKE's `info`); the bytes of the request's id are additional data.
pub const ANSWER_INFO: &[u8] = b"zhengtong/answer/v1";
/// What the id of a request comes from, together with the key that its answer is sealed to.
const ID_LABEL: &str = "zhengtong/request/v1";
/// The least that is sealed, in bytes; above it, the next power of two.
const MIN_BYTES: usize = 4096;
/// Whoever runs the gateway.
const OPERATOR: &str = "operator";
/// Bytes of a code: the beginning of a key in the `Registry`.
const CODE_BYTES: usize = 4;

/// What the person reads.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Format version, 1.
    pub v: u32,
    /// Whose answer.
    pub organisation: String,
    /// Id of the request.
    pub request: String,
    /// `contest`, `copy`, `correct` or `delete`.
    pub kind: String,
    /// What was asked; `None` where the person was deleted before this answer.
    pub text: Option<String>,
    /// Whether it was granted.
    pub granted: bool,
    /// Why.
    pub reason: String,
    /// As what somebody answered: a role, mostly `data-officer`, or `operator`.
    pub role: String,
    /// Which officer: the first four bytes of their key in the `Registry`, or the code that the organisation knows them
    /// by; empty for an operator.
    pub officer: String,
    /// Unix milliseconds.
    pub answered_ms: u64,
    /// The signed record of the deletion that granting it brought about.
    pub deletion: Option<DeletionRow>,
    /// The organisation's (EIP-191), over [`answer_text`].
    pub signature: String,
}

/// Who answers.
pub struct Answering {
    /// As the organisation's own books have it.
    pub name: String,
    /// As what, for the person to read.
    pub role: String,
    /// Which officer, for the person to read.
    pub officer: String,
}

impl Answering {
    /// Whoever runs the gateway, without a session.
    pub fn operator() -> Self {
        Self {
            name: OPERATOR.to_owned(),
            role: OPERATOR.to_owned(),
            officer: String::new(),
        }
    }

    /// An officer: by their key, or by their code where they have none.
    pub fn of(who: &Who) -> Self {
        let own = who.roles.get(&Role::DataOfficer).or(who.roles.first());
        Self {
            name: who.name.clone(),
            role: own.map_or("", |role| role.as_str()).to_owned(),
            officer: who
                .key
                .map_or_else(|| who.name.clone(), |key| hex::encode(&key[..CODE_BYTES])),
        }
    }
}

/// What the organisation signs (EIP-191) about an answer.
pub fn answer_text(answer: &Answer) -> String {
    let digest = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
    format!(
        "zhengtong answer\n{}\n{}\n{}\n{}\n{}\n{}/{}\n{}\n{}\n{}",
        answer.organisation,
        answer.request,
        answer.kind,
        if answer.granted { "granted" } else { "refused" },
        answer.answered_ms,
        answer.role,
        answer.officer,
        answer.text.as_deref().map(digest).unwrap_or_default(),
        digest(&answer.reason),
        answer.deletion.as_ref().map_or("", |row| &row.id),
    )
}

/// The id of the request whose answer is sealed to a key: whoever has the key knows it before the request is sent.
pub fn id_of(key: &B256) -> String {
    id_from(ID_LABEL, key.as_slice())
}

/// Whether something can be sealed to a key.
pub fn is_usable(key: &B256) -> bool {
    sealing::seal(&key.0, ANSWER_INFO, &[], &[]).is_ok()
}

/// Signs an answer and seals it to the request's key.
///
/// # Errors
/// The key or the signer does not do.
pub fn seal(attester: &PrivateKeySigner, key: &B256, mut answer: Answer) -> Result<Vec<u8>, RequestError> {
    let signature = attester.sign_message_sync(answer_text(&answer).as_bytes());
    answer.signature = signature.map_err(|_| DeletionError::Sign)?.to_string();
    let bytes = serde_json::to_vec(&answer).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| AppError::Record("answer"))?;
    // At its full size from the start, so that no part of it is left behind in a smaller one.
    let mut padded = Zeroizing::new(vec![b' '; bytes.len().next_power_of_two().max(MIN_BYTES)]);
    padded[..bytes.len()].copy_from_slice(&bytes);
    let about = hex::decode(&answer.request).unwrap_or_default();
    sealing::seal(&key.0, ANSWER_INFO, &about, &padded).map_err(|_| RequestError::Key)
}
