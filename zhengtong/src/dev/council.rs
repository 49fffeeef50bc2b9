//! The council of a demo network, over a client.

use super::bootstrap::Council;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use anyhow::Result;
use zhengtong_client::{Account, Call, ClientError};

impl Council for Account {
    async fn read(&self, to: Address, data: Bytes) -> Result<Option<Bytes>> {
        let request = TransactionRequest::default().to(to).input(data.into());
        match self.client().call(&request, None).await {
            Ok(output) => Ok(Some(output)),
            Err(ClientError::Reverted { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&self, to: Address, data: Bytes) -> Result<()> {
        let call = Call {
            to: TxKind::Call(to),
            data,
            value: U256::ZERO,
            gas_limit: None,
        };
        self.execute(&call).await?;
        Ok(())
    }
}
