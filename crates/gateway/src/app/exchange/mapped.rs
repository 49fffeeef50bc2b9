//! `[records.…]` of `mapping.toml`: which fields of a record an agency may give, and by which query of its own database
//! or request to its own API.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::app::database::Dialect;
use crate::app::mapping::{self, MappingError, Query, RawReading, Reading, Statement};

/// The most records one agency maps.
pub const MAX_RECORDS: usize = 128;
/// The most fields of one record.
pub const MAX_FIELDS: usize = 32;
/// The most rows one answer may have.
pub const MAX_ROWS: u32 = 50;
/// The most characters of the name of a record or a field.
const MAX_NAME_CHARS: usize = 31;
/// Queries a minute of a record that names no limit.
const DEFAULT_QUERIES_A_MINUTE: u32 = 600;
/// The most queries a minute that a record may allow.
const MAX_QUERIES_A_MINUTE: u32 = 1_000_000;

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// A text; a date too.
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
}

impl FieldKind {
    /// A column of the query `record`, as it is read.
    fn column(self, field: &str, dialect: Dialect) -> String {
        match (dialect, self) {
            (Dialect::Numbered, Self::Text) => format!("CAST(record.\"{field}\" AS TEXT)"),
            (Dialect::Numbered, Self::Integer) => format!("CAST(record.\"{field}\" AS BIGINT)"),
            (Dialect::Numbered, Self::Boolean) => format!("CAST(record.\"{field}\" AS INTEGER)"),
            (Dialect::MySql, Self::Text) => format!("CAST(record.`{field}` AS CHAR) AS `{field}`"),
            // MySQL casts any text to some number; uncast, what is none is noticed.
            (Dialect::MySql, Self::Integer | Self::Boolean) => format!("record.`{field}`"),
        }
    }
}

/// How one record is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedRecord {
    /// Its fields, by their names without the record's.
    pub fields: BTreeMap<String, FieldKind>,
    /// Where it comes from: a query with a column for each field, or a request whose answer has them.
    pub reading: Reading,
    /// Where a field is in an object of an API's answer, if not under its own name: JSON pointers.
    pub from: BTreeMap<String, String>,
    /// The most rows of an answer; a person with more is not answered.
    pub max_rows: u32,
    /// The most queries a minute.
    pub queries_a_minute: u32,
}

impl MappedRecord {
    /// The pointer to a field in an object of an API's answer.
    pub fn pointer(&self, field: &str) -> String {
        self.from
            .get(field)
            .cloned()
            .unwrap_or_else(|| format!("/{field}"))
    }

    /// The query for these fields alone, which it must have: no other column leaves the database.
    pub fn statement(&self, query: &Query, fields: &[&str], dialect: Dialect) -> Statement {
        let columns: Vec<_> = fields
            .iter()
            .filter_map(|field| Some(self.fields.get(*field)?.column(field, dialect)))
            .collect();
        let (columns, limit) = (columns.join(", "), self.max_rows + 1);
        let Statement { sql, binds } = query.statement(dialect);
        let sql = format!("SELECT {columns} FROM ({sql}) AS record LIMIT {limit}");
        Statement { sql, binds }
    }
}

/// What is wrong with a record.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RecordProblem {
    /// Not a name.
    #[error("\"{0}\" is not a name: 1 to {MAX_NAME_CHARS} of a-z, 0-9 and _, beginning with a letter")]
    Name(String),
    /// No field, or too many.
    #[error("{0} fields, not 1 to {MAX_FIELDS}")]
    Fields(usize),
    /// A limit outside its bounds.
    #[error("{what} must be 1 to {max}")]
    Limit {
        /// Which limit.
        what: &'static str,
        /// The most it may be.
        max: u32,
    },
    /// A pointer for a field that the record does not have, or that is none.
    #[error("from.{0} must be a JSON pointer to a field of this record, for `get` or `post`")]
    From(String),
    /// Too many records.
    #[error("{0} records, more than {MAX_RECORDS}")]
    TooMany(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::app) struct RawRecord {
    query: Option<String>,
    get: Option<String>,
    post: Option<String>,
    body: Option<Value>,
    /// Pointer to one object or a list of objects in the answer of a request.
    #[serde(default)]
    rows: String,
    #[serde(default)]
    from: BTreeMap<String, String>,
    fields: BTreeMap<String, FieldKind>,
    #[serde(default = "mapping::default_timeout")]
    timeout_ms: u64,
    #[serde(default = "one")]
    max_rows: u32,
    #[serde(default = "default_queries")]
    queries_a_minute: u32,
}

const fn one() -> u32 {
    1
}

const fn default_queries() -> u32 {
    DEFAULT_QUERIES_A_MINUTE
}

/// Checks the records of a mapping.
pub(in crate::app) fn records(
    raw: BTreeMap<String, RawRecord>,
) -> Result<BTreeMap<String, MappedRecord>, MappingError> {
    let refused = |record: &str, problem| MappingError::Record {
        record: record.to_owned(),
        problem,
    };
    if raw.len() > MAX_RECORDS {
        return Err(refused("*", RecordProblem::TooMany(raw.len())));
    }
    let mut records = BTreeMap::new();
    for (name, raw) in raw {
        check(&name, &raw).map_err(|problem| refused(&name, problem))?;
        let reading = RawReading {
            query: raw.query,
            get: raw.get,
            post: raw.post,
            body: raw.body,
            at: raw.rows,
            timeout_ms: raw.timeout_ms,
        };
        let reading = mapping::reading(reading, &format!("records.{name}"))?;
        let record = MappedRecord {
            fields: raw.fields,
            from: raw.from,
            reading,
            max_rows: raw.max_rows,
            queries_a_minute: raw.queries_a_minute,
        };
        records.insert(name, record);
    }
    Ok(records)
}

fn check(name: &str, raw: &RawRecord) -> Result<(), RecordProblem> {
    if let Some(wrong) = std::iter::once(name)
        .chain(raw.fields.keys().map(String::as_str))
        .find(|name| !is_name(name))
    {
        return Err(RecordProblem::Name(wrong.to_owned()));
    }
    if raw.fields.is_empty() || raw.fields.len() > MAX_FIELDS {
        return Err(RecordProblem::Fields(raw.fields.len()));
    }
    let is_pointer =
        |(field, pointer): &(&String, &String)| raw.fields.contains_key(*field) && pointer.starts_with('/');
    if let Some((field, _)) = raw
        .from
        .iter()
        .find(|one| raw.query.is_some() || !is_pointer(one))
    {
        return Err(RecordProblem::From(field.clone()));
    }
    for (what, value, max) in [
        ("max_rows", raw.max_rows, MAX_ROWS),
        ("queries_a_minute", raw.queries_a_minute, MAX_QUERIES_A_MINUTE),
    ] {
        if value == 0 || value > max {
            return Err(RecordProblem::Limit { what, max });
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
    let rest = text
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    begins && rest && text.len() <= MAX_NAME_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::mapping::{FORMAT, Mapping};

    fn parse(record: &str) -> Result<Mapping, MappingError> {
        Mapping::parse(&format!(
            "format = \"{FORMAT}\"\norganisation = \"health\"\n{record}"
        ))
    }

    #[test]
    fn only_the_columns_asked_for_leave_the_database() {
        let mapping = parse(
            "[records.certificate]\nquery = \"SELECT * FROM c WHERE number = :number\"\nmax_rows = 3\n\
             [records.certificate.fields]\ntype = \"text\"\ngrade = \"integer\"\nopen = \"boolean\"",
        );
        let record = &mapping.unwrap().records["certificate"];
        let Reading::Database(query) = &record.reading else {
            panic!("it has a query")
        };
        let asked = |dialect| {
            let fields = ["type", "grade", "open", "absent"];
            record.statement(query, &fields, dialect).sql
        };
        assert_eq!(
            asked(Dialect::Numbered),
            "SELECT CAST(record.\"type\" AS TEXT), CAST(record.\"grade\" AS BIGINT), \
             CAST(record.\"open\" AS INTEGER) FROM (SELECT * FROM c WHERE number = $1) AS record LIMIT 4"
        );
        assert_eq!(
            asked(Dialect::MySql),
            "SELECT CAST(record.`type` AS CHAR) AS `type`, record.`grade`, record.`open` \
             FROM (SELECT * FROM c WHERE number = ?) AS record LIMIT 4"
        );
        assert_eq!(record.queries_a_minute, DEFAULT_QUERIES_A_MINUTE);
    }

    #[test]
    fn records_that_could_do_harm_are_refused() {
        use RecordProblem as P;
        let query = "query = \"SELECT 1 FROM c WHERE n = :number\"\n";
        let fields = "[records.r.fields]\na = \"text\"";
        for (record, problem) in [
            (
                format!("[records.R]\n{query}[records.R.fields]\na = \"text\""),
                P::Name("R".into()),
            ),
            (
                format!("[records.r]\n{query}[records.r.fields]\n\"a\\\"\" = \"text\""),
                P::Name("a\"".into()),
            ),
            (format!("[records.r]\n{query}[records.r.fields]"), P::Fields(0)),
            (
                format!("[records.r]\n{query}max_rows = 0\n{fields}"),
                P::Limit {
                    what: "max_rows",
                    max: MAX_ROWS,
                },
            ),
            (
                format!("[records.r]\n{query}max_rows = 51\n{fields}"),
                P::Limit {
                    what: "max_rows",
                    max: MAX_ROWS,
                },
            ),
            (
                format!("[records.r]\n{query}queries_a_minute = 0\n{fields}"),
                P::Limit {
                    what: "queries_a_minute",
                    max: MAX_QUERIES_A_MINUTE,
                },
            ),
        ] {
            match parse(&record) {
                Err(MappingError::Record { problem: found, .. }) => assert_eq!(found, problem, "{record}"),
                other => panic!("{record}: {other:?}"),
            }
        }
        for query in [
            "SELECT 1",
            "DELETE FROM c WHERE n = :number",
            "SELECT 1 WHERE n = :code",
        ] {
            let refused = parse(&format!("[records.r]\nquery = \"{query}\"\n{fields}"));
            assert!(
                matches!(refused, Err(MappingError::Query { .. })),
                "{query}: {refused:?}"
            );
        }
        let unknown = parse(&format!("[records.r]\n{query}colour = 1\n{fields}"));
        assert!(matches!(unknown, Err(MappingError::Toml(_))));
    }
}
