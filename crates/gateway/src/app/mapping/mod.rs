//! `mapping.toml`: which predicates an agency answers, and by which query of its own database or request to its own API.
//!
//! ```text
//! mapping    the file: predicates, identity, guardianship; records are `exchange::mapped`'s
//! reading    where one of them is read: in the database, or from the API
//! query      what a query may say, and how it asks
//! ```
//!
//! `agencies/README.md` is the format's description and the recipe for a new predicate.

mod query;
mod reading;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use zhengtong_bindings::parse_slug;

use super::api::ApiProblem;
use super::database::Dialect;
use super::exchange::mapped::{self, RawRecord};
pub use super::exchange::mapped::{MappedRecord, RecordProblem};
use super::mysql;
use crate::bounded;
pub(super) use query::default_timeout;
pub use query::{Bind, MAX_QUERY_CHARS, Query, QueryProblem, Statement};
use query::{DEFAULT_TIMEOUT_MS, checked};
pub use reading::Reading;
pub(super) use reading::{RawReading, reading};

/// The only format there is.
pub const FORMAT: &str = "zhengtong-mapping/1";
/// The most bytes of a mapping file.
pub const MAX_MAPPING_BYTES: u64 = 256 * 1024;
/// The most predicates one agency maps.
pub const MAX_PREDICATES: usize = 1024;

/// What a predicate's answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 0 or 1.
    Boolean,
    /// A whole number.
    Integer,
}

/// How one predicate is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedPredicate {
    /// What the answer is.
    pub kind: Kind,
    /// Where it comes from.
    pub reading: Reading,
}

/// A checked mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The organisation it belongs to.
    pub organisation: String,
    /// Predicate to query.
    pub predicates: BTreeMap<String, MappedPredicate>,
    /// Record to its fields and query: what may be given to another agency.
    pub records: BTreeMap<String, MappedRecord>,
    /// How identity is proven, at the agency that issues identity credentials.
    pub identity: Option<Query>,
    /// How guardianship of a minor is confirmed, at the agency that keeps a register of it.
    pub guardianship: Option<Query>,
}

/// Why a mapping was refused: names the file, the place in it, and what to do.
#[derive(Debug, Error)]
pub enum MappingError {
    /// The file cannot be read.
    #[error("mapping {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is too large.
    #[error("mapping {path} has more than {MAX_MAPPING_BYTES} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not TOML, or with unknown or missing keys.
    #[error("mapping: {0}")]
    Toml(#[from] toml::de::Error),
    /// Another format.
    #[error("mapping: format must be \"{FORMAT}\", not \"{0}\"")]
    Format(String),
    /// A mapping of another agency.
    #[error("mapping: organisation is \"{found}\", this gateway is of \"{expected}\"")]
    Organisation {
        /// This gateway's.
        expected: String,
        /// The file's.
        found: String,
    },
    /// Too many predicates.
    #[error("mapping: {0} predicates, more than {MAX_PREDICATES}")]
    TooMany(usize),
    /// Not a predicate's name.
    #[error("mapping: \"{0}\" is not a predicate's name: 1 to 31 of a-z, 0-9 and -")]
    Name(String),
    /// A record is refused.
    #[error("mapping: records.{record}: {problem}")]
    Record {
        /// Which one.
        record: String,
        /// Why.
        problem: RecordProblem,
    },
    /// Neither a query nor a request, or more than one of them.
    #[error("mapping: {0}: give one of `query`, `get` and `post`")]
    OneReading(String),
    /// Something reads from a source that the gateway was not given.
    #[error("mapping: {at} needs {needed}, which the configuration does not name")]
    NoSource {
        /// What reads.
        at: String,
        /// The key of the configuration.
        needed: &'static str,
    },
    /// A request that is not allowed.
    #[error("mapping: {at}: {problem}")]
    Api {
        /// Where, e.g. `predicates.age`.
        at: String,
        /// What is wrong.
        problem: ApiProblem,
    },
    /// A query that is not allowed.
    #[error("mapping: {at}: {problem}")]
    Query {
        /// Where, e.g. `predicates.age.query`.
        at: String,
        /// What is wrong.
        problem: QueryProblem,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    organisation: String,
    #[serde(default)]
    predicates: BTreeMap<String, RawPredicate>,
    #[serde(default)]
    records: BTreeMap<String, RawRecord>,
    identity: Option<RawQuery>,
    guardianship: Option<RawQuery>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPredicate {
    kind: Kind,
    query: Option<String>,
    get: Option<String>,
    post: Option<String>,
    body: Option<Value>,
    #[serde(default)]
    answer: String,
    #[serde(default = "default_timeout")]
    timeout_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuery {
    query: String,
    #[serde(default = "default_timeout")]
    timeout_ms: u64,
}

impl Mapping {
    /// Refuses a mapping that reads where the gateway was told nothing of.
    ///
    /// # Errors
    /// [`MappingError::NoSource`].
    pub fn reads_only(&self, has_database: bool, has_api: bool) -> Result<(), MappingError> {
        let predicates = self.predicates.iter();
        let predicates = predicates.map(|(name, mapped)| (format!("predicates.{name}"), &mapped.reading));
        let records = self.records.iter();
        let records = records.map(|(name, mapped)| (format!("records.{name}"), &mapped.reading));
        for (at, reading) in predicates.chain(records) {
            let (is_there, needed) = match reading {
                Reading::Database(_) => (has_database, "source_url"),
                Reading::Api(_) => (has_api, "source_api"),
            };
            if !is_there {
                return Err(MappingError::NoSource { at, needed });
            }
        }
        for (at, query) in [("identity", &self.identity), ("guardianship", &self.guardianship)] {
            if query.is_some() && !has_database {
                let (at, needed) = (at.to_owned(), "source_url");
                return Err(MappingError::NoSource { at, needed });
            }
        }
        Ok(())
    }

    /// Refuses queries that do more than read in a session of MySQL that only reads.
    ///
    /// # Errors
    /// [`MappingError::Query`].
    pub(super) fn reads_mysql(&self) -> Result<(), MappingError> {
        for (at, query) in self.queries() {
            let sql = query.statement(Dialect::MySql).sql;
            mysql::check(&sql).map_err(|problem| MappingError::Query {
                at: format!("{at}.query"),
                problem,
            })?;
        }
        Ok(())
    }

    /// The longest time limit of a query; the usual one if there is none.
    pub(super) fn longest_timeout(&self) -> Duration {
        let longest = self.queries().map(|(_, query)| query.timeout).max();
        longest.unwrap_or(Duration::from_millis(DEFAULT_TIMEOUT_MS))
    }

    /// Every query, and where it is.
    fn queries(&self) -> impl Iterator<Item = (String, &Query)> {
        let predicates = self.predicates.iter();
        let predicates = predicates.map(|(name, mapped)| (format!("predicates.{name}"), &mapped.reading));
        let records = self.records.iter();
        let records = records.map(|(name, mapped)| (format!("records.{name}"), &mapped.reading));
        let read = predicates
            .chain(records)
            .filter_map(|(at, reading)| match reading {
                Reading::Database(query) => Some((at, query)),
                Reading::Api(_) => None,
            });
        let alone = [("identity", &self.identity), ("guardianship", &self.guardianship)];
        read.chain(
            alone
                .into_iter()
                .filter_map(|(at, query)| Some((at.to_owned(), query.as_ref()?))),
        )
    }

    /// Reads and checks the mapping of an organisation.
    ///
    /// # Errors
    /// See [`MappingError`].
    pub fn load(path: &Path, organisation: &str) -> Result<Self, MappingError> {
        let failed = |source| MappingError::File {
            path: path.into(),
            source,
        };
        let text = bounded::read_text(path, MAX_MAPPING_BYTES).map_err(failed)?;
        let text = text.ok_or_else(|| MappingError::TooLarge { path: path.into() })?;
        let mapping = Self::parse(&text)?;
        if mapping.organisation != organisation {
            let (expected, found) = (organisation.to_owned(), mapping.organisation);
            return Err(MappingError::Organisation { expected, found });
        }
        Ok(mapping)
    }

    /// Checks a mapping's text.
    ///
    /// # Errors
    /// See [`MappingError`].
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let file: File = toml::from_str(text)?;
        if file.format != FORMAT {
            return Err(MappingError::Format(file.format));
        }
        if file.predicates.len() > MAX_PREDICATES {
            return Err(MappingError::TooMany(file.predicates.len()));
        }
        let mut predicates = BTreeMap::new();
        for (name, raw) in file.predicates {
            if parse_slug(&name).is_err() {
                return Err(MappingError::Name(name));
            }
            let kind = raw.kind;
            let raw = RawReading {
                query: raw.query,
                get: raw.get,
                post: raw.post,
                body: raw.body,
                at: raw.answer,
                timeout_ms: raw.timeout_ms,
            };
            let reading = reading(raw, &format!("predicates.{name}"))?;
            predicates.insert(name, MappedPredicate { kind, reading });
        }
        let records = mapped::records(file.records)?;
        let identity = file.identity.map(|raw| {
            let allowed = [("number", Bind::Number), ("code", Bind::Code)];
            checked(&raw.query, raw.timeout_ms, &allowed, |part: &str| {
                format!("identity.{part}")
            })
        });
        let guardianship = file.guardianship.map(|raw| {
            let allowed = [
                ("number", Bind::Number),
                ("guardian", Bind::Guardian),
                ("day", Bind::Day),
            ];
            let query = checked(&raw.query, raw.timeout_ms, &allowed, |part: &str| {
                format!("guardianship.{part}")
            })?;
            if !query.asks(Bind::Guardian) {
                let (at, problem) = ("guardianship.query".to_owned(), QueryProblem::NoGuardian);
                return Err(MappingError::Query { at, problem });
            }
            Ok(query)
        });
        Ok(Self {
            organisation: file.organisation,
            predicates,
            records,
            identity: identity.transpose()?,
            guardianship: guardianship.transpose()?,
        })
    }
}
