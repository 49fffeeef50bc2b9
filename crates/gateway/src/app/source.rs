//! What the agency itself keeps, in its database or behind its API: read-only, and read only through the gate.

use std::time::Duration;

use alloy_primitives::B256;
use jiff::civil::Date;
use serde_json::Value;
use thiserror::Error;
use zeroize::Zeroizing;
use zhengtong_bindings::UNKNOWN;
use zhengtong_vault::{ResidentNumber, VaultError};

use super::api::Api;
use super::database::{Database, Dialect, Row};
use super::exchange::budget::Budgets;
use super::finalized_use::FinalizedUse;
use super::mapping::{Bind, Kind, Mapping, MappingError, Query, Reading, Statement};
use super::mysql::MySqlError;

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
    /// A record of other predicates.
    #[error("the use record is for predicates {recorded:#b}, the answers are to {asked:#b}")]
    OtherMask {
        /// On record.
        recorded: u32,
        /// Answered.
        asked: u32,
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
    Timeout(Duration),
    /// The API cannot be reached.
    #[error("the agency's API cannot be reached")]
    Unreachable,
    /// The API answers neither with a success nor with 404.
    #[error("the agency's API answers with status {0}")]
    Status(u16),
    /// The API says too much.
    #[error("the answer has more than {} bytes", super::api::MAX_ANSWER_BYTES)]
    TooLarge,
    /// More than one row, or more than one column; or the API's answer has nothing at the place that the mapping names.
    #[error("the answer has not the shape that the mapping says")]
    Shape,
    /// Not a whole number.
    #[error("the answer is no whole number")]
    NotANumber,
    /// A column of a type that is not read as what it should be.
    #[error("the column \"{column}\" is of type {found} and is not read as {wanted}: cast it in the query")]
    Column {
        /// Its name in the query's result; never a value.
        column: String,
        /// Its type.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// Outside what the rule set allows.
    #[error("the answer is outside {min}..={max}")]
    OutOfRange {
        /// Smallest.
        min: i32,
        /// Largest.
        max: i32,
    },
}

/// Why a source does not open.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The database.
    #[error("the agency's own database (`source_url`): {0}")]
    Database(#[from] VaultError),
    /// The database is MySQL or MariaDB.
    #[error(transparent)]
    MySql(#[from] MySqlError),
    /// The mapping reads somewhere else.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// The agency's database, its API, and its mapping.
pub struct Source {
    database: Option<Database>,
    api: Option<Api>,
    pub(super) mapping: Mapping,
    pub(super) budgets: Budgets,
}

impl Source {
    /// Opens the agency's database, if there is one, read-only.
    ///
    /// # Errors
    /// It does not open, or the mapping needs what is not there.
    pub async fn open(
        database: Option<&str>,
        api: Option<Api>,
        mapping: Mapping,
    ) -> Result<Self, SourceError> {
        mapping.reads_only(database.is_some(), api.is_some())?;
        let database = match database {
            Some(url) => Some(Database::open(url, &mapping).await?),
            None => None,
        };
        Ok(Self {
            database,
            api,
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
        let value = match &mapped.reading {
            Reading::Database(query) => self.one_row(query, bound(person)).await?.map(|row| {
                if row.width() == 1 {
                    row.integer(0)
                } else {
                    Err(AnswerError::Shape)
                }
            }),
            Reading::Api(request) => {
                let value = self.api()?.ask(request, bound(person)).await?;
                value.map(|value| said(&value, mapped.kind))
            }
        };
        let Some(value) = value.transpose()?.flatten() else {
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
            .one_row(query, |bind| {
                let value = match bind {
                    Bind::Number => number.expose(),
                    Bind::Code => code,
                    Bind::Day | Bind::Guardian => "",
                };
                Zeroizing::new(value.to_owned())
            })
            .await?;
        row.map(|row| {
            let name = row.text("name")?.ok_or(AnswerError::Shape)?;
            let birth_date = row.text("birth_date")?;
            Ok(Identity { name, birth_date })
        })
        .transpose()
    }

    /// Whether this agency keeps a register of guardians.
    pub fn knows_guardians(&self) -> bool {
        self.mapping.guardianship.is_some()
    }

    /// As what `guardian` is a guardian of `child` on a day; `None` if they are not. The guardian is asking, and learns nothing
    /// about the child but that.
    ///
    /// # Errors
    /// The query failed.
    pub async fn guardianship(
        &self,
        child: &ResidentNumber,
        guardian: &ResidentNumber,
        day: Date,
    ) -> Result<Option<String>, AnswerError> {
        let query = self.mapping.guardianship.as_ref().ok_or(AnswerError::NotMapped)?;
        let day = day.to_string();
        let row = self
            .one_row(query, |bind| {
                let value = match bind {
                    Bind::Number => child.expose(),
                    Bind::Guardian => guardian.expose(),
                    Bind::Day => day.as_str(),
                    Bind::Code => "",
                };
                Zeroizing::new(value.to_owned())
            })
            .await?;
        row.map(|row| row.text("kind")?.ok_or(AnswerError::Shape))
            .transpose()
    }

    async fn one_row(
        &self,
        query: &Query,
        value: impl Fn(Bind) -> Zeroizing<String>,
    ) -> Result<Option<Row>, AnswerError> {
        let statement = query.statement(self.dialect());
        let rows = self.rows(statement, query.timeout, value, 2).await?;
        if rows.len() > 1 {
            return Err(AnswerError::Shape);
        }
        Ok(rows.into_iter().next())
    }

    /// How the agency's database wants statements.
    pub(super) fn dialect(&self) -> Dialect {
        self.database
            .as_ref()
            .map_or(Dialect::Numbered, Database::dialect)
    }

    /// At most `limit` rows of a statement.
    pub(super) async fn rows(
        &self,
        statement: Statement,
        timeout: Duration,
        value: impl Fn(Bind) -> Zeroizing<String>,
        limit: usize,
    ) -> Result<Vec<Row>, AnswerError> {
        let database = self.database.as_ref().ok_or(AnswerError::NotMapped)?;
        let rows = database.rows(statement, value, limit);
        tokio::time::timeout(timeout, rows)
            .await
            .map_err(|_| AnswerError::Timeout(timeout))?
    }

    /// The agency's API.
    pub(super) fn api(&self) -> Result<&Api, AnswerError> {
        self.api.as_ref().ok_or(AnswerError::NotMapped)
    }
}

/// What a query or a request asks about a person.
pub(super) fn bound<'p>(person: &'p Person<'_>) -> impl Fn(Bind) -> Zeroizing<String> + use<'p> {
    let (number, day) = (person.number.expose(), person.day.to_string());
    move |bind| {
        Zeroizing::new(match bind {
            Bind::Number => number.to_owned(),
            Bind::Day => day.clone(),
            Bind::Code | Bind::Guardian => String::new(),
        })
    }
}

/// What an API's answer says: `true`, `false` and whole numbers.
fn said(value: &Value, kind: Kind) -> Result<Option<i64>, AnswerError> {
    match (value, kind) {
        (Value::Bool(value), Kind::Boolean) => Ok(Some(i64::from(*value))),
        (Value::Number(number), _) => number.as_i64().map(Some).ok_or(AnswerError::NotANumber),
        _ => Err(AnswerError::NotANumber),
    }
}
