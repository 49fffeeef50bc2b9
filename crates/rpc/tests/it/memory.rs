//! Whether a process that is asked for a long time keeps what it should have let go (Linux).

use std::{
    fs,
    time::{Duration, Instant},
};

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(10);
/// Looks of a run that are worth a judgement: five minutes.
const ENOUGH: usize = 30;
/// What allocators and caches may still take after the first quarter: a leak of one allocation a request is far above it.
const SLACK_KIB: u64 = 16 * 1024;

/// The resident memory of a process, looked at every ten seconds.
pub struct Memory {
    pid: u32,
    looked: Instant,
    resident_kib: Vec<u64>,
}

impl Memory {
    pub fn of(pid: u32) -> Self {
        Self {
            pid,
            looked: Instant::now(),
            resident_kib: vec![resident_kib(pid)],
        }
    }

    pub fn look(&mut self) {
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.resident_kib.push(resident_kib(self.pid));
        }
    }

    /// The last quarter of the run took no more than its second quarter, but for a little slack. Says what was seen.
    pub fn require_flat(&self) -> String {
        let looks = &self.resident_kib;
        let quarter = looks.len() / 4;
        let said = format!("resident memory in KiB, every {LOOK:?}: {looks:?}");
        if looks.len() < ENOUGH {
            return format!("too short a run to judge its memory; {said}");
        }
        let (second, last) = (
            median(&looks[quarter..2 * quarter]),
            median(&looks[3 * quarter..]),
        );
        assert!(last <= second + second / 20 + SLACK_KIB, "memory grows: {said}");
        format!("memory is flat, {second} KiB and {last} KiB in the second and last quarter; {said}")
    }
}

fn median(looks: &[u64]) -> u64 {
    let mut sorted = looks.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// `VmRSS` of `/proc/<pid>/status`, see proc(5).
fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the node runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.expect("a running process has memory").trim().parse().unwrap()
}

#[test]
fn a_leak_is_told_from_a_cache_that_fills() {
    let of = |resident_kib: Vec<u64>| Memory {
        pid: 0,
        looked: Instant::now(),
        resident_kib,
    };
    let fills: Vec<u64> = (0..100)
        .map(|look| 300_000.min(100_000 + look * 20_000))
        .collect();
    assert!(of(fills).require_flat().starts_with("memory is flat"));
    let leaks: Vec<u64> = (0..100).map(|look| 300_000 + look * 1_000).collect();
    assert!(std::panic::catch_unwind(|| of(leaks).require_flat()).is_err());
    assert!(of(vec![1; ENOUGH - 1]).require_flat().starts_with("too short"));
}
