//! Verification of KZG proofs (EIP-4844; `verify_kzg_proof` of the consensus specification of Deneb).

use super::config::{Fq2, G1Affine, G1Config, G1Projective, G2Affine, G2Config, Pairing};
use super::encoding::read_fq;
use crate::field::element;
use crate::limbs::{from_be_bytes, less};
use ark_bls12_381::FrConfig;
use ark_ec::pairing::Pairing as _;
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{BigInt, MontConfig, One};
use ashlar_abi::Accelerators;

/// tau times the generator of the second group, from the ceremony of Ethereum (`g2_monomial[1]` of the consensus
/// specification's trusted setup): x.c0, x.c1, y.c0, y.c1.
const TAU_G2: [BigInt<6>; 4] = [
    BigInt!(
        "3749701713850085193403383609513386037494151572263731328608276629425322978272408394373143740944003571525027436289778"
    ),
    BigInt!(
        "3347537128081568434923729147580015899756771550835613107520576615563260658656019591232316627827007503930666726825842"
    ),
    BigInt!(
        "194392958648403190675529552496435226424111592982833162118538452666741235889530674000225873281133418439621742897817"
    ),
    BigInt!(
        "3447898402727835650716129438012169492682148398295533958400255525306573911008434577489634554212211450783070687991119"
    ),
];

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
    let (Some(commitment), Some(proof)) = (decompress::<A>(commitment), decompress::<A>(proof)) else {
        return false;
    };
    let (Some(z), Some(y)) = (read_scalar(z), read_scalar(y)) else { return false };
    let multiples = G1Projective::<A>::msm_bigint(&[-G1Config::<A>::GENERATOR, proof], &[y, z]);
    let left = (multiples + commitment).into_affine();
    Pairing::<A>::multi_pairing([left, proof], [-G2Config::<A>::GENERATOR, tau_g2()]).0.is_one()
}

fn tau_g2<A: Accelerators>() -> G2Affine<A> {
    let [x0, x1, y0, y1] = TAU_G2.map(element);
    G2Affine::<A>::new_unchecked(Fq2::<A>::new(x0, x1), Fq2::<A>::new(y0, y1))
}

/// A canonical scalar.
fn read_scalar(bytes: &[u8; 32]) -> Option<BigInt<4>> {
    let words = from_be_bytes(bytes);
    less(&words, bytemuck::cast_ref(&FrConfig::MODULUS.0)).then(|| BigInt(bytemuck::cast(words)))
}

/// A point of the first group from the 48 bytes that many libraries share: the first three bits say compressed, infinity,
/// and that y is the larger of both, the others are x.
pub(super) fn decompress<A: Accelerators>(bytes: &[u8; 48]) -> Option<G1Affine<A>> {
    let mut x = *bytes;
    let [first, ..] = &mut x;
    let flags = *first >> 5;
    *first &= 0x1f;
    match flags {
        0b110 => (x == [0; 48]).then(G1Affine::zero),
        0b100 | 0b101 => {
            let point = G1Affine::<A>::get_point_from_x_unchecked(read_fq(&x).ok()?, flags == 0b101)?;
            point.is_in_correct_subgroup_assuming_on_curve().then_some(point)
        }
        // Not compressed, or infinity with a sign.
        _ => None,
    }
}
