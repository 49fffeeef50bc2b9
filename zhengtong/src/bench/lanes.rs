//! The load itself: kept HTTP/1.1 connections, each with one request under way, bodies made beforehand.
//!
//! The generator runs on the machine that it measures, so it does as little as it can for each request.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::future::try_join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request,
    client::conn::http1::{SendRequest, handshake},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use std::{
    cell::Cell,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

/// How an answer begins that is not an error, whatever the order of its members.
const RESULT: &[u8] = b"\"result\":\"0x";
const RECEIPT: &[u8] = b"\"result\":{";

/// One connection.
pub struct Lane {
    sender: SendRequest<Full<Bytes>>,
    address: String,
}

impl Lane {
    /// Connects to `host:port`. The connection ends with the runtime.
    pub async fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            sender,
            address: address.to_owned(),
        })
    }

    /// Sends a JSON-RPC request and returns the whole answer, which must be a hash or a receipt.
    async fn post(&mut self, body: Bytes) -> Result<()> {
        let request = Request::post("/")
            .header(HOST, &self.address)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let bytes = answer.into_body().collect().await?.to_bytes();
        let starts = |with: &[u8]| bytes.windows(with.len()).any(|part| part == with);
        if starts(RESULT) || starts(RECEIPT) {
            return Ok(());
        }
        bail!("a transaction was refused: {}", String::from_utf8_lossy(&bytes))
    }
}

/// A raw transaction as the body of a request.
pub fn body(method: &str, raw: &str) -> Bytes {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":["{raw}"]}}"#).into()
}

/// Sends every body once, over `lanes` connections at a time, each lane taking the next as soon as it is answered.
pub async fn send_all(address: &str, bodies: &[Bytes], lanes: usize) -> Result<()> {
    let next = Cell::new(0);
    let lane = async || {
        let mut lane = Lane::connect(address).await?;
        while let Some(body) = bodies.get(next.replace(next.get() + 1)) {
            lane.post(body.clone()).await?;
        }
        anyhow::Ok(())
    };
    try_join_all((0..lanes).map(|_| lane())).await?;
    Ok(())
}

/// Sends one body after the other until there are no more, or `ended` says so; how long each took.
pub async fn send_each(address: &str, bodies: &[Bytes], ended: &Cell<bool>) -> Result<Vec<Duration>> {
    let mut lane = Lane::connect(address).await?;
    let mut took = Vec::with_capacity(bodies.len());
    for body in bodies {
        if ended.get() {
            break;
        }
        let started = Instant::now();
        lane.post(body.clone()).await?;
        took.push(started.elapsed());
    }
    Ok(took)
}
