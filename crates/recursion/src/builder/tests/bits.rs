//! Bits and coefficients.

use super::super::program::{Instruction, Kind, Operation};
use super::*;

const P: u32 = Val::ORDER_U32;

/// The bits of a message, each asserted to be the bit of this number.
fn with_bits(number: u32) -> Builder {
    let mut builder = Builder::new();
    let x = builder.message(SOURCE);
    let bits = builder.bits(x);
    assert_eq!(builder.bits(x), bits);
    for (i, bit) in bits.into_iter().enumerate() {
        let expected = if number >> i & 1 == 1 { builder.one() } else { builder.zero() };
        builder.assert_equal(bit, expected);
    }
    builder
}

#[test]
fn bits_are_those_of_the_representative() {
    let edges = [0, 1, 2, (1 << 24) - 1, 1 << 24, (1 << 30) - 1, P - 1, P - 2, P - (1 << 24), 123_456_789];
    for number in edges {
        accept(with_bits(number), &Given::messages([Val::from_u32(number).into()]));
        let wrong = Challenge::from(Val::from_u32(number ^ 1));
        assert_eq!(refuse(with_bits(number), &Given::messages([wrong])), Failure::Assertion);
    }
}

#[test]
fn bits_of_a_constant_are_constants() {
    let mut builder = Builder::new();
    let constant = builder.constant(Val::from_u32(0b101));
    let bits = builder.bits(constant);
    let [zero, one] = [builder.zero(), builder.one()];
    assert_eq!(bits[..4], [one, zero, one, zero]);
}

#[test]
fn an_extension_element_has_no_bits() {
    let mut builder = Builder::new();
    let x = builder.message(SOURCE);
    builder.bits(x);
    assert_eq!(refuse(builder, &Given::messages([Random(1).challenge()])), Failure::NotBase);
}

/// Rows in which the first bits are those of another number, and all that follows from them.
fn forge(circuit: &Circuit, witness: &Witness, number: u32) -> Witness {
    let mut values = values(circuit, witness);
    for instruction in &circuit.program.instructions {
        match instruction {
            Instruction::Bits { first, .. } => {
                for i in 0..31 {
                    values.insert(Wire(first.0 + i), Challenge::from_bool(number >> i & 1 == 1));
                }
            }
            Instruction::Operate(Operation { kind: Kind::MulAdd, a, b, c, d }) => {
                values.insert(*d, values[a] * values[b] + values[c]);
            }
            Instruction::Operate(Operation { kind: Kind::Divide, a, b, d, .. })
                if values[b] != Challenge::ZERO =>
            {
                values.insert(*a, values[d] / values[b]);
            }
            _ => {}
        }
    }
    let mut forged = witness.clone();
    let operations = circuit.operations.iter().map(|wires| wires.map(|wire| values[&wire]));
    forged.operations = operations.collect();
    forged
}

#[test]
fn the_other_representative_of_a_number_is_refused() {
    for number in [0, 1, 77, (1 << 24) - 2] {
        let mut builder = Builder::new();
        let x = builder.message(SOURCE);
        builder.bits(x);
        let (circuit, witness) = accept(builder, &Given::messages([Val::from_u32(number).into()]));
        assert!(holds(&circuit, &forge(&circuit, &witness, number)));
        assert!(!holds(&circuit, &forge(&circuit, &witness, number + P)));
        assert!(!holds(&circuit, &forge(&circuit, &witness, number ^ 4)));
    }
}

#[test]
fn coefficients_are_taken_apart_and_put_together() {
    let mut builder = Builder::new();
    let value = Random(2).challenge();
    let word = builder.message(SOURCE);
    let parts = builder.unpack(word);
    assert_eq!(builder.unpack(word), parts);
    for (part, expected) in parts.into_iter().zip(super::super::wires::coefficients(value)) {
        let expected = builder.constant(expected);
        builder.assert_equal(part, expected);
    }
    let packed = builder.pack(parts);
    builder.assert_equal(packed, word);
    let reversed = builder.pack([parts[3], parts[2], parts[1], parts[0]]);
    let [c0, c1, c2, c3] = super::super::wires::coefficients(value);
    let expected = builder.extension_constant(extension([c3, c2, c1, c0]));
    builder.assert_equal(reversed, expected);
    let constant = builder.extension_constant(value);
    let known = builder.unpack(constant);
    assert_eq!(builder.pack(known), constant);
    accept(builder, &Given::messages([value]));
}

#[test]
fn a_coefficient_of_the_extension_field_is_refused() {
    let mut builder = Builder::new();
    let word = builder.message(SOURCE);
    let [c0, c1, ..] = builder.unpack(word);
    let (circuit, witness) = accept(builder, &Given::messages([Random(3).challenge()]));
    // c0 + c1 X = (c0 + X) + (c1 - 1) X.
    let x = extension([Val::ZERO, Val::ONE, Val::ZERO, Val::ZERO]);
    let mut values = values(&circuit, &witness);
    *values.get_mut(&c0).unwrap() += x;
    *values.get_mut(&c1).unwrap() -= Challenge::ONE;
    for instruction in &circuit.program.instructions {
        if let Instruction::Operate(Operation { kind: Kind::MulAdd, a, b, c, d }) = instruction {
            values.insert(*d, values[a] * values[b] + values[c]);
        }
    }
    let mut forged = witness.clone();
    forged.operations = circuit.operations.iter().map(|wires| wires.map(|wire| values[&wire])).collect();
    for (wire, row) in &circuit.based {
        forged.compress[*row].bit = super::super::wires::coefficients(values[wire])[0];
    }
    assert!(!holds(&circuit, &forged));
}

#[test]
fn an_extension_element_is_not_in_the_base_field() {
    let build = || {
        let mut builder = Builder::new();
        let x = builder.message(SOURCE);
        builder.assert_base(x);
        builder.assert_base(x);
        builder
    };
    assert_eq!(build().based.len(), 1);
    accept(build(), &Given::messages([Val::from_u32(9).into()]));
    assert_eq!(refuse(build(), &Given::messages([Random(4).challenge()])), Failure::NotBase);
}

#[test]
fn what_follows_from_base_field_elements_is_one() {
    let mut builder = Builder::new();
    let [x, y] = [(); 2].map(|()| builder.message(SOURCE));
    builder.assert_base(x);
    let bits = builder.bits(y);
    let before = builder.based.len();
    let sum = builder.mul_add(x, bits[3], y);
    let inverse = builder.inverse(x);
    let constant = builder.constant(Val::TWO);
    for wire in [y, bits[0], sum, inverse, constant] {
        builder.assert_base(wire);
    }
    assert_eq!(builder.based.len(), before);
}
