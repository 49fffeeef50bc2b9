//! Who lives here: boundary cases first, then households at random.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::Date;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use zhengtong_vault::check_digit;

use crate::demo;
use crate::names::{self, pick};
use crate::resident::*;

/// How many residents there are.
pub const SIZE: usize = 10_000;
/// Ages at which the amount of the old-age allowance changes.
pub(crate) const BOUNDARY_AGES: [i32; 5] = [65, 70, 80, 90, 100];
/// Days from today of a boundary birthday: yesterday, today, tomorrow.
const AROUND: [i64; 3] = [-1, 0, 1];
const DISTRICTS_HERE: [&str; 6] = ["990101", "990102", "990103", "990104", "990105", "990106"];
const DISTRICTS_ELSEWHERE: [&str; 3] = ["990201", "990202", "990203"];

/// Everybody, and where the households are.
#[derive(Clone, Debug)]
pub struct Population {
    /// Everybody; the demo residents come first, in the order of [`crate::demo_residents`].
    pub residents: Vec<Resident>,
    /// Region code and address of each household.
    pub households: Vec<(String, String)>,
}

/// Makes the population of a seed, with ages counted on `today`.
pub fn generate(seed: u64, today: Date) -> Population {
    let mut maker = Maker::new(seed, today);
    demo::add(&mut maker);
    maker.add_boundaries();
    while maker.population.residents.len() < SIZE {
        maker.add_household();
    }
    maker.population
}

pub(crate) struct Maker {
    pub rng: ChaCha8Rng,
    pub today: Date,
    pub population: Population,
    seed: u64,
    numbers: HashSet<String>,
}

impl Maker {
    pub(crate) fn new(seed: u64, today: Date) -> Self {
        let population = Population {
            residents: Vec::with_capacity(SIZE),
            households: Vec::new(),
        };
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            today,
            population,
            seed,
            numbers: HashSet::new(),
        }
    }

    /// A birth date that makes a person `age` years and `days` days old today.
    pub(crate) fn born(&self, age: i32, days: i64) -> Date {
        let birthday = self.today.saturating_sub(age.years());
        birthday.saturating_sub(days.days())
    }

    /// Makes somebody by chances of their own, so that nobody who comes after them is another for it.
    pub(crate) fn apart(&mut self, stream: u64, make: impl FnOnce(&mut Self)) {
        let own = ChaCha8Rng::seed_from_u64(self.seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let kept = std::mem::replace(&mut self.rng, own);
        make(self);
        self.rng = kept;
    }

    /// The household that was opened last.
    pub(crate) fn last_household(&self) -> usize {
        self.population.households.len() - 1
    }

    /// Opens a household; its people are added with [`Self::add`].
    pub(crate) fn open_household(&mut self, elsewhere: bool) -> usize {
        let districts: &[&str] = if elsewhere {
            &DISTRICTS_ELSEWHERE
        } else {
            &DISTRICTS_HERE
        };
        let region = pick(&mut self.rng, districts);
        let address = names::address(&mut self.rng, region);
        self.population.households.push((region.to_owned(), address));
        self.population.households.len() - 1
    }

    /// Adds a person about whom every record is firm and every benefit is absent.
    pub(crate) fn add(&mut self, household: usize, relation: &'static str, birth: Date) -> &mut Resident {
        let male = self.rng.random_bool(0.5);
        let age = crate::demo::age_on(birth, self.today);
        let region = self.population.households[household].0.clone();
        let registration = if region.starts_with("9901") {
            Registration::Here
        } else {
            Registration::Elsewhere
        };
        let employment = match age {
            ..16 => Employment::NotRegistered,
            16..60 => Employment::Employed,
            _ => Employment::Retired,
        };
        let resident = Resident {
            number: self.number(&region, birth, male),
            name: names::name(&mut self.rng, male),
            male,
            birth,
            birth_known: true,
            household,
            relation,
            registration: Some(registration),
            code: format!("{:06}", self.rng.random_range(0..1_000_000)),
            death: None,
            allowances: Vec::new(),
            minimum_living: None,
            extreme_poverty: None,
            relief: Vec::new(),
            certificate: None,
            illness: None,
            employment: Some(employment),
            pension: age >= 60,
            guardianship: Doubt::Firm,
            work_injury: None,
        };
        self.population.residents.push(resident);
        self.population.residents.last_mut().expect("just pushed")
    }

    fn number(&mut self, region: &str, birth: Date, male: bool) -> String {
        loop {
            let sequence = self.rng.random_range(0..500) * 2 + u32::from(male);
            let body = format!(
                "{region}{:04}{:02}{:02}{sequence:03}",
                birth.year(),
                birth.month(),
                birth.day()
            );
            let digits = <&[u8; 17]>::try_from(body.as_bytes()).expect("6 + 8 + 3 digits");
            let number = format!("{body}{}", check_digit(digits));
            if self.numbers.insert(number.clone()) {
                return number;
            }
        }
    }

    /// People whose birthday decides: it was yesterday, is today, or is tomorrow.
    fn add_boundaries(&mut self) {
        for age in BOUNDARY_AGES {
            for days in AROUND {
                for _ in 0..3 {
                    let household = self.open_household(false);
                    let birth = self.today.saturating_sub(age.years()).saturating_add(days.days());
                    self.add(household, "户主", birth);
                }
            }
        }
    }

    fn add_household(&mut self) {
        let elsewhere = self.rng.random_bool(0.06);
        let household = self.open_household(elsewhere);
        let head = self.rng.random_range(18..102);
        let mut members = vec![("户主", head)];
        if self.rng.random_bool(0.65) {
            members.push(("配偶", (head + self.rng.random_range(-6..7)).clamp(18, 104)));
        }
        if (24..60).contains(&head) {
            for _ in 0..self.rng.random_range(0..3) {
                members.push(("子女", self.rng.random_range(0..head - 20)));
            }
            if self.rng.random_bool(0.5) {
                members.push(("父母", (head + self.rng.random_range(22..34)).min(105)));
            }
        }
        let poor = self.rng.random_bool(0.09);
        let valid_to = self.today.saturating_add(self.rng.random_range(30..330).days());
        let doubt = self.doubt();
        for (relation, age) in members {
            if self.population.residents.len() == SIZE {
                return;
            }
            let days = self.rng.random_range(2..360);
            let birth = self.born(age, days);
            self.add(household, relation, birth);
            if poor {
                let resident = self.population.residents.last_mut().expect("just added");
                resident.minimum_living = Some(MinimumLiving { valid_to, doubt });
            }
            self.befall(age);
        }
    }

    /// Gives the last person what life may bring.
    fn befall(&mut self, age: i32) {
        let today = self.today;
        let (ago, doubt) = (self.rng.random_range(40..1500), self.doubt());
        let since = today.saturating_sub(ago.days());
        let chance = |rng: &mut ChaCha8Rng, p| rng.random_bool(p);
        let rng = &mut self.rng;
        let resident = self.population.residents.last_mut().expect("just added");
        if chance(rng, 0.02) {
            resident.registration = None;
        } else if chance(rng, 0.01) {
            resident.registration = Some(Registration::UnderCheck);
        }
        resident.birth_known = !chance(rng, 0.004);
        if chance(rng, if age > 75 { 0.03 } else { 0.003 }) {
            resident.death = Some(Death {
                on: today.saturating_sub(rng.random_range(5..300).days()),
                doubt,
            });
        }
        // By the number and not by chance: nobody else's life changes with it.
        resident.guardianship = match resident.number.as_bytes()[15] % 16 {
            0 => Doubt::UnderCheck,
            1 => Doubt::Over,
            _ => Doubt::Firm,
        };
        if age >= 66 && chance(rng, 0.35) {
            let monthly_fen = match age {
                ..70 => 7_500,
                70..80 => 15_000,
                80..90 => 18_000,
                90..100 => 35_000,
                _ => 60_000,
            };
            resident.allowances.push(Allowance {
                kind: "old-age",
                doubt,
                monthly_fen,
                since,
            });
        }
        if chance(rng, 0.01) {
            let kind = pick(rng, &["duty-disability", "retired-cadre"]);
            resident.allowances.push(Allowance {
                kind,
                doubt,
                monthly_fen: 30_000,
                since,
            });
        }
        if age >= 60 && chance(rng, 0.02) {
            resident.extreme_poverty = Some(Support { since, doubt });
        }
        for _ in 0..[0, 0, 0, 0, 0, 0, 0, 0, 1, 3][rng.random_range(0..10)] {
            resident
                .relief
                .push(today.saturating_sub(rng.random_range(10..500).days()));
        }
        if chance(rng, 0.08) {
            let kind = pick(
                rng,
                &[
                    "visual",
                    "hearing",
                    "speech",
                    "physical",
                    "intellectual",
                    "mental",
                    "multiple",
                ],
            );
            let valid_to = today.saturating_add(rng.random_range(-200..3000).days());
            resident.certificate = Some(Certificate {
                kind,
                grade: rng.random_range(1..5),
                doubt,
                valid_to,
            });
            if chance(rng, 0.3) {
                let kind = "disability-living";
                resident.allowances.push(Allowance {
                    kind,
                    doubt,
                    monthly_fen: 20_000,
                    since,
                });
            }
        }
        if chance(rng, 0.04) {
            let category = pick(rng, &["恶性肿瘤", "终末期肾病", "重大器官移植", "脑卒中"]);
            let on = today.saturating_sub(rng.random_range(5..700).days());
            resident.illness = Some(Illness { category, on, doubt });
        }
        if chance(rng, 0.015) {
            let care = pick(rng, &["none", "full", "large", "part", "under-check"]);
            resident.work_injury = Some(WorkInjury {
                grade: rng.random_range(1..11),
                care,
            });
        }
        if (16..60).contains(&age) {
            resident.employment = match rng.random_range(0..100) {
                0..3 => None,
                3..5 => Some(Employment::UnderCheck),
                5..14 => Some(Employment::Unemployed),
                14..24 => Some(Employment::NotRegistered),
                _ => Some(Employment::Employed),
            };
        }
    }

    fn doubt(&mut self) -> Doubt {
        match self.rng.random_range(0..100) {
            0..80 => Doubt::Firm,
            80..92 => Doubt::Over,
            _ => Doubt::UnderCheck,
        }
    }
}
