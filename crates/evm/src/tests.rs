use crate::{
    AccountOverride, BlockContext, CallOutcome, CallRequest, ExecuteError, Executed, Executor,
    InvalidTransaction, Limits, MAX_TRANSACTION_GAS, Overrides, StorageOverride, Transaction,
    TransactionError, TransactionRules, call, decode, estimate, recover, recover_all, recover_together,
};
use alloy_consensus::{
    SignableTransaction as _, Signed, TxEip1559, TxEip7702, TxEnvelope, TxLegacy, TypedTransaction,
};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, hex};
use revm::{
    bytecode::Bytecode,
    database::{CacheDB, EmptyDB},
    state::AccountInfo,
};
use secp256k1::{Message, SECP256K1, SecretKey};
use std::collections::BTreeMap;

/// Number of the key that Alice has.
pub(crate) const ALICE_KEY: u8 = 1;
pub(crate) const CHAIN_ID: u64 = 20260;
pub(crate) const BOB: Address = Address::repeat_byte(0xb0);
pub(crate) const CONTRACT: Address = Address::repeat_byte(0xc0);

pub(crate) fn rules() -> TransactionRules {
    TransactionRules::new(CHAIN_ID)
}

pub(crate) fn context() -> BlockContext {
    BlockContext {
        chain_id: CHAIN_ID,
        number: 5,
        timestamp: 1_700_000_000,
        gas_limit: 300_000_000,
        beneficiary: Address::ZERO,
        mix_hash: B256::repeat_byte(9),
        limits: Limits::Osaka,
    }
}

pub(crate) fn key(index: u8) -> SecretKey {
    SecretKey::from_slice(&[index; 32]).expect("a scalar")
}

pub(crate) fn sign(key: &SecretKey, transaction: TypedTransaction) -> TxEnvelope {
    let hash = transaction.signature_hash();
    let signature = SECP256K1.sign_ecdsa_recoverable(&Message::from_digest(hash.0), key);
    let (recovery, bytes) = signature.serialize_compact();
    let signature = Signature::from_bytes_and_parity(&bytes, i32::from(recovery) == 1);
    transaction.into_envelope(signature)
}

fn signed(index: u8, transaction: TxEip1559) -> Transaction {
    recover(sign(&key(index), transaction.into())).expect("it was signed")
}

fn transfer(nonce: u64, value: u64) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 21_000,
        to: TxKind::Call(BOB),
        value: U256::from(value),
        ..TxEip1559::default()
    }
}

pub(crate) fn alice() -> Address {
    signed(1, transfer(0, 0)).signer()
}

/// Alice has 100 wei; the contract has the given code.
pub(crate) fn state(code: &[u8]) -> CacheDB<EmptyDB> {
    let mut state = CacheDB::new(EmptyDB::default());
    state.insert_account_info(
        alice(),
        AccountInfo {
            balance: U256::from(100),
            ..AccountInfo::default()
        },
    );
    if !code.is_empty() {
        let code = Bytecode::new_raw(Bytes::copy_from_slice(code));
        let info = AccountInfo {
            nonce: 1,
            code_hash: code.hash_slow(),
            code: Some(code),
            ..AccountInfo::default()
        };
        state.insert_account_info(CONTRACT, info);
    }
    state
}

fn to_contract(nonce: u64) -> TxEip1559 {
    TxEip1559 {
        to: TxKind::Call(CONTRACT),
        gas_limit: 200_000,
        ..transfer(nonce, 0)
    }
}

/// The example of EIP-155.
#[test]
fn the_example_of_eip_155_has_its_sender() {
    let raw = hex!(
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe53"
        "7567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    );
    let transaction = recover(decode(&raw, &TransactionRules::new(1)).expect("chain 1")).expect("signed");
    assert_eq!(
        transaction.signer(),
        address!("9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F")
    );
    assert_eq!(
        decode(&raw, &TransactionRules::new(2)),
        Err(TransactionError::WrongChain {
            got: Some(1),
            expected: 2
        })
    );
}

#[test]
fn what_is_not_a_transaction_of_this_chain_is_refused() {
    let good = sign(&key(1), transfer(0, 1).into()).encoded_2718();
    assert!(decode(&good, &rules()).is_ok());
    let refused = |raw: &[u8]| decode(raw, &rules()).expect_err("refused");

    assert!(matches!(refused(&[]), TransactionError::Malformed(_)));
    assert!(
        matches!(
            refused(&[&good[..], &[0]].concat()),
            TransactionError::Malformed(_)
        ),
        "trailing byte"
    );
    assert!(
        matches!(refused(&good[..good.len() - 1]), TransactionError::Malformed(_)),
        "cut off"
    );
    assert!(matches!(refused(&[0xff; 40]), TransactionError::Malformed(_)));
    assert_eq!(refused(&[3, 1, 2]), TransactionError::UnsupportedType(3));
    assert!(matches!(refused(&[0, 1, 2]), TransactionError::Malformed(_)));
    let elsewhere = TransactionError::WrongChain {
        got: Some(5),
        expected: 7,
    };
    assert_eq!(elsewhere.to_string(), "chain id is 5, expected 7 (EIP-155)");
    let delegation = TxEip7702 {
        chain_id: CHAIN_ID,
        gas_limit: 100_000,
        ..TxEip7702::default()
    };
    assert_eq!(
        refused(&sign(&key(1), delegation.into()).encoded_2718()),
        TransactionError::UnsupportedType(4)
    );
    let large = TxEip1559 {
        input: vec![1; 140_000].into(),
        gas_limit: 16_000_000,
        ..transfer(0, 0)
    };
    assert!(matches!(
        refused(&sign(&key(1), large.into()).encoded_2718()),
        TransactionError::TooLarge { .. }
    ));
    let unbound = TxLegacy {
        chain_id: None,
        gas_limit: 21_000,
        to: TxKind::Call(BOB),
        ..TxLegacy::default()
    };
    let unbound = sign(&key(1), unbound.into()).encoded_2718();
    assert_eq!(
        refused(&unbound),
        TransactionError::WrongChain {
            got: None,
            expected: CHAIN_ID
        }
    );
    let cheap = sign(
        &key(1),
        TxEip1559 {
            gas_limit: 20_999,
            ..transfer(0, 0)
        }
        .into(),
    )
    .encoded_2718();
    assert_eq!(
        refused(&cheap),
        TransactionError::GasTooLow {
            got: 20_999,
            needed: 21_000
        }
    );
    let greedy = TxEip1559 {
        gas_limit: MAX_TRANSACTION_GAS + 1,
        ..transfer(0, 0)
    };
    let greedy = sign(&key(1), greedy.into()).encoded_2718();
    assert_eq!(
        refused(&greedy),
        TransactionError::GasTooHigh {
            got: MAX_TRANSACTION_GAS + 1
        }
    );
    let fees = TxEip1559 {
        max_priority_fee_per_gas: 2,
        max_fee_per_gas: 1,
        ..transfer(0, 0)
    };
    assert_eq!(
        refused(&sign(&key(1), fees.into()).encoded_2718()),
        TransactionError::FeeOrder
    );
}

/// EIP-2: of the two signatures that fit, only the one with the low `s` counts.
#[test]
fn a_signature_with_a_high_s_is_refused() {
    let TxEnvelope::Eip1559(good) = sign(&key(1), transfer(0, 1).into()) else {
        panic!("type 2")
    };
    let order = U256::from_be_bytes(hex!(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
    ));
    let signature = good.signature();
    let high = Signature::new(signature.r(), order - signature.s(), !signature.v());
    let twin = TxEnvelope::Eip1559(Signed::new_unhashed(good.tx().clone(), high));
    assert_eq!(recover(twin.clone()), Err(TransactionError::BadSignature));
    // Among seven good ones too.
    let mut raws = vec![Bytes::from(TxEnvelope::from(good).encoded_2718()); 8];
    raws[5] = twin.encoded_2718().into();
    for (index, found) in recover_together(&raws, &rules()).into_iter().enumerate() {
        match index {
            5 => assert_eq!(found, Err(TransactionError::BadSignature)),
            _ => assert!(found.is_ok(), "{found:?}"),
        }
    }
}

#[test]
fn many_are_recovered_in_order_and_the_first_bad_one_is_named() {
    let mut raws: Vec<Bytes> = (0..150)
        .map(|nonce| {
            sign(&key(1 + nonce as u8 % 3), transfer(nonce, 1).into())
                .encoded_2718()
                .into()
        })
        .collect();
    let recovered = recover_all(&raws, &rules(), |_| None).expect("all are good");
    for (index, transaction) in recovered.iter().enumerate() {
        assert_eq!(
            transaction.signer(),
            signed(1 + (index % 3) as u8, transfer(0, 0)).signer()
        );
    }
    let stranger = signed(9, transfer(0, 0));
    let known: Vec<_> = raws.iter().skip(7).step_by(5).cloned().collect();
    let again = recover_all(&raws, &rules(), |raw| {
        known.contains(raw).then(|| stranger.clone())
    })
    .expect("all are good");
    for (raw, (found, before)) in raws.iter().zip(again.iter().zip(&recovered)) {
        let expected = if known.contains(raw) { &stranger } else { before };
        assert_eq!(found, expected, "what is known is not recovered again");
    }
    raws[140] = Bytes::from_static(&[3]);
    raws[70] = Bytes::from_static(&[4]);
    assert_eq!(
        recover_all(&raws, &rules(), |raw| known
            .contains(raw)
            .then(|| stranger.clone()))
        .map_err(|(index, _)| index),
        Err(70)
    );
    raws[70] = raws[71].clone();
    assert_eq!(
        recover_all(&raws, &rules(), |_| None),
        Err((140, TransactionError::UnsupportedType(3)))
    );
}

#[test]
fn gas_has_no_price_whatever_is_offered() {
    let mut executor = Executor::new(state(&[]), &context());
    let generous = TxEip1559 {
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 7,
        ..transfer(0, 40)
    };
    assert!(matches!(
        executor.execute(&signed(1, generous)),
        Ok(Executed::Success { .. })
    ));
    let (outcome, _) = executor.finish();
    assert_eq!(outcome.gas_used, 21_000);
    let changed: BTreeMap<_, _> = outcome
        .changes
        .accounts
        .iter()
        .map(|c| (c.address, c.after))
        .collect();
    assert_eq!(changed.len(), 2, "nobody else was paid: {changed:?}");
    assert_eq!(changed[&BOB].expect("exists").balance, U256::from(40));
    let alice = changed[&alice()].expect("exists");
    assert_eq!((alice.balance, alice.nonce), (U256::from(60), 1));
}

#[test]
fn what_cannot_run_changes_nothing() {
    let mut executor = Executor::new(state(&[]), &context());
    let mut invalid = |transaction| match executor.execute(&transaction) {
        Err(ExecuteError::Invalid(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        invalid(signed(1, transfer(1, 1))),
        InvalidTransaction::NonceTooHigh { tx: 1, state: 0 }
    );
    let poor = invalid(signed(1, transfer(0, 101)));
    assert!(
        matches!(poor, InvalidTransaction::LackOfFundForMaxFee { .. }),
        "{poor:?}"
    );
    assert!(executor.execute(&signed(1, transfer(0, 1))).is_ok());
    let again = executor.execute(&signed(1, transfer(0, 1)));
    assert!(matches!(
        again,
        Err(ExecuteError::Invalid(InvalidTransaction::NonceTooLow {
            tx: 0,
            state: 1
        }))
    ));
    assert_eq!(executor.finish().0.receipts.len(), 1);

    let mut small = Executor::new(
        state(&[]),
        &BlockContext {
            gas_limit: 30_000,
            ..context()
        },
    );
    assert!(small.execute(&signed(1, transfer(0, 1))).is_ok());
    let full = small.execute(&signed(1, transfer(1, 1)));
    assert!(
        matches!(
            full,
            Err(ExecuteError::NoRoom {
                needed: 21_000,
                left: 9_000
            })
        ),
        "{full:?}"
    );
}

/// `sstore(0, sload(0) + 1)`, then `log1(0, 0, 7)`.
const COUNTER: [u8; 17] = hex!("600054600101600055600760006000a100");

#[test]
fn receipts_have_status_logs_and_cumulative_gas() {
    let mut executor = Executor::new(state(&COUNTER), &context());
    executor.execute(&signed(1, to_contract(0))).expect("runs");
    // Not enough gas to store: it halts, and its nonce is used.
    let starved = executor
        .execute(&signed(
            1,
            TxEip1559 {
                gas_limit: 22_000,
                ..to_contract(1)
            },
        ))
        .expect("runs");
    assert!(matches!(starved, Executed::Halt { .. }));
    executor.execute(&signed(1, to_contract(2))).expect("runs");
    let (outcome, _) = executor.finish();
    let [first, second, third] = outcome.receipts.as_slice() else {
        panic!("three receipts")
    };
    assert_eq!(
        (
            first.envelope.status(),
            second.envelope.status(),
            third.envelope.status()
        ),
        (true, false, true)
    );
    assert_eq!((first.first_log, second.first_log, third.first_log), (0, 1, 1));
    assert_eq!(second.gas_used, 22_000);
    assert_eq!(
        third.envelope.cumulative_gas_used(),
        first.gas_used + second.gas_used + third.gas_used
    );
    assert_eq!(outcome.gas_used, third.envelope.cumulative_gas_used());
    assert_eq!(outcome.changes.slots.len(), 1, "one slot, once");
    assert_eq!(outcome.changes.slots[0].after, U256::from(2));
    let log = &first.envelope.logs()[0];
    assert_eq!(
        (log.address, log.topics()[0]),
        (CONTRACT, B256::from(U256::from(7)))
    );
    assert!(outcome.logs_bloom.contains_raw_log(CONTRACT, log.topics()));
}

#[test]
fn a_created_contract_is_where_ethereum_puts_it() {
    let mut executor = Executor::new(state(&[]), &context());
    // Returns one byte, STOP, as the code.
    let init = Bytes::from_static(&hex!("60015ff3"));
    let creation = TxEip1559 {
        to: TxKind::Create,
        input: init,
        gas_limit: 100_000,
        ..transfer(0, 0)
    };
    let creation = signed(1, creation);
    executor.execute(&creation).expect("runs");
    let (outcome, _) = executor.finish();
    let expected = alice().create(0);
    assert_eq!(outcome.receipts[0].contract, Some(expected));
    let [(hash, code)] = outcome.changes.codes.as_slice() else {
        panic!("one code")
    };
    assert_eq!(code.as_ref(), [0]);
    let created = outcome
        .changes
        .accounts
        .iter()
        .find(|change| change.address == expected)
        .expect("created");
    assert_eq!(created.after.expect("exists").code_hash, *hash);
}

#[test]
fn values_that_end_as_they_began_are_no_change() {
    // sstore(0, 1); sstore(0, 0)
    let mut executor = Executor::new(state(&hex!("60016000556000600055")), &context());
    executor.execute(&signed(1, to_contract(0))).expect("runs");
    let (outcome, _) = executor.finish();
    assert!(outcome.changes.slots.is_empty());
    assert_eq!(outcome.changes.accounts.len(), 1, "only the sender's nonce");
}

fn request(data: &[u8]) -> CallRequest {
    CallRequest {
        from: alice(),
        to: TxKind::Call(CONTRACT),
        data: Bytes::copy_from_slice(data),
        ..CallRequest::default()
    }
}

#[test]
fn a_call_tells_what_it_reverted_with() {
    // mstore(0, 0x2a); revert(0, 32)
    let mut state = state(&hex!("602a60005260206000fd"));
    let outcome = call(&mut state, &context(), &request(&[]), &Overrides::default()).expect("runs");
    let CallOutcome::Reverted { output, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(output[..], U256::from(0x2a).to_be_bytes::<32>());
    let error = estimate(&mut state, &context(), &request(&[]), &Overrides::default()).expect_err("reverts");
    assert!(error.to_string().contains("reverted"));
}

#[test]
fn overrides_pretend_and_change_nothing() {
    // return sload(0)
    let mut state = state(&hex!("60005460005260206000f3"));
    let returned = |state: &mut CacheDB<EmptyDB>, overrides: &Overrides| match call(
        state,
        &context(),
        &request(&[]),
        overrides,
    ) {
        Ok(CallOutcome::Returned { output, .. }) => U256::from_be_slice(&output),
        other => panic!("{other:?}"),
    };
    let slots = BTreeMap::from([(U256::ZERO, U256::from(5))]);
    let storage = |storage| Overrides {
        accounts: BTreeMap::from([(
            CONTRACT,
            AccountOverride {
                storage,
                ..AccountOverride::default()
            },
        )]),
        ..Overrides::default()
    };
    assert_eq!(
        returned(&mut state, &storage(StorageOverride::Some(slots.clone()))),
        U256::from(5)
    );
    assert_eq!(
        returned(&mut state, &storage(StorageOverride::All(slots))),
        U256::from(5)
    );
    assert_eq!(returned(&mut state, &Overrides::default()), U256::ZERO);

    // return number()
    let code = Some(Bytes::from_static(&hex!("4360005260206000f3")));
    let mut overrides = Overrides::default();
    overrides.accounts.insert(
        CONTRACT,
        AccountOverride {
            code,
            ..AccountOverride::default()
        },
    );
    assert_eq!(returned(&mut state, &overrides), U256::from(5));
    overrides.block.number = Some(77);
    assert_eq!(returned(&mut state, &overrides), U256::from(77));
}

#[test]
fn an_estimate_is_enough_and_little_more() {
    let mut state = state(&COUNTER);
    let gas = estimate(&mut state, &context(), &request(&[]), &Overrides::default()).expect("runs");
    let run = |gas_limit| {
        let mut executor = Executor::new(self::state(&COUNTER), &context());
        executor
            .execute(&signed(
                1,
                TxEip1559 {
                    gas_limit,
                    ..to_contract(0)
                },
            ))
            .expect("runs")
    };
    assert!(matches!(run(gas), Executed::Success { .. }));
    assert!(
        matches!(run(gas - gas / 32), Executed::Halt { .. }),
        "{gas} is much more than needed"
    );
    let plain = CallRequest {
        to: TxKind::Call(BOB),
        value: U256::from(1),
        ..request(&[])
    };
    assert_eq!(
        estimate(&mut state, &context(), &plain, &Overrides::default()).expect("runs"),
        21_000
    );
}

/// The vector of RIP-7212: Osaka verifies P-256 signatures at 0x100 (EIP-7951).
#[test]
fn p256_signatures_are_verified_at_0x100() {
    let input = hex!(
        "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4da73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d584"
        "68e8fb19086e8cac36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d604aebd3099c618202fcfe16ae7770b0c4"
        "9ab5eadf74b754204a3bb6060e44eff37618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e"
    );
    let verify = |input: &[u8]| {
        let to = TxKind::Call(address!("0000000000000000000000000000000000000100"));
        match call(
            state(&[]),
            &context(),
            &CallRequest { to, ..request(input) },
            &Overrides::default(),
        ) {
            Ok(CallOutcome::Returned { output, .. }) => output,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(verify(&input)[..], U256::from(1).to_be_bytes::<32>());
    let mut changed = input;
    changed[0] ^= 1;
    assert!(verify(&changed).is_empty());
}
