//! What the desk is told of a credential that the applicant showed to this agency for a fact: who issued it, of which type it
//! is, until when it is valid, and what became of it. Never what it says.
//!
//! Only where this agency answers the fact and owns the service too: another one is shown the fact and no more
//! (`docs/decisions/0052-the-desk-knows-its-own-grounds.md`). It rests in the vault as part of the link that the credential
//! came in: under the same key, and as long.

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Offered, Refusal};
use super::project::Ask;
use super::use_record::ShownFor;
use super::{App, AppError};

/// Who issued a credential, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    /// The organisation's slug.
    pub by: String,
    /// Unix seconds; `None`: it names no end.
    pub until_s: Option<u64>,
}

/// What became of a credential that was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// The fact rests on it.
    Answer,
    /// It was not taken, with why as a code: the fact is from the agency's own records.
    Refused(String),
    /// It was good when the use was put on record and no more when it was to answer, with why: nothing answered.
    Lapsed(String),
}

/// A credential that was shown for a part of a case's facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// The facts, as bits of the rule set's predicates.
    pub mask: u32,
    /// Its type: the one that the service's package asks for.
    pub vct: String,
    /// `None`: no trusted issuer's signature holds, or it is not the applicant's. Then nothing of it is told.
    pub issued: Option<Issued>,
    /// What became of it.
    pub became: Became,
}

impl Ground {
    /// Whether it is of the fact at this place in the rule set.
    pub fn is_of(&self, index: usize) -> bool {
        self.mask >> index & 1 == 1
    }
}

impl Became {
    /// What the record of the use and the examination come to. The record decides which way was gone.
    fn of(on_record: &ShownFor, examined: &Result<Evidence, Refusal>) -> Self {
        match (&on_record.refused, examined) {
            (Some(code), _) => Self::Refused(code.clone()),
            (None, Ok(_)) => Self::Answer,
            (None, Err(refusal)) => Self::Lapsed(refusal.code().to_owned()),
        }
    }

    /// The code of why it did not answer.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Answer => None,
            Self::Refused(code) | Self::Lapsed(code) => Some(code),
        }
    }
}

impl App {
    /// Keeps for the desk what became of a shown credential, if the case is of this agency's own service. Whoever calls has
    /// the case's lock.
    pub(super) async fn keep_ground(
        &self,
        ask: &Ask,
        mask: u32,
        (offered, issued): (Offered<'_>, Option<Issued>),
        (on_record, examined): (&ShownFor, &Result<Evidence, Refusal>),
    ) -> Result<(), AppError> {
        let ground = Ground {
            mask,
            vct: offered.held.vct.clone(),
            issued,
            became: Became::of(on_record, examined),
        };
        let mut grounds = self.grounds(ask.case_id).await?;
        grounds.retain(|other| other.mask & mask == 0);
        grounds.push(ground);
        self.put_grounds(ask.case_id, &grounds).await
    }

    /// Whether the officers who decide an ask's case are this agency's.
    pub(super) async fn is_own(&self, ask: &Ask) -> Result<bool, AppError> {
        let service = self.store.service(ask.service, ask.version).await?;
        Ok(service.is_some_and(|service| service.owner == self.me))
    }
}
