//! The status list's root on the chain follows the list, whatever was interrupted.

use std::time::Duration;

use alloy_primitives::B256;
use alloy_sol_types::SolEvent;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zhengtong_bindings::cases::Cases::appealCall;
use zhengtong_bindings::credentials::Credentials::{CredentialIssued, StatusRootSet, statusRootCall};
use zhengtong_bindings::{DECIDER, ISSUER, PROVIDER, addresses, slug};
use zhengtong_credentials::{Status, StatusList};
use zhengtong_vault::sql::{Access, connect, sqlite_url};

use crate::wallet::OwnCase;
use crate::world::{OWNER, World};

/// The list that anyone can fetch.
async fn served(world: &World) -> StatusList {
    let token = world.get(OWNER, "/v1/status", &[]).await.text;
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    StatusList::decode(2, payload["status_list"]["lst"].as_str().unwrap()).unwrap()
}

fn on_chain(world: &World) -> B256 {
    let call = statusRootCall {
        issuer: slug(OWNER),
        list: slug("status-1"),
    };
    world.chain.read(addresses().credentials, &call)
}

async fn appeal(world: &World, case: &OwnCase) {
    let path = format!("/v1/cases/{:#x}/appeal", case.id);
    let body = json!({ "text": "金额不对", "salt": B256::repeat_byte(9) });
    let answer = world.as_case(case, "POST", &path, Some(body)).await;
    let call = appealCall {
        id: case.id,
        statement: answer.json["hash"].as_str().expect(&answer.text).parse().unwrap(),
    };
    world.chain.submit(&case.key, addresses().cases, &call);
}

#[tokio::test]
async fn the_first_list_is_on_the_chain_before_the_first_credential_and_a_longer_one_before_the_next() {
    let world = World::new().await;
    assert!(on_chain(&world).is_zero(), "nothing was issued");
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, "old-age-allowance").await;
    let short = served(&world).await;
    assert_eq!(
        (short.size(), on_chain(&world)),
        (1_024, B256::from(short.root()))
    );
    // As if the list were full: the next place is in a longer one.
    let file = world.folder.path().join(OWNER).join("gateway.sqlite");
    let pool = connect(&sqlite_url(&file), Access::ReadWrite).await.unwrap();
    let full = "UPDATE credentials SET status_index = 1023";
    sqlx::query(full).execute(&pool).await.unwrap();
    world.apply(&wallet, 2, "old-age-allowance").await;
    let long = served(&world).await;
    assert_eq!((long.size(), on_chain(&world)), (2_048, B256::from(long.root())));
    let roots_and_credentials: Vec<_> = world
        .chain
        .logs(addresses().credentials)
        .iter()
        .filter_map(|log| match log.topics()[0] {
            StatusRootSet::SIGNATURE_HASH => Some("root"),
            CredentialIssued::SIGNATURE_HASH => Some("credential"),
            _ => None,
        })
        .collect();
    assert_eq!(
        roots_and_credentials,
        ["root", "credential", "root", "credential"]
    );
}

#[tokio::test]
async fn a_status_that_was_set_before_a_crash_reaches_the_chain_after_it() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let case = world.apply(&wallet, 1, "old-age-allowance").await;
    appeal(&world, &case).await;
    // The gateway is killed right after the first of its writes.
    let store = &world.app(OWNER).store;
    assert_eq!(
        store
            .set_status(case.id, u32::MAX, Status::Suspended)
            .await
            .unwrap(),
        1
    );
    world.settle().await;
    let list = served(&world).await;
    assert_eq!(list.get(0).unwrap(), Status::Suspended);
    assert_eq!(on_chain(&world), B256::from(list.root()));
}

#[tokio::test]
async fn a_root_that_the_contract_refused_is_published_once_it_may_be_and_with_what_came_since() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let first = world.apply(&wallet, 1, "old-age-allowance").await;
    let second = world.apply(&wallet, 2, "old-age-allowance").await;
    let before = on_chain(&world);
    world.set_roles(OWNER, PROVIDER | DECIDER);
    appeal(&world, &first).await;
    world.app(OWNER).follow().await.unwrap();
    world.app(OWNER).work_once().await.unwrap();
    assert_eq!(on_chain(&world), before, "not an issuer for now");

    world.set_roles(OWNER, PROVIDER | DECIDER | ISSUER);
    appeal(&world, &second).await;
    for _ in 0..3 {
        world.advance(Duration::from_secs(600));
        world.settle().await;
    }
    let list = served(&world).await;
    assert_eq!(
        (list.get(0).unwrap(), list.get(1).unwrap()),
        (Status::Suspended, Status::Suspended)
    );
    assert_eq!(on_chain(&world), B256::from(list.root()));
}
