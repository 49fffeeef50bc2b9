//! Credentials in place of questions: what they answer, and what a package may not ask of them.

mod support;

use serde_json::{Map, Value, json};
use support::{Files, files, load};
use zhengtong_services::{Catalogue, Held, Library, LibraryError, bundled};

/// The package of temporary relief, with the credential in place of the household register changed.
fn changed(change: impl FnOnce(&mut Value)) -> Files {
    let mut files = files("temporary-relief");
    let materials = files.get_mut("evidence.json").unwrap()["materials"]
        .as_array_mut()
        .unwrap();
    let material = materials
        .iter_mut()
        .find(|material| material["id"] == "household-register");
    change(&mut material.unwrap()["held"]);
    files
}

#[test]
fn claims_answer_as_the_vectors_say() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/held.json")).unwrap();
    let held: Held = serde_json::from_value(vectors["held"].clone()).unwrap();
    let at_s = vectors["at_s"].as_u64().unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 19);
    for case in cases {
        let claims: &Map<_, _> = case["claims"].as_object().unwrap();
        let answer = held.answer(case["predicate"].as_str().unwrap(), claims, at_s);
        assert_eq!(json!(answer), case["answer"], "{case}");
    }
}

#[test]
fn a_mapping_that_is_partial_or_asks_for_too_much_is_refused_at_its_place() {
    let rows = "/0/answers/household-registered";
    let unsettled = json!({ "answer": "unknown" });
    let by =
        |when: Value, answer: Value| json!([{ "when": when, "answer": answer }, { "answer": "unknown" }]);
    let recent = json!({ "decided_at": { "within_days": 183 } });
    let bad: [(&str, Value, &str); 16] = [
        (
            rows,
            json!([{ "when": recent, "answer": true }]),
            "every claim must lead to an answer",
        ),
        (
            rows,
            json!([unsettled, unsettled]),
            "every claim must lead to an answer",
        ),
        (rows, json!([]), "0 entries"),
        (
            rows,
            by(recent.clone(), json!(1)),
            "one that the predicate can have",
        ),
        (rows, by(recent.clone(), json!("yes")), "did not match"),
        (
            rows,
            by(json!({ "amount_fen": [1] }), json!(true)),
            "no claim disclosed \"amount_fen\"",
        ),
        (rows, by(json!({ "decided_at": [] }), json!(true)), "0 entries"),
        (
            rows,
            by(json!({ "decided_at": { "min": 2, "max": 1 } }), json!(true)),
            "larger than `max`",
        ),
        (
            rows,
            by(json!({ "decided_at": { "within_days": 0 } }), json!(true)),
            "not between 1",
        ),
        (
            rows,
            by(
                json!({ "decided_at": { "within_days": 1, "min": 1 } }),
                json!(true),
            ),
            "did not match",
        ),
        (
            "/0/claims",
            json!(["decided_at", "reason"]),
            "no answer looks at this claim",
        ),
        ("/0/claims", json!(["decided_at", "person"]), "always disclosed"),
        ("/0/claims", json!(["decided_at", "decided_at"]), "appears twice"),
        (
            "/0/answers",
            json!({ "age": [unsettled] }),
            "no predicate of this material \"age\"",
        ),
        ("/0/vct", json!(""), "characters"),
        ("/0/more", json!(true), "unknown field"),
    ];
    for (at, value, words) in bad {
        let errors = load(&changed(|held| match at.rsplit_once('/') {
            Some((parent, key)) => held.pointer_mut(parent).unwrap()[key] = value.clone(),
            None => unreachable!(),
        }));
        let errors = errors.expect_err(&format!("{at} {value}")).to_string();
        let said = errors
            .lines()
            .any(|line| line.starts_with("evidence.json") && line.contains(words));
        assert!(said, "{at} {value}: no {words:?} in\n{errors}");
    }
}

#[test]
fn one_agency_is_shown_a_credential_and_never_in_place_of_a_consent_or_of_the_only_way() {
    let expect = |files: &Files, words: &str| {
        let errors = load(files).expect_err(words).to_string();
        assert!(errors.contains(words), "no {words:?} in\n{errors}");
    };
    let mut consent = files("temporary-relief");
    let materials = consent.get_mut("evidence.json").unwrap()["materials"]
        .as_array_mut()
        .unwrap();
    let held = materials[2]["held"].clone();
    let mut of_illness = held.clone();
    let rows = of_illness[0]["answers"]["household-registered"].take();
    of_illness[0]["answers"] = json!({ "major-illness-recorded": rows });
    materials[4]["held"] = of_illness;
    expect(
        &consent,
        "in place of a question that needs consent is not supported yet",
    );

    let mut form = files("temporary-relief");
    form.get_mut("evidence.json").unwrap()["materials"][1]["held"] = held.clone();
    expect(&form, "goes with source fact alone");

    let twice = changed(|held| {
        let again = held[0].clone();
        held.as_array_mut().unwrap().push(again);
    });
    expect(&twice, "appears twice");

    let mut two_agencies = files("temporary-relief");
    let material = &mut two_agencies.get_mut("evidence.json").unwrap()["materials"][2];
    material["predicates"] = json!(["household-registered", "registered-unemployed"]);
    let rows = held[0]["answers"]["household-registered"].clone();
    material["held"][0]["answers"]["registered-unemployed"] = rows;
    expect(&two_agencies, "must all be of one agency");
}

#[test]
fn the_library_refuses_a_type_that_nobody_issues_or_that_lacks_a_claim() {
    let library = |relief: &Files, allowance: &Files| {
        let catalogue = Catalogue::parse(bundled::CATALOGUE).unwrap();
        let others = load(&files("disability-living-subsidy")).unwrap();
        let packages = vec![load(relief).unwrap(), load(allowance).unwrap(), others];
        Library::new(catalogue, packages).map(|_| ())
    };
    let missing = |claim: &str, vct: &str| {
        let (slug, vct, claim) = ("temporary-relief".to_owned(), vct.to_owned(), claim.to_owned());
        Err(LibraryError::Held { slug, vct, claim })
    };
    let (relief, allowance) = (files("temporary-relief"), files("old-age-allowance"));
    assert_eq!(library(&relief, &allowance), Ok(()));

    let other = changed(|held| held[0]["vct"] = json!("urn:example:other"));
    assert_eq!(
        library(&other, &allowance),
        missing("decided_at", "urn:example:other")
    );

    let mut nobodys = allowance.clone();
    let claims = nobodys.get_mut("credential.json").unwrap()["claims"]
        .as_array_mut()
        .unwrap();
    claims.retain(|claim| claim["name"] != "person");
    for language in ["texts/zh-CN.json", "texts/en.json"] {
        let texts = nobodys.get_mut(language).unwrap().as_object_mut().unwrap();
        texts.remove("credential.claim.person").unwrap();
    }
    let vct = "urn:zhengtong:credential:old-age-allowance:1";
    assert_eq!(library(&relief, &nobodys), missing("person", vct));

    let mut open = allowance.clone();
    let claims = open.get_mut("credential.json").unwrap()["claims"]
        .as_array_mut()
        .unwrap();
    for claim in claims.iter_mut().filter(|claim| claim["name"] == "person") {
        claim["disclosure"] = json!("always");
    }
    let errors = load(&open).expect_err("a person in the open").to_string();
    assert!(errors.contains("its disclosure is selective"), "{errors}");
}
