//! Powers with fixed exponents.

use super::{Arith, Fe, Prime, integer};
use crate::multiplier::Multiplier;

impl<A: Multiplier<W>, F: Prime<W>, const W: usize> Arith<A, F, W> {
    /// out := a^exponent, canonical, for an exponent of little-endian words that is not 0. Four bits at a time.
    #[inline(never)]
    pub(crate) fn power(&self, out: &mut Fe<W>, a: &Fe<W>, exponent: &Fe<W>) {
        let mut table = [Self::ONE; 16];
        let mut last = &Self::ONE;
        for entry in table.iter_mut().skip(1) {
            self.mul(entry, last, a);
            last = entry;
        }
        *out = Self::ONE;
        // Squares of the leading one are skipped.
        let mut started = false;
        for word in exponent.iter().rev() {
            let mut word = *word;
            for _ in 0..8 {
                if started {
                    A::square_times(out, 4, &F::P);
                }
                let nibble = (word >> 28) as usize;
                if nibble != 0 {
                    self.mul_assign(out, table.get(nibble).unwrap_or(a));
                    started = true;
                }
                word <<= 4;
            }
        }
    }

    /// out := 1 / a, and 0 for a = 0: the power P - 2.
    pub(crate) fn invert_base(&self, out: &mut Fe<W>, a: &Fe<W>) {
        self.power(out, a, &const { integer(&F::P, -2) });
    }

    /// out := a square root of a if there is one, else one of -a: the power (P + 1) / 4, since P = 3 modulo 4.
    pub(crate) fn root_or_of_opposite(&self, out: &mut Fe<W>, a: &Fe<W>) {
        self.power(out, a, &const { quarter(&F::P) });
    }
}

/// (p + 1) / 4 for p = 3 modulo 4.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this, and every index is below W")]
const fn quarter<const W: usize>(p: &Fe<W>) -> Fe<W> {
    assert!(p[0] & 3 == 3);
    // (p - 3) / 4 + 1, and p - 3 is p without its lowest two bits.
    let (mut quarter, mut i) = ([0; W], 0);
    while i < W {
        let above = if i + 1 < W { p[i + 1] } else { 0 };
        quarter[i] = p[i] >> 2 | above << 30;
        i += 1;
    }
    assert!(quarter[0] != u32::MAX);
    quarter[0] += 1;
    quarter
}
