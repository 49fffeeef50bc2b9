//! What another process has used of the processors (Linux).

use anyhow::{Context, Result};
use std::{fs, time::Duration};

/// Clock ticks a second in `/proc`; fixed at 100 on every Linux that Rust runs on.
const TICKS_PER_SECOND: u64 = 100;

/// User and system time of a process with all its threads, from `/proc/<pid>/stat`, fields 14 and 15 (proc(5)).
fn used(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat =
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}; is the server running?"))?;
    parse(&stat).with_context(|| format!("{path} has an unexpected form"))
}

/// The same of several processes together.
pub fn used_by_all(pids: &[u32]) -> Result<Duration> {
    pids.iter().map(|pid| used(*pid)).sum()
}

fn parse(stat: &str) -> Option<Duration> {
    // The name in parentheses may contain spaces, so count from behind it.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_is_skipped() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 100 0 0";
        assert_eq!(parse(stat), Some(Duration::from_secs(3)));
        assert_eq!(parse("nonsense"), None);
    }
}
