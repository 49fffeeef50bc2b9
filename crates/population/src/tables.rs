//! What each agency's database holds of the population.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::demo::age_on;
use crate::people::Population;
use crate::resident::*;

/// A value of a row.
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Null,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<Date> for Value {
    fn from(date: Date) -> Self {
        Self::Text(date.to_string())
    }
}

/// Rows for one table.
pub(crate) struct Table {
    pub name: &'static str,
    pub columns: &'static str,
    pub rows: Vec<Vec<Value>>,
}

const ORIGIN: &str = "synthetic";

macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$(Value::from($value)),*] };
}

fn word(doubt: Doubt, firm: &'static str, over: &'static str) -> &'static str {
    match doubt {
        Doubt::Firm => firm,
        Doubt::Over => over,
        Doubt::UnderCheck => "under-check",
    }
}

/// The tables of an agency.
pub(crate) fn of(agency: &str, all: &Population, today: Date) -> Vec<Table> {
    match agency {
        "public-security" => public_security(all, today),
        "civil-affairs" => civil_affairs(all, today),
        "human-resources" => human_resources(all, today),
        "disabled-federation" => disabled_federation(all, today),
        _ => health(all),
    }
}

fn table(
    name: &'static str,
    columns: &'static str,
    all: &Population,
    rows: impl Fn(usize, &Resident) -> Vec<Vec<Value>>,
) -> Table {
    let rows = all
        .residents
        .iter()
        .enumerate()
        .flat_map(|(index, resident)| rows(index, resident))
        .collect();
    Table { name, columns, rows }
}

fn public_security(all: &Population, today: Date) -> Vec<Table> {
    let households = all.households.iter().enumerate();
    vec![
        table(
            "person",
            "number, name, sex, birth_date, data_origin",
            all,
            |_, r| {
                let birth = if r.birth_known {
                    r.birth.into()
                } else {
                    Value::Null
                };
                let sex = if r.male { "男" } else { "女" };
                vec![vec![
                    r.number.as_str().into(),
                    r.name.as_str().into(),
                    sex.into(),
                    birth,
                    ORIGIN.into(),
                ]]
            },
        ),
        Table {
            name: "household",
            columns: "household_no, region, address, kind",
            rows: households
                .map(|(index, (region, address))| {
                    row![
                        format!("H{index:06}").as_str(),
                        region.as_str(),
                        address.as_str(),
                        "家庭户"
                    ]
                })
                .collect(),
        },
        table(
            "registration",
            "number, household_no, relation, status, since",
            all,
            |_, r| {
                let status = match r.registration {
                    None => return vec![],
                    Some(Registration::UnderCheck) => "under-check",
                    Some(Registration::Here | Registration::Elsewhere) => "registered",
                };
                let since = r.birth.max(today.saturating_sub(20.years()));
                vec![row![
                    r.number.as_str(),
                    format!("H{:06}", r.household).as_str(),
                    r.relation,
                    status,
                    since
                ]]
            },
        ),
        table("pickup_code", "number, code", all, |_, r| {
            vec![row![r.number.as_str(), r.code.as_str()]]
        }),
        guardianships(all, today),
    ]
}

/// Head of the household and spouse are the guardians of its minors (民法典 第二十七条).
fn guardianships(all: &Population, today: Date) -> Table {
    let mut parents: HashMap<usize, Vec<&str>> = HashMap::new();
    let is_adult = |r: &&Resident| age_on(r.birth, today) >= 18;
    for parent in all.residents.iter().filter(is_adult) {
        if ["户主", "配偶"].contains(&parent.relation) {
            parents.entry(parent.household).or_default().push(&parent.number);
        }
    }
    let columns = "number, guardian_number, kind, status, since, data_origin";
    table("guardianship", columns, all, |_, r| {
        if r.relation != "子女" || age_on(r.birth, today) >= 18 {
            return vec![];
        }
        let status = word(r.guardianship, "registered", "ended");
        let of = |guardian: &&str| row![r.number.as_str(), *guardian, "parent", status, r.birth, ORIGIN];
        parents.get(&r.household).into_iter().flatten().map(of).collect()
    })
}

fn civil_affairs(all: &Population, today: Date) -> Vec<Table> {
    let columns = "allowance_no, number, name, kind, status, monthly_fen, since, data_origin";
    let mut guaranteed: Vec<_> = all
        .residents
        .iter()
        .filter_map(|r| Some((r.household, r.minimum_living?)))
        .collect();
    guaranteed.dedup_by_key(|(household, _)| *household);
    vec![
        table("allowance", columns, all, |index, r| {
            let rows = r.allowances.iter().enumerate();
            rows.map(|(n, a)| {
                let no = format!("A{index:06}-{n}");
                let status = word(a.doubt, "paying", "ended");
                row![
                    no.as_str(),
                    r.number.as_str(),
                    r.name.as_str(),
                    a.kind,
                    status,
                    a.monthly_fen,
                    a.since,
                    ORIGIN
                ]
            })
            .collect()
        }),
        Table {
            name: "minimum_living_household",
            columns: "certificate_no, region, valid_from, valid_to, status",
            rows: guaranteed
                .into_iter()
                .map(|(household, m)| {
                    let valid_to = if m.doubt == Doubt::Over {
                        today.saturating_sub(20.days())
                    } else {
                        m.valid_to
                    };
                    let status = word(m.doubt, "valid", "valid");
                    let no = format!("D{household:06}");
                    row![
                        no.as_str(),
                        all.households[household].0.as_str(),
                        valid_to.saturating_sub(1.year()),
                        valid_to,
                        status
                    ]
                })
                .collect(),
        },
        table(
            "minimum_living_member",
            "number, name, certificate_no",
            all,
            |_, r| {
                let row = |_| {
                    row![
                        r.number.as_str(),
                        r.name.as_str(),
                        format!("D{:06}", r.household).as_str()
                    ]
                };
                r.minimum_living.map(row).into_iter().collect()
            },
        ),
        table(
            "extreme_poverty",
            "number, name, manner, status, since",
            all,
            |index, r| {
                let manner = if index % 3 == 0 { "institution" } else { "home" };
                let row = |s: Support| {
                    row![
                        r.number.as_str(),
                        r.name.as_str(),
                        manner,
                        word(s.doubt, "supported", "ended"),
                        s.since
                    ]
                };
                r.extreme_poverty.map(row).into_iter().collect()
            },
        ),
        table(
            "relief",
            "relief_no, number, name, cause, amount_fen, decided_on",
            all,
            |index, r| {
                let rows = r.relief.iter().enumerate();
                rows.map(|(n, on)| {
                    let no = format!("L{index:06}-{n}");
                    row![
                        no.as_str(),
                        r.number.as_str(),
                        r.name.as_str(),
                        "突发困难",
                        150_000,
                        *on
                    ]
                })
                .collect()
            },
        ),
    ]
}

fn human_resources(all: &Population, today: Date) -> Vec<Table> {
    let since = today.saturating_sub(3.years());
    vec![
        table(
            "employment",
            "number, name, status, since, data_origin",
            all,
            |_, r| {
                let row = |employment| {
                    let status = match employment {
                        Employment::Employed => "employed",
                        Employment::Unemployed => "unemployed",
                        Employment::Retired => "retired",
                        Employment::NotRegistered => "none",
                        Employment::UnderCheck => "under-check",
                    };
                    row![r.number.as_str(), r.name.as_str(), status, since, ORIGIN]
                };
                r.employment.map(row).into_iter().collect()
            },
        ),
        table(
            "pension",
            "number, name, kind, monthly_fen, since",
            all,
            |index, r| {
                let (kind, fen) = if index % 2 == 0 {
                    ("employee", 320_000)
                } else {
                    ("resident", 24_000)
                };
                let row = || row![r.number.as_str(), r.name.as_str(), kind, fen, since];
                r.pension.then(row).into_iter().collect()
            },
        ),
        table(
            "work_injury",
            "number, name, grade, care_allowance, since",
            all,
            |_, r| {
                let row = |w: WorkInjury| row![r.number.as_str(), r.name.as_str(), w.grade, w.care, since];
                r.work_injury.map(row).into_iter().collect()
            },
        ),
    ]
}

fn disabled_federation(all: &Population, today: Date) -> Vec<Table> {
    let columns = "certificate_no, number, name, type, grade, status, issued_on, valid_to, data_origin";
    vec![table("certificate", columns, all, |index, r| {
        let row = |c: Certificate| {
            let no = format!("C{index:06}");
            let issued = c
                .valid_to
                .saturating_sub(10.years())
                .min(today.saturating_sub(30.days()));
            let status = word(c.doubt, "valid", "cancelled");
            row![
                no.as_str(),
                r.number.as_str(),
                r.name.as_str(),
                c.kind,
                c.grade,
                status,
                issued,
                c.valid_to,
                ORIGIN
            ]
        };
        r.certificate.map(row).into_iter().collect()
    })]
}

fn health(all: &Population) -> Vec<Table> {
    vec![
        table(
            "death",
            "certificate_no, number, name, died_on, status, data_origin",
            all,
            |index, r| {
                let row = |d: Death| {
                    let no = format!("S{index:06}");
                    let status = word(d.doubt, "recorded", "withdrawn");
                    row![
                        no.as_str(),
                        r.number.as_str(),
                        r.name.as_str(),
                        d.on,
                        status,
                        ORIGIN
                    ]
                };
                r.death.map(row).into_iter().collect()
            },
        ),
        table(
            "major_illness",
            "record_no, number, name, category, status, recorded_on",
            all,
            |index, r| {
                let row = |i: Illness| {
                    let no = format!("Z{index:06}");
                    let status = word(i.doubt, "confirmed", "confirmed");
                    row![
                        no.as_str(),
                        r.number.as_str(),
                        r.name.as_str(),
                        i.category,
                        status,
                        i.on
                    ]
                };
                r.illness.map(row).into_iter().collect()
            },
        ),
    ]
}
