//! What is computed side by side, held against libsecp256k1.

use crate::{LANES, recover_signers, side_by_side};
use alloy_consensus::crypto::secp256k1::recover_signer;
use alloy_primitives::{Address, B256, Signature, U256, b256};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey, ecdsa::RecoveryId};

const ORDER: U256 = U256::from_limbs([
    0xBFD2_5E8C_D036_4141,
    0xBAAE_DCE6_AF48_A03B,
    0xFFFF_FFFF_FFFF_FFFE,
    u64::MAX,
]);
/// Of the field, which is larger: an x between the two is no `r`.
const MODULUS: U256 = U256::from_limbs([0xFFFF_FFFE_FFFF_FC2F, u64::MAX, u64::MAX, u64::MAX]);
const LAMBDA: U256 = U256::from_limbs([
    0xDF02_967C_1B23_BD72,
    0x122E_22EA_2081_6678,
    0xA526_1C02_8812_645A,
    0x5363_AD4C_C05C_30E0,
]);

type Signed = (Signature, B256);

fn signed(r: U256, s: U256, digest: U256, odd: bool) -> Signed {
    (Signature::new(r, s, odd), digest.into())
}

fn one_by_one(signed: &[Signed]) -> Vec<Option<Address>> {
    let signers = signed
        .iter()
        .map(|(signature, digest)| recover_signer(signature, *digest).ok());
    signers.collect()
}

/// Compares, and counts those that have a signer.
fn agree(signed: &[Signed]) -> usize {
    let found = recover_signers(signed);
    let expected = one_by_one(signed);
    assert_eq!(found.len(), expected.len());
    for (signed, (found, expected)) in signed.iter().zip(found.iter().zip(&expected)) {
        assert_eq!(found, expected, "{signed:?}");
    }
    expected.iter().flatten().count()
}

fn random(rng: &mut StdRng) -> U256 {
    U256::from_be_bytes(rng.random::<[u8; 32]>())
}

/// As [`signed`], where R is this multiple of the generator.
fn by_multiple(multiple: U256, s: U256, digest: U256) -> Signed {
    let key = SecretKey::from_byte_array(&multiple.to_be_bytes()).expect("in range");
    let point = PublicKey::from_secret_key(SECP256K1, &key).serialize();
    signed(U256::from_be_slice(&point[1..]), s, digest, point[0] == 3)
}

/// Without the instructions everything here holds libsecp256k1 against itself: that is said, and `IFMA=1` forbids it.
#[test]
fn the_instructions_are_used_where_they_are() {
    let three = [signed(U256::from(1), U256::from(1), U256::from(1), false); 3];
    let used = side_by_side(&three).is_some();
    if !used {
        eprintln!("nothing is computed side by side: this processor has no AVX-512 IFMA");
    }
    assert!(
        used || std::env::var_os("IFMA").is_none(),
        "AVX-512 IFMA is wanted"
    );
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// `SIGNATURES` of them, from the seed `SEED`.
#[test]
fn any_numbers_give_what_libsecp256k1_gives() {
    let count = setting("SIGNATURES", 20_000);
    let seed = setting("SEED", 1);
    eprintln!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let numbers: Vec<_> = (0..count)
        .map(|_| signed(random(&mut rng), random(&mut rng), random(&mut rng), rng.random()))
        .collect();
    // Half of all x are on the curve, and half of all s low.
    let signers = agree(&numbers) as u64;
    assert!((count / 5..count / 3).contains(&signers), "{signers}");
}

#[test]
fn whoever_signed_is_found_in_groups_of_any_size() {
    let mut rng = StdRng::seed_from_u64(2);
    for size in 0..=3 * LANES {
        let (mut group, mut keys) = (Vec::new(), Vec::new());
        for _ in 0..size {
            let key = SecretKey::from_byte_array(&rng.random()).expect("nearly any number is a key");
            let digest: [u8; 32] = rng.random();
            let signature = SECP256K1.sign_ecdsa_recoverable(&Message::from_digest(digest), &key);
            let (id, bytes) = signature.serialize_compact();
            group.push((
                Signature::from_bytes_and_parity(&bytes, id == RecoveryId::One),
                digest.into(),
            ));
            let public = PublicKey::from_secret_key(SECP256K1, &key).serialize_uncompressed();
            keys.push(Some(Address::from_raw_public_key(&public[1..])));
        }
        assert_eq!(recover_signers(&group), keys);
    }
}

/// Each number at the ends of its range, with each other.
#[test]
fn numbers_at_the_ends_of_their_ranges_are_judged_alike() {
    let one = U256::from(1);
    let near = |value: U256| [value - one, value, value + one];
    let ends = [
        vec![U256::ZERO, one, U256::from(2), U256::MAX],
        near(ORDER).into(),
        near(MODULUS).into(),
    ];
    let ends = [
        ends.concat(),
        near(ORDER >> 1).into(),
        near(one << 128).into(),
        near(LAMBDA).into(),
    ]
    .concat();
    let mut all = Vec::new();
    for r in &ends {
        for s in &ends {
            for digest in &ends {
                all.extend([false, true].map(|odd| signed(*r, *s, *digest, odd)));
            }
        }
    }
    assert!(agree(&all) > 300);
}

/// Keys at infinity, and sums of points that are equal, opposite or infinite on the way there: whoever signs knows which
/// multiple of the generator R is, and can look for numbers that make two of them meet.
#[test]
fn sums_that_meet_are_judged_alike() {
    let small: Vec<_> = (1..20_u64).map(U256::from).collect();
    let large = small.iter().flat_map(|value| [ORDER - value, *value << 128]);
    let multiples: Vec<U256> = small
        .iter()
        .copied()
        .chain(large)
        .chain([LAMBDA, ORDER - LAMBDA])
        .collect();
    let (mut all, mut nobody) = (Vec::new(), Vec::new());
    for multiple in &multiples {
        for s in small.iter().chain([&(ORDER >> 1), &(LAMBDA >> 1)]) {
            // The key is infinity if the digest is s times the multiple, and others near it are small.
            let digest = s.mul_mod(*multiple, ORDER);
            nobody.push(by_multiple(*multiple, *s, digest));
            for off in 1..3 {
                all.push(by_multiple(*multiple, *s, digest + U256::from(off)));
                all.push(by_multiple(*multiple, *s, digest.saturating_sub(U256::from(off))));
            }
            all.push(by_multiple(*multiple, *s, U256::ZERO));
            all.push(by_multiple(*multiple, *s, ORDER - digest));
        }
    }
    assert_eq!(agree(&nobody), 0, "a key at infinity is no key");
    agree(&all);
    // Each with its neighbours of another kind.
    let mixed: Vec<_> = all
        .into_iter()
        .zip(nobody.into_iter().cycle())
        .flat_map(|(a, b)| [a, b])
        .collect();
    agree(&mixed);
}

#[test]
fn the_example_of_eip_155_is_recovered() {
    let r = U256::from_be_bytes(b256!("28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276").0);
    let s = U256::from_be_bytes(b256!("67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83").0);
    let digest = b256!("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
    let signer = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F".parse().ok();
    let group = [(Signature::new(r, s, false), digest); LANES];
    assert_eq!(recover_signers(&group), [signer; LANES]);
}
