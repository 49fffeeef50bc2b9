//! The client: which network it is on, and what it can ask without a proof.

use crate::{ClientError, transport::Transport};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use alloy_rpc_types_eth::{Filter, Log, TransactionRequest, simulate::SimCallResult};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use zhengtong_types::{NetworkInfo, NetworkKey};

/// What is known of a network before the first connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The network's key. Without one, the key that the node tells is used: then proofs show that the node agrees with
    /// itself, and nothing more.
    pub key: Option<NetworkKey>,
    /// EIP-155 chain id.
    pub chain_id: Option<u64>,
}

/// A connection to a node, or to one of several. Clones share it.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) transport: Transport,
    chain_id: u64,
    network: Option<Arc<NetworkInfo>>,
}

impl Client {
    /// Connects to a node by its `http://` address and refuses it when its network has another key.
    ///
    /// Several addresses, separated by commas, are nodes of one network: when one cannot be reached, the next is asked.
    /// What is proven is proven whichever answers.
    pub async fn connect(url: &str, key: Option<NetworkKey>) -> Result<Self, ClientError> {
        Self::connect_to(url, Expected { key, chain_id: None }).await
    }

    /// Connects to a node and refuses it when its network is not the expected one.
    pub async fn connect_to(url: &str, expected: Expected) -> Result<Self, ClientError> {
        let transport = Transport::new(url)?;
        let chain_id: U64 = transport.request("eth_chainId", &json!([])).await?;
        let chain_id = chain_id.to();
        if let Some(expected) = expected.chain_id {
            same("the chain id", expected, chain_id)?;
        }
        let network: Option<NetworkInfo> = match transport.request("zhengtong_network", &json!([])).await {
            Ok(network) => Some(network),
            Err(ClientError::NoProofs { .. }) if expected.key.is_none() => None,
            Err(error) => return Err(error),
        };
        if let Some(network) = &network {
            same("the chain id", chain_id, network.chain_id)?;
            if let Some(key) = expected.key {
                same("the network key", key, network.public_key)?;
            }
        }
        Ok(Self {
            transport,
            chain_id,
            network: network.map(Arc::new),
        })
    }

    /// EIP-155 chain id.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// What the node says about its network; only key and chain id are checked.
    pub fn network(&self) -> Result<&NetworkInfo, ClientError> {
        self.network.as_deref().ok_or(ClientError::NoProofs {
            method: "zhengtong_network",
        })
    }

    pub(crate) fn key(&self) -> Result<&NetworkKey, ClientError> {
        Ok(&self.network()?.public_key)
    }

    /// Hands a signed EIP-2718 transaction to the node, which answers once it is stored durably.
    ///
    /// Sending one that the node already has is no error.
    pub async fn send(&self, raw: &Bytes) -> Result<B256, ClientError> {
        let hash = keccak256(raw);
        match self
            .transport
            .request::<B256>("eth_sendRawTransaction", &json!([raw]))
            .await
        {
            Ok(answered) if answered == hash => Ok(hash),
            Ok(answered) => Err(ClientError::Answer {
                method: "eth_sendRawTransaction",
                reason: format!("the hash is {hash}, the node says {answered}"),
            }),
            // Whatever goes wrong when asking, the refusal is what matters.
            Err(ClientError::Refused { .. }) if self.is_known(hash).await.unwrap_or(false) => Ok(hash),
            Err(error) => Err(error),
        }
    }

    async fn is_known(&self, hash: B256) -> Result<bool, ClientError> {
        let found: Value = self
            .transport
            .request("eth_getTransactionByHash", &json!([hash]))
            .await?;
        Ok(!found.is_null())
    }

    /// The number of the latest block, as the node says.
    pub async fn block_number(&self) -> Result<u64, ClientError> {
        let number: U64 = self.transport.request("eth_blockNumber", &json!([])).await?;
        Ok(number.to())
    }

    /// An account's next nonce, counting what waits, as the node says.
    pub async fn pending_nonce(&self, address: Address) -> Result<u64, ClientError> {
        let nonce: U64 = self
            .transport
            .request("eth_getTransactionCount", &json!([address, "pending"]))
            .await?;
        Ok(nonce.to())
    }

    /// An account's balance at the latest block, as the node says.
    pub async fn balance(&self, address: Address) -> Result<U256, ClientError> {
        self.transport
            .request("eth_getBalance", &json!([address, "latest"]))
            .await
    }

    /// Executes a call and changes nothing, as the node says. At the latest block if none is named.
    pub async fn call(
        &self,
        request: &TransactionRequest,
        at: Option<BlockId>,
    ) -> Result<Bytes, ClientError> {
        self.transport
            .request("eth_call", &json!([request, at.unwrap_or_default()]))
            .await
    }

    /// [`Client::call`] of a contract's function.
    pub async fn read<C: SolCall>(&self, contract: Address, call: &C) -> Result<C::Return, ClientError> {
        let request = TransactionRequest::default()
            .to(contract)
            .input(call.abi_encode().into());
        let output = self.call(&request, None).await?;
        C::abi_decode_returns(&output).map_err(|e| ClientError::Answer {
            method: "eth_call",
            reason: format!("{}: {e}", C::SIGNATURE),
        })
    }

    /// Executes calls one after another, as if each saw what those before it did, and changes nothing; as the node says.
    pub async fn simulate(&self, calls: &[TransactionRequest]) -> Result<Vec<SimCallResult>, ClientError> {
        /// A block as it would be, of which nothing but the calls matters.
        #[derive(Deserialize)]
        struct Simulated {
            calls: Vec<SimCallResult>,
        }
        let payload = json!({"blockStateCalls": [{"calls": calls}]});
        let blocks: Vec<Simulated> = self
            .transport
            .request("eth_simulateV1", &json!([payload, "latest"]))
            .await?;
        let done: Vec<_> = blocks.into_iter().flat_map(|block| block.calls).collect();
        if done.len() == calls.len() {
            return Ok(done);
        }
        Err(ClientError::Answer {
            method: "eth_simulateV1",
            reason: format!("{} results of {} calls", done.len(), calls.len()),
        })
    }

    /// The gas a transaction needs, as the node says.
    pub async fn estimate_gas(&self, request: &TransactionRequest) -> Result<u64, ClientError> {
        let gas: U64 = self
            .transport
            .request("eth_estimateGas", &json!([request]))
            .await?;
        Ok(gas.to())
    }

    /// Logs, as the node says. For logs that nobody can leave out, see [`Client::follow`].
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, ClientError> {
        self.transport.request("eth_getLogs", &json!([filter])).await
    }

    /// Price of gas and of priority in wei; both are zero on this chain.
    pub(crate) async fn fees(&self) -> Result<(u128, u128), ClientError> {
        if self.network.is_some() {
            return Ok((0, 0));
        }
        let price: U256 = self.transport.request("eth_gasPrice", &json!([])).await?;
        let tip: U256 = self
            .transport
            .request("eth_maxPriorityFeePerGas", &json!([]))
            .await?;
        // Twice the price: it may rise until the transaction runs.
        Ok((
            price.saturating_to::<u128>().saturating_mul(2),
            tip.saturating_to(),
        ))
    }
}

fn same<T: PartialEq + ToString>(what: &'static str, expected: T, found: T) -> Result<(), ClientError> {
    if expected == found {
        Ok(())
    } else {
        Err(ClientError::WrongNetwork {
            what,
            expected: expected.to_string(),
            found: found.to_string(),
        })
    }
}
