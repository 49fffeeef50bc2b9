//! EIP-712: typed data as JSON, read strictly, hashed, and walked in the order in which it is hashed.
//!
//! Strictly: what is not in a type is refused, since it would be shown, or hidden, without being signed.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{B256, keccak256};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The most types, and members of one type.
const MAX_TYPES: usize = 64;
/// How deep values may be nested.
const MAX_DEPTH: usize = 16;
/// The most values in all.
const MAX_VALUES: usize = 4_096;
/// The type of the domain.
const DOMAIN: &str = "EIP712Domain";

/// Why typed data is not signed.
#[derive(Debug, Error)]
pub enum TypedError {
    #[error("the typed data is not the JSON of EIP-712: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the typed data has too many types, members or values, or they are nested too deep")]
    TooMuch,
    #[error("the type {name:?} is not defined")]
    UnknownType { name: String },
    #[error("{at}: the value is missing")]
    Missing { at: String },
    #[error("{at}: the value is in no type, so that it would not be signed")]
    Unsigned { at: String },
    #[error("{at}: the value is not of type {of:?}")]
    Value { at: String, of: String },
    #[error("{at}: a number this large must be a text, or it may be rounded")]
    Number { at: String },
}

#[derive(Clone, Debug, Deserialize)]
pub struct Member {
    pub name: String,
    #[serde(rename = "type")]
    pub of: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TypedData {
    types: BTreeMap<String, Vec<Member>>,
    pub primary_type: String,
    domain: Map<String, Value>,
    message: Map<String, Value>,
}

/// A value on the way through typed data.
pub struct Leaf {
    /// How deep it is nested.
    pub depth: usize,
    pub name: String,
    /// Its type, as it is written.
    pub of: String,
    /// `None` for a struct or list, whose values follow.
    pub value: Option<DynSolValue>,
}

impl TypedData {
    pub fn parse(bytes: &[u8]) -> Result<Self, TypedError> {
        let data: Self = serde_json::from_slice(bytes)?;
        let members = data.types.values().map(Vec::len).max().unwrap_or_default();
        if data.types.len() > MAX_TYPES || members > MAX_TYPES {
            return Err(TypedError::TooMuch);
        }
        Ok(data)
    }

    /// What is signed: `keccak256(0x1901 ‖ domain ‖ message)`, and everything in it.
    pub fn walk(&self) -> Result<(B256, Vec<Leaf>, Vec<Leaf>), TypedError> {
        let mut walk = Walk {
            types: &self.types,
            leaves: Vec::new(),
        };
        let domain = walk.structure(DOMAIN, &self.domain, 0, DOMAIN)?;
        let in_domain = std::mem::take(&mut walk.leaves);
        // EIP-712 allows a message of the domain's type: then the domain is all there is.
        let message = match self.primary_type.as_str() {
            DOMAIN => Vec::new(),
            name => walk.structure(name, &self.message, 0, name)?.to_vec(),
        };
        let hash = keccak256([&[0x19, 0x01], domain.as_slice(), &message].concat());
        Ok((hash, in_domain, walk.leaves))
    }

    /// A field of the domain.
    pub fn domain(&self, name: &str) -> Option<&Value> {
        self.domain.get(name)
    }
}

struct Walk<'a> {
    types: &'a BTreeMap<String, Vec<Member>>,
    leaves: Vec<Leaf>,
}

impl<'a> Walk<'a> {
    /// `hashStruct`.
    fn structure(
        &mut self,
        name: &str,
        values: &Map<String, Value>,
        depth: usize,
        at: &str,
    ) -> Result<B256, TypedError> {
        let members = self.members(name)?;
        if let Some(extra) = values
            .keys()
            .find(|key| !members.iter().any(|member| member.name == **key))
        {
            return Err(TypedError::Unsigned {
                at: format!("{at}.{extra}"),
            });
        }
        let mut encoded = keccak256(self.encode_type(name)?).to_vec();
        for member in members {
            let at = format!("{at}.{}", member.name);
            let value = values
                .get(&member.name)
                .ok_or_else(|| TypedError::Missing { at: at.clone() })?;
            encoded.extend(self.value(&member.name, &member.of, value, depth, &at)?);
        }
        Ok(keccak256(encoded))
    }

    /// `encodeData` of one value: 32 bytes.
    fn value(
        &mut self,
        name: &str,
        of: &str,
        value: &Value,
        depth: usize,
        at: &str,
    ) -> Result<B256, TypedError> {
        if depth > MAX_DEPTH || self.leaves.len() >= MAX_VALUES {
            return Err(TypedError::TooMuch);
        }
        let wrong = || TypedError::Value {
            at: at.to_owned(),
            of: of.to_owned(),
        };
        let mut leaf = |value| {
            self.leaves.push(Leaf {
                depth,
                name: name.to_owned(),
                of: of.to_owned(),
                value,
            });
        };
        if let Some((element, length)) = list(of) {
            leaf(None);
            let values = value.as_array().ok_or_else(wrong)?;
            if length.is_some_and(|length| length != values.len()) {
                return Err(wrong());
            }
            let mut encoded = Vec::new();
            for (index, value) in values.iter().enumerate() {
                let at = format!("{at}[{index}]");
                encoded.extend(self.value(&format!("[{index}]"), element, value, depth + 1, &at)?);
            }
            return Ok(keccak256(encoded));
        }
        if self.types.contains_key(of) {
            leaf(None);
            let values = value.as_object().ok_or_else(wrong)?;
            return self.structure(of, values, depth + 1, at);
        }
        let atom = atom(of, value, at)?;
        let encoded = match &atom {
            DynSolValue::Bytes(bytes) => keccak256(bytes),
            DynSolValue::String(text) => keccak256(text),
            word => word.as_word().ok_or_else(wrong)?,
        };
        leaf(Some(atom));
        Ok(encoded)
    }

    /// `Mail(Person from)Person(string name)`: the type itself, then those it uses by name.
    fn encode_type(&self, name: &str) -> Result<String, TypedError> {
        let (mut used, mut open) = (BTreeSet::new(), vec![name]);
        while let Some(name) = open.pop() {
            if !used.insert(name) {
                continue;
            }
            for member in self.members(name)? {
                let mut of = member.of.as_str();
                while let Some((element, _)) = list(of) {
                    of = element;
                }
                if self.types.contains_key(of) {
                    open.push(of);
                }
            }
        }
        used.remove(name);
        let names = std::iter::once(name).chain(used);
        let texts = names.map(|name| {
            let members = self.members(name)?.iter();
            let members = members.map(|member| format!("{} {}", member.of, member.name));
            Ok(format!("{name}({})", members.collect::<Vec<_>>().join(",")))
        });
        texts.collect()
    }

    fn members(&self, name: &str) -> Result<&'a [Member], TypedError> {
        let members = self.types.get(name).ok_or_else(|| TypedError::UnknownType {
            name: name.to_owned(),
        })?;
        Ok(members)
    }
}

/// The element and length of `T[]` and `T[3]`.
fn list(of: &str) -> Option<(&str, Option<usize>)> {
    let (element, length) = of.strip_suffix(']')?.rsplit_once('[')?;
    match length {
        "" => Some((element, None)),
        _ => length.parse().ok().map(|length| (element, Some(length))),
    }
}

/// A value that is no list and no struct.
fn atom(of: &str, value: &Value, at: &str) -> Result<DynSolValue, TypedError> {
    let wrong = || TypedError::Value {
        at: at.to_owned(),
        of: of.to_owned(),
    };
    let unknown = || TypedError::UnknownType { name: of.to_owned() };
    let kind = DynSolType::parse(of).map_err(|_| unknown())?;
    match (&kind, value) {
        (DynSolType::String, Value::String(text)) => Ok(DynSolValue::String(text.clone())),
        (DynSolType::Bool, Value::Bool(value)) => Ok(DynSolValue::Bool(*value)),
        (DynSolType::Uint(_) | DynSolType::Int(_), Value::Number(number)) => {
            let is_exact = number.is_u64() || number.is_i64();
            let text = is_exact.then(|| number.to_string());
            let text = text.ok_or_else(|| TypedError::Number { at: at.to_owned() })?;
            kind.coerce_str(&text).map_err(|_| wrong())
        }
        // Units, as in "1 ether", are the parser's; here numbers are digits.
        (DynSolType::Uint(_) | DynSolType::Int(_), Value::String(text)) if is_number(text) => {
            kind.coerce_str(text).map_err(|_| wrong())
        }
        (DynSolType::Address | DynSolType::Bytes | DynSolType::FixedBytes(_), Value::String(text))
            if text.starts_with("0x") =>
        {
            kind.coerce_str(text).map_err(|_| wrong())
        }
        (
            DynSolType::Array(_) | DynSolType::FixedArray(..) | DynSolType::Tuple(_) | DynSolType::Function,
            _,
        ) => Err(unknown()),
        _ => Err(wrong()),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.strip_prefix("0x") {
        Some(hex) => !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
    }
}
