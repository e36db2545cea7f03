//! Against `ark-bn254` in its own representation (through `DefaultCrypto`).

use super::*;
use crate::test_util::{Counting, counted};
use ark_bn254::{Fr, G1Affine as NativeG1, G2Affine as NativeG2};
use ark_ec::{AffineRepr as _, CurveGroup as _, PrimeGroup as _};
use ark_ff::{AdditiveGroup as _, BigInteger as _, Field as _, PrimeField as _, UniformRand as _};
use ashlar_abi::Reference;
use proptest::prelude::*;
use proptest::test_runner::Config as Runs;
use revm_precompile::{Crypto as _, DefaultCrypto};

fn be(element: ark_bn254::Fq) -> Vec<u8> {
    element.into_bigint().to_bytes_be()
}

fn g1(scalar: Fr) -> Vec<u8> {
    encode_native_g1((ark_bn254::G1Projective::generator() * scalar).into_affine())
}

fn encode_native_g1(point: NativeG1) -> Vec<u8> {
    point.xy().map_or(vec![0; 64], |(x, y)| [be(x), be(y)].concat())
}

fn g2(scalar: Fr) -> Vec<u8> {
    encode_native_g2((ark_bn254::G2Projective::generator() * scalar).into_affine())
}

fn encode_native_g2(point: NativeG2) -> Vec<u8> {
    point.xy().map_or(vec![0; 128], |(x, y)| [be(x.c1), be(x.c0), be(y.c1), be(y.c0)].concat())
}

fn scalar(bytes: [u8; 32]) -> Fr {
    Fr::from_be_bytes_mod_order(&bytes)
}

/// Encodings of points of every kind: in the group, infinity, off the curve, not canonical.
fn special_g1() -> Vec<Vec<u8>> {
    let modulus = ark_bn254::Fq::MODULUS.to_bytes_be();
    let mut points: Vec<_> = [0, 1, 2, 3].map(|k| g1(Fr::from(k))).into();
    points.extend([g1(-Fr::ONE), g1(-Fr::from(2))]);
    points.push([&[0; 32][..], &modulus].concat());
    points.push([&modulus[..], &[0; 32]].concat());
    points.push([&modulus[..], &modulus].concat());
    points.push(vec![0xff; 64]);
    points.push([&[0; 63][..], &[1]].concat());
    points.push([&[0; 31][..], &[1], &[0; 32]].concat());
    points
}

/// A point of the twist that is not in the second group.
fn outside_g2() -> Vec<u8> {
    let mut rng = ark_std::test_rng();
    loop {
        let x = ark_bn254::Fq2::rand(&mut rng);
        if let Some(point) = NativeG2::get_point_from_x_unchecked(x, false)
            && !point.is_in_correct_subgroup_assuming_on_curve()
        {
            return encode_native_g2(point);
        }
    }
}

fn special_g2() -> Vec<Vec<u8>> {
    let modulus = ark_bn254::Fq::MODULUS.to_bytes_be();
    let mut points: Vec<_> = [0, 1, 2].map(|k| g2(Fr::from(k))).into();
    points.extend([g2(-Fr::ONE), outside_g2(), vec![0xff; 128], vec![1; 128]]);
    points.push([&modulus[..], &[0; 96]].concat());
    points.push([&[0; 96][..], &modulus].concat());
    points
}

#[test]
fn sums_of_special_points_agree() {
    let points = special_g1();
    for (p, q) in points.iter().flat_map(|p| points.iter().map(move |q| (p, q))) {
        assert_eq!(bn254_g1_add::<Reference>(p, q), DefaultCrypto.bn254_g1_add(p, q));
    }
}

#[test]
fn products_with_special_scalars_agree() {
    let order = Fr::MODULUS.to_bytes_be();
    let mut scalars =
        vec![vec![0; 32], vec![0xff; 32], order.clone(), (-Fr::ONE).into_bigint().to_bytes_be()];
    scalars.extend((1..5).map(|k| [&[0; 31][..], &[k]].concat()));
    scalars.push([&order[..31], &[order[31] + 1]].concat());
    for point in special_g1() {
        for scalar in &scalars {
            assert_eq!(
                bn254_g1_mul::<Reference>(&point, scalar),
                DefaultCrypto.bn254_g1_mul(&point, scalar),
                "{} times {}",
                hex::encode(scalar),
                hex::encode(&point)
            );
        }
    }
}

#[test]
fn pairings_of_special_points_agree() {
    let (firsts, seconds) = (special_g1(), special_g2());
    for (p, q) in firsts.iter().flat_map(|p| seconds.iter().map(move |q| (p, q))) {
        let pairs = [(&p[..], &q[..])];
        assert_eq!(bn254_pairing_check::<Reference>(&pairs), DefaultCrypto.bn254_pairing_check(&pairs));
    }
    assert_eq!(bn254_pairing_check::<Reference>(&[]), Ok(true));
}

#[test]
fn attack_point_outside_the_second_group_is_refused() {
    let result = bn254_pairing_check::<Reference>(&[(&g1(Fr::ONE), &outside_g2())]);
    assert_eq!(result, Err(PrecompileHalt::Bn254AffineGFailedToCreate));
}

#[test]
fn attack_second_point_outside_its_group_is_refused_beside_infinity_and_before_later_faults() {
    let outside = outside_g2();
    let refused = Err(PrecompileHalt::Bn254AffineGFailedToCreate);
    let (infinity, not_canonical) = (g1(Fr::ZERO), vec![0xff; 64]);
    let pairs: [(&[u8], &[u8]); 1] = [(&infinity, &outside)];
    assert_eq!(bn254_pairing_check::<Reference>(&pairs), refused);
    let good = g2(Fr::ONE);
    for first in [&infinity, &g1(Fr::ONE)] {
        let pairs: [(&[u8], &[u8]); 3] = [(first, &good), (first, &outside), (&not_canonical, &good)];
        assert_eq!(bn254_pairing_check::<Reference>(&pairs), refused);
        assert_eq!(DefaultCrypto.bn254_pairing_check(&pairs), refused);
        let pairs: [(&[u8], &[u8]); 2] = [(first, &good), (&not_canonical, &outside)];
        assert_eq!(bn254_pairing_check::<Reference>(&pairs), DefaultCrypto.bn254_pairing_check(&pairs));
    }
}

#[test]
fn operands_of_the_wrong_length_are_refused() {
    for length in [0, 32, 63, 65, 96] {
        assert!(bn254_g1_add::<Reference>(&vec![0; length], &[0; 64]).is_err());
        assert!(bn254_pairing_check::<Reference>(&[(&[0; 64], &vec![0; length])]).is_err());
    }
}

/// Pairs whose product is one exactly if `balanced`.
fn bilinear(a: Fr, b: Fr, balanced: bool) -> [(Vec<u8>, Vec<u8>); 3] {
    let rest = if balanced { a * b } else { a * b + Fr::ONE };
    [(g1(a), g2(b)), (g1(-rest), g2(Fr::ONE)), (g1(Fr::ZERO), g2(b))]
}

fn check<A: Accelerators>(pairs: &[(Vec<u8>, Vec<u8>)]) -> bool {
    let pairs: Vec<_> = pairs.iter().map(|(p, q)| (&p[..], &q[..])).collect();
    bn254_pairing_check::<A>(&pairs).unwrap()
}

#[test]
fn calls_of_each_operation() {
    let (p, q, k) = (g1(scalar([7; 32])), g1(scalar([9; 32])), [0xab; 32]);
    println!("bn254 add: {:?}", counted(|| bn254_g1_add::<Counting>(&p, &q)).1);
    println!("bn254 mul: {:?}", counted(|| bn254_g1_mul::<Counting>(&p, &k)).1);
    let pairs = bilinear(scalar([7; 32]), scalar([9; 32]), true);
    let (result, calls) = counted(|| check::<Counting>(&pairs));
    println!("bn254 pairing of 2: {calls:?}");
    assert!(result);
}

proptest! {
    #![proptest_config(Runs::with_cases(16))]

    #[test]
    fn random_sums_and_products_agree(a: [u8; 32], b: [u8; 32], k: [u8; 32]) {
        let (p, q) = (g1(scalar(a)), g1(scalar(b)));
        prop_assert_eq!(bn254_g1_add::<Reference>(&p, &q), DefaultCrypto.bn254_g1_add(&p, &q));
        prop_assert_eq!(bn254_g1_mul::<Reference>(&p, &k), DefaultCrypto.bn254_g1_mul(&p, &k));
    }

    #[test]
    fn the_pairing_is_bilinear(a: [u8; 32], b: [u8; 32]) {
        prop_assert!(check::<Reference>(&bilinear(scalar(a), scalar(b), true)));
        prop_assert!(!check::<Reference>(&bilinear(scalar(a), scalar(b), false)));
    }

    #[test]
    fn random_bytes_are_judged_alike(p: [u8; 32], q: [u8; 32]) {
        let point = [p, q].concat();
        prop_assert_eq!(bn254_g1_add::<Reference>(&point, &point), DefaultCrypto.bn254_g1_add(&point, &point));
    }
}
