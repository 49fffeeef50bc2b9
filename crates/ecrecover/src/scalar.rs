//! What a signature asks for, in numbers modulo the order n of the group: the key is `−z/r G + s/r R`, and both factors are
//! taken apart into digits, which tables of multiples answer.

use alloy_primitives::{B256, U256, U512};

/// Bits of a digit of the factor of R.
pub const WINDOW: usize = 5;
/// Digits of each half of it.
pub const WINDOWS: usize = 26;
/// Digits of each half of the factor of G, of eight bits.
pub const BYTES: usize = 16;

pub const ORDER: U256 = U256::from_limbs([
    0xBFD2_5E8C_D036_4141,
    0xBAAE_DCE6_AF48_A03B,
    0xFFFF_FFFF_FFFF_FFFE,
    u64::MAX,
]);
/// −1/n modulo 2⁶⁴.
const REDUCTION: u64 = 0x4B0D_FF66_5588_B13F;
/// 2⁵¹² and 2⁷⁶⁸ modulo n.
const SHIFT: U256 = U256::from_limbs([
    0x896C_F214_67D7_D140,
    0x7414_96C2_0E7C_F878,
    0xE697_F5E4_5BCD_07C6,
    0x9D67_1CD5_81C6_9BC5,
]);
const SHIFT_TWICE: U256 = U256::from_limbs([
    0x7BC0_CFE0_E9FF_41ED,
    0x0017_6484_44D4_322C,
    0xB1B3_1347_F1D0_B2DA,
    0x555D_800C_18EF_116D,
]);

/// How the two factors are spelt.
#[derive(Clone, Copy)]
pub struct Digits {
    /// `Σ (2 d − 255) 256^i` of G and of 2¹²⁸ G. No digit stands for zero so, and no entry of a table for infinity.
    pub base: [[u8; BYTES]; 2],
    /// `Σ (d − 16) 32^i` of R and of λ R.
    pub point: [[u8; WINDOWS]; 2],
}

/// A signature's numbers, each in its range: `0 < r, s < n`.
#[derive(Clone, Copy)]
pub struct Numbers {
    pub r: U256,
    pub s: U256,
    pub digest: B256,
}

/// The digits of several signatures, for the price of one inversion; `None` if that went wrong.
pub fn digits<const N: usize>(all: &[Numbers; N]) -> Option<[Digits; N]> {
    let inverses = shifted_inverses(all.map(|numbers| numbers.r))?;
    let digits = |index: usize| {
        let Numbers { s, digest, .. } = all[index];
        let digest = U256::from_be_bytes(digest.0);
        let digest = if digest < ORDER { digest } else { digest - ORDER };
        let factor = product(digest, inverses[index]);
        Digits {
            base: base_digits(if factor.is_zero() { factor } else { ORDER - factor }),
            point: point_digits(product(s, inverses[index])),
        }
    };
    Some(std::array::from_fn(digits))
}

/// `a b / 2²⁵⁶` modulo n (Montgomery).
fn product(a: U256, b: U256) -> U256 {
    a.mul_redc(b, ORDER, REDUCTION)
}

/// `2²⁵⁶ / a` of each, of numbers that are not zero: all at once by the inverse of their product, which
/// is checked: it is the one step whose length depends on what clients send.
fn shifted_inverses<const N: usize>(all: [U256; N]) -> Option<[U256; N]> {
    // As 2²⁵⁶ a, which products keep.
    let all = all.map(|one| product(one, SHIFT));
    let mut before = [product(U256::from(1), SHIFT); N];
    for index in 1..N {
        before[index] = product(before[index - 1], all[index - 1]);
    }
    let whole = product(before[N - 1], all[N - 1]);
    let inverse = whole.inv_mod(ORDER)?;
    if product(whole, product(inverse, SHIFT)) != U256::from(1) {
        return None;
    }
    let mut inverse = product(inverse, SHIFT_TWICE);
    for (before, one) in before.iter_mut().zip(all).rev() {
        *before = product(*before, inverse);
        inverse = product(inverse, one);
    }
    Some(before)
}

/// With `u = Σ d 256^i`, the sum that the digits stand for is `2 u − (2²⁵⁶ − 1)`.
fn base_digits(factor: U256) -> [[u8; BYTES]; 2] {
    let twice = factor.add_mod(U256::MAX - ORDER, ORDER);
    // Half of it, or of it and n.
    let mut half: U256 = twice >> 1;
    if twice.bit(0) {
        half += (ORDER >> 1) + U256::from(1);
    }
    let bytes = half.to_le_bytes::<32>();
    std::array::from_fn(|half| std::array::from_fn(|digit| bytes[half * BYTES + digit]))
}

/// The factor as `a + b λ` with both halves below 2¹²⁸ in size, by the lattice of such pairs that are zero (Gallant,
/// Lambert, Vanstone: Faster point multiplication on elliptic curves with efficient endomorphisms, 2001).
fn point_digits(factor: U256) -> [[u8; WINDOWS]; 2] {
    // (A1, B1) and (A2, A1) span the lattice; B1 is negative.
    const A1: U256 = U256::from_limbs([0xE86C_90E4_9284_EB15, 0x3086_D221_A7D4_6BCD, 0, 0]);
    const MINUS_B1: U256 = U256::from_limbs([0x6F54_7FA9_0ABF_E4C3, 0xE443_7ED6_010E_8828, 0, 0]);
    const A2: U256 = U256::from_limbs([0x57C1_108D_9D44_CFD8, 0x14CA_50F7_A8E2_F3F6, 1, 0]);
    /// A1 and −B1 times 2³⁸⁴, divided by n.
    const SHARE1: U256 = U256::from_limbs([
        0xE893_209A_45DB_B031,
        0x3DAA_8A14_71E8_CA7F,
        0xE86C_90E4_9284_EB15,
        0x3086_D221_A7D4_6BCD,
    ]);
    const SHARE2: U256 = U256::from_limbs([
        0x1571_B4AE_8AC4_7F71,
        0x2212_08AC_9DF5_06C6,
        0x6F54_7FA9_0ABF_E4C4,
        0xE443_7ED6_010E_8828,
    ]);
    /// 16 in each digit: it makes the halves positive, and is taken off by what the digits stand for.
    const OFFSET: U256 = U256::from_limbs([0x0842_1084_2108_4210, 0x1084_2108_4210_8421, 2, 0]);
    let nearest = |share: U256| -> U256 {
        let product: U512 = factor.widening_mul(share);
        let [.., low, high] = product.into_limbs();
        U256::from_limbs([low, high, 0, 0]) + U256::from(u64::from(product.bit(383)))
    };
    let (first, second) = (nearest(SHARE1), nearest(SHARE2));
    // Modulo 2²⁵⁶, where a negative half is what it is in two's complement.
    let a = factor
        .wrapping_sub(first.wrapping_mul(A1))
        .wrapping_sub(second.wrapping_mul(A2));
    let b = first.wrapping_mul(MINUS_B1).wrapping_sub(second.wrapping_mul(A1));
    [a, b].map(|half| {
        let shifted = half.wrapping_add(OFFSET);
        debug_assert!(shifted.bit_len() <= WINDOW * WINDOWS);
        std::array::from_fn(|digit| (shifted >> (WINDOW * digit)).byte(0) & 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// λ (x, y) = (β x, y).
    const LAMBDA: U256 = U256::from_limbs([
        0xDF02_967C_1B23_BD72,
        0x122E_22EA_2081_6678,
        0xA526_1C02_8812_645A,
        0x5363_AD4C_C05C_30E0,
    ]);

    /// `Σ value(d) base^i`, where a value is the difference of two.
    fn spelt(digits: &[u8], base: u64, value: impl Fn(u8) -> (u64, u64)) -> U256 {
        digits.iter().rev().fold(U256::ZERO, |sum, digit| {
            let (more, less) = value(*digit);
            sum.mul_mod(U256::from(base), ORDER)
                .add_mod(U256::from(more), ORDER)
                .add_mod(ORDER - U256::from(less), ORDER)
        })
    }

    fn holds(factor: U256) {
        let [low, high] =
            base_digits(factor).map(|half| spelt(&half, 256, |digit| (2 * u64::from(digit), 255)));
        let shifted = high.mul_mod(U256::from(1) << 128, ORDER);
        assert_eq!(low.add_mod(shifted, ORDER), factor);
        let [a, b] = point_digits(factor).map(|half| spelt(&half, 32, |digit| (digit.into(), 16)));
        assert_eq!(a.add_mod(b.mul_mod(LAMBDA, ORDER), ORDER), factor);
    }

    #[test]
    fn digits_stand_for_the_factor() {
        for near in [
            U256::ZERO,
            LAMBDA,
            ORDER >> 1,
            U256::from(1) << 128,
            ORDER - LAMBDA,
        ] {
            for off in 0..4 {
                holds(near.saturating_sub(U256::from(off)));
                holds(near + U256::from(off));
            }
        }
        let mut factor = LAMBDA;
        for _ in 0..2_000 {
            factor = factor.mul_mod(LAMBDA + U256::from(12_345), ORDER);
            holds(factor);
        }
        holds(ORDER - U256::from(1));
    }

    #[test]
    fn all_are_inverted_by_one_inversion() {
        let all: [U256; 5] = std::array::from_fn(|index| (LAMBDA >> (7 * index)) + U256::from(index));
        let inverses = shifted_inverses(all).expect("none is zero");
        for (one, inverse) in all.into_iter().zip(inverses) {
            assert_eq!(product(one, inverse), U256::from(1));
        }
    }
}
