//! The precompiles of BLS12-381 (EIP-2537) and the verification of KZG proofs (EIP-4844).

mod encoding;
mod groups;
mod kzg;
mod map;
mod parameters;
#[cfg(test)]
mod tests;

pub use kzg::verify_kzg_proof;

use crate::curve::Group;
use alloc::vec::Vec;
use ashlar_abi::Accelerators;
use encoding::{encode_g1, encode_g2, read_element, read_g1, read_g1_on_curve, read_g2_on_curve};
use groups::{
    clear_first_cofactor, clear_second_cofactor, is_in_second_group, reduce, sum_in_first_group,
    sum_in_second_group,
};
#[cfg(test)]
pub(crate) use parameters::Bls12381;
use parameters::Field;
use revm_precompile::PrecompileHalt;
use revm_precompile::bls12_381::{G1Point, G1PointScalar, G2Point, G2PointScalar};

/// The sum of two points of the curve, which need not be in its subgroup.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G1NotOnCurve`.
pub fn bls12_381_g1_add<A: Accelerators>(a: &G1Point, b: &G1Point) -> Result<[u8; 96], PrecompileHalt> {
    let mut field = Field::<A>::new();
    let points = [read_g1_on_curve(&mut field, a)?, read_g1_on_curve(&mut field, b)?];
    let mut sum = Field::<A>::INFINITY;
    for point in points.iter().flatten() {
        field.add_point(&mut sum, &Field::<A>::point(point));
    }
    Ok(encode_g1(&mut field, &sum))
}

/// The sum of two points of the twist, which need not be in its subgroup.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G2NotOnCurve`.
pub fn bls12_381_g2_add<A: Accelerators>(a: &G2Point, b: &G2Point) -> Result<[u8; 192], PrecompileHalt> {
    let mut field = Field::<A>::new();
    let points = [read_g2_on_curve(&mut field, a)?, read_g2_on_curve(&mut field, b)?];
    let mut sum = Field::<A>::INFINITY;
    for point in points.iter().flatten() {
        field.add_point(&mut sum, &Field::<A>::point(point));
    }
    Ok(encode_g2(&mut field, &sum))
}

/// The sum of multiples of points of the first group. A scalar is any 32 bytes, big-endian.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G1NotOnCurve`, `Bls12381G1NotInSubgroup`, and the iterator's own.
pub fn bls12_381_g1_msm<A: Accelerators>(
    pairs: &mut dyn Iterator<Item = Result<G1PointScalar, PrecompileHalt>>,
) -> Result<[u8; 96], PrecompileHalt> {
    let (mut field, mut finite) = (Field::<A>::new(), Vec::new());
    for pair in pairs {
        let (point, scalar) = pair?;
        if let Some(point) = read_g1(&mut field, &point)? {
            finite.push((point, reduce::<A>(&scalar)));
        }
    }
    let sum = sum_in_first_group(&mut field, &finite);
    Ok(encode_g1(&mut field, &sum))
}

/// The sum of multiples of points of the second group. A scalar is any 32 bytes, big-endian.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G2NotOnCurve`, `Bls12381G2NotInSubgroup`, and the iterator's own.
pub fn bls12_381_g2_msm<A: Accelerators>(
    pairs: &mut dyn Iterator<Item = Result<G2PointScalar, PrecompileHalt>>,
) -> Result<[u8; 192], PrecompileHalt> {
    let (mut field, mut finite) = (Field::<A>::new(), Vec::new());
    for pair in pairs {
        let (point, scalar) = pair?;
        if let Some(point) = read_g2_on_curve(&mut field, &point)? {
            if !is_in_second_group(&mut field, &point) {
                return Err(PrecompileHalt::Bls12381G2NotInSubgroup);
            }
            finite.push((point, reduce::<A>(&scalar)));
        }
    }
    let sum = sum_in_second_group(&mut field, &finite);
    Ok(encode_g2(&mut field, &sum))
}

/// Whether the product of the pairings of the pairs is one.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G1NotOnCurve`, `Bls12381G1NotInSubgroup`, `Bls12381G2NotOnCurve`,
/// `Bls12381G2NotInSubgroup`: the first that is found in the order of the operands.
pub fn bls12_381_pairing_check<A: Accelerators>(
    pairs: &[(G1Point, G2Point)],
) -> Result<bool, PrecompileHalt> {
    let (mut field, mut finite) = (Field::<A>::new(), Vec::with_capacity(pairs.len()));
    for (first, second) in pairs {
        match read_g1(&mut field, first).and_then(|first| Ok((first, read_g2_on_curve(&mut field, second)?)))
        {
            // The pairing with infinity is one.
            Ok((_, None)) => {}
            Ok((first, Some(second))) => finite.push((first, second)),
            // The fault of a point outside its group, which is found later, comes first.
            Err(fault) if field.are_in_group(&finite) => return Err(fault),
            Err(_) => return Err(PrecompileHalt::Bls12381G2NotInSubgroup),
        }
    }
    field.product_is_one(&finite).ok_or(PrecompileHalt::Bls12381G2NotInSubgroup)
}

/// The point of the first group to which an element of the base field maps (RFC 9380, section 6.6.3, and the cofactor
/// cleared).
///
/// # Errors
/// `NonCanonicalFp`.
pub fn bls12_381_fp_to_g1<A: Accelerators>(element: &[u8; 48]) -> Result<[u8; 96], PrecompileHalt> {
    let mut field = Field::<A>::new();
    let mut point = map::to_curve(&mut field, &read_element(element)?);
    clear_first_cofactor(&mut field, &mut point);
    Ok(encode_g1(&mut field, &point))
}

/// The point of the second group to which an element c0 + c1 u of the quadratic extension maps.
///
/// # Errors
/// `NonCanonicalFp`.
pub fn bls12_381_fp2_to_g2<A: Accelerators>(
    (c0, c1): &([u8; 48], [u8; 48]),
) -> Result<[u8; 192], PrecompileHalt> {
    let mut field = Field::<A>::new();
    let mut point = map::to_twist(&mut field, &[read_element(c0)?, read_element(c1)?]);
    clear_second_cofactor(&mut field, &mut point);
    Ok(encode_g2(&mut field, &point))
}
