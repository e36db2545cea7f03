//! The precompiles of BLS12-381 (EIP-2537) and the verification of KZG proofs (EIP-4844).

mod config;
mod encoding;
mod kzg;
mod map;
#[cfg(test)]
mod tests;

pub use kzg::verify_kzg_proof;

use alloc::vec::Vec;
use ark_bls12_381::FrConfig;
use ark_ec::hashing::curve_maps::wb::{WBConfig, WBMap};
use ark_ec::hashing::map_to_curve_hasher::MapToCurve;
use ark_ec::pairing::Pairing as _;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{BigInt, MontConfig, One};
use ashlar_abi::Accelerators;
use config::{G1Projective, G2Projective, Pairing};
use encoding::{
    encode_g1, encode_g2, read_fq, read_fq2, read_g1, read_g1_on_curve, read_g2, read_g2_on_curve,
};
use revm_precompile::PrecompileHalt;
use revm_precompile::bls12_381::{G1Point, G1PointScalar, G2Point, G2PointScalar};

/// The sum of two points of the curve, which need not be in its subgroup.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G1NotOnCurve`.
pub fn bls12_381_g1_add<A: Accelerators>(a: &G1Point, b: &G1Point) -> Result<[u8; 96], PrecompileHalt> {
    let sum = G1Projective::<A>::from(read_g1_on_curve(a)?) + read_g1_on_curve::<A>(b)?;
    Ok(encode_g1(&sum.into_affine()))
}

/// The sum of two points of the twist, which need not be in its subgroup.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G2NotOnCurve`.
pub fn bls12_381_g2_add<A: Accelerators>(a: &G2Point, b: &G2Point) -> Result<[u8; 192], PrecompileHalt> {
    let sum = G2Projective::<A>::from(read_g2_on_curve(a)?) + read_g2_on_curve::<A>(b)?;
    Ok(encode_g2(&sum.into_affine()))
}

/// The sum of multiples of points of the first group. A scalar is any 32 bytes, big-endian.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G1NotOnCurve`, `Bls12381G1NotInSubgroup`, and the iterator's own.
pub fn bls12_381_g1_msm<A: Accelerators>(
    pairs: &mut dyn Iterator<Item = Result<G1PointScalar, PrecompileHalt>>,
) -> Result<[u8; 96], PrecompileHalt> {
    let (mut points, mut scalars) = (Vec::new(), Vec::new());
    for pair in pairs {
        let (point, scalar) = pair?;
        points.push(read_g1::<A>(&point)?);
        scalars.push(scalar);
    }
    Ok(encode_g1(&sum_of_multiples::<A, _>(&points, &scalars)))
}

/// The sum of multiples of points of the second group. A scalar is any 32 bytes, big-endian.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G2NotOnCurve`, `Bls12381G2NotInSubgroup`, and the iterator's own.
pub fn bls12_381_g2_msm<A: Accelerators>(
    pairs: &mut dyn Iterator<Item = Result<G2PointScalar, PrecompileHalt>>,
) -> Result<[u8; 192], PrecompileHalt> {
    let (mut points, mut scalars) = (Vec::new(), Vec::new());
    for pair in pairs {
        let (point, scalar) = pair?;
        points.push(read_g2::<A>(&point)?);
        scalars.push(scalar);
    }
    Ok(encode_g2(&sum_of_multiples::<A, _>(&points, &scalars)))
}

/// Points of the prime-order subgroup times scalars, summed.
fn sum_of_multiples<A, P>(points: &[Affine<P>], scalars: &[[u8; 32]]) -> Affine<P>
where
    A: Accelerators,
    P: SWCurveConfig<ScalarField = ark_bls12_381::Fr>,
{
    let scalars: Vec<_> = scalars.iter().map(|scalar| BigInt(reduce::<A>(scalar))).collect();
    let sum = match (points, &scalars[..]) {
        ([point], [scalar]) => P::mul_affine(point, &scalar.0),
        _ => Projective::<P>::msm_bigint(points, &scalars),
    };
    sum.into_affine()
}

/// The integer modulo the order of the groups, as little-endian limbs.
fn reduce<A: Accelerators>(scalar: &[u8; 32]) -> [u64; 4] {
    let order: [u32; 8] = bytemuck::cast(FrConfig::MODULUS.0);
    let words = crate::limbs::from_be_bytes(scalar);
    bytemuck::cast(A::modmul256(&words, &[1, 0, 0, 0, 0, 0, 0, 0], &order))
}

/// Whether the product of the pairings of the pairs is one.
///
/// # Errors
/// `NonCanonicalFp`, `Bls12381G1NotOnCurve`, `Bls12381G1NotInSubgroup`, `Bls12381G2NotOnCurve`,
/// `Bls12381G2NotInSubgroup`: the first that is found in the order of the operands.
pub fn bls12_381_pairing_check<A: Accelerators>(
    pairs: &[(G1Point, G2Point)],
) -> Result<bool, PrecompileHalt> {
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

/// The point of the first group to which an element of the base field maps (RFC 9380, section 6.6.3, and the cofactor
/// cleared).
///
/// # Errors
/// `NonCanonicalFp`.
pub fn bls12_381_fp_to_g1<A: Accelerators>(element: &[u8; 48]) -> Result<[u8; 96], PrecompileHalt> {
    Ok(encode_g1(&map(read_fq::<A>(element)?)?))
}

/// The point of the second group to which an element c0 + c1 u of the quadratic extension maps.
///
/// # Errors
/// `NonCanonicalFp`.
pub fn bls12_381_fp2_to_g2<A: Accelerators>(
    (c0, c1): &([u8; 48], [u8; 48]),
) -> Result<[u8; 192], PrecompileHalt> {
    Ok(encode_g2(&map(read_fq2::<A>(c0, c1)?)?))
}

fn map<P: WBConfig>(element: P::BaseField) -> Result<Affine<P>, PrecompileHalt> {
    // The map is defined for every element; arkworks' interface allows for others that are not.
    let point = WBMap::<P>::map_to_curve(element)
        .map_err(|_| PrecompileHalt::other_static("an element has no image on the curve"))?;
    Ok(P::clear_cofactor(&point))
}
