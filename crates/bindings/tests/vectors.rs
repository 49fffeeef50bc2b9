//! Ids, hashes, addresses and slots against values that others computed: Foundry's `cast` 1.7.1 and viem 2.57. The
//! command that gave a value stands beside it.

use alloy_primitives::{Address, B256, U256, address, b256, hex, keccak256};
use secp256k1::{
    Message,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use zhengtong_bindings::{
    BadSlug, CONSENT, DEPLOYER, Facts, UNKNOWN, addresses, case_id, case_slots, fact_slots,
    facts_signing_hash, parse_slug, rule_set_id,
    rules::IRules::{Bracket, Predicate, Row, RuleSet},
    slug, slug_str, statute_id, use_binding, use_slot,
};

const CHAIN_ID: u64 = 20260;
const APPLICANT: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
const CASE: B256 = b256!("0x8dccbdd865d00192082deea04298e95eb9d1507bc0f87268b34a86663bf7c55c");

#[test]
fn addresses_are_those_of_the_deployers_nonces() {
    // cast compute-address 0x…5A687430 --nonce N
    assert_eq!(DEPLOYER, Address::left_padding_from(b"Zht0"));
    assert_eq!(
        addresses().registry,
        address!("0x241D16B5CE3aFF708e59951ECF6A7e222650FB48")
    );
    assert_eq!(
        addresses().statutes,
        address!("0x1c758Bd7dE221D07d89a52e4523Fb94122E10Acf")
    );
    assert_eq!(
        addresses().cases,
        address!("0x9f1a1a880a9AEEE87faB70cEF1049072DCd7dACD")
    );
    assert_eq!(
        addresses().credentials,
        address!("0xa5820336d1f5F0b22497B6FD3E89CE381AB4956A")
    );
    assert_eq!(
        addresses().accounts,
        address!("0x2a6DB74048345C4fF7aF5F8F1aABBcd94091Ac93")
    );
}

#[test]
fn statute_and_case_ids_are_what_cast_hashes() {
    // cast keccak $(cast abi-encode "f(string,string)" 沪府发〔2016〕24号 二)
    assert_eq!(
        statute_id("沪府发〔2016〕24号", "二"),
        b256!("0x6a33c0180d24672553bdb349a24e709c076a7fc4301a0ee944bcd10ddf420f8b")
    );
    // cast keccak $(cast abi-encode "f(uint256,address,address)" 20260 0x9f1a…dACD 0x7099…79C8)
    assert_eq!(case_id(CHAIN_ID, addresses().cases, APPLICANT), CASE);
    // cast keccak $(cast abi-encode "f(bytes32,bytes32,uint32)" $(cast format-bytes32-string public-security) CASE 3)
    assert_eq!(
        use_binding(slug("public-security"), CASE, 3),
        b256!("0x2066ffaf061faa617fe90538d59a4e41f68643e8c2aa6a8fdf93f748ec5b2ec2")
    );
    assert_eq!(CONSENT, keccak256("consent"));
}

#[test]
fn a_rule_sets_id_is_what_cast_hashes() {
    // cast keccak $(cast abi-encode "f(((bytes32,bytes32,bytes32,int32,int32)[],(uint32,uint32,(uint8,int32,int32)[],
    //   uint8,uint64,bytes32,bytes32)[]))" "([(age,public-security,keccak consent,0,130)],
    //   [(0,0,[(0,65,69)],1,7500,age-65-69,keccak law)])")
    let rules = RuleSet {
        predicates: vec![Predicate {
            id: slug("age"),
            provider: slug("public-security"),
            basis: CONSENT,
            min: 0,
            max: 130,
        }],
        rows: vec![Row {
            trueMask: 0,
            falseMask: 0,
            brackets: vec![Bracket {
                predicate: 0,
                min: 65,
                max: 69,
            }],
            outcome: 1,
            amountFen: 7500,
            reason: slug("age-65-69"),
            statute: keccak256("law"),
        }],
    };
    assert_eq!(
        rule_set_id(&rules),
        b256!("0x49e526562cbf31e219184744ff2283632cec13e2a785737fccf62dfd40ff656e")
    );
}

#[test]
fn facts_hash_to_what_viem_and_cast_sign() {
    let facts = Facts {
        case_id: CASE,
        rule_set: B256::repeat_byte(0x11),
        mask: 0b101,
        values: vec![1, UNKNOWN],
        use_tag: B256::repeat_byte(0x22),
    };
    let hash = facts_signing_hash(CHAIN_ID, addresses().cases, &facts);
    // viem: hashTypedData({domain, types: {Facts}, primaryType: "Facts", message})
    assert_eq!(
        hash,
        b256!("0xedd1cf49c7fc233bbb77607e7c9794b7db0d5ff718daeafe26470d8c19e031d7")
    );
    // cast wallet sign --data, with the first key of the test mnemonic
    let signature = hex!(
        "c10256b9eab5861217f86d2bb7ba697e32fa5ad24aca911bced2d54cf332e7a1"
        "499f2371c114a1b33b2d5ad1f8c9ea530c57f29c29a6f01c0d41a126f336db1b1c"
    );
    let signer = recover(&signature, hash);
    assert_eq!(signer, address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));

    for changed in [
        Facts {
            case_id: B256::ZERO,
            ..facts.clone()
        },
        Facts {
            rule_set: B256::ZERO,
            ..facts.clone()
        },
        Facts {
            mask: 0b011,
            ..facts.clone()
        },
        Facts {
            values: vec![1, 0],
            ..facts.clone()
        },
        Facts {
            use_tag: B256::ZERO,
            ..facts.clone()
        },
    ] {
        assert_ne!(facts_signing_hash(CHAIN_ID, addresses().cases, &changed), hash);
    }
    assert_ne!(facts_signing_hash(1, addresses().cases, &facts), hash);
    assert_ne!(facts_signing_hash(CHAIN_ID, addresses().uses, &facts), hash);
}

fn recover(signature: &[u8; 65], hash: B256) -> Address {
    let recovery = RecoveryId::try_from(i32::from(signature[64]) - 27).expect("v is 27 or 28");
    let signature = RecoverableSignature::from_compact(&signature[..64], recovery).expect("r and s");
    let key = signature
        .recover(&Message::from_digest(hash.0))
        .expect("a signature of this hash");
    Address::from_raw_public_key(&key.serialize_uncompressed()[1..])
}

#[test]
fn slots_are_those_of_casts_index() {
    // cast index bytes32 CASE 0 (and 1; the values of the array: cast keccak of that)
    let first = b256!("0xca80e6d331d5e348b130f9a38e94ce2de904057d480f4ffb004bea6ddd69cbc7");
    let slots = case_slots(CASE);
    assert_eq!(slots[0], first);
    assert_eq!(
        U256::from_be_bytes(slots[6].0),
        U256::from_be_bytes(first.0) + U256::from(6)
    );
    assert_eq!(use_slot(CASE), first);
    let facts = fact_slots(CASE, 9);
    assert_eq!(
        facts[0],
        b256!("0x632851aec2e37ae65594234eb5161a6bbe31f5b748e98ed543e1ef939249529a")
    );
    assert_eq!(
        facts[1],
        b256!("0xc54309539c6366480e6c260bd8718805b170d904183c6078019c08d7915b2fc7")
    );
    assert_eq!(facts.len(), 3);
    assert_eq!(fact_slots(CASE, 0).len(), 1);
}

#[test]
fn slugs_come_back_and_nothing_else_passes() {
    for text in [
        "a",
        "old-age-allowance",
        "2016-24",
        "1234567890123456789012345678901",
    ] {
        let word = parse_slug(text).expect("a slug");
        assert_eq!(&word[..text.len()], text.as_bytes());
        assert_eq!(slug_str(word).as_deref(), Some(text));
    }
    for text in ["", "A", "a b", "a_b", "养老", "12345678901234567890123456789012"] {
        assert_eq!(
            parse_slug(text),
            Err(BadSlug {
                text: text.to_owned()
            })
        );
    }
    let mut gap = slug("ab");
    gap[3] = b'c';
    for word in [
        B256::ZERO,
        gap,
        B256::repeat_byte(b'a'),
        B256::right_padding_from(b"A"),
    ] {
        assert_eq!(slug_str(word), None, "{word}");
    }
}
