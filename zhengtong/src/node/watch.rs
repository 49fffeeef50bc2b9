//! What the operator is told while a node runs: that it catches up, that no block comes and what may be the reason, and what
//! it does in the network when that changes.

use std::time::Duration;
use zhengtong_chain::Peers;
use zhengtong_types::EpochRole;

/// How often somebody looks.
pub const LOOK: Duration = Duration::from_secs(1);
/// Without a new block for this long, and then again and again, a line says so. Many heartbeats long.
const QUIET: Duration = Duration::from_secs(30);
/// A block that is older was made while this node was away.
const OLD: Duration = Duration::from_secs(30);
/// How often progress is shown to who waits for a node to catch up.
const PROGRESS: Duration = Duration::from_secs(10);

/// What is seen of a node.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    pub block: u64,
    /// How old that block is, by this machine's clock.
    pub age: Duration,
    /// The epoch and what the node does in it, once that is known.
    pub role: Option<(u64, EpochRole)>,
}

/// Remembers what was seen and said. Times are since the start.
#[derive(Default)]
pub struct Watch {
    block: Option<u64>,
    since: Duration,
    /// Lines about the block that does not come.
    complaints: u32,
    /// When progress was shown last, while the node catches up.
    behind: Option<Duration>,
    role: Option<EpochRole>,
}

impl Watch {
    /// What is to be said of what is seen now. `peers` are looked up if they matter; `None` is a network of one.
    pub fn look(
        &mut self,
        now: Duration,
        sight: &Sight,
        peers: impl FnOnce() -> Option<Peers>,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some((epoch, role)) = sight.role
            && self.role.replace(role).is_some_and(|before| before != role)
        {
            lines.push(format!("epoch {epoch}: {}", doing(role)));
        }
        if self.block == Some(sight.block) {
            let quiet = now.saturating_sub(self.since);
            if quiet >= QUIET * (self.complaints + 1) {
                self.complaints = (quiet.as_secs() / QUIET.as_secs()) as u32;
                lines.push(complaint(quiet, sight, peers()));
            }
            return lines;
        }
        if self.complaints > 0 {
            let quiet = spell(now.saturating_sub(self.since));
            lines.push(format!("block {}, after {quiet}", sight.block));
        }
        (self.block, self.since, self.complaints) = (Some(sight.block), now, 0);
        lines.extend(self.progress(now, sight));
        lines
    }

    fn progress(&mut self, now: Duration, sight: &Sight) -> Option<String> {
        // The genesis is as old as the network.
        if sight.block == 0 {
            return None;
        }
        if sight.age <= OLD {
            let shown = self.behind.take()?;
            // It was never said that it is behind.
            return (shown > Duration::ZERO).then(|| format!("caught up at block {}", sight.block));
        }
        let shown = *self.behind.get_or_insert(Duration::ZERO);
        if now.saturating_sub(shown) < PROGRESS {
            return None;
        }
        self.behind = Some(now);
        let age = spell(sight.age);
        Some(format!("catching up: block {}, made {age} ago", sight.block))
    }
}

/// What a node does in an epoch.
pub const fn doing(role: EpochRole) -> &'static str {
    match role {
        EpochRole::Validator => "this node votes",
        EpochRole::WithoutShare => "this node is a validator without its share, and does not vote",
        EpochRole::Restored => {
            "this node does not have what it voted (its data was made from a backup, or is in part gone), and votes from the first epoch on that begins while it runs"
        }
        EpochRole::Follower => "this node follows",
    }
}

fn complaint(quiet: Duration, sight: &Sight, peers: Option<Peers>) -> String {
    let (quiet, block) = (spell(quiet), sight.block);
    let Some(peers) = peers else {
        return format!("no block after {block} for {quiet}: this is the only validator; see its log");
    };
    let role = sight.role.map(|(_, role)| role);
    if peers.connected == 0 && peers.shut_out == 0 {
        let first = match role {
            Some(EpochRole::Follower) | None => {
                "have the validators admitted this node (`zhengtong network admit`, and a start of theirs)"
            }
            Some(_) => "do the others run",
        };
        return format!(
            "no block after {block} for {quiet}: {peers}; {first}, is the network file theirs (`zhengtong network check` must show the same hash), can their addresses in it be reached, and is this clock within five seconds of theirs?"
        );
    }
    let advice = match role {
        _ if peers.connected == 0 => "",
        Some(EpochRole::Restored) => {
            "; this node has no vote in this epoch, so all but a third of the validators must vote without it. If more than that have lost their data, no epoch begins any more: see \"Lose more than f\" in docs/operations.md"
        }
        Some(EpochRole::Validator | EpochRole::WithoutShare) => {
            "; a third of the validators or more may be away, or may not vote: `zhengtong_getValidators` of each says its role"
        }
        Some(EpochRole::Follower) | None => {
            "; they may have none either: ask /readyz of a validator, and whether the validators still admit this node"
        }
    };
    format!("no block after {block} for {quiet}: {peers}{advice}")
}

/// A time as people say it, in its two largest units.
pub fn spell(time: Duration) -> String {
    const UNITS: [(u64, &str, &str); 4] = [
        (86_400, "day", "days"),
        (3_600, "h", "h"),
        (60, "min", "min"),
        (1, "s", "s"),
    ];
    let (mut left, mut words) = (time.as_secs(), Vec::new());
    for (seconds, one, more) in UNITS {
        let count = left / seconds;
        left %= seconds;
        if count > 0 {
            words.push(format!("{count} {}", if count == 1 { one } else { more }));
        } else if !words.is_empty() {
            break;
        }
        if words.len() == 2 {
            break;
        }
    }
    if words.is_empty() {
        return "0 s".into();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn sight(block: u64, age: u64, role: EpochRole) -> Sight {
        Sight {
            block,
            age: at(age),
            role: Some((0, role)),
        }
    }

    fn peers(connected: usize, shut_out: usize) -> impl Fn() -> Option<Peers> {
        move || Some(Peers { connected, shut_out })
    }

    #[test]
    fn a_node_that_nobody_admits_says_so_every_half_minute() {
        let mut watch = Watch::default();
        let nothing = sight(0, 9_000, EpochRole::Follower);
        let mut said = Vec::new();
        for second in 0..=95 {
            let lines = watch.look(at(second), &nothing, peers(0, 0));
            said.extend(lines.into_iter().map(|line| (second, line)));
        }
        let seconds: Vec<_> = said.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [30, 60, 90]);
        let (_, last) = &said[2];
        assert!(
            last.starts_with("no block after 0 for 1 min 30 s: connected to no other node")
                && last.contains("have the validators admitted this node"),
            "{last}"
        );
        let first = sight(1, 2, EpochRole::Follower);
        assert_eq!(
            watch.look(at(100), &first, peers(3, 0)),
            ["block 1, after 1 min 40 s"]
        );
        assert!(watch.look(at(129), &first, peers(3, 0)).is_empty());
        assert_eq!(watch.look(at(130), &first, peers(3, 0)).len(), 1);
    }

    #[test]
    fn what_may_be_wrong_depends_on_who_waits_for_whom() {
        let waits = |role, peers: &dyn Fn() -> Option<Peers>| {
            let mut watch = Watch::default();
            assert!(watch.look(at(0), &sight(7, 2, role), peers).is_empty());
            watch.look(at(30), &sight(7, 2, role), peers).join("")
        };
        let alone = waits(EpochRole::Validator, &peers(0, 0));
        assert!(
            alone.contains("do the others run") && alone.contains("is the network file theirs"),
            "{alone}"
        );
        assert!(waits(EpochRole::Validator, &peers(2, 0)).contains("zhengtong_getValidators"));
        assert!(waits(EpochRole::Restored, &peers(3, 0)).contains("Lose more than f"));
        assert!(waits(EpochRole::Follower, &peers(2, 0)).contains("/readyz"));
        let other = waits(EpochRole::Follower, &peers(0, 4));
        assert!(
            other.contains("4 shut out") && !other.contains("is the network file theirs"),
            "{other}"
        );
        assert!(waits(EpochRole::Validator, &|| None).contains("only validator"));
    }

    #[test]
    fn a_long_replay_shows_how_far_it_is_and_when_it_is_over() {
        let mut watch = Watch::default();
        let mut said = Vec::new();
        for second in 1..=25 {
            let old = sight(second * 1_000, 90_000 - (second - 1) * 3_600, EpochRole::Follower);
            said.extend(watch.look(at(second), &old, peers(4, 0)));
        }
        for second in [26, 27] {
            let young = sight(second * 1_000, 1, EpochRole::Follower);
            said.extend(watch.look(at(second), &young, peers(4, 0)));
        }
        assert_eq!(
            said,
            [
                "catching up: block 10000, made 16 h ago",
                "catching up: block 20000, made 6 h ago",
                "caught up at block 26000"
            ]
        );
    }

    #[test]
    fn what_a_node_does_is_said_when_it_changes() {
        let mut watch = Watch::default();
        let follower = sight(1, 1, EpochRole::Follower);
        assert!(watch.look(at(0), &follower, peers(4, 0)).is_empty());
        let voted_in = Sight {
            role: Some((3, EpochRole::Validator)),
            ..sight(2, 1, EpochRole::Validator)
        };
        assert_eq!(
            watch.look(at(1), &voted_in, peers(4, 0)),
            ["epoch 3: this node votes"]
        );
        assert!(watch.look(at(2), &voted_in, peers(4, 0)).is_empty());
    }

    #[test]
    fn times_are_said_as_people_do() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (90, "1 min 30 s"),
            (3_600, "1 h"),
            (86_400, "1 day"),
            (7 * 86_400, "7 days"),
            (90_061, "1 day 1 h"),
            (86_401, "1 day"),
        ] {
            assert_eq!(spell(at(seconds)), said);
        }
    }
}
