use serde::{Deserialize, Serialize};

/// A fact that its agency could not tell, as it is written on chain: `type(int32).min`.
pub const UNKNOWN: i32 = i32::MIN;

/// The row index on chain that means "no row".
pub const NO_ROW: u8 = 255;

/// What a row or a table says. The discriminants are those of `IRules.Outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Outcome {
    /// A person decides.
    Review = 0,
    /// The rules approve.
    Approve = 1,
    /// A possible refusal: a person decides whether to refuse.
    Refuse = 2,
}

/// The answer to one predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact {
    /// The agency answered; a boolean is 0 or 1.
    Known(i32),
    /// The agency could not tell.
    Unknown,
}

/// The values a predicate can take, both ends included; a boolean is 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    /// The smallest value.
    pub min: i32,
    /// The largest value.
    pub max: i32,
}

/// One condition of a row: the fact of `predicate` lies in `range`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Literal {
    /// Index of the predicate.
    pub predicate: usize,
    /// The values for which it holds.
    pub range: Range,
}

/// One row: if every literal holds, this is the outcome. A row without literals always holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The conjunction.
    pub literals: Vec<Literal>,
    /// What follows from it.
    pub outcome: Outcome,
}

/// A bare decision table: the ranges of its facts and its rows, without law or names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// One range a predicate.
    pub ranges: Vec<Range>,
    /// Rows in order of precedence, fewer than [`NO_ROW`].
    pub rows: Vec<TableRow>,
}

/// The result of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Finding {
    /// What follows.
    pub outcome: Outcome,
    /// The row that says so; none when a fact it would need is unknown or when no row is left.
    pub row: Option<u8>,
}

/// Why facts cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// The number of facts is not the number of predicates.
    #[error("{actual} facts for {expected} predicates")]
    Count {
        /// Number of predicates.
        expected: usize,
        /// Number of facts given.
        actual: usize,
    },
    /// A fact outside its predicate's range.
    #[error("fact {index} is {value}, outside {min}..={max}")]
    OutOfRange {
        /// Index of the predicate.
        index: usize,
        /// The refused value.
        value: i32,
        /// The smallest value allowed.
        min: i32,
        /// The largest value allowed.
        max: i32,
    },
    /// A fact named after no predicate.
    #[error("no predicate is called {0:?}")]
    UnknownPredicate(String),
}

impl Fact {
    /// Reads a fact as it stands on chain.
    pub fn from_chain(value: i32) -> Self {
        if value == UNKNOWN {
            Self::Unknown
        } else {
            Self::Known(value)
        }
    }

    /// Writes a fact as it stands on chain.
    pub fn to_chain(self) -> i32 {
        match self {
            Self::Known(value) => value,
            Self::Unknown => UNKNOWN,
        }
    }
}

impl Range {
    /// Whether `value` lies inside.
    pub fn contains(self, value: i32) -> bool {
        self.min <= value && value <= self.max
    }
}

impl Finding {
    /// A person looks, because no row can be named.
    pub const NONE: Self = Self {
        outcome: Outcome::Review,
        row: None,
    };

    /// The row index as it stands on chain.
    pub fn row_on_chain(self) -> u8 {
        self.row.unwrap_or(NO_ROW)
    }
}

impl TableRow {
    /// Whether the row holds under Kleene's logic; `None` is unknown.
    fn holds(&self, facts: &[Fact]) -> Option<bool> {
        let mut known = true;
        for literal in &self.literals {
            match facts[literal.predicate] {
                Fact::Unknown => known = false,
                Fact::Known(value) if !literal.range.contains(value) => return Some(false),
                Fact::Known(_) => {}
            }
        }
        known.then_some(true)
    }
}

impl Table {
    /// Finds the row: the first one that is not false stops the scan.
    ///
    /// # Errors
    /// [`FactError`] when the facts do not fit the predicates.
    pub fn evaluate(&self, facts: &[Fact]) -> Result<Finding, FactError> {
        self.check_facts(facts)?;
        Ok(self.scan(facts))
    }

    /// Evaluates facts that are known to fit.
    pub(crate) fn scan(&self, facts: &[Fact]) -> Finding {
        for (row, index) in self.rows.iter().zip(0u8..) {
            match row.holds(facts) {
                Some(false) => {}
                Some(true) => {
                    return Finding {
                        outcome: row.outcome,
                        row: Some(index),
                    };
                }
                None => return Finding::NONE,
            }
        }
        Finding::NONE
    }

    fn check_facts(&self, facts: &[Fact]) -> Result<(), FactError> {
        if facts.len() != self.ranges.len() {
            return Err(FactError::Count {
                expected: self.ranges.len(),
                actual: facts.len(),
            });
        }
        for (index, (fact, range)) in facts.iter().zip(&self.ranges).enumerate() {
            if let Fact::Known(value) = *fact
                && !range.contains(value)
            {
                return Err(FactError::OutOfRange {
                    index,
                    value,
                    min: range.min,
                    max: range.max,
                });
            }
        }
        Ok(())
    }
}
