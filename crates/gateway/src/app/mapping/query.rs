//! A query of a mapping: one SELECT with named binds.

use std::time::Duration;

use thiserror::Error;

use super::MappingError;
use crate::app::database::Dialect;

/// The most characters of a query.
pub const MAX_QUERY_CHARS: usize = 8192;
/// Time limit of a query that names none.
pub const DEFAULT_TIMEOUT_MS: u64 = 2_000;
/// The longest time limit a query may name.
pub const MAX_TIMEOUT_MS: u64 = 10_000;

/// What a query may ask with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// `:number`, the resident's number.
    Number,
    /// `:day`, the day of the application, `YYYY-MM-DD`.
    Day,
    /// `:code`, the code that proves identity; in `[identity]` only.
    Code,
    /// `:guardian`, the number of who says to be a guardian; in `[guardianship]` only.
    Guardian,
}

/// A checked query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The SQL before, between and after its binds: one piece more than there are binds.
    pieces: Vec<String>,
    /// What it asks with, in the order of the text.
    asks: Vec<Bind>,
    /// How long it may take.
    pub timeout: Duration,
}

/// A query as one kind of database takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// SQL with places for values.
    pub sql: String,
    /// What goes to each place.
    pub binds: Vec<Bind>,
}

impl Query {
    /// Whether it asks with this.
    pub(super) fn asks(&self, bind: Bind) -> bool {
        self.asks.contains(&bind)
    }

    /// The query with its named binds made positional.
    pub fn statement(&self, dialect: Dialect) -> Statement {
        let (mut sql, mut binds) = (String::new(), Vec::new());
        for (place, piece) in self.pieces.iter().enumerate() {
            sql.push_str(piece);
            let Some(bind) = self.asks.get(place) else { break };
            match dialect {
                Dialect::Numbered => {
                    let known = binds.iter().position(|known| known == bind);
                    let number = known.unwrap_or_else(|| {
                        binds.push(*bind);
                        binds.len() - 1
                    });
                    sql.push_str(&format!("${}", number + 1));
                }
                Dialect::MySql => {
                    binds.push(*bind);
                    sql.push('?');
                }
            }
        }
        Statement { sql, binds }
    }
}

/// What is wrong with a query.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum QueryProblem {
    /// Empty or too long.
    #[error("must have 1 to {MAX_QUERY_CHARS} characters")]
    Length,
    /// Something else than reading.
    #[error("must be one SELECT (or WITH … SELECT), without a semicolon")]
    NotOneSelect,
    /// A bind that does not exist here.
    #[error("unknown bind :{0}")]
    UnknownBind(String),
    /// Does not ask about the resident.
    #[error("must use :number, or it would answer the same for everybody")]
    NoNumber,
    /// Does not ask who the guardian is.
    #[error("must use :guardian, or anybody would be the guardian of anybody")]
    NoGuardian,
    /// A parameter by position.
    #[error("use :number and :day, not ? or $")]
    Positional,
    /// A time limit beyond the bound.
    #[error("timeout_ms must be 1 to {MAX_TIMEOUT_MS}")]
    Timeout,
    /// A comment, for MySQL.
    #[error(
        "must have no comments (`/*`, `--`, `#`), of which MySQL executes some: put them outside of the query"
    )]
    Comment,
    /// A number that runs into a word, or a backslash, for MySQL.
    #[error(
        "must not have {0:?}, which MySQL may read as a number and a word: put a space between, or quote the name with backticks"
    )]
    RunTogether(String),
    /// More than reading, for MySQL.
    #[error(
        "must not use {0}: in MySQL it reads or writes files, locks or waits, even in a session that only reads"
    )]
    MoreThanReading(&'static str),
}

pub(in crate::app) fn default_timeout() -> u64 {
    DEFAULT_TIMEOUT_MS
}

pub(super) fn timeout(timeout_ms: u64, at: impl FnOnce() -> String) -> Result<Duration, MappingError> {
    if timeout_ms == 0 || timeout_ms > MAX_TIMEOUT_MS {
        return Err(MappingError::Query {
            at: at(),
            problem: QueryProblem::Timeout,
        });
    }
    Ok(Duration::from_millis(timeout_ms))
}

pub(super) fn checked(
    text: &str,
    timeout_ms: u64,
    allowed: &[(&str, Bind)],
    at: impl Fn(&str) -> String,
) -> Result<Query, MappingError> {
    let timeout = timeout(timeout_ms, || at("timeout_ms"))?;
    let (pieces, asks) = taken_apart(text.trim(), allowed).map_err(|problem| MappingError::Query {
        at: at("query"),
        problem,
    })?;
    Ok(Query {
        pieces,
        asks,
        timeout,
    })
}

/// The text around each `:name`, leaving literals, quoted names and casts (`::`) alone.
fn taken_apart(text: &str, allowed: &[(&str, Bind)]) -> Result<(Vec<String>, Vec<Bind>), QueryProblem> {
    if text.is_empty() || text.chars().count() > MAX_QUERY_CHARS {
        return Err(QueryProblem::Length);
    }
    let first = text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if first != "select" && first != "with" {
        return Err(QueryProblem::NotOneSelect);
    }
    let (mut pieces, mut sql, mut asks) = (Vec::new(), String::new(), Vec::new());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\'' | '"' | '`' => {
                sql.push(character);
                for inner in rest.by_ref() {
                    sql.push(inner);
                    if inner == character {
                        break;
                    }
                }
            }
            ';' => return Err(QueryProblem::NotOneSelect),
            '?' | '$' => return Err(QueryProblem::Positional),
            ':' if rest.next_if_eq(&':').is_some() => sql.push_str("::"),
            ':' => {
                let mut name = String::new();
                while let Some(letter) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(letter);
                }
                let Some((_, bind)) = allowed.iter().find(|(known, _)| *known == name) else {
                    return Err(QueryProblem::UnknownBind(name));
                };
                asks.push(*bind);
                pieces.push(std::mem::take(&mut sql));
            }
            other => sql.push(other),
        }
    }
    pieces.push(sql);
    if !asks.contains(&Bind::Number) {
        return Err(QueryProblem::NoNumber);
    }
    Ok((pieces, asks))
}
