//! Chains that nobody has: every number that an input holds at its extremes. Nothing here may panic, and what is made
//! must be what is accepted.

use crate::{
    code::Program,
    keys::{Draft, Key, blob},
    world::{
        BENEFICIARY, CHAIN_ID, MACHINES, config_of, draft, genesis_accounts, genesis_header,
        rich_transactions, run, withdrawal,
    },
};
use alloy_consensus::{Header, TxType};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use ashlar_primitives::{BlobEntry, ChainConfig, Fork, NEVER};
use ashlar_stf::{BlockError, Field};
use ashlar_witness::Chain;
use proptest::{prelude::*, sample::select, test_runner::FileFailurePersistence};

fn extreme() -> impl Strategy<Value = u64> {
    select(vec![
        0,
        1,
        7,
        4_999,
        5_000,
        1 << 17,
        9 << 17,
        30_000_000,
        1_000_000_000,
        0xffff << 17,
        u64::from(u32::MAX),
        u64::MAX / 88,
        u64::MAX / 2,
        u64::MAX / 2 + 1,
        u64::MAX - 1,
        u64::MAX,
    ])
}

/// Mostly `usual`, so that a block comes past the checks of other fields.
fn sometimes(usual: u64) -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(usual), 1 => extreme()]
}

prop_compose! {
    fn parents()(
        number in sometimes(0),
        timestamp in sometimes(100_000),
        gas_limit in sometimes(30_000_000),
        gas_used in sometimes(15_000_000),
        base_fee in sometimes(1_000_000_000),
        excess in sometimes(0),
        blob_gas in sometimes(0),
    ) -> Header {
        Header {
            number,
            timestamp,
            gas_limit,
            gas_used,
            base_fee_per_gas: Some(base_fee),
            excess_blob_gas: Some(excess),
            blob_gas_used: Some(blob_gas),
            ..genesis_header()
        }
    }
}

prop_compose! {
    fn configs()(
        fork in select(vec![Fork::Cancun, Fork::Prague, Fork::Osaka]),
        chain_id in prop_oneof![3 => Just(CHAIN_ID), 1 => extreme()],
        target in select(vec![0, 1, 6, u16::MAX]),
        max in select(vec![1, 9, u16::MAX]),
        fraction in select(vec![1, 2, 5_007_716, (1 << 27) - 1, 1 << 27]),
    ) -> ChainConfig {
        ChainConfig {
            chain_id,
            blob_schedule: vec![BlobEntry {
                activation: 0,
                target: target.min(max),
                max,
                update_fraction: fraction,
            }],
            ..config_of(fork)
        }
    }
}

/// Makes a block of everything on this parent, and imports it where that works.
fn try_block(config: ChainConfig, parent: Header, gwei: u64, balance: U256) -> Result<(), BlockError> {
    let mut accounts = genesis_accounts();
    for address in [BENEFICIARY, MACHINES[0], Key::number(1).address()] {
        accounts.entry(address).or_default().balance = balance;
    }
    let fork = config.fork_at(parent.timestamp.saturating_add(12)).unwrap_or(Fork::Cancun);
    let next =
        Header { timestamp: parent.timestamp.saturating_add(12), gas_limit: parent.gas_limit, ..draft(0) };
    let mut chain = Chain::new(config, accounts, parent).expect("the state has a trie");
    let withdrawals = vec![withdrawal(u64::MAX, MACHINES[0], gwei), withdrawal(0, MACHINES[1], gwei)];
    let made = chain.make(next.clone(), rich_transactions(fork, 0), withdrawals.clone()).or_else(|_| {
        // Without transactions, which fail where there is no gas or a fee too high for them.
        chain.make(next, Vec::new(), withdrawals)
    })?;
    run(&made.input).expect("what is made is accepted");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 600,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn blocks_on_parents_that_no_chain_has_are_made_and_accepted_or_refused(
        config in configs(),
        parent in parents(),
        gwei in extreme(),
        balance in select(vec![U256::ZERO, U256::from(u64::MAX), U256::MAX >> 1, U256::MAX - U256::from(1), U256::MAX]),
    ) {
        // Of an empty block only the parent's numbers and the withdrawals can be wrong.
        if let Err(reason) = try_block(config, parent, gwei, balance) {
            let known = match reason {
                BlockError::Field(field) => matches!(
                    field,
                    Field::Number | Field::Timestamp | Field::GasLimit | Field::GasUsed | Field::BaseFee
                        | Field::ExcessBlobGas
                ),
                BlockError::BalanceOverflow(_) => true,
                _ => false,
            };
            prop_assert!(known, "{reason}");
        }
    }

    #[test]
    fn transactions_with_extreme_fields_do_not_panic(
        kind in select(vec![TxType::Legacy, TxType::Eip2930, TxType::Eip1559, TxType::Eip4844, TxType::Eip7702]),
        nonce in sometimes(0),
        gas in prop_oneof![Just(100_000), Just(16_777_216), extreme()],
        fee in select(vec![0, 1_000_000_000, u128::from(u64::MAX), u128::MAX / 30_000_000, u128::MAX - 1, u128::MAX]),
        tip in select(vec![0, 1, u128::from(u64::MAX), u128::MAX]),
        blob_fee in select(vec![0, 1, u128::MAX]),
        value in select(vec![U256::ZERO, U256::from(1), U256::MAX >> 1, U256::MAX]),
        blobs in 0usize..8,
        to in select(vec![MACHINES[0], BENEFICIARY, Address::with_last_byte(5), Address::repeat_byte(0x99)]),
        sender in 0u8..3,
    ) {
        let mut accounts = genesis_accounts();
        // Senders that have all there can be: sums with what they have must not overflow unseen.
        for key in 0..3 {
            accounts.get_mut(&Key::number(key).address()).unwrap().balance = U256::MAX >> usize::from(key);
        }
        let mut draft_transaction = Draft {
            value,
            tip,
            max_fee: fee,
            max_blob_fee: blob_fee,
            ..Draft::new(kind, nonce, TxKind::Call(to)).gas(gas).data(Program::default().set(1, 1))
        };
        if kind == TxType::Eip4844 {
            draft_transaction.blobs = (0..blobs).map(|number| blob(number as u8)).collect();
        }
        if kind == TxType::Eip7702 {
            draft_transaction = draft_transaction.authorize(&Key::number(9), MACHINES[0], nonce);
        }
        let mut chain = Chain::new(config_of(Fork::Osaka), accounts, genesis_header()).unwrap();
        let transactions = vec![draft_transaction.sign(&Key::number(sender))];
        if let Ok(made) = chain.make(draft(12), transactions, Vec::new()) {
            run(&made.input).expect("what is made is accepted");
        }
    }
}

#[test]
fn a_fee_beyond_what_anyone_has_is_refused() {
    let mut accounts = genesis_accounts();
    accounts.get_mut(&Key::number(0).address()).unwrap().balance = U256::MAX;
    let mut chain = Chain::new(config_of(Fork::Osaka), accounts, genesis_header()).unwrap();
    let dear = Draft {
        max_fee: u128::MAX,
        tip: u128::MAX,
        ..Draft::new(TxType::Eip1559, 0, TxKind::Call(BENEFICIARY))
    };
    let made = chain.make(draft(12), vec![dear.sign(&Key::number(0))], Vec::new());
    assert!(matches!(made, Err(BlockError::Transaction { index: 0, .. })));
}

#[test]
fn the_last_second_and_forks_that_never_come() {
    let parent = Header { timestamp: u64::MAX - 12, ..genesis_header() };
    let never = ChainConfig { prague: NEVER, osaka: NEVER, ..config_of(Fork::Cancun) };
    try_block(never, parent.clone(), 1, U256::ZERO).unwrap();
    let last = Header { timestamp: u64::MAX, ..genesis_header() };
    assert!(try_block(config_of(Fork::Osaka), last, 1, U256::ZERO).is_err(), "no second follows");
    try_block(config_of(Fork::Osaka), parent, 1, U256::ZERO).unwrap();
}

#[test]
fn chain_ids_zero_and_the_largest() {
    for chain_id in [0, 1, u64::MAX] {
        let config = ChainConfig { chain_id, ..config_of(Fork::Osaka) };
        let mut chain = Chain::new(config, genesis_accounts(), genesis_header()).unwrap();
        let send = |kind, nonce| {
            let draft = Draft::new(kind, nonce, TxKind::Call(BENEFICIARY));
            Draft { chain_id: Some(chain_id), ..draft }.sign(&Key::number(0))
        };
        let transactions: Vec<Bytes> = vec![send(TxType::Legacy, 0), send(TxType::Eip1559, 1)];
        let made = chain.make(draft(12), transactions, Vec::new()).unwrap();
        assert_eq!(run(&made.input).unwrap().chain_id, chain_id);
    }
}
