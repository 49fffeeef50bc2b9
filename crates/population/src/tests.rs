use std::collections::HashSet;
use std::time::Instant;

use jiff::civil::{Date, date};
use sqlx::Row;
use zhengtong_vault::ResidentNumber;
use zhengtong_vault::sql::{self, Access};

use crate::demo::age_on;
use crate::{AGENCIES, Doubt, Employment, Registration, Resident, SIZE, demo_residents, generate, prepare};

const SEED: u64 = 20_260;
const TODAY: Date = date(2026, 11, 22);

#[test]
fn the_same_seed_and_day_give_the_same_people_and_another_seed_others() {
    let numbers = |seed| {
        generate(seed, TODAY)
            .residents
            .into_iter()
            .map(|r| r.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(SEED), numbers(SEED));
    assert_ne!(numbers(SEED), numbers(SEED + 1));
}

#[test]
fn numbers_are_valid_unique_and_in_no_real_place() {
    let residents = generate(SEED, TODAY).residents;
    assert_eq!(residents.len(), SIZE);
    let distinct: HashSet<_> = residents.iter().map(|r| &r.number).collect();
    assert_eq!(distinct.len(), SIZE);
    for resident in &residents {
        let number = ResidentNumber::parse(&resident.number).unwrap();
        assert!(number.expose().starts_with("9901") || number.expose().starts_with("9902"));
        assert_eq!(
            &number.expose()[6..14],
            resident.birth.strftime("%Y%m%d").to_string()
        );
        let sequence = number.expose().as_bytes()[16] - b'0';
        assert_eq!(
            sequence % 2 == 1,
            resident.male,
            "the sequence number is odd for men"
        );
    }
}

#[test]
fn every_age_and_status_that_a_rule_looks_at_occurs() {
    let residents = generate(SEED, TODAY).residents;
    let age = |r: &Resident| age_on(r.birth, TODAY);
    let some = |what: &str, holds: &dyn Fn(&Resident) -> bool| {
        let count = residents.iter().filter(|r| holds(r)).count();
        assert!(count >= 3, "only {count} residents: {what}");
    };
    for years in [0, 17, 18, 64, 65, 66, 69, 70, 79, 80, 89, 90, 99, 100, 101] {
        some(&format!("{years} years"), &|r| age(r) == years);
    }
    for birthday in [65, 70, 80, 90, 100] {
        let on = |day: Date| move |r: &Resident| age_on(r.birth, day) == birthday;
        some("birthday today", &|r| {
            age(r) == birthday && !on(TODAY.yesterday().unwrap())(r)
        });
        some("birthday tomorrow", &|r| {
            age(r) == birthday - 1 && on(TODAY.tomorrow().unwrap())(r)
        });
    }
    some("registered here", &|r| r.registration == Some(Registration::Here));
    some("registered elsewhere", &|r| {
        r.registration == Some(Registration::Elsewhere)
    });
    some("household missing", &|r| r.registration.is_none());
    some("household under check", &|r| {
        r.registration == Some(Registration::UnderCheck)
    });
    some("birth date missing", &|r| !r.birth_known);
    for doubt in [Doubt::Firm, Doubt::Over, Doubt::UnderCheck] {
        some("death", &|r| r.death.is_some_and(|d| d.doubt == doubt));
        some("old-age allowance", &|r| {
            r.allowances
                .iter()
                .any(|a| a.kind == "old-age" && a.doubt == doubt)
        });
        some("minimum living", &|r| {
            r.minimum_living.is_some_and(|m| m.doubt == doubt)
        });
        some("extreme poverty", &|r| {
            r.extreme_poverty.is_some_and(|s| s.doubt == doubt)
        });
        some("certificate", &|r| {
            r.certificate.is_some_and(|c| c.doubt == doubt)
        });
        some("illness", &|r| r.illness.is_some_and(|i| i.doubt == doubt));
    }
    for doubt in [Doubt::Firm, Doubt::Over, Doubt::UnderCheck] {
        some("a minor's guardianship", &|r| {
            r.relation == "子女" && age(r) < 18 && r.guardianship == doubt
        });
    }
    some("two reliefs", &|r| r.relief.len() >= 2);
    for employment in [Some(Employment::Unemployed), Some(Employment::UnderCheck), None] {
        some("employment", &|r| r.employment == employment);
    }
    for care in ["none", "full", "under-check"] {
        some("work injury", &|r| r.work_injury.is_some_and(|w| w.care == care));
    }
    some("a disabled member of a minimum-living household", &|r| {
        r.certificate.is_some() && r.minimum_living.is_some()
    });
}

#[test]
fn demo_residents_are_part_of_the_population_and_have_the_ages_they_say() {
    let residents = generate(SEED, TODAY).residents;
    let demo = demo_residents(SEED, TODAY);
    for (demo, resident) in demo.iter().zip(&residents) {
        assert_eq!((&demo.number, &demo.code), (&resident.number, &resident.code));
        if let Some(age) = demo
            .label
            .rsplit('-')
            .next()
            .and_then(|age| age.parse::<i32>().ok())
        {
            assert_eq!(age_on(resident.birth, TODAY), age, "{}", demo.label);
        }
    }
    let labels: HashSet<_> = demo.iter().map(|d| d.label).collect();
    let of = |label: &str| demo.iter().position(|d| d.label == label).unwrap();
    let family = ["guardian-41", "guardian-39", "child-9"].map(|label| residents[of(label)].household);
    assert!(family.iter().all(|household| *household == family[0]));
    for label in ["approved-66", "refused-64", "household-missing"] {
        assert!(labels.contains(label));
    }
    assert_eq!(labels.len(), demo.len());
}

#[tokio::test]
async fn databases_agree_with_each_other_are_kept_and_say_that_they_are_synthetic() {
    let folder = tempfile::tempdir().unwrap();
    let before = Instant::now();
    let prepared = prepare(folder.path(), SEED, TODAY).await.unwrap();
    eprintln!("prepared {SIZE} residents in {:?}", before.elapsed());
    let again = prepare(folder.path(), 1, date(2030, 1, 1)).await.unwrap();
    assert_eq!((again.seed, again.today), (SEED, TODAY));

    let mut known = HashSet::new();
    for (agency, schema) in AGENCIES {
        assert!(schema.contains("synthetic"));
        let pool = sql::connect(&prepared.databases[agency], Access::ReadOnly)
            .await
            .unwrap();
        let tables = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .fetch_all(&pool)
            .await
            .unwrap();
        for table in tables {
            let table: String = table.get(0);
            if table == "household" || table == "minimum_living_household" {
                continue;
            }
            let query = format!("SELECT number FROM {table}");
            let rows = sqlx::query(sqlx::AssertSqlSafe(query))
                .fetch_all(&pool)
                .await
                .unwrap();
            assert!(!rows.is_empty(), "{agency}.{table}");
            let numbers: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
            if table == "person" {
                assert_eq!(numbers.len(), SIZE);
                known = numbers;
            } else {
                assert!(
                    numbers.is_subset(&known),
                    "{agency}.{table} knows somebody whom 公安 does not"
                );
            }
        }
        let refused = sqlx::query("CREATE TABLE x (y TEXT)").execute(&pool).await;
        assert!(refused.is_err(), "a read-only database was written");
    }
}

#[test]
fn a_year_is_complete_on_the_birthday_or_on_the_last_day_of_a_february_without_it() {
    // By the wording of art. 202 of the Civil Code, not by a calculation.
    for (birth, day, age) in [
        (date(1960, 2, 29), date(2025, 2, 27), 64),
        (date(1960, 2, 29), date(2025, 2, 28), 65),
        (date(1960, 2, 29), date(2025, 3, 1), 65),
        (date(1960, 2, 29), date(2024, 2, 28), 63),
        (date(1960, 2, 29), date(2024, 2, 29), 64),
        (date(1960, 2, 28), date(2025, 2, 28), 65),
        (date(1960, 3, 1), date(2025, 2, 28), 64),
        (date(1960, 3, 1), date(2025, 3, 1), 65),
        (date(1900, 1, 1), date(2026, 12, 31), 126),
    ] {
        assert_eq!(age_on(birth, day), age, "born {birth}, on {day}");
    }
}
