//! What a gateway needs of a chain. [`ClientPort`] is the real one; tests run the contracts in memory.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use thiserror::Error;
use zhengtong_client::{Checkpoint, Client, ClientError};
use zhengtong_types::{VerifiedBlock, VerifiedReceipt};

/// Why the chain gave nothing.
#[derive(Debug, Error)]
pub enum ChainError {
    /// It may work later: no connection, or not final yet.
    #[error("{0}")]
    Temporary(String),
    /// The node refused a transaction or a call.
    #[error("{0}")]
    Refused(String),
    /// The node's answer is not proven, or is of another network: nothing of it is believed.
    #[error("{0}")]
    Untrusted(String),
}

impl From<ClientError> for ChainError {
    fn from(error: ClientError) -> Self {
        let text = error.to_string();
        match error {
            _ if error.is_temporary() => Self::Temporary(text),
            ClientError::Refused { .. } | ClientError::Reverted { .. } => Self::Refused(text),
            ClientError::Answer { .. } => Self::Temporary(text),
            _ => Self::Untrusted(text),
        }
    }
}

/// A connection to the chain. Everything but [`ChainPort::call`] and [`ChainPort::pending_nonce`] is verified.
#[async_trait]
pub trait ChainPort: Send + Sync + 'static {
    /// EIP-155 chain id.
    fn chain_id(&self) -> u64;

    /// Names the network for ever: its public key.
    fn network(&self) -> String;

    /// The next nonce of an account, counting what waits; as the node says.
    async fn pending_nonce(&self, of: Address) -> Result<u64, ChainError>;

    /// Hands over a signed transaction; answers once it is stored durably. One that is known already is no error.
    async fn send(&self, raw: &Bytes) -> Result<B256, ChainError>;

    /// The verified receipt once the transaction is final; `None` if it is not after `limit`.
    async fn wait_final(&self, hash: B256, limit: Duration) -> Result<Option<VerifiedReceipt>, ChainError>;

    /// Calls a function that changes nothing; as the node says, so only for what a hash can check.
    async fn call(&self, to: Address, data: Bytes) -> Result<Bytes, ChainError>;

    /// Every finalized block after `last` (from block 1 if none), in order; does not end. After an error it goes on
    /// with the block that failed.
    fn follow(&self, last: Option<Checkpoint>) -> BoxStream<'static, Result<VerifiedBlock, ChainError>>;
}

/// A node, through the verifying client.
pub struct ClientPort {
    client: Client,
    network: String,
}

impl ClientPort {
    /// Takes a connected client of a Zhengtong network.
    ///
    /// # Errors
    /// The node gives no proofs.
    pub fn new(client: Client) -> Result<Self, ChainError> {
        let network = client.network()?.public_key.to_string();
        Ok(Self { client, network })
    }
}

#[async_trait]
impl ChainPort for ClientPort {
    fn chain_id(&self) -> u64 {
        self.client.chain_id()
    }

    fn network(&self) -> String {
        self.network.clone()
    }

    async fn pending_nonce(&self, of: Address) -> Result<u64, ChainError> {
        Ok(self.client.pending_nonce(of).await?)
    }

    async fn send(&self, raw: &Bytes) -> Result<B256, ChainError> {
        Ok(self.client.send(raw).await?)
    }

    async fn wait_final(&self, hash: B256, limit: Duration) -> Result<Option<VerifiedReceipt>, ChainError> {
        match self.client.wait_final_for(hash, limit).await {
            Ok(receipt) => Ok(Some(receipt)),
            Err(ClientError::NotFinal { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn call(&self, to: Address, data: Bytes) -> Result<Bytes, ChainError> {
        let request = TransactionRequest::default().to(to).input(data.into());
        Ok(self.client.call(&request, None).await?)
    }

    fn follow(&self, last: Option<Checkpoint>) -> BoxStream<'static, Result<VerifiedBlock, ChainError>> {
        let blocks = match last {
            Some(last) => self.client.follow_after(last),
            None => self.client.follow(1),
        };
        blocks.map(|block| block.map_err(ChainError::from)).boxed()
    }
}
