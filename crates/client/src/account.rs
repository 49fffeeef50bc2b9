//! One key that submits transactions, in order, from one place.

use crate::{
    Client, ClientError,
    limits::{FINAL_TIMEOUT, GAS_MARGIN, MAX_NONCE_TRIES, RESEND_INTERVAL},
};
use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use std::{sync::Arc, time::Instant};
use thiserror::Error;
use tokio::sync::Mutex;
use zhengtong_types::VerifiedReceipt;

/// Why a transaction was not submitted, or did not do what it should.
#[derive(Debug, Error)]
pub enum AccountError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("signing failed: {0}")]
    Sign(#[from] alloy_signer::Error),
    #[error("transaction {hash} was executed and reverted")]
    Failed { hash: B256 },
}

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub to: TxKind,
    pub data: Bytes,
    pub value: U256,
    /// The gas limit; without one the node is asked, which also tells in advance that a call would revert.
    pub gas_limit: Option<u64>,
}

impl Call {
    /// Calls a contract's function.
    pub fn new(contract: Address, call: &impl SolCall) -> Self {
        Self {
            to: contract.into(),
            data: call.abi_encode().into(),
            value: U256::ZERO,
            gas_limit: None,
        }
    }
}

/// A key and its nonces. Clones share both; two accounts of one key must not be used at once.
#[derive(Clone, Debug)]
pub struct Account {
    client: Client,
    signer: PrivateKeySigner,
    /// The next nonce, once it is known.
    nonce: Arc<Mutex<Option<u64>>>,
}

impl Account {
    pub fn new(client: Client, signer: PrivateKeySigner) -> Self {
        Self {
            client,
            signer,
            nonce: Arc::default(),
        }
    }

    pub const fn address(&self) -> Address {
        self.signer.address()
    }

    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Signs with the next nonce and sends. Returns the signed transaction and its hash once the node has stored it.
    pub async fn submit(&self, call: &Call) -> Result<(B256, Bytes), AccountError> {
        let gas_limit = match call.gas_limit {
            Some(gas_limit) => gas_limit,
            None => self.client.estimate(self.address(), call).await?,
        };
        let (max_fee, priority_fee) = self.client.fees().await?;
        // One at a time: the next nonce is known only when the node has taken this one.
        let mut next = self.nonce.lock().await;
        let mut tries = 1;
        loop {
            let nonce = match *next {
                Some(nonce) => nonce,
                None => self.client.pending_nonce(self.address()).await?,
            };
            let raw = self.sign(call, nonce, gas_limit, max_fee, priority_fee)?;
            match self.client.send(&raw).await {
                Ok(hash) => {
                    *next = Some(nonce + 1);
                    return Ok((hash, raw));
                }
                Err(refused) => {
                    // Whatever the reason, the nonce is looked up before the next transaction.
                    *next = None;
                    let is_refused = matches!(refused, ClientError::Refused { .. });
                    if !is_refused || tries >= MAX_NONCE_TRIES {
                        return Err(refused.into());
                    }
                    let found = self.client.pending_nonce(self.address()).await?;
                    if found == nonce {
                        return Err(refused.into());
                    }
                    *next = Some(found);
                    tries += 1;
                }
            }
        }
    }

    /// Submits, waits until the transaction is final, and verifies the receipt.
    pub async fn execute(&self, call: &Call) -> Result<VerifiedReceipt, AccountError> {
        let (hash, raw) = self.submit(call).await?;
        self.client.settle(hash, &raw).await
    }

    fn sign(
        &self,
        call: &Call,
        nonce: u64,
        gas_limit: u64,
        max_fee: u128,
        priority_fee: u128,
    ) -> Result<Bytes, AccountError> {
        let transaction = self
            .client
            .transaction(call, nonce, gas_limit, (max_fee, priority_fee));
        let signature = self.signer.sign_hash_sync(&transaction.signature_hash())?;
        Ok(TxEnvelope::from(transaction.into_signed(signature))
            .encoded_2718()
            .into())
    }
}

impl Client {
    /// The next transaction of an account whose key is elsewhere: to be signed there, then sent.
    pub async fn prepare(&self, from: Address, call: &Call) -> Result<TxEip1559, ClientError> {
        let gas_limit = match call.gas_limit {
            Some(gas_limit) => gas_limit,
            None => self.estimate(from, call).await?,
        };
        let fees = self.fees().await?;
        let nonce = self.pending_nonce(from).await?;
        Ok(self.transaction(call, nonce, gas_limit, fees))
    }

    /// Waits until a transaction that was sent is final, and verifies the receipt.
    ///
    /// The same signed transaction is sent again while it is not final, so a node that lost it gets it back, and a
    /// transaction is executed once at most.
    pub async fn settle(&self, hash: B256, raw: &Bytes) -> Result<VerifiedReceipt, AccountError> {
        let started = Instant::now();
        loop {
            match self.wait_final_for(hash, RESEND_INTERVAL).await {
                Ok(receipt) if receipt.succeeded() => return Ok(receipt),
                Ok(_) => return Err(AccountError::Failed { hash }),
                Err(ClientError::NotFinal { .. }) if started.elapsed() < FINAL_TIMEOUT => {
                    self.send(raw).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn estimate(&self, from: Address, call: &Call) -> Result<u64, ClientError> {
        let request = TransactionRequest {
            from: Some(from),
            to: Some(call.to),
            value: Some(call.value),
            input: call.data.clone().into(),
            ..TransactionRequest::default()
        };
        let gas = self.estimate_gas(&request).await?;
        Ok(gas.saturating_add(gas / GAS_MARGIN))
    }

    fn transaction(&self, call: &Call, nonce: u64, gas_limit: u64, fees: (u128, u128)) -> TxEip1559 {
        TxEip1559 {
            chain_id: self.chain_id(),
            nonce,
            gas_limit,
            max_fee_per_gas: fees.0,
            max_priority_fee_per_gas: fees.1,
            to: call.to,
            value: call.value,
            access_list: Default::default(),
            input: call.data.clone(),
        }
    }
}
