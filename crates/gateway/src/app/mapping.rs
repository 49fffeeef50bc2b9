//! `mapping.toml`: which predicates an agency answers, and by which query of its own database or request to its own API.
//!
//! `agencies/README.md` is the format's description and the recipe for a new predicate.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use zhengtong_bindings::parse_slug;

use super::api::{ApiProblem, ApiRequest};
use super::database::Dialect;
use super::exchange::mapped::{self, RawRecord};
pub use super::exchange::mapped::{MappedRecord, RecordProblem};
use super::mysql;

/// The only format there is.
pub const FORMAT: &str = "zhengtong-mapping/1";
/// The most bytes of a mapping file.
pub const MAX_MAPPING_BYTES: u64 = 256 * 1024;
/// The most predicates one agency maps.
pub const MAX_PREDICATES: usize = 1024;
/// The most characters of a query.
pub const MAX_QUERY_CHARS: usize = 8192;
/// Time limit of a query that names none.
pub const DEFAULT_TIMEOUT_MS: u64 = 2_000;
/// The longest time limit a query may name.
pub const MAX_TIMEOUT_MS: u64 = 10_000;

/// What a predicate's answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 0 or 1.
    Boolean,
    /// A whole number.
    Integer,
}

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

/// Where something is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// In the agency's database.
    Database(Query),
    /// From the agency's HTTP API.
    Api(ApiRequest),
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
    #[error("mapping {path} has {bytes} bytes, more than {MAX_MAPPING_BYTES}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
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

/// One of a query and a request, as the file has it.
pub(super) struct RawReading {
    pub query: Option<String>,
    pub get: Option<String>,
    pub post: Option<String>,
    pub body: Option<Value>,
    /// Pointer into the answer of a request.
    pub at: String,
    pub timeout_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuery {
    query: String,
    #[serde(default = "default_timeout")]
    timeout_ms: u64,
}

pub(super) fn default_timeout() -> u64 {
    DEFAULT_TIMEOUT_MS
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
        let bytes = std::fs::metadata(path).map_err(failed)?.len();
        if bytes > MAX_MAPPING_BYTES {
            return Err(MappingError::TooLarge {
                path: path.into(),
                bytes,
            });
        }
        let mapping = Self::parse(&std::fs::read_to_string(path).map_err(failed)?)?;
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
            if !query.asks.contains(&Bind::Guardian) {
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

/// Checks where a predicate or a record is read.
pub(super) fn reading(raw: RawReading, at: &str) -> Result<Reading, MappingError> {
    let (method, path) = match (raw.query, raw.get, raw.post) {
        (Some(query), None, None) => {
            if raw.body.is_some() || !raw.at.is_empty() {
                return Err(MappingError::OneReading(at.to_owned()));
            }
            let allowed = [("number", Bind::Number), ("day", Bind::Day)];
            let query = checked(&query, raw.timeout_ms, &allowed, |part: &str| {
                format!("{at}.{part}")
            })?;
            return Ok(Reading::Database(query));
        }
        (None, Some(path), None) => (Method::GET, path),
        (None, None, Some(path)) => (Method::POST, path),
        _ => return Err(MappingError::OneReading(at.to_owned())),
    };
    let timeout = timeout(raw.timeout_ms, || format!("{at}.timeout_ms"))?;
    let request = ApiRequest::new(method, &path, raw.body, &raw.at, timeout);
    request.map(Reading::Api).map_err(|problem| MappingError::Api {
        at: at.to_owned(),
        problem,
    })
}

fn timeout(timeout_ms: u64, at: impl FnOnce() -> String) -> Result<Duration, MappingError> {
    if timeout_ms == 0 || timeout_ms > MAX_TIMEOUT_MS {
        return Err(MappingError::Query {
            at: at(),
            problem: QueryProblem::Timeout,
        });
    }
    Ok(Duration::from_millis(timeout_ms))
}

fn checked(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(predicate: &str) -> Result<Mapping, MappingError> {
        Mapping::parse(&format!(
            "format = \"{FORMAT}\"\norganisation = \"health\"\n{predicate}"
        ))
    }

    fn query(sql: &str) -> Result<Query, QueryProblem> {
        let text = format!("[predicates.p]\nkind = \"boolean\"\nquery = \"\"\"{sql}\"\"\"");
        match parse(&text) {
            Ok(mapping) => match &mapping.predicates["p"].reading {
                Reading::Database(query) => Ok(query.clone()),
                Reading::Api(request) => panic!("{request:?}"),
            },
            Err(MappingError::Query { problem, .. }) => Err(problem),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_agencies_mappings_are_accepted() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../agencies");
        for agency in [
            "public-security",
            "civil-affairs",
            "human-resources",
            "disabled-federation",
            "health",
        ] {
            let mapping = Mapping::load(&folder.join(agency).join("mapping.toml"), agency).unwrap();
            assert!(!mapping.predicates.is_empty());
            assert_eq!(mapping.identity.is_some(), agency == "public-security");
            assert_eq!(mapping.guardianship.is_some(), agency == "public-security");
        }
        let wrong = Mapping::load(&folder.join("health/mapping.toml"), "civil-affairs");
        assert!(matches!(wrong, Err(MappingError::Organisation { .. })));
    }

    #[test]
    fn named_binds_become_positions_and_literals_stay() {
        let query =
            query("SELECT ':x', a::text FROM t WHERE n = :number AND d <= :day AND n <> :number").unwrap();
        let numbered = query.statement(Dialect::Numbered);
        assert_eq!(
            numbered.sql,
            "SELECT ':x', a::text FROM t WHERE n = $1 AND d <= $2 AND n <> $1"
        );
        assert_eq!(numbered.binds, [Bind::Number, Bind::Day]);
        let mysql = query.statement(Dialect::MySql);
        assert_eq!(
            mysql.sql,
            "SELECT ':x', a::text FROM t WHERE n = ? AND d <= ? AND n <> ?"
        );
        assert_eq!(mysql.binds, [Bind::Number, Bind::Day, Bind::Number]);
    }

    #[test]
    fn queries_that_could_do_harm_are_refused() {
        use QueryProblem as P;
        for (sql, problem) in [
            ("", P::Length),
            ("DELETE FROM t WHERE n = :number", P::NotOneSelect),
            ("SELECT 1; DROP TABLE t", P::NotOneSelect),
            ("SELECT :name", P::UnknownBind("name".into())),
            ("SELECT :code", P::UnknownBind("code".into())),
            ("SELECT 1", P::NoNumber),
            ("SELECT 1 WHERE n = ?", P::Positional),
            ("SELECT 1 WHERE n = $1", P::Positional),
        ] {
            assert_eq!(query(sql), Err(problem), "{sql}");
        }
        assert_eq!(
            query(&format!("SELECT :number {}", "x".repeat(MAX_QUERY_CHARS))),
            Err(P::Length)
        );
    }

    #[test]
    fn guardianship_asks_about_a_child_and_a_guardian() {
        let of = |sql: &str| parse(&format!("[guardianship]\nquery = \"{sql}\""));
        let good = of("SELECT 'parent' AS kind WHERE :number <> :guardian AND :day <> ''").unwrap();
        let binds = [Bind::Number, Bind::Guardian, Bind::Day];
        let asked = good.guardianship.as_ref().unwrap().statement(Dialect::MySql);
        assert_eq!(asked.binds, binds);
        assert!(good.reads_only(true, false).is_ok());
        assert!(matches!(
            good.reads_only(false, true),
            Err(MappingError::NoSource { .. })
        ));
        for (sql, problem) in [
            ("SELECT 1 WHERE :number = ''", QueryProblem::NoGuardian),
            ("SELECT 1 WHERE :guardian = ''", QueryProblem::NoNumber),
            (
                "SELECT :number, :guardian, :code",
                QueryProblem::UnknownBind("code".into()),
            ),
        ] {
            match of(sql) {
                Err(MappingError::Query { problem: found, .. }) => assert_eq!(found, problem, "{sql}"),
                other => panic!("{sql}: {other:?}"),
            }
        }
    }

    #[test]
    fn unknown_keys_names_kinds_and_limits_are_refused() {
        let good = "kind = \"boolean\"\nquery = \"SELECT :number\"\n";
        assert!(parse(&format!("[predicates.p]\n{good}")).is_ok());
        for bad in [
            format!("extra = 1\n[predicates.p]\n{good}"),
            format!("[predicates.p]\n{good}colour = 1"),
            "[predicates.p]\nkind = \"text\"\nquery = \"SELECT :number\"".into(),
        ] {
            assert!(matches!(parse(&bad), Err(MappingError::Toml(_))), "{bad}");
        }
        for bad in [
            "[predicates.p]\nkind = \"boolean\"".into(),
            format!("[predicates.p]\n{good}get = \"/:number\""),
            format!("[predicates.p]\n{good}answer = \"/x\""),
        ] {
            assert!(matches!(parse(&bad), Err(MappingError::OneReading(_))), "{bad}");
        }
        assert!(matches!(
            parse(&format!("[predicates.P_1]\n{good}")),
            Err(MappingError::Name(_))
        ));
        for timeout in [0, MAX_TIMEOUT_MS + 1] {
            let error = parse(&format!("[predicates.p]\n{good}timeout_ms = {timeout}")).unwrap_err();
            assert!(
                error.to_string().starts_with("mapping: predicates.p.timeout_ms"),
                "{error}"
            );
        }
        let other = Mapping::parse("format = \"x/2\"\norganisation = \"health\"");
        assert!(matches!(other, Err(MappingError::Format(_))));
    }
}
