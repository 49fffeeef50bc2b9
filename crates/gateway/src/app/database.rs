//! The agency's own database, read-only: SQLite and PostgreSQL by one driver, MySQL and MariaDB by theirs.

use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::any::{Any, AnyRow};
use sqlx::{AnyPool, AssertSqlSafe, Column as _, ColumnIndex, Row as _, TypeInfo as _};
use sqlx_mysql::{MySql, MySqlDatabaseError, MySqlPool, MySqlRow};
use zeroize::Zeroizing;
use zhengtong_vault::sql::{self, Access};

use super::mapping::{Bind, Mapping, Statement};
use super::mysql;
use super::source::{AnswerError, SourceError};

/// How a database takes statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite and PostgreSQL: `$1`, `$2` …, one for each value.
    Numbered,
    /// MySQL and MariaDB: `?`, one for each place.
    MySql,
}

/// An open database.
pub(super) enum Database {
    Any(AnyPool),
    MySql(MySqlPool),
}

/// A row of an answer. Personal: it cannot be printed.
pub(super) enum Row {
    Any(AnyRow),
    MySql(MySqlRow),
}

impl Database {
    /// Opens what a URL names, for the queries of a mapping.
    pub async fn open(url: &str, mapping: &Mapping) -> Result<Self, SourceError> {
        if mysql::is_meant(url) {
            mapping.reads_mysql()?;
            return Ok(Self::MySql(mysql::connect(url, mapping.longest_timeout()).await?));
        }
        Ok(Self::Any(sql::connect(url, Access::ReadOnly).await?))
    }

    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::Any(_) => Dialect::Numbered,
            Self::MySql(_) => Dialect::MySql,
        }
    }

    /// At most `limit` rows of a statement.
    pub async fn rows(
        &self,
        statement: Statement,
        value: impl Fn(Bind) -> Zeroizing<String>,
        limit: usize,
    ) -> Result<Vec<Row>, AnswerError> {
        let Statement { sql, binds } = statement;
        let values = binds.into_iter().map(|bind| value(bind).to_string());
        let rows: Result<Vec<_>, _> = match self {
            Self::Any(pool) => {
                let query = values.fold(sqlx::query::<Any>(AssertSqlSafe(sql)), |query, value| {
                    query.bind(value)
                });
                let rows = query.fetch(pool).take(limit).map_ok(Row::Any);
                rows.try_collect().await
            }
            Self::MySql(pool) => {
                let query = sqlx::query::<MySql>(AssertSqlSafe(sql));
                let query = values.fold(query, |query, value| query.bind(value));
                let rows = query.fetch(pool).take(limit).map_ok(Row::MySql);
                rows.try_collect().await
            }
        };
        rows.map_err(|error| failed(&error))
    }
}

impl Row {
    /// How many columns it has.
    pub fn width(&self) -> usize {
        match self {
            Self::Any(row) => row.len(),
            Self::MySql(row) => row.len(),
        }
    }

    /// A whole number; booleans count as 0 and 1.
    pub fn integer(&self, place: usize) -> Result<Option<i64>, AnswerError> {
        match self {
            Self::Any(row) => row
                .try_get::<Option<i64>, _>(place)
                .or_else(|_| {
                    let narrow = row.try_get::<Option<i32>, _>(place);
                    narrow.map(|value| value.map(i64::from))
                })
                .or_else(|_| {
                    let truth = row.try_get::<Option<bool>, _>(place);
                    truth.map(|value| value.map(i64::from))
                })
                .map_err(|_| unreadable(row, place, "a whole number")),
            Self::MySql(row) => integer(row, place),
        }
    }

    /// A text, by place or name.
    pub fn text<I>(&self, place: I) -> Result<Option<String>, AnswerError>
    where
        I: ColumnIndex<AnyRow> + ColumnIndex<MySqlRow> + Copy,
    {
        match self {
            Self::Any(row) => row.try_get(place).map_err(|_| unreadable(row, place, "a text")),
            Self::MySql(row) => row.try_get(place).map_err(|_| unreadable(row, place, "a text")),
        }
    }
}

/// Integers of every width, bits, years, and decimals without a fraction, which sums and products of integers are.
fn integer(row: &MySqlRow, place: usize) -> Result<Option<i64>, AnswerError> {
    if let Ok(value) = row.try_get::<Option<i64>, _>(place) {
        return Ok(value);
    }
    let column = row.try_column(place).map_err(|_| AnswerError::Shape)?;
    let unsigned = match column.type_info().name() {
        // Whether the server marks bits as having no sign or not.
        "BIT" => row.try_get_unchecked::<Option<u64>, _>(place),
        "DECIMAL" => {
            let value = row.try_get_unchecked::<Option<String>, _>(place);
            let value = value.map_err(|_| unreadable(row, place, "a whole number"))?;
            return value.map(|value| whole(&value)).transpose();
        }
        _ => row.try_get::<Option<u64>, _>(place),
    };
    let unsigned = unsigned.map_err(|_| unreadable(row, place, "a whole number"))?;
    let signed = unsigned.map(i64::try_from).transpose();
    signed.map_err(|_| AnswerError::NotANumber)
}

fn whole(decimal: &str) -> Result<i64, AnswerError> {
    let (number, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    if fraction.bytes().any(|digit| digit != b'0') {
        return Err(AnswerError::NotANumber);
    }
    number.parse().map_err(|_| AnswerError::NotANumber)
}

fn unreadable<R: sqlx::Row>(row: &R, place: impl ColumnIndex<R>, wanted: &'static str) -> AnswerError {
    row.try_column(place)
        .map_or(AnswerError::Shape, |column| AnswerError::Column {
            column: column.name().to_owned(),
            found: column.type_info().name().to_owned(),
            wanted,
        })
}

fn failed(error: &sqlx::Error) -> AnswerError {
    let code = error.as_database_error().and_then(|error| {
        // Most of MySQL's SQLSTATEs are one for "any error".
        match error.try_downcast_ref::<MySqlDatabaseError>() {
            Some(error) => Some(error.number().to_string()),
            None => error.code().map(|code| code.into_owned()),
        }
    });
    AnswerError::Database {
        code: code.unwrap_or_else(|| "none".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_whole_or_no_number() {
        for (text, number) in [("12", 12), ("-3", -3), ("12.00", 12), ("0.0", 0)] {
            assert_eq!(whole(text).unwrap(), number, "{text}");
        }
        for text in ["12.50", "0.01", "99999999999999999999", "", "x"] {
            assert!(matches!(whole(text), Err(AnswerError::NotANumber)), "{text}");
        }
    }
}
