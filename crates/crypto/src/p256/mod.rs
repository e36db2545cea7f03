//! Verification of ECDSA signatures on P-256 (EIP-7951; SEC 1 version 2.0, section 4.1.4).

mod constants;
mod point;
#[cfg(test)]
mod tests;

use crate::limbs::{
    U256, add, add_mod, equal, from_be_bytes, is_zero, less, pair_from_be_bytes, sub, to_be_bytes,
};
use crate::modexp::power_by_nibbles;
use crate::multiplier::Multiplier;
use ashlar_abi::Accelerators;
use constants::{B, GENERATOR_TABLE, N, P, P_MINUS_N};
use point::{Point, mul, small, square};

/// Whether `signature` (r then s) signs the digest `message` under the public key `key` (x then y). All integers are
/// big-endian. A high s is accepted.
pub fn secp256r1_verify<A: Accelerators>(message: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> bool {
    let (r, s) = pair_from_be_bytes(signature);
    let (x, y) = pair_from_be_bytes(key);
    let scalars_in_range = !is_zero(&r) && !is_zero(&s) && less(&r, &N) && less(&s, &N);
    if !scalars_in_range || !is_on_curve::<A>(&x, &y) {
        return false;
    }
    let inverse = invert_scalar::<A>(&s);
    let (mut generator_scalar, mut key_scalar) = (from_be_bytes(message), r);
    A::mul_assign(&mut generator_scalar, &inverse, &N);
    A::mul_assign(&mut key_scalar, &inverse, &N);
    let point = multiply_add::<A>(&generator_scalar, &key_scalar, Point::affine(x, y));
    !point.is_infinity() && has_x_modulo_order::<A>(&point, &r)
}

/// Whether (x, y) is a point of the curve, which has no other point than infinity outside of its prime-order group. The
/// point (0, 0) is not on it, as B is not 0.
fn is_on_curve<A: Accelerators>(x: &U256, y: &U256) -> bool {
    if !less(x, &P) || !less(y, &P) {
        return false;
    }
    // x^3 - 3x + B = x (x^2 - 3) + B
    let right = mul::<A>(&point::sub(&square::<A>(x), &small(3)), x);
    equal(&square::<A>(y), &add_mod(&right, &B, &P))
}

/// The inverse modulo N of x, not a multiple of N: the power N - 2.
fn invert_scalar<A: Accelerators>(x: &U256) -> U256 {
    let exponent = to_be_bytes(&sub(&N, &small(2)).0);
    power_by_nibbles::<A, 8>(x, &exponent, &small(1), &N)
}

/// Whether x / z^2 = r modulo N, for a point that is not infinity and r < N: its x is r or r + N, which is below P.
fn has_x_modulo_order<A: Accelerators>(point: &Point, r: &U256) -> bool {
    let z_squared = square::<A>(&point.z);
    let is_x = |candidate: &U256| equal(&mul::<A>(candidate, &z_squared), &point.x);
    is_x(r) || less(r, &P_MINUS_N) && is_x(&add(r, &N).0)
}

/// g G + k Q, G the generator, Q a finite point of the curve, g, k < N.
fn multiply_add<A: Accelerators>(g: &U256, k: &U256, q: Point) -> Point {
    let table = multiples::<A>(q);
    let mut sum = Point::INFINITY;
    for (mut g, mut k) in g.iter().copied().zip(k.iter().copied()).rev() {
        for _ in 0..8 {
            for _ in 0..4 {
                sum.double::<A>();
            }
            if let Some(entry) = entry(&table, k) {
                sum.add::<A>(entry);
            }
            if let Some(entry) = entry(&GENERATOR_TABLE, g) {
                sum.add_affine::<A>(entry);
            }
            (g, k) = (g << 4, k << 4);
        }
    }
    sum
}

/// The multiple that the top four bits of the word choose, from a table that starts at one.
#[inline(always)]
fn entry<T>(table: &[T; 15], word: u32) -> Option<&T> {
    table.get(((word >> 28) as usize).checked_sub(1)?)
}

/// Q, 2Q, ..., 15Q.
fn multiples<A: Accelerators>(q: Point) -> [Point; 15] {
    let base = [q.x, q.y];
    let mut table = [q; 15];
    let mut last = q;
    for entry in table.iter_mut().skip(1) {
        // The first of these sums is a doubling, which the addition finds out.
        last.add_affine::<A>(&base);
        *entry = last;
    }
    table
}
