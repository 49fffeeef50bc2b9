//! The whole API, walked as everybody there is: each answer is held against a table (`access.txt`).
//!
//! To add a route: a row in the table. Run with `UPDATE_SNAPSHOTS=1` to have it filled in, and review every cell.

use std::collections::BTreeSet;

use alloy_primitives::{B256, Bytes};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use zhengtong_credentials::{Presentation, present};
use zhengtong_gateway::app::access::{Role, Who};
use zhengtong_gateway::app::clock::Clock;
use zhengtong_gateway::{http, open};

use crate::wallet::{OwnCase, Wallet};
use crate::world::{OWNER, World};

/// A number that no agency has anything about: the worked example of GB 11643-1999, annex A.
const NOBODYS: &str = "11010519491231002X";
const TABLE: &str = include_str!("access.txt");
const HEAD: &str = "\
# What each route of a gateway answers to whom: the status, or two where it tells what is there from what is not.
# nobody: no session. resident: signed in, and applicant of the case. other: another resident, signed in.
# Officers of this agency by their role, without a key (reader with `x-purpose: supervision`); foreign: an officer of
# another agency with every role. One status: what is there and what is not have the same answer, byte for byte, if it is a refusal.
";

/// Who walks, in the order of the columns.
const WALKERS: [&str; 9] = [
    "nobody",
    "resident",
    "other",
    "handler",
    "reader",
    "counter",
    "data-officer",
    "foreign",
    "administrator",
];

/// What is there, at the owner of the service.
struct Walk {
    world: World,
    case: OwnCase,
    others_case: OwnCase,
    resident: String,
    other: String,
    request: String,
    presentation: String,
    /// The resident's number.
    number: String,
}

type Headers = Vec<(&'static str, String)>;

/// An answer as whoever asked sees it.
#[derive(PartialEq, Eq, Debug)]
struct Seen {
    status: StatusCode,
    kind: String,
    body: Bytes,
}

fn bearer(token: &str) -> Headers {
    vec![("authorization", format!("Bearer {token}"))]
}

async fn my_session(world: &World, wallet: &Wallet) -> String {
    let nonce = world.nonce(OWNER).await;
    let shown = Presentation {
        disclose: &["number"],
        audience: OWNER,
        nonce: &nonce,
        at_s: world.clock.now_s(),
    };
    let presentation = present(wallet.identity.as_ref().unwrap(), &wallet.holder, &shown).unwrap();
    let body = json!({ "presentation": presentation, "nonce": nonce });
    let answer = world.post(OWNER, "/v1/my/session", &body).await;
    answer.json["token"].as_str().expect(&answer.text).to_owned()
}

async fn session(world: &World, agency: &str, roles: &[Role]) -> Headers {
    let who = Who {
        name: "A-1001".into(),
        agency: agency.into(),
        roles: roles.iter().copied().collect(),
        key: None,
    };
    let session = world.app(OWNER).open_session(&who).await.ok().unwrap();
    bearer(&session.token)
}

impl Walk {
    async fn new() -> Self {
        let world = World::new().await;
        let (one, two) = (
            world.wallet("refused-64").await,
            world.wallet("approved-66").await,
        );
        let case = world.apply(&one, 71, "old-age-allowance").await;
        let others_case = world.apply(&two, 72, "old-age-allowance").await;
        let (resident, other) = (my_session(&world, &one).await, my_session(&world, &two).await);
        let body = json!({ "kind": "copy", "text": "请给我一份副本。" });
        let body: Bytes = body.to_string().into_bytes().into();
        let made = world
            .request(OWNER, "POST", "/v1/my/requests", &bearer(&resident), body)
            .await;
        let request = made.json["request"]["id"].as_str().expect(&made.text).to_owned();
        let handler = session(&world, OWNER, &[Role::Handler]).await;
        let ask = json!({ "credentials": [{ "vct": "urn:zhengtong:identity:1", "claims": ["number"] }] });
        let ask = ask.to_string().into_bytes().into();
        let asked = world
            .request(OWNER, "POST", "/v1/presentations", &handler, ask)
            .await;
        let presentation = asked.json["id"].as_str().expect(&asked.text).to_owned();
        Self {
            world,
            case,
            others_case,
            resident,
            other,
            request,
            presentation,
            number: one.number.clone(),
        }
    }

    /// The path with what is there, and with what is not; one if it names nothing.
    fn paths(&self, template: &str) -> Vec<String> {
        let (name, there, not_there) =
            if template.starts_with("/v1/desk/requests/") || template.starts_with("/v1/requests/") {
                ("{id}", self.request.clone(), "0".repeat(self.request.len()))
            } else if template.starts_with("/v1/presentations/") || template.starts_with("/v1/openid/re") {
                (
                    "{id}",
                    self.presentation.clone(),
                    "A".repeat(self.presentation.len()),
                )
            } else if template.contains("{id}") {
                let not_there = format!("{:#x}", B256::repeat_byte(7));
                ("{id}", format!("{:#x}", self.case.id), not_there)
            } else if template.contains("{vct}") {
                (
                    "{vct}",
                    "urn:zhengtong:credential:old-age-allowance:1".into(),
                    "urn:none".into(),
                )
            } else if let Some(name) = ["{ticket}", "{reference}"]
                .into_iter()
                .find(|name| template.contains(name))
            {
                // Whoever knows one has been given it.
                (name, "A".repeat(43), "B".repeat(43))
            } else if template == "/v2/findUsage" {
                return [self.number.as_str(), NOBODYS]
                    .map(|number| format!("{template}?userCode=CN{number}"))
                    .into();
            } else if template.starts_with("/data/") {
                let path = |number| format!("{template}?DatabaseID={OWNER}&userID=CN{number}");
                return [self.number.as_str(), NOBODYS].map(path).into();
            } else {
                return vec![template.to_owned()];
            };
        vec![template.replace(name, &there), template.replace(name, &not_there)]
    }

    async fn headers(&self, walker: &str, method: &str, path: &str, body: &[u8]) -> Headers {
        let as_case = |case: &OwnCase, token: &str| {
            let mut headers = bearer(token);
            headers.extend(case.headers(method, path, self.world.clock.now_ms(), body));
            headers
        };
        match walker {
            "nobody" => Vec::new(),
            "resident" => as_case(&self.case, &self.resident),
            "other" => as_case(&self.others_case, &self.other),
            "foreign" => session(&self.world, "health", &Role::ALL).await,
            role => {
                let role = Role::parse(role).unwrap();
                let mut headers = session(&self.world, OWNER, &[role]).await;
                if role == Role::Reader {
                    headers.push(("x-purpose", "supervision".into()));
                }
                headers
            }
        }
    }

    async fn seen(&self, walker: &str, method: &str, path: &str, body: &Bytes) -> Seen {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in self.headers(walker, method, path, body).await {
            request = request.header(name, value);
        }
        if let Some((_, code)) = path.split_once("userCode=").or(path.split_once("userID=")) {
            request = request.header("x-road-userid", code);
            request = request.header("information-mediator-client", "EE/GOV/70006317/datatracker");
        }
        if path.starts_with("/v1/openid/") {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let request = request.body(Body::from(body.clone().0)).unwrap();
        let router = http::router(self.world.app(OWNER).clone(), true);
        let response = router.oneshot(request).await.unwrap();
        let kind = response.headers().get("content-type");
        Seen {
            status: response.status(),
            kind: kind.map_or("", |kind| kind.to_str().unwrap()).to_owned(),
            body: axum::body::to_bytes(response.into_body(), usize::MAX)
                .await
                .unwrap()
                .into(),
        }
    }
}

/// A body that is well formed, so that it is not the body that is refused; where it leads to something, to nothing lasting.
fn body(method: &str, template: &str) -> Bytes {
    let body = match (method, template) {
        ("GET", _) => return Bytes::new(),
        (_, "/v1/desk/cases/{id}/statements") => json!({ "text": "已核对。" }),
        (_, "/v1/desk/cases/{id}/records") => {
            json!({ "requestId": B256::repeat_byte(1), "provider": "health", "record": "nothing" })
        }
        (_, "/v1/desk/requests/{id}/answer") => json!({ "granted": false, "reason": "已当面交付。" }),
        (_, "/v1/presentations") => json!({ "credentials": [] }),
        // A number that is none: whoever may do it learns that, nobody else.
        (_, "/v1/counter/recoveries") => json!({ "number": "1", "code": "00000000" }),
        (_, "/v1/my/requests") => json!({ "kind": "copy", "text": "请给我一份副本。" }),
        (_, "/v1/my/allowance") => json!({ "window": 0, "blinded": [] }),
        (_, "/v1/access/officers/release") => json!({ "name": "nobody" }),
        (_, "/v1/session/oidc") => json!({ "redirect_uri": "https://x/", "browser": "0".repeat(64) }),
        (_, "/v1/session/oidc/finish") => json!({ "state": "x", "secret": "x" }),
        (_, "/v1/access/officers/passkeys/remove") => json!({ "name": "nobody", "id": "x" }),
        (_, "/v1/session/passkey") => {
            json!({ "id": "x", "client_data": "x", "authenticator_data": "x", "signature": "x" })
        }
        (_, "/v1/session/passkeys") => json!({ "label": "x", "client_data": "x", "attestation_object": "x" }),
        (_, "/v1/session/passkeys/remove") => json!({ "id": "x" }),
        (_, "/v1/session/key") => json!({ "message": "x", "signature": "x" }),
        (_, "/v1/cases/{id}/appeal") => json!({ "text": "请复核。", "salt": B256::ZERO }),
        (_, "/v1/cases/{id}/supplement") => json!({ "form": {}, "salt": B256::ZERO }),
        _ => json!({}),
    };
    body.to_string().into_bytes().into()
}

/// Every route and method that the description has.
fn routes() -> Vec<(String, String)> {
    let description = serde_json::to_value(http::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if ["get", "post", "put", "delete", "patch"].contains(&method.as_str()) {
                routes.push((path.clone(), method.to_uppercase()));
            }
        }
    }
    routes.sort();
    routes
}

fn row(method: &str, path: &str, cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| format!("{cell:<9}")).collect();
    format!("{method:<5}{path:<42}{}", cells.join(""))
        .trim_end()
        .to_owned()
}

#[tokio::test]
async fn every_route_answers_everybody_as_the_table_says() {
    let walk = Walk::new().await;
    let names = WALKERS.map(|walker| walker.chars().take(8).collect::<String>());
    let mut made = format!("{HEAD}#{}\n", &row("", "", &names)[1..]);
    for (template, method) in routes() {
        let (paths, body) = (walk.paths(&template), body(&method, &template));
        let mut cells = Vec::new();
        for walker in WALKERS {
            let mut seen = Vec::new();
            for path in &paths {
                seen.push(walk.seen(walker, &method, path, &body).await);
            }
            let there = &seen[0];
            let not_there = seen.last().unwrap();
            if there.status == not_there.status {
                if there.status.as_u16() >= 400 {
                    assert_eq!(there, not_there, "{walker} {method} {template}: told apart");
                }
                cells.push(there.status.as_u16().to_string());
            } else {
                // The applicant alone is told that something of their own case is not there.
                let may_miss = walker == "resident";
                assert!(
                    may_miss || there.status != StatusCode::NOT_FOUND,
                    "{walker} {method} {template}"
                );
                cells.push(format!("{}/{}", there.status.as_u16(), not_there.status.as_u16()));
            }
        }
        made.push_str(&row(&method, &template, &cells));
        made.push('\n');
    }
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/access.txt");
        std::fs::write(path, &made).unwrap();
        return;
    }
    let (expected, found): (BTreeSet<_>, BTreeSet<_>) = (TABLE.lines().collect(), made.lines().collect());
    let stale: Vec<_> = expected.symmetric_difference(&found).collect();
    assert!(
        TABLE == made,
        "access.txt is not what the gateway answers (a new route needs a row; review it): {stale:#?}"
    );
}

#[tokio::test]
async fn refusals_and_changes_of_the_policies_are_on_record_for_the_administrator() {
    let world = World::new().await;
    let wallet = world.wallet("refused-64").await;
    let case = world.apply(&wallet, 73, "old-age-allowance").await;
    let path = format!("/v1/desk/cases/{:#x}", case.id);
    let missing = format!("/v1/desk/cases/{:#x}", B256::repeat_byte(7));
    let administrator = session(&world, OWNER, &[Role::Administrator]).await;
    let mut reader = session(&world, OWNER, &[Role::Reader]).await;
    reader.push(("x-purpose", "supervision".into()));
    assert_eq!(
        world.get(OWNER, &path, &administrator).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.get(OWNER, &path, &reader).await.status, StatusCode::OK);
    assert_eq!(
        world.get(OWNER, &missing, &reader).await.status,
        StatusCode::NOT_FOUND
    );
    let statement: Bytes = json!({ "text": "x" }).to_string().into_bytes().into();
    let written = world
        .request(OWNER, "POST", &format!("{path}/statements"), &reader, statement)
        .await;
    assert_eq!(
        (written.status, written.kind()),
        (StatusCode::FORBIDDEN, "not-permitted")
    );
    assert!(written.text.contains("writeStatement"), "{}", written.text);
    let foreign = session(&world, "health", &Role::ALL).await;
    assert_eq!(
        world.get(OWNER, &path, &foreign).await.status,
        StatusCode::NOT_FOUND
    );

    let kept = world.get(OWNER, "/v1/access/refusals", &administrator).await;
    let id = format!("case/{:#x}", case.id);
    let fields = [
        "who", "agency", "action", "resource", "purpose", "policies", "result",
    ];
    let found: Vec<Vec<&str>> = kept.json["items"]
        .as_array()
        .expect(&kept.text)
        .iter()
        .map(|item| fields.map(|field| item[field].as_str().unwrap()).to_vec())
        .collect();
    let row = |agency, action, resource, purpose, policies, result| {
        vec!["A-1001", agency, action, resource, purpose, policies, result]
    };
    let expected: BTreeSet<_> = [
        row(OWNER, "seeCase", &id, "case-handling", "", "hidden"),
        row(OWNER, "seeCase", "", "supervision", "", "missing"),
        row(OWNER, "writeStatement", &id, "supervision", "", "not-permitted"),
        row(
            "health",
            "seeCase",
            &id,
            "case-handling",
            "default.cedar:own-agency-only",
            "hidden",
        ),
    ]
    .into();
    assert_eq!(
        found.iter().cloned().collect::<BTreeSet<_>>(),
        expected,
        "{}",
        kept.text
    );
    assert!(!kept.text.contains(&wallet.number) && !kept.text.contains(&wallet.name));
    let metrics = world.get(OWNER, "/metrics", &[]).await;
    let counted = "zhengtong_gateway_access_refusals_total{action=\"seeCase\",result=\"hidden\"} 2";
    assert!(metrics.text.contains(counted), "{}", metrics.text);
    assert_eq!(
        world.get(OWNER, "/v1/access/refusals", &reader).await.status,
        StatusCode::NOT_FOUND
    );

    // A purpose that is none is refused by name.
    let mut wrong = session(&world, OWNER, &[Role::Reader]).await;
    wrong.push(("x-purpose", "curiosity".into()));
    assert_eq!(world.get(OWNER, &path, &wrong).await.field(), "x-purpose");

    // Other policies: read again while the gateway runs, on record with their hash; refused ones change nothing.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.cedar");
    let text =
        "permit (principal in Role::\"administrator\", action == Action::\"seePolicies\", resource);\n";
    std::fs::write(&file, text).unwrap();
    let mut config = world.config(OWNER).await;
    config.access.policies = Some(folder.path().to_owned());
    let app = open(config, world.chain.clone(), world.clock.clone())
        .await
        .unwrap();
    let policies = async |app: &zhengtong_gateway::app::App| {
        let request = Request::get("/v1/access/policies");
        let request = request
            .header("authorization", &administrator[0].1)
            .body(Body::empty());
        let answer = http::router(app.clone(), true)
            .oneshot(request.unwrap())
            .await
            .unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let first = policies(&app).await;
    assert_eq!(first["files"], json!([{ "name": "own.cedar", "text": text }]));
    assert_eq!(first["changes"].as_array().unwrap().len(), 2, "{first}");
    world.advance(std::time::Duration::from_secs(1));
    std::fs::write(&file, format!("{text}// reviewed\n")).unwrap();
    app.reload_policies().await.unwrap();
    let second = policies(&app).await;
    assert_ne!(second["hash"], first["hash"]);
    assert_eq!(second["changes"][0]["hash"], second["hash"]);
    assert_eq!(second["changes"].as_array().unwrap().len(), 3, "{second}");
    app.reload_policies().await.unwrap();
    std::fs::write(&file, "permit (principal, action == Action::\"burn\", resource);").unwrap();
    let refused = app.reload_policies().await.unwrap_err().to_string();
    assert!(refused.starts_with("own.cedar:1:"), "{refused}");
    assert_eq!(policies(&app).await, second);
}
