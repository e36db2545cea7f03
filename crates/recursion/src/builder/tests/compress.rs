//! Duplex sponges against p3's challenger.

use p3_challenger::{CanObserve, CanSample, DuplexChallenger};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::Permutation;

use super::super::Duplex;
use super::super::wires::{coefficients, words};
use super::*;

type Challenger = DuplexChallenger<Val, Poseidon2KoalaBear<16>, 16, 8>;

fn challenger() -> Challenger {
    Challenger::new(default_koalabear_poseidon2_16())
}

/// Samples an element, and returns the state after.
fn squeeze(native: &mut Challenger) -> [Val; 16] {
    let element: Val = native.sample();
    assert_eq!(element, native.sponge_state[7]);
    native.sponge_state
}

fn assert_output(builder: &mut Builder, duplex: &Duplex, state: &[Val]) {
    let output = builder.output(duplex);
    assert_eq!(builder.output(duplex), output);
    let expected = words(&state[..8].try_into().unwrap());
    for (wire, value) in output.into_iter().zip(expected) {
        let expected = builder.extension_constant(value);
        builder.assert_equal(wire, expected);
    }
}

/// A transcript that starts with `offset` constants before the messages, so that no message is at a word's place.
fn transcript(offset: usize, messages: usize, capacity: [Val; 8]) -> (Builder, Given) {
    let mut random = Random(10 * messages as u64 + offset as u64);
    let head = random.vals(offset);
    let given = random.challenges(messages);

    let mut native = challenger();
    native.sponge_state[8..].copy_from_slice(&capacity);
    native.observe_slice(&head);
    for message in &given {
        native.observe_slice(&coefficients(*message));
    }
    let after_messages = squeeze(&mut native);
    // A squeeze when 8 elements have been sampled, then another absorption.
    native.output_buffer.clear();
    let after_squeeze = squeeze(&mut native);
    native.observe_slice(&coefficients(given[0]));
    let after_absorption = squeeze(&mut native);

    let mut builder = Builder::new();
    let wires: Vec<_> = given.iter().map(|_| builder.message(SOURCE)).collect();
    let zero = builder.zero();
    let mut carried = [Val::ZERO; 4];
    carried[..offset].copy_from_slice(&head);
    let carry = builder.extension_constant(extension(carried));
    let mut duplex = builder.duplex(capacity);
    let mut left = offset + 4 * messages;
    // What is left over of the last pair of words may need a row more.
    for (i, pair) in wires.chunks(2).chain([&[][..]]).enumerate() {
        if left == 0 {
            break;
        }
        let words = core::array::from_fn(|k| pair.get(k).copied().unwrap_or(zero));
        let tag = left.min(8);
        let carry = (i == 0).then_some(carry);
        builder.absorb(&mut duplex, Absorb { offset, carry, words, tag });
        left -= tag;
    }
    assert_output(&mut builder, &duplex, &after_messages);
    builder.squeeze(&mut duplex);
    assert_output(&mut builder, &duplex, &after_squeeze);
    builder.absorb(&mut duplex, Absorb { offset: 0, carry: None, words: [wires[0], zero], tag: 4 });
    assert_output(&mut builder, &duplex, &after_absorption);
    (builder, Given::messages(given))
}

#[test]
fn transcripts_are_those_of_p3() {
    for offset in 0..4 {
        for messages in 1..6 {
            let (builder, given) = transcript(offset, messages, [Val::ZERO; 8]);
            accept(builder, &given);
        }
    }
    let capacity = Random(3).vals(8).try_into().unwrap();
    let (builder, given) = transcript(2, 5, capacity);
    accept(builder, &given);
}

#[test]
fn every_absorbed_element_matters() {
    for offset in [0, 3] {
        for message in 0..3 {
            for i in 0..4 {
                let (builder, mut given) = transcript(offset, 3, [Val::ZERO; 8]);
                let mut change = [Val::ZERO; 4];
                change[i] = Val::ONE;
                given.messages.get_mut(&0).unwrap()[message] += extension(change);
                assert_eq!(refuse(builder, &given), Failure::Assertion);
            }
        }
    }
}

#[test]
fn a_squeeze_without_an_absorption_permutes_the_initial_state() {
    let capacity: [Val; 8] = Random(4).vals(8).try_into().unwrap();
    let mut state: [Val; 16] = core::array::from_fn(|i| if i < 8 { Val::ZERO } else { capacity[i - 8] });
    let mut builder = Builder::new();
    let mut duplex = builder.duplex(capacity);
    for _ in 0..2 {
        builder.squeeze(&mut duplex);
        default_koalabear_poseidon2_16().permute_mut(&mut state);
        assert_output(&mut builder, &duplex, &state);
    }
    accept(builder, &Given::default());
}

#[test]
fn a_message_is_defined_where_it_is_first_absorbed() {
    let mut builder = Builder::new();
    let message = builder.message(SOURCE);
    let before = builder.usage().operations;
    let mut duplex = builder.duplex([Val::ZERO; 8]);
    let words = [message; 2];
    builder.absorb(&mut duplex, Absorb { offset: 0, carry: None, words, tag: 8 });
    builder.absorb(&mut duplex, Absorb { offset: 0, carry: None, words, tag: 8 });
    // One more for the capacity, which is a constant with the tag of the first absorption.
    assert_eq!(builder.usage().operations, before + 1);
    let (circuit, _) = accept(builder, &Given::messages([Random(5).challenge()]));
    assert_eq!(circuit.fixed_compress[2].word_count, [Val::from_u8(3), Val::NEG_ONE]);
}

#[test]
fn hashes_are_of_the_tag_the_length_and_the_elements() {
    for length in [1, 4, 7, 8, 9, 16, 21] {
        let data = Random(length as u64).vals(length);
        let mut state = [Val::ZERO; 16];
        (state[8], state[9]) = (Val::from_u32(5), Val::from_usize(length));
        for block in data.chunks(8) {
            state[..8].fill(Val::ZERO);
            state[..block.len()].copy_from_slice(block);
            default_koalabear_poseidon2_16().permute_mut(&mut state);
        }
        let given: Vec<_> = data
            .chunks(4)
            .map(|word| extension(core::array::from_fn(|i| word.get(i).copied().unwrap_or_default())))
            .collect();
        let mut builder = Builder::new();
        let wires: Vec<_> = given.iter().map(|_| builder.message(SOURCE)).collect();
        let digest = builder.hash(5, length, &wires);
        for (wire, value) in digest.into_iter().zip(words(&state[..8].try_into().unwrap())) {
            let expected = builder.extension_constant(value);
            builder.assert_equal(wire, expected);
        }
        accept(builder, &Given::messages(given));
    }
}

#[test]
fn a_carry_of_four_elements_is_refused() {
    let build = || {
        let mut builder = Builder::new();
        let [carry, word] = [(); 2].map(|()| builder.message(SOURCE));
        let zero = builder.zero();
        let mut duplex = builder.duplex([Val::ZERO; 8]);
        let words = [word, zero];
        builder.absorb(&mut duplex, Absorb { offset: 2, carry: Some(carry), words, tag: 6 });
        builder
    };
    let mut value = coefficients(Random(6).challenge());
    assert_eq!(refuse(build(), &Given::messages([extension(value), Challenge::ONE])), Failure::Carry);
    value[3] = Val::ZERO;
    accept(build(), &Given::messages([extension(value), Challenge::ONE]));
}

#[test]
fn forged_states_are_refused() {
    let (builder, given) = transcript(3, 5, [Val::ONE; 8]);
    let (circuit, witness) = accept(builder, &given);
    // The first row is that of the public values, the second loads: their inputs are nobody's.
    let rows = 2..2 + 5;
    for row in rows {
        for i in 0..16 {
            let mut forged = witness.clone();
            forged.compress[row].input[i] += Val::ONE;
            assert!(!holds(&circuit, &forged), "row {row}, element {i}");
        }
    }
}

#[test]
fn misused_sponges_give_no_circuit() {
    let finish = |misuse: &dyn Fn(&mut Builder, &mut Duplex, [Wire; 2])| {
        let mut builder = Builder::new();
        let words = [builder.zero(), builder.one()];
        let mut duplex = builder.duplex([Val::ZERO; 8]);
        misuse(&mut builder, &mut duplex, words);
        builder.finish(&SMALL).unwrap_err()
    };
    let block = |offset, words, tag| Absorb { offset, carry: None, words, tag };
    let error = finish(&|builder, duplex, words| builder.absorb(duplex, block(4, words, 8)));
    assert_eq!(error, BuildError::Absorption { offset: 4, tag: 8 });
    let error = finish(&|builder, duplex, words| builder.absorb(duplex, block(0, words, 9)));
    assert_eq!(error, BuildError::Absorption { offset: 0, tag: 9 });
    let error = finish(&|builder, duplex, words| builder.absorb(duplex, block(1, words, 8)));
    assert_eq!(error, BuildError::Carry { offset: 1 });
    // The words of a row that only permutes are anyone's.
    let error = finish(&|builder, duplex, words| {
        builder.absorb(duplex, Absorb { offset: 1, carry: Some(words[1]), words, tag: 8 });
        builder.squeeze(duplex);
        builder.absorb(duplex, block(1, words, 8));
    });
    assert_eq!(error, BuildError::Carry { offset: 1 });
    let error = finish(&|builder, duplex, words| {
        builder.absorb(duplex, block(0, words, 8));
        builder.absorb(duplex, block(1, words, 8));
    });
    assert_eq!(error, BuildError::Carry { offset: 1 });
    let error = finish(&|builder, duplex, _| assert_eq!(builder.output(duplex), [builder.zero(); 2]));
    assert_eq!(error, BuildError::EarlyOutput);
    let error = finish(&|builder, _, words| {
        builder.hash(1, 9, &words);
    });
    assert_eq!(error, BuildError::HashLength { length: 9, words: 2 });
    let error = finish(&|builder, _, _| {
        builder.hash(1, 0, &[]);
    });
    assert_eq!(error, BuildError::HashLength { length: 0, words: 0 });
}
