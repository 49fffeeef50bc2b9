//! Four validators and a follower: killed, stopped, started again; nothing acknowledged is missing.

use crate::{
    commands::{add_follower, found},
    transfers::{RECEIVER, Sender, agree, all_final, connect},
};
use alloy_primitives::U256;
use std::time::Duration;
use zhengtong_client::Client;

const VALIDATORS: usize = 4;
/// How long two of four are watched not to go on. They cannot, so this is never too short to pass.
const WATCHED: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn any_one_may_die_and_two_stop_the_others_until_one_returns() {
    let root = tempfile::tempdir().expect("a folder");
    let setup = found(root.path(), VALIDATORS);
    add_follower(&setup, VALIDATORS);
    let follower = VALIDATORS;
    let mut running: Vec<_> = (0..=follower).map(|index| Some(setup.start(index))).collect();
    let mut clients: Vec<Client> = Vec::new();
    for rpc in &setup.rpc {
        clients.push(connect(*rpc, setup.key).await);
    }
    let mut senders: Vec<Sender> = (0..=follower).map(Sender::new).collect();

    // All are up; the last is the follower, which passes on what it accepts.
    for (sender, client) in senders.iter_mut().zip(&clients) {
        let hash = sender.send(client).await;
        all_final(client, &[hash]).await;
    }

    // Any one may die: here the one that has just acknowledged something.
    for victim in 0..VALIDATORS {
        senders[victim].send(&clients[victim]).await;
        running[victim].take().expect("it runs").kill();
        for other in (0..=follower).filter(|other| *other != victim) {
            let hash = senders[other].send(&clients[other]).await;
            all_final(&clients[other], &[hash]).await;
        }
        running[victim] = Some(setup.start(victim));
        let last = *senders[victim].acknowledged.last().expect("it acknowledged");
        all_final(&clients[victim], &[last]).await;
    }

    // Two may not: the others accept, and nothing becomes final.
    running[0].take().expect("it runs").kill();
    running[1].take().expect("it runs").terminate();
    let waiting = senders[2].send(&clients[2]).await;
    tokio::time::sleep(WATCHED).await;
    for index in [2, 3, follower] {
        assert!(
            clients[index].receipt(waiting).await.is_err(),
            "node {index} has it final without a quorum"
        );
    }

    // One returns, and they go on.
    running[1] = Some(setup.start(1));
    for client in &clients[1..=follower] {
        all_final(client, &[waiting]).await;
    }
    // A follower dies too, and fetches what it missed.
    running[follower].take().expect("it runs").kill();
    let missed = senders[3].send(&clients[3]).await;
    all_final(&clients[3], &[missed]).await;
    running[follower] = Some(setup.start(follower));
    running[0] = Some(setup.start(0));

    let acknowledged: Vec<_> = senders
        .iter()
        .flat_map(|sender| sender.acknowledged.clone())
        .collect();
    for client in &clients {
        all_final(client, &acknowledged).await;
        let paid = client.balance(RECEIVER).await.expect("it serves");
        assert_eq!(paid, U256::from(acknowledged.len()));
    }
    let height = agree(&clients).await;
    println!(
        "{} acknowledged, all final on {} nodes at block {height}",
        acknowledged.len(),
        clients.len()
    );
    for process in running.into_iter().flatten() {
        process.terminate();
    }
}
