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
const fn quarter<const W: usize>(p: &Fe<W>) -> Fe<W> {
    // (p - 3) / 4 + 1
    plus_one(shifted(p, 2))
}

/// (p + 1) / 2, which is 1/2.
pub(super) const fn half<const W: usize>(p: &Fe<W>) -> Fe<W> {
    // (p - 1) / 2 + 1
    plus_one(shifted(p, 1))
}

/// a / 2^bits, rounded down; 0 < bits < 32.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this, and every index is below W")]
const fn shifted<const W: usize>(a: &Fe<W>, bits: u32) -> Fe<W> {
    let (mut shifted, mut i) = ([0; W], 0);
    while i < W {
        let above = if i + 1 < W { a[i + 1] } else { 0 };
        shifted[i] = a[i] >> bits | above << (32 - bits);
        i += 1;
    }
    shifted
}

#[expect(
    clippy::indexing_slicing,
    reason = "the compiler evaluates this, and a half or a quarter does not overflow"
)]
const fn plus_one<const W: usize>(mut a: Fe<W>) -> Fe<W> {
    let (mut carry, mut i) = (true, 0);
    while carry {
        (a[i], carry) = a[i].overflowing_add(1);
        i += 1;
    }
    a
}
