//! What a chain admits: limits of transactions and contracts, and what accounts may delegate to.

use crate::transaction::MAX_TRANSACTION_GAS;
use alloy_primitives::Address;
use revm::primitives::hardfork::SpecId;
use std::collections::BTreeSet;

/// The hard fork whose rules hold on every chain of ours.
pub(crate) const FORK: SpecId = SpecId::OSAKA;

/// Which of Ethereum's limits hold for transactions and the contracts they make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// Those of Osaka.
    #[default]
    Osaka,
    /// None but the block's gas limit: contracts and creation code of any size, and senders that are contracts. For a
    /// development chain alone.
    Lifted,
}

impl Limits {
    /// Most gas that a transaction in a block of `block_gas_limit` may ask for.
    pub fn transaction_gas(self, block_gas_limit: u64) -> u64 {
        match self {
            Self::Osaka => block_gas_limit.min(MAX_TRANSACTION_GAS),
            Self::Lifted => block_gas_limit,
        }
    }
}

/// Contracts that accounts may delegate to (EIP-7702).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delegations {
    /// These, and, if there are any, address zero, which takes a delegation back. If there are none, transactions of
    /// type 4 are not accepted at all.
    Listed(BTreeSet<Address>),
    /// Whatever a development chain is told.
    Any,
}

impl Default for Delegations {
    fn default() -> Self {
        Self::Listed(BTreeSet::new())
    }
}

impl Delegations {
    /// Whether no transaction of type 4 is accepted.
    pub fn is_off(&self) -> bool {
        matches!(self, Self::Listed(targets) if targets.is_empty())
    }

    /// Whether an account may delegate to `target`.
    pub fn admits(&self, target: &Address) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(targets) => !targets.is_empty() && (target.is_zero() || targets.contains(target)),
        }
    }
}

/// What makes a transaction acceptable whatever the state. Everyone on a chain has the same: they are part of what is valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionRules {
    /// EIP-155 chain id, which every transaction names.
    pub chain_id: u64,
    pub limits: Limits,
    pub delegations: Delegations,
}

impl TransactionRules {
    /// Osaka's limits and no delegations.
    pub fn new(chain_id: u64) -> Self {
        Self {
            chain_id,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Executed, Executor, TransactionError, decode, intrinsic_gas, recover, recover_all,
        tests::{ALICE_KEY, BOB, CHAIN_ID, CONTRACT, alice, context, key, sign, state},
    };
    use alloy_consensus::TxEip7702;
    use alloy_eips::{
        eip2718::Encodable2718 as _,
        eip7702::{Authorization, SignedAuthorization},
    };
    use alloy_primitives::{Bytes, Signature, U256, hex};
    use secp256k1::{Message, SECP256K1};

    fn authorization(target: Address, nonce: u64) -> SignedAuthorization {
        let authorization = Authorization {
            chain_id: U256::from(CHAIN_ID),
            address: target,
            nonce,
        };
        let digest = Message::from_digest(authorization.signature_hash().0);
        let signature = SECP256K1.sign_ecdsa_recoverable(&digest, &key(ALICE_KEY));
        let (recovery, bytes) = signature.serialize_compact();
        authorization.into_signed(Signature::from_bytes_and_parity(&bytes, i32::from(recovery) == 1))
    }

    fn transaction(authorization_list: Vec<SignedAuthorization>) -> TxEip7702 {
        TxEip7702 {
            chain_id: CHAIN_ID,
            gas_limit: 200_000,
            to: alice(),
            authorization_list,
            ..TxEip7702::default()
        }
    }

    fn raw(transaction: TxEip7702) -> Bytes {
        sign(&key(ALICE_KEY), transaction.into()).encoded_2718().into()
    }

    fn listed() -> TransactionRules {
        TransactionRules {
            delegations: Delegations::Listed(BTreeSet::from([CONTRACT])),
            ..TransactionRules::new(CHAIN_ID)
        }
    }

    #[test]
    fn accounts_delegate_to_what_is_listed_and_back() {
        let refused = |targets: &[Address], rules: &TransactionRules| {
            let list = targets.iter().map(|target| authorization(*target, 1));
            decode(&raw(transaction(list.collect())), rules).err()
        };
        assert_eq!(refused(&[CONTRACT], &listed()), None);
        assert_eq!(refused(&[CONTRACT, Address::ZERO], &listed()), None);
        assert_eq!(
            refused(&[CONTRACT, BOB], &listed()),
            Some(TransactionError::Delegation {
                index: 1,
                target: BOB
            })
        );
        assert_eq!(refused(&[], &listed()), Some(TransactionError::NoAuthorizations));
        // Without a list there is nothing to take back either.
        let none = TransactionRules::new(CHAIN_ID);
        for target in [CONTRACT, Address::ZERO] {
            assert_eq!(
                refused(&[target], &none),
                Some(TransactionError::UnsupportedType(4))
            );
        }
        // A block with such a transaction is refused as a whole, by the index of the transaction.
        let good = raw(transaction(vec![authorization(CONTRACT, 1)]));
        let bad = raw(transaction(vec![authorization(BOB, 1)]));
        let refused_at = recover_all(&[good, bad], &listed(), |_| None).map_err(|(index, _)| index);
        assert_eq!(refused_at, Err(1));
        let any = TransactionRules {
            delegations: Delegations::Any,
            ..none
        };
        assert_eq!(refused(&[BOB], &any), None);
    }

    /// 21,000 and 25,000 an authorization (EIP-7702).
    #[test]
    fn an_authorization_has_its_cost() {
        let two = transaction(vec![authorization(CONTRACT, 1), authorization(CONTRACT, 2)]);
        let envelope = sign(&key(ALICE_KEY), two.clone().into());
        assert_eq!(intrinsic_gas(&envelope), 71_000);
        let poor = TxEip7702 {
            gas_limit: 70_999,
            ..two
        };
        let error = decode(&raw(poor), &listed()).expect_err("refused");
        assert_eq!(
            error,
            TransactionError::GasTooLow {
                got: 70_999,
                needed: 71_000
            }
        );
    }

    #[test]
    fn a_delegation_runs_the_code_of_its_target_in_the_account() {
        // sstore(0, 7)
        let mut executor = Executor::new(state(&hex!("60075f5500")), &context());
        let envelope =
            decode(&raw(transaction(vec![authorization(CONTRACT, 1)])), &listed()).expect("accepted");
        let transaction = recover(envelope).expect("signed");
        assert!(matches!(
            executor.execute(&transaction),
            Ok(Executed::Success { .. })
        ));
        let (outcome, _) = executor.finish();
        let code = [&hex!("ef0100")[..], CONTRACT.as_slice()].concat();
        assert_eq!(outcome.changes.codes.len(), 1);
        assert_eq!(outcome.changes.codes[0].1, code);
        let [slot] = outcome.changes.slots[..] else {
            panic!("one slot")
        };
        assert_eq!(
            (slot.address, slot.slot, slot.after),
            (alice(), U256::ZERO, U256::from(7))
        );
        let account = outcome
            .changes
            .accounts
            .iter()
            .find(|change| change.address == alice());
        let account = account.and_then(|change| change.after).expect("exists");
        assert_eq!(
            account.nonce, 2,
            "the transaction used one nonce, and the authorization another"
        );
    }

    #[test]
    fn lifted_limits_are_those_of_the_block() {
        assert_eq!(Limits::Osaka.transaction_gas(60_000_000), 16_777_216);
        assert_eq!(Limits::Osaka.transaction_gas(1_000_000), 1_000_000);
        assert_eq!(Limits::Lifted.transaction_gas(60_000_000), 60_000_000);
    }
}
