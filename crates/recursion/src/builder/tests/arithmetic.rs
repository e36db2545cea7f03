//! Operations against the field's own.

use p3_field::Field;

use super::*;

#[test]
fn expressions_are_those_of_the_field() {
    let mut random = Random(1);
    let mut builder = Builder::new();
    let values = random.challenges(6);
    let mut wires: Vec<_> = values.iter().map(|_| builder.message(SOURCE)).collect();
    let mut expected = values.clone();
    for _ in 0..60 {
        let [i, j, k] = [(); 3].map(|()| random.val().as_canonical_u32() as usize % wires.len());
        let [a, b, c] = [i, j, k].map(|i| wires[i]);
        let [x, y, z] = [i, j, k].map(|i| expected[i]);
        let (wire, value) = match random.val().as_canonical_u32() % 7 {
            0 => (builder.mul_add(a, b, c), x * y + z),
            1 => (builder.mul(a, b), x * y),
            2 => (builder.add(a, b), x + y),
            3 => (builder.sub(a, b), x - y),
            4 => (builder.exp_power_of_2(a, 3), x.exp_power_of_2(3)),
            5 if x != Challenge::ZERO => (builder.inverse(a), x.inverse()),
            _ => {
                let constant = random.challenge();
                (builder.extension_constant(constant), constant)
            }
        };
        wires.push(wire);
        expected.push(value);
    }
    for (wire, value) in wires.iter().zip(&expected) {
        let constant = builder.extension_constant(*value);
        builder.assert_equal(*wire, constant);
    }
    let circuit = builder.finish(&CircuitShape { arithmetic: 8, ..SMALL }).unwrap();
    assert_counts(&circuit);
    let witness = circuit.run(&mut Given::messages(values)).unwrap();
    assert!(holds(&circuit, &witness));
}

#[test]
fn constants_are_one_wire_for_one_value() {
    let mut builder = Builder::new();
    let value = Random(2).challenge();
    let wire = builder.extension_constant(value);
    assert_eq!(builder.extension_constant(value), wire);
    assert_eq!(builder.as_constant(wire), Some(value));
    assert_eq!(builder.constant(Val::ZERO), builder.zero());
    assert_eq!(builder.constant(Val::ONE), builder.one());
    let message = builder.message(SOURCE);
    assert_eq!(builder.as_constant(message), None);
}

#[test]
fn constants_are_folded_and_trivial_operations_are_none() {
    let mut builder = Builder::new();
    let [zero, one] = [builder.zero(), builder.one()];
    let [x, y] = [builder.message(SOURCE), builder.message(SOURCE)];
    let [three, five] = [3, 5].map(|n| builder.constant(Val::from_u32(n)));
    let expected = builder.constant(Val::from_u32(18));
    assert_eq!(builder.mul_add(three, five, three), expected);
    assert_eq!(builder.mul_add(x, zero, y), y);
    assert_eq!(builder.mul_add(zero, x, y), y);
    assert_eq!(builder.mul(x, one), x);
    assert_eq!(builder.mul(one, x), x);
    assert_eq!(builder.add(x, zero), x);
    assert_eq!(builder.add(zero, x), x);
    assert_eq!(builder.sub(x, x), zero);
    assert_eq!(builder.sub(x, zero), x);
    assert_eq!(builder.select(one, x, y), x);
    assert_eq!(builder.select(zero, x, y), y);
    assert_eq!(builder.select(x, y, y), y);
    let fifteen = builder.constant(Val::from_u32(15));
    let sum = builder.add(fifteen, x);
    assert_eq!(builder.mul_add(five, three, x), sum);
    let third = builder.inverse(three);
    assert_eq!(builder.mul(third, three), one);
}

#[test]
fn the_same_operands_give_the_same_wire() {
    let mut builder = Builder::new();
    let [x, y, z] = [(); 3].map(|()| builder.message(SOURCE));
    let wire = builder.mul_add(x, y, z);
    assert_eq!(builder.mul_add(y, x, z), wire);
    let sum = builder.add(x, y);
    assert_eq!(builder.add(y, x), sum);
    let inverse = builder.inverse(x);
    assert_eq!(builder.inverse(x), inverse);
    builder.assert_mul_add(x, y, z, wire);
    builder.assert_mul_add(x, y, z, sum);
    let before = builder.usage();
    builder.assert_mul_add(y, x, z, sum);
    builder.assert_equal(wire, sum);
    assert_eq!(builder.usage(), before);
}

#[test]
fn what_nothing_reads_takes_no_place() {
    let mut builder = Builder::new();
    let x = builder.message(SOURCE);
    let before = builder.usage();
    let seven = builder.constant(Val::from_u32(7));
    let square = builder.mul(x, x);
    builder.mul_add(square, seven, x);
    assert_eq!(builder.usage(), before);
    builder.assert_zero(square);
    assert_ne!(builder.usage(), before);
}

#[test]
fn select_takes_the_side_that_the_bit_says() {
    for bit in [false, true] {
        let values = Random(3).challenges(2);
        let mut builder = Builder::new();
        let [b, x, y] = [(); 3].map(|()| builder.message(SOURCE));
        let chosen = builder.select(b, x, y);
        let expected = builder.extension_constant(values[usize::from(!bit)]);
        builder.assert_equal(chosen, expected);
        accept(builder, &Given::messages([&[Challenge::from_bool(bit)], &values[..]].concat()));
    }
}

#[test]
fn unequal_wires_are_refused() {
    let build = || {
        let mut builder = Builder::new();
        let [x, y] = [(); 2].map(|()| builder.message(SOURCE));
        builder.assert_equal(x, y);
        builder
    };
    let x = Random(4).challenge();
    accept(build(), &Given::messages([x, x]));
    assert_eq!(refuse(build(), &Given::messages([x, x + Challenge::ONE])), Failure::Assertion);
}

#[test]
fn unequal_constants_are_refused() {
    let mut builder = Builder::new();
    let two = builder.constant(Val::TWO);
    let one = builder.one();
    builder.assert_equal(one, two);
    assert_eq!(refuse(builder, &Given::default()), Failure::Assertion);
}

#[test]
fn a_wrong_result_is_refused() {
    let build = || {
        let mut builder = Builder::new();
        let [a, b, c, d] = [(); 4].map(|()| builder.message(SOURCE));
        builder.assert_mul_add(a, b, c, d);
        builder
    };
    let values = Random(5).challenges(3);
    let d = values[0] * values[1] + values[2];
    accept(build(), &Given::messages([&values[..], &[d]].concat()));
    let wrong = [&values[..], &[d + d]].concat();
    assert_eq!(refuse(build(), &Given::messages(wrong)), Failure::Assertion);
}

#[test]
fn zero_has_no_inverse() {
    let build = || {
        let mut builder = Builder::new();
        let x = builder.message(SOURCE);
        builder.inverse(x);
        builder
    };
    accept(build(), &Given::messages([Random(6).challenge()]));
    assert_eq!(refuse(build(), &Given::messages([Challenge::ZERO])), Failure::Quotient);
    let mut builder = Builder::new();
    let zero = builder.zero();
    builder.inverse(zero);
    assert_eq!(refuse(builder, &Given::default()), Failure::Quotient);
}

#[test]
fn public_values_are_what_they_are_said_to_equal() {
    let values = Random(7).challenges(2);
    let mut builder = Builder::new();
    let words = builder.public_values();
    assert_eq!(builder.public_values(), words);
    let [x, y] = [(); 2].map(|()| builder.message(SOURCE));
    builder.assert_equal(words[0], x);
    let product = builder.mul(x, y);
    builder.assert_equal(product, words[1]);
    // Read again, they are known.
    builder.assert_mul_add(x, y, x, x);
    let sum = builder.add(words[0], words[1]);
    let expected = builder.add(x, product);
    builder.assert_equal(sum, expected);
    let circuit = builder.finish(&SMALL).unwrap();
    assert!(circuit.run(&mut Given::messages(values.clone())).is_err());
    let values = [values[0], Challenge::ZERO];
    let witness = circuit.run(&mut Given::messages(values)).unwrap();
    assert!(holds(&circuit, &witness));
    let expected = super::super::wires::elements([values[0], Challenge::ZERO]);
    assert_eq!(witness.public_values, expected);
    let mut forged = witness;
    forged.public_values[0] += Val::ONE;
    assert!(!holds(&circuit, &forged));
}

#[test]
fn public_values_that_nothing_defines_are_refused() {
    let mut builder = Builder::new();
    let [x, y] = builder.public_values();
    builder.assert_equal(x, y);
    assert_eq!(builder.finish(&SMALL).unwrap_err(), BuildError::PublicValues);

    let mut builder = Builder::new();
    let [x, y] = builder.public_values();
    let message = builder.message(SOURCE);
    let early = builder.mul(x, message);
    builder.assert_equal(x, message);
    builder.assert_equal(y, early);
    assert_eq!(builder.finish(&SMALL).unwrap_err(), BuildError::PublicValues);

    let mut builder = Builder::new();
    builder.public_values();
    assert_eq!(builder.finish(&SMALL).unwrap_err(), BuildError::PublicValues);
}
