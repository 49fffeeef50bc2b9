use super::{EXTRA_BYTES, Extra, ExtraError, blank_header, decode_header, encode_header, header_hash};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, hex};
use commonware_cryptography::{Signer as _, ed25519};

fn extra() -> Extra {
    Extra {
        epoch: 1,
        view: 2,
        parent_view: 3,
        leader: ed25519::PrivateKey::from_seed(0).public_key(),
        millis: 999,
        ops_root: B256::repeat_byte(0xaa),
        sync_start: 4,
        sync_end: 5,
        payload: None,
    }
}

#[test]
fn extra_data_is_pinned() {
    let encoded = extra().encode();
    let leader = hex::encode(extra().leader.as_ref());
    let expected = format!(
        "01000000000000000100000000000000020000000000000003{leader}03e7{}00000000000000040000000000000005",
        "aa".repeat(32)
    );
    assert_eq!(hex::encode(&encoded), expected);
    assert_eq!(Extra::decode(&encoded), Ok(extra()));
}

#[test]
fn extra_data_with_a_payload_is_pinned() {
    let extra = Extra {
        payload: Some(B256::repeat_byte(0xbb)),
        ..extra()
    };
    let encoded = extra.encode();
    let leader = hex::encode(extra.leader.as_ref());
    let expected = format!(
        "02000000000000000100000000000000020000000000000003{leader}03e7{}00000000000000040000000000000005{}",
        "aa".repeat(32),
        "bb".repeat(32)
    );
    assert_eq!(hex::encode(&encoded), expected);
    assert_eq!(Extra::decode(&encoded), Ok(extra));
    let length = |bytes: &[u8]| {
        assert_eq!(Extra::decode(bytes), Err(ExtraError::Length { got: bytes.len() }));
    };
    length(&encoded[..138]);
    length(&encoded[..107]);
    length(&[encoded.as_ref(), &[0]].concat());
    // A payload's hash where the version says that there is none.
    length(&[&[1], &encoded[1..]].concat());
}

#[test]
fn other_extra_data_is_refused() {
    let good = extra().encode().to_vec();
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        Extra::decode(&bytes)
    };
    assert_eq!(
        Extra::decode(&good[1..]),
        Err(ExtraError::Length { got: EXTRA_BYTES - 1 })
    );
    assert_eq!(with(0, 3), Err(ExtraError::Version { got: 3 }));
    assert_eq!(with(0, 2), Err(ExtraError::Length { got: EXTRA_BYTES }));
    assert_eq!(with(58, 0xe8), Err(ExtraError::Millis { got: 1000 }));
    assert_eq!(with(106, 4), Err(ExtraError::Range { start: 4, end: 4 }));
    let mut leader = good.clone();
    // y = 2 is the height of no point of the curve.
    leader[25..57].fill(0);
    leader[25] = 2;
    assert_eq!(Extra::decode(&leader), Err(ExtraError::Leader));
}

/// The header of Ethereum's genesis block, whose hash everyone knows.
#[test]
fn the_hash_is_ethereums() {
    let header = Header {
        state_root: hex!("d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544").into(),
        difficulty: alloy_primitives::U256::from(17_179_869_184u64),
        gas_limit: 5_000,
        nonce: hex!("0000000000000042").into(),
        extra_data: Bytes::from_static(&hex!(
            "11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"
        )),
        base_fee_per_gas: None,
        withdrawals_root: None,
        blob_gas_used: None,
        excess_blob_gas: None,
        parent_beacon_block_root: None,
        requests_hash: None,
        ..blank_header()
    };
    let expected = B256::from(hex!(
        "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
    ));
    assert_eq!(header_hash(&header), expected);
}

#[test]
fn only_the_canonical_encoding_of_a_header_is_read() {
    let header = Header {
        extra_data: extra().encode(),
        number: 7,
        ..blank_header()
    };
    let rlp = encode_header(&header);
    assert_eq!(decode_header(&rlp), Ok(header));
    assert!(
        decode_header(&[rlp.as_ref(), &[0]].concat()).is_err(),
        "trailing byte"
    );
    assert!(decode_header(&rlp[..rlp.len() - 1]).is_err(), "cut off");
    assert!(decode_header(&[0; 2_000]).is_err(), "too large");
}
