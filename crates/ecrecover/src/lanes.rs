//! Keys behind eight signatures at once.

use crate::{
    LANES,
    field::{self, Field, LIMBS, Limbs, Stored, constant},
    point::{Point, double, infinity, sum, sum_affine},
    scalar::{self, BYTES, Digits, Numbers, WINDOW, WINDOWS},
};
use alloy_consensus::crypto::SECP256K1N_HALF;
use alloy_primitives::{Address, B256, Signature, U256, keccak256};
use k256::{AffinePoint, ProjectivePoint, Scalar, elliptic_curve::sec1::ToEncodedPoint as _};
use std::sync::LazyLock;

/// λ (x, y) = (β x, y).
const BETA: U256 = U256::from_limbs([
    0xC139_6C28_7195_01EE,
    0x9CF0_4975_12F5_8995,
    0x6E64_479E_AC34_34E9,
    0x7AE9_6A2B_657C_0710,
]);

/// `(2 d − 255) G` and `(2 d − 255) 2¹²⁸ G` for each byte `d`, 40 KiB together.
type Base = [[[Limbs; 2]; 256]; 2];

static BASE: LazyLock<Box<Base>> = LazyLock::new(|| {
    let high = Scalar::from(1_u128 << 64) * Scalar::from(1_u128 << 64);
    let points = [ProjectivePoint::GENERATOR, ProjectivePoint::GENERATOR * high];
    Box::new(points.map(|point| {
        let mut multiple = -(point * Scalar::from(255_u64));
        [(); 256].map(|()| {
            let entry = coordinates(&multiple.to_affine());
            multiple += point.double();
            entry
        })
    }))
});

fn coordinates(point: &AffinePoint) -> [Limbs; 2] {
    let point = point.to_encoded_point(false);
    let (x, y) = (
        point.x().expect("not infinity"),
        point.y().expect("not compressed"),
    );
    [x, y].map(|bytes| field::limbs(U256::from_be_slice(bytes)))
}

/// Whether this processor has the instructions.
pub fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")
}

/// The signers of up to eight digests, `None` where there is none; or nothing at all, should an inverse turn out wrong.
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn recover(signed: &[(Signature, B256)]) -> Option<[Option<Address>; LANES]> {
    let mut numbers = [None; LANES];
    for (numbers, (signature, digest)) in numbers.iter_mut().zip(signed) {
        let (r, s) = (signature.r(), signature.s());
        let one = U256::from(1);
        if (one..scalar::ORDER).contains(&r) && (one..=SECP256K1N_HALF).contains(&s) {
            *numbers = Some(Numbers {
                r,
                s,
                digest: *digest,
            });
        }
    }
    let filled = numbers.map(|numbers| numbers.unwrap_or(FILLER));
    let odd = std::array::from_fn(|lane| signed.get(lane).is_some_and(|(signature, _)| signature.v()));
    let (point, on_curve) = lift(filled.map(|numbers| numbers.r), odd);
    let keys = affine(multiply(point, &scalar::digits(&filled)?));
    let signer = |lane: usize| {
        numbers[lane]?;
        let [x, y] = keys[lane].filter(|_| on_curve[lane])?;
        let mut key = [0; 64];
        key[..32].copy_from_slice(&x.to_be_bytes::<32>());
        key[32..].copy_from_slice(&y.to_be_bytes::<32>());
        Some(Address::from_slice(&keccak256(key)[12..]))
    };
    Some(std::array::from_fn(signer))
}

/// What stands in the lanes without a signature.
const FILLER: Numbers = Numbers {
    r: U256::from_limbs([1, 0, 0, 0]),
    s: U256::from_limbs([1, 0, 0, 0]),
    digest: B256::ZERO,
};

/// The points with these x and parities of y, and whether there are such.
#[target_feature(enable = "avx512f,avx512ifma")]
fn lift(xs: [U256; LANES], odd: [bool; LANES]) -> ([Field; 2], [bool; LANES]) {
    let x = field::from_values(xs);
    let right = field::add(field::mul(field::square(x), x), constant([7, 0, 0, 0, 0]));
    let y = field::root(right);
    let rest = field::to_values(field::sub(field::square(y), right));
    let values = field::to_values(y);
    let mut other = 0;
    for lane in 0..LANES {
        other |= u8::from(values[lane].bit(0) != odd[lane]) << lane;
    }
    ([x, field::negate(y, other)], rest.map(|rest| rest.is_zero()))
}

/// `Σ` of what the digits stand for, of G and of a point.
#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply(point: [Field; 2], digits: &[Digits; LANES]) -> Point {
    let multiples = Multiples::of(point);
    let base: &Base = &BASE;
    let mut total = infinity();
    for bit in (0..=WINDOW * (WINDOWS - 1)).rev() {
        total = double(total);
        if bit % WINDOW == 0 {
            for half in 0..2 {
                let at = digits.map(|digits| digits.point[half][bit / WINDOW]);
                total = sum(total, multiples.entry(half, at));
            }
        }
        if bit % 8 == 0 && bit / 8 < BYTES {
            for (half, table) in base.iter().enumerate() {
                let at = digits.map(|digits| digits.base[half][bit / 8]);
                total = sum_affine(total, base_entry(table, at));
            }
        }
    }
    total
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn base_entry(table: &[[Limbs; 2]; 256], digits: [u8; LANES]) -> [Field; 2] {
    let mut lanes = [[[0; LANES]; LIMBS]; 2];
    for (lane, digit) in digits.into_iter().enumerate() {
        for (lanes, limbs) in lanes.iter_mut().zip(&table[usize::from(digit)]) {
            for (lanes, limb) in lanes.iter_mut().zip(limbs) {
                lanes[lane] = *limb;
            }
        }
    }
    lanes.map(|lanes| field::load(&lanes))
}

/// A point of each lane times 0 to 16, and λ times those.
struct Multiples([Entry; 17]);

/// X is first of the point, and then of λ times it.
struct Entry {
    x: [Stored; 2],
    y: Stored,
    z: Stored,
}

impl Multiples {
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn of(point: [Field; 2]) -> Self {
        let mut multiples = [infinity(); 17];
        for index in 1..multiples.len() {
            multiples[index] = match index % 2 {
                0 => double(multiples[index / 2]),
                _ => sum_affine(multiples[index - 1], point),
            };
        }
        let beta = constant(field::limbs(BETA));
        Self(multiples.map(|multiple| Entry {
            x: [
                field::store(multiple.x),
                field::store(field::mul(multiple.x, beta)),
            ],
            y: field::store(multiple.y),
            z: field::store(multiple.z),
        }))
    }

    /// Of each lane, what its digit stands for.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn entry(&self, half: usize, digits: [u8; LANES]) -> Point {
        let mut lanes = [[[0; LANES]; LIMBS]; 3];
        let mut negative = 0;
        for (lane, digit) in digits.into_iter().enumerate() {
            negative |= u8::from(digit < 16) << lane;
            let entry = &self.0[usize::from(digit.abs_diff(16))];
            for (lanes, limbs) in lanes.iter_mut().zip([&entry.x[half], &entry.y, &entry.z]) {
                for (lanes, limb) in lanes.iter_mut().zip(limbs) {
                    lanes[lane] = limb[lane];
                }
            }
        }
        let [x, y, z] = lanes.map(|lanes| field::load(&lanes));
        Point {
            x,
            y: field::negate(y, negative),
            z,
        }
    }
}

/// x and y of each point that is not infinity.
#[target_feature(enable = "avx512f,avx512ifma")]
fn affine(point: Point) -> [Option<[U256; 2]>; LANES] {
    let inverse = field::invert(point.z);
    let (xs, ys) = (
        field::to_values(field::mul(point.x, inverse)),
        field::to_values(field::mul(point.y, inverse)),
    );
    let zs = field::to_values(inverse);
    std::array::from_fn(|lane| (!zs[lane].is_zero()).then_some([xs[lane], ys[lane]]))
}
