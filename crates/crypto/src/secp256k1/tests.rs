//! Against libsecp256k1 (through `DefaultCrypto`) and `k256`.

use super::constants::{GENERATOR_TABLE, N, P};
use super::*;
use crate::test_util::{Counting, Counts, counted};
use ashlar_abi::Reference;
use k256::elliptic_curve::PrimeField as _;
use k256::elliptic_curve::ops::Reduce;
use k256::elliptic_curve::point::AffineCoordinates as _;
use k256::elliptic_curve::sec1::ToEncodedPoint as _;
use k256::{ProjectivePoint, Scalar};
use proptest::prelude::*;
use revm_precompile::{Crypto as _, DefaultCrypto, PrecompileHalt};

const LAMBDA: [u8; 32] = [
    0x53, 0x63, 0xad, 0x4c, 0xc0, 0x5c, 0x30, 0xe0, 0xa5, 0x26, 0x1c, 0x02, 0x88, 0x12, 0x64, 0x5a, 0x12,
    0x2e, 0x22, 0xea, 0x20, 0x81, 0x66, 0x78, 0xdf, 0x02, 0x96, 0x7c, 0x1b, 0x23, 0xbd, 0x72,
];

fn scalar(bytes: &[u8; 32]) -> Scalar {
    <Scalar as Reduce<k256::U256>>::reduce_bytes(&(*bytes).into())
}

fn power_of_two(exponent: u32) -> Scalar {
    (0..exponent).fold(Scalar::ONE, |power, _| power + power)
}

/// The same answer as the native implementation, valid or not, and never a trap.
fn agrees(signature: &[u8; 64], recovery_id: u8, message: &[u8; 32]) -> bool {
    let ours = secp256k1_ecrecover::<Reference>(signature, recovery_id, message);
    let native = DefaultCrypto.secp256k1_ecrecover(signature, recovery_id, message);
    assert_eq!(
        ours.map_err(|_| PrecompileHalt::Secp256k1RecoverFailed),
        native,
        "signature {}, recovery id {recovery_id}, message {}",
        hex::encode(signature),
        hex::encode(message)
    );
    native.is_ok()
}

fn join(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r);
    signature[32..].copy_from_slice(s);
    signature
}

/// A signature, recovery id and message for which the recovered key is u1 G + u2 R with R = k G.
fn crafted(k: Scalar, u1: Scalar, u2: Scalar) -> ([u8; 64], u8, [u8; 32]) {
    let point = (ProjectivePoint::GENERATOR * k).to_affine();
    let x: [u8; 32] = point.x().into();
    let r = scalar(&x);
    let overflowed = r.to_bytes() != x.into();
    let recovery_id = u8::from(bool::from(point.y_is_odd())) | u8::from(overflowed) << 1;
    let (s, z) = (u2 * r, -(u1 * r));
    (join(&r.to_bytes().into(), &s.to_bytes().into()), recovery_id, z.to_bytes().into())
}

fn agrees_on_crafted(k: Scalar, u1: Scalar, u2: Scalar) -> bool {
    let (signature, recovery_id, message) = crafted(k, u1, u2);
    let expected = ProjectivePoint::GENERATOR * (u1 + u2 * k) != ProjectivePoint::IDENTITY;
    let valid = agrees(&signature, recovery_id, &message);
    assert_eq!(valid, expected && u2 != Scalar::ZERO);
    valid
}

/// Multiples of the generator that lie in our tables, are opposite to such, or are near them.
fn special_multiples() -> Vec<Scalar> {
    let lambda = scalar(&LAMBDA);
    let bases =
        [Scalar::ONE, lambda, lambda * lambda, power_of_two(128), power_of_two(128).invert().unwrap()];
    bases.iter().flat_map(|base| (1..4_u64).map(|i| *base * Scalar::from(i))).flat_map(|k| [k, -k]).collect()
}

#[test]
fn every_combination_of_boundary_values_agrees() {
    let words = |value: &U256| to_be_bytes(value);
    let plus = |value: &U256, n: u32| words(&add(value, &[n, 0, 0, 0, 0, 0, 0, 0]).0);
    let minus = |value: &U256, n: u32| words(&sub(value, &[n, 0, 0, 0, 0, 0, 0, 0]).0);
    let zero = [0; 8];
    let half: [u8; 32] = (-Scalar::from(2_u64).invert().unwrap()).to_bytes().into();
    let mut r = vec![words(&zero), minus(&N, 1), words(&N), plus(&N, 1), words(&P), [0xff; 32]];
    r.extend((1..5).map(|n| plus(&zero, n)));
    r.extend([plus(&P_MINUS_N, 0), plus(&P_MINUS_N, 1)]);
    r.extend((1..4).map(|n| minus(&P_MINUS_N, n)));
    let s = [words(&zero), plus(&zero, 1), half, minus(&N, 1), words(&N), plus(&N, 1), [0xff; 32]];
    let messages = [words(&zero), plus(&zero, 1), minus(&N, 1), words(&N), plus(&N, 1), [0xff; 32]];
    let mut valid = 0;
    for (r, s) in r.iter().flat_map(|r| s.iter().map(move |s| (r, s))) {
        for (recovery_id, message) in (0..4).flat_map(|id| messages.iter().map(move |message| (id, message)))
        {
            valid += u32::from(agrees(&join(r, s), recovery_id, message));
        }
    }
    assert!(valid > 100, "only {valid} valid signatures among the boundary values");
}

#[test]
fn recovery_ids_above_three_are_refused() {
    let (signature, _, message) = crafted(Scalar::from(5_u64), Scalar::ONE, Scalar::ONE);
    for id in [4, 27, 255] {
        let fault = recover_public_key::<Reference>(&signature, id, &message);
        assert_eq!(fault, Err(RecoverFault::RecoveryIdAboveThree(id)));
    }
}

#[test]
fn attack_key_at_infinity_is_refused_and_doubling_in_the_sum_is_right() {
    for k in special_multiples().into_iter().chain([Scalar::from(0x1234_5678_9abc_u64)]) {
        for u2 in [
            Scalar::ONE,
            -Scalar::ONE,
            Scalar::from(77_u64),
            scalar(&LAMBDA),
            power_of_two(200),
            scalar(&[0xab; 32]),
        ] {
            assert!(!agrees_on_crafted(k, -(u2 * k), u2), "u1 G = -u2 R is infinity");
            assert!(agrees_on_crafted(k, u2 * k, u2), "u1 G = u2 R is a doubling");
        }
    }
}

#[test]
fn attack_sparse_scalars_on_table_points_collide_with_partial_sums() {
    let sparse: Vec<Scalar> = [0, 1, 2, 63, 64, 125, 127, 128, 129, 192, 255].map(power_of_two).into();
    let mut checked = 0;
    for k in special_multiples() {
        for (i, u1) in sparse.iter().enumerate() {
            for u2 in sparse.iter().skip(i % 2).step_by(2) {
                agrees_on_crafted(k, *u1, *u2);
                agrees_on_crafted(k, *u1 + Scalar::ONE, -*u2);
                checked += 2;
            }
        }
    }
    assert!(checked > 3_000);
}

#[test]
fn a_zero_message_leaves_only_the_multiple_of_the_point() {
    for k in special_multiples() {
        assert!(agrees_on_crafted(k, Scalar::ZERO, scalar(&[0x5c; 32])));
    }
}

#[test]
fn r_plus_n_is_used_as_the_coordinate() {
    // Small r whose r + N is on the curve: found among the first hundred.
    let mut found = 0;
    for r in 1..100 {
        let r = to_be_bytes(&[r, 0, 0, 0, 0, 0, 0, 0]);
        for id in [2, 3] {
            found += u32::from(agrees(&join(&r, &[0x11; 32]), id, &[0x22; 32]));
        }
    }
    assert!(found > 50);
}

#[test]
fn generator_table_is_what_another_implementation_computes() {
    let high = ProjectivePoint::GENERATOR * power_of_two(128);
    for (index, entry) in GENERATOR_TABLE.iter().enumerate().skip(1) {
        let [i, j] = [index as u64 & 3, index as u64 >> 2].map(Scalar::from);
        let expected = (ProjectivePoint::GENERATOR * i + high * j).to_affine().to_encoded_point(false);
        let [x, y] = coordinates(entry).map(|words| to_be_bytes(&words));
        assert_eq!(expected.as_bytes()[1..], [x, y].concat(), "entry {index}");
    }
}

#[test]
fn split_of_extreme_scalars_recombines() {
    let mut scalars = vec![Scalar::ZERO, Scalar::ONE, -Scalar::ONE, scalar(&LAMBDA), -scalar(&LAMBDA)];
    scalars.extend((0..256).flat_map(|i| [power_of_two(i), -power_of_two(i)]));
    for k in scalars {
        assert_split(&k.to_bytes().into());
    }
}

/// The halves recombine, so nothing was cut off above 128 bits.
fn assert_split(scalar_bytes: &[u8; 32]) {
    let k = scalar(scalar_bytes);
    let (a, b) = split::split::<Reference>(&from_be_bytes(&k.to_bytes().into()));
    let [a, b] = [a, b].map(|half| {
        let mut words = [0; 8];
        words[..4].copy_from_slice(&half.magnitude);
        let magnitude = Scalar::from_repr(to_be_bytes(&words).into()).unwrap();
        if half.negative { -magnitude } else { magnitude }
    });
    assert_eq!(a + b * scalar(&LAMBDA), k);
}

proptest! {
    #[test]
    fn split_recombines(k: [u8; 32]) {
        assert_split(&k);
    }

    #[test]
    fn inverse_times_the_scalar_is_one(x: [u8; 32]) {
        let x = scalar(&x);
        prop_assume!(x != Scalar::ZERO);
        let inverse = field::invert_scalar::<Reference>(&from_be_bytes(&x.to_bytes().into()));
        prop_assert_eq!(scalar(&to_be_bytes(&inverse)) * x, Scalar::ONE);
    }

    #[test]
    fn sqrt_finds_a_root_of_a_square_and_none_of_its_opposite(x: U256) {
        let square = Reference::modmul256(&x, &x, &P);
        prop_assume!(!is_zero(&square));
        let root = field::sqrt::<Reference>(&square).unwrap();
        prop_assert_eq!(Reference::modmul256(&root, &root, &P), square);
        // -1 is not a square, since P = 3 mod 4.
        prop_assert_eq!(field::sqrt::<Reference>(&sub(&P, &square).0), None);
    }

    #[test]
    fn random_bytes_agree(r: [u8; 32], s: [u8; 32], id in 0..4_u8, message: [u8; 32]) {
        agrees(&join(&r, &s), id, &message);
    }

    #[test]
    fn crafted_scalars_agree(k: [u8; 32], u1: [u8; 32], u2: [u8; 32]) {
        let (k, u1, u2) = (scalar(&k), scalar(&u1), scalar(&u2));
        prop_assume!(k != Scalar::ZERO);
        agrees_on_crafted(k, u1, u2);
    }

    #[test]
    fn the_key_of_a_signature_is_recovered(secret in 1..u64::MAX, message: [u8; 32]) {
        let key = k256::ecdsa::SigningKey::from_bytes(&Scalar::from(secret).to_bytes()).unwrap();
        let (signature, id) = key.sign_prehash_recoverable(&message).unwrap();
        let bytes: [u8; 64] = signature.to_bytes().into();
        let recovered = recover_public_key::<Reference>(&bytes, id.to_byte(), &message).unwrap();
        let expected = key.verifying_key().as_affine().to_encoded_point(false);
        prop_assert_eq!(&recovered[..], &expected.as_bytes()[1..]);
        let address = recover_address::<Reference>(&bytes, id.to_byte(), &message).unwrap();
        prop_assert_eq!(&address[..], &crate::keccak256::<Reference>(&recovered)[12..]);
    }
}

#[test]
fn calls_of_one_recovery_stay_within_the_budget() {
    let (signature, id, message) = crafted(scalar(&[0x17; 32]), scalar(&[0xa3; 32]), scalar(&[0x5b; 32]));
    let (result, calls) = counted(|| secp256k1_ecrecover::<Counting>(&signature, id, &message));
    assert!(result.is_ok());
    println!("one recovery: {calls:?}");
    assert_eq!(calls.keccak_f, 1);
    assert!(calls.modmul256 < 600 && calls.double < 130 && calls.add < 140);
    assert_eq!(Counts { modmul384: 0, ..calls }, calls);
}
