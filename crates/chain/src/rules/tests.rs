use super::{
    RuleError, check_header, check_outcome, clock_wait_ms, commitment, complete, draft, proposal_time_ms,
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256, hex};
use commonware_consensus::types::{Epoch, Round, View};
use commonware_cryptography::{Signer as _, ed25519};
use zhengtong_evm::{Outcome, StateChanges};
use zhengtong_state::Commitment;
use zhengtong_types::{
    consensus::{Block, Context},
    header::{Extra, blank_header, digest_of},
};

const PARENT_MS: u64 = 1_700_000_000_123;
const TIME_MS: u64 = PARENT_MS + 500;

fn state(byte: u8) -> Commitment {
    Commitment {
        root: B256::repeat_byte(byte),
        ops_root: B256::repeat_byte(byte + 1),
        sync_start: 3,
        sync_end: 9,
    }
}

fn outcome() -> Outcome {
    Outcome {
        changes: StateChanges::default(),
        receipts: Vec::new(),
        gas_used: 42,
        logs_bloom: Bloom::repeat_byte(1),
        receipts_root: B256::repeat_byte(2),
    }
}

fn parent() -> Block {
    let extra = Extra {
        epoch: 0,
        view: 4,
        parent_view: 3,
        leader: ed25519::PrivateKey::from_seed(0).public_key(),
        millis: 123,
        ops_root: B256::ZERO,
        sync_start: 0,
        sync_end: 1,
        payload: None,
    };
    let header = Header {
        number: 10,
        gas_limit: 300_000_000,
        timestamp: PARENT_MS / 1000,
        extra_data: extra.encode(),
        ..blank_header()
    };
    Block::new(header, Vec::new(), None).expect("a block")
}

fn context(parent: &Block) -> Context {
    Context {
        round: Round::new(Epoch::zero(), View::new(5)),
        leader: ed25519::PrivateKey::from_seed(1).public_key(),
        parent: (View::new(4), digest_of(parent.hash())),
    }
}

fn child(parent: &Block) -> Block {
    let header = complete(
        draft(parent, TIME_MS),
        &context(parent),
        TIME_MS,
        &outcome(),
        &state(7),
        None,
    );
    Block::new(header, Vec::new(), None).expect("a block")
}

fn changed(block: &Block, change: impl FnOnce(&mut Header)) -> Block {
    let mut header = block.header().clone();
    change(&mut header);
    Block::new(header, Vec::new(), None).expect("a block")
}

#[test]
fn a_built_block_is_accepted() {
    let parent = parent();
    let block = child(&parent);
    assert_eq!(check_header(&block, &parent, &context(&parent)), Ok(()));
    assert_eq!(check_outcome(&block, &outcome(), &state(7)), Ok(()));
    assert_eq!(commitment(&block), state(7));
}

/// Header fields have one allowed value each; changing any is noticed.
#[test]
fn every_other_header_is_refused() {
    let parent = parent();
    let good = child(&parent);
    let changes: [fn(&mut Header); 15] = [
        |header| header.parent_hash = B256::ZERO,
        |header| header.ommers_hash = B256::ZERO,
        |header| header.beneficiary = Address::repeat_byte(1),
        |header| header.difficulty = U256::from(1),
        |header| header.number += 1,
        |header| header.gas_limit += 1,
        |header| header.timestamp -= 1,
        |header| header.mix_hash = B256::ZERO,
        |header| header.nonce = B64::repeat_byte(1),
        |header| header.base_fee_per_gas = Some(1),
        |header| header.withdrawals_root = None,
        |header| header.blob_gas_used = Some(1),
        |header| header.excess_blob_gas = None,
        |header| header.parent_beacon_block_root = Some(B256::repeat_byte(1)),
        |header| header.requests_hash = Some(B256::ZERO),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let bad = changed(&good, change);
        assert!(
            check_header(&bad, &parent, &context(&parent)).is_err(),
            "change {index}"
        );
    }
}

#[test]
fn a_block_out_of_its_context_is_refused() {
    let parent = parent();
    let block = child(&parent);
    let mut other = context(&parent);
    other.leader = ed25519::PrivateKey::from_seed(2).public_key();
    assert_eq!(check_header(&block, &parent, &other), Err(RuleError::Context));
    let mut other = context(&parent);
    other.round = Round::new(Epoch::zero(), View::new(6));
    assert_eq!(check_header(&block, &parent, &other), Err(RuleError::Context));
}

#[test]
fn what_execution_gave_must_be_in_the_header() {
    let block = child(&parent());
    let refused =
        |outcome: &Outcome, state: &Commitment| check_outcome(&block, outcome, state).expect_err("refused");
    let field = |error| match error {
        RuleError::Field { field, .. } => field,
        other => panic!("{other}"),
    };
    assert_eq!(
        field(refused(
            &Outcome {
                gas_used: 43,
                ..outcome()
            },
            &state(7)
        )),
        "gasUsed"
    );
    assert_eq!(
        field(refused(
            &Outcome {
                receipts_root: B256::ZERO,
                ..outcome()
            },
            &state(7)
        )),
        "receiptsRoot"
    );
    assert_eq!(
        field(refused(
            &Outcome {
                logs_bloom: Bloom::ZERO,
                ..outcome()
            },
            &state(7)
        )),
        "logsBloom"
    );
    assert_eq!(field(refused(&outcome(), &state(8))), "stateRoot");
    let range = Commitment {
        sync_end: 10,
        ..state(7)
    };
    assert_eq!(field(refused(&outcome(), &range)), "extraData.syncEnd");
    let operations = Commitment {
        ops_root: B256::ZERO,
        ..state(7)
    };
    assert_eq!(field(refused(&outcome(), &operations)), "extraData.opsRoot");
}

#[test]
fn time_goes_forward_and_not_too_far() {
    let parent = parent();
    assert_eq!(proposal_time_ms(TIME_MS, &parent), TIME_MS);
    assert_eq!(
        proposal_time_ms(5, &parent),
        PARENT_MS + 1,
        "a clock that is behind"
    );
    let late = complete(
        draft(&parent, PARENT_MS),
        &context(&parent),
        PARENT_MS,
        &outcome(),
        &state(7),
        None,
    );
    let late = Block::new(late, Vec::new(), None).expect("a block");
    let refused = check_header(&late, &parent, &context(&parent));
    assert_eq!(
        refused,
        Err(RuleError::NotAfterParent {
            got: PARENT_MS,
            parent: PARENT_MS
        })
    );
    assert_eq!(clock_wait_ms(1_000, 1_000), Ok(0));
    assert_eq!(clock_wait_ms(1_400, 1_000), Ok(0));
    assert_eq!(clock_wait_ms(3_000, 1_000), Ok(1_500));
    assert_eq!(
        clock_wait_ms(12_000, 1_000),
        Err(RuleError::FromTheFuture {
            got: 12_000,
            now: 1_000
        })
    );
}

/// If this changes, hashes of existing chains do.
#[test]
fn the_hash_of_a_fixed_block_is_pinned() {
    let parent = parent();
    assert_eq!(
        hex::encode(parent.hash()),
        "96af9b64feefb23801444f0e40c98f9e814cd70ccf4529fad08616b953866fef"
    );
    assert_eq!(
        hex::encode(child(&parent).hash()),
        "f4dbc0b63145d78debee932624893702a291c160906a8804551fafba942f95d0"
    );
    let with_body = Block::new(parent.header().clone(), vec![Bytes::from_static(&[2])], None);
    assert!(with_body.is_err(), "a body that the header does not commit to");
}
