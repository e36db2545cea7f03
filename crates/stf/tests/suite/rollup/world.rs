//! A small rollup chain with accounts of every kind.

use crate::{
    code::Assembler,
    keys::{Draft, Key},
    world::{CHAIN_ID, genesis_accounts},
};
use alloy_consensus::TxType;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, b256};
use ashlar_primitives::rollup::{MESSENGER, Operation, RollupConfig};
use ashlar_stf::{
    Ancestors, BlockError, WitnessState,
    rollup::{RollupBlock, RollupResult, execute_rollup_block},
};
use ashlar_witness::{GenesisAccount, MadeBatch, RollupChain, RollupDraft};
use revm::bytecode::opcode as op;
use std::collections::BTreeMap;

pub(crate) const GENESIS_TIME: u64 = 100_000;
pub(crate) const SEQUENCER: Address = address!("00000000000000000000000000000000000000fe");

/// A contract that reads its first word as a number of rounds of hashing 1,024 bytes.
pub(crate) const HASHER: Address = address!("00000000000000000000000000000000000000b1");

/// A contract that writes as many slots as its first word says, from the slot of its second word on.
pub(crate) const WRITER: Address = address!("00000000000000000000000000000000000000b2");

/// A contract that sends its calldata to Ethereum as often as its first word says.
pub(crate) const SENDER: Address = address!("00000000000000000000000000000000000000b3");

/// A contract that stores caller, origin and gas price in slots 1 to 3.
pub(crate) const WITNESS: Address = address!("00000000000000000000000000000000000000b4");

const MESSAGE_TOPIC: B256 = b256!("3a36e47291f4201faf137fab081d92295bce2d53be2c6ca68ba82c7faa9ce241");

pub(crate) fn config() -> RollupConfig {
    RollupConfig {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        history: true,
        base_asset: B256::repeat_byte(0xaa),
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 1 << 22,
        base_fee_min: 1_000_000_000,
        base_fee_doubling: 1 << 28,
        transaction_cost_limit: 1 << 28,
        batch_cost_limit: 1 << 30,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 200_000,
        transaction_logs_limit: 16,
        batch_logs_limit: 64,
    }
}

pub(crate) fn accounts() -> BTreeMap<Address, GenesisAccount> {
    let mut accounts = genesis_accounts();
    for (address, code) in [
        (MESSENGER, messenger()),
        (HASHER, hasher()),
        (WRITER, writer()),
        (SENDER, sender()),
        (WITNESS, witness()),
    ] {
        accounts.insert(address, GenesisAccount { nonce: 1, code, ..Default::default() });
    }
    accounts
}

pub(crate) fn chain_with(config: RollupConfig) -> RollupChain {
    RollupChain::new(config, accounts(), GENESIS_TIME).expect("the genesis state has a trie")
}

pub(crate) fn chain() -> RollupChain {
    chain_with(config())
}

/// A block, `seconds` after genesis.
pub(crate) fn draft(seconds: u64, transactions: Vec<Bytes>) -> RollupDraft {
    RollupDraft { beneficiary: SEQUENCER, timestamp: GENESIS_TIME + seconds, transactions }
}

/// A transaction of this key to `to`.
pub(crate) fn transaction(key: u8, nonce: u64, to: Address) -> Draft {
    let _ = key;
    Draft::new(TxType::Eip1559, nonce, TxKind::Call(to))
}

/// A transfer of one wei.
pub(crate) fn transfer(key: u8, nonce: u64) -> Bytes {
    transaction(key, nonce, Address::repeat_byte(0x77)).value(1).sign(&Key::number(key))
}

pub(crate) fn operation(id: u64) -> Operation {
    let gas_limit = 200_000;
    Operation {
        chain_id: CHAIN_ID,
        id,
        from: Address::repeat_byte(0x51),
        to: Address::repeat_byte(0x52),
        value: U256::from(1_000),
        mint: U256::from(1_000) + U256::from(gas_limit) * U256::from(7),
        gas_limit,
        gas_price: 7,
        refund_recipient: Address::repeat_byte(0x53),
        data: Bytes::new(),
    }
}

/// Makes a batch of one block.
pub(crate) fn make(chain: &mut RollupChain, seconds: u64, transactions: Vec<Bytes>) -> MadeBatch {
    chain.make(&[draft(seconds, transactions)]).expect("the block is valid")
}

/// The result of the only transaction of the only block.
pub(crate) fn only(batch: &MadeBatch) -> &RollupResult {
    assert_eq!((batch.blocks.len(), batch.blocks[0].transactions.len()), (1, 1));
    &batch.blocks[0].transactions[0]
}

/// Executes the blocks of a batch over its witness.
pub(crate) fn execute(config: &RollupConfig, batch: &MadeBatch) -> Result<Vec<RollupBlock>, BlockError> {
    let input = batch.input.borrow().batch;
    let ancestors = Ancestors::link(&input.ancestors).expect("the parent is linked");
    let mut state = WitnessState::new(ancestors, input.state.iter().copied(), input.codes.iter().copied());
    input.blocks.iter().map(|block| execute_rollup_block(config, &mut state, block)).collect()
}

pub(crate) fn balance(chain: &RollupChain, of: Address) -> U256 {
    chain.accounts().get(&of).map_or(U256::ZERO, |account| account.balance)
}

/// Wei of all accounts.
pub(crate) fn supply(chain: &RollupChain) -> U256 {
    chain.accounts().values().map(|account| account.balance).fold(U256::ZERO, |a, b| a + b)
}

/// Calldata of words.
pub(crate) fn words(words: &[u64]) -> Bytes {
    words.iter().flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect::<Vec<_>>().into()
}

/// `sendToL1(bytes)`: calldata is a selector and the ABI encoding of the message.
fn messenger() -> Bytes {
    Assembler::default()
        // Copy the message, hash it.
        .push(U256::from(36))
        .op(&[op::CALLDATALOAD, op::DUP1])
        .push(U256::from(68))
        .op(&[op::PUSH0, op::CALLDATACOPY, op::PUSH0, op::KECCAK256, op::CALLER])
        .push(U256::from_be_bytes(MESSAGE_TOPIC.0))
        // Data of the log: what follows the selector.
        .push(U256::from(4))
        .op(&[op::CALLDATASIZE, op::SUB, op::DUP1])
        .push(U256::from(4))
        .op(&[op::PUSH0, op::CALLDATACOPY, op::PUSH0, op::LOG3, op::STOP])
        .finish()
}

/// The code of [`WITNESS`].
pub(crate) fn witness() -> Bytes {
    [op::CALLER, op::ORIGIN, op::GASPRICE]
        .into_iter()
        .zip(1u64..)
        .fold(Assembler::default(), |assembler, (what, slot)| {
            assembler.op(&[what]).push(U256::from(slot)).op(&[op::SSTORE])
        })
        .finish()
}

/// `while (n-- != 0) keccak256(0, 1024)`.
fn hasher() -> Bytes {
    counted(|assembler| assembler.push(U256::from(1024)).op(&[op::PUSH0, op::KECCAK256, op::POP]))
}

/// `while (n-- != 0) sstore(word 1 + n, n + 1)`.
fn writer() -> Bytes {
    counted(|assembler| {
        // The counter is on top, already one lower.
        assembler.push(U256::from(1)).op(&[op::DUP2, op::ADD]).push(U256::from(32)).op(&[
            op::CALLDATALOAD,
            op::DUP3,
            op::ADD,
            op::SSTORE,
        ])
    })
}

/// `while (n-- != 0) messenger.sendToL1(calldata)`.
fn sender() -> Bytes {
    counted(|assembler| {
        assembler
            // ABI encoding of the calldata behind a selector of zeros: offset, length, bytes.
            .push(U256::from(32))
            .push(U256::from(4))
            .op(&[op::MSTORE, op::CALLDATASIZE])
            .push(U256::from(36))
            .op(&[op::MSTORE, op::CALLDATASIZE, op::PUSH0])
            .push(U256::from(68))
            .op(&[op::CALLDATACOPY, op::PUSH0, op::PUSH0])
            .push(U256::from(68))
            .op(&[op::CALLDATASIZE, op::ADD, op::PUSH0, op::PUSH0])
            .push(U256::from_be_slice(MESSENGER.as_slice()))
            .op(&[op::GAS, op::CALL, op::POP])
    })
}

/// Runs `body` as often as the first word of the calldata says; the counter stands on the stack below it.
fn counted(body: impl Fn(Assembler) -> Assembler) -> Bytes {
    let looped = Assembler::default()
        .op(&[op::PUSH0, op::CALLDATALOAD])
        .label("loop")
        .op(&[op::DUP1, op::ISZERO])
        .push_label("end")
        .op(&[op::JUMPI])
        .push(U256::from(1))
        .op(&[op::SWAP1, op::SUB]);
    body(looped).push_label("loop").op(&[op::JUMP]).label("end").op(&[op::STOP]).finish()
}
