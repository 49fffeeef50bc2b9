//! Values that a schema admits, made at random from a seed, and often of things that the chain has.

use crate::{node::COUNTER, schema::DOCUMENT, wire::Wire};
use alloy_primitives::{Address, Bytes, TxKind, U64, hex};
use rand::{Rng, RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Map, Value, json};

/// What the chain has, to ask about.
#[derive(Clone, Default)]
pub struct Known {
    hashes: Vec<Value>,
    addresses: Vec<Value>,
    raws: Vec<Value>,
    filters: Vec<Value>,
}

impl Known {
    /// Gives the node a few blocks with a creation, calls, a revert and a transfer.
    pub async fn of(node: &Wire) -> Self {
        let mut known = Self::default();
        let sender = node.key.address();
        let nonce = node
            .ask("eth_getTransactionCount", json!([sender, "pending"]))
            .await;
        let nonce: u64 = serde_json::from_value::<U64>(nonce).unwrap().to();
        let contract = sender.create(nonce);
        let somebody = Address::repeat_byte(9);
        let transactions = [
            (TxKind::Create, COUNTER, 0),
            (contract.into(), Bytes::new(), 0),
            (contract.into(), Bytes::from_static(&[1]), 0),
            (somebody.into(), Bytes::new(), 5),
            (contract.into(), Bytes::new(), 0),
        ];
        for (nonce, (to, data, value)) in (nonce..).zip(transactions) {
            let raw = node.sign(nonce, to, data, value);
            let receipt = node.ask("eth_sendRawTransactionSync", json!([raw])).await;
            known
                .hashes
                .extend([receipt["transactionHash"].clone(), receipt["blockHash"].clone()]);
            known.raws.push(json!(raw));
        }
        known
            .raws
            .push(json!(node.sign(nonce + 5, TxKind::Create, COUNTER, 0)));
        known.raws.push(json!(COUNTER));
        known.raws.push(json!("0x"));
        let addresses = [
            contract,
            somebody,
            sender,
            Address::ZERO,
            Address::with_last_byte(2),
        ];
        known.addresses = addresses.iter().map(|address| json!(address)).collect();
        for method in ["eth_newBlockFilter", "eth_newPendingTransactionFilter"] {
            known.filters.push(node.ask(method, json!([])).await);
        }
        known
            .filters
            .push(node.ask("eth_newFilter", json!([{ "fromBlock": "0x0" }])).await);
        known
    }

    pub fn random(&self, seed: u64) -> Random<'_> {
        Random {
            known: self,
            rng: StdRng::seed_from_u64(seed),
        }
    }
}

/// A source of values.
pub struct Random<'a> {
    known: &'a Known,
    pub rng: StdRng,
}

impl Random<'_> {
    /// A value that the schema admits.
    pub fn value(&mut self, schema: &Value) -> Value {
        if let Some(name) = schema["$ref"].as_str() {
            return self.named(name.rsplit('/').next().unwrap());
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        for choice in ["enum", "oneOf", "anyOf"] {
            if let Some(options) = schema[choice].as_array() {
                let option = options.choose(&mut self.rng).unwrap().clone();
                return if choice == "enum" {
                    option
                } else {
                    self.value(&option)
                };
            }
        }
        match schema["type"].as_str() {
            Some("null") => Value::Null,
            Some("boolean") => json!(self.rng.random::<bool>()),
            Some("integer") => {
                let most = schema["maximum"].as_u64().unwrap_or(9).min(9);
                json!(
                    self.rng
                        .random_range(schema["minimum"].as_u64().unwrap_or(0)..=most)
                )
            }
            Some("number") => json!(self.rng.random_range(0.0..=schema["maximum"].as_f64().unwrap())),
            Some("string") => json!(self.text(schema["pattern"].as_str().unwrap_or_default())),
            Some("array") => self.array(schema),
            Some("object") => self.object(schema),
            other => panic!("no values of {other:?}: {schema}"),
        }
    }

    /// A value of a named schema; hashes, addresses and bytes are often those of the chain.
    fn named(&mut self, name: &str) -> Value {
        let known = match name {
            "Hash" => &self.known.hashes,
            "Address" => &self.known.addresses,
            "Bytes" => &self.known.raws,
            "FilterId" => &self.known.filters,
            _ => &Vec::new(),
        };
        if !known.is_empty() && self.rng.random_bool(0.8) {
            return known.choose(&mut self.rng).unwrap().clone();
        }
        match name {
            "Hash" => json!(self.hex(32)),
            "Address" => json!(self.hex(20)),
            "Bytes" => {
                let length = self.rng.random_range(0..40);
                json!(self.hex(length))
            }
            "StorageMap" => json!({ self.hex(32): self.hex(32), format!("0x{:064x}", 0): self.hex(32) }),
            _ => self.value(DOCUMENT.schema(name)),
        }
    }

    fn text(&mut self, pattern: &str) -> String {
        match pattern {
            "^[0-9]{1,2}s$" => "5s".into(),
            "" => "text".into(),
            // Every other pattern of a parameter admits a small number in hexadecimal.
            _ => format!("{:#x}", self.rng.random_range(0..16)),
        }
    }

    fn hex(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.rng.fill_bytes(&mut bytes);
        hex::encode_prefixed(bytes)
    }

    fn array(&mut self, schema: &Value) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let most = schema["maxItems"].as_u64().unwrap_or(3).min(3).max(least);
        let length = self.rng.random_range(least..=most);
        let mut items: Vec<Value> = (0..length).map(|_| self.value(&schema["items"])).collect();
        if schema["uniqueItems"] == true {
            items.dedup();
        }
        if schema["description"] == "Ascending" {
            items.sort_by(|a, b| a.as_f64().unwrap().total_cmp(&b.as_f64().unwrap()));
        }
        json!(items)
    }

    fn object(&mut self, schema: &Value) -> Value {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if required.contains(&json!(name)) || self.rng.random_bool(0.4) {
                object.insert(name.clone(), self.value(property));
            }
        }
        for (pattern, property) in schema["patternProperties"].as_object().into_iter().flatten() {
            let name = match pattern.as_str() {
                "^0x[0-9a-fA-F]{40}$" => self.named("Address").as_str().unwrap().to_owned(),
                other => panic!("no names like {other}"),
            };
            object.insert(name, self.value(property));
        }
        Value::Object(object)
    }
}
