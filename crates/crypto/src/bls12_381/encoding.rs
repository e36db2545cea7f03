//! Points and field elements as bytes: coordinates are 48 bytes, big-endian, and infinity is all zeros (EIP-2537, after
//! its padding was removed).

use super::groups::is_in_first_group;
use super::parameters::{B, Bls12381, Field, TWIST_B};
use crate::arithmetic::{Fe, Fe2, Prime};
use crate::curve::{Affine, Group, Point};
use crate::limbs::{is_zero, less};
use ashlar_abi::Accelerators;
use revm_precompile::PrecompileHalt;
use revm_precompile::bls12_381::{G1Point, G2Point};

/// A finite point of the curve.
pub(super) type G1 = Affine<Fe<12>>;
/// A finite point of the twist.
pub(super) type G2 = Affine<Fe2<12>>;

/// The canonical element that the bytes encode; `NonCanonicalFp` if they are an integer from the modulus on.
pub(super) fn read_element(bytes: &[u8; 48]) -> Result<Fe<12>, PrecompileHalt> {
    let mut words = [0; 12];
    for (word, chunk) in words.iter_mut().rev().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*chunk);
    }
    less(&words, &Bls12381::P).then_some(words).ok_or(PrecompileHalt::NonCanonicalFp)
}

/// A point of the curve, in its subgroup or not; `None` for infinity.
pub(super) fn read_g1_on_curve<A: Accelerators>(
    field: &mut Field<A>,
    (x, y): &G1Point,
) -> Result<Option<G1>, PrecompileHalt> {
    let point = [read_element(x)?, read_element(y)?];
    if point.iter().all(is_zero) {
        return Ok(None);
    }
    let on_curve = field.is_on_curve(&point, &B);
    on_curve.then_some(Some(point)).ok_or(PrecompileHalt::Bls12381G1NotOnCurve)
}

/// A point of the first group; `None` for infinity.
pub(super) fn read_g1<A: Accelerators>(
    field: &mut Field<A>,
    encoding: &G1Point,
) -> Result<Option<G1>, PrecompileHalt> {
    let point = read_g1_on_curve(field, encoding)?;
    if point.is_none_or(|point| is_in_first_group(field, &point)) {
        Ok(point)
    } else {
        Err(PrecompileHalt::Bls12381G1NotInSubgroup)
    }
}

/// A point of the twist, in the second group or not; `None` for infinity.
pub(super) fn read_g2_on_curve<A: Accelerators>(
    field: &mut Field<A>,
    (x0, x1, y0, y1): &G2Point,
) -> Result<Option<G2>, PrecompileHalt> {
    let point = [[read_element(x0)?, read_element(x1)?], [read_element(y0)?, read_element(y1)?]];
    if point.iter().flatten().all(is_zero) {
        return Ok(None);
    }
    let on_curve = field.is_on_curve(&point, &TWIST_B);
    on_curve.then_some(Some(point)).ok_or(PrecompileHalt::Bls12381G2NotOnCurve)
}

/// The encoding of elements, one after the other, in `BYTES` = 48 * `elements.len()` bytes.
fn encode<A: Accelerators, const BYTES: usize>(field: &Field<A>, elements: &[Fe<12>]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (chunk, element) in bytes.as_chunks_mut::<48>().0.iter_mut().zip(elements) {
        let words = field.canonical(element);
        for (part, word) in chunk.as_chunks_mut::<4>().0.iter_mut().zip(words.iter().rev()) {
            *part = word.to_be_bytes();
        }
    }
    bytes
}

pub(super) fn encode_g1<A: Accelerators>(field: &mut Field<A>, point: &Point<Fe<12>>) -> [u8; 96] {
    field.affine(point).map_or([0; 96], |point| encode(field, &point))
}

pub(super) fn encode_g2<A: Accelerators>(field: &mut Field<A>, point: &Point<Fe2<12>>) -> [u8; 192] {
    field.affine(point).map_or([0; 192], |point| encode(field, point.as_flattened()))
}
