use crate::{Fact, Finding, Range, RuleSet, Table};
use std::collections::BTreeSet;

/// Most combinations of answers that [`RuleSet::check`] looks at; beyond, the table must be split.
pub const MAX_COMBINATIONS: u64 = 1 << 20;

/// What is wrong with a well-formed rule set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No combination of answers makes this row decide.
    #[error("rows[{row}]: no combination of facts reaches this row ({reason})")]
    UnreachedRow {
        /// Index of the row.
        row: usize,
        /// Its reason.
        reason: String,
    },
    /// No answer to this question ever changes the result.
    #[error("predicates[{index}]: no row needs {id:?}; do not ask it")]
    UnneededPredicate {
        /// Index of the predicate.
        index: usize,
        /// Its name.
        id: String,
    },
    /// Some answers match no row, and the table does not say that a person looks.
    #[error("rows: no row covers {facts}; add one, or say \"otherwise\": \"review\"")]
    NotCovered {
        /// An example, as `name=value` pairs.
        facts: String,
    },
    /// `otherwise` is written although every answer matches a row.
    #[error("otherwise: every combination of known facts has a row; leave it out")]
    NeedlessOtherwise,
    /// Too many combinations to be sure.
    #[error(
        "rows: {combinations} combinations of answers, more than {limit}; split the rule set or ask less"
    )]
    TooManyCombinations {
        /// Number of combinations, saturating.
        combinations: u64,
        /// [`MAX_COMBINATIONS`].
        limit: u64,
    },
}

/// Intervals of one predicate's answers within which no row can tell two answers apart.
pub(crate) fn elementary_intervals(table: &Table, predicate: usize) -> Vec<Range> {
    let Range { min, max } = table.ranges[predicate];
    let mut starts = BTreeSet::from([min]);
    let literals = table.rows.iter().flat_map(|row| &row.literals);
    for literal in literals.filter(|literal| literal.predicate == predicate) {
        starts.insert(literal.range.min);
        starts.extend(literal.range.max.checked_add(1).filter(|&next| next <= max));
    }
    let starts: Vec<_> = starts.into_iter().collect();
    let ends = starts.iter().skip(1).map(|next| next - 1).chain([max]);
    starts
        .iter()
        .zip(ends)
        .map(|(&min, max)| Range { min, max })
        .collect()
}

impl RuleSet {
    /// Finds every problem of the table, exactly: by going through all combinations of booleans, elementary integer
    /// intervals and unknown. An empty list means none.
    pub fn check(&self) -> Vec<Problem> {
        let choices: Vec<Vec<Fact>> = (0..self.predicates.len())
            .map(|predicate| {
                let intervals = elementary_intervals(&self.table, predicate);
                let known = intervals.into_iter().map(|interval| Fact::Known(interval.min));
                known.chain([Fact::Unknown]).collect()
            })
            .collect();
        let combinations = choices.iter().fold(1u64, |product, choice| {
            product.saturating_mul(choice.len() as u64)
        });
        if combinations > MAX_COMBINATIONS {
            return vec![Problem::TooManyCombinations {
                combinations,
                limit: MAX_COMBINATIONS,
            }];
        }
        let seen = self.walk(&choices);
        self.problems(&seen)
    }

    fn walk(&self, choices: &[Vec<Fact>]) -> Seen {
        let mut seen = Seen {
            reached: vec![false; self.rows.len()],
            needed: vec![false; choices.len()],
            uncovered: None,
        };
        let mut picks = vec![0; choices.len()];
        let mut facts: Vec<_> = choices.iter().map(|choice| choice[0]).collect();
        loop {
            let finding = self.table.scan(&facts);
            if let Some(row) = finding.row {
                seen.reached[usize::from(row)] = true;
            }
            if !facts.contains(&Fact::Unknown) {
                self.note_needed(choices, &mut facts, finding, &mut seen.needed);
                if finding.row.is_none() && seen.uncovered.is_none() {
                    seen.uncovered = Some(facts.clone());
                }
            }
            if !advance(&mut picks, &mut facts, choices) {
                return seen;
            }
        }
    }

    /// Marks the predicates whose answer makes a difference here.
    fn note_needed(&self, choices: &[Vec<Fact>], facts: &mut [Fact], finding: Finding, needed: &mut [bool]) {
        for (index, choice) in choices
            .iter()
            .enumerate()
            .filter(|(index, _)| !needed[*index])
            .collect::<Vec<_>>()
        {
            let kept = facts[index];
            needed[index] = choice
                .iter()
                .filter(|fact| **fact != Fact::Unknown)
                .any(|&other| {
                    facts[index] = other;
                    self.table.scan(facts) != finding
                });
            facts[index] = kept;
        }
    }

    fn problems(&self, seen: &Seen) -> Vec<Problem> {
        let unreached = seen
            .reached
            .iter()
            .enumerate()
            .filter(|(_, reached)| !**reached)
            .map(|(row, _)| Problem::UnreachedRow {
                row,
                reason: self.rows[row].reason.to_string(),
            });
        let unneeded = seen
            .needed
            .iter()
            .enumerate()
            .filter(|(_, needed)| !**needed)
            .map(|(index, _)| Problem::UnneededPredicate {
                index,
                id: self.predicates[index].id.to_string(),
            });
        let coverage = match (&seen.uncovered, self.otherwise_review) {
            (Some(facts), false) => Some(Problem::NotCovered {
                facts: self.describe(facts),
            }),
            (None, true) => Some(Problem::NeedlessOtherwise),
            _ => None,
        };
        unreached.chain(unneeded).chain(coverage).collect()
    }

    fn describe(&self, facts: &[Fact]) -> String {
        let pairs = self
            .predicates
            .iter()
            .zip(facts)
            .map(|(predicate, fact)| match fact {
                Fact::Known(value) => format!("{}={value}", predicate.id),
                Fact::Unknown => format!("{}=unknown", predicate.id),
            });
        pairs.collect::<Vec<_>>().join(", ")
    }
}

struct Seen {
    reached: Vec<bool>,
    needed: Vec<bool>,
    uncovered: Option<Vec<Fact>>,
}

/// Steps to the next combination, the first predicate fastest; false after the last.
fn advance(picks: &mut [usize], facts: &mut [Fact], choices: &[Vec<Fact>]) -> bool {
    for (index, choice) in choices.iter().enumerate() {
        picks[index] = (picks[index] + 1) % choice.len();
        facts[index] = choice[picks[index]];
        if picks[index] != 0 {
            return true;
        }
    }
    false
}
