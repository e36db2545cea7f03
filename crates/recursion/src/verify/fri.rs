//! The queries: paths to the caps, folding, and the final polynomial.
//!
//! A word over the domain of size 2^h has at the place i the value at x = g_h^(bits of i in reverse). Points are powers of
//! each other: that of i >> k at the height h - k is x^(2^k). A row of 2^a values belongs to the points s w, with s the
//! product of g_(j+1)^(bit j) over all bits j >= a of i, and w the powers of g_a in reverse order.

use ashlar_circuit::Val;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};

use super::openings::{Reading, Rows, horner};
use super::shape::ProofShape;
use crate::builder::{Builder, Cap, Source, Step, Wire};

/// What all queries have in common.
pub(super) struct Folding<'a> {
    pub(super) shape: &'a ProofShape,
    pub(super) reading: &'a Reading,
    /// The caps of the matrices' trees.
    pub(super) trees: &'a [Cap],
    pub(super) rounds: &'a [Round],
    pub(super) final_polynomial: &'a [Wire],
}

/// What all queries have in common in one round.
pub(super) struct Round {
    /// The cap of its tree.
    cap: Cap,
    /// log2 of its arity.
    log_arity: usize,
    /// The challenge, over the scale of the points that the round starts from.
    ratio: Wire,
    /// The challenge to the power of the arity: the factor of what joins after the round, and the scale of the points
    /// after it.
    power: Wire,
}

/// The points of one query.
struct Points {
    /// For each round, the quotients challenge / s, its square and so on.
    quotients: Vec<Vec<Wire>>,
    /// At each of the shape's heights, over the round's scale.
    inputs: Vec<Wire>,
    /// After the last round, over its scale.
    last: Wire,
}

impl Round {
    /// Points after a round are known times the power of its challenge. A challenge that is zero has no circuit, but no
    /// transcript has one either.
    pub(super) fn all(builder: &mut Builder, shape: &ProofShape, caps: &[(Cap, Wire)]) -> Vec<Self> {
        let mut rounds: Vec<Self> = Vec::new();
        let mut low = 0;
        for ((cap, beta), log_arity) in caps.iter().zip(&shape.rounds) {
            let ratio = match rounds.last() {
                Some(before) if !starts_anew(low, *log_arity) => {
                    let scale = builder.inverse(before.power);
                    builder.mul(*beta, scale)
                }
                _ => *beta,
            };
            let power = builder.exp_power_of_2(*beta, *log_arity);
            rounds.push(Self { cap: *cap, log_arity: *log_arity, ratio, power });
            low += log_arity;
        }
        rounds
    }

    /// The scale of points after this many bits were folded; 1 if it is none.
    pub(super) fn scale(rounds: &[Self], folded: usize) -> Option<Wire> {
        let mut bits = 0;
        let after = |round: &&Self| {
            bits += round.log_arity;
            bits == folded
        };
        rounds.iter().find(after).map(|round| round.power)
    }
}

/// Whether a round's s is made by squaring a product over the bits above, which takes as many operations as bits were
/// folded before, and not by taking bits away from the point, which takes two each.
const fn starts_anew(low: usize, log_arity: usize) -> bool {
    low <= 2 * log_arity
}

impl Folding<'_> {
    /// Checks one query, whose index is the low bits of an element.
    pub(super) fn query(&self, builder: &mut Builder, source: Source, index: Wire) {
        let bits = builder.bits(index);
        let bits = &bits[..self.shape.log_height];
        let cap_index = self.cap_index(builder, bits);
        let rows = self.reading.rows(builder, source);
        self.check_rows(builder, source, &rows, bits, cap_index);
        let points = Points::new(builder, self.shape, self.rounds, bits);
        let reduced = self.reading.reduce(builder, &rows, &points.inputs);
        self.fold(builder, source, bits, cap_index, &points, &reduced);
    }

    /// The high bits of the index: the same node in every cap.
    fn cap_index(&self, builder: &mut Builder, bits: &[Wire]) -> Wire {
        let two = builder.constant(Val::TWO);
        let high = bits.iter().rev().take(self.shape.cap_height());
        high.fold(builder.zero(), |index, bit| builder.mul_add(index, two, *bit))
    }

    /// The rows are in the trees.
    fn check_rows(&self, builder: &mut Builder, source: Source, rows: &Rows, bits: &[Wire], cap_index: Wire) {
        for (i, cap) in self.trees.iter().enumerate() {
            if let Some((leaf, steps)) = self.reading.steps(self.shape, i, rows, bits) {
                builder.path(source, leaf, &steps, cap_index, *cap);
            }
        }
    }

    /// Folds until the final polynomial, and compares with it.
    fn fold(
        &self,
        builder: &mut Builder,
        source: Source,
        bits: &[Wire],
        cap_index: Wire,
        points: &Points,
        reduced: &[Wire],
    ) {
        let heights = self.shape.input_heights();
        let mut inputs = heights.into_iter().zip(reduced).peekable();
        let mut height = self.shape.log_height;
        let mut folded = inputs.next().map_or_else(|| builder.zero(), |(_, reduced)| *reduced);
        for (round, quotients) in self.rounds.iter().zip(&points.quotients) {
            let (leaf, row) = builder.hash_elements(source, 1 << round.log_arity);
            let (place, above) = bits[self.shape.log_height - height..].split_at(round.log_arity);
            check_place(builder, &row, place, folded);
            folded = fold_row(builder, row, quotients);
            height -= round.log_arity;
            let below = above.len() - self.shape.cap_height();
            let steps: Vec<_> = above[..below].iter().map(|bit| Step::Up(*bit)).collect();
            builder.path(source, leaf, &steps, cap_index, round.cap);
            if let Some((_, reduced)) = inputs.next_if(|(input, _)| *input == height) {
                folded = builder.mul_add(round.power, *reduced, folded);
            }
        }
        self.check_final(builder, points.last, folded);
    }

    /// The final polynomial has this value at the last point.
    fn check_final(&self, builder: &mut Builder, last: Wire, folded: Wire) {
        let point = match self.rounds.last() {
            Some(round) => builder.mul(round.power, last),
            None => last,
        };
        if let Some((constant, others)) = self.final_polynomial.split_first() {
            let value = horner(builder, others, point);
            builder.assert_mul_add(value, point, *constant, folded);
        }
    }
}

/// The value at the challenge of the polynomial with the row's values, pair by pair: x and -x fold to
/// (f(x) + f(-x)) / 2 + challenge (f(x) - f(-x)) / 2x = f(x) + (f(-x) - f(x)) (1/2 - challenge / 2x).
fn fold_row(builder: &mut Builder, mut row: Vec<Wire>, quotients: &[Wire]) -> Wire {
    let half = builder.constant(Val::ONE.halve());
    for quotient in quotients {
        let log_pairs = row.len().trailing_zeros() as usize - 1;
        let root = Val::two_adic_generator(log_pairs + 1).inverse();
        let fold = |(i, pair): (usize, &[Wire; 2])| {
            let place = reverse_bits(i, log_pairs);
            let scale = builder.constant(-root.exp_u64(place as u64).halve());
            let weight = builder.mul_add(*quotient, scale, half);
            let difference = builder.sub(pair[1], pair[0]);
            builder.mul_add(difference, weight, pair[0])
        };
        row = row.as_chunks::<2>().0.iter().enumerate().map(fold).collect();
    }
    row.first().copied().unwrap_or_else(|| builder.zero())
}

impl Points {
    fn new(builder: &mut Builder, shape: &ProofShape, rounds: &[Round], bits: &[Wire]) -> Self {
        // products[j]: inverse of the product of g_(k+1)^(bit k) over k >= j.
        let mut products = vec![builder.one(); bits.len() + 1];
        for (j, bit) in bits.iter().enumerate().rev() {
            let root = Val::two_adic_generator(j + 1).inverse();
            products[j] = multiply_if(builder, *bit, root, products[j + 1]);
        }
        let heights = shape.input_heights();
        let mut inputs = vec![builder.inverse(products[0])];
        let mut quotients = Vec::new();
        let (mut low, mut at_height) = (0, products[0]);
        for round in rounds {
            let high = low + round.log_arity;
            let inverse = if starts_anew(low, round.log_arity) {
                builder.exp_power_of_2(products[high], low)
            } else {
                let taken = bits[low..high].iter().enumerate();
                taken.fold(at_height, |inverse, (j, bit)| {
                    multiply_if(builder, *bit, Val::two_adic_generator(j + 1), inverse)
                })
            };
            let mut quotient = builder.mul(round.ratio, inverse);
            let mut squares = Vec::new();
            for _ in 0..round.log_arity {
                squares.push(quotient);
                quotient = builder.mul(quotient, quotient);
            }
            quotients.push(squares);
            (low, at_height) = (high, quotient);
            if heights.contains(&(shape.log_height - low)) {
                inputs.push(builder.inverse(at_height));
            }
        }
        Self { quotients, inputs, last: builder.inverse(at_height) }
    }
}

/// The value, times a constant if the bit is one.
fn multiply_if(builder: &mut Builder, bit: Wire, constant: Val, value: Wire) -> Wire {
    let more = builder.constant(constant - Val::ONE);
    let one = builder.one();
    let factor = builder.mul_add(bit, more, one);
    builder.mul(value, factor)
}

/// The row's value at the place with these bits is this one.
fn check_place(builder: &mut Builder, row: &[Wire], bits: &[Wire], value: Wire) {
    let mut row = row.to_vec();
    for bit in bits {
        if let [first, second] = row[..] {
            let difference = builder.sub(second, first);
            return builder.assert_mul_add(*bit, difference, first, value);
        }
        let choose = |pair: &[Wire; 2]| {
            let difference = builder.sub(pair[1], pair[0]);
            builder.mul_add(*bit, difference, pair[0])
        };
        row = row.as_chunks::<2>().0.iter().map(choose).collect();
    }
}

/// The low bits of a number in reverse.
pub(super) const fn reverse_bits(number: usize, bits: usize) -> usize {
    if bits == 0 { 0 } else { number.reverse_bits() >> (usize::BITS as usize - bits) }
}
