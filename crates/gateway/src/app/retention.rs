//! How long what is kept: periods by class of data from a file, applied by themselves, each application on record.
//!
//! A period begins with the last sign of life of a case: its link, an event, a statement. A case that somebody still works
//! on, or whose person's records an order keeps, is left alone, and counted. A sealed answer's begins with the answer.
//!
//! To add a class of data about a case: its name and kind in [`CLASSES`], and a line in every `agencies/*/retention.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use super::deletion::{Books, DeletionError};
use crate::bounded;
use crate::store::RetentionRow;

const DAY_MS: u64 = 24 * 3600 * 1000;
/// The longest period, in days: a century.
pub const MAX_DAYS: u32 = 36_500;
/// The most bytes of a retention file.
pub const MAX_FILE_BYTES: u64 = 64 * 1024;
/// Counters of attempts: they are not about a case.
const ATTEMPT: &str = "attempt";
/// Records of refused access: neither are they.
const REFUSAL: &str = "refusal";
/// Answers to requests, sealed to the person: they outlive a deletion, so nothing but a period ends them.
const ANSWER: &str = "answer";
/// Classes of data about a case: kind in the vault, and whether names of the kind begin with `0x`.
const CLASSES: [(&str, bool); 5] = [
    ("link", true),
    ("form", true),
    ("statement", false),
    ("credential", true),
    (super::exchange::RECEIVED, true),
];

/// A period, and why it is that long.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Days after the last sign of life, or after the answer.
    pub days: u32,
    /// The law or decision it rests on.
    pub basis: String,
}

/// Periods by class. A class that has none is kept until a person is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Retention {
    classes: BTreeMap<String, Rule>,
}

/// Why a retention file is refused.
#[derive(Debug, Error)]
pub enum RetentionError {
    /// It cannot be read.
    #[error("retention file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is too large.
    #[error("retention file {path} has more than {MAX_FILE_BYTES} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is not as agreed.
    #[error("retention file {path}: {problem}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl Retention {
    /// Reads a file; one that is missing keeps everything.
    ///
    /// # Errors
    /// See [`RetentionError`].
    pub fn load(path: &Path) -> Result<Self, RetentionError> {
        let failed = |source| RetentionError::Read {
            path: path.into(),
            source,
        };
        let text = match bounded::read_text(path, MAX_FILE_BYTES) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            other => other.map_err(failed)?,
        };
        let text = text.ok_or_else(|| RetentionError::TooLarge { path: path.into() })?;
        Self::parse(&text).map_err(|problem| RetentionError::Malformed {
            path: path.into(),
            problem,
        })
    }

    /// Reads TOML: a table a class, with `days` and `basis`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let retention: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        for (class, rule) in &retention.classes {
            if ![ATTEMPT, REFUSAL, ANSWER].contains(&class.as_str())
                && !CLASSES.iter().any(|(known, _)| known == class)
            {
                return Err(format!("[{class}] is no class of data"));
            }
            if rule.days == 0 || rule.days > MAX_DAYS {
                return Err(format!("[{class}] days must be 1 to {MAX_DAYS}"));
            }
            if rule.basis.trim().is_empty() {
                return Err(format!(
                    "[{class}] basis must say which law or decision it rests on"
                ));
            }
        }
        Ok(retention)
    }

    /// The classes and their periods.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.classes.iter().map(|(class, rule)| (class.as_str(), rule))
    }
}

impl Books<'_> {
    /// Removes what has been kept long enough, and keeps a record of each class in which there was something to do.
    ///
    /// # Errors
    /// The disk fails: what was removed stays removed, the rest comes with the next run.
    pub async fn apply(&self, retention: &Retention) -> Result<Vec<RetentionRow>, DeletionError> {
        let mut runs = Vec::new();
        for (class, rule) in retention.rules() {
            let before_ms = self.now_ms.saturating_sub(u64::from(rule.days) * DAY_MS);
            let mut run = RetentionRow {
                at_ms: self.now_ms,
                class: class.to_owned(),
                days: rule.days.into(),
                cases: 0,
                records: 0,
                held: 0,
            };
            match CLASSES.iter().find(|(known, _)| *known == class) {
                Some((kind, has_prefix)) => self.apply_class(kind, *has_prefix, before_ms, &mut run).await?,
                None if class == REFUSAL => run.records = self.store.drop_refusals(before_ms).await?,
                None if class == ANSWER => {
                    (run.records, run.held) = self.store.drop_answers(before_ms, self.now_ms).await?;
                }
                None => run.records = self.store.drop_attempts(before_ms / 1000).await?,
            }
            if run.cases + run.records > 0 {
                self.store.put_retention_run(&run).await?;
                runs.push(run);
            }
        }
        if !runs.is_empty() {
            self.vault.scrub().await?;
            self.store.scrub().await?;
        }
        Ok(runs)
    }

    async fn apply_class(
        &self,
        kind: &'static str,
        has_prefix: bool,
        before_ms: u64,
        run: &mut RetentionRow,
    ) -> Result<(), DeletionError> {
        for (case_id, linked) in self.store.expired_cases(kind, before_ms).await? {
            let alone = self.vault.applicant(&case_id.0);
            let subject = linked.unwrap_or(alone);
            if self.standing_hold(subject).await?.is_some() {
                run.held += 1;
                continue;
            }
            let name = if has_prefix {
                format!("{case_id:#x}")
            } else {
                format!("{case_id:x}")
            };
            let mut removed = self.vault.remove_all(alone, kind, &name).await?;
            if subject != alone {
                removed += self.vault.remove_all(subject, kind, &name).await?;
            }
            self.store.put_retained(case_id, kind, self.now_ms).await?;
            run.cases += u64::from(removed > 0);
            run.records += removed;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_known_classes_with_a_period_and_a_basis() {
        let good =
            "[link]\ndays = 30\nbasis = \"个人信息保护法 第十九条\"\n[attempt]\ndays = 1\nbasis = \"x\"\n";
        assert_eq!(Retention::parse(good).unwrap().rules().count(), 2);
        for (text, word) in [
            ("[links]\ndays = 1\nbasis = \"x\"", "links"),
            ("[link]\ndays = 0\nbasis = \"x\"", "days"),
            ("[link]\ndays = 36501\nbasis = \"x\"", "days"),
            ("[link]\ndays = 1\nbasis = \" \"", "basis"),
            ("[link]\ndays = 1", "basis"),
            ("[link]\ndays = -1\nbasis = \"x\"", "-1"),
            ("[link]\ndays = 1\nbasis = \"x\"\nmore = 1", "more"),
        ] {
            let refused = Retention::parse(text).unwrap_err();
            assert!(refused.contains(word), "{text}: {refused}");
        }
    }
}
