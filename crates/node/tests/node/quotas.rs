//! Quotas as a network file says them.

use crate::common::{configs, dev};
use alloy_primitives::Address;
use serde_json::{Value, json};
use zhengtong_node::{NetworkError, NetworkFile, QuotaSet, QuotasError, QuotasFile};

const EPOCH_BLOCKS: u64 = 3_600;

fn parse(value: Value) -> Result<QuotasFile, serde_json::Error> {
    serde_json::from_value(value)
}

fn classes(count: usize) -> Value {
    let class =
        |index: usize| json!({ "name": format!("class-{index}"), "account": 100_000_000, "total": 7 });
    json!({ "classes": (0..count).map(class).collect::<Vec<_>>() })
}

fn refused(value: Value) -> QuotasError {
    let file = parse(value).expect("it is a file of quotas");
    file.terms(EPOCH_BLOCKS).expect_err("it is refused")
}

#[test]
fn the_usual_quotas_are_those_of_the_decision() {
    let terms = QuotasFile::default().terms(EPOCH_BLOCKS).expect("they are right");
    let limits: Vec<(u64, u64)> = terms
        .classes
        .iter()
        .map(|class| (class.account, class.total))
        .collect();
    let expected = [
        (54_000_000, 27_000_000_000),
        (10_800_000_000, 162_000_000_000),
        (540_000_000, 54_000_000_000),
        (10_800_000_000, u64::MAX),
        (4_000_000, 18_000_000_000),
    ];
    assert_eq!(limits, expected);
    // However short an epoch is, a few of the largest transactions fit in, and who governs has more.
    let short = QuotasFile::default().terms(32).expect("they are right");
    assert!(short.classes[..4].iter().all(|class| class.account >= 50_000_000));
    assert!(short.classes[3].account >= 100_000_000);
    // A token buys the same, and there is enough for fifty.
    assert_eq!(
        (short.classes[4].account, short.classes[4].total),
        (4_000_000, 200_000_000)
    );
}

#[test]
fn a_file_names_a_set_or_classes() {
    assert_eq!(parse(json!("usual")).expect("a set"), QuotasFile::default());
    assert_eq!(
        parse(json!("ample")).expect("a set"),
        QuotasFile::Set(QuotaSet::Ample)
    );
    let mut own = classes(6);
    own["assigned"] = json!({ Address::repeat_byte(7).to_string(): 5 });
    let terms = parse(own)
        .expect("classes")
        .terms(EPOCH_BLOCKS)
        .expect("they are right");
    assert_eq!((terms.classes.len(), terms.classes[5].total), (6, 7));
    assert_eq!(terms.assigned, [(Address::repeat_byte(7), 5)]);
    for bad in [
        json!("none"),
        json!(7),
        json!({}),
        json!({ "classes": [], "more": 1 }),
        json!({ "classes": [{ "name": "x", "account": -1, "total": 1 }] }),
    ] {
        assert!(parse(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn what_would_not_hold_is_refused() {
    assert!(matches!(refused(classes(4)), QuotasError::Classes(4)));
    assert!(matches!(refused(classes(33)), QuotasError::Classes(33)));
    let mut poor = classes(5);
    poor["classes"][3]["account"] = json!(99_999_999);
    assert!(matches!(refused(poor), QuotasError::Governors(99_999_999)));
    let mut named = classes(5);
    named["classes"][0]["name"] = json!("Everyone");
    assert!(matches!(refused(named), QuotasError::Name(_)));
    let mut unknown = classes(5);
    unknown["assigned"] = json!({ Address::repeat_byte(7).to_string(): 5 });
    assert!(matches!(
        refused(unknown),
        QuotasError::UnknownClass {
            class: 5,
            last: 4,
            ..
        }
    ));
    let mut nobody = classes(5);
    nobody["assigned"] = json!({ Address::ZERO.to_string(): 0 });
    assert!(matches!(refused(nobody), QuotasError::Zero));
    let many = (1..=101_u8).map(|index| (Address::repeat_byte(index).to_string(), json!(0)));
    let mut crowd = classes(5);
    crowd["assigned"] = Value::Object(many.collect());
    assert!(matches!(refused(crowd), QuotasError::Assigned(101)));
}

#[test]
fn a_network_file_with_such_quotas_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configs(folder.path(), &dev(1, 9_700)).remove(0);
    let mut network = NetworkFile::read(&config.network).expect("reads");
    network.genesis.quotas = parse(classes(4)).expect("a file of quotas");
    let path = folder.path().join("other.json");
    network.write(&path).expect("writes");
    let error = NetworkFile::read(&path).expect_err("refused");
    assert!(
        matches!(error, NetworkError::Quotas(QuotasError::Classes(4))),
        "{error}"
    );
}
