//! An adversary who has the whole chain, and the databases of agencies that were not asked, tries to find out which cases
//! are of one person. What it tries: equal bytes, keys and addresses, lengths, nonces and funding, and traces in databases.

#![expect(dead_code, reason = "the world of the other tests is used in part")]

#[path = "../it/chain.rs"]
mod chain;
#[path = "../it/delegates.rs"]
mod delegates;
#[path = "../it/tokens.rs"]
mod tokens;
#[path = "../it/wallet.rs"]
mod wallet;
#[path = "../it/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{ReceiptEnvelope, Transaction, TxEnvelope};
use alloy_eips::Decodable2718;
use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolEvent;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Column, Row};
use zhengtong_bindings::allowances::Allowances::{KeyPublished, TokenRedeemed};
use zhengtong_bindings::cases::Cases::FactsAttested;
use zhengtong_bindings::{addresses, allowance_message};
use zhengtong_gateway::app::clock::Clock;
use zhengtong_vault::sql::{Access, connect, sqlite_url};

use crate::chain::CHAIN_ID;
use crate::delegates::Given;
use crate::wallet::{OwnCase, Wallet, commitment};
use crate::world::{World, population};

const SERVICE: &str = "old-age-allowance";
/// Agencies that the service asks, and those it does not.
const ASKED: [&str; 3] = ["public-security", "health", "civil-affairs"];
const OTHERS: [&str; 2] = ["human-resources", "disabled-federation"];
/// Equal runs that are looked for.
const RUN_BYTES: usize = 8;
/// Bytes of a run that are not zero, at least. Padding has runs of zeros, and a random byte beside it is shared by chance.
const TELLING_BYTES: usize = 6;
/// Candidates for somebody with the same facts that are tried at most.
const MAX_TWINS: i64 = 24;
/// A transaction's length, as far as it may tell something: whether the case's key sent it, what it called, how long the
/// call is.
type Length = (bool, Option<Address>, usize);

/// What the chain shows about one case.
struct Seen {
    person: usize,
    /// Calls and events about it, one after the other.
    bytes: Vec<u8>,
    lengths: Vec<Length>,
    /// Nonces of the case's key.
    nonces: Vec<u64>,
    id: B256,
    key: Address,
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

impl Seen {
    /// Takes a piece up, apart from the one before: a byte that is the same by chance, beside an event's constant first topic, is
    /// no run.
    fn piece(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.bytes.extend_from_slice(&[0; RUN_BYTES]);
    }
}

fn seen(world: &World, person: usize, case: &OwnCase) -> Seen {
    let key = case.key.address();
    let mut found = Seen {
        person,
        bytes: Vec::new(),
        lengths: Vec::new(),
        nonces: Vec::new(),
        id: case.id,
        key,
    };
    for (transactions, receipts) in world.chain.public_blocks() {
        for (raw, receipt) in transactions.iter().zip(&receipts) {
            let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).unwrap();
            let sender = transaction.recover_signer().unwrap();
            let is_about = contains(raw, case.id.as_slice()) || contains(receipt, case.id.as_slice());
            if sender != key && !is_about {
                continue;
            }
            // The call and the events. Signatures are new each time; the gas used follows from the call.
            found.piece(transaction.input());
            let receipt = ReceiptEnvelope::decode_2718(&mut receipt.as_ref()).unwrap();
            for log in receipt.logs() {
                for topic in log.topics() {
                    found.piece(topic.as_slice());
                }
                found.piece(&log.data.data);
            }
            let length = transaction.input().len();
            found.lengths.push((sender == key, transaction.to(), length));
            if sender == key {
                found.nonces.push(transaction.nonce());
            }
            assert!(transaction.value().is_zero(), "a payment would link its two ends");
        }
    }
    found
}

/// What the agencies said in a case.
fn facts(world: &World, case: &OwnCase) -> BTreeSet<(u32, Vec<i32>)> {
    let logs = world.chain.logs(addresses().cases);
    logs.iter()
        .filter_map(|log| FactsAttested::decode_log(log).ok())
        .filter(|event| event.id == case.id)
        .map(|event| (event.mask, event.values.clone()))
        .collect()
}

/// Another resident of whom the agencies say the same as of this one, and their first case.
async fn twin(world: &World, one: &Wallet, case: &OwnCase) -> (Wallet, OwnCase) {
    let (_, prepared) = population().await;
    let police = connect(&prepared.databases["public-security"], Access::ReadOnly)
        .await
        .unwrap();
    let rows = sqlx::query(
        "SELECT p.number, c.code, p.name FROM person p JOIN pickup_code c ON c.number = p.number \
         JOIN registration r ON r.number = p.number WHERE substr(p.number, 7, 4) = $1 AND p.number <> $2 \
         AND r.status = 'registered' ORDER BY p.number LIMIT $3",
    )
    .bind(one.number[6..10].to_owned())
    .bind(one.number.clone())
    .bind(MAX_TWINS)
    .fetch_all(&police)
    .await
    .unwrap();
    let wanted = facts(world, case);
    for (row, seed) in rows.iter().zip(100..) {
        let text = |index: usize| row.get::<String, _>(index);
        let wallet = world.wallet_of(&text(0), &text(1), &text(2)).await;
        let own = world.apply(&wallet, seed, SERVICE).await;
        if facts(world, &own) == wanted {
            return (wallet, own);
        }
    }
    panic!("no resident like the first among {}", rows.len());
}

#[tokio::test]
async fn nobody_finds_two_cases_of_one_person_by_bytes_keys_lengths_nonces_or_funding() {
    let mut world = World::new().await;
    world.require_tokens().await;
    let one = world.wallet("approved-66").await;
    let first = world.apply(&one, 1, SERVICE).await;
    let (twin, of_twin) = twin(&world, &one, &first).await;
    let other = world.wallet("approved-70").await;
    let mut counted = Vec::new();
    for (wallet, secret) in [
        (&one, "one"),
        (&twin, "twin"),
        (&other, "other"),
        (&one, "one again"),
    ] {
        let leaf = commitment(secret);
        let answer = world.enrol(wallet, &leaf.to_string()).await;
        let seat: B256 = answer.json["seat"].as_str().unwrap().parse().unwrap();
        assert_eq!(world.app(ASKED[0]).enter_people().await.unwrap(), 1, "{secret}");
        counted.push((leaf, seat));
    }
    // Two people of whom every agency says the same, and a third.
    let mut cases = vec![(0, first), (1, of_twin)];
    for (person, wallet, seed) in [(2, &other, 3), (0, &one, 4), (1, &twin, 5), (2, &other, 6)] {
        // Times differ as they do in life; they are the same distance apart for everybody.
        world.advance(Duration::from_secs(3_600));
        cases.push((person, world.apply(wallet, seed, SERVICE).await));
    }
    let all: Vec<_> = cases
        .iter()
        .map(|(person, case)| seen(&world, *person, case))
        .collect();
    // Opening, and of three agencies each a use and facts.
    assert!(all.iter().all(|case| case.lengths.len() >= 7));

    // Equal bytes in two cases of one person that no case of somebody with the same facts has. What follows from facts is
    // the same for both of them: facts are public.
    let runs: Vec<BTreeSet<&[u8]>> = all
        .iter()
        .map(|case| {
            let telling = |run: &&[u8]| run.iter().filter(|byte| **byte != 0).count() >= TELLING_BYTES;
            case.bytes.windows(RUN_BYTES).filter(telling).collect()
        })
        .collect();
    let mut compared = 0;
    for (one, case) in all.iter().enumerate().filter(|(_, case)| case.person < 2) {
        let same = |(_, other): &(usize, &Seen)| other.person == case.person;
        for (two, other) in all.iter().enumerate().skip(one + 1).filter(same) {
            let strangers = || {
                let others = all.iter().zip(&runs);
                others.filter(|(stranger, _)| stranger.person != case.person)
            };
            let linking: Vec<_> = runs[one]
                .intersection(&runs[two])
                .filter(|run| !strangers().any(|(_, runs)| runs.contains(*run)))
                .map(hex::encode)
                .collect();
            assert_eq!(
                linking,
                Vec::<String>::new(),
                "{} and {} share",
                case.id,
                other.id
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 2, "two people, two cases each");
    // Nor does the register of people lead to a case: whoever knows whose leaf and seat these are finds none by them.
    for (leaf, seat) in &counted {
        assert!(
            contains(&world.chain.public_bytes(), leaf.as_slice()),
            "in the register"
        );
        for case in &all {
            assert!(
                !contains(&case.bytes, &leaf[1..]) && !contains(&case.bytes, seat.as_slice()),
                "{} names a leaf or a seat",
                case.id
            );
        }
    }
    // Keys and ids are of one case each, and no case names another one's.
    let keys: BTreeSet<_> = all.iter().map(|case| case.key).collect();
    let ids: BTreeSet<_> = all.iter().map(|case| case.id).collect();
    assert_eq!((keys.len(), ids.len()), (all.len(), all.len()));
    for case in &all {
        for other in all.iter().filter(|other| other.id != case.id) {
            assert!(
                !contains(&case.bytes, other.key.as_slice()),
                "{} names the key of {}",
                case.id,
                other.id
            );
            assert!(
                !contains(&case.bytes, other.id.as_slice()),
                "{} names {}",
                case.id,
                other.id
            );
        }
        // A key begins with nothing: no transaction funded it, and its nonces are its own.
        let own: Vec<_> = (0..case.nonces.len() as u64).collect();
        assert_eq!(case.nonces, own, "{}", case.id);
    }
    // Lengths: what is as long as it is for one person is so for everybody who went the same way.
    let mut by_length: BTreeMap<&[Length], BTreeSet<usize>> = BTreeMap::new();
    for case in &all {
        by_length.entry(&case.lengths).or_default().insert(case.person);
    }
    for people in by_length.values() {
        assert_eq!(people.len(), 3, "the lengths of a case tell whose it is");
    }
}

/// Opens a case under a delegation, with a token of the delegate's own, and tells everybody of it.
async fn apply_for(world: &World, given: &Given, index: usize, delegate: &Wallet) {
    let case = given.case(index);
    let (token, blinded) = world.allowance_token(delegate, case.key.address()).await;
    let call = world.opening(case, SERVICE, &token);
    world.chain.submit(&case.key, addresses().cases, &call);
    world.blinded.lock().extend(blinded);
    for organisation in ASKED {
        let rest = given.link(index, delegate, organisation, world.clock.now_s());
        let body = case.seal(&rest, organisation, world.encryption(organisation));
        let answer = world.post(organisation, "/v1/links", &body).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    }
    world.settle().await;
}

/// Everything by a key that is not a case's: calls and events.
fn bytes_of_key(world: &World, key: Address) -> Vec<u8> {
    let mut found = key.to_vec();
    for (transactions, receipts) in world.chain.public_blocks() {
        for (raw, receipt) in transactions.iter().zip(&receipts) {
            let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).unwrap();
            if transaction.recover_signer().unwrap() != key {
                continue;
            }
            found.extend_from_slice(transaction.input());
            let receipt = ReceiptEnvelope::decode_2718(&mut receipt.as_ref()).unwrap();
            for log in receipt.logs() {
                found.extend(log.topics().iter().flat_map(|topic| topic.0));
                found.extend_from_slice(&log.data.data);
            }
        }
    }
    found
}

#[tokio::test]
async fn nobody_joins_cases_under_a_delegation_with_it_or_with_each_other_or_with_either_persons_own() {
    let mut world = World::new().await;
    world.require_tokens().await;
    let one = world.wallet("approved-66").await;
    let carer = world.wallet("approved-70").await;
    let own = world.apply(&one, 1, SERVICE).await;
    let (twin, of_twin) = twin(&world, &one, &own).await;
    // Two delegations between the same people, and one of somebody of whom the agencies say the same.
    let (given, again) = (Given::new(1, &one, &carer), Given::new(2, &one, &carer));
    let others = Given::new(3, &twin, &carer);
    for given in [&given, &again, &others] {
        given.register(&world);
    }
    world.settle().await;
    for (given, index) in [(&given, 0), (&others, 0), (&given, 1), (&again, 0)] {
        world.advance(Duration::from_secs(3_600));
        apply_for(&world, given, index, &carer).await;
    }
    world.advance(Duration::from_secs(3_600));
    let of_carer = world.apply(&carer, 6, SERVICE).await;
    given.end(&world);
    others.end(&world);

    let mine = [&own, given.case(0), given.case(1), again.case(0), &of_carer];
    let strangers = [&of_twin, others.case(0)];
    let telling = |bytes: &[u8]| -> BTreeSet<Vec<u8>> {
        let runs = bytes.windows(RUN_BYTES);
        runs.filter(|run| run.iter().filter(|byte| **byte != 0).count() >= TELLING_BYTES)
            .map(<[u8]>::to_vec)
            .collect()
    };
    let of_cases = |cases: &[&OwnCase]| -> Vec<BTreeSet<Vec<u8>>> {
        cases
            .iter()
            .map(|case| {
                let seen = seen(&world, 0, case);
                assert!(seen.lengths.len() >= 7, "opened, and asked of three agencies");
                telling(&seen.bytes)
            })
            .collect()
    };
    let of_keys = |all: &[&Given]| -> Vec<BTreeSet<Vec<u8>>> {
        all.iter()
            .map(|given| telling(&bytes_of_key(&world, given.key.address())))
            .collect()
    };
    // What joins two of them must be in none of a stranger's, who went the same way.
    let (mut mine, mut public) = (of_cases(&mine), of_cases(&strangers));
    mine.extend(of_keys(&[&given, &again]));
    public.extend(of_keys(&[&others]));
    let mut compared = 0;
    for (at, runs) in mine.iter().enumerate() {
        assert!(!runs.is_empty());
        for (beside, other) in mine.iter().enumerate().skip(at + 1) {
            let joining: Vec<_> = runs
                .intersection(other)
                .filter(|run| !public.iter().any(|runs| runs.contains(*run)))
                .map(hex::encode)
                .collect();
            assert_eq!(joining, Vec::<String>::new(), "{at} and {beside} share");
            compared += 1;
        }
    }
    assert_eq!(compared, 7 * 6 / 2);
    // Nor does the chain hold the terms, whom they are between, or the tree of cases, in any of the forms they have elsewhere.
    let public = world.chain.public_bytes();
    for given in [&given, &again, &others] {
        let terms = &given.terms;
        let word = |name: &str| hex::decode(&terms[name].as_str().unwrap()[2..]).unwrap();
        for bytes in [
            word("id"),
            word("cases"),
            terms["delegate"].as_str().unwrap().as_bytes().to_vec(),
        ] {
            assert!(memchr::memmem::find(&public, &bytes).is_none());
        }
        assert!(
            contains(&public, given.document().as_slice()),
            "what is compared is there"
        );
    }
}

/// Every text in a database, as (table, column, text).
async fn values(world: &World, organisation: &str, file: &str) -> Vec<(String, String, String)> {
    let path = world.folder.path().join(organisation).join(file);
    let pool = connect(&sqlite_url(&path), Access::ReadOnly).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&pool)
        .await
        .unwrap();
    let mut out = Vec::new();
    for table in tables {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}")))
            .fetch_all(&pool)
            .await
            .unwrap();
        for row in rows {
            for (index, column) in row.columns().iter().enumerate() {
                if let Ok(Some(text)) = row.try_get::<Option<String>, _>(index) {
                    out.push((table.clone(), column.name().to_owned(), text));
                }
            }
        }
    }
    out
}

#[tokio::test]
async fn agencies_that_were_not_asked_have_no_trace_of_a_case_and_those_asked_have_no_name_in_common() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let first = world.apply(&wallet, 1, SERVICE).await;
    world.advance(Duration::from_secs(3_600));
    let second = world.apply(&wallet, 2, SERVICE).await;
    for organisation in OTHERS {
        for file in ["gateway.sqlite", "vault.sqlite"] {
            for (table, column, text) in values(&world, organisation, file).await {
                for case in [&first, &second] {
                    for trace in [format!("{:x}", case.id), format!("{:x}", case.key.address())] {
                        assert!(
                            !text.contains(&trace),
                            "{organisation} {table}.{column} holds a case"
                        );
                    }
                }
            }
        }
    }
    // An agency that is asked twice knows that: it is shown the number. Two agencies together learn no more, because the
    // names under which they keep a person are different, and nothing else of the person is outside the vault.
    let mut names = Vec::new();
    for organisation in ASKED {
        let found: BTreeSet<_> = values(&world, organisation, "gateway.sqlite")
            .await
            .into_iter()
            .filter(|(table, column, _)| table == "links" && column == "subject")
            .map(|(_, _, text)| text)
            .collect();
        assert_eq!(found.len(), 1, "{organisation} keeps one person under one name");
        names.extend(found);
    }
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), ASKED.len());
    // What two agencies' vaults have in common about these cases is what the chain says of them.
    let public = world.chain.public_bytes();
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let mine: BTreeSet<_> = values(&world, ASKED[one], "vault.sqlite")
            .await
            .into_iter()
            .map(|(.., text)| text)
            .collect();
        for (table, column, text) in values(&world, ASKED[other], "vault.sqlite").await {
            let is_public = |text: &str| {
                let digits = text
                    .trim_start_matches("0x")
                    .split('/')
                    .next()
                    .unwrap_or_default();
                hex::decode(digits).is_ok_and(|bytes| contains(&public, &bytes))
            };
            let is_word = text.len() < RUN_BYTES * 2;
            assert!(
                is_word || !mine.contains(&text) || is_public(&text),
                "{table}.{column} joins two agencies"
            );
        }
    }
}

/// What the authority that signs tokens has of them: its databases, its keys, and, should it have kept them, all messages
/// to and fro. None of it stands on the chain in any form, and the chain's tokens are all by one key a day, so that no key
/// tells people apart.
#[tokio::test]
async fn the_authority_that_signs_tokens_finds_none_of_them_on_the_chain() {
    let mut world = World::new().await;
    world.require_tokens().await;
    let (one, other) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let mut cases = Vec::new();
    // Taken by turns, and opened in another order.
    for (seed, wallet) in [(1, &one), (2, &other), (3, &one), (4, &other)] {
        let case = OwnCase::new(
            seed,
            serde_json::json!({ "payment_channel": "social-security-card" }),
        )
        .of(wallet);
        let (token, blinded) = world.allowance_token(wallet, case.key.address()).await;
        world.blinded.lock().extend(blinded);
        cases.push((case, token));
    }
    cases.rotate_left(1);
    cases.swap(0, 2);
    for (case, token) in &cases {
        let call = world.opening(case, SERVICE, token);
        world.chain.submit(&case.key, addresses().cases, &call);
    }

    // What the chain shows of tokens: nonce, signature, and the hash under which it is spent.
    let window = world.window();
    let shown: Vec<Vec<u8>> = cases
        .iter()
        .flat_map(|(case, token)| {
            let message = allowance_message(CHAIN_ID, addresses().allowances, window, case.key.address());
            let spent = keccak256([token.nonce.as_slice(), &message].concat());
            let hashed = Sha256::digest([token.nonce.as_slice(), &message].concat());
            [
                token.nonce.to_vec(),
                token.signature.clone(),
                spent.to_vec(),
                hashed.to_vec(),
            ]
        })
        .collect();
    let public = world.chain.public_bytes();
    for index in (0..shown.len()).step_by(4) {
        assert!(
            shown[index..index + 3]
                .iter()
                .all(|bytes| contains(&public, bytes)),
            "what is compared is there"
        );
    }

    // What the authority has: its databases, and what went to and fro.
    let mut held: Vec<Vec<u8>> = Vec::new();
    for file in ["gateway.sqlite", "vault.sqlite"] {
        for (_, _, text) in values(&world, tokens::AUTHORITY, file).await {
            held.push(hex::decode(text.trim_start_matches("0x")).unwrap_or_default());
            held.push(text.into_bytes());
        }
    }
    let sent: Vec<Vec<u8>> = world
        .blinded
        .lock()
        .iter()
        .map(|text| URL_SAFE_NO_PAD.decode(text).unwrap())
        .collect();
    let digests: Vec<Vec<u8>> = sent.iter().map(|bytes| Sha256::digest(bytes).to_vec()).collect();
    let kept = values(&world, tokens::AUTHORITY, "gateway.sqlite").await;
    let counted = |digest: &Vec<u8>| {
        let text = hex::encode(digest);
        kept.iter()
            .any(|(table, column, kept)| table == "allowance_signed" && column == "digest" && *kept == text)
    };
    assert_eq!(
        digests.iter().filter(|digest| counted(digest)).count(),
        cases.len(),
        "it did count"
    );
    held.extend(sent.iter().cloned());
    for token in &shown {
        let (hex, base64) = (hex::encode(token), URL_SAFE_NO_PAD.encode(token));
        for trace in [&token[..16], hex.as_bytes(), base64.as_bytes()] {
            let found = held
                .iter()
                .any(|have| memchr::memmem::find(have, trace).is_some());
            assert!(!found, "the authority holds a token");
        }
    }
    // Nor does the chain hold what was blinded, its signature, or a digest of them.
    for bytes in sent.iter().chain(&digests) {
        assert!(
            memchr::memmem::find(&public, &bytes[..16]).is_none(),
            "the chain holds what was blinded"
        );
    }
    // One key for everybody: the contract verified all by it, and there is no other for the day.
    let keys = world.chain.logs(addresses().allowances);
    let published: Vec<_> = keys
        .iter()
        .filter_map(|log| KeyPublished::decode_log(log).ok())
        .collect();
    assert_eq!(published.iter().filter(|event| event.window == window).count(), 1);
    assert_eq!(
        keys.iter()
            .filter(|log| TokenRedeemed::decode_log(log).is_ok())
            .count(),
        cases.len()
    );
}
