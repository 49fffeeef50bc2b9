use crate::check::elementary_intervals;
use crate::{Fact, FactError, Finding, Range, RuleSet, Table};

/// Why facts gave their result, and what would have changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The result.
    pub finding: Finding,
    /// Every change of a single fact to another known answer that gives another result, by predicate and answer.
    pub changes: Vec<Change>,
    /// The unknown facts that stopped the table: it cannot go on until one of them is answered. Indexes of predicates.
    pub stopped_by: Vec<usize>,
}

/// If the fact of `predicate` lay in `answers`, all else equal, the result would be `finding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Index of the predicate.
    pub predicate: usize,
    /// The other answers: a maximal interval.
    pub answers: Range,
    /// What would follow.
    pub finding: Finding,
}

impl RuleSet {
    /// Explains the result of `facts`.
    ///
    /// # Errors
    /// [`FactError`] when the facts do not fit the predicates.
    pub fn explain(&self, facts: &[Fact]) -> Result<Explanation, FactError> {
        let finding = self.table.evaluate(facts)?;
        let changes = (0..facts.len())
            .flat_map(|predicate| changes(&self.table, facts, predicate, finding))
            .collect();
        Ok(Explanation {
            finding,
            changes,
            stopped_by: stopped_by(&self.table, facts),
        })
    }
}

fn changes(table: &Table, facts: &[Fact], predicate: usize, finding: Finding) -> Vec<Change> {
    let mut changed = facts.to_vec();
    let mut changes: Vec<Change> = Vec::new();
    for answers in elementary_intervals(table, predicate) {
        changed[predicate] = Fact::Known(answers.min);
        let other = table.scan(&changed);
        match changes.last_mut() {
            Some(last) if last.finding == other => last.answers.max = answers.max,
            _ => changes.push(Change {
                predicate,
                answers,
                finding: other,
            }),
        }
    }
    changes.retain(|change| change.finding != finding);
    changes
}

fn stopped_by(table: &Table, facts: &[Fact]) -> Vec<usize> {
    let is_false = |literal: &crate::Literal| match facts[literal.predicate] {
        Fact::Known(value) => !literal.range.contains(value),
        Fact::Unknown => false,
    };
    let Some(row) = table.rows.iter().find(|row| !row.literals.iter().any(is_false)) else {
        return Vec::new();
    };
    let predicates = row.literals.iter().map(|literal| literal.predicate);
    predicates
        .filter(|&predicate| facts[predicate] == Fact::Unknown)
        .collect()
}
