//! Random requests, valid by the OpenRPC document and then mutated: no answer is a fault of the node, every result has its
//! shape, every error a described code.
//!
//! Read from the environment: `ROUNDS`, how often each method is asked (20), or `MINUTES`, how long; `SEED`; `RPC_URL`, a
//! running `zhengtong dev` to ask in the place of a chain in memory; and `RPC_PID`, its process, whose memory must stay
//! flat then. A failure names the seed.

use crate::{
    generate::{Known, Random},
    memory::Memory,
    node::Node,
    schema::DOCUMENT,
    wire::Wire,
};
use rand::{RngExt as _, seq::IndexedRandom as _};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// How long to go on.
enum Length {
    Rounds(u64),
    Until(Instant),
}

impl Length {
    fn from_environment() -> Self {
        match setting("MINUTES") {
            Some(minutes) => Self::Until(Instant::now() + Duration::from_secs(60 * minutes)),
            None => Self::Rounds(setting("ROUNDS").unwrap_or(20)),
        }
    }

    fn is_over(&self, round: u64) -> bool {
        match self {
            Self::Rounds(rounds) => round >= *rounds,
            Self::Until(end) => Instant::now() >= *end,
        }
    }
}

/// Why a well-formed request that the document admits may still be refused by one of its parameters: what no schema says.
const BEYOND_SCHEMA: [&str; 3] = [
    "has code that is an EIP-7702 delegation",
    "accounts and slots, at most",
    "does not belong to this kind",
];

#[tokio::test(flavor = "multi_thread")]
async fn random_requests_are_answered_properly() {
    let (length, first) = (Length::from_environment(), setting("SEED").unwrap_or(1));
    let local = Node::instant().await;
    let node = std::env::var("RPC_URL").map_or_else(|_| Wire::clone(&local), Wire::to);
    let known = Known::of(&node).await;
    let mut memory = setting("RPC_PID").map(|pid| Memory::of(pid.try_into().unwrap()));
    let mut round = 0;
    while !length.is_over(round) {
        let seed = first + round;
        round += 1;
        let mut random = known.random(seed);
        let mut batch = Vec::new();
        for method in DOCUMENT.methods() {
            let name = method["name"].as_str().unwrap();
            let mut params = valid(&mut random, method);
            let answer = ask(&node, name, &params).await;
            let context = format!("SEED={seed} {name} {}", json!(params));
            check(name, &answer, &context);
            let message = answer["error"]["message"].as_str().unwrap_or_default();
            let is_misread = ["invalid argument", "missing value", "too many arguments"]
                .iter()
                .any(|start| message.starts_with(start));
            let is_excused =
                method["deprecated"] == true || BEYOND_SCHEMA.iter().any(|end| message.contains(end));
            assert!(!is_misread || is_excused, "{context}: {message}");
            for _ in 0..3 {
                mutate(&mut random, &mut params);
                let answer = ask(&node, name, &params).await;
                check(name, &answer, &format!("SEED={seed} {name} {}", json!(params)));
            }
            batch.push(json!({ "jsonrpc": "2.0", "id": name, "method": name, "params": params }));
        }
        check_batch(&node, &json!(batch), seed).await;
        check_bytes(&node, &mut random, &json!(batch), seed).await;
        memory.iter_mut().for_each(Memory::look);
    }
    println!(
        "{round} rounds of {} methods from seed {first}",
        DOCUMENT.methods().count()
    );
    if let Some(memory) = memory {
        println!("{}", memory.require_flat());
    }
}

fn valid(random: &mut Random<'_>, method: &Value) -> Vec<Value> {
    let mut params = Vec::new();
    for param in method["params"].as_array().unwrap() {
        if param["required"] != true && random.rng.random_bool(0.3) {
            break;
        }
        params.push(random.value(&param["schema"]));
    }
    params
}

async fn ask(node: &Wire, method: &str, params: &[Value]) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let (_, answer) = node.post(body.to_string()).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["id"], 1);
    answer
}

/// The answer is a result of the described shape, or an error of a described kind that is not the node's fault.
fn check(method: &str, answer: &Value, context: &str) {
    assert_eq!(answer["jsonrpc"], "2.0", "{context}: {answer}");
    match (answer.get("result"), answer.get("error")) {
        (Some(result), None) => {
            let complaint = DOCUMENT.complaint(method, result);
            assert_eq!(complaint, None, "{context}: {result}");
        }
        (None, Some(error)) => {
            let code = error["code"].as_i64().unwrap();
            assert!(
                DOCUMENT.error_codes.contains(&code) && code != -32603,
                "{context}: {error}"
            );
            assert!(
                error["message"].as_str().is_some_and(|text| !text.is_empty()),
                "{context}: {error}"
            );
        }
        _ => panic!("{context}: {answer}"),
    }
}

async fn check_batch(node: &Wire, batch: &Value, seed: u64) {
    let (_, answers) = node.post(batch.to_string()).await;
    let answers: Vec<Value> = serde_json::from_str(&answers).unwrap();
    let requests = batch.as_array().unwrap();
    assert_eq!(answers.len(), requests.len(), "SEED={seed}");
    for (request, answer) in requests.iter().zip(&answers) {
        assert_eq!(answer["id"], request["id"], "SEED={seed}");
        check(
            request["method"].as_str().unwrap(),
            answer,
            &format!("SEED={seed} {request}"),
        );
    }
}

/// Requests whose very bytes are damaged get an error, or an answer if the damage does not matter.
async fn check_bytes(node: &Wire, random: &mut Random<'_>, batch: &Value, seed: u64) {
    for request in batch.as_array().unwrap() {
        let mut bytes = request.to_string().into_bytes();
        for _ in 0..random.rng.random_range(1..4) {
            let at = random.rng.random_range(0..bytes.len());
            match random.rng.random_range(0..3) {
                0 => bytes[at] = random.rng.random(),
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, *b"{}[]\",:0\\".choose(&mut random.rng).unwrap()),
            }
        }
        let (status, answer) = node.post(bytes).await;
        assert!(
            status == 200 || (400..500).contains(&status),
            "SEED={seed} {status} {request}: {answer}"
        );
        let answer: Value = match answer.as_str() {
            // A request without an id is a notification.
            "" => continue,
            text => serde_json::from_str(text).unwrap_or_else(|_| panic!("SEED={seed} {request}: {text}")),
        };
        assert_ne!(answer["error"]["code"], -32603, "SEED={seed} {request}: {answer}");
    }
}

/// Damages one value somewhere inside.
fn mutate(random: &mut Random<'_>, params: &mut Vec<Value>) {
    match random.rng.random_range(0..10) {
        0 => params.push(junk(random)),
        1 if !params.is_empty() => {
            let at = random.rng.random_range(0..params.len());
            params.remove(at);
        }
        2 if params.len() > 1 => params.reverse(),
        _ => {
            let mut whole = Value::Array(std::mem::take(params));
            damage(random, &mut whole);
            *params = whole.as_array().cloned().unwrap_or_default();
        }
    }
}

fn damage(random: &mut Random<'_>, value: &mut Value) {
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        Value::String(text) if !text.is_empty() && random.rng.random_bool(0.5) => {
            let mut letters: Vec<char> = text.chars().collect();
            let at = random.rng.random_range(0..letters.len());
            match random.rng.random_range(0..3) {
                0 => letters.truncate(at),
                1 => {
                    letters[at] = *['f', 'F', '0', 'x', 'g', '-', '\u{fffd}']
                        .choose(&mut random.rng)
                        .unwrap()
                }
                _ => letters.insert(at, 'f'),
            }
            *text = letters.into_iter().collect();
            return;
        }
        _ => return *value = junk(random),
    };
    let count = inner.len();
    if count == 0 {
        return;
    }
    let chosen = inner.into_iter().nth(random.rng.random_range(0..count)).unwrap();
    if random.rng.random_bool(0.2) {
        *chosen = junk(random);
    } else {
        damage(random, chosen);
    }
}

/// Something that no parameter wants.
fn junk(random: &mut Random<'_>) -> Value {
    let mut deep = json!([]);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let all = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(0),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("0x"),
        json!("0xffffffffffffffff"),
        json!(format!("0x{}", "f".repeat(64))),
        json!(format!("0x{}", "f".repeat(65))),
        json!("0x".to_owned() + &"ab".repeat(5_000)),
        json!("latest"),
        json!({}),
        json!([]),
        json!({ "from": "0x", "blockHash": null, "input": [] }),
        deep,
    ];
    all.choose(&mut random.rng).unwrap().clone()
}
