//! Limits of transactions (`specs/015`, "Limits of a transaction").

use super::world::{
    HASHER, SENDER, WRITER, chain_with, config, draft, make, only, operation, transaction, transfer, words,
};
use crate::keys::Key;
use alloy_primitives::{Address, U256};
use ashlar_primitives::rollup::{Operation, RollupConfig};
use ashlar_stf::{
    Ancestors, TransactionError, WitnessState,
    rollup::{OverLimit, Refusal, Resource, RollupBlockBuilder, RollupTransaction},
};
use ashlar_witness::RollupChain;

fn tight() -> RollupConfig {
    RollupConfig {
        transaction_cost_limit: 1 << 23,
        transaction_pubdata_limit: 1 << 12,
        transaction_logs_limit: 3,
        ..config()
    }
}

/// What passes each limit: contract, argument just within, argument just beyond.
fn cases() -> [(Resource, Address, u64, u64); 3] {
    [
        (Resource::ProvingCost, HASHER, 500, 2_000),
        (Resource::Pubdata, WRITER, 50, 60),
        (Resource::Logs, SENDER, 3, 4),
    ]
}

fn refused(chain: &mut RollupChain, to: Address, argument: u64) -> OverLimit {
    let call = transaction(0, 0, to).data(words(&[argument, 1 << 20])).gas(1 << 24).sign(&Key::number(0));
    let refusal = chain.make(&[draft(1, vec![call])]).unwrap_err();
    let Refusal::Transaction(TransactionError::OverLimit(over)) = refusal else { panic!("{refusal:?}") };
    over
}

#[test]
fn an_ordinary_transaction_over_a_limit_is_refused_with_both_numbers() {
    for (resource, to, within, beyond) in cases() {
        let mut chain = chain_with(tight());
        let over = refused(&mut chain, to, beyond);
        assert_eq!(over.resource, resource);
        assert!(over.used > over.limit, "{over}");
        let text = TransactionError::OverLimit(over).to_string();
        assert!(text.contains(&over.used.to_string()) && text.contains(&over.limit.to_string()), "{text}");
        let call = transaction(0, 0, to).data(words(&[within, 1 << 20])).gas(1 << 24).sign(&Key::number(0));
        let batch = make(&mut chain, 1, vec![call]);
        assert!(only(&batch).receipt.is_success(), "{resource:?}");
        assert_eq!(only(&batch).usage.over_limit(&tight()), None);
    }
}

#[test]
fn a_priority_operation_over_a_limit_fails_with_all_its_gas() {
    for (resource, to, within, beyond) in cases() {
        let call = |argument| Operation {
            to,
            data: words(&[argument, 1 << 20]),
            gas_limit: 1 << 24,
            mint: U256::from(1_000) + U256::from(7u64 << 24),
            value: U256::ZERO,
            ..operation(0)
        };
        let mut chain = chain_with(tight());
        let batch = make(&mut chain, 1, vec![call(beyond).encode().into()]);
        let result = only(&batch);
        assert_eq!(result.over_limit.map(|over| over.resource), Some(resource));
        assert!(!result.receipt.is_success());
        assert_eq!(result.gas_used, 1 << 24);
        assert!(result.receipt.logs().is_empty() && result.messages.is_empty());
        let touched = |address: Address| batch.blocks[0].changes.iter().any(|c| c.address == address);
        assert!(!touched(to), "what the call did is undone");
        let batch = make(&mut chain, 1, vec![call(within - 1).encode().into()]);
        assert!(only(&batch).receipt.is_success(), "{resource:?}");
        assert_eq!(only(&batch).over_limit, None);
    }
}

#[test]
fn the_block_goes_on_after_a_refused_transaction() {
    let mut chain = chain_with(tight());
    let bad = transaction(0, 0, WRITER).data(words(&[500, 1 << 20])).gas(1 << 24).sign(&Key::number(0));
    let wrong_nonce = transfer(1, 7);
    let good = [transfer(0, 0), transfer(1, 0)];
    // The chain's own state, as a sequencer has it.
    let whole = chain.clone().make(&[draft(1, good.to_vec())]).unwrap();
    let mut with_nodes = chain.clone();
    let made = with_nodes.make(&[draft(1, good.to_vec())]).unwrap();
    assert_eq!(made.blocks, whole.blocks);
    let input = chain.witness();
    let input = input.borrow();
    let ancestors = Ancestors::link(&[input.parent]).unwrap();
    let mut state = WitnessState::new(ancestors, input.state.iter().copied(), input.codes.iter().copied());
    let config = tight();
    let timestamp = super::world::GENESIS_TIME + 1;
    let mut builder =
        RollupBlockBuilder::new(&config, &mut state, super::world::SEQUENCER, timestamp).unwrap();
    for bytes in [&bad, &good[0], &wrong_nonce, &bad, &good[1]] {
        let pushed = builder.push(&RollupTransaction::decode(bytes).unwrap(), bytes).map(|_| ());
        assert_eq!(pushed.is_ok(), good.contains(bytes), "{pushed:?}");
    }
    assert_eq!(builder.finish().unwrap().header, whole.blocks[0].header);
    make(&mut chain, 1, good.to_vec());
}

#[test]
fn a_slot_that_is_restored_is_no_pubdata() {
    use crate::{code::Program, world::MACHINES};
    let mut chain = chain_with(config());
    let toggle = |value: u8| Program::default().set(1, 99).set(1, value);
    let usage = |chain: &mut RollupChain, nonce, program: Program| {
        let call = transaction(0, nonce, MACHINES[0]).data(program.bytes().to_vec()).sign(&Key::number(0));
        let batch = make(chain, 1, vec![call]);
        assert!(only(&batch).receipt.is_success());
        only(&batch).usage.pubdata
    };
    let changed = usage(&mut chain, 0, toggle(5));
    let restored = usage(&mut chain, 1, toggle(5));
    // The slot, and the account that has it.
    assert_eq!(changed, restored + 66);
}
