//! Wires: what is known of each when the circuit is built.

use ashlar_circuit::{Challenge, Val};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField32};

use super::Wire;

/// What defines a wire: the one message with a positive count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Its operation, as d: a b + c.
    Result,
    /// Its operation, as d: k0 + k1 X.
    Constant,
    /// Its operation, as a: a bit or a quotient.
    Factor,
    /// A value from outside that no row defines yet.
    Outside,
    /// A row of `sponge` or `compress`.
    Row,
    /// The first row of `compress`, or of the narrow table the verifier.
    Public,
}

/// The extension's generator.
pub(super) const X: Challenge = extension([Val::ZERO, Val::ONE, Val::ZERO, Val::ZERO]);

/// What any representative is at most.
pub(super) const BOUND_MAX: u32 = Val::ORDER_U32 - 1;

/// All wires, by address.
#[derive(Default)]
pub(super) struct Wires {
    origins: Vec<Origin>,
    constants: Vec<Option<Challenge>>,
    bounds: Vec<Option<u32>>,
}

impl Wires {
    /// A new wire. `bound`: other rows prove that it lies in the base field, and its representative is at most this.
    pub(super) fn add(&mut self, origin: Origin, bound: Option<u32>) -> Wire {
        // Addresses stay far below 2^32: a circuit has fewer than 2^24 messages.
        let wire = Wire(self.origins.len() as u32);
        self.origins.push(origin);
        self.constants.push(None);
        self.bounds.push(bound);
        wire
    }

    /// Consecutive wires.
    pub(super) fn add_array<const N: usize>(&mut self, origin: Origin, bound: Option<u32>) -> [Wire; N] {
        core::array::from_fn(|_| self.add(origin, bound))
    }

    pub(super) fn add_constant(&mut self, origin: Origin, value: Challenge) -> Wire {
        let wire = self.add(origin, base_value(value).map(|value| value.as_canonical_u32()));
        self.constants[wire.index()] = Some(value);
        wire
    }

    pub(super) fn len(&self) -> usize {
        self.origins.len()
    }

    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = Wire> + use<> {
        (0..self.origins.len() as u32).map(Wire)
    }

    pub(super) fn origin(&self, wire: Wire) -> Origin {
        self.origins[wire.index()]
    }

    /// A row defines the wire that came from outside.
    pub(super) fn place(&mut self, wire: Wire) {
        self.origins[wire.index()] = Origin::Row;
    }

    pub(super) fn constant(&self, wire: Wire) -> Option<Challenge> {
        self.constants[wire.index()]
    }

    /// Whether the circuit proves that the wire lies in the base field.
    pub(super) fn is_base(&self, wire: Wire) -> bool {
        self.bound(wire).is_some()
    }

    /// What the circuit proves that the wire's representative is at most, if it lies in the base field.
    pub(super) fn bound(&self, wire: Wire) -> Option<u32> {
        self.bounds[wire.index()]
    }

    pub(super) fn set_base(&mut self, wire: Wire) {
        self.bounds[wire.index()].get_or_insert(BOUND_MAX);
    }

    /// The constants' values; zero for all others.
    pub(super) fn values(&self) -> Vec<Challenge> {
        self.constants.iter().map(|value| value.unwrap_or_default()).collect()
    }
}

impl Wire {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The element of the base field that this is.
pub(super) fn base_value(value: Challenge) -> Option<Val> {
    let coefficients: &[Val] = value.as_basis_coefficients_slice();
    coefficients[1..].iter().all(|x| *x == Val::ZERO).then(|| coefficients[0])
}

/// The four coefficients, lowest first.
pub(super) fn coefficients(value: Challenge) -> [Val; 4] {
    let coefficients = value.as_basis_coefficients_slice();
    core::array::from_fn(|i| coefficients[i])
}

/// The element with these coefficients.
pub(super) const fn extension(coefficients: [Val; 4]) -> Challenge {
    Challenge::new(coefficients)
}

/// 8 elements as two words.
pub(super) fn words(elements: &[Val; 8]) -> [Challenge; 2] {
    core::array::from_fn(|i| extension(core::array::from_fn(|j| elements[4 * i + j])))
}

/// Two words as 8 elements.
pub(super) fn elements(words: [Challenge; 2]) -> [Val; 8] {
    let [low, high] = words.map(coefficients);
    core::array::from_fn(|i| if i < 4 { low[i] } else { high[i - 4] })
}
