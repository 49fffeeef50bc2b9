//! Killed at any moment, a gateway goes on: no second use record, no second attestation, nothing lost.

use std::collections::HashMap;
use std::time::Duration;

use alloy_sol_types::SolEvent;
use serde_json::json;
use zhengtong_bindings::addresses;
use zhengtong_bindings::cases::Cases::FactsAttested;
use zhengtong_bindings::credentials::Credentials::CredentialIssued;
use zhengtong_bindings::uses::Uses::Used;

use crate::wallet::OwnCase;
use crate::world::{OWNER, World};

/// More requests than a gateway makes for one case, so that the last runs do not crash at all.
const MOST_REQUESTS: u32 = 15;

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_request_to_the_chain_leads_to_the_same_end() {
    let mut world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let mut cases = Vec::new();
    for requests in 0..MOST_REQUESTS {
        for takes_effect in [false, true] {
            let seed = u64::from(requests) * 2 + u64::from(takes_effect) + 100;
            let case = OwnCase::new(seed, json!({ "payment_channel": "social-security-card" })).of(&wallet);
            world.open_case(&case, "old-age-allowance");
            for organisation in ["public-security", "health", OWNER] {
                world.link(&wallet, &case, organisation, None).await;
            }
            crash(&world, requests, takes_effect).await;
            world.chain.go_on();
            world.restart().await;
            for _ in 0..3 {
                world.advance(Duration::from_secs(600));
                world.settle().await;
            }
            cases.push((requests, takes_effect, case));
        }
    }
    let uses = count(world.chain.logs(addresses().uses).iter().map(|log| {
        let used = Used::decode_log(log).unwrap();
        (used.caseId, used.provider)
    }));
    let facts = count(
        world
            .chain
            .logs(addresses().cases)
            .iter()
            .filter(|log| log.topics()[0] == FactsAttested::SIGNATURE_HASH)
            .map(|log| {
                let attested = FactsAttested::decode_log(log).unwrap();
                (attested.id, attested.provider)
            }),
    );
    let issued = count(
        world
            .chain
            .logs(addresses().credentials)
            .iter()
            .filter(|log| log.topics()[0] == CredentialIssued::SIGNATURE_HASH)
            .map(|log| CredentialIssued::decode_log(log).unwrap().caseId),
    );
    assert_eq!(
        (uses.len(), facts.len(), issued.len()),
        (cases.len() * 3, cases.len() * 3, cases.len())
    );
    assert!(
        uses.values()
            .chain(facts.values())
            .chain(issued.values())
            .all(|count| *count == 1)
    );
    for (requests, takes_effect, case) in cases {
        let amount = world.on_chain(&case).amountFen;
        assert_eq!(
            amount, 7_500,
            "crash after {requests} requests, takes effect: {takes_effect}"
        );
        let answer = world
            .as_case(
                &case,
                "GET",
                &format!("/v1/cases/{:#x}/credential", case.id),
                None,
            )
            .await;
        assert!(answer.status.is_success(), "{}", answer.text);
    }
}

/// What was sent took effect, its answer was lost, and it was signed anew: the contract refuses the second one.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_chain_has_already_is_done_and_not_tried_again() {
    const PROVIDER: &str = "health";
    const MASK: u32 = 0b100;
    let mut world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    // The first request of an ask sends the use record, the third the facts.
    for (seed, requests, what) in [(1, 0, "use"), (2, 2, "facts")] {
        let case = OwnCase::new(seed, json!({ "payment_channel": "social-security-card" })).of(&wallet);
        world.open_case(&case, "old-age-allowance");
        world.link(&wallet, &case, PROVIDER, None).await;
        crash(&world, requests, true).await;
        world.chain.go_on();
        world.restart().await;
        let id = format!("{what}/{:#x}/{MASK}", case.id);
        let store = &world.app(PROVIDER).store;
        assert!(store.transaction(&id).await.unwrap().is_some());
        store.unsign(&id).await.unwrap();
        world.app(PROVIDER).work_once().await.unwrap();

        assert_eq!(world.on_chain(&case).answered, MASK, "{what}");
        let open: Vec<_> = store.job_counts().await.unwrap();
        assert!(open.iter().all(|(state, _)| state == "done"), "{what}: {open:?}");
        let of_case = |log: &&alloy_primitives::Log| log.topics().get(2) == Some(&case.id);
        let uses = world.chain.logs(addresses().uses);
        assert_eq!(uses.iter().filter(of_case).count(), 1, "{what}: one record");
    }
}

/// Lets every gateway work until the chain stops answering, and drops them in the middle.
async fn crash(world: &World, requests: u32, takes_effect: bool) {
    world.chain.stop_after(requests, takes_effect);
    for (_, app) in &world.gateways {
        app.follow().await.unwrap();
        let _ = tokio::time::timeout(Duration::from_millis(150), app.work_once()).await;
    }
}

fn count<T: std::hash::Hash + Eq>(items: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}
