//! What a package may not be, each refused with its file and the path inside it.

mod support;

use serde_json::{Value, json};
use support::{Files, files, load};
use zhengtong_services::{MAX_FILE_BYTES, MAX_PACKAGE_BYTES, Package, PackageErrors, Problem};

fn refused(slug: &str, change: impl FnOnce(&mut Files)) -> PackageErrors {
    let mut files = files(slug);
    change(&mut files);
    load(&files).expect_err("must be refused")
}

/// Asserts that a change is refused at a place, in words that contain `words`.
fn assert_refused(place: &str, words: &str, change: impl FnOnce(&mut Files)) {
    let errors = refused("temporary-relief", change);
    let found = errors.0.iter().any(|error| {
        format!("{}: {}", error.file, error.path) == place && error.problem.to_string().contains(words)
    });
    assert!(found, "no {place:?} with {words:?} in:\n{errors}");
}

fn file<'a>(files: &'a mut Files, name: &str) -> &'a mut Value {
    files.get_mut(name).expect("file")
}

fn remove(value: &mut Value, key: &str) {
    value.as_object_mut().expect("object").remove(key).expect("key");
}

#[test]
fn an_unknown_key_is_refused_in_every_file() {
    for name in zhengtong_services::FILES
        .iter()
        .filter(|name| !name.starts_with("texts/"))
    {
        let errors = refused("temporary-relief", |files| {
            file(files, name)["surprise"] = json!(1)
        });
        assert_eq!(errors.0[0].file, *name);
        assert!(errors.to_string().contains("surprise"), "{errors}");
    }
}

#[test]
fn a_missing_file_and_an_unknown_file_are_refused_by_name() {
    for name in zhengtong_services::FILES {
        let errors = refused("temporary-relief", |files| drop(files.remove(name)));
        assert_eq!(
            (errors.0[0].file.as_str(), &errors.0[0].problem),
            (name, &Problem::FileMissing)
        );
    }
    let errors = refused("temporary-relief", |files| {
        drop(files.insert("notes.json".to_owned(), json!({})))
    });
    assert_eq!(
        (errors.0[0].file.as_str(), &errors.0[0].problem),
        ("notes.json", &Problem::FileUnknown)
    );
}

#[test]
fn a_bundle_is_refused_as_not_supported_yet() {
    let errors = refused("temporary-relief", |files| {
        drop(files.insert("compose.json".to_owned(), json!({})))
    });
    assert_eq!(errors.0[0].file, "compose.json");
    assert!(errors.to_string().contains("not supported yet"), "{errors}");
}

#[test]
fn a_missing_translation_is_refused_in_the_language_that_lacks_it() {
    for name in ["texts/en.json", "texts/zh-CN.json"] {
        for key in [
            "service.title",
            "reason.sudden-illness.text",
            "form.cause.option.illness",
            "defect.costs-unclear",
        ] {
            let errors = refused("temporary-relief", |files| remove(file(files, name), key));
            let [error] = errors.0.as_slice() else {
                panic!("{errors}")
            };
            assert_eq!((error.file.as_str(), error.path.as_str()), (name, key));
            assert_eq!(error.problem, Problem::TranslationMissing);
        }
    }
}

#[test]
fn texts_are_needed_filled_and_bounded() {
    assert_refused("texts/en.json: service.extra", "no other file needs", |files| {
        file(files, "texts/en.json")["service.extra"] = "x".into();
    });
    assert_refused("texts/en.json: service.title", "1 to 1000 characters", |files| {
        file(files, "texts/en.json")["service.title"] = " ".into();
    });
    assert_refused("texts/en.json: service.title", "1 to 1000 characters", |files| {
        file(files, "texts/en.json")["service.title"] = "x".repeat(1_001).into();
    });
    assert_refused(
        "texts/en.json: predicate.relief-times-this-year.value",
        "{value}",
        |files| {
            file(files, "texts/en.json")["predicate.relief-times-this-year.value"] = "often".into();
        },
    );
    assert_refused("texts/en.json: service.title", "{value}", |files| {
        file(files, "texts/en.json")["service.title"] = "Relief {name}".into();
    });
}

#[test]
fn a_promise_longer_than_the_law_allows_is_refused() {
    assert_refused(
        "workflow.json: promised.days",
        "longer than the statutory 59",
        |files| {
            file(files, "workflow.json")["promised"]["days"] = 60.into();
        },
    );
    for days in [0, 3_651] {
        assert_refused(
            "workflow.json: statutory.days",
            "not between 1 and 3650",
            |files| {
                file(files, "workflow.json")["statutory"]["days"] = days.into();
            },
        );
    }
}

#[test]
fn a_field_that_nobody_needs_is_refused() {
    assert_refused("form.schema.json: properties.insured", "no step needs", |files| {
        let workflow = file(files, "workflow.json");
        for step in workflow["steps"].as_array_mut().expect("steps") {
            step["uses"]
                .as_array_mut()
                .expect("uses")
                .retain(|field| field != "insured");
        }
    });
    assert_refused("form.schema.json: properties.insured", "no page asks", |files| {
        file(files, "pages.json")["pages"]
            .as_array_mut()
            .expect("pages")
            .retain(|page| page["id"] != "insurance");
    });
}

#[test]
fn pages_and_schema_must_agree() {
    assert_refused("form.schema.json: required", "required must list", |files| {
        file(files, "form.schema.json")["required"]
            .as_array_mut()
            .expect("required")
            .push("insured".into());
    });
    assert_refused(
        "pages.json: pages[3].fields[0]",
        "no form field \"nothing\"",
        |files| {
            file(files, "pages.json")["pages"][3]["fields"] = json!(["nothing"]);
        },
    );
    for when in [
        json!({"field": "urgent", "is": [true]}),
        json!({"field": "cause", "is": ["weather"]}),
        json!({"field": "cause", "is": []}),
        json!({"field": "nothing", "is": [true]}),
    ] {
        assert_refused("pages.json: pages[1].when", "earlier page", |files| {
            file(files, "pages.json")["pages"][1]["when"] = when.clone();
        });
    }
}

#[test]
fn every_field_is_bounded_and_the_form_closed() {
    for (field, schema) in [
        ("what_happened", json!({"type": "string"})),
        ("what_happened", json!({"type": "string", "maxLength": 2_001})),
        (
            "what_happened",
            json!({"type": "string", "maxLength": 5, "minLength": 6}),
        ),
        (
            "household_size",
            json!({"type": "integer", "minimum": 5, "maximum": 5}),
        ),
        ("cause", json!({"type": "string", "enum": ["accident"]})),
        (
            "cause",
            json!({"type": "string", "enum": ["accident", "accident"]}),
        ),
    ] {
        let path = format!("form.schema.json: properties.{field}");
        assert_refused(&path, "", |files| {
            file(files, "form.schema.json")["properties"][field] = schema.clone()
        });
    }
    assert_refused("form.schema.json: .", "additionalProperties false", |files| {
        file(files, "form.schema.json")["additionalProperties"] = true.into();
    });
    let errors = refused("temporary-relief", |files| {
        file(files, "form.schema.json")["properties"]["cause"] = json!({"$ref": "https://example.org/x"});
    });
    assert_eq!(errors.0[0].file, "form.schema.json");
    let errors = refused("temporary-relief", |files| {
        file(files, "form.schema.json")["properties"]["what_happened"]["pattern"] = "(a+)+$".into();
    });
    assert!(errors.to_string().contains("pattern"), "{errors}");
}

#[test]
fn laws_are_cited_from_the_list_and_listed_because_cited() {
    assert_refused(
        "rules.json: rows[6].law",
        "社会救助暂行办法 第九条 is not listed",
        |files| {
            file(files, "rules.json")["rows"][6]["law"]["article"] = "第九条".into();
        },
    );
    assert_refused("item.json: laws[7]", "no file cites", |files| {
        let mut law = file(files, "item.json")["laws"][0].clone();
        law["article"] = "第九条".into();
        law["id"] = "extra".into();
        file(files, "item.json")["laws"]
            .as_array_mut()
            .expect("laws")
            .push(law);
    });
    assert_refused(
        "item.json: laws[0].valid_to",
        "is not a date after the start",
        |files| {
            file(files, "item.json")["laws"][0]["valid_to"] = "2014-05-01".into();
        },
    );
    let errors = refused("temporary-relief", |files| {
        file(files, "item.json")["laws"][0]["valid_from"] = "May".into()
    });
    assert_eq!(
        (errors.0[0].file.as_str(), errors.0[0].path.as_str()),
        ("item.json", "laws[0].valid_from")
    );
}

#[test]
fn rules_that_are_malformed_or_wrong_are_refused_with_their_place() {
    assert_refused("rules.json: rows[0].when.rich", "no predicate", |files| {
        file(files, "rules.json")["rows"][0]["when"] = json!({"rich": true});
    });
    let errors = refused("temporary-relief", |files| {
        let row = file(files, "rules.json")["rows"][1].clone();
        file(files, "rules.json")["rows"]
            .as_array_mut()
            .expect("rows")
            .insert(2, row);
    });
    assert!(
        errors
            .to_string()
            .contains("rows[2]: no combination of facts reaches this row"),
        "{errors}"
    );
    let errors = refused("temporary-relief", |files| {
        remove(&mut file(files, "rules.json")["rows"][0], "law")
    });
    assert!(errors.to_string().starts_with("rules.json: rows[0]"), "{errors}");
}

#[test]
fn the_tests_must_cover_every_row_boundary_and_unknown() {
    let without = |name: &'static str| {
        move |files: &mut Files| {
            let cases = file(files, "tests.json")["cases"].as_array_mut().expect("cases");
            let before = cases.len();
            cases.retain(|case| case["name"] != name);
            assert_eq!(cases.len(), before - 1);
        }
    };
    assert_refused("tests.json: cases", "row 5 (out-of-work)", without("out of work"));
    assert_refused(
        "tests.json: cases",
        "the boundary relief-times-this-year = 1",
        without("helped once this year"),
    );
    assert_refused(
        "tests.json: cases",
        "registered-unemployed alone unknown",
        without("registered-unemployed is unknown"),
    );
}

#[test]
fn a_test_that_the_rules_do_not_pass_is_refused() {
    assert_refused(
        "tests.json: cases[0].expect",
        "but the rules say Review, row 6",
        |files| {
            file(files, "tests.json")["cases"][0]["expect"]["amount_fen"] = 1.into();
        },
    );
    assert_refused(
        "tests.json: cases[0].facts",
        "\"household-registered\" is missing",
        |files| {
            remove(
                &mut file(files, "tests.json")["cases"][0]["facts"],
                "household-registered",
            );
        },
    );
    assert_refused("tests.json: cases[0].facts", "wrong kind", |files| {
        file(files, "tests.json")["cases"][0]["facts"]["household-registered"] = 1.into();
    });
    assert_refused("tests.json: cases[0].facts", "outside 0..=12", |files| {
        file(files, "tests.json")["cases"][0]["facts"]["relief-times-this-year"] = 13.into();
    });
}

#[test]
fn a_person_refuses_and_another_hears_the_appeal() {
    for role in ["officer", "other-officer"] {
        assert_refused(
            "workflow.json: steps",
            "an officer, who alone may refuse",
            |files| {
                let steps = file(files, "workflow.json")["steps"]
                    .as_array_mut()
                    .expect("steps");
                steps
                    .iter_mut()
                    .filter(|step| step["role"] == role)
                    .for_each(|step| step["role"] = "resident".into());
            },
        );
    }
    assert_refused("workflow.json: steps[0].after[0]", "no earlier step", |files| {
        file(files, "workflow.json")["steps"][0]["after"] = json!(["appeal"]);
    });
    assert_refused("workflow.json: pauses[0].step", "no step", |files| {
        file(files, "workflow.json")["pauses"][0]["step"] = "nap".into();
    });
}

#[test]
fn evidence_names_what_exists_and_uploads_are_not_supported_yet() {
    assert_refused(
        "evidence.json: materials[2].predicates[0]",
        "no predicate",
        |files| {
            file(files, "evidence.json")["materials"][2]["predicates"] = json!(["wealth"]);
        },
    );
    assert_refused(
        "evidence.json: materials[0]",
        "goes with credential alone",
        |files| {
            remove(&mut file(files, "evidence.json")["materials"][0], "credential");
        },
    );
    assert_refused(
        "evidence.json: materials[0].source",
        "not supported yet",
        |files| {
            file(files, "evidence.json")["materials"][0]["source"] = "upload".into();
        },
    );
}

#[test]
fn records_are_of_fields_behind_predicates_of_one_agency_and_basis() {
    let good = json!({
        "record": "household", "provider": "public-security", "predicates": ["household-registered"],
        "fields": ["household.region"],
    });
    let with =
        |record: Value| move |files: &mut Files| file(files, "evidence.json")["records"] = json!([record]);
    let changed = |member: &str, value: Value| {
        let mut record = good.clone();
        record[member] = value;
        record
    };
    let mut files = files("temporary-relief");
    with(good.clone())(&mut files);
    let package = load(&files).expect("declared");
    assert!(
        package
            .evidence()
            .record("public-security", "household")
            .is_some()
    );
    assert!(package.evidence().record("health", "household").is_none());
    for (place, words, record) in [
        (
            "fields[0]",
            "no field of this record",
            changed("fields", json!(["household.address"])),
        ),
        (
            "fields[0]",
            "no field of this record",
            changed("record", json!("person")),
        ),
        (
            "predicates[0]",
            "no predicate of this provider",
            changed("provider", json!("health")),
        ),
        (
            "predicates[0]",
            "no predicate of this provider",
            changed("predicates", json!(["wealth"])),
        ),
        ("fields", "entries", changed("fields", json!([]))),
    ] {
        assert_refused(&format!("evidence.json: records[0].{place}"), words, with(record));
    }
    assert_refused("evidence.json: records[1]", "twice", |files| {
        file(files, "evidence.json")["records"] = json!([good, good]);
    });
}

#[test]
fn a_key_written_twice_is_refused() {
    let mut texts: Vec<_> = files("temporary-relief")
        .into_iter()
        .map(|(name, value)| (name, value.to_string()))
        .collect();
    let item = texts
        .iter_mut()
        .find(|(name, _)| name == "item.json")
        .expect("item");
    item.1 = item.1.replacen('{', r#"{"slug":"other","#, 1);
    let errors = Package::from_files(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let errors = errors.expect_err("must be refused");
    assert!(errors.to_string().contains("\"slug\" appears twice"), "{errors}");
}

#[test]
fn sizes_are_bounded() {
    let long = " ".repeat(MAX_FILE_BYTES + 1);
    let errors = Package::from_files([("item.json", long.as_str())]).expect_err("must be refused");
    assert_eq!(
        errors.0[0].problem,
        Problem::TooLong {
            limit: MAX_FILE_BYTES
        }
    );
    let errors = Package::from_canonical(&vec![b' '; MAX_PACKAGE_BYTES + 1]).expect_err("must be refused");
    assert_eq!(
        errors.0[0].problem,
        Problem::TooLong {
            limit: MAX_PACKAGE_BYTES
        }
    );
    for bytes in [&b"\xff"[..], b"[]", b"{", b"{}", b"null"] {
        assert!(Package::from_canonical(bytes).is_err());
    }
}

#[test]
fn a_folder_is_refused_for_files_it_should_not_have() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("texts")).expect("folder");
    for (name, value) in files("temporary-relief") {
        std::fs::write(folder.path().join(name), value.to_string()).expect("write");
    }
    assert!(Package::load(folder.path()).is_ok());
    std::fs::write(folder.path().join("texts/fr.json"), "{}").expect("write");
    std::fs::write(folder.path().join("compose.json"), "{}").expect("write");
    let errors = Package::load(folder.path()).expect_err("must be refused");
    let names: Vec<_> = errors.0.iter().map(|error| error.file.as_str()).collect();
    assert_eq!(names, ["compose.json", "texts/fr.json"]);
    assert!(Package::load(&folder.path().join("nowhere")).is_err());
}

#[test]
fn one_changed_character_changes_the_address() {
    let package = load(&files("temporary-relief")).expect("valid");
    let mut changed = files("temporary-relief");
    file(&mut changed, "texts/en.json")["service.title"] = "Temporary Relief".into();
    assert_ne!(load(&changed).expect("valid").hash(), package.hash());
}

#[test]
fn a_consent_says_how_often_and_how_long_and_no_more_than_it_asks() {
    let place = |files: &mut Files, name: &str| -> usize {
        let materials = file(files, "evidence.json")["materials"]
            .as_array()
            .expect("materials");
        materials
            .iter()
            .position(|material| material["id"] == name)
            .expect("material")
    };
    let at = place(&mut files("temporary-relief"), "diagnosis");
    let path = format!("evidence.json: materials[{at}].consent");
    let change = |change: fn(&mut Value)| {
        move |files: &mut Files| change(&mut file(files, "evidence.json")["materials"][at]["consent"])
    };
    assert_refused(&path, "consent", |files| {
        remove(&mut file(files, "evidence.json")["materials"][at], "consent");
    });
    assert_refused("evidence.json: materials", "major-illness-recorded", |files| {
        remove(&mut file(files, "evidence.json")["materials"][at], "consent");
    });
    let days = format!("{path}.days");
    assert_refused(
        &days,
        "between 1 and 366",
        change(|terms| terms["days"] = json!(0)),
    );
    assert_refused(
        &days,
        "between 1 and 366",
        change(|terms| terms["days"] = json!(367)),
    );
    let least = format!("{path}.least.days");
    assert_refused(
        &least,
        "between 1 and 90",
        change(|terms| terms["least"]["days"] = json!(91)),
    );
    let often = format!("{path}.least.use");
    assert_refused(
        &often,
        "may not be more",
        change(|terms| terms["least"]["use"] = json!("standing")),
    );
    // On a statute nobody is asked.
    let other = place(&mut files("temporary-relief"), "unemployment-certificate");
    let path = format!("evidence.json: materials[{other}].consent");
    assert_refused(&path, "basis of consent", |files| {
        file(files, "evidence.json")["materials"][other]["consent"] = json!({ "use": "once", "days": 1 });
    });
    assert!(
        refused("temporary-relief", change(|terms| terms["use"] = json!("twice")))
            .to_string()
            .contains("twice")
    );
}
