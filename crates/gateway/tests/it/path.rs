//! The path of an application, from identity to credential.

use alloy_primitives::B256;
use alloy_sol_types::SolEvent;
use serde_json::json;
use zhengtong_bindings::cases::Cases::approveCall;
use zhengtong_bindings::credentials::Credentials::CredentialIssued;
use zhengtong_bindings::uses::Uses::{Used, bindingCall};
use zhengtong_bindings::{UNKNOWN, addresses, parse_slug, statute_id};
use zhengtong_credentials::{Certificate, CredentialText, Expected, Presented, Status, StatusList};

use crate::wallet::OwnCase;
use crate::world::{OWNER, World, officer};

const APPROVED: u8 = 4;
const REVIEW: u8 = 2;
const ASKING: u8 = 1;

fn status(world: &World, case: &OwnCase) -> u8 {
    world.on_chain(case).status
}

#[tokio::test]
async fn a_resident_of_66_is_approved_by_the_rules_and_gets_a_credential() {
    approved(World::new().await).await;
}

pub async fn approved(world: World) {
    let wallet = world.wallet("approved-66").await;
    let case = world.apply(&wallet, 1, "old-age-allowance").await;

    let on_chain = world.on_chain(&case);
    assert_eq!((status(&world, &case), on_chain.amountFen), (APPROVED, 7_500));
    assert!(on_chain.officer.is_zero(), "decided by the rules");

    let answer = world
        .as_case(
            &case,
            "GET",
            &format!("/v1/cases/{:#x}/credential", case.id),
            None,
        )
        .await;
    let text = CredentialText::new(answer.json["credential"].as_str().expect(&answer.text).to_owned());
    let issued = world.chain.logs(addresses().credentials);
    // The first events say whom keys are certified by.
    let issued = issued
        .iter()
        .find_map(|log| CredentialIssued::decode_log(log).ok())
        .unwrap();
    assert_eq!(
        (issued.caseId, issued.credentialHash),
        (case.id, B256::from(text.hash()))
    );
    let presented = Presented::parse(text.expose()).unwrap();
    let chain = presented.certificates().unwrap().unwrap();
    let anchors = [crate::world::authority().certificate().clone()];
    let certified = Certificate::verify(&chain, &anchors, crate::world::NOW_S).unwrap();
    assert_eq!(certified.organisation(crate::chain::CHAIN_ID), Ok(OWNER));
    let verified = presented
        .verify(&Expected {
            issuer: &world.url(OWNER),
            issuer_key: &certified.key,
            vct: "urn:zhengtong:credential:old-age-allowance:1",
            now_s: crate::world::NOW_S + 1,
            binding: None,
        })
        .unwrap();
    assert_eq!(verified.claim("amount_fen"), Some(&json!(7_500)));
    assert_eq!(verified.claim("service"), Some(&json!("old-age-allowance")));
    assert_eq!(verified.claim("period"), Some(&json!("month")));
}

#[tokio::test]
async fn the_person_finds_every_use_and_the_first_missing_tag_is_absent() {
    every_use(World::new().await).await;
}

pub async fn every_use(world: World) {
    let wallet = world.wallet("approved-66").await;
    let case = world.apply(&wallet, 1, "old-age-allowance").await;
    let uses: Vec<_> = world
        .chain
        .logs(addresses().uses)
        .iter()
        .map(|log| Used::decode_log(log).unwrap().data)
        .collect();
    // Civil affairs answers twice over: its predicate has one basis, public security's two share another.
    for (provider, count) in [("public-security", 1), ("health", 1), (OWNER, 1)] {
        for n in 0..=count {
            let tag = case.tag(provider, n);
            let is_used = !world.chain.read(addresses().uses, &bindingCall { tag }).is_zero();
            assert_eq!(is_used, n < count, "{provider} {n}");
            let found = uses.iter().filter(|used| used.tag == tag).count();
            assert_eq!(found, usize::from(n < count));
        }
    }
    assert_eq!(uses.len(), 3);
}

#[tokio::test]
async fn one_of_64_goes_to_a_person_and_one_without_household_record_too() {
    let world = World::new().await;
    for (seed, label, household) in [(1, "refused-64", Some(1)), (2, "household-missing", None)] {
        let wallet = world.wallet(label).await;
        let case = world.apply(&wallet, seed, "old-age-allowance").await;
        assert_eq!(status(&world, &case), REVIEW, "{label}");
        let facts = world.chain.read(
            addresses().cases,
            &zhengtong_bindings::cases::Cases::factsCall { id: case.id },
        );
        assert_eq!(facts[0], household.unwrap_or(UNKNOWN), "{label}");
        let bearer = world.bearer(OWNER, 0).await;
        let queue = world.get(OWNER, "/v1/desk/cases?status=review", &bearer).await;
        let row = queue.json["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["id"] == format!("{:#x}", case.id));
        let cause = if household.is_some() {
            "possible_refusal"
        } else {
            "unknown"
        };
        assert_eq!(row.expect(&queue.text)["cause"], cause, "{label}");
    }
}

#[tokio::test]
async fn links_may_come_before_the_case_or_after_the_question() {
    let world = World::new().await;
    let wallet = world.wallet("approved-70").await;
    let case = OwnCase::new(3, json!({ "payment_channel": "elder-card" })).of(&wallet);
    world.link(&wallet, &case, "public-security", None).await;
    world.settle().await;
    world.open_case(&case, "old-age-allowance");
    world.settle().await;
    world.link(&wallet, &case, "health", None).await;
    world.settle().await;
    assert_eq!(status(&world, &case), ASKING);
    world.link(&wallet, &case, OWNER, None).await;
    world.settle().await;
    assert_eq!(
        (status(&world, &case), world.on_chain(&case).amountFen),
        (APPROVED, 15_000)
    );
}

#[tokio::test]
async fn without_consent_nothing_is_recorded_and_nothing_is_read() {
    let world = World::new().await;
    let wallet = world.wallet("subsidy-approved-45").await;
    let form = json!({ "payment_channel": "social-security-card", "contact_by": "portal" });
    let case = OwnCase::new(4, form).of(&wallet);
    let service = "disability-living-subsidy";
    world.open_case(&case, service);
    let until = crate::world::NOW_S + 1000;
    let (id, record) = crate::wallet::consent(&case, "disabled-federation", service, until);
    world
        .link(&wallet, &case, "disabled-federation", Some(record))
        .await;
    world.settle().await;
    assert!(
        world.chain.logs(addresses().uses).is_empty(),
        "a use was recorded without a basis"
    );

    let call = zhengtong_bindings::consents::Consents::grantCall {
        id,
        provider: parse_slug("disabled-federation").unwrap(),
        service: parse_slug(service).unwrap(),
        until,
        once: false,
    };
    world.chain.submit(&case.key, addresses().consents, &call);
    world.settle().await;
    let used = Used::decode_log(&world.chain.logs(addresses().uses)[0])
        .unwrap()
        .data;
    assert_eq!((used.basis, used.tag), (id, case.tag("disabled-federation", 0)));
}

#[tokio::test]
async fn a_consent_to_something_else_is_no_basis() {
    let world = World::new().await;
    let wallet = world.wallet("subsidy-approved-45").await;
    let (service, provider) = ("disability-living-subsidy", "disabled-federation");
    let form = json!({ "payment_channel": "social-security-card", "contact_by": "portal" });
    let case = OwnCase::new(5, form).of(&wallet);
    world.open_case(&case, service);
    let until = crate::world::NOW_S + 1000;
    let (_, good) = crate::wallet::consent(&case, provider, service, until);
    let grant = async |record: &serde_json::Value| {
        let id = zhengtong_gateway::app::link::consent_id(record);
        let call = zhengtong_bindings::consents::Consents::grantCall {
            id,
            provider: parse_slug(provider).unwrap(),
            service: parse_slug(service).unwrap(),
            until,
            once: false,
        };
        world.link(&wallet, &case, provider, Some(record.clone())).await;
        world.chain.submit(&case.key, addresses().consents, &call);
        world.settle().await;
        world.chain.logs(addresses().uses).len()
    };
    for (member, value) in [
        ("caseId", json!(B256::repeat_byte(7))),
        ("caseId", json!(null)),
        ("provider", json!("health")),
        ("service", json!("old-age-allowance")),
        ("fields", json!(["certificate.type", "certificate.grade"])),
        ("fields", json!("certificate.type")),
        // The chain has it as a standing one, until another moment.
        ("use", json!("once")),
        ("use", json!("always")),
        ("until", json!(until + 1)),
    ] {
        let mut record = good.clone();
        record[member] = value;
        assert_eq!(grant(&record).await, 0, "{record}");
    }
    assert_eq!(grant(&good).await, 1);
}

#[tokio::test]
async fn predicates_of_different_bases_get_a_record_each_and_the_subsidy_is_approved() {
    let world = World::new().await;
    let wallet = world.wallet("subsidy-approved-45").await;
    let case = world.apply(&wallet, 5, "disability-living-subsidy").await;
    assert_eq!(
        (status(&world, &case), world.on_chain(&case).amountFen),
        (APPROVED, 20_000)
    );
    let uses: Vec<_> = world
        .chain
        .logs(addresses().uses)
        .iter()
        .map(|log| Used::decode_log(log).unwrap().data)
        .collect();
    let by_owner: Vec<_> = uses
        .iter()
        .filter(|used| used.provider == parse_slug(OWNER).unwrap())
        .collect();
    assert!(by_owner.len() >= 2, "its predicates have two laws as basis");
    for (n, used) in by_owner.iter().enumerate() {
        assert_eq!(
            used.tag,
            case.tag(OWNER, u32::try_from(n).unwrap()),
            "counters have no gap"
        );
    }
}

#[tokio::test]
async fn an_appeal_freezes_the_credential_and_a_refusal_revokes_it() {
    appealed(World::new().await).await;
}

pub async fn appealed(world: World) {
    let wallet = world.wallet("approved-66").await;
    let case = world.apply(&wallet, 6, "old-age-allowance").await;
    let list_status = async |world: &World| {
        let token = world.get(OWNER, "/v1/status", &[]).await.text;
        let payload = token.split('.').nth(1).unwrap();
        let payload =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload).unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        StatusList::decode(2, payload["status_list"]["lst"].as_str().unwrap())
            .unwrap()
            .get(0)
            .unwrap()
    };
    assert_eq!(list_status(&world).await, Status::Valid);

    let path = format!("/v1/cases/{:#x}/appeal", case.id);
    let body = json!({ "text": "金额不对", "salt": B256::repeat_byte(9) });
    let answer = world.as_case(&case, "POST", &path, Some(body)).await;
    let statement: B256 = answer.json["hash"].as_str().expect(&answer.text).parse().unwrap();
    let appeal = zhengtong_bindings::cases::Cases::appealCall {
        id: case.id,
        statement,
    };
    world.chain.submit(&case.key, addresses().cases, &appeal);
    world.settle().await;
    assert_eq!(list_status(&world).await, Status::Suspended);

    let statute = statute_id("沪府发〔2016〕24号", "二");
    let reason = parse_slug("age-65-to-69").unwrap();
    let approve = approveCall {
        id: case.id,
        row: 4,
        amountFen: 7_500,
        reason,
        statute,
        statement: B256::ZERO,
    };
    world
        .chain
        .submit(&officer(OWNER, 1), addresses().cases, &approve);
    world.settle().await;
    assert_eq!(
        list_status(&world).await,
        Status::Invalid,
        "the first one is replaced by a new one"
    );
    assert_eq!(
        world
            .chain
            .logs(addresses().credentials)
            .iter()
            .filter(|log| { log.topics()[0] == CredentialIssued::SIGNATURE_HASH })
            .count(),
        2
    );
}
