//! Base fee and who gets it (`specs/015-rollup-blocks.md`).

use super::world::{HASHER, SEQUENCER, balance, chain, config, make, supply, transaction, transfer, words};
use crate::keys::Key;
use alloy_primitives::U256;

#[test]
fn no_wei_is_made_or_burned() {
    let mut chain = chain();
    let before = supply(&chain);
    let batch = make(&mut chain, 1, vec![transfer(0, 0), transfer(1, 0)]);
    assert_eq!(supply(&chain), before);
    // Base fee 10^9 and tip 10^9, both the sequencer's.
    let gas = batch.blocks[0].header.header.gas_used;
    assert_eq!(balance(&chain, SEQUENCER), U256::from(gas) * U256::from(2_000_000_000));
}

#[test]
fn the_base_fee_follows_gas_and_seconds() {
    let mut chain = chain();
    let spend =
        |nonce| transaction(0, nonce, HASHER).data(words(&[25_000])).gas(1 << 24).sign(&Key::number(0));
    let first = make(&mut chain, 1, vec![spend(0)]);
    let used = first.blocks[0].header.header.gas_used;
    assert!(used > 5_000_000, "{used}");
    // In the same second the gas of the first block is all excess; a second later the target is worked off.
    let same = make(&mut chain.clone(), 1, vec![transfer(1, 0)]);
    let later = make(&mut chain.clone(), 2, vec![transfer(1, 0)]);
    let much_later = make(&mut chain, 100, vec![transfer(1, 0)]);
    let fee = |excess: u64| {
        let doubling = u128::from(config().base_fee_doubling);
        let min = u128::from(config().base_fee_min);
        u64::try_from(min * (doubling + u128::from(excess)) / doubling).unwrap()
    };
    let stated = |batch: &ashlar_witness::MadeBatch| {
        let header = &batch.blocks[0].header.header;
        let excess = u64::from_be_bytes(header.extra_data[1..].try_into().unwrap());
        (excess, header.base_fee_per_gas.unwrap())
    };
    assert_eq!(stated(&same), (used, fee(used)));
    let left = used - config().gas_target;
    assert_eq!(stated(&later), (left, fee(left)));
    assert_eq!(stated(&much_later), (0, config().base_fee_min));
}

#[test]
fn how_gas_is_cut_into_blocks_does_not_matter() {
    let transactions: Vec<_> = (0..8).map(|nonce| transfer(0, nonce)).collect();
    let mut whole = chain();
    make(&mut whole, 1, transactions.clone());
    let mut cut = chain();
    for transaction in transactions {
        make(&mut cut, 1, vec![transaction]);
    }
    let next = |chain: &mut ashlar_witness::RollupChain| {
        let batch = make(chain, 1, vec![transfer(1, 0)]);
        let header = &batch.blocks[0].header.header;
        (header.extra_data.clone(), header.base_fee_per_gas)
    };
    assert_eq!(next(&mut whole), next(&mut cut));
}
