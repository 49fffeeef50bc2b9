//! The same signed ERC-20 transfers for every server that is measured.

use super::{
    http::Http,
    lanes::{self, Lanes},
};
use alloy_consensus::{SignableTransaction, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolValue, sol};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;

sol! {
    function transfer(address to, uint256 amount) external returns (bool);
    function balanceOf(address of) external view returns (uint256);
    function fill(uint256 first, uint256 count) external;
}

/// OpenZeppelin's ERC20 with a constructor that mints to its creator: `contracts/bench/Token.sol`.
const TOKEN_CODE: &str = include_str!("token.hex");

const SEND: &str = "eth_sendRawTransaction";
/// EIP-7966.
const SEND_SYNC: &str = "eth_sendRawTransactionSync";

/// Named price: anvil wants one, our chain charges nothing whatever it says.
const GAS_PRICE_WEI: u128 = 2_000_000_000;
const TRANSFER_GAS: u64 = 80_000;
const DEPLOY_GAS: u64 = 3_000_000;
/// Wei that a sender gets where gas costs something.
const BALANCE: &str = "0xd3c21bcecceda1000000";

/// Holders that one transaction makes: a new slot is 22,100 gas, and a transaction has 16,777,216 at most.
const HOLDERS_A_TRANSACTION: usize = 700;
const FILL_GAS: u64 = 16_500_000;
/// Spreads receivers over all holders; prime, so that all come before one comes again.
const STRIDE: usize = 2_654_435_761;

/// Tokens that each sender gets before the measurement.
const STAKE: u64 = 1_000_000_000;

/// Accounts that hold tokens, and what they send next.
pub struct Senders {
    chain_id: u64,
    token: Address,
    accounts: Vec<(PrivateKeySigner, u64)>,
    /// Holders besides the accounts, who receive in their place if there are any.
    holders: usize,
}

impl Senders {
    /// Deploys the token, makes accounts and gives each its share.
    pub async fn prepare(http: &Http, funder: &PrivateKeySigner, count: usize) -> Result<Self> {
        let mut nonce = http.nonce(funder.address()).await?;
        let token = funder.address().create(nonce);
        let mut senders = Self {
            chain_id: http.quantity("eth_chainId", "[]").await?,
            token,
            accounts: keys(count)?.into_iter().map(|key| (key, 0)).collect(),
            holders: 0,
        };
        let code = hex::decode(TOKEN_CODE.trim()).context("the token's code")?;
        let supply = U256::from(STAKE) * U256::from(count);
        let deploy = [code, supply.abi_encode()].concat();
        let mut setup = vec![senders.sign(funder, nonce, TxKind::Create, DEPLOY_GAS, deploy)?];
        for (key, _) in &senders.accounts {
            nonce += 1;
            let data = transfer(key.address(), STAKE);
            setup.push(senders.sign(funder, nonce, TxKind::Call(token), TRANSFER_GAS, data)?);
        }
        let setup: Vec<_> = setup.iter().map(|raw| lanes::body(SEND, raw)).collect();
        Lanes::connect(&http.address, 1)?.send(&setup).await?;
        http.wait_nonce(funder.address(), nonce + 1).await?;
        let code = http
            .text("eth_getCode", &format!("[\"{token}\",\"latest\"]"))
            .await?;
        ensure!(code.len() > 2, "the token was not deployed at {token}");
        for (key, nonce) in &mut senders.accounts {
            *nonce = http.nonce(key.address()).await?;
        }
        Ok(senders)
    }

    /// Makes holders, who receive from now on; tells how many there are so far.
    pub async fn fill(
        &mut self,
        http: &Http,
        funder: &PrivateKeySigner,
        holders: usize,
        told: impl Fn(usize),
    ) -> Result<()> {
        let first_nonce = http.nonce(funder.address()).await?;
        let firsts: Vec<usize> = (0..holders).step_by(HOLDERS_A_TRANSACTION).collect();
        for firsts in firsts.chunks(firsts.len().div_ceil(10).max(1)) {
            let nonce = http.nonce(funder.address()).await?;
            let mut bodies = Vec::with_capacity(firsts.len());
            for (first, nonce) in firsts.iter().zip(nonce..) {
                let count = HOLDERS_A_TRANSACTION.min(holders - first);
                let (first, count) = (U256::from(*first), U256::from(count));
                let data = fillCall { first, count }.abi_encode();
                let raw = self.sign(funder, nonce, TxKind::Call(self.token), FILL_GAS, data)?;
                bodies.push(lanes::body(SEND, &raw));
            }
            Lanes::connect(&http.address, 1)?.send(&bodies).await?;
            http.wait_nonce(funder.address(), nonce + firsts.len() as u64)
                .await?;
            let last = firsts.last().copied().unwrap_or_default();
            told(holders.min(last + HOLDERS_A_TRANSACTION));
        }
        let made = http.nonce(funder.address()).await? - first_nonce;
        ensure!(
            made == firsts.len() as u64,
            "{made} transactions made holders, not {}",
            firsts.len()
        );
        let last = self.balance(http, holder(holders - 1)).await?;
        ensure!(last == 1, "the last holder has {last} tokens, not 1");
        self.holders = holders;
        Ok(())
    }

    async fn balance(&self, http: &Http, of: Address) -> Result<u64> {
        let data = hex::encode(balanceOfCall { of }.abi_encode());
        let params = format!(r#"[{{"to":"{}","data":"0x{data}"}},"latest"]"#, self.token);
        let word = http.text("eth_call", &params).await?;
        let value: U256 = word
            .parse()
            .with_context(|| format!("balanceOf answered {word:?}"))?;
        value
            .try_into()
            .context("the balance is larger than a bench has tokens")
    }

    /// `count` transfers, of all accounts but the last in turn, as requests in the order in which they are to be sent.
    pub fn transfers(&mut self, count: usize) -> Result<Vec<Bytes>> {
        let senders = self.accounts.len() - 1;
        (0..count)
            .map(|index| Ok(lanes::body(SEND, &self.next(index % senders, index * 7 + 1)?)))
            .collect()
    }

    /// `count` transfers of the last account, as requests that are answered when they are final.
    pub fn watched(&mut self, count: usize) -> Result<Vec<Bytes>> {
        let watcher = self.accounts.len() - 1;
        (0..count)
            .map(|index| Ok(lanes::body(SEND_SYNC, &self.next(watcher, index)?)))
            .collect()
    }

    /// `count` requests and answers of a transfer's sizes that do next to nothing: a hash of its bytes.
    pub fn echoes(&mut self, count: usize) -> Result<Vec<Bytes>> {
        let body = lanes::body("web3_sha3", &self.next(0, 1)?);
        Ok(vec![body; count])
    }

    /// Waits until everything that was signed for all accounts but the last is included.
    pub async fn wait_included(&self, http: &Http) -> Result<()> {
        let senders = &self.accounts[..self.accounts.len() - 1];
        let nonces: Vec<_> = senders
            .iter()
            .map(|(key, nonce)| (key.address(), *nonce))
            .collect();
        http.wait_nonces(&nonces).await
    }

    fn next(&mut self, from: usize, to: usize) -> Result<String> {
        let to = match self.holders {
            0 => self.accounts[to % self.accounts.len()].0.address(),
            holders => holder(to.wrapping_mul(STRIDE) % holders),
        };
        let (key, nonce) = &self.accounts[from];
        let (token, data) = (TxKind::Call(self.token), transfer(to, 1));
        let raw = self.sign(key, *nonce, token, TRANSFER_GAS, data)?;
        self.accounts[from].1 += 1;
        Ok(raw)
    }

    fn sign(
        &self,
        key: &PrivateKeySigner,
        nonce: u64,
        to: TxKind,
        gas: u64,
        input: Vec<u8>,
    ) -> Result<String> {
        let transaction = TxLegacy {
            chain_id: Some(self.chain_id),
            nonce,
            gas_price: GAS_PRICE_WEI,
            gas_limit: gas,
            to,
            value: U256::ZERO,
            input: input.into(),
        };
        let signature = key.sign_hash_sync(&transaction.signature_hash())?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        Ok(format!("0x{}", hex::encode(envelope.encoded_2718())))
    }
}

fn transfer(to: Address, amount: u64) -> Vec<u8> {
    let amount = U256::from(amount);
    transferCall { to, amount }.abi_encode()
}

/// The holder with a number, as the token's `fill` makes it.
fn holder(number: usize) -> Address {
    Address::from_word(keccak256(U256::from(number).abi_encode()))
}

/// Keys that are public on purpose: they hold bench tokens only.
fn keys(count: usize) -> Result<Vec<PrivateKeySigner>> {
    (0..count)
        .map(|index| {
            let key = keccak256(format!("zhengtong bench sender {index}"));
            PrivateKeySigner::from_bytes(&key).context("sender key")
        })
        .collect()
}

/// Gives the accounts something to pay anvil's gas with, and nothing else.
pub async fn fund_on_anvil(http: &Http, count: usize) -> Result<()> {
    for key in keys(count)? {
        let params = format!("[\"{}\",\"{BALANCE}\"]", key.address());
        http.text("anvil_setBalance", &params).await?;
    }
    Ok(())
}
