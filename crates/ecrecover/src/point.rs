//! Points of secp256k1, eight at a time, in homogeneous coordinates: (X : Y : Z) is (X/Z, Y/Z), and (0 : 1 : 0) the point
//! at infinity.
//!
//! The formulas are complete (Renes, Costello, Batina: Complete addition formulas for prime order elliptic curves, 2015,
//! algorithms 7 to 9): they hold for any two points, equal, opposite or infinite, so that whoever chooses a signature
//! cannot choose one that they fail for. Their sums of two products are reduced once.

use crate::field::{
    Field, LIMBS, add, constant, mul, mul_add, mul_both, negate, shift, square, sub, sub_both, times_21,
};

#[derive(Clone, Copy)]
pub struct Point {
    pub x: Field,
    pub y: Field,
    pub z: Field,
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn infinity() -> Point {
    let (zero, one) = (constant([0; LIMBS]), constant([1, 0, 0, 0, 0]));
    Point {
        x: zero,
        y: one,
        z: zero,
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub fn double(Point { x, y, z }: Point) -> Point {
    let yy = square(y);
    let yy8 = shift::<3>(yy);
    let zz = times_21(square(z));
    let less = sub_both(yy, zz, shift::<1>(zz));
    Point {
        x: shift::<1>(mul(less, mul(x, y))),
        y: mul_both(zz, yy8, less, add(yy, zz)),
        z: mul(mul(y, z), yy8),
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub fn sum(a: Point, b: Point) -> Point {
    finish(Products {
        xx: mul(a.x, b.x),
        yy: mul(a.y, b.y),
        zz: mul(a.z, b.z),
        xy: mul_both(a.x, b.y, b.x, a.y),
        yz: mul_both(a.y, b.z, b.y, a.z),
        xz: mul_both(a.x, b.z, b.x, a.z),
    })
}

/// The sum with a point (x, y), which cannot be infinity.
#[target_feature(enable = "avx512f,avx512ifma")]
pub fn sum_affine(a: Point, [x, y]: [Field; 2]) -> Point {
    finish(Products {
        xx: mul(a.x, x),
        yy: mul(a.y, y),
        zz: a.z,
        xy: mul_both(a.x, y, x, a.y),
        yz: mul_add(y, a.z, a.y),
        xz: mul_add(x, a.z, a.x),
    })
}

/// What the sum of two points is made from: products of like coordinates, and of two with one another, both ways.
struct Products {
    xx: Field,
    yy: Field,
    zz: Field,
    xy: Field,
    yz: Field,
    xz: Field,
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn finish(
    Products {
        xx,
        yy,
        zz,
        xy,
        yz,
        xz,
    }: Products,
) -> Point {
    let xx = add(xx, shift::<1>(xx));
    let zz = times_21(zz);
    let xz = times_21(xz);
    let (more, less) = (add(yy, zz), sub(yy, zz));
    Point {
        x: mul_both(xy, less, yz, negate(xz, u8::MAX)),
        y: mul_both(less, more, xz, xx),
        z: mul_both(more, yz, xx, xy),
    }
}
