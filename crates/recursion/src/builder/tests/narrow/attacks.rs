//! A circuit with a bit of everything, in which every value is changed at one place.

use ashlar_circuit::narrow::{BLOCK, first};

use super::leaves::leaf_digest;
use super::*;
use crate::builder::tests::paths::compress;

/// A transcript, two leaves with paths, a hash of our own, bits, coefficients, and public words.
pub(super) fn example() -> (Builder, Given) {
    let mut random = Random(77);
    let data = random.vals(12 + 12);
    let sibling: [Val; 8] = random.vals(8).try_into().unwrap();
    let digests = [&data[..12], &data[12..]].map(leaf_digest);
    let roots = [compress(&sibling, &digests[0]), compress(&digests[1], &sibling)];
    let number = Challenge::from(Val::from_u32(0b01));

    let mut builder = builder();
    let zero = builder.zero();
    let index = builder.message(SOURCE);
    let bits = builder.bits(index);
    let nodes: [Wire; 4] = core::array::from_fn(|_| builder.message(SOURCE));
    let carry = builder.extension_constant(extension([Val::TWO, Val::ONE, Val::ZERO, Val::ZERO]));
    let mut duplex = builder.duplex([Val::TWO; 8]);
    let words_of = |i: usize| [nodes[i], nodes[i + 1]];
    builder.absorb(&mut duplex, Absorb { offset: 2, carry: Some(carry), words: words_of(0), tag: 8 });
    builder.absorb(&mut duplex, Absorb { offset: 2, carry: None, words: words_of(2), tag: 8 });
    builder.absorb(&mut duplex, Absorb { offset: 2, carry: None, words: [zero; 2], tag: 2 });
    builder.squeeze(&mut duplex);
    let [challenge, other] = builder.output(&duplex);
    let caps = [words_of(0), words_of(2)].map(|root| builder.cap(&[root]));
    builder.open(SOURCE, &[index]);
    let (leaf, sums) = builder.hash_rows(SOURCE, &[8, 4], challenge);
    builder.path(SOURCE, leaf, &[Step::Up(bits[0])], zero, caps[0]);
    let (leaf, elements) = builder.hash_elements(SOURCE, 3);
    builder.path(SOURCE, leaf, &[Step::Up(bits[1])], zero, caps[1]);
    let hashed = builder.compress([other, sums[0]], [sums[1], elements[0]]);
    let public = builder.public_words(3);
    let sum = builder.mul_add(sums[0], elements[1], hashed[0]);
    let inverse = builder.inverse(sum);
    builder.assert_equal(public[0], inverse);
    let [c0, c1, ..] = builder.unpack(elements[2]);
    let product = builder.select(bits[0], c0, c1);
    builder.assert_equal(public[1], product);
    builder.assert_equal(public[2], hashed[1]);

    let messages: Vec<_> = [number].into_iter().chain(roots.iter().flat_map(words)).collect();
    (builder, Given::messages(messages).and_open(Openings { values: data, digests: vec![sibling; 2] }))
}

fn case() -> (NarrowCircuit, NarrowWitness) {
    let (builder, given) = example();
    accept(builder, &given)
}

#[test]
fn an_example_holds() {
    case();
}

/// Every operand that a message or an operation speaks of.
#[test]
fn every_wire_of_every_row_is_bound() {
    let (circuit, witness) = case();
    let mut spoken_of = 0;
    for (row, fixed) in circuit.fixed.iter().enumerate() {
        for k in 0..4 {
            if fixed.count[k] == Val::ZERO {
                continue;
            }
            spoken_of += 1;
            let mut forged = witness.clone();
            forged.operands[row][k] += extension([Val::ZERO, Val::ZERO, Val::TWO, Val::ZERO]);
            assert!(!holds(&circuit, &forged), "row {row}, operand {k}");
        }
    }
    assert!(spoken_of > 100);
}

/// Every element of the input of every block that is used.
#[test]
fn every_input_is_bound() {
    let (circuit, witness) = case();
    for block in 1..witness.inputs.len() {
        for i in 0..16 {
            let mut forged = witness.clone();
            forged.inputs[block][i] += Val::ONE;
            assert!(!holds(&circuit, &forged), "block {block}, element {i}");
        }
    }
}

#[test]
fn other_public_words_are_refused() {
    let (circuit, witness) = case();
    for i in 0..witness.public_words.len() {
        let mut forged = witness.clone();
        forged.public_words[i] += Challenge::ONE;
        assert!(!holds(&circuit, &forged), "public word {i}");
    }
}

/// A node and its sibling change places, and the bit says so.
#[test]
fn a_path_on_the_other_side_is_refused() {
    let (circuit, witness) = case();
    let mut steps = 0;
    for block in 1..witness.inputs.len() {
        let row = block * BLOCK;
        let fixed = &circuit.fixed[row];
        // The block of a step says nothing but the bit.
        if fixed.flags != [Val::ZERO; 7] || fixed.count[0] != Val::NEG_ONE || fixed.operates == Val::ONE {
            continue;
        }
        steps += 1;
        let mut forged = witness.clone();
        forged.inputs[block].rotate_left(8);
        forged.operands[row][0] = Challenge::ONE - forged.operands[row][0];
        assert!(!holds(&circuit, &forged), "block {block}");
    }
    assert_eq!(steps, 2);
}

/// What is behind the end of a leaf is the state before, and its sum is nobody's.
#[test]
fn the_group_that_a_leaf_does_not_have_is_read_by_nobody() {
    let (circuit, witness) = case();
    let is_sum =
        |row: &usize| row.is_multiple_of(BLOCK) && circuit.fixed[*row].flags[first::SUMS] == Val::ONE;
    let rows: Vec<_> = (0..circuit.fixed.len()).filter(is_sum).collect();
    assert_eq!(rows.len(), 2);
    let last = rows[1];
    assert_eq!(circuit.fixed[last + 1].count[2], Val::ZERO);
    let mut forged = witness;
    forged.operands[last + 1][2] += Challenge::ONE;
    assert!(!holds(&circuit, &forged));
}

/// A message more or less.
#[test]
fn every_count_matters() {
    let (circuit, witness) = case();
    for row in 0..circuit.fixed.len() {
        for k in 0..4 {
            let mut other = circuit.clone();
            if other.fixed[row].count[k] == Val::ZERO {
                continue;
            }
            other.fixed[row].count[k] += Val::ONE;
            assert!(!holds(&other, &witness), "row {row}, operand {k}");
        }
    }
}
