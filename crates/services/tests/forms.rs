//! Forms are checked against schema and route; errors name the field and never what was entered.

use serde_json::{Value, json};
use zhengtong_services::{FieldProblem, Library, Package, bundled};

fn library() -> Library {
    bundled::library().unwrap_or_else(|error| panic!("{error}"))
}

fn relief() -> Package {
    library().package("temporary-relief").expect("package").clone()
}

fn valid() -> Value {
    json!({
        "cause": "other",
        "what_happened": "家里的房子漏水，暂时不能住。",
        "household_size": 3,
        "already_paid_yuan": 1200,
        "urgent": true,
        "payment_channel": "cash-at-the-township",
    })
}

fn errors(form: &Value) -> Vec<(String, FieldProblem)> {
    let errors = relief().validate_form(form).expect_err("must be refused");
    errors
        .into_iter()
        .map(|error| (error.field, error.problem))
        .collect()
}

#[test]
fn a_valid_form_is_accepted() {
    assert_eq!(relief().validate_form(&valid()), Ok(()));
    let library = library();
    let allowance = library.package("old-age-allowance").expect("package");
    assert_eq!(
        allowance.validate_form(&json!({"payment_channel": "elder-card"})),
        Ok(())
    );
}

#[test]
fn each_wrong_field_is_named() {
    let cases = [
        ("cause", json!("weather"), FieldProblem::NotAChoice),
        ("cause", json!(1), FieldProblem::Type("string")),
        ("what_happened", json!("短"), FieldProblem::TooShort(10)),
        (
            "what_happened",
            json!("长".repeat(1_001)),
            FieldProblem::TooManyChars(1_000),
        ),
        (
            "household_size",
            json!(0),
            FieldProblem::OutOfRange { min: 1, max: 20 },
        ),
        (
            "household_size",
            json!(21),
            FieldProblem::OutOfRange { min: 1, max: 20 },
        ),
        ("household_size", json!(1.5), FieldProblem::Type("integer")),
        ("urgent", json!("yes"), FieldProblem::Type("boolean")),
        ("urgent", Value::Null, FieldProblem::Type("boolean")),
        ("surprise", json!(1), FieldProblem::NotAsked),
    ];
    for (field, value, problem) in cases {
        let mut form = valid();
        form[field] = value;
        assert!(
            errors(&form).contains(&(field.to_owned(), problem.clone())),
            "{field}: {problem}: {:?}",
            errors(&form)
        );
    }
    let mut form = valid();
    form.as_object_mut().expect("form").remove("urgent");
    assert_eq!(errors(&form), [("urgent".to_owned(), FieldProblem::Missing)]);
}

#[test]
fn what_the_route_asks_must_be_answered_and_nothing_else() {
    let mut form = valid();
    form["cause"] = "illness".into();
    assert_eq!(errors(&form), [("insured".to_owned(), FieldProblem::Missing)]);
    form["insured"] = false.into();
    assert_eq!(relief().validate_form(&form), Ok(()));
    form["accident_kind"] = "fire".into();
    assert_eq!(
        errors(&form),
        [("accident_kind".to_owned(), FieldProblem::NotAsked)]
    );
}

#[test]
fn an_optional_page_may_stay_empty_or_be_filled() {
    let mut form = valid();
    form["other_help"] = "保险赔了两千元".into();
    assert_eq!(relief().validate_form(&form), Ok(()));
}

#[test]
fn errors_do_not_repeat_what_was_entered() {
    let mut form = valid();
    form["what_happened"] = "SECRET".into();
    form["cause"] = "SECRET".into();
    form["household_size"] = "SECRET".into();
    for error in relief().validate_form(&form).expect_err("must be refused") {
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
    }
}

#[test]
fn hostile_forms_are_refused() {
    for form in [json!(null), json!([]), json!("x"), json!(1)] {
        assert!(relief().validate_form(&form).is_err(), "{form}");
    }
    let long = json!({"what_happened": "x".repeat(20_000)});
    assert_eq!(errors(&long), [(".".to_owned(), FieldProblem::TooLong)]);
    let mut many = serde_json::Map::new();
    for index in 0..1_000 {
        many.insert(format!("f{index}"), 1.into());
    }
    assert!(
        relief()
            .validate_form(&many.into())
            .expect_err("must be refused")
            .len()
            < 100
    );
}
