//! Modular products of either size under one name.

use ashlar_abi::Accelerators;

/// Products modulo m of integers of `WORDS` 32-bit words. The operands need not be below m; the result is. For m = 0 the
/// modulus is the word size.
///
/// No form returns its result: each is one call of the machine, which writes where the caller wants it.
pub(crate) trait Multiplier<const WORDS: usize>: Accelerators {
    /// result := a * b mod m.
    fn mul_into(result: &mut [u32; WORDS], a: &[u32; WORDS], b: &[u32; WORDS], m: &[u32; WORDS]);

    /// a := a * b mod m.
    fn mul_assign(a: &mut [u32; WORDS], b: &[u32; WORDS], m: &[u32; WORDS]);

    /// a := a^2 mod m.
    fn square_assign(a: &mut [u32; WORDS], m: &[u32; WORDS]);

    /// a := a^(2^times) mod m.
    #[inline(always)]
    fn square_times(a: &mut [u32; WORDS], times: u32, m: &[u32; WORDS]) {
        for _ in 0..times {
            Self::square_assign(a, m);
        }
    }
}

impl<A: Accelerators> Multiplier<8> for A {
    #[inline(always)]
    fn mul_into(result: &mut [u32; 8], a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) {
        A::modmul256_into(result, a, b, m);
    }

    #[inline(always)]
    fn mul_assign(a: &mut [u32; 8], b: &[u32; 8], m: &[u32; 8]) {
        A::modmul256_assign(a, b, m);
    }

    #[inline(always)]
    fn square_assign(a: &mut [u32; 8], m: &[u32; 8]) {
        A::modsquare256_assign(a, m);
    }
}

impl<A: Accelerators> Multiplier<12> for A {
    #[inline(always)]
    fn mul_into(result: &mut [u32; 12], a: &[u32; 12], b: &[u32; 12], m: &[u32; 12]) {
        A::modmul384_into(result, a, b, m);
    }

    #[inline(always)]
    fn mul_assign(a: &mut [u32; 12], b: &[u32; 12], m: &[u32; 12]) {
        A::modmul384_assign(a, b, m);
    }

    #[inline(always)]
    fn square_assign(a: &mut [u32; 12], m: &[u32; 12]) {
        A::modsquare384_assign(a, m);
    }
}
