//! What an officer is told of a credential that stands behind a fact, and what not.

use std::collections::BTreeSet;
use std::time::Duration;

use alloy_primitives::B256;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zhengtong_bindings::cases::Cases::refuseCall;
use zhengtong_bindings::{addresses, parse_slug, statute_id};
use zhengtong_credentials::{CredentialText, NewCredential};
use zhengtong_gateway::app::retention::Retention;
use zhengtong_vault::Record;

use crate::deletion::number;
use crate::evidence::{
    DAY_S, Held, POLICE, REGISTERED, RELIEF, Shown, VCT, altered, killed_between_record_and_answer, relief,
    show,
};
use crate::wallet::{OwnCase, Wallet};
use crate::world::{NOW_S, OWNER, World, officer};

/// What civil affairs, which decides on relief, may be shown in place of its register of minimum living.
const LIVING: &str = "urn:zhengtong:credential:disability-living-subsidy:1";
/// Place of `minimum-living-household` in the rules of temporary relief.
const MINIMUM: usize = 2;
const CLAIMS: [&str; 3] = ["person", "reason", "decided_at"];

/// Shown to the agency that decides.
fn living(held: &Held<'_>, case: &OwnCase, change: impl FnOnce(&mut Shown<'_>)) -> Value {
    let mut shown = Shown {
        audience: Some(OWNER),
        claims: Some(&CLAIMS),
        ..Shown::default()
    };
    change(&mut shown);
    let mut item = show(held, case, &shown);
    item["vct"] = LIVING.into();
    item
}

/// A subsidy's credential by an agency's real key.
fn crafted(
    world: &World,
    organisation: &str,
    of: &OwnCase,
    change: impl FnOnce(&mut NewCredential),
) -> CredentialText {
    world.issued(organisation, of, |new| {
        new.vct = LIVING.into();
        new.disclosable.insert("reason".into(), "qualifies".into());
        change(new);
    })
}

/// The end that the issuer wrote into a credential.
fn end_of(text: &CredentialText) -> u64 {
    let payload = text.expose().split('.').nth(1).unwrap();
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    payload["exp"].as_u64().unwrap()
}

impl World {
    async fn tell(&self, wallet: &Wallet, case: &OwnCase, organisation: &str, evidence: Value) {
        let mut rest = case.link_rest(wallet, organisation, true, organisation == OWNER, None, NOW_S);
        rest["evidence"] = evidence;
        let body = case.seal(&rest, organisation, self.encryption(organisation));
        let answer = self.post(organisation, "/v1/links", &body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    }

    /// The facts of a case as the desk shows them.
    async fn on_the_desk(&self, case: &OwnCase) -> Vec<Value> {
        let path = format!("/v1/desk/cases/{:#x}", case.id);
        let file = self.get(OWNER, &path, &self.bearer(OWNER, 0).await).await;
        assert_eq!(file.status, StatusCode::OK, "{}", file.text);
        file.json["facts"].as_array().unwrap().clone()
    }

    /// What an organisation keeps of shown credentials in a case.
    async fn kept_grounds(&self, organisation: &str, wallet: &Wallet, case: &OwnCase) -> Option<Value> {
        let name = format!("{:#x}/grounds", case.id);
        let record = Record {
            kind: "link",
            name: &name,
        };
        let vault = &self.app(organisation).vault;
        let found = vault.get(vault.resident(&number(&wallet.number)), record);
        let bytes = found.await.unwrap()?;
        Some(serde_json::from_slice(bytes.expose()).unwrap())
    }
}

#[tokio::test]
async fn the_desk_tells_issuer_type_and_end_of_what_its_own_agency_was_shown_and_of_nothing_else() {
    let world = World::serving(OWNER).await;
    let wallet = world.wallet("subsidy-approved-45").await;
    let subsidy = world.apply(&wallet, 1, "disability-living-subsidy").await;
    let own = Held {
        text: world.credential(&subsidy).await,
        of: &subsidy,
    };
    let of = OwnCase::new(2, json!({})).of(&wallet);
    let others = Held {
        text: world.issued(OWNER, &of, |_| {}),
        of: &of,
    };
    let case = relief(3, &wallet);
    let evidence = json!([show(&others, &case, &Shown::default())]);
    world.tell(&wallet, &case, POLICE, evidence).await;
    world
        .tell(&wallet, &case, OWNER, json!([living(&own, &case, |_| {})]))
        .await;
    world.open_case(&case, RELIEF);
    world.settle().await;

    let facts = world.on_the_desk(&case).await;
    let end_s = end_of(&own.text);
    let told =
        json!({ "vct": LIVING, "issuer": OWNER, "valid_until": end_s, "became": "answer", "reason": null });
    assert_eq!(
        (&facts[MINIMUM]["value"], &facts[MINIMUM]["credential"]),
        (&json!(1), &told)
    );
    // Public security was shown one too. The agency that decides is told the fact, and no more.
    let police = &facts[REGISTERED];
    assert_eq!(
        (&police["provider"], &police["value"], &police["credential"]),
        (&json!(POLICE), &json!(1), &Value::Null)
    );
    let with = facts.iter().filter(|fact| !fact["credential"].is_null());
    assert_eq!(
        with.count(),
        1,
        "the same agency answered others from its records"
    );

    let kept = world.kept_grounds(OWNER, &wallet, &case).await.unwrap();
    let members: BTreeSet<_> = kept[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["mask", "vct", "issued", "became"]));
    assert_eq!(kept[0]["issued"], json!({ "by": OWNER, "until_s": end_s }));
    assert!(
        world.kept_grounds(POLICE, &wallet, &case).await.is_none(),
        "kept where no desk shows it"
    );

    // A gateway that was stopped knows it again; one that forgets the person does not.
    let mut world = world;
    world.restart().await;
    assert_eq!(world.on_the_desk(&case).await[MINIMUM]["credential"], told);
    world.app(OWNER).forget(&number(&wallet.number)).await.unwrap();
    let facts = world.on_the_desk(&case).await;
    assert_eq!(
        (&facts[MINIMUM]["value"], &facts[MINIMUM]["credential"]),
        (&json!(1), &Value::Null)
    );
}

#[tokio::test]
async fn a_case_without_a_credential_tells_of_none() {
    let world = World::new().await;
    let wallet = world.wallet("subsidy-approved-45").await;
    let case = relief(1, &wallet);
    world.tell(&wallet, &case, OWNER, json!([])).await;
    world.open_case(&case, RELIEF);
    world.settle().await;
    assert!(!world.on_the_desk(&case).await[MINIMUM]["use"].is_null());
    for fact in world.on_the_desk(&case).await {
        assert_eq!(fact.get("credential"), Some(&Value::Null));
    }
    assert!(world.kept_grounds(OWNER, &wallet, &case).await.is_none());
}

#[tokio::test]
async fn a_refused_credential_is_told_with_the_reason_and_whose_it_is_only_if_that_is_sure() {
    let world = World::new().await;
    let wallet = world.wallet("subsidy-approved-45").await;
    let of = OwnCase::new(1, json!({})).of(&wallet);
    let stranger = world.wallet("household-missing").await;
    let strangers = OwnCase::new(2, json!({})).of(&stranger);
    let mut seed = 10;
    let mut is_told = async |reason: &str,
                             held: Held<'_>,
                             change: fn(&mut Shown<'_>),
                             issued: Option<(&str, u64)>| {
        seed += 1;
        let case = relief(seed, &wallet);
        let evidence = json!([living(&held, &case, change)]);
        world.tell(&wallet, &case, OWNER, evidence).await;
        world.open_case(&case, RELIEF);
        world.settle().await;
        let fact = &world.on_the_desk(&case).await[MINIMUM];
        let (issuer, until) = issued.unzip();
        let told = json!({ "vct": LIVING, "issuer": issuer, "valid_until": until, "became": "refused", "reason": reason });
        assert_eq!(fact["credential"], told, "{reason}");
        assert!(!fact["use"].is_null(), "{reason}: the register answers");
    };
    let own = |organisation: &str, change: fn(&mut NewCredential)| Held {
        text: crafted(&world, organisation, &of, change),
        of: &of,
    };
    let good = || own(OWNER, |_| {});
    let end_s = NOW_S + DAY_S;

    let expired = own(OWNER, |new| new.expires_at_s = NOW_S - 7);
    is_told("expired", expired, |_| {}, Some((OWNER, NOW_S - 7))).await;
    let unsettled = own(OWNER, |new| new.disclosable["reason"] = "other".into());
    is_told("unsettled", unsettled, |_| {}, Some((OWNER, end_s))).await;
    let by_another = own("human-resources", |_| {});
    is_told("type", by_another, |_| {}, Some(("human-resources", end_s))).await;
    let of_another_case = |shown: &mut Shown<'_>| shown.nonce = Some(B256::repeat_byte(9));
    is_told("binding", good(), of_another_case, Some((OWNER, end_s))).await;
    let too_little = |shown: &mut Shown<'_>| shown.claims = Some(&["person", "reason"]);
    is_told("undisclosed", good(), too_little, Some((OWNER, end_s))).await;

    // Nothing of a credential that is another person's, or of nobody that one could know of, or anybody's word.
    let strangers = Held {
        text: crafted(&world, OWNER, &strangers, |_| {}),
        of: &strangers,
    };
    is_told("other-person", strangers, |_| {}, None).await;
    is_told(
        "undisclosed",
        good(),
        |shown| shown.claims = Some(&["reason"]),
        None,
    )
    .await;
    let changed = Held {
        text: altered(&good().text),
        of: &of,
    };
    is_told("altered", changed, |_| {}, None).await;
    let other_type = own(OWNER, |new| new.vct = VCT.into());
    is_told("unreadable", other_type, |_| {}, None).await;
}

/// The use record says that a credential answers, and nothing did: the officer is not left to think that the register is empty.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_ended_before_it_answered_is_told_as_lapsed() {
    let world = World::new().await;
    let wallet = world.wallet("subsidy-approved-45").await;
    let of = OwnCase::new(1, json!({})).of(&wallet);
    let case = killed_between_record_and_answer(&world, OWNER, MINIMUM, async |seed| {
        let case = relief(seed, &wallet);
        let held = Held {
            text: crafted(&world, OWNER, &of, |_| {}),
            of: &of,
        };
        let evidence = json!([living(&held, &case, |_| {})]);
        world.tell(&wallet, &case, OWNER, evidence).await;
        world.open_case(&case, RELIEF);
        case
    })
    .await;
    world.advance(Duration::from_secs(DAY_S + 60));
    world.settle().await;
    let facts = world.on_the_desk(&case).await;
    let told = json!({ "vct": LIVING, "issuer": OWNER, "valid_until": NOW_S + DAY_S, "became": "lapsed", "reason": "expired" });
    assert_eq!(
        (&facts[MINIMUM]["value"], &facts[MINIMUM]["credential"]),
        (&Value::Null, &told)
    );
    assert!(!facts[MINIMUM]["use"].is_null());
}

#[tokio::test]
async fn what_the_desk_was_told_is_kept_as_long_as_the_link_and_no_longer() {
    let world = World::new().await;
    let wallet = world.wallet("subsidy-approved-45").await;
    let of = OwnCase::new(1, json!({})).of(&wallet);
    let case = relief(2, &wallet);
    let held = Held {
        text: crafted(&world, OWNER, &of, |_| {}),
        of: &of,
    };
    world
        .tell(&wallet, &case, OWNER, json!([living(&held, &case, |_| {})]))
        .await;
    world.open_case(&case, RELIEF);
    world.settle().await;
    for organisation in [POLICE, "human-resources"] {
        world.tell(&wallet, &case, organisation, json!([])).await;
    }
    let consent = world.grant(&case, "health", RELIEF);
    world.link(&wallet, &case, "health", Some(consent)).await;
    world.settle().await;
    let refusal = refuseCall {
        id: case.id,
        row: 4,
        reason: parse_slug("minimum-living-expense").unwrap(),
        statute: statute_id("社会救助暂行办法", "第四十七条"),
        statement: B256::repeat_byte(3),
    };
    world
        .chain
        .submit(&officer(OWNER, 0), addresses().cases, &refusal);
    world.settle().await;
    assert!(!world.on_the_desk(&case).await[MINIMUM]["credential"].is_null());

    let rules = Retention::parse("[link]\ndays = 60\nbasis = \"档案\"\n").unwrap();
    world.advance(Duration::from_secs(59 * DAY_S));
    assert!(world.app(OWNER).books().apply(&rules).await.unwrap().is_empty());
    assert!(world.kept_grounds(OWNER, &wallet, &case).await.is_some());
    world.advance(Duration::from_secs(2 * DAY_S));
    let runs = world.app(OWNER).books().apply(&rules).await.unwrap();
    assert_eq!(
        (runs[0].cases, runs[0].records),
        (1, 2),
        "the link and what was found of it"
    );
    assert!(world.kept_grounds(OWNER, &wallet, &case).await.is_none());
    assert_eq!(world.on_the_desk(&case).await[MINIMUM]["credential"], Value::Null);
}
