//! The residents to show things with.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;

use crate::people::{Maker, Population};
use crate::resident::*;

/// A resident to try the portal with. Synthetic, and therefore printable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoResident {
    /// Short stable name, e.g. `approved-66`.
    pub label: &'static str,
    /// What is special about them, in Chinese and in English.
    pub title: Title,
    /// The service to try.
    pub service: &'static str,
    /// Name.
    pub name: String,
    /// Resident number.
    pub number: String,
    /// Code that proves identity.
    pub code: String,
    /// What to expect, in Chinese and in English.
    pub expected: Title,
}

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Title {
    /// Chinese.
    #[serde(rename = "zh-CN")]
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

struct Pick {
    label: &'static str,
    service: &'static str,
    title: Title,
    expected: Title,
    age: i32,
    /// 与户主关系. Whoever is no head of a household lives with the one before.
    relation: &'static str,
    change: fn(&mut Resident, Date),
}

const HEAD: &str = "户主";
/// Who came later than the others.
const FAMILY: [&str; 3] = ["guardian-41", "guardian-39", "child-9"];

const ALLOWANCE: &str = "old-age-allowance";
const SUBSIDY: &str = "disability-living-subsidy";
const RELIEF: &str = "temporary-relief";

const fn text(zh: &'static str, en: &'static str) -> Title {
    Title { zh, en }
}

/// About how many days a demo resident's last birthday is ago, so that ages hold for months.
const DAYS_SINCE_BIRTHDAY: i64 = 40;

fn picks() -> Vec<Pick> {
    let firm = |_: &mut Resident, _: Date| {};
    let aged = |label, age, title, expected| Pick {
        label,
        service: ALLOWANCE,
        title,
        expected,
        age,
        relation: HEAD,
        change: firm,
    };
    vec![
        aged(
            "approved-66",
            66,
            text("66 岁，本市户籍", "66, registered here"),
            text("自动批准，每月 75 元", "approved by the rules, 75 yuan a month"),
        ),
        aged(
            "refused-64",
            64,
            text("64 岁，不满 65 岁", "64, not yet 65"),
            text("转人工，由工作人员不予批准", "goes to an officer, who refuses"),
        ),
        Pick {
            change: |resident, _| resident.registration = None,
            ..aged(
                "household-missing",
                68,
                text("68 岁，查不到户籍记录", "68, household record missing"),
                text("转人工，不会直接拒绝", "goes to a person, not refused"),
            )
        },
        aged(
            "approved-65",
            65,
            text("65 岁", "65"),
            text("自动批准，每月 75 元", "approved, 75 yuan a month"),
        ),
        aged(
            "approved-69",
            69,
            text("69 岁", "69"),
            text("自动批准，每月 75 元", "approved, 75 yuan a month"),
        ),
        aged(
            "approved-70",
            70,
            text("70 岁", "70"),
            text("自动批准，每月 150 元", "approved, 150 yuan a month"),
        ),
        aged(
            "approved-79",
            79,
            text("79 岁", "79"),
            text("自动批准，每月 150 元", "approved, 150 yuan a month"),
        ),
        aged(
            "approved-80",
            80,
            text("80 岁", "80"),
            text("自动批准，每月 180 元", "approved, 180 yuan a month"),
        ),
        aged(
            "approved-89",
            89,
            text("89 岁", "89"),
            text("自动批准，每月 180 元", "approved, 180 yuan a month"),
        ),
        aged(
            "approved-90",
            90,
            text("90 岁", "90"),
            text("自动批准，每月 350 元", "approved, 350 yuan a month"),
        ),
        aged(
            "approved-99",
            99,
            text("99 岁", "99"),
            text("自动批准，每月 350 元", "approved, 350 yuan a month"),
        ),
        aged(
            "approved-100",
            100,
            text("100 岁", "100"),
            text("自动批准，每月 600 元", "approved, 600 yuan a month"),
        ),
        Pick {
            change: |resident, today| {
                let since = today.saturating_sub(jiff::ToSpan::years(2));
                let (kind, doubt) = ("old-age", Doubt::Firm);
                resident.allowances.push(Allowance {
                    kind,
                    doubt,
                    monthly_fen: 15_000,
                    since,
                });
            },
            ..aged(
                "already-receiving-72",
                72,
                text("72 岁，已在领取", "72, already receiving"),
                text("转人工，可能不予批准", "goes to an officer, may be refused"),
            )
        },
        Pick {
            change: |resident, today| {
                let on = today.saturating_sub(jiff::ToSpan::days(30));
                resident.death = Some(Death {
                    on,
                    doubt: Doubt::Firm,
                });
            },
            ..aged(
                "death-recorded-77",
                77,
                text("77 岁，有死亡登记（登记有误）", "77, wrongly recorded as dead"),
                text("转人工核实", "goes to an officer to check"),
            )
        },
        Pick {
            label: "subsidy-approved-45",
            service: SUBSIDY,
            title: text(
                "45 岁，低保家庭，二级残疾",
                "45, minimum-living household, grade 2",
            ),
            expected: text(
                "同意查询后自动批准，每月 200 元",
                "approved after consent, 200 yuan a month",
            ),
            age: 45,
            relation: HEAD,
            change: |resident, today| {
                disabled(resident, today);
                let valid_to = today.saturating_add(jiff::ToSpan::months(10));
                resident.minimum_living = Some(MinimumLiving {
                    valid_to,
                    doubt: Doubt::Firm,
                });
            },
        },
        Pick {
            label: "subsidy-work-injury-50",
            service: SUBSIDY,
            title: text("50 岁，领取工伤生活护理费", "50, receives work-injury care"),
            expected: text("转人工，可能不予批准", "goes to an officer, may be refused"),
            age: 50,
            relation: HEAD,
            change: |resident, today| {
                disabled(resident, today);
                resident.work_injury = Some(WorkInjury {
                    grade: 2,
                    care: "full",
                });
            },
        },
        Pick {
            label: "relief-illness-38",
            service: RELIEF,
            title: text("38 岁，重大疾病、登记失业", "38, major illness, unemployed"),
            expected: text(
                "由工作人员决定，最高 6000 元",
                "an officer decides, at most 6,000 yuan",
            ),
            age: 38,
            relation: HEAD,
            change: |resident, today| {
                let on = today.saturating_sub(jiff::ToSpan::days(60));
                resident.illness = Some(Illness {
                    category: "恶性肿瘤",
                    on,
                    doubt: Doubt::Firm,
                });
                resident.employment = Some(Employment::Unemployed);
            },
        },
        family(
            "guardian-41",
            41,
            HEAD,
            text("41 岁，9 岁孩子的家长", "41, parent of a child of 9"),
            text(
                "以监护人身份为孩子申请，孩子的部门记录决定结果",
                "applies for the child as guardian; the child's records decide",
            ),
        ),
        family(
            "guardian-39",
            39,
            "配偶",
            text("39 岁，同一个孩子的另一位家长", "39, the child's other parent"),
            text(
                "看得到为孩子办的事，也可以停止",
                "sees what is done for the child, and can stop it",
            ),
        ),
        Pick {
            change: |resident, today| {
                disabled(resident, today);
                minimum_living(resident, today);
            },
            ..family(
                "child-9",
                9,
                "子女",
                text("9 岁，低保家庭，二级残疾", "9, minimum-living household, grade 2"),
                text(
                    "由监护人申请，每月 200 元",
                    "a guardian applies: 200 yuan a month",
                ),
            )
        },
    ]
}

/// A member of the family with a child who needs a subsidy.
fn family(label: &'static str, age: i32, relation: &'static str, title: Title, expected: Title) -> Pick {
    Pick {
        label,
        service: SUBSIDY,
        title,
        expected,
        age,
        relation,
        change: minimum_living,
    }
}

fn minimum_living(resident: &mut Resident, today: Date) {
    resident.minimum_living = Some(MinimumLiving {
        valid_to: today.saturating_add(jiff::ToSpan::months(10)),
        doubt: Doubt::Firm,
    });
}

fn disabled(resident: &mut Resident, today: Date) {
    let valid_to = today.saturating_add(jiff::ToSpan::years(5));
    resident.certificate = Some(Certificate {
        kind: "physical",
        grade: 2,
        doubt: Doubt::Firm,
        valid_to,
    });
}

/// Adds the demo residents: the first of the population, each alone in a household but for one family.
pub(crate) fn add(maker: &mut Maker) {
    for (pick, stream) in picks().into_iter().zip(1..) {
        let add = |maker: &mut Maker| {
            let household = if pick.relation == HEAD {
                maker.open_household(false)
            } else {
                maker.last_household()
            };
            let (birth, today) = (maker.born(pick.age, DAYS_SINCE_BIRTHDAY), maker.today);
            (pick.change)(maker.add(household, pick.relation, birth), today);
        };
        if FAMILY.contains(&pick.label) {
            maker.apart(stream, add);
        } else {
            add(maker);
        }
    }
}

/// The demo residents of the population that [`crate::generate`] makes of this seed and day.
pub fn demo_residents(seed: u64, today: Date) -> Vec<DemoResident> {
    let mut maker = Maker::new(seed, today);
    add(&mut maker);
    let Population { residents, .. } = maker.population;
    picks()
        .into_iter()
        .zip(residents)
        .map(|(pick, resident)| DemoResident {
            label: pick.label,
            title: pick.title,
            service: pick.service,
            name: resident.name,
            number: resident.number,
            code: resident.code,
            expected: pick.expected,
        })
        .collect()
}

/// Completed years on a day; a year is complete on the birthday itself, which is 28 February in a common year for
/// somebody born on the 29th (民法典 第二百零二条).
pub(crate) fn age_on(birth: Date, day: Date) -> i32 {
    let years = i32::from(day.year()) - i32::from(birth.year());
    let birthday = birth.saturating_add(years.years());
    years - i32::from(day < birthday)
}
