use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolEvent;
use zhengtong_bindings::{Cases, Registry, slug};

use super::*;

const CASE: B256 = B256::repeat_byte(0xca);

#[test]
fn facts_keep_their_values_and_tag() {
    let log = Cases::FactsAttested {
        id: CASE,
        provider: slug("health"),
        seq: 4,
        mask: 3,
        values: vec![66, i32::MIN],
        r#use: B256::repeat_byte(7),
    }
    .encode_log_data();
    let expected = Event::FactsAttested {
        id: CASE,
        seq: 4,
        provider: slug("health").into(),
        mask: 3,
        values: vec![66, i32::MIN],
        use_tag: B256::repeat_byte(7),
    };
    assert_eq!(decode(Contract::Cases, &log).expect("decodes"), Some(expected));
}

#[test]
fn an_unknown_topic_is_passed_over() {
    let log = Registry::OfficerSet {
        key: Address::ZERO,
        organisation: slug("health"),
        active: true,
    }
    .encode_log_data();
    assert_eq!(decode(Contract::Cases, &log).expect("decodes"), None);
    assert_eq!(
        decode(Contract::Cases, &LogData::default()).expect("decodes"),
        None
    );
}

#[test]
fn a_known_topic_with_other_data_is_an_error() {
    let mut log = Cases::Escalated { id: CASE, seq: 4 }.encode_log_data();
    log.data = Bytes::from_static(&[1, 2, 3]);
    let error = decode(Contract::Cases, &log).expect_err("refused");
    assert!(
        matches!(
            error,
            DecodeError::Malformed {
                contract: "cases",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn names_of_contracts_read_back() {
    for name in [
        "registry",
        "statutes",
        "rules",
        "services",
        "consents",
        "uses",
        "cases",
        "credentials",
    ] {
        assert_eq!(Contract::parse(name).map(Contract::as_str), Some(name));
    }
    assert_eq!(Contract::parse("forum"), None);
}
