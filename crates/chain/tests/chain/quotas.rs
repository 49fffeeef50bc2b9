//! Quotas of gas on a validator alone: who is refused, who waits, when everyone begins anew, and who decides it.

use crate::common::{
    CHAIN_ID, Network, PINCHED, PINCHED_CLASS, PINCHED_GAS, QUOTA_BLOCKS, View, account, blank, network, now,
    sign, transfer,
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::SolCall;
use commonware_runtime::{Clock as _, Runner as _, Supervisor as _, deterministic};
use futures::future::join_all;
use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};
use zhengtong_bindings::{
    EVERYONE, GOVERNORS, GOVERNORS_LEAST_GAS, OFFICERS, ORGANISATIONS, PROVIDER,
    quotas::{
        IQuotas::{Class, Limits, Usage},
        Quotas,
    },
    registry::{IRegistry::Organisation, Registry},
    slug,
};
use zhengtong_chain::{
    ChainView, CouncilTerms, Genesis, Governance, Store, SubmitError, engine,
    quota::{Bound, OverQuota, QuotaRules, standing},
    solo,
};
use zhengtong_evm::{
    AccountInfo, BlockContext, Bytecode, CallOutcome, CallRequest, Database, Limits as EvmLimits, Overrides,
    call,
};
use zhengtong_state::{Key, Value, account_key, decode_account, decode_slot, slot_key};

const RECEIVER: Address = Address::repeat_byte(0x42);
const TRANSFER_GAS: u64 = 21_000;

async fn start(context: &deterministic::Context, network: &Network, store: Arc<Store>) -> View {
    let setup = network.setup(store, "solo");
    let links = solo::links(network.validators[0].clone());
    engine::start(context.child("node"), setup, network.secrets(0), links)
        .await
        .expect("it starts")
        .handle
}

fn play<F: Future + Send + 'static>(
    run: impl FnOnce(deterministic::Context) -> F + Send + 'static,
) -> F::Output
where
    F::Output: Send + 'static,
{
    deterministic::Runner::timed(Duration::from_secs(300)).start(run)
}

fn leaked() -> &'static Network {
    Box::leak(Box::new(network(1, 1)))
}

fn pinched(index: usize, nonce: u64) -> Bytes {
    transfer(&account(PINCHED[index]), nonce, RECEIVER, 1)
}

fn over(error: SubmitError) -> OverQuota {
    match error {
        SubmitError::Quota(over) => over,
        other => panic!("{other:?}"),
    }
}

/// Waits until a transaction is final and returns its block.
async fn finalized(view: &View, hash: B256) -> u64 {
    let mut blocks = view.subscribe();
    loop {
        if let Some((number, _)) = view.transaction(hash).expect("the store reads") {
            return number;
        }
        blocks.recv().await.expect("the chain goes on");
    }
}

async fn reach(context: &deterministic::Context, view: &View, number: u64) {
    while view.tip().header.number < number {
        context.sleep(Duration::from_millis(100)).await;
    }
}

async fn send(view: &View, raw: Bytes) -> u64 {
    let hash = view.submit(raw).await.expect("accepted");
    finalized(view, hash).await
}

fn command(from: u64, nonce: u64, to: Address, call: &impl SolCall) -> Bytes {
    let transaction = TxEip1559 {
        nonce,
        gas_limit: 1_000_000,
        to: TxKind::Call(to),
        input: call.abi_encode().into(),
        ..blank()
    };
    sign(&account(from), transaction)
}

/// The same by the contract itself.
fn ask<C: SolCall>(view: &View, call: &C) -> C::Return {
    let block = view.tip();
    let state = view.state(block.header.number).expect("the tip is kept");
    asked(state, view.quotas().expect("it counts").book.quotas, call)
}

fn asked<C: SolCall>(state: impl Database<Error: std::fmt::Debug>, to: Address, data: &C) -> C::Return {
    let context = BlockContext {
        chain_id: CHAIN_ID,
        number: 1,
        timestamp: 1,
        gas_limit: 300_000_000,
        beneficiary: Address::ZERO,
        mix_hash: B256::ZERO,
        limits: EvmLimits::Osaka,
    };
    let request = CallRequest {
        to: TxKind::Call(to),
        data: data.abi_encode().into(),
        ..CallRequest::default()
    };
    match call(state, &context, &request, &Overrides::default()) {
        Ok(CallOutcome::Returned { output, .. }) => C::abi_decode_returns(&output).expect("it decodes"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_account_has_its_quota_and_begins_anew_with_the_next_epoch() {
    let network = leaked();
    play(async move |context| {
        let view = start(&context, network, Arc::new(Store::in_memory().expect("memory"))).await;
        for nonce in 0..2 {
            send(&view, pinched(0, nonce)).await;
        }
        let number = view.tip().header.number;
        // What waits counts as its gas limit, before it is in a block too.
        let large = TxEip1559 {
            nonce: 2,
            gas_limit: TRANSFER_GAS + 1,
            to: TxKind::Call(RECEIVER),
            ..blank()
        };
        let refused = over(
            view.submit(sign(&account(PINCHED[0]), large))
                .await
                .expect_err("too much"),
        );
        let expected = OverQuota {
            bound: Bound::Account,
            class: PINCHED_CLASS,
            limit: PINCHED_GAS[0],
            used: 2 * TRANSFER_GAS,
            waiting: 0,
            needed: TRANSFER_GAS + 1,
            next_epoch_block: QUOTA_BLOCKS.get(),
        };
        assert_eq!(refused, expected);
        let third = send(&view, pinched(0, 2)).await;
        assert!(third < QUOTA_BLOCKS.get(), "{number}");
        let refused = over(view.submit(pinched(0, 3)).await.expect_err("used up"));
        assert_eq!((refused.used, refused.needed), (PINCHED_GAS[0], TRANSFER_GAS));
        // Nobody else is concerned, and nothing was changed.
        send(&view, transfer(&account(2), 0, RECEIVER, 1)).await;
        assert_eq!(
            view.pending_nonce(account(PINCHED[0]).address())
                .await
                .expect("reads"),
            3
        );
        // It stays so until the first block of the next epoch.
        reach(&context, &view, QUOTA_BLOCKS.get() - 2).await;
        assert_eq!(view.tip().header.number, QUOTA_BLOCKS.get() - 2);
        over(view.submit(pinched(0, 3)).await.expect_err("used up"));
        reach(&context, &view, QUOTA_BLOCKS.get() - 1).await;
        let place = send(&view, pinched(0, 3)).await;
        assert!(place >= QUOTA_BLOCKS.get(), "{place}");
        assert_eq!(
            now(&view, account(PINCHED[0]).address()).account.used,
            TRANSFER_GAS
        );
    });
}

#[test]
fn a_class_has_its_quota_and_who_is_beyond_it_waits() {
    let network = leaked();
    play(async move |context| {
        let view = start(&context, network, Arc::new(Store::in_memory().expect("memory"))).await;
        // All at once, so that none of them counts against the others yet.
        let raws = (0..2).flat_map(|index| (0..3).map(move |nonce| pinched(index, nonce)));
        let hashes = join_all(raws.map(|raw| view.submit(raw))).await;
        let hashes: Vec<B256> = hashes.into_iter().map(|hash| hash.expect("accepted")).collect();
        let others = send(&view, transfer(&account(2), 0, RECEIVER, 1)).await;
        assert!(others < QUOTA_BLOCKS.get());
        let mut places = Vec::new();
        for hash in hashes {
            places.push(finalized(&view, hash).await);
        }
        let first = places.iter().filter(|place| **place < QUOTA_BLOCKS.get()).count();
        assert_eq!(first, 5, "five transfers are the quota of the class: {places:?}");
        assert_eq!(places.iter().max(), Some(&QUOTA_BLOCKS.get()), "{places:?}");
    });
}

#[test]
fn a_used_up_class_refuses_and_another_does_not() {
    let network = leaked();
    play(async move |context| {
        let view = start(&context, network, Arc::new(Store::in_memory().expect("memory"))).await;
        for (index, nonce) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)] {
            send(&view, pinched(index, nonce)).await;
        }
        let refused = over(view.submit(pinched(1, 2)).await.expect_err("used up"));
        assert_eq!((refused.bound, refused.limit), (Bound::Class, PINCHED_GAS[1]));
        assert_eq!(refused.used, PINCHED_GAS[1]);
        let governor = send(&view, transfer(&account(1), 0, RECEIVER, 1)).await;
        assert!(governor < QUOTA_BLOCKS.get());
        // The contract shows what the chain counts.
        let used = ask(&view, &Quotas::usedByClassCall { class: PINCHED_CLASS });
        let expected = Usage {
            epoch: 0,
            gas: PINCHED_GAS[1],
        };
        assert_eq!(used, expected);
        let account_used = account(PINCHED[1]).address();
        let used = ask(
            &view,
            &Quotas::usedByCall {
                account: account_used,
            },
        );
        assert_eq!(used.gas, 2 * TRANSFER_GAS);
    });
}

#[test]
fn what_was_used_survives_a_restart() {
    let network = leaked();
    let store = Arc::new(Store::in_memory().expect("memory"));
    let memory = store.clone();
    let (tip, checkpoint) =
        deterministic::Runner::timed(Duration::from_secs(120)).start_and_recover(async move |context| {
            let view = start(&context, network, memory).await;
            for nonce in 0..3 {
                send(&view, pinched(0, nonce)).await;
            }
            view.tip().header.number
        });
    deterministic::Runner::from(checkpoint).start(async move |context| {
        let view = start(&context, network, store).await;
        assert!(view.tip().header.number >= tip);
        let refused = over(view.submit(pinched(0, 3)).await.expect_err("used up"));
        assert_eq!((refused.bound, refused.used), (Bound::Account, PINCHED_GAS[0]));
    });
}

#[test]
fn who_governs_changes_quotas_and_who_waits_goes_on_at_once() {
    let network = leaked();
    play(async move |context| {
        let view = start(&context, network, Arc::new(Store::in_memory().expect("memory"))).await;
        let book = view.quotas().expect("it counts").book.clone();
        let raws = (0..2).flat_map(|index| (0..3).map(move |nonce| pinched(index, nonce)));
        let hashes = join_all(raws.map(|raw| view.submit(raw))).await;
        let last = *hashes.last().expect("six").as_ref().expect("accepted");
        send(&view, transfer(&account(2), 0, RECEIVER, 1)).await;
        assert_eq!(view.transaction(last).expect("reads"), None, "it waits");
        let more = Quotas::setClassCall {
            class: PINCHED_CLASS,
            values: Class {
                name: slug("pinched"),
                limits: Limits {
                    account: PINCHED_GAS[0],
                    total: 6 * TRANSFER_GAS,
                },
            },
        };
        let decided = send(&view, command(1, 0, book.quotas, &more)).await;
        let place = finalized(&view, last).await;
        assert!(decided < place && place < QUOTA_BLOCKS.get(), "{decided} {place}");

        // Nothing at all for anybody, and the governor's class as low as it goes: it can still be decided otherwise.
        for (nonce, class) in [EVERYONE, ORGANISATIONS, OFFICERS, GOVERNORS]
            .into_iter()
            .enumerate()
        {
            let account = if class == GOVERNORS {
                GOVERNORS_LEAST_GAS
            } else {
                0
            };
            let name = ask(&view, &Quotas::classAtCall { class }).name;
            let limits = Limits { account, total: 0 };
            let nothing = Quotas::setClassCall {
                class,
                values: Class { name, limits },
            };
            send(&view, command(1, 1 + nonce as u64, book.quotas, &nothing)).await;
        }
        let refused = over(
            view.submit(transfer(&account(2), 1, RECEIVER, 1))
                .await
                .expect_err("nothing"),
        );
        assert_eq!((refused.bound, refused.limit), (Bound::Account, 0));
        assert!(refused.to_string().contains("no epoch allows that"), "{refused}");
        let governor = account(1).address();
        let assigned = Quotas::assignCall {
            account: governor,
            class: EVERYONE,
        };
        send(&view, command(1, 5, book.quotas, &assigned)).await;
        assert_eq!(now(&view, governor).class, GOVERNORS);
        assert_eq!(now(&view, governor).account.limit, GOVERNORS_LEAST_GAS);
        let two = account(2).address();
        let moved = Quotas::assignCall {
            account: two,
            class: PINCHED_CLASS,
        };
        send(&view, command(1, 6, book.quotas, &moved)).await;
        assert_eq!(now(&view, two).class, PINCHED_CLASS);
    });
}

/// The chain reads slots where the contract calls others; both say the same of everyone.
#[test]
fn classes_follow_from_the_registry_as_the_contract_says() {
    let network = leaked();
    play(async move |context| {
        let view = start(&context, network, Arc::new(Store::in_memory().expect("memory"))).await;
        let registry = view.quotas().expect("it counts").book.registry;
        let (id, attester, officer) = (slug("police"), account(3).address(), account(4).address());
        let organisation = Registry::setOrganisationCall {
            id,
            o: Organisation {
                attester,
                roles: PROVIDER,
                encryptionKey: B256::repeat_byte(1),
                name: "police".into(),
                gateway: "https://police.example".into(),
            },
        };
        send(&view, command(1, 0, registry, &organisation)).await;
        for (nonce, active) in [(1, true), (2, false)] {
            let appointed = Registry::setOfficerCall {
                key: officer,
                id,
                active,
            };
            send(&view, command(1, nonce, registry, &appointed)).await;
            let expected = [
                (account(1).address(), GOVERNORS),
                (attester, ORGANISATIONS),
                (officer, if active { OFFICERS } else { EVERYONE }),
                (account(PINCHED[0]).address(), PINCHED_CLASS),
                (account(5).address(), EVERYONE),
            ];
            for (address, class) in expected {
                assert_eq!(now(&view, address).class, class, "{address}");
                let account = address;
                assert_eq!(ask(&view, &Quotas::classOfCall { account }), class, "{address}");
            }
        }
    });
}

/// The state of a genesis block.
struct Beginning<'a> {
    values: HashMap<Key, Value>,
    genesis: &'a Genesis,
}

impl Database for Beginning<'_> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        let found = self.values.get(&account_key(address));
        Ok(found.map(|value| decode_account(value).to_info()))
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        let found = self.values.get(&slot_key(address, slot));
        Ok(found.map(decode_slot).unwrap_or_default())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Infallible> {
        let found = self.genesis.codes.iter().find(|(of, _)| *of == hash);
        Ok(found
            .map(|(_, code)| Bytecode::new_raw(code.clone()))
            .unwrap_or_default())
    }

    fn block_hash(&mut self, _: u64) -> Result<B256, Infallible> {
        Ok(B256::ZERO)
    }
}

#[test]
fn members_of_a_council_govern() {
    let members: Vec<Address> = (5..8).map(|index| account(index).address()).collect();
    let mut spec = leaked().spec.clone();
    spec.governance = Governance::Members(CouncilTerms {
        members: members.clone(),
        voting_period_s: 60,
        execution_delay_s: 0,
    });
    let genesis = spec.build().expect("builds");
    let beginning = || Beginning {
        values: genesis
            .entries
            .iter()
            .filter_map(|entry| Some((entry.key, entry.after.clone()?)))
            .collect(),
        genesis: &genesis,
    };
    let rules = QuotaRules {
        book: genesis.quotas.clone(),
        chain_id: CHAIN_ID,
        epoch_blocks: QUOTA_BLOCKS,
    };
    for index in 1..=10 {
        let account = account(index).address();
        let class = if members.contains(&account) {
            GOVERNORS
        } else {
            EVERYONE
        };
        let mut state = beginning();
        let Ok(found) = standing(&rules, account, 1, |contract, slot| state.storage(contract, slot));
        assert_eq!(found.class, class, "{index}");
        let by_contract = asked(beginning(), rules.book.quotas, &Quotas::classOfCall { account });
        assert_eq!(by_contract, class, "{index}");
        assert_eq!(found.total.limit == u64::MAX, class == GOVERNORS);
    }
}
