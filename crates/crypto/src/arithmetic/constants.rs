//! Constants that the compiler takes over from arkworks.

use super::{Fe, Fe2};
use ark_ff::{BigInt, Fp, Fp2, Fp2Config, MontBackend, MontConfig};

/// The words of an integer of N 64-bit limbs. W = 2 N.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this")]
pub(crate) const fn words<const N: usize, const W: usize>(integer: BigInt<N>) -> Fe<W> {
    assert!(W == 2 * N);
    let (mut words, mut i) = ([0; W], 0);
    while i < W {
        words[i] = (integer.0[i / 2] >> (32 * (i % 2))) as u32;
        i += 1;
    }
    words
}

/// The canonical integer of an element.
pub(crate) const fn canonical<M: MontConfig<N>, const N: usize, const W: usize>(
    element: Fp<MontBackend<M, N>, N>,
) -> Fe<W> {
    words(from_montgomery(&element.0.0, &M::MODULUS.0, M::INV))
}

/// [`canonical`] of both coefficients.
pub(crate) const fn canonical2<M, P, const N: usize, const W: usize>(element: &Fp2<P>) -> Fe2<W>
where
    M: MontConfig<N>,
    P: Fp2Config<Fp = Fp<MontBackend<M, N>, N>>,
{
    [canonical(element.c0), canonical(element.c1)]
}

/// x / 2^(64 N) mod m for x < m < 2^(64 N - 1): Montgomery's reduction, one limb at a time. `inverse` is -1 / m mod 2^64.
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
