//! The agency's own database, read-only, and read only through the gate.

use alloy_primitives::B256;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::civil::Date;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, AssertSqlSafe, Row};
use thiserror::Error;
use zhengtong_bindings::UNKNOWN;
use zhengtong_vault::sql::{self, Access};
use zhengtong_vault::{ResidentNumber, VaultError};

use super::exchange::budget::Budgets;
use super::finalized_use::FinalizedUse;
use super::mapping::{Bind, Kind, Mapping, Query};

/// A predicate as the rule set declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicate {
    /// Its name.
    pub id: String,
    /// The smallest answer.
    pub min: i32,
    /// The largest answer.
    pub max: i32,
}

/// Who the questions are about, on which day: bound to one case by the applicant's own signature.
pub struct Person<'a> {
    /// The case.
    pub case_id: B256,
    /// The resident.
    pub number: &'a ResidentNumber,
    /// The day of the application.
    pub day: Date,
}

/// Whom an identity credential is issued to. Personal: it cannot be printed.
pub struct Identity {
    /// 姓名.
    pub name: String,
    /// 出生日期.
    pub birth_date: Option<String>,
}

/// The gate was shown a record for something else.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum GateError {
    /// A record for another case.
    #[error("the use record is for case {recorded}, the person is the applicant of {asked}")]
    OtherCase {
        /// On record.
        recorded: B256,
        /// Asked for.
        asked: B256,
    },
    /// The record's mask has predicates that the rule set does not have.
    #[error("the use record names predicate {0}, which the rule set does not have")]
    NoSuchPredicate(usize),
}

/// Why one query gave no answer. Never carries personal data.
#[derive(Debug, Error)]
pub enum AnswerError {
    /// The mapping does not have it.
    #[error("this agency has not mapped it")]
    NotMapped,
    /// The database failed.
    #[error("the database failed (code {code})")]
    Database {
        /// The database's code; its message may quote data and is dropped.
        code: String,
    },
    /// It took too long.
    #[error("no answer within {0:?}")]
    Timeout(std::time::Duration),
    /// More than one row, or more than one column.
    #[error("the query must give one row of one column")]
    Shape,
    /// Not a whole number.
    #[error("the answer is no whole number")]
    NotANumber,
    /// Outside what the rule set allows.
    #[error("the answer is outside {min}..={max}")]
    OutOfRange {
        /// Smallest.
        min: i32,
        /// Largest.
        max: i32,
    },
}

/// The agency's database and its mapping.
pub struct Source {
    pub(super) pool: AnyPool,
    pub(super) mapping: Mapping,
    pub(super) budgets: Budgets,
}

impl Source {
    /// Opens the agency's database read-only.
    ///
    /// # Errors
    /// It does not open.
    pub async fn open(url: &str, mapping: Mapping) -> Result<Self, VaultError> {
        Ok(Self {
            pool: sql::connect(url, Access::ReadOnly).await?,
            mapping,
            budgets: Budgets::default(),
        })
    }

    /// Whether this agency proves identities.
    pub fn proves_identity(&self) -> bool {
        self.mapping.identity.is_some()
    }

    /// Answers the predicates of a finalized use record: one value for each bit of its mask, lowest
    /// first. What cannot be answered is [`UNKNOWN`], so that a person looks at it.
    ///
    /// This is the only function that answers questions about a person, and it takes the record.
    ///
    /// # Errors
    /// The record is for something else.
    pub async fn answer(
        &self,
        gate: FinalizedUse,
        rule_set: &[Predicate],
        person: &Person<'_>,
    ) -> Result<Vec<i32>, GateError> {
        if gate.case_id() != person.case_id {
            return Err(GateError::OtherCase {
                recorded: gate.case_id(),
                asked: person.case_id,
            });
        }
        let mut values = Vec::new();
        for index in (0..u32::BITS as usize).filter(|index| gate.mask() >> index & 1 == 1) {
            let predicate = rule_set.get(index).ok_or(GateError::NoSuchPredicate(index))?;
            let value = self.value(predicate, person).await.unwrap_or_else(|error| {
                let (case, predicate) = (gate.case_id(), predicate.id.as_str());
                tracing::error!(%case, predicate, %error, "answered as unknown");
                UNKNOWN
            });
            values.push(value);
        }
        Ok(values)
    }

    async fn value(&self, predicate: &Predicate, person: &Person<'_>) -> Result<i32, AnswerError> {
        let mapped = self
            .mapping
            .predicates
            .get(&predicate.id)
            .ok_or(AnswerError::NotMapped)?;
        let day = person.day.to_string();
        let row = self
            .one_row(&mapped.query, |bind| match bind {
                Bind::Number => person.number.expose(),
                Bind::Day => &day,
                Bind::Code => "",
            })
            .await?;
        let Some(row) = row else { return Ok(UNKNOWN) };
        if row.columns().len() != 1 {
            return Err(AnswerError::Shape);
        }
        let Some(value) = whole_number(&row)? else {
            return Ok(UNKNOWN);
        };
        let (min, max) = match mapped.kind {
            Kind::Boolean => (0, 1),
            Kind::Integer => (predicate.min, predicate.max),
        };
        i32::try_from(value)
            .ok()
            .filter(|value| (min..=max).contains(value) && *value != UNKNOWN)
            .ok_or(AnswerError::OutOfRange { min, max })
    }

    /// Who it is, if number and code belong together; the person themselves is asking.
    ///
    /// # Errors
    /// The query failed.
    pub async fn identity(
        &self,
        number: &ResidentNumber,
        code: &str,
    ) -> Result<Option<Identity>, AnswerError> {
        let query = self.mapping.identity.as_ref().ok_or(AnswerError::NotMapped)?;
        let row = self
            .one_row(query, |bind| match bind {
                Bind::Number => number.expose(),
                Bind::Code => code,
                Bind::Day => "",
            })
            .await?;
        row.map(|row| {
            let name = row.try_get("name").map_err(failed)?;
            let birth_date = row.try_get("birth_date").map_err(failed)?;
            Ok(Identity { name, birth_date })
        })
        .transpose()
    }

    async fn one_row<'b>(
        &self,
        query: &Query,
        value: impl Fn(Bind) -> &'b str,
    ) -> Result<Option<AnyRow>, AnswerError> {
        let mut bound = sqlx::query(AssertSqlSafe(query.sql.clone()));
        for bind in &query.binds {
            bound = bound.bind(value(*bind).to_owned());
        }
        let rows = bound.fetch(&self.pool).take(2).try_collect::<Vec<_>>();
        let rows = tokio::time::timeout(query.timeout, rows)
            .await
            .map_err(|_| AnswerError::Timeout(query.timeout))?
            .map_err(failed)?;
        if rows.len() > 1 {
            return Err(AnswerError::Shape);
        }
        Ok(rows.into_iter().next())
    }
}

pub(super) fn failed(error: sqlx::Error) -> AnswerError {
    let code = error.as_database_error().and_then(|error| error.code());
    AnswerError::Database {
        code: code.map_or_else(|| "none".into(), |code| code.into_owned()),
    }
}

/// The first column as a number; booleans count as 0 and 1.
fn whole_number(row: &AnyRow) -> Result<Option<i64>, AnswerError> {
    if let Ok(value) = row.try_get::<Option<i64>, _>(0) {
        return Ok(value);
    }
    if let Ok(value) = row.try_get::<Option<i32>, _>(0) {
        return Ok(value.map(i64::from));
    }
    row.try_get::<Option<bool>, _>(0)
        .map(|value| value.map(i64::from))
        .map_err(|_| AnswerError::NotANumber)
}
