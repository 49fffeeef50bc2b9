//! Query parameters: known names only, each once, each within its bounds.

use std::{collections::BTreeMap, str::FromStr};

use alloy_primitives::B256;

use super::Problem;
use crate::{store::events::EventId, view::PageRequest, words::Slug};

const MAX_QUERY_BYTES: usize = 2_048;
const MAX_TEXT_CHARS: usize = 100;
/// Pages behind this one are not served: whoever reads everything reads the chain.
const MAX_PAGE: u32 = 10_000;
const DEFAULT_PER_PAGE: u32 = 20;
const MAX_PER_PAGE: u32 = 100;

/// The parameters of a request.
#[derive(Debug)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads a query string; names that are not `known`, or given twice, are refused.
    pub fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let query = query.unwrap_or_default();
        if query.len() > MAX_QUERY_BYTES {
            return Err(Problem::bad_parameter(
                "query",
                format!("the query is longer than {MAX_QUERY_BYTES} bytes"),
            ));
        }
        let mut params = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                let detail = format!("unknown parameter; known are: {}", known.join(", "));
                return Err(Problem::bad_parameter(&name, detail));
            }
            if params.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(Problem::bad_parameter(&name, "given more than once"));
            }
        }
        Ok(Self(params))
    }

    /// `page` and `per_page`.
    pub fn page(&self) -> Result<PageRequest, Problem> {
        Ok(PageRequest {
            page: self.number("page", 1, MAX_PAGE)?.unwrap_or(1),
            per_page: self
                .number("per_page", 1, MAX_PER_PAGE)?
                .unwrap_or(DEFAULT_PER_PAGE),
        })
    }

    fn number(&self, name: &str, min: u32, max: u32) -> Result<Option<u32>, Problem> {
        let wrong = || Problem::bad_parameter(name, format!("must be a whole number from {min} to {max}"));
        let Some(text) = self.0.get(name) else {
            return Ok(None);
        };
        let number = u32::from_str(text).map_err(|_| wrong())?;
        if (min..=max).contains(&number) {
            Ok(Some(number))
        } else {
            Err(wrong())
        }
    }

    /// Free text of at most 100 characters; empty counts as not given.
    pub fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        let Some(text) = self.0.get(name).filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        if text.chars().count() > MAX_TEXT_CHARS {
            return Err(Problem::bad_parameter(
                name,
                format!("is longer than {MAX_TEXT_CHARS} characters"),
            ));
        }
        if text.chars().any(char::is_control) {
            return Err(Problem::bad_parameter(name, "holds a control character"));
        }
        Ok(Some(text.clone()))
    }

    pub fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.0.get(name).map(String::as_str) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Problem::bad_parameter(name, "must be true or false")),
        }
    }

    pub fn slug(&self, name: &str) -> Result<Option<Slug>, Problem> {
        self.0.get(name).map(|text| slug(name, text)).transpose()
    }

    /// One word of a closed list.
    pub fn word<T>(
        &self,
        name: &str,
        parse: fn(&str) -> Option<T>,
        known: &[&str],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.0.get(name) else {
            return Ok(None);
        };
        let wrong = || Problem::bad_parameter(name, format!("must be one of: {}", known.join(", ")));
        parse(text).map(Some).ok_or_else(wrong)
    }

    /// The id of an event: `<block>-<log index>`.
    pub fn event_id(&self, name: &str) -> Result<Option<EventId>, Problem> {
        self.0.get(name).map(|text| event_id(name, text)).transpose()
    }
}

/// Reads an event's id.
pub fn event_id(name: &str, text: &str) -> Result<EventId, Problem> {
    text.parse()
        .map_err(|()| Problem::bad_parameter(name, "must be the id of an event: <block>-<log index>"))
}

/// Reads a slug.
pub fn slug(name: &str, text: &str) -> Result<Slug, Problem> {
    let wrong = || Problem::bad_parameter(name, "must be 1 to 31 characters of a-z, 0-9 and -");
    Slug::parse(text).ok_or_else(wrong)
}

/// Reads a hash from a path.
pub fn hash(name: &str, text: &str) -> Result<B256, Problem> {
    let wrong = || Problem::bad_parameter(name, "must be 0x and 64 hexadecimal digits");
    if !text.starts_with("0x") {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}
