//! The signature base (RFC 9421, section 2.5): the lines that are signed.

use std::fmt;

use sfv::{BareItem, InnerList, Item, ItemSerializer, ListSerializer};

use super::SignatureError;

/// What a message is about.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// A request.
    Request {
        /// `POST`.
        method: &'a str,
        /// The `Host` header, lower-case, without a default port.
        authority: &'a str,
        /// The path, as sent.
        path: &'a str,
        /// The query without `?`, if there is one.
        query: Option<&'a str>,
    },
    /// A response.
    Response {
        /// The status code.
        status: u16,
    },
}

/// A message without its content: what can be covered. Names of headers are lower-case.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Where it goes, or its status.
    pub target: Target<'a>,
    /// Its headers, in order.
    pub headers: &'a [(String, String)],
}

impl<'a> Message<'a> {
    /// The value of a header that is there once.
    pub fn one(&self, name: &str) -> Option<&'a str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.trim());
        values.next().filter(|_| values.next().is_none())
    }

    /// The values of a header, joined as RFC 9421 (section 2.1) says.
    fn combined(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.trim())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// Something a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// A derived component or a header, of this message.
    Own(&'static str),
    /// The same of the request that this message answers.
    OfRequest(&'static str),
    /// The signature with this label of the request that this message answers.
    RequestSignature(&'static str),
}

impl Component {
    pub(super) fn item(&self) -> Result<Item, SignatureError> {
        let (name, request, key) = match self {
            Self::Own(name) => (*name, false, None),
            Self::OfRequest(name) => (*name, true, None),
            Self::RequestSignature(label) => ("signature", true, Some(*label)),
        };
        let wrong = || SignatureError::Component(name.to_owned());
        let mut item = Item::new(sfv::String::try_from(name.to_owned()).map_err(|_| wrong())?);
        let parameter = |name: &str| sfv::Key::try_from(name.to_owned()).map_err(|_| wrong());
        if request {
            item.params.insert(parameter("req")?, true.into());
        }
        if let Some(key) = key {
            let key = sfv::String::try_from(key.to_owned()).map_err(|_| wrong())?;
            item.params.insert(parameter("key")?, key.into());
        }
        Ok(item)
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.item()
            .map_or(Err(fmt::Error), |item| f.write_str(&spelled(&item)))
    }
}

/// A component identifier as the base spells it.
pub(super) fn spelled(item: &Item) -> String {
    ItemSerializer::new()
        .bare_item(&item.bare_item)
        .parameters(&item.params)
        .finish()
}

/// The lines that are signed. Each component once; unknown parameters of a component are refused.
pub(super) fn signature_base(
    message: &Message<'_>,
    request: Option<&Message<'_>>,
    input: &InnerList,
) -> Result<String, SignatureError> {
    let (mut base, mut seen) = (String::new(), Vec::new());
    for item in &input.items {
        let name = spelled(item);
        let value = value(message, request, item).ok_or_else(|| SignatureError::Component(name.clone()))?;
        if seen.contains(&name) || !value.is_ascii() || value.contains(['\n', '\r']) {
            return Err(SignatureError::Component(name));
        }
        base.push_str(&format!("{name}: {value}\n"));
        seen.push(name);
    }
    let mut list = ListSerializer::new();
    let mut inner = list.inner_list();
    inner.items(&input.items);
    let _ = inner.finish().parameters(&input.params);
    let parameters = list.finish().unwrap_or_default();
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    Ok(base)
}

fn value(message: &Message<'_>, request: Option<&Message<'_>>, item: &Item) -> Option<String> {
    let BareItem::String(name) = &item.bare_item else {
        return None;
    };
    let (mut of, mut key) = (message, None);
    for (parameter, value) in &item.params {
        match (parameter.as_str(), value) {
            ("req", BareItem::Boolean(true)) => of = request?,
            ("key", BareItem::String(value)) => key = Some(value.as_str()),
            _ => return None,
        }
    }
    let name = name.as_str();
    match (name.strip_prefix('@'), key) {
        (Some(derived), None) => derived_value(of, derived),
        (Some(_), Some(_)) => None,
        (None, None) => of
            .combined(name)
            .filter(|_| name.chars().all(|c| !c.is_ascii_uppercase())),
        (None, Some(key)) => member(of.one(name)?, key),
    }
}

fn derived_value(message: &Message<'_>, name: &str) -> Option<String> {
    match (message.target, name) {
        (Target::Request { method, .. }, "method") => Some(method.to_owned()),
        (Target::Request { authority, .. }, "authority") => Some(authority.to_ascii_lowercase()),
        (Target::Request { path, .. }, "path") => Some(if path.is_empty() { "/" } else { path }.to_owned()),
        (Target::Request { query, .. }, "query") => Some(format!("?{}", query.unwrap_or_default())),
        (Target::Response { status }, "status") => Some(status.to_string()),
        _ => None,
    }
}

/// A member of a dictionary, spelled anew (RFC 9421, section 2.1.2).
fn member(value: &str, key: &str) -> Option<String> {
    let dictionary: sfv::Dictionary = sfv::Parser::new(value).parse().ok()?;
    let mut list = ListSerializer::new();
    list.members([dictionary.get(key)?]);
    list.finish()
}
