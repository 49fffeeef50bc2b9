//! The data tracker, against the descriptions that Estonia and GovStack publish.

use std::collections::HashSet;

use alloy_primitives::Bytes;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use jsonschema::Validator;
use serde_json::{Value, json};
use tower::ServiceExt;
use zhengtong_credentials::{Presentation, present};
use zhengtong_gateway::app::clock::Clock;
use zhengtong_gateway::http::{Mediator, mediator};

use crate::wallet::Wallet;
use crate::world::{Answer, OWNER, World};

const SERVICE: &str = "old-age-allowance";
/// e-gov/AJ, `doc/spetsifikatsioonid/dumonitor-openapi.yaml`, MIT.
const ESTONIA: &str = include_str!("../fixtures/tracker/dumonitor-openapi.json");
/// GovStack bb-digital-registries, `test/openAPI/features/data_my_personal_data_usage.feature`, Apache-2.0.
const GOVSTACK: &str = include_str!("../fixtures/tracker/data_my_personal_data_usage.feature");
/// Its `dataMyPersonalDataUsageResponseSchema`, and what it means each item to be.
const GOVSTACK_SCHEMA: &str = include_str!("../fixtures/tracker/my_personal_data_usage.schema.json");
const GOVSTACK_CLIENT: &str = "eGovStack/GOV/90000009/digitalregistries";
const ESTONIAN_CLIENT: &str = "EE/GOV/70006317/datatracker";

/// A schema of Estonia's description.
fn estonian(name: &str) -> Validator {
    let description: Value = serde_json::from_str(ESTONIA).unwrap();
    let mut schema = json!({ "$ref": format!("#/components/schemas/{name}") });
    schema["components"] = description["components"].clone();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

async fn token(world: &World, organisation: &str, wallet: &Wallet) -> String {
    let nonce = world.nonce(organisation).await;
    let shown = Presentation {
        disclose: &["number"],
        audience: organisation,
        nonce: &nonce,
        at_s: world.clock.now_s(),
    };
    let presentation = present(wallet.identity.as_ref().unwrap(), &wallet.holder, &shown).unwrap();
    let body = json!({ "presentation": presentation, "nonce": nonce });
    let answer = world.post(organisation, "/v1/my/session", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    // A challenge is good for one sign-in.
    let again = world.post(organisation, "/v1/my/session", &body).await;
    assert_eq!(
        (again.status, again.kind()),
        (StatusCode::UNAUTHORIZED, "wrong-nonce")
    );
    answer.json["token"].as_str().unwrap().to_owned()
}

fn headers(token: &str, user: &str) -> Vec<(&'static str, String)> {
    vec![
        ("authorization", format!("Bearer {token}")),
        ("x-road-userid", user.to_owned()),
        ("information-mediator-client", GOVSTACK_CLIENT.to_owned()),
    ]
}

#[tokio::test]
async fn estonias_portal_finds_what_was_recorded_and_nothing_of_anybody_else() {
    let world = World::new().await;
    let (one, other) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let case = world.apply(&one, 1, SERVICE).await;
    world.advance(std::time::Duration::from_secs(60));
    let second = world.apply(&one, 2, SERVICE).await;
    world.apply(&other, 3, SERVICE).await;
    let user = format!("CN{}", one.number);
    let with = headers(&token(&world, "health", &one).await, &user);

    let all = world
        .get("health", &format!("/v2/findUsage?userCode={user}"), &with)
        .await;
    assert_eq!(all.status, StatusCode::OK, "{}", all.text);
    estonian("FindUsageResponse").validate(&all.json).unwrap();
    assert_eq!(all.json["totalUsages"], 2);
    let usages = all.json["usages"].as_array().unwrap();
    assert_eq!(usages.len(), 2);
    assert!(
        usages[0]["logtime"].as_str() > usages[1]["logtime"].as_str(),
        "latest first"
    );
    for usage in usages {
        assert_eq!(usage["receiverCode"], OWNER);
        assert_eq!(
            usage["receiverName"], OWNER,
            "the Registry's name of it in this world"
        );
        assert!(
            usage["receiverSystem"]
                .as_str()
                .unwrap()
                .starts_with("system/gateway/")
        );
        let action = usage["action"].as_str().unwrap();
        assert!(action.starts_with("老年综合津贴: "), "{action}");
        assert!(!all.text.contains(&one.number), "no number in the answer");
    }
    // A page, and a period: the total is that of the period, whatever the page.
    let at = usages[0]["logtime"].as_str().unwrap().to_owned();
    for (more, total, items) in [
        ("&limit=1".to_owned(), 2, 1),
        ("&offset=1".to_owned(), 2, 1),
        ("&offset=2&limit=5".to_owned(), 2, 0),
        ("&limit=0".to_owned(), 2, 0),
        ("&limit=-3&offset=-3".to_owned(), 2, 0),
        (format!("&periodStart={at}"), 1, 1),
        (format!("&periodEnd={at}"), 2, 2),
        ("&periodEnd=2001-01-01T00%3A00%3A00%2B08%3A00".to_owned(), 0, 0),
        // RFC 3339 has any number of digits, and the whole year 9999.
        (
            "&periodEnd=2001-01-01T00%3A00%3A00.12345678901234567890Z".to_owned(),
            0,
            0,
        ),
        ("&periodEnd=9999-12-31T12%3A00%3A00Z".to_owned(), 2, 2),
        (
            "&periodEnd=9999-12-31T23%3A59%3A59.9999999999-23%3A59".to_owned(),
            2,
            2,
        ),
        ("&periodStart=9999-12-31T12%3A00%3A00Z".to_owned(), 0, 0),
    ] {
        let found = world
            .get("health", &format!("/v2/findUsage?userCode={user}{more}"), &with)
            .await;
        assert_eq!(found.status, StatusCode::OK, "{more}: {}", found.text);
        estonian("FindUsageResponse").validate(&found.json).unwrap();
        assert_eq!(found.json["totalUsages"], total, "{more}");
        assert_eq!(found.json["usages"].as_array().unwrap().len(), items, "{more}");
    }
    let period = world.get("health", "/v2/usagePeriod", &[]).await;
    estonian("UsagePeriodResponse").validate(&period.json).unwrap();
    // Asked for the first time after the uses, it is not after any of them.
    let all = format!("/v2/findUsage?userCode={user}");
    let all = world.get("health", &all, &with).await;
    let time = |text: &Value| text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let since = time(&period.json["periodStart"]);
    for usage in all.json["usages"].as_array().unwrap() {
        assert!(since <= time(&usage["logtime"]), "{usage}");
    }
    let heartbeat = world.get("health", "/v2/heartbeat", &[]).await;
    estonian("HeartbeatResponse").validate(&heartbeat.json).unwrap();
    assert_eq!(heartbeat.json["status"], "OK");

    // GovStack's words for the same two uses, which name their cases.
    let path = format!("/data/MyPersonalDataUsage/1.0?userID={user}&DatabaseID=health");
    let read = world.get("health", &path, &with).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.text);
    let cases: HashSet<_> = read
        .json
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["Refrences"][0]["ReferenceID"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        cases,
        HashSet::from([format!("{:#x}", case.id), format!("{:#x}", second.id)])
    );
    let tags: HashSet<_> = read
        .json
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["ID"].as_str().unwrap())
        .collect();
    assert!(tags.contains(format!("{:#x}", case.tag("health", 0)).as_str()));
    let schema: Value = serde_json::from_str(GOVSTACK_SCHEMA).unwrap();
    for part in ["asPublished", "asMeant"] {
        jsonschema::validator_for(&schema[part])
            .unwrap()
            .validate(&read.json)
            .unwrap();
    }

    // Once forgotten, the books are dark.
    let number = zhengtong_vault::ResidentNumber::parse(&one.number).unwrap();
    world.app("health").forget(&number).await.unwrap();
    let gone = world
        .get("health", &format!("/v2/findUsage?userCode={user}"), &with)
        .await;
    assert_eq!(
        (gone.status, gone.kind()),
        (StatusCode::UNAUTHORIZED, "no-session")
    );
    let with = headers(&token(&world, "health", &one).await, &user);
    let dark = world
        .get("health", &format!("/v2/findUsage?userCode={user}"), &with)
        .await;
    assert_eq!(dark.json, json!({ "totalUsages": 0, "usages": [] }));
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_named() {
    let world = World::new().await;
    let (one, other) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let (user, stranger) = (format!("CN{}", one.number), format!("CN{}", other.number));
    let token = token(&world, "health", &one).await;
    let good = headers(&token, &user);
    let find = |query: &str| format!("/v2/findUsage?{query}");
    let read = |query: &str| format!("/data/MyPersonalDataUsage/1.0?{query}");
    let own = format!("userCode={user}");
    for (path, headers, status, field) in [
        (find(&own), vec![], 400, "X-Road-UserId"),
        (find(&own), headers("", &user), 401, "authorization"),
        (find(&own), headers("wrong", &user), 401, "authorization"),
        (find(&own), headers(&token, &stranger), 400, "X-Road-UserId"),
        (find(&own), headers(&token, "EE12345678901"), 400, "X-Road-UserId"),
        (find(&own), headers(&token, "..."), 400, "X-Road-UserId"),
        (
            find(&format!("userCode={stranger}")),
            good.clone(),
            400,
            "userCode",
        ),
        (find("userCode=EE12345678901"), good.clone(), 400, "userCode"),
        (find("userCode="), good.clone(), 400, "userCode"),
        (find(""), good.clone(), 400, "userCode"),
        (find(&format!("{own}&{own}")), good.clone(), 400, "userCode"),
        (find(&format!("{own}&limit=x")), good.clone(), 400, "limit"),
        (
            find(&format!("{own}&limit=2147483648")),
            good.clone(),
            400,
            "limit",
        ),
        (find(&format!("{own}&offset=1.5")), good.clone(), 400, "offset"),
        (
            find(&format!("{own}&periodStart=2021-01-31")),
            good.clone(),
            400,
            "periodStart",
        ),
        (
            find(&format!("{own}&periodEnd=9999-02-29T12:00:00Z")),
            good.clone(),
            400,
            "periodEnd",
        ),
        (
            find(&format!("{own}&periodEnd=2021-01-31T10:20:30")),
            good.clone(),
            400,
            "periodEnd",
        ),
        (find(&format!("{own}&more=1")), good.clone(), 400, "query"),
        (find(&format!("{own}&limit=%FF")), good.clone(), 400, "query"),
        (
            find(&format!("{own}&limit={}", "1".repeat(3_000))),
            good.clone(),
            400,
            "query",
        ),
        (
            read(&format!("userID={user}&DatabaseID=police")),
            good.clone(),
            400,
            "DatabaseID",
        ),
        (
            read(&format!("userID={stranger}&DatabaseID=health")),
            good.clone(),
            400,
            "userID",
        ),
        (read("userID=...&DatabaseID=health"), good.clone(), 400, "userID"),
        (
            read(&format!("userID={user}&DatabaseID=health")),
            vec![],
            400,
            "Information-Mediator-Client",
        ),
    ] {
        let answer = world.get("health", &path, &headers).await;
        assert_eq!(
            (answer.status.as_u16(), answer.field()),
            (status, field),
            "{path}: {}",
            answer.text
        );
        assert!(
            !answer.text.contains(&one.number) && !answer.text.contains(&other.number),
            "{}",
            answer.text
        );
    }
    // A session is of one agency, and ends.
    let elsewhere = world.get("public-security", &find(&own), &good).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
    world.advance(std::time::Duration::from_secs(901));
    let late = world.get("health", &find(&own), &good).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    // An identity shown to somebody else, or bound to nothing, opens no session.
    for audience in ["public-security", ""] {
        let nonce = world.nonce("health").await;
        let shown = Presentation {
            disclose: &["number"],
            audience,
            nonce: &nonce,
            at_s: world.clock.now_s(),
        };
        let presentation = present(one.identity.as_ref().unwrap(), &one.holder, &shown).unwrap();
        let body = json!({ "presentation": presentation, "nonce": nonce });
        let answer = world.post("health", "/v1/my/session", &body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    }
}

/// Asks the mediator's door of the health agency.
async fn ask(world: &World, path: &str, headers: &[(&str, &str)]) -> (Answer, String) {
    let door = Mediator {
        clients: [GOVSTACK_CLIENT, ESTONIAN_CLIENT].map(str::to_owned).into(),
        databases: HashSet::from(["MCTS".to_owned()]),
    };
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let router = mediator(world.app("health").clone(), door);
    let response = router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let status = response.status();
    let bytes: Bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap()
        .into();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let json = serde_json::from_str(&text).unwrap_or_default();
    (Answer { status, json, text }, kind)
}

/// Quoted words of a step.
fn quoted(step: &str) -> Vec<&str> {
    step.split('"').skip(1).step_by(2).collect()
}

#[tokio::test]
async fn govstacks_feature_passes_step_by_step() {
    let world = World::new().await;
    let schema: Value = serde_json::from_str(GOVSTACK_SCHEMA).unwrap();
    let published = jsonschema::validator_for(&schema["asPublished"]).unwrap();
    let (mut scenarios, mut steps) = (0, 0);
    for scenario in GOVSTACK.split("Scenario").skip(1) {
        let (body, examples) = scenario.split_once("Examples:").unwrap_or((scenario, ""));
        let mut rows: Vec<Vec<(String, String)>> = Vec::new();
        let table: Vec<Vec<&str>> = examples
            .lines()
            .filter(|line| line.contains('|'))
            .map(|line| line.trim().trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        for row in table.iter().skip(1) {
            let names = table[0].iter().map(|name| format!("<{name}>"));
            rows.push(names.zip(row.iter().map(|value| (*value).to_owned())).collect());
        }
        if rows.is_empty() {
            rows.push(Vec::new());
        }
        for row in rows {
            scenarios += 1;
            let mut text = body.to_owned();
            for (name, value) in &row {
                text = text.replace(name, value);
            }
            let mut got: Option<(Answer, String)> = None;
            for step in text.lines().map(str::trim) {
                let words = quoted(step);
                match step {
                    step if step.starts_with("When User sends GET /data/MyPersonalDataUsage/1.0") => {
                        let path = format!(
                            "/data/MyPersonalDataUsage/1.0?userID={}&DatabaseID={}",
                            words[0], words[1]
                        );
                        got = Some(
                            ask(&world, &path, &[("Information-Mediator-Client", GOVSTACK_CLIENT)]).await,
                        );
                    }
                    step if step.contains("should have status") => {
                        let status: u16 = step.rsplit(' ').next().unwrap().parse().unwrap();
                        let (answer, _) = got.as_ref().unwrap();
                        assert_eq!(answer.status.as_u16(), status, "{text}\n{}", answer.text);
                    }
                    step if step.contains("should have \"content-type\"") => {
                        assert!(got.as_ref().unwrap().1.contains(words[1]), "{step}");
                    }
                    step if step.ends_with("should match json schema") => {
                        published.validate(&got.as_ref().unwrap().0.json).unwrap();
                    }
                    step if step.contains("receives a response") || step.contains("in a timely manner") => {
                        assert!(got.is_some(), "{step}");
                    }
                    step if step.starts_with("Given") => {}
                    step if step.starts_with("And")
                        || step.starts_with("Then")
                        || step.starts_with("When") =>
                    {
                        panic!("a step that nobody knows: {step}");
                    }
                    _ => continue,
                }
                steps += 1;
            }
        }
    }
    assert_eq!(
        (scenarios, steps),
        (6, 38),
        "the feature has six scenarios, examples counted"
    );
}

#[tokio::test]
async fn a_mediator_is_believed_if_it_is_listed_and_the_list_is_not_empty() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, SERVICE).await;
    let user = format!("CN{}", wallet.number);
    let path = format!("/data/MyPersonalDataUsage/1.0?userID={user}&DatabaseID=MCTS");
    let (listed, _) = ask(&world, &path, &[("Information-Mediator-Client", GOVSTACK_CLIENT)]).await;
    assert_eq!(listed.json.as_array().unwrap().len(), 1, "{}", listed.text);
    let (unlisted, _) = ask(
        &world,
        &path,
        &[("Information-Mediator-Client", "EE/GOV/1/other")],
    )
    .await;
    assert_eq!(
        (unlisted.status, unlisted.field()),
        (StatusCode::BAD_REQUEST, "Information-Mediator-Client")
    );

    let find = format!("/v2/findUsage?userCode={user}");
    let (found, _) = ask(
        &world,
        &find,
        &[("X-Road-Client", ESTONIAN_CLIENT), ("X-Road-UserId", &user)],
    )
    .await;
    estonian("FindUsageResponse").validate(&found.json).unwrap();
    assert_eq!(found.json["totalUsages"], 1);
    for (client, asks, field) in [
        ("EE/GOV/1/other", user.as_str(), "X-Road-Client"),
        ("", &user, "X-Road-Client"),
        (ESTONIAN_CLIENT, "EE12345678901", "userCode"),
    ] {
        let (refused, _) = ask(
            &world,
            &find,
            &[("X-Road-Client", client), ("X-Road-UserId", asks)],
        )
        .await;
        assert_eq!(
            (refused.status, refused.field()),
            (StatusCode::BAD_REQUEST, field)
        );
    }
    // Of two persons the security server means one, and who it is cannot be told.
    for twice in [[user.as_str(), "EE12345678901"], ["EE12345678901", user.as_str()]] {
        let with = [
            ("X-Road-Client", ESTONIAN_CLIENT),
            ("X-Road-UserId", twice[0]),
            ("X-Road-UserId", twice[1]),
        ];
        let (refused, _) = ask(&world, &find, &with).await;
        assert_eq!(
            (refused.status, refused.field()),
            (StatusCode::BAD_REQUEST, "X-Road-UserId")
        );
    }
    // The public door believes no client's word.
    let public = world
        .get(
            "health",
            &path,
            &[("information-mediator-client", GOVSTACK_CLIENT.to_owned())],
        )
        .await;
    assert_eq!(public.status, StatusCode::UNAUTHORIZED);
}

/// The headers of a resident who signed in at an agency.
pub async fn session(world: &World, organisation: &str, wallet: &Wallet) -> Vec<(&'static str, String)> {
    let token = token(world, organisation, wallet).await;
    headers(&token, &format!("CN{}", wallet.number))
}

/// What an agency says it keeps about a resident.
pub async fn kept(world: &World, organisation: &str, wallet: &Wallet) -> Value {
    let headers = session(world, organisation, wallet).await;
    let answer = world.get(organisation, "/v1/my/data", &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json
}

#[tokio::test]
async fn books_whose_note_is_later_than_their_first_link_are_mended_when_they_are_opened() {
    let mut world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, "old-age-allowance").await;
    let first = world.app("health").tracked_since().await.unwrap();
    world.advance(std::time::Duration::from_secs(3_600));
    let late = world.clock.now_ms().to_string();
    let store = &world.app("health").store;
    store.set_meta("tracker_since_ms", &late).await.unwrap();
    world.restart().await;
    assert_eq!(world.app("health").tracked_since().await.unwrap(), first);
}
