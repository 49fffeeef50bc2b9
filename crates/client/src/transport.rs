//! Requests over HTTP, tried again a bounded number of times while no node can be reached.

use crate::{
    ClientError,
    limits::{
        CONNECT_TIMEOUT, FIRST_RETRY_WAIT, MAX_CONCURRENT_REQUESTS, MAX_NODES, MAX_REQUEST_BYTES,
        MAX_RESPONSE_BYTES, MAX_RETRY_WAIT, MAX_TRIES, REQUEST_TIMEOUT, SAY_INTERVAL,
    },
};
use alloy_primitives::Bytes;
use jsonrpsee::{
    core::client::{ClientT as _, Error},
    http_client::HttpClient,
    types::{ErrorObjectOwned, error::METHOD_NOT_FOUND_CODE},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

/// geth's code for a revert.
const REVERTED: i32 = 3;
/// EIP-1474's code for a node that is starting or stopping.
const UNAVAILABLE: i32 = -32002;

/// One node, or several of one network: when the current one cannot be reached, the next one is asked from then on.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    nodes: Arc<[Node]>,
    current: Arc<AtomicUsize>,
    silence: Arc<Mutex<Silence>>,
}

/// That no node answers is said when it begins, and then each minute: whoever waits knows what for.
#[derive(Debug, Default)]
struct Silence {
    said: Option<Instant>,
}

impl Silence {
    /// Whether to say it now.
    fn goes_on(&mut self, now: Instant) -> bool {
        let is_due = self
            .said
            .is_none_or(|said| now.saturating_duration_since(said) >= SAY_INTERVAL);
        if is_due {
            self.said = Some(now);
        }
        is_due
    }

    /// A node answers; whether it was said that none does.
    fn ends(&mut self) -> bool {
        self.said.take().is_some()
    }
}

#[derive(Debug)]
struct Node {
    http: HttpClient,
    url: String,
}

impl Transport {
    /// Addresses separated by commas.
    pub(crate) fn new(urls: &str) -> Result<Self, ClientError> {
        let nodes: Vec<Node> = urls.split(',').map(Node::new).collect::<Result<_, _>>()?;
        if nodes.len() > MAX_NODES {
            return Err(ClientError::Url {
                url: urls.to_owned(),
                reason: format!("{} addresses, at most {MAX_NODES}", nodes.len()),
            });
        }
        Ok(Self {
            nodes: nodes.into(),
            current: Arc::default(),
            silence: Arc::default(),
        })
    }

    /// Makes a request that may be made twice without harm.
    pub(crate) async fn request<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &impl Serialize,
    ) -> Result<T, ClientError> {
        let params = Params::new(method, params)?;
        let (mut wait, mut tries) = (FIRST_RETRY_WAIT, 1);
        loop {
            let at = self.current.load(Ordering::Relaxed);
            let node = &self.nodes[at % self.nodes.len()];
            let failed = match node
                .http
                .request::<Box<RawValue>, _>(method, params.clone())
                .await
            {
                Ok(value) => {
                    if self.silence().ends() {
                        tracing::warn!(url = node.url, "a node answers again");
                    }
                    return serde_json::from_str(value.get()).map_err(|e| ClientError::Answer {
                        method,
                        reason: e.to_string(),
                    });
                }
                Err(Error::Call(error)) if error.code() != UNAVAILABLE => {
                    self.silence().ends();
                    return Err(refused(method, &error));
                }
                Err(Error::ParseError(error)) => {
                    return Err(ClientError::Answer {
                        method,
                        reason: error.to_string(),
                    });
                }
                Err(error) => error,
            };
            // Once is a connection that the node closed, or one node of several.
            if tries as usize > self.nodes.len() && self.silence().goes_on(Instant::now()) {
                tracing::warn!(
                    url = node.url,
                    %failed,
                    "no node serves; look whether it runs, is ready and serves JSON-RPC there, and whether the \
                     address (`rpc_url`, or --rpc) is right; trying again"
                );
            }
            if tries == MAX_TRIES {
                return Err(ClientError::Unreachable {
                    url: node.url.clone(),
                    tries,
                    reason: failed.to_string(),
                });
            }
            tracing::debug!(method, tries, %failed, url = node.url, "the node cannot be reached; trying the next");
            // Another request may have moved on already.
            let moved =
                self.current
                    .compare_exchange(at, at.wrapping_add(1), Ordering::Relaxed, Ordering::Relaxed);
            if moved.is_ok() && self.nodes.len() > 1 {
                tracing::info!(url = node.url, "a node cannot be reached; asking the next one");
            }
            tokio::time::sleep(wait).await;
            (wait, tries) = ((wait * 2).min(MAX_RETRY_WAIT), tries + 1);
        }
    }
}

impl Transport {
    fn silence(&self) -> MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    fn new(url: &str) -> Result<Self, ClientError> {
        let url = url.trim();
        let http = HttpClient::builder()
            .max_request_size(MAX_REQUEST_BYTES)
            .max_response_size(MAX_RESPONSE_BYTES)
            .max_concurrent_requests(MAX_CONCURRENT_REQUESTS)
            .connect_timeout(CONNECT_TIMEOUT)
            .request_timeout(REQUEST_TIMEOUT)
            .build(url)
            .map_err(|e| ClientError::Url {
                url: url.to_owned(),
                reason: e.to_string(),
            })?;
        Ok(Self {
            http,
            url: url.to_owned(),
        })
    }
}

fn refused(method: &'static str, error: &ErrorObjectOwned) -> ClientError {
    match error.code() {
        METHOD_NOT_FOUND_CODE if method.starts_with("zhengtong_") => ClientError::NoProofs { method },
        REVERTED => {
            let output = error
                .data()
                .and_then(|data| serde_json::from_str::<Bytes>(data.get()).ok());
            ClientError::Reverted {
                message: error.message().to_owned(),
                output: output.unwrap_or_default(),
            }
        }
        code => ClientError::Refused {
            method,
            code,
            message: error.message().to_owned(),
        },
    }
}

/// Positional parameters, encoded once.
#[derive(Clone)]
struct Params(Box<RawValue>);

impl Params {
    fn new(method: &'static str, params: &impl Serialize) -> Result<Self, ClientError> {
        let encoded = serde_json::value::to_raw_value(params);
        encoded.map(Self).map_err(|e| ClientError::Answer {
            method,
            reason: e.to_string(),
        })
    }
}

impl jsonrpsee::core::traits::ToRpcParams for Params {
    fn to_rpc_params(self) -> Result<Option<Box<RawValue>>, serde_json::Error> {
        Ok(Some(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_said_at_once_each_minute_and_anew() {
        let (mut silence, start) = (Silence::default(), Instant::now());
        assert!(!silence.ends(), "nothing was said");
        assert!(silence.goes_on(start));
        assert!(!silence.goes_on(start + SAY_INTERVAL / 2));
        assert!(silence.goes_on(start + SAY_INTERVAL));
        assert!(silence.ends());
        assert!(silence.goes_on(start + SAY_INTERVAL));
    }
}
