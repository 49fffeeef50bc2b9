//! An authority signs tokens of the allowance, residents show them at several validators, and one validator forges.

use super::{
    application::Lie,
    cluster::{Cluster, RECEIVER},
    conduct::Conduct,
    members::Members,
    run::{judge, settings},
    seat::Seat,
};
use crate::{
    common::{account, blank, network_of_terms, quotas, sign},
    tokens::{KEY, Token, modulus},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{B256, TxKind};
use alloy_sol_types::SolCall as _;
use commonware_runtime::{Clock as _, Runner as _, deterministic};
use std::time::{Duration, UNIX_EPOCH};
use zhengtong_bindings::{
    IDENTITY, RESIDENTS, addresses, allowance_window,
    allowances::Allowances,
    registry::{IRegistry::Organisation, Registry},
    slug,
};
use zhengtong_chain::{
    ChainView as _,
    quota::{Standing, standing},
};
use zhengtong_evm::Database as _;

const SIZE: usize = 4;
/// The one that lies; the others are honest.
const LIAR: usize = SIZE - 1;
const SEED: u64 = 1;
/// The first of the residents' accounts, which nobody has seen.
const RESIDENT: u64 = 3_000;
const RESIDENTS_COUNT: usize = 3;
/// Of what a resident sends: more than it uses.
const GAS_LIMIT: u64 = 50_000;
/// What a token buys, and all of them in an epoch: four and six of these.
const TOKEN_GAS: [u64; 2] = [4 * GAS_LIMIT, 6 * GAS_LIMIT];
const ROUNDS: usize = 12;

/// Founds an authority whose key is for today.
async fn found(cluster: &mut Cluster<'_>) {
    let (at, id) = (addresses(), slug("police"));
    let organisation = Registry::setOrganisationCall {
        id,
        o: Organisation {
            attester: account(1).address(),
            roles: IDENTITY,
            encryptionKey: B256::repeat_byte(1),
            name: "police".into(),
            gateway: "https://police.example".into(),
        },
    };
    let key = Allowances::publishCall {
        window: today(cluster),
        modulus: modulus(&KEY),
    };
    let issuer = Allowances::setIssuerCall { organisation: id };
    cluster.govern(at.registry, organisation.abi_encode()).await;
    cluster.govern(at.allowances, issuer.abi_encode()).await;
    cluster.govern(at.allowances, key.abi_encode()).await;
}

fn today(cluster: &Cluster<'_>) -> u64 {
    let now = cluster.context.current().duration_since(UNIX_EPOCH);
    allowance_window(now.expect("after 1970").as_secs())
}

fn now(cluster: &Cluster<'_>, index: u64) -> Standing {
    let view = cluster.seat(0).view().expect("it serves");
    let number = view.tip().header.number;
    let mut state = view.state(number).expect("the tip is kept");
    standing(
        view.quotas().expect("it counts"),
        account(index).address(),
        number + 1,
        |contract, slot| state.storage(contract, slot),
    )
    .expect("memory reads")
}

/// The signatures are salted at random, so that hashes differ from run to run; what is counted does not depend on them.
#[test]
fn tokens_count_alike_everywhere_and_forged_ones_nowhere() {
    let mut terms = quotas();
    let residents = &mut terms.classes[usize::from(RESIDENTS)];
    (residents.account, residents.total) = (TOKEN_GAS[0], TOKEN_GAS[1]);
    let network: &'static _ = Box::leak(Box::new(network_of_terms(SIZE, SIZE as u64, terms)));
    deterministic::Runner::new(settings(SEED)).start(async move |context| {
        let conduct = |index| match index {
            LIAR => Conduct::Repeats(Lie::Forged),
            _ => Conduct::Honest,
        };
        let seats = (0..SIZE).map(|index| Seat::new(index, conduct(index)));
        let members = Members::new(seats.collect());
        let mut cluster = Cluster::start(context, network, members, Default::default()).await;
        found(&mut cluster).await;
        let window = today(&cluster);
        let keys: Vec<_> = (0..RESIDENTS_COUNT as u64)
            .map(|which| account(RESIDENT + which))
            .collect();
        let mut nonces = [0; RESIDENTS_COUNT];
        for round in 0..ROUNDS {
            for (which, key) in keys.iter().enumerate() {
                // At another honest validator each time, and a token of each is shown more than once.
                let view = cluster.seat((which + round) % LIAR).view().expect("it serves");
                let input = match round % 3 {
                    0 => Token::issue(key.address(), window, B256::ZERO).at_the_end_of(&[]),
                    _ => Default::default(),
                };
                let transaction = TxEip1559 {
                    nonce: nonces[which],
                    gas_limit: GAS_LIMIT,
                    to: TxKind::Call(RECEIVER),
                    input,
                    ..blank()
                };
                let hash = view.submit(sign(key, transaction)).await.expect("somebody pays");
                cluster.members.acknowledged.push(hash);
                nonces[which] += 1;
            }
            cluster.traffic(1).await;
            cluster.wait(Duration::from_secs(2)).await;
        }
        cluster.settle().await;
        for which in 0..RESIDENTS_COUNT as u64 {
            let found = now(&cluster, RESIDENT + which);
            let token = found.token.expect("it has shown one");
            let used = token.account.used;
            assert!(used > 0 && used <= TOKEN_GAS[0], "{found:?}");
        }
        let report = judge(cluster).await;
        assert!(report.violations.is_empty(), "{report:#?}");
        assert!(report.incidents.lies > 0, "it was tried: {report:#?}");
    });
}
