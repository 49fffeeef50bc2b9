//! Where a transfer's processor time goes: what each part costs by itself, beside what the whole node used.

use super::report::Section;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::Path;

/// One line of what `cargo bench -p zhengtong-chain --bench parts` writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    part: String,
    cpu_per_thousand_s: f64,
    wall_per_thousand_s: f64,
}

pub fn read(path: &Path) -> Result<Vec<Part>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a list of parts", path.display()))
}

/// The parts, what is left for everything else, and the floor: a node that did nothing but these parts.
pub fn section(parts: &[Part], http_cpu_s: f64, total_cpu_s: f64) -> Section {
    const UNIT: &str = "CPU-s per 1,000, share";
    let mut section = Section::new("where zhengtong's processor time goes (each part measured by itself)");
    let mut row = |what: &str, cpu_s: f64| {
        let share = cpu_s / total_cpu_s * 100.0;
        section.row(what, format!("{cpu_s:.4}  {share:>3.0} %"), UNIT);
    };
    for part in parts {
        row(&part.part, part.cpu_per_thousand_s);
    }
    row("HTTP and JSON of one request", http_cpu_s);
    let floor = parts.iter().map(|part| part.cpu_per_thousand_s).sum::<f64>() + http_cpu_s;
    row(
        "everything else: consensus, pool, waking threads",
        total_cpu_s - floor,
    );
    row("the whole node", total_cpu_s);
    row("floor: the parts alone", floor);
    for part in parts.iter().filter(|part| part.waits()) {
        let wall = format!("{:.4}", part.wall_per_thousand_s);
        section.row(
            format!("{}, waiting for the disk", part.part),
            wall,
            "s per 1,000",
        );
    }
    section
}

impl Part {
    /// Whether most of its time is not the processor's.
    fn waits(&self) -> bool {
        self.wall_per_thousand_s > 2.0 * self.cpu_per_thousand_s
    }
}
