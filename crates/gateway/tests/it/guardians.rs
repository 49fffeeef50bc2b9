//! A guardian acts for a child: what the authority confirms, what an agency accepts and refuses, and who can end it.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use sqlx::Row;
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_bindings::{IDENTITY, ISSUER, PROVIDER, RECOVERY, addresses};
use zhengtong_credentials::{CredentialText, Issuer, Jwk, NewCredential, Presentation, StatusEntry, present};
use zhengtong_gateway::app::clock::Clock;
use zhengtong_gateway::app::guardianship::{GUARDIANSHIP_VCT, MAX_REQUESTS, of_age_s};
use zhengtong_gateway::app::use_record;
use zhengtong_vault::sql::{Access, connect};
use zhengtong_vault::{ResidentNumber, Secret};

use crate::delegates::{DAY_S, Given};
use crate::forgotten::deleted_before_it_is_kept;
use crate::wallet::Wallet;
use crate::world::{NOW_S, OWNER, World, population};

const SERVICE: &str = "disability-living-subsidy";
const AUTHORITY: &str = "public-security";
/// Asked without a consent.
const PROVIDER_ASKED: &str = "human-resources";
const ASKED: [&str; 4] = [AUTHORITY, PROVIDER_ASKED, "disabled-federation", OWNER];

struct Family {
    world: World,
    child: Wallet,
    guardian: Wallet,
    other: Wallet,
}

async fn family() -> Family {
    // Other gateways fetch the authority's list of statuses.
    let world = World::serving(AUTHORITY).await;
    world.set_roles(AUTHORITY, PROVIDER | IDENTITY | ISSUER | RECOVERY);
    world.settle().await;
    let (child, guardian, other) = (
        world.wallet("child-9").await,
        world.wallet("guardian-41").await,
        world.wallet("guardian-39").await,
    );
    Family {
        world,
        child,
        guardian,
        other,
    }
}

/// A wallet's identity, shown to the authority for a request.
async fn asking(world: &World, who: &Wallet, child: &str) -> Value {
    let nonce = world.nonce(AUTHORITY).await;
    let shown = Presentation {
        disclose: &["number"],
        audience: AUTHORITY,
        nonce: &nonce,
        at_s: world.clock.now_s(),
    };
    let presentation = present(who.identity.as_ref().unwrap(), &who.holder, &shown).unwrap();
    json!({ "presentation": presentation, "nonce": nonce, "number": child })
}

async fn confirm(
    world: &World,
    who: &Wallet,
    child: &str,
    terms: &Value,
) -> Result<CredentialText, (u16, String)> {
    let mut body = asking(world, who, child).await;
    body["terms"] = terms.clone();
    let answer = world.post(AUTHORITY, "/v1/guardianships", &body).await;
    match answer.json["credential"].as_str() {
        Some(text) => Ok(CredentialText::new(text.to_owned())),
        None => Err((answer.status.as_u16(), answer.kind().to_owned())),
    }
}

/// A guardian's link of one case, with their credential shown for it.
fn link(
    given: &Given,
    index: usize,
    who: &Wallet,
    credential: &CredentialText,
    to: &str,
    now_s: u64,
) -> Value {
    let nonce = format!("{:#x}", given.case(index).id);
    let shown = Presentation {
        disclose: &["number", "guardian"],
        audience: to,
        nonce: &nonce,
        at_s: now_s,
    };
    let mut rest = given.link(index, who, to, now_s);
    rest["delegation"]["presentation"] = present(credential, &who.holder, &shown).unwrap().into();
    rest
}

async fn post(world: &World, given: &Given, index: usize, rest: &Value, to: &str) -> (u16, String) {
    let body = given.case(index).seal(rest, to, world.encryption(to));
    let answer = world.post(to, "/v1/links", &body).await;
    (answer.status.as_u16(), answer.kind().to_owned())
}

async fn refused(world: &World, organisation: &str) -> Vec<(String, String)> {
    let rows = world.app(organisation).store.refusals(100).await.unwrap();
    let ours = rows.into_iter().filter(|row| row.action == "actForAnother");
    ours.map(|row| (row.who, row.result)).collect()
}

async fn find(world: &World, who: &Wallet, child: &str) -> Result<Value, String> {
    let body = asking(world, who, child).await;
    let answer = world.post(AUTHORITY, "/v1/guardianships/find", &body).await;
    match answer.status {
        StatusCode::OK => Ok(answer.json["items"].clone()),
        _ => Err(answer.kind().to_owned()),
    }
}

async fn end(world: &World, who: &Wallet, child: &str, given: &Given) -> (u16, String) {
    let body = asking(world, who, child).await;
    let path = format!("/v1/guardianships/{:#x}/end", given.document());
    let answer = world.post(AUTHORITY, &path, &body).await;
    (answer.status.as_u16(), answer.kind().to_owned())
}

/// What an issuer says of terms, whether or not it may.
fn signed_by(issuer: &Issuer, given: &Given, guardian: &Wallet, child: &str) -> CredentialText {
    let disclosable = json!({ "number": child, "guardian": guardian.number, "kind": "parent" });
    let open = json!({ "terms": format!("{:#x}", given.document()) });
    let map = |value: Value| value.as_object().cloned().unwrap_or_else(Map::new);
    let new = NewCredential {
        vct: GUARDIANSHIP_VCT.into(),
        issued_at_s: NOW_S,
        expires_at_s: given.terms["until"].as_u64().unwrap(),
        holder: Jwk::parse(&guardian.holder_jwk(), "test").unwrap(),
        open: map(open),
        disclosable: map(disclosable),
        status: Some(StatusEntry {
            uri: format!("{}/v1/status", issuer.id()),
            index: 900,
        }),
    };
    issuer.issue(new).unwrap()
}

#[tokio::test]
async fn a_guardian_applies_for_a_child_and_the_records_say_so() {
    let Family {
        world,
        child,
        guardian,
        ..
    } = family().await;
    let given = Given::guardian(1, &child, &guardian);
    let credential = confirm(&world, &guardian, &child.number, &given.terms)
        .await
        .unwrap();
    // For the same terms again, the same is confirmed.
    confirm(&world, &guardian, &child.number, &given.terms)
        .await
        .unwrap();
    given.register(&world);
    let case = given.case(0);
    world.open_case(case, SERVICE);
    let consent = world.grant(case, "disabled-federation", SERVICE);
    world.settle().await;
    for organisation in ASKED {
        let mut rest = link(&given, 0, &guardian, &credential, organisation, NOW_S);
        if organisation == "disabled-federation" {
            rest["consent"] = consent.clone();
        }
        assert_eq!(
            post(&world, &given, 0, &rest, organisation).await.0,
            202,
            "{organisation}"
        );
    }
    world.settle().await;
    // The child's certificate decided: the guardian has none.
    let decided = world.on_chain(case);
    assert_eq!((decided.status, decided.amountFen), (4, 20_000));
    let logs = world.chain.logs(addresses().uses);
    let used: Vec<_> = logs
        .iter()
        .filter_map(|log| alloy_sol_types::SolEvent::decode_log(log).ok())
        .map(|log: alloy_primitives::Log<Used>| log.data)
        .collect();
    for organisation in ASKED {
        let secret = Secret::new(case.use_secret(organisation));
        let record = used.iter().find(|used| used.tag == use_record::tag(&secret, 0));
        let details = use_record::open(&secret, 0, &record.unwrap().ciphertext).unwrap();
        assert_eq!(details.by.as_deref(), Some("guardian"), "{organisation}");
        assert!(refused(&world, organisation).await.is_empty());
    }
    let bearer = world.bearer(OWNER, 0).await;
    let desk = world
        .get(OWNER, &format!("/v1/desk/cases/{:#x}", case.id), &bearer)
        .await;
    assert_eq!(desk.json["acted_by"]["role"], "guardian", "{}", desk.text);
    assert_eq!(desk.json["acted_by"]["number"], guardian.number);
}

#[tokio::test]
async fn what_an_agency_refuses_to_somebody_who_says_to_be_a_guardian() {
    let Family {
        world,
        child,
        guardian,
        other,
    } = family().await;
    let new = |seed| Given::guardian(seed, &child, &guardian);
    let to = PROVIDER_ASKED;
    let good = new(1);
    let credential = confirm(&world, &guardian, &child.number, &good.terms)
        .await
        .unwrap();
    // Before the chain has the terms.
    let rest = link(&good, 0, &guardian, &credential, to, NOW_S);
    let not_yet = post(&world, &good, 0, &rest, to).await;
    assert_eq!(not_yet, (503, "delegation-not-registered".to_owned()));
    let mut wider = new(2);
    wider.terms = good.terms.clone();
    wider.terms["services"] = json!([SERVICE, "old-age-allowance"]);
    let own = Issuer::new(AUTHORITY, &[7; 32], String::new()).unwrap();
    let self_made = new(3);
    let self_made_credential = signed_by(&own, &self_made, &guardian, &child.number);
    // Genuine and certified, of an organisation that keeps no register of people.
    let by_owner = new(4);
    let by_owner_credential = signed_by(&world.app(OWNER).issuer, &by_owner, &guardian, &child.number);
    let genuine = &world.app(AUTHORITY).issuer;
    let grown = world.wallet("approved-66").await;
    let of_grown = Given::guardian(5, &grown, &guardian);
    let of_grown_credential = signed_by(genuine, &of_grown, &guardian, &grown.number);
    let others = Given::guardian(6, &child, &other);
    let others_credential = signed_by(genuine, &others, &other, &child.number);
    for given in [&good, &wider, &self_made, &by_owner, &of_grown, &others] {
        given.register(&world);
    }
    world.settle().await;
    let other_terms = new(7);
    other_terms.register(&world);
    world.settle().await;
    let changed = |with: &dyn Fn(&mut Value)| {
        let mut rest = link(&good, 0, &guardian, &credential, to, NOW_S);
        with(&mut rest);
        rest
    };
    let shown = |disclose: &[&str], holder: &[u8; 32], nonce: &str, audience: &str| -> Value {
        let shown = Presentation {
            disclose,
            audience,
            nonce,
            at_s: NOW_S,
        };
        present(&credential, holder, &shown).unwrap().into()
    };
    let nonce = format!("{:#x}", good.case(0).id);
    let both = ["number", "guardian"];
    let carer = |rest: &mut Value| rest["delegation"]["terms"]["role"] = "carer".into();
    let table: [(&str, &Given, Value, &str); 13] = [
        (
            "a self-made credential",
            &self_made,
            link(&self_made, 0, &guardian, &self_made_credential, to, NOW_S),
            "confirmed-by-other",
        ),
        (
            "one of another organisation",
            &by_owner,
            link(&by_owner, 0, &guardian, &by_owner_credential, to, NOW_S),
            "confirmed-by-other",
        ),
        (
            "for other terms",
            &other_terms,
            link(&other_terms, 0, &guardian, &credential, to, NOW_S),
            "other-terms",
        ),
        (
            "for more services",
            &good,
            changed(&|rest| rest["delegation"]["terms"] = wider.terms.clone()),
            "other-terms",
        ),
        (
            "shown by somebody else, whose key it does not name",
            &good,
            link(&good, 0, &other, &credential, to, NOW_S),
            "not-confirmed",
        ),
        (
            "shown by its holder, for somebody else who acts",
            &others,
            {
                let mut rest = others.link(0, &guardian, to, NOW_S);
                let nonce = format!("{:#x}", others.case(0).id);
                let shown = Presentation {
                    disclose: &both,
                    audience: to,
                    nonce: &nonce,
                    at_s: NOW_S,
                };
                rest["delegation"]["presentation"] =
                    present(&others_credential, &other.holder, &shown).unwrap().into();
                rest
            },
            "other-guardian",
        ),
        (
            "shown for another case",
            &good,
            changed(&|rest| {
                rest["delegation"]["presentation"] = shown(&both, &guardian.holder, "0x00", to);
            }),
            "not-confirmed",
        ),
        (
            "shown to another agency",
            &good,
            changed(&|rest| {
                rest["delegation"]["presentation"] = shown(&both, &guardian.holder, &nonce, OWNER);
            }),
            "not-confirmed",
        ),
        (
            "without the child's number",
            &good,
            changed(&|rest| {
                rest["delegation"]["presentation"] = shown(&["guardian"], &guardian.holder, &nonce, to);
            }),
            "not-confirmed",
        ),
        (
            "without the proof of its holder",
            &good,
            changed(&|rest| rest["delegation"]["presentation"] = credential.expose().into()),
            "not-confirmed",
        ),
        ("as a carer's", &good, changed(&carer), "not-signed"),
        (
            "for somebody of age",
            &of_grown,
            link(&of_grown, 0, &guardian, &of_grown_credential, to, NOW_S),
            "of-age",
        ),
        (
            "for a case that is not of its tree",
            &good,
            changed(&|rest| rest["delegation"]["place"] = good.shown(1)["place"].clone()),
            "not-its-case",
        ),
    ];
    for (what, given, rest, word) in table {
        let answer = post(&world, given, 0, &rest, to).await;
        assert_eq!(answer, (403, format!("delegation-{word}")), "{what}");
        let kept = refused(&world, to).await;
        let role = if word == "not-signed" { "carer" } else { "guardian" };
        // Those of one millisecond have no order.
        assert!(
            kept.contains(&(role.to_owned(), word.to_owned())),
            "{what}: {kept:?}"
        );
    }
    // Confirmed for this child, used for another: then the case is not the child's.
    let strange = Given::guardian(8, &grown, &guardian);
    let strange_credential = confirm(&world, &guardian, &child.number, &strange.terms)
        .await
        .unwrap();
    strange.register(&world);
    world.open_case(strange.case(0), SERVICE);
    world.settle().await;
    let rest = link(&strange, 0, &guardian, &strange_credential, to, NOW_S);
    let answer = post(&world, &strange, 0, &rest, to).await;
    assert_eq!(answer, (403, "not-of-this-case".to_owned()));
    // With none of that wrong it is accepted; no longer once its issuer may not confirm guardians.
    let rest = link(&good, 0, &guardian, &credential, to, NOW_S);
    assert_eq!(post(&world, &good, 0, &rest, to).await.0, 202);
    world.set_roles(AUTHORITY, PROVIDER | IDENTITY | RECOVERY);
    world.settle().await;
    let rest = link(&good, 1, &guardian, &credential, to, NOW_S);
    let answer = post(&world, &good, 1, &rest, to).await;
    assert_eq!(answer, (403, "delegation-confirmed-by-other".to_owned()));
    world.open_case(good.case(0), SERVICE);
    world.settle().await;
    assert!(
        world.chain.logs(addresses().uses).is_empty(),
        "nothing was released"
    );
}

#[tokio::test]
async fn the_child_and_the_other_guardian_see_it_and_end_it_for_every_agency() {
    let Family {
        world,
        child,
        guardian,
        other,
    } = family().await;
    let to = PROVIDER_ASKED;
    let (first, second) = (
        Given::guardian(1, &child, &guardian),
        Given::guardian(2, &child, &guardian),
    );
    let mut credentials = Vec::new();
    for given in [&first, &second] {
        credentials.push(
            confirm(&world, &guardian, &child.number, &given.terms)
                .await
                .unwrap(),
        );
        given.register(&world);
    }
    world.settle().await;
    for (given, credential) in [&first, &second].into_iter().zip(&credentials) {
        let rest = link(given, 0, &guardian, credential, to, NOW_S);
        assert_eq!(post(&world, given, 0, &rest, to).await.0, 202);
    }
    let stranger = world.wallet("approved-66").await;
    assert_eq!(
        find(&world, &stranger, &child.number).await.unwrap_err(),
        "not-guardian"
    );
    let answer = end(&world, &stranger, &child.number, &first).await;
    assert_eq!(answer, (403, "not-guardian".to_owned()));
    // Somebody about whom nothing was issued finds nothing, and ends nothing of others.
    assert_eq!(
        find(&world, &stranger, &stranger.number).await.unwrap(),
        json!([])
    );
    assert_eq!(end(&world, &stranger, &stranger.number, &first).await.0, 404);
    for who in [&child, &other, &guardian] {
        let found = find(&world, who, &child.number).await.unwrap();
        assert_eq!(found.as_array().unwrap().len(), 2);
        assert_eq!(found[1]["document"], format!("{:#x}", first.document()));
        assert_eq!(found[1]["guardian"], guardian.number);
        assert_eq!(found[1]["terms"], first.terms);
        assert_eq!(
            (&found[1]["kind"], &found[1]["ended_s"]),
            (&json!("parent"), &Value::Null)
        );
    }
    for (given, who, by) in [(&first, &child, "child"), (&second, &other, "guardian")] {
        for _ in 0..2 {
            assert_eq!(end(&world, who, &child.number, given).await.0, 204);
        }
        world.open_case(given.case(0), SERVICE);
        let found = find(&world, &child, &child.number).await.unwrap();
        let document = format!("{:#x}", given.document());
        let one = found
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["document"] == document.as_str());
        assert_eq!(
            (&one.unwrap()["ended_by"], &one.unwrap()["ended_s"]),
            (&json!(by), &json!(NOW_S))
        );
    }
    world.settle().await;
    assert_eq!(
        refused(&world, to).await,
        vec![("guardian".to_owned(), "revoked".to_owned()); 2]
    );
    let rest = link(&first, 1, &guardian, &credentials[0], to, NOW_S);
    let answer = post(&world, &first, 1, &rest, to).await;
    assert_eq!(answer, (403, "delegation-revoked".to_owned()));
    // The authority itself does not answer either, by its own list.
    let rest = link(&first, 1, &guardian, &credentials[0], AUTHORITY, NOW_S);
    assert_eq!(
        post(&world, &first, 1, &rest, AUTHORITY).await.1,
        "delegation-revoked"
    );
    // What was ended is not confirmed again.
    let again = confirm(&world, &guardian, &child.number, &first.terms).await;
    assert_eq!(again.err(), Some((409, "ended".to_owned())));
    assert!(
        world.chain.logs(addresses().uses).is_empty(),
        "nothing was released"
    );
}

#[tokio::test]
async fn a_register_that_says_otherwise_revokes_it_and_a_deleted_child_leaves_nothing() {
    let Family {
        mut world,
        child,
        guardian,
        ..
    } = family().await;
    let to = PROVIDER_ASKED;
    let given = Given::guardian(1, &child, &guardian);
    let credential = confirm(&world, &guardian, &child.number, &given.terms)
        .await
        .unwrap();
    given.register(&world);
    world.settle().await;
    let authority = world.app(AUTHORITY).clone();
    authority.hold_guardianships_against_register().await.unwrap();
    let rest = link(&given, 0, &guardian, &credential, to, NOW_S);
    assert_eq!(post(&world, &given, 0, &rest, to).await.0, 202, "still confirmed");
    // Custody changes: the register knows no guardian any more.
    let mapping = std::fs::read_to_string(world.config(AUTHORITY).await.mapping).unwrap();
    let path = world.folder.path().join("changed.toml");
    std::fs::write(
        &path,
        mapping.replace("'registered' AND since", "'none' AND since"),
    )
    .unwrap();
    world.mappings.push((AUTHORITY, path));
    world.restart().await;
    let authority = world.app(AUTHORITY).clone();
    authority.hold_guardianships_against_register().await.unwrap();
    world.open_case(given.case(0), SERVICE);
    world.settle().await;
    assert_eq!(
        refused(&world, to).await,
        [("guardian".to_owned(), "revoked".to_owned())]
    );
    assert_eq!(
        find(&world, &guardian, &child.number).await.unwrap_err(),
        "not-guardian"
    );
    let found = find(&world, &child, &child.number).await.unwrap();
    assert_eq!(found[0]["ended_by"], "register");
    let later = Given::guardian(2, &child, &guardian);
    let no = confirm(&world, &guardian, &child.number, &later.terms).await;
    assert_eq!(no.err(), Some((403, "not-guardian".to_owned())));
    // Deleted at the authority: the record is dark, and nothing is listed.
    let number = ResidentNumber::parse(&child.number).unwrap();
    authority.forget(&number).await.unwrap();
    assert_eq!(find(&world, &child, &child.number).await.unwrap(), json!([]));
    assert!(
        authority
            .store
            .guardianship(given.document())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn whoever_is_deleted_while_a_guardian_is_confirmed_leaves_nothing() {
    let Family {
        world,
        child,
        guardian,
        ..
    } = family().await;
    let app = world.app(AUTHORITY);
    let of = |who: &Wallet| app.vault.resident(&ResidentNumber::parse(&who.number).unwrap());
    let (ward, acting) = (of(&child), of(&guardian));
    for (seed, deleted) in [(1, ward), (2, acting)] {
        let given = Given::guardian(seed, &child, &guardian);
        let place = (
            "SELECT COUNT(*) FROM credentials WHERE case_id = $1",
            format!("{:#x}", given.document()),
        );
        let asked = confirm(&world, &guardian, &child.number, &given.terms);
        let answer = deleted_before_it_is_kept(&world, AUTHORITY, deleted, place, asked).await;
        assert_eq!(answer.err(), Some((409, "before-deletion".to_owned())));
        assert!(app.store.guardianship(given.document()).await.unwrap().is_none());
        let late = app.store.deletions().await.unwrap();
        assert_eq!((late[0].cause.as_str(), late.len()), ("late", seed as usize));
        // What was for the child is gone with either of them.
        assert_eq!(app.vault.destroy(ward).await.unwrap().records, 0);
        world.advance(Duration::from_secs(61));
    }
}

#[tokio::test]
async fn a_guardian_who_is_deleted_is_not_named_among_what_is_kept_for_the_child() {
    let Family {
        world,
        child,
        guardian,
        other,
    } = family().await;
    let app = world.app(AUTHORITY);
    let [first, second] = [(1, &guardian), (2, &other)].map(|(seed, who)| Given::guardian(seed, &child, who));
    for (who, given) in [(&guardian, &first), (&other, &second)] {
        confirm(&world, who, &child.number, &given.terms).await.unwrap();
    }
    let number = |who: &Wallet| ResidentNumber::parse(&who.number).unwrap();
    app.forget(&number(&guardian)).await.unwrap();
    let left = find(&world, &child, &child.number).await.unwrap();
    assert_eq!(
        (left.as_array().unwrap().len(), &left[0]["guardian"]),
        (1, &json!(other.number))
    );
    let kept = app
        .vault
        .destroy(app.vault.resident(&number(&child)))
        .await
        .unwrap();
    assert_eq!(kept.records, 1, "the other guardian's");
}

#[tokio::test]
async fn a_ward_who_comes_of_age_is_nobodys_ward() {
    let Family { world, guardian, .. } = family().await;
    let to = PROVIDER_ASKED;
    // A minor with a guardian on record who comes of age within the year.
    let (_, prepared) = population().await;
    let police = connect(&prepared.databases[AUTHORITY], Access::ReadOnly)
        .await
        .unwrap();
    let row = sqlx::query(
        "SELECT g.number, g.guardian_number, c.code, p.name FROM guardianship g \
         JOIN pickup_code c ON c.number = g.guardian_number JOIN person p ON p.number = g.guardian_number \
         WHERE g.status = 'registered' AND substr(g.number, 7, 8) BETWEEN '20090101' AND '20090901' ORDER BY g.number",
    )
    .fetch_one(&police)
    .await
    .unwrap();
    let text = |index: usize| row.get::<String, _>(index);
    let parent = world.wallet_of(&text(1), &text(2), &text(3)).await;
    let number = text(0);
    let ward = Wallet {
        number: number.clone(),
        code: String::new(),
        name: String::new(),
        holder: [1; 32],
        identity: None,
    };
    let of_age = of_age_s(&ResidentNumber::parse(&number).unwrap());
    assert!((NOW_S..NOW_S + 300 * DAY_S).contains(&of_age));
    let until = |seed, until: u64| {
        let mut given = Given::guardian(seed, &ward, &parent);
        given.terms["until"] = until.into();
        given
    };
    let beyond = until(1, of_age + 1);
    let no = confirm(&world, &parent, &number, &beyond.terms).await;
    assert_eq!(no.err(), Some((403, "of-age".to_owned())));
    let given = until(2, of_age);
    confirm(&world, &parent, &number, &given.terms).await.unwrap();
    // An authority that confirms too much is not believed: the number says when somebody is of age.
    let credential = signed_by(&world.app(AUTHORITY).issuer, &beyond, &parent, &number);
    beyond.register(&world);
    world.settle().await;
    world.advance(Duration::from_secs(of_age - 1 - NOW_S));
    let now_s = world.clock.now_s();
    let rest = link(&beyond, 0, &parent, &credential, to, now_s);
    assert_eq!(
        post(&world, &beyond, 0, &rest, to).await.0,
        202,
        "to the last second"
    );
    world.advance(Duration::from_secs(1));
    let rest = link(&beyond, 1, &parent, &credential, to, now_s);
    let answer = post(&world, &beyond, 1, &rest, to).await;
    // Both are over in this second; the terms say it first or the number does.
    assert_eq!(answer, (403, "delegation-of-age".to_owned()));
    world.open_case(beyond.case(0), SERVICE);
    world.settle().await;
    assert_eq!(
        refused(&world, to).await,
        vec![("guardian".to_owned(), "of-age".to_owned()); 2]
    );
    assert!(
        world.chain.logs(addresses().uses).is_empty(),
        "nothing was released"
    );
    drop(guardian);
}

/// A guardian of two children could hide from one of them what was confirmed, under the other's name.
#[tokio::test]
async fn terms_are_confirmed_for_one_child() {
    let Family {
        mut world,
        child,
        guardian,
        ..
    } = family().await;
    let (_, prepared) = population().await;
    let police = connect(&prepared.databases[AUTHORITY], Access::ReadOnly)
        .await
        .unwrap();
    let sister: String = sqlx::query(
        "SELECT number FROM guardianship WHERE number <> $1 ORDER BY substr(number, 7, 8) DESC, number LIMIT 1",
    )
    .bind(&child.number)
    .fetch_one(&police)
    .await
    .unwrap()
    .get(0);
    // The register calls them a guardian of both.
    let mapping = std::fs::read_to_string(world.config(AUTHORITY).await.mapping).unwrap();
    let path = world.folder.path().join("both.toml");
    std::fs::write(
        &path,
        mapping.replace("number = :number AND", ":number <> '' AND"),
    )
    .unwrap();
    world.mappings.push((AUTHORITY, path));
    world.restart().await;
    let given = Given::guardian(1, &child, &guardian);
    confirm(&world, &guardian, &child.number, &given.terms)
        .await
        .unwrap();
    let again = confirm(&world, &guardian, &sister, &given.terms).await;
    assert_eq!(again.err(), Some((409, "other-child".to_owned())));
    assert_eq!(
        find(&world, &guardian, &sister).await.unwrap(),
        json!([]),
        "nothing was confirmed for the other child"
    );
    let found = find(&world, &child, &child.number).await.unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1);
    let own = Given::guardian(2, &child, &guardian);
    confirm(&world, &guardian, &sister, &own.terms).await.unwrap();
}

#[tokio::test]
async fn what_the_authority_does_not_confirm() {
    let Family {
        world,
        child,
        guardian,
        other,
    } = family().await;
    let stranger = world.wallet("approved-66").await;
    let new = |seed| Given::guardian(seed, &child, &guardian).terms;
    let with = |name: &str, value: Value| {
        let mut terms = new(9);
        terms[name] = value;
        terms
    };
    let no = |status: u16, word: &str| Some((status, word.to_owned()));
    let of_stranger = Given::guardian(1, &child, &stranger).terms;
    // A number of nobody (GB 11643-1999, annex A), and one that is mistyped.
    let nobody = "11010519491231002X";
    for (what, who, about, terms, expected) in [
        (
            "no guardian",
            &stranger,
            child.number.as_str(),
            of_stranger.clone(),
            no(403, "not-guardian"),
        ),
        (
            "of nobody",
            &stranger,
            nobody,
            of_stranger,
            no(403, "not-guardian"),
        ),
        (
            "of an adult",
            &guardian,
            stranger.number.as_str(),
            new(2),
            no(403, "not-guardian"),
        ),
        (
            "of oneself",
            &guardian,
            guardian.number.as_str(),
            new(3),
            no(403, "of-age"),
        ),
        (
            "mistyped",
            &guardian,
            "11010519491231003X",
            new(3),
            no(400, "invalid"),
        ),
        (
            "made out to another",
            &other,
            child.number.as_str(),
            new(4),
            no(400, "invalid"),
        ),
        (
            "a carer's",
            &guardian,
            child.number.as_str(),
            with("role", json!("carer")),
            no(400, "invalid"),
        ),
        (
            "no terms",
            &guardian,
            child.number.as_str(),
            json!({}),
            no(400, "invalid"),
        ),
        (
            "of another network",
            &guardian,
            child.number.as_str(),
            with("chainId", json!(1)),
            no(400, "invalid"),
        ),
        (
            "not begun",
            &guardian,
            child.number.as_str(),
            with("from", json!(NOW_S + DAY_S)),
            no(400, "invalid"),
        ),
        (
            "too long",
            &guardian,
            child.number.as_str(),
            with("until", json!(NOW_S + 400 * DAY_S)),
            no(400, "invalid"),
        ),
    ] {
        assert_eq!(
            confirm(&world, who, about, &terms).await.err(),
            expected,
            "{what}"
        );
    }
    // The child is no guardian of their own.
    let own = Given::guardian(5, &child, &child).terms;
    let answer = confirm(&world, &child, &child.number, &own).await;
    assert_eq!(answer.err(), no(403, "not-guardian"));
    // A challenge counts once, and for this authority.
    let mut body = asking(&world, &guardian, &child.number).await;
    body["terms"] = new(6);
    let first = world.post(AUTHORITY, "/v1/guardianships", &body).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let again = world.post(AUTHORITY, "/v1/guardianships", &body).await;
    assert_eq!((again.status.as_u16(), again.kind()), (401, "wrong-nonce"));
    let elsewhere = world.post(OWNER, "/v1/guardianships", &body).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "{}", elsewhere.text);
    // Nobody tries numbers out.
    for _ in 0..MAX_REQUESTS {
        let _ = find(&world, &stranger, nobody).await;
    }
    assert_eq!(find(&world, &stranger, nobody).await.unwrap_err(), "busy");
}
