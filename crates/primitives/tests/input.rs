//! The batch input's encoding: each error, limits, and that one value has one encoding.

use alloy_primitives::Bytes;
use ashlar_primitives::{BatchInput, BatchInputOwned, BlockInputOwned, InputError};
use proptest::prelude::*;

fn strings() -> impl Strategy<Value = Vec<Bytes>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from), 0..5)
}

prop_compose! {
    fn inputs()(
        config in prop::collection::vec(any::<u8>(), 0..70),
        ancestors in strings(),
        blocks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..50), strings(), strings()), 0..4),
        state in strings(),
        codes in strings(),
    ) -> BatchInputOwned {
        let block = |(header, transactions, withdrawals): (Vec<u8>, _, _)| BlockInputOwned {
            header: header.into(),
            transactions,
            withdrawals,
        };
        BatchInputOwned {
            config: config.into(),
            ancestors,
            blocks: blocks.into_iter().map(block).collect(),
            state,
            codes,
        }
    }
}

/// The encoding as specification 002 says it, written down a second time.
fn spelled_out(input: &BatchInputOwned) -> Vec<u8> {
    fn u32(out: &mut Vec<u8>, value: usize) {
        out.extend((value as u32).to_le_bytes());
    }
    fn bytes(out: &mut Vec<u8>, bytes: &Bytes) {
        u32(out, bytes.len());
        out.extend(bytes);
        while !out.len().is_multiple_of(4) {
            out.push(0);
        }
    }
    fn list(out: &mut Vec<u8>, items: &[Bytes]) {
        u32(out, items.len());
        items.iter().for_each(|item| bytes(out, item));
    }
    let mut out = vec![1, 0, 0, 0];
    bytes(&mut out, &input.config);
    list(&mut out, &input.ancestors);
    u32(&mut out, input.blocks.len());
    for block in &input.blocks {
        bytes(&mut out, &block.header);
        list(&mut out, &block.transactions);
        list(&mut out, &block.withdrawals);
    }
    list(&mut out, &input.state);
    list(&mut out, &input.codes);
    out
}

proptest! {
    #[test]
    fn an_input_is_what_its_encoding_says(input in inputs()) {
        let bytes = input.borrow().encode().unwrap();
        prop_assert_eq!(&bytes, &spelled_out(&input));
        prop_assert_eq!(BatchInput::decode(&bytes), Ok(input.borrow()));
    }

    #[test]
    fn strings_lie_at_multiples_of_four(input in inputs()) {
        let bytes = input.borrow().encode().unwrap();
        let decoded = BatchInput::decode(&bytes).unwrap();
        let start = bytes.as_ptr() as usize;
        let lists = [&decoded.ancestors, &decoded.state, &decoded.codes];
        for string in lists.into_iter().flatten().filter(|string| !string.is_empty()) {
            prop_assert_eq!((string.as_ptr() as usize - start) % 4, 0);
        }
    }

    #[test]
    fn every_truncation_is_refused(input in inputs(), at in any::<prop::sample::Index>()) {
        let bytes = input.borrow().encode().unwrap();
        let at = at.index(bytes.len());
        let refused = BatchInput::decode(&bytes[..at]).unwrap_err();
        let known = matches!(refused, InputError::Truncated(_) | InputError::Length { .. });
        prop_assert!(known, "{refused}");
    }

    #[test]
    fn changed_bytes_are_refused_or_another_input(
        input in inputs(),
        at in any::<prop::sample::Index>(),
        with in prop_oneof![any::<u8>(), Just(0), Just(0xff)],
    ) {
        let mut bytes = input.borrow().encode().unwrap();
        let at = at.index(bytes.len());
        let same = bytes[at] == with;
        bytes[at] = with;
        if let Ok(other) = BatchInput::decode(&bytes) {
            prop_assert_eq!(&other.encode().unwrap(), &bytes);
            prop_assert_eq!(other == input.borrow(), same);
        }
    }

    #[test]
    fn random_words_are_an_input_only_by_their_own_encoding(
        words in prop::collection::vec(prop_oneof![4 => 0u32..4, 1 => any::<u32>()], 0..40),
        cut in 0usize..4,
    ) {
        let mut bytes: Vec<_> =
            std::iter::once(1).chain(words).flat_map(|word: u32| word.to_le_bytes()).collect();
        bytes.truncate(bytes.len() - cut);
        if let Ok(input) = BatchInput::decode(&bytes) {
            prop_assert_eq!(&input.encode().unwrap(), &bytes);
        }
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn the_empty_input_is_six_words() {
    let empty = BatchInputOwned::default();
    let bytes = words(&[1, 0, 0, 0, 0, 0]);
    assert_eq!(empty.borrow().encode().unwrap(), bytes);
    assert_eq!(BatchInput::decode(&bytes), Ok(empty.borrow()));
}

#[test]
fn other_versions_are_refused() {
    for version in [0, 2, 1 << 24, u32::MAX] {
        let bytes = words(&[version, 0, 0, 0, 0, 0]);
        assert_eq!(BatchInput::decode(&bytes), Err(InputError::Version { found: version, wanted: 1 }));
    }
    assert_eq!(BatchInput::decode(&[]), Err(InputError::Truncated(0)));
    assert_eq!(BatchInput::decode(&[1, 0, 0]), Err(InputError::Truncated(0)));
}

#[test]
fn bytes_after_the_last_field_are_refused() {
    for more in 1..10 {
        let mut bytes = words(&[1, 0, 0, 0, 0, 0]);
        bytes.extend(vec![0; more]);
        assert_eq!(BatchInput::decode(&bytes), Err(InputError::Trailing(more)));
    }
}

#[test]
fn padding_that_is_not_zero_is_refused() {
    for (length, at) in [(1, 9), (1, 10), (1, 11), (2, 10), (3, 11)] {
        let mut bytes = words(&[1, length, 0, 0, 0, 0, 0]);
        assert!(BatchInput::decode(&bytes).is_ok());
        bytes[at] = 1;
        assert_eq!(BatchInput::decode(&bytes), Err(InputError::Padding(12)));
    }
}

#[test]
fn padding_that_is_absent_is_refused() {
    let mut bytes = words(&[1, 0, 0, 0, 0, 1, 1]);
    bytes.push(7);
    assert_eq!(BatchInput::decode(&bytes), Err(InputError::Truncated(29)));
}

/// A count is checked against the bytes that are left before anything is reserved for it. Were it not, these would ask
/// for up to 200 GB.
#[test]
fn counts_and_lengths_beyond_the_bytes_are_refused_at_once() {
    // Configuration, ancestors, blocks, state, codes: the word of each, in an otherwise empty input.
    for field in 1..=5 {
        for length in [21, 1 << 20, 1 << 30, 1 << 31, u32::MAX - 3, u32::MAX] {
            let mut forged = [1, 0, 0, 0, 0, 0];
            forged[field] = length;
            let at = 4 * field;
            assert_eq!(BatchInput::decode(&words(&forged)), Err(InputError::Length { at, length }));
        }
    }
    // A list's items take four bytes at least.
    let five = [1, 0, 5, 0, 0, 0, 0, 0];
    assert_eq!(BatchInput::decode(&words(&five)), Err(InputError::Truncated(32)));
    let six = [1, 0, 6, 0, 0, 0, 0, 0];
    assert_eq!(BatchInput::decode(&words(&six)), Err(InputError::Length { at: 8, length: 6 }));
}

#[test]
fn the_lists_of_a_block_are_checked_too() {
    // One block: header, transactions, withdrawals.
    let block = [1, 0, 0, 1, 0, 0, 0, 0, 0];
    assert_eq!(BatchInput::decode(&words(&block)).unwrap().blocks.len(), 1);
    for field in 4..=6 {
        let mut forged = block;
        forged[field] = u32::MAX;
        let bytes = words(&forged);
        let refused = BatchInput::decode(&bytes);
        assert_eq!(refused, Err(InputError::Length { at: 4 * field, length: u32::MAX }));
    }
}
