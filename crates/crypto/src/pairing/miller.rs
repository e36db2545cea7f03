//! The Miller loop of many pairs at once, which share the squarings.

use super::tower::{Fe12, Line};
use super::{Family, First, Parameters, Second};
use crate::arithmetic::{Arith, Fe, Fe2, Over, integer};
use crate::multiplier::Multiplier;
use core::mem::swap;

/// The point (x / z, y / z) of the twist, or infinity if only y is not 0. All coordinates are 0 after a sum that the
/// formulas here are not for, and whatever follows it.
#[derive(Clone, Copy, Debug)]
struct Point<const W: usize> {
    x: Fe2<W>,
    y: Fe2<W>,
    z: Fe2<W>,
}

/// A point with minus its coordinates.
#[derive(Clone, Copy, Debug)]
struct Addend<const W: usize> {
    x: Fe2<W>,
    minus_x: Fe2<W>,
    y: Fe2<W>,
    minus_y: Fe2<W>,
}

/// What the evaluation of a line at a point takes: -x, -3x and y.
#[derive(Clone, Copy, Debug)]
struct Evaluation<const W: usize> {
    minus_x: Fe<W>,
    minus_3x: Fe<W>,
    y: Fe<W>,
}

/// A pair on its way through the loop.
#[derive(Clone, Debug)]
pub(super) struct Pair<const W: usize> {
    /// The first point, or `None` for infinity: then the loop shows only whether the second point is in its group.
    first: Option<Evaluation<W>>,
    /// The second point.
    q: Addend<W>,
    /// The multiple of the second point.
    multiple: Point<W>,
}

impl<const W: usize> Pair<W> {
    /// Whether the pairing is one because the first point is infinity.
    pub(super) const fn is_trivial(&self) -> bool {
        self.first.is_none()
    }
}

/// The product of the lines so far, and memory: for the next one, a line, and the steps.
struct Product<'a, const W: usize> {
    current: &'a mut Fe12<W>,
    next: &'a mut Fe12<W>,
    line: Line<W>,
    steps: [Fe2<W>; 7],
}

impl<A: Multiplier<W>, F: Parameters<W>, const W: usize> Arith<A, F, W> {
    /// The pair at the start of the loop.
    pub(super) fn pair(&mut self, first: Option<&First<W>>, second: &Second<W>) -> Pair<W> {
        let first = first.map(|[x, y]| {
            let mut evaluation = Evaluation { minus_x: *x, minus_3x: *x, y: *y };
            self.scale::<-1>(&mut evaluation.minus_x, x);
            self.scale::<-3>(&mut evaluation.minus_3x, x);
            evaluation
        });
        let q = self.addend(second);
        let multiple = Point { x: q.x, y: q.y, z: <Self as Over<Fe2<W>>>::ONE };
        Pair { first, q, multiple }
    }

    fn addend(&mut self, [x, y]: &Second<W>) -> Addend<W> {
        let mut addend = Addend { x: *x, minus_x: *x, y: *y, minus_y: *y };
        self.scale::<-1>(&mut addend.minus_x, x);
        self.scale::<-1>(&mut addend.minus_y, y);
        addend
    }

    /// f := the product of the pairs' Miller functions, up to factors that the final exponentiation takes to one.
    pub(super) fn miller_loop(&mut self, f: &mut Fe12<W>, pairs: &mut [Pair<W>]) {
        let (mut current, mut next) = (Self::ONE_12, Self::ONE_12);
        let steps = [<Self as Over<Fe2<W>>>::ZERO; 7];
        let mut product = Product { current: &mut current, next: &mut next, line: Line::ZERO, steps };
        for (i, digit) in F::LOOP_DIGITS.iter().rev().skip(1).enumerate() {
            if i != 0 {
                self.square_12(product.next, product.current);
                swap(&mut product.current, &mut product.next);
            }
            for pair in pairs.iter_mut() {
                self.double_step(&mut product, pair);
                self.absorb(&mut product, pair);
                if *digit != 0 {
                    let Addend { x, minus_x, y, minus_y } = pair.q;
                    let minus_y = if *digit > 0 { minus_y } else { y };
                    self.add_step(&mut product, pair, [&x, &minus_x, &minus_y]);
                    self.absorb(&mut product, pair);
                }
            }
        }
        if F::FAMILY == Family::Bn {
            for pair in pairs.iter_mut() {
                let [first, second] = self.last_points_bn(pair);
                for (q, minus_y) in [(&first, &first.minus_y), (&second, &second.y)] {
                    self.add_step(&mut product, pair, [&q.x, &q.minus_x, minus_y]);
                    self.absorb(&mut product, pair);
                }
            }
        } else if F::PARAMETER_IS_NEGATIVE {
            self.conjugate_12(product.current);
        }
        *f = *product.current;
    }

    /// Multiplies the product by the line.
    fn absorb(&mut self, product: &mut Product<'_, W>, pair: &Pair<W>) {
        if pair.first.is_some() {
            self.mul_line(product.next, product.current, &mut product.line);
            swap(&mut product.current, &mut product.next);
        }
    }

    /// psi, the Frobenius map on the twist.
    fn psi(&mut self, image: &mut Second<W>, point: &Second<W>) {
        let mut conjugate = *point;
        for ((image, coordinate), factor) in image.iter_mut().zip(&mut conjugate).zip(&F::PSI) {
            self.conjugate(coordinate);
            self.dot(image, [(&*coordinate, factor)]);
        }
    }

    /// psi(Q) and psi(psi(Q)).
    fn last_points_bn(&mut self, pair: &Pair<W>) -> [Addend<W>; 2] {
        let start = [pair.q.x, pair.q.y];
        let (mut first, mut second) = (start, start);
        self.psi(&mut first, &start);
        self.psi(&mut second, &first);
        [self.addend(&first), self.addend(&second)]
    }

    /// The line that touches the curve at the multiple, which is doubled.
    #[inline(never)]
    fn double_step(&mut self, product: &mut Product<'_, W>, pair: &mut Pair<W>) {
        let Point { x, y, z } = &mut pair.multiple;
        let (y_line, x_line, constant) = split_line::<F, W>(&mut product.line);
        // x' = 2xy (b - 3e), y' = b (b + 6e) - 3e^2, z' = 8y^3 z, for b = y^2 and e = 3b' z^2.
        let [b, minus_e, t, u, twice_y, ..] = &mut product.steps;
        self.square(b, y);
        self.square(t, z);
        self.dot(minus_e, [(t, &F::MINUS_3B)]);
        // The line is 2yz y_P - 3x^2 x_P + (y^2 - 3b' z^2).
        self.add(constant, b, minus_e);
        self.square(t, x);
        if let Some(first) = &pair.first {
            self.scale_by(x_line, t, &first.minus_3x);
        }
        self.scale::<2>(twice_y, y);
        self.dot(t, [(twice_y, x)]);
        self.scale::<3>(u, t);
        self.dot(x, [(t, b), (u, minus_e)]);
        self.dot(t, [(twice_y, z)]);
        if let Some(first) = &pair.first {
            self.scale_by(y_line, t, &first.y);
        }
        self.scale::<4>(u, b);
        self.dot(z, [(t, u)]);
        self.scale::<-6>(t, b);
        self.scale::<-3>(u, minus_e);
        self.dot(y, [(b, b), (t, minus_e), (u, minus_e)]);
    }

    /// The line through the multiple and a point, which is added to the multiple; the point by its x, -x and -y.
    #[inline(never)]
    fn add_step(
        &mut self,
        product: &mut Product<'_, W>,
        pair: &mut Pair<W>,
        [qx, minus_qx, minus_qy]: [&Fe2<W>; 3],
    ) {
        let one = &<Self as Over<Fe2<W>>>::ONE;
        let Point { x, y, z } = &mut pair.multiple;
        let (y_line, x_line, constant) = split_line::<F, W>(&mut product.line);
        let [theta, lambda, d, e, g, h, t] = &mut product.steps;
        self.dot(theta, [(z, minus_qy), (y, one)]);
        self.dot(lambda, [(z, minus_qx), (x, one)]);
        // The line is lambda y_P - theta x_P + (theta x_Q - lambda y_Q).
        if let Some(first) = &pair.first {
            self.scale_by(y_line, lambda, &first.y);
            self.scale_by(x_line, theta, &first.minus_x);
        }
        self.dot(constant, [(theta, qx), (lambda, minus_qy)]);
        self.square(d, lambda);
        self.dot(e, [(d, lambda)]);
        self.dot(g, [(d, x)]);
        // h = e + theta^2 z - 2g
        self.square(d, theta);
        self.scale::<-2>(t, g);
        self.dot(h, [(d, z), (e, one), (t, one)]);
        self.dot(x, [(lambda, h)]);
        // y' = theta (g - h) - e y
        self.scale::<-1>(t, theta);
        self.scale::<-1>(d, y);
        self.dot(y, [(theta, g), (t, h), (e, d)]);
        self.scale::<1>(t, z);
        self.dot(z, [(t, e)]);
    }

    /// Whether the second point is in its group, after the loop.
    ///
    /// The multiple has become (6x + 2) Q + psi(Q) - psi(psi(Q)), or |x| Q, and must be -psi(psi(psi(Q))), or psi(Q) with
    /// the sign of x. A point for which this holds has an order that divides the resultant of that polynomial in psi with
    /// psi's characteristic polynomial; the greatest common divisor of the resultant and the order of the twist is r.
    /// On points of other orders the sums of the loop may be exceptional: then all coordinates are 0.
    pub(super) fn is_in_group(&mut self, pair: &Pair<W>) -> bool {
        let Point { x, y, z } = &pair.multiple;
        if self.is_zero(z) {
            return false;
        }
        let (mut image, mut last) = ([pair.q.x, pair.q.y], [pair.q.x, pair.q.y]);
        self.psi(&mut image, &[pair.q.x, pair.q.y]);
        let negative = match F::FAMILY {
            Family::Bn => {
                self.psi(&mut last, &image);
                self.psi(&mut image, &last);
                true
            }
            Family::Bls12 => F::PARAMETER_IS_NEGATIVE,
        };
        let [image_x, image_y] = &mut image;
        let [t, _] = &mut last;
        self.dot(t, [(&*image_x, z)]);
        if !self.equal(t, x) {
            return false;
        }
        if negative {
            self.scale_by(t, image_y, &const { integer(&F::P, -1) });
            *image_y = *t;
        }
        self.dot(t, [(&*image_y, z)]);
        self.equal(t, y)
    }
}

/// The places of y's coefficient, x's and the constant in a line: for the twist with LINE_X = 2, the line is times w^3.
fn split_line<F: Parameters<W>, const W: usize>(
    line: &mut Line<W>,
) -> (&mut Fe2<W>, &mut Fe2<W>, &mut Fe2<W>) {
    let Line { first, x, last, .. } = line;
    if F::LINE_X == 1 { (first, x, last) } else { (last, x, first) }
}
