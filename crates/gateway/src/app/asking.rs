//! Answering what a case asks: basis, use record, finality, gate, answer, attestation.
//!
//! Each step is written down before it is taken, so a crash at any moment ends in the same place: the counter and tag of
//! a use record belong to the ask, the transactions are in the outbox, and the answer is only computed against a record
//! that is proven final.

use std::time::Duration;

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_signer::SignerSync as _;
use alloy_sol_types::{SolCall, SolValue as _};
use zhengtong_bindings::cases::Cases::{attestCall, getCall};
use zhengtong_bindings::uses::Uses::{bindingCall, recordCall};
use zhengtong_bindings::{Facts, UNKNOWN, facts_signing_hash};
use zhengtong_types::VerifiedReceipt;
use zhengtong_vault::{ResidentNumber, Secret};

use super::clock::day_of;
use super::consent::{Purpose, within_declared};
use super::evidence::{Evidence, Offered, Refusal};
use super::finalized_use::{ExpectedUse, FinalizedUse};
use super::link::consent_id;
use super::outbox::OutboxError;
use super::project::{Ask, word};
use super::records::StoredLink;
use super::rule_sets::Questions;
use super::source::Person;
use super::use_record::{self, Details, ShownFor};
use super::work::Outcome;
use super::{App, AppError};
use crate::config::Sabotage;
use crate::store::{LinkRow, OutboxState, Waiting};

/// How the gateway names itself in a use record: nobody looked, a program answered.
const OFFICIAL: &str = "system/gateway";
/// Bytes of the attester's address in it: enough for an audit to find the key in the `Registry`.
const CODE_BYTES: usize = 4;
const CHINESE: &str = "zh-CN";
/// How claims of a shown credential are named among the fields of a use: the record is the credential.
const CLAIM_FIELD: &str = "credential";
/// The basis in words.
pub(super) const CONSENT_WORDS: &str = "个人同意";

/// A part of an ask that has one basis: one use record, one attestation.
struct Part<'a> {
    ask: &'a Ask,
    mask: u32,
    basis: B256,
    article: String,
    questions: &'a Questions,
    secret: &'a Secret<[u8; 32]>,
    number: &'a ResidentNumber,
    /// The credential that was shown for it.
    offered: Option<Offered<'a>>,
    /// As what somebody acted for the person.
    by: Option<&'static str>,
}

impl Part<'_> {
    fn transaction(&self, what: &str) -> String {
        format!("{what}/{:#x}/{}", self.ask.case_id, self.mask)
    }
}

impl App {
    /// Answers an ask as far as it can be answered now.
    pub(super) async fn answer_ask(&self, ask: &Ask) -> Result<Outcome, AppError> {
        let Some(row) = self.store.link(ask.case_id).await?.filter(|link| link.provider) else {
            return Ok(Outcome::Wait(Waiting::Link));
        };
        if row.form != ask.form {
            tracing::warn!(case = %ask.case_id, "the link that came before the case is not of its person and form");
            return Ok(Outcome::Wait(Waiting::Link));
        }
        let Some(link) = self.stored_link(&row).await? else {
            return Ok(Outcome::Forgotten);
        };
        if let Some(delegate) = &link.delegate
            && !self.may_act(delegate, ask).await?
        {
            // Nothing is written, and nothing is read, until the person links the case themselves.
            return Ok(Outcome::Wait(Waiting::Link));
        }
        let number = link
            .number
            .as_deref()
            .and_then(|number| ResidentNumber::parse(number).ok());
        let number = number.ok_or(AppError::Record("link"))?;
        let secret = secret(&link).ok_or(AppError::Record("link"))?;
        let questions = self.questions(ask.rule_set).await?;
        let mut waits = false;
        for (basis, mask) in questions.by_basis(ask.mask) {
            let Some((basis, article)) = self
                .check_basis(ask, &row, &link, &questions, (basis, mask))
                .await?
            else {
                // Without a basis nothing is written, and nothing is read.
                tracing::info!(case = %ask.case_id, mask, "no basis yet");
                waits = true;
                continue;
            };
            for (mask, offered) in self.by_evidence(ask, &link, &questions, mask).await? {
                let part = Part {
                    ask,
                    mask,
                    basis,
                    article: article.clone(),
                    questions: &questions,
                    secret: &secret,
                    number: &number,
                    offered,
                    by: link.delegate.as_ref().map(|delegate| delegate.role.as_str()),
                };
                self.answer_part(&part).await?;
            }
        }
        Ok(if waits {
            Outcome::Wait(Waiting::Basis)
        } else {
            Outcome::Done
        })
    }

    /// The basis to put on record, and its words; `None` if there is none now.
    async fn check_basis(
        &self,
        ask: &Ask,
        row: &LinkRow,
        link: &StoredLink,
        questions: &Questions,
        (declared, mask): (B256, u32),
    ) -> Result<Option<(B256, String)>, AppError> {
        let now_s = self.clock.now_s();
        if !Questions::is_consent(declared) {
            let statute = self
                .store
                .statute(declared)
                .await?
                .filter(|statute| statute.in_force(now_s));
            return Ok(statute.map(|statute| (declared, format!("{} {}", statute.law, statute.article))));
        }
        let Some(record) = &link.consent else {
            return Ok(None);
        };
        let id = consent_id(record);
        let on_chain = self.store.consent(id, row.applicant).await?;
        let Some(on_chain) = on_chain.filter(|consent| consent.holds(self.me, ask.service, now_s)) else {
            return Ok(None);
        };
        let service = word(ask.service);
        let purpose = Purpose {
            case_id: ask.case_id,
            provider: &self.organisation,
            service: &service,
            fields: &self.fields(ask, questions, mask).await?,
        };
        if let Err(member) = purpose.allowed_by(record, &on_chain) {
            tracing::warn!(case = %ask.case_id, mask, member, "the consent that came is to something else");
            return Ok(None);
        }
        let published = self.store.service(ask.service, ask.version).await?;
        let package = published.and_then(|service| self.package(service.package));
        if package.is_some_and(|package| !within_declared(package, &self.organisation, &on_chain)) {
            tracing::warn!(case = %ask.case_id, mask, "a standing consent came where the service asks for one use");
            return Ok(None);
        }
        // The use of this very ask may be on record already: then it goes on from there.
        let own = self.store.taken_tag(ask.case_id, mask).await?;
        if on_chain.once && self.store.is_used(ask.case_id, id, own).await? {
            tracing::info!(case = %ask.case_id, mask, "the consent is used up");
            return Ok(None);
        }
        Ok(Some((id, CONSENT_WORDS.to_owned())))
    }

    async fn answer_part(&self, part: &Part<'_>) -> Result<(), AppError> {
        let _case = self.0.exchange.cases.lock(part.ask.case_id).await;
        let attestation = part.transaction("facts");
        // An answer that was signed before is sent as it is: the data is not read a second time.
        let signed = match self.store.transaction(&attestation).await? {
            Some(row) => row.data,
            None => self.answered(part).await?,
        };
        match self
            .0
            .outbox
            .execute(&attestation, self.contracts.cases, &signed)
            .await
        {
            Ok(_) => {
                tracing::info!(case = %part.ask.case_id, mask = part.mask, "facts attested");
                Ok(())
            }
            Err(error @ OutboxError::Reverted(_)) => {
                self.store.forget_reverted(&attestation).await?;
                if self.is_answered(part).await? {
                    tracing::info!(case = %part.ask.case_id, mask = part.mask, "facts were attested before");
                    return Ok(());
                }
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the chain has these facts already. A node that lies here withholds the answer, which it can do anyway.
    async fn is_answered(&self, part: &Part<'_>) -> Result<bool, AppError> {
        let id = part.ask.case_id;
        let call = Bytes::from(getCall { id }.abi_encode());
        let output = self.chain.call(self.contracts.cases, call).await?;
        let case = getCall::abi_decode_returns(&output).map_err(|_| AppError::Record("case"))?;
        Ok(case.answered & part.mask == part.mask)
    }

    /// Puts the use on record, waits until it is final, passes the gate, answers, and signs.
    async fn answered(&self, part: &Part<'_>) -> Result<Bytes, AppError> {
        let case_id = part.ask.case_id;
        let skipped = self.sabotage.map(|Sabotage::SkipUse(n)| n);
        let (n, tag) = self
            .store
            .use_of(case_id, part.mask, skipped, |n| use_record::tag(part.secret, n))
            .await?;
        let mut evidence = None;
        if let Some(offered) = part.offered {
            let asked = (part.questions, part.mask);
            evidence = Some(self.examine(part.ask, offered, part.number, asked).await?);
        }
        let refused = evidence.as_ref().and_then(|found| found.as_ref().err());
        if let Some(refusal) = refused {
            tracing::info!(case = %case_id, mask = part.mask, %refusal, "a shown credential does not answer");
        }
        let receipt = self
            .record_use(part, (n, tag), refused.map(Refusal::code))
            .await?;
        let expected = ExpectedUse {
            tag,
            case_id,
            provider: self.me,
            mask: part.mask,
        };
        let gate = FinalizedUse::verify(&receipt, self.contracts.uses, expected)?;
        tracing::info!(case = %case_id, %tag, block = gate.block_number(), "use is on record");

        let on_record =
            use_record::open(part.secret, n, gate.sealed()).and_then(|details| details.credential);
        if let (Some(offered), Some(shown), Some(examined)) = (part.offered, &on_record, &evidence)
            && self.is_own(part.ask).await?
        {
            // Before the answer, so that the desk never shows a fact without what it rests on.
            let issued = self.issued(offered, part.number).await?;
            self.keep_ground(part.ask, part.mask, (offered, issued), (shown, examined))
                .await?;
        }
        let values = self.values(part, gate, on_record, evidence).await?;
        let facts = Facts {
            case_id,
            rule_set: part.ask.rule_set,
            mask: part.mask,
            values,
            use_tag: tag,
        };
        let digest = facts_signing_hash(self.chain.chain_id(), self.contracts.cases, &facts);
        let signature = self.attester.sign_hash_sync(&digest).map_err(OutboxError::from)?;
        let call = attestCall {
            id: case_id,
            mask: facts.mask,
            values: facts.values,
            r#use: tag,
            signature: signature.as_bytes().into(),
        };
        Ok(call.abi_encode().into())
    }

    /// The answers, from what the record says they are from. It may have been written before a crash, when a credential was
    /// still good, or not yet: the words on record decide, and a credential that is good no more answers nothing.
    async fn values(
        &self,
        part: &Part<'_>,
        gate: FinalizedUse,
        on_record: Option<ShownFor>,
        evidence: Option<Result<Evidence, Refusal>>,
    ) -> Result<Vec<i32>, AppError> {
        if on_record.is_some_and(|credential| credential.refused.is_none()) {
            return Ok(match evidence {
                Some(Ok(evidence)) => evidence.release(gate)?,
                _ => vec![UNKNOWN; gate.mask().count_ones() as usize],
            });
        }
        let person = Person {
            case_id: part.ask.case_id,
            number: part.number,
            day: day_of(part.ask.at_s),
        };
        let predicates = &part.questions.predicates;
        Ok(self.source.answer(gate, predicates, &person).await?)
    }

    async fn record_use(
        &self,
        part: &Part<'_>,
        (n, tag): (u32, B256),
        refused: Option<&'static str>,
    ) -> Result<VerifiedReceipt, AppError> {
        let id = part.transaction("use");
        let call = match self.store.transaction(&id).await? {
            Some(row) if row.state != OutboxState::Reverted => row.data,
            _ => self.record_call(part, (n, tag), refused).await?,
        };
        match self.0.outbox.execute(&id, self.contracts.uses, &call).await {
            Err(error @ OutboxError::Reverted(_)) => {
                // The record may be there all the same, by a transaction that was taken for lost and signed anew.
                if let Some(hash) = self.store.recorded(tag).await?
                    && let Some(receipt) = self.chain.wait_final(hash, Duration::ZERO).await?
                {
                    self.store.forget_reverted(&id).await?;
                    return Ok(receipt);
                }
                if !self.is_recorded(part, tag).await? {
                    // The tag was not used: its counter is free again, and the next try finds why.
                    self.store.release_use(part.ask.case_id, part.mask, &id).await?;
                }
                Err(error.into())
            }
            other => Ok(other?),
        }
    }

    /// Whether the chain has this use record, in a block that was not followed yet.
    async fn is_recorded(&self, part: &Part<'_>, tag: B256) -> Result<bool, AppError> {
        let call = Bytes::from(bindingCall { tag }.abi_encode());
        let output = self.chain.call(self.contracts.uses, call).await?;
        let binding = bindingCall::abi_decode_returns(&output).map_err(|_| AppError::Record("use"))?;
        Ok(binding == keccak256((self.me, part.ask.case_id, part.mask).abi_encode()))
    }

    /// The fields behind the predicates asked, as the service's package declares them; the predicates themselves if
    /// the package is not installed here.
    async fn fields(&self, ask: &Ask, questions: &Questions, mask: u32) -> Result<Vec<String>, AppError> {
        let service = self.store.service(ask.service, ask.version).await?;
        let package = service.and_then(|service| self.package(service.package));
        let declared = package.map(|package| package.rules().predicates());
        let asked = questions.predicates.iter().enumerate();
        let mut fields: Vec<String> = Vec::new();
        for (_, predicate) in asked.filter(|(index, _)| mask >> index & 1 == 1) {
            let mut declared = declared.into_iter().flatten();
            match declared.find(|declared| declared.id.as_str() == predicate.id) {
                Some(declared) => fields.extend(declared.fields.iter().map(ToString::to_string)),
                None => fields.push(predicate.id.clone()),
            }
        }
        fields.sort();
        fields.dedup();
        Ok(fields)
    }

    async fn record_call(
        &self,
        part: &Part<'_>,
        (n, tag): (u32, B256),
        refused: Option<&'static str>,
    ) -> Result<Bytes, AppError> {
        let service = self.store.service(part.ask.service, part.ask.version).await?;
        let service = service.ok_or(AppError::Record("service"))?;
        let package = self.package(service.package);
        let slug = word(part.ask.service);
        let purpose = package.and_then(|package| package.text(CHINESE, "service.title"));
        let fields = match part.offered {
            Some(Offered { held, .. }) if refused.is_none() => held
                .claims
                .iter()
                .map(|claim| format!("{CLAIM_FIELD}.{claim}"))
                .collect(),
            _ => self.fields(part.ask, part.questions, part.mask).await?,
        };
        let credential = part.offered.map(|Offered { held, .. }| ShownFor {
            vct: held.vct.clone(),
            refused: refused.map(str::to_owned),
        });
        let details = Details {
            v: 1,
            official: format!(
                "{OFFICIAL}/{}",
                hex::encode(&self.attester.address()[..CODE_BYTES])
            ),
            purpose: purpose.unwrap_or(&slug).to_owned(),
            fields,
            article: part.article.clone(),
            at: self.clock.now_ms(),
            credential,
            by: part.by.map(str::to_owned),
        };
        let call = recordCall {
            tag,
            caseId: part.ask.case_id,
            provider: self.me,
            consumer: service.owner,
            mask: part.mask,
            basis: part.basis,
            ciphertext: use_record::seal(part.secret, n, &details)?,
        };
        Ok(call.abi_encode().into())
    }
}

pub(super) fn secret(link: &StoredLink) -> Option<Secret<[u8; 32]>> {
    let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
    hex::decode_to_slice(link.use_secret.as_deref()?, bytes.as_mut()).ok()?;
    Some(Secret::new(*bytes))
}
