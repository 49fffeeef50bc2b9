//! A carer acts for a resident: what an agency accepts, what it refuses, and what everybody reads afterwards.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use zhengtong_bindings::addresses;
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_gateway::app::clock::Clock;
use zhengtong_gateway::app::use_record;
use zhengtong_vault::Secret;

use crate::delegates::{DAY_S, Given, nobodys_key, sign};
use crate::wallet::Wallet;
use crate::world::{NOW_S, OWNER, World};

const SERVICE: &str = "old-age-allowance";
const PROVIDER: &str = "health";
const ASKED: [&str; 3] = ["public-security", PROVIDER, OWNER];

struct People {
    world: World,
    resident: Wallet,
    carer: Wallet,
}

async fn people() -> People {
    let world = World::new().await;
    let (resident, carer) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    People {
        world,
        resident,
        carer,
    }
}

/// Words of what this gateway refused to people who act for others, newest first.
async fn refused(world: &World, organisation: &str) -> Vec<String> {
    let rows = world.app(organisation).store.refusals(100).await.unwrap();
    let ours = rows.into_iter().filter(|row| row.action == "actForAnother");
    ours.map(|row| row.result).collect()
}

#[tokio::test]
async fn a_carer_applies_and_the_records_say_so() {
    let People {
        world,
        resident,
        carer,
    } = people().await;
    let given = Given::new(1, &resident, &carer);
    given.register(&world);
    let case = given.case(0);
    world.open_case(case, SERVICE);
    world.settle().await;
    for organisation in ASKED {
        let rest = given.link(0, &carer, organisation, NOW_S);
        let body = case.seal(&rest, organisation, world.encryption(organisation));
        for _ in 0..2 {
            let answer = world.post(organisation, "/v1/links", &body).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        }
    }
    world.settle().await;
    // The rules decided about the resident, who is 66: the carer is 70, and would have got twice as much.
    let decided = world.on_chain(case);
    assert_eq!(
        (decided.status, decided.amountFen),
        (4, 7_500),
        "approved for the resident"
    );
    let logs = world.chain.logs(addresses().uses);
    let used: Vec<_> = logs
        .iter()
        .filter_map(|log| alloy_sol_types::SolEvent::decode_log(log).ok())
        .map(|log: alloy_primitives::Log<Used>| log.data)
        .collect();
    assert!(used.len() >= ASKED.len());
    for organisation in ASKED {
        let secret = Secret::new(case.use_secret(organisation));
        let record = used
            .iter()
            .find(|used| used.tag == use_record::tag(&secret, 0))
            .unwrap();
        let details = use_record::open(&secret, 0, &record.ciphertext).unwrap();
        assert_eq!(details.by.as_deref(), Some("carer"), "{organisation}");
        assert!(refused(&world, organisation).await.is_empty());
    }
    // The agency's file says who it was; the desk shows it.
    let desk = world
        .get(
            OWNER,
            &format!("/v1/desk/cases/{:#x}", case.id),
            &world.bearer(OWNER, 0).await,
        )
        .await;
    assert_eq!(desk.json["acted_by"]["role"], "carer", "{}", desk.text);
    assert_eq!(desk.json["acted_by"]["number"], carer.number);
}

#[tokio::test]
async fn what_a_gateway_refuses_to_somebody_who_acts_for_another() {
    let People {
        world,
        resident,
        carer,
    } = people().await;
    let key = world.encryption(PROVIDER);
    let new = |seed| Given::new(seed, &resident, &carer);
    let with = |seed, name: &str, value: Value| new(seed).with(&resident, name, value);
    let altered = |seed, name: &str, value: Value| {
        let mut given = new(seed);
        given.terms[name] = value;
        given
    };
    let mut elsewhere = new(1);
    elsewhere.presentation = sign(&resident, &elsewhere.terms, PROVIDER);
    let mut by_the_carer = new(2);
    by_the_carer.presentation = sign(&carer, &by_the_carer.terms, "urn:zhengtong:delegation");
    let mut unbound = new(3);
    unbound.presentation = unbound.presentation.rsplit_once('~').unwrap().0.to_owned() + "~";
    let for_other = Given::new(4, &resident, &resident);
    // What is wrong, the delegation, and the word: all registered under the terms they have now.
    let table = [
        ("for another audience", elsewhere, "not-signed"),
        ("without the person's proof", unbound, "not-signed"),
        (
            "longer than was signed",
            altered(5, "until", json!(NOW_S + 60 * DAY_S)),
            "not-signed",
        ),
        (
            "more services than were signed",
            altered(6, "services", json!([SERVICE, "x"])),
            "not-signed",
        ),
        ("made out to another wallet", for_other, "other-delegate"),
        (
            "of another network",
            with(7, "chainId", json!(1)),
            "other-network",
        ),
        (
            "too long",
            with(8, "until", json!(NOW_S + 400 * DAY_S)),
            "duration",
        ),
        ("no services", with(9, "services", json!([])), "malformed"),
        (
            "a role that there is not",
            with(10, "role", json!("parent")),
            "malformed",
        ),
        (
            "a role that nobody here can confirm",
            with(14, "role", json!("guardian")),
            "confirmed-by-other",
        ),
        ("with the seed", with(11, "seed", json!("0x00")), "malformed"),
        ("not begun", with(12, "from", json!(NOW_S + DAY_S)), "not-yet"),
        (
            "of another tree",
            with(13, "cases", json!(alloy_primitives::B256::ZERO)),
            "not-its-case",
        ),
    ];
    let mut expected = Vec::new();
    for (what, given, word) in table {
        given.register(&world);
        world.settle().await;
        let rest = given.link(0, &carer, PROVIDER, NOW_S);
        let answer = world
            .post(PROVIDER, "/v1/links", &given.case(0).seal(&rest, PROVIDER, key))
            .await;
        assert_eq!(
            (answer.status, answer.kind(), answer.field()),
            (
                StatusCode::FORBIDDEN,
                format!("delegation-{word}").as_str(),
                "delegation"
            ),
            "{what}: {}",
            answer.text
        );
        expected.push(word.to_owned());
    }
    // Signed by the carer: it is a delegation of the carer's own, and so not of the person whose case it is.
    by_the_carer.register(&world);
    world.settle().await;
    world.open_case(by_the_carer.case(0), SERVICE);
    world.settle().await;
    let rest = by_the_carer.link(0, &carer, PROVIDER, NOW_S);
    let body = by_the_carer.case(0).seal(&rest, PROVIDER, key);
    let answer = world.post(PROVIDER, "/v1/links", &body).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::FORBIDDEN, "not-of-this-case")
    );
    // Those of one millisecond have no order.
    let mut kept = refused(&world, PROVIDER).await;
    kept.sort();
    expected.sort();
    assert_eq!(kept, expected, "each refusal is on record");
    assert!(
        world.chain.logs(addresses().uses).is_empty(),
        "nothing was released"
    );
}

#[tokio::test]
async fn links_and_cases_that_do_not_belong_to_it() {
    let People {
        world,
        resident,
        carer,
    } = people().await;
    let key = world.encryption(PROVIDER);
    let given = Given::new(1, &resident, &carer);
    let post = async |rest: &Value, index: usize| {
        let body = given.case(index).seal(rest, PROVIDER, key);
        let answer = world.post(PROVIDER, "/v1/links", &body).await;
        (answer.status.as_u16(), answer.kind().to_owned())
    };
    let good = given.link(0, &carer, PROVIDER, NOW_S);
    let no = |word: &str| (403, format!("delegation-{word}"));
    // Before the chain has it.
    assert_eq!(
        post(&good, 0).await,
        (503, "delegation-not-registered".to_owned())
    );
    given.register(&world);
    world.settle().await;
    // The place of another case: a key that the person's tree does not have there.
    let mut place = good.clone();
    place["delegation"]["place"] = given.shown(1)["place"].clone();
    assert_eq!(post(&place, 0).await, no("not-its-case"));
    for (index, what) in [(64, "beyond"), (1, "another leaf")] {
        let mut place = good.clone();
        place["delegation"]["place"]["index"] = json!(index);
        assert_eq!(post(&place, 0).await, no("not-its-case"), "{what}");
    }
    // A replay by somebody else: the document is not made out to them.
    let thief = world.wallet("subsidy-work-injury-50").await;
    let mut replayed = given
        .case(0)
        .link_rest(&thief, PROVIDER, true, false, None, NOW_S);
    replayed["delegation"] = given.shown(0);
    assert_eq!(post(&replayed, 0).await, no("other-delegate"));
    // Registered under another key, or with another hash.
    let other = Given::new(2, &resident, &carer).with(&resident, "key", json!(nobodys_key()));
    other.register(&world);
    world.settle().await;
    let body = other
        .case(0)
        .seal(&other.link(0, &carer, PROVIDER, NOW_S), PROVIDER, key);
    let answer = world.post(PROVIDER, "/v1/links", &body).await;
    assert_eq!(answer.kind(), "delegation-not-registered");
    // Malformed members are the link's fault.
    for value in [
        json!(1),
        json!({}),
        json!({ "terms": {}, "presentation": "", "place": {}, "x": 1 }),
    ] {
        let mut wrong = good.clone();
        wrong["delegation"] = value;
        assert_eq!(post(&wrong, 0).await, (400, "invalid".to_owned()));
    }
    let mut unshown = good.clone();
    for name in ["presentation", "useSecret", "personSalt"] {
        unshown[name] = Value::Null;
    }
    assert_eq!(post(&unshown, 0).await.0, 400);
    // With none of that wrong it is accepted.
    assert_eq!(post(&good, 0).await.0, 202);
}

#[tokio::test]
async fn a_service_out_of_scope_is_never_answered() {
    let People {
        world,
        resident,
        carer,
    } = people().await;
    let given =
        Given::new(1, &resident, &carer).with(&resident, "services", json!(["disability-living-subsidy"]));
    given.register(&world);
    world.settle().await;
    let key = world.encryption(PROVIDER);
    let tell = async |index: usize| {
        let body = given.case(index).seal(
            &given.link(index, &carer, PROVIDER, world.clock.now_s()),
            PROVIDER,
            key,
        );
        world.post(PROVIDER, "/v1/links", &body).await
    };
    // Told before the case is there, the gateway cannot know; it looks when it is asked.
    assert_eq!(tell(0).await.status, StatusCode::ACCEPTED);
    world.open_case(given.case(0), SERVICE);
    world.settle().await;
    assert_eq!(refused(&world, PROVIDER).await, ["scope"]);
    // Asked again later, it is on record once.
    world.advance(Duration::from_secs(3_600));
    world.settle().await;
    assert_eq!(refused(&world, PROVIDER).await, ["scope"]);
    world.open_case(given.case(1), SERVICE);
    world.settle().await;
    let answer = tell(1).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::FORBIDDEN, "delegation-scope")
    );
    assert!(
        world.chain.logs(addresses().uses).is_empty(),
        "nothing was released"
    );
    // The person links the case themselves: then it is theirs, and it is answered.
    let rest = given
        .case(0)
        .link_rest(&resident, PROVIDER, true, false, None, world.clock.now_s());
    let answer = world
        .post(PROVIDER, "/v1/links", &given.case(0).seal(&rest, PROVIDER, key))
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    world.settle().await;
    assert_eq!(world.chain.logs(addresses().uses).len(), 1);
}

#[tokio::test]
async fn ended_or_over_nothing_more_is_released() {
    let People {
        world,
        resident,
        carer,
    } = people().await;
    let key = world.encryption(PROVIDER);
    let (ended, over) = (Given::new(1, &resident, &carer), Given::new(2, &resident, &carer));
    for given in [&ended, &over] {
        given.register(&world);
    }
    world.settle().await;
    let tell = async |given: &Given, index: usize, now_s: u64| {
        let rest = given.link(index, &carer, PROVIDER, now_s);
        world
            .post(
                PROVIDER,
                "/v1/links",
                &given.case(index).seal(&rest, PROVIDER, key),
            )
            .await
    };
    // Accepted while it held; the case is opened when it no longer does.
    assert_eq!(tell(&ended, 0, NOW_S).await.status, StatusCode::ACCEPTED);
    assert_eq!(tell(&over, 0, NOW_S).await.status, StatusCode::ACCEPTED);
    ended.end(&world);
    world.open_case(ended.case(0), SERVICE);
    world.settle().await;
    let answer = tell(&ended, 1, NOW_S).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::FORBIDDEN, "delegation-ended")
    );
    world.advance(Duration::from_secs(30 * DAY_S - 1));
    let answer = tell(&over, 1, NOW_S + 30 * DAY_S - 1).await;
    assert_eq!(
        answer.status,
        StatusCode::ACCEPTED,
        "to the last second: {}",
        answer.text
    );
    world.advance(Duration::from_secs(1));
    let answer = tell(&over, 2, NOW_S + 30 * DAY_S).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::FORBIDDEN, "delegation-over")
    );
    world.open_case(over.case(1), SERVICE);
    world.settle().await;
    let mut words = refused(&world, PROVIDER).await;
    words.sort();
    assert_eq!(words, ["ended", "ended", "over", "over"]);
    assert!(
        world.chain.logs(addresses().uses).is_empty(),
        "nothing was released"
    );
}
