//! Fields of a record, out of what the agency keeps: through the gate alone.

use alloy_primitives::B256;
use serde_json::{Map, Value};
use thiserror::Error;

use super::mapped::{FieldKind, MappedRecord};
use crate::app::database::Row;
use crate::app::finalized_use::FinalizedUse;
use crate::app::mapping::Reading;
use crate::app::source::{AnswerError, GateError, Person, Source, bound};

/// What is to be given, and to whom.
pub struct Wanted<'a> {
    /// The record.
    pub record: &'a str,
    /// Its fields, without the record's name.
    pub fields: &'a [&'a str],
    /// Who learns.
    pub consumer: B256,
    /// Hash of the sealed details that name these fields to the person concerned.
    pub details: B256,
    /// Whose record.
    pub person: &'a Person<'a>,
}

/// Why a record was not given.
#[derive(Debug, Error)]
pub enum ReleaseError {
    /// The use record is of something else.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The use record is for somebody else, or names other fields.
    #[error("the use record is not of this exchange")]
    OtherUse,
    /// The database.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// More rows than the mapping allows.
    #[error("the record has more than {0} rows")]
    TooManyRows(u32),
}

/// Rows of a record. Personal: they cannot be printed.
pub struct Rows(pub(super) Vec<Map<String, Value>>);

impl Source {
    /// How a record is read here.
    pub fn record(&self, name: &str) -> Option<&MappedRecord> {
        self.mapping.records.get(name)
    }

    /// Takes one query of a record's budget.
    pub fn may_query(&self, name: &str, now_ms: u64) -> bool {
        self.record(name)
            .is_some_and(|record| self.budgets.take(name, record.queries_a_minute, now_ms))
    }

    /// Reads fields of a person's record against a finalized use record. No row means that there is no record.
    ///
    /// # Errors
    /// See [`ReleaseError`].
    pub async fn records(&self, gate: FinalizedUse, wanted: &Wanted<'_>) -> Result<Rows, ReleaseError> {
        if gate.case_id() != wanted.person.case_id {
            let (recorded, asked) = (gate.case_id(), wanted.person.case_id);
            return Err(GateError::OtherCase { recorded, asked }.into());
        }
        if gate.consumer() != wanted.consumer || gate.details() != wanted.details {
            return Err(ReleaseError::OtherUse);
        }
        let record = self.record(wanted.record).ok_or(AnswerError::NotMapped)?;
        let kinds: Vec<_> = wanted
            .fields
            .iter()
            .filter_map(|field| record.fields.get(*field))
            .collect();
        if kinds.len() != wanted.fields.len() {
            return Err(AnswerError::NotMapped.into());
        }
        let limit = record.max_rows as usize;
        let named = |values: Vec<Value>| {
            let names = wanted
                .fields
                .iter()
                .map(|field| format!("{}.{field}", wanted.record));
            names.zip(values).collect::<Map<_, _>>()
        };
        let rows: Vec<Vec<Value>> = match &record.reading {
            Reading::Database(query) => {
                let statement = record.statement(query, wanted.fields, self.dialect());
                let asked = bound(wanted.person);
                let rows = self.rows(statement, query.timeout, asked, limit + 1).await?;
                let values = |row: &Row| {
                    let kinds = kinds.iter().enumerate();
                    kinds.map(|(place, kind)| value(row, place, **kind)).collect()
                };
                rows.iter().map(values).collect::<Result<_, _>>()?
            }
            Reading::Api(request) => {
                let rows = match self.api()?.ask(request, bound(wanted.person)).await? {
                    None => Vec::new(),
                    Some(Value::Array(rows)) => rows,
                    Some(row) => vec![row],
                };
                let values = |row: &Value| {
                    let fields = wanted.fields.iter().zip(&kinds);
                    fields
                        .map(|(field, kind)| said(row.pointer(&record.pointer(field)), **kind))
                        .collect()
                };
                // One more than may be is enough to see that there are too many.
                rows.iter()
                    .take(limit + 1)
                    .map(values)
                    .collect::<Result<_, _>>()?
            }
        };
        if rows.len() > limit {
            return Err(ReleaseError::TooManyRows(record.max_rows));
        }
        Ok(Rows(rows.into_iter().map(named).collect()))
    }
}

/// A field of an API's answer, of the kind that the mapping says; what is absent is nothing.
fn said(value: Option<&Value>, kind: FieldKind) -> Result<Value, AnswerError> {
    match (value, kind) {
        (None | Some(Value::Null), _) => Ok(Value::Null),
        (Some(value @ Value::String(_)), FieldKind::Text)
        | (Some(value @ Value::Bool(_)), FieldKind::Boolean) => Ok(value.clone()),
        (Some(Value::Number(number)), FieldKind::Integer) if number.is_i64() => Ok(number.clone().into()),
        _ => Err(AnswerError::Shape),
    }
}

fn value(row: &Row, place: usize, kind: FieldKind) -> Result<Value, AnswerError> {
    Ok(match kind {
        FieldKind::Text => row.text(place)?.into(),
        FieldKind::Integer => row.integer(place)?.into(),
        FieldKind::Boolean => row.integer(place)?.map(|value| value != 0).into(),
    })
}
