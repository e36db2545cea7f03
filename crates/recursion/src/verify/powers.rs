//! Powers of a challenge.

use std::collections::HashMap;

use crate::builder::{Builder, Wire};

/// The powers of one wire, each made once.
pub(super) struct Powers {
    base: Wire,
    known: HashMap<usize, Wire>,
}

impl Powers {
    pub(super) fn new(base: Wire) -> Self {
        Self { base, known: HashMap::new() }
    }

    /// The wire itself.
    pub(super) const fn base(&self) -> Wire {
        self.base
    }

    /// Its power, by squaring.
    pub(super) fn get(&mut self, builder: &mut Builder, exponent: usize) -> Wire {
        match exponent {
            0 => return builder.one(),
            1 => return self.base,
            _ => {}
        }
        if let Some(power) = self.known.get(&exponent) {
            return *power;
        }
        let (x, y) = if exponent.is_multiple_of(2) {
            let half = self.get(builder, exponent / 2);
            (half, half)
        } else {
            (self.get(builder, exponent - 1), self.base)
        };
        let power = builder.mul(x, y);
        self.known.insert(exponent, power);
        power
    }

    /// A power from two smaller ones.
    pub(super) fn sum(&mut self, builder: &mut Builder, x: usize, y: usize) -> Wire {
        if let Some(power) = self.known.get(&(x + y)) {
            return *power;
        }
        let (a, b) = (self.get(builder, x), self.get(builder, y));
        let power = builder.mul(a, b);
        self.known.insert(x + y, power);
        power
    }
}
