//! Header checks H8, H10 and H11: the base fee, and blob gas.

use super::{FORKS, built_on, changed, on_parent, reason, refused};
use crate::{
    keys::{Draft, Key, blob},
    world::{BENEFICIARY, chain, config_of, draft, genesis_accounts, genesis_header, refused_header},
};
use alloy_consensus::{Header, TxType};
use alloy_eips::eip1559::BaseFeeParams;
use alloy_primitives::{B256, TxKind};
use alloy_rlp::Decodable;
use ashlar_primitives::{BatchInputOwned, Fork};
use ashlar_stf::{BlockError, Field};
use ashlar_witness::Chain;

fn header_of(input: &BatchInputOwned) -> Header {
    Header::decode(&mut input.blocks[0].header.as_ref()).unwrap()
}

#[test]
fn h8_another_base_fee_is_refused() {
    refused(|header| header.base_fee_per_gas = header.base_fee_per_gas.map(|fee| fee + 1), Field::BaseFee);
    refused(|header| header.base_fee_per_gas = Some(0), Field::BaseFee);
    refused(|header| header.base_fee_per_gas = Some(u64::MAX), Field::BaseFee);
}

/// EIP-1559's formula, from its text, in 128 bits.
fn eip1559(fee: u64, used: u64, limit: u64) -> u64 {
    let (fee, used, target) = (u128::from(fee), u128::from(used), u128::from(limit / 2));
    let next = match used.cmp(&target) {
        std::cmp::Ordering::Equal => fee,
        std::cmp::Ordering::Greater => fee + (fee * (used - target) / target / 8).max(1),
        std::cmp::Ordering::Less => fee - fee * (target - used) / target / 8,
    };
    next.try_into().unwrap()
}

#[test]
fn h8_the_base_fee_is_that_of_eip_1559() {
    for (fee, used, limit) in [
        (1_000_000_000, 0, 30_000_000),
        (1_000_000_000, 30_000_000, 30_000_000),
        (1_000_000_000, 15_000_001, 30_000_000),
        (7, 30_000_000, 30_000_000),
        (7, 0, 30_000_000),
        (0, 30_000_000, 30_000_000),
        (1, 16_000_000, 30_000_000),
        (u64::MAX / 2, 30_000_001, 30_000_001),
        (u64::MAX / 2, 5_001, 5_001),
    ] {
        let parent = |parent: &mut Header| {
            parent.base_fee_per_gas = Some(fee);
            (parent.gas_used, parent.gas_limit) = (used, limit);
        };
        let next = eip1559(fee, used, limit);
        let block = built_on(Fork::Osaka, parent, limit);
        assert_eq!(header_of(&block).base_fee_per_gas, Some(next));
        for wrong in [next + 1, next.wrapping_sub(1)] {
            let reason = changed(block.clone(), |child| child.base_fee_per_gas = Some(wrong));
            assert_eq!(reason, BlockError::Field(Field::BaseFee));
        }
    }
}

#[test]
fn h8_parents_that_no_chain_has_do_not_overflow_the_base_fee() {
    // Below, at and above its target: only the last would pass 64 bits, and all are refused.
    for used in [0, 15_000_000, 30_000_000] {
        for fee in [u64::MAX, u64::MAX / 2 + 1] {
            let parent = |parent: &mut Header| (parent.base_fee_per_gas, parent.gas_used) = (Some(fee), used);
            let result = on_parent(Fork::Osaka, parent, |_| ());
            assert_eq!(reason(result), BlockError::Field(Field::BaseFee));
        }
    }
    let result = on_parent(Fork::Osaka, |parent| parent.gas_used = u64::MAX, |_| ());
    assert_eq!(reason(result), BlockError::Field(Field::GasUsed));
    // Nothing is used of a limit of 64 bits: the fee falls by an eighth.
    let huge = |parent: &mut Header| (parent.gas_limit, parent.gas_used) = (u64::MAX, 0);
    let block = built_on(Fork::Osaka, huge, u64::MAX);
    assert_eq!(header_of(&block).base_fee_per_gas, Some(875_000_000));
}

#[test]
fn h10_another_excess_blob_gas_is_refused() {
    refused(|header| header.excess_blob_gas = Some(1), Field::ExcessBlobGas);
    refused(|header| header.excess_blob_gas = Some(u64::MAX), Field::ExcessBlobGas);
}

#[test]
fn h10_excess_blob_gas_has_the_reserve_price_from_osaka_on() {
    const BLOB: u64 = 1 << 17;
    // Cheap blobs under a base fee of 1 gwei: 2^13 * 10^9 is above 2^17 * 1.
    let parent = |parent: &mut Header| {
        (parent.excess_blob_gas, parent.blob_gas_used) = (Some(BLOB), Some(6 * BLOB));
    };
    let (plain, reserve) = (BLOB, BLOB + 6 * BLOB * (9 - 6) / 9);
    for (fork, right, wrong) in [(Fork::Prague, plain, reserve), (Fork::Osaka, reserve, plain)] {
        let block = built_on(fork, parent, 30_000_000);
        assert_eq!(header_of(&block).excess_blob_gas, Some(right), "{fork:?}");
        let reason = changed(block, |child| child.excess_blob_gas = Some(wrong));
        assert_eq!(reason, BlockError::Field(Field::ExcessBlobGas), "{fork:?}");
    }
    // Under a base fee that is as low as the blobs' price, Osaka has the old formula too.
    let cheap = |header: &mut Header| {
        parent(header);
        header.base_fee_per_gas = Some(16);
    };
    assert_eq!(header_of(&built_on(Fork::Osaka, cheap, 30_000_000)).excess_blob_gas, Some(plain));
}

#[test]
fn h10_the_blob_fee_is_computed_up_to_e_to_the_88() {
    let most = 88 * 5_007_716;
    for (excess, accepted) in [(most, true), (most + 1, false)] {
        let parent = |parent: &mut Header| {
            (parent.excess_blob_gas, parent.blob_gas_used) = (Some(excess + 6 * (1 << 17)), Some(0));
        };
        if accepted {
            assert_eq!(header_of(&built_on(Fork::Prague, parent, 30_000_000)).excess_blob_gas, Some(most));
        } else {
            let child = |child: &mut Header| child.excess_blob_gas = Some(excess);
            let reason = reason(on_parent(Fork::Prague, parent, child));
            assert_eq!(reason, BlockError::Field(Field::ExcessBlobGas));
        }
    }
}

#[test]
fn h10_parents_that_no_chain_has_do_not_overflow_the_blob_fee() {
    for (excess, used) in
        [(u64::MAX, 0), (0, u64::MAX), (u64::MAX, u64::MAX), (1 << 40, 1 << 17), (0, 1 << 33)]
    {
        for fork in FORKS {
            let parent = |parent: &mut Header| {
                (parent.excess_blob_gas, parent.blob_gas_used) = (Some(excess), Some(used));
            };
            assert_eq!(reason(on_parent(fork, parent, |_| ())), BlockError::Field(Field::ExcessBlobGas));
        }
    }
}

#[test]
fn h11_more_blob_gas_than_the_schedule_allows_is_refused() {
    let max = [6, 9, 9];
    for (fork, max) in FORKS.into_iter().zip(max) {
        let over = refused_header(fork, |header| header.blob_gas_used = Some((max + 1) << 17));
        assert_eq!(over, BlockError::Field(Field::BlobGasUsed));
    }
    refused(|header| header.blob_gas_used = Some(u64::MAX), Field::BlobGasUsed);
}

#[test]
fn h11_blobs_beyond_the_maximum_cannot_be_made_either() {
    let mut chain = chain(config_of(Fork::Cancun));
    let blobs: Vec<_> = (0..7).map(blob).collect();
    let send = |nonce: u64, blobs: &[B256]| Draft {
        blobs: blobs.to_vec(),
        ..Draft::new(TxType::Eip4844, nonce, TxKind::Call(BENEFICIARY))
    };
    let transactions =
        vec![send(0, &blobs[..6]).sign(&Key::number(0)), send(0, &blobs[6..]).sign(&Key::number(1))];
    assert_eq!(
        chain.make(draft(12), transactions, Vec::new()).unwrap_err(),
        BlockError::Field(Field::BlobGasUsed)
    );
}

#[test]
fn the_base_fee_of_a_chain_of_blocks_follows_the_library() {
    let mut chain = Chain::new(config_of(Fork::Osaka), genesis_accounts(), genesis_header())
        .expect("the genesis has a trie");
    for index in 1..5 {
        let parent = Header::decode(&mut chain.tip().as_ref()).unwrap();
        let made = chain.make(draft(12 * index), Vec::new(), Vec::new()).unwrap();
        let expected = parent.next_block_base_fee(BaseFeeParams::ethereum());
        assert_eq!(made.header.header.base_fee_per_gas, expected);
        assert_eq!(
            expected,
            Some(eip1559(parent.base_fee_per_gas.unwrap(), parent.gas_used, parent.gas_limit))
        );
    }
}
