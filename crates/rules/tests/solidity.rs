//! `Rules.sol`, executed, agrees with every vector; ids computed here are those the contract gives.

mod support;

use alloy_sol_types::{SolCall, SolValue};
use revm::context::TxEnv;
use revm::context_interface::result::{ExecutionResult, Output};
use revm::database::InMemoryDB;
use revm::handler::{MainnetContext, MainnetEvm};
use revm::primitives::{Address, Bytes, TxKind};
use revm::{Context, ExecuteCommitEvm as _, ExecuteEvm as _, MainBuilder as _, MainContext as _};
use serde_json::Value;
use support::vectors;
use zhengtong_bindings::Rules;
use zhengtong_rules::{NO_ROW, RuleSet, Slug, UNKNOWN};

const CALLER: Address = Address::repeat_byte(0x11);
const GAS_LIMIT: u64 = 1 << 40;

struct Chain {
    evm: MainnetEvm<MainnetContext<InMemoryDB>>,
    rules: Address,
}

impl Chain {
    fn new() -> Self {
        let evm = Context::mainnet()
            .with_db(InMemoryDB::default())
            .modify_cfg_chained(|config| {
                config.tx_gas_limit_cap = Some(u64::MAX);
                config.disable_nonce_check = true;
            })
            .modify_block_chained(|block| block.gas_limit = u64::MAX)
            .build_mainnet();
        let mut chain = Self {
            evm,
            rules: Address::ZERO,
        };
        let registry = Address::repeat_byte(0x22);
        let code = [Rules::BYTECODE.as_ref(), &registry.abi_encode()].concat();
        let result = chain
            .evm
            .transact_commit(transaction(TxKind::Create, code.into()))
            .expect("executes");
        let ExecutionResult::Success {
            output: Output::Create(_, Some(address)),
            ..
        } = result
        else {
            panic!("Rules was not created: {result:?}");
        };
        chain.rules = address;
        chain
    }

    fn publish(&mut self, rules: &RuleSet) -> revm::primitives::B256 {
        // Both structs have the same ABI; the encoding is the bridge.
        let encoded = rules.compile().abi_encode();
        let data = [&Rules::publishCall::SELECTOR[..], &encoded].concat();
        let result = self
            .evm
            .transact_commit(transaction(TxKind::Call(self.rules), data.into()))
            .expect("executes");
        let output = match &result {
            ExecutionResult::Success { output, .. } => output.data().clone(),
            other => panic!("publish: {other:?}"),
        };
        Rules::publishCall::abi_decode_returns(&output).expect("an id")
    }

    fn call<C: SolCall>(&mut self, call: &C) -> Option<C::Return> {
        let result = self
            .evm
            .transact(transaction(TxKind::Call(self.rules), call.abi_encode().into()))
            .expect("executes");
        match result.result {
            ExecutionResult::Success { output, .. } => {
                Some(C::abi_decode_returns(output.data()).expect("decodes"))
            }
            ExecutionResult::Revert { .. } => None,
            other => panic!("{other:?}"),
        }
    }
}

fn transaction(kind: TxKind, data: Bytes) -> TxEnv {
    TxEnv::builder()
        .caller(CALLER)
        .kind(kind)
        .data(data)
        .gas_limit(GAS_LIMIT)
        .build()
        .expect("a transaction")
}

fn on_chain(facts: &Value) -> Vec<i32> {
    let fact = |fact: &Value| {
        fact.as_i64()
            .map_or(UNKNOWN, |value| i32::try_from(value).expect("i32"))
    };
    facts.as_array().expect("facts").iter().map(fact).collect()
}

#[test]
fn solidity_agrees_with_every_vector() {
    let vectors = vectors::load();
    let mut chain = Chain::new();
    let mut checked = 0;
    for table in vectors["tables"].as_array().expect("tables") {
        let rules = RuleSet::parse(&vectors::rules_of(table).to_string()).expect("rules");
        let id = chain.publish(&rules);
        assert_eq!(id, rules.compile().id(), "the id of {}", vectors::rules_of(table));
        for case in table["cases"].as_array().expect("cases") {
            let found = chain
                .call(&Rules::evaluateCall {
                    id,
                    facts: on_chain(&case[0]),
                })
                .expect("facts fit");
            let expected = match case[1].as_str() {
                Some("review") => 0,
                Some("approve") => 1,
                _ => 2,
            };
            let row = case[2].as_u64().unwrap_or(u64::from(NO_ROW));
            assert_eq!(
                (found._0, u64::from(found._1)),
                (expected, row),
                "{case} in {}",
                vectors::rules_of(table)
            );
            checked += 1;
        }
        for facts in table["refused"].as_array().expect("refused") {
            let refused = chain.call(&Rules::evaluateCall {
                id,
                facts: on_chain(facts),
            });
            assert!(refused.is_none(), "{facts} must be refused");
        }
    }
    assert!(checked > 4_000, "{checked} cases");
}

#[test]
fn provider_masks_agree() {
    let vectors = vectors::load();
    let mut chain = Chain::new();
    for table in vectors["tables"].as_array().expect("tables").iter().take(40) {
        let rules = RuleSet::parse(&vectors::rules_of(table).to_string()).expect("rules");
        let id = chain.publish(&rules);
        for name in [
            "public-security",
            "civil-affairs",
            "human-resources",
            "disabled-federation",
            "health",
            "nobody",
        ] {
            let provider = Slug::new(name).expect("slug");
            let mask = chain.call(&Rules::providerMaskCall {
                id,
                provider: provider.to_bytes32(),
            });
            assert_eq!(mask, Some(rules.provider_mask(&provider)), "{name}");
        }
    }
}

#[test]
fn constants_and_ids_are_those_of_the_contracts() {
    assert_eq!(zhengtong_rules::onchain::CONSENT, zhengtong_bindings::CONSENT);
    assert_eq!(
        (UNKNOWN, NO_ROW),
        (zhengtong_bindings::UNKNOWN, zhengtong_bindings::NO_ROW)
    );
    let law = zhengtong_rules::LawRef {
        law: "沪府发〔2016〕24号".to_owned(),
        article: "二".to_owned(),
    };
    assert_eq!(
        law.statute_id(),
        zhengtong_bindings::statute_id(&law.law, &law.article)
    );
    let slug = Slug::new("old-age-allowance").expect("slug");
    assert_eq!(slug.to_bytes32(), zhengtong_bindings::slug("old-age-allowance"));
}
