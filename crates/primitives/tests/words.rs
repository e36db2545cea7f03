//! Configurations and outputs as words: each error, and that one value has one encoding.

use alloy_primitives::{Address, B256, keccak256};
use ashlar_primitives::{
    BLOB_ENTRIES_MAX, BlobEntry, ChainConfig, ConfigError, Fork, NEVER, PublicOutput, UPDATE_FRACTION_MAX,
    WordError,
};
use proptest::prelude::*;

prop_compose! {
    fn entries()(
        gaps in prop::collection::vec(1u64..1 << 40, 0..=BLOB_ENTRIES_MAX),
        start in any::<u32>(),
        seed in any::<u64>(),
    ) -> Vec<BlobEntry> {
        let mut activation = u64::from(start);
        gaps.into_iter().map(|gap| {
            activation += gap;
            let mixed = keccak256((seed ^ activation).to_be_bytes());
            let max = u16::from_be_bytes([mixed[0], mixed[1]]).max(1);
            let target = u16::from_be_bytes([mixed[2], mixed[3]]) % max;
            let update_fraction = 1 + u64::from_be_bytes(mixed[8..16].try_into().unwrap()) % UPDATE_FRACTION_MAX;
            BlobEntry { activation, target, max, update_fraction }
        }).collect()
    }
}

prop_compose! {
    fn configs()(
        chain_id in any::<u64>(),
        mut forks in prop::array::uniform3(prop_oneof![any::<u64>(), Just(NEVER), Just(0)]),
        deposit in any::<[u8; 20]>(),
        blob_schedule in entries(),
    ) -> ChainConfig {
        forks.sort_unstable();
        let [cancun, prague, osaka] = forks;
        ChainConfig { chain_id, cancun, prague, osaka, deposit_contract: Address::new(deposit), blob_schedule }
    }
}

fn output(words: &[[u8; 32]; 5], chain_id: u64) -> PublicOutput {
    let [config_hash, first_block, last_block, pre_state_root, post_state_root] = words.map(B256::new);
    PublicOutput { chain_id, config_hash, first_block, last_block, pre_state_root, post_state_root }
}

proptest! {
    #[test]
    fn a_configuration_is_what_its_encoding_says(config in configs()) {
        let bytes = config.encode();
        prop_assert_eq!(bytes.len(), 32 * (7 + 4 * config.blob_schedule.len()));
        prop_assert_eq!(config.hash(), keccak256(&bytes));
        prop_assert_eq!(ChainConfig::decode(&bytes), Ok(config));
    }

    #[test]
    fn a_changed_encoding_is_refused_or_another_configuration(
        config in configs(),
        at in any::<prop::sample::Index>(),
        bit in 0..8u32,
    ) {
        let mut bytes = config.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(other) = ChainConfig::decode(&bytes) {
            prop_assert_eq!(other.encode(), bytes);
            prop_assert_ne!(other.hash(), config.hash());
            prop_assert_ne!(other, config);
        }
    }

    #[test]
    fn random_bytes_are_a_configuration_only_by_their_own_encoding(
        words in prop::collection::vec(prop_oneof![0u64..40, any::<u64>()], 0..20),
        version in any::<bool>(),
    ) {
        let words = version.then_some(1).into_iter().chain(words);
        let bytes: Vec<_> = words.flat_map(|word| [&[0; 24][..], &word.to_be_bytes()].concat()).collect();
        if let Ok(config) = ChainConfig::decode(&bytes) {
            prop_assert_eq!(config.validate(), Ok(()));
            prop_assert_eq!(config.encode(), bytes);
        }
    }

    #[test]
    fn an_output_is_what_its_encoding_says(words in any::<[[u8; 32]; 5]>(), chain_id in any::<u64>()) {
        let output = output(&words, chain_id);
        let bytes = output.encode();
        prop_assert_eq!(bytes.len(), PublicOutput::BYTES);
        prop_assert_eq!(output.hash(), keccak256(&bytes));
        prop_assert_eq!(PublicOutput::decode(&bytes), Ok(output));
    }

    #[test]
    fn a_changed_output_is_refused_or_another_output(
        words in any::<[[u8; 32]; 5]>(),
        chain_id in any::<u64>(),
        at in 0..PublicOutput::BYTES,
        bit in 0..8u32,
    ) {
        let mut bytes = output(&words, chain_id).encode();
        bytes[at] ^= 1 << bit;
        match PublicOutput::decode(&bytes) {
            // The version, and the 24 bytes of the chain id that are zero.
            Err(error) => {
                prop_assert!(at < 32 + 24);
                prop_assert_eq!(error, WordError::Range { index: at / 32 });
            }
            Ok(other) => {
                prop_assert!(at >= 32 + 24);
                prop_assert_eq!(other.encode(), bytes);
            }
        }
    }

    #[test]
    fn lengths_that_are_not_an_outputs_are_refused(length in 0usize..600) {
        let mut bytes = vec![0; length];
        if length >= 32 {
            bytes[31] = 1;
        }
        match PublicOutput::decode(&bytes) {
            Ok(_) => prop_assert_eq!(length, PublicOutput::BYTES),
            Err(_) => prop_assert_ne!(length, PublicOutput::BYTES),
        }
    }
}

fn mainnet_with(change: impl FnOnce(&mut ChainConfig)) -> Result<(), ConfigError> {
    let mut config = ChainConfig::mainnet();
    change(&mut config);
    let validated = config.validate();
    let decoded = ChainConfig::decode(&config.encode()).map(|again| assert_eq!(again, config));
    assert_eq!(decoded, validated, "what is decoded is validated");
    validated
}

/// Mainnet's encoding with one word replaced.
fn with_word(index: usize, word: [u8; 32]) -> Result<ChainConfig, ConfigError> {
    let mut bytes = ChainConfig::mainnet().encode();
    bytes[32 * index..][..32].copy_from_slice(&word);
    ChainConfig::decode(&bytes)
}

fn word(value: u128) -> [u8; 32] {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&value.to_be_bytes());
    word
}

#[test]
fn forks_out_of_order_are_refused() {
    let wrong = Err(ConfigError::ForkOrder);
    assert_eq!(mainnet_with(|config| config.cancun = config.prague + 1), wrong);
    assert_eq!(mainnet_with(|config| config.prague = config.osaka + 1), wrong);
    assert_eq!(mainnet_with(|config| config.osaka = config.prague - 1), wrong);
    assert_eq!(mainnet_with(|config| config.cancun = NEVER), wrong);
    assert_eq!(mainnet_with(|config| config.prague = NEVER), wrong);
    assert_eq!(mainnet_with(|config| config.osaka = NEVER), Ok(()));
    assert_eq!(mainnet_with(|config| config.osaka = config.prague), Ok(()));
}

#[test]
fn blob_entries_out_of_range_or_order_are_refused() {
    let wrong = |index| Err(ConfigError::BlobEntry(index));
    let of = |index: usize, change: fn(&mut BlobEntry)| {
        mainnet_with(|config| change(&mut config.blob_schedule[index]))
    };
    assert_eq!(of(0, |entry| entry.max = 0), wrong(0));
    assert_eq!(of(1, |entry| entry.target = entry.max + 1), wrong(1));
    assert_eq!(of(1, |entry| entry.target = entry.max), Ok(()));
    assert_eq!(of(1, |entry| entry.target = 0), Ok(()));
    assert_eq!(of(2, |entry| entry.update_fraction = 0), wrong(2));
    assert_eq!(of(2, |entry| entry.update_fraction = UPDATE_FRACTION_MAX), Ok(()));
    assert_eq!(of(2, |entry| entry.update_fraction = UPDATE_FRACTION_MAX + 1), wrong(2));
    assert_eq!(of(2, |entry| entry.update_fraction = u64::MAX), wrong(2));
    assert_eq!(of(0, |entry| entry.activation = 1_746_612_311), wrong(1), "equal to the next one");
    assert_eq!(of(3, |entry| entry.activation = 0), wrong(3));
    assert_eq!(mainnet_with(|config| config.blob_schedule.swap(0, 1)), wrong(1));
}

#[test]
fn more_blob_entries_than_the_limit_are_refused() {
    let fill = |count: usize| {
        let entry = |index: u64| BlobEntry { activation: index, target: 1, max: 2, update_fraction: 3 };
        mainnet_with(|config| config.blob_schedule = (0..count as u64).map(entry).collect())
    };
    assert_eq!(fill(BLOB_ENTRIES_MAX), Ok(()));
    assert_eq!(fill(BLOB_ENTRIES_MAX + 1), Err(ConfigError::BlobEntries(33)));
    // A count that no input could follow up on costs no memory.
    for count in [33, 1 << 32, u64::MAX] {
        assert_eq!(with_word(6, word(count.into())), Err(ConfigError::BlobEntries(count)));
    }
}

#[test]
fn counts_that_are_not_the_words_are_refused() {
    let bytes = 32 * (7 + 4 * 4);
    assert_eq!(
        with_word(6, word(3)),
        Err(WordError::Length { have: bytes, want: bytes - 128 }.into()),
        "an entry more than counted"
    );
    assert_eq!(with_word(6, word(5)), Err(WordError::Short { have: 23, want: 24 }.into()));
    assert_eq!(with_word(6, word(0)), Err(WordError::Length { have: bytes, want: 32 * 7 }.into()));
}

#[test]
fn other_versions_are_refused() {
    for version in [0, 2, u64::MAX] {
        assert_eq!(with_word(0, word(version.into())), Err(ConfigError::Version(version)));
    }
    let mut bytes = PublicOutput::decode(&[word(1); 7].concat()).unwrap().encode();
    bytes[31] = 2;
    assert_eq!(PublicOutput::decode(&bytes), Err(WordError::Range { index: 0 }));
}

#[test]
fn words_beyond_the_type_of_their_field_are_refused() {
    for index in [0, 1, 2, 3, 4, 6, 7, 10] {
        let above = with_word(index, word(1 << 64));
        assert_eq!(above, Err(WordError::Range { index }.into()));
        assert_eq!(with_word(index, [0xff; 32]), Err(WordError::Range { index }.into()));
    }
    let mut address = [0; 32];
    address[11] = 1;
    assert_eq!(with_word(5, address), Err(WordError::Range { index: 5 }.into()));
    assert_eq!(with_word(5, [0xff; 32]), Err(WordError::Range { index: 5 }.into()));
    // Target and max are 16 bits. The index of the word is counted from the start, as everywhere.
    for index in [8, 9, 12, 13] {
        assert_eq!(with_word(index, word(1 << 16)), Err(WordError::Range { index }.into()));
    }
}

#[test]
fn every_other_length_is_refused() {
    let whole = ChainConfig::mainnet().encode();
    for length in 0..whole.len() {
        let expected = match length % 32 {
            0 => WordError::Short { have: length / 32, want: length / 32 + 1 },
            _ => WordError::Length { have: length, want: length / 32 * 32 },
        };
        assert_eq!(ChainConfig::decode(&whole[..length]), Err(expected.into()));
    }
    let longer = [&whole[..], &[0; 32]].concat();
    let expected = WordError::Length { have: whole.len() + 32, want: whole.len() };
    assert_eq!(ChainConfig::decode(&longer), Err(expected.into()));
    for more in 1..32 {
        let longer = [&whole[..], &vec![0; more]].concat();
        let expected = WordError::Length { have: whole.len() + more, want: whole.len() };
        assert_eq!(ChainConfig::decode(&longer), Err(expected.into()));
    }
}

#[test]
fn forks_that_never_come_are_inactive_in_the_last_second() {
    let mut config = ChainConfig::mainnet();
    config.osaka = NEVER;
    assert_eq!(config.fork_at(u64::MAX), Some(Fork::Prague));
    config.prague = NEVER;
    assert_eq!(config.fork_at(u64::MAX), Some(Fork::Cancun));
    config.cancun = NEVER;
    assert_eq!(config.fork_at(u64::MAX), None);
    config.cancun = 0;
    assert_eq!(config.fork_at(0), Some(Fork::Cancun));
    config.blob_schedule.clear();
    assert_eq!(config.blobs_at(u64::MAX), None);
}
