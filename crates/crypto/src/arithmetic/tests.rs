//! Against arkworks in its own representation, through both fields that are used.

use super::*;
use crate::bls12_381::Bls12381;
use crate::bn254::Bn254;
use ark_ff::{
    BigInteger as _, Field as _, Fp, Fp2, Fp2Config, MontBackend, MontConfig, PrimeField as _,
    UniformRand as _, Zero as _,
};
use ashlar_abi::Reference;

type Native<M, const N: usize> = Fp<MontBackend<M, N>, N>;

fn ours<M: MontConfig<N>, const N: usize, const W: usize>(x: Native<M, N>) -> Fe<W> {
    canonical::<M, N, W>(x)
}

fn ours2<M: MontConfig<N>, P: Fp2Config<Fp = Native<M, N>>, const N: usize, const W: usize>(
    x: Fp2<P>,
) -> Fe2<W> {
    [ours(x.c0), ours(x.c1)]
}

/// What the words represent: any integer of their size, reduced by arkworks.
fn theirs<M: MontConfig<N>, const N: usize, const W: usize>(x: &Fe<W>) -> Native<M, N> {
    let bytes: Vec<u8> = x.iter().flat_map(|word| word.to_le_bytes()).collect();
    Native::from_le_bytes_mod_order(&bytes)
}

fn theirs2<M: MontConfig<N>, P: Fp2Config<Fp = Native<M, N>>, const N: usize, const W: usize>(
    x: &Fe2<W>,
) -> Fp2<P> {
    Fp2::new(theirs(&x[0]), theirs(&x[1]))
}

/// Zero, small and random elements, each also as the greatest integers that represent it.
fn samples<F: Prime<W>, const W: usize>() -> Vec<Fe<W>> {
    let mut rng = ark_std::test_rng();
    let mut all = vec![[0; W], integer(&F::P, 1), integer(&F::P, -1), F::P, F::MULTIPLE, [u32::MAX; W]];
    all.extend((0..6).map(|_| [(); W].map(|()| u32::rand(&mut rng))));
    all
}

fn base_field_agrees<F: Prime<W>, M: MontConfig<N>, const N: usize, const W: usize>()
where
    Reference: Multiplier<W>,
{
    let mut field = Arith::<Reference, F, W>::new();
    let to = |x: &Fe<W>| theirs::<M, N, W>(x);
    let samples = samples::<F, W>();
    let mut out = [0; W];
    for a in &samples {
        assert_eq!(field.canonical(a), ours::<M, N, W>(to(a)));
        assert_eq!(field.is_zero_base(a), to(a).is_zero());
        field.invert_base(&mut out, a);
        assert_eq!(to(&out), to(a).inverse().unwrap_or_default());
        assert_eq!(<_ as Over<Fe<W>>>::root(&mut field, &mut out, a), !to(a).legendre().is_qnr());
        let square = to(&out).square();
        assert!(if to(a).legendre().is_qnr() { square == -to(a) } else { square == to(a) });
        <_ as Over<Fe<W>>>::scale::<-12>(&mut field, &mut out, a);
        assert_eq!(to(&out), to(a) * -Native::<M, N>::from(12));
        for b in &samples {
            field.add_base(&mut out, a, b);
            assert_eq!(to(&out), to(a) + to(b));
            assert_eq!(field.equal_base(a, b), to(a) == to(b));
            field.dot_base(&mut out, [(a, b), (b, b)]);
            assert_eq!(to(&out), to(a) * to(b) + to(b).square());
            let minus_one = &F::MINUS_ONE;
            field.dot_base(&mut out, [(minus_one, &field_one::<F, W>()); TERMS_MAX]);
            assert_eq!(to(&out), -Native::<M, N>::from(TERMS_MAX as u64));
        }
    }
}

fn field_one<F: Prime<W>, const W: usize>() -> Fe<W> {
    integer(&F::P, 1)
}

fn extension_agrees<F, M, P, const N: usize, const W: usize>()
where
    Reference: Multiplier<W>,
    F: Prime<W>,
    M: MontConfig<N>,
    P: Fp2Config<Fp = Native<M, N>>,
{
    let mut field = Arith::<Reference, F, W>::new();
    let to = |x: &Fe2<W>| theirs2::<M, P, N, W>(x);
    let samples = samples::<F, W>();
    let pairs: Vec<Fe2<W>> = samples.iter().flat_map(|a| samples.iter().map(move |b| [*a, *b])).collect();
    let mut out = [[0; W]; 2];
    for (a, b) in pairs.iter().zip(pairs.iter().rev().skip(5).chain(&pairs)) {
        field.square(&mut out, a);
        assert_eq!(to(&out), to(a).square());
        field.scale::<-3>(&mut out, a);
        assert_eq!(to(&out), -(to(a) + to(a) + to(a)));
        field.add(&mut out, a, b);
        assert_eq!(to(&out), to(a) + to(b));
        field.dot(&mut out, [(a, b)]);
        assert_eq!(to(&out), to(a) * to(b));
        field.dot(&mut out, [(a, b), (a, a), (b, b), (b, a), (a, a), (b, b)]);
        assert_eq!(to(&out), (to(a) + to(b)).square() + to(a).square() + to(b).square());
        assert_eq!(field.equal(a, b), to(a) == to(b));
        assert_eq!(<_ as Over<Fe2<W>>>::is_zero(&field, a), to(a).is_zero());
    }
    for a in pairs.iter().step_by(3) {
        let is_square = to(a).sqrt().is_some();
        assert_eq!(field.root(&mut out, a), is_square);
        assert!(!is_square || to(&out).square() == to(a));
        <_ as Over<Fe2<W>>>::invert(&mut field, &mut out, a);
        assert_eq!(to(&out), to(a).inverse().unwrap_or_default());
        assert_eq!(ours2::<M, P, N, W>(to(a)), a.map(|c| field.canonical(&c)));
    }
}

#[test]
fn base_fields_agree_on_every_representative() {
    base_field_agrees::<Bn254, ark_bn254::FqConfig, 4, 8>();
    base_field_agrees::<Bls12381, ark_bls12_381::FqConfig, 6, 12>();
}

#[test]
fn extensions_agree_on_every_representative() {
    extension_agrees::<Bn254, ark_bn254::FqConfig, ark_bn254::Fq2Config, 4, 8>();
    extension_agrees::<Bls12381, ark_bls12_381::FqConfig, ark_bls12_381::Fq2Config, 6, 12>();
}

#[test]
fn greatest_multiples_are_multiples_that_nearly_fill_the_words() {
    fn check<F: Prime<W>, M: MontConfig<N>, const N: usize, const W: usize>() {
        assert!(theirs::<M, N, W>(&F::MULTIPLE).is_zero());
        assert!(crate::limbs::add(&F::MULTIPLE, &F::P).1);
        assert_eq!(words::<N, W>(M::MODULUS), F::P);
        assert!(!M::MODULUS.is_even());
    }
    check::<Bn254, ark_bn254::FqConfig, 4, 8>();
    check::<Bls12381, ark_bls12_381::FqConfig, 6, 12>();
}

#[test]
fn signed_digits_recombine_and_are_sparse() {
    const VALUE: u128 = 0xd201_0000_0001_0000;
    fn check<const L: usize>(value: u128, width: u32) {
        let digits = signed_digits::<L>(value, width);
        let sum = digits.iter().rev().fold(0_i128, |sum, digit| 2 * sum + i128::from(*digit));
        assert_eq!(sum, value as i128);
        assert!(
            digits
                .iter()
                .all(|digit| *digit == 0 || digit % 2 != 0 && digit.unsigned_abs() < 1 << (width.max(2) - 1))
        );
        let window = width as usize;
        assert!(digits.windows(window).all(|window| window.iter().filter(|digit| **digit != 0).count() <= 1));
        assert_ne!(digits[L - 1], 0);
    }
    check::<{ digit_count(VALUE, 1) }>(VALUE, 1);
    check::<{ digit_count(VALUE, 2) }>(VALUE, 2);
    check::<{ digit_count(VALUE, 4) }>(VALUE, 4);
    check::<{ digit_count(u64::MAX as u128, 5) }>(u64::MAX as u128, 5);
}
