//! The same calls on the narrow table, against p3 and against what the wide tables make of them.

mod attacks;
mod forged;
mod leaves;
mod sponges;

use ashlar_circuit::bus::name;
use ashlar_circuit::narrow::NarrowAir;
use ashlar_machine::evaluate::Report;

use super::super::wires::{coefficients, words};
use super::super::{Duplex, Layout, NarrowCircuit, NarrowWitness, Step};
use super::*;

/// log2 of the height of the tests' tables.
const LOG_HEIGHT: u8 = 9;

fn builder() -> Builder {
    Builder::with_layout(Layout::Narrow)
}

/// What a table says, with the definitions of public words.
fn report(circuit: &NarrowCircuit, witness: &NarrowWitness) -> Report {
    let air = NarrowAir::new(Arc::new(circuit.fixed()));
    let mut report = evaluate(&air, &circuit.trace(witness), &[]);
    for (address, word) in (1..).zip(&witness.public_words) {
        let values = coefficients(*word).map(|x| x.as_canonical_u32());
        let message: Vec<u32> = [address].into_iter().chain(values).collect();
        report.balance.add(name::WITNESS, &message, 1);
    }
    report
}

fn holds(circuit: &NarrowCircuit, witness: &NarrowWitness) -> bool {
    let report = report(circuit, witness);
    report.failures.is_empty() && report.balance.is_zero()
}

/// Runs a circuit that must have a witness, and judges it.
fn accept(builder: Builder, inputs: &Given) -> (NarrowCircuit, NarrowWitness) {
    let circuit = builder.finish_narrow(LOG_HEIGHT).expect("a circuit that fits");
    assert_counts(&circuit);
    let witness = circuit.run(&mut inputs.clone()).expect("a witness");
    let report = report(&circuit, &witness);
    assert_eq!(report.failures, []);
    assert_eq!(report.balance, Balance::default());
    (circuit, witness)
}

/// Runs a circuit that must have none.
fn refuse(builder: Builder, inputs: &Given) -> Failure {
    let circuit = builder.finish_narrow(LOG_HEIGHT).expect("a circuit that fits");
    circuit.run(&mut inputs.clone()).expect_err("no witness").what
}

/// Every address but those of public words is defined once, and its reads are as many as its definition says.
fn assert_counts(circuit: &NarrowCircuit) {
    let mut wires = Messages::default();
    for row in &circuit.fixed {
        (0..4).for_each(|k| wires.add(row.address[k], row.count[k]));
    }
    for address in 1..=circuit.public_words().len() as u32 {
        assert_eq!(wires.0.remove(&address), Some((-1, 0)), "public word at {address}");
    }
    wires.assert_balanced();
}

#[test]
fn operations_constants_and_bits() {
    let mut random = Random(1);
    let [a, b, c] = [0; 3].map(|_| random.challenge());
    let number = Val::from_u32(0x7000_0000);
    let mut builder = builder();
    let [x, y, z, n] = [0; 4].map(|_| builder.message(SOURCE));
    let product = builder.mul_add(x, y, z);
    let expected = builder.extension_constant(a * b + c);
    builder.assert_equal(product, expected);
    let difference = builder.sub(x, y);
    let inverse = builder.inverse(difference);
    let one = builder.one();
    let zero = builder.zero();
    builder.assert_mul_add(inverse, difference, zero, one);
    let coefficients_of = builder.unpack(x);
    for (wire, value) in coefficients_of.into_iter().zip(coefficients(a)) {
        let value = builder.constant(value);
        builder.assert_equal(wire, value);
    }
    let packed = builder.pack(coefficients_of);
    builder.assert_equal(packed, x);
    let bits = builder.bits(n);
    assert_eq!(bits.len(), 31);
    let chosen = builder.select(bits[30], x, y);
    builder.assert_equal(chosen, x);
    builder.assert_base(n);
    accept(builder, &Given::messages([a, b, c, number.into()]));
}

#[test]
fn constants_are_made_of_the_base_field_and_x() {
    let mut random = Random(2);
    for filled in 0..16 {
        let value =
            extension(core::array::from_fn(|i| if filled >> i & 1 == 1 { random.val() } else { Val::ZERO }));
        let mut builder = builder();
        let wire = builder.message(SOURCE);
        let constant = builder.extension_constant(value);
        builder.assert_equal(wire, constant);
        accept(builder, &Given::messages([value]));
    }
}

/// A wire that is nowhere a factor is shown to be of the base field on a row of its own, others with their operation.
#[test]
fn elements_of_the_extension_field_are_no_base_field_elements() {
    for is_factor in [false, true] {
        let build = || {
            let mut builder = builder();
            let [x, y, z] = [0; 3].map(|_| builder.message(SOURCE));
            builder.assert_base(z);
            if is_factor {
                let square = builder.mul_add(y, z, x);
                builder.assert_equal(square, x);
            }
            builder
        };
        let usage = build().narrow_usage().unwrap();
        assert_eq!(usage.base, 0, "a value from outside is defined by an operation");
        let given = |z| Given::messages([Challenge::ONE, Challenge::ZERO, z]);
        accept(build(), &given(Challenge::TWO));
        let z = extension([Val::ONE, Val::ZERO, Val::ZERO, Val::ONE]);
        assert_eq!(refuse(build(), &given(z)), Failure::NotBase);
        let mut builder = builder();
        let duplex = builder.duplex([Val::ZERO; 8]);
        let mut duplex = duplex;
        builder.squeeze(&mut duplex);
        let [word, _] = builder.output(&duplex);
        builder.assert_base(word);
        assert_eq!(builder.narrow_usage().unwrap().base, 1);
        assert_eq!(refuse(builder, &Given::default()), Failure::NotBase);
    }
}

#[test]
fn public_words_are_read_once() {
    let value = Random(3).challenge();
    let mut builder = builder();
    let x = builder.message(SOURCE);
    let words = builder.public_words(3);
    builder.assert_equal(words[2], x);
    let square = builder.mul(x, x);
    builder.assert_equal(words[0], square);
    let zero = builder.zero();
    builder.assert_mul_add(square, x, zero, words[1]);
    let (_, witness) = accept(builder, &Given::messages([value]));
    let generator = extension([Val::ZERO, Val::ONE, Val::ZERO, Val::ZERO]);
    assert_eq!(witness.public_words, [generator, value * value, value * value * value, value]);
}

#[test]
fn public_words_that_are_read_otherwise_give_no_circuit() {
    // Not at all, twice, or before they are known.
    type Uses = dyn Fn(&mut Builder, Wire, Wire);
    let uses: [&Uses; 3] = [
        &|_, _, _| {},
        &|builder, word, x| {
            builder.assert_equal(word, x);
            let zero = builder.zero();
            builder.assert_mul_add(x, x, zero, word);
        },
        &|builder, word, x| {
            let sum = builder.add(word, x);
            builder.assert_equal(sum, x);
            builder.assert_equal(word, x);
        },
    ];
    for uses in uses {
        let mut builder = builder();
        let x = builder.message(SOURCE);
        let word = builder.public_words(1)[0];
        uses(&mut builder, word, x);
        assert_eq!(builder.finish_narrow(LOG_HEIGHT).unwrap_err(), BuildError::PublicValues);
    }
}

#[test]
fn calls_for_other_tables_give_no_circuit() {
    let mut wide = Builder::new();
    wide.public_words(1);
    assert_eq!(wide.finish(&SMALL).unwrap_err(), BuildError::Layout);
    assert_eq!(Builder::new().finish_narrow(LOG_HEIGHT).unwrap_err(), BuildError::Layout);
    let mut narrow = builder();
    narrow.public_values();
    assert_eq!(narrow.finish_narrow(LOG_HEIGHT).unwrap_err(), BuildError::Layout);
    assert_eq!(builder().finish(&SMALL).unwrap_err(), BuildError::Layout);
}

#[test]
fn heights_that_do_not_do_are_refused() {
    for log_height in [2, 25] {
        let error = builder().finish_narrow(log_height).unwrap_err();
        assert_eq!(error, BuildError::Height { log_height });
    }
    let mut blocks = builder();
    let words = [blocks.one(); 2];
    blocks.compress(words, words);
    assert_eq!(blocks.finish_narrow(3).unwrap_err(), BuildError::Blocks { blocks: 2, height: 1 });
    let mut operations = builder();
    let x = operations.message(SOURCE);
    let power = operations.exp_power_of_2(x, 8);
    operations.assert_zero(power);
    let needed = operations.narrow_usage().unwrap();
    assert!(needed.operations > 8 && needed.blocks == 1);
    let places = BuildError::Operations { operations: needed.operations, places: 8 };
    assert_eq!(operations.finish_narrow(3).unwrap_err(), places);
}
