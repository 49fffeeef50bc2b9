use super::{
    Carried, EpochInfo, MAX_PAYLOAD_BYTES, MAX_VALIDATORS, Payload, PayloadError, SHARING, first_epoch,
    payload_hash,
};
use crate::{
    consensus::{Block, BlockError},
    header::{Extra, blank_header},
};
use alloy_consensus::Header;
use alloy_primitives::B256;
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_cryptography::{
    Signer as _,
    bls12381::{
        dkg::feldman_desmedt::deal,
        primitives::{sharing::Mode, variant::MinSig},
    },
    ed25519,
};
use commonware_glue::dkg::ReshareBlock as _;
use commonware_utils::{N3f1, TestRng, TryCollect as _, ordered::Set};

fn first(count: u64) -> EpochInfo {
    let mut keys: Vec<_> = (0..count)
        .map(|seed| ed25519::PrivateKey::from_seed(seed).public_key())
        .collect();
    keys.sort();
    let players: Set<_> = keys.iter().cloned().try_collect().expect("keys differ");
    let (output, _) = deal::<MinSig, _, N3f1>(TestRng::new(1), Mode::NonZeroCounter, players).expect("dealt");
    let info = first_epoch(B256::repeat_byte(1), output.public(), &keys).expect("they fit");
    assert_eq!(info.output.public(), output.public());
    assert_eq!(info.output.players(), output.players());
    assert!(first_epoch(B256::ZERO, output.public(), &keys[1..]).is_none());
    info
}

fn header(payload: Option<B256>) -> Header {
    let extra = Extra {
        epoch: 0,
        view: 1,
        parent_view: 0,
        leader: ed25519::PrivateKey::from_seed(0).public_key(),
        millis: 0,
        ops_root: B256::ZERO,
        sync_start: 0,
        sync_end: 1,
        payload,
    };
    Header {
        extra_data: extra.encode(),
        ..blank_header()
    }
}

#[test]
fn the_largest_payload_has_room() {
    assert!(Payload::max_encode_size(MAX_VALIDATORS) <= MAX_PAYLOAD_BYTES);
    let payload = Payload::EpochInfo(first(u64::from(MAX_VALIDATORS.get())));
    assert!(Carried::new(payload).is_ok());
    assert_eq!(
        SHARING,
        commonware_cryptography::bls12381::primitives::sharing::ModeVersion::v0()
    );
}

#[test]
fn a_block_carries_what_its_header_says() {
    let payload = Payload::EpochInfo(first(4));
    let hash = payload_hash(&payload);
    let block = Block::new(header(Some(hash)), Vec::new(), Some(payload.clone())).expect("a block");
    let read = Block::decode(block.encode()).expect("it is read");
    assert_eq!(read.hash(), block.hash());
    assert!(read.payload() == Some(payload.clone()));

    let other = |header, payload| Block::new(header, Vec::new(), payload).expect_err("it does not fit");
    let wrong = B256::repeat_byte(9);
    assert_eq!(
        other(header(None), Some(payload.clone())),
        BlockError::OtherPayload {
            header: None,
            body: Some(hash)
        }
    );
    assert_eq!(
        other(header(Some(hash)), None),
        BlockError::OtherPayload {
            header: Some(hash),
            body: None
        }
    );
    assert_eq!(
        other(header(Some(wrong)), Some(payload)),
        BlockError::OtherPayload {
            header: Some(wrong),
            body: Some(hash)
        }
    );
}

#[test]
fn other_bytes_are_no_payload() {
    let good = Payload::EpochInfo(first(4)).encode();
    let read = |bytes: Vec<u8>| Carried::decode(bytes.into()).map(|carried| carried.hash());
    assert!(read(good.to_vec()).is_ok());
    assert!(matches!(read(Vec::new()), Err(PayloadError::Malformed(_))));
    assert!(matches!(
        read(good[..good.len() - 1].to_vec()),
        Err(PayloadError::Malformed(_))
    ));
    assert!(matches!(
        read([good.as_ref(), &[0]].concat()),
        Err(PayloadError::Malformed(_))
    ));
    let mut tagged = good.to_vec();
    tagged[0] = 2;
    assert!(matches!(read(tagged), Err(PayloadError::Malformed(_))));
    let large = vec![0; MAX_PAYLOAD_BYTES + 1];
    assert_eq!(
        read(large),
        Err(PayloadError::TooLarge {
            got: MAX_PAYLOAD_BYTES + 1
        })
    );
}
