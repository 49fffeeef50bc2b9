//! What was measured, for a person and for the rest of `make bench`.

use anyhow::{Context, Result};
use serde::Serialize;
use std::{path::Path, time::Duration};

/// One figure.
#[derive(Debug, Serialize)]
pub struct Row {
    pub what: String,
    pub value: String,
    pub unit: &'static str,
}

/// Figures that belong together.
#[derive(Debug, Serialize)]
pub struct Section {
    pub title: String,
    pub rows: Vec<Row>,
}

impl Section {
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, what: impl Into<String>, value: impl Into<String>, unit: &'static str) {
        let (what, value) = (what.into(), value.into());
        self.rows.push(Row { what, value, unit });
    }
}

/// Prints the sections, aligned.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub fn print(sections: &[Section]) {
    for section in sections {
        let width = |of: fn(&Row) -> &str| section.rows.iter().map(|row| of(row).chars().count()).max();
        let what = width(|row| &row.what).unwrap_or_default();
        let value = width(|row| &row.value).unwrap_or_default();
        println!("\n{}", section.title);
        for row in &section.rows {
            println!("  {:<what$}  {:>value$}  {}", row.what, row.value, row.unit);
        }
    }
}

/// Writes the sections as JSON.
pub fn write(sections: &[Section], path: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(sections)?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The middle one.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    percentile(values, 0.5)
}

/// The value that a share of the samples does not exceed (nearest rank); 0 without samples.
pub fn percentile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Median and 99th percentile in milliseconds.
pub fn p50_p99_ms(times: &[Duration]) -> String {
    let ms = |share| percentile(times.iter().map(|time| time.as_secs_f64() * 1000.0), share);
    format!("{:.1} / {:.1}", ms(0.5), ms(0.99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        // The example of Wikipedia's "Percentile", nearest-rank method.
        let values = [15.0, 20.0, 35.0, 40.0, 50.0];
        let found = [0.05, 0.3, 0.4, 0.5, 1.0].map(|share| percentile(values, share));
        assert_eq!(found, [15.0, 20.0, 20.0, 35.0, 50.0]);
        assert_eq!(percentile([], 0.5), 0.0);
    }
}
