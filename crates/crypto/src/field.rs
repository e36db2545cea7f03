//! Prime fields of arkworks whose elements are canonical integers and whose products are the accelerator's.

use crate::limbs::{add_mod, is_zero, less, sub_mod};
use crate::multiplier::Multiplier;
use ark_ff::{
    BigInt, Field as _, Fp, Fp2, Fp2Config, FpConfig, MontBackend, MontConfig, PrimeField, SqrtPrecomputation,
};
use ashlar_abi::Accelerators;
use core::marker::PhantomData;

/// Declares types without values that configure something over the accelerators `A`.
macro_rules! configurations {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub(super) struct $name<A>(core::marker::PhantomData<A>);
    )* };
}
pub(crate) use configurations;

/// The field that `M` configures, with elements as canonical integers rather than in Montgomery form. `N` is its number
/// of 64-bit limbs.
pub(crate) struct Canonical<M, A>(PhantomData<(M, A)>);

/// An element of the field of [`Canonical`].
pub(crate) type Element<M, A, const N: usize> = Fp<Canonical<M, A>, N>;

/// The arithmetic of `N` 64-bit limbs over the accelerators' 32-bit words.
pub(crate) trait Limbs<const N: usize>: Accelerators {
    /// a := a * b mod m.
    fn mul_assign(a: &mut [u64; N], b: &[u64; N], m: &[u64; N]);
    /// a := a^2 mod m.
    fn square_assign(a: &mut [u64; N], m: &[u64; N]);
    /// a := a + b mod m, for a, b < m.
    fn add_assign(a: &mut [u64; N], b: &[u64; N], m: &[u64; N]);
    /// a := a - b mod m, for a, b < m.
    fn sub_assign(a: &mut [u64; N], b: &[u64; N], m: &[u64; N]);
    /// Whether a < b.
    fn less(a: &[u64; N], b: &[u64; N]) -> bool;
    /// Whether a = 0.
    fn is_zero(a: &[u64; N]) -> bool;
}

macro_rules! impl_limbs {
    ($limbs:literal, $words:literal) => {
        impl<A: Accelerators> Limbs<$limbs> for A {
            #[inline(always)]
            fn mul_assign(a: &mut [u64; $limbs], b: &[u64; $limbs], m: &[u64; $limbs]) {
                let a: &mut [u32; $words] = bytemuck::cast_mut(a);
                <A as Multiplier<$words>>::mul_assign(a, bytemuck::cast_ref(b), bytemuck::cast_ref(m));
            }

            #[inline(always)]
            fn square_assign(a: &mut [u64; $limbs], m: &[u64; $limbs]) {
                let a: &mut [u32; $words] = bytemuck::cast_mut(a);
                <A as Multiplier<$words>>::square_assign(a, bytemuck::cast_ref(m));
            }

            #[inline(always)]
            fn add_assign(a: &mut [u64; $limbs], b: &[u64; $limbs], m: &[u64; $limbs]) {
                let a: &mut [u32; $words] = bytemuck::cast_mut(a);
                *a = add_mod(a, bytemuck::cast_ref(b), bytemuck::cast_ref(m));
            }

            #[inline(always)]
            fn sub_assign(a: &mut [u64; $limbs], b: &[u64; $limbs], m: &[u64; $limbs]) {
                let a: &mut [u32; $words] = bytemuck::cast_mut(a);
                *a = sub_mod(a, bytemuck::cast_ref(b), bytemuck::cast_ref(m));
            }

            #[inline(always)]
            fn less(a: &[u64; $limbs], b: &[u64; $limbs]) -> bool {
                less::<$words>(bytemuck::cast_ref(a), bytemuck::cast_ref(b))
            }

            #[inline(always)]
            fn is_zero(a: &[u64; $limbs]) -> bool {
                is_zero::<$words>(bytemuck::cast_ref(a))
            }
        }
    };
}

impl_limbs!(4, 8);
impl_limbs!(6, 12);

/// 2 and the modulus less 1, as limbs: factors that double and negate, cheaper than sums in software.
const fn two<const N: usize>() -> [u64; N] {
    let mut limbs = [0; N];
    limbs[0] = 2;
    limbs
}

impl<M: MontConfig<N>, A: Limbs<N>, const N: usize> FpConfig<N> for Canonical<M, A> {
    const MODULUS: BigInt<N> = M::MODULUS;
    const GENERATOR: Element<M, A, N> = canonical(M::GENERATOR);
    const ZERO: Element<M, A, N> = element(BigInt([0; N]));
    const ONE: Element<M, A, N> = canonical(Fp::<MontBackend<M, N>, N>::ONE);
    const NEG_ONE: Element<M, A, N> = canonical(Fp::<MontBackend<M, N>, N>::NEG_ONE);
    const TWO_ADICITY: u32 = <MontBackend<M, N> as FpConfig<N>>::TWO_ADICITY;
    const TWO_ADIC_ROOT_OF_UNITY: Element<M, A, N> = canonical(M::TWO_ADIC_ROOT_OF_UNITY);
    const SQRT_PRECOMP: Option<SqrtPrecomputation<Element<M, A, N>>> = match &M::MODULUS_PLUS_ONE_DIV_FOUR {
        Some(exponent) => Some(SqrtPrecomputation::Case3Mod4 { modulus_plus_one_div_four: &exponent.0 }),
        None => None,
    };

    #[inline]
    fn add_assign(a: &mut Element<M, A, N>, b: &Element<M, A, N>) {
        A::add_assign(&mut a.0.0, &b.0.0, &M::MODULUS.0);
    }

    #[inline]
    fn sub_assign(a: &mut Element<M, A, N>, b: &Element<M, A, N>) {
        A::sub_assign(&mut a.0.0, &b.0.0, &M::MODULUS.0);
    }

    #[inline]
    fn double_in_place(a: &mut Element<M, A, N>) {
        A::mul_assign(&mut a.0.0, &const { two::<N>() }, &M::MODULUS.0);
    }

    #[inline]
    fn neg_in_place(a: &mut Element<M, A, N>) {
        A::mul_assign(&mut a.0.0, &Self::NEG_ONE.0.0, &M::MODULUS.0);
    }

    #[inline]
    fn mul_assign(a: &mut Element<M, A, N>, b: &Element<M, A, N>) {
        A::mul_assign(&mut a.0.0, &b.0.0, &M::MODULUS.0);
    }

    fn sum_of_products<const T: usize>(
        a: &[Element<M, A, N>; T],
        b: &[Element<M, A, N>; T],
    ) -> Element<M, A, N> {
        let mut sum = Self::ZERO;
        for (index, (a, b)) in a.iter().zip(b).enumerate() {
            let mut product = *a;
            A::mul_assign(&mut product.0.0, &b.0.0, &M::MODULUS.0);
            if index == 0 {
                sum = product;
            } else {
                A::add_assign(&mut sum.0.0, &product.0.0, &M::MODULUS.0);
            }
        }
        sum
    }

    #[inline]
    fn square_in_place(a: &mut Element<M, A, N>) {
        A::square_assign(&mut a.0.0, &M::MODULUS.0);
    }

    /// The power MODULUS - 2.
    fn inverse(a: &Element<M, A, N>) -> Option<Element<M, A, N>> {
        let exponent = const { minus_two(M::MODULUS) };
        (!A::is_zero(&a.0.0)).then(|| power(a, &exponent))
    }

    fn from_bigint(other: BigInt<N>) -> Option<Element<M, A, N>> {
        A::less(&other.0, &M::MODULUS.0).then_some(element(other))
    }

    #[inline]
    fn into_bigint(other: Element<M, A, N>) -> BigInt<N> {
        other.0
    }
}

/// a^exponent, four bits at a time. The exponent is not 0.
pub(crate) fn power<F: PrimeField>(a: &F, exponent: &[u64]) -> F {
    let mut table = [*a; 15];
    let mut last = *a;
    for entry in table.iter_mut().skip(1) {
        last *= a;
        *entry = last;
    }
    let mut power = None;
    for (limb, shift) in exponent.iter().rev().flat_map(|limb| (0..16).rev().map(move |i| (limb, 4 * i))) {
        if let Some(power) = &mut power {
            for _ in 0..4 {
                F::square_in_place(power);
            }
        }
        let nibble = (limb >> shift & 15) as usize;
        if let Some(factor) = nibble.checked_sub(1).and_then(|index| table.get(index)) {
            match &mut power {
                Some(power) => *power *= factor,
                None => power = Some(*factor),
            }
        }
    }
    power.unwrap_or(F::ONE)
}

/// The element whose canonical integer this is, below the modulus.
pub(crate) const fn element<M: MontConfig<N>, A: Limbs<N>, const N: usize>(
    integer: BigInt<N>,
) -> Element<M, A, N> {
    Fp(integer, PhantomData)
}

/// The same element of the field over the accelerators.
pub(crate) const fn canonical<M: MontConfig<N>, A: Limbs<N>, const N: usize>(
    montgomery: Fp<MontBackend<M, N>, N>,
) -> Element<M, A, N> {
    element(from_montgomery(&montgomery.0.0, &M::MODULUS.0, M::INV))
}

/// [`canonical`] of both coefficients.
pub(crate) const fn canonical2<M, P, Q, A, const N: usize>(element: &Fp2<P>) -> Fp2<Q>
where
    M: MontConfig<N>,
    A: Limbs<N>,
    P: Fp2Config<Fp = Fp<MontBackend<M, N>, N>>,
    Q: Fp2Config<Fp = Element<M, A, N>>,
{
    Fp2::<Q>::new(canonical(element.c0), canonical(element.c1))
}

/// [`canonical2`] of all L elements.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this")]
pub(crate) const fn canonical2_all<M, P, Q, A, const N: usize, const L: usize>(
    elements: &[Fp2<P>],
) -> [Fp2<Q>; L]
where
    M: MontConfig<N>,
    A: Limbs<N>,
    P: Fp2Config<Fp = Fp<MontBackend<M, N>, N>>,
    Q: Fp2Config<Fp = Element<M, A, N>>,
{
    assert!(elements.len() == L);
    let mut all = [Fp2::<Q>::new(element(BigInt([0; N])), element(BigInt([0; N]))); L];
    let mut i = 0;
    while i < L {
        all[i] = canonical2(&elements[i]);
        i += 1;
    }
    all
}

/// [`canonical`] of all L elements.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this")]
pub(crate) const fn canonical_all<M: MontConfig<N>, A: Limbs<N>, const N: usize, const L: usize>(
    elements: &[Fp<MontBackend<M, N>, N>],
) -> [Element<M, A, N>; L] {
    assert!(elements.len() == L);
    let mut all = [element(BigInt([0; N])); L];
    let mut i = 0;
    while i < L {
        all[i] = canonical(elements[i]);
        i += 1;
    }
    all
}

/// x / 2^(64 N) mod m for x < m < 2^(64 N - 1): Montgomery's reduction, one limb at a time. `inverse` is -1 / m mod 2^64.
///
/// Evaluated by the compiler, to take constants over from arkworks.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this, and every index is below N")]
const fn from_montgomery<const N: usize>(x: &[u64; N], m: &[u64; N], inverse: u64) -> BigInt<N> {
    let mut value = *x;
    let mut round = 0;
    while round < N {
        let factor = value[0].wrapping_mul(inverse);
        let mut carry = (value[0] as u128 + factor as u128 * m[0] as u128) >> 64;
        let mut i = 1;
        while i < N {
            carry += value[i] as u128 + factor as u128 * m[i] as u128;
            value[i - 1] = carry as u64;
            carry >>= 64;
            i += 1;
        }
        value[N - 1] = carry as u64;
        round += 1;
    }
    // At most m, and m only for x = 0 modulo m, which is x = 0 here, for which no round changes anything.
    BigInt(value)
}

/// m - 2 for odd m > 2.
const fn minus_two<const N: usize>(m: BigInt<N>) -> [u64; N] {
    let mut limbs = m.0;
    // m is odd and not 1: either no borrow, or the lowest limb is 1 and borrows.
    let (lowest, borrow) = limbs[0].overflowing_sub(2);
    assert!(!borrow, "no field here has a modulus of 1 modulo 2^64");
    limbs[0] = lowest;
    limbs
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{BigInteger as _, One as _, UniformRand as _, Zero as _};
    use ashlar_abi::Reference;

    /// Every operation against the field in Montgomery form.
    fn agrees_with_montgomery<M: MontConfig<N>, const N: usize>()
    where
        Reference: Limbs<N>,
    {
        type Native<M, const N: usize> = Fp<MontBackend<M, N>, N>;
        let ours = |x: Native<M, N>| Element::<M, Reference, N>::from_bigint(x.into_bigint()).unwrap();
        let mut rng = ark_std::test_rng();
        let mut values = vec![Native::<M, N>::zero(), Native::one(), -Native::<M, N>::one(), M::GENERATOR];
        values.extend((0..20).map(|_| Native::<M, N>::rand(&mut rng)));
        for (a, b) in values.iter().flat_map(|a| values.iter().map(move |b| (*a, *b))) {
            assert_eq!(ours(a) + ours(b), ours(a + b));
            assert_eq!(ours(a) - ours(b), ours(a - b));
            assert_eq!(ours(a) * ours(b), ours(a * b));
        }
        for a in values {
            assert_eq!(canonical::<M, Reference, N>(a), ours(a), "at compile time and at run time");
            assert_eq!(-ours(a), ours(-a));
            assert_eq!(ours(a).square(), ours(a.square()));
            assert_eq!(ark_ff::AdditiveGroup::double(&ours(a)), ours(a + a));
            assert_eq!(ours(a).inverse(), a.inverse().map(ours));
            assert_eq!(ours(a).legendre(), a.legendre());
            let root = ours(a).sqrt();
            assert_eq!(root.is_some(), a.sqrt().is_some());
            assert!(root.is_none_or(|root| root.square() == ours(a)));
        }
    }

    #[test]
    fn both_base_fields_agree_with_their_montgomery_form() {
        agrees_with_montgomery::<ark_bn254::FqConfig, 4>();
        agrees_with_montgomery::<ark_bls12_381::FqConfig, 6>();
    }

    #[test]
    fn integers_from_the_modulus_on_are_refused() {
        let mut integer = ark_bn254::Fq::MODULUS;
        assert!(Element::<ark_bn254::FqConfig, Reference, 4>::from_bigint(integer).is_none());
        integer.sub_with_borrow(&BigInt::from(1_u64));
        assert!(Element::<ark_bn254::FqConfig, Reference, 4>::from_bigint(integer).is_some());
        assert!(Element::<ark_bn254::FqConfig, Reference, 4>::from_bigint(BigInt([u64::MAX; 4])).is_none());
    }
}
