//! `credential.json`: the type issued after an approval.

use crate::error::{Findings, Problem};
use crate::held::PERSON_CLAIM;
use serde::{Deserialize, Serialize};
use zhengtong_rules::Slug;

pub(crate) const MAX_VCT_CHARS: usize = 128;
const MAX_VALID_DAYS: u32 = 36_500;
pub(crate) const MAX_CLAIMS: usize = 16;
const MAX_CLAIM_CHARS: usize = 32;

/// `credential.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Its type on chain.
    #[serde(rename = "type")]
    pub kind: Slug,
    /// Its type as an SD-JWT VC.
    pub vct: String,
    /// How long it is valid, in days from the decision.
    pub valid_days: u32,
    /// What it says.
    pub claims: Vec<Claim>,
}

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its name in the credential.
    pub name: String,
    /// What it is filled from.
    pub from: ClaimSource,
    /// Whether the holder may hide it.
    pub disclosure: Disclosure,
}

/// What a claim is filled from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimSource {
    /// The service's slug.
    #[serde(rename = "case.service")]
    CaseService,
    /// The case id.
    #[serde(rename = "case.id")]
    CaseId,
    /// Whose case it is: the person's part of its commitment, which only its owner can open, with a salt and their number.
    #[serde(rename = "case.person")]
    CasePerson,
    /// The decided amount in fen.
    #[serde(rename = "decision.amount_fen")]
    DecisionAmountFen,
    /// How often the amount is paid.
    #[serde(rename = "decision.period")]
    DecisionPeriod,
    /// The reason code.
    #[serde(rename = "decision.reason")]
    DecisionReason,
    /// When it was decided, in unix seconds.
    #[serde(rename = "decision.decided_at")]
    DecisionDecidedAt,
}

/// Whether the holder may hide a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disclosure {
    /// Always shown.
    Always,
    /// Shown if the holder chooses.
    Selective,
}

impl Credential {
    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        findings.text("vct", &self.vct, MAX_VCT_CHARS);
        findings.number("valid_days", self.valid_days, 1, MAX_VALID_DAYS);
        findings.count("claims", self.claims.len(), 1, MAX_CLAIMS);
        findings.unique("claims", self.claims.iter().map(|claim| claim.name.as_str()));
        for (index, claim) in self.claims.iter().enumerate() {
            let allowed = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            if claim.name.is_empty() || claim.name.len() > MAX_CLAIM_CHARS || !claim.name.bytes().all(allowed)
            {
                findings.add(
                    format!("claims[{index}].name"),
                    Problem::Shape("use 1 to 32 of a-z and '_'"),
                );
            }
            let is_person = claim.name == PERSON_CLAIM;
            let fits = !is_person || claim.disclosure == Disclosure::Selective;
            if is_person != (claim.from == ClaimSource::CasePerson) || !fits {
                let problem =
                    "claim `person`, and no other, is from `case.person`, and its disclosure is selective";
                findings.add(format!("claims[{index}]"), Problem::Shape(problem));
            }
        }
    }
}
