//! The old-age allowance pays what the published table says, at every age.
//!
//! The numbers stand here as in 沪府发〔2016〕24号: 75 yuan a month from 65 to 69, 150 from 70 to 79, 180 from 80 to 89,
//! 350 from 90 to 99, 600 from 100.

mod support;

use support::vectors::package_rules;
use zhengtong_rules::{Outcome, Period, RuleSet, UNKNOWN};

fn rules() -> RuleSet {
    RuleSet::parse(&package_rules("old-age-allowance").to_string()).expect("rules")
}

/// Yuan a month by age in full years; none below 65.
fn yuan(age: i32) -> Option<u64> {
    match age {
        ..=64 => None,
        65..=69 => Some(75),
        70..=79 => Some(150),
        80..=89 => Some(180),
        90..=99 => Some(350),
        100.. => Some(600),
    }
}

#[test]
fn facts_are_asked_in_the_order_the_tests_assume() {
    let rules = rules();
    let names: Vec<_> = rules
        .predicates()
        .iter()
        .map(|predicate| predicate.id.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "household-registered",
            "age",
            "death-recorded",
            "already-receiving"
        ]
    );
}

#[test]
fn every_age_receives_what_the_notice_says() {
    let rules = rules();
    for age in 0..=130 {
        let replay = rules.replay(&[1, age, 0, 0]).expect("facts fit");
        match yuan(age) {
            Some(yuan) => {
                assert_eq!(replay.outcome, Outcome::Approve, "age {age}");
                let amount = replay.amount.expect("an amount");
                assert_eq!((amount.fen, amount.per), (yuan * 100, Period::Month), "age {age}");
                assert_eq!(replay.law.expect("a law").article, "二");
            }
            None => {
                assert_eq!(replay.outcome, Outcome::Refuse, "age {age}");
                assert_eq!(replay.reason.expect("a reason").as_str(), "age-below-65");
                assert_eq!(
                    (replay.amount, replay.law.expect("a law").article.as_str()),
                    (None, "一")
                );
            }
        }
    }
}

#[test]
fn nothing_unknown_is_ever_approved_or_held_against_the_applicant() {
    let rules = rules();
    for age in (0..=130).chain([UNKNOWN]) {
        for bits in 0..27 {
            let value = |place: i32| [0, 1, UNKNOWN][(bits / 3i32.pow(place as u32) % 3) as usize];
            let facts = [value(0), age, value(1), value(2)];
            let replay = rules.replay(&facts).expect("facts fit");
            if facts.contains(&UNKNOWN) {
                assert_ne!(replay.outcome, Outcome::Approve, "{facts:?}");
            }
            // A household record that is missing goes to a person, whatever else is known.
            if facts[0] == UNKNOWN {
                assert_eq!((replay.outcome, replay.row), (Outcome::Review, None), "{facts:?}");
            }
        }
    }
}

#[test]
fn not_registered_and_already_receiving_are_possible_refusals() {
    let rules = rules();
    let reason = |facts: &[i32]| {
        let replay = rules.replay(facts).expect("facts fit");
        (replay.outcome, replay.reason.expect("a reason").to_string())
    };
    assert_eq!(
        reason(&[0, 70, 0, 0]),
        (Outcome::Refuse, "not-registered-here".to_owned())
    );
    assert_eq!(
        reason(&[1, 70, 0, 1]),
        (Outcome::Refuse, "already-receiving".to_owned())
    );
    assert_eq!(
        reason(&[1, 70, 1, 0]),
        (Outcome::Review, "death-recorded".to_owned())
    );
}
