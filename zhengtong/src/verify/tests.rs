//! What the events may say, and what the rules must say. Proofs are tested in `zhengtong_types`,
//! and the whole command against a running network in `e2e/`.

use super::{
    Bundle, Lang, NetworkKey,
    case::Replay,
    decision,
    history::{Entry, History},
    key::Origin,
    report::StepName,
};
use alloy_primitives::{Address, B256, Bytes};
use zhengtong_bindings::{NO_ROW, UNKNOWN, slug};
use zhengtong_index::{
    event::Event,
    words::{Cause, Outcome},
};
use zhengtong_rules::onchain::{Bracket, OnchainRuleSet, Predicate, Row};

const ID: B256 = B256::repeat_byte(0xca);
const OFFICER: Address = Address::repeat_byte(0x0f);
const OTHER: Address = Address::repeat_byte(0x0e);
const LAW: B256 = B256::repeat_byte(0x1a);

/// Under 65 refuse, 65 to 69 with a household 75 yuan.
fn rules() -> OnchainRuleSet {
    let predicate = |id, max| Predicate {
        id,
        provider: slug("public-security"),
        basis: LAW,
        min: 0,
        max,
    };
    let row = |mask, min, max, outcome, amount| Row {
        trueMask: mask,
        falseMask: 0,
        brackets: vec![Bracket {
            predicate: 1,
            min,
            max,
        }],
        outcome,
        amountFen: amount,
        reason: slug("reason"),
        statute: LAW,
    };
    OnchainRuleSet {
        predicates: vec![predicate(slug("household"), 1), predicate(slug("age"), 150)],
        rows: vec![row(0, 0, 64, 2, 0), row(1, 65, 69, 1, 7_500)],
    }
}

fn opened() -> Event {
    Event::CaseOpened {
        id: ID,
        seq: 0,
        service: slug("allowance").into(),
        applicant: OTHER,
        version: 1,
        rule_set: LAW,
        form: LAW,
        promised_by: 100,
        statutory_by: 200,
    }
}

fn attested(seq: u32, household: i32, age: i32) -> Event {
    let values = vec![household, age];
    Event::FactsAttested {
        id: ID,
        seq,
        provider: slug("public-security").into(),
        mask: 3,
        values,
        use_tag: LAW,
    }
}

fn review(seq: u32, cause: Cause, row: u8) -> Event {
    Event::ReviewRequested {
        id: ID,
        seq,
        cause,
        row,
    }
}

fn decided(seq: u32, officer: Address, outcome: Outcome, row: u8, amount_fen: u64) -> Event {
    Event::Decided {
        id: ID,
        seq,
        service: slug("allowance").into(),
        officer,
        outcome,
        row,
        amount_fen,
        reason: slug("reason").into(),
        statute: LAW,
        statement: B256::ZERO,
        appeal_by: 1_000,
    }
}

fn appealed(seq: u32) -> Event {
    Event::Appealed {
        id: ID,
        seq,
        statement: LAW,
        promised_by: 300,
        statutory_by: 400,
    }
}

/// Reads events, one a second, and replays the decision.
fn judge(events: Vec<Event>) -> Result<(), String> {
    let mut replay = Replay::new(2);
    let mut entries = Vec::new();
    for (event, seconds) in events.into_iter().zip(1..) {
        replay.apply(&event, seconds)?;
        entries.push(Entry {
            event,
            block_number: seconds,
            seconds,
        });
    }
    decision::replay(&History {
        entries,
        replay,
        rules: rules(),
    })
    .map(drop)
}

#[test]
fn rules_may_approve() {
    judge(vec![
        opened(),
        attested(1, 1, 66),
        decided(2, Address::ZERO, Outcome::Approve, 1, 7_500),
    ])
    .unwrap();
}

#[test]
fn an_approval_must_be_that_of_the_rules() {
    let by_rules = |outcome, row, amount| {
        judge(vec![
            opened(),
            attested(1, 1, 66),
            decided(2, Address::ZERO, outcome, row, amount),
        ])
        .is_ok()
    };
    assert!(!by_rules(Outcome::Approve, 1, 7_600), "another amount");
    assert!(!by_rules(Outcome::Approve, 0, 7_500), "another row");
    assert!(!by_rules(Outcome::Refuse, 1, 0), "only a person refuses");
    let young = judge(vec![
        opened(),
        attested(1, 1, 64),
        decided(2, Address::ZERO, Outcome::Approve, 1, 7_500),
    ]);
    assert!(young.is_err(), "the facts do not give it");
}

#[test]
fn doubt_goes_to_a_person_with_its_cause() {
    judge(vec![
        opened(),
        attested(1, 1, 64),
        review(2, Cause::PossibleRefusal, 0),
    ])
    .unwrap();
    judge(vec![
        opened(),
        attested(1, UNKNOWN, 66),
        review(2, Cause::Unknown, NO_ROW),
    ])
    .unwrap();
    // The law of an approving row may be out of force.
    judge(vec![opened(), attested(1, 1, 66), review(2, Cause::RuleAsks, 1)]).unwrap();
    assert!(
        judge(vec![
            opened(),
            attested(1, 1, 64),
            review(2, Cause::Unknown, NO_ROW)
        ])
        .is_err()
    );
}

#[test]
fn an_officer_stays_within_the_row() {
    let officer = |outcome, row, amount| {
        let asked = review(2, Cause::PossibleRefusal, 0);
        judge(vec![
            opened(),
            attested(1, 1, 64),
            asked,
            decided(3, OFFICER, outcome, row, amount),
        ])
        .is_ok()
    };
    assert!(officer(Outcome::Refuse, 0, 0) && officer(Outcome::Refuse, NO_ROW, 0));
    assert!(officer(Outcome::Approve, 1, 7_500) && officer(Outcome::Approve, 1, 100));
    assert!(!officer(Outcome::Approve, 1, 7_501), "more than the row gives");
    assert!(!officer(Outcome::Approve, 0, 0), "by a row that refuses");
    assert!(!officer(Outcome::Refuse, 1, 0), "by a row that approves");
    assert!(!officer(Outcome::Approve, NO_ROW, 0), "by no row");
}

#[test]
fn another_officer_decides_an_appeal() {
    let appeal = |officer| {
        let refused = decided(3, OFFICER, Outcome::Refuse, 0, 0);
        let again = decided(5, officer, Outcome::Refuse, 0, 0);
        let asked = review(2, Cause::PossibleRefusal, 0);
        judge(vec![
            opened(),
            attested(1, 1, 64),
            asked,
            refused,
            appealed(4),
            again,
        ])
    };
    appeal(OTHER).unwrap();
    assert!(appeal(OFFICER).unwrap_err().contains("decided before"));
}

#[test]
fn events_out_of_order_or_place_are_refused() {
    let refused = |events: Vec<Event>| judge(events).unwrap_err();
    assert!(refused(vec![opened(), attested(2, 1, 66)]).contains("1 was next"));
    assert!(refused(vec![attested(0, 1, 66)]).contains("has number 0"));
    assert!(refused(vec![opened(), attested(1, 1, 66), attested(2, 1, 66)]).contains("answered twice"));
    assert!(refused(vec![opened(), decided(1, OFFICER, Outcome::Refuse, 0, 0)]).contains("does not follow"));
    assert!(refused(vec![opened(), Event::Closed { id: ID, seq: 1 }]).contains("does not follow"));
}

#[test]
fn clocks_go_on_where_they_stood() {
    let supplemented = |promised_by| {
        let more = Event::SupplementRequested {
            id: ID,
            seq: 3,
            officer: OFFICER,
            defects: vec![],
            statement: LAW,
        };
        let answer = Event::Supplemented {
            id: ID,
            seq: 4,
            form: LAW,
            promised_by,
            statutory_by: promised_by + 100,
        };
        judge(vec![
            opened(),
            attested(1, 1, 64),
            review(2, Cause::PossibleRefusal, 0),
            more,
            answer,
        ])
    };
    // Asked for more in second 4, answered in second 5.
    supplemented(101).unwrap();
    assert!(supplemented(100).unwrap_err().contains("clocks"));
}

#[test]
fn a_case_without_all_facts_is_not_decided() {
    judge(vec![opened()]).unwrap();
    assert!(
        judge(vec![opened(), attested(1, 1, 66)])
            .unwrap_err()
            .contains("nothing followed")
    );
}

#[test]
fn a_silent_agency_brings_the_case_to_a_person_once_the_promise_is_broken() {
    let escalated = |seq| Event::Escalated { id: ID, seq };
    let handed_over = || vec![opened(), escalated(1), review(2, Cause::Unknown, NO_ROW)];
    judge(handed_over()).unwrap();
    let decided_by = |officer, row, amount| {
        let mut events = handed_over();
        events.push(decided(3, officer, Outcome::Approve, row, amount));
        judge(events)
    };
    decided_by(OFFICER, 1, 7_500).unwrap();
    assert!(decided_by(OFFICER, 1, 7_501).unwrap_err().contains("row 1"));
    assert!(decided_by(Address::ZERO, 1, 7_500).is_err());
    let unasked = judge(vec![opened(), review(1, Cause::Unknown, NO_ROW)]);
    assert!(unasked.unwrap_err().contains("facts are missing"));
    let by_rules = judge(vec![
        opened(),
        decided(1, Address::ZERO, Outcome::Approve, 0, 7_500),
    ]);
    assert!(by_rules.unwrap_err().contains("facts are missing"));
}

#[test]
fn a_field_that_differs_from_the_chain_is_named() {
    let mut replay = Replay::new(2);
    replay.apply(&opened(), 1).unwrap();
    let mut stored = replay.case.clone();
    assert_eq!(replay.difference(&stored), None);
    stored.amount_fen = 1;
    assert!(replay.difference(&stored).unwrap().starts_with("amount_fen"));
}

/// A case of a demo network: approved by the rules, asked of three agencies.
const BUNDLE: &str = include_str!("testdata/approved.json");

fn bundle() -> Bundle {
    serde_json::from_str(BUNDLE).unwrap()
}

fn key() -> NetworkKey {
    "0x9483d9238b31ddbd462e2d40710586c59b6ac91651262a349d656b130c3e613353d661f0ab59a048ef06b9a594176cdd\
         1833181ce79ead3b89919606b44a7e47eb73cee77829b1018223ffc88e28a78d30720856ac56d2e60b524178c83438b9"
        .parse()
        .unwrap()
}

fn failed(bundle: &Bundle) -> Vec<StepName> {
    let report = super::verify(bundle, &key(), Origin::Given, None);
    assert_eq!(
        report.is_verified(),
        report.steps.iter().all(|step| step.ok == Some(true))
    );
    report
        .steps
        .into_iter()
        .filter(|step| step.ok == Some(false))
        .map(|step| step.step)
        .collect()
}

/// Changes a bundle and makes its digest fit again, as a forger would.
fn forged(change: impl FnOnce(&mut Bundle)) -> Vec<StepName> {
    let mut bundle = bundle();
    change(&mut bundle);
    bundle.digest = bundle.expected_digest();
    failed(&bundle)
}

#[test]
fn a_real_case_holds() {
    assert_eq!(failed(&bundle()), []);
    let report = super::verify(&bundle(), &key(), Origin::Given, None);
    let summary = report.summary.as_ref().unwrap();
    let decision = summary.decision.as_ref().unwrap();
    assert_eq!(
        (decision.outcome, decision.amount_fen, decision.by_officer),
        (Outcome::Approve, 7_500, false)
    );
    for lang in [Lang::Zh, Lang::En] {
        let text = super::report::text(&report, lang);
        assert!(
            text.contains("75.00") && text.contains("沪府发〔2016〕24号"),
            "{text}"
        );
    }
}

#[test]
fn a_forged_part_fails_in_its_step() {
    let flip = |bytes: &mut Bytes, at: usize| {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1;
        *bytes = changed.into();
    };
    assert_eq!(
        forged(|b| flip(&mut b.receipts[0].finality.certificate, 60)),
        [StepName::Certificate]
    );
    assert_eq!(
        forged(|b| flip(&mut b.receipts[0].finality.headers[0], 200)),
        [StepName::Headers]
    );
    assert_eq!(
        forged(|b| flip(&mut b.receipts[1].transaction, 40)),
        [StepName::Transaction]
    );
    assert_eq!(
        forged(|b| flip(&mut b.receipts[1].receipt, 40)),
        [StepName::Receipt]
    );
    assert_eq!(
        forged(|b| flip(&mut b.state.account.proof.data, 40)),
        [StepName::Account]
    );
    assert_eq!(
        forged(|b| flip(b.state.slots[0].entry.value.as_mut().unwrap(), 3)),
        [StepName::Storage]
    );
    assert_eq!(forged(|b| flip(&mut b.rule_set, 40)), [StepName::Rules]);
}

#[test]
fn an_event_that_is_left_out_is_missed() {
    for left_out in 0..bundle().receipts.len() {
        let steps = forged(|b| drop(b.receipts.remove(left_out)));
        assert!(
            matches!(steps[..], [StepName::Complete] | [StepName::Uses]),
            "{left_out}: {steps:?}"
        );
    }
    assert_eq!(
        forged(|b| b.receipts.push(b.receipts[0].clone())),
        [StepName::Complete],
        "or told twice"
    );
}

#[test]
fn another_case_network_or_key_is_told() {
    assert!(forged(|b| b.case_id = ID).contains(&StepName::Complete));
    assert!(forged(|b| b.network.chain_id += 1).contains(&StepName::Complete));
    let moved = forged(|b| b.network.contracts.extend([("cases".into(), OTHER)]));
    assert!(moved.contains(&StepName::Network));
    let report = super::verify(&bundle(), &key(), Origin::Given, Some(ID));
    assert_eq!(report.steps[0].ok, Some(false));
}

#[test]
fn a_damaged_file_is_told_from_a_forged_one() {
    let mut damaged = bundle();
    damaged.network.name.push('x');
    assert_eq!(failed(&damaged), [StepName::File]);
}

#[test]
fn the_report_is_in_the_language_of_the_person() {
    let of = |all: &str, messages: &str, lang: &str| {
        Lang::of([all, messages, lang].map(|told| Some(told.to_owned())))
    };
    assert_eq!(of("", "", "en_GB.UTF-8"), Lang::En);
    assert_eq!(of("", "", "zh_CN.UTF-8"), Lang::Zh);
    assert_eq!(of("zh_CN.UTF-8", "en_US.UTF-8", "en_US.UTF-8"), Lang::Zh);
    assert_eq!(of("", "en_US.UTF-8", "zh_CN.UTF-8"), Lang::En);
    assert_eq!(of("", "", "C"), Lang::Zh);
    assert_eq!(Lang::of([None, None, None]), Lang::Zh);
}
