//! Exchange between the gateways of one world: under review, within the budget, and not after the decision.

use alloy_primitives::{B256, keccak256};
use alloy_sol_types::SolEvent as _;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use serde_json::{Value, json};
use zhengtong_bindings::addresses;
use zhengtong_bindings::cases::Cases::refuseCall;
use zhengtong_bindings::consents::Consents::{grantCall, revokeCall};
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_gateway::app::exchange::{HttpRequest, RECEIVED};
use zhengtong_gateway::app::retention::Retention;
use zhengtong_gateway::http;
use zhengtong_vault::{Record, VaultError};

use crate::deletion::{bytes_below, contains, number, vault_rows};
use crate::wallet::{CERTIFICATE_FIELDS, OwnCase, Wallet};
use crate::world::{Answer, NOW_S, OWNER, World, officer};

pub const PROVIDER: &str = "disabled-federation";
pub const SERVICE: &str = "disability-living-subsidy";

/// A world whose gateways reach each other over HTTP, with these mappings instead of the agencies' own.
async fn connected(mappings: &[(&'static str, &str)]) -> World {
    connect(World::new().await, mappings).await
}

/// The same of a world that was made before.
pub async fn connect(world: World, mappings: &[(&'static str, &str)]) -> World {
    connect_through(world, mappings, |_, app| app).await
}

/// The same, with something in between that sees what goes from gateway to gateway.
async fn connect_through(
    mut world: World,
    mappings: &[(&'static str, &str)],
    between: impl FnOnce(&World, Router) -> Router,
) -> World {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.peers_at = Some(format!("http://{}", listener.local_addr().unwrap()));
    for (slug, text) in mappings {
        let path = world.folder.path().join(format!("{slug}.toml"));
        std::fs::write(&path, text).unwrap();
        world.mappings.push((slug, path));
    }
    world.restart().await;
    let app = world.gateways.iter().fold(Router::new(), |app, (slug, gateway)| {
        app.nest(&format!("/gateway/{slug}"), http::router(gateway.clone(), true))
    });
    let app = between(&world, app);
    tokio::spawn(async move { axum::serve(listener, app).await });
    world
}

/// A case that a person reviews, with a consent that gives the certificate to the owner.
pub async fn reviewed(world: &World, seed: u64) -> (Wallet, OwnCase) {
    let (wallet, case) = opened(world, seed).await;
    prove(world, &wallet, &case).await;
    (wallet, case)
}

/// A case in which nothing is answered yet.
pub async fn opened(world: &World, seed: u64) -> (Wallet, OwnCase) {
    let wallet = world.wallet("subsidy-work-injury-50").await;
    let form = json!({ "payment_channel": "social-security-card", "contact_by": "portal" });
    let case = OwnCase::new(seed, form).of(&wallet);
    world.open_case(&case, SERVICE);
    (wallet, case)
}

/// Links a case, and lets its questions be answered: a person is to review it.
pub async fn prove(world: &World, wallet: &Wallet, case: &OwnCase) {
    consented(world, wallet, case, "standing").await;
    for other in ["public-security", "human-resources", OWNER] {
        world.link(wallet, case, other, None).await;
    }
    world.settle().await;
}

/// Gives a consent of this kind to the certificate, and its record to the provider; its id.
pub async fn consented(world: &World, wallet: &Wallet, case: &OwnCase, kind: &str) -> B256 {
    let until = NOW_S + 1000;
    let (_, mut record) = crate::wallet::consent(case, PROVIDER, SERVICE, until);
    record["recipient"] = OWNER.into();
    record["use"] = kind.into();
    let id = zhengtong_gateway::app::link::consent_id(&record);
    let call = grantCall {
        id,
        provider: zhengtong_bindings::parse_slug(PROVIDER).unwrap(),
        service: zhengtong_bindings::parse_slug(SERVICE).unwrap(),
        until,
        once: kind == "once",
    };
    world.chain.submit(&case.key, addresses().consents, &call);
    world.link(wallet, case, PROVIDER, Some(record)).await;
    id
}

/// A case that a person reviews, whose applicant withdrew the first consent and gave another for one use.
async fn reviewed_once(world: &World, seed: u64) -> (Wallet, OwnCase, B256) {
    let (wallet, case) = reviewed(world, seed).await;
    let used = world.chain.logs(addresses().uses);
    let used = used.iter().map(|log| Used::decode_log(log).unwrap().data);
    let id = used
        .rev()
        .find(|used| used.tag == case.tag(PROVIDER, 0))
        .unwrap()
        .basis;
    world
        .chain
        .submit(&case.key, addresses().consents, &revokeCall { id });
    let once = consented(world, &wallet, &case, "once").await;
    world.settle().await;
    (wallet, case, once)
}

/// How many use records rest on a consent.
fn resting_on(world: &World, consent: B256) -> usize {
    let uses = world.chain.logs(addresses().uses);
    uses.iter()
        .filter(|log| Used::decode_log(log).unwrap().data.basis == consent)
        .count()
}

pub async fn ask(world: &World, case: &OwnCase, id: &str, fields: &[&str]) -> Answer {
    let bearer = world.bearer(OWNER, 0).await;
    let path = format!("/v1/desk/cases/{:#x}/records", case.id);
    let wish = json!({
        "requestId": keccak256(id), "provider": PROVIDER, "record": "certificate", "fields": fields,
    });
    world
        .request(
            OWNER,
            "POST",
            &path,
            &bearer,
            wish.to_string().into_bytes().into(),
        )
        .await
}

#[tokio::test]
async fn the_officer_who_reviews_a_case_gets_the_declared_fields_and_the_person_sees_it() {
    let world = connected(&[]).await;
    let (wallet, case) = reviewed(&world, 1).await;
    let file = world
        .get(
            OWNER,
            &format!("/v1/desk/cases/{:#x}", case.id),
            &world.bearer(OWNER, 0).await,
        )
        .await;
    assert_eq!(file.json["case"]["status"], "review", "{}", file.text);

    let answer = ask(&world, &case, "first", &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let (_, prepared) = crate::world::population().await;
    let pool = zhengtong_vault::sql::connect(
        &prepared.databases[PROVIDER],
        zhengtong_vault::sql::Access::ReadOnly,
    );
    let row: (String, i64, String) =
        sqlx::query_as("SELECT type, grade, status FROM certificate WHERE number = $1")
            .bind(wallet.number.clone())
            .fetch_one(&pool.await.unwrap())
            .await
            .unwrap();
    let record =
        json!([{ "certificate.type": row.0, "certificate.grade": row.1, "certificate.status": row.2 }]);
    assert_eq!(answer.json["rows"], record);
    assert_eq!(answer.json["fields"], json!(CERTIFICATE_FIELDS));
    assert_eq!(answer.json["useTag"], case.tag(PROVIDER, 1).to_string());

    // Whoever looks for uses in the provider's books finds who received it, too.
    world.settle().await;
    let provider = world.app(PROVIDER);
    let subject = provider.vault.resident(&number(&wallet.number));
    let uses = provider.store.uses_about(subject).await.unwrap();
    let told = uses
        .iter()
        .find(|used| used.tag == case.tag(PROVIDER, 1))
        .unwrap();
    assert!(told.call.is_some(), "a use of which nothing is told");

    let again = ask(&world, &case, "first", &[]).await;
    assert_eq!(again.text, answer.text);
    let differs = ask(&world, &case, "first", &["certificate.grade"]).await;
    assert_eq!(
        (differs.status, differs.kind()),
        (StatusCode::CONFLICT, "request-differs")
    );
    assert_eq!(
        world
            .chain
            .logs(addresses().uses)
            .iter()
            .filter(|log| log.topics()[1] == case.tag(PROVIDER, 2))
            .count(),
        0
    );
}

#[tokio::test]
async fn what_was_received_for_one_case_is_not_given_in_another_of_the_same_person() {
    let world = connected(&[]).await;
    let (_, first) = reviewed(&world, 40).await;
    let (_, second) = reviewed(&world, 41).await;
    let given = ask(&world, &first, "shared", &[]).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text);

    let refused = ask(&world, &second, "shared", &[]).await;
    assert_eq!(refused.kind(), "request-differs", "{}", refused.text);
    assert_eq!(refused.json.get("rows"), None);
    let attempts = world.app(PROVIDER).store.attempts(10).await.unwrap();
    assert_eq!(
        attempts[0].case_id,
        format!("{:#x}", second.id),
        "the provider was asked"
    );

    // With an id of its own it rests on a use of its own, and the first case still has what it received.
    let own = ask(&world, &second, "own", &[]).await;
    assert_eq!(
        own.json["useTag"],
        second.tag(PROVIDER, 1).to_string(),
        "{}",
        own.text
    );
    assert_eq!(ask(&world, &first, "shared", &[]).await.text, given.text);
}

/// A message in the name of somebody whom the `Registry` does not list.
fn of_a_stranger(body: &'static [u8]) -> HttpRequest {
    use base64::Engine as _;
    let digest = <sha2::Sha256 as sha2::Digest>::digest(body);
    let digest = base64::engine::general_purpose::STANDARD.encode(digest);
    let covers = "\"@method\" \"@authority\" \"@path\" \"content-type\" \"content-digest\" \"exchange-key\"";
    let input = format!(
        "exchange=({covers});created=1;expires=2;nonce=\"0123456789abcdef\";keyid=\"a-stranger\";\
         tag=\"zhengtong-exchange-request\""
    );
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("content-digest", format!("sha-256=:{digest}:")),
        ("exchange-key", "none".to_owned()),
        ("signature-input", input),
        ("signature", "exchange=:AAAA:".to_owned()),
    ];
    HttpRequest {
        method: "POST".into(),
        authority: "provider.example".into(),
        path: "/v1/exchange".into(),
        query: None,
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
        body: axum::body::Bytes::from_static(body),
    }
}

#[tokio::test]
async fn whoever_hangs_up_before_the_answer_is_on_the_list_all_the_same() {
    let world = World::new().await;
    let app = world.app(PROVIDER);
    {
        let mut answer = std::pin::pin!(app.exchange(of_a_stranger(b"{}")));
        assert!(futures::poll!(answer.as_mut()).is_pending());
    }
    let listed = async {
        loop {
            if let Some(attempt) = app.store.attempts(1).await.unwrap().pop() {
                return attempt;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let limit = std::time::Duration::from_secs(10);
    let attempt = tokio::time::timeout(limit, listed).await;
    let attempt = attempt.expect("the refusal went with the connection");
    assert_eq!(
        (attempt.reason.as_str(), attempt.peer.as_str()),
        ("unknown-consumer", "")
    );
    assert_eq!(attempt.claimed, "", "a name that the Registry does not have");
}

#[tokio::test]
async fn records_that_are_asked_for_at_once_are_each_given_against_their_own_use() {
    let world = connected(&[]).await;
    let mut cases = Vec::new();
    for seed in 20..24 {
        cases.push(reviewed(&world, seed).await.1);
    }
    let ids: Vec<_> = (0..cases.len()).map(|place| format!("at once {place}")).collect();
    let asked = cases
        .iter()
        .zip(&ids)
        .map(|(case, id)| ask(&world, case, id, &[]));
    for (case, answer) in cases.iter().zip(futures::future::join_all(asked).await) {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.json["useTag"], case.tag(PROVIDER, 1).to_string());
    }
    let uses = world.chain.logs(addresses().uses);
    for case in &cases {
        let of_case = uses.iter().filter(|log| log.topics()[1] == case.tag(PROVIDER, 1));
        assert_eq!(of_case.count(), 1);
    }
}

#[tokio::test]
async fn a_consent_for_one_use_gives_one_of_two_requests_at_the_same_moment() {
    let world = connected(&[]).await;
    let (_, case, once) = reviewed_once(&world, 30).await;
    let (first, second) = futures::future::join(
        ask(&world, &case, "one", &[]),
        ask(&world, &case, "two", &["certificate.grade"]),
    )
    .await;
    let (given, refused, id) = match first.status {
        StatusCode::OK => (first, second, "one"),
        _ => (second, first, "two"),
    };
    assert_eq!(given.status, StatusCode::OK, "{}", given.text);
    assert_eq!(refused.kind(), "consent-used-up", "{}", refused.text);
    assert_eq!(refused.json.get("rows"), None);
    assert_eq!(resting_on(&world, once), 1);
    world.settle().await;

    // The same request is the same answer and no second use; another is refused before the chain is asked.
    let fields: &[&str] = if id == "one" { &[] } else { &["certificate.grade"] };
    assert_eq!(ask(&world, &case, id, fields).await.text, given.text);
    let third = ask(&world, &case, "three", &[]).await;
    assert_eq!(third.kind(), "consent-used-up", "{}", third.text);
    assert_eq!(resting_on(&world, once), 1);
    let attempts = world.app(PROVIDER).store.attempts(10).await.unwrap();
    let told = attempts
        .iter()
        .filter(|attempt| attempt.reason == "consent-used-up");
    assert_eq!(told.count(), 2, "both refusals are on the provider's list");
}

#[tokio::test]
async fn use_records_that_share_a_transaction_with_a_used_up_consent_are_given_alone() {
    let world = connected(&[]).await;
    let (_, single, once) = reviewed_once(&world, 31).await;
    let mut cases = Vec::new();
    for seed in 32..35 {
        cases.push(reviewed(&world, seed).await.1);
    }
    assert_eq!(ask(&world, &single, "first", &[]).await.status, StatusCode::OK);
    // Nothing was followed since: the provider's own check passes, and the contract refuses.
    let ids: Vec<_> = (0..cases.len()).map(|place| format!("beside {place}")).collect();
    let others = cases
        .iter()
        .zip(&ids)
        .map(|(case, id)| ask(&world, case, id, &[]));
    let (refused, others) = futures::future::join(
        ask(&world, &single, "second", &[]),
        futures::future::join_all(others),
    )
    .await;
    assert_eq!(refused.kind(), "consent-used-up", "{}", refused.text);
    for (case, answer) in cases.iter().zip(others) {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.json["useTag"], case.tag(PROVIDER, 1).to_string());
    }
    assert_eq!(resting_on(&world, once), 1);
}

#[tokio::test]
async fn a_consent_that_the_answer_used_up_is_none_to_the_record() {
    let world = connected(&[]).await;
    let wallet = world.wallet("subsidy-work-injury-50").await;
    let form = json!({ "payment_channel": "social-security-card", "contact_by": "portal" });
    let case = OwnCase::new(36, form).of(&wallet);
    world.open_case(&case, SERVICE);
    let once = consented(&world, &wallet, &case, "once").await;
    for other in ["public-security", "human-resources", OWNER] {
        world.link(&wallet, &case, other, None).await;
    }
    world.settle().await;
    assert_eq!(resting_on(&world, once), 1, "the question was answered");
    world.settle().await;
    let answer = ask(&world, &case, "after", &[]).await;
    assert_eq!(answer.kind(), "consent-used-up", "{}", answer.text);
    assert_eq!(resting_on(&world, once), 1);
}

/// An officer refuses a case.
pub fn refuse(world: &World, case: &OwnCase) {
    let call = refuseCall {
        id: case.id,
        row: 2,
        reason: zhengtong_bindings::parse_slug("work-injury-care").unwrap(),
        statute: zhengtong_bindings::statute_id("国发〔2015〕52号", "二（四）"),
        statement: B256::repeat_byte(2),
    };
    world.chain.submit(&officer(OWNER, 0), addresses().cases, &call);
}

#[tokio::test]
async fn received_records_run_out_by_themselves_and_leave_a_record_of_it() {
    let world = connected(&[]).await;
    let (_, linked) = reviewed(&world, 50).await;
    let (_, unlinked) = reviewed(&world, 51).await;
    let (_, open) = reviewed(&world, 52).await;
    let app = world.app(OWNER);
    // One that was received of a case of which the owner knows no person.
    let books = world.folder.path().join(OWNER).join("gateway.sqlite");
    let books = zhengtong_vault::sql::sqlite_url(&books);
    let books = zhengtong_vault::sql::connect(&books, zhengtong_vault::sql::Access::ReadWrite).await;
    sqlx::query("DELETE FROM links WHERE case_id = $1")
        .bind(unlinked.id.to_string())
        .execute(&books.unwrap())
        .await
        .unwrap();
    let name = format!("{:#x}/{}", unlinked.id, "A".repeat(43));
    let (kind, name) = (RECEIVED, name.as_str());
    let alone = app.vault.applicant(&unlinked.id.0);
    app.vault.put(alone, Record { kind, name }, b"{}").await.unwrap();
    for case in [&linked, &open] {
        let given = ask(&world, case, &case.id.to_string(), &[]).await;
        assert_eq!(given.status, StatusCode::OK, "{}", given.text);
    }
    refuse(&world, &linked);
    refuse(&world, &unlinked);
    world.settle().await;
    let kept = async || -> Vec<String> {
        let (rows, _) = vault_rows(&world, OWNER).await;
        let records = rows.into_iter().filter(|[_, kind, ..]| kind == RECEIVED);
        let mut cases: Vec<_> = records.map(|[_, _, name, ..]| name[..66].to_owned()).collect();
        cases.sort();
        cases
    };
    assert_eq!(kept().await.len(), 3);

    let rules = crate::world::repository()
        .join("agencies")
        .join(OWNER)
        .join("retention.toml");
    let rules = Retention::load(&rules).unwrap();
    let (_, rule) = rules.rules().find(|(class, _)| *class == RECEIVED).unwrap();
    let day = std::time::Duration::from_secs(24 * 3600);
    world.advance(day * rule.days);
    app.books().apply(&rules).await.unwrap();
    assert_eq!(kept().await.len(), 3, "on the last day it is still there");
    world.advance(day);
    let runs = app.books().apply(&rules).await.unwrap();
    let run = runs.iter().find(|run| run.class == RECEIVED).unwrap();
    assert_eq!((run.cases, run.records, run.held), (2, 2, 0));
    assert_eq!(
        kept().await,
        [format!("{:#x}", open.id)],
        "the case is not decided"
    );
    assert!(app.books().apply(&rules).await.unwrap().is_empty(), "once");
    let told = world.get(OWNER, "/v1/retention", &[]).await;
    let told = told.json["runs"].as_array().unwrap();
    assert!(told.iter().any(|run| run["class"] == RECEIVED), "{told:?}");
}

#[tokio::test]
async fn after_the_decision_no_record_is_given() {
    let world = connected(&[]).await;
    let (_, case) = reviewed(&world, 2).await;
    refuse(&world, &case);
    // No gateway has followed yet: the contract itself refuses the use record.
    let answer = ask(&world, &case, "late", &[]).await;
    assert_eq!(answer.kind(), "case-not-open", "{}", answer.text);
    world.settle().await;
    let answer = ask(&world, &case, "later", &[]).await;
    assert_eq!(answer.kind(), "case-not-open", "{}", answer.text);
    let free = world
        .app(PROVIDER)
        .store
        .exchange(OWNER, keccak256("late"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(free.taken, None, "the counter is free again");
}

const LIMITED: &str = "format = \"zhengtong-mapping/1\"\norganisation = \"disabled-federation\"\n\
    [predicates.certified-disability-qualifies]\nkind = \"boolean\"\nquery = \"SELECT 1 WHERE :number <> ''\"\n\
    [records.certificate]\nQUERY\n[records.certificate.fields]\n\
    type = \"text\"\ngrade = \"integer\"\nstatus = \"text\"";

fn limited(query: &str) -> String {
    LIMITED.replace("QUERY", query)
}

#[tokio::test]
async fn the_agencys_database_is_asked_within_its_budget_alone() {
    let query = "queries_a_minute = 1\nquery = \"SELECT type, grade, status FROM certificate WHERE number = :number\"";
    let world = connected(&[(PROVIDER, &limited(query))]).await;
    let (_, case) = reviewed(&world, 3).await;
    assert_eq!(
        ask(&world, &case, "one", &["certificate.type"]).await.status,
        StatusCode::OK
    );
    let uses = world.chain.logs(addresses().uses).len();
    let refused = ask(&world, &case, "two", &["certificate.type"]).await;
    assert_eq!(
        (refused.status, refused.kind()),
        (StatusCode::TOO_MANY_REQUESTS, "budget"),
        "{}",
        refused.text
    );
    assert_eq!(
        world.chain.logs(addresses().uses).len(),
        uses,
        "a use was recorded for nothing"
    );
    world.advance(std::time::Duration::from_secs(60));
    assert_eq!(
        ask(&world, &case, "two", &["certificate.type"]).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn more_rows_than_the_mapping_allows_and_failing_queries_give_nothing() {
    for query in [
        "query = \"SELECT type, grade, status FROM certificate WHERE number <> :number\"",
        "query = \"SELECT type, grade, status FROM no_such_table WHERE number = :number\"",
        "query = \"SELECT type, status FROM certificate WHERE number = :number\"",
    ] {
        let world = connected(&[(PROVIDER, &limited(query))]).await;
        let (_, case) = reviewed(&world, 4).await;
        let answer = ask(&world, &case, "one", &[]).await;
        assert_eq!(answer.kind(), "source-failed", "{query}: {}", answer.text);
        let value: Value = answer.json;
        assert!(value.get("rows").is_none());
        let attempts = world.app(PROVIDER).store.attempts(10).await.unwrap();
        assert_eq!(attempts[0].reason, "source-failed", "{query}");
    }
}

#[tokio::test]
async fn a_person_who_is_deleted_leaves_no_answer_that_anybody_could_open() {
    let world = connected(&[]).await;
    let (wallet, case) = reviewed(&world, 5).await;
    let answer = ask(&world, &case, "first", &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let sealed = async || {
        let kept = world
            .app(PROVIDER)
            .store
            .exchange(OWNER, keccak256("first"))
            .await;
        kept.unwrap().unwrap().answer
    };
    let answer: Value = serde_json::from_str(&sealed().await).unwrap();
    let needle = answer["sealed"].as_str().unwrap().as_bytes();
    let place = world.folder.path().join(PROVIDER);
    assert!(
        contains(&bytes_below(&place), needle),
        "kept, to be asked for again"
    );

    let forget = async |organisation| {
        let app = world.app(organisation);
        app.forget(&number(&wallet.number)).await.unwrap();
    };
    forget(PROVIDER).await;
    assert_eq!(sealed().await, "");
    assert!(!contains(&bytes_below(&place), needle), "still on the disk");
    let again = ask(&world, &case, "second", &[]).await;
    assert_eq!(again.kind(), "unknown-case", "{}", again.text);
    // Neither gateway gives it any more: what the owner received is dark too.
    forget(OWNER).await;
    let again = ask(&world, &case, "first", &[]).await;
    assert_eq!(again.kind(), "case-forgotten", "{}", again.text);
}

/// Whether something can be kept of a case, or of its person, under a key that they have.
async fn has_key(world: &World, wallet: &Wallet, case: &OwnCase) -> bool {
    let vault = &world.app(OWNER).vault;
    let whose = [
        vault.resident(&number(&wallet.number)),
        vault.applicant(&case.id.0),
    ];
    for subject in whose {
        let probe = Record {
            kind: "probe",
            name: "probe",
        };
        match vault.add(subject, probe, b"x").await {
            Err(VaultError::Destroyed) => {}
            other => {
                other.unwrap();
                return true;
            }
        }
    }
    false
}

#[tokio::test]
async fn nothing_is_asked_for_any_more_in_a_case_whose_person_was_deleted_where_it_is_decided() {
    let world = connected(&[]).await;
    let (wallet, case) = reviewed(&world, 6).await;
    assert!(has_key(&world, &wallet, &case).await);
    let owner = world.app(OWNER);
    owner.forget(&number(&wallet.number)).await.unwrap();

    let uses = world.chain.logs(addresses().uses).len();
    let answer = ask(&world, &case, "afterwards", &[]).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::CONFLICT, "case-forgotten"),
        "{}",
        answer.text
    );
    assert_eq!(
        world.chain.logs(addresses().uses).len(),
        uses,
        "the provider was asked"
    );
    assert_eq!(
        owner.store.attempts(10).await.unwrap()[0].reason,
        "case-forgotten"
    );
    assert!(
        !has_key(&world, &wallet, &case).await,
        "their next deletion would not find what is kept now"
    );
}

#[tokio::test]
async fn an_answer_that_comes_while_the_person_is_deleted_is_dropped_and_said_to_be() {
    let world = World::new().await;
    let person = number(&world.wallet("subsidy-work-injury-50").await.number);
    let person = std::sync::Arc::new(person);
    let world = connect_through(world, &[], |world, app| {
        let owner = world.app(OWNER).clone();
        app.layer(from_fn(move |request: axum::extract::Request, next: Next| {
            let (owner, person) = (owner.clone(), person.clone());
            async move {
                let is_exchange = request.uri().path().ends_with("/v1/exchange");
                let answer = next.run(request).await;
                if is_exchange {
                    owner.forget(&person).await.unwrap();
                }
                answer
            }
        }))
    })
    .await;
    let (wallet, case) = reviewed(&world, 7).await;
    let answer = ask(&world, &case, "meanwhile", &[]).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::CONFLICT, "case-forgotten"),
        "{}",
        answer.text
    );
    assert!(!has_key(&world, &wallet, &case).await);
}
