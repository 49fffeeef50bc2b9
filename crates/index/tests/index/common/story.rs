//! A short history: two agencies, one law, one rule set, one service, four cases.

use alloy_primitives::{Address, B256, Bytes, Log, keccak256};
use alloy_sol_types::SolValue;
use zhengtong_bindings::{
    Addresses, Cases, Consents, Credentials, NO_ROW, Registry, Rules, Services, Statutes, UNKNOWN, Uses,
    addresses, case_id,
    rules::IRules::{Bracket, Predicate, Row, RuleSet},
    services::IServices::Service,
    slug, statute_id,
};

use super::{Chain, START_MS, log};

pub const LAW: &str = "沪府发〔2016〕24号";
pub const ARTICLE: &str = "二";
pub const OFFICER: Address = Address::repeat_byte(0x0f);
const START: u64 = START_MS / 1_000;
const DAY: u64 = 86_400;

/// Approved by the rules.
pub const YOUNG_OLD: Address = Address::repeat_byte(0xa1);
/// Refused by an officer, then appealed.
pub const TOO_YOUNG: Address = Address::repeat_byte(0xa2);
/// One fact is unknown.
pub const UNKNOWN_HOUSEHOLD: Address = Address::repeat_byte(0xa3);
/// Just opened.
pub const WAITING: Address = Address::repeat_byte(0xa4);

pub fn case(applicant: Address) -> B256 {
    case_id(20_260, addresses().cases, applicant)
}

pub fn rule_set() -> RuleSet {
    let basis = statute_id(LAW, ARTICLE);
    let predicate = |id, provider, max| Predicate {
        id,
        provider,
        basis,
        min: 0,
        max,
    };
    let row = |true_mask, brackets, outcome, amount_fen, reason| Row {
        trueMask: true_mask,
        falseMask: 0,
        brackets,
        outcome,
        amountFen: amount_fen,
        reason,
        statute: basis,
    };
    RuleSet {
        predicates: vec![
            predicate(slug("registered-household"), slug("public-security"), 1),
            predicate(slug("age-on-day"), slug("public-security"), 150),
        ],
        rows: vec![
            row(
                0,
                vec![Bracket {
                    predicate: 1,
                    min: 0,
                    max: 64,
                }],
                2,
                0,
                slug("age-below-65"),
            ),
            row(
                1,
                vec![Bracket {
                    predicate: 1,
                    min: 65,
                    max: 69,
                }],
                1,
                7_500,
                slug("age-65-to-69"),
            ),
        ],
    }
}

pub fn rule_set_id() -> B256 {
    keccak256(rule_set().abi_encode())
}

/// The package hash that the chain knows.
pub fn package_hash() -> B256 {
    keccak256("package")
}

pub fn service(package_hash: B256) -> Service {
    Service {
        owner: slug("civil-affairs"),
        sponsor: slug("civil-affairs"),
        packageHash: package_hash,
        ruleSet: rule_set_id(),
        promisedSeconds: 432_000,
        statutorySeconds: 1_728_000,
        appealSeconds: 5_184_000,
        active: true,
        credentialType: slug("allowance"),
        uri: "https://example.org/\0package".into(),
    }
}

/// Block 1: what the council lists.
pub fn listing(at: &Addresses) -> Vec<Log> {
    let organisation = |id, roles, name: &str| {
        log(
            at.registry,
            &Registry::OrganisationSet {
                id,
                attester: Address::left_padding_from(&id[..4]),
                roles,
                encryptionKey: keccak256(id),
                name: name.into(),
                gateway: "/gateway".into(),
            },
        )
    };
    vec![
        organisation(slug("public-security"), 5, "公安"),
        organisation(slug("civil-affairs"), 10, "民政"),
        log(
            at.registry,
            &Registry::OfficerSet {
                key: OFFICER,
                organisation: slug("civil-affairs"),
                active: true,
            },
        ),
        log(
            at.statutes,
            &Statutes::StatuteListed {
                id: statute_id(LAW, ARTICLE),
                law: LAW.into(),
                article: ARTICLE.into(),
                textHash: keccak256("text"),
                validFrom: 1_462_032_000,
                validTo: 0,
            },
        ),
        log(
            at.rules,
            &Rules::RuleSetPublished {
                id: rule_set_id(),
                publisher: OFFICER,
            },
        ),
        log(
            at.services,
            &Services::ServicePublished {
                id: slug("old-age-allowance"),
                version: 1,
                owner: slug("civil-affairs"),
                service: service(package_hash()),
            },
        ),
    ]
}

pub fn open(at: &Addresses, applicant: Address, now: u64) -> Vec<Log> {
    let id = case(applicant);
    vec![
        log(
            at.cases,
            &Cases::CaseOpened {
                id,
                service: slug("old-age-allowance"),
                applicant,
                seq: 0,
                version: 1,
                ruleSet: rule_set_id(),
                form: keccak256(applicant),
                promisedBy: now + 5 * DAY,
                statutoryBy: now + 20 * DAY,
            },
        ),
        log(
            at.cases,
            &Cases::FactsRequested {
                id,
                provider: slug("public-security"),
                seq: 1,
                mask: 3,
            },
        ),
    ]
}

pub fn attest(at: &Addresses, applicant: Address, household: i32, age: i32) -> Vec<Log> {
    let (id, tag) = (case(applicant), keccak256((applicant, "tag").abi_encode()));
    vec![
        log(
            at.uses,
            &Uses::Used {
                tag,
                caseId: id,
                provider: slug("public-security"),
                consumer: slug("civil-affairs"),
                purpose: slug("old-age-allowance"),
                basis: statute_id(LAW, ARTICLE),
                mask: 3,
                ciphertext: Bytes::from(vec![7; 528]),
            },
        ),
        log(
            at.cases,
            &Cases::FactsAttested {
                id,
                provider: slug("public-security"),
                seq: 2,
                mask: 3,
                values: vec![household, age],
                r#use: tag,
            },
        ),
    ]
}

pub fn decided(at: &Addresses, applicant: Address, seq: u32, officer: Address, outcome: u8, row: u8) -> Log {
    let (amount, reason) = if outcome == 1 {
        (7_500, "age-65-to-69")
    } else {
        (0, "age-below-65")
    };
    log(
        at.cases,
        &Cases::Decided {
            id: case(applicant),
            service: slug("old-age-allowance"),
            officer,
            seq,
            outcome,
            row,
            amountFen: amount,
            reason: slug(reason),
            statute: statute_id(LAW, ARTICLE),
            statement: if officer.is_zero() {
                B256::ZERO
            } else {
                keccak256("statement")
            },
            appealBy: START + 60 * DAY,
        },
    )
}

pub fn review(at: &Addresses, applicant: Address, seq: u32, cause: u8, row: u8) -> Log {
    log(
        at.cases,
        &Cases::ReviewRequested {
            id: case(applicant),
            seq,
            cause,
            row,
        },
    )
}

/// The whole history in six blocks.
pub fn tell(chain: &mut Chain) {
    let at = addresses();
    chain
        .source
        .add_rule_set(rule_set_id(), rule_set().abi_encode().into());
    chain.push(listing(&at));
    chain.push(
        [
            open(&at, YOUNG_OLD, START),
            open(&at, TOO_YOUNG, START),
            open(&at, UNKNOWN_HOUSEHOLD, START),
        ]
        .concat(),
    );
    let approved = [
        attest(&at, YOUNG_OLD, 1, 66),
        vec![decided(&at, YOUNG_OLD, 3, Address::ZERO, 1, 1)],
    ]
    .concat();
    let doubtful = [
        attest(&at, TOO_YOUNG, 1, 64),
        vec![review(&at, TOO_YOUNG, 3, 1, 0)],
    ]
    .concat();
    let unknown = [
        attest(&at, UNKNOWN_HOUSEHOLD, UNKNOWN, 66),
        vec![review(&at, UNKNOWN_HOUSEHOLD, 3, 0, NO_ROW)],
    ]
    .concat();
    chain.push([approved, doubtful, unknown].concat());
    chain.push(vec![
        decided(&at, TOO_YOUNG, 4, OFFICER, 2, 0),
        log(
            at.credentials,
            &Credentials::CredentialIssued {
                caseId: case(YOUNG_OLD),
                issuer: slug("civil-affairs"),
                credentialType: slug("allowance"),
                credentialHash: keccak256("credential"),
                statusIndex: 0,
            },
        ),
        log(
            at.cases,
            &Cases::SupplementRequested {
                id: case(UNKNOWN_HOUSEHOLD),
                officer: OFFICER,
                seq: 4,
                defects: vec![slug("household-page")],
                statement: keccak256("more"),
            },
        ),
        log(
            at.consents,
            &Consents::ConsentGranted {
                id: keccak256("consent record"),
                grantor: TOO_YOUNG,
                provider: slug("public-security"),
                service: slug("old-age-allowance"),
                until: u64::MAX,
                once: true,
            },
        ),
    ]);
    chain.push(vec![log(
        at.cases,
        &Cases::Appealed {
            id: case(TOO_YOUNG),
            seq: 5,
            statement: keccak256("appeal"),
            promisedBy: START + 5 * DAY,
            statutoryBy: START + 20 * DAY,
        },
    )]);
    chain.push(open(&at, WAITING, START));
}
