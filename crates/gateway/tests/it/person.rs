//! A case is of one person: no agency answers about another one in it.

use alloy_sol_types::SolEvent;
use axum::http::StatusCode;
use serde_json::{Value, json};
use zhengtong_bindings::addresses;
use zhengtong_bindings::cases::Cases::{requestMoreCall, supplementCall};
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_bindings::{parse_slug, slug};

use crate::wallet::{OwnCase, Wallet};
use crate::world::{OWNER, World, officer};

const SERVICE: &str = "old-age-allowance";
const PROVIDERS: [&str; 3] = ["public-security", "health", OWNER];

fn form() -> Value {
    json!({ "payment_channel": "elder-card" })
}

async fn post(world: &World, wallet: &Wallet, case: &OwnCase, to: &str) -> crate::world::Answer {
    let rest = case.link_rest(wallet, to, true, to == OWNER, None, crate::world::NOW_S);
    let body = case.seal(&rest, to, world.encryption(to));
    world.post(to, "/v1/links", &body).await
}

fn recorded(world: &World) -> Vec<alloy_primitives::B256> {
    let logs = world.chain.logs(addresses().uses);
    logs.iter()
        .map(|log| Used::decode_log(log).unwrap().provider)
        .collect()
}

#[tokio::test]
async fn the_second_agency_refuses_another_persons_number_and_answers_nothing() {
    let world = World::new().await;
    let (of_66, of_70) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let case = OwnCase::new(1, form()).of(&of_66);
    world.open_case(&case, SERVICE);
    world.settle().await;
    let honest = post(&world, &of_66, &case, "public-security").await;
    assert_eq!(honest.status, StatusCode::ACCEPTED, "{}", honest.text);
    for second in ["health", OWNER] {
        let mixed = post(&world, &of_70, &case, second).await;
        assert_eq!(
            (mixed.status, mixed.kind(), mixed.field()),
            (StatusCode::FORBIDDEN, "not-of-this-case", "presentation"),
            "{}",
            mixed.text
        );
        let detail = mixed.json["detail"].as_str().unwrap();
        assert!(
            detail.contains("one person") && !detail.contains(&of_70.number),
            "{detail}"
        );
    }
    world.settle().await;
    assert_eq!(recorded(&world), [slug("public-security")]);
    assert_eq!(
        world.on_chain(&case).answered.count_ones(),
        2,
        "age and household alone"
    );
}

#[tokio::test]
async fn a_link_that_came_before_the_case_is_checked_before_anything_is_recorded() {
    let world = World::new().await;
    let (of_66, of_70) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let case = OwnCase::new(2, form()).of(&of_66);
    // Nothing is on the chain yet, so every agency has to take what it is shown.
    for to in PROVIDERS {
        let wallet = if to == "health" { &of_70 } else { &of_66 };
        let taken = post(&world, wallet, &case, to).await;
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text);
    }
    world.open_case(&case, SERVICE);
    world.settle().await;
    assert!(
        !recorded(&world).contains(&slug("health")),
        "a use was recorded for another person"
    );
    assert_eq!(world.on_chain(&case).status, 1, "still asking");

    // The right person's link takes the place of what did not fit.
    let right = post(&world, &of_66, &case, "health").await;
    assert_eq!(right.status, StatusCode::ACCEPTED, "{}", right.text);
    world.settle().await;
    assert_eq!(world.on_chain(&case).amountFen, 7_500);
}

#[tokio::test]
async fn a_supplement_keeps_the_person() {
    let world = World::new().await;
    let wallet = world.wallet("household-missing").await;
    let other = world.wallet("approved-70").await;
    let mut case = world.apply(&wallet, 3, SERVICE).await;
    let more = requestMoreCall {
        id: case.id,
        defects: vec![parse_slug("household-unclear").unwrap()],
        statement: alloy_primitives::B256::ZERO,
    };
    world.chain.submit(&officer(OWNER, 0), addresses().cases, &more);
    world.settle().await;
    case.form = json!({ "payment_channel": "social-security-card" });
    case.salt = alloy_primitives::B256::repeat_byte(4);
    let path = format!("/v1/cases/{:#x}/supplement", case.id);
    let body = json!({ "form": case.form, "salt": case.salt });
    let taken = world.as_case(&case, "POST", &path, Some(body)).await;
    assert_eq!(
        taken.json["hash"],
        format!("{:#x}", case.commitment()),
        "{}",
        taken.text
    );
    // On the chain it is given another person: the desk is shown no form for it.
    let case = case.of(&other);
    let call = supplementCall {
        id: case.id,
        form: case.commitment(),
    };
    world.chain.submit(&case.key, addresses().cases, &call);
    world.settle().await;
    let bearer = world.bearer(OWNER, 0).await;
    let file = world
        .get(OWNER, &format!("/v1/desk/cases/{:#x}", case.id), &bearer)
        .await;
    assert_eq!((file.status, &file.json["form"]), (StatusCode::OK, &Value::Null));
}
