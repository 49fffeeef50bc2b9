use super::*;

const AT: Place = Place {
    block_number: 7,
    block_time_ms: 1_700_000_000_900,
    log_index: 3,
    tx_hash: B256::ZERO,
};
const SECONDS: u64 = 1_700_000_000;
const CASE: B256 = B256::repeat_byte(0xca);
const KEY: Address = Address::repeat_byte(0xad);
const HASH: B256 = B256::repeat_byte(0x11);

fn slug(text: &'static str) -> Slug {
    zhengtong_bindings::slug(text).into()
}

fn one(event: Event) -> Change {
    let mut changes = project(&event, &AT).expect("projects");
    assert_eq!(changes.len(), 1, "{changes:?}");
    changes.remove(0)
}

fn decided(outcome: Outcome, officer: Address) -> Event {
    Event::Decided {
        id: CASE,
        seq: 5,
        service: slug("old-age-allowance"),
        officer,
        outcome,
        row: 1,
        amount_fen: 7_500,
        reason: slug("age-65-to-69"),
        statute: HASH,
        statement: B256::ZERO,
        appeal_by: SECONDS + 60,
    }
}

#[test]
fn an_organisation_is_listed() {
    let change = one(Event::OrganisationSet {
        id: slug("health"),
        attester: KEY,
        roles: 3,
        encryption_key: HASH,
        name: "卫健".into(),
        gateway: "/gateway/health".into(),
    });
    let Change::Organisation { id, roles, name, .. } = change else {
        panic!("{change:?}")
    };
    assert_eq!((id.as_str(), roles, name.as_str()), ("health", 3, "卫健"));
}

#[test]
fn officers_and_contracts_are_listed() {
    let officer = one(Event::OfficerSet {
        key: KEY,
        organisation: slug("health"),
        active: false,
    });
    assert_eq!(
        officer,
        Change::Officer {
            key: KEY,
            organisation: slug("health"),
            active: false
        }
    );
    let contract = one(Event::ContractSet {
        name: slug("cases"),
        at: KEY,
    });
    assert_eq!(
        contract,
        Change::Contract {
            name: slug("cases"),
            at: KEY
        }
    );
}

#[test]
fn a_statute_is_listed() {
    let event = Event::StatuteListed {
        id: HASH,
        law: "沪府发〔2016〕24号".into(),
        article: "二".into(),
        text_hash: HASH,
        valid_from: 1,
        valid_to: 0,
    };
    let change = one(event);
    let Change::Statute {
        law,
        article,
        valid_from,
        valid_to,
        ..
    } = change
    else {
        panic!("{change:?}")
    };
    assert_eq!(
        (law.as_str(), article.as_str(), valid_from, valid_to),
        ("沪府发〔2016〕24号", "二", 1, 0)
    );
}

#[test]
fn a_rule_set_is_listed() {
    assert_eq!(
        one(Event::RuleSetPublished {
            id: HASH,
            publisher: KEY
        }),
        Change::RuleSet {
            id: HASH,
            publisher: KEY
        }
    );
}

#[test]
fn a_service_is_listed_with_the_time_of_its_block() {
    let service = Service {
        owner: slug("civil-affairs"),
        sponsor: slug("civil-affairs"),
        package_hash: HASH,
        rule_set: HASH,
        promised_seconds: 10,
        statutory_seconds: 20,
        appeal_seconds: 30,
        active: true,
        credential_type: slug("allowance"),
        uri: String::new(),
    };
    let change = one(Event::ServicePublished {
        id: slug("old-age-allowance"),
        version: 2,
        service: service.clone(),
    });
    let expected = Change::Service {
        id: slug("old-age-allowance"),
        version: 2,
        service,
        published_at: SECONDS,
    };
    assert_eq!(change, expected);
    let change = one(Event::ServiceActive {
        id: slug("old-age-allowance"),
        version: 2,
        active: false,
    });
    assert_eq!(
        change,
        Change::ServiceActive {
            id: slug("old-age-allowance"),
            version: 2,
            active: false
        }
    );
}

#[test]
fn a_consent_is_granted_and_revoked() {
    let granted = one(Event::ConsentGranted {
        id: HASH,
        grantor: KEY,
        provider: slug("health"),
        service: slug("relief"),
        until: u64::MAX,
        once: true,
    });
    let Change::Consent {
        valid_to,
        granted_at,
        once,
        ..
    } = granted
    else {
        panic!("{granted:?}")
    };
    assert_eq!((valid_to, granted_at, once), (u64::MAX, SECONDS, true));
    let revoked = one(Event::ConsentRevoked {
        id: HASH,
        grantor: KEY,
    });
    assert_eq!(
        revoked,
        Change::ConsentRevoked {
            id: HASH,
            grantor: KEY,
            revoked_at: SECONDS
        }
    );
}

#[test]
fn a_use_is_kept() {
    let change = one(Event::Used {
        tag: HASH,
        case_id: CASE,
        provider: slug("health"),
        consumer: slug("civil-affairs"),
        purpose: slug("relief"),
        basis: HASH,
        mask: 5,
        ciphertext: Bytes::from_static(&[1, 2]),
    });
    let Change::Use {
        tag, case_id, mask, ..
    } = change
    else {
        panic!("{change:?}")
    };
    assert_eq!((tag, case_id, mask), (HASH, CASE, 5));
}

#[test]
fn a_case_opens_at_the_time_of_its_block() {
    let change = one(Event::CaseOpened {
        id: CASE,
        seq: 0,
        service: slug("relief"),
        applicant: KEY,
        version: 1,
        rule_set: HASH,
        form: HASH,
        promised_by: 10,
        statutory_by: 20,
    });
    let Change::Case {
        opened_at,
        promised_by,
        statutory_by,
        ..
    } = change
    else {
        panic!("{change:?}")
    };
    assert_eq!((opened_at, promised_by, statutory_by), (SECONDS, 10, 20));
}

#[test]
fn one_request_asks_for_each_set_bit() {
    let event = Event::FactsRequested {
        id: CASE,
        seq: 1,
        provider: slug("health"),
        mask: 0b1000_0000_0000_0000_0000_0000_0000_0101,
    };
    let asked: Vec<_> = project(&event, &AT)
        .expect("projects")
        .into_iter()
        .map(|change| match change {
            Change::FactAsked { predicate, .. } => predicate,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(asked, [0, 2, 31]);
}

#[test]
fn values_stand_in_the_order_of_the_bits_and_unknown_is_none() {
    let event = Event::FactsAttested {
        id: CASE,
        seq: 2,
        provider: slug("health"),
        mask: 0b110,
        values: vec![66, UNKNOWN],
        use_tag: HASH,
    };
    let answers: Vec<_> = project(&event, &AT)
        .expect("projects")
        .into_iter()
        .map(|change| match change {
            Change::FactAnswered { predicate, value, .. } => (predicate, value),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(answers, [(1, Some(66)), (2, None)]);
}

#[test]
fn values_that_do_not_fit_the_mask_are_refused() {
    let event = Event::FactsAttested {
        id: CASE,
        seq: 2,
        provider: slug("health"),
        mask: 0b110,
        values: vec![1],
        use_tag: HASH,
    };
    let expected = ProjectError::ValuesDoNotFitMask {
        case_id: CASE,
        bits: 2,
        values: 1,
    };
    assert_eq!(project(&event, &AT), Err(expected));
}

#[test]
fn review_pause_and_resume_move_the_case() {
    let review = one(Event::ReviewRequested {
        id: CASE,
        seq: 3,
        cause: Cause::PossibleRefusal,
        row: 2,
    });
    assert_eq!(
        review,
        Change::Review {
            case_id: CASE,
            cause: Cause::PossibleRefusal
        }
    );
    let paused = one(Event::SupplementRequested {
        id: CASE,
        seq: 4,
        officer: KEY,
        defects: vec![],
        statement: HASH,
    });
    assert_eq!(
        paused,
        Change::Paused {
            case_id: CASE,
            paused_at: SECONDS
        }
    );
    let resumed = one(Event::Supplemented {
        id: CASE,
        seq: 5,
        form: HASH,
        promised_by: 1,
        statutory_by: 2,
    });
    assert_eq!(
        resumed,
        Change::Resumed {
            case_id: CASE,
            form: HASH,
            promised_by: 1,
            statutory_by: 2
        }
    );
}

#[test]
fn a_decision_by_the_rules_has_no_officer() {
    let changes = project(&decided(Outcome::Approve, Address::ZERO), &AT).expect("projects");
    let [
        Change::Decision {
            officer, amount_fen, ..
        },
        outcome,
    ] = &changes[..]
    else {
        panic!("{changes:?}")
    };
    assert_eq!((*officer, *amount_fen), (None, 7_500));
    let expected = Change::Outcome {
        case_id: CASE,
        status: Status::Approved,
        appeal_by: SECONDS + 60,
        decided_at: SECONDS,
    };
    assert_eq!(outcome, &expected);
}

#[test]
fn a_refusal_names_its_officer() {
    let changes = project(&decided(Outcome::Refuse, KEY), &AT).expect("projects");
    let [Change::Decision { officer, .. }, Change::Outcome { status, .. }] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!((*officer, *status), (Some(KEY), Status::Refused));
}

#[test]
fn review_is_not_a_decision() {
    let error = project(&decided(Outcome::Review, KEY), &AT);
    assert_eq!(error, Err(ProjectError::NotADecision { case_id: CASE }));
}

#[test]
fn appeal_escalation_and_close_move_the_case() {
    let appeal = one(Event::Appealed {
        id: CASE,
        seq: 6,
        statement: HASH,
        promised_by: 1,
        statutory_by: 2,
    });
    assert_eq!(
        appeal,
        Change::Appeal {
            case_id: CASE,
            promised_by: 1,
            statutory_by: 2
        }
    );
    assert_eq!(
        one(Event::Escalated { id: CASE, seq: 7 }),
        Change::Escalated { case_id: CASE }
    );
    assert_eq!(
        one(Event::Closed { id: CASE, seq: 8 }),
        Change::Closed { case_id: CASE }
    );
}

#[test]
fn credentials_and_their_status_are_kept() {
    let issued = one(Event::CredentialIssued {
        case_id: CASE,
        issuer: slug("civil-affairs"),
        credential_type: slug("allowance"),
        credential_hash: HASH,
        status_index: 9,
    });
    let Change::Credential {
        status_index,
        issued_at,
        ..
    } = issued
    else {
        panic!("{issued:?}")
    };
    assert_eq!((status_index, issued_at), (9, SECONDS));
    let root = one(Event::StatusRootSet {
        issuer: slug("civil-affairs"),
        list: HASH,
        root: HASH,
    });
    let expected = Change::StatusRoot {
        issuer: slug("civil-affairs"),
        list: HASH,
        root: HASH,
        set_at: SECONDS,
    };
    assert_eq!(root, expected);
}
