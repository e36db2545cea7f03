//! Points in Jacobian coordinates, on curves y^2 = x^3 + a x + b over a field or its quadratic extension.
//!
//! A product costs the guest a fifth of a sum, so the formulas here scale by small constants and spend products where the
//! usual ones add.

mod multiply;
pub(crate) mod scalar;

use crate::arithmetic::Over;
pub(crate) use multiply::Multiple;

/// The point (x / z^2, y / z^3), or infinity if z = 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point<E> {
    pub(crate) x: E,
    pub(crate) y: E,
    pub(crate) z: E,
}

/// A finite point: x and y.
pub(crate) type Affine<E> = [E; 2];

/// Memory for the formulas, which loops keep between steps rather than clear for each.
pub(crate) type Memory<E> = [E; 8];

/// The group of a curve without points of order two. Its coefficient a is [`Over::CURVE_A_IS_MINUS_THREE`].
pub(crate) trait Group<E: Copy>: Over<E> {
    const INFINITY: Point<E> = Point { x: Self::ZERO, y: Self::ZERO, z: Self::ZERO };

    fn point(affine: &Affine<E>) -> Point<E> {
        let [x, y] = *affine;
        Point { x, y, z: Self::ONE }
    }

    fn is_infinity(&self, p: &Point<E>) -> bool {
        self.is_zero(&p.z)
    }

    /// The coordinates x / z^2 and y / z^3, or `None` for infinity.
    fn affine(&mut self, p: &Point<E>) -> Option<Affine<E>> {
        if self.is_infinity(p) {
            return None;
        }
        let [mut x, mut y, mut inverse, mut square, mut cube] = [Self::ZERO; 5];
        self.invert(&mut inverse, &p.z);
        self.square(&mut square, &inverse);
        self.dot(&mut cube, [(&square, &inverse)]);
        self.dot(&mut x, [(&p.x, &square)]);
        self.dot(&mut y, [(&p.y, &cube)]);
        Some([x, y])
    }

    /// Whether two points are the same. The second is finite, with z = 1.
    fn is_point(&mut self, p: &Point<E>, [x, y]: &Affine<E>) -> bool {
        if self.is_infinity(p) {
            return false;
        }
        let [mut square, mut cube, mut t] = [Self::ZERO; 3];
        self.square(&mut square, &p.z);
        self.dot(&mut cube, [(&square, &p.z)]);
        self.dot(&mut t, [(x, &square)]);
        if !self.equal(&t, &p.x) {
            return false;
        }
        self.dot(&mut t, [(y, &cube)]);
        self.equal(&t, &p.y)
    }

    /// Whether a finite point is on the curve with this b.
    fn is_on_curve(&mut self, [x, y]: &Affine<E>, b: &E) -> bool {
        let [mut x_squared, mut left, mut right] = [Self::ZERO; 3];
        self.square(&mut left, y);
        self.square(&mut x_squared, x);
        let one = &Self::ONE;
        let mut a_x = Self::ZERO;
        if Self::CURVE_A_IS_MINUS_THREE {
            self.scale::<-3>(&mut a_x, x);
        }
        self.dot(&mut right, [(&x_squared, x), (b, one), (&a_x, one)]);
        self.equal(&left, &right)
    }

    /// p := -p.
    fn negate(&mut self, p: &mut Point<E>) {
        let y = p.y;
        self.scale::<-1>(&mut p.y, &y);
    }

    /// p := 2p.
    fn double(&mut self, p: &mut Point<E>) {
        self.double_in(&mut [Self::ZERO; 8], p);
    }

    /// p := 2p.
    ///
    /// With n = -(3x^2 + a z^4) and s = x y^2: x' = n^2 - 8s, y' = n (x' - 4s) - 8y^4, z' = 2yz.
    #[inline(never)]
    fn double_in(&mut self, memory: &mut Memory<E>, p: &mut Point<E>) {
        let Point { x, y, z } = p;
        let [n, y_squared, s, t, ..] = memory;
        self.scale::<-3>(t, x);
        if Self::CURVE_A_IS_MINUS_THREE {
            self.square(y_squared, z);
            self.scale::<3>(s, y_squared);
            self.dot(n, [(t, x), (s, y_squared)]);
        } else {
            self.dot(n, [(t, x)]);
        }
        self.square(y_squared, y);
        // -4 s n / y^2
        self.scale::<-4>(t, x);
        self.dot(s, [(t, n)]);
        self.scale::<-8>(t, x);
        self.dot(x, [(n, n), (t, y_squared)]);
        self.scale::<2>(t, z);
        self.dot(z, [(t, y)]);
        self.scale::<-8>(t, y_squared);
        self.dot(y, [(n, x), (s, y_squared), (t, y_squared)]);
    }

    /// p := p + q.
    fn add_point(&mut self, p: &mut Point<E>, q: &Point<E>) {
        self.add_in(&mut [Self::ZERO; 8], p, [&q.x, &q.y, &q.z]);
    }

    /// p := p + q, for q by its coordinates.
    ///
    /// With u = x1 z2^2, h = x2 z1^2 - u, s = y1 z2^3, r = y2 z1^3 - s: x' = r^2 - h^3 - 2 u h^2,
    /// y' = r (u h^2 - x') - s h^3, z' = z1 z2 h.
    #[inline(never)]
    fn add_in(&mut self, memory: &mut Memory<E>, p: &mut Point<E>, [x2, y2, z2]: [&E; 3]) {
        if self.is_zero(z2) {
            return;
        }
        if self.is_infinity(p) {
            *p = Point { x: *x2, y: *y2, z: *z2 };
            return;
        }
        let [u, s, h, r, t, v, h_squared, minus_h3] = memory;
        let Point { x, y, z } = &mut *p;
        self.square(t, z2);
        self.dot(v, [(t, z2)]);
        self.dot(u, [(x, t)]);
        self.dot(s, [(y, v)]);
        self.square(t, z);
        self.dot(v, [(t, z)]);
        self.dot(h, [(x2, t), (u, &Self::MINUS_ONE)]);
        self.dot(r, [(y2, v), (s, &Self::MINUS_ONE)]);
        if self.is_zero(h) {
            // The same point, or its opposite.
            if self.is_zero(r) {
                self.double_in(memory, p);
            } else {
                *p = Self::INFINITY;
            }
            return;
        }
        self.dot(t, [(z, z2)]);
        self.dot(z, [(t, h)]);
        self.square(h_squared, h);
        self.scale::<-1>(t, h_squared);
        self.dot(minus_h3, [(t, h)]);
        self.scale::<2>(v, u);
        self.dot(x, [(r, r), (minus_h3, &Self::ONE), (v, t)]);
        // r u h^2 - r x' - s h^3
        self.dot(v, [(r, u)]);
        self.scale::<-1>(t, r);
        self.dot(y, [(v, h_squared), (t, x), (s, minus_h3)]);
    }
}

impl<R: Over<E>, E: Copy> Group<E> for R {}
