//! The precompiles of BN254 (EIP-196, EIP-197), also called alt_bn128.

mod config;
#[cfg(test)]
mod tests;

use crate::field::Limbs;
use alloc::vec::Vec;
use ark_ec::pairing::Pairing as _;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInt, One, PrimeField, Zero};
use ashlar_abi::Accelerators;
use config::{Fq, Fq2, G1Affine, G1Config, G1Projective, G2Affine, Pairing};
use revm_precompile::PrecompileHalt;

/// The sum of two points, each x then y, big-endian, (0, 0) for infinity.
///
/// # Errors
/// `Bn254FieldPointNotAMember` for a coordinate that is not canonical or an operand that is not 64 bytes long,
/// `Bn254AffineGFailedToCreate` for a point that is not on the curve.
pub fn bn254_g1_add<A: Accelerators>(p1: &[u8], p2: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
    let sum = G1Projective::<A>::from(read_g1(p1)?) + read_g1::<A>(p2)?;
    Ok(encode_g1(&sum.into_affine()))
}

/// `scalar` times a point, encoded as for [`bn254_g1_add`]. The scalar is any 32 bytes, big-endian.
///
/// # Errors
/// Those of [`bn254_g1_add`].
pub fn bn254_g1_mul<A: Accelerators>(point: &[u8], scalar: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
    let point = read_g1::<A>(point)?;
    // The point has the group's order, so the scalar need not be reduced.
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().zip(scalar.rchunks(8)) {
        *limb = chunk.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    Ok(encode_g1(&G1Config::<A>::mul_affine(&point, &limbs).into_affine()))
}

/// Whether the product of the pairings of the pairs is one. A point of the first group is encoded as for
/// [`bn254_g1_add`], one of the second as x then y, each its imaginary before its real part.
///
/// # Errors
/// Those of [`bn254_g1_add`], and `Bn254AffineGFailedToCreate` for a point outside the second group.
pub fn bn254_pairing_check<A: Accelerators>(pairs: &[(&[u8], &[u8])]) -> Result<bool, PrecompileHalt> {
    let (mut g1, mut g2) = (Vec::with_capacity(pairs.len()), Vec::with_capacity(pairs.len()));
    for (first, second) in pairs {
        let (first, second) = (read_g1::<A>(first)?, read_g2::<A>(second)?);
        // A pairing with infinity is one.
        if !first.is_zero() && !second.is_zero() {
            g1.push(first);
            g2.push(second);
        }
    }
    Ok(g1.is_empty() || Pairing::<A>::multi_pairing(g1, g2).0.is_one())
}

fn read_g1<A: Accelerators>(bytes: &[u8]) -> Result<G1Affine<A>, PrecompileHalt> {
    let [x, y] = read_elements(bytes)?;
    if x.is_zero() && y.is_zero() {
        return Ok(G1Affine::zero());
    }
    let point = G1Affine::<A>::new_unchecked(x, y);
    if point.is_on_curve() { Ok(point) } else { Err(PrecompileHalt::Bn254AffineGFailedToCreate) }
}

fn read_g2<A: Accelerators>(bytes: &[u8]) -> Result<G2Affine<A>, PrecompileHalt> {
    let [x1, x0, y1, y0] = read_elements(bytes)?;
    let (x, y) = (Fq2::<A>::new(x0, x1), Fq2::<A>::new(y0, y1));
    if x.is_zero() && y.is_zero() {
        return Ok(G2Affine::zero());
    }
    let point = G2Affine::<A>::new_unchecked(x, y);
    if point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve() {
        Ok(point)
    } else {
        Err(PrecompileHalt::Bn254AffineGFailedToCreate)
    }
}

/// Exactly L elements of the base field, each 32 bytes, big-endian, canonical.
fn read_elements<A: Accelerators, const L: usize>(bytes: &[u8]) -> Result<[Fq<A>; L], PrecompileHalt> {
    let (chunks, []) = bytes.as_chunks::<32>() else {
        return Err(PrecompileHalt::Bn254FieldPointNotAMember);
    };
    let chunks: &[[u8; 32]; L] = chunks.try_into().map_err(|_| PrecompileHalt::Bn254FieldPointNotAMember)?;
    let mut elements = [<Fq<A> as ark_ff::AdditiveGroup>::ZERO; L];
    for (element, chunk) in elements.iter_mut().zip(chunks) {
        *element = read_element(chunk).ok_or(PrecompileHalt::Bn254FieldPointNotAMember)?;
    }
    Ok(elements)
}

fn read_element<A: Limbs<4>>(bytes: &[u8; 32]) -> Option<Fq<A>> {
    let words = crate::limbs::from_be_bytes(bytes);
    Fq::from_bigint(BigInt(bytemuck::cast(words)))
}

fn encode_g1<A: Accelerators>(point: &G1Affine<A>) -> [u8; 64] {
    let mut bytes = [0; 64];
    if let Some((x, y)) = point.xy() {
        for (chunk, coordinate) in bytes.as_chunks_mut::<32>().0.iter_mut().zip([x, y]) {
            *chunk = crate::limbs::to_be_bytes(&bytemuck::cast(coordinate.into_bigint().0));
        }
    }
    bytes
}
