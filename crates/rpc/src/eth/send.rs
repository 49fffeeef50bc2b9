//! Submitting transactions.

use super::transactions::receipt;
use crate::{RpcError, limits::MAX_SYNC_WAIT, server::Methods};
use alloy_primitives::{Bytes, U64};
use std::time::{Duration, Instant};
use tokio::{sync::broadcast::error::RecvError, time::timeout};
use zhengtong_chain::{ChainView, SubmitError};

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_sendRawTransaction", |api, mut args| async move {
        let raw: Bytes = args.required("transaction")?;
        args.end()?;
        Ok(api.view.submit(raw).await?)
    });
    methods.add("eth_sendRawTransactionSync", |api, mut args| async move {
        let raw: Bytes = args.required("transaction")?;
        let wait_ms: Option<U64> = args.optional("timeout")?;
        args.end()?;
        // A time that is none is as good as unnamed (EIP-7966).
        let wait = match wait_ms.map(|ms| Duration::from_millis(ms.to())) {
            None | Some(Duration::ZERO) => MAX_SYNC_WAIT,
            Some(wait) => wait.min(MAX_SYNC_WAIT),
        };
        let mut blocks = api.view.subscribe();
        let started = Instant::now();
        let hash = api.view.submit(raw).await.map_err(|error| match error {
            SubmitError::NonceTooHigh { expected, .. } => RpcError::NonceGap {
                expected,
                message: error.to_string(),
            },
            other => other.into(),
        })?;
        loop {
            if let Some(receipt) = api.read(move |view| receipt(view, hash)).await? {
                return Ok(receipt);
            }
            let left = wait.checked_sub(started.elapsed()).ok_or(RpcError::NotYet {
                hash,
                waited_ms: wait.as_millis(),
            })?;
            match timeout(left, blocks.recv()).await {
                Ok(Ok(_) | Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) => return Err(RpcError::Internal("the node is stopping".into())),
                Err(_) => {
                    return Err(RpcError::NotYet {
                        hash,
                        waited_ms: wait.as_millis(),
                    });
                }
            }
        }
    });
}
