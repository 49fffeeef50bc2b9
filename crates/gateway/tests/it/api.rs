//! An agency that keeps its records behind an HTTP API of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Path as Part, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::{Value, json};
use zhengtong_bindings::{UNKNOWN, addresses};
use zhengtong_gateway::FinalizedUse;
use zhengtong_gateway::app::api::{Api, ApiConfig, MAX_ANSWER_BYTES};
use zhengtong_gateway::app::mapping::{Mapping, MappingError};
use zhengtong_gateway::app::source::{Person, Source, SourceError};
use zhengtong_population::generate;
use zhengtong_vault::ResidentNumber;

use crate::answers::{CASE, chain, expected, log, predicate};
use crate::exchange::{PROVIDER, ask, connect, reviewed};
use crate::world::{SEED, TODAY, World};

const TOKEN: &str = "a-token";

/// What the API was asked.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// Answers with what the path names, to whom has the token.
async fn answer(State(asked): State<Asked>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    asked.lock().push((uri.to_string(), body));
    if headers
        .get(header::AUTHORIZATION)
        .is_none_or(|token| token != &format!("Bearer {TOKEN}"))
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let said = |value: Value| Json(json!({ "result": { "value": value } })).into_response();
    match uri.path().split('/').nth(2).unwrap_or_default() {
        "yes" => said(json!(true)),
        "no" => said(json!(false)),
        "seven" => said(json!(7)),
        "null" => said(Value::Null),
        "text" => said(json!("yes")),
        "half" => said(json!(0.5)),
        "thirteen" => said(json!(13)),
        "absent" => Json(json!({ "result": {} })).into_response(),
        "not-json" => "yes".into_response(),
        "error" => (StatusCode::INTERNAL_SERVER_ERROR, said(json!(true))).into_response(),
        "elsewhere" => (StatusCode::FOUND, [(header::LOCATION, "/api/yes/1")]).into_response(),
        "large" => said(json!("x".repeat(MAX_ANSWER_BYTES))),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// An API, its configuration, and what it was asked.
async fn serve(folder: &Path, token: &str) -> (ApiConfig, Asked) {
    let asked = Asked::default();
    let app = Router::new()
        .route("/api/certificates/{number}", get(certificates))
        .route("/api/{what}/{number}", get(answer))
        .route("/api/{what}", post(answer))
        .with_state(asked.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let file = folder.join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    (
        ApiConfig {
            url,
            token: Some(file),
        },
        asked,
    )
}

async fn certificates(Part(number): Part<String>) -> Response {
    let one = json!({ "number": number, "kind": "physical", "level": { "code": 2 }, "status": "valid" });
    Json(json!({ "items": [one] })).into_response()
}

fn mapping(predicate: &str) -> Mapping {
    let text = format!(
        "format = \"zhengtong-mapping/1\"\norganisation = \"health\"\n\
         [predicates.relief-times-this-year]\ntimeout_ms = 2000\n{predicate}"
    );
    Mapping::parse(&text).unwrap()
}

/// The answer to one predicate, about the first resident, against a use record.
async fn value(api: &ApiConfig, predicate_text: &str) -> i32 {
    let source = Source::open(None, Some(Api::new(api).unwrap()), mapping(predicate_text))
        .await
        .unwrap();
    let number = ResidentNumber::parse(&generate(SEED, TODAY).residents[0].number).unwrap();
    let receipt = chain().receipt_with(log(1), true);
    let gate = FinalizedUse::verify(&receipt, addresses().uses, expected(1)).unwrap();
    let person = Person {
        case_id: CASE,
        number: &number,
        day: TODAY,
    };
    source
        .answer(gate, &[predicate("relief-times-this-year")], &person)
        .await
        .unwrap()[0]
}

#[tokio::test]
async fn what_the_api_says_is_the_answer_and_all_else_is_unknown() {
    let folder = tempfile::TempDir::new().unwrap();
    let (api, asked) = serve(folder.path(), TOKEN).await;
    for (kind, what, expected) in [
        ("boolean", "yes", 1),
        ("boolean", "no", 0),
        ("integer", "seven", 7),
        ("boolean", "seven", UNKNOWN),
        ("integer", "yes", UNKNOWN),
        ("integer", "thirteen", UNKNOWN),
        ("integer", "half", UNKNOWN),
        ("boolean", "null", UNKNOWN),
        ("boolean", "text", UNKNOWN),
        ("boolean", "absent", UNKNOWN),
        ("boolean", "not-json", UNKNOWN),
        ("boolean", "error", UNKNOWN),
        ("boolean", "elsewhere", UNKNOWN),
        ("boolean", "large", UNKNOWN),
        ("boolean", "nothing-here", UNKNOWN),
    ] {
        let text =
            format!("kind = \"{kind}\"\nget = \"/{what}/:number?on=:day\"\nanswer = \"/result/value\"");
        assert_eq!(value(&api, &text).await, expected, "{what}");
    }
    let number = generate(SEED, TODAY).residents[0].number.clone();
    let asked = std::mem::take(&mut *asked.lock());
    assert_eq!(
        asked.len(),
        15,
        "a redirection was followed, or one was asked twice"
    );
    assert_eq!(asked[0], (format!("/api/yes/{number}?on={TODAY}"), String::new()));
}

#[tokio::test]
async fn a_posted_question_has_the_person_in_its_body_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    let (api, asked) = serve(folder.path(), TOKEN).await;
    let text = "kind = \"boolean\"\npost = \"/yes\"\nanswer = \"/result/value\"\n\
                body = { who = [\":number\"], on = \":day\", note = \"a :number is left alone\" }";
    assert_eq!(value(&api, text).await, 1);
    let number = generate(SEED, TODAY).residents[0].number.clone();
    let (path, body) = asked.lock()[0].clone();
    assert_eq!(path, "/api/yes");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body,
        json!({ "who": [number], "on": TODAY.to_string(), "note": "a :number is left alone" })
    );
}

#[tokio::test]
async fn without_its_token_or_its_server_there_is_no_answer() {
    let folder = tempfile::TempDir::new().unwrap();
    let text = "kind = \"boolean\"\nget = \"/yes/:number\"\nanswer = \"/result/value\"";
    let (api, _) = serve(folder.path(), "another").await;
    assert_eq!(value(&api, text).await, UNKNOWN);
    let nobody = ApiConfig {
        url: "http://127.0.0.1:1".into(),
        token: None,
    };
    assert_eq!(value(&nobody, text).await, UNKNOWN);
}

#[tokio::test]
async fn a_mapping_that_reads_where_nothing_is_configured_is_refused() {
    let by_api = mapping("kind = \"boolean\"\nget = \"/yes/:number\"");
    let missing = |opened: Result<Source, SourceError>| match opened.err() {
        Some(SourceError::Mapping(MappingError::NoSource { at, needed })) => (at, needed),
        other => panic!("{other:?}"),
    };
    let place = "predicates.relief-times-this-year".to_owned();
    assert_eq!(
        missing(Source::open(None, None, by_api).await),
        (place.clone(), "source_api")
    );
    let by_query = mapping("kind = \"boolean\"\nquery = \"SELECT 1 WHERE :number <> ''\"");
    assert_eq!(
        missing(Source::open(None, None, by_query).await),
        (place, "source_url")
    );
}

#[tokio::test]
async fn a_record_from_the_api_goes_through_the_same_gate_and_has_the_declared_fields_alone() {
    const MAPPING: &str = "format = \"zhengtong-mapping/1\"\norganisation = \"disabled-federation\"\n\
        [predicates.certified-disability-qualifies]\nkind = \"boolean\"\nget = \"/yes/:number\"\n\
        answer = \"/result/value\"\n\
        [records.certificate]\nget = \"/certificates/:number\"\nrows = \"/items\"\n\
        [records.certificate.fields]\ntype = \"text\"\ngrade = \"integer\"\nstatus = \"text\"\n\
        [records.certificate.from]\ntype = \"/kind\"\ngrade = \"/level/code\"";
    let mut world = World::new().await;
    let (api, asked) = serve(world.folder.path(), TOKEN).await;
    world.api = Some((PROVIDER, api));
    let world = connect(world, &[(PROVIDER, MAPPING)]).await;
    let (_, case) = reviewed(&world, 30).await;
    assert_eq!(asked.lock().len(), 1, "the predicate");

    let answer = ask(&world, &case, "by api", &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let row =
        json!({ "certificate.type": "physical", "certificate.grade": 2, "certificate.status": "valid" });
    assert_eq!(answer.json["rows"], json!([row]));
    assert_eq!(answer.json["useTag"], case.tag(PROVIDER, 1).to_string());
}
