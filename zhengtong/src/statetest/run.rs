//! Runs one case and compares what it left with what it should.

use super::fixture::{Account, Case, Env, Fixture};
use alloy_consensus::TxEnvelope;
use alloy_eips::eip2718::Decodable2718 as _;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{
    TrieAccount,
    root::{state_root_unhashed, storage_root_unhashed},
};
use std::{collections::BTreeMap, convert::Infallible};
use zhengtong_evm::{
    AccountInfo, AccountState, BlockContext, Bytecode, Database, EMPTY_CODE_HASH, Executor, Limits, Mainnet,
    Outcome, recover,
};

type Storage = BTreeMap<U256, U256>;

/// A state as Ethereum's trie has it.
type State = BTreeMap<Address, (AccountState, Storage)>;

/// How a case passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    AsGiven,
    /// With each account that has storage but neither code nor a nonce marked as taken. No transaction makes such an account,
    /// here or on mainnet, so nothing looks for one; the tests put some there, and creation at them must fail (EIP-7610).
    WithStorageTaken,
}

/// What was wrong, if anything was.
pub fn run(case: &Case<'_>) -> Result<Passed, String> {
    let before = state(case.fixture);
    let taken: Vec<_> = (before.iter())
        .filter(|(_, (account, storage))| is_only_storage(account, storage))
        .map(|(address, _)| *address)
        .collect();
    let as_given = run_from(case, before.clone(), &[]);
    if as_given.is_ok() || taken.is_empty() {
        return as_given.map(|()| Passed::AsGiven);
    }
    match run_from(case, before, &taken) {
        Ok(()) => Ok(Passed::WithStorageTaken),
        Err(_) => as_given.map(|()| Passed::AsGiven),
    }
}

fn is_only_storage(account: &AccountState, storage: &Storage) -> bool {
    account.nonce == 0 && account.code_hash == EMPTY_CODE_HASH && !storage.is_empty()
}

/// Runs a case from a state in which some accounts are taken: they have a nonce of one, which creation does respect
/// (EIP-684), and have none again in what is compared.
fn run_from(case: &Case<'_>, mut state: State, taken: &[Address]) -> Result<(), String> {
    for address in taken {
        if let Some((account, _)) = state.get_mut(address) {
            account.nonce = 1;
        }
    }
    let done = execute(case, &state);
    match (&done, &case.post.expect_exception) {
        (Ok(_), Some(expected)) => return Err(format!("it was executed, and should be refused: {expected}")),
        (Err(reason), None) => return Err(format!("it was refused: {reason}")),
        _ => {}
    }
    let mut logs = Vec::new();
    if let Ok(outcome) = done {
        logs = outcome
            .receipts
            .iter()
            .flat_map(|receipt| receipt.envelope.logs())
            .cloned()
            .collect();
        apply(&mut state, &outcome);
    }
    let logs = keccak256(alloy_rlp::encode(&logs));
    if logs != case.post.logs {
        return Err(format!(
            "the hash of its logs is {logs}, expected {}",
            case.post.logs
        ));
    }
    for address in taken {
        if let Some((account, _)) = state.get_mut(address)
            && account.nonce == 1
        {
            account.nonce = 0;
        }
    }
    let root = root(state);
    if root != case.post.hash {
        return Err(format!("the state's root is {root}, expected {}", case.post.hash));
    }
    Ok(())
}

fn execute(case: &Case<'_>, state: &State) -> Result<Outcome, String> {
    let env = &case.fixture.env;
    let raw = case
        .post
        .txbytes
        .as_ref()
        .ok_or("the fixture has no signed transaction")?;
    let envelope = TxEnvelope::decode_2718_exact(raw).map_err(|source| source.to_string())?;
    let transaction = recover(envelope).map_err(|source| source.to_string())?;
    let context = context(env, case.fixture.config.chainid.map_or(1, |id| id.u64()));
    let mainnet = Mainnet {
        fork: case.fork,
        base_fee: env.current_base_fee.map_or(0, |fee| fee.u64()),
        excess_blob_gas: env.current_excess_blob_gas.map_or(0, |gas| gas.u64()),
    };
    let database = Fixed {
        state,
        codes: &codes(case.fixture),
    };
    let mut executor = Executor::on_mainnet(database, &context, &mainnet);
    executor
        .execute(&transaction)
        .map_err(|source| source.to_string())?;
    Ok(executor.finish().0)
}

fn context(env: &Env, chain_id: u64) -> BlockContext {
    BlockContext {
        chain_id,
        number: env.current_number.u64(),
        timestamp: env.current_timestamp.u64(),
        gas_limit: env.current_gas_limit.u64(),
        beneficiary: env.current_coinbase,
        mix_hash: env.current_random.unwrap_or_default().0.into(),
        limits: Limits::Osaka,
    }
}

fn state(fixture: &Fixture) -> State {
    let accounts = fixture.pre.iter();
    let convert = |(address, account): (&Address, &Account)| {
        let storage = account.storage.iter().map(|(slot, value)| (slot.0, value.0));
        let storage = storage.filter(|(_, value)| !value.is_zero()).collect();
        let state = AccountState {
            nonce: account.nonce.u64(),
            balance: account.balance.0,
            code_hash: if account.code.is_empty() {
                EMPTY_CODE_HASH
            } else {
                keccak256(&account.code)
            },
        };
        (*address, (state, storage))
    };
    accounts.map(convert).collect()
}

fn codes(fixture: &Fixture) -> BTreeMap<B256, Bytecode> {
    let codes = fixture.pre.values().map(|account| &account.code);
    let codes = codes.filter(|code| !code.is_empty());
    codes
        .map(|code| (keccak256(code), Bytecode::new_raw(code.clone())))
        .collect()
}

fn apply(state: &mut State, outcome: &Outcome) {
    for change in &outcome.changes.accounts {
        match change.after {
            Some(after) => state.entry(change.address).or_insert((after, Storage::new())).0 = after,
            None => {
                state.remove(&change.address);
            }
        }
    }
    for change in &outcome.changes.slots {
        let Some((_, storage)) = state.get_mut(&change.address) else {
            continue;
        };
        if change.after.is_zero() {
            storage.remove(&change.slot);
        } else {
            storage.insert(change.slot, change.after);
        }
    }
}

/// Ethereum's state root (yellow paper, section 4.1).
fn root(state: State) -> B256 {
    state_root_unhashed(state.into_iter().map(|(address, (account, storage))| {
        let slots = storage.into_iter().map(|(slot, value)| (B256::from(slot), value));
        let account = TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root: storage_root_unhashed(slots),
            code_hash: account.code_hash,
        };
        (address, account)
    }))
}

/// The state before the transaction.
struct Fixed<'a> {
    state: &'a State,
    codes: &'a BTreeMap<B256, Bytecode>,
}

impl Database for Fixed<'_> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.state.get(&address).map(|(account, _)| account.to_info()))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.codes.get(&hash).cloned().unwrap_or_default())
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        let account = self.state.get(&address);
        Ok(account
            .and_then(|(_, storage)| storage.get(&slot))
            .copied()
            .unwrap_or_default())
    }

    /// What the tests say that hashes of blocks are.
    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        Ok(keccak256(number.to_string()))
    }
}
