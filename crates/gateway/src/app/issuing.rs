//! Delivering a result: the credential, its hash on the chain, its status afterwards.

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolCall;
use serde_json::{Map, Value, json};
use zhengtong_bindings::credentials::Credentials::{issueCall, setStatusRootCall};
use zhengtong_bindings::slug;
use zhengtong_credentials::{
    CredentialText, Jwk, MAX_STATUS_ENTRIES, NewCredential, Status, StatusEntry, StatusList, StatusTimes,
};
use zhengtong_services::{Claim, ClaimSource, Disclosure, Package};

use super::outbox::OutboxError;
use super::project::word;
use super::work::Outcome;
use super::{App, AppError};
use crate::store::{self, CaseRow, HistoryRow, Job, Waiting};

/// The one status list of an organisation.
pub(super) const STATUS_LIST: &str = "status-1";
/// Where it is, from the gateway's address on.
pub(super) const STATUS_PATH: &str = "/v1/status";
/// A list is at least this long, so that its length tells little.
const STATUS_LIST_STEP: u32 = 1024;
/// How long a signed status list is valid, in seconds.
const STATUS_VALID_S: u64 = 3600;
/// How long it may be kept before it is fetched again, in seconds.
const STATUS_TTL_S: u64 = 300;
const DAY_S: u64 = 24 * 3600;

/// The decision a credential is about.
struct Decision {
    amount_fen: u64,
    row: usize,
    reason: String,
    decided_at: u64,
}

/// What a wallet can have of a case's credential.
pub(super) enum ForHolder {
    /// The credential, bound to the wallet's key.
    Ready(CredentialText),
    /// The chain does not have it yet.
    NotYet,
    /// The organisation does not keep what it is made of any more.
    Gone,
}

impl App {
    /// Issues the credential of an approval.
    pub(super) async fn issue(&self, job: &Job) -> Result<Outcome, AppError> {
        let case = self
            .store
            .case(job.case_id)
            .await?
            .ok_or(AppError::Record("case"))?;
        if case.status != store::Status::Approved || case.frozen {
            // Appealed meanwhile: the next decision brings its own job.
            return Ok(Outcome::Done);
        }
        let package = self.package_of(&case).await?;
        let Some(link) = self.store.link(case.id).await?.filter(|link| link.owner) else {
            return Ok(Outcome::Wait(Waiting::Link));
        };
        let Some(mut stored) = self.stored_link(&link).await? else {
            return Ok(Outcome::Forgotten);
        };
        let holder = stored.holder.take().ok_or(AppError::Record("link"))?;
        if self.form_of(&case).await?.is_none() {
            // The form that came is not the one that was committed to.
            return Ok(Outcome::Wait(Waiting::Link));
        }
        let history = self.store.history(case.id).await?;
        let decision = decision(&history, job.seq).ok_or(AppError::Record("decision"))?;
        let text = self
            .signed_credential(&case, package, (&holder, stored.person), job.seq, &decision)
            .await?;
        let row = self.store.credential_of(case.id, job.seq).await?;
        // The chain knows a list that has the credential's place before it knows the credential.
        self.anchor_statuses().await?;
        let call = issueCall {
            caseId: case.id,
            credentialHash: B256::from(text.hash()),
            statusIndex: row.status_index,
        };
        let id = format!("issue/{:#x}/{}", case.id, job.seq);
        match self
            .0
            .outbox
            .execute(&id, self.contracts.credentials, &call.abi_encode().into())
            .await
        {
            Ok(_) => {
                tracing::info!(case = %case.id, "credential issued");
                self.revoke(&case, job.seq.saturating_sub(1), Status::Invalid)
                    .await?;
                Ok(Outcome::Done)
            }
            Err(error) => {
                if matches!(error, OutboxError::Reverted(_)) {
                    self.store.forget_reverted(&id).await?;
                }
                Err(error.into())
            }
        }
    }

    /// The credential as it was signed the first time, or signed now and kept before anything is sent.
    async fn signed_credential(
        &self,
        case: &CaseRow,
        package: &Package,
        (holder, person): (&Value, Option<B256>),
        seq: u32,
        decision: &Decision,
    ) -> Result<CredentialText, AppError> {
        let row = self.store.credential_of(case.id, seq).await?;
        if row.status_index >= MAX_STATUS_ENTRIES {
            return Err(AppError::StatusListFull);
        }
        if let Some(text) = self.credential_text(case.id, seq).await?
            && row.hash == B256::from(text.hash())
        {
            return Ok(text);
        }
        let holder = Jwk::parse(holder, "holder")?;
        let text = self.sign_credential(case, package, holder, row.status_index, decision, person)?;
        self.put_credential(case.id, seq, &text).await?;
        self.store
            .set_credential_hash(case.id, seq, B256::from(text.hash()))
            .await?;
        Ok(text)
    }

    /// What a decision's credential says, signed for a holder.
    fn sign_credential(
        &self,
        case: &CaseRow,
        package: &Package,
        holder: Jwk,
        status_index: u32,
        decision: &Decision,
        person: Option<B256>,
    ) -> Result<CredentialText, AppError> {
        let (mut open, mut disclosable) = (Map::new(), Map::new());
        for claim in &package.credential().claims {
            if let Some(value) = value_of(claim, case, package, decision, person) {
                let claims = if claim.disclosure == Disclosure::Always {
                    &mut open
                } else {
                    &mut disclosable
                };
                claims.insert(claim.name.clone(), value);
            }
        }
        Ok(self.issuer.issue(NewCredential {
            vct: package.credential().vct.clone(),
            issued_at_s: self.clock.now_s(),
            expires_at_s: decision.decided_at + u64::from(package.credential().valid_days) * DAY_S,
            holder,
            open,
            disclosable,
            status: Some(StatusEntry {
                uri: self.status_uri(),
                index: status_index,
            }),
        })?)
    }

    /// The credential of the case's last decision for a holder's key: the very one that the chain has the hash of, if it is
    /// that key's; else the same again for this key, with the same place in the status list.
    pub(super) async fn credential_for(&self, case: &CaseRow, holder: &Jwk) -> Result<ForHolder, AppError> {
        let Some(row) = self.store.issued_credential(case.id).await? else {
            return Ok(ForHolder::NotYet);
        };
        let link = match self.store.link(case.id).await? {
            Some(link) => self.stored_link(&link).await?,
            None => None,
        };
        let Some((own, person)) = link.and_then(|mut link| Some((link.holder.take()?, link.person))) else {
            return Ok(ForHolder::Gone);
        };
        if Jwk::parse(&own, "holder")? == *holder {
            let text = self.credential_text(case.id, row.seq).await?;
            return Ok(text.map_or(ForHolder::Gone, ForHolder::Ready));
        }
        let package = self.package_of(case).await?;
        let history = self.store.history(case.id).await?;
        let decision = decision(&history, row.seq).ok_or(AppError::Record("decision"))?;
        self.sign_credential(case, package, holder.clone(), row.status_index, &decision, person)
            .map(ForHolder::Ready)
    }

    /// Freezes or revokes what was issued before an appeal or a refusal.
    pub(super) async fn update_status(&self, job: &Job) -> Result<Outcome, AppError> {
        let case = self
            .store
            .case(job.case_id)
            .await?
            .ok_or(AppError::Record("case"))?;
        let history = self.store.history(case.id).await?;
        let event = history
            .iter()
            .find(|event| event.seq == job.seq)
            .ok_or(AppError::Record("event"))?;
        let status = if event.name == "Appealed" {
            Status::Suspended
        } else {
            Status::Invalid
        };
        self.revoke(&case, job.seq, status).await?;
        Ok(Outcome::Done)
    }

    async fn revoke(&self, case: &CaseRow, seq: u32, status: Status) -> Result<(), AppError> {
        self.revoke_place(case.id, seq, status).await?;
        tracing::info!(case = %case.id, ?status, "status list published");
        Ok(())
    }

    /// Sets the status of credentials by the case, or the terms, that they were issued for.
    pub(super) async fn revoke_place(&self, of: B256, seq: u32, status: Status) -> Result<(), AppError> {
        let _one_at_a_time = self.0.publishing.lock().await;
        self.store.set_status(of, seq, status).await?;
        self.publish_statuses().await
    }

    pub(super) async fn anchor_statuses(&self) -> Result<(), AppError> {
        let _one_at_a_time = self.0.publishing.lock().await;
        self.publish_statuses().await
    }

    /// Brings the root on the chain up to date with the store, whatever was interrupted before. One at a time, and each
    /// waits for the one before, so that no older root follows a newer one.
    async fn publish_statuses(&self) -> Result<(), AppError> {
        while let Some(begun) = self.store.unfinished_status_root().await? {
            // Before a crash or a failure: perhaps it was sent, so it goes first.
            self.publish_root(&begun.id, &begun.data).await?;
        }
        let (number, published) = self.store.last_status_root().await?;
        let root = B256::from(self.status_list().await?.root());
        let call = setStatusRootCall {
            list: slug(STATUS_LIST),
            root,
        };
        let call = Bytes::from(call.abi_encode());
        let is_published = match published {
            Some(published) => published == call,
            None => self.store.statuses().await?.0 == 0,
        };
        if is_published {
            return Ok(());
        }
        self.publish_root(&store::status_root_id(number + 1), &call).await
    }

    async fn publish_root(&self, id: &str, call: &Bytes) -> Result<(), AppError> {
        match self.0.outbox.execute(id, self.contracts.credentials, call).await {
            Ok(_) => Ok(()),
            Err(error) => {
                if matches!(error, OutboxError::Reverted(_)) {
                    self.store.forget_reverted(id).await?;
                }
                Err(error.into())
            }
        }
    }

    pub(super) async fn status_list(&self) -> Result<StatusList, AppError> {
        let (taken, statuses) = self.store.statuses().await?;
        let mut list = StatusList::new(taken.max(1).next_multiple_of(STATUS_LIST_STEP));
        for (index, status) in statuses {
            list.set(index, status)?;
        }
        Ok(list)
    }

    /// The signed status list.
    ///
    /// # Errors
    /// The store fails.
    pub async fn signed_status_list(&self) -> Result<String, AppError> {
        let (list, now_s) = (self.status_list().await?, self.clock.now_s());
        let times = StatusTimes {
            issued_at_s: now_s,
            expires_at_s: now_s + STATUS_VALID_S,
            ttl_s: STATUS_TTL_S,
        };
        Ok(self.issuer.sign_status_list(&list, &self.status_uri(), &times)?)
    }

    /// Names the status list: `GET /v1/status` of this organisation's gateway, by its public address if it has one.
    pub(super) fn status_uri(&self) -> String {
        match &self.public_url {
            Some(url) => format!("{url}{STATUS_PATH}"),
            None => format!(
                "zhengtong:{}/{}{STATUS_PATH}",
                self.chain.chain_id(),
                self.organisation
            ),
        }
    }
}

fn decision(history: &[HistoryRow], seq: u32) -> Option<Decision> {
    let event = history
        .iter()
        .find(|event| event.seq == seq && event.name == "Decided")?;
    let args: Value = serde_json::from_str(&event.args).ok()?;
    Some(Decision {
        amount_fen: args["amount_fen"].as_u64()?,
        row: usize::try_from(args["row"].as_u64()?).ok()?,
        reason: args["reason"].as_str()?.to_owned(),
        decided_at: event.block_time_ms / 1000,
    })
}

fn value_of(
    claim: &Claim,
    case: &CaseRow,
    package: &Package,
    decision: &Decision,
    person: Option<B256>,
) -> Option<Value> {
    Some(match claim.from {
        ClaimSource::CaseService => word(case.service).into(),
        ClaimSource::CaseId => format!("{:#x}", case.id).into(),
        ClaimSource::CasePerson => format!("{:#x}", person?).into(),
        ClaimSource::DecisionAmountFen => decision.amount_fen.into(),
        ClaimSource::DecisionPeriod => {
            json!(package.rules().rows().get(decision.row)?.amount.as_ref()?.per)
        }
        ClaimSource::DecisionReason => decision.reason.as_str().into(),
        ClaimSource::DecisionDecidedAt => decision.decided_at.into(),
    })
}
