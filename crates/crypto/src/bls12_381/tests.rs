//! Against blst and c-kzg (through `DefaultCrypto`), with operands made by `ark-bls12-381` in its own representation.

use super::encoding::read_g2_on_curve;
use super::parameters::{PSI_X, PSI_Y};
use super::*;
use crate::test_util::{Counting, counted};
use ark_bls12_381::{Fq, Fq2, Fr, G1Affine as NativeG1, G2Affine as NativeG2};
use ark_ec::hashing::curve_maps::wb::WBConfig;
use ark_ec::{AffineRepr as _, CurveGroup as _, PrimeGroup as _};
use ark_ff::UniformRand as _;
use ark_ff::{
    AdditiveGroup as _, BigInteger as _, Field as _, Fp6Config as _, Fp12Config as _, PrimeField as _,
};
use ark_serialize::CanonicalSerialize as _;
use ashlar_abi::Reference;
use proptest::prelude::*;
use proptest::test_runner::Config as Runs;
use revm_precompile::{Crypto as _, DefaultCrypto};

fn be(element: Fq) -> [u8; 48] {
    element.into_bigint().to_bytes_be().try_into().unwrap()
}

fn encode_native_g1(point: NativeG1) -> G1Point {
    point.xy().map_or(([0; 48], [0; 48]), |(x, y)| (be(x), be(y)))
}

fn encode_native_g2(point: NativeG2) -> G2Point {
    let zero = [0; 48];
    point.xy().map_or((zero, zero, zero, zero), |(x, y)| (be(x.c0), be(x.c1), be(y.c0), be(y.c1)))
}

fn native_g1(scalar: Fr) -> NativeG1 {
    (ark_bls12_381::G1Projective::generator() * scalar).into_affine()
}

fn g1(scalar: Fr) -> G1Point {
    encode_native_g1(native_g1(scalar))
}

fn g2(scalar: Fr) -> G2Point {
    encode_native_g2((ark_bls12_381::G2Projective::generator() * scalar).into_affine())
}

fn scalar(bytes: [u8; 32]) -> Fr {
    Fr::from_be_bytes_mod_order(&bytes)
}

fn outside_g1() -> NativeG1 {
    let mut rng = ark_std::test_rng();
    core::iter::repeat_with(|| NativeG1::get_point_from_x_unchecked(Fq::rand(&mut rng), false))
        .flatten()
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap()
}

fn outside_g2() -> NativeG2 {
    let mut rng = ark_std::test_rng();
    core::iter::repeat_with(|| NativeG2::get_point_from_x_unchecked(Fq2::rand(&mut rng), false))
        .flatten()
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap()
}

/// The point of order 3 with x = 0, which lies outside of the first group.
fn order_three() -> NativeG1 {
    NativeG1::new_unchecked(Fq::ZERO, Fq::from(2))
}

fn modulus() -> [u8; 48] {
    Fq::MODULUS.to_bytes_be().try_into().unwrap()
}

/// Points of every kind: in the group, infinity, outside of it, off the curve, not canonical.
fn special_g1() -> Vec<G1Point> {
    let mut points: Vec<_> = [0, 1, 2].map(|k| g1(Fr::from(k))).into();
    points.extend([g1(-Fr::ONE), encode_native_g1(outside_g1()), encode_native_g1(-outside_g1())]);
    points.extend([encode_native_g1(order_three()), encode_native_g1(-order_three())]);
    points.extend([(modulus(), [0; 48]), ([0; 48], modulus()), ([0xff; 48], [0xff; 48]), ([1; 48], [2; 48])]);
    points
}

fn special_g2() -> Vec<G2Point> {
    let (zero, p) = ([0; 48], modulus());
    let mut points: Vec<_> = [0, 1, 2].map(|k| g2(Fr::from(k))).into();
    points.extend([g2(-Fr::ONE), encode_native_g2(outside_g2()), encode_native_g2(-outside_g2())]);
    points.extend([
        (p, zero, zero, zero),
        (zero, p, zero, zero),
        (zero, zero, zero, p),
        ([1; 48], zero, zero, zero),
    ]);
    points
}

fn special_scalars() -> Vec<[u8; 32]> {
    let bytes = |k: Fr| k.into_bigint().to_bytes_be().try_into().unwrap();
    let order: [u8; 32] = Fr::MODULUS.to_bytes_be().try_into().unwrap();
    let mut above = order;
    above[31] += 1;
    vec![[0; 32], bytes(Fr::ONE), bytes(Fr::from(2)), bytes(-Fr::ONE), order, above, [0xff; 32], [0x37; 32]]
}

#[test]
fn sums_of_special_points_agree() {
    let points = special_g1();
    for (p, q) in points.iter().flat_map(|p| points.iter().map(move |q| (p, q))) {
        assert_eq!(bls12_381_g1_add::<Reference>(p, q), DefaultCrypto.bls12_381_g1_add(*p, *q));
    }
    let points = special_g2();
    for (p, q) in points.iter().flat_map(|p| points.iter().map(move |q| (p, q))) {
        assert_eq!(bls12_381_g2_add::<Reference>(p, q), DefaultCrypto.bls12_381_g2_add(*p, *q));
    }
}

fn msm_agrees_g1(pairs: &[G1PointScalar]) {
    let ours = bls12_381_g1_msm::<Reference>(&mut pairs.iter().copied().map(Ok));
    assert_eq!(ours, DefaultCrypto.bls12_381_g1_msm(&mut pairs.iter().copied().map(Ok)));
}

fn msm_agrees_g2(pairs: &[G2PointScalar]) {
    let ours = bls12_381_g2_msm::<Reference>(&mut pairs.iter().copied().map(Ok));
    assert_eq!(ours, DefaultCrypto.bls12_381_g2_msm(&mut pairs.iter().copied().map(Ok)));
}

#[test]
fn products_of_special_points_and_scalars_agree() {
    for scalar in special_scalars() {
        for point in special_g1() {
            msm_agrees_g1(&[(point, scalar)]);
            msm_agrees_g1(&[(g1(Fr::from(3)), [0x5a; 32]), (point, scalar)]);
        }
        for point in special_g2() {
            msm_agrees_g2(&[(point, scalar)]);
            msm_agrees_g2(&[(g2(Fr::from(3)), [0x5a; 32]), (point, scalar)]);
        }
    }
    // Everything cancels.
    msm_agrees_g1(&[(g1(Fr::ONE), [7; 32]), (g1(-Fr::ONE), [7; 32])]);
    msm_agrees_g1(&[]);
    msm_agrees_g2(&[]);
}

#[test]
fn the_iterators_error_is_returned() {
    let fault = PrecompileHalt::Bls12381FpPaddingInvalid;
    let pairs = [Ok((g1(Fr::ONE), [1; 32])), Err(fault.clone())];
    assert_eq!(bls12_381_g1_msm::<Reference>(&mut pairs.into_iter()), Err(fault));
}

#[test]
fn pairings_of_special_points_agree() {
    let (firsts, seconds) = (special_g1(), special_g2());
    for pair in firsts.iter().flat_map(|p| seconds.iter().map(move |q| (*p, *q))) {
        let ours = bls12_381_pairing_check::<Reference>(&[pair]);
        assert_eq!(ours, DefaultCrypto.bls12_381_pairing_check(&[pair]));
    }
    assert_eq!(bls12_381_pairing_check::<Reference>(&[]), Ok(true));
}

#[test]
fn attack_points_outside_their_groups_are_refused() {
    for point in [outside_g1(), order_three()] {
        let result = bls12_381_pairing_check::<Reference>(&[(encode_native_g1(point), g2(Fr::ONE))]);
        assert_eq!(result, Err(PrecompileHalt::Bls12381G1NotInSubgroup));
    }
    let result = bls12_381_pairing_check::<Reference>(&[(g1(Fr::ZERO), encode_native_g2(outside_g2()))]);
    assert_eq!(result, Err(PrecompileHalt::Bls12381G2NotInSubgroup));
}

#[test]
fn attack_second_point_outside_its_group_is_refused_before_later_faults() {
    let outside = encode_native_g2(outside_g2());
    let refused = Err(PrecompileHalt::Bls12381G2NotInSubgroup);
    let not_canonical = ([0xff; 48], [0; 48]);
    for first in [g1(Fr::ZERO), g1(Fr::ONE)] {
        let pairs = [(first, g2(Fr::ONE)), (first, outside), (not_canonical, g2(Fr::ONE))];
        assert_eq!(bls12_381_pairing_check::<Reference>(&pairs), refused);
        assert_eq!(DefaultCrypto.bls12_381_pairing_check(&pairs), refused);
        let pairs = [(first, g2(Fr::ONE)), (encode_native_g1(outside_g1()), outside)];
        assert_eq!(
            bls12_381_pairing_check::<Reference>(&pairs),
            DefaultCrypto.bls12_381_pairing_check(&pairs)
        );
    }
}

#[test]
fn maps_of_special_elements_agree() {
    let small = |k: u64| be(Fq::from(k));
    let elements =
        [small(0), small(1), small(2), be(-Fq::ONE), be(-Fq::from(11)), modulus(), [0xff; 48], [0x12; 48]];
    for element in elements {
        assert_eq!(bls12_381_fp_to_g1::<Reference>(&element), DefaultCrypto.bls12_381_fp_to_g1(&element));
        for other in elements {
            let pair = (element, other);
            assert_eq!(bls12_381_fp2_to_g2::<Reference>(&pair), DefaultCrypto.bls12_381_fp2_to_g2(pair));
        }
    }
}

#[test]
fn map_agrees_where_its_denominator_vanishes() {
    // Z^2 u^4 + Z u^2 = 0 for u^2 = -1 / Z, if that is a square.
    let zeta = <<ark_bls12_381::g1::Config as WBConfig>::IsogenousCurve as ark_ec::hashing::curve_maps::swu::SWUConfig>::ZETA;
    if let Some(u) = (-zeta.inverse().unwrap()).sqrt() {
        assert_eq!(bls12_381_fp_to_g1::<Reference>(&be(u)), DefaultCrypto.bls12_381_fp_to_g1(&be(u)));
    }
    let zeta = <<ark_bls12_381::g2::Config as WBConfig>::IsogenousCurve as ark_ec::hashing::curve_maps::swu::SWUConfig>::ZETA;
    if let Some(u) = (-zeta.inverse().unwrap()).sqrt() {
        let pair = (be(u.c0), be(u.c1));
        assert_eq!(bls12_381_fp2_to_g2::<Reference>(&pair), DefaultCrypto.bls12_381_fp2_to_g2(pair));
    }
}

#[test]
fn psi_constants_undo_the_frobenius_coefficients() {
    assert_eq!(PSI_X * ark_bls12_381::Fq6Config::FROBENIUS_COEFF_FP6_C1[1], Fq2::ONE);
    assert_eq!(PSI_Y * ark_bls12_381::Fq12Config::FROBENIUS_COEFF_FP12_C1[1].pow([3]), Fq2::ONE);
}

#[test]
fn subgroup_checks_and_cofactors_agree_with_arkworks() {
    let mut rng = ark_std::test_rng();
    for _ in 0..8 {
        let Some(point) = NativeG2::get_point_from_x_unchecked(Fq2::rand(&mut rng), true) else { continue };
        let encoding = encode_native_g2(point);
        let mut field = Field::<Reference>::new();
        let ours = read_g2_on_curve(&mut field, &encoding).unwrap().unwrap();
        let in_group = point.is_in_correct_subgroup_assuming_on_curve();
        assert_eq!(is_in_second_group(&mut field, &ours), in_group);
        let mut cleared = Field::<Reference>::point(&ours);
        clear_second_cofactor(&mut field, &mut cleared);
        assert_eq!(encode_g2(&mut field, &cleared)[..48], encode_native_g2(point.clear_cofactor()).0);
    }
}

fn compress(point: NativeG1) -> [u8; 48] {
    let mut bytes = [0; 48];
    point.serialize_compressed(&mut bytes[..]).unwrap();
    bytes
}

fn kzg_agrees(commitment: &[u8; 48], z: &[u8; 32], y: &[u8; 32], proof: &[u8; 48]) -> bool {
    let ours = verify_kzg_proof::<Reference>(commitment, z, y, proof);
    let native = DefaultCrypto.verify_kzg_proof(z, y, commitment, proof).is_ok();
    assert_eq!(ours, native, "{} {} {}", hex::encode(commitment), hex::encode(z), hex::encode(proof));
    ours
}

fn bytes48(hex: &str) -> [u8; 48] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

#[test]
fn a_published_kzg_proof_is_accepted_and_changes_to_it_are_not() {
    // verify_kzg_proof_case_correct_proof_4_4 of the consensus tests.
    let commitment = bytes48(
        "8f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7",
    );
    let proof = bytes48(
        "a62ad71d14c5719385c0686f1871430475bf3a00f0aa3f7b8dd99a9abc2160744faf0070725e00b60ad9a026a15b1a8c",
    );
    let word = |hex: &str| -> [u8; 32] { hex::decode(hex).unwrap().try_into().unwrap() };
    let z = word("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000000");
    let y = word("1522a4a7f34e1ea350ae07c29c96c7e79655aa926122e95fe69fcbd932ca49e9");
    assert!(kzg_agrees(&commitment, &z, &y, &proof));
    assert!(!kzg_agrees(&proof, &z, &y, &commitment));
    let order: [u8; 32] = Fr::MODULUS.to_bytes_be().try_into().unwrap();
    for wrong in [[0; 32], [1; 32], order, [0xff; 32]] {
        assert!(!kzg_agrees(&commitment, &wrong, &y, &proof));
        assert!(!kzg_agrees(&commitment, &z, &wrong, &proof));
    }
    let (_, calls) = counted(|| verify_kzg_proof::<Counting>(&commitment, &z, &y, &proof));
    println!("one KZG proof: {calls:?}");
}

#[test]
fn kzg_of_constant_polynomials_has_a_proof_at_infinity() {
    let infinity = compress(NativeG1::zero());
    for value in [Fr::ZERO, Fr::ONE, -Fr::ONE, scalar([0x77; 32])] {
        let y = value.into_bigint().to_bytes_be().try_into().unwrap();
        let commitment = compress(native_g1(value));
        assert!(kzg_agrees(&commitment, &[9; 32], &y, &infinity));
        assert!(kzg_agrees(&commitment, &[0; 32], &y, &infinity));
        assert!(!kzg_agrees(&compress(native_g1(value + Fr::ONE)), &[9; 32], &y, &infinity));
    }
}

#[test]
fn attack_encodings_of_compressed_points_are_refused_alike() {
    let good = compress(native_g1(Fr::from(5)));
    let mut encodings = vec![[0; 48], [0xff; 48], compress(outside_g1()), compress(order_three())];
    for flags in 0..8_u8 {
        for base in [good, [0; 48], compress(NativeG1::zero()), modulus()] {
            let mut encoding = base;
            encoding[0] = encoding[0] & 0x1f | flags << 5;
            encodings.push(encoding);
            encoding[47] ^= 1;
            encodings.push(encoding);
        }
    }
    for encoding in encodings {
        kzg_agrees(&encoding, &[0; 32], &[0; 32], &compress(NativeG1::zero()));
        kzg_agrees(&compress(NativeG1::zero()), &[0; 32], &[0; 32], &encoding);
    }
}

#[test]
fn calls_of_each_operation() {
    let (p, q, k) = (g1(scalar([7; 32])), g2(scalar([9; 32])), [0x2b; 32]);
    let print = |name: &str, calls| println!("bls12-381 {name}: {calls:?}");
    print("g1 add", counted(|| bls12_381_g1_add::<Counting>(&p, &p)).1);
    print("g2 add", counted(|| bls12_381_g2_add::<Counting>(&q, &q)).1);
    print("g1 mul", counted(|| bls12_381_g1_msm::<Counting>(&mut [Ok((p, k))].into_iter())).1);
    print("g2 mul", counted(|| bls12_381_g2_msm::<Counting>(&mut [Ok((q, k))].into_iter())).1);
    print("map to g1", counted(|| bls12_381_fp_to_g1::<Counting>(&p.0)).1);
    print("map to g2", counted(|| bls12_381_fp2_to_g2::<Counting>(&(p.0, p.1))).1);
    print("pairing of 2", counted(|| bls12_381_pairing_check::<Counting>(&[(p, q), (p, q)])).1);
}

proptest! {
    #![proptest_config(Runs::with_cases(8))]

    #[test]
    fn random_sums_products_and_maps_agree(a: [u8; 32], b: [u8; 32], k: [u8; 32], l: [u8; 32], mut u: [u8; 48]) {
        let (p, q) = (g1(scalar(a)), g1(scalar(b)));
        prop_assert_eq!(bls12_381_g1_add::<Reference>(&p, &q), DefaultCrypto.bls12_381_g1_add(p, q));
        msm_agrees_g1(&[(p, k), (q, l), (p, l)]);
        let (p2, q2) = (g2(scalar(a)), g2(scalar(b)));
        prop_assert_eq!(bls12_381_g2_add::<Reference>(&p2, &q2), DefaultCrypto.bls12_381_g2_add(p2, q2));
        msm_agrees_g2(&[(p2, k), (q2, l), (p2, l)]);
        u[0] &= 0x0f;
        prop_assert_eq!(bls12_381_fp_to_g1::<Reference>(&u), DefaultCrypto.bls12_381_fp_to_g1(&u));
        prop_assert_eq!(bls12_381_fp2_to_g2::<Reference>(&(u, p.0)), DefaultCrypto.bls12_381_fp2_to_g2((u, p.0)));
    }

    #[test]
    fn the_pairing_is_bilinear(a: [u8; 32], b: [u8; 32]) {
        let (a, b) = (scalar(a), scalar(b));
        let balanced = [(g1(a), g2(b)), (g1(-(a * b)), g2(Fr::ONE))];
        prop_assert_eq!(bls12_381_pairing_check::<Reference>(&balanced), Ok(true));
        let unbalanced = [(g1(a), g2(b)), (g1(Fr::ONE - a * b), g2(Fr::ONE))];
        prop_assert_eq!(bls12_381_pairing_check::<Reference>(&unbalanced), Ok(false));
    }
}

#[test]
fn constants_are_in_their_groups() {
    use super::parameters::{B, G1_MINUS_GENERATOR, G2_MINUS_GENERATOR, TAU_G2, TWIST_B};
    let mut field = Field::<Reference>::new();
    assert!(field.is_on_curve(&G1_MINUS_GENERATOR, &B));
    for point in [G2_MINUS_GENERATOR, TAU_G2] {
        assert!(field.is_on_curve(&point, &TWIST_B));
        assert!(is_in_second_group(&mut field, &point));
    }
}
