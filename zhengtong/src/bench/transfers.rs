//! ERC-20 transfers: our validator, durable and certified, beside anvil, in memory, under the same load.

use super::{Transfers, cpu, load, server::Server};
use crate::dev::keys::test_accounts;
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};

/// What one server did.
struct Measured {
    transactions: usize,
    wall: Duration,
    cpu: Duration,
    /// From sending to the answer, over all requests of a lane: how fast the server acknowledged.
    acknowledged_per_s: f64,
}

impl Measured {
    fn per_second(&self) -> f64 {
        self.transactions as f64 / self.wall.as_secs_f64()
    }

    fn cpu_per_thousand_s(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / self.transactions as f64
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub async fn compare(args: &Transfers) -> Result<()> {
    let _ = std::fs::remove_dir_all(&args.folder);
    std::fs::create_dir_all(&args.folder)?;
    println!(
        "{} ERC-20 transfers of {} accounts, {} requests at a time, one HTTP request each",
        args.transfers, args.senders, args.lanes
    );

    let ours = Server::validator(&args.folder.join("validator")).await?;
    let chain_id = ours.http.quantity("eth_chainId", "[]").await?;
    let here = measure(&ours, args, false).await.context("our validator")?;
    drop(ours);
    line("zhengtong, 1 validator, durable", &here);

    let anvil = Server::anvil(&args.anvil, &args.folder.join("anvil"), chain_id).await?;
    let there = measure(&anvil, args, true).await.context("anvil")?;
    drop(anvil);
    line("anvil, --block-time 1", &there);

    println!(
        "ratio: {:.2} times the throughput, {:.2} times fewer CPU-seconds",
        here.per_second() / there.per_second(),
        there.cpu_per_thousand_s() / here.cpu_per_thousand_s()
    );
    Ok(())
}

async fn measure(server: &Server, args: &Transfers, is_anvil: bool) -> Result<Measured> {
    let funder = test_accounts()?.into_iter().next().context("no test account")?;
    if is_anvil {
        load::fund_on_anvil(&server.http, args.senders).await?;
    }
    let load = load::prepare(&server.http, &funder, args.senders, args.transfers).await?;
    let first_block = server.http.quantity("eth_blockNumber", "[]").await? + 1;
    let (cpu_before, started) = (cpu::used(server.pid())?, Instant::now());
    let mut answers = Vec::with_capacity(load.transactions.len());
    server
        .http
        .send_all(&load.transactions, args.lanes, Some(&mut answers))
        .await?;
    let acknowledged = started.elapsed();
    loop {
        let (count, _) = server.http.count_transactions(first_block).await?;
        if count >= load.transactions.len() {
            break;
        }
        ensure!(
            started.elapsed() < Duration::from_secs(600),
            "only {count} of {} were included",
            load.transactions.len()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(Measured {
        transactions: load.transactions.len(),
        wall: started.elapsed(),
        cpu: cpu::used(server.pid())?.saturating_sub(cpu_before),
        acknowledged_per_s: load.transactions.len() as f64 / acknowledged.as_secs_f64(),
    })
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn line(name: &str, measured: &Measured) {
    println!(
        "  {name:<32} {:>8.0} tx/s included  {:>8.0} tx/s acknowledged  {:>7.3} CPU-s per 1,000",
        measured.per_second(),
        measured.acknowledged_per_s,
        measured.cpu_per_thousand_s()
    );
}
