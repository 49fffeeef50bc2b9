use crate::{Fact, FactError, Outcome, Slug, Table};
use alloy_primitives::{B256, keccak256};
use alloy_sol_types::SolValue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An article of a law, by the names that stand in the `Statutes` list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawRef {
    /// The law: its title, or the number under which it was published.
    pub law: String,
    /// The article or section, in the law's own numbering.
    pub article: String,
}

/// Why an answer may be given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Basis {
    /// The article makes the question necessary.
    Statute {
        /// The law.
        law: String,
        /// Its article.
        article: String,
    },
    /// The applicant must have consented; the article says why a consent is needed.
    Consent {
        /// The law.
        law: String,
        /// Its article.
        article: String,
    },
}

/// What a predicate's answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Yes or no.
    Boolean,
    /// A number between two bounds, both included.
    Integer {
        /// The smallest answer.
        min: i32,
        /// The largest answer.
        max: i32,
    },
}

/// A question about the applicant, and who answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predicate {
    /// Its name, unique in the rule set.
    pub id: Slug,
    /// The agency that holds the record.
    pub provider: Slug,
    /// Form of the answer.
    pub kind: Kind,
    /// Why the question may be asked.
    pub basis: Basis,
    /// The provider's data fields that the answer is computed from.
    pub fields: Vec<String>,
}

/// How often an amount is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Every calendar month.
    Month,
    /// One time.
    Once,
}

/// How a fraction becomes a whole amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// There is nothing to round.
    Exact,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
    /// To the nearest; a half goes up.
    HalfUp,
}

/// An amount stated as a share of another: `of_fen × numerator / denominator`, to a multiple of `to_fen`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The amount that is shared, in fen.
    pub of_fen: u32,
    /// Upper part of the share.
    pub numerator: u32,
    /// Lower part of the share, at least 1.
    pub denominator: u32,
    /// The unit the result is rounded to, in fen, at least 1.
    pub to_fen: u32,
}

/// What is paid; for a row that reviews, a ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// The amount in fen (one hundredth of a yuan).
    pub fen: u64,
    /// How often.
    pub per: Period,
    /// How `fen` follows from `share`.
    pub rounding: Rounding,
    /// Where `fen` comes from, if the law states a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
}

/// What a row says when it holds; its conditions are in [`RuleSet::table`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What follows.
    pub outcome: Outcome,
    /// What is paid; never with a refusal.
    pub amount: Option<Amount>,
    /// Why, as a code that the texts explain.
    pub reason: Slug,
    /// Which law says so.
    pub law: LawRef,
}

/// A well-formed rule set. The only way to get one is [`RuleSet::parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    pub(crate) predicates: Vec<Predicate>,
    pub(crate) rows: Vec<Row>,
    pub(crate) table: Table,
    pub(crate) otherwise_review: bool,
}

/// A decision done again from public data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay<'a> {
    /// What follows from the facts.
    pub outcome: Outcome,
    /// Index of the row, if one holds.
    pub row: Option<u8>,
    /// The row's reason.
    pub reason: Option<&'a Slug>,
    /// The row's law.
    pub law: Option<&'a LawRef>,
    /// The row's amount.
    pub amount: Option<Amount>,
}

impl LawRef {
    /// The id in the `Statutes` list: `keccak256(abi.encode(law, article))`.
    pub fn statute_id(&self) -> B256 {
        keccak256((self.law.as_str(), self.article.as_str()).abi_encode_params())
    }
}

impl Basis {
    /// The article cited.
    pub fn law(&self) -> LawRef {
        let (Self::Statute { law, article } | Self::Consent { law, article }) = self;
        LawRef {
            law: law.clone(),
            article: article.clone(),
        }
    }

    /// Whether the applicant must have consented.
    pub fn needs_consent(&self) -> bool {
        matches!(self, Self::Consent { .. })
    }
}

impl Share {
    /// The share in fen, rounded to a multiple of `to_fen`; `None` if it needs rounding and `rounding` is exact, or if a
    /// divisor is zero.
    pub fn rounded_fen(self, rounding: Rounding) -> Option<u64> {
        let product = u64::from(self.of_fen) * u64::from(self.numerator);
        let unit = u64::from(self.denominator) * u64::from(self.to_fen);
        let (whole, rest) = (product.checked_div(unit)?, product.checked_rem(unit)?);
        let up = match rounding {
            Rounding::Exact if rest != 0 => return None,
            Rounding::Exact | Rounding::Down => false,
            Rounding::Up => rest != 0,
            Rounding::HalfUp => rest >= unit - rest,
        };
        whole
            .checked_add(u64::from(up))?
            .checked_mul(u64::from(self.to_fen))
    }
}

impl RuleSet {
    /// The questions, in the order of their bits and facts.
    pub fn predicates(&self) -> &[Predicate] {
        &self.predicates
    }

    /// The rows, in order of precedence.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The bare table behind the rows.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Facts by name, `None` for unknown, in the order of the predicates; a fact that is not named is unknown.
    ///
    /// # Errors
    /// [`FactError::UnknownPredicate`] for a name that no predicate has.
    pub fn facts(&self, named: &BTreeMap<String, Option<i32>>) -> Result<Vec<Fact>, FactError> {
        let mut facts = vec![Fact::Unknown; self.predicates.len()];
        for (name, value) in named {
            let index = self
                .predicates
                .iter()
                .position(|predicate| predicate.id.as_str() == name)
                .ok_or_else(|| FactError::UnknownPredicate(name.clone()))?;
            facts[index] = value.map_or(Fact::Unknown, Fact::Known);
        }
        Ok(facts)
    }

    /// Decides again from facts as they stand on chain.
    ///
    /// # Errors
    /// [`FactError`] when the facts do not fit the predicates.
    pub fn replay(&self, facts: &[i32]) -> Result<Replay<'_>, FactError> {
        let facts: Vec<_> = facts.iter().map(|&value| Fact::from_chain(value)).collect();
        let finding = self.table.evaluate(&facts)?;
        let row = finding.row.and_then(|row| self.rows.get(usize::from(row)));
        Ok(Replay {
            outcome: finding.outcome,
            row: finding.row,
            reason: row.map(|row| &row.reason),
            law: row.map(|row| &row.law),
            amount: row.and_then(|row| row.amount),
        })
    }
}
