//! The digest of typed data (EIP-712), from JSON as `eth_signTypedData_v4` takes it.

use alloy_primitives::{Address, B256, Bytes, I256, U256, keccak256};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};
use thiserror::Error;

/// Most structs and arrays within each other.
const MAX_DEPTH: usize = 32;
/// Most types.
const MAX_TYPES: usize = 256;
/// The type of a domain.
const DOMAIN: &str = "EIP712Domain";
/// Its fields, if it is not described.
const DOMAIN_FIELDS: [(&str, &str); 5] = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
];

/// Why typed data has no digest.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TypedDataError {
    #[error("{count} types, at most {MAX_TYPES}")]
    TooManyTypes { count: usize },
    #[error("type {0} is not described, and is none that EIP-712 knows")]
    UnknownType(String),
    #[error("structs and arrays are more than {MAX_DEPTH} within each other")]
    TooDeep,
    #[error("{at} is not a value of type {kind}")]
    Value { at: String, kind: String },
    #[error("{0} is missing")]
    Missing(String),
}

/// Typed data.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypedData {
    types: BTreeMap<String, Vec<Field>>,
    primary_type: String,
    #[serde(default)]
    domain: Map<String, Value>,
    #[serde(default)]
    message: Value,
}

#[derive(Clone, Debug, Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

impl TypedData {
    /// `keccak256(0x1901 ‖ hashStruct(domain) ‖ hashStruct(message))`.
    pub fn digest(&self) -> Result<B256, TypedDataError> {
        let count = self.types.len();
        if count > MAX_TYPES {
            return Err(TypedDataError::TooManyTypes { count });
        }
        let mut described = self.clone();
        if !described.types.contains_key(DOMAIN) {
            let fields = DOMAIN_FIELDS
                .iter()
                .filter(|(name, _)| self.domain.contains_key(*name));
            let fields = fields.map(|(name, kind)| Field {
                name: (*name).into(),
                kind: (*kind).into(),
            });
            described.types.insert(DOMAIN.into(), fields.collect());
        }
        let domain = described.hash_struct(DOMAIN, &Value::Object(self.domain.clone()), DOMAIN, 0)?;
        let mut bytes = vec![0x19, 0x01];
        bytes.extend(domain);
        if self.primary_type != DOMAIN {
            bytes.extend(described.hash_struct(&self.primary_type, &self.message, "message", 0)?);
        }
        Ok(keccak256(bytes))
    }

    fn hash_struct(&self, kind: &str, value: &Value, at: &str, depth: usize) -> Result<B256, TypedDataError> {
        let fields = self.fields(kind)?;
        let Value::Object(values) = value else {
            return Err(wrong(at, kind));
        };
        let mut bytes = keccak256(self.encode_type(kind)?).to_vec();
        for field in fields {
            let at = format!("{at}.{}", field.name);
            let value = values
                .get(&field.name)
                .ok_or_else(|| TypedDataError::Missing(at.clone()))?;
            bytes.extend(self.encode(&field.kind, value, &at, depth + 1)?);
        }
        Ok(keccak256(bytes))
    }

    fn fields(&self, kind: &str) -> Result<&[Field], TypedDataError> {
        let fields = self.types.get(kind);
        Ok(fields.ok_or_else(|| TypedDataError::UnknownType(kind.into()))?)
    }

    /// The type and those it refers to, in the order of their names.
    fn encode_type(&self, kind: &str) -> Result<String, TypedDataError> {
        let mut found = BTreeSet::new();
        let mut open = vec![kind];
        while let Some(next) = open.pop() {
            if !found.insert(next) {
                continue;
            }
            let bases = self.fields(next)?.iter().map(|field| base(&field.kind));
            open.extend(bases.filter(|base| self.types.contains_key(*base)));
        }
        found.remove(kind);
        let mut text = String::new();
        for name in std::iter::once(kind).chain(found) {
            let fields = self.fields(name)?.iter();
            let fields: Vec<_> = fields
                .map(|field| format!("{} {}", field.kind, field.name))
                .collect();
            text += &format!("{name}({})", fields.join(","));
        }
        Ok(text)
    }

    fn encode(&self, kind: &str, value: &Value, at: &str, depth: usize) -> Result<B256, TypedDataError> {
        if depth > MAX_DEPTH {
            return Err(TypedDataError::TooDeep);
        }
        if let Some((item, length)) = kind.strip_suffix(']').and_then(|kind| kind.rsplit_once('[')) {
            let Value::Array(items) = value else {
                return Err(wrong(at, kind));
            };
            if !length.is_empty() && length.parse() != Ok(items.len()) {
                return Err(wrong(at, kind));
            }
            let mut bytes = Vec::with_capacity(items.len() * 32);
            for (index, value) in items.iter().enumerate() {
                bytes.extend(self.encode(item, value, &format!("{at}[{index}]"), depth + 1)?);
            }
            return Ok(keccak256(bytes));
        }
        if self.types.contains_key(kind) {
            // A struct that is not there counts as zero.
            return match value {
                Value::Null => Ok(B256::ZERO),
                value => self.hash_struct(kind, value, at, depth),
            };
        }
        match atom(kind, value) {
            Some(Some(word)) => Ok(word),
            Some(None) => Err(wrong(at, kind)),
            None => Err(TypedDataError::UnknownType(kind.into())),
        }
    }
}

fn wrong(at: &str, kind: &str) -> TypedDataError {
    TypedDataError::Value {
        at: at.into(),
        kind: kind.into(),
    }
}

/// The type of an array's items, and of theirs.
fn base(kind: &str) -> &str {
    kind.split('[').next().unwrap_or(kind)
}

/// A word for a value; none if the type is unknown, and in it none if the value is not of the type.
fn atom(kind: &str, value: &Value) -> Option<Option<B256>> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    };
    let word = match kind {
        "bool" => value.as_bool().map(|value| B256::with_last_byte(value.into())),
        "address" => Address::from_str(&text).ok().map(|address| address.into_word()),
        "string" => value.as_str().map(keccak256),
        "bytes" => Bytes::from_str(&text).ok().map(keccak256),
        _ => {
            if let Some(size) = kind.strip_prefix("bytes") {
                let size: usize = size.parse().ok().filter(|size| (1..=32).contains(size))?;
                let bytes = Bytes::from_str(&text).ok().filter(|bytes| bytes.len() == size);
                return Some(bytes.map(|bytes| B256::right_padding_from(&bytes)));
            }
            let (is_signed, bits) = match kind.strip_prefix("uint") {
                Some(bits) => (false, bits),
                None => (true, kind.strip_prefix("int")?),
            };
            let bits: usize = bits.parse().ok()?;
            if !bits.is_multiple_of(8) || !(8..=256).contains(&bits) {
                return None;
            }
            if is_signed {
                let number = I256::from_str(&text).ok();
                number
                    .filter(|number| number.bits() as usize <= bits)
                    .map(|number| number.into_raw().into())
            } else {
                let number = U256::from_str(&text).ok().filter(|_| !text.is_empty());
                number.filter(|number| number.bit_len() <= bits).map(B256::from)
            }
        }
    };
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::b256;
    use serde_json::json;

    fn mail() -> Value {
        json!({
            "types": {
                "EIP712Domain": [
                    { "name": "name", "type": "string" }, { "name": "version", "type": "string" },
                    { "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" },
                ],
                "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
                "Mail": [
                    { "name": "from", "type": "Person" }, { "name": "to", "type": "Person" },
                    { "name": "contents", "type": "string" },
                ],
            },
            "primaryType": "Mail",
            "domain": {
                "name": "Ether Mail", "version": "1", "chainId": 1,
                "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
            },
            "message": {
                "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
                "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
                "contents": "Hello, Bob!",
            },
        })
    }

    fn digest(data: Value) -> Result<B256, TypedDataError> {
        serde_json::from_value::<TypedData>(data)
            .expect("typed data")
            .digest()
    }

    /// The example of EIP-712 itself.
    #[test]
    fn the_example_of_the_standard_has_its_digest() {
        let expected = b256!("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
        assert_eq!(digest(mail()), Ok(expected));
        // A domain that is not described has the fields that it has.
        let mut undescribed = mail();
        undescribed["types"]
            .as_object_mut()
            .expect("types")
            .remove("EIP712Domain");
        assert_eq!(digest(undescribed), Ok(expected));
    }

    #[test]
    fn what_does_not_fit_its_type_is_named() {
        let mut data = mail();
        data["message"]["to"]["wallet"] = json!("0x12");
        let at = "message.to.wallet".to_owned();
        let kind = "address".to_owned();
        assert_eq!(digest(data), Err(TypedDataError::Value { at, kind }));
        let mut data = mail();
        data["message"]
            .as_object_mut()
            .expect("a message")
            .remove("contents");
        assert_eq!(
            digest(data),
            Err(TypedDataError::Missing("message.contents".into()))
        );
        let mut data = mail();
        data["types"]["Mail"][2]["type"] = json!("strange");
        assert_eq!(digest(data), Err(TypedDataError::UnknownType("strange".into())));
    }

    #[test]
    fn atoms_are_encoded_as_words() {
        let word = |kind: &str, value: Value| atom(kind, &value).expect("a known type");
        assert_eq!(word("uint8", json!(255)), Some(B256::with_last_byte(255)));
        assert_eq!(word("uint8", json!(256)), None);
        assert_eq!(word("uint256", json!("0x10")), Some(B256::with_last_byte(16)));
        assert_eq!(word("uint256", json!("")), None);
        assert_eq!(
            word("int8", json!(-128)),
            Some(B256::from(U256::MAX - U256::from(127)))
        );
        assert_eq!(word("int8", json!("-129")), None);
        assert_eq!(
            word("bytes2", json!("0xabcd")),
            Some(B256::right_padding_from(&[0xab, 0xcd]))
        );
        assert_eq!(word("bytes2", json!("0xab")), None);
        assert_eq!(atom("uint7", &json!(1)), None);
        assert_eq!(atom("bytes33", &json!("0x")), None);
    }

    #[test]
    fn a_type_within_itself_ends() {
        let mut value = Value::Null;
        for _ in 0..MAX_DEPTH + 1 {
            value = json!({ "next": value });
        }
        let data = json!({
            "types": { "Node": [{ "name": "next", "type": "Node" }] },
            "primaryType": "Node", "domain": {}, "message": value,
        });
        assert_eq!(digest(data), Err(TypedDataError::TooDeep));
    }
}
