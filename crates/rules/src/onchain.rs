//! The form the `Rules` contract stores.

use crate::{Basis, Kind, Literal, NO_ROW, Outcome, Range, RuleSet, Slug, Table, TableRow};
use alloy_primitives::{B256, b256, keccak256};
use alloy_sol_types::SolValue;

/// The basis of a predicate that needs the applicant's consent: `keccak256("consent")`.
pub const CONSENT: B256 = b256!("34a29d6c50ec6073d89854e05e70736cfb407af340cf7fb872e4c0db7bd7c014");

alloy_sol_types::sol! {
    /// `IRules.Predicate`.
    #[derive(Debug, PartialEq, Eq)]
    struct Predicate { bytes32 id; bytes32 provider; bytes32 basis; int32 min; int32 max; }

    /// `IRules.Bracket`.
    #[derive(Debug, PartialEq, Eq)]
    struct Bracket { uint8 predicate; int32 min; int32 max; }

    /// `IRules.Row`; `outcome` is an `IRules.Outcome`.
    #[derive(Debug, PartialEq, Eq)]
    struct Row {
        uint32 trueMask;
        uint32 falseMask;
        Bracket[] brackets;
        uint8 outcome;
        uint64 amountFen;
        bytes32 reason;
        bytes32 statute;
    }

    /// `IRules.RuleSet`.
    #[derive(Debug, PartialEq, Eq)]
    struct OnchainRuleSet { Predicate[] predicates; Row[] rows; }
}

/// Why a stored rule set is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OnchainError {
    /// More rows than a row index can name.
    #[error("{0} rows, not fewer than {NO_ROW}")]
    Rows(usize),
    /// A row about a predicate that is not there.
    #[error("row {row} names predicate {predicate}, which does not exist")]
    Predicate {
        /// Index of the row.
        row: usize,
        /// The predicate it names.
        predicate: usize,
    },
    /// An outcome other than 0, 1 or 2.
    #[error("row {row} has outcome {outcome}")]
    Outcome {
        /// Index of the row.
        row: usize,
        /// The number found.
        outcome: u8,
    },
}

impl RuleSet {
    /// Compiles to the form on chain. Brackets follow the order of the predicates.
    pub fn compile(&self) -> OnchainRuleSet {
        let predicates = self.predicates.iter().map(|predicate| {
            let Range { min, max } = predicate.kind.range();
            Predicate {
                id: predicate.id.to_bytes32(),
                provider: predicate.provider.to_bytes32(),
                basis: predicate.basis.id(),
                min,
                max,
            }
        });
        let rows = self.rows.iter().zip(&self.table.rows).map(|(row, conditions)| {
            let mut compiled = Row {
                trueMask: 0,
                falseMask: 0,
                brackets: Vec::new(),
                outcome: row.outcome as u8,
                amountFen: row.amount.map_or(0, |amount| amount.fen),
                reason: row.reason.to_bytes32(),
                statute: row.law.statute_id(),
            };
            for literal in &conditions.literals {
                self.add_literal(&mut compiled, literal);
            }
            compiled
        });
        OnchainRuleSet {
            predicates: predicates.collect(),
            rows: rows.collect(),
        }
    }

    fn add_literal(&self, row: &mut Row, literal: &Literal) {
        // Both fit: the parser allows at most 32 predicates.
        let (index, bit) = (literal.predicate as u8, 1u32 << literal.predicate);
        match (self.predicates[literal.predicate].kind, literal.range) {
            (Kind::Boolean, Range { min: 1, .. }) => row.trueMask |= bit,
            (Kind::Boolean, _) => row.falseMask |= bit,
            (Kind::Integer { .. }, Range { min, max }) => row.brackets.push(Bracket {
                predicate: index,
                min,
                max,
            }),
        }
    }

    /// The bits of the predicates that `provider` answers.
    pub fn provider_mask(&self, provider: &Slug) -> u32 {
        let asked = self
            .predicates
            .iter()
            .enumerate()
            .filter(|(_, predicate)| predicate.provider == *provider);
        asked.fold(0, |mask, (index, _)| mask | 1 << index)
    }
}

impl Basis {
    /// The basis on chain: a statute id, or [`CONSENT`].
    pub fn id(&self) -> B256 {
        match self {
            Self::Statute { .. } => self.law().statute_id(),
            Self::Consent { .. } => CONSENT,
        }
    }
}

impl OnchainRuleSet {
    /// The content-derived id: `keccak256(abi.encode(ruleSet))`.
    pub fn id(&self) -> B256 {
        keccak256(self.abi_encode())
    }
}

impl TryFrom<&OnchainRuleSet> for Table {
    type Error = OnchainError;

    /// The table a stored rule set stands for, so that a decision can be replayed from the chain alone.
    fn try_from(rules: &OnchainRuleSet) -> Result<Self, OnchainError> {
        if rules.rows.len() >= usize::from(NO_ROW) {
            return Err(OnchainError::Rows(rules.rows.len()));
        }
        let ranges: Vec<_> = rules
            .predicates
            .iter()
            .map(|predicate| Range {
                min: predicate.min,
                max: predicate.max,
            })
            .collect();
        let rows = rules.rows.iter().enumerate();
        let rows = rows
            .map(|(index, row)| table_row(index, row, ranges.len()))
            .collect::<Result<_, _>>()?;
        Ok(Self { ranges, rows })
    }
}

fn table_row(index: usize, row: &Row, predicates: usize) -> Result<TableRow, OnchainError> {
    let bits = |mask: u32, value: i32| {
        let set = (0..32usize).filter(move |bit| mask >> bit & 1 == 1);
        set.map(move |predicate| Literal {
            predicate,
            range: Range {
                min: value,
                max: value,
            },
        })
    };
    let brackets = row.brackets.iter().map(|bracket| Literal {
        predicate: usize::from(bracket.predicate),
        range: Range {
            min: bracket.min,
            max: bracket.max,
        },
    });
    let mut literals: Vec<_> = bits(row.trueMask, 1)
        .chain(bits(row.falseMask, 0))
        .chain(brackets)
        .collect();
    literals.sort_by_key(|literal| literal.predicate);
    if let Some(literal) = literals.iter().find(|literal| literal.predicate >= predicates) {
        return Err(OnchainError::Predicate {
            row: index,
            predicate: literal.predicate,
        });
    }
    let outcome = match row.outcome {
        0 => Outcome::Review,
        1 => Outcome::Approve,
        2 => Outcome::Refuse,
        outcome => return Err(OnchainError::Outcome { row: index, outcome }),
    };
    Ok(TableRow { literals, outcome })
}
