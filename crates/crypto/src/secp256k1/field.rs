//! Powers modulo P and N by fixed addition chains, in products of the accelerator.

use super::constants::{N, P};
use crate::limbs::{U256, ZERO, equal};
use crate::multiplier::Multiplier;
use ashlar_abi::Accelerators;

/// x^(2^times) * y, for `times` above 0.
#[inline(always)]
fn shift<A: Accelerators>(x: &U256, times: u32, y: &U256, m: &U256) -> U256 {
    let mut power = ZERO;
    A::mul_into(&mut power, x, x, m);
    A::square_times(&mut power, times - 1, m);
    A::mul_assign(&mut power, y, m);
    power
}

/// A square root of `square` modulo P, if there is one: its power (P + 1) / 4, since P = 3 mod 4. `square` < P.
///
/// The exponent is 2^254 - 2^30 - 244, in binary 223 ones, a zero, 22 ones, and 00001100. `ones_k` is the power
/// 2^k - 1.
#[inline(never)]
pub(super) fn sqrt<A: Accelerators>(square: &U256) -> Option<U256> {
    let shift = |x: &U256, times, y: &U256| shift::<A>(x, times, y, &P);
    let ones_2 = shift(square, 1, square);
    let ones_3 = shift(&ones_2, 1, square);
    let ones_6 = shift(&ones_3, 3, &ones_3);
    let ones_9 = shift(&ones_6, 3, &ones_3);
    let ones_11 = shift(&ones_9, 2, &ones_2);
    let ones_22 = shift(&ones_11, 11, &ones_11);
    let ones_44 = shift(&ones_22, 22, &ones_22);
    let ones_88 = shift(&ones_44, 44, &ones_44);
    let ones_176 = shift(&ones_88, 88, &ones_88);
    let ones_220 = shift(&ones_176, 44, &ones_44);
    let ones_223 = shift(&ones_220, 3, &ones_3);
    let with_22 = shift(&ones_223, 23, &ones_22);
    let mut root = shift(&with_22, 6, &ones_2);
    A::square_times(&mut root, 2, &P);
    let mut check = ZERO;
    A::mul_into(&mut check, &root, &root, &P);
    equal(&check, square).then_some(root)
}

/// The last 129 bits of N - 2 in windows: after `.0` squarings, a product with the odd power 2 `.1` + 1.
const INVERSE_WINDOWS: [(u32, usize); 26] = [
    (5, 5),
    (3, 2),
    (4, 2),
    (4, 3),
    (5, 6),
    (2, 1),
    (5, 3),
    (6, 6),
    (5, 5),
    (4, 6),
    (3, 0),
    (6, 2),
    (10, 3),
    (4, 3),
    (5, 7),
    (4, 7),
    (5, 4),
    (6, 5),
    (4, 6),
    (5, 1),
    (6, 6),
    (10, 6),
    (4, 4),
    (9, 4),
    (4, 7),
    (1, 0),
];

/// The inverse of x modulo N, for x not a multiple of N: the power N - 2.
///
/// N - 2 is 127 ones in binary, then [`INVERSE_WINDOWS`].
#[inline(never)]
pub(super) fn invert_scalar<A: Accelerators>(x: &U256) -> U256 {
    let mut square = ZERO;
    A::mul_into(&mut square, x, x, &N);
    let mut odd_powers = [*x; 8];
    let mut last = x;
    for power in odd_powers.iter_mut().skip(1) {
        A::mul_into(power, last, &square, &N);
        last = power;
    }
    let [_, _, _, ones_3, .., ones_4] = &odd_powers;
    let shift = |x: &U256, times, y: &U256| shift::<A>(x, times, y, &N);
    let ones_7 = shift(ones_4, 3, ones_3);
    let ones_8 = shift(ones_4, 4, ones_4);
    let ones_15 = shift(&ones_8, 7, &ones_7);
    let ones_30 = shift(&ones_15, 15, &ones_15);
    let ones_60 = shift(&ones_30, 30, &ones_30);
    let ones_120 = shift(&ones_60, 60, &ones_60);
    let ones_127 = shift(&ones_120, 7, &ones_7);
    let mut power = ones_127;
    for (squarings, odd) in &INVERSE_WINDOWS {
        A::square_times(&mut power, *squarings, &N);
        // The table's second numbers are below 8.
        A::mul_assign(&mut power, odd_powers.get(*odd).unwrap_or(x), &N);
    }
    power
}
