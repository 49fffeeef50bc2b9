//! How much one byzantine leader of four holds up the others.

use super::{
    application::Lie,
    cluster::Cluster,
    conduct::{Conduct, Withheld},
    members::Members,
    run::{members, settings},
    seat::Seat,
};
use commonware_runtime::{Runner as _, deterministic};
use std::time::Duration;

const SIZE: usize = 4;
const TIME: Duration = Duration::from_secs(120);

/// Blocks that three honest validators finalize in [`TIME`] when nothing but the time moves them.
fn blocks(conduct: Conduct) -> u64 {
    deterministic::Runner::new(settings(1)).start(async move |context| {
        let seats = (0..SIZE)
            .map(|index| Seat::new(index, if index == 0 { conduct } else { Conduct::Honest }))
            .collect();
        let mut cluster =
            Cluster::start(context, members(SIZE), Members::new(seats), Default::default()).await;
        cluster.wait(TIME).await;
        let height = cluster.height();
        cluster.part();
        height
    })
}

#[test]
fn blocks_ahead_of_time_delay_no_more_than_blocks_that_never_come() {
    let absent = blocks(Conduct::Withholds(Withheld::Blocks));
    let early = blocks(Conduct::Repeats(Lie::Soon));
    assert!(
        early >= absent,
        "{early} blocks, with one that is absent {absent}"
    );
}
