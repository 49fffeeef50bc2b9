//! The register of people: each resident whom this organisation verified has one leaf in `People`, and never two.
//!
//! A person gets a *seat*, a random number that is kept with their records, under their own key; the contract has one leaf
//! a seat. So a second wallet of the same person takes the place of the first, whatever happened in between, and whoever
//! reads the chain cannot tell whose seat it is. What a seat is to have is written down before the chain is told, and
//! told until it is so. `docs/decisions/0034-people.md`.

use alloy_primitives::{B256, Bytes, U256, uint};
use alloy_sol_types::SolCall as _;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use zhengtong_bindings::IDENTITY;
use zhengtong_bindings::people::People::{enterCall, leafOfCall, removeCall, stateOfCall};
use zhengtong_vault::{Record, Subject, Vault, VaultError};

use super::identity::IdentityError;
use super::outbox::OutboxError;
use super::{App, AppError, inner};
use crate::store::WantedLeaf;

/// The order of BN254's scalar field: a leaf is below it, and not zero.
const FIELD: U256 = uint!(21888242871839275222246405745257275088548364400416034343698204186575808495617_U256);
/// Seats worked on at once.
const MAX_AT_ONCE: usize = 32;
/// How often the contract may refuse a leaf before the row is left for the operator: two days.
const MAX_REFUSALS: u32 = 48;
/// After a refusal, in milliseconds.
const AFTER_REFUSAL_MS: u64 = 3_600_000;
/// After a failure of anything else, in milliseconds.
const AFTER_FAILURE_MS: u64 = 5_000;
const SEAT: Record<'static> = Record {
    kind: "people",
    name: "seat",
};

/// What is kept for a person.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seat {
    seat: B256,
    leaf: B256,
}

/// A commitment of a resident's wallet, as it can be in the tree.
///
/// # Errors
/// [`IdentityError::Commitment`].
pub(super) fn parse_leaf(text: &str) -> Result<B256, IdentityError> {
    let leaf: B256 = text.parse().map_err(|_| IdentityError::Commitment)?;
    if leaf.is_zero() || U256::from_be_bytes(leaf.0) >= FIELD {
        return Err(IdentityError::Commitment);
    }
    Ok(leaf)
}

impl App {
    /// Takes a verified person's commitment; answers their seat, or `None` where this organisation may enter nobody. The chain
    /// is told soon after. `deleted_at_s` is when they were last deleted as far as it was known when they asked.
    ///
    /// # Errors
    /// Another seat has or had this leaf, they were deleted meanwhile, or the disk fails.
    pub(super) async fn take_commitment(
        &self,
        subject: Subject,
        leaf: B256,
        deleted_at_s: Option<u64>,
    ) -> Result<Option<B256>, IdentityError> {
        let listed = self.store.organisation(self.me).await.map_err(inner)?;
        if listed.is_none_or(|(_, roles)| roles & IDENTITY == 0) {
            return Ok(None);
        }
        // One person's two wallets at once must not get two seats.
        let _one = self.0.seating.lock().await;
        let known = seat(&self.vault, subject).await.map_err(inner)?;
        let seat = match &known {
            Some(kept) => kept.seat,
            None => random()?,
        };
        if self.is_used(seat, leaf).await {
            return Err(IdentityError::CommitmentUsed);
        }
        let bytes = serde_json::to_vec(&Seat { seat, leaf }).map_err(|_| AppError::Record(SEAT.kind))?;
        let kept = match &known {
            Some(kept) if kept.leaf == leaf => Ok(()),
            // Whoever has a seat has a key; without one they were deleted since.
            Some(_) => self.vault.add(subject, SEAT, &bytes).await,
            None => self.vault.put(subject, SEAT, &bytes).await,
        };
        match kept {
            Err(VaultError::Destroyed) => return Err(IdentityError::Deleted),
            other => other.map_err(inner)?,
        }
        // Again even if it is known: the first time may have ended between the two books.
        self.store.want_leaf(seat, Some(leaf)).await.map_err(inner)?;
        let is_deleted = self.store.forgotten_at(subject).await.map_err(inner)? != deleted_at_s;
        if is_deleted || seat_of(&self.vault, subject).await.map_err(inner)? != Some(seat) {
            // The deletion may have looked before the seat was there, and nobody could empty it afterwards.
            self.store.want_leaf(seat, None).await.map_err(inner)?;
            self.books().forget_late(subject).await.map_err(inner)?;
            return Err(IdentityError::Deleted);
        }
        Ok(Some(seat))
    }

    /// As the node says: a wrong answer only makes a transaction that the contract refuses. A node that gives none keeps nobody
    /// from an identity credential.
    async fn is_used(&self, seat: B256, leaf: B256) -> bool {
        let data = stateOfCall {
            leaf: U256::from_be_bytes(leaf.0),
        };
        let answer = self
            .chain
            .call(self.contracts.people, data.abi_encode().into())
            .await;
        let known = answer
            .ok()
            .and_then(|answer| stateOfCall::abi_decode_returns(&answer).ok());
        match known {
            Some(state) if state.since != 0 => !self.has(seat, Some(leaf)).await.unwrap_or(true),
            _ => false,
        }
    }

    /// Whether the chain has a leaf on a seat of this organisation.
    async fn has(&self, seat: B256, leaf: Option<B256>) -> Result<bool, AppError> {
        let data = leafOfCall {
            authority: self.me,
            seat,
        };
        let answer = self
            .chain
            .call(self.contracts.people, data.abi_encode().into())
            .await?;
        let on_it = leafOfCall::abi_decode_returns(&answer).map_err(|_| AppError::Record("leaf"))?;
        Ok(on_it == U256::from_be_bytes(leaf.unwrap_or_default().0))
    }

    /// Tells the chain what seats are to have; answers how many it has now. Runs by itself; here for tests.
    ///
    /// # Errors
    /// The disk fails: what is left comes with the next run.
    pub async fn enter_people(&self) -> Result<usize, AppError> {
        let wanted = self
            .store
            .wanted_leaves(self.clock.now_ms(), MAX_REFUSALS, MAX_AT_ONCE)
            .await?;
        let mut running = JoinSet::new();
        for one in wanted {
            let app = self.clone();
            running.spawn(async move { app.settle_seat(&one).await });
        }
        let mut done = 0;
        while let Some(result) = running.join_next().await {
            match result {
                Ok(is_done) => done += usize::from(is_done?),
                Err(error) => tracing::error!(%error, "a seat panicked"),
            }
        }
        Ok(done)
    }

    async fn settle_seat(&self, wanted: &WantedLeaf) -> Result<bool, AppError> {
        let WantedLeaf { seat, leaf, tries } = *wanted;
        let (name, data): (_, Bytes) = match leaf {
            Some(leaf) => {
                let call = enterCall {
                    seat,
                    leaf: U256::from_be_bytes(leaf.0),
                };
                (format!("people/{seat:x}/{leaf:x}"), call.abi_encode().into())
            }
            None => (
                format!("people/{seat:x}"),
                removeCall { seat }.abi_encode().into(),
            ),
        };
        let now_ms = self.clock.now_ms();
        let failure = match self.0.outbox.execute(&name, self.contracts.people, &data).await {
            Ok(_) => {
                self.store.leaf_done(wanted).await?;
                tracing::info!(removed = leaf.is_none(), "the register of people is up to date");
                return Ok(true);
            }
            Err(OutboxError::Store(error)) => return Err(error.into()),
            Err(OutboxError::Reverted(_)) => {
                // It may be so already: taken off twice, or the role was lost and is back.
                if let Ok(true) = self.has(seat, leaf).await {
                    self.store.leaf_done(wanted).await?;
                    return Ok(true);
                }
                self.store.forget_reverted(&name).await?;
                let tries = tries + 1;
                tracing::error!(
                    tries,
                    "the contract People refused a leaf: it was used before, or this organisation lost its role"
                );
                self.store
                    .leaf_later(wanted, tries, now_ms + AFTER_REFUSAL_MS)
                    .await?;
                return Ok(false);
            }
            Err(error) => error,
        };
        tracing::warn!(error = %failure, "the register of people cannot be told now");
        self.store
            .leaf_later(wanted, tries, now_ms + AFTER_FAILURE_MS)
            .await?;
        Ok(false)
    }
}

/// What is kept for a person; `None` also when they were forgotten.
async fn seat(vault: &Vault, subject: Subject) -> Result<Option<Seat>, AppError> {
    let bytes = match vault.get(subject, SEAT).await {
        Err(VaultError::Destroyed) => None,
        other => other?,
    };
    bytes
        .map(|bytes| serde_json::from_slice(bytes.expose()).map_err(|_| AppError::Record(SEAT.kind)))
        .transpose()
}

/// The seat of a person; `None` also if what is kept cannot be read.
pub(super) async fn seat_of(vault: &Vault, subject: Subject) -> Result<Option<B256>, VaultError> {
    match seat(vault, subject).await {
        Ok(seat) => Ok(seat.map(|seat| seat.seat)),
        Err(AppError::Vault(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

fn random() -> Result<B256, AppError> {
    let mut bytes = B256::ZERO;
    getrandom::fill(&mut bytes.0).map_err(AppError::Randomness)?;
    Ok(bytes)
}
