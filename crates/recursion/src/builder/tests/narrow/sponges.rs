//! Transcripts and hashes of our own.

use ashlar_machine::hash::Hasher;
use p3_challenger::{CanObserve, CanSample, DuplexChallenger};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16};

use super::*;

type Challenger = DuplexChallenger<Val, Poseidon2KoalaBear<16>, 16, 8>;

/// Samples an element, and returns the state after.
fn squeeze(native: &mut Challenger) -> [Val; 16] {
    let element: Val = native.sample();
    assert_eq!(element, native.sponge_state[7]);
    native.sponge_state
}

fn assert_words(builder: &mut Builder, output: [Wire; 2], elements: &[Val]) {
    let expected = words(&elements[..8].try_into().unwrap());
    for (wire, value) in output.into_iter().zip(expected) {
        let expected = builder.extension_constant(value);
        builder.assert_equal(wire, expected);
    }
}

fn assert_output(builder: &mut Builder, duplex: &Duplex, state: &[Val]) {
    let output = builder.output(duplex);
    assert_words(builder, output, state);
}

/// A transcript that starts with `offset` constants before the messages, then squeezes and absorbs again.
fn transcript(offset: usize, messages: usize) -> (Builder, Given) {
    let mut random = Random(10 * messages as u64 + offset as u64);
    let head = random.vals(offset);
    let given = random.challenges(messages);
    let mut native = Challenger::new(default_koalabear_poseidon2_16());
    native.observe_slice(&head);
    for message in &given {
        native.observe_slice(&coefficients(*message));
    }
    let after_messages = squeeze(&mut native);
    native.output_buffer.clear();
    let after_squeeze = squeeze(&mut native);
    native.observe_slice(&coefficients(given[0]));
    let after_absorption = squeeze(&mut native);

    let mut builder = builder();
    let wires: Vec<_> = given.iter().map(|_| builder.message(SOURCE)).collect();
    let zero = builder.zero();
    let mut carried = [Val::ZERO; 4];
    carried[..offset].copy_from_slice(&head);
    let carry = builder.extension_constant(extension(carried));
    let mut duplex = builder.duplex([Val::ZERO; 8]);
    let mut left = offset + 4 * messages;
    for (i, pair) in wires.chunks(2).chain([&[][..]]).enumerate() {
        if left == 0 {
            break;
        }
        let words = core::array::from_fn(|k| pair.get(k).copied().unwrap_or(zero));
        let tag = left.min(8);
        builder.absorb(&mut duplex, Absorb { offset, carry: (i == 0).then_some(carry), words, tag });
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
            let (builder, given) = transcript(offset, messages);
            accept(builder, &given);
        }
    }
}

#[test]
fn every_absorbed_element_matters() {
    for offset in [0, 3] {
        for (message, i) in (0..3).flat_map(|message| (0..4).map(move |i| (message, i))) {
            let (builder, mut given) = transcript(offset, 3);
            let mut change = [Val::ZERO; 4];
            change[i] = Val::ONE;
            given.messages.get_mut(&0).unwrap()[message] += extension(change);
            assert_eq!(refuse(builder, &given), Failure::Assertion);
        }
    }
}

#[test]
fn a_squeeze_without_an_absorption_permutes_the_initial_state() {
    let capacity: [Val; 8] = Random(4).vals(8).try_into().unwrap();
    let state: [Val; 16] = core::array::from_fn(|i| if i < 8 { Val::ZERO } else { capacity[i - 8] });
    let mut builder = builder();
    let mut duplex = builder.duplex(capacity);
    builder.squeeze(&mut duplex);
    assert_output(&mut builder, &duplex, &Hasher::default().permute(state));
    accept(builder, &Given::default());
}

/// Builders of both kinds.
fn both() -> [Builder; 2] {
    [Layout::Wide, Layout::Narrow].map(Builder::with_layout)
}

/// Accepts a circuit on the tables that it is for.
fn accept_any(builder: Builder, given: &Given) {
    match builder.layout() {
        Layout::Wide => {
            super::super::accept(builder, given);
        }
        Layout::Narrow => {
            accept(builder, given);
        }
    }
}

#[test]
fn hashes_are_those_of_the_machine() {
    for length in [1, 4, 7, 8, 9, 16, 21] {
        for mut builder in both() {
            let elements = Random(length as u64).vals(length);
            let mut padded = elements.clone();
            padded.resize(length.next_multiple_of(4), Val::ZERO);
            let messages: Vec<_> = padded.as_chunks().0.iter().map(|word| extension(*word)).collect();
            let wires: Vec<_> = messages.iter().map(|_| builder.message(SOURCE)).collect();
            let digest = builder.hash(9, length, &wires);
            assert_words(&mut builder, digest, &Hasher::default().sponge(9, &elements));
            accept_any(builder, &Given::messages(messages));
        }
    }
}

#[test]
fn compressions_are_those_of_the_machine() {
    for mut builder in both() {
        let mut random = Random(5);
        let [x, y]: [[Val; 8]; 2] = [0; 2].map(|_| random.vals(8).try_into().unwrap());
        let wires: [Wire; 4] = core::array::from_fn(|_| builder.message(SOURCE));
        let [x0, x1, y0, y1] = wires;
        let once = builder.compress([x0, x1], [y0, y1]);
        let hasher = Hasher::default();
        let expected = hasher.compress(&x, &y);
        assert_words(&mut builder, once, &expected);
        let zero = builder.zero();
        let twice = builder.compress([zero; 2], once);
        assert_words(&mut builder, twice, &hasher.compress(&[Val::ZERO; 8], &expected));
        accept_any(builder, &Given::messages([words(&x), words(&y)].concat()));
    }
}

#[test]
fn another_operand_compresses_to_something_else() {
    for i in 0..4 {
        for mut builder in both() {
            let wires: [Wire; 4] = core::array::from_fn(|_| builder.message(SOURCE));
            let [x0, x1, y0, y1] = wires;
            let digest = builder.compress([x0, x1], [y0, y1]);
            let zero = [Val::ZERO; 8];
            assert_words(&mut builder, digest, &Hasher::default().compress(&zero, &zero));
            let given = Given::messages((0..4).map(|k| Challenge::from_bool(k == i)).collect::<Vec<_>>());
            let failure = match builder.layout() {
                Layout::Wide => super::super::refuse(builder, &given),
                Layout::Narrow => refuse(builder, &given),
            };
            assert_eq!(failure, Failure::Assertion);
        }
    }
}

#[test]
fn carries_that_no_block_has_give_no_circuit() {
    let mut builder = builder();
    let mut duplex = builder.duplex([Val::ZERO; 8]);
    let carry = Some(builder.message(SOURCE));
    let words = [builder.zero(); 2];
    builder.absorb(&mut duplex, Absorb { offset: 2, carry, words, tag: 8 });
    assert_eq!(builder.finish_narrow(LOG_HEIGHT).unwrap_err(), BuildError::NarrowCarry);
}
