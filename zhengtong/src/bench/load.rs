//! The same signed ERC-20 transfers for every server that is measured.

use super::http::{Http, hex_quantity};
use alloy_consensus::{SignableTransaction, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolValue, sol};
use anyhow::{Context, Result, ensure};

sol! {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// OpenZeppelin's ERC20 with a constructor that mints to its creator: `contracts/bench/Token.sol`.
const TOKEN_CODE: &str = include_str!("token.hex");

/// Named price: anvil wants one, our chain charges nothing whatever it says.
const GAS_PRICE_WEI: u128 = 2_000_000_000;
const TRANSFER_GAS: u64 = 80_000;
const DEPLOY_GAS: u64 = 3_000_000;

/// Tokens that each sender gets before the measurement.
const STAKE: u64 = 1_000_000_000;

/// Transfers signed beforehand, in the order in which they are to be sent.
pub struct Load {
    pub transactions: Vec<String>,
}

/// Deploys the token, gives every sender its share, and signs `count` transfers among `senders` accounts.
pub async fn prepare(http: &Http, funder: &PrivateKeySigner, senders: usize, count: usize) -> Result<Load> {
    let chain_id = http.quantity("eth_chainId", "[]").await?;
    let keys: Vec<PrivateKeySigner> = (0..senders).map(sender).collect::<Result<_>>()?;
    let mut nonce = http.nonce(funder.address()).await?;
    let token = funder.address().create(nonce);

    let code = hex::decode(TOKEN_CODE.trim()).context("the token's code")?;
    let supply = U256::from(STAKE) * U256::from(senders);
    let deploy = [code, supply.abi_encode()].concat();
    let mut setup = vec![sign(
        funder,
        chain_id,
        nonce,
        TxKind::Create,
        DEPLOY_GAS,
        deploy.into(),
    )?];
    nonce += 1;
    for key in &keys {
        let data = transferCall {
            to: key.address(),
            amount: U256::from(STAKE),
        }
        .abi_encode();
        setup.push(sign(
            funder,
            chain_id,
            nonce,
            TxKind::Call(token),
            TRANSFER_GAS,
            data.into(),
        )?);
        nonce += 1;
    }
    http.send_all(&setup, 1, None).await?;
    http.wait_nonce(funder.address(), nonce).await?;
    let code = http
        .text("eth_getCode", &format!("[\"{token}\",\"latest\"]"))
        .await?;
    ensure!(code.len() > 2, "the token was not deployed at {token}");

    let mut transactions = Vec::with_capacity(count);
    let mut nonces = Vec::with_capacity(senders);
    for key in &keys {
        nonces.push(http.nonce(key.address()).await?);
    }
    for index in 0..count {
        let from = index % senders;
        let to = keys[(index * 7 + 1) % senders].address();
        let data = transferCall {
            to,
            amount: U256::from(1),
        }
        .abi_encode();
        transactions.push(sign(
            &keys[from],
            chain_id,
            nonces[from],
            TxKind::Call(token),
            TRANSFER_GAS,
            data.into(),
        )?);
        nonces[from] += 1;
    }
    Ok(Load { transactions })
}

/// A sender of the load. Its key is public on purpose: it holds bench tokens only.
pub fn sender(index: usize) -> Result<PrivateKeySigner> {
    let key = keccak256(format!("zhengtong bench sender {index}"));
    PrivateKeySigner::from_bytes(&key).context("sender key")
}

/// The accounts that send, to be funded where gas costs something.
pub fn sender_addresses(senders: usize) -> Result<Vec<Address>> {
    (0..senders)
        .map(|index| sender(index).map(|key| key.address()))
        .collect()
}

fn sign(
    key: &PrivateKeySigner,
    chain_id: u64,
    nonce: u64,
    to: TxKind,
    gas: u64,
    input: Bytes,
) -> Result<String> {
    let transaction = TxLegacy {
        chain_id: Some(chain_id),
        nonce,
        gas_price: GAS_PRICE_WEI,
        gas_limit: gas,
        to,
        value: U256::ZERO,
        input,
    };
    let signature = key.sign_hash_sync(&transaction.signature_hash())?;
    let envelope = TxEnvelope::from(transaction.into_signed(signature));
    Ok(format!("0x{}", hex::encode(envelope.encoded_2718())))
}

/// `anvil_setBalance` for every sender and nothing else.
pub async fn fund_on_anvil(http: &Http, senders: usize) -> Result<()> {
    for address in sender_addresses(senders)? {
        let balance = hex_quantity(U256::from(10).pow(U256::from(24)));
        http.text("anvil_setBalance", &format!("[\"{address}\",\"{balance}\"]"))
            .await?;
    }
    Ok(())
}
