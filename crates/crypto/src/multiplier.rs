//! Modular products of either size under one name.

use ashlar_abi::Accelerators;

/// Products modulo m of integers of `WORDS` 32-bit words, in place. The operands need not be below m; the result is. For
/// m = 0 the modulus is the word size.
///
/// In place, because that is what one call of the machine can do without a copy of the result.
pub(crate) trait Multiplier<const WORDS: usize>: Accelerators {
    /// a := a * b mod m.
    fn mul_assign(a: &mut [u32; WORDS], b: &[u32; WORDS], m: &[u32; WORDS]);

    /// a := a^2 mod m.
    fn square_assign(a: &mut [u32; WORDS], m: &[u32; WORDS]);
}

impl<A: Accelerators> Multiplier<8> for A {
    #[inline(always)]
    fn mul_assign(a: &mut [u32; 8], b: &[u32; 8], m: &[u32; 8]) {
        *a = A::modmul256(a, b, m);
    }

    #[inline(always)]
    fn square_assign(a: &mut [u32; 8], m: &[u32; 8]) {
        *a = A::modmul256(a, a, m);
    }
}

impl<A: Accelerators> Multiplier<12> for A {
    #[inline(always)]
    fn mul_assign(a: &mut [u32; 12], b: &[u32; 12], m: &[u32; 12]) {
        *a = A::modmul384(a, b, m);
    }

    #[inline(always)]
    fn square_assign(a: &mut [u32; 12], m: &[u32; 12]) {
        *a = A::modmul384(a, a, m);
    }
}
