//! A case as its events tell it: the contract's state machine, once more.

use alloy_primitives::B256;
use zhengtong_bindings::{NO_ROW, UNKNOWN, parse_slug};
use zhengtong_index::{
    event::Event,
    project::bits,
    stored_case::StoredCase,
    words::{Cause, Outcome, Slug},
};

const ASKING: u8 = 1;
const REVIEW: u8 = 2;
const SUPPLEMENT: u8 = 3;
const APPROVED: u8 = 4;
const REFUSED: u8 = 5;
const CLOSED: u8 = 6;
const APPEAL: u8 = 3;

/// A case while its events are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    pub case: StoredCase,
    /// One for each predicate, UNKNOWN while not attested.
    pub facts: Vec<i32>,
}

impl Replay {
    /// A case before its first event, with so many facts to be asked.
    pub fn new(facts: usize) -> Self {
        let zero = StoredCase::read(&[B256::ZERO; zhengtong_bindings::CASE_SLOTS]);
        Self {
            case: zero,
            facts: vec![UNKNOWN; facts],
        }
    }

    /// The bits of all facts.
    pub fn all_facts(&self) -> u32 {
        u32::MAX
            .checked_shr(32 - self.facts.len().min(32) as u32)
            .unwrap_or(0)
    }

    /// Applies one event in a block of that time, or says why it cannot stand here.
    pub fn apply(&mut self, event: &Event, seconds: u64) -> Result<(), String> {
        let Some((_, seq)) = event.case_seq() else {
            return Ok(());
        };
        if seq != self.case.events {
            return Err(format!(
                "{} has number {seq}, but {} was next",
                event.name(),
                self.case.events
            ));
        }
        if (seq == 0) != matches!(event, Event::CaseOpened { .. }) {
            return Err(format!("{} has number {seq}", event.name()));
        }
        self.case.events += 1;
        self.step(event, seconds)
    }

    fn step(&mut self, event: &Event, seconds: u64) -> Result<(), String> {
        let has_all_facts = self.case.answered == self.all_facts();
        let case = &mut self.case;
        let name = event.name();
        match event {
            Event::CaseOpened {
                service,
                applicant,
                version,
                rule_set,
                form,
                promised_by,
                statutory_by,
                ..
            } => {
                (case.applicant, case.version, case.rule_set, case.form) =
                    (*applicant, *version, *rule_set, *form);
                (case.promised_by, case.statutory_by, case.opened_at) =
                    (*promised_by, *statutory_by, seconds);
                (case.status, case.row, case.service) = (ASKING, NO_ROW, word(service)?);
            }
            Event::FactsRequested { .. } => expect(name, case.status, &[ASKING])?,
            Event::FactsAttested { mask, values, .. } => {
                expect(name, case.status, &[ASKING])?;
                self.attest(*mask, values)?;
            }
            Event::ReviewRequested { cause, row, .. } => {
                expect(name, case.status, &[ASKING])?;
                // Before all facts are in, a case goes to a person only when the promise was broken.
                let is_handed_over = case.escalated && (*cause, *row) == (Cause::Unknown, NO_ROW);
                if !has_all_facts && !is_handed_over {
                    return Err(format!("{name} while facts are missing"));
                }
                (case.status, case.cause, case.row) = (REVIEW, *cause as u8, *row);
            }
            Event::SupplementRequested { .. } => {
                expect(name, case.status, &[REVIEW])?;
                (case.status, case.asked_more, case.paused_at) = (SUPPLEMENT, true, seconds);
            }
            Event::Supplemented {
                form,
                promised_by,
                statutory_by,
                ..
            } => {
                expect(name, case.status, &[SUPPLEMENT])?;
                let paused = seconds.saturating_sub(case.paused_at);
                if (*promised_by, *statutory_by) != (case.promised_by + paused, case.statutory_by + paused) {
                    return Err(format!("{name}: the clocks do not go on where they stood"));
                }
                (case.promised_by, case.statutory_by, case.paused_at) = (*promised_by, *statutory_by, 0);
                (case.status, case.form) = (REVIEW, *form);
            }
            Event::Decided {
                service,
                officer,
                outcome,
                row,
                amount_fen,
                appeal_by,
                ..
            } => {
                expect(
                    name,
                    case.status,
                    if officer.is_zero() { &[ASKING] } else { &[REVIEW] },
                )?;
                if word(service)? != case.service {
                    return Err(format!("{name} names another service"));
                }
                if officer.is_zero() && !has_all_facts {
                    return Err(format!("{name} by the rules while facts are missing"));
                }
                if case.appealed && *officer == case.officer {
                    return Err(format!(
                        "{name}: the officer who decided before decided the appeal too"
                    ));
                }
                case.status = match outcome {
                    Outcome::Approve => APPROVED,
                    Outcome::Refuse => REFUSED,
                    Outcome::Review => return Err(format!("{name} decides nothing")),
                };
                (case.row, case.amount_fen, case.frozen) = (*row, *amount_fen, false);
                (case.officer, case.appeal_by) = (*officer, *appeal_by);
            }
            Event::Appealed {
                promised_by,
                statutory_by,
                ..
            } => {
                expect(name, case.status, &[APPROVED, REFUSED])?;
                if case.appealed || seconds > case.appeal_by {
                    return Err(format!("{name}: there was no appeal any more"));
                }
                (case.status, case.cause, case.appealed, case.frozen) = (REVIEW, APPEAL, true, true);
                (case.asked_more, case.escalated, case.paused_at, case.appeal_by) = (false, false, 0, 0);
                (case.promised_by, case.statutory_by) = (*promised_by, *statutory_by);
            }
            Event::Escalated { .. } => {
                expect(name, case.status, &[ASKING, REVIEW])?;
                case.escalated = true;
            }
            Event::Closed { .. } => {
                expect(name, case.status, &[APPROVED, REFUSED])?;
                case.status = CLOSED;
            }
            _ => {}
        }
        Ok(())
    }

    fn attest(&mut self, mask: u32, values: &[i32]) -> Result<(), String> {
        if mask & self.case.answered != 0 {
            return Err("FactsAttested: a fact is answered twice".into());
        }
        if mask & !self.all_facts() != 0 || mask.count_ones() as usize != values.len() {
            return Err("FactsAttested: the answers do not fit the questions".into());
        }
        for (bit, value) in bits(mask).zip(values) {
            self.facts[usize::from(bit)] = *value;
        }
        self.case.answered |= mask;
        Ok(())
    }

    /// The first field in which the case differs from what the chain stores.
    pub fn difference(&self, stored: &StoredCase) -> Option<String> {
        let case = &self.case;
        macro_rules! differs {
            ($($field:ident),+ $(,)?) => {
                $(if case.$field != stored.$field {
                    let (said, held) = (&case.$field, &stored.$field);
                    return Some(format!("{}: {said:?} / {held:?}", stringify!($field)));
                })+
            };
        }
        differs!(
            applicant,
            status,
            row,
            version,
            events,
            opened_at,
            promised_by,
            statutory_by,
            appeal_by,
            paused_at,
            answered,
            frozen,
            cause,
            amount_fen,
            service,
            rule_set,
            form,
            officer,
            asked_more,
            appealed,
            escalated,
        );
        None
    }
}

fn expect(name: &str, status: u8, allowed: &[u8]) -> Result<(), String> {
    if allowed.contains(&status) {
        Ok(())
    } else {
        Err(format!("{name} does not follow from status {status}"))
    }
}

fn word(slug: &Slug) -> Result<B256, String> {
    parse_slug(slug.as_str()).map_err(|error| error.to_string())
}
