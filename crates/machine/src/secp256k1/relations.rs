//! The three relations of an operation, added up per group of 12 bits: the same code for constraints and for traces.

use core::array;

use p3_field::PrimeCharacteristicRing;

use super::carries::{GROUPS, POSITIONS, RELATIONS};
use super::columns::{BYTES, LIMBS, NIBBLES, Secp256k1Columns};

/// A nibble column less this is a digit of the slope, -8 to 7: signed digits keep sums small.
pub(super) const SLOPE_BIAS: i64 = 8;

/// The relations modulo p, in order. In a doubling, `slope` is twice the slope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// slope * (x_Q - x_P) = y_Q - y_P; doubling: slope * y_P = 3 x_P^2.
    Slope,
    /// slope^2 = x_R + x_P + x_Q; doubling: slope^2 = 4 (x_R + 2 x_P).
    X,
    /// slope * (x_P - x_R) = y_P + y_R; doubling: slope * (x_P - x_R) = 2 (y_P + y_R).
    Y,
}

impl Relation {
    pub(super) const ALL: [Self; RELATIONS] = [Self::Slope, Self::X, Self::Y];
}

/// What the relations are about, as digits.
pub(super) struct Operands<R> {
    pub(super) is_add: R,
    pub(super) is_double: R,
    slope: [R; NIBBLES],
    x_p: [R; NIBBLES],
    /// x_Q, or y_P in a doubling.
    pub(super) x_q: [R; BYTES],
    x_r: [R; BYTES],
    pub(super) y_p: [R; LIMBS],
    y_q: [R; LIMBS],
    y_r: [R; LIMBS],
}

impl<R: PrimeCharacteristicRing> Operands<R> {
    /// Reads the operands from the two rows of an operation.
    pub(super) fn new<T: Copy + Into<R>>(first: &Secp256k1Columns<T>, second: &Secp256k1Columns<T>) -> Self {
        let bias = R::from_i64(SLOPE_BIAS);
        Self {
            is_add: first.is_add.into(),
            is_double: first.is_double.into(),
            slope: first.nibbles.map(|nibble| nibble.into() - bias.clone()),
            x_p: second.nibbles.map(Into::into),
            x_q: first.bytes.map(Into::into),
            x_r: second.bytes.map(Into::into),
            y_p: second.limbs.map(Into::into),
            y_q: first.limbs.map(Into::into),
            y_r: array::from_fn(|i| first.words[i].into()),
        }
    }

    /// 1 if the rows are an operation's.
    pub(super) fn is_first(&self) -> R {
        self.is_add.clone() + self.is_double.clone()
    }

    /// x_P in bytes.
    pub(super) fn x_p_bytes(&self) -> [R; BYTES] {
        join(&self.x_p, 16)
    }

    /// Bytes of x_Q - x_P, or of y_P in a doubling: the divisor of the slope.
    pub(super) fn divisor(&self) -> [R; BYTES] {
        let (is_first, x_p) = (self.is_first(), self.x_p_bytes());
        array::from_fn(|i| is_first.clone() * self.x_q[i].clone() - self.is_add.clone() * x_p[i].clone())
    }

    /// Left side less right side of a relation, per group.
    pub(super) fn sums(&self, relation: Relation) -> [R; GROUPS] {
        match relation {
            Relation::Slope => self.slope_sums(),
            Relation::X => self.x_sums(),
            Relation::Y => self.y_sums(),
        }
    }

    fn slope_sums(&self) -> [R; GROUPS] {
        let mut sums = product(&self.slope, &self.divisor());
        for (i, (y_q, y_p)) in self.y_q.iter().zip(&self.y_p).enumerate() {
            sums[4 * i] -= self.is_add.clone() * (y_q.clone() - y_p.clone());
        }
        let sums = fold(sums);
        let squares = fold(square(&self.x_p));
        let factor = self.is_double.clone() * R::from_u8(3);
        array::from_fn(|i| sums[i].clone() - factor.clone() * squares[i].clone())
    }

    fn x_sums(&self) -> [R; GROUPS] {
        let (is_first, x_p) = (self.is_first(), self.x_p_bytes());
        let squares = fold(square(&self.slope));
        let mut others = [const { R::ZERO }; NIBBLES];
        let result_factor = self.is_add.clone() + self.is_double.clone() * R::from_u8(4);
        let x_p_factor = self.is_add.clone() + self.is_double.clone() * R::from_u8(8);
        for i in 0..BYTES {
            others[2 * i] = result_factor.clone() * self.x_r[i].clone()
                + x_p_factor.clone() * x_p[i].clone()
                + self.is_add.clone() * self.x_q[i].clone();
        }
        let others = group(&others);
        array::from_fn(|i| is_first.clone() * squares[i].clone() - others[i].clone())
    }

    fn y_sums(&self) -> [R; GROUPS] {
        let x_p = self.x_p_bytes();
        let step: [R; BYTES] = array::from_fn(|i| x_p[i].clone() - self.x_r[i].clone());
        let (is_first, products) = (self.is_first(), fold(product(&self.slope, &step)));
        let mut others = [const { R::ZERO }; NIBBLES];
        for (i, (y_p, y_r)) in self.y_p.iter().zip(&self.y_r).enumerate() {
            others[4 * i] = y_p.clone() + y_r.clone();
        }
        let others = group(&others);
        let factor = self.is_add.clone() + self.is_double.clone() * R::TWO;
        array::from_fn(|i| is_first.clone() * products[i].clone() - factor.clone() * others[i].clone())
    }
}

/// Digits of twice the length: low + base * high.
pub(super) fn join<R: PrimeCharacteristicRing, const N: usize>(digits: &[R], base: u32) -> [R; N] {
    let base = R::from_u32(base);
    array::from_fn(|i| digits[2 * i].clone() + digits[2 * i + 1].clone() * base.clone())
}

/// Coefficients of a product of nibbles and bytes, per nibble position.
fn product<R: PrimeCharacteristicRing>(nibbles: &[R; NIBBLES], bytes: &[R; BYTES]) -> [R; POSITIONS] {
    let mut product = [const { R::ZERO }; POSITIONS];
    for (i, nibble) in nibbles.iter().enumerate() {
        for (j, byte) in bytes.iter().enumerate() {
            product[i + 2 * j] += nibble.clone() * byte.clone();
        }
    }
    product
}

/// Coefficients of a square of nibbles.
fn square<R: PrimeCharacteristicRing>(nibbles: &[R; NIBBLES]) -> [R; POSITIONS] {
    let mut square = [const { R::ZERO }; POSITIONS];
    for (i, nibble) in nibbles.iter().enumerate() {
        square[2 * i] += nibble.square();
        let twice = nibble.double();
        for (j, other) in nibbles.iter().enumerate().skip(i + 1) {
            square[i + j] += twice.clone() * other.clone();
        }
    }
    square
}

/// Folds what is at 2^256 and above down, by 2^256 = 2^32 + 4 * 2^8 - 3 * 2^4 + 1 modulo p, and adds up each group.
fn fold<R: PrimeCharacteristicRing>(mut sums: [R; POSITIONS]) -> [R; GROUPS] {
    for from in (NIBBLES..POSITIONS).rev() {
        let sum = sums[from].clone();
        let twice = sum.double();
        sums[from - 64] += sum.clone();
        sums[from - 63] -= twice.clone() + sum.clone();
        sums[from - 62] += twice.double();
        sums[from - 56] += sum;
    }
    group(&sums)
}

/// Adds up each group of what is below 2^256.
fn group<R: PrimeCharacteristicRing>(sums: &[R]) -> [R; GROUPS] {
    array::from_fn(|group| {
        let nibbles = &sums[3 * group..NIBBLES.min(3 * group + 3)];
        nibbles.iter().rev().fold(R::ZERO, |sum, nibble| sum * R::from_u8(16) + nibble.clone())
    })
}
