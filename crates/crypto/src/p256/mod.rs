//! Verification of ECDSA signatures on P-256 (EIP-7951; SEC 1 version 2.0, section 4.1.4).

mod constants;
#[cfg(test)]
mod tests;

use crate::arithmetic::{Arith, Over};
use crate::curve::{Affine, Group, Multiple, Point};
use crate::limbs::{U256, add, from_be_bytes, is_zero, less, pair_from_be_bytes, sub, to_be_bytes};
use crate::modexp::power_by_nibbles;
use crate::multiplier::Multiplier;
use ashlar_abi::Accelerators;
use constants::{B, GENERATOR, N, P, P_MINUS_N, P256};

/// The base field over the accelerators A.
type Field<A> = Arith<A, P256, 8>;

/// Whether `signature` (r then s) signs the digest `message` under the public key `key` (x then y). All integers are
/// big-endian. A high s is accepted.
pub fn secp256r1_verify<A: Accelerators>(message: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> bool {
    let (r, s) = pair_from_be_bytes(signature);
    let key: Affine<U256> = pair_from_be_bytes(key).into();
    let mut field = Field::<A>::new();
    let scalars_in_range = !is_zero(&r) && !is_zero(&s) && less(&r, &N) && less(&s, &N);
    if !scalars_in_range || !is_finite_point(&mut field, &key) {
        return false;
    }
    let inverse = invert_scalar::<A>(&s);
    let (mut generator_scalar, mut key_scalar) = (from_be_bytes(message), r);
    A::mul_assign(&mut generator_scalar, &inverse, &N);
    A::mul_assign(&mut key_scalar, &inverse, &N);
    let multiples = [
        Multiple::by_words(&mut field, &Field::<A>::point(&GENERATOR), &generator_scalar),
        Multiple::by_words(&mut field, &Field::<A>::point(&key), &key_scalar),
    ];
    let point = Multiple::sum(&mut field, &multiples);
    !field.is_infinity(&point) && has_x_modulo_order(&field, &point, &r)
}

/// Whether (x, y) is a point of the curve, which has no other point than infinity outside of its prime-order group. The
/// point (0, 0) is not on it, as B is not 0.
fn is_finite_point<A: Accelerators>(field: &mut Field<A>, point: &Affine<U256>) -> bool {
    point.iter().all(|coordinate| less(coordinate, &P)) && field.is_on_curve(point, &B)
}

/// The inverse modulo N of x, not a multiple of N: the power N - 2.
fn invert_scalar<A: Accelerators>(x: &U256) -> U256 {
    let exponent = to_be_bytes(&sub(&N, &[2, 0, 0, 0, 0, 0, 0, 0]).0);
    power_by_nibbles::<A, 8>(x, &exponent, &Field::<A>::ONE, &N)
}

/// Whether x / z^2 = r modulo N, for a point that is not infinity and r < N: its x is r or r + N, which is below P.
fn has_x_modulo_order<A: Accelerators>(field: &Field<A>, point: &Point<U256>, r: &U256) -> bool {
    let [mut z_squared, mut t] = [[0; 8]; 2];
    field.mul(&mut z_squared, &point.z, &point.z);
    let mut is_x = |candidate: &U256| {
        field.mul(&mut t, candidate, &z_squared);
        field.equal(&t, &point.x)
    };
    is_x(r) || less(r, &P_MINUS_N) && is_x(&add(r, &N).0)
}
