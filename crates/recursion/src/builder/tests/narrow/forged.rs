//! Witnesses of an attacker who chooses some values and computes all others from them: what refuses them is the one check
//! that is broken, in the table itself.

use super::attacks::example;
use super::leaves::leaf_digest;
use super::*;
use crate::builder::tests::paths::compress;

/// A circuit with the witness that an attacker makes of it, and the checks that a run would stop at.
fn forge(
    builder: Builder,
    given: &Given,
    wanted: &[(Wire, Challenge)],
) -> (NarrowCircuit, NarrowWitness, Vec<Failure>) {
    let circuit = builder.finish_narrow(LOG_HEIGHT).unwrap();
    let (forged, failures) = circuit.forge(&mut given.clone(), wanted);
    (circuit, forged, failures)
}

/// The only row whose constraints do not hold; all messages balance.
fn broken_row(circuit: &NarrowCircuit, forged: &NarrowWitness) -> usize {
    let report = report(circuit, forged);
    assert!(report.balance.is_zero());
    let mut rows: Vec<_> = report.failures.iter().map(|failure| failure.row).collect();
    rows.dedup();
    assert_eq!(rows.len(), 1, "{:?}", report.failures);
    rows[0]
}

/// Every wire, with all that follows from it.
#[test]
fn refuses_a_wire_of_any_other_value() {
    let (builder, given) = example();
    let (circuit, honest) = accept(builder, &given);
    let mut forged_wires = 0;
    for wire in circuit.wires() {
        for wanted in [Challenge::ZERO, Challenge::ONE, Random(wire.0.into()).challenge()] {
            let (mut forged, _) = circuit.forge(&mut given.clone(), &[(wire, wanted)]);
            // The verifier has the same words.
            forged.public_words.clone_from(&honest.public_words);
            if forged == honest {
                continue;
            }
            forged_wires += 1;
            assert!(!holds(&circuit, &forged), "{wire:?}");
        }
    }
    assert!(forged_wires > 200, "{forged_wires}");
}

/// What is 0, 1 and X on the table, and the public word that X is read from.
#[test]
fn refuses_other_constants() {
    let (builder, given) = example();
    let (circuit, honest) = accept(builder, &given);
    for wire in (0..4).map(Wire) {
        let mut random = Random(wire.0.into());
        for wanted in [Challenge::NEG_ONE, Challenge::TWO, random.challenge()] {
            let (mut forged, _) = circuit.forge(&mut given.clone(), &[(wire, wanted)]);
            assert_ne!(forged, honest);
            forged.public_words.clone_from(&honest.public_words);
            assert!(!holds(&circuit, &forged), "{wire:?}");
        }
    }
}

/// The 31 bits of value + p.
#[test]
fn refuses_bits_of_a_number_above_p() {
    for value in [0, 5, (1 << 24) - 2] {
        let mut builder = builder();
        let number = builder.message(SOURCE);
        let bits = builder.bits(number);
        let above = Val::ORDER_U32 + value;
        assert!(above < 1 << 31);
        let wanted: Vec<_> =
            (0..31).zip(bits).map(|(i, bit)| (bit, Challenge::from_bool(above >> i & 1 == 1))).collect();
        let given = Given::messages([Val::from_u32(value).into()]);
        let (circuit, forged, failures) = forge(builder, &given, &wanted);
        assert_eq!(failures, [Failure::Quotient]);
        let row = broken_row(&circuit, &forged);
        assert_eq!(forged.operands[row][1], Challenge::ZERO, "it is not the quotient's row");
    }
}

/// Digits that are no bits and make the same number.
#[test]
fn refuses_digits_that_are_no_bits() {
    let mut builder = builder();
    let number = builder.message(SOURCE);
    let bits = builder.bits(number);
    let wanted = [(bits[0], Challenge::TWO), (bits[1], Challenge::ZERO)];
    let given = Given::messages([Challenge::TWO]);
    let (circuit, forged, failures) = forge(builder, &given, &wanted);
    // A run takes hints for bits.
    assert_eq!(failures, []);
    let row = broken_row(&circuit, &forged);
    assert_eq!(forged.operands[row], [Challenge::TWO, Challenge::TWO, Challenge::ZERO, Challenge::TWO]);
}

/// With a side of 2, a digest is a child of a node whose children are halfway to it.
#[test]
fn refuses_a_side_that_is_no_bit() {
    let mut random = Random(8);
    let data = random.vals(12);
    let digest = leaf_digest(&data);
    let left: [Val; 8] = random.vals(8).try_into().unwrap();
    let right: [Val; 8] = core::array::from_fn(|i| left[i] + (digest[i] - left[i]).halve());
    let root = words(&compress(&left, &right));
    let mut builder = builder();
    let [zero, one] = [builder.zero(), builder.one()];
    let index = builder.message(SOURCE);
    let bits = builder.bits(index);
    let node = [builder.message(SOURCE), builder.message(SOURCE)];
    let cap = builder.cap(&[node]);
    builder.open(SOURCE, &[]);
    let (leaf, _) = builder.hash_rows(SOURCE, &[12], one);
    builder.path(SOURCE, leaf, &[Step::Up(bits[0])], zero, cap);
    let given = Given::messages([Challenge::TWO, root[0], root[1]])
        .and_open(Openings { values: data, digests: vec![right] });
    let wanted = [(bits[0], Challenge::TWO), (bits[1], Challenge::ZERO)];
    let (circuit, mut forged, failures) = forge(builder, &given, &wanted);
    assert_eq!(failures, [Failure::Path { index: 0 }]);
    // The path's block is the last.
    let block = forged.inputs.last_mut().unwrap();
    block[..8].copy_from_slice(&left);
    block[8..].copy_from_slice(&right);
    let row = broken_row(&circuit, &forged);
    assert_eq!(forged.operands[row], [Challenge::TWO, Challenge::TWO, Challenge::ZERO, Challenge::TWO]);
}

/// A word as other coefficients, some of which are not in the base field.
#[test]
fn refuses_coefficients_outside_the_base_field() {
    let word = Random(9).challenge();
    let given = Given::messages([word]);
    for i in 1..4 {
        for k in 0..4 {
            let mut builder = builder();
            let wire = builder.message(SOURCE);
            let unpacked = builder.unpack(wire);
            let mut change = [Val::ZERO; 4];
            change[k] = Val::ONE;
            let wanted = extension(change) + coefficients(word)[i];
            // The first coefficient is what is left.
            let (circuit, forged, failures) = forge(builder, &given, &[(unpacked[i], wanted)]);
            assert!(!failures.is_empty() && failures.iter().all(|failure| *failure == Failure::NotBase));
            assert!(!holds(&circuit, &forged), "coefficient {i}, by X^{k}");
            let mut without = circuit;
            without.fixed.iter_mut().for_each(|row| row.base = Val::ZERO);
            assert!(holds(&without, &forged), "something else refuses coefficient {i}, by X^{k}");
        }
    }
}

/// Nothing is the inverse of zero, and a quotient is not free where its divisor is zero.
#[test]
fn refuses_an_inverse_of_zero() {
    for wanted in [Challenge::ZERO, Challenge::ONE, Random(10).challenge()] {
        let mut builder = builder();
        let x = builder.message(SOURCE);
        let inverse = builder.inverse(x);
        let given = Given::messages([Challenge::ZERO]);
        let (circuit, forged, failures) = forge(builder, &given, &[(inverse, wanted)]);
        assert_eq!(failures, [Failure::Quotient]);
        broken_row(&circuit, &forged);
    }
}

/// A leaf, a path and a root of which one is not the others'.
#[test]
fn refuses_a_path_to_another_root() {
    let (builder, given) = example();
    let (circuit, honest) = accept(builder, &given);
    let mut forgeries: Vec<Given> = Vec::new();
    for i in 0..given.openings[0].values.len() {
        let mut other = given.clone();
        other.openings[0].values[i] += Val::ONE;
        forgeries.push(other);
    }
    for i in 0..16 {
        let mut other = given.clone();
        other.openings[0].digests[i / 8][i % 8] += Val::ONE;
        forgeries.push(other);
    }
    for i in 0..given.messages[&0].len() {
        let mut other = given.clone();
        other.messages.get_mut(&0).unwrap()[i] += Challenge::ONE;
        forgeries.push(other);
    }
    for (i, inputs) in forgeries.iter_mut().enumerate() {
        let (mut forged, failures) = circuit.forge(inputs, &[]);
        forged.public_words.clone_from(&honest.public_words);
        assert!(!failures.is_empty() && !holds(&circuit, &forged), "forgery {i}");
    }
}
