//! Against the `p256` crate (directly and through `DefaultCrypto`).

use super::*;
use crate::test_util::{Counting, counted};
use ::p256::ecdsa::SigningKey;
use ::p256::ecdsa::signature::hazmat::PrehashSigner as _;
use ::p256::elliptic_curve::ops::Reduce;
use ::p256::elliptic_curve::point::AffineCoordinates as _;
use ::p256::elliptic_curve::sec1::ToEncodedPoint as _;
use ::p256::{ProjectivePoint, Scalar};
use ashlar_abi::Reference;
use proptest::prelude::*;
use proptest::test_runner::Config as Runs;
use revm_precompile::{Crypto as _, DefaultCrypto};

fn small(value: u32) -> U256 {
    [value, 0, 0, 0, 0, 0, 0, 0]
}

fn scalar(bytes: [u8; 32]) -> Scalar {
    <Scalar as Reduce<::p256::U256>>::reduce_bytes(&bytes.into())
}

fn join(first: [u8; 32], second: [u8; 32]) -> [u8; 64] {
    let mut both = [0; 64];
    both[..32].copy_from_slice(&first);
    both[32..].copy_from_slice(&second);
    both
}

fn key(point: ProjectivePoint) -> [u8; 64] {
    let encoded = point.to_affine().to_encoded_point(false);
    encoded.as_bytes()[1..].try_into().unwrap()
}

fn agrees(message: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> bool {
    let ours = secp256r1_verify::<Reference>(message, signature, key);
    let native = DefaultCrypto.secp256r1_verify_signature(message, signature, key);
    assert_eq!(ours, native, "{} {} {}", hex::encode(message), hex::encode(signature), hex::encode(key));
    ours
}

/// A valid triple in which the verifier computes u1 G + u2 Q with Q = k G.
fn crafted(k: Scalar, u1: Scalar, u2: Scalar) -> ([u8; 32], [u8; 64], [u8; 64]) {
    let point = (ProjectivePoint::GENERATOR * (u1 + u2 * k)).to_affine();
    let r = scalar(point.x().into());
    let s = r * u2.invert().unwrap();
    (
        (u1 * s).to_bytes().into(),
        join(r.to_bytes().into(), s.to_bytes().into()),
        key(ProjectivePoint::GENERATOR * k),
    )
}

#[test]
fn generator_is_that_of_another_implementation() {
    let [x, y] = &GENERATOR;
    assert_eq!(join(to_be_bytes(x), to_be_bytes(y)), key(ProjectivePoint::GENERATOR));
}

#[test]
fn attack_key_that_is_a_small_multiple_of_the_generator_collides_with_partial_sums() {
    let powers = [0_u32, 1, 3, 4, 5, 64, 128, 200, 252, 255];
    let power = |n: u32| (0..n).fold(Scalar::ONE, |power, _| power + power);
    for k in (1..33_u64).map(Scalar::from).flat_map(|k| [k, -k]) {
        for u1 in powers.map(power) {
            for u2 in [Scalar::ONE, u1, -u1, u1 + u1, u1 * k] {
                if u1 + u2 * k != Scalar::ZERO {
                    let (message, signature, key) = crafted(k, u1, u2);
                    assert!(secp256r1_verify::<Reference>(&message, &signature, &key));
                }
            }
        }
    }
}

#[test]
fn attack_sum_at_infinity_is_refused() {
    // u1 G + u2 Q = 0 for every r, s with u1 = -u2 k, that is message = -r k.
    for (k, r) in [(1, 1), (1, 7), (5, 3)] {
        let (k, r) = (Scalar::from(k as u64), Scalar::from(r as u64));
        let signature = join(r.to_bytes().into(), Scalar::from(11_u64).to_bytes().into());
        let message = (-(r * k)).to_bytes().into();
        assert!(!agrees(&message, &signature, &key(ProjectivePoint::GENERATOR * k)));
    }
}

#[test]
fn boundary_values_agree() {
    let words = |value: &U256| to_be_bytes(value);
    let n_minus_one = words(&sub(&N, &small(1)).0);
    let integers = [
        [0; 32],
        words(&small(1)),
        n_minus_one,
        words(&N),
        words(&add(&N, &small(1)).0),
        words(&P),
        [0xff; 32],
    ];
    let good = key(ProjectivePoint::GENERATOR);
    let (x, y) = pair_from_be_bytes(&good);
    let keys = [
        good,
        [0; 64],
        [0xff; 64],
        join(words(&P), [0; 32]),
        join([0; 32], words(&P)),
        join(words(&y), words(&x)),
    ];
    for (r, s) in integers.iter().flat_map(|r| integers.iter().map(move |s| (*r, *s))) {
        for key in &keys {
            for message in integers {
                agrees(&message, &join(r, s), key);
            }
        }
    }
}

#[test]
fn r_below_p_minus_n_stands_also_for_r_plus_n() {
    // A point whose x is N + r: choose x, and the key that makes a signature with u1 = u2 = 1 land on it.
    let mut found = 0;
    for r in 1..60 {
        let x = add(&N, &small(r)).0;
        let encoded =
            ::p256::EncodedPoint::from_affine_coordinates(&to_be_bytes(&x).into(), &[0; 32].into(), true);
        let point: Option<::p256::AffinePoint> =
            ::p256::elliptic_curve::sec1::FromEncodedPoint::from_encoded_point(&encoded).into();
        let Some(point) = point else { continue };
        // s = r and message = r give u1 = u2 = 1, so the key is the point minus G.
        let r = to_be_bytes(&small(r));
        let public = key(ProjectivePoint::from(point) - ProjectivePoint::GENERATOR);
        assert!(agrees(&r, &join(r, r), &public));
        found += 1;
    }
    assert!(found > 10);
}

#[test]
fn calls_of_one_verification() {
    let (message, signature, key) = crafted(scalar([3; 32]), scalar([5; 32]), scalar([0xa7; 32]));
    let (valid, calls) = counted(|| secp256r1_verify::<Counting>(&message, &signature, &key));
    println!("one P-256 verification: {calls:?}");
    assert!(valid && calls.modmul256 < 7_500);
}

proptest! {
    #![proptest_config(Runs::with_cases(40))]

    #[test]
    fn signatures_verify_and_any_changed_bit_breaks_them(secret: [u8; 32], message: [u8; 32], byte in 0..160_usize, bit in 0..8_u32) {
        let secret = scalar(secret);
        prop_assume!(secret != Scalar::ZERO);
        let signer = SigningKey::from_bytes(&secret.to_bytes()).unwrap();
        let signature: ::p256::ecdsa::Signature = signer.sign_prehash(&message).unwrap();
        let mut parts = [&message[..], &signature.to_bytes(), &key(ProjectivePoint::GENERATOR * secret)].concat();
        let check = |parts: &[u8]| agrees(parts[..32].try_into().unwrap(), parts[32..96].try_into().unwrap(), parts[96..].try_into().unwrap());
        prop_assert!(check(&parts));
        parts[byte] ^= 1_u8 << bit;
        prop_assert!(!check(&parts));
    }

    #[test]
    fn a_high_s_is_accepted(k: [u8; 32], u1: [u8; 32], u2: [u8; 32]) {
        let (k, u1, u2) = (scalar(k), scalar(u1), scalar(u2));
        prop_assume!(![k, u2, u1 + u2 * k].contains(&Scalar::ZERO));
        let (message, signature, key) = crafted(k, u1, u2);
        prop_assert!(agrees(&message, &signature, &key));
        let (r, s) = pair_from_be_bytes(&signature);
        let negated = join(to_be_bytes(&r), to_be_bytes(&sub(&N, &s).0));
        prop_assert!(agrees(&message, &negated, &key));
    }
}
