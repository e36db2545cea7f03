//! How large sums and carries get: offsets and widths of the carry columns, and the proof that no sum wraps around.

use core::ops::Range;

use super::columns::{BYTES, LIMBS, NIBBLES};
use super::relations::{Relation, SLOPE_BIAS};

/// Groups of up to 3 nibbles, 12 bits, in which a relation is added up. The last has one nibble.
pub(super) const GROUPS: usize = NIBBLES.div_ceil(3);
/// Nibble positions of a product.
pub(super) const POSITIONS: usize = 2 * NIBBLES - 1;
/// Relations of an operation.
pub(super) const RELATIONS: usize = 3;
/// Carries of an operation: per group, what its sum hands to the next; the last one is the quotient.
pub(super) const CARRIES: usize = RELATIONS * GROUPS;

/// What the quotient adds to each group: the modulus is 2^256 less 2^32 + 977, and 32 = 2 * 12 + 8.
pub(super) const QUOTIENT_WEIGHTS: [i64; GROUPS] = {
    let mut weights = [0; GROUPS];
    weights[0] = 977;
    weights[2] = 1 << 8;
    weights
};

/// Base of a group: 2 to the number of its bits.
pub(super) const fn base(group: usize) -> i64 {
    if group + 1 < GROUPS { 1 << 12 } else { 1 << 4 }
}

/// Inclusive bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Bounds {
    const ZERO: Self = Self { low: 0, high: 0 };

    const fn plus(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }

    const fn times(self, factor: i64) -> Self {
        let (low, high) = (self.low * factor, self.high * factor);
        if factor < 0 { Self { low: high, high: low } } else { Self { low, high } }
    }

    /// Bounds of the integers among the quotients.
    const fn over(self, divisor: i64) -> Self {
        Self { low: -(-self.low).div_euclid(divisor), high: self.high.div_euclid(divisor) }
    }

    const fn or(self, other: Self) -> Self {
        Self {
            low: if self.low < other.low { self.low } else { other.low },
            high: if self.high > other.high { self.high } else { other.high },
        }
    }

    pub(super) const fn magnitude(self) -> i64 {
        if -self.low > self.high { -self.low } else { self.high }
    }
}

/// A carry's place in the columns: carry = low bits + 2^16 * top bit + offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Least value.
    pub(super) offset: i64,
    /// Number of its top bit among those of all carries, if it has one.
    pub(super) high: Option<usize>,
}

/// All carries, relation by relation.
pub(super) const PLACES: [Place; CARRIES] = places();
/// Carries with a top bit.
pub(super) const HIGH_CARRIES: usize = count_highs();

/// The carries of a relation.
pub(super) fn of(relation: usize) -> Range<usize> {
    relation * GROUPS..(relation + 1) * GROUPS
}

/// Bounds of a relation's sums per group.
#[cfg(test)]
pub(super) fn bounds(relation: Relation) -> [Bounds; GROUPS] {
    sums(relation, &weights())
}

/// How often the coefficient at each position counts in each group, once positions from 2^256 on are folded down as
/// [`super::relations::fold`] does it.
const fn weights() -> [[i64; GROUPS]; POSITIONS] {
    let mut all = [[0; GROUPS]; POSITIONS];
    let mut position = 0;
    while position < POSITIONS {
        let mut unit = [0; POSITIONS];
        unit[position] = 1;
        let mut from = POSITIONS - 1;
        while from >= NIBBLES {
            unit[from - 64] += unit[from];
            unit[from - 63] -= 3 * unit[from];
            unit[from - 62] += 4 * unit[from];
            unit[from - 56] += unit[from];
            from -= 1;
        }
        let mut nibble = 0;
        while nibble < NIBBLES {
            all[position][nibble / 3] += unit[nibble] << (4 * (nibble % 3));
            nibble += 1;
        }
        position += 1;
    }
    all
}

/// Pairs of a nibble and a byte whose product has this position.
const fn pairs_with_bytes(position: usize) -> i64 {
    let mut pairs = 0;
    let mut byte = 0;
    while byte < BYTES {
        pairs += (position >= 2 * byte && position - 2 * byte < NIBBLES) as i64;
        byte += 1;
    }
    pairs
}

/// Pairs of two nibbles.
const fn pairs_of_nibbles(position: usize) -> i64 {
    (if position < NIBBLES { position + 1 } else { POSITIONS - position }) as i64
}

/// Bounds of a relation's coefficient at a position, from the ranges of nibbles, bytes and limbs alone.
const fn coefficient(relation: Relation, is_double: bool, position: usize) -> Bounds {
    const BYTE: i64 = 255;
    const LIMB: i64 = 65_535;
    // A nibble of the slope times a nibble of it, and times a byte.
    const SQUARE: Bounds = Bounds { low: -SLOPE_BIAS * (15 - SLOPE_BIAS), high: SLOPE_BIAS * SLOPE_BIAS };
    const POSITIVE: Bounds = Bounds { low: -SLOPE_BIAS * BYTE, high: (15 - SLOPE_BIAS) * BYTE };
    const SIGNED: Bounds = POSITIVE.or(POSITIVE.times(-1));
    let has_byte = (position < NIBBLES && position.is_multiple_of(2)) as i64;
    let has_limb = (position < NIBBLES && position.is_multiple_of(NIBBLES / LIMBS)) as i64;
    let (with_bytes, of_nibbles) = (pairs_with_bytes(position), pairs_of_nibbles(position));
    match (relation, is_double) {
        // slope * (x_Q - x_P) - (y_Q - y_P)
        (Relation::Slope, false) => {
            SIGNED.times(with_bytes).plus(Bounds { low: -LIMB, high: LIMB }.times(has_limb))
        }
        // slope * y_P - 3 x_P^2
        (Relation::Slope, true) => {
            POSITIVE.times(with_bytes).plus(Bounds { low: -3 * 15 * 15, high: 0 }.times(of_nibbles))
        }
        // slope^2 - x_R - x_P - x_Q, or slope^2 - 4 x_R - 8 x_P
        (Relation::X, _) => {
            let sum = if is_double { 12 } else { 3 };
            SQUARE.times(of_nibbles).plus(Bounds { low: -sum * BYTE, high: 0 }.times(has_byte))
        }
        // slope * (x_P - x_R) - y_P - y_R, the latter twice in a doubling
        (Relation::Y, _) => {
            let sum = if is_double { 4 } else { 2 };
            SIGNED.times(with_bytes).plus(Bounds { low: -sum * LIMB, high: 0 }.times(has_limb))
        }
    }
}

/// Bounds of a relation's sums per group, for additions and doublings alike.
const fn sums(relation: Relation, weights: &[[i64; GROUPS]; POSITIONS]) -> [Bounds; GROUPS] {
    let mut sums = [[Bounds::ZERO; GROUPS]; 2];
    let mut position = 0;
    while position < POSITIONS {
        let add = coefficient(relation, false, position);
        let double = coefficient(relation, true, position);
        let mut group = 0;
        while group < GROUPS {
            let weight = weights[position][group];
            sums[0][group] = sums[0][group].plus(add.times(weight));
            sums[1][group] = sums[1][group].plus(double.times(weight));
            group += 1;
        }
        position += 1;
    }
    let mut group = 0;
    while group < GROUPS {
        sums[0][group] = sums[0][group].or(sums[1][group]);
        group += 1;
    }
    sums[0]
}

/// Bounds of the carries behind these sums, given bounds of the quotient.
const fn chain(sums: &[Bounds; GROUPS], quotient: Bounds) -> [Bounds; GROUPS] {
    let mut carries = [Bounds::ZERO; GROUPS];
    let mut carry = Bounds::ZERO;
    let mut group = 0;
    while group < GROUPS {
        let sum = sums[group].plus(carry).plus(quotient.times(QUOTIENT_WEIGHTS[group]));
        carry = sum.over(base(group));
        carries[group] = carry;
        group += 1;
    }
    carries
}

/// Lays out a relation's carries, whose `before` top bits precede. Asserts that no group's equation, for whatever
/// the columns may hold, has a magnitude that reaches the field's order: then it holds over the integers.
const fn lay_out(sums: &[Bounds; GROUPS], before: usize) -> ([Place; GROUPS], usize) {
    // The quotient is the last carry. A crude bound of it gives bounds of all carries, itself included.
    let crude = Bounds { low: -(1 << 20), high: 1 << 20 };
    let quotient = chain(sums, crude)[GROUPS - 1];
    assert!(quotient.magnitude() < crude.high);
    let carries = chain(sums, quotient);
    let mut places = [Place { offset: 0, high: None }; GROUPS];
    let mut checked = [Bounds::ZERO; GROUPS];
    let mut highs = 0;
    let mut group = 0;
    while group < GROUPS {
        let Bounds { low, high } = carries[group];
        places[group].offset = low;
        let mut bits = 16;
        if high - low >= 1 << 16 {
            places[group].high = Some(before + highs);
            highs += 1;
            bits = 17;
        }
        assert!(high - low < 1 << bits);
        checked[group] = Bounds { low, high: low + (1 << bits) - 1 };
        group += 1;
    }
    let mut carry = Bounds::ZERO;
    group = 0;
    while group < GROUPS {
        let more =
            checked[GROUPS - 1].times(QUOTIENT_WEIGHTS[group]).plus(checked[group].times(-base(group)));
        let equation = sums[group].plus(carry).plus(more);
        assert!(equation.magnitude() < (1 << 31) - (1 << 24) + 1);
        carry = checked[group];
        group += 1;
    }
    (places, highs)
}

const fn places() -> [Place; CARRIES] {
    let mut all = [Place { offset: 0, high: None }; CARRIES];
    let weights = weights();
    let mut highs = 0;
    let mut relation = 0;
    while relation < RELATIONS {
        let (places, more) = lay_out(&sums(Relation::ALL[relation], &weights), highs);
        highs += more;
        let mut group = 0;
        while group < GROUPS {
            all[relation * GROUPS + group] = places[group];
            group += 1;
        }
        relation += 1;
    }
    all
}

const fn count_highs() -> usize {
    let mut highs = 0;
    let mut carry = 0;
    while carry < CARRIES {
        highs += PLACES[carry].high.is_some() as usize;
        carry += 1;
    }
    highs
}
