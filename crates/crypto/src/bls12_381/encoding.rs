//! Points and field elements as bytes: coordinates are 48 bytes, big-endian, and infinity is all zeros (EIP-2537, after
//! its padding was removed).

use super::config::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::{BigInt, PrimeField, Zero};
use ashlar_abi::Accelerators;
use revm_precompile::PrecompileHalt;
use revm_precompile::bls12_381::{G1Point, G2Point};

/// The element whose canonical integer the bytes encode; `NonCanonicalFp` if it is not below the modulus.
pub(super) fn read_fq<A: Accelerators>(bytes: &[u8; 48]) -> Result<Fq<A>, PrecompileHalt> {
    let mut limbs = [0; 6];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_be_bytes(*chunk);
    }
    Fq::from_bigint(BigInt(limbs)).ok_or(PrecompileHalt::NonCanonicalFp)
}

/// c0 + c1 u.
pub(super) fn read_fq2<A: Accelerators>(c0: &[u8; 48], c1: &[u8; 48]) -> Result<Fq2<A>, PrecompileHalt> {
    Ok(Fq2::<A>::new(read_fq(c0)?, read_fq(c1)?))
}

/// A point of the curve, in its subgroup or not.
pub(super) fn read_g1_on_curve<A: Accelerators>((x, y): &G1Point) -> Result<G1Affine<A>, PrecompileHalt> {
    point(read_fq(x)?, read_fq(y)?).ok_or(PrecompileHalt::Bls12381G1NotOnCurve)
}

/// A point of the first group.
pub(super) fn read_g1<A: Accelerators>(encoding: &G1Point) -> Result<G1Affine<A>, PrecompileHalt> {
    let point = read_g1_on_curve(encoding)?;
    let in_group = point.is_in_correct_subgroup_assuming_on_curve();
    in_group.then_some(point).ok_or(PrecompileHalt::Bls12381G1NotInSubgroup)
}

/// A point of the twist, in its subgroup or not.
pub(super) fn read_g2_on_curve<A: Accelerators>(
    (x0, x1, y0, y1): &G2Point,
) -> Result<G2Affine<A>, PrecompileHalt> {
    point(read_fq2(x0, x1)?, read_fq2(y0, y1)?).ok_or(PrecompileHalt::Bls12381G2NotOnCurve)
}

/// A point of the second group.
pub(super) fn read_g2<A: Accelerators>(encoding: &G2Point) -> Result<G2Affine<A>, PrecompileHalt> {
    let point = read_g2_on_curve(encoding)?;
    let in_group = point.is_in_correct_subgroup_assuming_on_curve();
    in_group.then_some(point).ok_or(PrecompileHalt::Bls12381G2NotInSubgroup)
}

fn point<P: SWCurveConfig>(x: P::BaseField, y: P::BaseField) -> Option<Affine<P>> {
    if x.is_zero() && y.is_zero() {
        return Some(Affine::zero());
    }
    let point = Affine::new_unchecked(x, y);
    point.is_on_curve().then_some(point)
}

/// The encoding of elements, one after the other, in `BYTES` = 48 * `elements.len()` bytes.
fn encode<A: Accelerators, const BYTES: usize>(elements: &[Fq<A>]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (chunk, element) in bytes.as_chunks_mut::<48>().0.iter_mut().zip(elements) {
        let limbs = element.into_bigint().0;
        for (part, limb) in chunk.as_chunks_mut::<8>().0.iter_mut().zip(limbs.iter().rev()) {
            *part = limb.to_be_bytes();
        }
    }
    bytes
}

pub(super) fn encode_g1<A: Accelerators>(point: &G1Affine<A>) -> [u8; 96] {
    point.xy().map_or([0; 96], |(x, y)| encode(&[x, y]))
}

pub(super) fn encode_g2<A: Accelerators>(point: &G2Affine<A>) -> [u8; 192] {
    point.xy().map_or([0; 192], |(x, y)| encode(&[x.c0, x.c1, y.c0, y.c1]))
}
