use crate::error::{ParseError, ParseProblem};
use crate::raw::{RawCondition, RawKind, RawPredicate, RawRow, RawRuleSet};
use crate::{
    Amount, Kind, LawRef, Literal, Outcome, Predicate, Range, Rounding, Row, RuleSet, Slug, Table, TableRow,
    UNKNOWN,
};

/// Longest `rules.json` in bytes.
pub const MAX_RULES_BYTES: usize = 64 * 1024;
/// Most predicates: facts are bits of a `uint32`.
pub const MAX_PREDICATES: usize = 32;
/// Most rows.
pub const MAX_ROWS: usize = 64;
/// Most integer conditions of one row.
pub const MAX_BRACKETS: usize = 8;
/// Most data fields one answer may be computed from.
pub const MAX_FIELDS: usize = 16;
/// Longest law, article or field name in characters.
pub const MAX_TEXT_CHARS: usize = 128;

/// Largest amount of a row in fen: ten billion yuan.
pub const MAX_AMOUNT_FEN: u64 = 1_000_000_000_000;

const FORMAT: &str = "zhengtong-rules/1";

impl RuleSet {
    /// Reads `rules.json`.
    ///
    /// # Errors
    /// [`ParseError`] with the JSON path of the first thing that is wrong.
    pub fn parse(json: &str) -> Result<Self, ParseError> {
        if json.len() > MAX_RULES_BYTES {
            let problem = ParseProblem::TooLong {
                limit: MAX_RULES_BYTES,
                actual: json.len(),
            };
            return Err(ParseError::new(".", problem));
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        let raw: RawRuleSet = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            ParseError::new(
                error.path().to_string(),
                ParseProblem::Json(error.inner().to_string()),
            )
        })?;
        reader
            .end()
            .map_err(|error| ParseError::new(".", ParseProblem::Json(error.to_string())))?;
        build(raw)
    }
}

fn build(raw: RawRuleSet) -> Result<RuleSet, ParseError> {
    if raw.format != FORMAT {
        return Err(ParseError::new("format", ParseProblem::Format(raw.format)));
    }
    count("predicates", raw.predicates.len(), 1, MAX_PREDICATES)?;
    count("rows", raw.rows.len(), 1, MAX_ROWS)?;

    let mut predicates: Vec<Predicate> = Vec::with_capacity(raw.predicates.len());
    for (index, raw) in raw.predicates.into_iter().enumerate() {
        let path = format!("predicates[{index}]");
        let predicate = predicate(&path, raw)?;
        if predicates.iter().any(|other| other.id == predicate.id) {
            let problem = ParseProblem::Duplicate(predicate.id.to_string());
            return Err(ParseError::new(format!("{path}.id"), problem));
        }
        predicates.push(predicate);
    }

    let mut rows = Vec::with_capacity(raw.rows.len());
    let mut table_rows = Vec::with_capacity(raw.rows.len());
    for (index, raw) in raw.rows.into_iter().enumerate() {
        let (row, table_row) = row(&format!("rows[{index}]"), raw, &predicates)?;
        rows.push(row);
        table_rows.push(table_row);
    }

    let ranges = predicates
        .iter()
        .map(|predicate| predicate.kind.range())
        .collect();
    let table = Table {
        ranges,
        rows: table_rows,
    };
    Ok(RuleSet {
        predicates,
        rows,
        table,
        otherwise_review: raw.otherwise.is_some(),
    })
}

fn predicate(path: &str, raw: RawPredicate) -> Result<Predicate, ParseError> {
    let kind = match (raw.kind, raw.min, raw.max) {
        (RawKind::Boolean, None, None) => Kind::Boolean,
        (RawKind::Integer, Some(min), Some(max)) if UNKNOWN < min && min < max => Kind::Integer { min, max },
        _ => return Err(ParseError::new(path, ParseProblem::KindBounds)),
    };
    count(&format!("{path}.fields"), raw.fields.len(), 1, MAX_FIELDS)?;
    for (index, field) in raw.fields.iter().enumerate() {
        text(&format!("{path}.fields[{index}]"), field)?;
        if raw.fields[..index].contains(field) {
            let problem = ParseProblem::Duplicate(field.clone());
            return Err(ParseError::new(format!("{path}.fields[{index}]"), problem));
        }
    }
    law(&format!("{path}.basis"), &raw.basis.law())?;
    Ok(Predicate {
        id: slug(&format!("{path}.id"), &raw.id)?,
        provider: slug(&format!("{path}.provider"), &raw.provider)?,
        kind,
        basis: raw.basis,
        fields: raw.fields,
    })
}

fn row(path: &str, raw: RawRow, predicates: &[Predicate]) -> Result<(Row, TableRow), ParseError> {
    let mut literals = Vec::with_capacity(raw.when.0.len());
    for (name, condition) in &raw.when.0 {
        literals.push(literal(
            &format!("{path}.when.{name}"),
            name,
            *condition,
            predicates,
        )?);
    }
    literals.sort_by_key(|literal| literal.predicate);
    let brackets = raw
        .when
        .0
        .iter()
        .filter(|(_, condition)| matches!(condition, RawCondition::Bracket(_)))
        .count();
    count(&format!("{path}.when"), brackets, 0, MAX_BRACKETS)?;

    if let Some(amount) = raw.amount {
        if raw.outcome == Outcome::Refuse {
            return Err(ParseError::new(
                format!("{path}.amount"),
                ParseProblem::RefusalWithAmount,
            ));
        }
        check_amount(amount).map_err(|problem| ParseError::new(format!("{path}.amount"), problem))?;
    }
    law(&format!("{path}.law"), &raw.law)?;
    let reason = slug(&format!("{path}.reason"), &raw.reason)?;
    let table_row = TableRow {
        literals,
        outcome: raw.outcome,
    };
    Ok((
        Row {
            outcome: raw.outcome,
            amount: raw.amount,
            reason,
            law: raw.law,
        },
        table_row,
    ))
}

fn literal(
    path: &str,
    name: &str,
    condition: RawCondition,
    predicates: &[Predicate],
) -> Result<Literal, ParseError> {
    let index = predicates
        .iter()
        .position(|predicate| predicate.id.as_str() == name)
        .ok_or_else(|| ParseError::new(path, ParseProblem::UnknownPredicate(name.to_owned())))?;
    let range = match (condition, predicates[index].kind) {
        (RawCondition::Boolean(value), Kind::Boolean) => {
            let value = i32::from(value);
            Range {
                min: value,
                max: value,
            }
        }
        (
            RawCondition::Bracket(bracket),
            Kind::Integer {
                min: lowest,
                max: highest,
            },
        ) => {
            let (min, max) = (bracket.min, bracket.max);
            if min > max || min < lowest || max > highest {
                let problem = ParseProblem::ConditionRange {
                    min,
                    max,
                    lowest,
                    highest,
                };
                return Err(ParseError::new(path, problem));
            }
            Range { min, max }
        }
        (_, Kind::Boolean) => return Err(ParseError::new(path, ParseProblem::ConditionKind("boolean"))),
        (_, Kind::Integer { .. }) => {
            return Err(ParseError::new(path, ParseProblem::ConditionKind("integer")));
        }
    };
    Ok(Literal {
        predicate: index,
        range,
    })
}

fn check_amount(amount: Amount) -> Result<(), ParseProblem> {
    if amount.fen > MAX_AMOUNT_FEN {
        return Err(ParseProblem::AmountTooLarge {
            fen: amount.fen,
            limit: MAX_AMOUNT_FEN,
        });
    }
    match amount.share {
        None if amount.rounding != Rounding::Exact => Err(ParseProblem::RoundingWithoutShare),
        None => Ok(()),
        Some(share) => {
            let computed = share.rounded_fen(amount.rounding);
            if computed == Some(amount.fen) {
                return Ok(());
            }
            Err(ParseProblem::Amount {
                stated: amount.fen,
                computed,
            })
        }
    }
}

fn law(path: &str, law: &LawRef) -> Result<(), ParseError> {
    text(&format!("{path}.law"), &law.law)?;
    text(&format!("{path}.article"), &law.article)
}

fn text(path: &str, text: &str) -> Result<(), ParseError> {
    if text.trim().is_empty() || text.chars().count() > MAX_TEXT_CHARS {
        return Err(ParseError::new(
            path,
            ParseProblem::Text {
                limit: MAX_TEXT_CHARS,
            },
        ));
    }
    Ok(())
}

fn slug(path: &str, text: &str) -> Result<Slug, ParseError> {
    Slug::new(text).map_err(|error| ParseError::new(path, error))
}

fn count(path: &str, actual: usize, min: usize, max: usize) -> Result<(), ParseError> {
    if !(min..=max).contains(&actual) {
        return Err(ParseError::new(path, ParseProblem::Count { min, max, actual }));
    }
    Ok(())
}

impl Kind {
    /// The answers possible; a boolean is 0 to 1.
    pub fn range(self) -> Range {
        match self {
            Self::Boolean => Range { min: 0, max: 1 },
            Self::Integer { min, max } => Range { min, max },
        }
    }
}
