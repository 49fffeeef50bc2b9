//! The register of people: one leaf a person, whatever happens between the books and the chain.

use std::time::Duration;

use alloy_primitives::{B256, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolEvent};
use axum::http::StatusCode;
use serde_json::{Value, json};
use zhengtong_bindings::people::IPeople;
use zhengtong_bindings::people::People::{
    LeafEntered, LeafRemoved, LeafReplaced, countOfCall, currentCall, enterCall, leafOfCall, stateOfCall,
    verifyCall,
};
use zhengtong_bindings::{IDENTITY, PROVIDER, addresses, slug};
use zhengtong_gateway::app::chain::ChainPort;

use crate::deletion::number;
use crate::wallet::{Wallet, commitment};
use crate::world::{World, repository};

const AUTHORITY: &str = "public-security";

/// Hands over a commitment; answers the seat.
async fn enrol(world: &World, wallet: &Wallet, secret: &str) -> B256 {
    let answer = world.enrol(wallet, &commitment(secret).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json["seat"].as_str().unwrap().parse().unwrap()
}

async fn work(world: &World) -> usize {
    let done = world.app(AUTHORITY).enter_people().await.unwrap();
    world.app(AUTHORITY).follow().await.unwrap();
    done
}

fn on_seat(world: &World, seat: B256) -> U256 {
    let authority = slug(AUTHORITY);
    world
        .chain
        .read(addresses().people, &leafOfCall { authority, seat })
}

fn number_of(secret: &str) -> U256 {
    U256::from_be_bytes(commitment(secret).0)
}

fn state(world: &World, secret: &str) -> IPeople::Leaf {
    let leaf = number_of(secret);
    world.chain.read(addresses().people, &stateOfCall { leaf })
}

fn count(world: &World) -> u64 {
    let call = countOfCall {
        authority: slug(AUTHORITY),
    };
    world.chain.read(addresses().people, &call)
}

/// How many leaves were entered, replaced and removed.
fn events(world: &World) -> (usize, usize, usize) {
    let logs = world.chain.logs(addresses().people);
    let of = |topic: B256| logs.iter().filter(|log| log.topics()[0] == topic).count();
    (
        of(LeafEntered::SIGNATURE_HASH),
        of(LeafReplaced::SIGNATURE_HASH),
        of(LeafRemoved::SIGNATURE_HASH),
    )
}

#[tokio::test]
async fn a_second_wallet_takes_the_place_of_the_first() {
    let world = World::new().await;
    let (one, other) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let seat = enrol(&world, &one, "first").await;
    assert_eq!(work(&world).await, 1);
    assert_eq!(on_seat(&world, seat), number_of("first"));
    // The same again: nothing new on the chain.
    assert_eq!(enrol(&world, &one, "first").await, seat);
    let blocks = world.chain.block_count();
    work(&world).await;
    assert_eq!(world.chain.block_count(), blocks);

    let others = enrol(&world, &other, "other").await;
    assert_ne!(others, seat);
    assert_eq!(enrol(&world, &one, "second").await, seat, "a person has one seat");
    assert_eq!(work(&world).await, 2);
    assert_eq!(on_seat(&world, seat), number_of("second"));
    assert!(!state(&world, "first").isCurrent, "its proofs are over");
    assert!(state(&world, "second").isCurrent);
    assert_eq!(state(&world, "second").index, state(&world, "first").index);
    assert_eq!((count(&world), events(&world)), (2, (2, 1, 0)));
    assert_eq!(work(&world).await, 0, "nothing is left");

    // Two wallets before the chain heard of the first: the last one counts.
    enrol(&world, &one, "third").await;
    enrol(&world, &one, "fourth").await;
    work(&world).await;
    assert_eq!(on_seat(&world, seat), number_of("fourth"));
    assert_eq!(state(&world, "third").since, 0, "never entered");
    assert_eq!(count(&world), 2);
}

/// Whatever was told and not answered: after the restart there is one leaf, and it is the last one.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_request_to_the_chain_gives_one_leaf() {
    let mut world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let mut seat = B256::ZERO;
    for (round, (requests, takes_effect)) in [(0, false), (0, true), (1, false), (1, true), (2, true)]
        .into_iter()
        .enumerate()
    {
        let secret = format!("round {round}");
        seat = enrol(&world, &wallet, &secret).await;
        world.chain.stop_after(requests, takes_effect);
        let app = world.app(AUTHORITY).clone();
        let _ = tokio::time::timeout(Duration::from_millis(150), app.enter_people()).await;
        drop(app);
        world.chain.go_on();
        world.restart().await;
        for _ in 0..3 {
            world.advance(Duration::from_secs(10));
            work(&world).await;
        }
        assert_eq!(
            on_seat(&world, seat),
            number_of(&secret),
            "{requests} {takes_effect}"
        );
        assert_eq!(count(&world), 1);
        world.advance(Duration::from_secs(3_600));
    }
    assert_eq!(events(&world), (1, 4, 0), "each once");
    // Between the vault and the store: the row is lost, and comes again with the person.
    enrol(&world, &wallet, "lost").await;
    let store = &world.app(AUTHORITY).store;
    for row in store.wanted_leaves(u64::MAX >> 1, 1, 9).await.unwrap() {
        store.leaf_done(&row).await.unwrap();
    }
    work(&world).await;
    assert_eq!(on_seat(&world, seat), number_of("round 4"));
    assert_eq!(enrol(&world, &wallet, "lost").await, seat);
    work(&world).await;
    assert_eq!((on_seat(&world, seat), count(&world)), (number_of("lost"), 1));
}

#[tokio::test]
async fn who_is_deleted_is_counted_no_more_and_who_comes_back_once() {
    let world = World::new().await;
    let (gone, stays) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let (seat, other) = (
        enrol(&world, &gone, "gone").await,
        enrol(&world, &stays, "stays").await,
    );
    work(&world).await;
    assert_eq!(count(&world), 2);
    world.app(AUTHORITY).forget(&number(&gone.number)).await.unwrap();
    assert_eq!(work(&world).await, 1);
    assert_eq!((on_seat(&world, seat), count(&world)), (U256::ZERO, 1));
    assert!(!state(&world, "gone").isCurrent);
    assert_eq!(on_seat(&world, other), number_of("stays"));
    // Deleted once more, and taken off once more: done already.
    world.app(AUTHORITY).store.want_leaf(seat, None).await.unwrap();
    work(&world).await;
    assert_eq!(events(&world), (2, 0, 1));

    let new = enrol(&world, &gone, "back").await;
    assert_ne!(new, seat, "nobody knows the old seat any more");
    work(&world).await;
    assert_eq!((on_seat(&world, new), count(&world)), (number_of("back"), 2));
    // A leaf that was taken off never comes back.
    let answer = world.enrol(&gone, &commitment("gone").to_string()).await;
    assert_eq!(
        (answer.status, answer.kind(), answer.field()),
        (StatusCode::CONFLICT, "commitment-used", "commitment")
    );
}

#[tokio::test]
async fn commitments_that_are_none_or_another_ones_are_refused() {
    let world = World::new().await;
    let (one, other) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    // The order of BN254's scalar field, as EIP-197 has it.
    let order = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
    let none = B256::ZERO.to_string();
    for bad in [
        "",
        "0x12",
        "eleven",
        order,
        &none,
        &B256::repeat_byte(0xff).to_string(),
    ] {
        let answer = world.enrol(&one, bad).await;
        assert_eq!(
            (answer.status, answer.field()),
            (StatusCode::BAD_REQUEST, "commitment"),
            "{bad}: {}",
            answer.text
        );
    }
    // Both hand over the same one before the chain has it: the contract takes it once.
    let (first, second) = (
        enrol(&world, &one, "copied").await,
        enrol(&world, &other, "copied").await,
    );
    assert_eq!(work(&world).await, 1);
    let has = |seat| on_seat(&world, seat) == number_of("copied");
    assert!(has(first) != has(second));
    assert_eq!(count(&world), 1);
    // Once it has: it is refused at once, to who does not have it.
    let (winner, loser, seat) = if has(first) {
        (&one, &other, second)
    } else {
        (&other, &one, first)
    };
    let answer = world.enrol(loser, &commitment("copied").to_string()).await;
    assert_eq!(answer.kind(), "commitment-used", "{}", answer.text);
    enrol(&world, winner, "copied").await;
    assert_eq!(enrol(&world, loser, "own").await, seat);
    work(&world).await;
    assert_eq!((on_seat(&world, seat), count(&world)), (number_of("own"), 2));
}

#[tokio::test]
async fn only_who_may_enters_people_and_the_credential_does_not_depend_on_it() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    world.set_roles(AUTHORITY, PROVIDER);
    world.app(AUTHORITY).follow().await.unwrap();
    let answer = world.enrol(&wallet, &commitment("one").to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json["seat"], json!(null));
    assert!(answer.json["credential"].is_string());

    // The role is lost between the books and the chain: refused, on record, and tried again.
    world.set_roles(AUTHORITY, PROVIDER | IDENTITY);
    world.app(AUTHORITY).follow().await.unwrap();
    let seat = enrol(&world, &wallet, "one").await;
    world.set_roles(AUTHORITY, PROVIDER);
    assert_eq!(work(&world).await, 0);
    let store = &world.app(AUTHORITY).store;
    let refused = store.wanted_leaves(u64::MAX >> 1, 9, 9).await.unwrap();
    assert_eq!((refused.len(), refused[0].tries), (1, 1));
    world.set_roles(AUTHORITY, PROVIDER | IDENTITY);
    assert_eq!(work(&world).await, 0, "not at once");
    world.advance(Duration::from_secs(3_601));
    assert_eq!(work(&world).await, 1);
    assert_eq!(on_seat(&world, seat), number_of("one"));
}

/// A member of Semaphore's vectors, entered by the gateway among others, proves it to the contracts of genesis.
#[tokio::test]
async fn a_member_proves_it_on_the_chain_until_they_are_replaced() {
    let path = repository().join("contracts/test/vectors/people.json");
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let word = |value: &Value| value.as_str().unwrap().parse::<U256>().unwrap();
    let members: Vec<_> = vectors["members"].as_array().unwrap().iter().map(word).collect();
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let attester = PrivateKeySigner::from_bytes(&keccak256(format!("attester/{AUTHORITY}"))).unwrap();
    let put = |seat: B256, leaf: U256| {
        world
            .chain
            .submit(&attester, addresses().people, &enterCall { seat, leaf });
    };
    let seat_at = |index: usize| keccak256(index.to_be_bytes());
    let root = || world.chain.read(addresses().people, &currentCall {}).root.root;
    let verifies = async |proof: &str, root: U256| {
        let proof = &vectors["proofs"][proof];
        let points: Vec<_> = proof["points"].as_array().unwrap().iter().map(word).collect();
        let m = IPeople::Membership {
            nullifier: word(&proof["nullifier"]),
            message: word(&proof["message"]),
            scope: word(&proof["scope"]),
            points: points.try_into().unwrap(),
        };
        let call = verifyCall { root, m };
        world
            .chain
            .call(addresses().people, call.abi_encode().into())
            .await
            .is_ok()
    };
    // The vectors' proof is of the sixth of twelve.
    (0..5).for_each(|index| put(seat_at(index), members[index]));
    let answer = world.enrol(&wallet, &B256::from(members[5]).to_string()).await;
    let seat = answer.json["seat"].as_str().unwrap().parse().unwrap();
    assert_eq!(work(&world).await, 1);
    (6..12).for_each(|index| put(seat_at(index), members[index]));
    let then = root();
    assert_eq!(then, word(&vectors["proofs"]["first"]["root"]));
    assert!(verifies("first", then).await);
    assert!(!verifies("again", then).await, "a proof of another root");
    put(seat, number_of("another"));
    assert_ne!(root(), then);
    assert!(!verifies("first", root()).await, "the old secret");
    assert!(
        verifies("first", then).await,
        "what froze the root before counts it"
    );
}
