//! Exchanges, end to end: the officer's request at one gateway, consent, use record, finality, record, sealed and signed
//! answer from the other; and the same query without any of it, so that the price of the gate is known.

mod plain;
mod resident;
mod stage;

use super::{
    Exchanges,
    report::{Section, p50_p99_ms},
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use stage::Stage;
use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

/// Exchanges that are made first and not counted.
const WARM_UP: usize = 50;

/// What one kind of request took.
struct Measured {
    wall: Duration,
    times: Vec<Duration>,
}

impl Measured {
    fn per_second(&self) -> String {
        format!("{:.0}", self.times.len() as f64 / self.wall.as_secs_f64())
    }
}

#[expect(clippy::print_stdout, reason = "progress of a long command")]
pub async fn measure(args: &Exchanges) -> Result<Vec<Section>> {
    let _ = std::fs::remove_dir_all(&args.folder);
    std::fs::create_dir_all(&args.folder)?;
    println!(
        "{} exchanges of {} cases, {} at once; one validator, two gateways{}",
        args.exchanges,
        args.cases,
        args.lanes,
        if args.databases.is_empty() {
            " on SQLite"
        } else {
            " on the databases given"
        }
    );
    let stage = Stage::build(args).await?;
    println!("prepared: {} cases with consent", stage.cases.len());
    let request = |index: usize| {
        let case = &stage.cases[index % stage.cases.len()];
        let url = format!("{}/v1/desk/cases/{case}/records", stage.consumer);
        let id = alloy_primitives::keccak256(format!("exchange {index}"));
        (
            url,
            json!({ "requestId": id, "provider": stage::PROVIDER, "record": "certificate" }),
        )
    };
    load(&stage.session, WARM_UP, args.lanes, request).await?;
    let gated = load(&stage.session, args.exchanges, args.lanes, |index| {
        request(index + WARM_UP)
    })
    .await?;
    let alone = load(&stage.session, WARM_UP, 1, |index| {
        request(index + WARM_UP + args.exchanges)
    })
    .await?;
    let plain = plain::serve(&stage.source)?;
    let open = |_| (plain.clone(), json!({ "number": stage.number }));
    load("", WARM_UP, args.lanes, open).await?;
    let ungated = load("", args.exchanges, args.lanes, open).await?;

    let mut section = Section::new("Exchange of a record between two gateways");
    section.row("exchanges", gated.per_second(), "/s");
    section.row("exchange, p50 / p99 under load", p50_p99_ms(&gated.times), "ms");
    section.row(
        "exchange, p50 / p99 one at a time",
        p50_p99_ms(&alone.times),
        "ms",
    );
    section.row("the same query, gate off", ungated.per_second(), "/s");
    section.row(
        "the same query, gate off, p50 / p99",
        p50_p99_ms(&ungated.times),
        "ms",
    );
    Ok(vec![section])
}

/// Makes `count` requests, `lanes` at a time; every one must be answered with the record.
async fn load(
    session: &str,
    count: usize,
    lanes: usize,
    request: impl Fn(usize) -> (String, Value),
) -> Result<Measured> {
    let client = reqwest::Client::new();
    let (next, times) = (Cell::new(0), RefCell::new(Vec::with_capacity(count)));
    let started = Instant::now();
    let lane = async || -> Result<()> {
        loop {
            let index = next.replace(next.get() + 1);
            if index >= count {
                return Ok(());
            }
            let (url, body) = request(index);
            let begun = Instant::now();
            let post = client
                .post(url)
                .header("authorization", session)
                .body(body.to_string());
            let answer = post.send().await.context("the gateway does not answer")?;
            let status = answer.status();
            let text = answer.text().await?;
            ensure!(
                status.is_success() && text.contains("certificate.grade"),
                "request {index}: {status}: {text}"
            );
            times.borrow_mut().push(begun.elapsed());
        }
    };
    futures::future::try_join_all((0..lanes).map(|_| lane())).await?;
    let wall = started.elapsed();
    Ok(Measured {
        wall,
        times: times.into_inner(),
    })
}
