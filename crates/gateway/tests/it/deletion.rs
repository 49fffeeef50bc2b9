//! Deleting a person, the orders that forbid it, and retention.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use alloy_primitives::B256;
use alloy_sol_types::SolEvent;
use axum::http::StatusCode;
use serde_json::json;
use sqlx::Row;
use zhengtong_bindings::cases::Cases::{appealCall, refuseCall};
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_bindings::{addresses, slug, statute_id};
use zhengtong_gateway::app::clock::Clock;
use zhengtong_gateway::app::deletion::{Cause, DeletionError, deletion_text};
use zhengtong_gateway::app::link::recover;
use zhengtong_gateway::app::requests::receipt_text;
use zhengtong_gateway::app::retention::Retention;
use zhengtong_gateway::app::use_record;
use zhengtong_vault::sql::{Access, connect, sqlite_url};
use zhengtong_vault::{Record, ResidentNumber, Secret, Subject, VaultError};

use crate::world::{OWNER, World, officer};

const SERVICE: &str = "old-age-allowance";
const AGENCIES: [&str; 3] = ["public-security", "health", OWNER];

pub fn number(text: &str) -> ResidentNumber {
    ResidentNumber::parse(text).unwrap()
}

/// Every byte below a folder, but of the key files, that the operator keeps.
pub fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(bytes_below(&path));
        } else if path.extension().is_none_or(|kind| kind != "key") {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    bytes
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// What an organisation's vault has: (subject, kind, name, key id, sealed), and the wrapped keys by id.
pub async fn vault_rows(world: &World, organisation: &str) -> (Vec<[String; 5]>, Vec<(String, String)>) {
    let file = world.folder.path().join(organisation).join("vault.sqlite");
    let pool = connect(&sqlite_url(&file), Access::ReadOnly).await.unwrap();
    let records = sqlx::query("SELECT subject, kind, name, key_id, sealed FROM vault_records")
        .fetch_all(&pool)
        .await
        .unwrap();
    let keys = sqlx::query("SELECT key_id, wrapped FROM vault_keys")
        .fetch_all(&pool)
        .await
        .unwrap();
    (
        records
            .iter()
            .map(|row| [0, 1, 2, 3, 4].map(|index| row.get::<String, _>(index)))
            .collect(),
        keys.iter().map(|row| (row.get(0), row.get(1))).collect(),
    )
}

#[tokio::test]
async fn deleting_a_person_makes_every_ciphertext_about_them_dark_and_nothing_else() {
    let world = World::new().await;
    let (gone, stays) = (
        world.wallet("refused-64").await,
        world.wallet("approved-66").await,
    );
    let case = world.apply(&gone, 1, SERVICE).await;
    let other = world.apply(&stays, 2, SERVICE).await;
    // An officer writes a reason and refuses; the applicant appeals: statements of both are kept.
    let bearer = world.bearer(OWNER, 0).await;
    let path = format!("/v1/desk/cases/{:#x}/statements", case.id);
    let reason = json!({ "text": "申请人在申请之日未满六十五周岁。" })
        .to_string()
        .into_bytes();
    let written = world.request(OWNER, "POST", &path, &bearer, reason.into()).await;
    let statement: B256 = written.json["hash"].as_str().unwrap().parse().unwrap();
    let call = refuseCall {
        id: case.id,
        row: 1,
        reason: slug("age-below-65"),
        statute: statute_id("沪府发〔2016〕24号", "一"),
        statement,
    };
    world.chain.submit(&officer(OWNER, 0), addresses().cases, &call);
    world.settle().await;
    let appeal = json!({ "text": "我认为年龄计算有误。", "salt": B256::repeat_byte(7) });
    let path = format!("/v1/cases/{:#x}/appeal", case.id);
    let taken = world.as_case(&case, "POST", &path, Some(appeal)).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    let statement = taken.json["hash"].as_str().unwrap().parse().unwrap();
    world.chain.submit(
        &case.key,
        addresses().cases,
        &appealCall {
            id: case.id,
            statement,
        },
    );
    world.settle().await;

    let mut needles: Vec<Vec<u8>> = vec![gone.number.clone().into_bytes(), gone.name.clone().into_bytes()];
    let mut dead: BTreeSet<(&str, String)> = BTreeSet::new();
    let mut backup: Vec<(&str, [String; 5])> = Vec::new();
    for organisation in AGENCIES {
        let app = world.app(organisation);
        let subject = app.vault.resident(&number(&gone.number)).to_hex();
        let of_case = app.vault.applicant(&case.id.0).to_hex();
        let (records, keys) = vault_rows(&world, organisation).await;
        // Nothing personal is anywhere but under keys of people and cases: as many as there are.
        let about: Vec<_> = records
            .iter()
            .filter(|[whose, ..]| *whose == subject || *whose == of_case)
            .collect();
        assert!(!about.is_empty(), "{organisation}");
        let kinds: BTreeSet<_> = about.iter().map(|[_, kind, ..]| kind.as_str()).collect();
        if organisation == OWNER {
            assert_eq!(kinds, BTreeSet::from(["link", "statement"]));
        }
        for row @ [_, _, _, key_id, _] in about {
            dead.insert((organisation, key_id.clone()));
            backup.push((organisation, row.clone()));
        }
        for (key_id, wrapped) in keys {
            if dead.contains(&(organisation, key_id.clone())) {
                needles.push(wrapped.clone().into_bytes());
                needles.push(hex::decode(&wrapped).unwrap());
            }
        }
        needles.push(subject.into_bytes());
        needles.push(hex::encode(case.use_secret(organisation)).into_bytes());
        // Before, the organisation can open what it wrote on the chain.
        assert!(
            app.usages(
                app.vault.resident(&number(&gone.number)).into(),
                Default::default(),
                0,
                9
            )
            .await
            .unwrap()
            .total
                > 0
        );
    }
    let held = bytes_below(world.folder.path());
    let found = needles.iter().filter(|needle| contains(&held, needle)).count();
    assert!(
        found >= 6,
        "wrapped keys and pseudonyms are on the disk before: {found}"
    );

    for organisation in AGENCIES {
        let row = world
            .app(organisation)
            .forget(&number(&gone.number))
            .await
            .unwrap();
        let killed: BTreeSet<_> = row
            .key_ids
            .split(',')
            .map(|id| (organisation, id.to_owned()))
            .collect();
        let expected: BTreeSet<_> = dead
            .iter()
            .filter(|(whose, _)| *whose == organisation)
            .cloned()
            .collect();
        assert!(killed.is_superset(&expected), "{organisation}");
        assert_eq!((row.cases, row.cause.as_str()), (1, "operator"));
        assert!(row.records >= 1);
        // The record is signed, and names nobody.
        let attester = world.app(organisation).attester.address();
        assert_eq!(
            recover(&row.signature, &deletion_text(organisation, &row)),
            Some(attester)
        );
        let listed = world.get(organisation, "/v1/deletions", &[]).await;
        assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
        assert_eq!(listed.json["items"][0]["signature"], row.signature);
    }

    let left = bytes_below(world.folder.path());
    for needle in &needles {
        assert!(
            !contains(&left, needle),
            "still on the disk: {}",
            String::from_utf8_lossy(needle)
        );
    }
    // The rows that somebody kept a copy of are dark too, put back where they were.
    for (organisation, row) in &backup {
        let [subject, kind, name, ..] = row;
        let file = world.folder.path().join(organisation).join("vault.sqlite");
        let pool = connect(&sqlite_url(&file), Access::ReadWrite).await.unwrap();
        let mut insert = sqlx::query(
            "INSERT INTO vault_records (subject, kind, name, key_id, sealed) VALUES ($1, $2, $3, $4, $5)",
        );
        for value in row {
            insert = insert.bind(value.clone());
        }
        insert.execute(&pool).await.unwrap();
        pool.close().await;
        let kind = if kind == "link" { "link" } else { "statement" };
        let record = Record { kind, name };
        let read = world
            .app(organisation)
            .vault
            .get(Subject::from_hex(subject).unwrap(), record)
            .await;
        assert!(
            matches!(read, Err(VaultError::Destroyed)),
            "{organisation} {kind} {name}"
        );
    }
    for organisation in AGENCIES {
        let app = world.app(organisation);
        // The other resident's are as they were.
        let usages = app
            .usages(
                app.vault.resident(&number(&stays.number)).into(),
                Default::default(),
                0,
                9,
            )
            .await;
        assert_eq!(usages.unwrap().total, 1, "{organisation}");
    }
    // On the chain nothing changed: the records are there, verify, and open with the resident's own secret alone.
    for log in world.chain.logs(addresses().uses) {
        let used = Used::decode_log(&log).unwrap();
        let owner = if used.caseId == case.id { &case } else { &other };
        let provider = AGENCIES
            .iter()
            .find(|slug_| slug(slug_) == used.provider)
            .unwrap();
        let secret = Secret::new(owner.use_secret(provider));
        assert!(use_record::open(&secret, 0, &used.ciphertext).is_some());
        let guess = Secret::new([0; 32]);
        assert!(use_record::open(&guess, 0, &used.ciphertext).is_none());
    }
    // Nothing is done twice, and the gateway goes on.
    world.settle().await;
    let third = world.apply(&stays, 3, SERVICE).await;
    assert_eq!(world.on_chain(&third).status, 4, "approved");
}

#[tokio::test]
async fn an_order_stops_a_deletion_is_seen_by_the_person_and_ends() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, SERVICE).await;
    let person = number(&wallet.number);
    let app = world.app("health");
    for (authority, reference, field) in [("", "x", "authority"), ("法院", " ", "reference")] {
        let refused = app.books().hold(&person, authority, reference, None).await;
        assert!(matches!(refused, Err(DeletionError::Text(name)) if name == field));
    }
    let until_ms = world.clock.now_ms() + 3_600_000;
    let timed = app
        .books()
        .hold(&person, "市监委", "监调〔2026〕7号", Some(until_ms))
        .await
        .unwrap();
    let open = app
        .books()
        .hold(&person, "区人民法院", "(2026)民初12号", None)
        .await
        .unwrap();
    let kept = crate::tracker::kept(&world, "health", &wallet).await;
    let holds = kept["holds"].as_array().unwrap();
    assert_eq!(holds.len(), 2);
    assert!(
        holds
            .iter()
            .any(|hold| hold["authority"] == "市监委" && hold["until_ms"] == until_ms)
    );
    assert!(
        holds
            .iter()
            .any(|hold| hold["reference"] == "(2026)民初12号" && hold["until_ms"].is_null())
    );
    assert_eq!(kept["cases"].as_array().unwrap().len(), 1);

    assert!(matches!(
        app.forget(&person).await,
        Err(DeletionError::Held { .. })
    ));
    assert!(app.books().release(&open.id).await.unwrap());
    assert!(
        !app.books().release(&open.id).await.unwrap(),
        "it is released once"
    );
    let refused = app.forget(&person).await;
    assert!(matches!(refused, Err(DeletionError::Held { id, .. }) if id == timed.id));
    assert!(app.store.deletions().await.unwrap().is_empty());
    world.advance(Duration::from_secs(3_600));
    assert!(app.forget(&person).await.is_ok());
    assert!(
        app.store.holds(None).await.unwrap().is_empty(),
        "the orders named the person: they are gone too"
    );
}

#[tokio::test]
async fn retention_removes_each_class_after_its_period_and_says_so() {
    let world = World::new().await;
    let (one, held) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let case = world.apply(&one, 1, SERVICE).await;
    let kept = world.apply(&held, 2, SERVICE).await;
    let open = world.wallet("refused-64").await;
    let open = world.apply(&open, 3, SERVICE).await;
    let app = world.app(OWNER);
    app.books()
        .hold(&number(&held.number), "法院", "1", None)
        .await
        .unwrap();
    let rules = "[credential]\ndays = 30\nbasis = \"档案\"\n[link]\ndays = 60\nbasis = \"档案\"\n";
    let rules = Retention::parse(rules).unwrap();
    let day = Duration::from_secs(24 * 3600);

    assert!(
        app.books().apply(&rules).await.unwrap().is_empty(),
        "nothing is old"
    );
    world.advance(day * 31);
    let runs = app.books().apply(&rules).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(
        (
            runs[0].class.as_str(),
            runs[0].cases,
            runs[0].records,
            runs[0].held
        ),
        ("credential", 1, 1, 1)
    );
    assert!(app.books().apply(&rules).await.unwrap().is_empty(), "once");
    let credential = |case: &crate::wallet::OwnCase| format!("/v1/cases/{:#x}/credential", case.id);
    let answer = world.as_case(&case, "GET", &credential(&case), None).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let answer = world.as_case(&kept, "GET", &credential(&kept), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);

    world.advance(day * 30);
    let runs = app.books().apply(&rules).await.unwrap();
    assert_eq!(
        (
            runs[0].class.as_str(),
            runs[0].cases,
            runs[0].records,
            runs[0].held
        ),
        ("link", 1, 1, 1)
    );
    // The case that an officer still has to decide keeps its form.
    let bearer = world.bearer(OWNER, 0).await;
    let file = world
        .get(OWNER, &format!("/v1/desk/cases/{:#x}", open.id), &bearer)
        .await;
    assert_eq!(file.json["form"], open.form);
    let file = world
        .get(OWNER, &format!("/v1/desk/cases/{:#x}", case.id), &bearer)
        .await;
    assert!(file.json["form"].is_null());

    let told = world.get(OWNER, "/v1/retention", &[]).await;
    assert_eq!(told.json["runs"].as_array().unwrap().len(), 2);
    assert_eq!(told.json["runs"][0]["class"], "link");
    let text = bytes_below(&world.folder.path().join(OWNER));
    assert!(!contains(&text, one.number.as_bytes()));
}

#[tokio::test]
async fn a_request_has_a_clock_a_receipt_and_a_reasoned_answer_and_granting_a_deletion_carries_it_out() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, SERVICE).await;
    let app = world.app(OWNER);
    let mine = crate::tracker::session(&world, OWNER, &wallet).await;
    let ask = |kind: &str, text: &str| json!({ "kind": kind, "text": text }).to_string().into_bytes();
    let post = async |path: &str, headers: &[(&'static str, String)], body: Vec<u8>| {
        world.request(OWNER, "POST", path, headers, body.into()).await
    };
    let path = "/v1/my/requests";
    let words = "我的住址登记有误。";
    let taken = post(path, &mine, ask("correct", words)).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    let request = &taken.json["request"];
    assert_eq!(request["article"], "第四十六条");
    let thirty_days_ms = 30 * 24 * 3600 * 1000;
    assert_eq!(request["due_ms"], world.clock.now_ms() + thirty_days_ms);
    let id = request["id"].as_str().unwrap().to_owned();
    let row = app.store.request(&id).await.unwrap().unwrap();
    let signer = recover(
        taken.json["receipt"].as_str().unwrap(),
        &receipt_text(OWNER, &row, words),
    );
    assert_eq!(signer, Some(app.attester.address()));
    assert!(
        !contains(&bytes_below(world.folder.path()), words.as_bytes()),
        "the words are in the vault"
    );
    for (body, field) in [
        (ask("forget", "x"), "body"),
        (ask("copy", " "), "text"),
        (ask("copy", &"字".repeat(2_001)), "text"),
    ] {
        let refused = post(path, &mine, body).await;
        assert_eq!(
            (refused.status, refused.field()),
            (StatusCode::BAD_REQUEST, field),
            "{}",
            refused.text
        );
    }
    assert_eq!(
        post(path, &[], ask("copy", "x")).await.status,
        StatusCode::UNAUTHORIZED
    );

    // It is overdue after its time, and an officer answers it once, with reasons.
    world.advance(Duration::from_millis(thirty_days_ms + 1));
    let bearer = world.bearer(OWNER, 0).await;
    let desk = world.get(OWNER, "/v1/desk/requests", &bearer).await;
    assert_eq!(
        (&desk.json["items"][0]["overdue"], &desk.json["items"][0]["text"]),
        (&json!(true), &json!(words))
    );
    let answer = |granted: bool, reason: &str| {
        json!({ "granted": granted, "reason": reason })
            .to_string()
            .into_bytes()
    };
    let answering = format!("/v1/desk/requests/{id}/answer");
    assert_eq!(
        post(&answering, &mine, answer(true, "x")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        post(&answering, &bearer, answer(false, "")).await.field(),
        "reason"
    );
    let done = post(
        &answering,
        &bearer,
        answer(false, "登记以户籍为准，请先到公安更正。"),
    )
    .await;
    assert_eq!(done.json["status"], "refused", "{}", done.text);
    assert_eq!(
        post(&answering, &bearer, answer(true, "x")).await.kind(),
        "answered"
    );
    let unknown = post("/v1/desk/requests/00/answer", &bearer, answer(true, "x")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let mine = crate::tracker::session(&world, OWNER, &wallet).await;
    let own = world.get(OWNER, path, &mine).await;
    assert_eq!(own.json["items"][0]["answer"], "登记以户籍为准，请先到公安更正。");
    assert_eq!(own.json["items"][0]["overdue"], false);
    let other = world.wallet("approved-70").await;
    let other = crate::tracker::session(&world, OWNER, &other).await;
    assert_eq!(world.get(OWNER, path, &other).await.json["items"], json!([]));

    // A deletion that an order forbids stays open; granted, it is done, and its status is still there.
    let taken = post(path, &mine, ask("delete", "请删除关于我的一切。")).await;
    let id = taken.json["request"]["id"].as_str().unwrap().to_owned();
    let answering = format!("/v1/desk/requests/{id}/answer");
    let hold = app
        .books()
        .hold(&number(&wallet.number), "法院", "1", None)
        .await
        .unwrap();
    let held = post(&answering, &bearer, answer(true, "同意")).await;
    assert_eq!(
        (held.status, held.kind()),
        (StatusCode::CONFLICT, "held"),
        "{}",
        held.text
    );
    assert!(app.books().release(&hold.id).await.unwrap());
    let done = post(&answering, &bearer, answer(true, "同意")).await;
    assert_eq!(done.json["status"], "granted", "{}", done.text);
    let deletion = world.get(OWNER, "/v1/deletions", &[]).await.json["items"][0].clone();
    assert_eq!(
        (&deletion["id"], &deletion["cause"]),
        (&done.json["deletion"], &json!(Cause::Request(&id).word()))
    );
    let told = world.get(OWNER, &format!("/v1/requests/{id}"), &[]).await;
    assert_eq!(
        (&told.json["status"], &told.json["deletion"]),
        (&json!("granted"), &deletion["id"])
    );
    assert_eq!(
        world.get(OWNER, path, &mine).await.status,
        StatusCode::UNAUTHORIZED,
        "the session is gone too"
    );
    let desk = world.get(OWNER, "/v1/desk/requests", &bearer).await;
    assert!(
        desk.json["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["text"].is_null())
    );
}
