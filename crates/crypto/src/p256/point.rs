//! Points of P-256 in Jacobian coordinates.
//!
//! A product costs the guest a fifth of a sum modulo P, so that the formulas here multiply by small constants and by two
//! coordinates where the usual ones add and square.

use super::constants::P;
use crate::limbs::{U256, ZERO, is_zero, sub_mod};
use crate::multiplier::Multiplier;
use ashlar_abi::Accelerators;

/// The integer as a 256-bit one.
pub(super) const fn small(value: u32) -> U256 {
    [value, 0, 0, 0, 0, 0, 0, 0]
}

/// a * b mod P.
#[inline(always)]
pub(super) fn mul<A: Accelerators>(a: &U256, b: &U256) -> U256 {
    let mut product = *a;
    A::mul_assign(&mut product, b, &P);
    product
}

/// a^2 mod P.
#[inline(always)]
pub(super) fn square<A: Accelerators>(a: &U256) -> U256 {
    let mut square = *a;
    A::square_assign(&mut square, &P);
    square
}

/// a - b mod P.
#[inline(always)]
pub(super) fn sub(a: &U256, b: &U256) -> U256 {
    sub_mod(a, b, &P)
}

/// The point (x / z^2, y / z^3) of the curve, or infinity if z = 0. Coordinates are canonical.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) x: U256,
    pub(super) y: U256,
    pub(super) z: U256,
}

impl Point {
    pub(super) const INFINITY: Self = Self { x: ZERO, y: ZERO, z: ZERO };

    pub(super) const fn affine(x: U256, y: U256) -> Self {
        Self { x, y, z: small(1) }
    }

    pub(super) fn is_infinity(&self) -> bool {
        is_zero(&self.z)
    }

    /// Twice the point (the formula of Guide to Elliptic Curve Cryptography, algorithm 3.21, for a = -3). The order of
    /// the group is odd, so no point but infinity is its own opposite.
    pub(super) fn double<A: Accelerators>(&mut self) {
        if self.is_infinity() {
            return;
        }
        let z_squared = square::<A>(&self.z);
        let y_squared = square::<A>(&self.y);
        let xy = mul::<A>(&self.x, &y_squared);
        // (x - z^2)(x + z^2) = x^2 - z^4
        let slope = sub(&square::<A>(&self.x), &square::<A>(&z_squared));
        let slope = mul::<A>(&slope, &small(3));
        let x = sub(&square::<A>(&slope), &mul::<A>(&xy, &small(8)));
        let y_fourth = mul::<A>(&square::<A>(&y_squared), &small(8));
        let y = sub(&mul::<A>(&sub(&mul::<A>(&xy, &small(4)), &x), &slope), &y_fourth);
        let z = mul::<A>(&mul::<A>(&self.y, &self.z), &small(2));
        *self = Self { x, y, z };
    }

    /// Adds an affine point of the curve (algorithm 3.22 of the same).
    pub(super) fn add_affine<A: Accelerators>(&mut self, [x, y]: &[U256; 2]) {
        if self.is_infinity() {
            *self = Self::affine(*x, *y);
        } else {
            let (x1, y1) = (self.x, self.y);
            self.add_scaled::<A>([&x1, &y1], [x, y], None);
        }
    }

    /// Adds a point of the curve.
    pub(super) fn add<A: Accelerators>(&mut self, other: &Self) {
        if self.is_infinity() {
            *self = *other;
        } else if !other.is_infinity() {
            let z_squared = square::<A>(&other.z);
            let x1 = mul::<A>(&self.x, &z_squared);
            let y1 = mul::<A>(&mul::<A>(&self.y, &z_squared), &other.z);
            self.add_scaled::<A>([&x1, &y1], [&other.x, &other.y], Some(&other.z));
        }
    }

    /// The sum with (x2, y2, z2), neither infinite; (x1, y1) are the coordinates of this point times z2^2 and z2^3.
    #[inline(always)]
    fn add_scaled<A: Accelerators>(&mut self, [x1, y1]: [&U256; 2], [x2, y2]: [&U256; 2], z2: Option<&U256>) {
        let z_squared = square::<A>(&self.z);
        let width = sub(&mul::<A>(x2, &z_squared), x1);
        let height = sub(&mul::<A>(&mul::<A>(y2, &z_squared), &self.z), y1);
        if is_zero(&width) {
            // Equal x: the same point or its opposite.
            if is_zero(&height) {
                self.double::<A>()
            } else {
                *self = Self::INFINITY
            }
            return;
        }
        let width_squared = square::<A>(&width);
        let width_cubed = mul::<A>(&width_squared, &width);
        let base = mul::<A>(x1, &width_squared);
        let x = sub(&sub(&square::<A>(&height), &width_cubed), &mul::<A>(&base, &small(2)));
        let y = sub(&mul::<A>(&sub(&base, &x), &height), &mul::<A>(&width_cubed, y1));
        let z = mul::<A>(&self.z, &width);
        let z = z2.map_or(z, |z2| mul::<A>(&z, z2));
        *self = Self { x, y, z };
    }
}
