//! The status list's root on the chain follows the list, whatever was interrupted.

use std::time::Duration;

use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zhengtong_bindings::cases::Cases::appealCall;
use zhengtong_bindings::credentials::Credentials::statusRootCall;
use zhengtong_bindings::registry::IRegistry::Organisation;
use zhengtong_bindings::registry::Registry::setOrganisationCall;
use zhengtong_bindings::{DECIDER, ISSUER, PROVIDER, addresses, slug};
use zhengtong_credentials::{Status, StatusList};

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
    let with_roles = |roles| {
        let organisation = Organisation {
            attester: world.app(OWNER).attester.address(),
            roles,
            encryptionKey: world.encryption(OWNER),
            name: OWNER.into(),
            gateway: "x".into(),
        };
        let call = setOrganisationCall::new((slug(OWNER), organisation));
        world.chain.submit(&world.council, addresses().registry, &call);
    };
    with_roles(PROVIDER | DECIDER);
    appeal(&world, &first).await;
    world.app(OWNER).follow().await.unwrap();
    world.app(OWNER).work_once().await.unwrap();
    assert!(on_chain(&world).is_zero(), "not an issuer for now");

    with_roles(PROVIDER | DECIDER | ISSUER);
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
