//! Accelerators that count their calls.

use ashlar_abi::{Accelerators, Reference};
use core::cell::Cell;

/// [`Reference`], counting calls per thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting;

/// Calls made by the current thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) keccak_f: u32,
    pub(crate) modmul256: u32,
    pub(crate) modmul384: u32,
    pub(crate) add: u32,
    pub(crate) double: u32,
}

impl core::ops::Sub for Counts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            keccak_f: self.keccak_f - before.keccak_f,
            modmul256: self.modmul256 - before.modmul256,
            modmul384: self.modmul384 - before.modmul384,
            add: self.add - before.add,
            double: self.double - before.double,
        }
    }
}

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { keccak_f: 0, modmul256: 0, modmul384: 0, add: 0, double: 0 }) };
}

/// Calls so far on this thread.
pub(crate) fn counts() -> Counts {
    COUNTS.get()
}

/// Calls made by `operation`.
pub(crate) fn counted<T>(operation: impl FnOnce() -> T) -> (T, Counts) {
    let before = counts();
    let value = operation();
    (value, counts() - before)
}

fn bump(change: impl FnOnce(&mut Counts)) {
    let mut counts = COUNTS.get();
    change(&mut counts);
    COUNTS.set(counts);
}

impl Accelerators for Counting {
    fn keccak_f(state: &mut [u32; 50]) {
        bump(|counts| counts.keccak_f += 1);
        Reference::keccak_f(state);
    }

    fn modmul256(a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) -> [u32; 8] {
        bump(|counts| counts.modmul256 += 1);
        Reference::modmul256(a, b, m)
    }

    fn modmul384(a: &[u32; 12], b: &[u32; 12], m: &[u32; 12]) -> [u32; 12] {
        bump(|counts| counts.modmul384 += 1);
        Reference::modmul384(a, b, m)
    }

    fn secp256k1_add(p: &mut [u32; 16], q: &[u32; 16]) {
        bump(|counts| counts.add += 1);
        Reference::secp256k1_add(p, q);
    }

    fn secp256k1_double(p: &mut [u32; 16]) {
        bump(|counts| counts.double += 1);
        Reference::secp256k1_double(p);
    }
}
