//! Header checks H1 to H12: each field changed alone, and the bounds of each rule.

mod fees;

use crate::world::{
    BATCH, GENESIS_TIME, chain, change_header, config, config_of, draft, genesis_accounts, genesis_header,
    refusal, refused_header, rich, run,
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256, keccak256};
use alloy_rlp::Decodable;
use ashlar_primitives::{BatchInputOwned, Fork, PublicOutput};
use ashlar_stf::{BlockError, Error, Field};
use ashlar_witness::Chain;

const FORKS: [Fork; 3] = [Fork::Cancun, Fork::Prague, Fork::Osaka];

/// Asserts that every fork refuses the rich block after this change, for this field.
#[track_caller]
fn refused(change: impl Fn(&mut Header), field: Field) {
    for fork in FORKS {
        assert_eq!(refused_header(fork, &change), BlockError::Field(field), "{fork:?}");
    }
}

fn absent(forks: &[Fork], change: impl Fn(&mut Header), field: Field) {
    for fork in forks {
        assert_eq!(refused_header(*fork, &change), BlockError::Absent(field), "{fork:?}");
    }
}

/// An empty block on a parent that was made up: `parent` starts as the genesis header of a chain of this fork.
fn on_parent(
    fork: Fork,
    parent: impl FnOnce(&mut Header),
    child: impl FnOnce(&mut Header),
) -> Result<PublicOutput, Error> {
    run(&child_of(fork, parent, child))
}

fn child_of(
    fork: Fork,
    parent: impl FnOnce(&mut Header),
    child: impl FnOnce(&mut Header),
) -> BatchInputOwned {
    let mut input = chain(config_of(fork))
        .make(draft(12), Vec::new(), Vec::new())
        .expect("an empty block is valid")
        .input;
    let mut header = Header::decode(&mut input.ancestors[0].as_ref()).unwrap();
    parent(&mut header);
    input.ancestors[0] = alloy_rlp::encode(&header).into();
    change_header(&mut input.blocks[0], |block| {
        block.parent_hash = keccak256(&input.ancestors[0]);
        child(block);
    });
    input
}

/// An empty block on a genesis header of anyone's choice, made and accepted.
fn built_on(fork: Fork, parent: impl FnOnce(&mut Header), gas_limit: u64) -> BatchInputOwned {
    let mut genesis = genesis_header();
    parent(&mut genesis);
    let mut chain =
        Chain::new(config_of(fork), genesis_accounts(), genesis).expect("the genesis state has a trie");
    let made = chain.make(Header { gas_limit, ..draft(12) }, Vec::new(), Vec::new()).expect("it is valid");
    run(&made.input).expect("what is made is accepted");
    made.input
}

/// Why a block is refused after a change of its header.
fn changed(mut input: BatchInputOwned, change: impl FnOnce(&mut Header)) -> BlockError {
    change_header(&mut input.blocks[0], change);
    refusal(&input)
}

fn reason(result: Result<PublicOutput, Error>) -> BlockError {
    match result {
        Err(Error::Block { reason, .. }) => reason,
        other => panic!("not refused for the block: {other:?}"),
    }
}

#[test]
fn h1_header_cut_short_is_refused() {
    let whole = rich(Fork::Osaka).input.blocks[0].header.clone();
    for length in 0..whole.len() {
        let mut input = rich(Fork::Osaka).input.clone();
        input.blocks[0].header = whole.slice(..length);
        assert_eq!(run(&input), Err(Error::Block { number: 0, reason: BlockError::HeaderRlp }));
    }
}

#[test]
fn h1_bytes_after_the_header_are_refused() {
    let mut input = rich(Fork::Osaka).input.clone();
    input.blocks[0].header = [input.blocks[0].header.as_ref(), &[0]].concat().into();
    assert_eq!(refusal(&input), BlockError::HeaderRlp);
}

#[test]
fn h1_integers_with_leading_zeros_are_refused() {
    let input = &rich(Fork::Osaka).input;
    let header = &input.blocks[0].header;
    // The number is 1, its own RLP; 0x8200.. and 0x8101 are other ways to say it.
    let at = number_offset();
    assert_eq!(header[at], 1);
    for forged in [&[0x82, 0, 1][..], &[0x81, 1]] {
        let payload = [&header[3..at], forged, &header[at + 1..]].concat();
        let mut forged = Vec::new();
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut forged);
        forged.extend(payload);
        let mut input = input.clone();
        input.blocks[0].header = forged.into();
        assert_eq!(refusal(&input), BlockError::HeaderRlp);
    }
}

/// Where the rich block's number stands: after the list's header, five hashes, an address and the bloom.
const fn number_offset() -> usize {
    3 + 3 * 33 - 33 + 21 + 33 * 3 + 3 + 256 + 1
}

#[test]
fn h1_a_list_header_in_the_long_form_that_needs_none_is_refused() {
    let mut input = rich(Fork::Osaka).input.clone();
    let header = &input.blocks[0].header;
    assert_eq!(header[0], 0xf9);
    input.blocks[0].header = [&[0xfa, 0], &header[1..]].concat().into();
    assert_eq!(refusal(&input), BlockError::HeaderRlp);
}

#[test]
fn h1_fields_of_later_forks_are_refused() {
    assert_eq!(
        refused_header(Fork::Osaka, |header| header.block_access_list_hash = Some(B256::ZERO)),
        BlockError::Field(Field::LaterFork)
    );
    // A field without those before it is no header at all, and must not panic.
    let both = |header: &mut Header| {
        header.block_access_list_hash = Some(B256::ZERO);
        header.slot_number = Some(1);
    };
    assert_eq!(refused_header(Fork::Osaka, both), BlockError::Field(Field::LaterFork));
    // One more item in the list than the library knows.
    let mut input = rich(Fork::Osaka).input.clone();
    change_header(&mut input.blocks[0], both);
    let header = &input.blocks[0].header;
    let payload = [&header[3..], &[0x01, 0x01]].concat();
    let mut longer = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut longer);
    longer.extend(payload);
    input.blocks[0].header = longer.into();
    assert_eq!(refusal(&input), BlockError::HeaderRlp);
}

#[test]
fn h2_parent_hash_of_another_block_is_refused() {
    refused(|header| header.parent_hash.0[31] ^= 1, Field::ParentHash);
    refused(|header| header.parent_hash = B256::ZERO, Field::ParentHash);
}

#[test]
fn h2_a_block_in_the_middle_of_a_batch_cannot_be_skipped_doubled_or_moved() {
    for index in 0..4 {
        let mut input = BATCH.clone();
        input.blocks.remove(index);
        assert_eq!(refusal(&input), BlockError::Field(Field::ParentHash));
        let mut input = BATCH.clone();
        let again = input.blocks[index].clone();
        input.blocks.insert(index, again);
        assert_eq!(refusal(&input), BlockError::Field(Field::ParentHash));
        let mut input = BATCH.clone();
        input.blocks.swap(index, index + 1);
        assert_eq!(refusal(&input), BlockError::Field(Field::ParentHash));
    }
    let mut input = BATCH.clone();
    input.blocks.clear();
    assert_eq!(run(&input), Err(Error::NoBlock));
}

#[test]
fn h2_a_changed_block_breaks_the_next_one() {
    // An empty block says little of itself: another maker is a valid block, but not the one that the next one follows.
    let mut input = BATCH.clone();
    change_header(&mut input.blocks[1], |header| header.beneficiary = Address::repeat_byte(1));
    assert_eq!(run(&input), Err(Error::Block { number: 3, reason: BlockError::Field(Field::ParentHash) }));
}

#[test]
fn h3_a_number_that_is_not_the_parents_and_one_is_refused() {
    refused(|header| header.number += 1, Field::Number);
    refused(|header| header.number -= 1, Field::Number);
    refused(|header| header.number = u64::MAX, Field::Number);
}

#[test]
fn h3_no_block_follows_the_last_number() {
    let wrapped = on_parent(Fork::Osaka, |parent| parent.number = u64::MAX, |child| child.number = 0);
    assert_eq!(reason(wrapped), BlockError::Field(Field::Number));
    let last = on_parent(Fork::Osaka, |parent| parent.number = u64::MAX - 1, |child| child.number = u64::MAX);
    // The number is right; the state root is that of an earlier block's contents.
    assert_eq!(reason(last), BlockError::Field(Field::StateRoot));
}

#[test]
fn h4_timestamp_equal_to_the_parents_is_refused() {
    for fork in FORKS {
        let equal = refused_header(fork, |header| header.timestamp = GENESIS_TIME);
        assert_eq!(equal, BlockError::Field(Field::Timestamp));
        let before = refused_header(fork, |header| header.timestamp = GENESIS_TIME + 1 - 2);
        // Before the forks of the later configurations there is no Prague, and so no requests hash.
        let expected = if fork == Fork::Cancun { Field::Timestamp } else { Field::RequestsHash };
        assert_eq!(before, BlockError::Field(expected));
    }
}

#[test]
fn h4_timestamp_after_the_parents_but_not_the_executed_one_is_refused() {
    refused(|header| header.timestamp -= 1, Field::StateRoot);
    refused(|header| header.timestamp += 1, Field::StateRoot);
    refused(|header| header.timestamp = u64::MAX, Field::StateRoot);
}

#[test]
fn h4_a_block_before_the_first_fork_is_refused() {
    let mut config = config(None, None);
    config.cancun = GENESIS_TIME + 13;
    let mut input = rich(Fork::Cancun).input.clone();
    input.config = config.encode().into();
    assert_eq!(refusal(&input), BlockError::BeforeFirstFork(GENESIS_TIME + 12));
    config.cancun = 0;
    config.blob_schedule[0].activation = GENESIS_TIME + 13;
    input.config = config.encode().into();
    assert_eq!(refusal(&input), BlockError::BeforeFirstFork(GENESIS_TIME + 12));
    config.blob_schedule.clear();
    input.config = config.encode().into();
    assert_eq!(refusal(&input), BlockError::BeforeFirstFork(GENESIS_TIME + 12));
}

#[test]
fn h5_gas_used_beyond_the_limit_is_refused() {
    refused(|header| header.gas_used = header.gas_limit + 1, Field::GasUsed);
    refused(|header| header.gas_used = u64::MAX, Field::GasUsed);
}

#[test]
fn h5_gas_limit_a_1024th_away_is_refused() {
    let step = 30_000_000 / 1_024;
    refused(|header| header.gas_limit += step, Field::GasLimit);
    refused(|header| header.gas_limit -= step, Field::GasLimit);
    refused(|header| header.gas_limit = u64::MAX, Field::GasLimit);
    // Inside of the bound it is the maker's choice, and only what was executed contradicts it.
    refused(|header| header.gas_limit += step - 1, Field::StateRoot);
    for gas_limit in [30_000_000 + step - 1, 30_000_000 - step + 1] {
        let mut chain = chain(config_of(Fork::Osaka));
        let header = Header { gas_limit, ..draft(12) };
        run(&chain.make(header, Vec::new(), Vec::new()).unwrap().input).unwrap();
    }
}

#[test]
fn h5_gas_limit_below_5000_is_refused() {
    let low = |parent: &mut Header| (parent.gas_limit, parent.gas_used) = (5_001, 2_500);
    let lowest = built_on(Fork::Osaka, low, 5_000);
    assert_eq!(changed(lowest, |child| child.gas_limit = 4_999), BlockError::Field(Field::GasLimit));
}

#[test]
fn h5_a_parent_without_gas_limit_is_refused_before_it_divides_anything() {
    for limit in [0, 1, 1_023, 4_999] {
        let result =
            on_parent(Fork::Osaka, |parent| parent.gas_limit = limit, |child| child.gas_limit = limit);
        // The parent used more than that; the child may not.
        assert_eq!(reason(result), BlockError::Field(Field::GasLimit));
    }
}

#[test]
fn h6_extra_data_of_33_bytes_is_refused() {
    refused(|header| header.extra_data = Bytes::from(vec![0; 33]), Field::ExtraData);
    refused(|header| header.extra_data = Bytes::from(vec![0; 1_000_000]), Field::ExtraData);
}

#[test]
fn h6_extra_data_of_32_bytes_is_the_makers_choice_and_changes_the_hash() {
    let made = rich(Fork::Osaka);
    let mut input = made.input.clone();
    change_header(&mut input.blocks[0], |header| header.extra_data = Bytes::from(vec![7; 32]));
    let output = run(&input).unwrap();
    assert_ne!(output.last_block, made.header.hash);
    assert_eq!(output.last_block, keccak256(&input.blocks[0].header));
    assert_eq!(output.post_state_root, made.outcome.state_root);
}

#[test]
fn h7_ommers_are_refused() {
    refused(|header| header.ommers_hash = B256::ZERO, Field::OmmersHash);
    refused(|header| header.ommers_hash.0[0] ^= 0x80, Field::OmmersHash);
}

#[test]
fn h7_difficulty_is_refused() {
    refused(|header| header.difficulty = U256::from(1), Field::Difficulty);
    refused(|header| header.difficulty = U256::MAX, Field::Difficulty);
}

#[test]
fn h7_nonce_is_refused() {
    refused(|header| header.nonce = B64::with_last_byte(1), Field::Nonce);
}

#[test]
fn h9_absent_fields_are_refused() {
    // Fields are absent from the end of the list on: the encoding has no gaps.
    let drop_from = |count: usize| {
        move |header: &mut Header| {
            header.requests_hash = None;
            if count > 1 {
                header.parent_beacon_block_root = None;
            }
            if count > 2 {
                (header.excess_blob_gas, header.blob_gas_used) = (None, None);
            }
            if count > 3 {
                header.withdrawals_root = None;
            }
            if count > 4 {
                header.base_fee_per_gas = None;
            }
        }
    };
    absent(&FORKS, drop_from(2), Field::ParentBeaconRoot);
    absent(&FORKS, drop_from(3), Field::BlobGasUsed);
    absent(&FORKS, drop_from(4), Field::WithdrawalsRoot);
    absent(&FORKS, drop_from(5), Field::BaseFee);
    absent(
        &FORKS,
        |header| {
            drop_from(2)(header);
            header.excess_blob_gas = None;
        },
        Field::ExcessBlobGas,
    );
}

#[test]
fn h9_a_parent_before_london_is_refused() {
    let old = |parent: &mut Header| {
        parent.base_fee_per_gas = None;
        (parent.withdrawals_root, parent.blob_gas_used, parent.excess_blob_gas) = (None, None, None);
        parent.parent_beacon_block_root = None;
    };
    assert_eq!(reason(on_parent(Fork::Cancun, old, |_| ())), BlockError::Absent(Field::BaseFee));
}

#[test]
fn h9_the_first_block_of_cancun_follows_a_parent_without_blobs() {
    let shanghai = |parent: &mut Header| {
        (parent.blob_gas_used, parent.excess_blob_gas, parent.parent_beacon_block_root) = (None, None, None);
    };
    assert!(on_parent(Fork::Cancun, shanghai, |_| ()).is_ok());
    let wrong = |child: &mut Header| child.excess_blob_gas = Some(1 << 17);
    assert_eq!(reason(on_parent(Fork::Cancun, shanghai, wrong)), BlockError::Field(Field::ExcessBlobGas));
}

#[test]
fn h9_another_beacon_root_is_refused() {
    refused(|header| header.parent_beacon_block_root = Some(B256::ZERO), Field::StateRoot);
}

#[test]
fn h12_requests_hash_before_prague_is_refused() {
    let reason = refused_header(Fork::Cancun, |header| header.requests_hash = Some(B256::ZERO));
    assert_eq!(reason, BlockError::Field(Field::RequestsHash));
}

#[test]
fn h12_no_requests_hash_from_prague_on_is_refused() {
    absent(&FORKS[1..], |header| header.requests_hash = None, Field::RequestsHash);
}

#[test]
fn fields_that_execution_determines_are_refused_when_changed() {
    refused(|header| header.beneficiary.0[19] ^= 1, Field::StateRoot);
    refused(|header| header.mix_hash.0[0] ^= 1, Field::StateRoot);
    refused(|header| header.state_root.0[7] ^= 1, Field::StateRoot);
    refused(|header| header.transactions_root.0[7] ^= 1, Field::TransactionsRoot);
    refused(|header| header.receipts_root.0[7] ^= 1, Field::ReceiptsRoot);
    refused(|header| header.withdrawals_root = Some(B256::ZERO), Field::WithdrawalsRoot);
    refused(|header| header.logs_bloom = Bloom::ZERO, Field::LogsBloom);
    refused(|header| header.logs_bloom.0[9] ^= 1, Field::LogsBloom);
    refused(|header| header.gas_used += 1, Field::GasUsed);
    refused(|header| header.gas_used -= 1, Field::GasUsed);
    refused(|header| header.blob_gas_used = Some(0), Field::BlobGasUsed);
    for fork in &FORKS[1..] {
        let reason = refused_header(*fork, |header| header.requests_hash = Some(B256::ZERO));
        assert_eq!(reason, BlockError::Field(Field::RequestsHash));
    }
}

#[test]
fn fork_changes_inside_a_batch_take_effect_at_their_second() {
    let output = run(&BATCH).unwrap();
    let forked = |prague, osaka| {
        let mut input = BATCH.clone();
        input.config = config(Some(prague), Some(osaka)).encode().into();
        input
    };
    // The blocks are 12, 24, 36, 48 and 60 seconds after genesis. The same forks in other seconds are another chain.
    let same = run(&forked(25, 60)).unwrap();
    assert_eq!(same.post_state_root, output.post_state_root);
    assert_ne!(same.config_hash, output.config_hash);
    for (prague, osaka, number, expected) in [
        (37, 50, 3, BlockError::Field(Field::RequestsHash)),
        (24, 50, 2, BlockError::Absent(Field::RequestsHash)),
    ] {
        let result = run(&forked(prague, osaka));
        assert_eq!(result, Err(Error::Block { number, reason: expected }));
    }
}

#[test]
fn a_chain_config_of_another_chain_refuses_the_transactions() {
    let made = rich(Fork::Osaka);
    let mut config = config_of(Fork::Osaka);
    config.chain_id = 1;
    let mut input = made.input.clone();
    input.config = config.encode().into();
    assert!(matches!(refusal(&input), BlockError::Transaction { index: 0, .. }));
}
