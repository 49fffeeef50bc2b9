//! Every predicate against what the population says, and the gate in front of it.

use alloy_primitives::{B256, Log, LogData};
use alloy_sol_types::SolEvent;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use static_assertions::assert_not_impl_any;
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_bindings::{UNKNOWN, addresses};
use zhengtong_gateway::app::mapping::Mapping;
use zhengtong_gateway::app::source::{GateError, Person, Predicate, Source};
use zhengtong_gateway::{ExpectedUse, FinalizedUse, UseError};
use zhengtong_population::{Doubt, Employment, Registration, Resident, generate};
use zhengtong_vault::ResidentNumber;
use zhengtong_vault::sql::{self, Access};

use crate::chain::{TestChain, TestClock};
use crate::world::{NOW_S, SEED, TODAY, nobody, population, repository};

// One record, one answer; and what is personal cannot be printed, copied or serialised.
assert_not_impl_any!(FinalizedUse: Clone, Copy, Default, serde::Serialize, serde::de::DeserializeOwned);
assert_not_impl_any!(zhengtong_gateway::app::link::Link: std::fmt::Debug, Clone, serde::Serialize);
assert_not_impl_any!(zhengtong_gateway::app::link::Form: std::fmt::Debug, Clone, serde::Serialize);
assert_not_impl_any!(zhengtong_gateway::app::source::Identity: std::fmt::Debug, Clone, serde::Serialize);
assert_not_impl_any!(zhengtong_gateway::app::DeskCase: std::fmt::Debug, Clone, serde::Serialize);

const ME: B256 = B256::repeat_byte(1);
pub const CASE: B256 = B256::repeat_byte(2);
const TAG: B256 = B256::repeat_byte(3);

fn used(mask: u32) -> Used {
    Used {
        tag: TAG,
        caseId: CASE,
        provider: ME,
        consumer: B256::ZERO,
        purpose: B256::ZERO,
        basis: B256::ZERO,
        mask,
        ciphertext: Default::default(),
    }
}

pub fn log(mask: u32) -> Log {
    Log {
        address: addresses().uses,
        data: LogData::from(&used(mask)),
    }
}

pub fn expected(mask: u32) -> ExpectedUse {
    ExpectedUse {
        tag: TAG,
        case_id: CASE,
        provider: ME,
        mask,
    }
}

pub fn chain() -> std::sync::Arc<TestChain> {
    TestChain::new(1, TestClock::new(NOW_S), nobody())
}

async fn source(agency: &str) -> Source {
    let mapping = Mapping::load(
        &repository().join("agencies").join(agency).join("mapping.toml"),
        agency,
    )
    .unwrap();
    Source::open(Some(&population().await.1.databases[agency]), None, mapping)
        .await
        .unwrap()
}

pub fn predicate(id: &str) -> Predicate {
    let max = match id {
        "age" => 130,
        "relief-times-this-year" => 12,
        _ => 1,
    };
    Predicate {
        id: id.into(),
        min: 0,
        max,
    }
}

fn bit(value: Option<bool>) -> i32 {
    value.map_or(UNKNOWN, i32::from)
}

fn by_doubt(doubt: Option<Doubt>) -> i32 {
    bit(match doubt {
        Some(Doubt::Firm) => Some(true),
        Some(Doubt::UnderCheck) => None,
        Some(Doubt::Over) | None => Some(false),
    })
}

/// What the answer should be, from the made-up person and the wording of the question, without SQL.
fn truth(id: &str, r: &Resident) -> i32 {
    let year_ago = TODAY.saturating_sub(12.months());
    match id {
        "household-registered" => bit(match r.registration {
            None | Some(Registration::UnderCheck) => None,
            Some(registration) => Some(registration == Registration::Here),
        }),
        "age" if !r.birth_known => UNKNOWN,
        "age" => {
            let years = i32::from(TODAY.year() - r.birth.year());
            years - i32::from(TODAY < r.birth.saturating_add(years.years()))
        }
        "death-recorded" => by_doubt(r.death.map(|death| death.doubt)),
        "major-illness-recorded" => match r.illness {
            Some(illness) if illness.doubt != Doubt::UnderCheck => i32::from(illness.on > year_ago),
            other => by_doubt(other.map(|illness| illness.doubt)),
        },
        "already-receiving" => by_doubt(r.allowances.iter().find(|a| a.kind == "old-age").map(|a| a.doubt)),
        "receives-similar-allowance" => {
            let has = |doubt| r.allowances.iter().any(|a| a.doubt == doubt);
            bit(if has(Doubt::Firm) {
                Some(true)
            } else {
                (!has(Doubt::UnderCheck)).then_some(false)
            })
        }
        "minimum-living-household" => by_doubt(r.minimum_living.map(|m| m.doubt)),
        "in-extreme-poverty-support" => by_doubt(r.extreme_poverty.map(|s| s.doubt)),
        "relief-times-this-year" => r.relief.iter().filter(|on| **on > year_ago).count() as i32,
        "receives-work-injury-care" => bit(match r.work_injury.map(|w| w.care) {
            Some("under-check") => None,
            other => Some(matches!(other, Some("full" | "large" | "part"))),
        }),
        "registered-unemployed" => bit(match r.employment {
            None | Some(Employment::UnderCheck) => None,
            Some(employment) => Some(employment == Employment::Unemployed),
        }),
        "certified-disability-qualifies" => bit(match r.certificate {
            None => Some(false),
            Some(c) if c.doubt == Doubt::UnderCheck => None,
            Some(c) => {
                let severe = c.grade <= 2 || (c.grade == 3 && matches!(c.kind, "intellectual" | "mental"));
                Some(c.doubt == Doubt::Firm && severe && c.valid_to >= TODAY)
            }
        }),
        other => panic!("no truth for {other}"),
    }
}

/// The demo residents and boundary birthdays, which come first, and for each answer that there is to a predicate the
/// first few residents who have it.
fn telling<'a>(people: &'a [Resident], predicates: &[Predicate]) -> Vec<&'a Resident> {
    const EACH: usize = 4;
    let mut counts = std::collections::HashMap::new();
    let tells = |(index, resident): &(usize, &'a Resident)| {
        let mut is_new = *index < 65;
        for predicate in predicates {
            let count = counts
                .entry((predicate.id.clone(), truth(&predicate.id, resident)))
                .or_insert(0);
            is_new |= *count < EACH;
            *count += 1;
        }
        is_new
    };
    people
        .iter()
        .enumerate()
        .filter(tells)
        .map(|(_, resident)| resident)
        .collect()
}

#[tokio::test]
async fn every_mapped_predicate_answers_as_the_population_is() {
    let (chain, people) = (chain(), generate(SEED, TODAY).residents);
    for agency in [
        "public-security",
        "civil-affairs",
        "human-resources",
        "disabled-federation",
        "health",
    ] {
        let path = repository().join("agencies").join(agency).join("mapping.toml");
        let mapping = Mapping::load(&path, agency).unwrap();
        let rule_set: Vec<_> = mapping.predicates.keys().map(|id| predicate(id)).collect();
        let source = source(agency).await;
        let mask = (1 << rule_set.len()) - 1;
        let mut seen = std::collections::HashSet::new();
        for resident in telling(&people, &rule_set) {
            let receipt = chain.receipt_with(log(mask), true);
            let gate = FinalizedUse::verify(&receipt, addresses().uses, expected(mask)).unwrap();
            let number = ResidentNumber::parse(&resident.number).unwrap();
            let person = Person {
                case_id: CASE,
                number: &number,
                day: TODAY,
            };
            let answers = source.answer(gate, &rule_set, &person).await.unwrap();
            for (predicate, answer) in rule_set.iter().zip(answers) {
                assert_eq!(
                    answer,
                    truth(&predicate.id, resident),
                    "{} of {resident:?}",
                    predicate.id
                );
                seen.insert((predicate.id.clone(), answer));
            }
        }
        for predicate in &rule_set {
            for value in [0, 1] {
                let reached = predicate.id == "age" || seen.contains(&(predicate.id.clone(), value));
                assert!(reached, "{} was never {value}", predicate.id);
            }
            let unknown =
                predicate.id == "relief-times-this-year" || seen.contains(&(predicate.id.clone(), UNKNOWN));
            assert!(unknown, "{} was never unknown", predicate.id);
        }
    }
}

#[tokio::test]
async fn the_gate_opens_for_exactly_the_record_that_was_written() {
    let chain = chain();
    let uses = addresses().uses;
    let good = chain.receipt_with(log(3), true);
    assert!(FinalizedUse::verify(&good, uses, expected(3)).is_ok());
    let refused = |expected| FinalizedUse::verify(&good, uses, expected).unwrap_err();
    assert!(matches!(
        refused(expected(1)),
        UseError::Mask {
            expected: 1,
            found: 3
        }
    ));
    let other = B256::repeat_byte(9);
    for wrong in [
        ExpectedUse {
            tag: other,
            ..expected(3)
        },
        ExpectedUse {
            case_id: other,
            ..expected(3)
        },
        ExpectedUse {
            provider: other,
            ..expected(3)
        },
    ] {
        assert!(matches!(refused(wrong), UseError::Absent(_)), "{wrong:?}");
    }
    let elsewhere = Log {
        address: addresses().cases,
        ..log(3)
    };
    let elsewhere = chain.receipt_with(elsewhere, true);
    assert!(
        FinalizedUse::verify(&elsewhere, uses, expected(3)).is_err(),
        "another contract said so"
    );
    let reverted = chain.receipt_with(log(3), false);
    assert!(matches!(
        FinalizedUse::verify(&reverted, uses, expected(3)),
        Err(UseError::Reverted)
    ));
    assert_eq!(used(3).encode_log_data().topics()[0], Used::SIGNATURE_HASH);
}

#[tokio::test]
async fn a_record_for_one_case_does_not_open_the_data_of_another() {
    let (chain, source) = (chain(), source("health").await);
    let number = ResidentNumber::parse(&generate(SEED, TODAY).residents[0].number).unwrap();
    let gate = |mask| {
        let receipt = chain.receipt_with(log(mask), true);
        FinalizedUse::verify(&receipt, addresses().uses, expected(mask)).unwrap()
    };
    let rule_set = [predicate("death-recorded"), predicate("not-mapped-here")];
    let person = Person {
        case_id: B256::repeat_byte(8),
        number: &number,
        day: TODAY,
    };
    let refused = source.answer(gate(1), &rule_set, &person).await.unwrap_err();
    assert!(matches!(refused, GateError::OtherCase { .. }));
    let person = Person {
        case_id: CASE,
        ..person
    };
    assert_eq!(
        source.answer(gate(4), &rule_set, &person).await,
        Err(GateError::NoSuchPredicate(2))
    );
    assert_eq!(
        source.answer(gate(2), &rule_set, &person).await,
        Ok(vec![UNKNOWN]),
        "what is not mapped is unknown"
    );
}

#[tokio::test]
async fn a_query_that_breaks_its_promise_is_answered_as_unknown() {
    let chain = chain();
    let number = ResidentNumber::parse(&generate(SEED, TODAY).residents[0].number).unwrap();
    for (kind, query) in [
        ("boolean", "SELECT 2 WHERE :number <> ''"),
        ("boolean", "SELECT 'yes' WHERE :number <> ''"),
        ("integer", "SELECT 13 WHERE :number <> ''"),
        ("integer", "SELECT -1 WHERE :number <> ''"),
        ("integer", "SELECT 1, 2 WHERE :number <> ''"),
        ("integer", "SELECT 1 WHERE :number <> '' UNION ALL SELECT 2"),
        (
            "integer",
            "SELECT no_such_column FROM death WHERE number = :number",
        ),
        ("integer", "SELECT NULL WHERE :number <> ''"),
        ("integer", "SELECT 1 WHERE :number = ''"),
    ] {
        let text = format!(
            "format = \"zhengtong-mapping/1\"\norganisation = \"health\"\n[predicates.relief-times-this-year]\n\
             kind = \"{kind}\"\nquery = \"{query}\""
        );
        let url = &population().await.1.databases["health"];
        let source = Source::open(Some(url), None, Mapping::parse(&text).unwrap())
            .await
            .unwrap();
        let receipt = chain.receipt_with(log(1), true);
        let gate = FinalizedUse::verify(&receipt, addresses().uses, expected(1)).unwrap();
        let person = Person {
            case_id: CASE,
            number: &number,
            day: TODAY,
        };
        let answer = source
            .answer(gate, &[predicate("relief-times-this-year")], &person)
            .await;
        assert_eq!(answer, Ok(vec![UNKNOWN]), "{query}");
    }
}

/// The last day of a month stands for a day that it does not have (art. 202 of the Civil Code).
#[tokio::test]
async fn a_february_without_a_29th_ends_years_and_months_on_its_28th() {
    let (chain, folder) = (chain(), tempfile::TempDir::new().unwrap());
    let number = generate(SEED, TODAY).residents[0].number.clone();
    let ask = async |agency: &str, id: &str, table: &str, on: &str, day: Date| {
        let url = sql::sqlite_url(&folder.path().join(format!("{agency}-{on}.sqlite")));
        let pool = sql::connect(&url, Access::ReadWrite).await.unwrap();
        let rows = table.replace("NUMBER", &number).replace("ON", on);
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP TABLE IF EXISTS {rows}")))
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
        let path = repository().join("agencies").join(agency).join("mapping.toml");
        let source = Source::open(Some(&url), None, Mapping::load(&path, agency).unwrap())
            .await
            .unwrap();
        let receipt = chain.receipt_with(log(1), true);
        let gate = FinalizedUse::verify(&receipt, addresses().uses, expected(1)).unwrap();
        let number = ResidentNumber::parse(&number).unwrap();
        let person = Person {
            case_id: CASE,
            number: &number,
            day,
        };
        source.answer(gate, &[predicate(id)], &person).await.unwrap()[0]
    };
    let born = "person; CREATE TABLE person AS SELECT 'NUMBER' AS number, 'ON' AS birth_date";
    for (birth, day, age) in [
        ("1960-02-29", date(2025, 2, 27), 64),
        ("1960-02-29", date(2025, 2, 28), 65),
        ("1960-02-29", date(2025, 3, 1), 65),
        ("1960-02-29", date(2024, 2, 28), 63),
        ("1960-02-29", date(2024, 2, 29), 64),
        ("1960-03-01", date(2025, 2, 28), 64),
        ("1960-03-01", date(2025, 3, 1), 65),
        ("2024-02-29", date(2024, 2, 29), 0),
    ] {
        let answer = ask("public-security", "age", born, birth, day).await;
        assert_eq!(answer, age, "born {birth}, on {day}");
    }
    // Twelve months before 29 February 2024 end on 28 February 2023: what was then is over, what came after counts.
    let relief = "relief; CREATE TABLE relief AS SELECT 'NUMBER' AS number, 'ON' AS decided_on";
    let illness = "major_illness; CREATE TABLE major_illness AS SELECT 'NUMBER' AS number, 'confirmed' AS status, \
                   'ON' AS recorded_on";
    for (on, day, counts) in [
        ("2023-02-28", date(2024, 2, 29), 0),
        ("2023-03-01", date(2024, 2, 29), 1),
        ("2023-02-28", date(2024, 2, 28), 0),
        ("2023-03-01", date(2024, 2, 28), 1),
        ("2024-02-29", date(2025, 2, 28), 1),
        ("2024-02-28", date(2025, 2, 28), 0),
    ] {
        let times = ask("civil-affairs", "relief-times-this-year", relief, on, day).await;
        assert_eq!(times, counts, "relief on {on}, asked on {day}");
        let ill = ask("health", "major-illness-recorded", illness, on, day).await;
        assert_eq!(ill, counts, "illness on {on}, asked on {day}");
    }
}
