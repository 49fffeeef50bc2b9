//! The decision, once more: from the rules and the facts alone.

use super::{
    history::{Entry, History},
    report::{Report, StepName, Summary},
};
use zhengtong_bindings::NO_ROW;
use zhengtong_index::{
    event::Event,
    words::{Cause, Outcome, Slug},
};
use zhengtong_rules::{Fact, Finding, Outcome as Says, Table, onchain::Row};

/// Evaluates the rules over the facts and compares with what happened.
pub fn check(history: &History, report: &mut Report) {
    report.step(StepName::Decision, || replay(history).map(|text| ((), text)));
    report.summary = Some(Summary::of(history));
}

/// What the rules say, if everything after them is allowed.
pub fn replay(history: &History) -> Result<String, String> {
    let replay = &history.replay;
    let rows = &history.rules.rows;
    let mut after = history.entries.iter().skip_while(|entry| !ends_asking(entry));
    let first = after.next();
    if replay.case.answered != replay.all_facts() {
        // Only officers decide then; that the case came to them rightly is checked with its history.
        for entry in after {
            by_officer(entry, rows)?;
        }
        return Ok(if first.is_none() {
            "asking"
        } else {
            "review, facts missing"
        }
        .into());
    }
    let table = Table::try_from(&history.rules).map_err(|error| error.to_string())?;
    let facts: Vec<_> = replay.facts.iter().copied().map(Fact::from_chain).collect();
    let finding = table.evaluate(&facts).map_err(|error| error.to_string())?;
    by_rules(
        &finding,
        first.ok_or("all facts are in, and nothing followed")?,
        rows,
    )?;
    for entry in after {
        by_officer(entry, rows)?;
    }
    Ok(match finding.row {
        Some(row) => format!("{:?}, row {row}", finding.outcome).to_lowercase(),
        None => "review, no row".into(),
    })
}

/// The event with which the rules answer the last fact.
fn ends_asking(entry: &Entry) -> bool {
    matches!(entry.event, Event::ReviewRequested { .. } | Event::Decided { .. })
}

/// What the contract must do with what the rules say.
fn by_rules(finding: &Finding, entry: &Entry, rows: &[Row]) -> Result<(), String> {
    let row = finding.row_on_chain();
    match &entry.event {
        Event::Decided {
            officer,
            outcome: Outcome::Approve,
            row: taken,
            amount_fen,
            reason,
            statute,
            ..
        } if officer.is_zero() => {
            let by = rows
                .get(usize::from(*taken))
                .ok_or("the row of the decision does not exist")?;
            let same = finding.outcome == Says::Approve
                && (*taken, *amount_fen, reason, *statute)
                    == (row, by.amountFen, &Slug::from(by.reason), by.statute);
            same.then_some(()).ok_or(format!(
                "the rules say {finding:?}; the chain decided by row {taken}"
            ))
        }
        Event::ReviewRequested {
            cause, row: taken, ..
        } => {
            // An approval also goes to a person when the law behind its row is no longer in force.
            let expected = match finding {
                Finding { row: None, .. } => Cause::Unknown,
                Finding {
                    outcome: Says::Refuse,
                    ..
                } => Cause::PossibleRefusal,
                Finding {
                    outcome: Says::Review | Says::Approve,
                    ..
                } => Cause::RuleAsks,
            };
            let same = (*cause, *taken) == (expected, row);
            same.then_some(()).ok_or(format!(
                "the rules say {finding:?}; the chain asked a person: {cause:?}, row {taken}"
            ))
        }
        other => Err(format!(
            "the rules say {finding:?}; the chain answered with {}",
            other.name()
        )),
    }
}

/// What an officer may decide: promise 5 and the limits of the row.
fn by_officer(entry: &Entry, rows: &[Row]) -> Result<(), String> {
    let Event::Decided {
        officer,
        outcome,
        row,
        amount_fen,
        ..
    } = &entry.event
    else {
        return Ok(());
    };
    if officer.is_zero() {
        return Err("a second decision without an officer".into());
    }
    let by = rows.get(usize::from(*row));
    match (outcome, by) {
        (Outcome::Approve, Some(by)) if by.outcome != Says::Refuse as u8 && *amount_fen <= by.amountFen => {
            Ok(())
        }
        (Outcome::Refuse, None) if *row == NO_ROW => Ok(()),
        (Outcome::Refuse, Some(by)) if by.outcome != Says::Approve as u8 => Ok(()),
        _ => Err(format!("an officer's decision that row {row} does not allow")),
    }
}
