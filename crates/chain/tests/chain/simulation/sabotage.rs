//! Builds that are wrong on purpose: each is noticed, and by the property that is about it.

use super::{
    application::{AnyQuota, AnyRoot, AnyToken, Lie},
    cluster::{Cluster, good_link},
    conduct::Conduct,
    members::Members,
    property::Finding,
    run::{Report, judge, judge_as_it_is, members, settings},
    seat::Seat,
};
use crate::common::FORGER;
use commonware_runtime::{Runner as _, deterministic};
use std::{sync::Arc, time::Duration};
use zhengtong_chain::Rules;

const SIZE: usize = 4;
const SEED: u64 = 1;

fn seats(conducts: [Conduct; SIZE]) -> Vec<Seat> {
    conducts
        .into_iter()
        .enumerate()
        .map(|(index, conduct)| Seat::new(index, conduct))
        .collect()
}

/// The properties that a run violated, in order.
fn violated(report: &Report) -> Vec<&'static str> {
    report
        .violations
        .iter()
        .map(|violation| violation.property)
        .collect()
}

/// Validators 0 and up to `twins` vote twice; each side of them sees one of the two others, who cannot see each other.
fn vote_twice(twins: usize) -> Report {
    let mut conducts = [Conduct::Honest; SIZE];
    conducts[..twins].fill(Conduct::Twin);
    let members_of = |other: usize| (0..twins).chain([other]).collect::<Vec<_>>();
    let sides = match twins {
        2 => [members_of(2), members_of(3)],
        _ => [vec![0, 1, 2], vec![0, 3]],
    };
    deterministic::Runner::new(settings(SEED)).start(async move |context| {
        let members_now = Members::new(seats(conducts));
        let mut cluster = Cluster::start(context, members(SIZE), members_now, sides.clone()).await;
        cluster.join(&sides, &good_link()).await;
        cluster.traffic(6).await;
        cluster.wait(Duration::from_secs(10)).await;
        // Were the two linked again, their engines would stop at the sight of the other chain.
        judge_as_it_is(cluster).await
    })
}

#[test]
fn a_build_that_votes_twice_is_noticed() {
    let report = vote_twice(2);
    assert_eq!(violated(&report), ["agreement"], "{report:#?}");
    assert!(matches!(
        report.violations[0].finding,
        Finding::Disagreement { .. }
    ));
    // One of four that votes twice does no harm.
    let report = vote_twice(1);
    assert_eq!(violated(&report), [""; 0], "{report:#?}");
}

/// One validator proposes lies; the others follow these rules instead of their own, or their own.
fn lie(lie: Lie, careless: Option<Arc<dyn Rules>>) -> Report {
    deterministic::Runner::new(settings(SEED)).start(async move |context| {
        let mut conducts = [Conduct::Honest; SIZE];
        conducts[0] = Conduct::Repeats(lie);
        let mut seats = seats(conducts);
        for seat in &mut seats {
            if let Some(rules) = &careless {
                seat.rules = Some(Arc::clone(rules));
            }
        }
        let mut cluster =
            Cluster::start(context, members(SIZE), Members::new(seats), Default::default()).await;
        cluster.traffic(6).await;
        cluster.wait(Duration::from_secs(20)).await;
        judge(cluster).await
    })
}

#[test]
fn a_build_that_skips_the_root_check_is_noticed() {
    let report = lie(Lie::StateRoot, Some(Arc::new(AnyRoot)));
    assert_eq!(violated(&report), ["same state"], "{report:#?}");
    let Finding::WrongState { applied, .. } = &report.violations[0].finding else {
        panic!("{report:#?}");
    };
    assert_eq!(applied.root, !applied.stated, "it is the lie that was told");
    let report = lie(Lie::StateRoot, None);
    assert_eq!(violated(&report), [""; 0], "{report:#?}");
}

#[test]
fn a_build_that_skips_the_quota_check_is_noticed() {
    let report = lie(Lie::OverQuota, Some(Arc::new(AnyQuota)));
    assert_eq!(violated(&report), ["within limits"], "{report:#?}");
    let Finding::OverLimit { what, got, limit, .. } = &report.violations[0].finding else {
        panic!("{report:#?}");
    };
    assert!(what.starts_with("gas of ") && got > limit, "{report:#?}");
    let report = lie(Lie::OverQuota, None);
    assert_eq!(violated(&report), [""; 0], "{report:#?}");
    assert!(report.incidents.lies > 0, "it was tried: {report:#?}");
}

/// The forger's transactions may run; it is only somebody else's quota that they are counted in.
#[test]
fn a_build_that_believes_every_token_is_noticed() {
    let report = lie(Lie::Forged, Some(Arc::new(AnyToken)));
    assert_eq!(violated(&report), ["within limits"], "{report:#?}");
    let Finding::Miscounted {
        account,
        counted,
        used,
        ..
    } = &report.violations[0].finding
    else {
        panic!("{report:#?}");
    };
    assert_eq!(*account, crate::common::account(FORGER).address());
    assert!(counted[1] == 0 && used[1] > 0, "{report:#?}");
    let report = lie(Lie::Forged, None);
    assert_eq!(violated(&report), [""; 0], "{report:#?}");
    assert!(report.incidents.lies > 0, "it was tried: {report:#?}");
}

/// A validator that nobody hears acknowledges a transaction, and its machine stops at once.
fn acknowledge_and_stop(durable: bool) -> Report {
    deterministic::Runner::new(settings(SEED)).start(async move |context| {
        let seats = seats([Conduct::Honest; SIZE]);
        let mut cluster =
            Cluster::start(context, members(SIZE), Members::new(seats), Default::default()).await;
        cluster.traffic(2).await;
        cluster.join(&[vec![0], vec![1, 2, 3]], &good_link()).await;
        if !durable {
            cluster.seat(0).faults().pretend(Some("-pool"));
        }
        cluster.submit_at(&[0]).await;
        cluster.stop_one(0);
        cluster.wait(Duration::from_secs(2)).await;
        judge(cluster).await
    })
}

#[test]
fn a_build_that_acknowledges_before_it_is_durable_is_noticed() {
    let report = acknowledge_and_stop(false);
    assert_eq!(violated(&report), ["nothing lost"], "{report:#?}");
    assert!(matches!(report.violations[0].finding, Finding::Lost { .. }));
    let report = acknowledge_and_stop(true);
    assert_eq!(violated(&report), [""; 0], "{report:#?}");
}
