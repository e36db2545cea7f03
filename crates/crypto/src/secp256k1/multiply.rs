//! The sum of a multiple of the generator and a multiple of another point.

use super::constants::{BETA, GENERATOR_TABLE, P, Point};
use super::split::split;
use crate::limbs::{U256, equal, sub};
use ashlar_abi::Accelerators;

/// Multiples i P + j Q of two points at i + 4j, 0 <= i, j < 4. Entry 0 is never read.
type Table = [Point; 16];

/// The coordinates of a point.
#[inline(always)]
pub(super) fn coordinates(point: &Point) -> &[U256; 2] {
    bytemuck::cast_ref(point)
}

/// The point with these coordinates.
#[inline(always)]
pub(super) fn from_coordinates(x: U256, y: U256) -> Point {
    bytemuck::cast([x, y])
}

/// A point of the curve, or infinity.
struct Sum {
    point: Point,
    infinite: bool,
}

impl Sum {
    #[inline(always)]
    fn double<A: Accelerators>(&mut self) {
        // The order of the group is odd, so no point of the curve has y = 0, on which the accelerator traps.
        if !self.infinite {
            A::secp256k1_double(&mut self.point);
        }
    }

    #[inline(always)]
    fn add<A: Accelerators>(&mut self, other: &Point) {
        if self.infinite {
            self.point = *other;
            self.infinite = false;
        } else if equal(x_of(&self.point), x_of(other)) {
            self.add_equal_x::<A>(other);
        } else {
            A::secp256k1_add(&mut self.point, other);
        }
    }

    /// The sum with a point that is this one or its opposite.
    #[cold]
    #[inline(never)]
    fn add_equal_x<A: Accelerators>(&mut self, other: &Point) {
        if self.point == *other { self.double::<A>() } else { self.infinite = true }
    }
}

#[inline(always)]
fn x_of(point: &Point) -> &U256 {
    let [x, _] = coordinates(point);
    x
}

/// g G + k R, or `None` for infinity. G is the generator, R a point of the curve, g, k < N.
///
/// Four scalars of 128 bits share 128 doublings: g is split at bit 128 (2^128 G is in a static table), k by the
/// endomorphism.
#[inline(never)]
pub(super) fn multiply_add<A: Accelerators>(g: &U256, k: &U256, r: &Point) -> Option<Point> {
    let (a, b) = split::<A>(k);
    let mut table = [[0; 16]; 16];
    fill_endomorphism_table::<A>(&mut table, r, a.negative, b.negative);
    let [low, high]: &[[u32; 4]; 2] = bytemuck::cast_ref(g);
    let words = low.iter().zip(high).zip(a.magnitude.iter().zip(&b.magnitude));

    let mut sum = Sum { point: [0; 16], infinite: true };
    for ((low, high), (a, b)) in words.rev() {
        let (mut low, mut high, mut a, mut b) = (*low, *high, *a, *b);
        for _ in 0..16 {
            sum.double::<A>();
            sum.double::<A>();
            add_entry::<A>(&mut sum, &table, &mut a, &mut b);
            add_entry::<A>(&mut sum, &GENERATOR_TABLE, &mut low, &mut high);
        }
    }
    (!sum.infinite).then_some(sum.point)
}

/// Adds the entry that the top two bits of two words choose, and drops these bits.
#[inline(always)]
fn add_entry<A: Accelerators>(sum: &mut Sum, table: &Table, first: &mut u32, second: &mut u32) {
    let index = (*first >> 30 | *second >> 30 << 2) as usize;
    *first <<= 2;
    *second <<= 2;
    if index != 0
        && let Some(entry) = table.get(index)
    {
        sum.add::<A>(entry);
    }
}

/// Fills the table of R (or -R) and of LAMBDA R (or -LAMBDA R).
///
/// None of the sums here is exceptional. R has the prime order N, so i R = +-j LAMBDA R would put (i, -+j) with
/// 0 < i, j < 4 in the lattice of the endomorphism, whose shortest vectors have 126 bits; R, 2R and 3R have different x.
fn fill_endomorphism_table<A: Accelerators>(
    table: &mut Table,
    r: &Point,
    negative: bool,
    lambda_negative: bool,
) {
    let [_, r1, r2, r3, l1, s11, s21, s31, l2, s12, s22, s32, l3, s13, s23, s33] = table;
    *r1 = *r;
    if negative {
        negate(r1);
    }
    *r2 = *r1;
    A::secp256k1_double(r2);
    *r3 = *r2;
    A::secp256k1_add(r3, r1);
    let rows = [(l1, &*r1, [s11, s21, s31]), (l2, &*r2, [s12, s22, s32]), (l3, &*r3, [s13, s23, s33])];
    for (lambda, multiple, sums) in rows {
        let [x, y] = coordinates(multiple);
        *lambda = from_coordinates(A::modmul256(x, &BETA, &P), *y);
        if negative != lambda_negative {
            negate(lambda);
        }
        for (sum, multiple) in sums.into_iter().zip([&*r1, &*r2, &*r3]) {
            *sum = *lambda;
            A::secp256k1_add(sum, multiple);
        }
    }
}

/// The opposite point. No point of the curve has y = 0, so P - y is canonical.
#[inline]
fn negate(point: &mut Point) {
    let [_, y]: &mut [U256; 2] = bytemuck::cast_mut(point);
    *y = sub(&P, y).0;
}
