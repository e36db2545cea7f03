//! Verification of KZG proofs (EIP-4844; `verify_kzg_proof` of the consensus specification of Deneb).

use super::encoding::{G1, G2, read_element};
use super::groups::{is_in_first_group, sum_in_first_group};
use super::parameters::{B, Bls12381, Field, G1_MINUS_GENERATOR, G2_MINUS_GENERATOR, ORDER, TAU_G2};
use crate::arithmetic::{Over, Prime};
use crate::curve::Group;
use crate::limbs::{U256, from_be_bytes, less, sub};
use ashlar_abi::Accelerators;

/// Whether `proof` shows that the polynomial committed to by `commitment` has the value `y` at `z`. Points are
/// compressed, scalars big-endian; false if any of them is not canonical or not in its group.
///
/// With P, Q the points and G1, G2 the generators, the equation is e(P - y G1, G2) = e(Q, (tau - z) G2). Moving z to the
/// other side, e(P - y G1 + z Q, -G2) e(Q, tau G2) = 1, leaves multiples of points of the first group only.
pub fn verify_kzg_proof<A: Accelerators>(
    commitment: &[u8; 48],
    z: &[u8; 32],
    y: &[u8; 32],
    proof: &[u8; 48],
) -> bool {
    let mut field = Field::<A>::new();
    let (Some(commitment), Some(proof)) = (decompress(&mut field, commitment), decompress(&mut field, proof))
    else {
        return false;
    };
    let (Some(z), Some(y)) = (read_scalar(z), read_scalar(y)) else { return false };
    let multiples = [(G1_MINUS_GENERATOR, y), (proof.unwrap_or(G1_MINUS_GENERATOR), z)];
    let multiples = if proof.is_some() { &multiples[..] } else { &multiples[..1] };
    let mut left = sum_in_first_group(&mut field, multiples);
    if let Some(commitment) = &commitment {
        field.add_point(&mut left, &Field::<A>::point(commitment));
    }
    let left = field.affine(&left);
    let pairs: [(Option<G1>, G2); 2] = [(left, G2_MINUS_GENERATOR), (proof, TAU_G2)];
    field.product_is_one(&pairs) == Some(true)
}

/// A canonical scalar.
fn read_scalar(bytes: &[u8; 32]) -> Option<U256> {
    let words = from_be_bytes(bytes);
    less(&words, &ORDER).then_some(words)
}

/// A point of the first group (`Some(None)` for infinity) from the 48 bytes that many libraries share: the first three
/// bits say compressed, infinity, and that y is the larger of both, the others are x.
pub(super) fn decompress<A: Accelerators>(field: &mut Field<A>, bytes: &[u8; 48]) -> Option<Option<G1>> {
    let mut x = *bytes;
    let [first, ..] = &mut x;
    let flags = *first >> 5;
    *first &= 0x1f;
    match flags {
        0b110 => (x == [0; 48]).then_some(None),
        0b100 | 0b101 => {
            let x = read_element(&x).ok()?;
            let (mut t, mut square, mut y) = ([0; 12], [0; 12], [0; 12]);
            field.mul(&mut t, &x, &x);
            field.dot_base(&mut square, [(&t, &x), (&B, &Field::<A>::ONE)]);
            if !field.root(&mut y, &square) {
                return None;
            }
            // No point of the curve has y = 0.
            let opposite = sub(&Bls12381::P, &y).0;
            let is_larger = less(&opposite, &y);
            let point = [x, if is_larger == (flags == 0b101) { y } else { opposite }];
            is_in_first_group(field, &point).then_some(Some(point))
        }
        // Not compressed, or infinity with a sign.
        _ => None,
    }
}
