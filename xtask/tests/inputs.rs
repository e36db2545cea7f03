//! The blocks of the folder `inputs`: they execute, natively and in the guest, their JSON says what a node's would, they
//! do what their names say, and what is changed or left out is refused.

use alloy_consensus::{Transaction as _, transaction::SignerRecoverable};
use alloy_eips::{Typed2718, eip2718::Encodable2718};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::Block;
use ashlar_primitives::{BatchInputOwned, ChainConfig};
use ashlar_stf::{
    Ancestors, BlockError, BlockOutcome, Error, Field, StateError, WitnessState, execute_batch, execute_block,
};
use ashlar_vm::{Options, Program};
use ashlar_witness::{ExecutionWitness, HashKey, batch_hints, batch_input, read_folder};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::PathBuf};

/// Most cycles of the block for tests that prove one.
const SMALL_CYCLES_MAX: u64 = 9_000_000;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../inputs")
}

fn names() -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn input(name: &str) -> BatchInputOwned {
    read_folder(&root().join(name), None).unwrap()
}

fn json(name: &str, file: &str) -> Value {
    serde_json::from_slice(&fs::read(root().join(name).join(file)).unwrap()).unwrap()
}

fn block(name: &str) -> Block {
    serde_json::from_value(json(name, "block.json")).unwrap()
}

/// The input of a folder whose `block.json` is another.
fn input_with(name: &str, block: Value) -> BatchInputOwned {
    let config = ChainConfig::decode(&input(name).config).unwrap();
    let witness: ExecutionWitness = serde_json::from_value(json(name, "execution_witness.json")).unwrap();
    batch_input(&config, serde_json::from_value(block).unwrap(), witness).unwrap()
}

fn run(input: &BatchInputOwned) -> Result<B256, Error> {
    execute_batch(&input.borrow().encode().unwrap()).map(|output| output.post_state_root)
}

fn outcome(name: &str) -> BlockOutcome {
    let input = input(name);
    let borrowed = input.borrow();
    let config = ChainConfig::decode(borrowed.config).unwrap();
    let ancestors = Ancestors::link(&borrowed.ancestors).unwrap();
    let mut state =
        WitnessState::new(ancestors, borrowed.state.iter().copied(), borrowed.codes.iter().copied());
    execute_block(&config, &mut state, &borrowed.blocks[0]).unwrap()
}

/// How many logs with this event's signature the block has.
fn events(name: &str, signature: &str) -> usize {
    let topic = keccak256(signature);
    let outcome = outcome(name);
    outcome.receipts.iter().flat_map(|r| r.logs()).filter(|log| log.topics().first() == Some(&topic)).count()
}

fn refusal(input: &BatchInputOwned) -> BlockError {
    match run(input) {
        Err(Error::Block { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_blocks_are_there() {
    let expected = ["create", "eip7702", "erc20", "erc721", "mixed", "small", "transfers", "uniswap-v2"];
    assert_eq!(names(), expected);
}

#[test]
fn every_block_executes_to_the_state_root_of_its_header() {
    for name in names() {
        let header = json(&name, "block.json")["stateRoot"].clone();
        assert_eq!(json!(run(&input(&name)).unwrap()), header, "{name}");
    }
}

#[test]
fn every_block_makes_the_same_output_in_the_guest_and_the_small_one_takes_few_cycles() {
    let path = root().join("../guests/elf/block.elf");
    let program = Program::from_elf(&fs::read(path).unwrap()).unwrap();
    for name in names() {
        let bytes = input(&name).borrow().encode().unwrap();
        let native = execute_batch(&bytes).unwrap().hash();
        let hints = batch_hints(&bytes, &HashKey::of(&bytes));
        let run = ashlar_vm::run(&program, &hints, Options::default()).unwrap();
        println!("{name}: {} cycles", run.cycles);
        assert_eq!((run.exit.code, run.committed.as_slice()), (0, [native.0].as_slice()), "{name}");
        assert!(name != "small" || run.cycles <= SMALL_CYCLES_MAX, "{} cycles", run.cycles);
    }
}

#[test]
fn every_folder_is_modest_in_size_and_names_the_rules_of_osaka() {
    for name in names() {
        let files = ["block.json", "execution_witness.json", "chain.json"];
        let bytes: u64 =
            files.iter().map(|file| fs::metadata(root().join(&name).join(file)).unwrap().len()).sum();
        assert!(bytes <= 300_000, "{name}: {bytes}");
        let config = ChainConfig::decode(&input(&name).config).unwrap();
        assert_eq!((config.chain_id, config.osaka), (1_337_042, 0));
    }
}

#[test]
fn fields_that_follow_from_others_are_those_of_a_node() {
    for name in names() {
        let (block, input) = (block(&name), input(&name));
        assert_eq!(block.header.hash, keccak256(&input.blocks[0].header), "{name}");
        let base_fee = block.header.base_fee_per_gas.unwrap();
        for (index, transaction) in block.transactions.txns().enumerate() {
            let bytes = transaction.inner.encoded_2718();
            assert_eq!(*transaction.inner.tx_hash(), keccak256(&bytes));
            assert_eq!(transaction.inner.signer(), transaction.inner.inner().recover_signer().unwrap());
            assert_eq!(transaction.block_hash, Some(block.header.hash));
            assert_eq!(transaction.block_number, Some(block.header.number));
            assert_eq!(transaction.transaction_index, Some(index as u64));
            let price = transaction.inner.effective_gas_price(Some(base_fee));
            assert_eq!(transaction.effective_gas_price, Some(price));
        }
        let rlp = input.borrow().blocks[0].transactions.iter().map(|tx| tx.len()).sum::<usize>();
        assert!(block.header.size.unwrap() > U256::from(rlp + input.blocks[0].header.len()));
    }
}

#[test]
fn changed_fields_that_follow_from_others_change_nothing() {
    let original = json("small", "block.json");
    for pointer in ["/hash", "/transactions/0/hash", "/transactions/0/blockHash"] {
        let mut block = original.clone();
        *block.pointer_mut(pointer).unwrap() = json!(B256::repeat_byte(7));
        assert_eq!(input_with("small", block), input("small"), "{pointer}");
    }
    let mut block = original.clone();
    block["transactions"][0]["from"] = json!(Address::repeat_byte(7));
    assert_eq!(input_with("small", block), input("small"));
}

#[test]
fn a_changed_transaction_is_refused() {
    for (field, value) in [("value", "0x1"), ("nonce", "0x1"), ("gas", "0x5209"), ("s", "0x7")] {
        let mut block = json("small", "block.json");
        block["transactions"][0][field] = json!(value);
        let reason = refusal(&input_with("small", block));
        // A signature of nothing has no sender, which is noticed before the root.
        let expected = BlockError::Field(Field::TransactionsRoot);
        assert!(reason == expected || matches!(reason, BlockError::Transaction { .. }), "{field}: {reason}");
    }
}

#[test]
fn a_changed_header_is_refused() {
    let zero = json!(B256::ZERO);
    for (field, value, expected) in [
        ("stateRoot", zero.clone(), Field::StateRoot),
        ("receiptsRoot", zero.clone(), Field::ReceiptsRoot),
        ("parentHash", zero.clone(), Field::ParentHash),
        ("withdrawalsRoot", zero, Field::WithdrawalsRoot),
        ("gasUsed", json!("0x1"), Field::GasUsed),
        ("baseFeePerGas", json!("0x1"), Field::BaseFee),
    ] {
        let mut block = json("small", "block.json");
        block[field] = value;
        let block: Block = serde_json::from_value(block).unwrap();
        // The ancestors stay as they were: a changed parent hash would find none.
        let mut changed = input("small");
        changed.blocks[0].header = alloy_rlp::encode(&block.header.inner).into();
        assert_eq!(refusal(&changed), BlockError::Field(expected));
    }
}

#[test]
fn a_changed_withdrawal_is_refused() {
    let mut block = json("mixed", "block.json");
    block["withdrawals"][3]["amount"] = json!("0x1");
    assert_eq!(refusal(&input_with("mixed", block)), BlockError::Field(Field::WithdrawalsRoot));
}

#[test]
fn every_node_and_every_code_of_the_witness_is_needed() {
    for name in ["small", "transfers"] {
        let original = input(name);
        for index in 0..original.state.len() {
            let mut less = original.clone();
            less.state.remove(index);
            assert!(matches!(refusal(&less), BlockError::State(StateError::Trie(_))), "{name}, node {index}");
        }
        for index in 0..original.codes.len() {
            let mut less = original.clone();
            let code = keccak256(less.codes.remove(index));
            assert_eq!(refusal(&less), BlockError::State(StateError::MissingCode(code)));
        }
    }
}

#[test]
fn a_changed_node_is_not_found_under_its_hash() {
    let mut input = input("small");
    for index in 0..input.state.len() {
        let mut node = input.state[index].to_vec();
        *node.last_mut().unwrap() ^= 1;
        input.state[index] = node.into();
    }
    assert!(matches!(refusal(&input), BlockError::State(StateError::Trie(_))));
}

#[test]
fn transfers_are_credited_to_accounts_that_did_not_exist() {
    let outcome = outcome("transfers");
    let transactions = block("transfers").transactions.into_transactions().collect::<Vec<_>>();
    assert_eq!(transactions.len(), 10);
    let mut new = 0;
    for transaction in &transactions {
        let change = outcome.changes.iter().find(|c| Some(c.address) == transaction.to()).unwrap();
        let balance = change.record.as_ref().unwrap().balance;
        match balance == transaction.value() {
            true => new += 1,
            // The accounts that exist have a few gwei beforehand.
            false => assert!(balance - transaction.value() < U256::from(5_000_000_000_000_u64)),
        }
    }
    assert_eq!(new, 5);
}

#[test]
fn tokens_move() {
    let transfer = "Transfer(address,address,uint256)";
    assert_eq!(events("erc20", transfer), 11);
    assert_eq!(events("erc20", "Approval(address,address,uint256)"), 1);
    assert_eq!(events("erc721", transfer), 9);
    assert_eq!(events("erc721", "ApprovalForAll(address,address,bool)"), 1);
    assert_eq!(events("small", transfer), 1);
    let senders: BTreeSet<_> =
        block("erc20").transactions.txns().take(10).map(|transaction| transaction.inner.signer()).collect();
    assert_eq!(senders.len(), 10);
}

#[test]
fn a_holder_without_tokens_has_no_slot() {
    let outcome = outcome("erc20");
    assert!(outcome.changes.iter().flat_map(|change| change.written()).any(|(_, value)| value.is_zero()));
}

#[test]
fn pairs_swap() {
    let swap = "Swap(address,uint256,uint256,uint256,uint256,address)";
    assert_eq!(events("uniswap-v2", swap), 1 + 2 + 2);
    assert_eq!(events("uniswap-v2", "Mint(address,uint256,uint256)"), 1);
    assert_eq!(events("uniswap-v2", "Deposit(address,uint256)"), 2);
    assert_eq!(events("uniswap-v2", "Withdrawal(address,uint256)"), 1);
    assert_eq!(events("mixed", swap), 2);
}

#[test]
fn contracts_stand_where_the_rules_of_creation_put_them() {
    let outcome = outcome("create");
    let code_at = |address: Address| {
        let change = outcome.changes.iter().find(|change| change.address == address);
        change.and_then(|change| change.code.clone()).map_or(0, |code: Bytes| code.len())
    };
    let transactions = block("create").transactions.into_transactions().collect::<Vec<_>>();
    let token = transactions[0].inner.signer().create(transactions[0].nonce());
    let weth = transactions[1].inner.signer().create(transactions[1].nonce());
    // deploy(bytes32 salt, bytes code): selector, salt, offset, length, code.
    let (workshop, call) = (transactions[2].to().unwrap(), transactions[2].input());
    let length = U256::from_be_slice(&call[68..100]).to::<usize>();
    let second = workshop.create2(B256::from_slice(&call[4..36]), keccak256(&call[100..100 + length]));
    assert!(code_at(token) > 1_000 && code_at(weth) > 1_000);
    assert_eq!(code_at(second), code_at(token));
    // ERC-1167's proxy has 45 bytes, with the implementation's address at 10.
    let proxy =
        outcome.changes.iter().filter_map(|change| change.code.as_ref()).find(|code| code.len() == 45);
    assert_eq!(proxy.unwrap()[10..30], token[..]);
}

#[test]
fn delegations_begin_end_and_execute() {
    let outcome = outcome("eip7702");
    let codes: Vec<_> = outcome.changes.iter().filter_map(|change| change.code.clone()).collect();
    assert_eq!(codes.iter().filter(|code| code.starts_with(&[0xef, 0x01, 0x00])).count(), 2);
    assert_eq!(codes.iter().filter(|code| code.is_empty()).count(), 1);
    // Two batches of three token transfers.
    assert_eq!(events("eip7702", "Transfer(address,address,uint256)"), 6);
    let authorities: BTreeSet<_> = block("eip7702")
        .transactions
        .txns()
        .filter_map(|transaction| transaction.authorization_list())
        .flatten()
        .map(|authorization| authorization.recover_authority().unwrap())
        .collect();
    let coded: BTreeSet<_> =
        outcome.changes.iter().filter(|c| c.code.is_some()).map(|change| change.address).collect();
    assert_eq!(authorities, coded);
}

#[test]
fn the_mixed_block_has_every_type_withdrawals_and_reads_an_ancestor() {
    let block = block("mixed");
    let types: BTreeSet<_> = block.transactions.txns().map(|transaction| transaction.inner.ty()).collect();
    assert_eq!(types, BTreeSet::from([0, 1, 2, 3, 4]));
    assert_eq!(block.header.blob_gas_used, Some(2 << 17));
    assert_eq!(block.withdrawals.unwrap().len(), 16);
    assert_eq!(events("mixed", "Recorded(uint256,bytes32)"), 1);
    let mut input = input("mixed");
    assert_eq!(input.ancestors.len(), 3);
    input.ancestors.pop();
    assert_eq!(
        refusal(&input),
        BlockError::State(StateError::MissingAncestor(block.header.inner.number - 3))
    );
}

#[test]
fn no_transaction_fails() {
    for name in names() {
        assert!(outcome(&name).receipts.iter().all(|receipt| receipt.status()), "{name}");
    }
}
