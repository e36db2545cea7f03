//! Arithmetic in the extension field: operations of the table `arithmetic`.

use ashlar_circuit::{Challenge, Val};
use p3_field::{Field, PrimeCharacteristicRing};

use super::program::{Kind, Operation};
use super::wires::{BOUND_MAX, Origin, X, coefficients, extension};
use super::{Builder, Layout, Wire};

const ZERO: Wire = Wire(0);
const ONE: Wire = Wire(1);

impl Builder {
    /// 0.
    pub fn zero(&self) -> Wire {
        ZERO
    }

    /// 1.
    pub fn one(&self) -> Wire {
        ONE
    }

    /// Zero and one are the first wires; on the narrow table X is a public word, of which the circuit uses a copy.
    pub(super) fn first_constants(&mut self) {
        for value in [Challenge::ZERO, Challenge::ONE] {
            let wire = self.wires.add_constant(Origin::Constant, value);
            self.constants.insert(value, wire);
        }
        if self.layout == Layout::Narrow {
            let public = self.wires.add_constant(Origin::Public, X);
            let copy = self.wires.add_constant(Origin::Result, X);
            self.operate(Operation { kind: Kind::Copy, a: public, b: ONE, c: ZERO, d: copy });
            self.public_words.push(public);
            self.constants.insert(X, copy);
        }
    }

    /// A constant; the same wire for the same value.
    pub fn constant(&mut self, value: Val) -> Wire {
        self.extension_constant(value.into())
    }

    /// A constant of the extension field; the same wire for the same value.
    pub fn extension_constant(&mut self, value: Challenge) -> Wire {
        if let Some(wire) = self.constants.get(&value) {
            return *wire;
        }
        let [_, k1, k2, k3] = coefficients(value);
        // How many coefficients a row adds.
        let is_added = match self.layout {
            Layout::Wide => [k2, k3] == [Val::ZERO; 2],
            Layout::Narrow => [k1, k2, k3] == [Val::ZERO; 3],
        };
        let wire = if is_added {
            self.wires.add_constant(Origin::Constant, value)
        } else {
            let [a, b, c] = self.constant_parts(value);
            let d = self.wires.add_constant(Origin::Result, value);
            self.operate(Operation { kind: Kind::MulAdd, a, b, c, d });
            d
        };
        self.constants.insert(value, wire);
        wire
    }

    /// Simpler constants a, b and c of which a constant is a b + c.
    fn constant_parts(&mut self, value: Challenge) -> [Wire; 3] {
        let [k0, k1, k2, k3] = coefficients(value);
        match self.layout {
            Layout::Wide if value == X * X => {
                let x = self.extension_constant(X);
                [x, x, ZERO]
            }
            Layout::Wide => {
                let high = self.extension_constant(extension([k2, k3, Val::ZERO, Val::ZERO]));
                let square = self.extension_constant(X * X);
                [high, square, self.extension_constant(extension([k0, k1, Val::ZERO, Val::ZERO]))]
            }
            Layout::Narrow => {
                let upper = self.extension_constant(extension([k1, k2, k3, Val::ZERO]));
                [upper, self.extension_constant(X), self.constant(k0)]
            }
        }
    }

    /// a b + c. The same wire for the same operands; constants are folded.
    pub fn mul_add(&mut self, a: Wire, b: Wire, c: Wire) -> Wire {
        let [a, b, c] = match self.simplify(a, b, c) {
            Simplified::Wire(wire) => return wire,
            Simplified::Operands(operands) => operands,
        };
        let bound = self.bound_of([a, b, c]);
        let d = self.wires.add(Origin::Result, bound);
        self.operate(Operation { kind: Kind::MulAdd, a, b, c, d });
        self.results.insert([a, b, c], d);
        d
    }

    /// a b.
    pub fn mul(&mut self, a: Wire, b: Wire) -> Wire {
        self.mul_add(a, b, ZERO)
    }

    /// a + b.
    pub fn add(&mut self, a: Wire, b: Wire) -> Wire {
        self.mul_add(a, ONE, b)
    }

    /// a - b.
    pub fn sub(&mut self, a: Wire, b: Wire) -> Wire {
        if a == b {
            return ZERO;
        }
        let minus = self.constant(Val::NEG_ONE);
        self.mul_add(b, minus, a)
    }

    /// a^(2^log).
    pub fn exp_power_of_2(&mut self, a: Wire, log: usize) -> Wire {
        (0..log).fold(a, |power, _| self.mul(power, power))
    }

    /// The wire's value if it is a constant.
    pub fn as_constant(&self, a: Wire) -> Option<Challenge> {
        self.wires.constant(a)
    }

    /// a b + c = d.
    pub fn assert_mul_add(&mut self, a: Wire, b: Wire, c: Wire, d: Wire) {
        match self.simplify(a, b, c) {
            Simplified::Wire(wire) => self.assert_equal(wire, d),
            Simplified::Operands([a, b, c]) => self.assert_operation([a, b, c, d]),
        }
    }

    /// a = b.
    pub fn assert_equal(&mut self, a: Wire, b: Wire) {
        // A public value has its value from an assertion that it is d.
        let [a, d] = if self.wires.origin(a) == Origin::Public { [b, a] } else { [a, b] };
        if a != d {
            self.assert_operation([a, ONE, ZERO, d]);
        }
    }

    /// a = 0.
    pub fn assert_zero(&mut self, a: Wire) {
        self.assert_equal(a, ZERO);
    }

    /// 1 / a; no witness exists if a = 0.
    pub fn inverse(&mut self, a: Wire) -> Wire {
        if let Some(inverse) = self.as_constant(a).and_then(|value| value.try_inverse()) {
            return self.extension_constant(inverse);
        }
        if let Some(wire) = self.inverses.get(&a) {
            return *wire;
        }
        let inverse = self.divide(ONE, a);
        self.inverses.insert(a, inverse);
        inverse
    }

    /// d / b: a wire a with a b = d. If b = 0, then d = 0 or no witness exists.
    pub(super) fn divide(&mut self, d: Wire, b: Wire) -> Wire {
        // Where d may be zero, so may b, with any a.
        let bound = (d == ONE && self.wires.is_base(b)).then_some(BOUND_MAX);
        let a = self.wires.add(Origin::Factor, bound);
        self.operate(Operation { kind: Kind::Divide, a, b, c: ZERO, d });
        a
    }

    /// `one` if the bit is 1, `zero` if it is 0. The bit must have been constrained.
    pub fn select(&mut self, bit: Wire, one: Wire, zero: Wire) -> Wire {
        match bit {
            ZERO => zero,
            ONE => one,
            _ => {
                let difference = self.sub(one, zero);
                self.mul_add(bit, difference, zero)
            }
        }
    }

    /// What a b + c is at most.
    fn bound_of(&self, operands: [Wire; 3]) -> Option<u32> {
        let [a, b, c] = operands.map(|wire| self.wires.bound(wire).map(u64::from));
        let bound = a? * b? + c?;
        Some(u32::try_from(bound).map_or(BOUND_MAX, |bound| bound.min(BOUND_MAX)))
    }

    fn assert_operation(&mut self, operands: [Wire; 4]) {
        if !self.asserted.insert(operands) {
            return;
        }
        let [a, b, c, d] = operands;
        let known = self.published.contains(&d);
        let kind =
            if self.wires.origin(d) == Origin::Public && !known { Kind::Publish } else { Kind::Assert };
        if kind == Kind::Publish {
            self.published.push(d);
        }
        self.operate(Operation { kind, a, b, c, d });
    }

    /// What is known of a b + c: a wire that is equal to it, or operands in the order that stands for all others.
    fn simplify(&mut self, a: Wire, b: Wire, c: Wire) -> Simplified {
        let mut operands = [a.max(b), a.min(b), c];
        if let (Some(x), Some(y)) = (self.as_constant(a), self.as_constant(b)) {
            let product = x * y;
            if let Some(z) = self.as_constant(c) {
                return Simplified::Wire(self.extension_constant(product + z));
            }
            operands = [self.extension_constant(product), ONE, c];
        }
        // Constants that are equal are one wire, so that addresses tell zero and one.
        match operands {
            [ZERO, _, c] | [_, ZERO, c] => return Simplified::Wire(c),
            [a, ONE, ZERO] | [ONE, a, ZERO] => return Simplified::Wire(a),
            [a, ONE, c] | [ONE, a, c] => operands = [a.max(c), ONE, a.min(c)],
            _ => {}
        }
        self.results.get(&operands).map_or(Simplified::Operands(operands), |wire| Simplified::Wire(*wire))
    }
}

/// See [`Builder::simplify`].
enum Simplified {
    Wire(Wire),
    Operands([Wire; 3]),
}
