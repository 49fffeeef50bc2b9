//! The load itself: kept HTTP/1.1 connections, each with one request under way, bodies made beforehand.
//!
//! The generator runs on the machine that it measures, so it does as little as it can for each request.

use super::http::request;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::future::try_join_all;
use std::{
    cell::Cell,
    io::Write as _,
    net,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Builder,
};

/// How an answer begins that is not an error, whatever the order of its members.
const RESULT: &[u8] = b"\"result\":\"0x";
const RECEIPT: &[u8] = b"\"result\":{";

const MAX_HEADERS: usize = 32;

/// One connection. It writes and reads HTTP as it stands on the wire: a client library takes as long as a third of what is
/// measured.
struct Lane {
    stream: TcpStream,
    /// All of a request before its length.
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Lane {
    /// Over a connection to `host:port`. Must be called within a Tokio runtime.
    fn over(stream: net::TcpStream, address: &str) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let stream = TcpStream::from_std(stream)?;
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: "
        );
        Ok(Self {
            stream,
            head,
            request: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Sends a JSON-RPC request and takes in the whole answer, which must be a hash or a receipt.
    async fn post(&mut self, body: &[u8]) -> Result<()> {
        self.request.clear();
        write!(self.request, "{}{}\r\n\r\n", self.head, body.len())?;
        self.request.extend(body);
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let answer = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed a connection in the middle of an answer");
            }
            if let Some(answer) = whole(&self.answer)? {
                break answer;
            }
        };
        let has = |part: &[u8]| answer.windows(part.len()).any(|bytes| bytes == part);
        if has(RESULT) || has(RECEIPT) {
            return Ok(());
        }
        bail!("a transaction was refused: {}", String::from_utf8_lossy(answer))
    }
}

/// The body of an answer, once all of it is there.
fn whole(answer: &[u8]) -> Result<Option<&[u8]>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(answer)? else {
        return Ok(None);
    };
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .context("an answer does not say how long it is")?;
    let length: usize = std::str::from_utf8(length.value)?.parse()?;
    Ok(answer.get(head..head + length))
}

/// A raw transaction as the body of a request.
pub fn body(method: &str, raw: &str) -> Bytes {
    request(1, method, &format!(r#"["{raw}"]"#)).into()
}

fn connect(address: &str) -> Result<net::TcpStream> {
    net::TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))
}

/// Connections that are there before anything is measured: whoever finds a server's queue full waits a second.
pub struct Lanes {
    address: String,
    streams: Vec<net::TcpStream>,
}

impl Lanes {
    /// Connects to `host:port` that often, one after the other.
    pub fn connect(address: &str, count: usize) -> Result<Self> {
        let streams = (0..count).map(|_| connect(address));
        Ok(Self {
            address: address.to_owned(),
            streams: streams.collect::<Result<_>>()?,
        })
    }

    /// Sends every body once, each lane taking the next as soon as it is answered. A thread of its own does it, so that nothing
    /// has to be woken across threads.
    pub async fn send(self, bodies: &[Bytes]) -> Result<()> {
        let bodies = bodies.to_vec();
        let sent = tokio::task::spawn_blocking(move || {
            let runtime = Builder::new_current_thread().enable_io().build()?;
            runtime.block_on(self.send_here(&bodies))
        });
        sent.await?
    }

    async fn send_here(self, bodies: &[Bytes]) -> Result<()> {
        let next = Cell::new(0);
        let lane = async |stream| {
            let mut lane = Lane::over(stream, &self.address)?;
            while let Some(body) = bodies.get(next.replace(next.get() + 1)) {
                lane.post(body).await?;
            }
            anyhow::Ok(())
        };
        try_join_all(self.streams.into_iter().map(lane)).await?;
        Ok(())
    }
}

/// Sends one body after the other until there are no more, or `ended` says so; how long each took.
pub async fn send_each(address: &str, bodies: &[Bytes], ended: &Cell<bool>) -> Result<Vec<Duration>> {
    let mut lane = Lane::over(connect(address)?, address)?;
    let mut took = Vec::with_capacity(bodies.len());
    for body in bodies {
        if ended.get() {
            break;
        }
        let started = Instant::now();
        lane.post(body).await?;
        took.push(started.elapsed());
    }
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 16\r\n\r\n{\"result\":\"0x1\"}";

    #[test]
    fn an_answer_is_read_once_all_of_it_is_there() {
        for end in 0..ANSWER.len() {
            assert_eq!(
                whole(&ANSWER[..end]).expect("nothing is wrong with it"),
                None,
                "{end}"
            );
        }
        let body = whole(ANSWER)
            .expect("nothing is wrong with it")
            .expect("it is whole");
        assert_eq!(body, b"{\"result\":\"0x1\"}");
    }

    #[test]
    fn an_answer_of_unknown_length_is_an_error() {
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n";
        assert!(whole(chunked).is_err());
        assert!(whole(b"no HTTP\r\n\r\n").is_err());
    }
}
