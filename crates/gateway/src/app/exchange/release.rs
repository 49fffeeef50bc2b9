//! Fields of a record, out of the agency's own database: through the gate alone.

use alloy_primitives::B256;
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use thiserror::Error;

use super::mapped::{FieldKind, MappedRecord};
use crate::app::finalized_use::FinalizedUse;
use crate::app::mapping::Bind;
use crate::app::source::{AnswerError, GateError, Person, Source, failed};

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
        let day = wanted.person.day.to_string();
        let mut query = sqlx::query(AssertSqlSafe(record.sql(wanted.fields)));
        for bind in &record.query.binds {
            query = query.bind(match bind {
                Bind::Number => wanted.person.number.expose().to_owned(),
                Bind::Day => day.clone(),
                Bind::Code => String::new(),
            });
        }
        let limit = record.max_rows as usize;
        let rows = query.fetch(&self.pool).take(limit + 1).try_collect::<Vec<_>>();
        let rows = tokio::time::timeout(record.query.timeout, rows)
            .await
            .map_err(|_| AnswerError::Timeout(record.query.timeout))?
            .map_err(failed)?;
        if rows.len() > limit {
            return Err(ReleaseError::TooManyRows(record.max_rows));
        }
        let named = |row: &AnyRow| {
            let values = wanted.fields.iter().zip(&kinds).enumerate();
            values
                .map(|(place, (field, kind))| {
                    Ok((format!("{}.{field}", wanted.record), value(row, place, **kind)?))
                })
                .collect::<Result<Map<_, _>, AnswerError>>()
        };
        Ok(Rows(rows.iter().map(named).collect::<Result<_, _>>()?))
    }
}

fn value(row: &AnyRow, place: usize, kind: FieldKind) -> Result<Value, AnswerError> {
    let number = || {
        row.try_get::<Option<i64>, _>(place)
            .or_else(|_| {
                row.try_get::<Option<i32>, _>(place)
                    .map(|value| value.map(i64::from))
            })
            .map_err(failed)
    };
    Ok(match kind {
        FieldKind::Text => row.try_get::<Option<String>, _>(place).map_err(failed)?.into(),
        FieldKind::Integer => number()?.into(),
        FieldKind::Boolean => number()?.map(|value| value != 0).into(),
    })
}
