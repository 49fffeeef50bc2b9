//! What `rules.json` may not be, each refused at the place that is wrong.

use serde_json::{Value, json};
use zhengtong_rules::{MAX_RULES_BYTES, ParseError, ParseProblem, Rounding, RuleSet, Share};

fn valid() -> Value {
    json!({
        "format": "zhengtong-rules/1",
        "predicates": [
            {"id": "poor", "provider": "civil-affairs", "kind": "boolean", "fields": ["f"],
             "basis": {"kind": "statute", "law": "L", "article": "1"}},
            {"id": "age", "provider": "public-security", "kind": "integer", "min": 0, "max": 130, "fields": ["f"],
             "basis": {"kind": "consent", "law": "L", "article": "2"}},
        ],
        "rows": [
            {"when": {"poor": false}, "outcome": "refuse", "reason": "not-poor", "law": {"law": "L", "article": "1"}},
            {"when": {"poor": true, "age": {"min": 60, "max": 130}}, "outcome": "approve", "reason": "old",
             "amount": {"fen": 100, "per": "month", "rounding": "exact"}, "law": {"law": "L", "article": "1"}},
        ],
        "otherwise": "review",
    })
}

fn refused(change: impl FnOnce(&mut Value)) -> ParseError {
    let mut rules = valid();
    change(&mut rules);
    RuleSet::parse(&rules.to_string()).expect_err("must be refused")
}

#[test]
fn a_valid_rule_set_is_read() {
    let rules = RuleSet::parse(&valid().to_string()).expect("valid");
    assert_eq!((rules.predicates().len(), rules.rows().len()), (2, 2));
    assert!(rules.check().is_empty());
}

#[test]
fn every_refusal_names_its_place() {
    type Change = fn(&mut Value);
    let cases: &[(&str, Change)] = &[
        ("format", |rules| rules["format"] = "other".into()),
        ("extra", |rules| rules["extra"] = 1.into()),
        ("predicates", |rules| rules["predicates"] = json!([])),
        ("rows", |rules| rules["rows"] = json!([])),
        ("rows", |rules| {
            let row = rules["rows"][0].clone();
            rules["rows"] = vec![row; 65].into();
        }),
        ("predicates", |rules| {
            let predicate = rules["predicates"][0].clone();
            rules["predicates"] = vec![predicate; 33].into();
        }),
        ("predicates[1].id", |rules| {
            rules["predicates"][1]["id"] = "poor".into()
        }),
        ("predicates[0].id", |rules| {
            rules["predicates"][0]["id"] = "Poor".into()
        }),
        ("predicates[0].id", |rules| {
            rules["predicates"][0]["id"] = "x".repeat(32).into()
        }),
        ("predicates[0].provider", |rules| {
            rules["predicates"][0]["provider"] = "".into()
        }),
        ("predicates[0].kind", |rules| {
            rules["predicates"][0]["kind"] = "text".into()
        }),
        ("predicates[0]", |rules| rules["predicates"][0]["min"] = 0.into()),
        ("predicates[1]", |rules| rules["predicates"][1]["max"] = 0.into()),
        ("predicates[1]", |rules| {
            rules["predicates"][1]["min"] = i32::MIN.into()
        }),
        ("predicates[1].max", |rules| {
            rules["predicates"][1]["max"] = (i64::from(i32::MAX) + 1).into()
        }),
        ("predicates[0].fields", |rules| {
            rules["predicates"][0]["fields"] = json!([])
        }),
        ("predicates[0].fields[1]", |rules| {
            rules["predicates"][0]["fields"] = json!(["f", "f"])
        }),
        ("predicates[0].basis.law", |rules| {
            rules["predicates"][0]["basis"]["law"] = " ".into()
        }),
        ("predicates[0].basis", |rules| {
            rules["predicates"][0]["basis"]["extra"] = 1.into()
        }),
        ("predicates[0].basis.kind", |rules| {
            rules["predicates"][0]["basis"]["kind"] = "habit".into()
        }),
        ("rows[0].when.rich", |rules| {
            rules["rows"][0]["when"] = json!({"rich": true})
        }),
        ("rows[0].when.poor", |rules| {
            rules["rows"][0]["when"] = json!({"poor": {"min": 0, "max": 1}})
        }),
        ("rows[1].when.age", |rules| {
            rules["rows"][1]["when"]["age"] = true.into()
        }),
        ("rows[1].when.age", |rules| {
            rules["rows"][1]["when"]["age"] = json!({"min": 0, "max": 131})
        }),
        ("rows[1].when.age", |rules| {
            rules["rows"][1]["when"]["age"] = json!({"min": -1, "max": 5})
        }),
        ("rows[1].when.age", |rules| {
            rules["rows"][1]["when"]["age"] = json!({"min": 6, "max": 5})
        }),
        ("rows[0].outcome", |rules| {
            rules["rows"][0]["outcome"] = "maybe".into()
        }),
        ("rows[0].reason", |rules| {
            rules["rows"][0]["reason"] = "not poor".into()
        }),
        ("rows[0].law.article", |rules| {
            rules["rows"][0]["law"]["article"] = "".into()
        }),
        ("rows[0].amount", |rules| {
            rules["rows"][0]["amount"] = json!({"fen": 1, "per": "month", "rounding": "exact"})
        }),
        ("rows[1].amount.fen", |rules| {
            rules["rows"][1]["amount"]["fen"] = 1.5.into()
        }),
        ("rows[1].amount.fen", |rules| {
            rules["rows"][1]["amount"]["fen"] = (-1).into()
        }),
        ("rows[1].amount", |rules| {
            rules["rows"][1]["amount"]["fen"] = 1_000_000_000_001u64.into()
        }),
        ("rows[1].amount.per", |rules| {
            rules["rows"][1]["amount"]["per"] = "week".into()
        }),
        ("rows[1].amount", |rules| {
            rules["rows"][1]["amount"]["rounding"] = "down".into()
        }),
        ("otherwise", |rules| rules["otherwise"] = "approve".into()),
        ("otherwise", |rules| rules["otherwise"] = "refuse".into()),
    ];
    for (index, (path, change)) in cases.iter().enumerate() {
        let error = refused(change);
        assert_eq!(error.path, *path, "case {index}: {error}");
    }
}

#[test]
fn a_reason_without_a_law_is_refused() {
    let error = refused(|rules| {
        rules["rows"][0].as_object_mut().expect("row").remove("law");
    });
    assert_eq!(error.path, "rows[0]");
    assert!(error.to_string().contains("law"), "{error}");
}

#[test]
fn two_conditions_on_one_predicate_are_refused() {
    let json = valid()
        .to_string()
        .replace(r#"{"poor":false}"#, r#"{"poor":false,"poor":true}"#);
    let error = RuleSet::parse(&json).expect_err("must be refused");
    assert!(
        error.path.starts_with("rows[0].when") && error.to_string().contains("twice"),
        "{error}"
    );
}

#[test]
fn more_than_eight_brackets_are_refused() {
    let error = refused(|rules| {
        let age = rules["predicates"][1].clone();
        let copies = (0..9).map(|index| {
            let mut predicate = age.clone();
            predicate["id"] = format!("age-{index}").into();
            predicate
        });
        let when: serde_json::Map<_, _> = (0..9)
            .map(|index| (format!("age-{index}"), json!({"min": 0, "max": 1})))
            .collect();
        rules["predicates"] = copies.collect();
        rules["rows"] =
            json!([{"when": when, "outcome": "review", "reason": "r", "law": {"law": "L", "article": "1"}}]);
    });
    assert_eq!(
        (error.path.as_str(), error.problem),
        (
            "rows[0].when",
            ParseProblem::Count {
                min: 0,
                max: 8,
                actual: 9
            }
        )
    );
}

#[test]
fn hostile_text_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "{",
        "\u{0}",
        "{}{}",
        &format!("{}{}", valid(), "x"),
    ] {
        assert!(RuleSet::parse(text).is_err(), "{text:?}");
    }
    let long = " ".repeat(MAX_RULES_BYTES + 1);
    assert!(matches!(
        RuleSet::parse(&long).expect_err("too long").problem,
        ParseProblem::TooLong { .. }
    ));
    assert!(RuleSet::parse(&"[".repeat(10_000)).is_err());
}

#[test]
fn an_amount_must_be_the_share_it_states() {
    let amount = |fen: u64, rounding: &str| {
        let share = json!({"of_fen": 79_810, "numerator": 1, "denominator": 4, "to_fen": 100});
        let mut rules = valid();
        rules["rows"][1]["amount"] =
            json!({"fen": fen, "per": "month", "rounding": rounding, "share": share});
        RuleSet::parse(&rules.to_string())
    };
    // A quarter of 798.10 yuan is 199.525 yuan.
    assert!(amount(20_000, "half-up").is_ok());
    assert!(amount(20_000, "up").is_ok());
    assert!(amount(19_900, "down").is_ok());
    for (fen, rounding) in [
        (19_953, "half-up"),
        (19_900, "half-up"),
        (20_000, "down"),
        (20_000, "exact"),
    ] {
        assert_eq!(
            amount(fen, rounding).expect_err("must be refused").path,
            "rows[1].amount",
            "{fen} {rounding}"
        );
    }
}

#[test]
fn rounding_is_what_its_name_says() {
    let fen = |numerator, rounding| {
        Share {
            of_fen: 1,
            numerator,
            denominator: 10,
            to_fen: 1,
        }
        .rounded_fen(rounding)
    };
    let expected = [
        // numerator, exact, down, up, half up
        (10, Some(1), 1, 1, 1),
        (14, None, 1, 2, 1),
        (15, None, 1, 2, 2),
        (16, None, 1, 2, 2),
        (0, Some(0), 0, 0, 0),
    ];
    for (numerator, exact, down, up, half_up) in expected {
        assert_eq!(fen(numerator, Rounding::Exact), exact);
        assert_eq!(fen(numerator, Rounding::Down), Some(down));
        assert_eq!(fen(numerator, Rounding::Up), Some(up));
        assert_eq!(fen(numerator, Rounding::HalfUp), Some(half_up));
    }
    let nothing = Share {
        of_fen: 1,
        numerator: 1,
        denominator: 0,
        to_fen: 1,
    };
    assert_eq!(nothing.rounded_fen(Rounding::Down), None);
    let most = Share {
        of_fen: u32::MAX,
        numerator: u32::MAX,
        denominator: 1,
        to_fen: u32::MAX,
    };
    assert_eq!(
        most.rounded_fen(Rounding::Up),
        Some(u64::from(u32::MAX) * u64::from(u32::MAX))
    );
}
