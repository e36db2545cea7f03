//! Elements taken apart: bits of base field elements, coefficients of extension field elements.

use ashlar_circuit::Val;
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use super::program::{Instruction, Kind, Operation};
use super::wires::{Origin, X, base_value, coefficients};
use super::{Builder, Source, Wire};

/// Bits of an element's representative.
const BITS: usize = 31;
/// p = 127 2^24 + 1: the bits below and above are looked at apart.
const LOW_BITS: usize = 24;

impl Builder {
    /// The next message of this source: any element of the extension field.
    pub fn message(&mut self, source: Source) -> Wire {
        let wire = self.wires.add(Origin::Outside, None);
        self.instruct(Instruction::Message { source, wire });
        wire
    }

    /// The wire lies in the base field: by a read through `bit` of a row of `compress`, or on a row of the narrow table that
    /// says so.
    pub fn assert_base(&mut self, a: Wire) {
        if !self.wires.is_base(a) {
            self.wires.set_base(a);
            self.based.push(a);
            self.instruct(Instruction::Base(a));
        }
    }

    /// The bits of a base field element, low first, of its representative below p. Proves that it lies in the base field.
    ///
    /// 31 bits stand for a number below 2^31, which is the representative or p more. With H their upper 7 and L their lower
    /// 24, it is less than p if and only if H < 127 or L = 0, and this is when a quotient L / (H - 127) exists.
    pub fn bits(&mut self, a: Wire) -> [Wire; 31] {
        if let Some(bits) = self.bits.get(&a) {
            return *bits;
        }
        if let Some(value) = self.as_constant(a).and_then(base_value) {
            let value = value.as_canonical_u32();
            return core::array::from_fn(|i| if value >> i & 1 == 1 { self.one() } else { self.zero() });
        }
        let bits: [Wire; BITS] = self.wires.add_array(Origin::Factor, Some(1));
        self.instruct(Instruction::Bits { of: a, first: bits[0] });
        let zero = self.zero();
        for bit in bits {
            self.operate(Operation { kind: Kind::Bit, a: bit, b: bit, c: zero, d: bit });
        }
        let low = self.number(&bits[..LOW_BITS]);
        let high = self.number(&bits[LOW_BITS..]);
        let shift = self.constant(Val::from_u32(1 << LOW_BITS));
        self.assert_mul_add(high, shift, low, a);
        let all_ones = self.constant(-Val::from_u32((1 << (BITS - LOW_BITS)) - 1));
        let missing = self.add(high, all_ones);
        self.divide(low, missing);
        self.wires.set_base(a);
        self.bits.insert(a, bits);
        bits
    }

    /// Sum of 2^i bits(i).
    fn number(&mut self, bits: &[Wire]) -> Wire {
        let two = self.constant(Val::TWO);
        bits.iter().rev().copied().reduce(|sum, bit| self.mul_add(sum, two, bit)).unwrap_or(self.zero())
    }

    /// The four coefficients, each proven to lie in the base field.
    pub fn unpack(&mut self, word: Wire) -> [Wire; 4] {
        if let Some(value) = self.as_constant(word) {
            return coefficients(value).map(|x| self.constant(x));
        }
        if let Some(wires) = self.coefficients.get(&word) {
            return *wires;
        }
        let [c1, c2, c3] = self.wires.add_array(Origin::Outside, None);
        self.instruct(Instruction::Coefficients { of: word, first: c1 });
        // (c1 + c2 X + c3 X^2) X + c0 = word: the first coefficient is what is left, and is asserted to be of the base
        // field like the others, which makes the four unique.
        let x = self.x();
        let minus_x = self.extension_constant(-X);
        let upper = self.mul_add(c3, x, c2);
        let upper = self.mul_add(upper, x, c1);
        let c0 = self.mul_add(upper, minus_x, word);
        let wires = [c0, c1, c2, c3];
        for wire in wires {
            self.assert_base(wire);
        }
        self.coefficients.insert(word, wires);
        wires
    }

    /// The element with these coefficients, which must lie in the base field.
    pub fn pack(&mut self, coefficients: [Wire; 4]) -> Wire {
        let x = self.x();
        let [c0, c1, c2, c3] = coefficients;
        let upper = self.mul_add(c3, x, c2);
        let upper = self.mul_add(upper, x, c1);
        self.mul_add(upper, x, c0)
    }

    fn x(&mut self) -> Wire {
        self.extension_constant(X)
    }
}
