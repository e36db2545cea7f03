//! What fits, and that the same calls give the same circuit.

use super::*;

#[test]
fn the_same_calls_give_the_same_circuit() {
    let [first, second] = [(); 2].map(|()| soundness::example().0.finish(&SMALL).unwrap());
    assert_eq!(first.fixed(), second.fixed());
    let given = soundness::example().1;
    let witnesses = [&first, &second].map(|circuit| circuit.run(&mut given.clone()).unwrap());
    assert_eq!(witnesses[0], witnesses[1]);
    assert_eq!(first.traces(&witnesses[0]), second.traces(&witnesses[1]));
}

#[test]
fn an_empty_circuit_holds() {
    accept(Builder::new(), &Given::default());
}

#[test]
fn leaves_go_to_the_second_table_when_the_first_is_full() {
    let mut builder = Builder::new();
    builder.open(SOURCE, &[]);
    // 15 rows are free in the first table, 7 in the second.
    let lengths = [10, 6, 5, 1];
    let values = Random(1).vals(16 * 22);
    let mut rest = &values[..];
    for rows in lengths {
        let (digest, _) = builder.hash_elements(SOURCE, 4 * rows);
        let (leaf, others) = rest.split_at(16 * rows);
        sponge::assert_digest(&mut builder, SOURCE, digest, &sponge::leaf_digest(leaf), &[Val::ONE; 8]);
        rest = others;
    }
    assert_eq!(builder.usage().sponge, 22);
    let digests = vec![[Val::ONE; 8]; lengths.len()];
    let (circuit, _) = accept(builder, &Given::default().and_open(Openings { values, digests }));
    assert_eq!(circuit.fixed_sponge.each_ref().map(Vec::len), [16, 8]);
}

#[test]
fn what_does_not_fit_is_said_with_its_size() {
    let mut builder = Builder::new();
    for _ in 0..24 {
        builder.hash_elements(SOURCE, 4);
    }
    let error = builder.finish(&SMALL).unwrap_err();
    assert_eq!(error, BuildError::SpongeRows { rows: 24, heights: [16, 8] });

    let mut builder = Builder::new();
    let zero = builder.zero();
    builder.cap(&[[zero; 2]; 32]);
    assert_eq!(builder.usage().compress, 33);
    let error = builder.finish(&SMALL).unwrap_err();
    assert_eq!(error, BuildError::CompressRows { rows: 33, height: 32 });

    let mut builder = Builder::new();
    for _ in 0..33 {
        let x = builder.message(SOURCE);
        builder.assert_base(x);
    }
    let error = builder.finish(&SMALL).unwrap_err();
    assert_eq!(error, BuildError::BaseRows { wires: 33, rows: 32 });

    let mut builder = Builder::new();
    for n in 2..67 {
        let constant = builder.constant(Val::from_u32(n));
        builder.assert_zero(constant);
    }
    // Assertions read one constant each.
    assert_eq!(builder.usage().constants, 66);
    let error = builder.finish(&SMALL).unwrap_err();
    assert_eq!(error, BuildError::Constants { constants: 66, height: 64 });

    let mut builder = Builder::new();
    let mut x = builder.message(SOURCE);
    for _ in 0..255 {
        x = builder.mul(x, x);
    }
    builder.assert_zero(x);
    let operations = builder.usage().operations;
    let error = builder.finish(&SMALL).unwrap_err();
    assert_eq!(error, BuildError::Operations { operations, places: 256 });
}

#[test]
fn a_table_can_be_filled_to_the_last_place() {
    let mut builder = Builder::new();
    let mut x = builder.message(SOURCE);
    while builder.usage().operations < 255 {
        x = builder.mul(x, x);
        let bound = builder.message(SOURCE);
        builder.assert_equal(x, bound);
    }
    let mut value = Challenge::TWO;
    let mut messages = vec![value];
    while messages.len() < 300 {
        value *= value;
        messages.push(value);
    }
    let circuit = builder.finish(&SMALL).unwrap();
    assert_counts(&circuit);
    let count = circuit
        .program
        .instructions
        .iter()
        .filter(|step| matches!(step, super::super::program::Instruction::Message { .. }));
    messages.truncate(count.count());
    let witness = circuit.run(&mut Given::messages(messages)).unwrap();
    assert!(holds(&circuit, &witness));
}

#[test]
fn impossible_shapes_and_widths_are_refused() {
    for log_height in [0, 25] {
        let shape = CircuitShape { compress: log_height, ..SMALL };
        let error = Builder::new().finish(&shape).unwrap_err();
        assert_eq!(error, BuildError::Height { log_height });
    }
    for width in [0, 6] {
        let mut builder = Builder::new();
        let one = builder.one();
        builder.hash_rows(SOURCE, &[4, width], one);
        assert_eq!(builder.finish(&SMALL).unwrap_err(), BuildError::Width { width });
    }
    let mut builder = Builder::new();
    builder.hash_elements(SOURCE, 0);
    assert_eq!(builder.finish(&SMALL).unwrap_err(), BuildError::EmptyLeaf);
}

#[test]
fn values_from_outside_are_defined_where_they_are_used() {
    let mut builder = Builder::new();
    let before = builder.usage();
    let [x, y, z, sum] = [(); 4].map(|()| builder.message(SOURCE));
    // A factor and the result are defined on the way; the other factor and y need operations.
    builder.assert_mul_add(x, z, y, sum);
    builder.assert_mul_add(z, z, y, sum);
    let usage = builder.usage();
    assert_eq!(usage.operations - before.operations, 2 + 2 + usage.constants);
    let x = Random(2).challenge();
    let y = Random(3).challenge();
    accept(builder, &Given::messages([x, y, x, x * x + y]));
}
