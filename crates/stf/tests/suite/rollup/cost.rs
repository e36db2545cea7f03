//! Nothing costs much more than a transaction's limit (`specs/020-proving-cost.md`): attacks on the chain's progress.

use super::world::{accounts, config, draft, operation, transaction};
use crate::{code::Assembler, keys::Key};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use ashlar_abi::{Accelerators, Reference};
use ashlar_primitives::rollup::{Operation, RollupConfig};
use ashlar_stf::{
    Ancestors, TransactionError, WitnessState,
    rollup::{
        OverLimit, Refusal, Resource, RollupBlockBuilder, RollupResult, RollupTransaction, Usage,
        execute_rollup_input,
    },
};
use ashlar_witness::{GenesisAccount, RollupChain};
use proptest::prelude::*;
use revm::bytecode::opcode as op;

const TARGET: Address = address!("00000000000000000000000000000000000000d7");
const OTHER: Address = address!("00000000000000000000000000000000000000d8");

/// Most by which a transaction passes its limit.
const OVERSHOOT: u64 = 1 << 25;

/// Gas limits of a transaction: the lowest that a configuration may have, and the highest.
const GAS: [u64; 2] = [1 << 21, 1 << 24];

const PRECOMPILES: [u16; 18] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 0x100];

/// Instructions that cost what their gas or their memory says.
const BY_GAS: [u8; 29] = [
    op::EXP,
    op::KECCAK256,
    op::BALANCE,
    op::CALLDATACOPY,
    op::CODECOPY,
    op::EXTCODESIZE,
    op::EXTCODECOPY,
    op::RETURNDATACOPY,
    op::EXTCODEHASH,
    op::MLOAD,
    op::MSTORE,
    op::MSTORE8,
    op::SLOAD,
    op::SSTORE,
    op::MCOPY,
    op::LOG0,
    op::LOG1,
    op::LOG2,
    op::LOG3,
    op::LOG4,
    op::CREATE,
    op::CALL,
    op::CALLCODE,
    op::RETURN,
    op::DELEGATECALL,
    op::CREATE2,
    op::STATICCALL,
    op::REVERT,
    op::SELFDESTRUCT,
];

/// The least batch that a configuration may have for this limit of transactions.
fn tight(transaction_cost_limit: u64) -> RollupConfig {
    let config = RollupConfig {
        transaction_cost_limit,
        batch_cost_limit: transaction_cost_limit + (1 << 26),
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 100_512,
        ..config()
    };
    config.validate().expect("the ranges of the specification");
    config
}

fn chain_with_code(config: RollupConfig, codes: &[(Address, Bytes)]) -> RollupChain {
    let mut all = accounts();
    for (address, code) in codes {
        all.insert(*address, GenesisAccount { nonce: 1, code: code.clone(), ..Default::default() });
    }
    RollupChain::new(config, all, super::world::GENESIS_TIME).expect("a trie")
}

fn call(to: Address, gas_limit: u64, data: Bytes) -> Operation {
    Operation {
        to,
        data,
        gas_limit,
        mint: U256::from(7u64) * U256::from(gas_limit),
        value: U256::ZERO,
        ..operation(0)
    }
}

/// Executes an operation alone; checks that a batch can have it, and that it stopped.
fn stops(name: &str, chain: &mut RollupChain, config: &RollupConfig, operation: &Operation) -> RollupResult {
    let made =
        chain.make(&[draft(1, vec![operation.encode().into()])]).expect("an operation is never refused");
    let result = made.blocks[0].transactions[0].clone();
    let Usage { cost, .. } = result.usage;
    let most = config.transaction_cost_limit + OVERSHOOT;
    assert!(cost <= most, "{name}: {cost} of {}", config.transaction_cost_limit);
    let batch = execute_rollup_input(&made.input.borrow(), Reference::modmul256_assign);
    let batch = batch.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(batch.cost <= config.batch_cost_limit, "{name}");
    result
}

/// The same as a signed transaction: included within its limit, or refused with both costs.
fn signed(name: &str, chain: &mut RollupChain, config: &RollupConfig, like: &Operation) -> Option<OverLimit> {
    let call = transaction(0, 0, like.to).data(like.data.clone()).gas(like.gas_limit).sign(&Key::number(0));
    match chain.make(&[draft(1, vec![call])]) {
        Ok(made) => {
            assert!(made.blocks[0].transactions[0].usage.cost <= config.transaction_cost_limit, "{name}");
            None
        }
        Err(Refusal::Transaction(TransactionError::OverLimit(over))) => {
            assert_eq!((over.resource, over.limit), (Resource::ProvingCost, config.transaction_cost_limit));
            assert!(over.used > over.limit && over.used <= over.limit + OVERSHOOT, "{name}: {over}");
            Some(over)
        }
        Err(other) => panic!("{name}: {other}"),
    }
}

fn precompile(number: u16) -> Address {
    Address::left_padding_from(&number.to_be_bytes())
}

/// Input that makes a precompile fail at once, that it takes as it is, and that takes it long.
fn inputs(number: u16) -> Vec<Bytes> {
    let blake = |rounds: u32| {
        let mut data = vec![0; 213];
        data[..4].copy_from_slice(&rounds.to_be_bytes());
        Bytes::from(data)
    };
    let long_exponent: Bytes = [
        B256::with_last_byte(32).as_slice(),
        &U256::from(1024).to_be_bytes::<32>(),
        B256::with_last_byte(32).as_slice(),
        &[0xff; 1088],
    ]
    .concat()
    .into();
    match number {
        5 => vec![Bytes::new(), vec![0xff; 96].into(), long_exponent],
        9 => vec![Bytes::new(), blake(5_000), blake(1_900_000), blake(u32::MAX)],
        _ => [0, 1, 100, 192, 288, 384, 30_000].map(|length| vec![0; length].into()).into(),
    }
}

#[test]
fn no_precompile_costs_more_than_a_batch_has() {
    for limit in [1 << 23, 1 << 26] {
        let config = tight(limit);
        for number in PRECOMPILES {
            for data in inputs(number) {
                for gas in GAS {
                    let name = format!("precompile {number} of {} bytes, {gas} gas, {limit}", data.len());
                    let operation = call(precompile(number), gas, data.clone());
                    let mut chain = chain_with_code(config, &[]);
                    let result = stops(&name, &mut chain.clone(), &config, &operation);
                    let over = signed(&name, &mut chain, &config, &operation);
                    // The bytes of an operation differ from those of a transaction.
                    let near = result.usage.cost.abs_diff(limit) < 200_000;
                    assert!(near || over.is_some() == result.over_limit.is_some(), "{name}");
                }
            }
        }
    }
}

#[test]
fn a_precompile_that_cannot_be_paid_does_not_run() {
    // Seen before: 2.7e9 for a limit of 2^26.
    let config = tight(1 << 26);
    let operation = call(precompile(9), 1 << 21, inputs(9)[2].clone());
    let result = stops("BLAKE2F", &mut chain_with_code(config, &[]), &config, &operation);
    let over = result.over_limit.expect("over the limit");
    assert_eq!(over, OverLimit { resource: Resource::ProvingCost, used: (1 << 26) + 1, limit: 1 << 26 });
    assert_eq!(result.gas_used, operation.gas_limit);
    assert!(!result.receipt.is_success());
    // Within the limit it runs as ever.
    let operation = call(precompile(9), 1 << 21, inputs(9)[1].clone());
    let result = stops("BLAKE2F", &mut chain_with_code(config, &[]), &config, &operation);
    assert!(result.receipt.is_success());
    assert!(result.gas_used < 30_000, "what it did not take is left: {}", result.gas_used);
}

#[test]
fn a_precompile_with_less_gas_than_it_was_given_leaves_the_rest() {
    // The meter can pay for less than 2^24 gas of SHA-256, and for all that this takes.
    let config = tight(1 << 26);
    let operation = call(precompile(2), 1 << 24, vec![0; 1_000].into());
    let result = stops("SHA2-256", &mut chain_with_code(config, &[]), &config, &operation);
    assert!(result.receipt.is_success());
    let ample =
        chain_with_code(super::world::config(), &[]).make(&[draft(1, vec![operation.encode().into()])]);
    let ample = ample.unwrap().blocks[0].transactions[0].clone();
    assert_eq!((result.gas_used, result.usage), (ample.gas_used, ample.usage));
}

/// Each instruction with each of these words as all its operands.
fn instructions() -> impl Iterator<Item = (String, Bytes)> {
    // A far place, and one that less gas pays for; a length of a mebibyte; addresses.
    let mixed = |place: u64, size: u64| [place, size].repeat(4);
    let operands = [
        vec![1; 8],
        vec![0x22_2e00; 8],
        vec![0x10_0000; 8],
        vec![0xd8; 8],
        mixed(0x22_2e00, 1),
        mixed(1, 0x22_2e00),
        mixed(0x10_0000, 49_152),
        mixed(49_152, 0x10_0000),
        // CREATE and CREATE2 from the top: value, place, size, salt.
        vec![0, 0x22_2e00, 1, 0, 0, 0, 0, 0],
        vec![0, 0x20_0000, 49_152, 0, 0, 0, 0, 0],
        // KECCAK256, LOG, RETURN: place, size.
        vec![0, 0x14_0000, 1, 2, 3, 4, 5, 6],
        // Copies: to, from, size; with an address before them.
        vec![0, 0, 0x20_0000, 0, 0, 0, 0, 0],
        vec![0xd8, 0, 0, 0x20_0000, 0, 0, 0, 0],
        // Calls: gas, address, value, input, output.
        vec![u64::MAX, 0xd8, 0, 0, 0x10_0000, 0x10_0000, 0x10_0000, 0],
        vec![u64::MAX, 4, 0, 0x18_0000, 0, 0x18_0000, 0, 0],
    ];
    BY_GAS.into_iter().flat_map(move |code| {
        operands.clone().into_iter().map(move |operands| {
            let push = |code: Assembler, word: &u64| code.push(U256::from(*word));
            let code_bytes = operands.iter().rev().fold(Assembler::default(), push).op(&[code, op::STOP]);
            (format!("{code:#04x} of {operands:x?}"), code_bytes.finish())
        })
    })
}

#[test]
fn no_instruction_costs_more_than_a_batch_has() {
    let other: Bytes = vec![op::JUMPDEST; 24_576].into();
    let config = tight(1 << 23);
    let mut over = 0;
    for (name, code) in instructions() {
        let base = chain_with_code(config, &[(TARGET, code), (OTHER, other.clone())]);
        for gas in GAS {
            let name = format!("{name}, {gas} gas");
            let operation = call(TARGET, gas, Bytes::new());
            stops(&name, &mut base.clone(), &config, &operation);
            over += u32::from(signed(&name, &mut base.clone(), &config, &operation).is_some());
        }
    }
    assert!(over > 10, "the limit is what stops them: {over}");
}

#[test]
fn no_call_is_made_after_the_limit() {
    // The operands of 140 calls stand on the stack; then a hash that passes the limit; then call after call.
    let operands = |code: Assembler| {
        code.op(&[op::PUSH0, op::PUSH0, op::PUSH1, 213, op::PUSH0, op::PUSH1, 1, op::PUSH1, 9])
    };
    let code = (0..140).fold(Assembler::default(), |code, _| operands(code));
    let code = code
        .push(U256::from(2_300u64 << 32) << 192)
        .op(&[op::PUSH0, op::MSTORE, op::PUSH1, 1, op::PUSH1, 212, op::MSTORE8])
        .push(U256::from(0x1b_0000))
        .op(&[op::PUSH0, op::KECCAK256, op::POP, op::PUSH0])
        .op(&[op::CALL; 140])
        .finish();
    let config = tight(1 << 23);
    let mut chain = chain_with_code(config, &[(TARGET, code)]);
    let result = stops("calls", &mut chain, &config, &call(TARGET, 1 << 24, Bytes::new()));
    assert!(result.over_limit.is_some());
}

#[test]
fn what_an_access_list_has_is_paid_for() {
    // Reads 500 slots, each once.
    let code = Assembler::default()
        .op(&[op::PUSH0])
        .label("loop")
        .op(&[op::PUSH1, 1, op::ADD, op::DUP1, op::SLOAD, op::POP, op::DUP1])
        .push(U256::from(500))
        .op(&[op::GT])
        .push_label("loop")
        .op(&[op::JUMPI, op::STOP])
        .finish();
    let cost = |access: AccessList| {
        let mut call = transaction(0, 0, TARGET).gas(1 << 22);
        call.access = access;
        let made = chain_with_code(config(), &[(TARGET, code.clone())])
            .make(&[draft(1, vec![call.sign(&Key::number(0))])])
            .unwrap();
        assert!(made.blocks[0].transactions[0].receipt.is_success());
        made.blocks[0].transactions[0].usage.cost
    };
    let storage_keys = (1..=500u64).map(|slot| B256::from(U256::from(slot))).collect();
    let listed = cost(AccessList(vec![AccessListItem { address: TARGET, storage_keys }]));
    assert!(listed > cost(AccessList::default()), "{listed}");
}

#[test]
fn the_code_that_a_creation_leaves_is_paid_for() {
    let creating = |size: u64| {
        // Initialisation code that returns so many zeros.
        let init = Assembler::default().push(U256::from(size)).op(&[op::PUSH0, op::RETURN]).finish();
        let code = Assembler::default()
            .push(U256::from_be_slice(&init))
            .op(&[op::PUSH0, op::MSTORE])
            .push(U256::from(init.len()))
            .push(U256::from(32 - init.len()))
            .op(&[op::PUSH0, op::CREATE, op::STOP])
            .finish();
        let mut chain = chain_with_code(config(), &[(TARGET, code)]);
        let operation = call(TARGET, 1 << 23, Bytes::new());
        chain.make(&[draft(1, vec![operation.encode().into()])]).unwrap().blocks[0].transactions[0].usage.cost
    };
    let (none, full, refused) = (creating(256), creating(24_576), creating(24_577));
    assert!(full - none > 23 * 24_000, "{none} {full}");
    assert!(refused < full, "a code that is too long is not read: {refused}");
}

/// What an operation costs and leaves, with a transaction before it that is refused, or without.
fn after_a_refused_one(
    chain: &RollupChain,
    config: &RollupConfig,
    refused: Option<&Bytes>,
    bytes: &Bytes,
) -> (B256, RollupResult) {
    let input = chain.witness();
    let input = input.borrow();
    let ancestors = Ancestors::link(&[input.parent]).unwrap();
    let mut state = WitnessState::new(ancestors, input.state.iter().copied(), input.codes.iter().copied());
    let time = super::world::GENESIS_TIME + 1;
    let mut builder = RollupBlockBuilder::new(config, &mut state, super::world::SEQUENCER, time).unwrap();
    if let Some(refused) = refused {
        builder
            .push(&RollupTransaction::decode(refused).unwrap(), refused)
            .expect_err("it is over its limit");
    }
    let result = builder.push(&RollupTransaction::decode(bytes).unwrap(), bytes).unwrap().clone();
    (builder.finish().unwrap().header.hash, result)
}

#[test]
fn a_refused_transaction_does_not_change_what_the_next_one_costs() {
    // Looks at the size of a code, with gas for that and without.
    let looks = Assembler::default().push(U256::from(0xd8)).op(&[op::EXTCODESIZE, op::STOP]).finish();
    let calls = |gas: u64| {
        Assembler::default()
            .op(&[op::PUSH0; 5])
            .push(U256::from(0xd9))
            .push(U256::from(gas))
            .op(&[op::CALL, op::POP])
            .finish()
    };
    let looks_and_burns = Assembler::default()
        .push(U256::from(0xd8))
        .op(&[op::EXTCODESIZE])
        .label("loop")
        .push(U256::from(0x1_0000))
        .op(&[op::PUSH0, op::KECCAK256, op::POP])
        .push_label("loop")
        .op(&[op::JUMP])
        .finish();
    let burns = Address::with_last_byte(0xda);
    for gas in [2_000, 3_000] {
        let codes = [
            (TARGET, calls(gas)),
            (OTHER, vec![op::JUMPDEST; 24_576].into()),
            (Address::with_last_byte(0xd9), looks.clone()),
            (burns, looks_and_burns.clone()),
        ];
        let config = RollupConfig { transaction_cost_limit: 1 << 23, ..config() };
        let chain = chain_with_code(config, &codes);
        let refused = transaction(0, 0, burns).gas(1 << 24).sign(&Key::number(0));
        let operation = call(TARGET, 1 << 20, Bytes::new()).encode().into();
        let alone = after_a_refused_one(&chain, &config, None, &operation);
        let after = after_a_refused_one(&chain, &config, Some(&refused), &operation);
        assert_eq!(alone, after, "{gas}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Random code, of which the most by which the limit is passed is not known beforehand.
    #[test]
    fn no_code_costs_more_than_a_batch_has(
        words in prop::collection::vec((any::<u8>(), prop_oneof![0u64..64, 0u64..0x30_0000]), 1..40),
        gas in prop_oneof![Just(1u64 << 21), Just(1 << 24)],
    ) {
        let code = words.iter().fold(Assembler::default(), |code, (opcode, word)| {
            let code = (0..7).fold(code, |code, _| code.push(U256::from(*word)));
            code.op(&[*opcode])
        });
        let config = tight(1 << 23);
        let mut chain = chain_with_code(config, &[(TARGET, code.finish())]);
        stops("random", &mut chain, &config, &call(TARGET, gas, Bytes::new()));
    }
}
