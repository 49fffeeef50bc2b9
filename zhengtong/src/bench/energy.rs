//! What the machine's processors have taken, where it tells (Linux's powercap: RAPL of Intel and AMD).

use std::{fs, path::PathBuf};

const FOLDER: &str = "/sys/class/powercap";

/// The counters of all processor packages.
pub struct Meter(Vec<Package>);

struct Package {
    /// Microjoules since some moment; begins again after `range_uj`.
    path: PathBuf,
    range_uj: u64,
    before_uj: u64,
}

impl Meter {
    /// Begins to measure; `None` where the machine does not tell (most virtual ones), or only root may read.
    pub fn start() -> Option<Self> {
        let folders = fs::read_dir(FOLDER).ok()?.flatten().map(|entry| entry.path());
        let packages: Vec<Package> = folders
            .filter(|folder| read_text(folder.join("name")).is_some_and(|name| name.starts_with("package")))
            .filter_map(|folder| {
                let path = folder.join("energy_uj");
                Some(Package {
                    before_uj: read(&path)?,
                    range_uj: read(&folder.join("max_energy_range_uj"))?,
                    path,
                })
            })
            .collect();
        (!packages.is_empty()).then_some(Self(packages))
    }

    /// Joules of all packages since the start, of everything that ran on them.
    pub fn joules(&self) -> Option<f64> {
        let used = self
            .0
            .iter()
            .map(|package| Some(since(package.before_uj, read(&package.path)?, package.range_uj)));
        let used_uj = used.sum::<Option<u64>>()?;
        Some(used_uj as f64 / 1e6)
    }
}

/// The difference of two readings of a counter that begins again after `range`.
fn since(before: u64, now: u64, range: u64) -> u64 {
    now.checked_sub(before)
        .unwrap_or_else(|| range.saturating_sub(before).saturating_add(now))
}

fn read(path: &std::path::Path) -> Option<u64> {
    read_text(path.into())?.parse().ok()
}

fn read_text(path: PathBuf) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

#[test]
fn a_counter_that_began_again_is_understood() {
    assert_eq!(since(10, 25, 100), 15);
    assert_eq!(since(90, 5, 100), 15);
}
