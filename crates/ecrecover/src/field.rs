//! Elements of the field of secp256k1, eight at a time: one in each lane of the registers.
//!
//! An element is five limbs of 52 bits, the lowest first, as the instructions multiply them (AVX-512 IFMA). It is kept
//! below 2²⁵⁶ + 2²¹⁴ and not always below the modulus p = 2²⁵⁶ − 2³² − 977: every operation takes such elements and gives
//! such elements, with the lower four limbs below 2⁵² and the highest below 2⁴⁸ + 2⁶. What is compared or given out is
//! brought below p first.

use crate::LANES;
use alloy_primitives::U256;
use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_mask_blend_epi64, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srli_epi64,
    _mm512_sub_epi64,
};

pub const LIMBS: usize = 5;

const LIMB_BITS: u32 = 52;
/// Bits of the highest limb of an element below 2²⁵⁶.
const TOP_BITS: u32 = 48;
const LIMB: u64 = (1 << LIMB_BITS) - 1;
const TOP: u64 = (1 << TOP_BITS) - 1;
/// 2²⁵⁶ modulo p.
const FOLD: u64 = 0x1_0000_03D1;
/// 2²⁶⁰ modulo p.
const FOLD_LIMBS: u64 = FOLD << (LIMBS as u32 * LIMB_BITS - 256);

const MODULUS: U256 = U256::from_limbs([0xFFFF_FFFE_FFFF_FC2F, u64::MAX, u64::MAX, u64::MAX]);
/// 2p limb by limb: each limb is above that of any element, so that no difference is negative.
const TWICE_MODULUS: [u64; LIMBS] = [2 * 0xF_FFFE_FFFF_FC2F, 2 * LIMB, 2 * LIMB, 2 * LIMB, 2 * TOP];

/// The limbs of one element.
pub type Limbs = [u64; LIMBS];

pub const fn limbs(value: U256) -> Limbs {
    let [a, b, c, d] = *value.as_limbs();
    [
        a & LIMB,
        (a >> 52 | b << 12) & LIMB,
        (b >> 40 | c << 24) & LIMB,
        (c >> 28 | d << 36) & LIMB,
        d >> 16,
    ]
}

/// Eight elements in memory, limb by limb.
pub type Stored = [[u64; LANES]; LIMBS];

/// Eight elements.
#[derive(Clone, Copy)]
pub struct Field([__m512i; LIMBS]);

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn splat(value: u64) -> __m512i {
    _mm512_set1_epi64(value.cast_signed())
}

/// The same element in each lane.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn constant(limbs: Limbs) -> Field {
    Field(limbs.map(|limb| splat(limb)))
}

/// One element a lane, given limb by limb.
pub fn load(limbs: &Stored) -> Field {
    Field(limbs.map(bytemuck::cast))
}

pub fn store(a: Field) -> Stored {
    a.0.map(bytemuck::cast)
}

/// One element below 2²⁵⁶ a lane.
pub fn from_values(values: [U256; LANES]) -> Field {
    let mut lanes = [[0; LANES]; LIMBS];
    for (lane, value) in values.into_iter().enumerate() {
        for (limb, bits) in lanes.iter_mut().zip(limbs(value)) {
            limb[lane] = bits;
        }
    }
    load(&lanes)
}

/// The elements, below p.
pub fn to_values(a: Field) -> [U256; LANES] {
    let lanes = store(a);
    std::array::from_fn(|lane| {
        let [a, b, c, d, e] = lanes.map(|limb| limb[lane]);
        let words = [
            a | b << 52,
            b >> 12 | c << 40,
            c >> 24 | d << 28,
            d >> 36 | e << 16,
        ];
        let above = e >> TOP_BITS;
        let (mut value, mut over) = (U256::from_limbs(words), above != 0);
        // Below 2p, so that once is enough.
        if over || value >= MODULUS {
            (value, over) = value.overflowing_sub(MODULUS);
        }
        debug_assert!(above <= 1 && over == (above != 0));
        value
    })
}

/// An element that is within the bounds: builds with debug assertions look.
#[inline]
fn checked(a: Field) -> Field {
    #[cfg(debug_assertions)]
    {
        let [low @ .., high] = store(a);
        assert!(low.as_flattened().iter().all(|limb| *limb <= LIMB));
        assert!(high.iter().all(|limb| *limb < (1 << TOP_BITS) + (1 << 6)));
    }
    a
}

/// Brings limbs of at most 58 bits into their bounds.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn carry([mut a, b, c, d, mut e]: [__m512i; LIMBS]) -> Field {
    let above = _mm512_srli_epi64::<TOP_BITS>(e);
    e = _mm512_and_si512(e, splat(TOP));
    a = _mm512_madd52lo_epu64(a, above, splat(FOLD));
    carry_up([a, b, c, d, e])
}

/// Hands on what is above each limb's bits; the highest takes what comes.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn carry_up([mut a, mut b, mut c, mut d, mut e]: [__m512i; LIMBS]) -> Field {
    let limb = splat(LIMB);
    b = _mm512_add_epi64(b, _mm512_srli_epi64::<LIMB_BITS>(a));
    a = _mm512_and_si512(a, limb);
    c = _mm512_add_epi64(c, _mm512_srli_epi64::<LIMB_BITS>(b));
    b = _mm512_and_si512(b, limb);
    d = _mm512_add_epi64(d, _mm512_srli_epi64::<LIMB_BITS>(c));
    c = _mm512_and_si512(c, limb);
    e = _mm512_add_epi64(e, _mm512_srli_epi64::<LIMB_BITS>(d));
    d = _mm512_and_si512(d, limb);
    checked(Field([a, b, c, d, e]))
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn add(a: Field, b: Field) -> Field {
    let mut sum = a.0;
    for (limb, other) in sum.iter_mut().zip(b.0) {
        *limb = _mm512_add_epi64(*limb, other);
    }
    carry(sum)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn sub(a: Field, b: Field) -> Field {
    let mut difference = a.0;
    for ((limb, other), twice) in difference.iter_mut().zip(b.0).zip(TWICE_MODULUS) {
        *limb = _mm512_add_epi64(*limb, _mm512_sub_epi64(splat(twice), other));
    }
    carry(difference)
}

/// `a − b − c`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn sub_both(a: Field, b: Field, c: Field) -> Field {
    let mut difference = a.0;
    for (((limb, b), c), twice) in difference.iter_mut().zip(b.0).zip(c.0).zip(TWICE_MODULUS) {
        let less = _mm512_sub_epi64(splat(2 * twice), _mm512_add_epi64(b, c));
        *limb = _mm512_add_epi64(*limb, less);
    }
    carry(difference)
}

/// `−a` in the lanes that `mask` names, the lowest bit the first.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn negate(a: Field, mask: u8) -> Field {
    let negative = sub(constant([0; LIMBS]), a);
    let mut either = a.0;
    for (limb, negative) in either.iter_mut().zip(negative.0) {
        *limb = _mm512_mask_blend_epi64(mask, *limb, negative);
    }
    Field(either)
}

/// `2^SHIFT a`, where the shift is below 6.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn shift<const SHIFT: u32>(a: Field) -> Field {
    carry(a.0.map(|limb| _mm512_slli_epi64::<SHIFT>(limb)))
}

/// `21 a`: three times the constant of the curve, y² = x³ + 7.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn times_21(a: Field) -> Field {
    carry(a.0.map(|limb| {
        let five = _mm512_add_epi64(_mm512_slli_epi64::<2>(limb), limb);
        _mm512_add_epi64(_mm512_slli_epi64::<4>(limb), five)
    }))
}

/// The ten columns of a sum of two products, each below 2⁵⁷, as an element.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn reduce(columns: [__m512i; 2 * LIMBS]) -> Field {
    let limb = splat(LIMB);
    let [
        mut low0,
        mut low1,
        mut low2,
        mut low3,
        mut low4,
        mut h0,
        mut h1,
        mut h2,
        mut h3,
        mut h4,
    ] = columns;
    h1 = _mm512_add_epi64(h1, _mm512_srli_epi64::<LIMB_BITS>(h0));
    h0 = _mm512_and_si512(h0, limb);
    h2 = _mm512_add_epi64(h2, _mm512_srli_epi64::<LIMB_BITS>(h1));
    h1 = _mm512_and_si512(h1, limb);
    h3 = _mm512_add_epi64(h3, _mm512_srli_epi64::<LIMB_BITS>(h2));
    h2 = _mm512_and_si512(h2, limb);
    h4 = _mm512_add_epi64(h4, _mm512_srli_epi64::<LIMB_BITS>(h3));
    h3 = _mm512_and_si512(h3, limb);

    let fold = splat(FOLD_LIMBS);
    low0 = _mm512_madd52lo_epu64(low0, h0, fold);
    low1 = _mm512_madd52hi_epu64(_mm512_madd52lo_epu64(low1, h1, fold), h0, fold);
    low2 = _mm512_madd52hi_epu64(_mm512_madd52lo_epu64(low2, h2, fold), h1, fold);
    low3 = _mm512_madd52hi_epu64(_mm512_madd52lo_epu64(low3, h3, fold), h2, fold);
    low4 = _mm512_madd52hi_epu64(_mm512_madd52lo_epu64(low4, h4, fold), h3, fold);
    let beyond = _mm512_madd52hi_epu64(_mm512_setzero_si512(), h4, fold);

    // What is above 2²⁵⁶ now has 34 bits.
    let above = _mm512_add_epi64(
        _mm512_slli_epi64::<{ LIMB_BITS - TOP_BITS }>(beyond),
        _mm512_srli_epi64::<TOP_BITS>(low4),
    );
    low4 = _mm512_and_si512(low4, splat(TOP));
    low1 = _mm512_madd52hi_epu64(low1, above, splat(FOLD));
    low0 = _mm512_madd52lo_epu64(low0, above, splat(FOLD));
    carry_up([low0, low1, low2, low3, low4])
}

type Columns = [__m512i; 2 * LIMBS];

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn no_columns() -> Columns {
    [_mm512_setzero_si512(); 2 * LIMBS]
}

/// The columns of a sum of products.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add_product(mut columns: Columns, a: Field, b: Field) -> Columns {
    for i in 0..LIMBS {
        for j in 0..LIMBS {
            columns[i + j] = _mm512_madd52lo_epu64(columns[i + j], a.0[i], b.0[j]);
        }
        for j in 0..LIMBS {
            columns[i + j + 1] = _mm512_madd52hi_epu64(columns[i + j + 1], a.0[i], b.0[j]);
        }
    }
    columns
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn mul(a: Field, b: Field) -> Field {
    reduce(add_product(no_columns(), a, b))
}

/// `a b + c d`, reduced once.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn mul_both(a: Field, b: Field, c: Field, d: Field) -> Field {
    let columns = add_product(no_columns(), a, b);
    reduce(add_product(columns, c, d))
}

/// `a b + c`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn mul_add(a: Field, b: Field, c: Field) -> Field {
    let mut columns = no_columns();
    columns[..LIMBS].copy_from_slice(&c.0);
    reduce(add_product(columns, a, b))
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn square(a: Field) -> Field {
    let mut sum = no_columns();
    for i in 0..LIMBS {
        for j in i + 1..LIMBS {
            sum[i + j] = _mm512_madd52lo_epu64(sum[i + j], a.0[i], a.0[j]);
            sum[i + j + 1] = _mm512_madd52hi_epu64(sum[i + j + 1], a.0[i], a.0[j]);
        }
    }
    sum = sum.map(|column| _mm512_slli_epi64::<1>(column));
    for i in 0..LIMBS {
        sum[2 * i] = _mm512_madd52lo_epu64(sum[2 * i], a.0[i], a.0[i]);
        sum[2 * i + 1] = _mm512_madd52hi_epu64(sum[2 * i + 1], a.0[i], a.0[i]);
    }
    reduce(sum)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn square_times(mut a: Field, times: usize) -> Field {
    for _ in 0..times {
        a = square(a);
    }
    a
}

/// `a` to the powers 3, 2²² − 1 and 2²²³ − 1, on which the exponents of root and inverse are built: both begin with 223
/// ones.
#[target_feature(enable = "avx512f,avx512ifma")]
fn powers(a: Field) -> (Field, Field, Field) {
    // Each has as many ones as its name says.
    let ones2 = mul(square(a), a);
    let ones3 = mul(square(ones2), a);
    let ones6 = mul(square_times(ones3, 3), ones3);
    let ones9 = mul(square_times(ones6, 3), ones3);
    let ones11 = mul(square_times(ones9, 2), ones2);
    let ones22 = mul(square_times(ones11, 11), ones11);
    let ones44 = mul(square_times(ones22, 22), ones22);
    let ones88 = mul(square_times(ones44, 44), ones44);
    let ones176 = mul(square_times(ones88, 88), ones88);
    let ones220 = mul(square_times(ones176, 44), ones44);
    let ones223 = mul(square_times(ones220, 3), ones3);
    (ones2, ones22, ones223)
}

/// `a` to the power (p + 1) / 4: a square root of `a`, if it has one.
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn root(a: Field) -> Field {
    let (ones2, ones22, ones223) = powers(a);
    let root = mul(square_times(ones223, 23), ones22);
    square_times(mul(square_times(root, 6), ones2), 2)
}

/// `a` to the power p − 2: its inverse, and zero for zero.
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn invert(a: Field) -> Field {
    let (ones2, ones22, ones223) = powers(a);
    let inverse = mul(square_times(ones223, 23), ones22);
    let inverse = mul(square_times(inverse, 5), a);
    let inverse = mul(square_times(inverse, 3), ones2);
    mul(square_times(inverse, 2), a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::available;
    use alloy_primitives::U512;

    const FULL: u64 = LIMB;
    const HIGHEST: u64 = TOP + (1 << 6);

    /// Elements where carries go furthest, given by their limbs.
    fn extremes() -> Vec<Limbs> {
        let mut extremes = vec![
            [FULL, FULL, FULL, FULL, HIGHEST],
            [FULL, FULL, FULL, FULL, TOP],
            [0, 0, 0, 0, HIGHEST],
            [0, 0, 0, 0, 1 << TOP_BITS],
            [FULL, 0, FULL, 0, HIGHEST],
            [0, FULL, 0, FULL, TOP],
            // The most that a column of two such products can have.
            [
                FULL + 1 - 0x3FF_FFFF,
                FULL + 1 - 0x3FF_FFFF,
                FULL + 1 - 0x3FF_FFFF,
                FULL + 1 - 0x3FF_FFFF,
                140_737_423_343_616,
            ],
        ];
        let near = |value: U256| [value - U256::from(1), value, value + U256::from(1)];
        let values = [near(MODULUS), near(MODULUS >> 1), near(U256::from(1) << 208)].concat();
        extremes.extend(values.into_iter().map(limbs));
        extremes.extend([U256::ZERO, U256::from(1), U256::MAX, U256::from(FOLD)].map(limbs));
        extremes
    }

    fn value(limbs: Limbs) -> U256 {
        let value = limbs
            .iter()
            .rev()
            .fold(U512::ZERO, |sum, limb| (sum << LIMB_BITS) + U512::from(*limb));
        U256::from(value % U512::from(MODULUS))
    }

    /// Compares each lane.
    fn is(found: Field, expected: U256, of: &str, from: [Limbs; 2]) {
        assert_eq!(to_values(found), [expected; LANES], "{of} of {from:x?}");
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn hold_pairs() {
        for left in extremes() {
            for right in extremes() {
                let ([a, b], [x, y], from) = (
                    [left, right].map(|limbs| constant(limbs)),
                    [left, right].map(value),
                    [left, right],
                );
                let plus = |x: U256, y: U256| x.add_mod(y, MODULUS);
                let times = |x: U256, y: U256| x.mul_mod(y, MODULUS);
                let minus = |x: U256, y: U256| x.add_mod(MODULUS - y, MODULUS);
                is(add(a, b), plus(x, y), "sum", from);
                is(sub(a, b), minus(x, y), "difference", from);
                is(
                    sub_both(a, b, b),
                    minus(minus(x, y), y),
                    "difference of three",
                    from,
                );
                is(mul(a, b), times(x, y), "product", from);
                is(
                    mul_both(a, b, b, b),
                    plus(times(x, y), times(y, y)),
                    "two products",
                    from,
                );
                is(mul_add(a, b, a), plus(times(x, y), x), "product and sum", from);
                is(square(a), times(x, x), "square", from);
                is(negate(a, u8::MAX), minus(U256::ZERO, x), "negative", from);
                is(negate(a, 0), x, "itself", from);
                is(shift::<5>(a), times(x, U256::from(32)), "shift", from);
                is(times_21(a), times(x, U256::from(21)), "times 21", from);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn hold_powers() {
        for limbs in extremes() {
            let (a, x) = (constant(limbs), value(limbs));
            let power = |exponent| x.pow_mod(exponent, MODULUS);
            is(invert(a), power(MODULUS - U256::from(2)), "inverse", [limbs; 2]);
            is(root(a), power((MODULUS >> 2) + U256::from(1)), "root", [limbs; 2]);
        }
    }

    #[test]
    #[expect(unsafe_code, reason = "functions for instructions that have been looked for")]
    fn every_operation_holds_at_its_bounds() {
        if !available() {
            eprintln!("not tested: this processor has no AVX-512 IFMA");
            return;
        }
        // SAFETY: the processor has the instructions that the functions are compiled for.
        unsafe {
            hold_pairs();
            hold_powers();
        }
    }

    #[test]
    fn lanes_are_apart() {
        let values = std::array::from_fn(|lane| U256::from(lane) << (30 * lane));
        assert_eq!(to_values(from_values(values)), values);
    }
}
