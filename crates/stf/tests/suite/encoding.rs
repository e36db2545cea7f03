//! The bytes of a batch input: cut, stretched, and flipped.
//!
//! Which bytes are free? Of a pruned input only those of the configuration, which its hash in the output tells: a flip
//! there is another statement, true of another chain. Of any other input also the nodes and codes that are not read.

use crate::world::{BATCH, PRUNED, chain, config_of, draft};
use alloy_primitives::{B256, keccak256};
use ashlar_primitives::{BatchInput, Fork, InputError, PublicOutput};
use ashlar_stf::{Error, execute_batch};
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use std::{ops::Range, sync::LazyLock};

static ENCODED: LazyLock<(Vec<u8>, PublicOutput)> = LazyLock::new(|| {
    let bytes = PRUNED.borrow().encode().expect("it is small");
    let output = execute_batch(&bytes).expect("it is valid");
    (bytes, output)
});

/// Where the configuration stands: after the version and its length.
fn config_range() -> Range<usize> {
    8..8 + PRUNED.config.len()
}

/// Asserts that changed bytes are refused, or make a statement that their configuration's hash tells apart.
fn refused_or_told_apart(changed: &[u8]) -> Result<(), TestCaseError> {
    let (bytes, output) = &*ENCODED;
    if changed == bytes {
        return Ok(());
    }
    if let Ok(other) = execute_batch(changed) {
        let (config, rest) = (config_range(), config_range().end);
        let same = changed[..config.start] == bytes[..config.start] && changed[rest..] == bytes[rest..];
        prop_assert!(same, "byte {:?} is free", bytes.iter().zip(changed).position(|(a, b)| a != b));
        prop_assert_eq!(PublicOutput { config_hash: output.config_hash, ..other }, *output);
        prop_assert_eq!(other.config_hash, keccak256(&changed[config]));
        prop_assert_ne!(other.config_hash, output.config_hash);
    }
    Ok(())
}

fn settings(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(settings(2_500))]

    #[test]
    fn flipped_bits_are_refused(at in any::<prop::sample::Index>(), bit in 0..8u32) {
        let mut bytes = ENCODED.0.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        refused_or_told_apart(&bytes)?;
    }

    #[test]
    fn overwritten_bytes_are_refused(
        at in any::<prop::sample::Index>(),
        with in prop_oneof![
            prop::collection::vec(any::<u8>(), 1..40),
            (1usize..40).prop_map(|length| vec![0; length]),
            (1usize..40).prop_map(|length| vec![0xff; length]),
        ],
    ) {
        let mut bytes = ENCODED.0.clone();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + with.len());
        bytes[at..end].copy_from_slice(&with[..end - at]);
        refused_or_told_apart(&bytes)?;
    }

    #[test]
    fn moved_bytes_are_refused(
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        words in 1usize..20,
        remove in any::<bool>(),
    ) {
        let mut bytes = ENCODED.0.clone();
        let (from, to) = (from.index(bytes.len()) & !3, to.index(bytes.len()) & !3);
        let end = bytes.len().min(from + 4 * words);
        if remove {
            bytes.drain(from..end);
        } else {
            let copied = bytes[from..end].to_vec();
            bytes.splice(to..to, copied);
        }
        refused_or_told_apart(&bytes)?;
    }

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), version in any::<bool>()) {
        let bytes = if version { [&[1, 0, 0, 0][..], &bytes].concat() } else { bytes };
        prop_assert!(execute_batch(&bytes).is_err());
    }
}

/// A small valid input: an empty block of Cancun.
fn small() -> Vec<u8> {
    let mut chain = chain(config_of(Fork::Cancun));
    let made = chain.make(draft(12), Vec::new(), Vec::new()).expect("it is valid");
    made.pruned().expect("it is valid").borrow().encode().expect("it is small")
}

#[test]
fn truncations_at_every_byte_are_refused() {
    let bytes = small();
    assert!(execute_batch(&bytes).is_ok());
    for length in 0..bytes.len() {
        assert!(matches!(execute_batch(&bytes[..length]), Err(Error::Input(_))), "{length} bytes");
    }
}

#[test]
fn bytes_after_the_input_are_refused() {
    for more in 1..9 {
        let bytes = [&small()[..], &vec![0; more]].concat();
        assert_eq!(execute_batch(&bytes), Err(Error::Input(InputError::Trailing(more))));
    }
}

#[test]
fn huge_lengths_are_refused_without_their_memory() {
    let bytes = small();
    let mut lengths = 0;
    for at in (4..bytes.len()).step_by(4) {
        for huge in [u32::MAX, u32::MAX - 3, 1 << 31, 1 << 30, bytes.len() as u32] {
            let mut forged = bytes.clone();
            forged[at..at + 4].copy_from_slice(&huge.to_le_bytes());
            match execute_batch(&forged) {
                Ok(output) => assert_eq!(output.config_hash, keccak256(&forged[8..8 + 11 * 32])),
                Err(Error::Input(InputError::Length { .. })) => lengths += 1,
                Err(_) => {}
            }
        }
    }
    // Configuration, ancestors and their one, blocks and their header, its two lists, state and codes and theirs.
    let input = BatchInput::decode(&bytes).unwrap();
    assert_eq!(lengths, 5 * (9 + input.state.len() + input.codes.len()));
}

#[test]
fn every_word_of_the_configuration_is_refused_or_told_by_its_hash() {
    let (bytes, output) = &*ENCODED;
    let mut told = 0;
    for at in config_range() {
        let mut forged = bytes.clone();
        forged[at] ^= 1;
        if let Ok(other) = execute_batch(&forged) {
            assert_ne!(other.config_hash, output.config_hash);
            assert_eq!(other.chain_id, output.chain_id, "transactions name it");
            told += 1;
        }
    }
    assert!(told > 0, "the batch does not use every word");
}

#[test]
fn bytes_that_are_not_read_are_free_and_change_nothing() {
    let output = execute_batch(&BATCH.borrow().encode().unwrap());
    let used = |node: &[u8]| PRUNED.state.iter().any(|used| used.as_ref() == node);
    let mut input = BATCH.clone();
    let mut changed = 0;
    for node in input.state.iter_mut().filter(|node| !used(node)) {
        let mut forged = node.to_vec();
        forged[0] ^= 0xff;
        *node = forged.into();
        changed += 1;
    }
    assert!(changed > 10);
    let bytes = input.borrow().encode().unwrap();
    assert_eq!(execute_batch(&bytes), output);
    assert_eq!(BatchInput::decode(&bytes), Ok(input.borrow()));
}

#[test]
fn the_output_tells_the_configuration() {
    let (_, output) = &*ENCODED;
    assert_eq!(output.config_hash, keccak256(&PRUNED.config));
    assert_ne!(output.config_hash, B256::ZERO);
}
