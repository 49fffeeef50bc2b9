//! What each part of a validator costs, from its own metrics.

use anyhow::{Context, Result};
use std::time::Duration;

/// The parts, as a person and as the metrics call them.
const PARTS: [(&str, &str); 7] = [
    ("recovery of senders", "recovery"),
    ("quotas, when a transaction is submitted", "quotas"),
    ("execution", "execution"),
    ("the state's tree", "commitment"),
    ("roots of receipts and transactions", "hashing"),
    ("block store", "storage"),
    ("journal", "journal"),
];

/// Processor time of each part since the validator started.
#[derive(Clone, Debug)]
pub struct Parts([Duration; PARTS.len()]);

impl Parts {
    /// Reads the metrics at `host:port`.
    pub async fn read(address: &str) -> Result<Self> {
        let url = format!("http://{address}/metrics");
        let answer = reqwest::get(&url)
            .await
            .with_context(|| format!("{url} does not answer"))?;
        Self::parse(&answer.error_for_status()?.text().await?)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut parts = [Duration::ZERO; PARTS.len()];
        for (part, (_, name)) in parts.iter_mut().zip(PARTS) {
            let ending = format!("chain_{name}_cpu_microseconds_total");
            let found = text.lines().find_map(|line| {
                let (metric, value) = line.split_once(' ')?;
                metric.ends_with(&ending).then_some(value)
            });
            let value = found.with_context(|| format!("the metrics have no {ending}"))?;
            *part = Duration::from_micros(value.parse().with_context(|| format!("{ending} is {value:?}"))?);
        }
        Ok(Self(parts))
    }

    /// What each part used since `before`, with its name.
    pub fn since(&self, before: &Self) -> Vec<(&'static str, Duration)> {
        let used = self
            .0
            .iter()
            .zip(before.0)
            .map(|(now, then)| now.saturating_sub(then));
        PARTS.iter().map(|(name, _)| *name).zip(used).collect()
    }
}

#[test]
fn parts_are_found_whatever_stands_before_their_names() {
    let text: String = PARTS
        .iter()
        .zip(1..)
        .map(|((_, name), value)| format!("validator_chain_{name}_cpu_microseconds_total {value}\n"))
        .collect();
    let parts = Parts::parse(&format!("# HELP x\n{text}# EOF\n")).unwrap();
    assert_eq!(parts.0[0], Duration::from_micros(1));
    assert_eq!(parts.0[6], Duration::from_micros(7));
    assert!(Parts::parse("# EOF\n").is_err());
}
