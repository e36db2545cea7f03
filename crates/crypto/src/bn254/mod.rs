//! The precompiles of BN254 (EIP-196, EIP-197), also called alt_bn128.

mod parameters;
#[cfg(test)]
mod tests;

use crate::arithmetic::{Fe, Fe2, Prime};
use crate::curve::{Affine, Group, Multiple, Point};
use crate::limbs::{from_be_bytes, is_zero, less, to_be_bytes};
use alloc::vec::Vec;
use ashlar_abi::Accelerators;
#[cfg(test)]
pub(crate) use parameters::Bn254;
#[cfg(not(test))]
use parameters::Bn254;
use parameters::{B, BETA, Field, LATTICE, ORDER, TWIST_B};
use revm_precompile::PrecompileHalt;

/// The sum of two points, each x then y, big-endian, (0, 0) for infinity.
///
/// # Errors
/// `Bn254FieldPointNotAMember` for a coordinate that is not canonical or an operand that is not 64 bytes long,
/// `Bn254AffineGFailedToCreate` for a point that is not on the curve.
pub fn bn254_g1_add<A: Accelerators>(p1: &[u8], p2: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
    let mut field = Field::<A>::new();
    let (p1, p2) = (read_g1(&mut field, p1)?, read_g1(&mut field, p2)?);
    match (p1, p2) {
        (None, p) | (p, None) => Ok(encode_g1(&field, p)),
        (Some(p1), Some(p2)) => {
            let mut sum = Field::<A>::point(&p1);
            field.add_point(&mut sum, &Field::<A>::point(&p2));
            let sum = field.affine(&sum);
            Ok(encode_g1(&field, sum))
        }
    }
}

/// `scalar` times a point, encoded as for [`bn254_g1_add`]. The scalar is any 32 bytes, big-endian; fewer are as if zeros
/// stood before them.
///
/// # Errors
/// Those of [`bn254_g1_add`].
pub fn bn254_g1_mul<A: Accelerators>(point: &[u8], scalar: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
    let mut field = Field::<A>::new();
    let Some(point) = read_g1(&mut field, point)? else { return Ok([0; 64]) };
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().rev().zip(scalar.iter().rev()) {
        *to = *from;
    }
    let one = [1, 0, 0, 0, 0, 0, 0, 0];
    let scalar = A::modmul256(&from_be_bytes(&bytes), &one, &ORDER);
    let (a, b) = LATTICE.split::<A>(&scalar);
    let first = Multiple::new(&mut field, &Field::<A>::point(&point), &a);
    let second = first.of_image(&mut field, &b, |field, point: &mut Point<Fe<8>>| {
        field.mul_assign(&mut point.x, &BETA);
    });
    let product = Multiple::sum(&mut field, &[first, second]);
    let product = field.affine(&product);
    Ok(encode_g1(&field, product))
}

/// Whether the product of the pairings of the pairs is one. A point of the first group is encoded as for
/// [`bn254_g1_add`], one of the second as x then y, each its imaginary before its real part.
///
/// # Errors
/// Those of [`bn254_g1_add`], and `Bn254AffineGFailedToCreate` for a point outside the second group.
pub fn bn254_pairing_check<A: Accelerators>(pairs: &[(&[u8], &[u8])]) -> Result<bool, PrecompileHalt> {
    let mut field = Field::<A>::new();
    let mut finite = Vec::with_capacity(pairs.len());
    for (first, second) in pairs {
        match read_g1(&mut field, first).and_then(|first| Ok((first, read_g2(&mut field, second)?))) {
            // The pairing with infinity is one.
            Ok((_, None)) => {}
            Ok((first, Some(second))) => finite.push((first, second)),
            // The fault of a point outside its group, which is found later, comes first.
            Err(fault) if field.are_in_group(&finite) => return Err(fault),
            Err(_) => return Err(PrecompileHalt::Bn254AffineGFailedToCreate),
        }
    }
    field.product_is_one(&finite).ok_or(PrecompileHalt::Bn254AffineGFailedToCreate)
}

/// A point of the curve, all of which is the first group; `None` for infinity.
fn read_g1<A: Accelerators>(
    field: &mut Field<A>,
    bytes: &[u8],
) -> Result<Option<Affine<Fe<8>>>, PrecompileHalt> {
    let point = read_elements::<2>(bytes)?;
    if point.iter().all(is_zero) {
        return Ok(None);
    }
    let on_curve = field.is_on_curve(&point, &B);
    on_curve.then_some(Some(point)).ok_or(PrecompileHalt::Bn254AffineGFailedToCreate)
}

/// A point of the twist, in the second group or not; `None` for infinity.
fn read_g2<A: Accelerators>(
    field: &mut Field<A>,
    bytes: &[u8],
) -> Result<Option<Affine<Fe2<8>>>, PrecompileHalt> {
    let [x1, x0, y1, y0] = read_elements(bytes)?;
    let point = [[x0, x1], [y0, y1]];
    if point.iter().flatten().all(is_zero) {
        return Ok(None);
    }
    let on_curve = field.is_on_curve(&point, &TWIST_B);
    on_curve.then_some(Some(point)).ok_or(PrecompileHalt::Bn254AffineGFailedToCreate)
}

/// Exactly L elements of the base field, each 32 bytes, big-endian, canonical.
fn read_elements<const L: usize>(bytes: &[u8]) -> Result<[Fe<8>; L], PrecompileHalt> {
    let (chunks, []) = bytes.as_chunks::<32>() else {
        return Err(PrecompileHalt::Bn254FieldPointNotAMember);
    };
    let chunks: &[[u8; 32]; L] = chunks.try_into().map_err(|_| PrecompileHalt::Bn254FieldPointNotAMember)?;
    let elements = chunks.each_ref().map(from_be_bytes);
    let canonical = elements.iter().all(|element| less(element, &Bn254::P));
    canonical.then_some(elements).ok_or(PrecompileHalt::Bn254FieldPointNotAMember)
}

fn encode_g1<A: Accelerators>(field: &Field<A>, point: Option<Affine<Fe<8>>>) -> [u8; 64] {
    let mut bytes = [0; 64];
    if let Some(point) = point {
        for (chunk, coordinate) in bytes.as_chunks_mut::<32>().0.iter_mut().zip(&point) {
            *chunk = to_be_bytes(&field.canonical(coordinate));
        }
    }
    bytes
}
